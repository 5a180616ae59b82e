"""Realised slippage, filtered: a level that wanders, seen through noise, moves the limit's offset.

Model (the local level of Durbin and Koopman 2012, chapter 2): each child order's slippage y is
the level of its moment plus noise of variance r, and the level takes a step of variance q from
one order to the next. With the level believed to be a ± √P before an order,

    F = P + r,  K = P/F,  a ← a + K·(y − a),  P ← P·(1 − K) + q.

Begun without any belief, the first order sets the level and leaves P = r + q; its likelihood is
left out ("exact diffuse"). P comes to rest at (q + √(q² + 4qr))/2 and K at P/(P + r), whatever is
seen.

The offset is where the limit of the next order lies past the touch:

    offset = a + z·√F,

rounded, kept between two bounds, and moved only when it is `dead_ticks` away,

so z = 0 lets half of the orders through that slip as believed, and a larger z more of them.

`fit` finds q and r from a record of slippage by maximum likelihood: for a given q/r the best r is
a mean, which leaves one number to search.

Limits: slippage is heavy-tailed and the filter is linear: cap what is fed to it. Two orders in a
row count as one step whatever the time between them.
"""

from collections.abc import Sequence
from math import pi, sqrt
from typing import Final

import msgspec

from market.errors import InputError
from market.portable import exp, log

LOG_2_PI: Final = log(2.0 * pi)


class LevelParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variances of the model.

    Attributes:
        noise: r, of one order's slippage around the level; above 0.
        step: q, of the level's step from order to order; at least 0.
    """

    noise: float
    step: float

    def __post_init__(self) -> None:
        if not (0.0 < self.noise < 1e300 and 0.0 <= self.step < 1e300):
            raise InputError(
                f"slippage filter: found noise {self.noise} and step {self.step}, "
                f"allowed is noise above 0 and step of 0 or more"
            )


class LevelData(msgspec.Struct):
    """What is believed before the next order.

    Attributes:
        count: Orders seen; before the first nothing is believed.
        level: a.
        variance: P.
        filtered: P after the newest order, before the level's next step.
        log_likelihood: Of all orders but a first that began without belief.
    """

    count: int = 0
    level: float = 0.0
    variance: float = 0.0
    filtered: float = 0.0
    log_likelihood: float = 0.0


class OffsetRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the level becomes an offset.

    Attributes:
        deviations_ppm: z, in millionths.
        min_ticks: Least offset past the touch; negative rests away from it.
        max_ticks: Most.
        dead_ticks: A change smaller than this is left alone; at least 1.
    """

    deviations_ppm: int = 0
    min_ticks: int = 0
    max_ticks: int = 10
    dead_ticks: int = 1

    def __post_init__(self) -> None:
        if self.min_ticks > self.max_ticks:
            raise InputError(
                f"slippage filter: found min_ticks {self.min_ticks} and max_ticks "
                f"{self.max_ticks}, allowed is a minimum that is not above the maximum"
            )
        if self.dead_ticks < 1:
            raise InputError(
                f"slippage filter: dead_ticks is {self.dead_ticks}, allowed is 1 or more"
            )


def believing(level: float, variance: float) -> LevelData:
    """A filter that begins with a belief; its first order counts in the likelihood."""
    assert variance >= 0.0
    return LevelData(count=1, level=level, variance=variance)


def add_slippage(data: LevelData, params: LevelParams, slippage: float) -> None:
    """An order has ended.

    Args:
        data: Changed in place.
        params: Variances.
        slippage: What it cost above the touch it was sent at, in ticks; negative is a gain.
    """
    if data.count == 0:
        data.level = slippage
        data.filtered = params.noise
    else:
        total = data.variance + params.noise
        gain = data.variance / total
        miss = slippage - data.level
        data.level += gain * miss
        data.filtered = data.variance * (1.0 - gain)
        data.log_likelihood -= 0.5 * (LOG_2_PI + log(total) + miss * miss / total)
    data.variance = data.filtered + params.step
    data.count += 1


def resting_variance(params: LevelParams) -> float:
    """P at rest, before an order: (q + √(q² + 4qr))/2."""
    q = params.step
    return 0.5 * (q + sqrt(q * q + 4.0 * q * params.noise))


def resting_gain(params: LevelParams) -> float:
    """K at rest."""
    variance = resting_variance(params)
    return variance / (variance + params.noise)


def offset_ticks(rule: OffsetRule, params: LevelParams, data: LevelData, now_ticks: int) -> int:
    """Where the next order's limit lies past the touch.

    Args:
        rule: How the level becomes an offset.
        params: Variances.
        data: What is believed; before the first order the offset stays.
        now_ticks: The offset as it is.
    """
    if data.count == 0:
        return min(max(now_ticks, rule.min_ticks), rule.max_ticks)
    spread = sqrt(data.variance + params.noise)
    wished = data.level + rule.deviations_ppm / 1e6 * spread
    # Bounded before it is rounded, so that no belief is too large for a whole number.
    wished = min(max(wished, float(rule.min_ticks)), float(rule.max_ticks))
    ticks = int(wished + 0.5) if wished >= 0.0 else -int(0.5 - wished)
    if abs(ticks - now_ticks) < rule.dead_ticks and rule.min_ticks <= now_ticks <= rule.max_ticks:
        return now_ticks
    return ticks


def log_likelihood(params: LevelParams, record: Sequence[float]) -> float:
    """Of a record from its second order on, begun without belief."""
    data = LevelData()
    for slippage in record:
        add_slippage(data, params, slippage)
    return data.log_likelihood


def fit(record: Sequence[float]) -> LevelParams:
    """Variances by maximum likelihood, begun without belief.

    Raises:
        InputError: There are fewer than three orders, or they do not differ.
    """
    if len(record) < 3 or max(record) == min(record):
        raise InputError(
            f"slippage filter: found {len(record)} orders to learn from, "
            f"allowed are 3 or more that differ"
        )
    # Golden section over ln(q/r): the likelihood of one number, with the best r for each of them.
    low, high = -30.0, 30.0
    golden = 0.5 * (sqrt(5.0) - 1.0)
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = _concentrated(record, left)[0], _concentrated(record, right)[0]
    for _ in range(120):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = _concentrated(record, left)[0]
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = _concentrated(record, right)[0]
    middle = 0.5 * (low + high)
    noise = _concentrated(record, middle)[1]
    return LevelParams(noise=noise, step=noise * exp(middle))


def _concentrated(record: Sequence[float], log_ratio: float) -> tuple[float, float]:
    """Likelihood (but for a constant) and the best r, for ln(q/r)."""
    ratio = exp(log_ratio)
    level, variance = record[0], 1.0 + ratio
    squares, logs = 0.0, 0.0
    for slippage in record[1:]:
        total = variance + 1.0
        miss = slippage - level
        squares += miss * miss / total
        logs += log(total)
        gain = variance / total
        level += gain * miss
        variance = variance * (1.0 - gain) + ratio
    count = float(len(record) - 1)
    noise = squares / count
    return -0.5 * (count * log(noise) + logs), noise
