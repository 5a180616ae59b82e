"""The vocabulary is complete and plain; a plan is data in one order, and wrong plans are named."""

import re
from itertools import permutations

import msgspec
import pytest

from market.errors import InputError
from market.faults import PPM, AtTime, Fault, FaultKind, FaultPlan, OnEvent, Severity

AT = AtTime(time_ns=5)


def fault(name: str = "f", **change: object) -> Fault:
    fields = {"kind": FaultKind.FEED_LOSS, "target": "feed/a", "trigger": AT, "severity": 1}
    return Fault(name=name, **{**fields, **change})  # type: ignore[arg-type]


def test_the_catalogue_is_whole_and_in_order() -> None:
    counts = {"F": 14, "G": 15, "V": 9, "P": 9, "S": 9, "O": 9}
    ids = [f"{area}-{n:02d}" for area, count in counts.items() for n in range(1, count + 1)]
    assert [str(kind) for kind in FaultKind] == ids


def test_every_kind_has_a_meaning_of_its_own_on_one_line() -> None:
    meanings = [kind.meaning for kind in FaultKind]
    assert len(set(meanings)) == len(meanings)
    for meaning in meanings:
        assert re.fullmatch(r"[a-z][^\n.]{10,70}", meaning), meaning


def test_a_kind_is_found_by_its_id() -> None:
    kind = FaultKind("P-03")
    assert kind is FaultKind.HOST_STALL
    assert kind.severity_unit is Severity.NONE


def test_a_plan_survives_the_trip_through_text() -> None:
    plan = FaultPlan(
        faults=(
            fault("a"),
            fault(
                "b", kind=FaultKind.HOST_CRASH, severity=0, trigger=OnEvent(event="ack", count=3)
            ),
            fault("c", kind=FaultKind.FEED_DELAY, severity=10**12, duration_ns=7),
        )
    )
    text = msgspec.json.encode(plan)
    assert msgspec.json.decode(text, type=FaultPlan) == plan
    assert b'"kind":"P-01"' in text
    assert b'"trigger":{"when":"event","event":"ack","count":3,"after_ns":0,' in text


def test_a_plan_has_one_order_whatever_order_it_was_written_in() -> None:
    faults = (
        fault("z", trigger=AtTime(time_ns=1)),
        fault("a", trigger=AtTime(time_ns=2)),
        fault("b", trigger=AtTime(time_ns=2)),
        fault("0", trigger=OnEvent(event="fill")),
    )
    for shuffled in permutations(faults):
        assert FaultPlan(faults=shuffled).faults == faults


def test_two_faults_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="found two faults named 'f', allowed is one"):
        FaultPlan(faults=(fault(), fault(trigger=AtTime(time_ns=9))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "fault '': name is empty"),
        ({"target": ""}, "fault 'f': target is empty"),
        ({"duration_ns": -1}, "fault 'f': duration_ns is -1, allowed is 0 or more"),
        (
            {"severity": 0},
            "fault 'f': severity is 0, allowed for F-03 is 1 to 1000000 (ppm of all)",
        ),
        ({"severity": PPM + 1}, "fault 'f': severity is 1000001, allowed for F-03 is 1 to 1000000"),
        (
            {"kind": FaultKind.HOST_CRASH},
            "fault 'f': severity is 1, allowed for P-01 is 0 to 0 (nothing)",
        ),
        (
            {"kind": FaultKind.FEED_DELAY, "severity": -1},
            "fault 'f': severity is -1, allowed for F-01 is 1 or more (ns)",
        ),
    ],
)
def test_a_wrong_fault_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        fault(**change)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_wrong_trigger_is_named() -> None:
    with pytest.raises(InputError, match="time_ns is -1"):
        AtTime(time_ns=-1)
    with pytest.raises(InputError, match="event is empty"):
        OnEvent(event="")
    with pytest.raises(InputError, match="count is 0"):
        OnEvent(event="x", count=0)
    with pytest.raises(InputError, match="after_ns is -1"):
        OnEvent(event="x", after_ns=-1)
