"""Funding of perpetuals: when, at which rate, and who pays whom."""

from fractions import Fraction

import pytest

from market.codes import AccrualKind, Side
from market.errors import InputError
from market.messages import Accrual
from sim.costs import FundingTerms, PremiumAverage, Ratio, accrue_all, impact_price, premium_ppb
from tests.unit.sim.scripted_venue import order, play

HOUR_NS = 3_600_000_000_000
BP = 100_000
"""A basis point in parts per billion."""

EIGHT_HOURS = FundingTerms(
    interval_ns=8 * HOUR_NS, source="premium", interest_ppb=BP, damp_ppb=5 * BP, impact_currency=1
)
"""One basis point of interest, half a tenth of a percent of damper: the terms of the large venues."""


def percent(number: int) -> Ratio:
    """A premium in hundredths of a basis point, that is in ten-thousandths of a percent."""
    return Ratio(number * BP // 100, 1)


# --- when -----------------------------------------------------------------------------------------


def test_funding_falls_due_every_interval_after_its_first_hour() -> None:
    at_four = FundingTerms(interval_ns=8 * HOUR_NS, first_ns=4 * HOUR_NS)
    day_ns = 24 * HOUR_NS
    asked = [day_ns, day_ns + 4 * HOUR_NS - 1, day_ns + 4 * HOUR_NS, day_ns + 21 * HOUR_NS]

    assert [4, 4, 12, 28] == [(at_four.next_due_ns(one) - day_ns) // HOUR_NS for one in asked]
    assert day_ns + 8 * HOUR_NS == EIGHT_HOURS.next_due_ns(day_ns)


# --- at which rate --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        (0, 100),  # I − P is within the damper: the rate is the interest
        (100, 100),
        (600, 100),
        (601, 101),  # above it, the premium less the damper
        (2_000, 1_500),
        (-400, 100),
        (-401, 99),  # below it, the premium plus the damper
        (-3_000, -2_500),
    ],
)
def test_the_rate_is_the_interest_near_the_index_and_the_damped_premium_away_from_it(
    premium: int, rate: int
) -> None:
    assert rate * BP // 100 == EIGHT_HOURS.rate(percent(premium))


def test_a_shorter_interval_pays_its_part_of_the_span_and_a_cap_bounds_both_signs() -> None:
    hourly = FundingTerms(
        interval_ns=HOUR_NS, span_ns=8 * HOUR_NS, source="premium", interest_ppb=BP,
        damp_ppb=5 * BP, cap_ppb=200 * BP, impact_currency=1,
    )  # fmt: skip

    assert BP // 8 == hourly.rate(Ratio(0, 1))
    assert [200 * BP, -200 * BP] == [hourly.rate(Ratio(p * BP, 1)) for p in (9_999, -9_999)]


def test_a_constant_rate_asks_no_premium() -> None:
    constant = FundingTerms(interval_ns=HOUR_NS, rate_ppb=-BP)

    assert -BP == constant.rate(Ratio(10**9, 1))


def test_the_rate_of_an_average_between_two_billionths_is_rounded_once_half_up() -> None:
    plain = FundingTerms(interval_ns=HOUR_NS, source="premium", impact_currency=1)
    damped = FundingTerms(
        interval_ns=HOUR_NS, source="premium", damp_ppb=2, interest_ppb=9, impact_currency=1
    )

    assert [2, -1, 1] == [plain.rate(Ratio(n, 2)) for n in (3, -3, 1)]
    assert [4, 1, 9] == [damped.rate(Ratio(n, 2)) for n in (3, -3, 17)]  # ±2 towards 9


def test_later_samples_count_more_in_a_rising_average() -> None:
    rising, equal = PremiumAverage("rising"), PremiumAverage("equal")
    for sample in (600, 0, 300):
        rising.add(sample)
        equal.add(sample)

    assert (Ratio(1_500, 6), Ratio(900, 3)) == (rising.take(), equal.take())
    rising.add(7)
    assert Ratio(7, 1) == rising.take()  # an interval of its own
    assert Ratio(0, 1) == rising.take()


# --- what the premium comes of --------------------------------------------------------------------

BIDS = [(10_000, 5), (9_900, 5), (9_000, 100)]


def test_an_impact_price_is_the_average_of_what_would_trade_at_once() -> None:
    # 50,000 buy five at 10,000; 99,500 all ten of two levels; 144,500 five more at 9,000.
    prices = {worth: impact_price(BIDS, worth) for worth in (1, 50_000, 99_500, 144_500)}

    assert [Fraction(10_000), 10_000, 9_950, Fraction(144_500, 15)] == [
        Fraction(*price) for price in prices.values() if price
    ]
    assert None is impact_price(BIDS, 50_000 + 49_500 + 900_000 + 1)
    assert None is impact_price([], 1)


def test_a_part_of_a_lot_counts_as_that_part() -> None:
    # 60,000 take all five at 10,000 and 10,000 / 9,900 of a lot at 9,900.
    price = impact_price(BIDS, 60_000)

    assert price is not None
    assert Fraction(60_000) / (5 + Fraction(10_000, 9_900)) == Fraction(*price)


@pytest.mark.parametrize(
    ("bid", "ask", "premium"),
    [
        (Ratio(10_100, 1), Ratio(10_200, 1), 10_000_000),  # the bids pay a percent above
        (Ratio(9_800, 1), Ratio(9_900, 1), -10_000_000),  # the asks ask a percent below
        (Ratio(9_900, 1), Ratio(10_100, 1), 0),  # the index lies between
        (Ratio(10_300, 1), Ratio(9_900, 1), 20_000_000),  # a crossed book: the difference
        (None, Ratio(9_900, 1), -10_000_000),
        (Ratio(10_100, 1), None, 10_000_000),
        (None, None, 0),
        (Ratio(30_001, 3), Ratio(99_999, 1), 33_333),
        (None, Ratio(29_999, 3), -33_333),
    ],
)
def test_a_premium_is_how_far_the_impact_prices_leave_the_index_out(
    bid: Ratio | None, ask: Ratio | None, premium: int
) -> None:
    assert premium == premium_ppb(bid, ask, 10_000)


# --- who pays whom --------------------------------------------------------------------------------


def test_three_accounts_pay_each_other_and_the_sum_is_zero() -> None:
    due = EIGHT_HOURS.accrual(0, BP, 6_000_000)

    # A ten-thousandth of 6,000,000 a lot: 600.
    assert ([3_000, -1_800, -1_200], 0) == accrue_all(due, [5, -3, -2])
    assert ([-1_800, 3_000], 1_200) == accrue_all(due, [-3, 5])  # two of them alone


def test_what_rounding_leaves_is_the_venues() -> None:
    due = Accrual(kind=AccrualKind.FUNDING, book_id=0, rate_ppb=500_000_000, mark_units=1)

    # A half a lot: 1.5, −0.5, −0.5 and −0.5, each half up.
    assert ([2, 0, 0, 0], 2) == accrue_all(due, [3, -1, -1, -1])
    assert ([-1, 1, 1, 1], 2) == accrue_all(due, [-3, 1, 1, 1])


def test_a_venue_books_funding_and_borrow_on_what_its_accounts_hold() -> None:
    paid: list[int] = []
    funding = Accrual(kind=AccrualKind.FUNDING, book_id=0, rate_ppb=BP, mark_units=5_000_000)
    borrow = Accrual(kind=AccrualKind.BORROW, book_id=0, rate_ppb=BP, mark_units=5_000_000)
    other = Accrual(kind=AccrualKind.BORROW, book_id=1, rate_ppb=BP, mark_units=5_000_000)
    venue, _ = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, order(2, Side.BUY, 50, 4))],
        [(2_000, order(3, Side.BUY, 50, 6))],
        deeds=[
            (
                3_000,
                lambda venue, _: paid.extend(venue.accrue(x) for x in (funding, borrow, other)),
            ),
            (4_000, lambda venue, now_ns: venue.bust(2, 1, now_ns)),
        ],
    )

    assert [0, 5_000, 0] == paid
    accounts = [venue.accounts[host, 0] for host in range(3)]
    assert [(-5_000, 5_000), (2_000, 0), (3_000, 0)] == [(a.funding, a.borrow) for a in accounts]
    assert [-10, 0, 6] == [a.position_lots for a in accounts]  # a bust leaves funding as it was


# --- nonsense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"interval_ns": 7 * HOUR_NS},
            "interval: found 25200000000000 ns, allowed is 0 or a whole",
        ),
        ({"interval_ns": -HOUR_NS}, "interval: found -3600000000000 ns, allowed"),
        ({"first_ns": 1}, "first in ns: found 1, allowed is 0 to 0"),
        ({"interval_ns": HOUR_NS, "first_ns": HOUR_NS}, "first in ns: found 3600000000000"),
        ({"source": "premium"}, "impact_currency: found 0, allowed is above 0 with source"),
        ({"rate_ppb": 10**9 + 1}, "rate_ppb: found 1000000001, allowed is -1000000000 to"),
        ({"interest_ppb": 10**10}, "interest_ppb: found"),
        ({"damp_ppb": -1}, "damp_ppb: found -1, allowed is 0 to"),
        ({"cap_ppb": -1}, "cap_ppb: found -1, allowed is 0 to"),
        ({"impact_currency": -1}, "impact_currency: found -1, allowed is 0 to"),
        ({"sample_ns": 0}, "sample in ns: found 0, allowed is 1 to"),
        ({"span_ns": -1}, "span in ns: found -1, allowed is 0 to"),
    ],
)
def test_terms_with_nonsense_are_refused(fields: dict[str, object], says: str) -> None:
    with pytest.raises(InputError) as caught:
        FundingTerms(**fields)  # type: ignore[arg-type]
    assert says in str(caught.value)
