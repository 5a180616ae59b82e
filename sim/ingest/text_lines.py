"""Streams the lines of a text source, numbered from 1, in bounded memory."""

from collections.abc import Iterator

from market.errors import InputError
from sim.ingest.source import Source

BLOCK_BYTES = 1 << 20
LINE_BYTES_MAX = 1 << 24
"""A depth snapshot of 5,000 levels is 0.3 MB; what is longer is no text."""


def lines_of(source: Source) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line, without its end; the last one may lack a newline."""
    number = 0
    rest = b""
    while block := source.read(BLOCK_BYTES):
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, line.removesuffix(b"\r")
        if len(rest) > LINE_BYTES_MAX:
            raise InputError(
                f"{source.name}:{number + 1}: found a line of over {LINE_BYTES_MAX} bytes, "
                "allowed lines of text"
            )
    if rest:
        yield number + 1, rest.removesuffix(b"\r")
