"""What was recorded live, as the captures that tapes are made of.

Model: a recording holds everything that a feed was told (`bridge.recording`); a capture is the part of it
that is about one symbol's market, a line for each message: local nanoseconds, a space, the venue's own
JSON. So a tape of what was recorded is made by the ingest of captures, and by nothing else. The entries
of a paper session are such a recording too, whose channels name the feed first.

Limits: of Binance only. Holes that the recorder had, from a lost connection or a full disk, show in the
venue's own numbers, and so as gaps on the tape.
"""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import msgspec

from bridge.recording import LogReader
from market.errors import InputError
from scenarios.recorded_tape import about_of

SESSION_FILE: Final = "session.json"
_MARKETS: Final = {"binance": "spot", "binance-usdm": "usdm"}
"""Of the venues that a paper session can follow."""
_STREAM: Final = b'{"stream":"%s@'


@contextmanager
def captures_of(
    paths: Sequence[Path], *, near: Path, symbol: str | None = None
) -> Iterator[list[Path]]:
    """The captures that paths name: files as they are, recordings as files that last for the block.

    Args:
        paths: Captures, and folders of recordings or paper sessions.
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
        folder: The recording, or a paper session.
        into: The folder that receives it; its name says market, symbol and recording.
        symbol: Which, where it holds several.

    Raises:
        InputError: The recording is damaged, of another venue, or not of that symbol.
    """
    parts = _session_parts(folder) if (folder / SESSION_FILE).is_file() else _parts(folder)
    part = _wanted(parts, symbol, folder)
    path = into / f"{part.market}_{part.symbol.lower()}_{folder.resolve().name}.gz"
    with path.open("wb") as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as packed:
        for line in _lines(part):
            packed.write(line)
    return path


class _Part(NamedTuple):
    """One symbol's part of a recording, and where its entries are: behind a prefix of their channels."""

    log: Path
    prefix: str
    market: str
    symbol: str


def _parts(folder: Path) -> list[_Part]:
    """What `twin record` recorded."""
    about = about_of(folder)
    if about.venue != "binance":
        raise InputError(f"{folder}: found a recording of {about.venue}, allowed is one of binance")
    return [_Part(folder, "", about.market, symbol) for symbol in about.symbols]


def _session_parts(folder: Path) -> list[_Part]:
    """What a paper session followed."""
    from scenarios.paper_session import INPUTS, SessionStart

    path = folder / SESSION_FILE
    try:
        start = msgspec.json.decode(path.read_bytes(), type=SessionStart)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: found no session's beginning ({error}), allowed is one"
        ) from None
    return [
        _Part(
            folder / INPUTS, f"{number}/", _MARKETS[feed.venue], start.instruments[book_id].symbol
        )
        for number, feed in enumerate(start.feeds)
        if feed.venue in _MARKETS
        for book_id in feed.books
    ]


def _wanted(parts: Sequence[_Part], wanted: str | None, folder: Path) -> _Part:
    """The part that was named, or the only one."""
    name = "" if wanted is None else wanted.replace("/", "").upper()
    found = [part for part in parts if wanted is None or part.symbol == name]
    if len(found) != 1:
        allowed = ", ".join(part.symbol for part in parts) or "nothing: none is of binance"
        raise InputError(f"{folder}: found {wanted or 'no symbol'}, allowed is one of {allowed}")
    return found[0]


def _lines(part: _Part) -> Iterator[bytes]:
    """The messages about a symbol's market, as lines of a capture."""
    stream = _STREAM % part.symbol.lower().encode()
    frame, snapshot = f"{part.prefix}ws", f"{part.prefix}rest:depth:{part.symbol}"
    for stamp_ns, channel, data in LogReader(part.log):
        is_market = channel == frame and data.startswith(stream)
        if is_market or (channel == snapshot and b'"lastUpdateId"' in data[:200]):
            yield b"%d %s\n" % (stamp_ns, data.replace(b"\n", b" "))
