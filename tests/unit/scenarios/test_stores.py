"""S-01 … S-04 and S-09 in a run: what the desk does while its journal is in trouble."""

from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from desk.gate import GateMode
from desk.journal import Reader
from market.codes import JournalTrouble
from market.errors import InputError
from scenarios.build import Assembly
from scenarios.schema import parse_scenario
from sim.recorder import Event, EventKind

LIBRARY = Path(str(resources.files("scenarios") / "library"))
BASE = (LIBRARY / "drill_base.toml").read_text()
MS = 1_000_000
S = 1_000 * MS


class Run:
    """A run of the drills' base with faults, and its events at times from the start."""

    def __init__(self, *faults: str, seconds: int = 16, base: str = BASE) -> None:
        lines = "".join(f"\n[[faults]]\n{fault}\n" for fault in faults)
        text = base.replace('duration = "90s"', f'duration = "{seconds}s"')
        text = text.replace('flat_before_end = "10s"\n', "")
        self.rows: list[Event] = []
        scenario = parse_scenario(text + lines, str(LIBRARY / "drill_base.toml"))
        self.assembly = Assembly(scenario, None, 7, self)
        self.assembly.clock.run()
        self.assembly.recorder.flush()

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        self.rows.extend(Event(*row) for row in rows.tolist())

    def of(self, *kinds: EventKind) -> list[Event]:
        start_ns = self.assembly.start_ns
        return [
            one._replace(time_ns=one.time_ns - start_ns) for one in self.rows if one.kind in kinds
        ]

    def hits(self, name: str) -> int:
        found = self.assembly.faults.outcomes(self.assembly)
        return next(one.hits for one in found if one.name == name)

    def submits(self, from_ns: int, until_ns: int) -> int:
        return sum(from_ns <= one.time_ns < until_ns for one in self.of(EventKind.SUBMIT))


def fault(kind: str, at: str = "10s", **more: object) -> str:
    said = "".join(f"{key} = {value!r}\n".replace("'", '"') for key, value in more.items())
    return f'name = "one"\nkind = "{kind}"\ntarget = "desk.journal"\nat = "{at}"\n{said}'


@pytest.mark.parametrize(
    ("line", "troubles"),
    [
        (fault("S-02"), [JournalTrouble.SYNC_ERROR]),
        (fault("S-03", duration="2s"), [JournalTrouble.FULL, JournalTrouble.NONE]),
        (fault("S-09", duration="2s"), [JournalTrouble.STALLED, JournalTrouble.NONE]),
    ],
)
def test_without_a_journal_no_order_leaves_and_every_open_one_is_taken_out(
    line: str, troubles: list[JournalTrouble]
) -> None:
    run = Run(line)
    said = run.of(EventKind.JOURNAL)
    assert [one.detail for one in said] == troubles
    begun_ns = said[0].time_ns
    ended_ns = said[1].time_ns if len(said) == 2 else 16 * S
    assert run.submits(0, begun_ns) > 3
    assert run.submits(begun_ns, ended_ns) == 0
    replaces = run.of(EventKind.REPLACE)
    assert not any(begun_ns <= one.time_ns < ended_ns for one in replaces)
    cancels = [one for one in run.of(EventKind.CANCEL) if begun_ns <= one.time_ns < ended_ns]
    assert cancels
    assert cancels[-1].time_ns - begun_ns < 50 * MS
    assert run.hits("one") > 0
    if len(said) == 2:
        assert run.submits(ended_ns, 16 * S) > 3
        assert run.assembly.desks[0].gate.data.mode is GateMode.NORMAL
    else:
        assert run.assembly.desks[0].gate.data.mode is GateMode.SAFE


def test_after_a_sync_error_the_file_stays_as_it_was() -> None:
    run = Run(fault("S-02"))
    reader = Reader(run.assembly.writers[0].durable()).to_end()
    reader.check()
    assert reader.torn_bytes == 0
    last = list(Reader(run.assembly.writers[0].durable()))[-1]
    assert last.now_ns <= run.assembly.start_ns + 10 * S + 100_000


def test_flipped_bits_are_found_by_who_reads() -> None:
    run = Run(fault("S-04", severity=3))
    assert run.hits("one") == 3
    reader = Reader(run.assembly.writers[0].durable()).to_end()
    with pytest.raises(InputError):
        reader.check()


def test_a_run_without_faults_has_no_store() -> None:
    run = Run(seconds=2)
    assert run.assembly.commits[0].store is None
    assert ("desk", "journal") not in run.assembly.points


def test_the_same_faults_give_the_same_run() -> None:
    line = fault("S-03", duration="1s")
    first, again = Run(line, seconds=13), Run(line, seconds=13)
    assert first.rows == again.rows
    assert first.assembly.writers[0].durable() == again.assembly.writers[0].durable()


@pytest.mark.parametrize("torn", [1, 40, 200])
def test_a_crash_tears_what_was_not_durable_and_a_reader_cuts_it_off(torn: int) -> None:
    crash = 'name = "two"\nkind = "P-01"\ntarget = "desk"\n'
    crash += 'on = { event = "computed", host = "desk", count = 500 }'
    whole = Run(crash, fault("S-02", at="15s"))
    run = Run(crash, fault("S-01", at="1s", severity=torn))
    reader = Reader(run.assembly.writers[0].durable()).to_end()
    reader.check()
    assert reader.torn_bytes == torn == run.hits("one")
    clean = whole.assembly.writers[0].durable()
    assert run.assembly.writers[0].durable()[: len(clean)] == clean
