"""Bertsimas and Lo: the cheapest way to buy within T periods, with and without news on the way.

Model (Journal of Financial Markets 1(1), 1998): buying S lots in a period costs P_t = P_{t−1} +
θS_t + γX_t + ε_t a lot, where the news X_t = ρX_{t−1} + η_t are known when S_t is chosen. Without
news the same amount each period is best for any θ > 0, and costs

    S̄·P₀ + ½θS̄²(1 + 1/T).

With news, and k periods to go after this one, the best amount is linear in what is left W and in
X:

    S = δ_w·W + δ_x·X,   δ_w = 1/(k+1),   δ_x = ρ·b/(2a)   with a, b of k−1

    a_k = ½θ(1 + 1/(k+1)),   b_k = γ + θρ·b/(2a),   a₀ = θ,   b₀ = γ,

so with γ > 0 news that are bad for a buyer (X > 0) and will last make it hurry, and good ones
wait. The last period takes what is left.

Limits: amounts may be negative (sell on good news and buy back); a desk that must not trade both
ways cuts them at zero, and is then not the best any more.
"""

import msgspec


class Step(msgspec.Struct, frozen=True, gc=False):
    """The best amount of one period: left · per_left + news · per_news.

    Attributes:
        per_left: δ_w.
        per_news: δ_x, in lots per unit of news.
        square: a, cost to go per square of what is left.
        cross: b, cost to go per product of what is left and the news.
    """

    per_left: float
    per_news: float
    square: float
    cross: float


def even_cost(lots: float, price: float, theta: float, periods: int) -> float:
    """Expected cost of the same amount in each of T periods."""
    return lots * price + 0.5 * theta * lots * lots * (1.0 + 1.0 / periods)


def policy(theta: float, gamma: float, rho: float, periods: int) -> list[Step]:
    """The best amounts, first period first.

    Args:
        theta: θ, lasting price change per lot, above 0.
        gamma: γ, price change per unit of news.
        rho: ρ, what is left of news after a period, between −1 and 1.
        periods: T.
    """
    assert theta > 0.0
    assert -1.0 <= rho <= 1.0
    steps = [Step(1.0, 0.0, theta, gamma)]
    for to_go in range(1, periods):
        after = steps[-1]
        per_news = rho * after.cross / (2.0 * after.square)
        steps.append(
            Step(
                per_left=1.0 / (to_go + 1),
                per_news=per_news,
                square=0.5 * theta * (1.0 + 1.0 / (to_go + 1)),
                cross=gamma + theta * per_news,
            )
        )
    return steps[::-1]


def amount(step: Step, left: float, news: float) -> float:
    """The best amount of a period."""
    return step.per_left * left + step.per_news * news
