"""`[[faults]]` in a run: each kind bites where it should, moves nothing before it, and repeats."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from market.codes import ReportType
from market.errors import InputError
from market.faults import FaultKind
from scenarios.fault_effects import EFFECTS
from scenarios.faults import FaultOutcome
from scenarios.run import RunSummary, run_scenario
from scenarios.schema import load_scenario, parse_scenario
from sim.recorder import Event, EventKind

CALM = load_scenario("calm")[1]
MINUTE_NS = 60_000_000_000
CANCELLED = int(ReportType.CANCELLED)


def text_of(*faults: str) -> str:
    """The calm day's first four minutes, with faults."""
    assert 'duration = "1h"' in CALM
    lines = "".join(f"\n[[faults]]\n{fault}\n" for fault in faults)
    return CALM.replace('duration = "1h"', 'duration = "4m"') + lines


def run(folder: Path, *faults: str) -> RunSummary:
    """Run it in this process, quietly."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "broken.toml"
    path.write_text(text_of(*faults))
    return run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=folder / "runs",
        progress=lambda _done, _total: None,
        announce=lambda _identity: None,
        wall_ns=lambda: 0,
    )


LINES = {
    FaultKind.FEED_DELAY: 'target = "desk.feed"\nduration = "30s"\nseverity = "500ms"',
    FaultKind.FEED_JITTER: 'target = "desk.feed/SYN@SIM"\nduration = "30s"\nseverity = "2s"',
    FaultKind.GATEWAY_DISCONNECT: 'target = "desk"\nduration = "10s"',
    FaultKind.GATEWAY_RESET: 'target = "desk"\nduration = "10s"\nseverity = "1s"',
    FaultKind.GATEWAY_HALF_OPEN: 'target = "desk.reports"\nduration = "20s"',
    FaultKind.GATEWAY_SLOW_ACK: 'target = "desk.reports"\nduration = "30s"\nseverity = "300ms"',
    FaultKind.GATEWAY_LOST_ACK: 'target = "desk.reports"\nduration = "60s"\nseverity = 500_000',
    FaultKind.GATEWAY_DUPLICATE_REPORT: 'target = "desk.reports"\nduration = "60s"\nseverity = 500_000',
    FaultKind.GATEWAY_REPORT_ORDER: 'target = "desk.reports"\nduration = "90s"\nseverity = 2',
    FaultKind.HOST_CRASH: 'target = "desk"',
    FaultKind.HOST_STALL: 'target = "desk.compute"\nduration = "5s"',
    FaultKind.HOST_SLOW: 'target = "desk.compute"\nduration = "60s"\nseverity = 10_000_000',
    FaultKind.STORE_SLOW: 'target = "desk.commit"\nduration = "60s"\nseverity = "50ms"',
    FaultKind.STORE_WRITER_STALL: 'target = "desk.commit"\nduration = "5s"',
}


def line(kind: FaultKind) -> str:
    """One fault of a kind, two minutes into the run."""
    return f'name = "one"\nkind = "{kind.value}"\nat = "2m"\n{LINES[kind]}'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunSummary, list[tuple[int, ...]]]:
    """The run without a fault, and its events."""
    summary = run(tmp_path_factory.mktemp("whole"))
    return summary, events(summary)


def events(summary: RunSummary) -> list[tuple[int, ...]]:
    """Every event of a run, as rows."""
    table = pq.read_table(Path(summary.folder) / "events.parquet")
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_every_kind_that_can_be_run_is_tried_here() -> None:
    assert set(LINES) == {kind for kind, effect in EFFECTS.items() if effect.acts_plainly}


@pytest.mark.parametrize("kind", list(LINES), ids=lambda kind: kind.name.lower())
def test_a_fault_bites_and_changes_nothing_before_it(
    tmp_path: Path, whole: tuple[RunSummary, list[tuple[int, ...]]], kind: FaultKind
) -> None:
    summary = run(tmp_path, line(kind))

    [outcome] = summary.faults
    assert (outcome.name, outcome.kind) == ("one", kind.value)
    assert outcome.hits > 0
    assert summary.digest != whole[0].digest
    found, old = events(summary), whole[1]
    begins_ns = load_scenario("calm")[0].run.start_ns + 2 * MINUTE_NS
    assert [one for one in found if one[0] < begins_ns] == [
        one for one in old if one[0] < begins_ns
    ]


def test_a_fault_that_never_bites_says_so(tmp_path: Path) -> None:
    late = 'name = "late"\nkind = "feed_delay"\ntarget = "desk.feed"\nat = "3h"\nduration = "1m"'
    summary = run(tmp_path, late + '\nseverity = "1ms"')

    assert summary.faults == [FaultOutcome(name="late", kind="F-01", target="desk.feed", hits=0)]


def test_a_broken_run_repeats(tmp_path: Path) -> None:
    both = [line(FaultKind.GATEWAY_LOST_ACK), line(FaultKind.FEED_JITTER).replace("one", "two")]

    first = run(tmp_path / "a", *both)
    again = run(tmp_path / "b", *reversed(both))

    assert first.digest == again.digest
    assert first.run_id == again.run_id
    assert first.faults == again.faults


ON = {
    "answer": 'on = { event = "answer.cancelled", count = 2, host = "desk", book = "SYN@SIM" }',
    "timer": 'on = { event = "timer", count = 115, after = "5ms" }',
}


@pytest.mark.parametrize("event", list(ON))
@pytest.mark.parametrize("kind", list(LINES), ids=lambda kind: kind.name.lower())
def test_every_kind_can_begin_with_an_event(
    tmp_path: Path, whole: tuple[RunSummary, list[tuple[int, ...]]], kind: FaultKind, event: str
) -> None:
    summary = run(tmp_path, line(kind).replace('at = "2m"', ON[event]))

    found, old = events(summary), whole[1]
    begun = next(one for one in found if one[1] == EventKind.FAULT_BEGUN)
    same = [one for one in found if one[0] < begun[0]]
    assert same == [one for one in old if one[0] < begun[0]]
    if event == "timer":
        assert summary.faults[0].hits > 0
        return
    rows = found[: found.index(begun)]
    cancelled = [one for one in rows if one[1] == EventKind.ANSWER and one[12] == CANCELLED]
    assert len(cancelled) == 2
    assert rows[-1] == cancelled[-1]


@pytest.mark.parametrize("event", ["computed", "committed", "committed.submit"])
def test_a_desk_that_dies_between_deciding_and_sending_has_sent_nothing_of_it(
    tmp_path: Path, event: str
) -> None:
    """Journaled, and on `committed` durable too; and the venue never hears of it."""
    count = 1 if event.endswith("submit") else 9
    on = f'on = {{ event = "{event}", count = {count} }}'
    summary = run(tmp_path, line(FaultKind.HOST_CRASH).replace('at = "2m"', on))

    found = events(summary)
    crash = next(at for at, one in enumerate(found) if one[1] == EventKind.CRASHED)
    name = event.partition(".")[0].upper()
    kinds = [EventKind[name], EventKind.FAULT_BEGUN, EventKind.CRASHED]
    assert [one[1] for one in found[crash - 2 : crash + 1]] == kinds
    sent = [one for one in found[crash:] if one[1] in (4, 5, 6)]
    assert sent == []
    left = [one for one in found if one[1] == EventKind.SUBMIT]
    if event == "committed.submit":  # the first record of the run that has a new order in it
        record = dict(zip(Event._fields, found[crash - 2], strict=True))
        assert record["qty_lots"] > 0
        assert left == []
    else:
        assert left


def test_a_fault_that_waits_for_what_never_happens_has_not_begun(
    tmp_path: Path, whole: tuple[RunSummary, list[tuple[int, ...]]]
) -> None:
    on = 'on = { event = "answer.busted" }'
    summary = run(tmp_path, line(FaultKind.FEED_DELAY).replace('at = "2m"', on))

    assert [one.hits for one in summary.faults] == [0]
    assert events(summary) == whole[1]


def test_a_dead_desk_sends_nothing(tmp_path: Path) -> None:
    summary = run(tmp_path, line(FaultKind.HOST_CRASH))

    begins_ns = load_scenario("calm")[0].run.start_ns + 2 * MINUTE_NS
    table = pq.read_table(Path(summary.folder) / "events.parquet")
    sent = [
        time_ns
        for time_ns, kind in zip(
            table["time_ns"].to_pylist(), table["kind"].to_pylist(), strict=True
        )
        if kind in (4, 5, 6)
    ]
    assert sent
    assert max(sent) < begins_ns


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ('kind = "F-99"', "found 'F-99', allowed is"),
        ('kind = "V-02"\ntarget = "desk"', "found V-02, allowed in a run are F-01"),
        ('kind = "V-01"\ntarget = "desk"\nduration = "1s"', "allowed is book:NAME or venue:NAME"),
        ('kind = "V-01"\ntarget = "book:X@Y"\nduration = "1s"', "book 'X@Y', allowed is SYN@SIM"),
        ('kind = "P-01"\ntarget = "desk.feed"', "found target 'desk.feed', allowed is desk"),
        (
            'kind = "V-04"\ntarget = "book:SYN@SIM"\nduration = "1s"\nseverity = 1',
            "allowed is none: it happens once",
        ),
        ('kind = "G-01"\ntarget = "desk"', "duration is 0 ns, allowed is above 0"),
        ('kind = "G-01"\ntarget = "dusk"\nduration = "1s"', "host 'dusk', allowed is desk"),
        (
            'kind = "F-01"\ntarget = "desk.feed/X@Y"\nduration = "1s"\nseverity = "1ms"',
            "book 'X@Y', allowed is SYN@SIM",
        ),
        ('kind = "F-01"\ntarget = "desk.feed"\nduration = "1s"\nseverity = 5', "a duration such"),
        ('kind = "F-01"\ntarget = "desk.feed"\nduration = "1s"', "severity is 0, allowed for F-01"),
        ('kind = "P-01"\ntarget = "desk"\non = { event = "timer" }', "found both of at and on"),
        ('kind = "G-05"\ntarget = "desk.reports"\nduration = "1s"\nseverity = "x"', "whole number"),
    ],
)
def test_a_wrong_fault_is_refused_in_one_line(fault: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        parse_scenario(text_of(f'name = "one"\nat = "1m"\n{fault}'), "broken.toml")

    assert words in str(error.value)
    assert str(error.value).startswith("broken.toml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ('{ event = "nothing" }', "found 'nothing', allowed is alert"),
        ('{ event = "answer.gone" }', "found answer.gone, allowed behind answer. is accepted"),
        (
            '{ event = "takeover.x" }',
            "found takeover.x, allowed behind takeover. is a whole number",
        ),
        ('{ event = "timer", count = 0 }', "count is 0, allowed is 1 or more"),
        ('{ event = "timer", who = "desk" }', "who"),
    ],
)
def test_a_wrong_trigger_is_refused_in_one_line(on: str, words: str) -> None:
    text = line(FaultKind.HOST_CRASH).replace('at = "2m"', f"on = {on}")
    with pytest.raises(InputError) as error:
        parse_scenario(text_of(text), "broken.toml")

    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_two_faults_of_one_name_are_refused() -> None:
    twice = [line(FaultKind.HOST_STALL)] * 2
    with pytest.raises(InputError, match="two faults named 'one'"):
        parse_scenario(text_of(*twice), "broken.toml")
