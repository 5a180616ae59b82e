"""Implementation shortfall: published cases to the last digit, and each part with a pencil."""

from fractions import Fraction

import pytest

from desk.tca import (
    Convention,
    ParentRecord,
    Parts,
    Quote,
    Shortfall,
    market_adjusted,
    shortfall_of,
)
from market.codes import Liquidity
from market.errors import InputError
from market.messages import NO_PRICE
from tests.unit.desk.tca_world import (
    AUCTION,
    BUY,
    MAKER,
    SELL,
    case,
    child,
    fill,
    moved,
    parent,
    seen,
)

PEROLD, KISSELL = Convention.PEROLD, Convention.KISSELL


def cents(found: Shortfall) -> tuple[int, int, int, int]:
    """Explicit, realised, delay and missed, as the cases name them; half price units are half cents."""
    parts = found.parts
    realised_x2 = parts.spread_x2 + parts.impact_x2 + parts.timing_x2
    return parts.fees_x2 // 2, realised_x2 // 2, parts.delay_x2 // 2, parts.opportunity_x2 // 2


# --- the published cases (VALIDATION section 7) ---------------------------------------------------

CASE_1 = case(BUY, 1_000, 4_000, 4_004, 4_005, 700, 1_700, 4_008)
CASE_3 = case(SELL, 5_000, 4_000, 3_950, 3_970, 4_000, 7_500, 3_900)
CASE_4 = case(BUY, 1_000, 1_000, 1_005, 1_007, 700, 1_400, 1_008)


def test_case_7_1_is_19_hundredths_of_a_percent() -> None:
    found = shortfall_of(CASE_1)

    assert (1_700, 700, 2_800, 2_400) == cents(found)
    assert 2 * 7_600 == found.total_x2
    assert Fraction("0.0019") == found.share
    assert 1_900 == found.ppm
    worth = 4_000 * 1_000
    shares = [Fraction(one, worth) for one in cents(found)]
    assert [Fraction(text) / 100 for text in (".0425", ".0175", ".0700", ".0600")] == shares


def test_case_7_2_is_15_hundredths_and_minus_one_half_percent_adjusted_for_the_market() -> None:
    # The case gives 0.02 % realised, $12 on 700 shares: a price of 60.05 + 12/700, which is none in
    # whole cents. So it is told in units of 1/700 of a cent, where all of it is exact.
    scale = 700
    fills = [fill(3, 6_005 * scale + 1_200, 700, fee=1_900 * scale)]
    order = child(seen(2, 6_005 * scale), seen(2, 6_005 * scale), fills)
    record = parent(BUY, 1_000, seen(1, 6_000 * scale), [order], 6_008 * scale)

    found = shortfall_of(record)

    worth = Fraction(6_000 * scale * 1_000)
    explicit, realised, delay, missed = (Fraction(one) / worth * 100 for one in cents(found))
    assert Fraction(19, 600) == explicit  # .0317 printed
    assert Fraction("0.02") == realised
    assert Fraction(35, 600) == delay  # .0583 printed
    assert Fraction("0.04") == missed
    assert found.share is not None
    assert Fraction("0.15") == found.share * 100
    adjusted = market_adjusted(found, beta_ppm=1_300_000, market_ppm=5_000)
    assert adjusted is not None
    assert Fraction("-0.50") == adjusted * 100


def test_case_7_3_a_sale_is_plus_1_1375_percent_and_not_the_posted_minus_1_04() -> None:
    found = shortfall_of(CASE_3)

    assert (7_500, -80_000, 200_000, 100_000) == cents(found)
    assert 2 * 227_500 == found.total_x2
    assert Fraction("0.011375") == found.share
    assert 11_375 == found.ppm


def test_case_7_4_impulse_robotics_is_87_basis_points() -> None:
    found = shortfall_of(CASE_4)

    worth = 1_000 * 1_000
    assert [14, 14, 35, 24] == [one * 10_000 // worth for one in cents(found)]
    assert Fraction(87, 10_000) == found.share
    assert 2 * 8_700 == found.total_x2


def test_kissell_splits_case_7_1_otherwise_and_the_whole_is_the_same() -> None:
    found = shortfall_of(CASE_1, KISSELL)

    # $17 fees, $7 trading, $40 delay on all 1,000, $12 for the 300 from the arrival on.
    assert (1_700, 700, 4_000, 1_200) == cents(found)
    assert shortfall_of(CASE_1).total_x2 == found.total_x2
    assert KISSELL is found.convention


@pytest.mark.parametrize("record", [CASE_1, CASE_3, CASE_4])
def test_a_market_that_does_not_move_has_nothing_to_adjust(record: ParentRecord) -> None:
    found = shortfall_of(record)

    assert found.share == market_adjusted(found, 1_300_000, 0)


def test_a_sale_gains_what_a_purchase_loses_when_the_market_rises() -> None:
    bought = shortfall_of(case(BUY, 10, 100, 100, 100, 10, 0, 100))
    sold = shortfall_of(case(SELL, 10, 100, 100, 100, 10, 0, 100))

    assert Fraction(-1, 100) == market_adjusted(bought, 1_000_000, 10_000)
    assert Fraction(1, 100) == market_adjusted(sold, 1_000_000, 10_000)


# --- each part alone ------------------------------------------------------------------------------

QUIET = Quote(99, 101)


def test_taking_at_the_best_price_costs_half_the_spread_and_nothing_else() -> None:
    order = child(seen(1, QUIET), seen(2, QUIET), [fill(2, 101, 10, QUIET)])
    found = shortfall_of(parent(BUY, 10, seen(0, QUIET), [order], 100))

    assert Parts(spread_x2=20) == found.parts


def test_resting_at_the_best_price_earns_half_the_spread() -> None:
    order = child(seen(1, QUIET), seen(2, QUIET), [fill(9, 99, 10, QUIET, liquidity=MAKER)])
    found = shortfall_of(parent(BUY, 10, seen(0, QUIET), [order], 100))

    assert Parts(spread_x2=-20) == found.parts


def test_a_better_price_than_the_best_is_less_spread_and_a_worse_one_is_impact() -> None:
    fills = [fill(2, 100, 10, QUIET), fill(2, 103, 10, QUIET, exec_id=2)]
    order = child(seen(1, QUIET), seen(2, QUIET), fills)

    found = shortfall_of(parent(BUY, 20, seen(0, QUIET), [order], 100))

    assert Parts() == found.pieces[0].parts
    assert Parts(spread_x2=20, impact_x2=40) == found.pieces[1].parts


def test_a_sale_below_the_best_bid_has_impact() -> None:
    order = child(seen(1, QUIET), seen(2, QUIET), [fill(2, 97, 10, QUIET)])

    found = shortfall_of(parent(SELL, 10, seen(0, QUIET), [order], 100))

    assert Parts(spread_x2=20, impact_x2=40) == found.parts


def test_our_own_move_of_the_mid_is_impact_for_later_fills_and_the_rest_is_timing() -> None:
    # The first fill lifts the mid from 100 to 102. By the second it is 105: 2 ours, 3 the market's.
    first = child(seen(1, QUIET), seen(2, QUIET), [fill(2, 101, 10, QUIET, after_x2=204)])
    later = Quote(104, 106)
    second = child(seen(3, later), seen(4, later), [fill(4, 106, 10, later)], order_id=2)

    found = shortfall_of(parent(BUY, 20, seen(0, QUIET), [first, second], 100))

    assert Parts(spread_x2=20) == found.pieces[0].parts
    assert Parts(spread_x2=20, impact_x2=40, timing_x2=60) == found.pieces[1].parts


def test_own_moves_add_up_over_all_earlier_fills_that_took() -> None:
    # Each fill lifts the mid by one, and the market by two more before the next.
    quotes = [Quote(99, 101), Quote(102, 104), Quote(105, 107)]
    orders = [
        child(
            seen(at_ns, quote),
            seen(at_ns, quote),
            [fill(at_ns, quote.ask_units, 10, quote, after_x2=quote.mid_x2_units + 2)],
            order_id=at_ns,
        )
        for at_ns, quote in enumerate(quotes, 1)
    ]

    found = shortfall_of(parent(BUY, 30, seen(0, QUIET), orders, 100))

    assert [
        Parts(spread_x2=20),
        Parts(spread_x2=20, impact_x2=20, timing_x2=40),
        Parts(spread_x2=20, impact_x2=40, timing_x2=80),
    ] == [piece.parts for piece in found.pieces]


def test_a_move_at_a_fill_that_rested_is_not_ours() -> None:
    rested = [fill(2, 99, 10, QUIET, after_x2=190, liquidity=MAKER)]
    first = child(seen(1, QUIET), seen(2, QUIET), rested)
    later = Quote(94, 96)
    second = child(seen(3, later), seen(4, later), [fill(4, 96, 10, later)], order_id=2)

    found = shortfall_of(parent(BUY, 20, seen(0, QUIET), [first, second], 100))

    assert Parts(spread_x2=20, timing_x2=-100) == found.pieces[1].parts


@pytest.mark.parametrize("second_quote", [QUIET, Quote(99, 102)], ids=["as before", "in between"])
def test_one_sweep_is_one_step_whichever_way_its_quotes_are_given(second_quote: Quote) -> None:
    # Ten at 101 and ten at 102, at one instant; the mid goes from 100 to 101.5.
    sweep = [
        fill(2, 101, 10, QUIET, after_x2=second_quote.mid_x2_units),
        fill(2, 102, 10, second_quote, after_x2=203, exec_id=2),
    ]
    first = child(seen(1, QUIET), seen(2, QUIET), sweep)
    later = Quote(100, 103)
    second = child(seen(3, later), seen(4, later), [fill(4, 103, 10, later)], order_id=2)

    found = shortfall_of(parent(BUY, 30, seen(0, QUIET), [first, second], 100))

    walked = found.pieces[1].parts
    assert 40 == walked.spread_x2 + walked.impact_x2
    assert 0 == walked.timing_x2
    assert Parts(spread_x2=30, impact_x2=30) == found.pieces[2].parts


def test_an_auction_has_no_spread_and_its_distance_from_the_mid_is_timing() -> None:
    order = child(seen(1, QUIET), seen(2, QUIET), [fill(9, 104, 10, QUIET, liquidity=AUCTION)])

    found = shortfall_of(parent(BUY, 10, seen(0, QUIET), [order], 100))

    assert Parts(timing_x2=80) == found.parts


def test_delay_is_a_stale_view_then_waiting_then_the_wire() -> None:
    # The desk sees 100 while it is 101; its order leaves at 103 and arrives at 106.
    decided = seen(0, 101, local=100)
    order = child(seen(5, 103, local=102), seen(9, 106), [fill(9, 106, 10)])

    found = shortfall_of(parent(BUY, 10, decided, [order], 100))

    assert Parts(delay_x2=120) == found.parts
    assert (20, 40, 60) == (found.stale_x2, found.waited_x2, found.wire_x2)
    # From the 102 that the desk saw when the order left, to the 106 at the venue.
    assert 80 == found.pieces[0].latency_x2


def test_what_is_not_filled_costs_the_way_from_the_decision_to_the_end() -> None:
    found = shortfall_of(parent(BUY, 10, seen(0, 100), [child(seen(1, 104), seen(2, 104))], 110))

    assert Parts(opportunity_x2=200) == found.parts
    assert 10 == found.pieces[0].lots
    assert Liquidity.NONE is found.pieces[0].liquidity


def test_a_parent_that_never_arrived_has_no_delay_in_either_convention() -> None:
    lost = child(seen(1, 104), None)
    for convention in Convention:
        found = shortfall_of(parent(SELL, 10, seen(0, 100, local=101), [lost], 110), convention)

        assert Parts(opportunity_x2=-180) == found.parts
        assert (0, 0, 0) == (found.stale_x2, found.waited_x2, found.wire_x2)


def test_more_fills_than_wanted_are_a_rest_below_zero() -> None:
    order = child(seen(1, 100), seen(2, 100), [fill(2, 100, 15)])

    found = shortfall_of(parent(BUY, 10, seen(0, 100), [order], 90))

    # Five lots more than on paper lost ten each.
    assert -5 == found.pieces[1].lots
    assert Parts(opportunity_x2=100) == found.parts


def test_fees_of_fills_and_of_the_whole_are_fees_and_rebates_are_earned() -> None:
    order = child(seen(1, 100), seen(2, 100), [fill(2, 100, 10, fee=-7)])

    found = shortfall_of(parent(BUY, 10, seen(0, 100), [order], 100, order_fees=3))

    assert Parts(fees_x2=-8) == found.parts
    assert Parts(fees_x2=6) == found.pieces[1].parts


def test_a_fill_at_a_midpoint_between_two_units_is_exact() -> None:
    odd = Quote(99, 102)
    order = child(seen(1, odd), seen(2, odd), [fill(2, 0, 3, odd, price_x2_units=201)])

    found = shortfall_of(parent(BUY, 3, seen(0, odd), [order], 100))

    assert Parts() == found.parts
    assert -3 == found.paper_x2


def test_a_decision_at_no_worth_has_no_share() -> None:
    found = shortfall_of(case(BUY, 10, 0, 0, 1, 10, 0, 1))

    assert 20 == found.total_x2
    assert found.share is None
    assert found.ppm is None
    assert market_adjusted(found, 1, 1) is None


# --- what a record refuses ------------------------------------------------------------------------


def test_a_quote_without_a_side_is_refused() -> None:
    with pytest.raises(InputError, match="allowed are two prices"):
        Quote(NO_PRICE, 100)


def test_a_fill_must_have_lots_a_venue_and_a_liquidity() -> None:
    with pytest.raises(InputError, match="lots is 0, allowed is 1 or more"):
        fill(1, 100, 0)
    with pytest.raises(InputError, match="venue is empty"):
        fill(1, 100, 1, venue="")
    with pytest.raises(InputError, match="liquidity is NONE"):
        fill(1, 100, 1, liquidity=Liquidity.NONE)


def test_times_that_go_back_are_refused() -> None:
    with pytest.raises(InputError, match="order 1: found 1 ns after 2 ns"):
        child(seen(2, 100), seen(1, 100))
    with pytest.raises(InputError, match="order 1: found 3 ns after 4 ns"):
        child(seen(2, 100), seen(2, 100), [fill(4, 100, 1), fill(3, 100, 1)], ended_ns=5)
    with pytest.raises(InputError, match="parent 1, order 1: found 1 ns after 5 ns"):
        parent(BUY, 1, seen(5, 100), [child(seen(1, 100), seen(2, 100))], 100)
    with pytest.raises(InputError, match="parent 1: found 2 ns after 3 ns"):
        moved(CASE_1, ended_ns=2)
    with pytest.raises(InputError, match="parent 1, order 1: found 3 ns after 4 ns"):
        moved(CASE_1, closed_ns=3)
    with pytest.raises(InputError, match="never arrived"):
        child(seen(1, 100), None, [fill(2, 100, 1)])


def test_quantities_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="wanted_lots is 0"):
        moved(CASE_1, wanted_lots=0)
    with pytest.raises(InputError, match="order 1: lots is 0"):
        child(seen(1, 100), seen(1, 100), lots=0)
    with pytest.raises(
        InputError, match="market_lots is 699, allowed is at least its own fills, 700"
    ):
        moved(CASE_1, market_lots=699)
