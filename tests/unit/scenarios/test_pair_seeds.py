"""Pairs over seeds: crashes, stalls and split brains, drawn; none sends twice or loses an intent."""

from collections import Counter

import pytest

from sim.pair.standby import LOGGED_ON, RECONCILED
from sim.recorder import Event, EventKind
from tests.unit.scenarios.pair_runs import MS, PRIMARY, PairRun, check, drawn

TAKEOVER_MAX_NS = 500 * MS
A_FEW = 50
MANY = 1_000


def play(seeds: range, plan: str = "", alone: str = "") -> Counter[str]:
    """Play every seed; how often each danger was reached."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        run = drawn(seed, plan, alone)
        check(run)
        crashed = run.of(EventKind.CRASHED)
        if crashed:
            assert run.steps_ns[RECONCILED] - crashed[0].time_ns <= TAKEOVER_MAX_NS
        seen["crashed"] += bool(crashed)
        seen["taken over"] += RECONCILED in run.steps_ns
        seen["fenced"] += bool(run.of(EventKind.FENCED))
        seen["stood down"] += bool(run.of(EventKind.STOOD_DOWN))
        seen["lost its lease"] += run.summary.withheld > 0
        seen["had decided before"] += bool(stale_decisions(run))
    return seen


def stale_decisions(run: PairRun) -> list[Event]:
    """What the primary had decided and could not say any more, because its line knew better."""
    after_ns = run.steps_ns.get(LOGGED_ON, run.assembly.end_ns)
    return [
        one
        for one in run.of(EventKind.LOST)
        if one.host == PRIMARY and one.time_ns >= after_ns and one.detail == EventKind.SUBMIT
    ]


def test_a_few_seeds() -> None:
    seen = play(range(A_FEW))
    assert min(seen.values()) > 0, seen
    assert len(seen) == 6


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_many_seeds() -> None:
    seen = play(range(A_FEW, A_FEW + MANY))
    # A primary that has to stop has something in hand in one of four such runs, which are rare.
    seen += play(range(2 * MANY, 2 * MANY + MANY // 10), "split", "stop")
    assert min(seen.values()) > MANY // 50, seen
