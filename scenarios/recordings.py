"""What was recorded live, as the captures that tapes are made of.

Model: a recording holds everything that a feed was told (`bridge.recording`); a capture is the part of it
that is about one symbol's market, a line for each message: local nanoseconds, a space, the venue's own
JSON. So a tape of what was recorded is made by the ingest of captures, and by nothing else.

Limits: of Binance only. Holes that the recorder had, from a lost connection or a full disk, show in the
venue's own numbers, and so as gaps on the tape.
"""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from bridge.recording import Entry, LogReader
from bridge.venues import About
from market.errors import InputError

_STREAM: Final = b'{"stream":"%s@'


@contextmanager
def captures_of(
    paths: Sequence[Path], *, near: Path, symbol: str | None = None
) -> Iterator[list[Path]]:
    """The captures that paths name: files as they are, recordings as files that last for the block.

    Args:
        paths: Captures, and folders of recordings.
        near: Where the files of recordings are written.
        symbol: Which symbol of recordings that hold several.

    Raises:
        InputError: A recording is damaged, of another venue, or not of that symbol.
    """
    if not any(path.is_dir() for path in paths):
        if symbol is not None:
            raise InputError("symbol: found one, allowed is one of a recording's only")
        yield list(paths)
        return
    with TemporaryDirectory(dir=near, prefix=".capture-") as spare:
        yield [
            capture_of(path, Path(spare), symbol=symbol) if path.is_dir() else path
            for path in paths
        ]


def capture_of(folder: Path, into: Path, *, symbol: str | None = None) -> Path:
    """Write a Binance recording's messages of one symbol as a capture; its path.

    Args:
        folder: The recording.
        into: The folder that receives it; its name says market, symbol and recording.
        symbol: Which, where it holds several.

    Raises:
        InputError: The recording is damaged, of another venue, or not of that symbol.
    """
    reader = LogReader(folder)
    entries = iter(reader)
    first = next(entries, None)
    if first is None:
        raise InputError(f"{folder}: found an empty recording, allowed is one with messages")
    about = about_of(reader.about, folder)
    name = _symbol_of(about, symbol, folder)
    path = into / f"{about.market}_{name.lower()}_{folder.resolve().name}.gz"
    with path.open("wb") as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as packed:
        for line in _lines(first, entries, name):
            packed.write(line)
    return path


def about_of(text: bytes, folder: Path) -> About:
    """What a recording says that it is of.

    Raises:
        InputError: It is none of a venue's market data.
    """
    try:
        return msgspec.json.decode(text, type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InputError(
            f"{folder}: found a recording of something else, allowed is one that `twin record` wrote"
        ) from None


def _symbol_of(about: About, wanted: str | None, folder: Path) -> str:
    if about.venue != "binance":
        raise InputError(f"{folder}: found a recording of {about.venue}, allowed is one of binance")
    if wanted is None and len(about.symbols) == 1:
        return about.symbols[0]
    name = "" if wanted is None else wanted.replace("/", "").upper()
    if name not in about.symbols:
        raise InputError(
            f"{folder}: found {wanted or 'no symbol'}, allowed is one of {', '.join(about.symbols)}"
        )
    return name


def _lines(first: Entry, rest: Iterator[Entry], symbol: str) -> Iterator[bytes]:
    """The messages about a symbol's market, as lines of a capture."""
    stream = _STREAM % symbol.lower().encode()
    snapshot = f"rest:depth:{symbol}"
    entry: Entry | None = first
    while entry is not None:
        is_market = entry.channel == "ws" and entry.data.startswith(stream)
        if is_market or (entry.channel == snapshot and b'"lastUpdateId"' in entry.data[:200]):
            yield b"%d %s\n" % (entry.stamp_ns, entry.data.replace(b"\n", b" "))
        entry = next(rest, None)
