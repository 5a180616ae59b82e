"""The lease: who of two machines is in charge, as each can tell by its own clock alone.

Model: the holder sends numbered beats; the watcher answers each. An answer to beat n proves that the
watcher had heard of the holder *after* n was sent, so the holder's right to speak runs for a while from the
moment at which it **sent** n, on its own monotonic clock. The watcher takes over when it has heard no
beat for the whole lease, counted from the moment at which the newest one **reached** it, on its own.

Invariant: while clocks run fast or slow by no more than `drift_ppm`, the holder's right has run out before
the watcher takes over, in true time, whatever the wire does to beats and answers and however long either
machine stands still. What a clock shows as the time of day does not matter: both count what has
passed, and a step moves no monotonic clock.

    true time of holding   ≤ lease · (1 − 2d) / (1 − d)   ≤ lease · (1 − d)
    true time of waiting   ≥ lease / (1 + d)              ≥ lease · (1 − d)

Limits: a machine that stands still between asking "may I speak?" and speaking, and a clock that drifts by
more than was stated, are what the edge's fence is for.
"""

from enum import IntEnum
from typing import Final, NamedTuple

PPM: Final = 1_000_000


class LeaseEvent(IntEnum):
    """What became of a lease; recorded, so a value never changes its meaning."""

    GRANTED = 1
    RENEWED = 2  # not recorded
    EXPIRED = 3
    TAKEN = 4
    LOST = 5
    DEGRADED = 6
    """The primary goes on without waiting for the stand-by's copy."""
    RESTORED = 7
    """The copy is whole again, and is waited for."""


class HolderState(IntEnum):
    """Whether the holder may speak."""

    HOLDING = 1
    LAPSED = 2
    """Its time has run out unanswered; an answer brings the right back."""
    LOST = 3
    """Somebody else has a higher epoch."""


class HolderWord(IntEnum):
    """What a holder hears or notices."""

    RENEWED = 1
    RAN_OUT = 2
    OUTBID = 3


_H, _W = HolderState, HolderWord

HOLDER: Final[dict[HolderState, dict[HolderWord, HolderState]]] = {
    _H.HOLDING: {_W.RENEWED: _H.HOLDING, _W.RAN_OUT: _H.LAPSED, _W.OUTBID: _H.LOST},
    _H.LAPSED: {_W.RENEWED: _H.HOLDING, _W.RAN_OUT: _H.LAPSED, _W.OUTBID: _H.LOST},
    _H.LOST: {_W.RENEWED: _H.LOST, _W.RAN_OUT: _H.LOST, _W.OUTBID: _H.LOST},
}


class WatcherState(IntEnum):
    """What the watcher believes of the holder."""

    FOLLOWING = 1
    TAKEN = 2
    """It has taken a higher epoch, for good."""


class WatcherWord(IntEnum):
    """What a watcher hears or notices."""

    BEAT = 1
    SILENT = 2


_F, _V = WatcherState, WatcherWord

WATCHER: Final[dict[WatcherState, dict[WatcherWord, WatcherState]]] = {
    _F.FOLLOWING: {_V.BEAT: _F.FOLLOWING, _V.SILENT: _F.TAKEN},
    _F.TAKEN: {_V.BEAT: _F.TAKEN, _V.SILENT: _F.TAKEN},
}


class Beat(NamedTuple):
    """The holder lives: the n-th time that it says so."""

    epoch: int
    number: int


class Answer(NamedTuple):
    """The watcher has heard a beat; the epoch is the highest that it knows."""

    epoch: int
    number: int


def held_ns(lease_ns: int, drift_ppm: int) -> int:
    """How long an answered beat gives the right to speak, on the holder's clock."""
    return lease_ns * (PPM - 2 * drift_ppm) // PPM


class Holder:
    """The end that speaks.

    Args:
        epoch: Under which it speaks.
        lease_ns: As both ends were told.
        drift_ppm: By how much clocks may run fast or slow.
        now_ns: Its monotonic clock, as everywhere here. It begins with the right to speak.
    """

    def __init__(self, epoch: int, *, lease_ns: int, drift_ppm: int, now_ns: int) -> None:
        self.epoch = epoch
        self.state = HolderState.HOLDING
        self.until_ns = now_ns + held_ns(lease_ns, drift_ppm)
        self._held_ns = held_ns(lease_ns, drift_ppm)
        self._sent: dict[int, int] = {}
        self._number = 0

    def beat(self, now_ns: int) -> Beat:
        """The next beat, which leaves now or later."""
        self._number += 1
        self._sent[self._number] = now_ns
        for number in [one for one, sent in self._sent.items() if sent + self._held_ns < now_ns]:
            del self._sent[number]  # no answer to it could renew anything
        return Beat(self.epoch, self._number)

    def hear(self, answer: Answer, now_ns: int) -> HolderState:
        """An answer has come."""
        if answer.epoch > self.epoch:
            return self._move(HolderWord.OUTBID)
        sent_ns = self._sent.pop(answer.number, None)
        if sent_ns is not None and sent_ns + self._held_ns > now_ns:
            self.until_ns = max(self.until_ns, sent_ns + self._held_ns)
            return self._move(HolderWord.RENEWED)
        return self.state

    def may_speak(self, now_ns: int) -> bool:
        """Whether it has the right now; notices when that has run out."""
        if now_ns >= self.until_ns:
            self._move(HolderWord.RAN_OUT)
        return self.state is HolderState.HOLDING

    def outbid(self) -> None:
        """Somebody else said that there is a higher epoch; the venue's edge, say."""
        self._move(HolderWord.OUTBID)

    def _move(self, word: HolderWord) -> HolderState:
        self.state = HOLDER[self.state][word]
        return self.state


class Watcher:
    """The end that waits.

    Args:
        epoch: Of the holder.
        lease_ns: Silence after which it takes over.
        now_ns: Its monotonic clock, as everywhere here.
    """

    def __init__(self, epoch: int, *, lease_ns: int, now_ns: int) -> None:
        self.epoch = epoch
        self.state = WatcherState.FOLLOWING
        self.heard_ns = now_ns
        self._lease_ns = lease_ns

    @property
    def due_ns(self) -> int:
        """When its patience is over, unless a beat comes."""
        return self.heard_ns + self._lease_ns

    def hear(self, beat: Beat, now_ns: int) -> Answer:
        """A beat has come; what to answer."""
        if self.state is WatcherState.FOLLOWING:
            self.heard_ns = now_ns
            self.state = WATCHER[self.state][WatcherWord.BEAT]
        return Answer(self.epoch, beat.number)

    def is_over(self, now_ns: int) -> bool:
        """Whether the holder has been silent for too long; if so, the next epoch is taken."""
        if self.state is WatcherState.TAKEN or now_ns < self.due_ns:
            return False
        self.state = WATCHER[self.state][WatcherWord.SILENT]
        self.epoch += 1
        return True
