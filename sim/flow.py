"""Zero-intelligence flow in a scenario's words, and recording what a flow did as a tape.

The model, its sources and its limits are in `sim/kernels/flow.py`.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Kind, Mode, RowFlag
from market.columns import TAPE_DTYPE
from market.errors import InputError
from market.portable import exp, log
from sim.arena import BookSpec, FlowSpec, LocalSpec
from sim.kernels import layout
from sim.latency import LATENCY_NS_MAX, Constant
from sim.streams import stream_key
from sim.world import World

WEIGHT_ONE: Final = 1 << 62


class FlowModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a zero-intelligence day; times in nanoseconds, both sides together.

    Attributes:
        limit_mean_ns: Mean time between limit orders.
        market_mean_ns: Mean time between market orders.
        life_mean_ns: Mean life of a limit order before it is cancelled.
        band_ticks: Largest distance from the opposite best at which limit orders arrive.
        market_buy_ppm: How many of a million market orders buy; more than half let prices drift up.
        decay: Exponent a of the placement weights i ** -a at distance i (Cont, Stoikov and Talreja
            2010 fit 0.52 on Tokyo data); 0 is Smith and Farmer's uniform deposition.
        qty_mean_lots: Mean quantity of an order; quantities are geometric-like, at least 1.
        seed_orders: Limit orders placed at the first instant, half to each side on average.
        anchor_ticks: Price around which the first orders are placed.
    """

    limit_mean_ns: int
    market_mean_ns: int
    life_mean_ns: int
    band_ticks: int
    qty_mean_lots: int
    seed_orders: int
    anchor_ticks: int
    market_buy_ppm: int = 500_000
    decay: float = 0.52

    def __post_init__(self) -> None:
        """Refuse what the kernel could not run."""
        for name in ("limit_mean_ns", "market_mean_ns", "life_mean_ns", "qty_mean_lots"):
            if not 1 <= getattr(self, name) <= 1 << 50:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is 1 … 2^50")
        if not 1 <= self.band_ticks <= 1024:
            raise InputError(f"band_ticks is {self.band_ticks}, allowed is 1 … 1024")
        if not 0 <= self.seed_orders <= 1 << 20:
            raise InputError(f"seed_orders is {self.seed_orders}, allowed is 0 … 2^20")
        if not 0 <= self.market_buy_ppm <= 1_000_000:
            raise InputError(f"market_buy_ppm is {self.market_buy_ppm}, allowed is 0 … 1000000")
        if not 0.0 <= self.decay <= 10.0:
            raise InputError(f"decay is {self.decay}, allowed is 0 … 10")

    def compile(self, *, seed: int, book_id: int, start_ns: int, end_ns: int) -> FlowSpec:
        """The flow as the kernel takes it; its draws come from `seed` and the book alone."""
        return FlowSpec(
            book_id=book_id,
            key=stream_key(seed, f"flow/{book_id}"),
            limit_mean_ns=self.limit_mean_ns,
            market_mean_ns=self.market_mean_ns,
            life_mean_ns=self.life_mean_ns,
            cumulative=_cumulative(self.band_ticks, self.decay),
            qty_mean_lots=self.qty_mean_lots,
            seed_orders=self.seed_orders,
            anchor_ticks=self.anchor_ticks,
            start_ns=start_ns,
            end_ns=end_ns,
            buy_ppm=self.market_buy_ppm,
        )


def _cumulative(band_ticks: int, decay: float) -> npt.NDArray[np.int64]:
    """Cumulative placement weights in 62-bit integers, the last one covering every draw."""
    # Our own logarithm and exponential: the table decides prices, so its bits must not depend on
    # the platform's mathematics library.
    weights = [exp(-decay * log(float(i))) for i in range(1, band_ticks + 1)]
    total = 0.0
    for weight in weights:
        total += weight
    result = []
    running = 0.0
    for weight in weights:
        running += weight
        result.append(min(int(running / total * WEIGHT_ONE), WEIGHT_ONE))
    result[-1] = WEIGHT_ONE
    return np.array(result, dtype=np.int64)


def record_flow(
    spec: FlowSpec, *, tick_units: int, slice_ns: int, message_count: int
) -> Iterator[npt.NDArray[np.void]]:
    """Run a flow on an empty book and yield what happened as tape rows (prices in units).

    Args:
        spec: The flow; its book must be 0.
        tick_units: Price units a tick.
        slice_ns: How much simulated time each piece covers.
        message_count: Stop after at least that many source messages, or at the flow's end.
    """
    listener = LocalSpec(
        book_id=0, latency=Constant(latency_ns=LATENCY_NS_MAX).compile(), key=0, subscriptions=0
    )
    world = World(
        mode=Mode.REACTIVE,
        books=[BookSpec(tick_units=tick_units)],
        locals_=[listener],
        start_ns=spec.start_ns,
        flows=[spec],
    )
    until_ns = spec.start_ns
    taken = 0
    while until_ns < spec.end_ns and world.header_word(layout.H_MESSAGES) < message_count:
        until_ns = min(until_ns + slice_ns, spec.end_ns)
        world.advance(until_ns - 1)
        piece = _ring_rows(world, tick_units, taken)
        taken += len(piece)
        _mark_read(world, taken)
        if len(piece):
            yield piece


def _ring_rows(world: World, tick_units: int, since: int) -> npt.NDArray[np.void]:
    """What has been published from message `since` on, as tape rows."""
    cap = world.book_word(0, layout.B_RING_CAP)
    off = world.book_word(0, layout.B_RING_OFF)
    end = world.book_word(0, layout.B_RING_COMMIT)
    ring = world.arena.mem[off : off + cap * layout.R_SIZE].reshape(cap, layout.R_SIZE)
    rows = ring[np.arange(since, end) & (cap - 1)]
    word = rows[:, layout.R_WORD]
    result = np.zeros(len(rows), dtype=TAPE_DTYPE)
    result["ts_ns"] = rows[:, layout.R_TS]
    result["kind"] = (word >> 8) & 255
    result["side_flags"] = word & int(RowFlag.SELL | RowFlag.LAST)
    result["handle"] = (word >> 16) - world.header_word(layout.H_POOL_BASE)
    result["qty"] = rows[:, layout.R_QTY]
    result["price"] = rows[:, layout.R_PRICE] * tick_units
    assert not np.isin(result["kind"], (Kind.TRADE, Kind.PHASE, Kind.CLEAR)).any()
    return result


def _mark_read(world: World, count: int) -> None:
    """Let the listener have read `count` messages, so that their place in the ring is free."""
    lk = world.arena.local_off
    world.arena.mem[lk + layout.K_CURSOR] = count
    world.arena.mem[lk + layout.K_HEAD_DUE] = -1
