"""What a guard is: it watches one book's prints and quotes, and says what must be done.

A guard does nothing itself and reads no clock: what it has seen and what time it is come in, acts come
out, and `due_ns` says when time alone will make it act next. So it can be tested by lists, and feeding
it in pieces of any size, with or without calls of `advance` between, gives the same acts.

Prices are in half ticks, because a print may lie between two ticks.
"""

from typing import NamedTuple, Protocol

from market.codes import Phase
from sim.schedule.effective import Interruption


class Traded(NamedTuple):
    """A trade has printed."""

    price_x2: int


class Quoted(NamedTuple):
    """The best prices have changed; None for a side without one."""

    bid_x2: int | None
    ask_x2: int | None


class PhaseBegan(NamedTuple):
    """The book has another phase."""

    phase: Phase


class CallExtended(NamedTuple):
    """The book's call goes on for the n-th time, because it would print outside its band."""

    times: int


Seen = Traded | Quoted | PhaseBegan | CallExtended


class SetBand(NamedTuple):
    """A book's band, in ticks; `ports.NO_LOW_TICKS` and `NO_HIGH_TICKS` for none."""

    ts_ns: int
    book_id: int
    low_ticks: int
    high_ticks: int


class Interrupt(NamedTuple):
    """A book's schedule is interrupted; `until_ns` as `PhaseDriver.interrupt` takes it."""

    ts_ns: int
    book_id: int
    kind: Interruption
    until_ns: int | None


Act = SetBand | Interrupt


class Guard(Protocol):
    """Watches one book; times never go back."""

    @property
    def due_ns(self) -> int:
        """When time alone makes it act next; NEVER_NS if it does not."""
        ...

    def advance(self, now_ns: int) -> list[Act]:
        """Time has come to here: what has become due, each act at its own time."""
        ...

    def on(self, seen: Seen, now_ns: int) -> list[Act]:
        """Something has been seen at this time; what was due before comes first."""
        ...


def inside_ticks(low_x2: int, high_x2: int) -> tuple[int, int]:
    """A band of half ticks in whole ticks, never wider."""
    return -(-low_x2 // 2), high_x2 // 2
