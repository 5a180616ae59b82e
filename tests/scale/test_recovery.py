"""A new desk, from durable bytes alone, is the old one: at every event, and from every torn tail."""

from bisect import bisect_right
from collections.abc import Iterator

import pytest

from desk.journal import Head, Reader, Record, RecordType
from desk.pipeline import Desk
from desk.recovery import ReplayLog, rebuild, replay
from sim.streams import draw, uniform_below
from tests.desk_day import Day, digest_of, record_day

SAMPLES = 2_000
EVENTS_MIN = 20_000
COMMANDS_AFTER = 200
TO_THE_END = 100
TAIL_BYTES = 64 * 1024
SNAPSHOT_EVERY = 256
KEY = 20_120_621
DURATION_NS = 480 * 10**9


def sampled(number: int) -> bool:
    """About one event in thirteen, and every one of the first."""
    return number < 100 or draw(KEY, number) % 13 == 0


@pytest.fixture(scope="module")
def day() -> Day:
    """A recorded day of the calm scenario, with a strategy that never rests."""
    return record_day(
        "calm", snapshot_every=SNAPSHOT_EVERY, wanted=sampled, duration_ns=DURATION_NS
    )


def before(day: Day, number: int) -> list[Record]:
    """Durable records up to and with an event; more than one snapshot back nothing is needed."""
    at = day.events[number]
    start = at
    while start > 0 and day.records[start].type is not RecordType.SNAPSHOT:
        start -= 1
    return day.records[start : at + 1]


def after(day: Day, number: int, commands: int) -> Iterator[Record]:
    """Records behind an event until so many commands have left."""
    left = commands
    for at in range(day.events[number] + 1, len(day.records)):
        yield day.records[at]
        left -= day.commands[at]
        if left <= 0:
            return


def recover(day: Day, number: int) -> Desk:
    """A new desk as of an event; its state must be the uninterrupted one's."""
    desk = rebuild(day.make, before(day, number))
    assert desk.data.seq == number + 1
    assert digest_of(desk) == day.digests[number], f"event {number}"
    return desk


def go_on(desk: Desk, records: Iterator[Record]) -> int:
    """Take what followed; `replay` holds every command, decision and action against the record."""
    assert isinstance(desk.journal, ReplayLog)
    return replay(desk, desk.journal, records)


def test_the_day_is_long_enough(day: Day) -> None:
    """What follows is about a real day, with as many commands as a busy desk sends."""
    assert len(day.events) >= EVENTS_MIN
    assert sum(day.commands) >= len(day.events) // 3


def test_recovery_at_sampled_events(day: Day) -> None:
    """At 2,000 drawn events the state is equal, and so are the next 200 commands."""
    numbers = sorted(number for number in day.digests if number < len(day.events))
    step = max(len(numbers) // SAMPLES, 1)
    chosen = numbers[::step][:SAMPLES]
    assert len(chosen) >= SAMPLES
    for number in chosen:
        go_on(recover(day, number), after(day, number, COMMANDS_AFTER))


def test_recovery_to_the_end(day: Day) -> None:
    """From a few events on, everything to the end of the day is the same."""
    numbers = sorted(day.digests)
    for part in range(3):
        number = numbers[len(numbers) * (part + 1) // 4]
        count = go_on(recover(day, number), iter(day.records[day.events[number] + 1 :]))
        assert count == len(day.events) - number - 1


def test_recovery_from_every_boundary_of_the_tail(day: Day) -> None:
    """Wherever the last 64 KiB are torn, the reader cuts at a record and the desk is right there."""
    first = len(day.data) - TAIL_BYTES
    tail = next(at for at, record in enumerate(day.records) if record.end_offset > first)
    start = max(tail - 3 * SNAPSHOT_EVERY, 1)
    behind = day.records[start - 1]
    head = Head(behind.seq + 1, behind.end_offset, behind.chain)
    checked = 0
    for record in day.records[tail:]:
        reader = Reader(day.data[: record.end_offset + 7], head)
        records = list(reader)
        assert records[-1] == record
        number = bisect_right(day.events, record.seq) - 1
        desk = rebuild(day.make, records)
        assert desk.data.seq == number + 1
        if number in day.digests:
            checked += 1
            assert digest_of(desk) == day.digests[number]
    assert checked >= len(day.records[tail:]) // 20


def test_recovery_without_any_snapshot(day: Day) -> None:
    """A journal without snapshots is replayed from its first record, to the same state."""
    number = max(one for one in day.digests if one < 2_000)
    records = [
        one for one in day.records[: day.events[number] + 1] if one.type is not RecordType.SNAPSHOT
    ]
    assert digest_of(rebuild(day.make, records)) == day.digests[number]


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_recovery_at_every_event() -> None:
    """The whole sweep: every event, its state and its next 200 commands; 100 to the end."""
    day = record_day(
        "calm", snapshot_every=SNAPSHOT_EVERY, wanted=lambda _: True, duration_ns=DURATION_NS
    )
    for number in range(len(day.events)):
        go_on(recover(day, number), after(day, number, COMMANDS_AFTER))
    for index in range(TO_THE_END):
        number = uniform_below(draw(KEY + 1, index), len(day.events))
        go_on(recover(day, number), iter(day.records[day.events[number] + 1 :]))
