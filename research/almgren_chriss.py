"""Almgren and Chriss through the matching engine: what their formula expects, and what a real book charges.

Model: a book that is built to the paper's assumptions. Before each step the other side shows ε away from
the price, and from there on the same number of shares at every tick, so that walking n shares costs
ε + η·n/τ a share on average: depth is τ/(2η) shares a unit of price. After each step everything stands
lower by γ for each share sold, for good, and by the step's own noise σ√τ·z, if there is any. The schedule
is sold by market orders into the venue's own book; its fills are what is counted. Prices stand on ticks,
so lasting moves and noise are rounded to them, and what is left of a rounding goes into the next step.

Source: Almgren and Chriss, Journal of Risk 3(2), 2000, §3.4: the parameters are those of its example.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt
from typing import Final

import msgspec
import numpy as np

from desk.execution.schedules.almgren_chriss import (
    Impact,
    eta_step,
    expected_cost,
    holdings,
    kappa,
    variance,
)
from market.codes import Mode, OrderType, ReportType, Side, TimeInForce
from market.messages import NO_PRICE
from research.bootstrap import Interval, mean_interval
from sim.arena import BookSpec
from sim.streams import draw, normal_quantile, stream_key
from sim.world import OutRow, World

PAPER: Final = Impact(sigma=0.95, eta=2.5e-6, gamma=2.5e-7, epsilon=0.0625)
SHARES: Final = 1_000_000
STEPS: Final = 5
STEP: Final = 1.0
PRICE: Final = 50.0
AVERSIONS: Final = (0.0, 1e-6, 2e-6, inf)

TICKS_A_UNIT: Final = 1_000
"""Ticks in a unit of price; half a tick beyond ε the first level stands, so means are exact."""


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """One aversion to risk.

    Attributes:
        expected: Cost by the formula, in units of price × shares.
        engine: Cost of the fills.
        ratio: The second over the first.
        path: Holdings before and after each step.
    """

    aversion: float
    expected: float
    engine: float
    ratio: float
    path: list[int]


class AlmgrenChriss(msgspec.Struct, frozen=True, kw_only=True):
    """What `twin study almgren-chriss` found.

    Attributes:
        priced: Without noise, by aversion.
        noisy: Mean cost with noise, less the formula's, at the paper's aversion of a millionth.
        deviation: Standard deviation of those costs.
        expected_deviation: The formula's √V.
    """

    priced: list[Priced]
    noisy: Interval
    deviation: float
    expected_deviation: float


def whole_path(aversion: float, impact: Impact = PAPER) -> list[int]:
    """Holdings of the schedule in whole shares."""
    rate = inf if aversion == inf else kappa(impact, aversion, STEP)
    return [round(left) for left in holdings(float(SHARES), rate, STEP * STEPS, STEPS)]


def engine_cost(path: Sequence[int], impact: Impact = PAPER, seed: int | None = None) -> float:
    """Sell a schedule through a book of the paper's making; cost against the first price.

    Args:
        path: Holdings before and after each step.
        impact: Of the market.
        seed: Of its noise; none without.
    """
    depth = round(STEP / (2.0 * impact.eta * TICKS_A_UNIT))
    first_ticks = round(impact.epsilon * TICKS_A_UNIT + 0.5)
    world = World(mode=Mode.REACTIVE, books=[BookSpec(tick_units=1)], locals_=[], start_ns=0)
    book = _Seller(world, depth, first_ticks)
    price, cost = PRICE * TICKS_A_UNIT, 0
    for step, (before, after) in enumerate(pairwise(path)):
        sold = before - after
        cost += round(PRICE * TICKS_A_UNIT) * sold - book.sell(round(price), sold)
        price -= impact.gamma * sold * TICKS_A_UNIT
        if seed is not None:
            bits = draw(stream_key(seed, "almgren_chriss"), step, 0)
            z = normal_quantile((bits + 0.5) / 2.0**63)
            price += impact.sigma * sqrt(STEP) * z * TICKS_A_UNIT
    return cost / TICKS_A_UNIT


class _Seller:
    """Sells into a book that is filled for each sale and emptied after it."""

    def __init__(self, world: World, depth: int, first_ticks: int) -> None:
        self._world = world
        self._depth = depth
        self._first_ticks = first_ticks
        self._orders = 0

    def sell(self, price_ticks: int, shares: int) -> int:
        """What a market order brings in, in ticks × shares."""
        if shares == 0:
            return 0
        best_ticks = price_ticks - self._first_ticks
        bids = [
            self._submit(Side.BUY, best_ticks - level, self._depth, TimeInForce.GTC)
            for level in range(shares // self._depth + 2)
        ]
        number = self._orders + 1
        rows = self._sent(Side.SELL, NO_PRICE, shares, TimeInForce.IOC)
        earned = sum(
            row.price_ticks * row.qty_lots
            for row in rows
            if row.id == number and row.type == ReportType.FILLED
        )
        filled = {row.id for row in rows if row.type == ReportType.FILLED and not row.leaves_lots}
        for bid in bids:
            if bid not in filled:
                self._world.cancel(0, self._now(), bid, cause=-bid - (1 << 40))
        return earned

    def _submit(self, side: Side, price_ticks: int, shares: int, tif: TimeInForce) -> int:
        self._sent(side, price_ticks, shares, tif)
        return self._orders

    def _sent(self, side: Side, price_ticks: int, shares: int, tif: TimeInForce) -> list[OutRow]:
        self._orders += 1
        return self._world.submit(
            0,
            self._now(),
            self._orders,
            side=side,
            order_type=OrderType.MARKET if price_ticks == NO_PRICE else OrderType.LIMIT,
            tif=tif,
            post_only=False,
            price_ticks=0 if price_ticks == NO_PRICE else price_ticks,
            qty_lots=shares,
            cause=-self._orders,
        )

    def _now(self) -> int:
        self._world.advance(self._world.now_ns + 1)
        return self._world.now_ns


def almgren_chriss(seeds: int = 200) -> AlmgrenChriss:
    """Sell the paper's example through the engine, without noise and with it.

    Args:
        seeds: Days with noise.
    """
    priced = []
    for aversion in AVERSIONS:
        path = whole_path(aversion)
        expected = expected_cost(PAPER, path, STEP)
        engine = engine_cost(path)
        priced.append(
            Priced(
                aversion=aversion,
                expected=expected,
                engine=engine,
                ratio=engine / expected,
                path=path,
            )
        )
    path = whole_path(1e-6)
    expected = expected_cost(PAPER, path, STEP)
    costs = [engine_cost(path, seed=seed) for seed in range(seeds)]
    return AlmgrenChriss(
        priced=priced,
        noisy=mean_interval([cost - expected for cost in costs], "almgren_chriss"),
        deviation=float(np.std(costs, ddof=1)) if seeds > 1 else 0.0,
        expected_deviation=sqrt(variance(PAPER, path, STEP)),
    )


assert eta_step(PAPER, STEP) > 0.0
