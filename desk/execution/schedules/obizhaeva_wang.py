"""Obizhaeva and Wang: what to do in a book that fills up again after it has been eaten.

Model (Journal of Financial Markets 16(1), 2013): a trade moves the price, and of that impact all
but a lasting part decays with rate ρ. The cost above the lasting part's is κ/2 · Σᵢⱼ
xᵢxⱼ·e^(−ρ|tᵢ−tⱼ|), with κ = 1/q − λ for a book of depth q and a lasting impact λ. It is smallest
for a block at either end and an even flow between:

    continuous   x₀ = x_T = X/(ρT + 2), rate ρX/(ρT + 2),           excess κX²/(ρT + 2)
    N steps      ends x = X/(2 + (N−1)(1−a)), others x(1−a), a = e^(−ρT/N),
                 excess ½κX²(1+a)/(2 + (N−1)(1−a))

The second line follows because the inverse of the matrix e^(−ρ|i−j|τ) has only three diagonals.
Neither depth nor spread decides the shape; κ only prices it.
"""

from desk.execution.schedules.hyperbolic import expm1
from desk.execution.schedules.slices import Schedule, cut_path, edges_ns, schedule_of


def block_and_rate(shares: float, resilience: float, horizon: float) -> tuple[float, float]:
    """Size of the block at either end, and the rate between, in continuous time.

    Args:
        shares: X.
        resilience: ρ, per unit of time, at least 0; its half-life is ln 2/ρ.
        horizon: T.
    """
    block = shares / (resilience * horizon + 2.0)
    return block, resilience * block


def continuous_excess(shares: float, resilience: float, horizon: float, kappa: float) -> float:
    """Cost above the lasting part's, in continuous time."""
    return kappa * shares * shares / (resilience * horizon + 2.0)


def trades(shares: float, resilience: float, horizon: float, steps: int) -> list[float]:
    """The N + 1 trades at equal distances, the first at once and the last at T."""
    refill = _refill(resilience, horizon, steps)
    end = shares / (2.0 + (steps - 1) * refill)
    return [end, *[end * refill] * (steps - 1), end]


def excess(shares: float, resilience: float, horizon: float, steps: int, kappa: float) -> float:
    """Cost of these trades above the lasting part's."""
    refill = _refill(resilience, horizon, steps)
    return 0.5 * kappa * shares * shares * (2.0 - refill) / (2.0 + (steps - 1) * refill)


def block_flow_block(
    total_lots: int, begin_ns: int, end_ns: int, count: int, *, resilience: float
) -> Schedule:
    """The schedule in whole lots: `count` slices, the last of which is the closing block.

    Args:
        total_lots: The parent's quantity.
        begin_ns: Where the first slice begins.
        end_ns: Where the last one ends.
        count: Number of slices, at least 2.
        resilience: ρT, a pure number: how often the book fills up again from first to last slice.
    """
    assert count >= 2
    pieces = trades(1.0, resilience, 1.0, count - 1)
    left, rest = [], 1.0
    for piece in pieces[:-1]:
        rest -= piece
        left.append(rest)
    left.append(0.0)
    return schedule_of(edges_ns(begin_ns, end_ns, count), cut_path(total_lots, left))


def _refill(resilience: float, horizon: float, steps: int) -> float:
    """1 − a: the part of an impact that is gone before the next trade."""
    assert steps >= 1
    assert resilience >= 0.0
    return -expm1(-resilience * horizon / steps)
