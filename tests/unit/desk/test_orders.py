"""Single behaviours of the order machine; `tests/property/test_order_machine.py` has the races."""

import msgspec
import pytest

from desk.orders import Anomaly, Order, Orders, OrdersData, OrderState
from market.codes import Liquidity, OrderType, Reason, ReportType, Side, TimeInForce
from market.decisions import Cause
from market.messages import EVERY, Cancel, Query, Replace, Report, Submit

DESK = 3
STRATEGY = 2
BOOK = 5


def report(
    kind: ReportType,
    sequence: int = 1,
    qty_lots: int = 0,
    leaves_lots: int = 0,
    *,
    exec_id: int = 0,
    at: int = 0,
    price_ticks: int = 100,
    reason: Reason = Reason.NONE,
    fee: int = 0,
) -> Report:
    return Report(
        type=kind,
        book_id=BOOK,
        order_id=DESK << 40 | sequence,
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        leaves_lots=leaves_lots,
        reason=reason,
        liquidity=Liquidity.MAKER if exec_id else Liquidity.NONE,
        venue_ns=at,
        report_seq=0,
        exec_id=exec_id,
        fee=fee,
    )


def send(orders: Orders, qty_lots: int = 10, side: Side = Side.BUY, now_ns: int = 0) -> Order:
    submit = orders.new(
        book_id=BOOK,
        strategy=STRATEGY,
        side=side,
        price_ticks=100,
        qty_lots=qty_lots,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        post_only=True,
        cause=Cause(strategy=STRATEGY, signal_id=7, permit_id=8, parent_id=9),
        now_ns=now_ns,
    )
    order = orders.get(submit.order_id)
    assert order is not None
    return order


def resting(qty_lots: int = 10) -> tuple[Orders, Order]:
    orders = Orders(DESK)
    order = send(orders, qty_lots)
    orders.apply(report(ReportType.ACCEPTED, 1, qty_lots, qty_lots, at=1), 1)
    return orders, order


def test_a_new_order_says_what_it_is_and_is_at_risk_at_once() -> None:
    orders = Orders(DESK)
    submit = orders.new(
        book_id=BOOK, strategy=STRATEGY, side=Side.SELL, price_ticks=101, qty_lots=4,
        order_type=OrderType.LIMIT, tif=TimeInForce.IOC, post_only=False,
        cause=Cause(strategy=STRATEGY, signal_id=7, permit_id=8, parent_id=9), now_ns=6,
    )  # fmt: skip
    order = orders.get(submit.order_id)

    assert submit == Submit(
        book_id=BOOK, order_id=DESK << 40 | 1, side=Side.SELL, price_ticks=101, qty_lots=4,
        order_type=OrderType.LIMIT, tif=TimeInForce.IOC, post_only=False,
    )  # fmt: skip
    assert order is not None
    assert (7, 8, 9, 6) == (order.signal_id, order.permit_id, order.parent_id, order.sent_ns)
    assert (0, 4) == (orders.buy_risk(BOOK, STRATEGY), orders.sell_risk(BOOK, STRATEGY))
    assert (0, 0) == (orders.sell_risk(BOOK, 1), orders.sell_risk(4, STRATEGY))
    assert [order] == orders.live(STRATEGY, BOOK)


def test_fills_are_booked_once_and_end_the_order() -> None:
    orders, order = resting()
    first = orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2, fee=-3), 2)
    again = orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2, fee=-3), 3)
    last = orders.apply(report(ReportType.FILLED, 1, 6, 0, exec_id=2, at=4), 4)

    assert (4, 100, -3, Liquidity.MAKER) == (
        first.filled_lots, first.price_ticks, first.fee, first.liquidity,
    )  # fmt: skip
    assert (0, Anomaly.DUPLICATE_EXEC) == (again.filled_lots, again.anomaly)
    assert (6, True, 0) == (last.filled_lots, last.ended, last.anomaly)
    assert (OrderState.FILLED, 10, 0) == (order.state, order.cum_lots, order.at_risk_lots)
    assert [] == orders.live(STRATEGY, BOOK)
    assert {Anomaly.DUPLICATE_EXEC: 1} == orders.data.anomalies
    orders.check()


@pytest.mark.parametrize(
    ("kind", "left_lots", "state"),
    [
        (ReportType.EXPIRED, 6, OrderState.EXPIRED),
        (ReportType.CANCELLED, 6, OrderState.CANCELLED),
        (ReportType.REJECTED, 10, OrderState.REJECTED),
    ],
)
def test_an_end_that_is_said_twice_is_one_end(
    kind: ReportType, left_lots: int, state: OrderState
) -> None:
    if kind is ReportType.REJECTED:
        orders = Orders(DESK)
        order = send(orders)
    else:
        orders, order = resting()
        orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2), 2)
    first = orders.apply(report(kind, 1, left_lots, 0, at=3), 3)
    again = orders.apply(report(kind, 1, left_lots, 0, at=3), 4)

    assert (True, 0) == (first.ended, first.anomaly)
    assert (False, 0, False) == (again.ended, again.anomaly, again.risk_moved)
    assert (state, 10 - left_lots, 0) == (order.state, order.cum_lots, order.at_risk_lots)
    assert {} == orders.data.anomalies
    orders.check()


def test_a_bust_and_a_correction_say_what_the_ledger_must_undo() -> None:
    orders, order = resting()
    orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2), 2)
    orders.apply(report(ReportType.FILLED, 1, 6, 0, exec_id=2, at=3), 3)
    corrected = orders.apply(
        report(ReportType.CORRECTED, 1, 5, 0, exec_id=2, at=4, price_ticks=99), 4
    )
    busted = orders.apply(report(ReportType.BUSTED, 1, 0, 0, exec_id=2, at=5), 5)

    assert (5, 99, (100, 6), -1) == (
        corrected.filled_lots, corrected.price_ticks, corrected.corrected_from, corrected.net_lots,
    )  # fmt: skip
    assert (-5, 99, None) == (busted.filled_lots, busted.price_ticks, busted.corrected_from)
    assert (OrderState.FILLED, 4, 10, 0) == (
        order.state, order.cum_lots, order.traded_lots, order.at_risk_lots,
    )  # fmt: skip


def test_a_correction_that_overtakes_its_fill_is_booked_as_the_fill() -> None:
    orders, order = resting()
    early = orders.apply(report(ReportType.CORRECTED, 1, 3, 6, exec_id=1, at=3), 3)
    late = orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2), 4)
    older = orders.apply(report(ReportType.BUSTED, 1, 0, 6, exec_id=1, at=2), 5)

    assert (3, None, 0) == (early.filled_lots, early.corrected_from, late.filled_lots)
    assert (0, Anomaly.DUPLICATE_EXEC) == (older.filled_lots, older.anomaly)
    assert (3, 4, 6) == (order.cum_lots, order.traded_lots, order.open_lots)


def test_one_cancel_at_a_time_and_none_for_an_ended_order() -> None:
    orders, order = resting()

    assert Cancel(book_id=BOOK, order_id=order.order_id) == orders.cancel(order, 2)
    assert orders.cancel(order, 3) is None
    orders.apply(report(ReportType.CANCEL_REJECTED, reason=Reason.HALTED, at=4), 4)
    assert OrderState.LIVE is order.state
    assert orders.cancel(order, 5) is not None
    assert orders.apply(report(ReportType.CANCELLED, 1, 10, at=6), 6).ended
    assert orders.cancel(order, 7) is None
    assert orders.replace(order, 101, 5, 7) is None


def test_too_late_to_cancel_waits_for_the_fills_and_asks_no_second_time() -> None:
    orders, order = resting()
    orders.cancel(order, 2)
    orders.apply(report(ReportType.CANCEL_REJECTED, reason=Reason.UNKNOWN_ORDER, at=4), 4)

    assert (OrderState.UNKNOWN, 10) == (order.state, order.at_risk_lots)
    assert orders.cancel(order, 5) is None
    assert [order] == orders.overdue(14, 10)
    assert orders.apply(report(ReportType.FILLED, 1, 10, 0, exec_id=1, at=3), 6).ended
    assert [] == orders.overdue(99, 10)


def test_a_venue_under_load_may_refuse_an_order_and_then_its_cancel() -> None:
    orders = Orders(DESK)
    order = send(orders)
    assert orders.cancel(order, 1) is not None
    busy = Reason.THROTTLED
    orders.apply(report(ReportType.REJECTED, 1, 10, at=2, reason=busy), 2)

    outcome = orders.apply(report(ReportType.CANCEL_REJECTED, 1, 0, at=3, reason=busy), 3)

    assert outcome.anomaly == Anomaly.NONE
    assert order.state is OrderState.REJECTED


def test_a_replacement_counts_on_top_until_it_is_answered() -> None:
    orders, order = resting()

    assert orders.replace(order, 101, 8, 2) == Replace(
        book_id=BOOK, order_id=order.order_id, price_ticks=101, qty_lots=8
    )
    assert orders.replace(order, 102, 8, 2) is None
    assert 18 == orders.buy_risk(BOOK, STRATEGY)
    orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2), 3)
    orders.apply(report(ReportType.REPLACED, 1, 8, 8, at=3, price_ticks=101), 4)
    assert (8, 12, 101) == (orders.buy_risk(BOOK, STRATEGY), order.qty_lots, order.price_ticks)
    orders.apply(report(ReportType.FILLED, 1, 8, 0, exec_id=2, at=5), 5)
    assert (12, 0, OrderState.FILLED) == (order.cum_lots, order.at_risk_lots, order.state)


def test_a_fill_that_comes_after_the_replacement_it_preceded_takes_nothing_off_it() -> None:
    orders, order = resting()
    orders.replace(order, 101, 8, 2)
    orders.apply(report(ReportType.REPLACED, 1, 8, 8, at=3, price_ticks=101), 4)
    orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2), 5)

    assert (8, 4, 12) == (order.open_lots, order.cum_lots, order.qty_lots)


def test_a_lost_link_doubts_every_order_of_the_book_and_a_status_settles_them() -> None:
    orders, order = resting()
    other = send(orders, 3)
    orders.cancel(other, 2)

    assert [] == orders.unknown(EVERY)
    assert [] == orders.link_lost(4, 3)
    assert [order, other] == orders.link_lost(BOOK, 3)
    assert [order, other] == orders.link_lost(EVERY, 4)
    assert [order, other] == orders.unknown(BOOK) == orders.unknown(EVERY)
    assert [] == orders.unknown(4)
    assert 13 == orders.buy_risk(BOOK, STRATEGY)
    assert orders.cancel(other, 5) is not None  # the first may be lost
    assert orders.replace(order, 1, 1, 5) is None
    for one in (order, other):
        assert Query(book_id=BOOK, order_id=one.order_id) == orders.query(one, 6)
    assert [] == orders.overdue(15, 10)
    orders.apply(report(ReportType.STATUS, 1, 3, 7, at=8), 9)
    orders.apply(report(ReportType.STATUS, 2, 0, 0, reason=Reason.UNKNOWN_ORDER, at=8), 9)
    assert (OrderState.LIVE, 10) == (order.state, order.at_risk_lots)  # three filled unheard
    assert (OrderState.CANCELLED, 0) == (other.state, other.at_risk_lots)
    orders.apply(report(ReportType.FILLED, 1, 3, 7, exec_id=1, at=7), 10)
    assert 7 == order.at_risk_lots


def test_a_status_from_before_our_last_request_settles_nothing() -> None:
    orders, order = resting()
    unasked = orders.apply(report(ReportType.STATUS, 1, 0, 10, at=2), 2)
    orders.query(order, 3)
    orders.replace(order, 101, 20, 4)
    stale = orders.apply(report(ReportType.STATUS, 1, 0, 10, at=5), 6)

    assert Anomaly.UNASKED_STATUS == unasked.anomaly == stale.anomaly
    assert (OrderState.PENDING_REPLACE, 30) == (order.state, order.at_risk_lots)


@pytest.mark.parametrize(
    ("bad", "anomaly", "lots", "state"),
    [
        (report(ReportType.FILLED, 99, 5, exec_id=1), Anomaly.UNKNOWN_ORDER, 0, OrderState.LIVE),
        (
            report(ReportType.REJECTED, 1, 10, reason=Reason.DUPLICATE_ORDER),
            Anomaly.DUPLICATE_ORDER, 0, OrderState.LIVE,
        ),
        (report(ReportType.FILLED, 1, 0, 9, exec_id=1), Anomaly.BAD_REPORT, 0, OrderState.LIVE),
        (report(ReportType.BUSTED, 1, 0, 10), Anomaly.BAD_REPORT, 0, OrderState.LIVE),
        (report(ReportType.FILLED, 1, 4, 6, at=2), Anomaly.NO_EXEC_ID, 4, OrderState.LIVE),
        (report(ReportType.FILLED, 1, 14, 2, exec_id=1, at=2), Anomaly.OVERFILL, 14, OrderState.LIVE),
    ],
    ids=lambda value: value.name if isinstance(value, Anomaly) else "",
)  # fmt: skip
def test_a_report_that_is_wrong_is_named_and_loses_no_lot(
    bad: Report, anomaly: Anomaly, lots: int, state: OrderState
) -> None:
    orders, order = resting()
    outcome = orders.apply(bad, 5)

    assert (anomaly, lots) == (outcome.anomaly, outcome.filled_lots)
    assert (state, lots) == (order.state, order.cum_lots)
    assert {int(anomaly): 1} == orders.data.anomalies
    orders.check()


def test_what_was_refused_cannot_be_cancelled_by_the_venue() -> None:
    orders = Orders(DESK)
    order = send(orders)
    orders.apply(report(ReportType.REJECTED, 1, 10, at=2), 2)

    outcome = orders.apply(report(ReportType.CANCELLED, 1, 10, at=3), 3)

    assert outcome.anomaly == Anomaly.ILLEGAL_EVENT
    assert order.state is OrderState.REJECTED


def test_what_the_venue_says_is_open_after_too_many_fills_stays_at_risk() -> None:
    orders, order = resting()
    orders.apply(report(ReportType.FILLED, 1, 14, 2, exec_id=1, at=2), 5)

    assert 2 == order.at_risk_lots == orders.buy_risk(BOOK, STRATEGY)


def test_an_ended_order_that_shows_life_is_in_doubt_again() -> None:
    orders = Orders(DESK)
    order = send(orders)
    orders.query(order, 1)
    orders.apply(report(ReportType.STATUS, 1, 0, 0, reason=Reason.UNKNOWN_ORDER, at=2), 3)
    assert (OrderState.CANCELLED, 0) == (order.state, order.at_risk_lots)
    outcome = orders.apply(report(ReportType.ACCEPTED, 1, 10, 10, at=5), 6)

    assert (Anomaly.REVIVED, False) == (outcome.anomaly, outcome.ended)
    assert (OrderState.UNKNOWN, 10, [order]) == (
        order.state, order.at_risk_lots, orders.live(STRATEGY, BOOK),
    )  # fmt: skip
    assert [] == orders.data.ended
    orders.check()


def test_only_the_newest_ended_orders_stay_and_those_with_lots_owed() -> None:
    orders = Orders(DESK, keep_ended=3)
    owed = send(orders)
    orders.apply(report(ReportType.CANCELLED, 1, 4, at=1), 1)  # six have filled unheard
    for sequence in range(2, 20):
        send(orders, 1)
        orders.apply(report(ReportType.CANCELLED, sequence, 1, at=1), 1)
        orders.check()
    left = list(orders.data.orders)

    assert owed.order_id in left
    assert [DESK << 40 | sequence for sequence in (17, 18, 19)] == left[-3:]
    assert [owed.order_id] == left[:-3]
    late = orders.apply(report(ReportType.FILLED, 2, 1, 0, exec_id=1), 2)
    assert (None, Anomaly.UNKNOWN_ORDER) == (late.order, late.anomaly)
    orders.apply(report(ReportType.FILLED, 1, 6, 4, exec_id=1), 2)
    assert (6, 0) == (owed.cum_lots, orders.buy_risk(BOOK, STRATEGY))


def test_data_is_plain_and_a_restored_desk_goes_on() -> None:
    orders, order = resting()
    orders.apply(report(ReportType.FILLED, 1, 4, 6, exec_id=1, at=2), 2)
    orders.replace(order, 101, 3, 3)
    raw = msgspec.msgpack.encode(orders.data)
    again = Orders(DESK, msgspec.msgpack.decode(raw, type=OrdersData))

    assert [order] == again.live(STRATEGY, BOOK) == again.overdue(99, 1)
    assert 9 == again.buy_risk(BOOK, STRATEGY)
    assert raw == msgspec.msgpack.encode(again.data)
    for one in (orders, again):
        one.apply(report(ReportType.REPLACED, 1, 3, 3, at=4), 4)
    assert msgspec.msgpack.encode(orders.data) == msgspec.msgpack.encode(again.data)
    assert DESK << 40 | 2 == send(again).order_id
