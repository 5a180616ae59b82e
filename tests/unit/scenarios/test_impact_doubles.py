"""Impact doubles midway: within one boundary sizes and schedules follow, and a lot costs less again."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import pytest

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from desk.tca import shortfall_of
from scenarios.run import run_scenario
from scenarios.schema import load_scenario
from scenarios.tca_records import records_of

if TYPE_CHECKING:
    from market.decisions import Learned

MINUTE_NS = 60_000_000_000
CHANGE, RESPONSE = 60, 70
"""Minutes at which the makers leave, and of the boundary that comes next."""


class Day:
    """A run with the loop, or with the same desk without it."""

    def __init__(self, folder: Path, *, looped: bool, seed: int) -> None:
        text = load_scenario("impact_doubles")[1]
        if not looped:
            begin = text.index("\n[hosts.stack.tca]\n") + 1
            text = text[:begin] + text[text.index("[[hosts.stack.strategies]]", begin) :]
        folder.mkdir()
        path = folder / "day.toml"
        path.write_text(text)
        summary = run_scenario(
            str(path),
            tape=None,
            seed=seed,
            runs_dir=folder,
            progress=lambda _done, _total: None,
            announce=lambda _identity: None,
            wall_ns=lambda: 0,
        )
        run = Path(summary.folder)
        self.learned: list[tuple[float, Learned]] = []
        began_ns = 0
        for record in Reader(map_file(run / "desk.journal")):
            began_ns = began_ns or record.now_ns
            if record.type is RecordType.EVENT:
                at = (record.now_ns - began_ns) / MINUTE_NS
                self.learned += [(at, one) for one in event_in(record).learned]
        self.wishes = [
            ((one.decided.at_ns - began_ns) / MINUTE_NS, one)
            for one in records_of(run, valued="end").records
            if one.algo == "twap"
        ]

    def cost_ppm(self, begin: int, end: int) -> float:
        """Shortfall of the wishes that were decided meanwhile, of their worth."""
        found = [shortfall_of(one) for at, one in self.wishes if begin <= at < end]
        return 1e6 * sum(one.total_x2 for one in found) / sum(one.worth_x2 for one in found)

    def orders(self, begin: int, end: int) -> Sequence[int]:
        """Lots of the orders of those wishes."""
        return [
            child.lots for at, one in self.wishes if begin <= at < end for child in one.children
        ]


@pytest.mark.parametrize("seed", [7, 11])
def test_sizes_and_schedules_follow_within_a_boundary_and_a_lot_costs_less(
    tmp_path: Path, seed: int
) -> None:
    looped = Day(tmp_path / "looped", looped=True, seed=seed)
    plain = Day(tmp_path / "plain", looped=False, seed=seed)

    at, learned = next((at, one) for at, one in looped.learned if at >= CHANGE + 1)
    assert at == pytest.approx(RESPONSE, abs=0.1)
    assert learned.after_ppm[-2] > 2 * learned.before_ppm[-2]
    assert learned.piece_after_lots < learned.piece_before_lots / 2

    # Smaller orders, and smaller wishes in more of them.
    assert mean(looped.orders(RESPONSE, 110)) < 0.6 * mean(looped.orders(CHANGE, RESPONSE))
    wanted = [one.wanted_lots for at, one in looped.wishes if RESPONSE + 5 <= at < 110]
    assert max(wanted) < max(one.wanted_lots for at, one in plain.wishes if at >= RESPONSE)

    # And what a lot costs falls: against the time before the response, and against the desk without it.
    assert looped.cost_ppm(RESPONSE + 5, 110) < 0.6 * looped.cost_ppm(CHANGE, RESPONSE)
    assert looped.cost_ppm(RESPONSE + 5, 110) < 0.6 * plain.cost_ppm(RESPONSE + 5, 110)
    assert plain.learned == []
