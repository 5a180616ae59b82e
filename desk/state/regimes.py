"""How a market behaves at present: from quiet to wild, by its own history or by a fitted model.

Two ways, chosen by the configuration:

**By percentile** (the default). The rolling volatility of a bar is ranked among those of the last
`history_bars` bars before it: rank = (share below + share not above) / 2, so that a market that never
changes is NORMAL, in the middle of its own history.

    rank < calm_ppm → CALM;  ≤ volatile_ppm → NORMAL;  ≤ extreme_ppm → VOLATILE;  above → EXTREME

**By a hidden Markov model** (`hmm`), fitted offline by `twin regimes fit`: the most probable state
after all bars so far, by the forward filter of `desk.state.hmm`.

Both look backwards only: what comes later changes nothing that was said before.

Limits: UNKNOWN until `min_bars` bars are ranked, or the model has seen its first bar. Windows overlap,
so neighbouring ranks are alike. A percentile is relative: a day that is wild throughout has calm
bars too. A model is of the book and bar length that it was fitted on.
"""

from bisect import bisect_left, bisect_right, insort
from typing import Final

import msgspec

from desk.state.hmm import HmmData, add_change, regime_of_states
from desk.state.hmm_params import HmmParams
from desk.state.volatility import WINDOW_BARS_MAX
from market.codes import Regime
from market.errors import InputError

PPM: Final = 1_000_000


class RegimeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one regime ends and the next begins.

    Attributes:
        history_bars: Bars among which the present one is ranked.
        min_bars: Before so many the regime is unknown.
        calm_ppm: Ranks below are CALM.
        volatile_ppm: Ranks above are VOLATILE.
        extreme_ppm: Ranks above are EXTREME.
        hmm: A fitted model, which then decides instead of ranks.
    """

    history_bars: int = 3_600
    min_bars: int = 300
    calm_ppm: int = 250_000
    volatile_ppm: int = 750_000
    extreme_ppm: int = 975_000
    hmm: HmmParams | None = None

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("history_bars", self.history_bars, 2, WINDOW_BARS_MAX),
            ("min_bars", self.min_bars, 1, self.history_bars),
            ("calm_ppm", self.calm_ppm, 0, PPM),
            ("volatile_ppm", self.volatile_ppm, self.calm_ppm, PPM),
            ("extreme_ppm", self.extreme_ppm, self.volatile_ppm, PPM),
        ):
            if not low <= value <= high:
                raise InputError(f"regime.{name} is {value}, allowed is {low} to {high}")


class RegimeData(msgspec.Struct):
    """All that is remembered of one book.

    Attributes:
        regime: After the newest bar.
        history: Volatilities in the order in which they came; a ring once it is full.
        head: Where in a full ring the oldest lies.
        ranked: The same volatilities, smallest first.
        hmm: What the model's filter believes.
    """

    regime: Regime = Regime.UNKNOWN
    history: list[float] = []
    head: int = 0
    ranked: list[float] = []
    hmm: HmmData = msgspec.field(default_factory=HmmData)


def add_regime_bar(
    data: RegimeData, config: RegimeConfig, change: float, volatility: float
) -> None:
    """A bar has ended.

    Args:
        change: The bar's relative change of the mid.
        volatility: The rolling volatility with this bar in it; 0.0 while unknown.
    """
    if config.hmm is not None:
        add_change(data.hmm, config.hmm, change)
        data.regime = regime_of_states(data.hmm.probabilities)
    elif data.ranked or volatility > 0.0:
        # Zeros before the first movement are not yet a volatility, and no history to rank among.
        if len(data.ranked) >= config.min_bars:
            data.regime = _regime_of_rank(rank_ppm(data.ranked, volatility), config)
        _remember(data, config.history_bars, volatility)


def regime_of(data: RegimeData) -> Regime:
    """The regime after the newest bar."""
    return data.regime


def rank_ppm(ranked: list[float], volatility: float) -> int:
    """Where a volatility lies among others, 0 (below all) to 1,000,000 (above all)."""
    below, not_above = bisect_left(ranked, volatility), bisect_right(ranked, volatility)
    return (below + not_above) * PPM // (2 * len(ranked))


def _regime_of_rank(rank: int, config: RegimeConfig) -> Regime:
    if rank < config.calm_ppm:
        return Regime.CALM
    if rank > config.extreme_ppm:
        return Regime.EXTREME
    return Regime.VOLATILE if rank > config.volatile_ppm else Regime.NORMAL


def _remember(data: RegimeData, size: int, volatility: float) -> None:
    """The newest volatility joins the history, and the oldest leaves a full one."""
    if len(data.history) < size:
        data.history.append(volatility)
    else:
        oldest = data.history[data.head]
        data.history[data.head] = volatility
        data.head = (data.head + 1) % size
        del data.ranked[bisect_left(data.ranked, oldest)]
    insort(data.ranked, volatility)
