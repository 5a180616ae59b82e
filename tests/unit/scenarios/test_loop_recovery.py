"""A desk that learns its costs, rebuilt from its journal before, at and after a boundary, is the old one."""

import pytest

from desk.journal import RecordType, event_in
from desk.recovery import ReplayLog, rebuild, replay
from desk.tca.loop import LoopData
from market.errors import InputError
from tests.desk_day import Day, as_written, digest_of, record_day

MINUTES = 25
SNAPSHOT_EVERY = 512


@pytest.fixture(scope="module")
def day() -> Day:
    """Past two boundaries."""
    return record_day(
        "impact_doubles",
        snapshot_every=SNAPSHOT_EVERY,
        wanted=lambda _: True,
        duration_ns=MINUTES * 60 * 10**9,
        change=as_written,
    )


def test_at_every_moment_around_a_boundary_the_rebuilt_desk_is_the_old_one(day: Day) -> None:
    learned = [number for number, at in enumerate(day.events) if event_in(day.records[at]).learned]
    assert len(learned) == 2
    for boundary in learned:
        for number in (boundary - SNAPSHOT_EVERY, boundary - 1, boundary, boundary + 1):
            at = day.events[number]
            start = at
            while start > 0 and day.records[start].type is not RecordType.SNAPSHOT:
                start -= 1
            desk = rebuild(day.make, day.records[start : at + 1])
            assert digest_of(desk) == day.digests[number], f"event {number}"
            assert isinstance(desk.journal, ReplayLog)
            count = replay(desk, desk.journal, day.records[at + 1 :])
            assert count == len(day.events) - number - 1
            assert digest_of(desk) == day.digests[len(day.events) - 1]


def test_another_curve_is_found_out_by_the_first_thing_that_differs(day: Day) -> None:
    """The curves are part of what a replay is held to: a state with other ones goes another way."""
    boundary = next(
        number for number, at in enumerate(day.events) if event_in(day.records[at]).learned
    )
    at = day.events[boundary - 1]
    desk = rebuild(day.make, day.records[: at + 1])
    assert isinstance(desk.data.costs, LoopData)
    desk.data.costs.books[0].costs_ppm[-1] += 100
    assert isinstance(desk.journal, ReplayLog)
    with pytest.raises(InputError, match="allowed is what is on record"):
        replay(desk, desk.journal, day.records[at + 1 :])
