"""What an invariant is, what a mark is, and what a check leaves behind."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from chaos.ledger import History
from sim.recorder import Event

WITNESS_MAX: Final = 12
"""Events that a violation shows."""

VIOLATIONS_MAX: Final = 20
"""Violations of one invariant that are kept; all are counted."""


class InvariantKind(StrEnum):
    """When something must be true."""

    SAFETY = "safety"  # always
    BOUNDED = "bounded"  # within a time of what calls for it
    LIVENESS = "liveness"  # once everything has healed


class Violation(NamedTuple):
    """Where an invariant did not hold, with the fewest events that show it."""

    time_ns: int
    text: str
    witness: tuple[Event, ...]


class Finding:
    """What one check found.

    Attributes:
        checks: How often there was something to check.
        count: Violations in all.
        violations: The first of them.
        measured_ns: What was measured against a bound, in order, where there is one.
        limit_ns: That bound.
    """

    __slots__ = ("checks", "count", "limit_ns", "measured_ns", "violations")

    def __init__(self) -> None:
        self.checks = 0
        self.count = 0
        self.violations: list[Violation] = []
        self.measured_ns: list[int] = []
        self.limit_ns = 0

    def broken(self, time_ns: int, text: str, *witness: Event) -> None:
        """It did not hold."""
        self.count += 1
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(Violation(time_ns, text, witness[:WITNESS_MAX]))

    def expect(self, holds: bool, time_ns: int, text: str, *witness: Event) -> None:
        """One check."""
        self.checks += 1
        if not holds:
            self.broken(time_ns, text, *witness)


class Invariant(NamedTuple):
    """Something that must be true of every run, whatever breaks.

    Attributes:
        id: In the catalogue.
        mark: The danger that must have been reached for its holding to mean something.
        check: What a history has to say about it.
    """

    id: str
    kind: InvariantKind
    statement: str
    mark: str
    check: Callable[[History], Finding]


class Mark(NamedTuple):
    """A danger that can be reached.

    Attributes:
        count: How often a history reached it.
    """

    name: str
    text: str
    count: Callable[[History], int]
