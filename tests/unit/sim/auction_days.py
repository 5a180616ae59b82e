"""Three days with auctions, each in its source's own format, and a book that lives through one.

All numbers are made up. Prices below are in ticks; lots are shares or contracts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from market.codes import Kind
from sim.ingest.databento import ingest_databento
from sim.ingest.dbn_records import F_BAD_TS_RECV, F_LAST, F_SNAPSHOT
from sim.ingest.itch import ingest_itch
from sim.ingest.lobster import ingest_lobster
from sim.reference import Outcome
from sim.rows import in_ticks
from sim.tape.read import Tape, open_tape
from tests.unit.sim import dbn_fixture, itch_fixture, lobster_fixture
from tests.unit.sim.ruled.game import Game


def clock_ns(hour: int, minute: int = 0, second: int = 0) -> int:
    """Nanoseconds from midnight to a time of day."""
    return ((hour * 60 + minute) * 60 + second) * 1_000_000_000


def itch_day(folder: Path) -> Tape:
    """Trading before the open, the opening cross, a halt and its cross, the closing cross.

    | when | what is displayed |
    |---|---|
    | before the open, from 3:00 | bids 1000: 100 (a), 999: 200 (b); asks 1002: 100 (c), 1004: 300 (d) |
    | opening cross, 9:30 | 1,000 at 1002, of which c 100 |
    | halt, 11:00 | bid 1001: 100 is left of 150 (c, the second one); b is 150 by now |
    | quotes, 11:05 | bid 1005: 200 (e), ask 1003: 150 (f) |
    | its cross, 11:10 | 500 at 1004, of which e 200, f 150 and d 50 |
    | closing cross, 16:00 | 2,000 at 1003, of which a new ask of 80 (f) |
    """
    feed = itch_fixture.opened("ABC")
    feed.add(1, 1, "B", 100, 100_000)
    feed.add(1, 2, "B", 200, 99_900)
    feed.add(1, 3, "S", 100, 100_200)
    feed.add(1, 4, "S", 300, 100_400)
    feed.now_ns = clock_ns(9, 29, 59)
    with feed.instant():
        feed.execute_at(1, 3, 100, "N", 100_200)
        feed.cross(1, 1_000, 100_200, "O")
    feed.add(1, 5, "B", 150, 100_100)
    feed.execute(1, 5, 50)
    feed.now_ns = clock_ns(11)
    feed.action(1, "H")
    feed.cancel(1, 2, 50)
    feed.now_ns = clock_ns(11, 5)
    feed.action(1, "Q")
    feed.add(1, 6, "B", 200, 100_500)
    feed.add(1, 7, "S", 150, 100_300)
    feed.now_ns = clock_ns(11, 10)
    with feed.instant():
        feed.execute_at(1, 6, 200, "N", 100_400)
        feed.execute_at(1, 7, 150, "N", 100_400)
        feed.execute_at(1, 4, 50, "N", 100_400)
        feed.cross(1, 500, 100_400, "H")
    feed.action(1, "T")
    feed.trade(1, "B", 40, 100_250)
    feed.add(1, 8, "S", 80, 100_300)
    feed.now_ns = clock_ns(15, 59, 59)
    with feed.instant():
        feed.execute_at(1, 8, 80, "N", 100_300)
        feed.cross(1, 2_000, 100_300, "C")
    feed.now_ns = clock_ns(20)
    feed.system("E")
    file, out = folder / "day.itch", folder / "itch.tape.parquet"
    file.write_bytes(feed.framed())
    ingest_itch(file, out=out, date=itch_fixture.DATE)
    return open_tape(out)


def lobster_day(folder: Path) -> Tape:
    """The opening cross, a halt and its cross, the closing cross, behind a window of three levels.

    | when | what is displayed |
    |---|---|
    | 9:30 | bids 9999: 150 (a), 9997: 70 (b), 9995: 40 (c); asks 10001: 30 (d), 10002: 60 (e), 10004: 80 |
    | opening cross | 300 at 10001, of which d 30 |
    | quotes | bids 10003: 100, 10000: 20; ask 10001: 25 |
    | its cross | 200 at 10002, of which 85 of the bid, and both asks up to 10002 |
    | closing cross | 150 at 10003, of which the 15 that are left of the bid |
    """
    exchange = lobster_fixture.opened()
    with exchange.instant():
        exchange.take(4, 5)
        exchange.say(6, -1, 300, 1_000_100, -1)
    exchange.submit(20, 1, 1_000_000, 20)
    exchange.say(7, 0, 0, -1, -1)
    exchange.say(7, 0, 0, 0, -1)
    exchange.submit(21, 1, 1_000_300, 100)
    exchange.submit(22, -1, 1_000_100, 25)
    with exchange.instant():
        exchange.take(4, 21, 85)
        exchange.take(4, 22)
        exchange.take(4, 6)
        exchange.say(6, -3, 200, 1_000_200, -1)
    exchange.say(7, 0, 0, 1, -1)
    with exchange.instant():
        exchange.take(4, 21)
        exchange.say(6, -2, 150, 1_000_300, -1)
    message, orderbook = exchange.write_csv(folder)
    out = folder / "lobster.tape.parquet"
    ingest_lobster(message, orderbook=orderbook, out=out)
    return open_tape(out)


def dbn_day(folder: Path) -> Tape:
    """A book that gathers orders, its auction, and trading.

    | when | what is displayed |
    |---|---|
    | snapshot | bids 402: 5 (a), 401: 3 (b); asks 399: 4 (c), 400: 6 (d), 405: 9 (e) |
    | before the open | one more bid, 400: 2 (f) |
    | auction | 10 at 400: a, b and f, and c and d, all of them |
    | trading | bid 404: 1, which trades with e |
    """
    stream = dbn_fixture.Stream("mbo")
    stream.mbo("R", "N", 0, None, 0, flags=F_SNAPSHOT | F_BAD_TS_RECV)
    orders = [("B", 1, 402, 5), ("B", 2, 401, 3), ("A", 3, 399, 4), ("A", 4, 400, 6)]
    for side, order_id, ticks, size in orders:
        stream.mbo("A", side, order_id, ticks, size, flags=F_SNAPSHOT)
    stream.mbo("A", "A", 5, 405, 9, flags=F_SNAPSHOT | F_LAST)
    stream.mbo("A", "B", 6, 400, 2)
    orders.insert(2, ("B", 6, 400, 2))
    stream.mbo("T", "N", 0, 400, 10, flags=0)
    for side, order_id, _, size in orders:
        stream.mbo("F", side, order_id, 400, size, flags=0)
    for side, order_id, ticks, size in orders:
        stream.mbo("C", side, order_id, ticks, size, flags=F_LAST * (order_id == 4))
    stream.mbo("A", "B", 7, 404, 1)
    stream.mbo("T", "B", 0, 405, 1, flags=0)
    stream.mbo("F", "A", 5, 405, 1, flags=0)
    stream.mbo("C", "A", 5, 405, 1)
    file, out = folder / "day.dbn", folder / "dbn.tape.parquet"
    file.write_bytes(stream.encoded())
    ingest_databento(file, out=out)
    return open_tape(out)


DAYS: dict[str, Callable[[Path], Tape]] = {
    "itch": itch_day,
    "lobster": lobster_day,
    "dbn": dbn_day,
}


def rows_of(tape: Tape) -> Iterator[dict[str, int]]:
    """The rows as a book takes them, with prices of orders in ticks."""
    (book,) = tape.meta.books
    for chunk in tape.chunks():
        for row in in_ticks(chunk, np.array([book.tick_units]), 0):
            names = ("kind", "side_flags", "handle", "price", "qty")
            yield {name: int(row[name]) for name in names}


class Replay:
    """A game on a day's tape: what history does comes row by row."""

    def __init__(self, new: Callable[..., Game], mode: int, tape: Tape, **rules: Any) -> None:
        self.game = new(mode, tick_units=tape.meta.books[0].tick_units, **rules)
        self.rows = list(rows_of(tape))

    def row(self) -> Outcome:
        """The next row happens."""
        return self.game.checked(self.game.book.apply(**self.rows.pop(0)))

    def until(self, kind: Kind, price: int | None = None) -> None:
        """All rows happen in front of the next one of a kind, and of a price."""
        while self.rows[0]["kind"] != kind or price not in (None, self.rows[0]["price"]):
            self.row()
