"""Cont and Kukanov's problem played by real orders in the venue's own book: the closed form costs least.

The mid is 1,000 ticks of a thousandth, half a spread 10 of them. Behind a queue of 2,000 lots L lots rest,
M = 1,000 − L are taken at once; some of the queue is sold into; what is short then is taken at the
deadline, when the other side stands 50 ticks away. Prices are those of the fills; fee, rebate and impact are
the paper's numbers, on what the venue says was taken, was resting and was sent.
"""

from functools import lru_cache

import numpy as np
import pytest

from desk.router.cont_kukanov import Outflow, RestVenue, TakeCost, expected_cost
from market.codes import Liquidity, Mode, OrderType, ReportType, Side, TimeInForce
from sim.arena import BookSpec
from sim.world import OutRow, World

TOTAL = 1_000
QUEUE = 2_000
MID = 1_000
HALF_SPREAD, PENALTY = 10, 50
FEE, REBATE, IMPACT = 3, 2, 1
COST = TakeCost(half_spread=0.010, fee=0.003, impact=0.001, penalty=0.050)
RESTS = range(46)
"""Lots to rest that are tried: the closed form's 22.194, and as many more."""


class Market:
    """One book, played in again and again; it is empty before and after each play."""

    def __init__(self) -> None:
        self.world = World(
            mode=Mode.REACTIVE, books=[BookSpec(tick_units=1)], locals_=[], start_ns=0
        )
        self.orders = 0
        self.alive: dict[int, int] = {}

    def cost(self, rest_lots: int, outflow_lots: int) -> int:
        """What the split costs above the mid when so much leaves the queue; in ticks × lots."""
        for _ in range(4):
            self.send(Side.BUY, MID - HALF_SPREAD, QUEUE // 4)
        self.send(Side.SELL, MID + HALF_SPREAD, TOTAL)
        taken = self.send(Side.BUY, MID + HALF_SPREAD, TOTAL - rest_lots, TimeInForce.IOC)
        first = self.orders
        self.send(Side.BUY, MID - HALF_SPREAD, rest_lots)
        resting = self.orders if self.orders > first else 0
        hit = self.send(Side.SELL, MID - HALF_SPREAD, outflow_lots, TimeInForce.IOC)
        own = [row for row in taken if row.id == first] + [row for row in hit if row.id == resting]
        got = sum(row.qty_lots for row in own)
        # The deadline: what rests is cancelled, the market has moved away, what is short is taken.
        self.clear()
        self.send(Side.SELL, MID + PENALTY, TOTAL)
        late = self.send(Side.BUY, MID + PENALTY, TOTAL - got, TimeInForce.IOC)
        last = [row for row in late if row.id == self.orders] if got < TOTAL else []
        assert got + sum(row.qty_lots for row in last) == TOTAL
        self.clear()
        paid = sum((row.price_ticks - MID) * row.qty_lots for row in own + last)
        fees = sum(
            (FEE if row.liquidity == Liquidity.TAKER else -REBATE) * row.qty_lots for row in own
        )
        return paid + fees + IMPACT * (TOTAL + TOTAL - got)

    def send(
        self, side: Side, price_ticks: int, lots: int, tif: TimeInForce = TimeInForce.GTC
    ) -> list[OutRow]:
        """The fills that an order brings about, of both sides; none of an order of no lots."""
        if lots == 0:
            return []
        self.orders += 1
        rows = self.world.submit(
            0,
            self.now(),
            self.orders,
            side=side,
            order_type=OrderType.LIMIT,
            tif=tif,
            post_only=False,
            price_ticks=price_ticks,
            qty_lots=lots,
            cause=-self.orders,
        )
        fills = [row for row in rows if row.type == ReportType.FILLED]
        if tif is TimeInForce.GTC:
            self.alive[self.orders] = lots
        for row in fills:
            if row.id in self.alive:
                self.alive[row.id] = row.leaves_lots
        return fills

    def clear(self) -> None:
        """Take everybody's orders out."""
        for order, leaves_lots in self.alive.items():
            if leaves_lots:
                self.world.cancel(0, self.now(), order, cause=-order - (1 << 40))
        self.alive.clear()

    def now(self) -> int:
        """A nanosecond later than before."""
        self.world.advance(self.world.now_ns + 1)
        return self.world.now_ns


@lru_cache(maxsize=1)
def played() -> np.ndarray:
    """Costs by lots that rest and by lots of them that the outflow reaches, in units of price × lots."""
    market = Market()
    return (
        np.array(
            [
                [market.cost(rest, QUEUE + reached) for reached in range(len(RESTS))]
                for rest in RESTS
            ]
        )
        / 1_000
    )


def outflows(mean_lots: float, count: int) -> np.ndarray:
    """Whole lots that leave the queue, one in each of so many slices of equal probability."""
    slices = (np.arange(count) + 0.5) / count
    return np.floor(-mean_lots * np.log1p(-slices)).astype(np.int64)


def surface(lots: np.ndarray) -> np.ndarray:
    """Mean cost by lots that rest, over outflows that are equally likely."""
    # Whatever is beyond the last lot that rests, or short of the first, makes no difference.
    reached = np.clip(lots - QUEUE, 0, len(RESTS) - 1)
    return played() @ (np.bincount(reached, minlength=len(RESTS)) / len(lots))


def test_outflows_short_of_the_queue_and_beyond_the_order_are_alike() -> None:
    market = Market()
    for rest in (0, 1, 22, 45):
        short = {market.cost(rest, outflow) for outflow in (0, 1, 700, 1_999, 2_000)}
        beyond = {market.cost(rest, QUEUE + outflow) for outflow in (rest, rest + 1, 45, 9_000)}
        assert short == {1_000 * 13 - rest * 13 + 50 * rest + 1_000 + rest}
        assert beyond == {1_000 * 13 - rest * 13 - 12 * rest + 1_000}


def test_the_surface_of_the_engine_is_smallest_at_the_published_split() -> None:
    costs = surface(outflows(4_000.0, 200_000))

    rest = int(np.argmin(costs))
    assert abs((TOTAL - rest) - 977.806) <= 1.0
    # One valley: it falls to there and rises from there.
    steps = np.diff(costs)
    assert (steps[:rest] < 0.0).all()
    assert (steps[rest:] > 0.0).all()


def test_a_queue_that_hardly_moves_is_not_joined_in_the_engine_either() -> None:
    assert int(np.argmin(surface(outflows(2_500.0, 200_000)))) == 0


@pytest.mark.parametrize("mean_lots", [2_500.0, 4_000.0, 6_000.0])
def test_the_engine_charges_what_the_formula_expects_over_the_whole_surface(
    mean_lots: float,
) -> None:
    lots = outflows(mean_lots, 20_000)
    outflow = Outflow(samples=tuple(lots.tolist()))
    venue = RestVenue(book_id=0, queue_lots=QUEUE, rebate=0.002, outflow=outflow)
    formula = [expected_cost(COST, [venue], TOTAL - rest, [rest]) for rest in RESTS]

    assert surface(lots) == pytest.approx(formula, abs=1e-9)
