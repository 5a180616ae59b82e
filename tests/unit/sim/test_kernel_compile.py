"""Each entry point is compiled once and cached; without numba the same code says the same."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from sim.kernels import entry

# Calls every entry point as `sim` does, in worlds small enough to grow, and prints what came of it.
EXERCISE: Final = """
from market.codes import Mode, Side, Trigger
from sim import arena
from sim.arena import BookSpec, LocalSpec
from sim.latency import Constant
from sim.world import World
from tests.differential import Pair
from tests.strategies import HANDLE_COUNT, TICK_UNITS, random_stream

arena.WINDOW_LEVELS, arena.FAR_LEVELS, arena.RING_MESSAGES = 64, 4, 8
arena.OUT_ROWS, arena.POOL_SLOTS = 16, 4
for mode in Mode:
    for profile in ("far", "own"):
        pair = Pair(mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)
        for step in random_stream(1, 300, mode=mode, profile=profile):
            pair.feed(step)
        print(*pair.world.state(0), pair.world.queue_ahead(0, 1), pair.world.audit(0))
        print(pair.world.depth(0, Side.BUY, 5), pair.world.venue_depth(0, Side.SELL, 5))
wire = Constant(latency_ns=1).compile()
book = BookSpec(tick_units=1, handle_count=1)
local = LocalSpec(book_id=0, latency=wire, key=1)
world = World(mode=Mode.FROZEN, books=[book], locals_=[local], start_ns=0)
world.arm(0, Trigger.STALE, 0, stale_ns=5)
print(*world.advance(100))
"""
REPORT: Final = """
from sim.kernels import entry
if "RuledPair" in globals():
    from sim.kernels.ruled import entry
for name, kernel in sorted(vars(entry).items()):
    if getattr(kernel, "__module__", "") == entry.__name__:
        stats = kernel.stats
        misses, hits = sum(stats.cache_misses.values()), sum(stats.cache_hits.values())
        print("kernel", name, len(kernel.signatures), misses, hits)
"""
# The same of worlds with rules, whose entries are compiled when a world has a book with some.
RULED: Final = """
from dataclasses import dataclass
import numpy as np
from market.codes import Mode
from market.columns import TAPE_DTYPE
from sim import arena
from sim.arena import BookSpec
from sim.consolidated import Consolidated
from sim.venue_rules.book_rules import BookRules
from sim.world import World
from tests.random_rules import random_case
from tests.ruled_differential import RuledPair

arena.WINDOW_LEVELS, arena.FAR_LEVELS, arena.RING_MESSAGES = 64, 4, 8
arena.OUT_ROWS, arena.POOL_SLOTS, arena.SCRATCH_WORDS = 16, 4, 32
for seed in (3, 4, 5):
    case = random_case(seed, 150)
    pair = RuledPair(case.world)
    for step in case.steps:
        pair.feed(step)
    print(*pair.books[1].dump(), pair.books[1].hall.world.queue_ahead(0, 1))

@dataclass
class Listing:
    venue: str
    symbol: str = "S"
    currency: str = "USD"
    price_units_per_currency: int = 100
    tick_units: int = 1

group = Consolidated([Listing("A"), Listing("B")], in_ticks=True)
book = BookSpec(tick_units=1, handle_count=2, rules=BookRules())
rows = np.zeros(2, dtype=TAPE_DTYPE)
rows["ts_ns"], rows["book_id"], rows["kind"], rows["qty"] = (1, 5), (0, 1), 1, 3
rows["price"], rows["side_flags"] = (10, 12), (2, 3)
world = World(
    mode=Mode.FROZEN, books=[book, book], locals_=[], start_ns=0, rows=iter([rows]), consolidated=group
)
print(world.advance(20), group.stats())
"""
COMPILED: Final = bool(getattr(entry.advance, "py_func", None))


def run(script: str, repo_root: Path, **environment: str) -> list[str]:
    """The lines that a script prints in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repo_root,
        env={**os.environ, "PYTHONPATH": str(repo_root), **environment},
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(not COMPILED, reason="numba is switched off")
@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_each_entry_once(repo_root: Path) -> None:
    first = run(EXERCISE, repo_root)

    second = run(EXERCISE + REPORT, repo_root)

    kernels = [line.split()[1:] for line in second if line.startswith("kernel ")]
    assert second[: len(first)] == first
    assert len(kernels) >= 14
    assert [kernel for kernel in kernels if kernel[1:] != ["1", "0", "1"]] == []


@pytest.mark.skipif(not COMPILED, reason="numba is switched off")
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_second_process_compiles_no_rule_and_each_entry_once(repo_root: Path) -> None:
    first = run(RULED, repo_root)

    second = run(RULED + REPORT, repo_root)

    kernels = [line.split()[1:] for line in second if line.startswith("kernel ")]
    assert second[: len(first)] == first
    # What lies below an entry in the same file is not compiled again when the entry is cached.
    assert len([kernel for kernel in kernels if kernel[1:] == ["1", "0", "1"]]) == 7
    assert {tuple(kernel[1:]) for kernel in kernels} == {("1", "0", "1"), ("0", "0", "0")}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_without_numba_the_same_rules_end_in_the_same_state(repo_root: Path) -> None:
    interpreted = run(RULED, repo_root, NUMBA_DISABLE_JIT="1")

    assert interpreted == run(RULED, repo_root, NUMBA_DISABLE_JIT="0")
    assert len(interpreted) == 4


@pytest.mark.slow
def test_without_numba_the_same_streams_end_in_the_same_state(repo_root: Path) -> None:
    interpreted = run(EXERCISE, repo_root, NUMBA_DISABLE_JIT="1")

    assert interpreted == run(EXERCISE, repo_root, NUMBA_DISABLE_JIT="0")
    assert len(interpreted) == 9
