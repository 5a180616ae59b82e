"""Volatility of one book: how much its mid moves in a second, by three memories of its bars.

Model: time is cut into bars of equal length; a bar's change r is the mid at its end over the mid at
its start, minus one, and 0 for a bar in which nothing changed. All three are root mean squares, with
the mean taken as zero, because a mean over seconds is noise. For bars 1 … t, the newest last:

    EWMA      v = Σ wᵢ·rᵢ² / Σ wᵢ,  wᵢ = λ^(t−i),  λ = 2^(−1/halflife_bars)
    rolling   v = Σ rᵢ² / n over the newest n = min(t, window_bars)
    long      the same over long_window_bars
    result    √(v · 1 s / bar_ns)

The EWMA is RiskMetrics': v ← λ·v + (1−λ)·r², divided by the sum of the weights given so far, so that
the first bars are not biased towards the zero it starts from.

Invariants: sums over windows are made by adding alone. Nothing is ever taken out of a sum, so no
error piles up, and a window full of zeros has a volatility of exactly zero.

Limits: 0.0 means unknown while there are fewer than `min_bars` bars. Scaling to a second assumes
changes without autocorrelation; with the bounce of mids on short bars it comes out too large.
"""

from math import sqrt
from typing import Final

import msgspec

from market.errors import InputError
from market.portable import LOG_2_HIGH, LOG_2_LOW, exp
from market.units import DURATION_NS

SECOND_NS: Final = DURATION_NS["s"]
BAR_NS_MAX: Final = DURATION_NS["d"]
WINDOW_BARS_MAX: Final = 100_000

TINY: Final = 1e-60
"""Sums smaller than this become zero: no price is that fine, and they would decay into subnormal
numbers, which some libraries switch off for a whole process."""


class VolatilityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bars and memories.

    Attributes:
        bar_ns: Length of a bar.
        halflife_bars: After so many bars a change counts half in the EWMA.
        window_bars: Length of the rolling window.
        long_window_bars: Length of the window that the rolling one is held against.
        min_bars: Before so many bars volatility is unknown.
    """

    bar_ns: int = SECOND_NS
    halflife_bars: int = 60
    window_bars: int = 300
    long_window_bars: int = 3_600
    min_bars: int = 30

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("bar_ns", self.bar_ns, 1, BAR_NS_MAX),
            ("halflife_bars", self.halflife_bars, 1, WINDOW_BARS_MAX),
            ("window_bars", self.window_bars, 2, WINDOW_BARS_MAX),
            ("long_window_bars", self.long_window_bars, self.window_bars, WINDOW_BARS_MAX),
            ("min_bars", self.min_bars, 1, self.window_bars),
        ):
            if not low <= value <= high:
                raise InputError(f"volatility.{name} is {value}, allowed is {low} to {high}")


class Window(msgspec.Struct):
    """The sum of the newest squares, of at most as many as the window is long.

    Attributes:
        ring: Below `head` the squares of this lap; from `head` on, of the lap before, the sum from
            there to the end. In the first lap it grows.
        head: Where the next square goes.
        lap_sum: Sum of the squares below `head`.
    """

    ring: list[float] = []
    head: int = 0
    lap_sum: float = 0.0


class VolatilityData(msgspec.Struct):
    """All that is remembered of one book.

    Attributes:
        bars: Bars seen.
        weighted: Weighted sum of squares, λ·weighted + (1−λ)·r².
        weight: Sum of the weights given, 1 − λ^bars.
        rolling: The rolling window.
        long: The long window.
    """

    bars: int = 0
    weighted: float = 0.0
    weight: float = 0.0
    rolling: Window = msgspec.field(default_factory=Window)
    long: Window = msgspec.field(default_factory=Window)


def decay_of(halflife_bars: int) -> float:
    """λ: what is left of a weight after one bar."""
    return exp(-(LOG_2_HIGH + LOG_2_LOW) / halflife_bars)


def add_bar(data: VolatilityData, config: VolatilityConfig, change: float) -> None:
    """A bar has ended.

    Args:
        change: The mid at its end over the mid at its start, minus one; finite.
    """
    square = change * change
    assert square < 1e300
    decay = decay_of(config.halflife_bars)
    fresh = 1.0 - decay
    weighted = decay * data.weighted + fresh * square
    data.weighted = weighted if weighted > TINY else 0.0
    data.weight = decay * data.weight + fresh
    data.bars += 1
    _push(data.rolling, config.window_bars, square)
    _push(data.long, config.long_window_bars, square)


def ewma_volatility(data: VolatilityData, config: VolatilityConfig) -> float:
    """Standard deviation over one second, newer bars counting more; 0.0 while unknown."""
    if data.bars < config.min_bars:
        return 0.0
    return sqrt(data.weighted / data.weight * (SECOND_NS / config.bar_ns))


def rolling_volatility(data: VolatilityData, config: VolatilityConfig) -> float:
    """Standard deviation over one second, by the rolling window; 0.0 while unknown."""
    return _of_window(data, data.rolling, config.window_bars, config)


def long_volatility(data: VolatilityData, config: VolatilityConfig) -> float:
    """Standard deviation over one second, by the long window; 0.0 while unknown."""
    return _of_window(data, data.long, config.long_window_bars, config)


def _of_window(data: VolatilityData, window: Window, size: int, config: VolatilityConfig) -> float:
    if data.bars < config.min_bars:
        return 0.0
    ring = window.ring
    total = window.lap_sum
    if len(ring) == size:
        total += ring[window.head]
    return sqrt(total / len(ring) * (SECOND_NS / config.bar_ns))


def _push(window: Window, size: int, square: float) -> None:
    """The newest square takes the place of the oldest."""
    ring, head = window.ring, window.head
    if head == len(ring):
        ring.append(square)
    else:
        ring[head] = square
    head += 1
    window.lap_sum += square
    if head == size:
        # The lap is over: its squares become sums to the end, for the next lap to eat up.
        total = 0.0
        for place in range(size - 1, -1, -1):
            total += ring[place]
            ring[place] = total
        head = 0
        window.lap_sum = 0.0
    window.head = head
