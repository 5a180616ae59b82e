"""A wire: the only way from one party to another, and the place where link faults act.

Model: a message that departs at t arrives at `max(previous arrival, t + latency)`, so a wire never
overtakes itself, as a TCP session does not. The latency is a keyed draw on the message's cause:
removing one message moves no other draw.

This is the wire of commands and reports, a few per decision, in Python. Market data has the same
wire compiled (`sim/kernels/local.py`).

The impairment table is what a fault plan fills; a perfect wire has an empty one. It says what is lost;
what is late is the latency's matter (`sim.slowdown`).
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
ARRIVES_NEVER: Final = -1


class ImpairmentKind(IntEnum):
    """What a faulty stretch of a wire does to a message that departs in it."""

    LOSS = 2
    PARTITION = 3


class Impairment(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a wire's impairment table, in force for departures in [from_ns, until_ns).

    Attributes:
        amount: LOSS: parts per million lost. PARTITION: not used, 0.
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
        most = PPM if self.kind is ImpairmentKind.LOSS else 0
        if not 0 <= self.amount <= most:
            raise InputError(f"{self.kind.name} has amount {self.amount}, allowed is 0 … {most}")


class Wire:
    """One direction of a link.

    Args:
        clock: Where arrivals are scheduled.
        latency: Compiled latency block (`sim.latency`).
        key: Key of the wire's draws.
        impairments: Faulty stretches; none by default. `lost` counts what each has taken. A row may be
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

    def arrival_ns(self, departs_ns: int, cause_a: int, cause_b: int) -> int:
        """When a message arrives, or ARRIVES_NEVER when the wire loses it."""
        for number, row in enumerate(self.impairments):
            if not row.from_ns <= departs_ns < row.until_ns:
                continue
            if row.kind is ImpairmentKind.PARTITION or self._lost(row.amount, cause_a, cause_b):
                self.lost[number] += 1
                return ARRIVES_NEVER
        latency_ns = sample(self._latency, self._key, departs_ns, cause_a, cause_b)
        return max(self._last_ns, departs_ns + latency_ns)

    def _lost(self, share_ppm: int, cause_a: int, cause_b: int) -> bool:
        """Whether a lossy stretch takes the message of this cause."""
        return uniform_below(draw(self._key ^ LOSS_CAUSE, cause_a, cause_b), PPM) < share_ppm

    def send(
        self,
        departs_ns: int,
        cause_a: int,
        cause_b: int,
        receive: Callable[[Any], None],
        message: object,
    ) -> int:
        """Let `receive(message)` happen when the message arrives. When that is, or ARRIVES_NEVER."""
        due_ns = self.arrival_ns(departs_ns, cause_a, cause_b)
        if due_ns != ARRIVES_NEVER:
            self._last_ns = due_ns
            self._clock.at(due_ns, receive, message)
        return due_ns
