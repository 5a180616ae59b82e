"""Invariants: what must be true of every run, whatever breaks; one file a family.

Each has the id of the catalogue, a kind (safety: always; bounded: within a time; liveness: once all has
healed), a check over a run's history, and the mark of the danger that must have been reached for its
holding to mean something. `chaos.ledger` is what checks may look at.
"""

from typing import Final

from chaos.invariants import (
    alerts,
    feeds,
    journals,
    kills,
    marks,
    orders,
    pairs,
    positions,
    risk,
    starts,
)
from chaos.invariants.base import Finding, Invariant, InvariantKind, Mark, Violation
from market.errors import InputError

INVARIANTS: Final[tuple[Invariant, ...]] = (
    *positions.INVARIANTS,
    *orders.INVARIANTS,
    *risk.INVARIANTS,
    *kills.INVARIANTS,
    *journals.INVARIANTS,
    *starts.INVARIANTS,
    *pairs.INVARIANTS,
    *feeds.INVARIANTS,
    *alerts.INVARIANTS,
)

MARKS: Final = {mark.name: mark for mark in (*marks.MARKS, *starts.MARKS)}

__all__ = [
    "INVARIANTS",
    "MARKS",
    "Finding",
    "Invariant",
    "InvariantKind",
    "Mark",
    "Violation",
    "invariant_named",
]


def invariant_named(name: str) -> Invariant:
    """One invariant by its id.

    Raises:
        InputError: There is none.
    """
    for one in INVARIANTS:
        if one.id == name:
            return one
    allowed = ", ".join(one.id for one in INVARIANTS)
    raise InputError(f"invariant: found {name!r}, allowed is {allowed}")
