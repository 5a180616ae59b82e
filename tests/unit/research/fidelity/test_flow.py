"""A session's own orders, sent once more, meet what they met."""

from pathlib import Path

import pytest
from msgspec import structs

from bridge.paper.listing import Terms
from bridge.recording import Entry
from market.codes import Kind, QueueModel
from market.messages import Submit
from research.fidelity.assumed import assumed_by, differing, lived_by, mixed
from research.fidelity.evidence import Evidence, read_evidence
from research.fidelity.flow import PATIENCE_NS, charged, run_flow
from research.fidelity.judge import free_desk
from scenarios.paper import WORD
from scenarios.schema import parse_scenario
from tests.unit.research.fidelity.market import market_entries
from tests.unit.research.fidelity.rig import round_trips, scenario_text, write_session

STEPS = 2_500


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("flow") / "session"
    return read_evidence(write_session(folder, market_entries(STEPS), round_trips_ns=round_trips()))


def test_what_a_session_lived_with_gives_its_own_fills(evidence: Evidence) -> None:
    lived = lived_by(evidence)
    run = run_flow(evidence, lived, lived)

    assert len(evidence.fills) > 50
    assert {one.liquidity for one in evidence.fills} == {"MAKER", "TAKER"}
    assert [
        (one.order_id, one.venue_ns, one.price_ticks, one.qty_lots, one.fee)
        for one in evidence.fills
    ] == [tuple(one)[:5] for one in run.fills]
    assert evidence.refilled == 0


@pytest.mark.parametrize(
    ("kind", "target", "severity"),
    [
        ("gateway_half_open", "desk.orders", ""),
        ("gateway_disconnect", "desk", ""),
        ("feed_delay", "desk.feed", 'severity = "30ms"'),
    ],
)
def test_what_broke_breaks_again(tmp_path: Path, kind: str, target: str, severity: str) -> None:
    fault = (
        f'\n[[faults]]\nname = "x"\nkind = "{kind}"\ntarget = "{target}"\n'
        f'at = "8s"\nduration = "3s"\n{severity}\n'
    )
    folder = write_session(
        tmp_path / "s",
        market_entries(1_500),
        text=scenario_text() + fault,
        round_trips_ns=round_trips(),
    )
    evidence = read_evidence(folder)
    lived = lived_by(evidence)
    plain = assumed_by(parse_scenario(scenario_text(), "x"), evidence, None)
    run = run_flow(evidence, lived, lived)

    assert [(one.order_id, one.venue_ns) for one in evidence.fills] == [
        (one.order_id, one.venue_ns) for one in run.fills
    ]
    broken = {"feed_latency"} if target == "desk.feed" else {"order_latency"}
    whole = structs.replace(
        lived,
        feed_latency=plain.feed_latency,
        order_latency=lived.order_latency._replace(faults=()),
    )
    assert set(differing(whole, lived)) == broken


def test_what_the_venue_refuses_is_refused_again(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", market_entries(STEPS), terms=Terms(lots_min=150))
    evidence = read_evidence(folder)
    submits = [one.command for one in evidence.flow if isinstance(one.command, Submit)]
    small = {one.order_id for one in submits if one.qty_lots < 150}
    lived = lived_by(evidence)
    run = run_flow(evidence, lived, lived)

    assert small
    assert small.isdisjoint(one.order_id for one in run.fills)
    assert [one.venue_ns for one in run.fills] == [one.venue_ns for one in evidence.fills]


def test_commands_leave_with_all_their_terms(evidence: Evidence) -> None:
    submits = [one.command for one in evidence.flow if isinstance(one.command, Submit)]
    assert {one.post_only for one in submits} == {True, False}
    assert {one.tif.name for one in submits} >= {"GTC", "IOC"}


def test_measured_wires_are_what_commands_took(evidence: Evidence) -> None:
    took = [ns for _, ns in evidence.wires_ns["desk"]]
    assert len(took) > len(evidence.flow) // 2
    assert min(took) >= min(round_trips())
    # A wire never overtakes itself, so one that waits behind another takes longer.
    assert sorted(took)[len(took) // 2] <= max(round_trips())


def test_each_part_is_taken_by_itself(evidence: Evidence) -> None:
    text = scenario_text(
        lambda one: one.replace('mode = "frozen"', 'mode = "frozen"\nqueue_model = "log"').replace(
            "maker_units_ppm = 1_000", "maker_units_ppm = 0"
        )
    )
    lived = lived_by(evidence)
    twin = assumed_by(parse_scenario(text, "x"), evidence, None)

    assert differing(twin, lived) == ["order_latency", "queue_model", "fees"]
    assert differing(mixed(twin, lived, ["fees"]), lived) == ["order_latency", "queue_model"]
    assert differing(mixed(twin, lived, differing(twin, lived)), lived) == []
    assert mixed(lived, twin, ["queue_model"]).queue_model is QueueModel.LOG


def test_a_longer_feed_lets_decisions_leave_later(evidence: Evidence) -> None:
    lived = lived_by(evidence)
    text = scenario_text(
        lambda one: one.replace(
            'feed = { model = "constant", latency = "1us" }',
            'feed = { model = "constant", latency = "3001us" }',
        )
    )
    slow = assumed_by(parse_scenario(text, "x"), evidence, None)
    fast = run_flow(evidence, lived, lived)
    late = run_flow(evidence, mixed(lived, slow, ["feed_latency"]), lived)

    taken = {one.order_id: one.venue_ns for one in evidence.fills if one.liquidity == "TAKER"}
    later = {
        one.venue_ns - taken[one.order_id] for one in late.fills if taken.get(one.order_id)
    } - {0}
    assert fast.fills != late.fills
    assert 3_000_000 in later


def test_an_order_that_had_filled_is_not_left_to_itself(tmp_path: Path) -> None:
    entries = market_entries(STEPS)
    evidence = read_evidence(write_session(tmp_path / "s", entries))
    lived = lived_by(evidence)
    run = run_flow(evidence, lived, lived)
    # No trade is printed any more: nothing that rests can fill.
    silent = structs.replace(lived, data_gaps=evidence.rows[evidence.rows["kind"] != Kind.TRADE])
    ended = run.ended_ns
    half = [(order_id, ns + PATIENCE_NS // 2) for order_id, ns in ended.items()]
    free = run_flow(evidence, silent, lived, ended_ns=ended, asked=half)
    held = [order_id for (order_id, _), ahead in free.ahead.items() if ahead >= 0]
    assert held
    later = [(order_id, ended[order_id] + PATIENCE_NS + 1) for order_id in held]
    after = run_flow(evidence, silent, lived, ended_ns=ended, asked=later)
    assert set(after.ahead.values()) == {-1}


def test_other_fees_are_charged_as_a_run_would(evidence: Evidence) -> None:
    text = scenario_text(lambda one: one.replace("_units_ppm = 1_000", "_units_ppm = 333"))
    lived = lived_by(evidence)
    twin = mixed(lived, assumed_by(parse_scenario(text, "x"), evidence, None), ["fees"])
    run = run_flow(evidence, lived, lived)

    assert charged(run.fills, twin.fees, evidence) == run_flow(evidence, twin, lived).fills
    assert charged(run.fills, lived.fees, evidence) == run.fills


def test_entries_of_a_gap_are_a_gap(tmp_path: Path) -> None:
    entries = market_entries(1_000, gaps=[(300, 400), (600, 650)])
    evidence = read_evidence(write_session(tmp_path / "s", entries))
    assert [round((until - start) / 1e9, 1) for start, until in evidence.gaps_ns] == [1.0, 0.5]


def test_a_desk_left_to_itself_is_told_what_the_sessions_desk_was_told(tmp_path: Path) -> None:
    entries = market_entries(STEPS)
    at = len(entries) // 3
    word = Entry(entries[at].stamp_ns, WORD, b'{"action":"KILL","authority":"A. Person"}')
    folder = write_session(tmp_path / "s", [*entries[:at], word, *entries[at:]])
    evidence = read_evidence(folder)
    orders = [free_desk(evidence, evidence.scenario, evidence.rows).orders]
    evidence = structs.replace(evidence, words=())
    orders.append(free_desk(evidence, evidence.scenario, evidence.rows).orders)

    assert orders[0] == evidence.desk.orders > 10
    assert orders[1] > 2 * orders[0]
