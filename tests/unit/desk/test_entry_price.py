"""Entry prices: what is bought only near the price that was seen, for a while."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.execution import ExecutionConfig
from desk.execution.entry import Bound, EntryConfig, look
from market.codes import ReportType, Side
from market.errors import InputError
from market.messages import Submit
from market.touch import Touch
from tests.desk_rig import MID, DeskRig, S
from tests.desk_words import shown
from tests.unit.desk.test_desk_execution import immediate, rig_of, say, target

ENTRY = {"within_ticks": 1, "wait_ns": 5 * S}


def with_entry(rig_maker: Any, *signals: Any, **entry: Any) -> DeskRig:
    told = msgspec.convert(ENTRY | entry, EntryConfig)
    rig: DeskRig = rig_maker(*signals, execution={"entry": told, "cross_ticks": 3})
    return rig


def test_nothing_crosses_beyond_the_entry_price_until_its_time_is_over() -> None:
    rig = with_entry(immediate, target(1))
    # The ask was 10001, so 10002 is the most; three ticks past the ask would have been 10004.
    assert ["#1 buy 10 @ 10002 IOC"] == shown(rig.view())
    rig.report(ReportType.EXPIRED, 1, 10)

    assert [] == rig.view(0, MID + 4, MID + 6, after_ns=S)
    assert ["#2 buy 10 @ 10002 IOC"] == shown(rig.view(0, MID - 1, MID + 1, after_ns=S))
    rig.report(ReportType.EXPIRED, 2, 10)
    assert [] == rig.view(0, MID + 4, MID + 6, after_ns=S)
    assert ["#3 buy 10 @ 10009 IOC"] == shown(rig.view(0, MID + 4, MID + 6, after_ns=3 * S))


def test_a_sell_is_bound_from_below() -> None:
    rig = with_entry(immediate, target(-1))

    assert ["#1 sell 10 @ 9998 IOC"] == shown(rig.view())


def test_what_rests_stays_on_its_side_of_the_entry_price() -> None:
    rig = with_entry(rig_of, target(1))
    assert ["#1 buy 10 @ 9999"] == shown(rig.view())
    rig.accept(1)

    assert ["#1 move to 10 @ 10002"] == shown(rig.view(0, MID + 7, MID + 9))


def test_a_wish_whose_time_is_over_is_left_until_another_is_said() -> None:
    rig = with_entry(rig_of, target(1), then="leave")
    rig.view()
    rig.accept(1)

    assert ["#1 cancel"] == shown(rig.view(0, MID + 4, MID + 6, after_ns=6 * S))
    rig.cancelled(1)
    assert [] == rig.view(0, MID - 1, MID + 1, after_ns=S)  # cheap again, and left all the same
    say(rig, target(0.9))
    assert ["#2 buy 9 @ 10003"] == shown(rig.view(0, MID + 3, MID + 5, after_ns=S))


def test_leaving_a_position_waits_for_no_price() -> None:
    rig = with_entry(immediate, target(1))
    rig.view()
    rig.fill(1, 10)
    say(rig, target(0))
    rig.view(0, MID - 50, MID - 48, after_ns=S)
    sent = [one.command for one in rig.event.commands]

    assert [MID - 50 - 1] == [
        one.price_ticks for one in sent if isinstance(one, Submit)
    ]  # an entry of its own


@given(
    st.sampled_from(Side),
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 3)), min_size=1, max_size=30),
)
def test_no_price_is_beyond_the_entry_price_before_its_time(
    side: Side, within: int, moves: list[tuple[int, int]]
) -> None:
    config = EntryConfig(within_ticks=within, wait_ns=10)
    entry: Any = msgspec.UNSET
    now_ns, began_ns, first = 0, None, None
    for mid, step in moves:
        now_ns += step
        touch = Touch(1_000 + mid, 1_001 + mid)
        entry, bound = look(config, entry, side, touch, 1, now_ns)
        began_ns = now_ns if began_ns is None else began_ns
        first = entry.price_ticks if first is None else first
        far = touch.bid_ticks if side else touch.ask_ticks
        if now_ns < began_ns + 10:
            assert side.sign * (bound.capped(side, far + side.sign * 7) - first) <= 0
            assert bound.allows(side, far) is (side.sign * (far - first) <= 0)
        else:
            assert bound == Bound()


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"within_ticks": -1, "wait_ns": 1}, "within_ticks is -1"),
        ({"within_ticks": 0, "wait_ns": 0}, "wait is 0 ns"),
    ],
)
def test_a_bad_entry_is_refused(told: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        EntryConfig(**told)


def test_an_entry_is_not_for_what_is_spread_over_time() -> None:
    spread = {
        "child_lots_max": 1,
        "algo": "twap",
        "schedule": {"over_ns": S, "slices": 2, "daily_volume_lots": 1},
    }
    assert msgspec.convert(spread, ExecutionConfig).algo_name == "twap"

    with pytest.raises(InputError, match="one moment of entry"):
        msgspec.convert(spread | {"entry": ENTRY}, ExecutionConfig)
