"""The pages of drills say what happened, in a browser too, and machines read the same."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from time import perf_counter_ns
from xml.etree.ElementTree import fromstring

import msgspec
import pytest

from chaos.drill import Phases
from chaos.hunt import Kill
from chaos.ledger import FaultWindow, History
from chaos.report import write_report, write_suite
from chaos.report.diagram import sequence_svg
from chaos.report.junit import junit_xml
from chaos.report.moments import MESSAGES_MAX, NOTES_MAX, scene_of
from chaos.report.page import LIBRARY_NAME
from chaos.report.series import profit
from chaos.report.steps import NEVER, Timeline, timeline_of
from chaos.report.suite import part_of, suite_page
from chaos.result import SuiteResult, SuiteRow, Verdict
from chaos.run import Drilled, run_drill, write_drill
from market.codes import ReportType
from market.faults import AtTime, Fault, FaultKind
from sim.recorder import Event, EventKind
from tests.unit.research.test_report import CHROMIUM, QUIET

BYTES_MAX = 10_000_000
S = 1_000_000_000
PHASES = Phases(warm_up_ns=S, faults_ns=S, heal_ns=S, quiet_ns=S)


@pytest.fixture(scope="module")
def drilled() -> Drilled:
    return run_drill("slow_acks", wall_ns=perf_counter_ns)


@pytest.fixture(scope="module")
def failed() -> Drilled:
    return run_drill("blind_canary", wall_ns=perf_counter_ns, with_twin=False)


def timeline(*events: Event, windows: list[FaultWindow] | None = None) -> Timeline:
    """What a run of some events of one host at one venue shows."""
    history = History(
        events=list(events),
        start_ns=0,
        end_ns=4 * S,
        phases=PHASES,
        hosts=["desk"],
        member_of=[0],
        windows=windows or [],
    )
    return timeline_of(history, ["NORTH"])


def submit(time_ns: int, order_id: int) -> Event:
    return Event(time_ns, EventKind.SUBMIT, 0, 0, order_id, 0, 100, 5)


def arrived(time_ns: int, order_id: int) -> Event:
    return Event(time_ns, EventKind.ARRIVED, 0, 0, order_id, detail=EventKind.SUBMIT)


def answer(
    time_ns: int, order_id: int, kind: EventKind = EventKind.ANSWER, at_ns: int = 0
) -> Event:
    return Event(
        at_ns or time_ns, kind, 0, 0, order_id, venue_ns=time_ns, detail=ReportType.ACCEPTED
    )


def test_a_command_and_its_arrival_are_one_message() -> None:
    found = timeline(
        submit(10, 1), arrived(20, 1), answer(20, 1), answer(20, 1, EventKind.RECEIVED, 33)
    )
    said = [
        (one.text, one.sender, one.receiver, one.sent_ns, one.arrived_ns) for one in found.messages
    ]

    assert said == [("submit #1 buy 5 @ 100", 0, 1, 10, 20), ("accepted #1", 1, 0, 20, 33)]
    assert [lane.name for lane in found.lanes] == ["desk", "NORTH"]


def test_what_a_wire_lost_never_arrives_and_says_so() -> None:
    lost_order = Event(10, EventKind.LOST, 0, 0, 1, detail=EventKind.SUBMIT)
    lost_answer = Event(40, EventKind.LOST, 0, 0, 2, detail=EventKind.ANSWER)
    found = timeline(
        submit(10, 1),
        lost_order,
        submit(30, 2),
        arrived(40, 2),
        answer(40, 2),
        lost_answer,
        submit(50, 3),
    )
    fates = {
        one.text.split(" ")[0] + str(one.order_id): (one.lost, one.arrived_ns)
        for one in found.messages
    }

    assert fates == {
        "submit1": (True, NEVER),
        "submit2": (False, 40),
        "accepted2": (True, NEVER),
        "submit3": (False, NEVER),
    }


def test_a_report_that_comes_again_is_drawn_again() -> None:
    twice = [answer(20, 1, EventKind.RECEIVED, at_ns) for at_ns in (30, 90)]
    found = timeline(submit(10, 1), arrived(20, 1), answer(20, 1), *twice)

    assert [(one.arrived_ns, one.tone) for one in found.messages[1:]] == [
        (30, "report"),
        (90, "copy"),
    ]


def test_many_at_once_are_one_message_that_counts_them() -> None:
    found = timeline(*(submit(10, number) for number in range(1, 41)))

    assert [(one.text, one.times) for one in found.messages] == [("submit × 40", 40)]


def test_a_fault_on_wires_spans_to_the_venues_and_one_of_the_host_does_not() -> None:
    def window(name: str, kind: FaultKind, target: str) -> FaultWindow:
        fault = Fault(name=name, kind=kind, target=target, trigger=AtTime(time_ns=S), severity=0)
        return FaultWindow(fault, 0, S, 2 * S, 1)

    found = timeline(
        submit(10, 1),
        windows=[
            window("cut", FaultKind.GATEWAY_HALF_OPEN, "desk.orders"),
            window("stall", FaultKind.HOST_STALL, "desk.compute"),
        ],
    )
    assert [band.lanes for band in found.bands] == [(0, 1), (0, 0)]
    assert [note.tone for note in found.notes] == ["fault", "fault", "healed", "healed"]


def test_a_scene_is_short_and_counts_what_it_leaves_out(failed: Drilled) -> None:
    history = failed.played.history
    whole = timeline_of(history, ["NORTH", "SOUTH"])
    first = failed.result.invariants
    order_ids = [
        int(event["order_id"])
        for row in first
        for one in row.violations[:1]
        for event in one.witness
        if event.get("order_id")
    ]
    scene = scene_of(whole, [(history.start_ns, order_id) for order_id in order_ids])

    assert len(scene.messages) <= MESSAGES_MAX < len(whole.messages)
    assert len(scene.notes) <= NOTES_MAX
    assert len(scene.left_out) + sum(one.times for one in scene.messages) == sum(
        one.times for one in whole.messages
    )
    shown = {one.order_id for one in scene.messages}
    assert order_ids[0] in shown
    svg = sequence_svg(history, whole, scene)
    assert svg.count('<g class="message">') == len(scene.messages)


def test_the_last_point_of_profit_is_what_the_run_earned(drilled: Drilled) -> None:
    assert drilled.result.cost is not None
    path = profit(drilled.played.history, drilled.played.assembly.instruments)["USD"]
    told = float(drilled.result.cost.pnl.split()[0])

    # Positions are flat at the end, so that no mid matters.
    assert path.y[-1] == pytest.approx(told, abs=0.01)


def test_a_failure_names_what_did_not_hold_and_shows_its_witness(
    failed: Drilled, tmp_path: Path
) -> None:
    text = write_report(failed, tmp_path).read_text("utf-8")

    assert "FAIL" in text
    row = next(row for row in failed.result.invariants if row.state == "violated")
    assert f"{row.id} is violated" in text
    assert f"order_id {row.violations[0].witness[-1]['order_id']}" in text


def test_a_name_from_outside_cannot_become_a_tag(drilled: Drilled, tmp_path: Path) -> None:
    evil = msgspec.structs.replace(drilled.result, title="</script><script>alert(1)</script>")
    text = write_report(drilled._replace(result=evil), tmp_path).read_text("utf-8")

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize("shared", [False, True])
def test_a_browser_draws_a_drill(drilled: Drilled, tmp_path: Path, *, shared: bool) -> None:
    browser = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if browser is None:
        reason = "no chromium: install it from the distribution's packages"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path / "drill"
    folder.mkdir()
    page = write_report(drilled, folder, shared=shared)
    assert (tmp_path / LIBRARY_NAME).exists() is shared
    assert page.stat().st_size < (1_000_000 if shared else BYTES_MAX)
    done = subprocess.run(
        [
            browser,
            *QUIET,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    body = re.search(r"<body[^>]*>", done.stdout)
    assert body is not None
    said = dict(re.findall(r'data-(\w+)="([^"]*)"', body[0]))
    assert "error" not in said, said
    assert int(said["plots"]) == int(said["drawn"]) >= 6
    diagram = re.search(r'<svg class="sequence".*?</svg>', done.stdout, re.DOTALL)
    assert diagram is not None
    assert diagram[0].count('<g class="message">') > 10


# --- Suites and machines --------------------------------------------------------------------------------


def suite_of(*drills: Drilled) -> SuiteResult:
    """A suite that came to what its drills came to."""
    rows = [
        SuiteRow(
            drill=one.result.name,
            run_id=one.result.run_id,
            verdict=one.result.verdict,
            counted=Verdict.PASS,
            reasons=one.result.reasons,
            digest=one.result.digest,
            wall_s=one.result.wall_s,
        )
        for one in drills
    ]
    return SuiteResult(name="two", title="Two drills", verdict=Verdict.PASS, planted="", rows=rows)


def test_a_suite_links_its_drills_and_shows_in_red_what_never_broke(
    drilled: Drilled, failed: Drilled, tmp_path: Path
) -> None:
    for one in (drilled, failed):
        write_drill(tmp_path, one)
    text = write_suite(suite_of(drilled, failed), tmp_path).read_text("utf-8")

    for one in (drilled, failed):
        assert f'href="{one.result.run_id}/report.html"' in text
    assert "as it must" in text
    assert re.search(
        rf"<td>G-04</td>(<td[^>]*>[^<]*</td>)*<td class=\"hit\">{drilled.result.faults[0].hits}</td>",
        text,
    )
    assert re.search(r"<td>P-01</td>(<td[^>]*>[^<]*</td>)*<td class=\"never\">never</td>", text)


def test_survivors_stand_first_in_the_table_of_planted_bugs(drilled: Drilled) -> None:
    def kill(name: str, *, killed: bool) -> Kill:
        return Kill(
            name=name, module="desk.gate", danger="d", invariants=["I-POS-1"], killed=killed
        )

    text = suite_page(
        suite_of(drilled),
        [drilled.result],
        [kill("found", killed=True), kill("missed", killed=False)],
    )
    assert "1 of 2 are found" in text
    assert text.index("<code>missed</code>") < text.index("<code>found</code>")
    assert text.count(">survived<") == text.count(">killed<") == 1


def test_machines_read_a_failure_where_a_drill_failed_or_showed_nothing(
    drilled: Drilled, failed: Drilled
) -> None:
    empty = msgspec.structs.replace(
        drilled.result, verdict=Verdict.VACUOUS, reasons=["fault 'slow' bit 0 times\x00"]
    )
    plain = msgspec.structs.replace(failed.result, canary=[])
    for result, kind, count in (
        (drilled.result, None, 0),
        (empty, "VACUOUS", 1),
        (failed.result, None, 0),  # a canary that fails as it must
        (plain, "FAIL", 1 + sum(row.state == "violated" for row in plain.invariants)),
    ):
        root = fromstring(junit_xml("all", [result]))
        found = root.find("testsuite/testcase[@name='verdict']/failure")
        assert (None if found is None else found.get("type")) == kind
        assert int(root.get("failures", "")) == count
        assert int(root.get("tests", "")) == 1 + len(result.invariants)


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("desk", ""),
        ("desk.feed.a/AAA@NORTH", "feed.a"),
        ("desk.reports", "reports"),
        ("venue:NORTH", "a venue"),
        ("book:AAA@NORTH", "a book"),
    ],
)
def test_a_target_is_counted_where_it_belongs(target: str, part: str) -> None:
    assert part_of(target) == part


def test_what_befalls_a_host_is_told_in_words() -> None:
    found = timeline(
        submit(10, 1),
        Event(20, EventKind.SESSION, 0, qty_lots=2, detail=3),
        Event(25, EventKind.SESSION, 0, price_ticks=1, qty_lots=2, detail=0),
        Event(30, EventKind.CRASHED, 0),
        Event(40, EventKind.TAKEOVER, 0, detail=4, qty_lots=2),
        Event(50, EventKind.FENCED, 0, qty_lots=1, leaves_lots=2),
        Event(60, EventKind.GAP, 0, detail=1, qty_lots=1_200, side=1),
        Event(70, EventKind.JOURNAL, 0, detail=0),
    )
    assert [(note.lane, note.text) for note in found.notes] == [
        (0, "session up → suspect"),
        (1, "session up → down"),
        (0, "dies"),
        (0, "may trade, epoch 2"),
        (1, "refused: epoch 1, in force is 2"),
        (0, "gap begins: 1,200 messages on line A"),
        (0, "journal: well again"),
    ]
