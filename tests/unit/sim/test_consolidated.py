"""The consolidated best bid and offer against a plain account of the same quotes."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Kind, Mode, Phase
from sim.arena import BookSpec
from sim.consolidated import Consolidated, ConsolidatedStats
from sim.kernels import consolidated as k
from sim.kernels.layout import NO_PRICE
from sim.tape import stats
from sim.tape.merge import merge_tapes
from sim.tape.read import open_tape
from sim.tape.stats import tape_stats
from sim.world import World
from tests.random_tape import TICK_UNITS
from tests.unit.sim.tapes import START_NS, book, random_rows, write


@dataclass(frozen=True)
class Listing:
    """A book as far as it matters here."""

    symbol: str
    venue: str
    currency: str = "USD"
    price_units_per_currency: int = 100
    tick_units: int = 1


Row = tuple[int, int, int | None, int | None]
"""Time that has passed since the row before, book, bid, ask."""

PRICES = st.none() | st.integers(-3, 6)
ROWS = st.lists(st.tuples(st.sampled_from([0, 0, 1, 7]), st.integers(0, 3), PRICES, PRICES))
BOOKS = [
    Listing("S", "A"),
    Listing("T", "A"),
    Listing("S", "B", price_units_per_currency=150, tick_units=5),
    Listing("S", "C"),
]


def plainly(rows: list[Row]) -> ConsolidatedStats:
    """The figures of symbol S, added up instant by instant."""
    scale = {0: Fraction(1, 100), 2: Fraction(1, 150), 3: Fraction(1, 100)}
    quotes: dict[int, tuple[Fraction | None, Fraction | None]] = dict.fromkeys(scale, (None, None))
    total = with_bid = with_ask = both = locked = crossed = 0
    spread = Fraction(0)
    at_bid, at_ask = dict.fromkeys(scale, 0), dict.fromkeys(scale, 0)
    for number, (passed, where, bid, ask) in enumerate(rows):
        bids = {n: quote[0] for n, quote in quotes.items() if quote[0] is not None}
        asks = {n: quote[1] for n, quote in quotes.items() if quote[1] is not None}
        held = passed if number else 0
        total += held
        for n, price in bids.items():
            at_bid[n] += held if price == max(bids.values()) else 0
        for n, price in asks.items():
            at_ask[n] += held if price == min(asks.values()) else 0
        with_bid += held if bids else 0
        with_ask += held if asks else 0
        if bids and asks:
            wide = min(asks.values()) - max(bids.values())
            both, spread = both + held, spread + wide * held
            locked += held if wide == 0 else 0
            crossed += held if wide < 0 else 0
        if where in scale:
            unit = scale[where]
            quotes[where] = (
                None if bid is None else bid * unit,
                None if ask is None else ask * unit,
            )

    def share(part: int | Fraction, whole: int) -> float | None:
        return float(Fraction(part) / whole) if whole else None

    return ConsolidatedStats(
        spread=share(spread, both),
        two_sided_share=share(both, total),
        locked_share=share(locked, both),
        crossed_share=share(crossed, both),
        at_best_bid={BOOKS[n].venue: share(time, with_bid) for n, time in at_bid.items()},
        at_best_ask={BOOKS[n].venue: share(time, with_ask) for n, time in at_ask.items()},
    )


def feed(together: Consolidated, rows: list[Row], cut: int) -> None:
    """Hand the rows on in two parts."""
    if not rows:
        return
    held, numbers, bids, asks = (
        np.array([NO_PRICE if value is None else value for value in column], np.int64)
        for column in zip(*rows, strict=True)
    )
    times = np.cumsum(held)
    for part in (slice(0, cut), slice(cut, None)):
        together.follow(times[part], numbers[part], bids[part], asks[part])


@given(rows=ROWS, cut=st.integers(0, 20))
def test_time_is_accounted_for_as_plainly(rows: list[Row], cut: int) -> None:
    together = Consolidated(BOOKS, in_ticks=False)

    feed(together, rows, cut)

    assert together.stats() == {"S USD": plainly(rows)}


def test_prices_in_ticks_are_prices_in_units_by_the_tick() -> None:
    rows: list[Row] = [(0, 0, 10, 12), (0, 2, 3, 4), (10, 0, 10, 12)]
    together = Consolidated(BOOKS, in_ticks=True)

    feed(together, rows, 0)

    # 3 ticks of 5 units of 1/150 are 0.10, as are 10 units of 1/100; 4 of them are 0.13.
    found = together.stats()["S USD"]
    assert found.at_best_bid == {"A": 1.0, "B": 1.0, "C": 0.0}
    assert found.at_best_ask == {"A": 1.0, "B": 0.0, "C": 0.0}
    assert found.spread == pytest.approx(0.02)


def test_a_wide_spread_of_a_whole_day_is_exact() -> None:
    day_ns, wide = 86_400_000_000_000, 3_000_000_000
    together = Consolidated(BOOKS, in_ticks=False)

    feed(together, [(0, 0, -wide, wide), (day_ns, 0, 1, 1), (1, 0, 1, 1)], 1)

    found = together.stats()["S USD"]
    assert found.spread == float(Fraction(2 * wide * day_ns, (day_ns + 1) * 100))
    assert found.locked_share == float(Fraction(1, day_ns + 1))


@pytest.mark.parametrize(
    "books",
    [
        [Listing("S", "A")],
        [Listing("S", "A"), Listing("T", "B")],
        [Listing("S", "A"), Listing("S", "B", currency="EUR")],
        [Listing("S", "A"), Listing("S", "A")],
    ],
)
def test_books_of_other_instruments_currencies_or_the_same_venue_are_no_group(
    books: list[Listing],
) -> None:
    together = Consolidated(books, in_ticks=False)

    assert not together
    assert together.stats() == {}


def tape_of_three(folder: Path) -> Path:
    """A merged tape with phases, clears and many rows at one instant."""
    parts = [
        write(folder / f"{n}.tape.parquet", random_rows(n, 700), (book(f"V{n}"),)) for n in range(3)
    ]
    merge_tapes(parts, folder / "m.tape.parquet")
    return folder / "m.tape.parquet"


@pytest.mark.skipif(not hasattr(k.follow, "signatures"), reason="numba is switched off")
def test_each_entry_is_compiled_once(tmp_path: Path) -> None:
    test_a_world_sees_what_its_tape_says(tmp_path, 3)

    assert [len(entry.signatures) for entry in (k.advance, k.follow)] == [1, 1]


@pytest.mark.parametrize("pieces", [1, 37])
def test_a_world_sees_what_its_tape_says(tmp_path: Path, pieces: int) -> None:
    tape = open_tape(tape_of_three(tmp_path))
    last_ns = int(np.concatenate(list(tape.chunks()))["ts_ns"][-1])

    def play(together: Consolidated | None) -> list[list[int]]:
        world = World(
            mode=Mode.FROZEN,
            books=[
                BookSpec(tick_units=TICK_UNITS, handle_count=one.handle_count)
                for one in tape.meta.books
            ],
            locals_=[],
            start_ns=START_NS,
            rows=iter(tape.chunks(rows=251)),
            consolidated=together,
        )
        for piece in range(1, pieces + 1):
            world.advance(START_NS + (last_ns - START_NS) * piece // pieces)
        return [world.state(number) for number in range(3)]

    watched = Consolidated(tape.meta.books, in_ticks=True)

    assert play(watched) == play(None)
    assert watched.stats() == tape_stats(tape.path).consolidated
    found = watched.stats()["S USD"]
    assert found.crossed_share is not None
    assert found.crossed_share > 0.1
    assert found.two_sided_share is not None
    assert 0 < found.two_sided_share <= 1


def test_a_book_that_does_not_trade_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "CHUNK_ROWS", 3)
    rows = random_rows(1, 6, phases=False)
    rows["ts_ns"] = START_NS + np.arange(6) * 10
    rows["kind"], rows["handle"], rows["qty"] = Kind.ADD, np.arange(6), 1
    rows["side_flags"] = [4, 5, 4, 5, 4, 5]
    rows["price"] = np.array([10, 13, 9, 14, 9, 14]) * TICK_UNITS
    one = write(tmp_path / "1.tape.parquet", rows, (book("A"),))
    rows["price"] = np.array([11, 12, 9, 14, 9, 14]) * TICK_UNITS
    rows["kind"][2] = rows["kind"][4] = Kind.PHASE
    rows["qty"][2], rows["qty"][4] = int(Phase.HALT), int(Phase.CONTINUOUS)
    rows["handle"][2] = rows["handle"][4] = -1
    two = write(tmp_path / "2.tape.parquet", rows, (book("B"),))
    merge_tapes([one, two], tmp_path / "m.tape.parquet")

    found = tape_stats(tmp_path / "m.tape.parquet").consolidated["S USD"]

    # 50 ns: B is best while it trades, in the first 20 and the last 10.
    assert found.at_best_bid == {"A": 0.4, "B": 0.6}
    assert found.at_best_ask == {"A": 0.5, "B": 0.5}
    ticks = Fraction(10 * 1 + 20 * 3 + 10 * 1, 40)
    assert found.spread == pytest.approx(float(ticks * TICK_UNITS / 10_000))
    assert found.two_sided_share == 0.8
