"""The monitor that assumed the primary's timing fails its drill, and ours passes it."""

from pathlib import Path
from time import perf_counter_ns

import chaos.drills
from chaos.result import Verdict
from chaos.run import run_drill
from desk.oversight import AlertCode
from scenarios.monitors import MONITOR_BASE
from sim.recorder import EventKind

TEXT = (Path(next(iter(chaos.drills.__path__))) / "forgotten_monitor.toml").read_text()


def test_ours_calls_once_and_says_nothing_to_the_desk() -> None:
    drilled = run_drill("forgotten_monitor", wall_ns=perf_counter_ns)

    assert drilled.result.reasons == []
    assert drilled.result.verdict is Verdict.PASS
    history = drilled.played.history
    [alert] = history.of(EventKind.ALERT)
    assert (alert.host, alert.detail) == (MONITOR_BASE, AlertCode.OWN_FEED_LATE)
    assert history.of(EventKind.INSTRUCTED) == []
    assert drilled.twin is not None
    orders, without = len(history.orders), len(drilled.twin.history.orders)
    assert orders >= without * 9 // 10


def test_the_naive_one_dies_and_floods_and_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "forgotten_monitor.toml"
    path.write_text(TEXT.replace('name = "watch"', 'name = "watch"\nstyle = "naive"', 1))

    drilled = run_drill(path, wall_ns=perf_counter_ns, with_twin=False)

    assert drilled.result.verdict is Verdict.FAIL
    assert any(one.startswith("I-ALERT-1") for one in drilled.result.reasons)
    history = drilled.played.history
    assert [one.host for one in history.of(EventKind.CRASHED)] == [MONITOR_BASE]
    words = history.of(EventKind.INSTRUCTED)
    assert len(words) > 100
    assert sum(one.leaves_lots for one in words) <= 10  # the door lets no more through
    own = [one.detail for one in history.of(EventKind.ALERT) if one.host == 0]
    assert own == [AlertCode.MONITOR_FLOODS, AlertCode.MONITOR_SILENT]
