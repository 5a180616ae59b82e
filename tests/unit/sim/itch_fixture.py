"""A small invented exchange that writes ITCH 5.0: every message type, stocks that never were."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from market.codes import Kind, RowFlag
from sim.ingest.itch import ingest_itch
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape, verify_digest

DATE = "2020-02-03"
MIDNIGHT_NS = 1_580_706_000 * 10**9  # 05:00 UTC: New York's winter
SECOND = 10**9


class Feed:
    """Messages of a day; every one a second after the one before, beginning at 03:00."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.now_ns = 3 * 3600 * SECOND
        self.names: dict[int, str] = {}
        self.step_ns = SECOND

    @contextmanager
    def instant(self) -> Iterator[None]:
        """What is said meanwhile is said at one time, a second after what was said before."""
        self.now_ns += SECOND
        self.step_ns = 0
        yield
        self.step_ns = SECOND

    def say(self, letter: str, locate: int, body: bytes) -> None:
        """Any message: type, locate, tracking number, time, then its own fields."""
        self.now_ns += self.step_ns
        stamp = self.now_ns.to_bytes(6, "big")
        self.messages.append(letter.encode() + struct.pack(">HH", locate, 7) + stamp + body)

    def system(self, event: str) -> None:
        self.say("S", 0, event.encode())

    def stock(self, locate: int, name: str) -> None:
        self.names[locate] = name
        self.say(
            "R",
            locate,
            self._name(locate) + b"QN" + (100).to_bytes(4, "big") + b"NCZ PNN1N" + b"\0\0\0\0N",
        )

    def action(self, locate: int, letter: str) -> None:
        self.say("H", locate, self._name(locate) + letter.encode() + b" LUDP")

    def halt(self, locate: int, market: str, letter: str) -> None:
        self.say("h", locate, self._name(locate) + market.encode() + letter.encode())

    def add(
        self, locate: int, ref: int, side: str, shares: int, price: int, mpid: str = ""
    ) -> None:
        body = struct.pack(">QcI", ref, side.encode(), shares) + self._name(locate)
        body += struct.pack(">I", price) + mpid.encode()
        self.say("F" if mpid else "A", locate, body)

    def execute(self, locate: int, ref: int, shares: int) -> None:
        self.say("E", locate, struct.pack(">QIQ", ref, shares, 1))

    def execute_at(self, locate: int, ref: int, shares: int, printable: str, price: int) -> None:
        body = struct.pack(">QIQcI", ref, shares, 1, printable.encode(), price)
        self.say("C", locate, body)

    def cancel(self, locate: int, ref: int, shares: int) -> None:
        self.say("X", locate, struct.pack(">QI", ref, shares))

    def delete(self, locate: int, ref: int) -> None:
        self.say("D", locate, struct.pack(">Q", ref))

    def replace(self, locate: int, ref: int, new_ref: int, shares: int, price: int) -> None:
        self.say("U", locate, struct.pack(">QQII", ref, new_ref, shares, price))

    def trade(self, locate: int, side: str, shares: int, price: int) -> None:
        body = struct.pack(">QcI", 0, side.encode(), shares) + self._name(locate)
        self.say("P", locate, body + struct.pack(">IQ", price, 2))

    def cross(self, locate: int, shares: int, price: int, kind: str = "O") -> None:
        body = struct.pack(">Q", shares) + self._name(locate)
        self.say("Q", locate, body + struct.pack(">IQc", price, 3, kind.encode()))

    def chatter(self, locate: int) -> None:
        """One of every message that touches no book."""
        name = self._name(locate)
        self.say("Y", locate, name + b"0")
        self.say("L", locate, b"MPID" + name + b"YNA")
        self.say("V", 0, struct.pack(">QQQ", 1, 2, 3))
        self.say("W", 0, b"1")
        self.say("K", locate, name + struct.pack(">IcI", 34_200, b"A", 10_000))
        self.say("J", locate, name + struct.pack(">IIII", 1, 2, 3, 4))
        self.say("B", locate, struct.pack(">Q", 2))
        self.say(
            "I",
            locate,
            struct.pack(">QQc", 1, 2, b"B") + name + struct.pack(">IIIcc", 1, 2, 3, b"O", b"L"),
        )
        self.say("N", locate, name + b"B")
        self.say("O", locate, name + b"Y" + struct.pack(">IIIQII", 1, 2, 3, 4, 5, 6))

    def framed(self, *, lengths: bool = True) -> bytes:
        """The file: each message behind its length, or behind two zeros."""
        return b"".join(
            (len(message) if lengths else 0).to_bytes(2, "big") + message
            for message in self.messages
        )

    def _name(self, locate: int) -> bytes:
        return self.names[locate].encode().ljust(8)


def opened(*stocks: str) -> Feed:
    """A feed whose market is open and whose stocks, from locate 1 on, all trade."""
    feed = Feed()
    feed.system("O")
    for locate, name in enumerate(stocks, 1):
        feed.stock(locate, name)
        feed.action(locate, "T")
    feed.system("S")
    return feed


def ingest(
    folder: Path, data: bytes, **options: object
) -> tuple[TapeMeta, list[tuple[object, ...]]]:
    """Ingest bytes of a file; the tape's metadata and rows.

    A row is book id, kind, handle, price, quantity, and the flags but LAST, which all of these have
    except a PHASE row in front of a book's first row.
    """
    file, out = folder / "feed.itch", folder / "feed.tape.parquet"
    file.write_bytes(data)
    meta = ingest_itch(file, out=out, **{"date": DATE, **options})  # type: ignore[arg-type]
    tape = open_tape(out)
    verify_digest(tape)
    assert tape.meta == meta
    rows: list[tuple[object, ...]] = []
    for chunk in tape.chunks():
        for _, price, qty, handle, book_id, kind, flags in chunk.tolist():
            named = RowFlag(flags & ~RowFlag.LAST)
            assert (flags & RowFlag.LAST != 0) or kind == Kind.PHASE
            rows.append((book_id, Kind(kind), handle, price, qty, named))
    return meta, rows
