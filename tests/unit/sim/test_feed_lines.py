"""A local book that is fed by two lines, one trouble at a time."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from market.codes import Trigger
from sim.kernels import line_words
from sim.lines import FeedEvent, FeedNote, Impairing
from sim.reference.line import Published
from sim.slowdown import Slowdown, Slowing
from tests.lined_worlds import MS, START_NS, Lined, Setting, constant

ALL_PPM = 1_000_000
FROM_NS = START_NS + 200 * MS
NEVER_NS = 1 << 62


def ran(setting: Setting, until_ms: int = 1_000, *, armed: bool = True) -> Lined:
    """A pair that has run for a while."""
    pair = Lined(setting, armed=armed)
    pair.advance(START_NS + until_ms * MS)
    return pair


def kinds(notes: Sequence[FeedNote], line: int = 0) -> list[FeedEvent]:
    """What was noted of both lines together, or of one."""
    return [FeedEvent(note.what) for note in notes if note.line == line]


def both(what: Impairing, length_ms: int, amount: int) -> Setting:
    """The same trouble on both lines, from 200 ms on."""
    until_ns = FROM_NS + length_ms * MS
    return Setting(
        troubles=tuple((line, what, FROM_NS, until_ns, amount) for line in range(2)),
        requests=0,
    )


def is_right(pair: Lined) -> bool:
    """Whether the local book is its venue's; only where everything has arrived."""
    seen, venue = pair.seen(), pair.venue()
    return {side: seen[side] for side in venue} == venue


@pytest.mark.parametrize("enum", [FeedEvent, Impairing])
def test_codes_are_those_of_the_kernel(enum: type[FeedEvent] | type[Impairing]) -> None:
    for member in enum:
        assert getattr(line_words, member.name) == member.value


def test_without_trouble_the_faster_line_counts_and_nothing_is_noted() -> None:
    pair = ran(Setting())
    assert pair.notes == []
    assert pair.lines.counts(1)["taken"] == 0
    assert pair.lines.counts(0)["taken"] == pair.lines.counts(1)["again"] > 300


def test_a_late_line_is_replaced_by_the_other_without_a_gap() -> None:
    row = Slowdown(kind=Slowing.ADD, from_ns=FROM_NS, until_ns=FROM_NS + 400 * MS, amount=500 * MS)
    pair = ran(Setting(slow=((0, row),), end_ns=START_NS + 2_000 * MS), 1_600)
    assert kinds(pair.notes) == []
    assert kinds(pair.notes, 1) == [FeedEvent.BEGUN, FeedEvent.CAUGHT_UP]
    assert pair.lines.counts(1)["taken"] > 150
    assert not pair.world.maybe_bad(0)
    assert pair.lines.slow_hits(0, 0) > 0


def test_a_gap_on_both_lines_freezes_the_book_and_wakes_who_waits() -> None:
    setting = both(Impairing.LOSE_RUN, 800, 5)
    pair = Lined(setting, armed=True)
    pair.advance(FROM_NS)
    until_ns = FROM_NS
    while not pair.world.maybe_bad(0):
        until_ns += MS
        pair.advance(until_ns)
    frozen = pair.seen()
    assert pair.woken[-1][1] & Trigger.GAP
    assert pair.woken[-1][0] == pair.notes[0].ts_ns
    assert pair.notes[0].missing >= 5
    pair.advance(until_ns + 10 * MS)
    assert pair.seen() == frozen
    pair.advance(until_ns + 100 * MS)
    assert kinds(pair.notes) == [FeedEvent.BEGUN, FeedEvent.GIVEN_UP, FeedEvent.SPLICED]
    assert not pair.world.maybe_bad(0)


def test_what_is_missing_is_asked_for_again() -> None:
    setting = Setting(
        troubles=tuple((line, Impairing.LOSE_RUN, FROM_NS, NEVER_NS, 3) for line in range(2))
    )
    pair = ran(setting)
    assert kinds(pair.notes) == [FeedEvent.BEGUN, FeedEvent.ASKED, FeedEvent.REFILLED]
    pair.advance(setting.end_ns + 500 * MS)
    assert is_right(pair)


def test_requests_have_a_rate_and_a_most_and_end_in_a_snapshot() -> None:
    setting = Setting(
        troubles=tuple((line, Impairing.LOSE_RUN, FROM_NS, NEVER_NS, 3) for line in range(2)),
        requests=4,
        request_ns=15 * MS,
        refill_loss_ppm=ALL_PPM,
    )
    pair = ran(setting)
    asked = [note.ts_ns for note in pair.notes if note.what == FeedEvent.ASKED]
    assert [after - before for before, after in pairwise(asked)] == [15 * MS] * 3
    assert kinds(pair.notes)[-2:] == [FeedEvent.GIVEN_UP, FeedEvent.SPLICED]


def test_the_last_message_of_all_is_missed_by_a_heartbeat() -> None:
    setting = Setting(end_ns=START_NS + 500 * MS, seed=3)
    quiet = Lined(setting, armed=False)
    quiet.advance(setting.end_ns + 2_000 * MS)
    last_ns = quiet.world.view(0).venue_ns
    lost = tuple((line, Impairing.LOSE_RUN, last_ns, NEVER_NS, 100) for line in range(2))
    pair = Lined(Setting(end_ns=setting.end_ns, seed=3, troubles=lost), armed=True)
    pair.advance(setting.end_ns + 2_000 * MS)
    begun = pair.notes[0]
    beat_ns = -(-last_ns // (20 * MS)) * 20 * MS
    assert begun.what == FeedEvent.BEGUN
    assert begun.ts_ns == beat_ns + 1 * MS + setting.wait_ns
    assert is_right(pair)


def test_without_heartbeats_nobody_knows_of_the_last_message() -> None:
    setting = Setting(end_ns=START_NS + 500 * MS, seed=3)
    quiet = Lined(setting, armed=False)
    quiet.advance(setting.end_ns + 2_000 * MS)
    last_ns = quiet.world.view(0).venue_ns
    lost = tuple((line, Impairing.LOSE_RUN, last_ns, NEVER_NS, 100) for line in range(2))
    blind = Setting(end_ns=setting.end_ns, seed=3, troubles=lost, beat_ns=0)
    pair = Lined(blind, armed=True)
    pair.advance(setting.end_ns + 2_000 * MS)
    assert pair.notes == []


def test_a_snapshot_that_is_older_than_the_gap_is_refused() -> None:
    pair = Lined(
        Setting(
            troubles=tuple((line, Impairing.LOSE_RUN, FROM_NS, NEVER_NS, 5) for line in range(2)),
            ages=((FROM_NS, FROM_NS + 200 * MS, 300 * MS),),
            requests=0,
        ),
        armed=True,
    )
    pair.advance(START_NS + 900 * MS)
    seen = kinds(pair.notes)
    assert seen[:3] == [FeedEvent.BEGUN, FeedEvent.GIVEN_UP, FeedEvent.TOO_OLD]
    assert seen[-1] is FeedEvent.SPLICED
    assert pair.lines.snapshot_hits(0) == seen.count(FeedEvent.TOO_OLD) > 2
    pair.advance(START_NS + 3_000 * MS)
    assert is_right(pair)


def test_lines_that_disagree_are_an_alarm_and_a_snapshot_puts_it_right() -> None:
    wrong = (0, Impairing.DIVERGE, FROM_NS, FROM_NS + 100 * MS, 300_000)
    pair = Lined(Setting(troubles=(wrong,)), armed=True)
    pair.advance(START_NS + 900 * MS)
    assert FeedEvent.DISAGREED in kinds(pair.notes)
    assert kinds(pair.notes)[-1] is FeedEvent.SPLICED
    pair.advance(START_NS + 3_000 * MS)
    assert is_right(pair)


def test_a_book_that_crosses_itself_is_not_believed() -> None:
    wrong = tuple((line, Impairing.CROSS, FROM_NS, FROM_NS + 30 * MS, 2) for line in range(2))
    pair = Lined(Setting(troubles=wrong), armed=True)
    pair.advance(START_NS + 900 * MS)
    assert kinds(pair.notes)[0] is FeedEvent.CROSSED
    assert kinds(pair.notes)[-1] is FeedEvent.SPLICED
    pair.advance(START_NS + 3_000 * MS)
    assert is_right(pair)


@pytest.mark.parametrize("what", [Impairing.REPEAT, Impairing.OVERTAKE])
def test_repeated_and_overtaken_messages_change_nothing(what: Impairing) -> None:
    amount = ALL_PPM if what is Impairing.REPEAT else 2
    setting = Setting(troubles=((0, what, FROM_NS, FROM_NS + 400 * MS, amount),), wait_ns=20 * MS)
    pair = ran(setting)
    assert pair.notes == []
    assert pair.lines.hits(0, 0) > 20


def test_corrupt_messages_are_dropped_and_counted() -> None:
    trouble = (0, Impairing.CORRUPT, FROM_NS, FROM_NS + 400 * MS, ALL_PPM)
    pair = ran(Setting(troubles=(trouble,), wait_ns=20 * MS))
    assert kinds(pair.notes) == []
    counts = pair.lines.counts(0)
    assert counts["corrupt"] == counts["lost"] == pair.lines.hits(0, 0) > 100


def test_a_frozen_feed_has_no_gap_and_no_news() -> None:
    frozen = tuple((line, Impairing.FREEZE, FROM_NS, FROM_NS + 400 * MS, 0) for line in range(2))
    pair = Lined(Setting(troubles=frozen), armed=True)
    pair.advance(FROM_NS + 10 * MS)
    before = pair.world.view(0).seq
    pair.advance(FROM_NS + 399 * MS)
    assert pair.world.view(0).seq == before
    assert kinds(pair.notes) == []
    assert not pair.world.maybe_bad(0)


def test_a_frozen_line_counts_every_message_that_it_kept() -> None:
    until_ns = FROM_NS + 400 * MS
    frozen = tuple((line, Impairing.FREEZE, FROM_NS, until_ns, 0) for line in range(2))
    pair = Lined(Setting(troubles=frozen), armed=True)
    sent_ns: list[int] = []
    publish = pair.reference.publish

    def listen(message: Published) -> None:
        sent_ns.append(message.ts_ns)
        publish(message)

    pair.reference.publish = listen  # type: ignore[method-assign]
    pair.advance(START_NS + 1_000 * MS)

    for line, latency_ns in enumerate((1 * MS, 3 * MS)):
        kept = [one for one in sent_ns if one >= FROM_NS and one + latency_ns < until_ns]
        assert pair.lines.hits(line, 0) == len(kept) > 100


def test_a_feed_that_is_silent_on_both_lines_stays_bad_until_it_is_heard() -> None:
    lost = tuple((line, Impairing.LOSE, FROM_NS, FROM_NS + 500 * MS, ALL_PPM) for line in range(2))
    pair = Lined(Setting(troubles=lost, beat_ns=20 * MS), armed=True)
    pair.advance(FROM_NS + 120 * MS)
    assert pair.world.maybe_bad(0)
    assert kinds(pair.notes) == [FeedEvent.BEGUN]
    pair.advance(FROM_NS + 499 * MS)
    assert kinds(pair.notes) == [FeedEvent.BEGUN]
    pair.advance(FROM_NS + 800 * MS)
    assert not pair.world.maybe_bad(0)


def test_a_fault_that_comes_during_the_run_acts_from_then_on() -> None:
    pair = Lined(Setting(a=constant(1 * MS), b=constant(3 * MS)), armed=False)
    pair.world.advance(FROM_NS)
    number = pair.lines.impair(
        0, Impairing.LOSE, FROM_NS, FROM_NS + 100 * MS, amount=ALL_PPM, key=5
    )
    row = Slowdown(kind=Slowing.ADD, from_ns=FROM_NS, until_ns=FROM_NS + 100 * MS, amount=MS)
    first, second = pair.lines.slow(1, row), pair.lines.slow(1, row)
    pair.world.advance(FROM_NS + 200 * MS)
    assert pair.lines.hits(0, number) > 20
    assert (first, second) == (0, 1)
    assert pair.lines.slow_hits(1, 0) == pair.lines.slow_hits(1, 1) > 20
