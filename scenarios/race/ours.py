"""What our world does in a race: the whole stream in frozen mode, with one own order at a time.

Model: a venue book, a local book behind a wire of constant latency, and an own order that is asked
for its place in the queue before it is cancelled. Nobody listens: a race measures what it costs to
keep the books true, and other laps of `scenarios.bench` what decisions cost.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from market.codes import Mode, OrderType, QueueModel, ReportType, Side, TimeInForce
from scenarios.race.stream import OWN_LOTS
from sim.arena import BookSpec, LocalSpec
from sim.latency import Constant
from sim.world import OutRow, World

FIRST_ID: Final = 1 << 40
WARM_UP_ROWS: Final = 20_000


class Lap:
    """One pass over a stream that has not begun.

    Args:
        stream: The arrays of a `RaceStream` by name.
        rows: Its tape rows, or the first of them.
    """

    def __init__(self, stream: Mapping[str, npt.NDArray[Any]], rows: npt.NDArray[np.void]) -> None:
        latency = Constant(latency_ns=int(stream["latency_ns"]))
        self.world = World(
            mode=Mode.FROZEN,
            books=[
                BookSpec(
                    tick_units=1,
                    handle_count=int(stream["handle_count"]),
                    depth=int(stream["depth"]),
                    queue_model=int(QueueModel.POWER),
                )
            ],
            locals_=[LocalSpec(book_id=0, latency=latency.compile(), key=0)],
            start_ns=0,
            rows=iter([rows]),
        )
        self.world.advance(0)  # it holds its rows before the clock starts, as every competitor does
        self.end_ns = int(rows["ts_ns"][-1]) + latency.latency_ns
        self.own = list(
            zip(
                stream["own_ns"].tolist(),
                stream["own_until_ns"].tolist(),
                stream["own_price"].tolist(),
                strict=True,
            )
        )
        self.checkpoint_ns = stream["checkpoint_ns"].tolist()


def warm_up(stream: Mapping[str, npt.NDArray[Any]]) -> None:
    """Compile whatever a drive may call, on the first rows and an order that nobody reaches."""
    rows = stream["rows"][:WARM_UP_ROWS]
    lap = Lap(stream, rows)
    below_ticks = int(stream["price"].min()) - 1
    lap.own = [(int(rows["ts_ns"][0]) + 1, lap.end_ns, below_ticks)]
    drive(lap)


def drive(lap: Lap) -> list[list[int]]:
    """Let everything happen.

    Returns:
        Of each fill: which own order, when at the venue, and how many lots.
    """
    world = lap.world
    fills: list[list[int]] = []
    for number, (entry_ns, until_ns, price_ticks) in enumerate(lap.own):
        if entry_ns > lap.end_ns:
            break
        _advance(world, entry_ns, fills)
        reports = world.submit(
            0,
            entry_ns,
            FIRST_ID + number,
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            tif=TimeInForce.GTC,
            post_only=False,
            price_ticks=price_ticks,
            qty_lots=OWN_LOTS,
            cause=number + 1,
        )
        _note(world, reports, fills)
        _advance(world, until_ns, fills)
        if world.queue_ahead(0, FIRST_ID + number) >= 0:
            world.cancel(0, until_ns, FIRST_ID + number, cause=number + 1)
    _advance(world, lap.end_ns, fills)
    return fills


def look(lap: Lap) -> list[list[int]]:
    """The local book's best prices at every checkpoint; zeros where a side is empty."""
    result = []
    for at_ns in lap.checkpoint_ns:
        _advance(lap.world, at_ns, [])
        view = lap.world.view(0)
        bid = [view.bid_ticks, view.bid_lots] if view.bid_lots else [0, 0]
        ask = [view.ask_ticks, view.ask_lots] if view.ask_lots else [0, 0]
        result.append(bid + ask)
    return result


def _advance(world: World, until_ns: int, fills: list[list[int]]) -> None:
    """Let the market happen up to a time, and note the fills on the way."""
    while world.now_ns < until_ns:
        _note(world, world.advance(until_ns), fills)


def _note(world: World, reports: list[OutRow], fills: list[list[int]]) -> None:
    """Keep what was filled; an order of which nothing is left has ended."""
    for report in reports:
        if report.type == ReportType.FILLED:
            fills.append([report.id - FIRST_ID, report.ts_ns, report.qty_lots])
            if not report.leaves_lots:
                world.forget(report.id)
