"""What runs reached is held against whole lists, part by part; what needs a fault is not asked for."""

from pathlib import Path

import pytest

from desk.gate.codes import VetoCode
from desk.limits import LimitCode
from desk.orders.table import TABLE, OrderEvent, OrderState
from market.errors import InputError
from scenarios.coverage import ENOUGH_PPM, WHOLE, Coverage, Reached, coverage_of, reached_in
from scenarios.coverage_needs import PLAIN, UNUSUAL, step_needs
from scenarios.run import run_scenario

ROWS = [(int(state), int(event)) for state, row in TABLE.items() for event in row]


def everything(*left_out: str) -> Reached:
    """All that needs no fault, but for what is named."""
    return {
        part: {item.name: 1 for item in items if not item.needs and item.name not in left_out}
        for part, items in WHOLE.items()
    }


def part(found: Coverage, name: str) -> tuple[int, int, tuple[str, ...]]:
    one = next(one for one in found.parts if one.part == name)
    return one.reached, one.wanted, one.missing


def test_lists_are_those_of_the_program() -> None:
    assert len(WHOLE["order machine"]) == len(ROWS)
    assert [item.name for item in WHOLE["vetoes"]] == [one.name.lower() for one in VetoCode]
    assert [item.name for item in WHOLE["refusals"]] == [one.name.lower() for one in LimitCode]
    assert {"limit ioc", "limit gtc post-only"} <= {item.name for item in WHOLE["orders"]}
    assert {"immediate", "twap", "is"} <= {item.name for item in WHOLE["algorithms"]}


def test_every_row_of_the_order_machine_is_plain_or_has_a_reason() -> None:
    assert set(ROWS) >= PLAIN
    assert PLAIN.isdisjoint(UNUSUAL)
    for step in ROWS:
        assert bool(step_needs(step)) is (step not in PLAIN)


def test_nothing_that_an_unknown_order_does_is_asked_for_without_a_fault() -> None:
    for event in TABLE[OrderState.UNKNOWN]:
        assert step_needs((OrderState.UNKNOWN, event)) == "a lost link"
    for state, row in TABLE.items():
        if OrderEvent.LINK_LOST in row:
            assert step_needs((state, OrderEvent.LINK_LOST)) == "a lost link"


def test_all_that_needs_no_fault_is_enough() -> None:
    found = coverage_of([("one", everything())])

    assert found.holds
    assert all(one.share_ppm == 1_000_000 and not one.missing for one in found.parts)


def test_what_several_runs_reached_counts_together() -> None:
    first, second = everything("halted"), {"vetoes": {"halted": 2, "closed": 3}}
    found = coverage_of([("one", first), ("two", second)])

    assert found.runs == ("one", "two")
    assert found.counts["vetoes"]["halted"] == 2
    assert found.counts["vetoes"]["closed"] == 4
    assert found.holds


def test_a_part_below_its_share_fails_though_all_of_them_together_would_not() -> None:
    wanted = len([item for item in WHOLE["algorithms"] if not item.needs])
    found = coverage_of([("one", everything("twap"))])

    assert part(found, "algorithms") == (wanted - 1, wanted, ("twap",))
    assert (wanted - 1) * 1_000_000 // wanted < ENOUGH_PPM
    assert not found.holds


def test_nine_tenths_of_a_long_part_are_enough_and_less_is_not() -> None:
    names = [item.name for item in WHOLE["order machine"] if not item.needs]
    spare = len(names) // 10

    assert coverage_of([("one", everything(*names[:spare]))]).holds
    assert not coverage_of([("one", everything(*names[: spare + 1]))]).holds


def test_what_needs_a_fault_is_told_apart_and_never_missing() -> None:
    reached = everything()
    reached["vetoes"] = {**reached["vetoes"], "disconnected": 1}
    found = coverage_of([("one", reached)])
    vetoes = next(one for one in found.parts if one.part == "vetoes")

    assert (vetoes.by_fault, vetoes.by_fault_reached) == (len(found.needs["vetoes"]), 1)
    assert found.needs["vetoes"]["disconnected"] == "a lost link"
    assert vetoes.missing == ()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of an hour of the calm scenario."""
    from scenarios.schema import load_scenario

    folder = tmp_path_factory.mktemp("runs")
    _, text, _ = load_scenario("calm")
    path = folder / "calm.toml"
    path.write_text(text.replace('duration = "1h"', 'duration = "15m"'), encoding="utf-8")
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


def test_a_run_is_read_by_names_that_are_on_the_lists(run: Path) -> None:
    reached = reached_in(run)

    for name, items in WHOLE.items():
        assert set(reached[name]) <= {item.name for item in items}
    assert reached["vetoes"].keys() == {"regime"}
    assert reached["order machine"]["pending_new + accepted"] > 0


def test_quotes_are_no_algorithm_and_a_passive_strategy_is_one(run: Path) -> None:
    # The market maker shows quotes; only the reverter reaches positions, passively.
    assert reached_in(run)["algorithms"].keys() == {"passive"}


def test_a_run_without_its_journal_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text((run / "scenario.toml").read_text())

    with pytest.raises(InputError, match=r"found no desk\.journal"):
        reached_in(tmp_path)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found no scenario\.toml"):
        reached_in(tmp_path)
