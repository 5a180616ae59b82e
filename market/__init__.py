"""What we say: units, codes, messages and errors that every other room shares."""
