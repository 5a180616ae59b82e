"""The order machine of a desk is played again from its journal alone, and each of its steps counted."""

import json
from pathlib import Path

import msgspec
import pytest

from desk.desk_data import DeskData
from desk.gate.codes import VetoCode
from desk.journal import Reader, RecordType, event_in
from desk.journal.records import snapshot_in
from desk.orders.table import TABLE, OrderEvent, OrderState
from market.errors import InputError
from scenarios.journal_watch import Seen, Watch, watch_journal
from scenarios.run import run_scenario
from scenarios.stages import EVIDENCE, stages_unreached

FAULTS = """
[[faults]]
name = "reset"
kind = "gateway_reset"
target = "desk"
at = "400s"
duration = "3s"
severity = "1s"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of an hour of the calm scenario, with many snapshots and a link that is lost."""
    from scenarios.schema import load_scenario

    folder = tmp_path_factory.mktemp("runs")
    _, text, _ = load_scenario("calm")
    text = text.replace('duration = "1h"', 'duration = "15m"')
    text = text.replace('heartbeat = "1s"', 'heartbeat = "1s"\nsnapshot_every = 512')
    path = folder / "calm.toml"
    path.write_text(text + FAULTS, encoding="utf-8")
    summary = run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=folder,
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )
    return Path(summary.folder)


def test_orders_played_again_are_those_of_every_snapshot(run: Path) -> None:
    watch, compared = Watch(1), 0
    for record in Reader((run / "desk.journal").read_bytes()):
        if record.type is RecordType.EVENT:
            watch.take(event_in(record), record.now_ns)
        elif record.type is RecordType.SNAPSHOT:
            told = msgspec.msgpack.decode(snapshot_in(record).state, type=DeskData)
            assert watch.orders.data == told.orders
            compared += 1
    assert compared >= 5


def test_steps_are_rows_of_the_table_and_those_of_a_lost_link_are_among_them(run: Path) -> None:
    steps = watch_journal(run / "desk.journal").steps

    for state, event in steps:
        assert OrderEvent(event) in TABLE[OrderState(state)]
    assert steps[OrderState.PENDING_NEW, OrderEvent.ACCEPTED] > 0
    assert steps[OrderState.PENDING_REPLACE, OrderEvent.REPLACED] > 0
    assert sum(count for (_, event), count in steps.items() if event == OrderEvent.LINK_LOST) > 0


def test_counts_are_those_of_the_desk_itself(run: Path) -> None:
    seen = watch_journal(run / "desk.journal")
    desk = json.loads((run / "summary.json").read_text())["desks"]["desk"]

    vetoes = {VetoCode(code).name.lower(): count for code, count in sorted(seen.vetoes.items())}
    assert vetoes == desk["vetoes"]
    assert sum(seen.kinds.values()) == desk["orders"]


def test_a_summary_names_the_stages_that_did_nothing(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())

    assert summary["stages_unreached"] == ["desk.router"]


def test_a_desk_that_saw_nothing_reached_no_stage() -> None:
    assert stages_unreached(Seen(), 1) == list(EVIDENCE)


@pytest.mark.parametrize(
    ("field", "value", "stage"),
    [
        ("views", 0, "feed"),
        ("permits", 0, "gate"),
        ("sizes", 0, "sizing"),
        ("changes", 0, "execution"),
        ("routes", 0, "router"),
        ("checked", 0, "limits"),
        ("ended", 0, "orders"),
        ("traded", {(0, 0): (True, False)}, "ledger"),
        ("snapshots", 0, "journal"),
        ("costed", 0, "tca"),
        ("fills", 0, "state"),
    ],
)
def test_each_stage_is_missed_when_its_evidence_is(
    run: Path, field: str, value: object, stage: str
) -> None:
    seen = watch_journal(run / "desk.journal")
    seen.routes = 1
    assert stages_unreached(seen, 2) == []
    setattr(seen, field, value)

    assert stages_unreached(seen, 2) == [stage]


def test_a_strategy_that_never_said_anything_is_missed(run: Path) -> None:
    assert "strategy" in stages_unreached(watch_journal(run / "desk.journal"), 3)


def test_a_changed_journal_is_refused_with_its_place(run: Path, tmp_path: Path) -> None:
    damaged = bytearray((run / "desk.journal").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path = tmp_path / "desk.journal"
    path.write_bytes(damaged)

    with pytest.raises(InputError, match=r"record \d+ at byte \d+"):
        watch_journal(path)
