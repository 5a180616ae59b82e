"""Two machines and a lease: whatever wires lose, delay and repeat, never do both have the right to speak.

Method: true time is counted in whole units of a million, so that clocks that run fast or slow by parts per
million stay exact. The wire keeps whatever was sent and delivers any of it at any time, once, twice or never.
A clock's rate changes whenever Hypothesis likes, and stays within what the lease was told. A machine that
stands still is one to which nothing happens while time passes.
"""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import sim.pair.lease as lease_file
from sim.pair.lease import PPM, Answer, Beat, Holder, HolderState, Watcher, WatcherState

LEASE_UNITS = 100
LEASE_NS = LEASE_UNITS * PPM
DRIFTS_PPM = (0, 100, 50_000, 200_000)
RATES = st.sampled_from((-PPM, -PPM // 3, 0, PPM // 3, PPM))
"""Of the drift that is allowed."""

INDEX = st.integers(0, 20)


class TwoMachines(RuleBasedStateMachine):
    """A holder and its watcher, each with a clock of its own, and a wire that spares nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now_units = 0
        self.clocks_ns = [0, 0]
        self.rates_ppm = [0, 0]
        self.drift_ppm = 0
        self.beats: list[Beat] = []
        self.answers: list[Answer] = []
        self.epochs = (0, 0)
        self.was_lost = False

    @initialize(
        drift_ppm=st.sampled_from(DRIFTS_PPM),
        shares=st.tuples(RATES, RATES),
        apart_ns=st.integers(-(10**12), 10**12),
    )
    def begin(self, drift_ppm: int, shares: tuple[int, int], apart_ns: int) -> None:
        """Both are told of the lease at one moment; what their clocks show then is their own affair."""
        self.drift_ppm = drift_ppm
        self.rates_ppm = [drift_ppm * share // PPM for share in shares]
        self.clocks_ns = [0, apart_ns]
        self.holder = Holder(1, lease_ns=LEASE_NS, drift_ppm=drift_ppm, now_ns=0)
        self.watcher = Watcher(1, lease_ns=LEASE_NS, now_ns=apart_ns)

    # --- time ---------------------------------------------------------------------------------------

    def _pass(self, units: int) -> None:
        self.now_units += units
        for who, rate_ppm in enumerate(self.rates_ppm):
            self.clocks_ns[who] += units * (PPM + rate_ppm)

    @rule(units=st.sampled_from((1, 7, 30, 60, 99)))
    def time_passes(self, units: int) -> None:
        """For a moment, or for most of a lease."""
        self._pass(units)

    @rule(who=st.integers(0, 1))
    def until_something_is_due(self, who: int) -> None:
        """To the first instant at which a right or a patience is over."""
        due_ns = self.watcher.due_ns if who else self.holder.until_ns
        left_ns = due_ns - self.clocks_ns[who]
        if left_ns > 0:
            self._pass(-(-left_ns // (PPM + self.rates_ppm[who])))

    @rule(who=st.integers(0, 1), share=RATES)
    def a_clock_drifts(self, who: int, share: int) -> None:
        """As far as the lease was told of, at most."""
        self.rates_ppm[who] = self.drift_ppm * share // PPM

    # --- the wire -----------------------------------------------------------------------------------

    @rule()
    def beat(self) -> None:
        self.beats.append(self.holder.beat(self.clocks_ns[0]))

    @precondition(lambda self: self.beats)
    @rule(index=INDEX, again=st.booleans())
    def a_beat_arrives(self, index: int, *, again: bool) -> None:
        number = index % len(self.beats)
        beat = self.beats[number] if again else self.beats.pop(number)
        self.answers.append(self.watcher.hear(beat, self.clocks_ns[1]))

    @precondition(lambda self: self.answers)
    @rule(index=INDEX, again=st.booleans())
    def an_answer_arrives(self, index: int, *, again: bool) -> None:
        number = index % len(self.answers)
        answer = self.answers[number] if again else self.answers.pop(number)
        self.holder.hear(answer, self.clocks_ns[0])

    @rule(whole=st.booleans())
    def a_round_trip(self, *, whole: bool) -> None:
        """What usually happens: a beat and its answer, at once; or the answer is late."""
        answer = self.watcher.hear(self.holder.beat(self.clocks_ns[0]), self.clocks_ns[1])
        if whole:
            self.holder.hear(answer, self.clocks_ns[0])
        else:
            self.answers.append(answer)

    @precondition(lambda self: self.watcher.state is WatcherState.TAKEN)
    @rule()
    def the_edge_says_so(self) -> None:
        """A venue that knows of the higher epoch refuses the lower."""
        self.holder.outbid()

    @rule()
    def the_watcher_looks(self) -> None:
        self.watcher.is_over(self.clocks_ns[1])

    # --- what must hold -------------------------------------------------------------------------------

    @invariant()
    def at_most_one_may_speak(self) -> None:
        if hasattr(self, "watcher") and self.watcher.state is WatcherState.TAKEN:
            assert not self.holder.may_speak(self.clocks_ns[0])

    @invariant()
    def who_could_be_taken_over_now_may_not_speak(self) -> None:
        """Whether or not anybody looks."""
        if hasattr(self, "watcher") and self.clocks_ns[1] >= self.watcher.due_ns:
            assert self.clocks_ns[0] >= self.holder.until_ns

    @invariant()
    def epochs_only_rise_and_what_is_lost_stays_lost(self) -> None:
        if not hasattr(self, "watcher"):
            return
        epochs = self.holder.epoch, self.watcher.epoch
        assert all(one >= before for one, before in zip(epochs, self.epochs, strict=True))
        assert all(one.epoch <= self.watcher.epoch for one in (*self.answers, *self.beats))
        self.epochs = epochs
        is_lost = self.holder.state is HolderState.LOST
        assert is_lost or not self.was_lost
        self.was_lost = is_lost


TestTwoMachines: Any = TwoMachines.TestCase
TestTwoMachines.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def worst(drift_ppm: int) -> tuple[Holder, int, Watcher, int]:
    """The worst that clocks may do: the holder's is slow, the watcher's is fast, and no message comes."""
    holder = Holder(1, lease_ns=LEASE_NS, drift_ppm=drift_ppm, now_ns=0)
    watcher = Watcher(1, lease_ns=LEASE_NS, now_ns=0)
    answer = watcher.hear(holder.beat(0), 0)
    holder.hear(answer, 0)
    units = -(-watcher.due_ns // (PPM + drift_ppm))
    return holder, units * (PPM - drift_ppm), watcher, units * (PPM + drift_ppm)


@pytest.mark.parametrize("drift_ppm", DRIFTS_PPM)
def test_the_worst_that_clocks_may_do_is_not_enough(drift_ppm: int) -> None:
    holder, his_ns, watcher, hers_ns = worst(drift_ppm)

    assert watcher.is_over(hers_ns)
    assert not holder.may_speak(his_ns)


def test_with_a_right_as_long_as_the_lease_it_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_file, "held_ns", lambda lease_ns, _: lease_ns)
    holder, his_ns, watcher, hers_ns = worst(50_000)

    assert watcher.is_over(hers_ns)
    assert holder.may_speak(his_ns)
