"""A venue with house rules: what it refuses, delays, pulls and ends, and what it tells whom."""

import pytest

from market.codes import OrderType, Phase, Reason, ReportType, SaleKind, SelfTrade, Side
from market.codes import TimeInForce as Tif
from market.messages import (
    NO_PRICE,
    Cancel,
    MassCancel,
    MassQuote,
    QuoteLeg,
    Replace,
    Report,
    Submit,
    Terms,
)
from sim.costs.settlement import SettlementRule
from sim.costs.short_sale import ShortSaleRule
from sim.front import POLICIES, DisconnectPolicy, ProtectionLimits, ThrottleRule
from sim.front.holdings import HoldingsRules
from tests.unit.sim.house_rig import Rig


def limit(
    order_id: int, side: Side, price: int, lots: int, *, book: int = 0, **more: object
) -> Submit:
    return Submit(
        book_id=book, order_id=order_id, side=side, price_ticks=price, qty_lots=lots, **more
    )  # type: ignore[arg-type]


def kinds(reports: list[Report]) -> list[tuple[ReportType, int, Reason]]:
    return [(report.type, report.order_id, report.reason) for report in reports]


def test_a_message_too_many_is_refused_with_the_time_to_wait() -> None:
    rig = Rig(throttles=(ThrottleRule(count=2, window_ns=100),))
    for number in (1, 2):
        assert kinds(rig.send(0, limit(number, Side.BUY, 50, 1)))[0][0] is ReportType.ACCEPTED
    (report,) = rig.send(0, limit(3, Side.BUY, 50, 1))

    assert (report.type, report.reason) == (ReportType.REJECTED, Reason.THROTTLED)
    assert report.figure == 100
    assert rig.alive() == [1, 2]
    assert rig.venue.rejects == 1
    # Another session has a window of its own.
    assert kinds(rig.send(1, limit(9, Side.BUY, 50, 1)))[0][0] is ReportType.ACCEPTED


def test_a_message_that_waits_is_answered_when_it_may_pass_and_in_its_order() -> None:
    rig = Rig(throttles=(ThrottleRule(count=1, window_ns=100, queue=True),))
    rig.send(0, limit(1, Side.BUY, 50, 1))
    assert rig.send(0, limit(2, Side.BUY, 51, 1)) == []
    assert rig.send(0, Cancel(book_id=0, order_id=2)) == []

    rig.run(99)
    assert rig.alive() == [1]
    rig.run(100)
    assert rig.alive() == [1, 2]
    rig.run(200)
    assert rig.alive() == [1]
    assert [(r.type, r.venue_ns) for r in rig.got[0][1:]] == [
        (ReportType.ACCEPTED, 100),
        (ReportType.CANCELLED, 200),
    ]


def test_an_order_of_the_day_ends_with_the_day_and_a_dated_one_at_its_time() -> None:
    rig = Rig()
    rig.send(0, limit(1, Side.BUY, 50, 1, tif=Tif.DAY))
    rig.send(0, limit(2, Side.BUY, 50, 1, tif=Tif.GTD, terms=Terms(expire_ns=500)))
    rig.send(0, limit(3, Side.BUY, 50, 1, tif=Tif.GTD, terms=Terms(expire_ns=300)))
    rig.send(0, limit(4, Side.BUY, 50, 1))

    rig.run(299)
    assert rig.alive() == [1, 2, 3, 4]
    rig.run(400)
    assert rig.alive() == [1, 2, 4]
    rig.send(0, Cancel(book_id=0, order_id=2))
    rig.run(600)
    rig.venue.acts.end_day(0, rig.now_ns)
    assert rig.alive() == [4]
    ended = [report for report in rig.got[0] if report.type is ReportType.EXPIRED]
    assert [(r.order_id, r.reason, r.venue_ns) for r in ended] == [
        (3, Reason.TIME_OVER, 300),
        (1, Reason.DAY_OVER, 600),
    ]


def test_a_mass_cancel_takes_what_its_scope_says_and_nothing_else() -> None:
    rig = Rig(books=2)
    rig.send(0, limit(1, Side.BUY, 50, 1))
    rig.send(0, limit(2, Side.SELL, 60, 1))
    rig.send(0, limit(3, Side.BUY, 50, 1, book=1))
    rig.send(1, limit(4, Side.BUY, 50, 1))
    reports = rig.send(0, MassCancel(book_id=0, order_id=77, side=Side.BUY))

    assert kinds(reports) == [
        (ReportType.EXPIRED, 1, Reason.MASS_CANCEL),
        (ReportType.MASS_CANCELLED, 77, Reason.NONE),
    ]
    assert (reports[-1].qty_lots, reports[-1].leaves_lots) == (1, 0)
    assert rig.alive() == [2, 3, 4]
    rig.send(0, MassCancel(book_id=1, order_id=78, every_book=True))
    assert rig.alive() == [4]


def quote(book: int, bid: int, ask: int, first: int, lots: int = 10) -> QuoteLeg:
    return QuoteLeg(book, bid, lots, ask, lots, first, first + 1)


def test_a_set_of_quotes_replaces_the_one_before_in_one_step() -> None:
    rig = Rig(books=2)
    legs = (quote(0, 50, 52, 1), quote(1, 60, 62, 3))
    reports = rig.send(0, MassQuote(book_id=0, order_id=70, legs=legs))
    assert rig.alive() == [1, 2, 3, 4]
    assert reports[-1].type is ReportType.QUOTED
    assert (reports[-1].qty_lots, reports[-1].leaves_lots) == (4, 0)

    # The bid of book 0 moves to where the ask was: the old ask is gone before it comes.
    rig.send(0, MassQuote(book_id=0, order_id=71, legs=(quote(0, 52, 54, 5),)))
    assert rig.alive() == [5, 6]
    assert not [report for report in rig.got[0] if report.type is ReportType.FILLED]
    # What is repeated keeps its order.
    rig.send(0, MassQuote(book_id=0, order_id=72, legs=(quote(0, 52, 54, 7),)))
    assert rig.alive() == [5, 6]


def test_protection_pulls_a_group_and_refuses_it_until_a_reset() -> None:
    rig = Rig(books=2, protection=ProtectionLimits(window_ns=1_000, volume_lots=10))
    legs = (quote(0, 50, 52, 1), quote(1, 60, 62, 3))
    rig.send(0, MassQuote(book_id=0, order_id=70, legs=legs))
    rig.send(0, limit(9, Side.BUY, 40, 5))
    rig.send(1, limit(20, Side.BUY, 52, 10))

    assert rig.alive() == [9]
    pulled = [r.order_id for r in rig.got[0] if r.reason is Reason.QUOTE_PROTECTION]
    assert pulled == [1, 3, 4]
    (no,) = rig.send(0, MassQuote(book_id=0, order_id=71, legs=(quote(0, 50, 52, 31),)))
    assert (no.type, no.reason) == (ReportType.QUOTED, Reason.QUOTE_PROTECTION)
    reset = MassQuote(book_id=0, order_id=72, legs=(quote(0, 50, 52, 33),), reset=True)
    rig.send(0, reset)
    assert rig.alive() == [9, 33, 34]


def test_a_quote_that_its_book_refuses_is_not_counted_on() -> None:
    rig = Rig(book=None)
    rig.books.books[0].set_phase(Phase.CLOSED)
    rig.send(0, MassQuote(book_id=0, order_id=70, legs=(quote(0, 50, 52, 1),)))

    assert rig.alive() == []
    assert rig.house.quotes.resting(1, 0) == ()


def test_a_lost_session_leaves_what_the_policy_spares() -> None:
    rig = Rig(disconnect=POLICIES["cme"])
    rig.send(0, limit(1, Side.BUY, 50, 1, tif=Tif.DAY))
    rig.send(0, limit(2, Side.BUY, 50, 1, tif=Tif.GTC))
    rig.send(0, MassQuote(book_id=0, order_id=70, legs=(quote(0, 49, 60, 3),)))
    rig.send(1, limit(8, Side.BUY, 48, 1, tif=Tif.DAY))
    rig.venue.acts.session_down(rig.sessions[0], rig.now_ns)

    assert rig.alive() == [2, 8]
    gone = {r.order_id for r in rig.got[0] if r.reason is Reason.DISCONNECTED}
    assert gone == {1, 3, 4}


def test_a_session_that_is_back_in_time_keeps_its_orders() -> None:
    policy = DisconnectPolicy(grace_ns=100, lock_ns=50)
    rig = Rig(disconnect=policy)
    rig.send(0, limit(1, Side.BUY, 50, 1))
    rig.venue.acts.session_down(rig.sessions[0], rig.now_ns)
    rig.run(60)
    rig.venue.acts.session_up(rig.sessions[0])
    rig.run(200)
    assert rig.alive() == [1]

    rig.venue.acts.session_down(rig.sessions[0], rig.now_ns)
    rig.run(300)
    assert rig.alive() == []
    rig.venue.acts.session_up(rig.sessions[0])
    (no,) = rig.send(0, limit(2, Side.BUY, 50, 1))
    assert (no.type, no.reason) == (ReportType.REJECTED, Reason.DISCONNECTED)
    rig.run(360)
    assert rig.send(0, limit(3, Side.BUY, 50, 1))[0].type is ReportType.ACCEPTED


def test_what_is_bought_today_is_sold_from_tomorrow_on() -> None:
    holdings = HoldingsRules(settlement=SettlementRule(sell_after_days=1), opening_lots={0: 30})
    rig = Rig(holdings=holdings)
    rig.send(1, limit(1, Side.SELL, 50, 30))
    rig.send(0, limit(2, Side.BUY, 50, 20))

    (no,) = rig.send(0, limit(3, Side.SELL, 55, 31))
    assert (no.reason, no.figure) == (Reason.NOT_SETTLED, 30)
    assert rig.send(0, limit(4, Side.SELL, 55, 25))[0].type is ReportType.ACCEPTED
    (no,) = rig.send(0, limit(5, Side.SELL, 55, 6))
    assert (no.reason, no.figure) == (Reason.NOT_SETTLED, 5)
    (no,) = rig.send(0, Replace(book_id=0, order_id=4, price_ticks=55, qty_lots=31))
    assert (no.type, no.reason) == (ReportType.REPLACE_REJECTED, Reason.NOT_SETTLED)
    rig.send(0, Replace(book_id=0, order_id=4, price_ticks=55, qty_lots=10))
    assert rig.send(0, limit(6, Side.SELL, 55, 20))[0].type is ReportType.ACCEPTED
    rig.send(0, Cancel(book_id=0, order_id=6))
    rig.house.holdings.open_day()
    assert rig.send(0, limit(7, Side.SELL, 55, 40))[0].type is ReportType.ACCEPTED


def test_a_short_needs_a_locate_and_gives_back_what_it_does_not_use() -> None:
    holdings = HoldingsRules(short_sale=ShortSaleRule(locate=True), locates={0: 10})
    rig = Rig(holdings=holdings)
    short = {"sale": SaleKind.SHORT}
    (no,) = rig.send(0, limit(1, Side.SELL, 55, 11, **short))
    assert (no.reason, no.figure) == (Reason.NO_LOCATE, 10)
    assert rig.send(0, limit(2, Side.SELL, 55, 10, **short))[0].type is ReportType.ACCEPTED
    (no,) = rig.send(0, limit(3, Side.SELL, 55, 1, **short))
    assert no.reason is Reason.NO_LOCATE
    rig.send(0, Cancel(book_id=0, order_id=2))
    assert rig.send(0, limit(4, Side.SELL, 55, 10, **short))[0].type is ReportType.ACCEPTED


def test_the_price_test_lets_shorts_through_above_the_bid_only() -> None:
    rule = ShortSaleRule(price_test="above_bid", drop_ppm=100_000)
    holdings = HoldingsRules(short_sale=rule, closes_units={0: 6_000}, tick_units={0: 100})
    rig = Rig(holdings=holdings)
    rig.send(1, limit(1, Side.BUY, 50, 5))
    short = {"sale": SaleKind.SHORT}
    assert rig.send(0, limit(2, Side.SELL, 58, 1, **short))[0].type is ReportType.ACCEPTED
    rig.house.holdings.on_price(0, 2 * 54)  # a tenth below the close of 60
    (no,) = rig.send(0, limit(3, Side.SELL, 50, 1, **short))
    assert (no.reason, no.figure) == (Reason.SHORT_PRICE_TEST, 51)
    market = {"order_type": OrderType.MARKET, **short}
    (no,) = rig.send(0, limit(4, Side.SELL, 0, 1, **market))
    assert no.reason is Reason.SHORT_PRICE_TEST
    assert rig.send(0, limit(5, Side.SELL, 51, 1, **short))[0].type is ReportType.ACCEPTED


@pytest.mark.parametrize("asked", [None, SelfTrade.ALLOW])
def test_the_venue_says_what_happens_when_an_order_does_not(asked: SelfTrade | None) -> None:
    rig = Rig(self_trade=SelfTrade.CANCEL_NEWEST)
    rig.send(0, limit(1, Side.SELL, 50, 5))
    terms = None if asked is None else Terms(self_trade=asked)
    reports = rig.send(0, limit(2, Side.BUY, 50, 5, terms=terms))

    if asked is None:
        assert kinds(reports)[-1] == (ReportType.EXPIRED, 2, Reason.SELF_TRADE)
        assert rig.alive() == [1]
    else:
        assert rig.alive() == []
        assert rig.venue.accounts[0, 0].position_lots == 0


def test_a_fill_between_two_ticks_is_worth_exactly_that() -> None:
    from sim.venue_rules.book_rules import BookRules

    rig = Rig(book=BookRules(mid_isolated=True))
    rig.send(0, limit(1, Side.BUY, 50, 1))
    rig.send(0, limit(2, Side.SELL, 51, 1))
    peg = {"order_type": OrderType.PEG_MIDPOINT}
    rig.send(0, limit(3, Side.BUY, NO_PRICE, 7, **peg))
    reports = rig.send(1, limit(4, Side.SELL, NO_PRICE, 7, **peg))

    (fill,) = [report for report in reports if report.type is ReportType.FILLED]
    assert (fill.price_ticks, fill.half, fill.qty_lots) == (50, 1, 7)
    buyer, seller = rig.venue.accounts[0, 0], rig.venue.accounts[1, 0]
    assert -buyer.cash == seller.cash == 7 * 5_050
    assert rig.venue.bust(3, 1, rig.now_ns)
    assert rig.got[0][-1].half == 1
    assert buyer.cash == buyer.position_lots == 0


def test_commands_about_many_orders_need_a_house() -> None:
    rig = Rig()
    rig.venue.houses.clear()
    (no,) = rig.send(0, MassCancel(book_id=0, order_id=7))
    assert (no.type, no.reason) == (ReportType.MASS_CANCELLED, Reason.UNSUPPORTED_TERMS)
