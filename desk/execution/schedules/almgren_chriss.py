"""Implementation shortfall by Almgren and Chriss: the cheapest schedule for an aversion to risk.

Model (Journal of Risk 3(2), 2000): X shares are sold in N steps of length τ = T/N. The price
moves by σ√τ a step and by γ per share sold for good; a trade of n in a step costs ε + η·n/τ per
share more. With η̃ = η − γτ/2 the cost has

    E = ½γX² + εΣ|n_k| + (η̃/τ)Σn_k²        V = σ²Σ τ·x_k²   over holdings x_1 … x_N

and E + λV is smallest for

    x_j = X · sinh(κ(T − t_j)) / sinh(κT),   2(cosh κτ − 1)/τ² = κ̃² = λσ²/η̃.

Since 2(cosh κτ − 1) = 4 sinh²(κτ/2), κ = (2/τ)·asinh(κ̃τ/2), which loses no digits at small κτ.
The half-life is 1/κ. With a drift α of the price the schedule bends around x̄ = α/(2λσ²):

    x_j = … + x̄ · (1 − (sinh κ(T−t_j) + sinh κt_j) / sinh κT).

*Liquidity-adjusted value at risk*, E + z√V, is smallest where its slope along the frontier is the
frontier's own: λ = z / (2√V(λ)).

Limits: impact is linear and constant, and the price is a random walk. `adaptive` follows σ and η
as they turn out.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt

import msgspec

from desk.execution.schedules.hyperbolic import asinh, sinh_ratio
from desk.execution.schedules.slices import Schedule, cut_path, edges_ns, schedule_of
from market.errors import InputError


class Impact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A market as the model sees it; price, share and time in whatever units, used throughout.

    Attributes:
        sigma: Standard deviation of the price over one unit of time.
        eta: Price a share of trading at one share per unit of time.
        gamma: Lasting price change per share.
        epsilon: Price a share of trading at all: half the spread, and fees.
    """

    sigma: float
    eta: float
    gamma: float = 0.0
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.sigma < inf and 0.0 < self.eta < inf):
            raise InputError(
                f"impact: found sigma {self.sigma} and eta {self.eta}, "
                f"allowed is sigma of 0 or more and eta above 0"
            )
        if not (0.0 <= self.gamma < inf and 0.0 <= self.epsilon < inf):
            raise InputError(
                f"impact: found gamma {self.gamma} and epsilon {self.epsilon}, allowed is 0 or more"
            )


def eta_step(impact: Impact, step: float) -> float:
    """η̃ = η − γτ/2.

    Raises:
        InputError: It is not above zero: steps are too long for so large a lasting impact.
    """
    found = impact.eta - 0.5 * impact.gamma * step
    if found <= 0.0:
        raise InputError(
            f"impact: found eta − gamma·step/2 = {found} with steps of {step}, allowed is above 0"
        )
    return found


def kappa(impact: Impact, risk_aversion: float, step: float) -> float:
    """How fast holdings fall, per unit of time; 0 for somebody who does not mind risk."""
    assert risk_aversion >= 0.0
    rate = sqrt(risk_aversion / eta_step(impact, step)) * impact.sigma
    return 2.0 / step * asinh(0.5 * rate * step)


def left_shares(rate: float, horizon: float, count: int) -> list[float]:
    """Share of the parent that is left after each step; the last is 0.

    Args:
        rate: κ; infinite trades everything at once.
        horizon: T.
        count: N.
    """
    step = horizon / count
    if rate == inf or rate * step > 700.0:
        return [0.0] * count
    if rate == 0.0:
        return [(count - j) / count for j in range(1, count + 1)]
    whole = rate * horizon
    return [sinh_ratio(whole * (count - j) / count, whole) for j in range(1, count + 1)]


def holdings(shares: float, rate: float, horizon: float, count: int) -> list[float]:
    """x_0 … x_N."""
    return [shares, *[shares * left for left in left_shares(rate, horizon, count)]]


def drift_target(impact: Impact, risk_aversion: float, drift: float) -> float:
    """x̄ = α/(2λσ²): what would be held for ever for the drift's sake."""
    return drift / (2.0 * risk_aversion * impact.sigma * impact.sigma)


def holdings_with_drift(
    shares: float, target: float, rate: float, horizon: float, count: int
) -> list[float]:
    """x_0 … x_N with the bend around x̄ (`drift_target`); they may go below zero or above X."""
    left = [1.0, *left_shares(rate, horizon, count)]
    # sinh κt_j / sinh κT is the share left read backwards.
    return [shares * left[j] + target * (1.0 - left[j] - left[count - j]) for j in range(count + 1)]


def expected_cost(impact: Impact, path: Sequence[float], step: float, drift: float = 0.0) -> float:
    """E of holdings x_0 … x_N.

    Args:
        impact: The market.
        path: Holdings; the last is 0.
        step: τ.
        drift: α, price change per unit of time; what rises while it is held lowers the cost.
    """
    traded, squares, held = 0.0, 0.0, 0.0
    for before, after in pairwise(path):
        n = before - after
        traded += abs(n)
        squares += n * n
        held += after
    start = path[0]
    return (
        0.5 * impact.gamma * start * start
        + impact.epsilon * traded
        + eta_step(impact, step) / step * squares
        - drift * step * held
    )


def variance(impact: Impact, path: Sequence[float], step: float) -> float:
    """V of holdings x_0 … x_N."""
    squares = 0.0
    for held in path[1:]:
        squares += held * held
    return impact.sigma * impact.sigma * step * squares


def least_value_at_risk(
    impact: Impact, shares: float, horizon: float, count: int, deviations: float
) -> tuple[float, float]:
    """The aversion λ whose schedule has the smallest E + z√V, and that value.

    Args:
        impact: The market.
        shares: X.
        horizon: T.
        count: N.
        deviations: z, above 0: 1.6449 for 95 %.

    Returns:
        λ and E + z√V; λ is infinite where trading all at once is best.
    """
    step = horizon / count

    def at(risk_aversion: float) -> tuple[float, float]:
        path = holdings(shares, kappa(impact, risk_aversion, step), horizon, count)
        return expected_cost(impact, path, step), sqrt(variance(impact, path, step))

    low, high = 1e-30, 1e30
    if 2.0 * high * at(high)[1] < deviations:
        at_once = [shares, *[0.0] * count]
        return inf, expected_cost(impact, at_once, step)
    while True:
        middle = sqrt(low) * sqrt(high)
        if not low < middle < high:
            break
        if 2.0 * middle * at(middle)[1] < deviations:
            low = middle
        else:
            high = middle
    cost, deviation = at(high)
    return high, cost + deviations * deviation


def shortfall(
    total_lots: int, begin_ns: int, end_ns: int, count: int, *, urgency: float
) -> Schedule:
    """The schedule in whole lots.

    Args:
        total_lots: The parent's quantity.
        begin_ns: Where the first slice begins.
        end_ns: Where the last one ends.
        count: Number of slices.
        urgency: κT, a pure number: 0 is TWAP, 3 does two thirds in the first third.
    """
    left = left_shares(urgency, 1.0, count)
    return schedule_of(edges_ns(begin_ns, end_ns, count), cut_path(total_lots, left))
