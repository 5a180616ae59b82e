"""Tables of costs and verdicts by worked examples."""

from fractions import Fraction

import msgspec
import pytest

from desk.tca import (
    Convention,
    CostRow,
    MidSeries,
    Quote,
    Shortfall,
    Verdict,
    by_algo,
    by_hour,
    by_strategy,
    by_venue,
    judge,
    shortfall_of,
    verdicts,
)
from market.errors import InputError
from market.instruments import Instrument
from market.units import DURATION_NS
from tests.unit.desk.tca_world import BUY, CENT, SELL, case, child, fill, moved, parent, seen

HOUR_NS = DURATION_NS["h"]
QUIET = Quote(99, 101)


def worked(**more: object) -> Shortfall:
    """Ten of thirty at venue X and five at Y, each half a spread; fifteen are left at 104."""
    fills = [
        fill(2, 101, 10, QUIET, fee=3),
        fill(2, 101, 5, QUIET, exec_id=2, venue="Y", fee=-1),
    ]
    order = child(seen(1, QUIET), seen(2, QUIET), fills)
    return shortfall_of(parent(BUY, 30, seen(0, QUIET), [order], 104, order_fees=2, **more))


def test_a_table_by_venue_puts_fills_where_they_traded_and_the_rest_under_no_name() -> None:
    rest, at_x, at_y = by_venue([worked()])

    # Money is in half cents here: 10^-3 of a dollar, five of them a half price unit × lot.
    assert ("", "X", "Y") == (rest.key, at_x.key, at_y.key)
    assert 3 == rest.decimals
    assert (120 * 5, 4 * 5) == (rest.opportunity, rest.fees)
    assert (0, 0, 15) == (rest.fills, rest.filled_lots, rest.rest_lots)
    assert (20 * 5, 6 * 5, 1, 10, 0) == (
        at_x.spread,
        at_x.fees,
        at_x.fills,
        at_x.filled_lots,
        at_x.rest_lots,
    )
    assert (10 * 5, -2 * 5) == (at_y.spread, at_y.fees)
    assert (1, 1, 1) == (rest.parents, at_x.parents, at_y.parents)


def test_means_weigh_every_lot_alike() -> None:
    at_x = by_venue([worked()])[1]

    # Ten dollar cents of spread and three of fees on ten lots worth 100 cents each.
    assert Fraction(13, 1_000) == at_x.per_lot / 10**at_x.decimals  # type: ignore[operator]
    assert Fraction(13, 1_000) == at_x.share
    assert CostRow(key=0, currency="USD", decimals=2).share is None


def test_tables_by_strategy_algo_and_hour_count_parents_once() -> None:
    found = [worked(), worked(strategy=1, algo="twap"), worked(strategy=1)]

    assert [(0, 1), (1, 2)] == [(row.key, row.parents) for row in by_strategy(found)]
    assert [("immediate", 2), ("twap", 1)] == [(row.key, row.parents) for row in by_algo(found)]
    assert [(0, 3)] == [(row.key, row.parents) for row in by_hour(found)]


def test_an_hour_is_that_of_the_decision_on_the_clock_of_the_venue() -> None:
    late = shortfall_of(case(BUY, 10, 100, 101, 102, 5, 1, 103))
    moment = 30 * HOUR_NS
    record = late.record
    order = record.children[0]
    times = {"sent": seen(moment, 1), "received": seen(moment, 1), "ended_ns": moment}
    moved_order = msgspec.structs.replace(order, fills=(), **times)
    record = moved(
        record,
        decided=seen(moment, 100),
        children=(moved_order,),
        ended_ns=moment,
        closed_ns=moment,
    )

    assert [6] == [row.key for row in by_hour([shortfall_of(record)])]
    assert [1] == [row.key for row in by_hour([shortfall_of(record)], -5 * HOUR_NS)]
    assert [0] == [row.key for row in by_hour([shortfall_of(record)], 18 * HOUR_NS)]


def test_currencies_are_never_added_and_units_of_one_currency_are() -> None:
    tenths = Instrument(
        symbol="DEF", venue="X", currency="USD", price_units_per_currency=10, tick_units=1
    )
    euros = msgspec.structs.replace(CENT, symbol="GHI", currency="EUR")
    found = [worked(), worked(instrument=tenths), worked(instrument=euros)]

    rows = by_strategy(found)

    assert ["EUR", "USD"] == [row.currency for row in rows]
    # 30 + 120 + 8 half cents, and as many half dimes.
    assert [Fraction(158, 200), Fraction(158, 200) + Fraction(158, 20)] == [
        Fraction(row.total, 10**row.decimals) for row in rows
    ]


def test_conventions_are_not_mixed_in_a_table() -> None:
    found = [worked(), shortfall_of(worked().record, Convention.KISSELL)]

    with pytest.raises(InputError, match="found shortfalls by PEROLD and KISSELL"):
        by_venue(found)


def test_no_parents_make_an_empty_table() -> None:
    assert [] == by_venue([])


# --- good idea or good execution ------------------------------------------------------------------

MIDS = MidSeries((0, 10, 20), (200, 210, 190), 30)


@pytest.mark.parametrize(
    ("horizon_ns", "expected_x2", "verdict"),
    [
        (10, 100, Verdict.BOTH),
        (10, 0, Verdict.IDEA),
        (20, 100, Verdict.EXECUTION),
        (20, 0, Verdict.NEITHER),
    ],
)
def test_an_idea_is_good_that_earned_on_paper_and_an_execution_that_cost_what_was_expected(
    horizon_ns: int, expected_x2: int, verdict: Verdict
) -> None:
    # Ten lots from a mid of 100, filled half a spread away.
    order = child(seen(1, QUIET), seen(2, QUIET), [fill(2, 101, 10, QUIET)])
    record = parent(BUY, 10, seen(0, QUIET), [order], 100)

    found = judge(record, MIDS, horizon_ns, expected_x2)

    assert found is not None
    assert verdict is found.verdict
    assert 20 == found.cost_x2
    assert (100 if horizon_ns == 10 else -100) == found.idea_x2
    assert found.idea_x2 - 20 == found.real_x2


def test_a_parent_is_not_judged_before_its_end_nor_beyond_the_data() -> None:
    record = case(SELL, 10, 100, 100, 100, 10, 0, 100)
    slow = moved(record, ended_ns=20, closed_ns=20)

    early = judge(slow, MIDS, 1)

    assert early is not None
    assert 20 == early.at_ns
    assert 100 == early.idea_x2
    assert judge(record, MIDS, 29) is None


def test_verdicts_are_counted_and_their_money_summed_by_key() -> None:
    record = case(BUY, 10, 100, 100, 100, 10, 0, 100)
    dear = case(BUY, 10, 100, 100, 101, 10, 3, 100)
    rows = [(record, 9), (record, 8), (moved(dear, strategy=1), 10)]
    found = [judge(one, MIDS, horizon_ns) for one, horizon_ns in rows]

    first, second = verdicts([one for one in found if one], lambda one: one.strategy)

    # On paper five cents on ten lots, or nothing; the dear one cost one cent on each and three more.
    assert (0, 0, 0, 1, 1) == (
        first.key,
        first.neither,
        first.good_idea,
        first.good_execution,
        first.both,
    )
    assert (1, 0, 1, 0, 0) == (
        second.key,
        second.neither,
        second.good_idea,
        second.good_execution,
        second.both,
    )
    assert (3, 500, 0, 500) == (first.decimals, first.idea, first.cost, first.real)
    assert (500, 130, 370) == (second.idea, second.cost, second.real)
