"""Series, benchmarks and mark-outs: exact, and absent where the data end."""

from fractions import Fraction

import numpy as np
import pytest

from desk.tca import (
    HORIZONS_NS,
    Benchmarks,
    MidSeries,
    ParentRecord,
    Quote,
    TradeSeries,
    benchmarks_of,
    markouts_of,
    mean_markouts,
    slippages_of,
)
from desk.tca.benchmarks import average_price, slippage
from market.errors import InputError
from market.instruments import Instrument
from tests.unit.desk.tca_world import (
    BUY,
    CENT,
    SECOND_NS,
    SELL,
    child,
    fill,
    moved,
    parent,
    seen,
)

STEPS = MidSeries((10, 20, 20, 40), (200, 999, 206, 203), 50)


@pytest.mark.parametrize(
    ("at_ns", "mid_x2"),
    [(9, None), (10, 200), (19, 200), (20, 206), (39, 206), (40, 203), (49, 203), (50, None)],
)
def test_a_mid_stands_until_the_next_and_is_unknown_before_the_first_and_from_the_end_on(
    at_ns: int, mid_x2: int | None
) -> None:
    assert mid_x2 == STEPS.at(at_ns)


def test_the_mean_mid_weighs_each_by_how_long_it_stood() -> None:
    # 100 for 5, 103 for 20, 101.5 for 5.
    assert Fraction(500 + 2_060, 30) + Fraction(1_015, 2 * 30) == STEPS.mean(15, 45)
    assert 103 == STEPS.mean(20, 40)
    assert 103 == STEPS.mean(20, 20)
    assert Fraction(203, 2) == STEPS.mean(45, 50)


@pytest.mark.parametrize(("from_ns", "to_ns"), [(9, 15), (45, 51), (50, 50)])
def test_a_mean_over_what_is_not_known_is_absent(from_ns: int, to_ns: int) -> None:
    assert STEPS.mean(from_ns, to_ns) is None


def test_columns_of_numpy_give_plain_integers() -> None:
    columns = MidSeries(np.array([10, 20]), np.array([2**61, 2**61]), 50)

    assert isinstance(columns.at(10), int)
    assert 2**60 == columns.mean(10, 50)


@pytest.mark.parametrize(
    ("series", "text"),
    [
        (lambda: MidSeries((1, 2), (3,), 9), "mids: found 1 values of 2 times"),
        (lambda: MidSeries((2, 1), (3, 3), 9), "mids: found 1 ns after 2 ns at 1"),
        (lambda: MidSeries((9,), (3,), 9), "mids: found 9 ns, allowed is before the end, 9"),
        (lambda: TradeSeries((1,), (3,), (), 9), "trades: found 0 lots of 1 trades"),
    ],
)
def test_columns_that_do_not_fit_are_refused(series: object, text: str) -> None:
    with pytest.raises(InputError, match=text):
        series()  # type: ignore[operator]


# --- benchmarks -----------------------------------------------------------------------------------


def worked(side: object = BUY) -> ParentRecord:
    """Arrives at 20, mid 100; 10 at 101 and 30 at 103; ends at 40."""
    quote = Quote(99, 101)
    fills = [fill(25, 101, 10, quote), fill(35, 103, 30, Quote(101, 103), exec_id=2)]
    order = child(seen(15, quote), seen(20, quote), fills, ended_ns=40)
    return parent(side, 40, seen(10, quote), [order], 102)  # type: ignore[arg-type]


TRADES = TradeSeries(
    (19, 20, 25, 35, 40, 41), (500, 100, 101, 103, 102, 900), (9, 60, 10, 30, 20, 9), 60
)
MIDS = MidSeries((0, 30), (200, 206), 60)


def test_arrival_vwap_twap_and_close_by_hand() -> None:
    found = benchmarks_of(worked(), MIDS, TRADES, 59, own_printed=True, with_own=True)

    # Both ends count: (60×100 + 10×101 + 30×103 + 20×102) / 120.
    assert Fraction(12_140, 120) == found.vwap
    assert 100 == found.arrival
    assert Fraction(203, 2) == found.twap
    assert 103 == found.close
    assert Fraction(1_025, 10) == average_price(worked())


def test_own_fills_are_taken_out_of_the_vwap_or_put_in() -> None:
    def vwap(*, own_printed: bool, with_own: bool) -> Fraction | None:
        return benchmarks_of(
            worked(), MIDS, TRADES, 59, own_printed=own_printed, with_own=with_own
        ).vwap

    assert Fraction(8_040, 80) == vwap(own_printed=True, with_own=False)
    assert Fraction(12_140, 120) == vwap(own_printed=False, with_own=False)
    assert Fraction(16_240, 160) == vwap(own_printed=False, with_own=True)


def test_slippages_are_shares_of_each_benchmark_and_above_zero_where_it_cost() -> None:
    against = Benchmarks(
        arrival=Fraction(100), vwap=Fraction(205, 2), twap=Fraction(410), close=None
    )

    bought, sold = slippages_of(worked(), against), slippages_of(worked(SELL), against)
    assert (25_000, 0, -750_000, None) == (
        bought.arrival_ppm,
        bought.vwap_ppm,
        bought.twap_ppm,
        bought.close_ppm,
    )
    assert (-25_000, 0, 750_000, None) == (
        sold.arrival_ppm,
        sold.vwap_ppm,
        sold.twap_ppm,
        sold.close_ppm,
    )


def test_vwap_slippage_in_basis_points_is_the_published_formula() -> None:
    # side × (P − VWAP) / VWAP × 1e4
    assert Fraction(50) == slippage(BUY, Fraction(201, 2), Fraction(100)) * 10_000  # type: ignore[operator]
    assert Fraction(-50) == slippage(SELL, Fraction(201, 2), Fraction(100)) * 10_000  # type: ignore[operator]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_equal_slices_over_equal_times_have_no_slippage_against_the_twap(side: object) -> None:
    # VALIDATION 2.4: a TWAP of equal slices has a price advantage of exactly zero.
    mids_x2 = (200, 206, 190, 214)
    times_ns = (100, 200, 300, 400)
    fills = [
        fill(at_ns, 0, 25, Quote(mid_x2 // 2, mid_x2 // 2), price_x2_units=mid_x2)
        for at_ns, mid_x2 in zip(times_ns, mids_x2, strict=True)
    ]
    order = child(seen(100, 100), seen(100, 100), fills, ended_ns=500)
    record = parent(side, 100, seen(100, 100), [order], 100)  # type: ignore[arg-type]
    trades = TradeSeries((), (), (), 600)

    against = benchmarks_of(
        record, MidSeries(times_ns, mids_x2, 600), trades, 599, own_printed=False
    )
    assert average_price(record) == against.twap
    assert 0 == slippages_of(record, against).twap_ppm


def test_what_is_not_known_or_never_traded_is_absent_and_not_zero() -> None:
    late = moved(worked(), ended_ns=60, closed_ns=60)
    found = benchmarks_of(late, MIDS, TRADES, 60, own_printed=False)
    assert (None, None) == (found.vwap, found.close)
    silent = TradeSeries((), (), (), 60)
    assert benchmarks_of(worked(), MIDS, silent, 59, own_printed=False).vwap is None
    alone = TradeSeries((25, 35), (101, 103), (10, 30), 60)
    assert benchmarks_of(worked(), MIDS, alone, 59, own_printed=True).vwap is None
    unsent = parent(BUY, 5, seen(10, 100), [], 100)
    nothing = benchmarks_of(unsent, MIDS, TRADES, 59, own_printed=False)
    assert nothing.arrival is None
    assert slippages_of(unsent, nothing).twap_ppm is None


def test_more_own_lots_than_were_traded_are_refused() -> None:
    with pytest.raises(InputError, match="found 0 lots traded and 40 own ones"):
        benchmarks_of(worked(), MIDS, TradeSeries((), (), (), 60), 59, own_printed=True)


# --- mark-outs ------------------------------------------------------------------------------------


def one_fill(side: object = BUY, instrument: Instrument = CENT) -> ParentRecord:
    """Ten lots at 101, mid 100, at second 1."""
    quote = Quote(99, 101)
    fills = [fill(SECOND_NS, 101, 10, quote)]
    order = child(seen(0, quote), seen(0, quote), fills)
    return parent(side, 10, seen(0, quote), [order], 100, instrument=instrument)  # type: ignore[arg-type]


LATER = MidSeries(
    tuple(SECOND_NS * at for at in (0, 2, 6, 31, 61)), (200, 202, 204, 198, 210), 200 * SECOND_NS
)


def test_mark_outs_are_looked_up_as_of_each_horizon_and_absent_beyond_the_data() -> None:
    record = one_fill()
    (_, filled), *_ = record.fills()

    found = markouts_of(record, filled, LATER)

    assert [1, 5, 30, 60, 300] == [one.horizon_ns // SECOND_NS for one in found]
    assert [0, 20, -40, 80, None] == [one.from_price_x2 for one in found]
    assert [20, 40, -20, 100, None] == [one.from_mid_x2 for one in found]


def test_a_sale_is_marked_the_other_way() -> None:
    record = one_fill(SELL)
    (_, filled), *_ = record.fills()

    assert [0, -20, 40, -80, None] == [
        one.from_price_x2 for one in markouts_of(record, filled, LATER)
    ]


def test_means_weigh_by_lots_and_count_what_is_absent_apart() -> None:
    small = one_fill()
    order = small.children[0]
    large = moved(small, children=(moved(order, fills=(moved(order.fills[0], lots=30),)),))  # type: ignore[arg-type]

    rows = mean_markouts([small, large], {"ABC": LATER}, lambda record, _: record.strategy)

    assert len(HORIZONS_NS) == len(rows)
    first, fifth = rows[1], rows[4]
    assert (0, "USD", 2, 0, 40) == (
        first.key,
        first.currency,
        first.fills,
        first.absent,
        first.lots,
    )
    # One unit a lot, a cent; a worth of 101 each.
    assert Fraction(1, 100) == first.per_lot / 10**first.decimals  # type: ignore[operator]
    assert Fraction(1, 101) == first.share
    assert (0, 2, 0, None) == (fifth.fills, fifth.absent, fifth.lots, fifth.per_lot)


def test_mark_outs_of_unlike_units_are_summed_as_money() -> None:
    tenths = Instrument(
        symbol="DEF", venue="X", currency="USD", price_units_per_currency=10, tick_units=1
    )
    found = mean_markouts(
        [one_fill(), one_fill(instrument=tenths)], {"ABC": LATER, "DEF": LATER}, lambda *_: "all"
    )

    # Ten lots a unit up: 10 cents and one dollar.
    assert Fraction(11, 10) == Fraction(found[1].from_price, 10 ** found[1].decimals)
