"""Scores: venues in order, each with what every factor said.

Model: a venue's score is Σ sign · weight · value over all factors, each value kept within its
factor's bounds; more is better. The table fixes signs and bounds, the weights are data, so equal
facts and weights give equal ranks, and a score can be taken apart to the last unit (`explain`).

Ties: the lower book comes first. Venues that may not be used at all come last, with the reason.

Invariants: `score_micro` is the sum of `parts`; ranks are 0, 1, 2 …; the order in which venues
are named does not matter.
"""

from collections.abc import Sequence
from enum import IntEnum

import msgspec

from desk.router.factors import FACTORS, RouterFactor
from desk.router.facts import VenueFacts
from desk.router.weights import Weights


class Blocked(IntEnum):
    """Why a venue may not be used; a value never changes its meaning."""

    NO = 0
    NO_PRICE = 1
    NOT_CONTINUOUS = 2
    LINK_DOWN = 3
    THROTTLED = 4
    SICK = 5
    OWN_OPPOSITE = 6
    FORBIDDEN = 7


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A venue to be scored."""

    facts: VenueFacts
    blocked: Blocked = Blocked.NO


class ScoreRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One venue's place.

    Attributes:
        rank: 0 is the best.
        score_micro: In millionths of a ppb of the price.
        blocked: Why it may not be used; its rank is then below all that may.
        facts: Every factor.
        parts: What each factor gave, in the order of `RouterFactor`, in the score's unit.
    """

    book_id: int
    rank: int
    score_micro: int
    blocked: Blocked
    facts: VenueFacts
    parts: tuple[int, ...]


def score(weights: Weights, candidates: Sequence[Candidate]) -> tuple[ScoreRow, ...]:
    """Venues, best first."""
    books = [candidate.facts.book_id for candidate in candidates]
    assert len(set(books)) == len(books)
    scored = [(candidate, parts_of(weights, candidate.facts)) for candidate in candidates]
    scored.sort(key=_order)
    return tuple(
        ScoreRow(
            book_id=candidate.facts.book_id,
            rank=rank,
            score_micro=sum(parts),
            blocked=candidate.blocked,
            facts=candidate.facts,
            parts=parts,
        )
        for rank, (candidate, parts) in enumerate(scored)
    )


def parts_of(weights: Weights, facts: VenueFacts) -> tuple[int, ...]:
    """What each factor gives."""
    parts = [0] * len(FACTORS)
    table = _TABLES.get(weights)
    if table is None:
        table = _TABLES[weights] = _counting(weights)
    for place, field, times, low, high in table:
        value = getattr(facts, field)
        if value < low:
            value = low
        elif value > high:
            value = high
        parts[place] = times * value
    return tuple(parts)


Counting = tuple[tuple[int, str, int, int, int], ...]

_TABLES: dict[Weights, Counting] = {}
"""What counts, by weights; a desk has a few of them, and asks thousands of times a second."""


def _counting(weights: Weights) -> Counting:
    """Place, field, signed weight and bounds of every factor that counts."""
    return tuple(
        (place, factor.field, row.sign * weight, row.low, row.high)
        for place, ((factor, row), weight) in enumerate(
            zip(FACTORS.items(), weights.values, strict=True)
        )
        if weight
    )


def explain(row: ScoreRow, most: int = 10) -> list[str]:
    """The factors that gave most, largest first, one line each."""
    told = sorted(zip(RouterFactor, row.parts, strict=True), key=lambda pair: -abs(pair[1]))
    lines = [f"book {row.book_id}: rank {row.rank}, {_ppb(row.score_micro)} ppb"]
    if row.blocked:
        lines[0] += f", {row.blocked.name}"
    lines.extend(
        f"{_ppb(part)} ppb {factor.name} {getattr(row.facts, factor.field)} {FACTORS[factor].unit}"
        for factor, part in told[:most]
        if part
    )
    return lines


def _order(scored: tuple[Candidate, tuple[int, ...]]) -> tuple[bool, int, int]:
    candidate, parts = scored
    return candidate.blocked is not Blocked.NO, -sum(parts), candidate.facts.book_id


def _ppb(micro: int) -> str:
    sign = "−" if micro < 0 else "+"
    whole, rest = divmod(abs(micro), 1_000_000)
    return f"{sign}{whole}.{rest:06d}"
