"""The verdict: PASS < VACUOUS < FAIL, from what a history shows and from what its drill is about.

FAIL when any invariant is violated, whether the drill is about it or not. VACUOUS when nothing is, but
what the drill is about was not put to the test: a fault that did not bite as often as it must, or that an
event began outside its phase, a mark that was never reached, an invariant that had nothing to check. PASS
otherwise.
"""

from typing import Final

from chaos.drill import Drill
from chaos.invariants import (
    INVARIANTS,
    MARKS,
    Finding,
    Invariant,
    InvariantKind,
    invariant_named,
)
from chaos.ledger import History, rows_of
from chaos.result import FaultRow, InvariantRow, MarkRow, PhaseRow, Verdict, ViolationRow
from market.errors import InputError
from market.units import format_ns

DIFFERS: Final = "differs"
"""The mark of a run that is not its twin."""


class Judged:
    """A history judged by a drill.

    Args:
        differ_from_ns: When the run first differs from its twin, from its start; −1 for never, None
            where there is no twin.

    Attributes:
        reasons: Why it is no PASS.
        found: What each check found, by the invariant's id.
    """

    def __init__(self, history: History, drill: Drill, differ_from_ns: int | None = None) -> None:
        check_expectations(drill)
        self.history = history
        self.found: dict[str, Finding] = {one.id: one.check(history) for one in INVARIANTS}
        self.required = set(drill.expect.marks)
        self.required |= {invariant_named(one).mark for one in drill.expect.invariants}
        self.marks = [
            MarkRow(
                name=mark.name,
                text=mark.text,
                hits=mark.count(history),
                required=mark.name in self.required,
            )
            for mark in MARKS.values()
        ]
        self._hits = {one.name: one.hits for one in self.marks}
        self.faults = self._faults(drill)
        self.invariants = [self._row(one, drill) for one in INVARIANTS]
        if differ_from_ns is not None:
            self._compare(differ_from_ns)
        self.reasons: list[str] = []
        self.verdict = self._verdict(drill)

    def _verdict(self, drill: Drill) -> Verdict:
        """FAIL, VACUOUS or PASS, with the reasons for it."""
        failed = [
            f"{row.id}: {row.violations[0].text}"
            + (f" (and {row.count - 1} more)" * (row.count > 1))
            for row in self.invariants
            if row.state == "violated"
        ]
        empty = [
            f"fault {row.name!r} bit {row.hits} times, {row.required} were asked for"
            for row in self.faults
            if row.hits < row.required
        ]
        empty += [
            f"mark {row.name} was never reached: {row.text}"
            for row in self.marks
            if row.required and not row.hits
        ]
        empty += [
            f"{row.id} had nothing to check"
            for row in self.invariants
            if row.expected and row.state == "idle"
        ]
        empty += [f"{name}: no such fault happened" for name in self._missing(drill)]
        empty += self._misplaced()
        self.reasons = failed + empty
        return Verdict.FAIL if failed else Verdict.VACUOUS if empty else Verdict.PASS

    def _compare(self, differ_from_ns: int) -> None:
        """I-PERF-1: a run and its twin are the same, bit by bit, until the first fault."""
        first_ns = min((row.begun_ns for row in self.faults), default=self.history.end_ns)
        differs = differ_from_ns >= 0
        early = differs and differ_from_ns < first_ns
        violation = ViolationRow(
            at_ns=differ_from_ns,
            phase=self.history.phases.phase_at(max(0, differ_from_ns)),
            text=f"the twin differs from {differ_from_ns} ns on, the first fault begins at {first_ns}",
            witness=[],
        )
        self.marks.append(
            MarkRow(
                name=DIFFERS,
                text="Whether the faults made any difference.",
                hits=int(differs),
                required=False,
            )
        )
        self.invariants.append(
            InvariantRow(
                id="I-PERF-1",
                kind=InvariantKind.SAFETY.value,
                statement="A run and its fault-free twin are the same, bit by bit, until the first fault.",
                state="violated" if early else "held",
                expected=False,
                checks=1,
                count=int(early),
                mark=DIFFERS,
                mark_hits=int(differs),
                violations=[violation] if early else [],
            )
        )

    def _missing(self, drill: Drill) -> list[str]:
        """Faults with a trigger that never came."""
        happened = {row.name for row in self.faults}
        return [str(one["name"]) for one in drill.faults if one["name"] not in happened]

    def _misplaced(self) -> list[str]:
        """Faults that were outside their phases; one with a time is refused before it runs."""
        history, found = self.history, []
        allowed = history.end_of("warm_up"), history.end_of("faults"), history.end_of("heal")
        for one in history.windows:
            over_ns = one.from_ns + one.fault.duration_ns
            if not allowed[0] <= one.from_ns < allowed[1] or over_ns > allowed[2]:
                times = (*(at - history.start_ns for at in (one.from_ns, over_ns, *allowed)),)
                found.append(
                    "fault {!r} was from {} to {}, allowed is a beginning from {} to {} and an end up to "
                    "{}".format(one.fault.name, *map(format_ns, times))
                )
        return found

    def _faults(self, drill: Drill) -> list[FaultRow]:
        """Every fault as it happened."""
        start_ns = self.history.start_ns
        return [
            FaultRow(
                name=one.fault.name,
                kind=one.fault.kind.value,
                kind_name=one.fault.kind.name.lower(),
                meaning=one.fault.kind.meaning,
                target=one.fault.target,
                severity=one.fault.severity,
                begun_ns=one.from_ns - start_ns,
                ended_ns=one.until_ns - start_ns,
                hits=one.hits,
                required=drill.expect.bites.get(one.fault.name, 1),
            )
            for one in self.history.windows
        ]

    def _row(self, one: Invariant, drill: Drill) -> InvariantRow:
        """One invariant as the result says it."""
        found, history = self.found[one.id], self.history
        state = "violated" if found.count else "held" if found.checks else "idle"
        return InvariantRow(
            id=one.id,
            kind=one.kind.value,
            statement=one.statement,
            state=state,
            expected=one.id in drill.expect.invariants or one.id in drill.expect.violated,
            checks=found.checks,
            count=found.count,
            mark=one.mark,
            mark_hits=self._hits[one.mark],
            violations=[
                ViolationRow(
                    at_ns=each.time_ns - history.start_ns,
                    phase=history.phase_at(each.time_ns),
                    text=each.text,
                    witness=rows_of(each.witness),
                )
                for each in found.violations
            ],
        )

    def phases(self) -> list[PhaseRow]:
        """When each phase was."""
        rows, from_ns = [], 0
        for name, until_ns in self.history.phases.ends_ns.items():
            rows.append(PhaseRow(name=name, from_ns=from_ns, until_ns=until_ns))
            from_ns = until_ns
        return rows


def check_expectations(drill: Drill) -> None:
    """Refuse a drill that is about what there is not.

    Raises:
        InputError: An invariant or a mark that it names is not there.
    """
    for name in (*drill.expect.invariants, *drill.expect.violated):
        invariant_named(name)
    for name in drill.expect.marks:
        if name not in MARKS:
            raise InputError(
                f"drill {drill.name!r}: expect.marks: found {name!r}, allowed is {', '.join(MARKS)}"
            )
