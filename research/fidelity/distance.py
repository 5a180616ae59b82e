"""The distance between what happened and a twin: six figures, each a ratio of sums over orders, with intervals.

Model: every order gives each figure a numerator and a denominator; the figure is the ratio of their sums. Orders of
one block of time share a fate, so intervals come of drawing whole blocks (keyed: the same every time). The
figures in units of what one would notice, added up, are the distance; bounds of a scenario are such units, where
it has some.

| figure | numerator | denominator |
|---|---|---|
| `fill_rate_ppm` | difference of filled lots, of those ordered | an order |
| `time_ms` | difference of the first fills' times | an order that both have filled |
| `price_bp` | difference of average prices × worth | worth of those |
| `fee_bp` | difference of fees for a worth × worth | worth of those |
| `queue_ppm` | lots believed in front when the other side filled | lots in front as orders came to rest |
| `pnl_bp` | difference of profits | what was traded, the larger of both |
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from research.fidelity.orders import Floats, Orders, Outcome
from sim.streams import stream_key

FIGURES: Final = ("fill_rate_ppm", "time_ms", "price_bp", "fee_bp", "queue_ppm", "pnl_bp")
UNITS: Final = {
    "fill_rate_ppm": 20_000.0,
    "time_ms": 20.0,
    "price_bp": 0.1,
    "fee_bp": 0.1,
    "queue_ppm": 100_000.0,
    "pnl_bp": 0.1,
}
"""What one would notice of each, where a scenario has no bound."""

BLOCKS_MAX: Final = 40
RESAMPLES: Final = 1_000
BP: Final = 10_000.0
PPM: Final = 1_000_000.0


class Parts(NamedTuple):
    """Numerators and denominators, (orders × figures); a distance's numerators have no sign.

    Attributes:
        signed: The numerators with their sign: above zero, the twin filled more, later, dearer, was charged more,
            believed more in front, or earned more.
    """

    above: Floats
    below: Floats
    signed: Floats


def parts_of(orders: Orders, one: Outcome, other: Outcome, errors: Floats) -> Parts:
    """What each order gives to each figure.

    Args:
        one: What happened.
        other: The twin's.
        errors: Of queues, as `queue_errors` has them.
    """
    both = one.filled & other.filled
    count = len(orders.lots)
    signed, below = np.zeros((count, len(FIGURES))), np.zeros((count, len(FIGURES)))
    ordered = np.maximum(np.maximum(orders.lots, one.lots), np.maximum(other.lots, 1))
    signed[:, 0] = (other.lots - one.lots) / ordered * PPM
    below[:, 0] = 1.0
    signed[:, 1] = np.where(both, (other.first_ns - one.first_ns) / 1e6, 0.0)
    below[:, 1] = both
    worth = np.where(both, one.worth, 0.0)
    price = np.where(both, one.price, 1.0)
    dearer = np.where(both, other.price - one.price, 0.0) * orders.signs
    signed[:, 2] = dearer / price * BP * worth
    below[:, 2] = worth
    signed[:, 3] = (_rate(other, both) - _rate(one, both)) * BP * worth
    below[:, 3] = worth
    known = np.isfinite(errors) & (one.rested >= 0)
    signed[:, 4] = np.where(known, np.nan_to_num(errors), 0.0) * PPM
    below[:, 4] = np.where(known, one.rested, 0)
    signed[:, 5] = (other.profit - one.profit) * BP
    below[:, 5] = np.maximum(one.worth, other.worth)
    return Parts(np.abs(signed), below, signed)


def _rate(one: Outcome, both: npt.NDArray[np.bool_]) -> Floats:
    """Fees for a worth."""
    return np.divide(one.fees, one.worth, out=np.zeros(len(one.fees)), where=both)


class Blocks:
    """Stretches of time of equal length, and how often each resample draws them.

    Args:
        orders: Their times decide.
        seed: Of the session; keys the draws.
    """

    def __init__(self, orders: Orders, seed: int) -> None:
        times = orders.left_ns
        self.count = int(min(BLOCKS_MAX, max(len(np.unique(times)), 1)))
        if len(times):
            span = max(int(times[-1] - times[0]) + 1, 1)
            self.of = (times - times[0]) * self.count // span
        else:
            self.of = np.zeros(0, np.int64)
        key = stream_key(seed, "fidelity/bootstrap") & ((1 << 63) - 1)
        source = np.random.Generator(np.random.Philox(key=key))
        drawn = source.integers(0, self.count, (RESAMPLES, self.count))
        self.weights = np.zeros((RESAMPLES, self.count))
        for column in drawn.T:
            np.add.at(self.weights, (np.arange(RESAMPLES), column), 1.0)

    def sums(self, values: Floats) -> Floats:
        """Sums by block."""
        found = np.zeros((self.count, values.shape[1]))
        np.add.at(found, self.of, values)
        return found


def figures(parts: Parts) -> Floats:
    """Every figure."""
    return _ratio(parts.above.sum(0), parts.below.sum(0))


def resampled(parts: Parts, blocks: Blocks) -> Floats:
    """Every figure of every resample, (resamples × figures)."""
    return _ratio(
        blocks.weights @ blocks.sums(parts.above), blocks.weights @ blocks.sums(parts.below)
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a distance, with its 95 % interval.

    Attributes:
        bias: With its sign, so that orders make up for each other: above zero, the twin fills more, later or
            dearer, is charged more, believes more in front, or earns more.
        bound: Of the scenario; None for none.
        holds: Whether it lies within; None without a bound.
    """

    name: str
    value: float
    low: float
    high: float
    bias: float
    bound: float | None = None
    holds: bool | None = None


def told(parts: Parts, blocks: Blocks, bounds: dict[str, float]) -> list[Figure]:
    """Every figure with its interval, held to its bound."""
    values, drawn = figures(parts), resampled(parts, blocks)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    bias = _ratio(parts.signed.sum(0), parts.below.sum(0))
    return [
        Figure(
            name=name,
            value=float(values[at]),
            low=float(low[at]),
            high=float(high[at]),
            bias=float(bias[at]),
            bound=bounds.get(name),
            holds=bool(values[at] <= bounds[name]) if name in bounds else None,
        )
        for at, name in enumerate(FIGURES)
    ]


def units_of(bounds: dict[str, float]) -> Floats:
    """What one would notice of each figure: its bound, or what is usual."""
    return np.array([bounds.get(name) or UNITS[name] for name in FIGURES])
