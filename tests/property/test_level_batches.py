"""Many rows in one go: books of levels come to the same as row by row, at the venue and behind wires.

The book that is stepped is the one that `test_kernel_reference.py` holds against the specification.
Here it has a listener who is woken by everything, so that every delivery is made on its own; the
other book takes whole pieces of the tape with nobody listening. Both begin with tiny regions, so that
rings fill and levels leave their windows all the time.
"""

from random import Random
from typing import Any

import numpy as np
import pytest

from market.codes import Depth, Kind, Mode, Phase, QueueModel, RowFlag, Side, Trigger
from market.columns import TAPE_DTYPE
from market.errors import BadRow
from sim.arena import BookSpec, LocalSpec
from sim.kernels import layout
from sim.latency import Constant, LatencyModel, LogNormal
from sim.world import OutRow, World
from tests.differential import ON_GRID_KINDS
from tests.strategies import DEPTH_PROFILES, HANDLE_COUNT, TICK_UNITS, random_stream

STEPS = 2_500
SEEDS = 4  # one of each flavour
PIECE_ROWS_MAX = 30
EVERYTHING = Trigger.BBO | Trigger.TRADE | Trigger.PHASE

WIRES: dict[str, LatencyModel] = {
    "constant": Constant(latency_ns=400),
    "lognormal": LogNormal(min_ns=1, median_ns=400, sigma=1.0),
}


class Run:
    """One world, fed piece by piece."""

    def __init__(self, profile: str, wire: LatencyModel, *, listens: bool) -> None:
        self.listens = listens
        self.reports: list[OutRow] = []
        self.refused: list[int] = []
        self.world = World(
            mode=Mode.FROZEN,
            books=[
                BookSpec(
                    tick_units=TICK_UNITS,
                    handle_count=HANDLE_COUNT,
                    depth=Depth(DEPTH_PROFILES[profile]),
                    queue_model=QueueModel.POWER,
                )
            ],
            locals_=[LocalSpec(book_id=0, latency=wire.compile(), key=5, subscriptions=1)],
            start_ns=0,
        )

    def rows(self, piece: Any) -> None:
        """Let rows happen, up to the instant of the last."""
        until_ns = int(piece["ts_ns"][-1])
        self.world.inject(piece)
        while self.world.now_ns < until_ns:
            if self.listens:
                self.world.arm(0, EVERYTHING, self.world.now_ns)
            try:
                self.keep(self.world.advance(until_ns))
            except BadRow:
                self.refused.append(int(self.world.header_word(layout.H_ROWS_DONE)))
                self.world.skip_bad_row()

    def command(self, verb: str, now_ns: int, data: Any) -> None:
        """Give a command of ours."""
        fields = {"order_id": data} if verb == "cancel" else dict(data)
        order_id = fields.pop("order_id")
        self.keep(getattr(self.world, verb)(0, now_ns, order_id, cause=order_id, **fields))

    def keep(self, rows: list[OutRow]) -> None:
        """Note reports, not observations; a filled order is done."""
        reports = [row for row in rows if row.type != layout.OBSERVED]
        for report in reports:
            if report.type in (3, 4) and report.leaves_lots == 0:
                self.world.forget(report.id)
        self.reports += reports

    def found(self, since: int) -> tuple[Any, ...]:
        """All that can be seen from outside."""
        world = self.world
        view = world.view(0)
        depths = [(world.depth(0, side, 50), world.venue_depth(0, side, 50)) for side in (0, 1)]
        return (
            world.state(0), view, depths, world.published(0, since), self.reports, self.refused,
            world.header_word(layout.H_ROWS_DONE), world.header_word(layout.H_MESSAGES),
            world.header_word(layout.H_DELIVERED),
        )  # fmt: skip


def tape_row(data: dict[str, int], ts_ns: int, *, last: bool) -> Any:
    """A step of a stream as a tape row."""
    row = np.zeros(1, dtype=TAPE_DTYPE)
    row["ts_ns"] = ts_ns
    row["price"] = data["price"] * (TICK_UNITS if data["kind"] in ON_GRID_KINDS else 1)
    row["qty"] = data["qty"]
    row["handle"] = data["handle"]
    row["kind"] = data["kind"]
    row["side_flags"] = data["side_flags"] | (RowFlag.LAST if last else 0)
    return row


@pytest.fixture
def tiny_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rings of 64 messages, windows of 64 ticks and far tables of four levels, to begin with."""
    monkeypatch.setattr("sim.arena.RING_MESSAGES", 64)
    monkeypatch.setattr("sim.arena.WINDOW_LEVELS", 64)
    monkeypatch.setattr("sim.arena.FAR_LEVELS", 4)


@pytest.mark.usefixtures("tiny_regions")
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("profile", DEPTH_PROFILES)
def test_pieces_of_a_tape_equal_its_rows_one_by_one(profile: str, wire: str) -> None:
    for seed in range(SEEDS):
        compare(seed, profile, WIRES[wire])


def set_level(handle: int, price: int, qty: int = 5) -> dict[str, int]:
    """A LEVEL row of the bids."""
    return {"kind": Kind.LEVEL, "side_flags": 0, "handle": handle, "price": price, "qty": qty}


@pytest.mark.usefixtures("tiny_regions")
def test_levels_far_apart_grow_the_books_in_the_middle_of_a_piece() -> None:
    run = Run("l2", WIRES["constant"], listens=False)
    rows = [tape_row(set_level(h, -1_000 * h), 1, last=True) for h in range(HANDLE_COUNT)]

    run.rows(np.concatenate(rows))
    run.world.advance(1_000)

    wanted = [(-1_000 * h, 5) for h in range(HANDLE_COUNT)]
    assert run.world.venue_depth(0, Side.BUY, HANDLE_COUNT + 1) == wanted
    assert run.world.depth(0, Side.BUY, HANDLE_COUNT + 1) == wanted


@pytest.mark.usefixtures("tiny_regions")
def test_a_piece_longer_than_the_ring_loses_no_message() -> None:
    run = Run("l2", WIRES["constant"], listens=False)
    trade = {"kind": Kind.TRADE, "side_flags": 0, "handle": -1, "price": 40, "qty": 1}
    levels = [tape_row(set_level(h, -h), 1, last=True) for h in range(HANDLE_COUNT)]

    run.rows(
        np.concatenate([row for each in levels for row in (each, tape_row(trade, 1, last=True))])
    )
    run.world.advance(1_000)

    view = run.world.view(0)
    assert (view.seq, view.trade_count) == (2 * HANDLE_COUNT, HANDLE_COUNT)
    assert run.world.depth(0, Side.BUY, 100) == [(-h, 5) for h in range(HANDLE_COUNT)]


@pytest.mark.usefixtures("tiny_regions")
def test_a_message_that_grows_a_local_book_has_one_arrival_and_leaves_no_trigger_behind() -> None:
    run = Run("l2", WIRES["constant"], listens=False)
    halt = {"kind": Kind.PHASE, "side_flags": 0, "handle": -1, "price": 0, "qty": Phase.HALT}
    first = [tape_row(set_level(h, -1_000 * h), 1, last=True) for h in range(3)]
    grows = [tape_row(halt, 10, last=False), tape_row(set_level(3, -3_000), 20, last=True)]
    run.rows(np.concatenate(first + grows))
    run.world.advance(1_000)

    assert run.world.view(0).phase == Phase.HALT
    assert run.world.view(0).local_ns == 10 + 400

    run.world.arm(0, Trigger.PHASE, 1_000)
    run.rows(tape_row(set_level(3, -3_000, qty=6), 1_001, last=True))
    assert run.world.advance(2_000) == []
    assert run.world.view(0).local_ns == 1_001 + 400


def compare(seed: int, profile: str, wire: LatencyModel) -> None:
    """Feed one stream to both and compare after every piece and every command."""
    random = Random(seed)
    stepped = Run(profile, wire, listens=True)
    whole = Run(profile, wire, listens=False)
    now_ns = 0
    since = 0
    waiting: list[Any] = []
    steps = random_stream(seed, STEPS, mode=Mode.FROZEN, profile=profile)
    for verb, data in [*steps, ("end", None)]:
        if verb == "row":
            now_ns += random.randint(1, 20)
            waiting.append(tape_row(data, now_ns, last=random.random() < 0.8))
        if waiting and (verb != "row" or len(waiting) == PIECE_ROWS_MAX):
            for row in waiting:
                stepped.rows(row)
            whole.rows(np.concatenate(waiting))
            waiting = []
        if verb not in ("row", "end"):
            stepped.command(verb, now_ns, data)
            whole.command(verb, now_ns, data)
        if not waiting:
            assert whole.found(since) == stepped.found(since)
            assert whole.world.audit(0) == 0
            since = whole.world.book_word(0, layout.B_RING_COMMIT)
    assert whole.world.view(0).seq > STEPS // 4
