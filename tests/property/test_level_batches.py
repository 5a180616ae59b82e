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

from market.codes import Depth, Mode, QueueModel, RowFlag, Trigger
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
    "constant": Constant(latency_ns=25),
    "lognormal": LogNormal(min_ns=1, median_ns=25, sigma=1.0),
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


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("profile", DEPTH_PROFILES)
def test_pieces_of_a_tape_equal_its_rows_one_by_one(
    profile: str, wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.arena.RING_MESSAGES", 64)
    monkeypatch.setattr("sim.arena.WINDOW_LEVELS", 64)
    monkeypatch.setattr("sim.arena.FAR_LEVELS", 4)
    for seed in range(SEEDS):
        compare(seed, profile, WIRES[wire])


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
