"""Drills of pairs reach what their stories tell: records are lost, and what was decided stays unsaid."""

from chaos.drill import load_drill
from chaos.world import EventsInMemory
from scenarios.build import Assembly
from scenarios.pair_summary import PairSummary
from scenarios.run_journal import RunWriter
from sim.recorder import Event, EventKind

PRIMARY = 0


def play(name: str, seed: int) -> tuple[PairSummary, list[Event]]:
    """Play a drill's scenario; what became of its pair, and what happened."""
    sink = EventsInMemory()
    scenario = load_drill(name).scenario
    assembly = Assembly(scenario, None, seed, sink, journal=lambda _host: RunWriter(None))
    assembly.clock.run_until(assembly.end_ns)
    assembly.recorder.digest()
    return assembly.pairs.summaries()[0], [Event(*row) for row in sink.rows().tolist()]


def test_a_site_that_is_lost_takes_records_with_it() -> None:
    """What the stand-by never had is counted, and orders among it are learned from the venue."""
    for seed in (7, 11):
        summary, _ = play("site_lost_async", seed)
        assert summary.in_charge == "standby"
        assert summary.recovery_point_records > 0
        assert summary.recovery_point_orders > 0


def test_what_a_stalled_primary_had_decided_is_never_said() -> None:
    """It wakes with an order in its hands, its lease long over, and its own line says no."""
    for seed in (7, 11):
        summary, events = play("stall_past_the_lease", seed)
        assert summary.in_charge == "standby"
        (down,) = [one for one in events if one.kind == EventKind.STOOD_DOWN]
        kept = [
            one
            for one in events
            if (one.kind, one.host, one.detail) == (EventKind.LOST, PRIMARY, EventKind.SUBMIT)
        ]
        assert kept
        sent = {one.order_id for one in events if one.kind == EventKind.SUBMIT}
        assert not sent & {one.order_id for one in kept}
        assert all(one.time_ns <= down.time_ns for one in kept)


def test_a_clock_that_jumps_is_no_reason_to_take_over() -> None:
    """The lease goes by what has passed: nobody is suspected before the machine dies."""
    for seed in (7, 11):
        summary, events = play("clock_step_on_primary", seed)
        (died,) = [one for one in events if one.kind == EventKind.CRASHED]
        takeovers = [one.time_ns for one in events if one.kind == EventKind.TAKEOVER]
        assert min(takeovers) > died.time_ns
        assert summary.withheld == 0
