"""A wire: the only way from one party to another, and the place where link faults act.

Model: a message that departs at t arrives at `max(previous arrival, t + latency)`, so a wire never
overtakes itself, as a TCP session does not. The latency is a keyed draw on the message's cause:
removing one message moves no other draw.

This is the wire of commands and reports, a few per decision, in Python. Market data has the same
wire compiled (`sim/kernels/local.py`).

The impairment table is what a fault plan fills; a perfect wire has an empty one. It says what is lost,
what comes twice and what is overtaken; what is late is the latency's matter (`sim.slowdown`).

    LOSS       a share of the messages never arrives
    PARTITION  none does
    DUPLICATE  a share arrives a second time, one more latency later, behind what was sent meanwhile
    REORDER    every (n+1)-th message is held back until the n after it have been sent, or the stretch ends
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from market.errors import InputError
from sim.clock import Clock
from sim.slowdown import sample
from sim.streams import draw, uniform_below

PPM: Final = 1_000_000
LOSS_CAUSE: Final = 0x6C6F7373
DUPLICATE_CAUSE: Final = 0x74776963
ARRIVES_NEVER: Final = -1


class ImpairmentKind(IntEnum):
    """What a faulty stretch of a wire does to a message that departs in it."""

    LOSS = 2
    PARTITION = 3
    DUPLICATE = 4
    REORDER = 5


AMOUNTS: Final = {
    ImpairmentKind.LOSS: (0, PPM),
    ImpairmentKind.PARTITION: (0, 0),
    ImpairmentKind.DUPLICATE: (1, PPM),
    ImpairmentKind.REORDER: (1, 1_000),
}
_LOSING: Final = (ImpairmentKind.LOSS, ImpairmentKind.PARTITION)


class Impairment(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a wire's impairment table, in force for departures in [from_ns, until_ns).

    Attributes:
        amount: LOSS, DUPLICATE: parts per million. REORDER: messages that overtake. PARTITION: 0.
    """

    kind: ImpairmentKind
    from_ns: int
    until_ns: int
    amount: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.from_ns < self.until_ns:
            raise InputError(
                f"impairment lasts [{self.from_ns}, {self.until_ns}), allowed is 0 <= from < until"
            )
        least, most = AMOUNTS[self.kind]
        if not least <= self.amount <= most:
            raise InputError(
                f"{self.kind.name} has amount {self.amount}, allowed is {least} … {most}"
            )


class Wire:
    """One direction of a link.

    Args:
        clock: Where arrivals are scheduled.
        latency: Compiled latency block (`sim.latency`).
        key: Key of the wire's draws.
        impairments: Faulty stretches; none by default. `lost` counts the messages that each has touched. A row may be
            put in another's place, not added or taken out.
    """

    def __init__(
        self,
        clock: Clock,
        latency: npt.NDArray[np.int64],
        key: int,
        impairments: Sequence[Impairment] = (),
    ) -> None:
        self.impairments = list(impairments)
        self.lost = [0] * len(impairments)
        self._clock = clock
        self._latency = latency
        self._key = key
        self._last_ns = 0
        self._passed = 0
        self._held: list[_Held] = []

    def arrival_ns(self, departs_ns: int, cause_a: int, cause_b: int) -> int:
        """When a message arrives, or ARRIVES_NEVER when the wire loses it."""
        for number, row in enumerate(self.impairments):
            if row.kind not in _LOSING or not row.from_ns <= departs_ns < row.until_ns:
                continue
            if row.kind is ImpairmentKind.PARTITION or self._hit(
                LOSS_CAUSE, row.amount, cause_a, cause_b
            ):
                self.lost[number] += 1
                return ARRIVES_NEVER
        latency_ns = sample(self._latency, self._key, departs_ns, cause_a, cause_b)
        return max(self._last_ns, departs_ns + latency_ns)

    def _hit(self, cause: int, share_ppm: int, cause_a: int, cause_b: int) -> bool:
        """Whether a stretch that touches a share of all messages touches that of this cause."""
        return uniform_below(draw(self._key ^ cause, cause_a, cause_b), PPM) < share_ppm

    def send(
        self,
        departs_ns: int,
        cause_a: int,
        cause_b: int,
        receive: Callable[[Any], None],
        message: object,
    ) -> int:
        """Let `receive(message)` happen when the message arrives. When that is, or ARRIVES_NEVER.

        A message that is held back arrives when those have gone that overtake it; what is returned then
        is when it would have arrived.
        """
        due_ns = self.arrival_ns(departs_ns, cause_a, cause_b)
        if due_ns == ARRIVES_NEVER:
            return due_ns
        self._last_ns = due_ns
        if not self.impairments:
            self._clock.at(due_ns, receive, message)
            return due_ns
        held = self._holding(departs_ns)
        if held is None:
            self._clock.at(due_ns, receive, message)
            self._overtake(due_ns)
        else:
            number, row = held
            self.lost[number] += 1
            self._held.append(_Held(row.amount, receive, message))
            self._clock.at(max(row.until_ns, due_ns), self._let_go, self._held[-1])
        self._repeat(departs_ns, due_ns, (cause_a, cause_b), receive, message)
        return due_ns

    def _repeat(
        self,
        departs_ns: int,
        due_ns: int,
        cause: tuple[int, int],
        receive: Callable[[Any], None],
        message: object,
    ) -> None:
        """Let a message arrive once more, where a stretch says so."""
        for number, row in enumerate(self.impairments):
            if row.kind is not ImpairmentKind.DUPLICATE:
                continue
            if not row.from_ns <= departs_ns < row.until_ns:
                continue
            if self._hit(DUPLICATE_CAUSE, row.amount, *cause):
                self.lost[number] += 1
                later_ns = sample(self._latency, self._key ^ DUPLICATE_CAUSE, departs_ns, *cause)
                self._clock.at(due_ns + later_ns, receive, message)

    def _holding(self, departs_ns: int) -> tuple[int, Impairment] | None:
        """The stretch that holds the message back which departs now, and its number."""
        for number, row in enumerate(self.impairments):
            if row.kind is ImpairmentKind.REORDER and row.from_ns <= departs_ns < row.until_ns:
                self._passed += 1
                return (number, row) if self._passed % (row.amount + 1) == 1 else None
        return None

    def _overtake(self, due_ns: int) -> None:
        """A message has gone past all that are held; those that enough have passed follow it."""
        for held in self._held:
            held.left -= 1
            if held.left == 0:
                self._clock.at(due_ns, self._let_go, held)

    def _let_go(self, held: "_Held") -> None:
        """What was held back arrives, once."""
        if held in self._held:
            self._held.remove(held)
            held.receive(held.message)


class _Held:
    """A message that waits until others have overtaken it."""

    __slots__ = ("left", "message", "receive")

    def __init__(self, left: int, receive: Callable[[Any], None], message: object) -> None:
        self.left = left
        self.receive = receive
        self.message = message
