"""What a venue charges fill by fill: tiers within a day and over days, bounds of an order, busts."""

from collections.abc import Sequence
from typing import Any

import pytest

from market.codes import Liquidity, Phase, ReportType, Side
from market.errors import InputError
from sim.costs import Bill, Billing, Bounds, Fees, FeeSchedule, Levy, Payer, Rate, Tariff, Trade
from sim.costs.turnover import day_of, first_of_month
from sim.venue import Venue
from sim.world import OutRow
from tests.unit.sim.scripted_venue import order, play
from tests.unit.sim.test_fee_schedule import CENT, FREE, flat, instrument, schedule, trade

DAY_NS = 86_400_000_000_000
HOUR_NS = DAY_NS // 24
TIERS = (
    Rate(lot_nanos=3_000_000),
    Rate(from_lots=1_000, lot_nanos=2_000_000),
    Rate(from_lots=2_000, lot_nanos=1_000_000),
)


class Desk:
    """Bills of one order of one host after another, in hundredths of a cent."""

    def __init__(self, tariff: Tariff | Sequence[Tariff], *instruments: Any) -> None:
        self.billing = Billing(instruments or (instrument(),), tariff)
        self.bills: list[Bill] = []

    def fill(
        self, shares: int, now_ns: int = 0, *, host: int = 0, book_id: int = 0, order_id: int = 1,
        cents: int = 1_000, **more: Any,
    ) -> int:  # fmt: skip
        """What a fill is charged."""
        bill = self.billing.bill(
            Payer(host, book_id, order_id), trade(shares, cents, **more), now_ns
        )
        self.bills.append(bill)
        return bill.charge.total

    def mills(self, shares: int, now_ns: int = 0, **more: Any) -> float:
        """The rate of a fill, in thousandths of currency a share."""
        return self.fill(shares, now_ns, **more) / shares / 10


# --- tiers ----------------------------------------------------------------------------------------


def test_a_tier_holds_from_the_fill_on_that_reaches_it() -> None:
    desk = Desk(schedule(taker=TIERS))

    # 999 so far, then 1,000, then 1,999 and 2,000.
    assert [3, 2, 2, 1] == [desk.mills(shares) for shares in (999, 1, 999, 1)]


def test_a_tier_may_hold_from_the_next_day_on() -> None:
    desk = Desk(schedule(taker=TIERS, tier_from="next_day"))

    assert [3, 3] == [desk.mills(1_500, hour * HOUR_NS) for hour in (1, 23)]
    assert [1, 1] == [desk.mills(10, DAY_NS), desk.mills(10, DAY_NS)]


def test_turnover_counts_makers_and_takers_fills_of_both_sides() -> None:
    desk = Desk(schedule(taker=TIERS))
    desk.fill(999, liquidity=Liquidity.MAKER, side=Side.SELL)

    assert 2 == desk.mills(1)


def test_turnover_is_each_hosts_own() -> None:
    desk = Desk(schedule(taker=TIERS))
    desk.fill(5_000, host=1)

    assert [3, 1] == [desk.mills(10, host=host) for host in (0, 1)]


@pytest.mark.parametrize(
    ("parts", "rates"),
    [
        ({"period": "run"}, [3, 2, 1, 1, 1]),
        ({"period": "day"}, [3, 3, 3, 3, 3]),
        ({"period": "month"}, [3, 2, 1, 3, 2]),
        ({"period": "trailing", "trailing_days": 2}, [3, 2, 2, 2, 2]),
        ({"period": "trailing", "trailing_days": 2, "tier_from": "next_day"}, [3, 3, 2, 2, 2]),
        ({"period": "month", "tier_from": "next_day"}, [3, 3, 2, 3, 3]),
    ],
)
def test_a_period_says_which_days_count(parts: dict[str, Any], rates: list[int]) -> None:
    # 700 lots on each of five days; the month turns before the fourth.
    first = day_of(1_709_078_400_000_000_000, 0)  # 28 February 2024, a leap year
    assert first_of_month(first) == first - 27
    assert first_of_month(first + 2) == first + 2
    desk = Desk(schedule(taker=TIERS, **parts))
    shift = first - 1  # so that the days are 27, 28 and 29 February, 1 and 2 March

    assert rates == [desk.mills(700, (shift + day) * DAY_NS) for day in range(5)]


def test_a_day_begins_at_midnight_of_the_schedules_zone() -> None:
    new_york = Desk(schedule(taker=TIERS, period="day", zone_minutes=-300))

    # 04:59 UTC is still yesterday there.
    assert [3, 2, 3] == [
        new_york.mills(600, DAY_NS + minutes * (HOUR_NS // 60)) for minutes in (10, 299, 300)
    ]


def test_a_threshold_in_currency_counts_all_books_of_the_venue_that_share_the_list() -> None:
    list_ = schedule(
        taker=(Rate(lot_nanos=2_000_000), Rate(from_currency=100, lot_nanos=1_000_000))
    )
    coarse = instrument(symbol="B", price_units_per_currency=100, tick_units=1)
    elsewhere = instrument(symbol="A", venue="Y")
    desk = Desk(list_, instrument(), coarse, elsewhere)
    desk.billing.bill(Payer(0, 1, 1), Trade(Side.BUY, Liquidity.TAKER, 1, 99_99), 0)

    assert 2 == desk.mills(1, cents=1, book_id=2)  # another venue
    assert 1 == desk.mills(1, cents=1)  # 99.99 and a cent


def test_earlier_turnover_may_be_credited() -> None:
    desk = Desk(schedule(taker=TIERS, period="month"))
    day = day_of(31 * DAY_NS, 0)
    desk.billing.credit(0, 0, day - 1, 10_000, 0)  # last month's
    assert 3 == desk.mills(10, day * DAY_NS)
    desk.billing.credit(0, 0, day, 1_000, 0)

    assert 2 == desk.mills(10, (day + 1) * DAY_NS)
    with pytest.raises(InputError, match="found book 0 with two plain rates"):
        Desk(Fees()).billing.credit(0, 0, 0, 1, 1)


def test_auction_fills_are_charged_by_their_call() -> None:
    desk = Desk(schedule(opening=flat(lot_nanos=1_500_000), cross=flat(lot_nanos=500_000)))
    fills = [(Phase.OPENING_CALL, 1.5), (Phase.VOLATILITY_CALL, 0.5), (Phase.CONTINUOUS, 0.5)]

    assert [rate for _, rate in fills] == [
        desk.mills(100, liquidity=Liquidity.AUCTION, call=call) for call, _ in fills
    ]


# --- an order's bounds ----------------------------------------------------------------------------

BROKER = schedule(
    taker=flat(lot_nanos=5_000_000),
    per_order=Bounds(min_nanos=100 * CENT, cap_nanos=300 * CENT),
)


def test_an_order_pays_its_minimum_at_once_and_nothing_above_its_cap() -> None:
    desk = Desk(BROKER)

    # Half a cent a share: 0.25, 0.75 and 0.50 are the dollar's worth; then up to three dollars.
    assert [10_000, 0, 5_000, 15_000, 0] == [desk.fill(n) for n in (50, 150, 100, 500, 500)]
    assert 10_000 == desk.fill(50, order_id=2)


def test_an_orders_next_bill_mends_what_a_bust_has_left() -> None:
    desk = Desk(BROKER)
    desk.fill(50)
    desk.fill(150)
    desk.billing.cancel(desk.bills[0])  # it had borne the minimum

    assert 0 == desk.billing.takings(0).kept
    assert 10_000 == desk.fill(1)  # 151 shares stand, which is below a dollar
    desk.billing.cancel(desk.bills[1])
    assert 10_000 == desk.billing.takings(0).kept


def test_an_orders_cap_by_its_worth_forgets_what_was_busted() -> None:
    desk = Desk(schedule(taker=flat(lot_nanos=5_000_000), per_order=Bounds(cap_ppb=10_000_000)))
    assert [5_000, 5_000] == [desk.fill(100), desk.fill(100, cents=25)]
    desk.billing.cancel(desk.bills[0])

    # 200 shares at 0.25 stand: a hundredth of their worth is half a dollar, and has been charged.
    assert 0 == desk.fill(100, cents=25)


# --- busts and corrections ------------------------------------------------------------------------


def test_a_bust_takes_back_what_was_charged_and_other_bills_stand() -> None:
    levy = Levy(name="stamp", notional_ppb=1_000_000)
    desk = Desk(schedule(taker=TIERS, levies=(levy,)))
    assert [29_970 + 99_900, 20 + 100] == [desk.fill(999), desk.fill(1)]
    desk.billing.cancel(desk.bills[0])

    # The second keeps the rate that the busted lots lifted it to.
    assert (20, {"stamp": 100}, 120) == (*desk.billing.takings(0), desk.billing.takings(0).total)


@pytest.mark.parametrize(("restates", "rate"), [(True, 3), (False, 2)])
def test_whether_busted_lots_count_for_later_tiers_is_a_flag(restates: bool, rate: int) -> None:
    desk = Desk(schedule(taker=TIERS, restate_turnover=restates))
    desk.fill(999)
    desk.billing.cancel(desk.bills[0])

    assert rate == desk.mills(1)


@pytest.mark.parametrize(("restates", "rate"), [(True, 1), (False, 2)])
def test_a_correction_keeps_its_rate_and_its_lots_may_count_anew(restates: bool, rate: int) -> None:
    desk = Desk(schedule(taker=TIERS, restate_turnover=restates))
    desk.fill(999)
    corrected = desk.billing.restate(desk.bills[0], trade(1_999, 1_000))

    assert 3 * 1_999 * 10 == corrected.charge.total == desk.billing.takings(0).kept
    assert rate == desk.mills(1)
    desk.billing.cancel(corrected)
    assert rate * 10 == desk.billing.takings(0).kept


def test_a_bust_of_an_earlier_day_changes_the_turnover_of_that_day() -> None:
    desk = Desk(schedule(taker=TIERS, tier_from="next_day", period="trailing", trailing_days=1))
    desk.fill(1_000)
    assert 2 == desk.mills(1, DAY_NS)
    desk.billing.cancel(desk.bills[0])

    assert 3 == desk.mills(1, DAY_NS)


def test_a_bust_of_an_earlier_day_leaves_todays_turnover_as_it_is() -> None:
    desk = Desk(schedule(taker=TIERS))
    desk.fill(500)
    assert 3 == desk.mills(400, DAY_NS)
    desk.billing.cancel(desk.bills[0])

    assert [3, 2] == [desk.mills(shares, DAY_NS) for shares in (599, 1)]


def test_plain_fees_are_restated_like_any_other() -> None:
    desk = Desk(Fees(taker_ppm=1_000))
    assert 1_000 == desk.fill(10, cents=1_000)
    again = desk.billing.restate(desk.bills[0], trade(20, 1_000))

    assert 2_000 == again.charge.total == desk.billing.takings(0).kept
    desk.billing.cancel(again)
    assert (0, {}) == desk.billing.takings(0)


# --- which list is for which book -----------------------------------------------------------------


def test_each_book_may_have_a_list_of_its_own() -> None:
    desk = Desk([Fees(taker_ppm=100), schedule(taker=TIERS)], instrument(), instrument(symbol="B"))

    assert [100, 30] == [desk.fill(1_000, cents=10), desk.fill(1, book_id=1)]
    assert [100, 30] == [desk.billing.takings(book_id).kept for book_id in (0, 1)]


def test_lists_that_do_not_fit_their_books_are_refused() -> None:
    by_currency = schedule(taker=(Rate(), Rate(from_currency=1)))
    two = (instrument(), instrument(symbol="B", currency="EUR"))
    with pytest.raises(InputError, match="found thresholds in currency over books in USD, EUR"):
        Billing(two, by_currency)
    Billing(two, schedule())
    with pytest.raises(InputError, match="found 1 schedules, allowed is one, or 2: one a book"):
        Billing(two, [Fees()])
    with pytest.raises(InputError, match="levy 'a': step_nanos"):
        Billing(two, schedule(levies=(Levy(name="a", step_nanos=1),)))


# --- through a venue ------------------------------------------------------------------------------

LISTED = FeeSchedule(
    maker=flat(lot_nanos=-2_000_000),
    taker=TIERS,
    opening=flat(lot_nanos=700_000),
    levies=(Levy(name="stamp", side="sell", notional_ppb=1_000_000),),
)


def test_a_venue_charges_tiers_reports_the_whole_fee_and_keeps_levies_apart() -> None:
    venue, (seller, buyer) = play(
        [(1_000, order(1, Side.SELL, 50, 2_000))],
        [(2_000, order(2, Side.BUY, 50, 999)), (3_000, order(3, Side.BUY, 50, 1))],
        fees=LISTED,
    )

    # The seller gets 0.002 a share and pays a thousandth of 0.50 a share: −20 and 5 units.
    assert [-15 * 999, -15] == [r.fee for r in seller.reports() if r.exec_id]
    assert [30 * 999, 20] == [r.fee for r in buyer.reports() if r.exec_id]
    accounts = venue.accounts[0, 0], venue.accounts[1, 0]
    assert [(-15_000, 5_000), (29_990, 0)] == [(one.fee, one.levy) for one in accounts]
    assert (-20_000 + 29_990, {"stamp": 5_000}) == venue.ledger.billing.takings(0)


def test_a_venue_takes_a_busted_fee_back_and_corrects_at_the_rate_of_the_fill() -> None:
    plans: list[list[tuple[int, Any]]] = [
        [(1_000, order(1, Side.SELL, 50, 4_000))],
        [(2_000, order(2, Side.BUY, 50, 999)), (4_000, order(3, Side.BUY, 50, 2))],
    ]

    def act(venue: Venue, now_ns: int) -> None:
        assert venue.correct(2, 1, 50, 1_000, now_ns)
        assert venue.bust(1, 1, now_ns)

    venue, (seller, buyer) = play(*plans, fees=LISTED, deeds=[(3_000, act)])

    assert [29_970, 30_000, 40] == [r.fee for r in buyer.reports() if r.exec_id]
    assert [-14_985, -14_985, -30] == [r.fee for r in seller.reports() if r.exec_id]
    accounts = venue.accounts[0, 0], venue.accounts[1, 0]
    assert [(-30, 10), (30_040, 0)] == [(one.fee, one.levy) for one in accounts]
    assert (30_000, {"stamp": 10}) == venue.ledger.billing.takings(0)


def test_a_venue_charges_auction_fills_by_the_call_it_was_told() -> None:
    def cross(venue: Venue, now_ns: int) -> None:
        venue.ledger.calls[0] = Phase.OPENING_CALL
        venue.answer(
            OutRow(
                type=ReportType.FILLED, ts_ns=now_ns, book_id=0, id=1, price_ticks=50, qty_lots=10,
                leaves_lots=90, reason=0, liquidity=Liquidity.AUCTION,
            )
        )  # fmt: skip

    venue, (buyer,) = play(
        [(1_000, order(1, Side.BUY, 50, 100))], fees=LISTED, deeds=[(2_000, cross)]
    )

    assert [(70, Liquidity.AUCTION)] == [(r.fee, r.liquidity) for r in buyer.reports() if r.exec_id]
    assert 70 == venue.accounts[0, 0].fee


def test_free_is_free() -> None:
    desk = Desk(FeeSchedule(maker=FREE, taker=FREE))

    assert 0 == desk.fill(1_000)
