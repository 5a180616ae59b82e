"""The whole GOOG day with an order of ours every fifty rows: no lot is lost, no rule is broken.

That the tape replays to its end already shows that no living order was overwritten and no dead one
touched: the venue refuses such a row.
"""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from market.codes import Kind, Mode, Side
from sim.arena import BookSpec, LocalSpec
from sim.kernels import layout
from sim.latency import Constant
from sim.tape.read import Tape
from sim.world import World
from tests.truth.own_orders import Trader

pytestmark = pytest.mark.truth

EVERY_ROWS = 50
TICK = 100


def day_of(mode: Mode, rows: np.ndarray, handle_count: int) -> World:
    """A world of the day; a local book that nobody waits on makes it publish."""
    silent = LocalSpec(book_id=0, latency=Constant(latency_ns=1).compile(), key=1, subscriptions=0)
    return World(
        mode=mode,
        books=[BookSpec(tick_units=TICK, handle_count=handle_count)],
        locals_=[silent],
        start_ns=int(rows["ts_ns"][0]) - 1,
        rows=iter([rows]),
    )


def trade(world: World, rows: np.ndarray) -> Iterator[Trader]:
    """Trade the day; yields after each stretch of the tape, when its reports are booked."""
    trader = Trader(world)
    for step, now_ns in enumerate(rows["ts_ns"][EVERY_ROWS - 1 :: EVERY_ROWS].tolist()):
        while world.now_ns < now_ns:
            trader.take(world.advance(now_ns))
        yield trader
        trader.act(step, now_ns)
    trader.take(world.advance(int(rows["ts_ns"][-1]) + 1))
    yield trader


def own_orders(world: World) -> dict[int, int]:
    """Our resting orders, id → lots, by the venue's own dump."""
    state = world.state(0)
    found: dict[int, int] = {}
    at = 1
    for _side in range(2):
        levels, at = state[at], at + 1
        for _level in range(levels):
            count, at = state[at + 2], at + 3
            for _order in range(count):
                if state[at] % 4 == 1:
                    found[state[at] // 4] = state[at + 1]
                at += 3
        assert state[at] == 0, "no market order waits while trading is continuous"
        at += 1
    return found


class Ledger:
    """Lots that trade, counted from both ends: what was hit, and what hit it."""

    def __init__(self, world: World, rows: np.ndarray, handle_count: int) -> None:
        self.world = world
        self.handle_count = handle_count
        self.seen = 0
        self.published = dict.fromkeys(Kind, 0)
        self.taped = {
            kind: np.cumsum(np.where((rows["kind"] == kind) & (rows["qty"] > 0), rows["qty"], 0))
            for kind in (Kind.ADD, Kind.REVEAL, Kind.EXECUTE, Kind.TRADE)
        }

    def read(self) -> None:
        """Count what was published since the last time; of arrivals, those of the tape."""
        messages = self.world.published(0, self.seen)
        assert len(messages) <= self.world.book_word(0, layout.B_RING_CAP)
        self.seen += len(messages)
        for _, kind, _, handle, _, qty, _, _ in messages:
            if qty > 0 and (kind != Kind.ADD or handle < self.handle_count):
                self.published[Kind(kind)] += qty

    def check(self, own_taker_lots: int) -> None:
        """What resting orders gave is what arriving ones got."""
        done = self.world.header_word(layout.H_ROWS_DONE)
        taped = {kind: int(sums[done - 1]) for kind, sums in self.taped.items()}
        got = own_taker_lots
        got += taped[Kind.EXECUTE] - self.world.book_word(0, layout.B_EXPIRED)
        for kind in (Kind.ADD, Kind.REVEAL, Kind.TRADE):
            got += taped[kind] - self.published[kind]
        assert got == self.published[Kind.EXECUTE]


def summary(world: World, trader: Trader, mode: Mode, seconds: float) -> str:
    """The counters of a day."""
    words = {
        "void": layout.B_VOID,
        "expired_lots": layout.B_EXPIRED,
        "diverged": layout.B_DIVERGED,
        "moved": layout.B_MOVED,
    }
    counters = ", ".join(f"{name} {world.book_word(0, word)}" for name, word in words.items())
    sent = ", ".join(f"{count} {sort}" for sort, count in sorted(trader.sent.items()))
    return (
        f"\n{mode.name.lower()}: {sent}; {trader.fills} fills, {trader.maker_lots} lots resting and "
        f"{trader.taker_lots} arriving; {len(trader.open)} orders open at the end; {counters}; "
        f"{seconds:.1f} s"
    )


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
def test_a_day_with_own_orders_keeps_every_invariant(
    mode: Mode, goog_tape: Tape, goog_rows: np.ndarray, goog_truth: np.ndarray
) -> None:
    handle_count = goog_tape.meta.books[0].handle_count
    world = day_of(mode, goog_rows, handle_count)
    ledger = Ledger(world, goog_rows, handle_count)
    began = time.perf_counter()
    steps = 0
    trader = None
    for trader in trade(world, goog_rows):
        steps += 1
        assert world.audit(0) == 0
        assert own_orders(world) == {i: one.open for i, one in trader.open.items()}
        if mode is Mode.REACTIVE:
            ledger.read()
            ledger.check(trader.taker_lots)
        else:
            messages = world.header_word(layout.H_MESSAGES)
            assert shown(world) == goog_truth[messages - 2].tolist()
    assert trader is not None
    assert steps == len(goog_rows) // EVERY_ROWS + 1
    assert world.header_word(layout.H_ROWS_DONE) == len(goog_rows)
    for account in trader.accounts.values():
        account.check()
    assert trader.maker_lots > 0
    assert trader.taker_lots > 0
    if mode is Mode.REACTIVE:
        assert world.book_word(0, layout.B_DIVERGED) > 0
        assert world.book_word(0, layout.B_MOVED) > 0
    print(summary(world, trader, mode, time.perf_counter() - began))


def shown(world: World) -> list[int]:
    """The public feed's best ten levels as an orderbook row: frozen history shows no trace of us."""
    asks = world.venue_depth(0, Side.SELL, 10)
    bids = world.venue_depth(0, Side.BUY, 10)
    assert len(asks) == len(bids) == 10
    return [
        word
        for ask, bid in zip(asks, bids, strict=True)
        for word in (ask[0] * TICK, ask[1], bid[0] * TICK, bid[1])
    ]
