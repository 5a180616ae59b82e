"""What a drill came to, as plain data: what the report shows, what a file keeps, what is compared."""

import hashlib
from enum import StrEnum
from typing import Any, Final

import msgspec

RESULT_FORMAT: Final = 1


class Verdict(StrEnum):
    """From good to bad: PASS < VACUOUS < FAIL."""

    PASS = "PASS"  # noqa: S105  # a verdict
    VACUOUS = "VACUOUS"
    FAIL = "FAIL"

    @property
    def exit_code(self) -> int:
        """Of a command that came to it."""
        return EXIT_CODES[self]

    @property
    def rank(self) -> int:
        """How bad it is."""
        return list(Verdict).index(self)


EXIT_CODES: Final = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.VACUOUS: 3}


def worst(verdicts: "list[Verdict]") -> Verdict:
    """The worst of some; of none, PASS."""
    return max(verdicts, key=lambda one: one.rank, default=Verdict.PASS)


class DrillIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a drill the same drill; digests are BLAKE2b-128 in hex."""

    drill: str
    drill_digest: str
    scenario_digest: str
    plan_digest: str
    code_digest: str
    tape_digest: str
    seed: int

    @property
    def run_id(self) -> str:
        """The drill's name and a short digest of everything above."""
        digest = hashlib.blake2b(msgspec.json.encode(self), digest_size=6).hexdigest()
        return f"{self.drill}-{digest}"


class ViolationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One place where an invariant did not hold; `at_ns` counts from the start of the run."""

    at_ns: int
    phase: str
    text: str
    witness: list[dict[str, Any]]


class InvariantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant.

    Attributes:
        state: `held`, `violated`, or `idle` when there was nothing to check.
        expected: Whether the drill is about it.
        mark: Its danger, and `mark_hits` how often it was reached.
        count: Violations in all; `violations` are the first of them.
    """

    id: str
    kind: str
    statement: str
    state: str
    expected: bool
    checks: int
    count: int
    mark: str
    mark_hits: int
    violations: list[ViolationRow] = []


class MarkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One danger, and how often it was reached."""

    name: str
    text: str
    hits: int
    required: bool


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: when it was there, from the start of the run, and how often it bit."""

    name: str
    kind: str
    kind_name: str
    meaning: str
    target: str
    severity: int
    begun_ns: int
    ended_ns: int
    hits: int
    required: int


class PhaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """One phase, from the start of the run."""

    name: str
    from_ns: int
    until_ns: int


class LatencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a limit bounds, as it was measured each time."""

    name: str
    limit_ns: int
    found_ns: list[int]

    @property
    def holds(self) -> bool:
        """Whether all were within the limit."""
        return all(one <= self.limit_ns for one in self.found_ns)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did, and what the fault-free twin of the same seed did.

    Attributes:
        pnl: Exact text with its currency; `pnl_difference` likewise, with the sign of the drill's less
            the twin's.
        differ_from_ns: When the two first differ, from the start of the run; −1 for never.
        ack_p50_ns: From a new order's leaving until its first report.
        lost_trading_ns: How much longer than the twin the desk went between two new orders at most.
    """

    orders: int
    twin_orders: int
    fills: int
    twin_fills: int
    traded_lots: int
    twin_traded_lots: int
    pnl: str
    twin_pnl: str
    pnl_difference: str
    ack_p50_ns: int
    twin_ack_p50_ns: int
    ack_p99_ns: int
    twin_ack_p99_ns: int
    lost_trading_ns: int
    differ_from_ns: int
    twin_digest: str


class DrillResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one drill came to.

    Attributes:
        reasons: Why it is not a PASS, one line each.
        digest: Of the run's events and of its books at the end.
        wall_s: How long run and twin took; nothing else here depends on the machine.
    """

    format: int = RESULT_FORMAT
    verdict: Verdict
    reasons: list[str]
    name: str
    title: str
    story: str
    answers: list[str]
    run_id: str
    identity: DrillIdentity
    digest: str
    events: int
    simulated_ns: int
    start_ns: int
    hosts: list[str]
    phases: list[PhaseRow]
    faults: list[FaultRow]
    invariants: list[InvariantRow]
    marks: list[MarkRow]
    latencies: list[LatencyRow]
    cost: Cost | None
    canary: list[str]
    planted: list[str]
    wall_s: float
    simulated_to_real: float


class SuiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One drill of a suite; `counted` is its verdict as the suite counts it."""

    drill: str
    run_id: str
    verdict: Verdict
    counted: Verdict
    reasons: list[str]
    digest: str
    wall_s: float


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite came to; `planted` is the bug that was in it, or nothing."""

    format: int = RESULT_FORMAT
    name: str
    title: str
    verdict: Verdict
    planted: str
    rows: list[SuiteRow]
