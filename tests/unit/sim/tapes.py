"""Small tapes for the tests of the tape tools."""

from pathlib import Path

import numpy as np

from market.codes import Kind, Mode, RowFlag
from market.columns import TAPE_DTYPE
from sim.arena import BookSpec
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.read import open_tape
from sim.tape.write import TapeWriter
from sim.world import World
from tests.random_tape import HANDLE_COUNT, TICK_UNITS, TapeMaker

START_NS = 1_000_000_000
SIDES = ("venue_stamp_ns", "recv_delta_ns", "source_seq")


def book(venue: str = "X", **changes: object) -> TapeBook:
    """The book of a random tape."""
    fields = {
        "book_id": 0,
        "symbol": "S",
        "venue": venue,
        "currency": "USD",
        "price_units_per_currency": 10_000,
        "tick_units": TICK_UNITS,
        "handle_count": HANDLE_COUNT,
    }
    return TapeBook(**{**fields, **changes})  # type: ignore[arg-type]


def random_rows(seed: int, count: int, *, phases: bool = True) -> np.ndarray:
    """Valid L3 rows of a random stream, several of them at one instant now and then."""
    maker = TapeMaker(seed, Mode.FROZEN, "tight")
    rows = np.zeros(count, TAPE_DTYPE)
    filled, now_ns = 0, START_NS
    while filled < count:
        dice = maker.random.random()
        if dice < 0.9 or not phases:
            steps = maker.order_row()
        elif dice < 0.96:
            steps = maker.print_row()
        elif dice < 0.99:
            steps = maker.change_phase()
        else:
            steps = maker.clear()
        for _, fields in steps:
            if filled == count:
                break
            now_ns += maker.random.choice((0, 0, 1, 500))
            row = rows[filled]
            row["ts_ns"] = now_ns
            for name, value in fields.items():
                row[name] = value
            if fields["kind"] not in (Kind.TRADE, Kind.CROSS):
                row["price"] *= TICK_UNITS
            filled += 1
    return rows


def write(path: Path, rows: np.ndarray, books: tuple[TapeBook, ...], **sides: np.ndarray) -> Path:
    """Write a tape."""
    with TapeWriter(path, tuple(sides)) as writer:
        writer.append(rows, sides)
        writer.finish(TapeMeta(books=books, session_date="2020-02-03"))
    return path


def rows_of(path: Path) -> np.ndarray:
    """Every row of a tape."""
    chunks = list(open_tape(path).chunks())
    return np.concatenate(chunks) if chunks else np.zeros(0, TAPE_DTYPE)


def world_states(path: Path, moments_ns: list[int]) -> list[list[list[int]]]:
    """State dumps of every book of a tape, replayed by a run's own world, at some moments."""
    tape = open_tape(path)
    world = World(
        mode=Mode.FROZEN,
        books=[
            BookSpec(tick_units=one.tick_units, handle_count=one.handle_count)
            for one in tape.meta.books
        ],
        locals_=[],
        start_ns=0,
        rows=iter(tape.chunks()),
    )
    states = []
    for moment_ns in moments_ns:
        world.advance(moment_ns)
        states.append([world.state(one.book_id) for one in tape.meta.books])
    return states


def quiet_rows(count: int = 1_200) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """An orderly tape of two minutes that passes every gate, with its side columns.

    Orders are added around a price that swings by some ticks, the newest twenty stay, and every
    tenth message is a print at the bid.
    """
    rows = np.zeros(count, TAPE_DTYPE)
    live: list[tuple[int, int, int, int]] = []
    free = list(range(63, -1, -1))
    adds = 0
    for i in range(count):
        row = rows[i]
        row["ts_ns"] = START_NS + i * 100_000_000
        row["side_flags"] = RowFlag.LAST
        if i % 10 == 9:
            bid = max(price for _, side, price, _ in live if side == 0)
            row["kind"], row["price"], row["qty"] = Kind.TRADE, bid, 1 + i % 13
            row["side_flags"] |= RowFlag.SELL
            row["handle"] = -1
        elif len(live) >= 20:
            handle, side, price, qty = live.pop(0)
            row["kind"], row["handle"], row["price"], row["qty"] = Kind.DELETE, handle, price, qty
            row["side_flags"] |= side
            free.append(handle)
        else:
            adds += 1
            side = adds % 2
            price = 1_000_000 + (1 if side else -1) * TICK_UNITS * (1 + adds * adds % 7)
            handle, qty = free.pop(), 1 + i % 97
            live.append((handle, side, price, qty))
            row["kind"], row["handle"], row["price"], row["qty"] = Kind.ADD, handle, price, qty
            row["side_flags"] |= side
    number = np.arange(count, dtype=np.int64)
    sides = {
        "venue_stamp_ns": rows["ts_ns"].copy(),
        "recv_delta_ns": 1_000_000 + number % 7 * 1_000,
        "source_seq": number,
    }
    return rows, sides
