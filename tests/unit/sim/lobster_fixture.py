"""A small invented exchange that writes what LOBSTER would write about it.

It keeps its whole book but shows only the best three levels of each side; what happens beyond them
goes into no file. All numbers are made up.
"""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from market.codes import Kind, RowFlag
from sim.ingest.lobster import ingest_lobster
from sim.tape.read import open_tape, verify_digest

LEVELS = 3
STEM = "ABC_2020-02-03_34200000_57600000"
EMPTY = 9_999_999_999


class Exchange:
    """Orders by id; `messages` and `truths` are the lines of the two files."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.messages: list[str] = []
        self.truths: list[str] = []
        self.now = 34_200.0
        self.step = 0.25

    @contextmanager
    def instant(self) -> Iterator[None]:
        """What is said meanwhile is said at one time, after what was said before."""
        self.now += self.step
        self.step, step = 0.0, self.step
        yield
        self.step = step

    def rest(self, order_id: int, direction: int, price: int, size: int) -> None:
        """Open an order that no file tells of."""
        self.orders[order_id] = (direction, price, size)

    def vanish(self, order_id: int, size: int | None = None) -> None:
        """Shrink or remove an order where nobody sees it."""
        direction, price, left = self.orders[order_id]
        if size is None or size == left:
            del self.orders[order_id]
        else:
            self.orders[order_id] = (direction, price, left - size)

    def submit(self, order_id: int, direction: int, price: int, size: int) -> None:
        self.rest(order_id, direction, price, size)
        self.say(1, order_id, size, price, direction)

    def take(self, kind: int, order_id: int, size: int | None = None) -> None:
        """Types 2 to 4."""
        direction, price, left = self.orders[order_id]
        self.vanish(order_id, size)
        self.say(kind, order_id, left if size is None else size, price, direction)

    def say(self, kind: int, order_id: int, size: int, price: int, direction: int) -> None:
        """Write one row into both files."""
        self.now += self.step
        self.messages.append(f"{self.now:.9f},{kind},{order_id},{size},{price},{direction}")
        self.truths.append(",".join(str(number) for number in self.row()))

    def row(self) -> list[int]:
        """The book as an orderbook row shows it."""
        row = []
        for level in range(LEVELS):
            for direction in (-1, 1):
                prices = sorted({p for d, p, _ in self.orders.values() if d == direction})
                prices = prices if direction == -1 else prices[::-1]
                if level < len(prices):
                    sizes = [
                        s
                        for d, p, s in self.orders.values()
                        if (d, p) == (direction, prices[level])
                    ]
                    row += [prices[level], sum(sizes)]
                else:
                    row += [-direction * EMPTY, 0]
        return row

    def write_zip(self, folder: Path) -> Path:
        """Both files as distributed."""
        path = folder / "ABC.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{STEM}_orderbook_3.csv", "\n".join(self.truths) + "\n")
            archive.writestr(f"{STEM}_message_3.csv", "\n".join(self.messages) + "\n")
            archive.writestr("ReadMe.txt", "invented")
        return path

    def write_gzip(self, folder: Path) -> tuple[Path, Path]:
        """Message and orderbook file, compressed."""
        paths = folder / f"{STEM}_message_3.csv.gz", folder / f"{STEM}_orderbook_3.csv.gz"
        for path, lines in zip(paths, (self.messages, self.truths), strict=True):
            path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
        return paths

    def write_csv(self, folder: Path) -> tuple[Path, Path]:
        """Message and orderbook file, plain."""
        paths = folder / f"{STEM}_message_3.csv", folder / f"{STEM}_orderbook_3.csv"
        for path, lines in zip(paths, (self.messages, self.truths), strict=True):
            path.write_text("\n".join(lines) + "\n")
        return paths


def opened() -> Exchange:
    """An exchange with three levels of bids, four of asks, and nothing said yet."""
    exchange = Exchange()
    for order_id, direction, price, size in (
        (1, 1, 999_900, 100),
        (2, 1, 999_900, 50),
        (3, 1, 999_700, 70),
        (4, 1, 999_500, 40),
        (5, -1, 1_000_100, 30),
        (6, -1, 1_000_200, 60),
        (7, -1, 1_000_400, 80),
        (8, -1, 1_000_500, 90),
    ):
        exchange.rest(order_id, direction, price, size)
    return exchange


def eventful() -> Exchange:
    """A short session with every type of message, and changes where nobody sees them."""
    exchange = opened()
    exchange.take(4, 1, 40)  # id never announced
    exchange.submit(20, 1, 999_900, 10)
    exchange.submit(21, 1, 1_000_000, 15)  # pushes 999,500 out of the window
    exchange.rest(30, 1, 999_500, 25)  # more depth there, unseen
    exchange.say(5, 0, 12, 1_000_050, -1)  # hidden sell executed, at half a tick
    exchange.say(5, 0, 7, 1_000_050, 1)
    exchange.take(2, 20, 4)
    exchange.take(4, 21, 15)  # the level comes back, with 25 more
    exchange.take(3, 5)  # asks: 1,000,500 enters the window for the first time
    exchange.say(6, -1, 300, 1_000_000, -1)
    exchange.say(7, 0, 0, -1, -1)
    exchange.say(7, 0, 0, 0, -1)
    exchange.say(7, 0, 0, 1, -1)
    exchange.submit(22, -1, 1_000_100, 35)  # pushes 1,000,500 out again
    exchange.vanish(8)
    exchange.take(3, 22)  # no fourth level any more
    exchange.take(3, 2)  # never announced: from what is left of 1 and 2
    exchange.take(4, 1)
    return exchange


SELL, LAST, SNAPSHOT = int(RowFlag.SELL), int(RowFlag.LAST), int(RowFlag.SNAPSHOT)
MAYBE_BAD, SIDE_UNKNOWN = int(RowFlag.MAYBE_BAD), int(RowFlag.SIDE_UNKNOWN)

Row = tuple[Kind, int, int, int, int]
"""Kind, flags, handle, price, quantity."""


def rows_of(path: Path) -> list[tuple[int, list[Row]]]:
    """The tape's rows by source row."""
    groups: list[tuple[int, list[Row]]] = []
    for rows, sides in open_tape(path).chunks_with_sides():
        for row, seq in zip(rows.tolist(), sides["source_seq"].tolist(), strict=True):
            _, price, qty, handle, book_id, kind, flags = row
            assert book_id == 0
            if not groups or groups[-1][0] != seq:
                groups.append((seq, []))
            groups[-1][1].append((Kind(kind), flags, handle, price, qty))
    return groups


def ingest(exchange: Exchange, folder: Path, **options: object) -> list[list[Row]]:
    """The rows of each message, the snapshot first, of an exchange written as plain files."""
    message, orderbook = exchange.write_csv(folder)
    out = folder / "a.tape.parquet"
    ingest_lobster(message, orderbook=orderbook, out=out, **options)
    verify_digest(open_tape(out))
    groups = rows_of(out)
    assert [seq for seq, _ in groups] == list(range(-1, len(exchange.messages)))
    for _, rows in groups:
        assert [bool(row[1] & LAST) for row in rows] == [False] * (len(rows) - 1) + [True]
    return [rows for _, rows in groups]


def assert_tape_follows(groups: list[list[Row]], exchange: Exchange) -> None:
    """Replay the rows on dictionaries and compare with every orderbook row."""
    orders: dict[int, tuple[int, int, int]] = {}
    for number, rows in enumerate(groups):
        for kind, flags, handle, price, qty in rows:
            if kind in (Kind.ADD, Kind.REVEAL) and qty > 0:
                assert handle not in orders
                orders[handle] = (flags & SELL, price, qty)
            elif kind in (Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REVEAL):
                side, own_price, left = orders.pop(handle)
                assert (side, own_price) == (flags & SELL, price)
                assert 0 < abs(qty) <= left
                assert kind != Kind.DELETE or qty == left
                if abs(qty) < left:
                    orders[handle] = (side, price, left - abs(qty))
        if number == 0:
            continue
        told = Exchange()
        told.orders = {h: (1 - 2 * side, p, q) for h, (side, p, q) in orders.items()}
        assert ",".join(map(str, told.row())) == exchange.truths[number - 1], number
