"""Estimates before trading: closed forms on tapes whose liquidity is known, and lists that hang together."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Kind, RowFlag, Side
from market.columns import TAPE_DTYPE
from market.errors import InputError
from research.estimate import EstimateConfig, OrderLine, estimate, read_orders
from research.estimate.impact import learned_curves, square_root
from research.estimate.liquidity import read_liquidity
from tests.unit.research.report_runs import learned_run
from tests.unit.sim.tapes import book, write

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
TEN = 10 * HOUR_NS
"""Ten o'clock of the first day of all."""

MINUTES = 120
VOLUME = 10_000
"""Lots that print in each book, one print a minute in turn."""


def tape_of(path: Path, walks: dict[tuple[str, str], tuple[np.ndarray, int]]) -> Path:
    """A tape of best prices: for each book its bid at every minute, in units, and its spread.

    Offers and bids show 300 and 100 lots. The last quote comes with the tape's end, and is in no bar.
    """
    rows, books = [], []
    for book_id, ((symbol, venue), (bids, spread)) in enumerate(walks.items()):
        fields = {"depth": "L1", "handle_count": 2, "tick_units": 1, "symbol": symbol}
        books.append(book(venue, book_id=book_id, **fields))
        for minute, bid in enumerate(bids.tolist()):
            at_ns = TEN + minute * MINUTE_NS - SECOND_NS // 2
            for side, price, lots in ((Side.BUY, bid, 100), (Side.SELL, bid + spread, 300)):
                flags = int(side) | (RowFlag.LAST if side is Side.SELL else 0)
                rows.append((at_ns, Kind.QUOTE, book_id, flags, int(side), price, lots))
            lots = VOLUME // len(bids)
            rows.append((at_ns, Kind.TRADE, book_id, int(RowFlag.LAST), -1, bid, lots))
    table = np.zeros(len(rows), TAPE_DTYPE)
    rows.sort(key=lambda row: row[0])
    for place, row in enumerate(rows):
        names = ("ts_ns", "kind", "book_id", "side_flags", "handle", "price", "qty")
        for name, value in zip(names, row, strict=True):
            table[place][name] = value
    return write(path, table, tuple(books))


def walk(seed: int, step: float = 200.0) -> np.ndarray:
    """Bids of a walk around 100 dollars, a step a minute."""
    moves = np.random.default_rng(seed).normal(0.0, step, MINUTES)
    return 1_000_000 + np.cumsum(np.rint(moves)).astype(np.int64)


def order(
    symbol: str = "A", side: Side = Side.BUY, lots: int = 100, minutes: int = 30
) -> OrderLine:
    name, _, venue = symbol.partition("@")
    return OrderLine(
        symbol=name, venue=venue, side=side, lots=lots, horizon_ns=minutes * MINUTE_NS, where="o: 1"
    )


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A, and B that goes the same way, C the other way, D on its own; A at two venues."""
    one = walk(1)
    return tape_of(
        tmp_path_factory.mktemp("tapes") / "t.tape.parquet",
        {
            ("A", "X"): (one, 200),
            ("A", "Y"): (one, 100),
            ("B", "X"): (one, 200),
            ("C", "X"): (2_000_000 - one, 200),
            ("D", "X"): (walk(4), 200),
        },
    )


def volatility(bids: np.ndarray, spread: int) -> float:
    """Of a minute, by hand."""
    mids = bids[:-1] + spread / 2
    changes = mids[1:] / mids[:-1] - 1
    return float(np.sqrt(np.mean(changes**2)))


def test_the_map_says_what_the_tape_shows_by_hour(tape: Path) -> None:
    seen = read_liquidity(tape)
    one = seen.books[0]

    assert [row.hour for row in one.hours] == ["10:00", "11:00"]
    assert {row.book for row in one.hours} == {"A@X"}
    assert sum(row.looks for row in one.hours) == one.looks == 60 * (MINUTES - 1)
    assert one.touch_lots == 200.0
    assert one.volume_lots == MINUTES * (VOLUME // MINUTES)
    assert [row.volume_lots for row in one.hours][1] < one.volume_lots
    assert one.spread == pytest.approx(200 / 1_000_000, rel=0.02)
    assert one.bars == MINUTES - 2
    assert one.changes.std() == pytest.approx(volatility(walk(1), 200), rel=0.05)


def test_one_order_pays_half_the_spread_and_the_square_root_law(tape: Path) -> None:
    (row,) = estimate([order("D", lots=83)], tape, EstimateConfig(fee_ppm=-20)).orders

    minute = volatility(walk(4), 200)
    share = 83 / (MINUTES * (VOLUME // MINUTES))
    assert row.spread == pytest.approx(1.0, rel=0.02)
    assert row.impact == row.impact_alone
    assert row.impact == pytest.approx(1e4 * minute * sqrt(MINUTES - 2) * sqrt(share), rel=1e-3)
    assert row.fees == -0.2
    assert row.cost == pytest.approx(row.spread + row.impact + row.fees, abs=2e-4)
    assert row.risk == pytest.approx(1e4 * minute * sqrt(30 / 3), rel=1e-3)
    assert row.high - row.low == pytest.approx(2 * 1.96 * row.risk, abs=1e-3)
    # A dollar is 10,000 units, and D costs about a hundred.
    assert row.worth == pytest.approx(83 * 100, rel=0.05)
    assert row.of_volume == pytest.approx(share * (MINUTES - 2) / 30, rel=1e-3)


def test_impact_goes_with_y_and_with_the_root_of_size(tape: Path) -> None:
    small, large = (estimate([order("D", lots=lots)], tape).orders[0] for lots in (25, 100))
    (half,) = estimate([order("D", lots=100)], tape, EstimateConfig(impact_ppm=500_000)).orders

    assert large.impact == pytest.approx(2 * small.impact, rel=1e-3)
    assert half.impact == pytest.approx(large.impact / 2, rel=1e-3)
    assert square_root(10_000, 1_000_000, 0.02, 1_000_000) == pytest.approx(0.002)


def test_an_order_without_a_venue_has_all_of_its_symbols_books(tape: Path) -> None:
    (both,) = estimate([order("A", lots=100)], tape).orders
    (single,) = estimate([order("A@X", lots=100)], tape).orders

    assert (both.books, single.books) == (2, 1)
    assert both.spread == pytest.approx(single.spread / 2, rel=0.01)
    assert both.impact == pytest.approx(single.impact / sqrt(2), rel=0.01)
    assert both.of_depth == pytest.approx(single.of_depth / 2, rel=0.01)


def test_orders_that_push_the_same_way_pay_for_each_other(tape: Path) -> None:
    found = estimate([order("A@X", lots=50), order("B", lots=150), order("D", lots=10)], tape)
    alone, more, apart = found.orders

    # A and B move as one: each meets the flow of both, 200 lots.
    assert alone.impact == pytest.approx(2 * alone.impact_alone, rel=0.01)
    assert more.impact == pytest.approx(sqrt(200 / 150) * more.impact_alone, rel=0.01)
    assert apart.impact == pytest.approx(apart.impact_alone, rel=1e-6)
    assert found.correlations == [{"book": "A@X", "with": "B@X", "correlation": 1.0}]
    assert found.together[0].cost > found.together[0].cost_alone


def test_a_hedged_list_has_no_risk_and_no_impact_and_a_doubled_one_has_twice(tape: Path) -> None:
    hedged = estimate([order("A@X"), order("B", Side.SELL)], tape)
    doubled = estimate([order("A@X"), order("B")], tape)
    opposite = estimate([order("A@X"), order("C")], tape)
    (single,) = estimate([order("A@X")], tape).together

    assert hedged.together[0].risk == pytest.approx(0.0, abs=0.05)
    assert [row.impact for row in hedged.orders] == [0.0, 0.0]
    assert doubled.together[0].risk == pytest.approx(single.risk, rel=0.01)
    assert doubled.together[0].risk_alone == pytest.approx(single.risk / sqrt(2), rel=0.01)
    assert opposite.together[0].risk < 0.1 * single.risk


def test_books_that_go_their_own_ways_are_not_correlated(tape: Path) -> None:
    found = estimate([order("A@X"), order("D")], tape)

    assert found.correlations == []
    assert found.together[0].risk == found.together[0].risk_alone


@given(st.integers(1, 120), st.integers(1, 120))
def test_two_orders_covary_as_what_they_still_have_to_do(one: int, other: int) -> None:
    """The closed form against its integral: both are exposed by what is not done yet."""
    short, long = min(one, other), max(one, other)
    times = (np.arange(20_000) + 0.5) * short / 20_000
    left = (1 - times / one) * (1 - times / other)
    assert short / 2 - short**2 / (6 * long) == pytest.approx(left.mean() * short, rel=1e-4)


def test_orders_of_unlike_length_covary_less(tape: Path) -> None:
    found = estimate([order("A@X", minutes=10), order("B", minutes=40)], tape).together[0]
    minute = volatility(walk(1), 200)

    variance = 10 / 3 + 40 / 3 + 2 * (10 / 2 - 10**2 / (6 * 40))
    assert found.risk == pytest.approx(1e4 * minute * sqrt(variance) / 2, rel=0.01)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk that has met two boundaries."""
    return learned_run(tmp_path_factory.mktemp("learned"))


def test_a_learned_curve_stands_for_the_law(learned: Path, tmp_path: Path) -> None:
    curve = learned_curves(learned)["SYN@SIM"]
    assert curve.orders > 0
    assert curve.pieces(10 * curve.piece_lots) == 10
    assert curve.cost(10 * curve.piece_lots) == curve.cost(curve.piece_lots)
    path = tape_of(tmp_path / "s.tape.parquet", {("SYN", "SIM"): (walk(9), 20)})

    found = estimate([order("SYN", lots=2_000)], path, curves=learned)
    (row,) = found.orders
    assert found.model == f"learned: SYN@SIM by {curve.orders} orders, pieces of {curve.piece_lots}"
    assert row.spread + row.impact == pytest.approx(1e4 * curve.cost(2_000), abs=1e-3)


def test_a_run_that_learned_nothing_of_a_book_is_refused(
    learned: Path, tape: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match=r"o: 1: found no learned curve of A@X, allowed is SYN@SIM"
    ):
        estimate([order("A@X")], tape, curves=learned)
    with pytest.raises(InputError, match=r"found no summary\.json"):
        estimate([order("A@X")], tape, curves=tmp_path)


def test_what_a_tape_cannot_say_is_refused(tape: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"o: 1: found 'Z', which never .* allowed is A@X, A@Y"):
        estimate([order("Z")], tape)
    with pytest.raises(InputError, match=r"found 'A@Z', which never"):
        estimate([order("A@Z")], tape)
    with pytest.raises(InputError, match=r"found 1 bars of 3600s .* allowed are 10 or more"):
        estimate([order("A@X")], tape, EstimateConfig(bar_ns=HOUR_NS))
    with pytest.raises(InputError, match=r"bar: found 1\.5s, allowed are whole seconds"):
        read_liquidity(tape, 1_500_000_000)
    with pytest.raises(InputError, match="impact is -1, allowed is 0 to"):
        EstimateConfig(impact_ppm=-1)
    with pytest.raises(InputError, match="fee is 2000000, allowed is"):
        EstimateConfig(fee_ppm=2_000_000)


def test_a_list_is_read_with_its_columns_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text("lots,symbol,horizon,side\n100, A@X ,30m,BUY\n\n7,B,1.5h,sell\n", "utf-8")
    first, second = read_orders(path)

    assert (first.symbol, first.venue, first.side, first.lots) == ("A", "X", Side.BUY, 100)
    assert first.horizon_ns == 30 * MINUTE_NS
    assert (second.venue, second.side, second.horizon_ns) == ("", Side.SELL, 90 * MINUTE_NS)
    assert second.where == f"{path}: line 4"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "found the head '', allowed is 'symbol,side,lots,horizon'"),
        ("symbol,side,lots\n", "found the head 'symbol,side,lots'"),
        ("symbol,side,lots,horizon\n", "found no order below the head"),
        ("symbol,side,lots,horizon\nA,buy,1\n", "line 2: found 3 cells, allowed are 4"),
        ("symbol,side,lots,horizon\n@X,buy,1,1m\n", "line 2: symbol: found '@X'"),
        ("symbol,side,lots,horizon\nA@,buy,1,1m\n", "line 2: symbol: found 'A@'"),
        ("symbol,side,lots,horizon\nA,long,1,1m\n", "line 2: side: found 'long', allowed is buy"),
        ("symbol,side,lots,horizon\nA,buy,0,1m\n", "line 2: lots: found '0', allowed is a whole"),
        ("symbol,side,lots,horizon\nA,buy,1.5,1m\n", "line 2: lots: found '1.5'"),
        ("symbol,side,lots,horizon\nA,buy,²,1m\n", "line 2: lots: found '²'"),
        ("symbol,side,lots,horizon\nA,buy,1,soon\n", "line 2: horizon: found 'soon'"),
        ("symbol,side,lots,horizon\nA,buy,1,0m\n", "line 2: horizon: found '0m', allowed is above"),
    ],
)
def test_a_line_that_is_no_order_is_refused_with_its_place(
    text: str, wrong: str, tmp_path: Path
) -> None:
    path = tmp_path / "o.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_orders(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert wrong in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    with pytest.raises(InputError, match="cannot read it"):
        read_orders(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="found no UTF-8 text"):
        read_orders(path)
