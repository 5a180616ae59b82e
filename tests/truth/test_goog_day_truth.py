"""Three strategies on the recorded day at four venues: no stage of the desk is idle."""

from collections import Counter
from pathlib import Path

import pytest

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from market.codes import ReportType
from market.messages import Report, Submit
from scenarios.coverage import reached_in
from scenarios.run import RunSummary, run_scenario
from sim.tape.read import Tape

pytestmark = pytest.mark.truth

MAKER, IMBALANCE, FOLLOWER = range(3)


@pytest.fixture(scope="module")
def run(goog_tape: Tape, tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    """The scenario `goog_day`, which deals the day to four venues."""
    return run_scenario(
        "goog_day",
        tape=goog_tape.path,
        seed=None,
        runs_dir=tmp_path_factory.mktemp("runs"),
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )


def test_no_stage_of_the_desk_is_idle(run: RunSummary) -> None:
    assert run.stages_unreached == []


def test_the_desk_ends_flat_and_agrees_with_the_venues(run: RunSummary) -> None:
    desk = run.desks["desk"]
    assert run.position_lots == 0
    assert desk.breaks == []
    assert desk.anomalies == {}
    assert list(desk.profit) == ["maker", "imbalance", "follower"]
    assert "nothing traded" not in desk.profit.values()


def test_the_routed_strategy_fills_at_every_venue_and_the_others_at_theirs(run: RunSummary) -> None:
    owner: dict[int, int] = {}
    fills: Counter[tuple[int, int]] = Counter()
    routes = 0
    for record in Reader(map_file(Path(run.folder) / "desk.journal")):
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        routes += sum(one.route is not None for one in event.decisions)
        for caused in event.commands:
            if isinstance(caused.command, Submit):
                owner[caused.command.order_id] = caused.cause.strategy
        message = event.message
        if isinstance(message, Report) and message.type is ReportType.FILLED:
            fills[owner[message.order_id], message.book_id] += 1

    assert routes > 1_000
    assert {book for strategy, book in fills if strategy == FOLLOWER} == {0, 1, 2, 3}
    assert {book for strategy, book in fills if strategy != FOLLOWER} == {0}
    assert {strategy for strategy, _ in fills} == {MAKER, IMBALANCE, FOLLOWER}


def test_quotes_a_passive_style_and_vwap_are_worked_beside_each_other(run: RunSummary) -> None:
    reached = reached_in(Path(run.folder))

    assert reached["algorithms"].keys() == {"passive", "vwap"}
    assert {"spread", "regime"} <= reached["vetoes"].keys()
