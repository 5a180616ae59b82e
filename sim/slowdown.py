"""Slowdowns: stretches of time in which a latency is another one, put in front of any latency block.

Model: a slowed block is a few rows and then the block that it slows, whatever that is. So one mechanism
delays market data, commands, reports, decisions and commits alike, in compiled code too, and a block
without slowdowns costs what it did.

    ADD     what departs in the stretch takes so much longer
    SCALE   it takes so many millionths of what it would
    HOLD    it arrives when the stretch ends, and not before
    BATCH   it arrives when its bucket of so many nanoseconds ends, all of a bucket at once
    STALL   what would end in the stretch, or begins in it, ends when the stretch does

HOLD asks when something departs, STALL when it would be done as well: a machine that stands still
finishes afterwards what it had begun before.

Rows act in their order, each on what the rows before it have made. Counted are the draws that a row
changed, so that a fault which never bit is found out; a draw that is asked for twice counts twice.

Invariants: no latency is below 1 ns or above `SLOWED_NS_MAX`; outside its stretches a slowed block
gives what the block inside gives.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import msgspec
import numpy as np

from market.errors import InputError
from sim import latency
from sim.latency import KIND, KIND_SLOWED, LATENCY_NS_MAX, PPM, Block

ROWS: Final = 1
"""Slot of the number of rows; they follow, and behind them the block inside."""

FIRST_ROW: Final = 2
ROW_SIZE: Final = 5
OP: Final = 2
AMOUNT: Final = 3
HITS: Final = 4

SLOWED_NS_MAX: Final = 1 << 46
"""Largest slowed latency, about 19 hours."""

FACTOR_PPM_MAX: Final = 1_000 * PPM


class Slowing(IntEnum):
    """What a row does; the values never change their meaning."""

    ADD = 1
    SCALE = 2
    HOLD = 3
    BATCH = 4
    STALL = 5


MOST: Final = {
    Slowing.ADD: LATENCY_NS_MAX,
    Slowing.SCALE: FACTOR_PPM_MAX,
    Slowing.HOLD: 0,
    Slowing.BATCH: LATENCY_NS_MAX,
    Slowing.STALL: 0,
}


class Slowdown(msgspec.Struct, frozen=True, kw_only=True):
    """One row, in force in [from_ns, until_ns).

    Attributes:
        amount: ADD: nanoseconds. SCALE: millionths. BATCH: length of a bucket in nanoseconds. Else 0.
    """

    kind: Slowing
    from_ns: int
    until_ns: int
    amount: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.from_ns < self.until_ns:
            raise InputError(
                f"slowdown lasts [{self.from_ns}, {self.until_ns}), allowed is 0 <= from < until"
            )
        most = MOST[self.kind]
        if not min(most, 1) <= self.amount <= most:
            raise InputError(
                f"{self.kind.name} has amount {self.amount}, allowed is {min(most, 1)} to {most}"
            )
        held = self.kind in (Slowing.HOLD, Slowing.STALL)
        if held and self.until_ns - self.from_ns > LATENCY_NS_MAX:
            raise InputError(
                f"{self.kind.name} lasts {self.until_ns - self.from_ns} ns, "
                f"allowed is up to {LATENCY_NS_MAX}"
            )


def slowed(inside: Block, rows: Sequence[Slowdown]) -> Block:
    """A block whose latencies are those of another, slowed; the block itself where there is no row."""
    if not rows:
        return inside
    words = [KIND_SLOWED, len(rows)]
    for row in rows:
        words += [row.from_ns, row.until_ns, int(row.kind), row.amount, 0]
    return np.concatenate([np.array(words, dtype=np.int64), inside])


def move(block: Block, row: int, from_ns: int, until_ns: int) -> None:
    """Put a row of a slowed block into force in another stretch."""
    at = FIRST_ROW + ROW_SIZE * row
    block[at], block[at + 1] = from_ns, until_ns


def hits_of(block: Block) -> list[int]:
    """How many draws each row has changed."""
    if block[0] != KIND_SLOWED:
        return []
    return [int(block[FIRST_ROW + ROW_SIZE * row + HITS]) for row in range(int(block[ROWS]))]


def sample(block: Block, key: int, now_ns: int, cause_a: int, cause_b: int) -> int:
    """The latency of one cause out of any block, slowed or not; see `sim.latency.sample`."""
    if block[KIND] != KIND_SLOWED:
        return latency.sample(block, key, now_ns, cause_a, cause_b)
    inside = block[FIRST_ROW + ROW_SIZE * int(block[ROWS]) :]
    return _apply(block, now_ns, latency.sample(inside, key, now_ns, cause_a, cause_b))


def _apply(block: Block, now_ns: int, latency_ns: int) -> int:
    """What the rows of a slowed block make of a latency that departs now; counts those that did."""
    for number in range(int(block[ROWS])):
        at = FIRST_ROW + ROW_SIZE * number
        from_ns, until_ns, op, amount, _ = (int(word) for word in block[at : at + ROW_SIZE])
        before_ns = latency_ns
        if op == Slowing.STALL:
            if now_ns < until_ns and now_ns + latency_ns >= from_ns:
                latency_ns = max(latency_ns, until_ns - now_ns)
        elif from_ns <= now_ns < until_ns:
            if op == Slowing.ADD:
                latency_ns += amount
            elif op == Slowing.SCALE:
                whole, part = divmod(latency_ns, PPM)
                latency_ns = whole * amount + part * amount // PPM
            elif op == Slowing.HOLD:
                latency_ns = max(latency_ns, until_ns - now_ns)
            else:
                latency_ns = max(latency_ns, amount - now_ns % amount)
        latency_ns = min(max(latency_ns, 1), SLOWED_NS_MAX)
        if latency_ns != before_ns:
            block[at + HITS] += 1
    return latency_ns
