"""P-01 with a duration and P-09: a process that died is started again, or refused, and says why."""

from collections import Counter
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bridge.stores import head_path
from chaos.drill import load_drill
from chaos.result import Verdict
from chaos.run import run_drill
from desk.journal import Reader, RecordType, event_in
from market.errors import InputError
from market.messages import Report
from scenarios.build import Assembly
from scenarios.restarts import RETRY_NS, StartReason
from scenarios.run import RunSummary, run_scenario
from scenarios.schema import parse_scenario
from sim.gateway.states import SessionState
from sim.recorder import Event, EventKind
from sim.session import COMMAND_EVENT
from sim.streams import draw, uniform_below

LIBRARY = Path(str(resources.files("scenarios") / "library"))
BASE = (LIBRARY / "drill_base.toml").read_text()
SESSION = 'name = "desk"\ndesk = 1\nsession = {}\n'
MS = 1_000_000
S = 1_000 * MS
SEEDS = 6
NIGHTLY_SEEDS = 200


class Run:
    """A run of the drills' base with a session and faults, and its events at times from the start."""

    def __init__(self, *faults: str, seconds: int = 30, base: str = BASE, seed: int = 7) -> None:
        lines = "".join(f"\n[[faults]]\n{fault}\n" for fault in faults)
        text = base.replace('duration = "90s"', f'duration = "{seconds}s"')
        text = text.replace('flat_before_end = "10s"\n', "")
        text = text.replace('name = "desk"\ndesk = 1\n', SESSION)
        self.rows: list[Event] = []
        scenario = parse_scenario(text + lines, str(LIBRARY / "drill_base.toml"))
        self.assembly = Assembly(scenario, None, seed, self)
        self.assembly.clock.run()
        self.assembly.recorder.flush()

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        self.rows.extend(Event(*row) for row in rows.tolist())

    def of(self, *kinds: EventKind) -> list[Event]:
        start_ns = self.assembly.start_ns
        return [
            one._replace(time_ns=one.time_ns - start_ns) for one in self.rows if one.kind in kinds
        ]

    def reasons(self) -> list[StartReason]:
        return [StartReason(one.detail) for one in self.of(EventKind.START_REFUSED)]


def _left_while_dead(run: Run) -> list[Event]:
    """What left the host between a crash and the restart behind it."""
    is_dead, left = False, []
    for one in run.of(EventKind.CRASHED, EventKind.RESTARTED, *COMMAND_EVENT.values()):
        if one.kind in (EventKind.CRASHED, EventKind.RESTARTED):
            is_dead = one.kind == EventKind.CRASHED
        elif is_dead:
            left.append(one)
    return left


def crash(at: str = "24s", duration: str = "1s", name: str = "dies") -> str:
    return (
        f'name = "{name}"\nkind = "P-01"\ntarget = "desk"\nat = "{at}"\nduration = "{duration}"\n'
    )


def dependency(target: str, at: str, duration: str) -> str:
    return (
        f'name = "{target}"\nkind = "P-09"\ntarget = "{target}"\nat = "{at}"\n'
        f'duration = "{duration}"\n'
    )


def test_a_process_goes_on_in_the_same_journal_with_its_venues_state() -> None:
    run = Run(crash())
    assembly = run.assembly

    [back] = run.of(EventKind.RESTARTED)
    assert back.time_ns >= 25 * S
    assert not run.reasons()
    before = [one for one in run.of(EventKind.SUBMIT) if one.time_ns < 24 * S]
    between = [one for one in run.of(EventKind.SUBMIT) if 24 * S <= one.time_ns < back.time_ns]
    after = [one for one in run.of(EventKind.SUBMIT) if one.time_ns > back.time_ns]
    assert before
    assert after
    assert not between
    ids = [one.order_id for one in (*before, *after)]
    assert len(set(ids)) == len(ids)

    assembly.finish()
    reader = Reader(assembly.writers[0].durable())
    records = list(reader)
    reader.check()
    restarts = [at for at, one in enumerate(records) if one.type is RecordType.RESTART]
    assert len(restarts) == 1
    desk = assembly.desks[0]
    for book_id, lots in enumerate(desk.ledger.data.position_lots):
        assert lots == assembly.venue.accounts[0, book_id].position_lots


def test_the_same_run_twice_is_the_same() -> None:
    one, two = (Run(crash(), seconds=27).assembly.recorder.digest() for _ in range(2))
    assert one == two


def test_answers_that_were_missed_come_by_number_and_none_twice() -> None:
    run = Run(crash(duration="300ms"))
    connections = run.assembly.sessions.gateways[0].connections

    assert all(one.state is SessionState.UP for one in connections)
    assert all(one.heard.floor == len(one.edge.log) for one in connections)
    taken = [
        (one.order_id, one.detail, one.venue_ns, one.exec_id) for one in run.of(EventKind.REPORT)
    ]
    reader = Reader(run.assembly.writers[0].durable())
    assert sum(one.type is RecordType.RESTART for one in reader) == 1
    assert len(taken) == len(set(taken))


def test_a_second_crash_before_it_has_begun_counts_from_the_second() -> None:
    run = Run(crash(duration="1s"), crash(at="24500ms", duration="2s", name="again"))

    [back] = run.of(EventKind.RESTARTED)
    assert back.time_ns >= 26 * S + 500 * MS


def test_a_short_crash_within_a_long_one_does_not_keep_it_down_for_good() -> None:
    run = Run(
        crash(at="20s", duration="3s"), crash(at="21s", duration="500ms", name="short"), seconds=25
    )

    [back] = run.of(EventKind.RESTARTED)
    assert 23 * S <= back.time_ns < 24 * S


def test_a_crash_that_never_came_has_touched_nothing() -> None:
    never = 'name = "never"\nkind = "P-01"\ntarget = "desk"\nduration = "1s"\n'
    never += 'on = { event = "restarted", host = "desk", count = 2 }\n'
    run = Run(crash(at="20s", duration="300ms"), never, seconds=22)

    hits = {one.name: one.hits for one in run.assembly.faults.outcomes(run.assembly)}
    assert hits["dies"] > 0
    assert hits["never"] == 0


@pytest.mark.parametrize("at", ["21s", "22000050us"])
def test_a_machine_that_dies_for_good_while_it_is_down_or_reads_stays_dead(at: str) -> None:
    forever = crash(at=at, name="forever").replace('duration = "1s"\n', "")
    run = Run(crash(at="20s", duration="2s"), forever, seconds=25)

    assert not run.of(EventKind.RESTARTED)
    assert run.assembly.hosts[0].is_down


@pytest.mark.parametrize(
    ("event", "count"),
    [
        ("received", 40),
        ("report", 40),
        ("view", 200),
        ("timer", 20),
        ("submit", 40),
        ("query", 1),
        ("restarted", 1),
        ("session.1", 1),
    ],
)
def test_whatever_it_dies_of_the_next_process_goes_on_behind_what_was_durable(
    event: str, count: int
) -> None:
    within = (
        f'name = "within"\nkind = "P-01"\ntarget = "desk"\nduration = "400ms"\n'
        f'on = {{ event = "{event}", host = "desk", count = {count} }}\n'
    )
    run = Run(crash(at="20s", duration="300ms"), within, seconds=26)

    assert len(run.of(EventKind.RESTARTED)) == 2
    assert _left_while_dead(run) == []
    reader = Reader(run.assembly.writers[0].durable())
    records = list(reader)
    reader.check()
    answers = Counter(
        one.message.report_seq
        for record in records
        if record.type is RecordType.EVENT
        for one in (event_in(record),)
        if isinstance(one.message, Report)
    )
    assert set(answers.values()) == {1}
    connections = run.assembly.sessions.gateways[0].connections
    assert all(one.heard.floor == len(one.edge.log) for one in connections)


def test_without_a_configuration_it_tries_again_until_it_is_told() -> None:
    run = Run(
        crash(duration="200ms"),
        dependency("desk", "23s", "2s"),
        dependency("desk.config", "25s", "1s"),
    )

    [back] = run.of(EventKind.RESTARTED)
    refused = run.of(EventKind.START_REFUSED)
    reasons = run.reasons()
    silent = reasons.count(StartReason.NO_CONFIG)
    assert reasons == [StartReason.NO_CONFIG] * silent + [StartReason.WRONG_CONFIG] * (
        len(reasons) - silent
    )
    assert silent == 2
    assert len(reasons) == 4
    gaps = {two.time_ns - one.time_ns for one, two in pairwise(refused)}
    assert gaps == {RETRY_NS}
    assert back.time_ns > 26 * S
    outcomes = {one.name: one.hits for one in run.assembly.faults.outcomes(run.assembly)}
    assert (outcomes["desk"], outcomes["desk.config"]) == (2, 2)


def test_a_desk_that_runs_does_not_notice_that_nobody_would_tell_it() -> None:
    with_fault = Run(dependency("desk", "22s", "4s"), seconds=27)
    without = Run(seconds=27)

    kinds = set(EventKind) - {EventKind.FAULT_BEGUN, EventKind.FAULT_ENDED}
    assert with_fault.of(*kinds) == without.of(*kinds)
    [outcome] = with_fault.assembly.faults.outcomes(with_fault.assembly)
    assert outcome.hits == 0


def test_nothing_begins_on_a_journal_whose_bits_have_changed() -> None:
    bits = 'name = "bits"\nkind = "S-04"\ntarget = "desk.journal"\nat = "23s"\nseverity = 2\n'
    run = Run(crash(), bits)

    assert run.reasons() == [StartReason.BAD_JOURNAL]
    assert not run.of(EventKind.RESTARTED)
    assert run.assembly.hosts[0].is_down
    assert not [one for one in run.of(EventKind.COMPUTED) if one.time_ns > 24 * S]


def _run_in(folder: Path, host: str, *faults: str) -> RunSummary:
    """Twelve seconds of the drills' base, as a run with a folder of its own."""
    text = BASE.replace('duration = "90s"', 'duration = "12s"')
    text = text.replace('flat_before_end = "10s"\n', "").replace("venues/", f"{LIBRARY}/venues/")
    text = text.replace('name = "desk"\ndesk = 1\n', host)
    scenario = folder / "dies.toml"
    scenario.write_text(text + "".join(f"\n[[faults]]\n{one}\n" for one in faults))
    return run_scenario(
        str(scenario),
        tape=None,
        seed=None,
        runs_dir=folder / "runs",
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )


@pytest.mark.parametrize("bits", [0, 2])
def test_a_run_ends_well_whose_machine_stays_dead_and_its_journal_is_nobodys_to_seal(
    bits: int, tmp_path: Path
) -> None:
    dies = 'on = { event = "computed", host = "desk", count = 300 }'
    faults = [crash(duration="2s" if bits else "90s").replace('at = "24s"', dies)]
    if bits:
        faults.append(
            f'name = "bits"\nkind = "S-04"\ntarget = "desk.journal"\nat = "3s"\nseverity = {bits}\n'
        )

    summary = _run_in(tmp_path, SESSION, *faults)

    assert "desk.journal" in summary.stages_unreached
    path = Path(summary.folder) / "desk.journal"
    reader = Reader(path.read_bytes()).to_end()
    assert (reader.problem is not None) == bool(bits)
    assert not reader.sealed
    assert not head_path(path).exists()


def test_a_run_ends_well_whose_stand_by_has_taken_over(tmp_path: Path) -> None:
    forever = crash(at="6s").replace('duration = "1s"\n', "")

    summary = _run_in(tmp_path, 'name = "desk"\ndesk = 1\nstandby = { name = "b" }\n', forever)

    assert summary.pairs
    ends = {
        name: Reader((Path(summary.folder) / f"{name}.journal").read_bytes()).to_end()
        for name in ("desk", "b")
    }
    assert [one.problem for one in ends.values()] == [None, None]
    assert not ends["desk"].sealed
    assert ends["b"].sealed


def test_it_waits_for_a_disk_that_takes_nothing() -> None:
    full = (
        'name = "full"\nkind = "S-03"\ntarget = "desk.journal"\nat = "23500ms"\nduration = "3s"\n'
    )
    run = Run(crash(), full)

    assert set(run.reasons()) == {StartReason.NO_STORE}
    [back] = run.of(EventKind.RESTARTED)
    assert back.time_ns >= 26 * S + 500 * MS


def test_a_disk_that_takes_nothing_by_the_time_that_all_is_read_is_waited_for() -> None:
    full = (
        'name = "full"\nkind = "S-03"\ntarget = "desk.journal"\nat = "22000050us"\n'
        'duration = "700ms"\n'
    )
    run = Run(crash(at="20s", duration="2s"), full, seconds=25)

    assert run.reasons() == [StartReason.NO_STORE, StartReason.NO_STORE]
    [back] = run.of(EventKind.RESTARTED)
    assert back.time_ns >= 23 * S
    reader = Reader(run.assembly.writers[0].durable())
    assert sum(one.type is RecordType.RESTART for one in reader) == 1
    reader.check()


def test_what_could_not_come_back_is_refused() -> None:
    no_session = BASE + "\n[[faults]]\n" + crash()
    with pytest.raises(InputError, match=r"'dies'.*has no \[hosts.session\]"):
        Assembly(parse_scenario(no_session, str(LIBRARY / "drill_base.toml")), None, 7, None)
    pair = BASE.replace(
        'name = "desk"\ndesk = 1\n', 'name = "desk"\ndesk = 1\nstandby = { name = "b" }\n'
    )
    with pytest.raises(InputError, match="one of a pair"):
        Assembly(
            parse_scenario(pair + "\n[[faults]]\n" + crash(), str(LIBRARY / "drill_base.toml")),
            None,
            7,
            None,
        )


def _swept(seed: int, tmp_path: Path) -> None:
    """A crash at a drawn moment, for a drawn time, with a torn write and a short partition."""
    at_ms = 35_000 + uniform_below(draw(seed, 1), 15_000)
    down_ms = 20 + uniform_below(draw(seed, 2), 3_000)
    torn = 1 + uniform_below(draw(seed, 3), 200)
    count = 2_200 + uniform_below(draw(seed, 4), 700)
    text = load_drill("crash_and_restart").text
    trigger = (
        f'at = "{at_ms}ms"'
        if seed % 2
        else f'on = {{ event = "computed", host = "desk", count = {count} }}'
    )
    text = text.replace('at = "42s"', trigger).replace("1500ms", f"{down_ms}ms")
    text = text.replace('faults = "10s"', 'faults = "25s"')
    text = text.replace(
        "[expect]",
        f'[[faults]]\nname = "torn"\nkind = "store_torn_write"\ntarget = "desk.journal"\n'
        f'at = "31s"\nseverity = {torn}\n\n[expect]',
    ).replace('warm_up = "40s"', 'warm_up = "30s"')
    path = tmp_path / f"sweep_{seed}.toml"
    path.write_text(text)
    found = run_drill(path, seed=seed, wall_ns=lambda: 0, with_twin=False).result
    broken = [row.id for row in found.invariants if row.state == "violated"]
    assert found.verdict is not Verdict.FAIL, (seed, broken, found.reasons)
    marks = {row.name: row.hits for row in found.marks}
    assert marks["restarted"] == 1, seed


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whenever_it_dies_nothing_is_sent_twice_or_forgotten(seed: int, tmp_path: Path) -> None:
    _swept(seed, tmp_path)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_whenever_it_dies_over_many_seeds(tmp_path: Path) -> None:
    for seed in range(SEEDS, NIGHTLY_SEEDS):
        _swept(seed, tmp_path)
