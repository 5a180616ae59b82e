"""Nobody jumps the queue: a thousand orders, each alone in the day, against the raw files.

Message numbers stand in for times on the tape replayed here, so that a fill names its message.
"""

import copy
import random
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from market.codes import Mode, OrderType, ReportType, TimeInForce
from sim.arena import BookSpec
from sim.tape.read import Tape
from sim.world import World
from tests.truth.queue_oracle import Fill, Oracle

pytestmark = pytest.mark.truth

PROBES = 1_000
TICK = 100
LEVELS = 10
LOTS = (1, 10, 100, 100, 300, 1_000, 5_000)


class Probe(NamedTuple):
    """An order that joins right after a message, at a price that is visible then."""

    message: int
    side: int
    level: int
    price: int
    lots: int


@pytest.fixture(scope="module")
def oracle(goog_zip: Path) -> Oracle:
    return Oracle(goog_zip)


@pytest.fixture(scope="module")
def numbered(goog_tape: Tape) -> np.ndarray:
    """The tape with times 1 + number of the source message; the snapshot is at 0."""
    pieces = []
    for rows, sides in goog_tape.chunks_with_sides():
        piece = rows.copy()
        piece["ts_ns"] = sides["source_seq"] + 1
        pieces.append(piece)
    return np.concatenate(pieces)


def draw_probes(oracle: Oracle) -> list[Probe]:
    """Orders of both sides, all levels and many sizes, over the whole day, in time order."""
    probes = []
    for i in range(PROBES):
        draw = random.Random(f"probe/{i}")
        price = None
        while price is None:
            message = draw.randrange(len(oracle.messages))
            side, level = draw.randrange(2), draw.randrange(LEVELS)
            price = oracle.visible(message, side, level)
        probes.append(Probe(message, side, level, price, draw.choice(LOTS)))
    return sorted(probes)


def fork(world: World) -> World:
    """A world that goes on from here by itself; the tape, which nobody changes, is shared."""
    twin = copy.copy(world)
    twin.arena = copy.copy(world.arena)
    for name in ("mem", "orders", "levels"):
        setattr(twin.arena, name, getattr(world.arena, name).copy())
    twin._slots = dict(world._slots)
    return twin


def kernel_fills(world: World, probe: Probe, end: int) -> list[Fill]:
    """What the venue gives a probe, from a world that stands right after its message."""
    reports = world.submit(
        0,
        probe.message + 1,
        1,
        side=probe.side,
        order_type=int(OrderType.LIMIT),
        tif=int(TimeInForce.GTC),
        post_only=False,
        price_ticks=probe.price // TICK,
        qty_lots=probe.lots,
        cause=1,
    )
    assert [report.type for report in reports] == [ReportType.ACCEPTED]
    lots: dict[int, int] = {}
    leaves = probe.lots
    while leaves:
        out = world.advance(end)
        if not out:
            break
        for report in out:
            assert report.type == ReportType.FILLED
            assert report.price_ticks == probe.price // TICK
            number = report.ts_ns - 1
            lots[number] = lots.get(number, 0) + report.qty_lots
            leaves = report.leaves_lots
    return [Fill(number, lots[number]) for number in sorted(lots)]


def day(mode: Mode, numbered: np.ndarray, tape: Tape) -> World:
    """A world at the start of the day."""
    book = BookSpec(tick_units=TICK, handle_count=tape.meta.books[0].handle_count)
    return World(mode=mode, books=[book], locals_=[], start_ns=0, rows=iter([numbered]))


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
def test_no_probe_is_filled_before_its_turn(
    mode: Mode, oracle: Oracle, numbered: np.ndarray, goog_tape: Tape
) -> None:
    world = day(mode, numbered, goog_tape)
    began = time.perf_counter()
    end = len(oracle.messages) + 1
    exact = filled = touched = 0
    for probe in draw_probes(oracle):
        world.advance(probe.message + 1)
        found = kernel_fills(fork(world), probe, end)
        wanted = oracle.fills(
            probe.message,
            probe.side,
            probe.price,
            probe.lots,
            reactive=mode is Mode.REACTIVE,
        )
        touched += bool(wanted)
        filled += sum(fill.lots for fill in wanted) == probe.lots
        exact += found == wanted
        if mode is Mode.FROZEN:
            assert found == wanted, probe
        assert not_earlier(found, wanted), (probe, found, wanted)
    seconds = time.perf_counter() - began
    print(
        f"\n{mode.name.lower()}: {PROBES} probes, {touched} with a fill, {filled} filled "
        f"completely; {exact} filled exactly as the raw files say, none earlier; {seconds:.1f} s"
    )
    assert touched > PROBES // 3
    assert filled > PROBES // 4


def test_the_check_sees_orders_that_joined_sooner_than_they_should(
    oracle: Oracle, numbered: np.ndarray, goog_tape: Tape
) -> None:
    world = day(Mode.FROZEN, numbered, goog_tape)
    end = len(oracle.messages) + 1
    jumped = 0
    for probe in draw_probes(oracle)[:400]:
        world.advance(probe.message + 1)
        found = kernel_fills(fork(world), probe, end)
        late = probe.message + 100
        wanted = oracle.fills(late, probe.side, probe.price, probe.lots, reactive=False)
        jumped += not not_earlier(found, wanted)
    assert jumped > 10


def not_earlier(found: list[Fill], wanted: list[Fill]) -> bool:
    """Whether after no message more is filled than the raw files allow by then."""
    given = 0
    for fill in found:
        given += fill.lots
        if given > sum(other.lots for other in wanted if other.message <= fill.message):
            return False
    return True
