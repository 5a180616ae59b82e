"""The last check: each limit at its edge, its tallies of reports, and who may undo it."""

from typing import Any

import pytest

from desk.limits import BookLimits, LimitCode, Limits, LimitsConfig
from market.codes import OperatorAction, OrderType, Reason, ReportType, Side
from market.errors import InputError
from market.messages import NO_PRICE, Cancel, Operator, Query, SetTimer, Submit
from tests.unit.desk.limits_world import (
    DESK,
    NOW,
    S,
    make,
    replace,
    report,
    restored,
    submit,
    view,
    wide,
)

CANCEL = Cancel(book_id=0, order_id=DESK + 1)
QUERY = Query(book_id=0, order_id=DESK + 1)


def refused(limits: Limits, command: Any, now_ns: int = NOW, **changes: Any) -> Any:
    seen = changes.get("view", view())
    found = limits.check(command, now_ns, seen, changes.get("strategy", 0))
    return None if found is None else (LimitCode(found[0]), *found[1:])


def test_what_is_right_passes_and_is_counted_as_sent() -> None:
    limits = make()

    assert refused(limits, submit(1)) is None
    assert [10, 0] == limits.data.tally.buy_lots
    assert refused(limits, replace(1, 7)) is None
    assert [17, 0] == limits.data.tally.buy_lots
    assert 2 == len(limits.data.messages.times_ns)


def test_what_is_refused_leaves_no_trace_in_the_tallies() -> None:
    limits = make()
    before = restored(limits, wide()).data.tally
    assert refused(limits, submit(1, qty_lots=1_001)) is not None

    assert limits.data.tally == before
    assert limits.data.messages.times_ns == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (submit(1, book_id=1), (LimitCode.MISSING_LIMIT, 0, 1)),
        (submit(1, book_id=7), (LimitCode.MISSING_LIMIT, 0, 1)),
        (replace(1), (LimitCode.UNKNOWN_ORDER, DESK + 1, 0)),
        (submit(1, qty_lots=0), (LimitCode.QTY, 0, 1_000)),
        (submit(1, qty_lots=1_001), (LimitCode.QTY, 1_001, 1_000)),
        (submit(1, price_ticks=10_501), (LimitCode.COLLAR, 50_100, 50_000)),
        (submit(1, price_ticks=9_499), (LimitCode.COLLAR, 50_100, 50_000)),
    ],
)
def test_a_command_that_cannot_be_right_is_refused(
    command: Submit, expected: tuple[LimitCode, int, int]
) -> None:
    assert expected == refused(make(), command)


@pytest.mark.parametrize("price_ticks", [9_500, 10_500])
def test_a_price_at_the_collar_passes(price_ticks: int) -> None:
    assert refused(make(), submit(1, price_ticks=price_ticks)) is None


def test_an_id_is_used_once_and_in_order() -> None:
    limits = make()
    assert refused(limits, submit(5)) is None

    for number in (5, 4):
        assert (LimitCode.DUPLICATE_ORDER, DESK + number, DESK + 6) == refused(
            limits, submit(number)
        )


def test_worth_is_exact_and_market_orders_count_at_the_collar() -> None:
    config = wide(order_notional_micros=1_000 * 1_000_000)
    assert refused(make(config), submit(1, qty_lots=10)) is None
    assert (LimitCode.NOTIONAL, 110_000, 100_000) == refused(make(config), submit(1, qty_lots=11))

    market = submit(1, qty_lots=10, price_ticks=0, order_type=OrderType.MARKET)
    assert (LimitCode.NOTIONAL, 105_000, 100_000) == refused(make(config), market)
    market = submit(1, qty_lots=9, price_ticks=0, order_type=OrderType.MARKET)
    assert refused(make(config), market) is None


def test_without_any_price_nothing_is_sent() -> None:
    limits = make()
    bare = view(bid_ticks=NO_PRICE)
    assert (LimitCode.NO_REFERENCE, 1, 2) == refused(limits, submit(1), view=bare)
    assert (LimitCode.NO_REFERENCE, 0, 2) == refused(limits, submit(1), view=None)
    assert refused(limits, submit(1)) is None
    assert refused(limits, submit(2), view=bare) is None
    assert refused(limits, submit(3), NOW + 10 * S + 1, view=bare) is not None


def test_one_broken_view_cannot_price_an_order_and_a_true_jump_is_believed_at_the_second() -> None:
    limits = make()
    assert refused(limits, submit(1)) is None
    wrong = view(99_990, 100_010)
    assert LimitCode.COLLAR is refused(limits, submit(2, price_ticks=100_000), view=wrong)[0]
    assert LimitCode.COLLAR is refused(limits, submit(2))[0]
    assert refused(limits, submit(2)) is None
    market = submit(3, price_ticks=0, order_type=OrderType.MARKET)
    assert LimitCode.COLLAR is refused(limits, market, view=wrong)[0]


def test_the_position_with_all_that_was_sent_stays_within_its_limit() -> None:
    limits = make(wide(position_lots=20))
    assert refused(limits, submit(1, qty_lots=15)) is None
    assert (LimitCode.POSITION, 21, 20) == refused(limits, submit(2, qty_lots=6))
    assert (LimitCode.POSITION, 21, 20) == refused(limits, replace(1, 6))
    assert refused(limits, submit(2, Side.SELL, 20, 10_001)) is None

    limits.report(report(ReportType.FILLED, 1, 15, 1, exec_id=1))
    limits.report(report(ReportType.CANCELLED, 2, 20, 2))
    assert (LimitCode.POSITION, 21, 20) == refused(limits, submit(3, qty_lots=6))
    assert refused(limits, submit(3, Side.SELL, 35, 10_001)) is None
    assert (LimitCode.POSITION, 21, 20) == refused(limits, submit(4, Side.SELL, 1, 10_001))


@pytest.mark.parametrize(
    ("command", "crosses"),
    [
        (submit(2, Side.BUY, price_ticks=10_004), False),
        (submit(2, Side.BUY, price_ticks=10_005), True),
        (submit(2, Side.BUY, price_ticks=0, order_type=OrderType.MARKET), True),
        (submit(2, Side.SELL, price_ticks=10_005), False),
    ],
)
def test_an_order_never_meets_an_own_one(command: Submit, *, crosses: bool) -> None:
    limits = make()
    assert refused(limits, submit(1, Side.SELL, price_ticks=10_005)) is None

    found = refused(limits, command)
    assert crosses is (found is not None and found[0] is LimitCode.SELF_TRADE)


def test_an_order_is_kept_from_the_price_that_another_may_move_to() -> None:
    limits = make()
    assert refused(limits, submit(1, Side.SELL, price_ticks=10_005)) is None
    assert refused(limits, replace(1, price_ticks=10_002)) is None
    assert LimitCode.SELF_TRADE is refused(limits, submit(2, price_ticks=10_003))[0]
    limits.report(report(ReportType.REPLACE_REJECTED, 1, 10, 1, price_ticks=10_002, leaves_lots=10))
    assert refused(limits, submit(2, price_ticks=10_003)) is None
    limits.report(report(ReportType.CANCELLED, 1, 10, 2))
    assert refused(limits, submit(3, price_ticks=10_005)) is None


def test_no_window_has_more_messages_than_allowed_and_cancels_have_a_reserve() -> None:
    limits = make(wide(messages_max=5, cancel_reserve=2))
    for number in (1, 2, 3):
        assert refused(limits, submit(number), NOW + number) is None
    assert (LimitCode.RATE, 3, 3) == refused(limits, submit(4), NOW + 4)
    assert refused(limits, CANCEL, NOW + 4) is None
    assert refused(limits, QUERY, NOW + 5, view=None) is None
    assert (LimitCode.RATE, 5, 5) == refused(limits, CANCEL, NOW + 6)
    assert refused(limits, SetTimer(timer_id=1, due_ns=NOW), NOW + 6) is None
    assert (LimitCode.RATE, 5, 5) == refused(limits, CANCEL, NOW + S)
    assert refused(limits, CANCEL, NOW + S + 1) is None


def test_a_strategy_that_executes_too_often_is_off_until_a_named_person_says_so() -> None:
    limits = make(wide(fills_max=3))
    assert refused(limits, submit(1, qty_lots=100)) is None
    fills = [NOW, NOW + S, NOW + S + 1, NOW + S + 2]
    for number, venue_ns in enumerate(fills, 1):
        assert refused(limits, submit(number + 1, qty_lots=1)) is None
        limits.report(report(ReportType.FILLED, 1, 1, number, exec_id=number, venue_ns=venue_ns))
    assert (LimitCode.STRATEGY_DISABLED, 3, 3) == refused(limits, submit(9))
    assert refused(limits, submit(9), strategy=1) is None
    assert refused(limits, CANCEL) is None

    for word in (
        Operator(action=OperatorAction.REARM, authority=" "),
        Operator(action=OperatorAction.KILL, authority="A. Person"),
        Operator(action=OperatorAction.RESUME_STRATEGY, authority="A. Person", strategy=1),
    ):
        limits.operator(word)
        assert refused(limits, submit(10)) is not None
    limits.operator(
        Operator(action=OperatorAction.RESUME_STRATEGY, authority="A. Person", strategy=0)
    )
    assert refused(limits, submit(10)) is None


# --- tallies ------------------------------------------------------------------------------------


def risk(limits: Limits) -> tuple[int, int, int]:
    tally = limits.data.tally
    return tally.position_lots[0], tally.buy_lots[0], tally.sell_lots[0]


def test_fills_count_once_and_late_ones_still_count() -> None:
    limits = make()
    refused(limits, submit(1))
    fill = report(ReportType.FILLED, 1, 4, 1, exec_id=1, leaves_lots=6)
    limits.report(report(ReportType.CANCELLED, 1, 6, 2))
    assert (0, 4, 0) == risk(limits)
    limits.report(fill)
    limits.report(fill)
    assert (4, 0, 0) == risk(limits)


def test_a_repeated_fill_leaves_what_is_open_and_is_no_execution() -> None:
    limits = make(wide(fills_max=2))
    refused(limits, submit(1))
    fill = report(ReportType.FILLED, 1, 4, 1, exec_id=1, leaves_lots=6)
    limits.report(fill)
    limits.report(fill)
    assert (4, 6, 0) == risk(limits)
    assert refused(limits, submit(2)) is None


def test_a_status_that_was_overtaken_says_nothing() -> None:
    limits = make()
    refused(limits, submit(1))
    limits.report(report(ReportType.FILLED, 1, 4, 2, exec_id=1, leaves_lots=6))
    limits.report(report(ReportType.STATUS, 1, 0, 1, leaves_lots=10))
    assert (4, 6, 0) == risk(limits)


def test_a_fill_from_before_a_replacement_never_uses_up_the_new_quantity() -> None:
    limits = make()
    refused(limits, submit(1))
    refused(limits, replace(1, 20))
    limits.report(report(ReportType.REPLACED, 1, 20, 2, leaves_lots=20))
    assert (0, 20, 0) == risk(limits)
    limits.report(report(ReportType.FILLED, 1, 4, 1, exec_id=1, leaves_lots=6))
    assert (4, 20, 0) == risk(limits)
    limits.report(report(ReportType.FILLED, 1, 20, 3, exec_id=2))
    assert (24, 0, 0) == risk(limits)


def test_a_fill_reported_before_the_replacement_that_it_followed_is_taken_off() -> None:
    limits = make()
    refused(limits, submit(1))
    refused(limits, replace(1, 20))
    limits.report(report(ReportType.FILLED, 1, 5, 2, exec_id=1, leaves_lots=15))
    limits.report(report(ReportType.REPLACED, 1, 20, 1, leaves_lots=20))
    assert (5, 15, 0) == risk(limits)


def test_an_end_that_overtakes_the_replacement_before_it_leaves_what_is_owed() -> None:
    limits = make()
    refused(limits, submit(1))
    refused(limits, replace(1, 20))
    limits.report(report(ReportType.CANCELLED, 1, 15, 3))
    assert (0, 20, 0) == risk(limits)
    limits.report(report(ReportType.REPLACED, 1, 20, 1, leaves_lots=20))
    assert (0, 5, 0) == risk(limits)
    limits.report(report(ReportType.FILLED, 1, 5, 2, exec_id=1, leaves_lots=15))
    assert (5, 0, 0) == risk(limits)


def test_a_bust_and_a_correction_change_the_position_whenever_they_come() -> None:
    limits = make()
    refused(limits, submit(1))
    limits.report(report(ReportType.FILLED, 1, 4, 1, exec_id=1, leaves_lots=6))
    limits.report(report(ReportType.FILLED, 1, 6, 2, exec_id=2))
    limits.report(report(ReportType.CORRECTED, 1, 5, 4, exec_id=2))
    assert (9, 0, 0) == risk(limits)
    limits.report(report(ReportType.BUSTED, 1, 4, 3, exec_id=1))
    limits.report(report(ReportType.BUSTED, 1, 4, 3, exec_id=1))
    assert (5, 0, 0) == risk(limits)

    refused(limits, submit(2, Side.SELL, 3, 10_001))
    limits.report(report(ReportType.BUSTED, 2, 3, 6, exec_id=1))
    limits.report(report(ReportType.FILLED, 2, 3, 5, exec_id=1))
    assert (5, 0, 0) == risk(limits)


def test_a_status_settles_what_nobody_knew() -> None:
    limits = make()
    refused(limits, submit(1))
    refused(limits, replace(1, 20))
    limits.report(report(ReportType.STATUS, 1, 4, 2, leaves_lots=6))
    assert (0, 4 + 6 + 20, 0) == risk(limits)
    limits.report(report(ReportType.FILLED, 1, 4, 1, exec_id=1, leaves_lots=6))
    assert (4, 6 + 20, 0) == risk(limits)
    limits.report(report(ReportType.STATUS, 1, 4, 3, leaves_lots=0))
    assert (4, 0, 0) == risk(limits)

    refused(limits, submit(2))
    limits.report(report(ReportType.STATUS, 2, 0, 9, reason=Reason.UNKNOWN_ORDER))
    assert (4, 0, 0) == risk(limits)
    assert LimitCode.UNKNOWN_ORDER is refused(limits, replace(2))[0]


def test_old_orders_are_forgotten_but_those_that_are_owed_fills() -> None:
    limits = make(wide(messages_max=10_000))
    for number in range(1, 5_001):
        assert refused(limits, submit(number), NOW + number) is None
        left_lots = 9 if number == 1 else 10
        limits.report(report(ReportType.CANCELLED, number, left_lots, number))
    assert 1_024 <= len(limits.data.tally.orders) <= 2_048
    assert (0, 1, 0) == risk(limits)
    limits.report(report(ReportType.FILLED, 1, 1, 9_999, exec_id=1))
    assert (1, 0, 0) == risk(limits)
    limits.report(report(ReportType.FILLED, 2, 1, 9_999, exec_id=1))
    assert 1 == limits.data.tally.unmatched


# --- configuration ------------------------------------------------------------------------------


def test_without_configuration_nothing_leaves() -> None:
    limits = make(LimitsConfig())

    assert refused(limits, submit(1)) is not None
    assert refused(limits, CANCEL) is not None


@pytest.mark.parametrize("field", ["order_lots", "order_notional_micros", "position_lots"])
def test_a_limit_that_is_not_written_is_zero(field: str) -> None:
    assert refused(make(wide(**{field: 0})), submit(1)) is not None


def test_without_a_collar_only_the_middle_itself_is_right() -> None:
    assert refused(make(wide(collar_ppm=0)), submit(1, price_ticks=10_000)) is None
    assert refused(make(wide(collar_ppm=0)), submit(1, price_ticks=10_001)) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order_lots", (1 << 40) + 1),
        ("order_notional_micros", 10**15 + 1),
        ("position_lots", (1 << 40) + 1),
        ("collar_ppm", 500_001),
        ("collar_ppm", -1),
        ("messages_max", 10_001),
        ("messages_window_ns", S // 10 - 1),
        ("cancel_reserve", 1_001),
        ("fills_max", 100_001),
        ("fills_window_ns", 0),
        ("reference_ns", -1),
    ],
)
def test_no_configuration_goes_past_the_ceilings(field: str, value: int) -> None:
    with pytest.raises(InputError, match=f"{field} is {value}, allowed is"):
        wide(**{field: value})


def test_a_misspelt_instrument_is_refused() -> None:
    with pytest.raises(InputError, match=r"found 'aab', allowed is aaa, bbb"):
        make(LimitsConfig(instruments={"aab": BookLimits()}))
