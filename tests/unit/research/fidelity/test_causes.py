"""A planted difference is named first, over those that are there anyway."""

from collections.abc import Callable
from pathlib import Path

import pytest

from research.fidelity.assumed import CAUSES
from research.fidelity.attribute import CODE
from research.fidelity.evidence import read_evidence
from research.fidelity.judge import Fidelity, judge
from sim.tape.growing import GrowingTape
from sim.tape.write import TapeWriter
from tests.unit.research.fidelity.market import market_entries
from tests.unit.research.fidelity.rig import round_trips, scenario_text, write_session

STEPS = 9_000
GAPS = [(step, step + 90) for step in range(300, STEPS - 100, 400)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its wires were measured, so they are not quite those of its scenario."""
    folder = tmp_path_factory.mktemp("causes") / "session"
    return write_session(folder, market_entries(STEPS), round_trips_ns=round_trips())


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory, session: Path) -> Path:
    """Everything that happened, whoever heard of it."""
    evidence = read_evidence(session)
    path = tmp_path_factory.mktemp("tape") / "full.tape.parquet"
    start = evidence.start
    with TapeWriter(path) as writer:
        writer.append(evidence.rows)
        writer.finish(GrowingTape(start.instruments, start.start_ns, start.end_ns).meta)
    return path


def other(tmp_path: Path, change: Callable[[str], str]) -> str:
    path = tmp_path / "twin.toml"
    path.write_text(scenario_text(change))
    return str(path)


def check(found: Fidelity, cause: str, besides: set[str]) -> None:
    attribution = found.attribution
    by_name = {one.name: one for one in attribution.causes}
    print([(one.name, round(one.share, 3), one.first_ppm) for one in attribution.causes[:3]])

    assert found.explained_by == cause
    assert attribution.causes[0].name == cause
    assert by_name[cause].first_ppm > 900_000
    assert by_name[cause].low > 0
    assert {one.name for one in attribution.causes if one.differs} == {cause, *besides}
    assert set(by_name) == {*CAUSES, CODE}
    assert sum(one.share for one in attribution.causes) == pytest.approx(attribution.distance)
    assert by_name[CODE].share == 0.0
    equal = [one for one in attribution.causes if not one.differs]
    assert all(one.share == one.low == one.high == one.alone == 0.0 for one in equal)


def planted(tmp_path: Path, change: Callable[[str], str]) -> Fidelity:
    """A session with a change, against a twin without it."""
    folder = write_session(
        tmp_path / "s",
        market_entries(STEPS),
        text=scenario_text(change),
        round_trips_ns=round_trips(),
    )
    return judge(folder, against=other(tmp_path, str))


def test_fees(tmp_path: Path) -> None:
    found = planted(
        tmp_path, lambda one: one.replace("maker_units_ppm = 1_000", "maker_units_ppm = 950")
    )
    check(found, "fees", {"order_latency"})
    by_name = {one.name: one for one in found.figures}
    maker = by_name["fee_bp"].value
    assert 0.4 < maker < 0.5  # half a basis point on what rested, which is nearly all of it
    assert by_name["fee_bp"].low <= maker <= by_name["fee_bp"].high


def test_twenty_milliseconds_on_the_orders_wire(tmp_path: Path) -> None:
    folder = write_session(
        tmp_path / "s", market_entries(STEPS), round_trips_ns=round_trips(extra_ms=20)
    )
    found = judge(folder)
    check(found, "order_latency", set())

    fitted = found.calibration
    assert fitted is not None
    assert fitted.queue_model == "risk_averse"
    assert fitted.after < fitted.before / 2
    assert (folder / "fidelity" / "orders_desk.txt").is_file()


def test_another_queue_model(tmp_path: Path) -> None:
    found = planted(
        tmp_path, lambda one: one.replace('mode = "frozen"', 'mode = "frozen"\nqueue_model = "log"')
    )
    check(found, "queue_model", {"order_latency"})
    # The twin does not believe that anybody in front cancels: more lots than there were.
    errors = [one.queue_error_lots for one in found.orders if one.queue_error_lots]
    assert sum(one > 0 for one in errors) > 0.9 * len(errors)

    fitted = found.calibration
    assert fitted is not None
    assert fitted.queue_model == "log"
    assert fitted.after < fitted.before / 2


def test_a_longer_feed(session: Path, tmp_path: Path) -> None:
    before, after = 'latency = "1us" }\norders', 'latency = "20ms" }\norders'
    assert before in scenario_text()
    against = other(tmp_path, lambda one: one.replace(before, after))
    found = judge(session, against=against)
    check(found, "feed_latency", {"order_latency"})
    assert "20ms" in found.attribution.causes[0].assumed


def test_gaps_of_the_feed(tape: Path, tmp_path: Path) -> None:
    folder = write_session(
        tmp_path / "s", market_entries(STEPS, gaps=GAPS), round_trips_ns=round_trips()
    )
    found = judge(folder, tape=tape)
    check(found, "data_gaps", {"order_latency"})
    assert found.gaps == len(GAPS)


def test_no_difference_at_all(tmp_path: Path) -> None:
    text = scenario_text(lambda one: one + "\n[fidelity]\nfill_rate_ppm = 0\npnl_bp = 0.0\n")
    folder = write_session(tmp_path / "s", market_entries(3_000), text=text)
    found = judge(folder)

    assert found.explained_by == ""
    assert found.attribution.distance == 0.0
    assert all(one.value == one.low == one.high == 0.0 for one in found.figures)
    assert found.passes is True
    assert found.lived == found.twin
    assert found.desks.lived == found.desks.twin
    assert found.lived.filled > 50


def test_a_session_that_was_killed_is_judged_by_what_its_entries_lead_to(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", market_entries(3_000))
    kept = (folder / "fills.jsonl").read_bytes()
    (folder / "fills.jsonl").write_bytes(kept[: len(kept) // 2])
    (folder / "end.json").unlink()
    found = judge(folder)

    assert found.explained_by == ""
    assert found.refilled == 0
    assert found.lived.fills == len(kept.splitlines())


def test_fills_that_another_program_gave_are_the_codes(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", market_entries(3_000))
    fills = (folder / "fills.jsonl").read_bytes().splitlines()
    kept = [line for number, line in enumerate(fills) if number % 7]
    (folder / "fills.jsonl").write_bytes(b"".join(line + b"\n" for line in kept))
    found = judge(folder)

    assert found.explained_by == CODE
    assert found.refilled > 0
    assert found.attribution.causes[0].share == found.attribution.distance
