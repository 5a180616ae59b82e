"""Limits that are set while a desk runs: who may, what follows, and what nothing that is said gets past."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.gate import VetoCode
from desk.limits import (
    CEILINGS,
    BookLimits,
    CeilingsConfig,
    LimitCode,
    Limits,
    LimitsData,
)
from desk.limits.tally import reached_lots
from market.codec import decode, encode
from market.codes import OperatorAction, OrderType, Side
from market.decisions import PPM, Permit, Quotes
from market.errors import InputError
from market.messages import Cancel, Operator, Replace
from tests.desk_rig import MID, DeskRig, Said
from tests.unit.desk.gate_world import NOW as GATE_NOW
from tests.unit.desk.gate_world import World, make_gate, wide_config
from tests.unit.desk.gate_world import restored as restored_gate
from tests.unit.desk.limits_world import NOW, instruments, make, submit, view, wide

A_THOUSAND = 1_000 * PPM
BOOK = {
    "order_lots": 100,
    "order_notional_micros": 10**14,
    "position_lots": 300,
    "collar_ppm": 10_000,
}


def typed(ppm: int, authority: str = "A. Person") -> Operator:
    return Operator(action=OperatorAction.SET_LIMITS, authority=authority, limits_ppm=ppm)


def ceilings(**changes: int) -> CeilingsConfig:
    messages_max = changes.pop("messages_max", 1_000)
    return CeilingsConfig(
        instruments={"aaa": BookLimits(**BOOK | changes)}, messages_max=messages_max
    )


def check_of(under: CeilingsConfig | None = None, **changes: Any) -> Limits:
    config = wide(**BOOK | changes)
    return make(config) if under is None else Limits(config, instruments(), None, under)


# --- the last check -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "code", "figures"),
    [
        (submit(1, qty_lots=101), LimitCode.CEILING_QTY, (101, 100)),
        (submit(1, price_ticks=10_101), LimitCode.CEILING_COLLAR, (10_100, 10_000)),
    ],
)
def test_a_limit_off_by_a_thousand_lets_out_nothing_that_it_did_not_before(
    order: Any, code: LimitCode, figures: tuple[int, int]
) -> None:
    limits = check_of()
    before = limits.check(order, NOW, view(), 0)
    assert before is not None
    assert before[0] not in CEILINGS

    limits.operator(typed(A_THOUSAND))

    assert limits.check(order, NOW, view(), 0) == (code, *figures)


def test_every_order_that_left_counts_against_the_ceiling_of_the_position() -> None:
    limits = check_of()
    limits.operator(typed(A_THOUSAND))
    for number in (1, 2, 3):
        assert limits.check(submit(number, qty_lots=100), NOW, view(), 0) is None

    refusal = limits.check(submit(4, qty_lots=1), NOW, view(), 0)

    assert refusal == (LimitCode.CEILING_POSITION, 301, 300)
    assert limits.check(submit(4, Side.SELL, 100, 10_005), NOW, view(), 0) is None
    bigger = Replace(book_id=0, order_id=submit(1).order_id, price_ticks=10_000, qty_lots=100)
    assert limits.check(bigger, NOW, view(), 0) == (LimitCode.CEILING_POSITION, 400, 300)


@pytest.mark.parametrize("order_type", [OrderType.LIMIT, OrderType.MARKET])
def test_the_ceiling_of_an_orders_worth(order_type: OrderType) -> None:
    # 10,000 ticks of a cent are 100 of currency; so much for 20 lots, and a little for the collar.
    worth = 21 * 100 * PPM
    limits = check_of(order_notional_micros=worth)
    limits.operator(typed(A_THOUSAND))

    assert limits.check(submit(1, qty_lots=20, order_type=order_type), NOW, view(), 0) is None
    found = limits.check(submit(2, qty_lots=22, order_type=order_type), NOW, view(), 0)
    assert found is not None
    assert found[0] is LimitCode.CEILING_NOTIONAL


def test_the_rate_has_a_ceiling_and_cancels_keep_their_part_of_it() -> None:
    limits = check_of(messages_max=4, cancel_reserve=2)
    limits.operator(typed(A_THOUSAND))
    assert limits.check(submit(1), NOW, view(), 0) is None
    assert limits.check(submit(2), NOW, view(), 0) is None

    assert limits.check(submit(3), NOW, view(), 0) == (LimitCode.CEILING_RATE, 2, 2)
    cancel = Cancel(book_id=0, order_id=submit(1).order_id)
    assert [limits.check(cancel, NOW, None, 0) for _ in range(3)] == [
        None,
        None,
        (LimitCode.CEILING_RATE, 4, 4),
    ]


def test_written_ceilings_leave_room_over_the_limits_and_no_more() -> None:
    limits = check_of(ceilings(order_lots=150))
    order = submit(1, qty_lots=150)
    assert limits.check(order, NOW, view(), 0) == (LimitCode.QTY, 150, 100)

    limits.operator(typed(A_THOUSAND))

    assert limits.check(submit(1, qty_lots=151), NOW, view(), 0) == (
        LimitCode.CEILING_QTY,
        151,
        150,
    )
    assert limits.check(order, NOW, view(), 0) is None


@pytest.mark.parametrize("field", BOOK)
def test_a_limit_above_its_ceiling_is_refused_before_anything_runs(field: str) -> None:
    allowed = BOOK[field] - 1
    with pytest.raises(InputError, match=rf"limits.instruments.aaa.{field} .* ceiling, {allowed}"):
        check_of(ceilings(**{field: allowed}))


def test_a_rate_above_its_ceiling_and_a_book_without_one_are_refused() -> None:
    with pytest.raises(InputError, match=r"limits.messages_max is 1000, .* ceiling, 999"):
        check_of(ceilings(messages_max=999))
    with pytest.raises(InputError, match=r"order_lots is 100, .* ceiling, 0"):
        check_of(CeilingsConfig(messages_max=1_000))
    with pytest.raises(InputError, match="messages_max is 10001"):
        CeilingsConfig(messages_max=10_001)


@pytest.mark.parametrize("nobody", ["", "  "])
def test_who_has_no_name_may_narrow_and_not_widen(nobody: str) -> None:
    limits = check_of(ceilings(order_lots=150))
    order = submit(1, qty_lots=120)

    limits.operator(typed(2 * PPM, nobody))
    assert limits.check(order, NOW, view(), 0) == (LimitCode.QTY, 120, 100)
    limits.operator(typed(PPM // 2, nobody))
    assert limits.check(order, NOW, view(), 0) == (LimitCode.QTY, 120, 50)
    limits.operator(typed(PPM, nobody))
    assert limits.check(order, NOW, view(), 0) == (LimitCode.QTY, 120, 50)
    limits.operator(typed(2 * PPM))
    assert limits.check(order, NOW, view(), 0) is None


@pytest.mark.parametrize(
    "word", [typed(-1), Operator(action=OperatorAction.SET_LIMITS, authority="A")]
)
def test_a_factor_that_is_none_changes_nothing(word: Operator) -> None:
    limits, fresh = check_of(), check_of()
    limits.operator(word)
    assert limits.data == fresh.data
    assert limits.limits_ppm == PPM


def test_limits_of_nothing_hold_up_no_cancel() -> None:
    limits = check_of()
    assert limits.check(submit(1), NOW, view(), 0) is None
    limits.operator(typed(0))
    assert limits.check(submit(2, qty_lots=1), NOW, view(), 0) == (LimitCode.QTY, 1, 0)
    assert limits.check(Cancel(book_id=0, order_id=submit(1).order_id), NOW, None, 0) is None


def test_what_was_set_survives_a_snapshot_and_what_was_set_back_leaves_no_trace() -> None:
    config, order = wide(**BOOK), submit(1, qty_lots=101)
    limits = make(config)
    fresh = msgspec.msgpack.encode(limits.data)
    limits.operator(typed(A_THOUSAND))

    raw = msgspec.msgpack.encode(limits.data)
    again = make(config, msgspec.msgpack.decode(raw, type=LimitsData))

    assert again.limits_ppm == A_THOUSAND
    assert again.check(order, NOW, view(), 0) == (LimitCode.CEILING_QTY, 101, 100)
    limits.operator(typed(PPM))
    assert msgspec.msgpack.encode(limits.data) == fresh


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("limits"), st.integers(0, 10**12)),
        st.tuples(st.sampled_from(Side), st.integers(1, 400)),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_no_word_brings_the_worst_case_past_the_ceiling(steps: list[tuple[Any, int]]) -> None:
    limits = check_of(ceilings(order_lots=150, position_lots=400), messages_max=1_000)
    for number, (what, amount) in enumerate(steps, 1):
        if what == "limits":
            limits.operator(typed(amount))
            continue
        # Buys below sells, so that no own order is in the way.
        price_ticks = 9_999 if what is Side.BUY else 10_001
        refusal = limits.check(submit(number, what, amount, price_ticks), NOW, view(), 0)
        assert refusal is not None or amount <= 150
        tally = limits.data.tally
        assert max(reached_lots(tally, 0, side, 0) for side in Side) <= 400


# --- the gate -------------------------------------------------------------------------------------------------


def test_the_gates_limits_are_set_and_set_back() -> None:
    config = wide_config(instrument={"position_lots": 100})
    gate, state = make_gate(config), World()
    quote = Quotes(book_id=0, bid_ticks=9_999, bid_lots=1, ask_ticks=10_001, ask_lots=1)

    def room() -> int:
        verdict = gate.decide(quote, 0, state, GATE_NOW)
        assert isinstance(verdict, Permit)
        return verdict.buy_room_lots

    assert room() == 100
    assert gate.operator(typed(A_THOUSAND, ""), GATE_NOW) == []
    assert (room(), gate.data.refused) == (100, 1)
    gate.operator(typed(A_THOUSAND), GATE_NOW)
    assert room() == 100_000
    gate = restored_gate(gate, config)
    assert room() == 100_000
    gate.operator(typed(PPM, ""), GATE_NOW)
    assert room() == 100


def test_what_was_let_in_is_found_when_limits_are_right_again() -> None:
    config = wide_config(instrument={"position_lots": 100})
    gate, state = make_gate(config), World()
    gate.operator(typed(A_THOUSAND), GATE_NOW)
    state.hold(0, 0, 150)
    assert gate.watch(state, GATE_NOW) == []

    gate.operator(typed(PPM), GATE_NOW)

    [action] = gate.watch(state, GATE_NOW)
    assert (action.code, action.found, action.allowed) == (VetoCode.POSITION, 150, 100)


# --- the whole desk ---------------------------------------------------------------------------------------------


def test_the_word_is_a_message_like_any_other() -> None:
    word = typed(A_THOUSAND)
    assert decode(encode(word)) == word
    plain = Operator(action=OperatorAction.KILL, authority="A. Person")
    assert b"limits_ppm" not in encode(plain)
    assert decode(encode(plain)) == plain


def test_a_desk_takes_it_into_its_journal_and_asks_everything_anew() -> None:
    rig = DeskRig([Said()], limits={"order_lots": 5}, execution={"requote_ticks": 1_000})
    said = rig.strategies[0]
    assert isinstance(said, Said)
    said.next = [Quotes(book_id=0, bid_ticks=MID - 1, bid_lots=10, ask_ticks=MID + 1, ask_lots=10)]
    assert rig.view() == []
    assert rig.desk.data.refusal_counts[LimitCode.QTY] > 0

    rig.send(typed(A_THOUSAND))

    assert rig.event.message == typed(A_THOUSAND)
    rig.view(after_ns=2_000_000_000)
    assert rig.desk.data.refusal_counts[LimitCode.CEILING_QTY] > 0
    assert rig.desk.gate.limits_ppm == rig.desk.limits.limits_ppm == A_THOUSAND
