"""Latency models: how long a message or a computation takes, compiled into a flat integer block.

Model: at set-up a model becomes a table of quantiles, and from then on a latency is one keyed draw
turned into a duration by integers alone. So the same seed gives the same nanoseconds on every CPU,
and in compiled code (`sim/kernels/latency.py`, the twin of `sample`, and of `sim.slowdown.sample` around it).

The table has 1,024 cells of equal probability; the uppermost is cut into 1,024 again, so that the
slowest message in a million is still told from the slowest in a thousand. Within a cell the
latency rises linearly.

A burst is a stretch of time in which everything is slower by one factor. Time is cut into buckets,
and whether a bucket is in a burst is a keyed draw on its number: no state, and no order of calls.

Invariants: every latency is at least 1 ns (no loop closes inside an instant), and depends on
nothing but the block, the key, the cause and, for bursts, the time.

Limits: successive latencies are independent but for bursts, so a wire that must not reorder has to
hold a message back itself; beyond the last cell, about one in two million, the tail is cut.
"""

import math
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from market.errors import InputError
from market.portable import exp
from sim.streams import draw, normal_quantile

LATENCY_NS_MAX: Final = 1 << 42
"""Largest latency before bursts, about 73 minutes; keeps every product below 63 bits."""

DIGITS_MAX: Final = len(str(LATENCY_NS_MAX))
BURST_FACTOR_MAX: Final = 1000.0
SIGMA_MAX: Final = 5.0

PPM: Final = 1_000_000

# Slots of a block. A constant has only its kind and, in the second slot, its latency.
KIND: Final = 0
CONSTANT_NS: Final = 1
BURST_BELOW: Final = 1
BURST_EVERY_NS: Final = 2
BURST_PPM: Final = 3
POINTS: Final = 4

KIND_CONSTANT: Final = 0
KIND_TABLE: Final = 1
KIND_SLOWED: Final = 2

POINT_COUNT: Final = 2048
"""Quantiles 0 to 1023 of 1024, then 0 to 1024 of the last 1024th; the two share one point."""

TAIL: Final = 1023
"""The last cell of the body, and the index of the tail's first point."""

BURST_KEY: Final = 0x6275727374
"""Turns a latency's key into that of its bursts."""

Block: TypeAlias = npt.NDArray[np.int64]


class Constant(msgspec.Struct, frozen=True, kw_only=True, tag="constant", tag_field="model"):
    """Always the same latency."""

    latency_ns: int

    def __post_init__(self) -> None:
        _check("latency_ns", self.latency_ns, 1, LATENCY_NS_MAX)

    def compile(self) -> Block:
        """The parameter block that `sample` and its compiled twin read."""
        return np.array([KIND_CONSTANT, self.latency_ns], dtype=np.int64)


class LogNormal(msgspec.Struct, frozen=True, kw_only=True, tag="lognormal", tag_field="model"):
    """A heavy-tailed latency with a floor, and with bursts if wanted.

    Attributes:
        median_ns: Half of all latencies outside bursts are shorter.
        sigma: Standard deviation of the latency's logarithm; 0.5 puts the 99th percentile at 3.2
            medians, 1.0 at 10.
        min_ns: What light and the slowest fixed part take; shorter draws are raised to it.
        burst_probability: Share of the buckets of time that are in a burst.
        burst_every_ns: Length of a bucket.
        burst_factor: In a burst every latency is multiplied by this, to a millionth.
    """

    median_ns: int
    sigma: float
    min_ns: int = 1
    burst_probability: float = 0.0
    burst_every_ns: int = 1_000_000_000
    burst_factor: float = 1.0

    def __post_init__(self) -> None:
        _check("median_ns", self.median_ns, 1, LATENCY_NS_MAX)
        _check("sigma", self.sigma, 0.0, SIGMA_MAX)
        _check("min_ns", self.min_ns, 1, self.median_ns)
        _check("burst_probability", self.burst_probability, 0.0, 1.0)
        _check("burst_every_ns", self.burst_every_ns, 1, LATENCY_NS_MAX)
        _check("burst_factor", self.burst_factor, 1.0, BURST_FACTOR_MAX)
        _check("latency in a million", self._quantile_ns(_edge(POINT_COUNT - 1)), 1, LATENCY_NS_MAX)

    def compile(self) -> Block:
        """The parameter block that `sample` and its compiled twin read."""
        points = [self._quantile_ns(_edge(index)) for index in range(POINT_COUNT)]
        burst_below = int(self.burst_probability * 2.0**53)
        burst_ppm = int(self.burst_factor * PPM + 0.5)
        head = [KIND_TABLE, burst_below, self.burst_every_ns, burst_ppm]
        return np.array(head + points, dtype=np.int64)

    def _quantile_ns(self, edge: int) -> int:
        """Latency at a point of the table; the two ends stand half a tail cell inside."""
        u = min(max(2 * edge, 1), (1 << 21) - 1) / float(1 << 21)
        value_ns = float(self.median_ns) * exp(self.sigma * normal_quantile(u))
        return max(int(value_ns + 0.5), self.min_ns)


class Empirical(msgspec.Struct, frozen=True, kw_only=True, tag="empirical", tag_field="model"):
    """Latencies as measured: a text file of whole nanoseconds, one a line; a header may come first."""

    path: str

    def compile(self) -> Block:
        """Read the file into the parameter block that `sample` and its compiled twin read."""
        values = sorted(_read_ns(self.path))
        last = len(values) - 1
        points = [
            values[min((_edge(index) * len(values)) >> 20, last)] for index in range(POINT_COUNT)
        ]
        return np.array([KIND_TABLE, 0, 1, PPM, *points], dtype=np.int64)


LatencyModel: TypeAlias = Constant | LogNormal | Empirical


def sample(block: Block, key: int, now_ns: int, cause_a: int, cause_b: int) -> int:
    """The latency of one cause, in nanoseconds, at least 1.

    Args:
        block: What a model's `compile` returned.
        key: Of the stream that this latency belongs to.
        now_ns: When the message departs, at least 0; decides nothing but bursts.
        cause_a: First part of the cause.
        cause_b: Second part of the cause.
    """
    if block[KIND] == KIND_CONSTANT:
        return int(block[CONSTANT_NS])
    bits = draw(key, cause_a, cause_b)
    point = POINTS + (bits >> 53)
    fraction = (bits >> 33) & 0xFFFFF
    if bits >> 53 == TAIL:
        point += (bits >> 43) & 0x3FF
        fraction = (bits >> 23) & 0xFFFFF
    low_ns, high_ns = int(block[point]), int(block[point + 1])
    latency_ns = low_ns + (((high_ns - low_ns) * fraction) >> 20)
    every_ns = int(block[BURST_EVERY_NS])
    if block[BURST_BELOW] > 0:
        chance = draw(key ^ BURST_KEY, now_ns // every_ns, every_ns) >> 10
        if chance < block[BURST_BELOW]:
            whole, part = divmod(latency_ns, PPM)
            return whole * int(block[BURST_PPM]) + part * int(block[BURST_PPM]) // PPM
    return latency_ns


def _edge(index: int) -> int:
    """Probability below a point of the table, in 2**-20."""
    return index << 10 if index <= TAIL else (TAIL << 10) + index - TAIL


def _check(name: str, value: float, low: float, high: float) -> None:
    """Refuse a parameter outside its range; a NaN is in no range."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"latency: {name} is {value}, allowed is {low} to {high}")


def _read_ns(path: str) -> list[int]:
    """The latencies in a file, in file order."""
    try:
        lines = Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: found no readable ASCII text ({error})") from error
    values = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.isdigit() and len(text) <= DIGITS_MAX and 1 <= int(text) <= LATENCY_NS_MAX:
            values.append(int(text))
        elif number > 1 or not text[:1].isalpha():
            raise InputError(
                f"{path}:{number}: found {text[:40]!r}, allowed is one whole number of nanoseconds "
                f"from 1 to {LATENCY_NS_MAX}"
            )
    if not values:
        raise InputError(f"{path}:{len(lines)}: found no latency, allowed is at least one")
    return values
