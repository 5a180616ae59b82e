"""What an order, and a list of them, is expected to cost: spread, impact and fees, with an interval.

Model, all as shares of an order's worth at its book's last mid, in basis points:

    spread    half the mean spread of the tightest of its books
    impact    by the square-root law or a learned curve (`impact`), of the lots that push the same way
    fees      as told
    interval  expected cost ± 1.96 standard deviations of where the market goes meanwhile: an order that
              is worked evenly over T has σ·√(T/3), because half done is only half exposed

*Together.* Orders of a list begin together. What one pushes, another of the same symbol or a correlated one
meets: with shares of volume q and correlations ρ, order i pays the impact of the flow Σ_j ρ_ij s_i s_j q_j of
its own market, never less than nothing. And their risks add up by their correlations: of two orders that take
Ta ≤ Tb, the costs covary as ρ·σa·σb·(Ta/2 − Ta²/6Tb).

Correlations and volatilities are of the tape's bars; a correlation below two standard errors counts as none.

Limits: the interval is of the market's moves alone, neither of the impact's nor of the spread's own error; bars
of one day say little about another; orders that are not done in time are not foreseen.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from market.decisions import PPM
from market.errors import InputError
from market.units import DURATION_NS, format_ns
from research.estimate.impact import LearnedCurve, learned_curves, square_root
from research.estimate.liquidity import (
    BP,
    Floats,
    HourRow,
    read_liquidity,
)
from research.estimate.markets import Market, correlations, market_of
from research.estimate.orders import OrderLine

SURE: Final = 1.96
"""Standard deviations on either side of an interval that holds 95 of 100."""


class EstimateConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is believed beside the tape.

    Attributes:
        impact_ppm: Y of the square-root law.
        fee_ppm: Of a fill's worth; below zero for a rebate.
        bar_ns: Of the bars for volatility and correlation.
    """

    impact_ppm: int = PPM
    fee_ppm: int = 0
    bar_ns: int = DURATION_NS["m"]

    def __post_init__(self) -> None:
        if not 0 <= self.impact_ppm <= 100 * PPM:
            raise InputError(f"impact is {self.impact_ppm}, allowed is 0 to {100 * PPM}")
        if abs(self.fee_ppm) > PPM:
            raise InputError(f"fee is {self.fee_ppm}, allowed is {-PPM} to {PPM}")


class OrderEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One order; costs in basis points of its worth, above zero is paid.

    Attributes:
        books: Over which its spread, volume and depth are.
        worth: Lots at the last mid, in currency.
        of_volume: Its lots over what its books trade in its horizon, on average.
        of_depth: Its lots over what five levels of one side show.
        spread: The half of it.
        impact_alone: Without the other orders of the list.
        impact: With them.
        cost: Spread, impact and fees.
        low: Of the interval.
        high: Of the interval.
        risk: Standard deviation of where the market goes meanwhile.
    """

    order: str
    side: str
    lots: int
    horizon: str
    books: int
    currency: str
    worth: float
    of_volume: float
    of_depth: float
    spread: float
    impact_alone: float
    impact: float
    fees: float
    cost: float
    low: float
    high: float
    risk: float


class ListEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """All orders of one currency; costs in basis points of their worth.

    Attributes:
        cost_alone: Were each order the only one.
        cost: Together.
        cost_money: The same in currency.
        risk_alone: Were their markets independent.
        risk: As they are correlated.
    """

    currency: str
    orders: int
    worth: float
    cost_alone: float
    cost: float
    cost_money: float
    low: float
    high: float
    risk_alone: float
    risk: float


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate.

    Attributes:
        model: Which curve impact is by, in words.
        tape: Its digest.
        bars: How many bars correlations are of, at least.
        liquidity: By venue and hour of UTC.
        idle: Books of the tape that never had two sides.
    """

    model: str
    tape: str
    bar: str
    bars: int
    orders: list[OrderEstimate]
    together: list[ListEstimate]
    correlations: list[dict[str, object]]
    liquidity: list[HourRow]
    idle: list[str]


def estimate(
    orders: Sequence[OrderLine],
    tape: Path,
    config: EstimateConfig | None = None,
    *,
    curves: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Estimate:
    """Estimate a list of orders by a recorded day.

    Args:
        orders: One or more.
        tape: Of any depth, with every book that is named.
        config: What else is believed.
        curves: A run's folder, whose learned curves stand for the square-root law.
        progress: Told rows done and in all, now and then.

    Raises:
        InputError: The tape has not what an order needs, or the run no curve for it.
    """
    assert orders
    config = config or EstimateConfig()
    learned = learned_curves(curves) if curves is not None else None
    seen = read_liquidity(tape, config.bar_ns, progress=progress)
    markets = [market_of(one, seen, tape) for one in orders]
    rho = correlations([one.home for one in markets])
    flows = _flows(orders, markets, rho)
    rows = [
        _row(one, market, float(flow), config, seen.bar_ns, learned)
        for one, market, flow in zip(orders, markets, flows, strict=True)
    ]
    used = {book.name for market in markets for book in market.books}
    return Estimate(
        model=_model(config, learned),
        tape=seen.digest,
        bar=format_ns(seen.bar_ns),
        bars=min(market.span for market in markets),
        orders=rows,
        together=_together(orders, rows, markets, rho, seen.bar_ns),
        correlations=_pairs(markets, rho),
        liquidity=[row for book in seen.books if book.name in used for row in book.hours],
        idle=seen.idle,
    )


def _flows(orders: Sequence[OrderLine], markets: Sequence[Market], rho: Floats) -> Floats:
    """Lots that push each order's way in its own market: its own, and what correlated ones bring."""
    shares = np.array(
        [
            one.side.sign * one.lots / market.volume_lots
            for one, market in zip(orders, markets, strict=True)
        ]
    )
    sides = np.array([one.side.sign for one in orders])
    volumes = np.array([market.volume_lots for market in markets])
    flows: Floats = np.maximum(sides * (rho @ shares), 0.0) * volumes
    return flows


def _row(
    order: OrderLine,
    market: Market,
    flow: float,
    config: EstimateConfig,
    bar_ns: int,
    learned: Mapping[str, LearnedCurve] | None,
) -> OrderEstimate:
    """One order."""
    home = market.home
    half = min(book.spread for book in market.books) / 2
    fees = config.fee_ppm / PPM

    def impact(lots: float) -> float:
        if learned is not None:
            curve = _learned_of(order, market, learned)
            return max(curve.cost(lots) - half, 0.0) if lots >= 1 else 0.0
        swing = float(np.sqrt(market.variance * market.span))
        return square_root(lots, market.volume_lots, swing, config.impact_ppm)

    alone, together = impact(order.lots), impact(flow)
    cost = half + together + fees
    risk = float(np.sqrt(market.variance * order.horizon_ns / bar_ns / 3))
    meanwhile = market.volume_lots * order.horizon_ns / (bar_ns * market.span)
    depth = sum(book.depth_lots for book in market.books)
    one = home.instrument
    return OrderEstimate(
        order=f"{order.symbol}@{order.venue}" if order.venue else order.symbol,
        side=order.side.name.lower(),
        lots=order.lots,
        horizon=format_ns(order.horizon_ns),
        books=len(market.books),
        currency=one.currency,
        worth=round(
            order.lots * home.mid_units * one.lot_num / one.lot_den / one.price_units_per_currency,
            2,
        ),
        of_volume=round(order.lots / meanwhile, 6),
        of_depth=round(order.lots / depth, 6),
        spread=_bp(half),
        impact_alone=_bp(alone),
        impact=_bp(together),
        fees=_bp(fees),
        cost=_bp(cost),
        low=_bp(cost - SURE * risk),
        high=_bp(cost + SURE * risk),
        risk=_bp(risk),
    )


def _learned_of(
    order: OrderLine, market: Market, learned: Mapping[str, LearnedCurve]
) -> LearnedCurve:
    """The curve of the tightest book of an order that has one.

    Raises:
        InputError: None has.
    """
    for book in sorted(market.books, key=lambda one: (one.spread, one.name)):
        if book.name in learned:
            return learned[book.name]
    names = ", ".join(book.name for book in market.books)
    raise InputError(
        f"{order.where}: found no learned curve of {names}, allowed is {', '.join(learned)}"
    )


def _together(
    orders: Sequence[OrderLine],
    rows: Sequence[OrderEstimate],
    markets: Sequence[Market],
    rho: Floats,
    bar_ns: int,
) -> list[ListEstimate]:
    """The list of each currency."""
    found = []
    for currency in dict.fromkeys(row.currency for row in rows):
        at = [place for place, row in enumerate(rows) if row.currency == currency]
        worth = np.array([rows[place].worth for place in at])
        whole = float(worth.sum())
        signed = worth * [orders[place].side.sign for place in at]
        bars = np.array([orders[place].horizon_ns / bar_ns for place in at])
        swing = np.sqrt([markets[place].variance for place in at])
        shorter, longer = np.minimum.outer(bars, bars), np.maximum.outer(bars, bars)
        covariance = np.outer(swing, swing) * (shorter / 2 - shorter**2 / (6 * longer))
        independent = float(signed**2 @ np.diag(covariance))
        variance = float(signed @ (rho[np.ix_(at, at)] * covariance) @ signed)
        costs = np.array([rows[place].cost for place in at])
        alone = np.array([rows[p].cost - rows[p].impact + rows[p].impact_alone for p in at])
        cost, risk = float(worth @ costs) / whole, np.sqrt(max(variance, 0.0)) / whole * BP
        found.append(
            ListEstimate(
                currency=currency,
                orders=len(at),
                worth=round(whole, 2),
                cost_alone=round(float(worth @ alone) / whole, 4),
                cost=round(cost, 4),
                cost_money=round(cost / BP * whole, 2),
                low=round(cost - SURE * risk, 4),
                high=round(cost + SURE * risk, 4),
                risk_alone=round(np.sqrt(independent) / whole * BP, 4),
                risk=round(float(risk), 4),
            )
        )
    return found


def _pairs(markets: Sequence[Market], rho: Floats) -> list[dict[str, object]]:
    """Every pair of different books that counts as correlated."""
    found: dict[tuple[str, str], float] = {}
    for one, market in enumerate(markets):
        for other in range(one):
            pair = (markets[other].home.name, market.home.name)
            if pair[0] != pair[1] and rho[one, other]:
                found.setdefault(pair, round(float(rho[one, other]), 4))
    return [
        {"book": one, "with": other, "correlation": value} for (one, other), value in found.items()
    ]


def _model(config: EstimateConfig, learned: Mapping[str, LearnedCurve] | None) -> str:
    """Where impact comes from, in words."""
    if learned is None:
        return f"square root, Y = {config.impact_ppm / PPM:g}"
    told = [
        f"{name} by {one.orders} orders, pieces of {one.piece_lots}"
        for name, one in learned.items()
    ]
    return f"learned: {'; '.join(told)}"


def _bp(share: float) -> float:
    return round(share * BP, 4)
