"""The tape's own book equals what a run's world makes of the same rows."""

from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, Phase, RowFlag, Side
from market.columns import TAPE_DTYPE
from market.errors import BadRow
from sim.kernels import tape_book as k
from sim.tape.book import NO_PRICE, BookState, TapeBooks
from sim.tape.meta import TapeMeta
from tests.random_tape import TICK_UNITS
from tests.unit.sim.tapes import START_NS, book, random_rows, world_states, write


def levels_of_dump(dump: list[int]) -> list[list[tuple[int, int]]]:
    """(price_ticks, shown) of each side, best first, of a world's state dump."""
    found, at = [], 1
    for _ in Side:
        levels = []
        count, at = dump[at], at + 1
        for _ in range(count):
            price, shown, orders = dump[at : at + 3]
            levels.append((price, shown))
            at += 3 + 3 * orders
        waiting, at = dump[at], at + 1
        at += 2 * waiting
        found.append(levels)
    return found


@pytest.mark.parametrize("seed", range(15))
def test_levels_and_phase_equal_those_of_a_replay(tmp_path: Path, seed: int) -> None:
    rows = random_rows(seed, 600)
    path = write(tmp_path / "a.tape.parquet", rows, (book(),))
    moments = np.unique(rows["ts_ns"])[::13].tolist()
    books = TapeBooks(TapeMeta(books=(book(),), session_date="2020-02-03"))
    before_ns = 0
    for moment_ns, (dump,) in zip(moments, world_states(path, moments), strict=True):
        books.apply(rows[(rows["ts_ns"] > before_ns) & (rows["ts_ns"] <= moment_ns)])
        before_ns = moment_ns
        state = books.books[0]
        found = [
            [(price // TICK_UNITS, lots) for price, lots in state.levels(side)] for side in Side
        ]
        assert found == levels_of_dump(dump)
        assert int(state.phase) == dump[0]
        held = state.resting()
        assert sum(held.qty_lots.tolist()) == sum(lots for side in found for _, lots in side)


def test_watching_writes_the_best_after_each_row() -> None:
    rows = random_rows(9, 500)
    watched = TapeBooks(TapeMeta(books=(book(),), session_date="2020-02-03"))
    state = BookState(book())
    ((at, best),) = watched.apply_watched(rows).values()

    assert at.tolist() == list(range(500))
    for i in range(500):
        state.apply(rows[i : i + 1], np.array([i]))
        bids, asks = state.levels(Side.BUY), state.levels(Side.SELL)
        none = [(NO_PRICE, 0)]
        assert best[i, : k.B_DEPTH].tolist() == [*(bids or none)[0], *(asks or none)[0]]
        assert best[i, k.B_DEPTH :].tolist() == [
            sum(lots for _, lots in bids[: k.DEPTH_LEVELS]),
            sum(lots for _, lots in asks[: k.DEPTH_LEVELS]),
            int(state.phase),
        ]


def test_many_levels_grow_the_ladder() -> None:
    rows = np.zeros(5_000, TAPE_DTYPE)
    number = np.arange(5_000)
    rows["ts_ns"], rows["kind"], rows["qty"] = START_NS, Kind.ADD, 1
    rows["handle"], rows["price"] = number, (number * 2_741 % 5_000) * TICK_UNITS
    state = BookState(book(handle_count=5_000))

    state.apply(rows, number)

    levels = state.levels(Side.BUY)
    assert [price for price, _ in levels] == [i * TICK_UNITS for i in range(4_999, -1, -1)]
    assert state.live_max == 5_000


def test_a_phase_is_part_of_the_opening_rows() -> None:
    rows = np.zeros(2, TAPE_DTYPE)
    rows["kind"], rows["qty"] = (Kind.PHASE, Kind.ADD), (Phase.HALT, 5)
    rows["handle"] = (-1, 3)
    state = BookState(book())
    state.apply(rows, np.arange(2))

    opening = state.as_rows(77)

    assert opening["kind"].tolist() == [Kind.PHASE, Kind.ADD]
    assert opening["qty"].tolist() == [Phase.HALT, 5]
    assert opening["ts_ns"].tolist() == [77, 77]
    assert opening["side_flags"].tolist() == [RowFlag.SNAPSHOT, RowFlag.SNAPSHOT | RowFlag.LAST]
    again = BookState(book())
    again.apply(opening, np.arange(2))
    assert np.array_equal(again.as_rows(77), opening)


@pytest.mark.parametrize(
    ("kind", "handle", "qty", "side", "words"),
    [
        (Kind.ADD, 1, 5, 0, "still alive"),
        (Kind.REDUCE, 2, 5, 0, "holds no order"),
        (Kind.EXECUTE, 1, 6, 0, "more taken"),
        (Kind.ADD, 2, 0, 0, "a quantity outside"),
        (Kind.LEVEL, 2, -1, 0, "a quantity outside"),
        (Kind.QUOTE, 64, 1, 0, "a handle outside"),
        (Kind.PHASE, -1, 4, 0, "an unknown phase"),
        (Kind.REPLACE, 1, 5, 1, "changes the order's side"),
    ],
)
def test_rows_that_contradict_the_book_are_named(
    kind: Kind, handle: int, qty: int, side: int, words: str
) -> None:
    rows = np.zeros(2, TAPE_DTYPE)
    rows["kind"], rows["handle"], rows["qty"] = (Kind.ADD, kind), (1, handle), (5, qty)
    rows["side_flags"][1] = side
    state = BookState(book())

    with pytest.raises(BadRow, match=f"tape row 41: .*{words}"):
        state.apply(rows, np.array([40, 41]))
