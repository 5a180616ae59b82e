"""Frames from raw captures of Binance, spot or USD-M, as they were received: their own ids, levels and order.

A line is local nanoseconds, a space, and a message of a combined stream; a REST snapshot is among the
lines. Serving begins with the snapshot: before it nobody could know the book.

**Times.** A frame is due when its exchange time has come (the transaction's, else the event's), made monotone in the order of arrival: the
same rule as the tape's that the market behind is made from, so that both show the same book at all
times. A message that bears no exchange time (spot's bookTicker) is due at its local time, less the
smallest clock difference seen, and never after the next message that bears one.

Limits: one symbol of one market; other streams in the capture are passed on under their names.
"""

import gzip
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

import msgspec

from bridge.served.frames import DEPTH_FORMS, RAW_DEPTH, Frame, Snapshot, Traded, agg_trade
from bridge.served.level_book import LevelBook
from bridge.served.symbols import SCALE, Symbol, text_of
from market.errors import InputError

MS: Final = 1_000_000

_TIME: Final = re.compile(rb'(?<="[ET]":)[0-9]{1,16}(?=[,}])')
_STREAM: Final = re.compile(rb'\{"stream":"([^"]+)","data":(\{.*\})\}\s*')
_GZIP_MAGIC: Final = b"\x1f\x8b"
_DECODER: Final = msgspec.json.Decoder()


class _Line(NamedTuple):
    """A line that has been read; `stamp_ns` is 0 where it bears no exchange time."""

    local_ns: int
    stamp_ns: int
    stream: str
    payload: bytes
    data: dict[str, Any]


class CaptureFeed:
    """The frames of one session (`bridge.served.frames.MarketFeed`).

    Args:
        captures: Its files in order, plain or gzip.
        futures: Whether they are of USD-M and not of spot.

    Raises:
        InputError: A file can't be read, or none has a snapshot.
    """

    def __init__(self, captures: Sequence[Path], *, futures: bool = False) -> None:
        self.symbol = ""
        self._book = LevelBook()
        self._last_id = 0
        self._forms = (*DEPTH_FORMS, RAW_DEPTH) if futures else DEPTH_FORMS
        self._lines = _read(captures, futures)
        self._now_ns = 0
        self._offset_ns: int | None = None
        self._unstamped: list[_Line] = []
        self._ready: deque[tuple[int, _Line]] = deque()
        self._over = False
        self._open(captures)

    def _open(self, captures: Sequence[Path]) -> None:
        """Read to the snapshot; what came before it moves the clocks and is not served.

        A snapshot by REST comes late: diffs behind its state that came before it belong to the book.
        """
        early = []
        for line in self._lines:
            if line.stream:
                self._arrive(line)
                self._ready.clear()
                self._unstamped.clear()
                if line.data.get("e") == "depthUpdate":
                    early.append(line.data)
                continue
            self._last_id = int(line.data["lastUpdateId"])
            self._set(line.data["bids"], line.data["asks"])
            for diff in early:
                if diff["u"] > self._last_id:
                    self._last_id = diff["u"]
                    self._set(diff["b"], diff["a"])
            return
        names = ", ".join(path.name for path in captures)
        raise InputError(f"{names}: found no depth snapshot, allowed is a capture that has one")

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""
        return self._over and not self._ready

    def take(self, until_ns: int) -> list[Frame]:
        """Frames of before `until_ns` that have not been taken yet, in order."""
        made: list[Frame] = []
        while True:
            while self._ready:
                due_ns, line = self._ready[0]
                if due_ns >= until_ns:
                    return made
                self._ready.popleft()
                made += self._frames(due_ns, line)
            line_next = next(self._lines, None)
            if line_next is None:
                self._release(None)
                if not self._ready:
                    self._over = True
                    return made
            elif line_next.stream:
                self._arrive(line_next)

    def _arrive(self, line: _Line) -> None:
        """Give a line its time; one without a stamp waits for the next that has one."""
        if not self.symbol and "s" in line.data:
            self.symbol = str(line.data["s"])
        if line.stamp_ns == 0:
            self._unstamped.append(line)
            return
        ahead_ns = line.local_ns - line.stamp_ns
        if self._offset_ns is None or ahead_ns < self._offset_ns:
            self._offset_ns = ahead_ns
        due_ns = max(self._now_ns, line.stamp_ns)
        self._release(due_ns)
        self._now_ns = due_ns
        self._ready.append((due_ns, line))

    def _release(self, until_ns: int | None) -> None:
        """Unstamped lines get their times, none of them after `until_ns`."""
        for line in self._unstamped:
            due_ns = max(self._now_ns, line.local_ns - (self._offset_ns or 0))
            self._now_ns = due_ns if until_ns is None else min(due_ns, until_ns)
            self._ready.append((self._now_ns, line))
        self._unstamped.clear()

    def _frames(self, due_ns: int, line: _Line) -> list[Frame]:
        """A line as it is sent."""
        data, payload = line.data, line.payload
        pieces = tuple(_TIME.split(payload))
        lower, _, form = line.stream.partition("@")
        event = data.get("e")
        if event == "depthUpdate":
            if data["u"] > self._last_id:
                self._last_id = data["u"]
                self._set(data["b"], data["a"])
            names = tuple(f"{lower}@{one}" for one in self._forms)
            return [Frame(names, due_ns, pieces, payload)]
        if event == "trade":
            traded = Traded(data["t"], data["p"], data["q"], data["m"])
            if traded.qty.strip("0.") == "":
                return []
            frame = Frame((f"{lower}@trade",), due_ns, pieces, payload, traded)
            is_print = (
                data.get("X", "MARKET") != "MARKET"
            )  # a fund's or a liquidation's: no aggregate
            return [frame] if is_print else [frame, agg_trade(data["s"], traded, due_ns)]
        return [Frame((f"{lower}@{form}",), due_ns, pieces, payload)]

    def _set(self, bids: list[list[str]], asks: list[list[str]]) -> None:
        for side, levels in enumerate((bids, asks)):
            for price, qty in levels:
                self._book.set(side, _scaled(price), _scaled(qty))

    def depth(self, symbol: Symbol, count: int) -> Snapshot:
        """The book after the newest frame that was taken."""
        del symbol
        bids, asks = (
            [(text_of(price), text_of(qty)) for price, qty in self._book.top(side, count)]
            for side in (0, 1)
        )
        return Snapshot(self._last_id, bids, asks)


def _scaled(text: str) -> int:
    """A price or quantity in hundred-millionths; spot writes eight decimals throughout."""
    if text[-9:-8] == ".":
        return int(text[:-9] + text[-8:])
    whole, _, rest = text.partition(".")
    return int(whole) * SCALE + int(rest.ljust(8, "0")[:8] or "0")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file, plain or gzip."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; allowed is a capture") from None
    with file:
        magic = file.read(len(_GZIP_MAGIC))
        file.seek(0)
        if magic != _GZIP_MAGIC:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as plain:
            yield cast("IO[bytes]", plain)


def _read(captures: Sequence[Path], futures: bool) -> Iterator[_Line]:
    """The lines of all files.

    Raises:
        InputError: A line is no message of the market.
    """
    for path in captures:
        with _opened(path) as file:
            try:
                for number, text in enumerate(file, 1):
                    yield _line(text, f"{path.name}:{number}", futures)
            except (OSError, EOFError) as error:
                raise InputError(
                    f"{path.name}: found a damaged file ({error}), allowed is a whole gzip file"
                ) from None


def _line(text: bytes, where: str, futures: bool) -> _Line:
    stamp, _, body = text.partition(b" ")
    try:
        local_ns = int(stamp)
        found = _STREAM.fullmatch(body)
        payload = body if found is None else found[2]
        data = _DECODER.decode(payload)
        if found is None:
            return _Line(local_ns, 0, "", payload, {key: data[key] for key in _SNAPSHOT})
        if data.get("e") == "depthUpdate" and ("pu" in data) != futures:
            kinds = ("the spot market's", "a futures market's")
            raise InputError(
                f"{where}: found a message of {kinds[not futures]}, allowed is {kinds[futures]}"
            )
        stamp_ns = int(data.get("T") or data.get("E") or 0) * MS
        return _Line(local_ns, stamp_ns, found[1].decode(), payload, data)
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.DecodeError):
        raise InputError(
            f"{where}: found {text[:40]!r}, allowed is local ns, a space and a message of a stream"
        ) from None


_SNAPSHOT: Final = ("lastUpdateId", "bids", "asks")
