"""A whole desk on a recorded day: two strategies on one state, and a ledger that agrees with the venue."""

from pathlib import Path

import pytest

from bridge.stores import map_file, read_head
from desk.journal import Reader, RecordType, anchor_from, event_in, survey
from market.messages import Submit
from scenarios.reconstruct import reconstruct
from scenarios.run import RunSummary, run_scenario
from sim.tape.read import Tape

pytestmark = pytest.mark.truth


@pytest.fixture(scope="module")
def run(goog_tape: Tape, tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    """The scenario `goog_desk` on the whole day."""
    return run_scenario(
        "goog_desk",
        tape=goog_tape.path,
        seed=None,
        runs_dir=tmp_path_factory.mktemp("runs"),
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )


def test_the_desk_ends_flat_and_agrees_with_the_venue(run: RunSummary) -> None:
    """A day of more than 100,000 desk events; not one lot or unit of money apart at its end."""
    desk = run.desks["desk"]
    assert desk.events > 100_000
    assert run.orders > 1_000
    assert run.fills > 1_000
    assert run.position_lots == 0
    assert desk.breaks == []
    assert desk.anomalies == {}
    assert run.rejects * 20 < run.orders


def test_the_journal_holds(run: RunSummary) -> None:
    """Sealed, chained, and held by the head beside it."""
    path = Path(run.folder) / "desk.journal"
    head = read_head(path)
    assert head is not None
    found = survey(map_file(path), anchor_from(head, "head"), str(path))
    assert found.holds
    assert found.sealed
    assert found.records["event"] == run.desks["desk"].events


def test_orders_are_reconstructed_from_journal_and_tape(run: RunSummary, goog_tape: Tape) -> None:
    """The tape's book at the view's venue time is the book that the desk saw."""
    path = Path(run.folder) / "desk.journal"
    orders = [
        caused.command.order_id
        for record in Reader(map_file(path))
        if record.type is RecordType.EVENT
        for caused in event_in(record).commands
        if isinstance(caused.command, Submit)
    ]
    for order_id in (orders[len(orders) // 3], orders[-1]):
        moment = reconstruct(Path(run.folder), order_id, goog_tape.path)
        assert isinstance(moment.venue_book, dict)
        assert moment.venue_book["best_equal"]
