"""Vendors' files to tapes: strict, streaming, without foresight."""
