"""When it is too late: cut-offs of calls, frozen phases, and expiries."""

from typing import Any

import pytest

from market.codes import OrderType, Phase, Reason, Side, TimeInForce
from market.refusals import Refusal
from sim.front import NASDAQ_CLOSE, NASDAQ_OPEN, NYSE_CLOSE, Held
from tests.unit.sim.front.orders import (
    CLOSE_NS,
    MINUTE_NS,
    NOW,
    before_close,
    order,
    replaced,
    rules,
)

AT_CLOSE = TimeInForce.AT_CLOSE


@pytest.mark.parametrize(
    ("cut_offs", "order_type", "minutes", "too_late"),
    [
        (NYSE_CLOSE, OrderType.MARKET, 11, False),
        (NYSE_CLOSE, OrderType.MARKET, 10, True),
        (NYSE_CLOSE, OrderType.LIMIT, 10, True),
        (NASDAQ_CLOSE, OrderType.MARKET, 6, False),
        (NASDAQ_CLOSE, OrderType.MARKET, 5, True),
        (NASDAQ_CLOSE, OrderType.LIMIT, 3, False),
        (NASDAQ_CLOSE, OrderType.LIMIT, 2, True),
    ],
)
def test_orders_for_the_close_have_a_cut_off_that_counts_from_the_cross(
    cut_offs: Any, order_type: OrderType, minutes: int, *, too_late: bool
) -> None:
    made = order(order_type=order_type, tif=AT_CLOSE)

    found = rules(cut_offs=cut_offs).check(made, before_close(minutes))

    cut_ns = CLOSE_NS - minutes * MINUTE_NS
    assert found == (Refusal(Reason.TOO_LATE, cut_ns) if too_late else None)


def test_a_cut_off_binds_no_order_of_another_time_in_force() -> None:
    sheet = rules(cut_offs=NYSE_CLOSE)

    assert sheet.check(order(), before_close(1)) is None
    assert sheet.check(order(tif=TimeInForce.AT_OPEN), before_close(1)) is None
    assert sheet.check(order(tif=AT_CLOSE), NOW._replace(now_ns=1 << 60)) is None  # no call ahead


def test_an_order_against_the_imbalance_is_let_in_where_it_may() -> None:
    sheet = rules(cut_offs=NYSE_CLOSE)
    late = before_close(5, imbalance=Side.BUY)

    assert sheet.check(order(side=Side.SELL, tif=AT_CLOSE), late) is None
    assert sheet.check(order(side=Side.BUY, tif=AT_CLOSE), late) is not None
    assert rules(cut_offs=NASDAQ_CLOSE).check(order(side=Side.SELL, tif=AT_CLOSE), before_close(1, imbalance=Side.BUY)) is not None  # fmt: skip
    assert sheet.check_cancel(order(side=Side.SELL, tif=AT_CLOSE), late) is not None


def test_orders_for_the_open_have_their_own_cross() -> None:
    sheet = rules(cut_offs=NASDAQ_OPEN)
    made = order(tif=TimeInForce.AT_OPEN)
    early = NOW._replace(now_ns=CLOSE_NS - 3 * MINUTE_NS, open_cross_ns=CLOSE_NS)

    assert sheet.check(made, early) is None
    late = early._replace(now_ns=CLOSE_NS - 2 * MINUTE_NS)
    assert sheet.check(made, late) == Refusal(Reason.TOO_LATE, CLOSE_NS - 2 * MINUTE_NS)
    assert sheet.check_cancel(made, late) == Refusal(Reason.TOO_LATE, CLOSE_NS - 2 * MINUTE_NS)
    assert sheet.check_cancel(made, early) is None


def test_an_order_for_the_close_is_not_cancelled_or_replaced_after_its_cut_off() -> None:
    sheet = rules(cut_offs=NASDAQ_CLOSE)
    made = order(order_type=OrderType.MARKET, tif=AT_CLOSE)
    refused = Refusal(Reason.TOO_LATE, CLOSE_NS - 10 * MINUTE_NS)

    assert sheet.check_cancel(made, before_close(11)) is None
    assert sheet.check_cancel(made, before_close(10)) == refused
    held = Held(100, 0)
    assert sheet.check_replace(replaced(0, 50), made, held, before_close(10)) == refused
    assert sheet.check_replace(replaced(0, 50), made, held, before_close(11)) is None
    assert sheet.check_cancel(order(), before_close(1)) is None


def test_nothing_is_cancelled_or_replaced_in_a_phase_that_freezes_orders() -> None:
    sheet = rules(no_cancel=(Phase.CLOSING_CALL,))
    frozen = NOW._replace(phase=Phase.CLOSING_CALL)
    refused = Refusal(Reason.NOT_IN_PHASE, Phase.CLOSING_CALL)

    assert sheet.check_cancel(order(), frozen) == refused
    assert sheet.check_replace(replaced(1, 1), order(), Held(100, 100_000), frozen) == refused
    assert sheet.check(order(), frozen) is None


@pytest.mark.parametrize(
    ("tif", "expire_ns", "nearest_ns"),
    [
        (TimeInForce.GTD, 1_001, None),
        (TimeInForce.GTD, 1_000, 1_001),
        (TimeInForce.GTD, 0, 1_001),
        (TimeInForce.GTD, 1_500, None),
        (TimeInForce.GTD, 1_501, 1_500),
        (TimeInForce.DAY, 1_200, 0),
        (TimeInForce.DAY, 0, None),
    ],
)
def test_an_expiry_lies_ahead_but_not_too_far_and_only_where_it_means_something(
    tif: TimeInForce, expire_ns: int, nearest_ns: int | None
) -> None:
    found = rules(life_ns_max=500).check(order(tif=tif, expire_ns=expire_ns), NOW)

    assert found == (None if nearest_ns is None else Refusal(Reason.BAD_EXPIRY, nearest_ns))
