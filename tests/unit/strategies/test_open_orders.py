import itertools

import pytest

from market.codes import Reason, ReportType, Side
from strategies import OpenOrders
from tests.unit.strategies.market import DESK, order_id, report


def buying(qty_lots: int = 10) -> OpenOrders:
    orders = OpenOrders(desk=DESK, book_id=0)
    orders.submit(side=Side.BUY, price_ticks=100, qty_lots=qty_lots)
    return orders


def test_ids_are_a_pure_function_of_desk_and_sequence() -> None:
    orders = OpenOrders(desk=DESK, book_id=0)
    sent = [orders.submit(side=Side.BUY, price_ticks=1, qty_lots=1).order_id for _ in range(3)]

    assert [DESK * 2**40 + 1, DESK * 2**40 + 2, DESK * 2**40 + 3] == sent


def test_fills_move_the_position_and_a_filled_order_is_forgotten() -> None:
    orders = buying()
    orders.submit(side=Side.SELL, price_ticks=105, qty_lots=7)

    assert 4 == orders.apply(report(ReportType.FILLED, 1, 4, 6))
    assert 6 == orders.apply(report(ReportType.FILLED, 1, 6, 0))
    assert 5 == orders.apply(report(ReportType.FILLED, 2, 5, 2))
    assert 5 == orders.position_lots
    assert orders.live(Side.BUY) is None
    assert 2 == orders.at_risk_lots(Side.SELL)


def test_reports_about_unknown_orders_change_nothing() -> None:
    orders = buying()
    for kind in ReportType:
        assert 0 == orders.apply(report(kind, 99, 5, 5))

    assert 0 == orders.position_lots
    assert 10 == orders.at_risk_lots(Side.BUY)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_without_a_replacement_any_order_of_reports_ends_in_the_same_count(
    order: tuple[int, ...],
) -> None:
    heard = [
        report(ReportType.ACCEPTED, 1, 10, 10),
        report(ReportType.FILLED, 1, 3, 7),
        report(ReportType.FILLED, 1, 2, 5),
        report(ReportType.CANCELLED, 1, 5, 0),
    ]
    orders = buying()
    filled = 0
    for index in order:
        filled += orders.apply(heard[index])
        # Fills that happened but were not heard of are still at risk, never forgotten.
        assert orders.at_risk_lots(Side.BUY) >= 5 - filled

    assert 5 == orders.position_lots
    assert 0 == orders.at_risk_lots(Side.BUY)
    assert orders.live(Side.BUY) is None


def test_a_replacement_in_flight_counts_on_top_of_what_it_replaces() -> None:
    orders = buying()
    orders.apply(report(ReportType.ACCEPTED, 1, 10, 10))
    live = orders.live(Side.BUY)
    assert live is not None
    orders.replace(live, price_ticks=101, qty_lots=8)
    assert 18 == orders.at_risk_lots(Side.BUY)

    orders.apply(report(ReportType.FILLED, 1, 4, 6))
    assert 14 == orders.at_risk_lots(Side.BUY)

    orders.apply(report(ReportType.REPLACED, 1, 8, 8, price_ticks=101))
    assert (8, 101) == (orders.at_risk_lots(Side.BUY), live.price_ticks)
    assert live.settled


def test_a_refused_replacement_leaves_the_order_and_an_unknown_one_ends_it() -> None:
    orders = buying()
    orders.apply(report(ReportType.ACCEPTED, 1, 10, 10))
    live = orders.live(Side.BUY)
    assert live is not None
    orders.replace(live, price_ticks=101, qty_lots=8)
    orders.apply(report(ReportType.REPLACE_REJECTED, 1, 8, 10, reason=Reason.WOULD_CROSS))
    assert (10, 100) == (orders.at_risk_lots(Side.BUY), live.price_ticks)
    assert live.settled

    orders.replace(live, price_ticks=101, qty_lots=8)
    orders.apply(report(ReportType.REPLACE_REJECTED, 1, 8, 0, reason=Reason.UNKNOWN_ORDER))
    assert orders.live(Side.BUY) is None
    assert 10 == orders.at_risk_lots(Side.BUY)  # its fills have not been heard of yet


def test_a_rejected_cancel_means_that_fills_are_on_their_way() -> None:
    orders = buying()
    live = orders.live(Side.BUY)
    assert live is not None
    assert order_id(1) == orders.cancel(live).order_id
    orders.apply(report(ReportType.CANCEL_REJECTED, 1, reason=Reason.UNKNOWN_ORDER))
    assert orders.live(Side.BUY) is None
    assert 10 == orders.at_risk_lots(Side.BUY)

    orders.apply(report(ReportType.FILLED, 1, 10, 0))
    assert (10, 0) == (orders.position_lots, orders.at_risk_lots(Side.BUY))


def test_a_rejected_order_never_was() -> None:
    orders = buying()
    orders.apply(report(ReportType.REJECTED, 1, 10, 0, reason=Reason.HALTED))

    assert orders.live(Side.BUY) is None
    assert (0, 0) == (orders.position_lots, orders.at_risk_lots(Side.BUY))
