"""Both ends of a lease, one word at a time; `tests/property/test_lease.py` lets wires and clocks do their worst."""

import pytest

from sim.pair.lease import (
    HOLDER,
    PPM,
    WATCHER,
    Answer,
    Beat,
    Holder,
    HolderState,
    HolderWord,
    Watcher,
    WatcherState,
    WatcherWord,
    held_ns,
)

LEASE_NS = 1_000
DRIFT_PPM = 100_000
HELD_NS = 800


def holder(now_ns: int = 0) -> Holder:
    return Holder(3, lease_ns=LEASE_NS, drift_ppm=DRIFT_PPM, now_ns=now_ns)


def watcher(now_ns: int = 0) -> Watcher:
    return Watcher(3, lease_ns=LEASE_NS, now_ns=now_ns)


@pytest.mark.parametrize(("drift_ppm", "held"), [(0, 1_000), (100, 999), (DRIFT_PPM, HELD_NS)])
def test_the_right_to_speak_is_shorter_than_the_lease_by_twice_the_drift(
    drift_ppm: int, held: int
) -> None:
    assert held_ns(LEASE_NS, drift_ppm) == held


def test_the_tables_are_whole_and_the_last_state_of_each_is_for_good() -> None:
    assert set(HOLDER) == set(HolderState)
    assert all(set(words) == set(HolderWord) for words in HOLDER.values())
    assert set(HOLDER[HolderState.LOST].values()) == {HolderState.LOST}
    assert set(WATCHER) == set(WatcherState)
    assert all(set(words) == set(WatcherWord) for words in WATCHER.values())
    assert set(WATCHER[WatcherState.TAKEN].values()) == {WatcherState.TAKEN}


def test_who_begins_may_speak_until_its_time_is_over_and_not_at_that_instant() -> None:
    one = holder(now_ns=50)
    assert one.may_speak(50 + HELD_NS - 1)
    assert one.state is HolderState.HOLDING
    assert not one.may_speak(50 + HELD_NS)
    assert one.state is HolderState.LAPSED


def test_an_answer_counts_from_when_its_beat_was_sent_not_from_when_it_came() -> None:
    one = holder()
    assert one.beat(100) == Beat(3, 1)
    assert one.hear(Answer(3, 1), 700) is HolderState.HOLDING
    assert one.until_ns == 100 + HELD_NS
    assert not one.may_speak(900)


def test_answers_may_change_places_and_the_older_takes_nothing_back() -> None:
    one = holder()
    one.beat(100)
    one.beat(200)
    one.hear(Answer(3, 2), 300)
    one.hear(Answer(3, 1), 310)
    assert one.until_ns == 200 + HELD_NS


@pytest.mark.parametrize("came_ns", [100 + HELD_NS, 100 + HELD_NS + 1, 5_000])
def test_an_answer_that_comes_when_its_right_is_over_renews_nothing(came_ns: int) -> None:
    one = holder()
    one.beat(100)
    assert not one.may_speak(came_ns)
    assert one.hear(Answer(3, 1), came_ns) is HolderState.LAPSED
    assert one.until_ns == HELD_NS


def test_an_answer_is_good_once_and_one_that_nobody_asked_for_never() -> None:
    one = holder()
    one.beat(100)
    one.hear(Answer(3, 7), 150)
    assert one.until_ns == HELD_NS
    one.hear(Answer(3, 1), 200)
    one.until_ns = 0  # whatever it was
    one.hear(Answer(3, 1), 250)
    assert one.until_ns == 0


def test_a_right_that_ran_out_comes_back_with_an_answer_to_a_later_beat() -> None:
    one = holder()
    assert not one.may_speak(2_000)
    one.beat(2_000)
    assert one.hear(Answer(3, 1), 2_100) is HolderState.HOLDING
    assert one.may_speak(2_000 + HELD_NS - 1)


@pytest.mark.parametrize("by_edge", [True, False])
def test_who_was_outbid_never_speaks_again(*, by_edge: bool) -> None:
    one = holder()
    one.beat(100)
    one.beat(110)
    if by_edge:
        one.outbid()
    else:
        assert one.hear(Answer(4, 1), 120) is HolderState.LOST
    assert not one.may_speak(121)
    assert one.hear(Answer(3, 2), 130) is HolderState.LOST
    assert not one.may_speak(131)
    assert one.epoch == 3


def test_beats_to_which_no_answer_could_renew_are_forgotten() -> None:
    one = holder()
    for at_ns in range(0, 100 * HELD_NS, HELD_NS // 4):
        one.beat(at_ns)
    assert len(one._sent) <= 5


def test_a_watcher_waits_for_the_whole_lease_from_the_last_beat_that_reached_it() -> None:
    one = watcher(now_ns=10)
    assert one.due_ns == 10 + LEASE_NS
    assert one.hear(Beat(3, 1), 400) == Answer(3, 1)
    assert not one.is_over(400 + LEASE_NS - 1)
    assert one.state is WatcherState.FOLLOWING
    assert one.is_over(400 + LEASE_NS)
    assert (one.state, one.epoch) == (WatcherState.TAKEN, 4)


def test_a_watcher_takes_over_once_and_answers_later_beats_with_its_own_epoch() -> None:
    one = watcher()
    assert one.is_over(LEASE_NS)
    assert not one.is_over(9 * LEASE_NS)
    assert one.hear(Beat(3, 5), 1_200) == Answer(4, 5)
    assert (one.state, one.epoch, one.heard_ns) == (WatcherState.TAKEN, 4, 0)
    assert holder().hear(one.hear(Beat(3, 6), 1_300), 1_300) is HolderState.LOST


def test_shares_are_of_a_million() -> None:
    assert PPM == 1_000_000
