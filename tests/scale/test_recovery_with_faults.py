"""Recovery of a desk whose session goes wrong in every way at once: the same state, bit by bit, at every event.

Feed, sessions, reports, process, journal and venue break one after another, so that the journal holds what
only happens then: vetoes, pauses, safe mode, orders in doubt, trades that are taken back.
"""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from desk.journal import Reader, RecordType, event_in
from desk.pipeline import Desk
from desk.recovery import ReplayLog, rebuild, replay
from market.codes import ReportType
from market.decisions import ActionKind
from market.messages import Report
from scenarios.schema import scenario_of, scenario_text
from scenarios.sections import Scenario
from tests.desk_day import Day, digest_of, record_day

DURATION = "55s"
SNAPSHOT_EVERY = 64
SAMPLES = 400
CRASHES_EVERY = 50
EVENTS_MIN = 3_000

SESSION = {
    "heartbeat": "100ms",
    "quiet": "150ms",
    "timeout": "400ms",
    "logon": "500ms",
    "reconnect": "250ms",
}

FAULTS = """
faults = [
  { name = "late", kind = "F-01", target = "desk.feed", at = "26s", duration = "2s", severity = "300ms" },
  { name = "slow_acks", kind = "G-04", target = "desk.reports", at = "27s", duration = "2s", severity = "150ms" },
  { name = "bursts", kind = "F-02", target = "desk.feed", at = "29s", duration = "1s", severity = "200ms" },
  { name = "lossy", kind = "G-05", target = "desk.reports", at = "30500ms", duration = "3s", severity = 100_000 },
  { name = "stands", kind = "P-03", target = "desk.compute", at = "34s", duration = "500ms" },
  { name = "full", kind = "S-03", target = "desk.journal", at = "35500ms", duration = "800ms" },
  { name = "stuck", kind = "S-09", target = "desk.journal", at = "37s", duration = "300ms" },
  { name = "halt", kind = "V-01", target = "book:AAA@NORTH", at = "38s", duration = "3s" },
  { name = "cut", kind = "G-02", target = "desk.session", at = "42s", duration = "600ms", severity = "200ms" },
  { name = "busts", kind = "V-04", target = "book:BBB@SOUTH", at = "44500ms", severity = 4 },
  { name = "deaf", kind = "G-03", target = "desk.reports", at = "46s", duration = "3s" },
]
"""


def everything_breaks(_scenario: Scenario, snapshot_every: int) -> Scenario:
    """The base of drills, shorter, with all of it on."""
    text, where = scenario_text("drill_base")
    table = tomllib.loads(text) | tomllib.loads(FAULTS)
    table["run"]["duration"] = DURATION
    host = table["hosts"][0]
    host["session"] = SESSION
    host["stack"] |= {"snapshot_every": snapshot_every, "flat_before_end": "5s"}
    return scenario_of(table, where, Path(where).parent)


@pytest.fixture(scope="module")
def day() -> Day:
    """The session, with the digest of every event and what crashes would leave."""
    return record_day(
        "drill_base",
        snapshot_every=SNAPSHOT_EVERY,
        wanted=lambda _number: True,
        change=everything_breaks,
        crashed=lambda number: number % CRASHES_EVERY == 0,
    )


def from_newest_snapshot(day: Day, number: int) -> Desk:
    """The desk of an event, from the newest snapshot before it and what followed."""
    at = start = day.events[number]
    while start > 0 and day.records[start].type is not RecordType.SNAPSHOT:
        start -= 1
    return rebuild(day.make, day.records[start : at + 1])


def test_every_fault_bites(day: Day) -> None:
    """What follows is about a session in which all of it happened, and the desk acted on it."""
    assert len(day.events) >= EVENTS_MIN
    assert len(day.faults) == FAULTS.count("name =")
    assert all(one.hits > 0 for one in day.faults), day.faults
    seen: Counter[str] = Counter()
    for at in day.events:
        event = event_in(day.records[at])
        if isinstance(event.message, Report):
            seen[event.message.type.name] += 1
        seen["vetoes"] += sum(one.veto is not None for one in event.decisions)
        seen.update(one.kind.name for one in event.actions)
    for one in (ReportType.FILLED, ReportType.CANCELLED, ReportType.BUSTED, ReportType.CORRECTED):
        assert seen[one.name] > 0, one
    for action in (ActionKind.PAUSE, ActionKind.RESUME, ActionKind.SAFE):
        assert seen[action.name] > 0, action
    assert seen["vetoes"] > 0


def test_from_the_first_record_at_every_event(day: Day) -> None:
    """A desk that is replayed without any snapshot is the run's desk after each event."""
    log = ReplayLog()
    desk = day.make(log, None)
    assert len(day.digests) == len(day.events)
    for number, at in enumerate(day.events):
        replay(desk, log, day.records[at : at + 1])
        assert digest_of(desk) == day.digests[number], f"event {number}"


def test_from_the_newest_snapshot_at_drawn_events(day: Day) -> None:
    """So is one that begins at the newest snapshot, at events all over the session."""
    step = len(day.events) // SAMPLES
    for number in range(0, len(day.events), step):
        desk = from_newest_snapshot(day, number)
        assert digest_of(desk) == day.digests[number], f"event {number}"


def test_from_what_a_crash_leaves(day: Day) -> None:
    """The durable bytes at a moment give the desk of their last event, which is this one or one before."""
    behind: Counter[bool] = Counter()
    for number, data in day.crashes.items():
        records = list(Reader(data))
        durable = sum(one.type is RecordType.EVENT for one in records)
        assert durable <= number + 1
        behind[durable < number + 1] += 1
        if durable:
            assert digest_of(rebuild(day.make, records)) == day.digests[durable - 1]
    assert behind[True] > 0


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_from_both_ends_at_every_event(day: Day) -> None:
    """The whole sweep: a new desk for every event, from the newest snapshot and from the first record."""
    whole = [one for one in day.records if one.type is not RecordType.SNAPSHOT]
    seen = 0
    for at, record in enumerate(whole):
        if record.type is not RecordType.EVENT:
            continue
        number, seen = seen, seen + 1
        assert digest_of(from_newest_snapshot(day, number)) == day.digests[number]
        if number % CRASHES_EVERY == 0:
            assert digest_of(rebuild(day.make, whole[: at + 1])) == day.digests[number]
    assert seen == len(day.events)
