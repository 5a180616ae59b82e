"""Good idea or good execution? What a decision was worth, apart from what it cost to carry out.

Model: the *idea* is the paper portfolio, valued at the horizon of the belief: all that was wanted, from
the decision's mid to the mid then. The *cost* is the shortfall with the rest valued at the same mid.
So idea − cost is what was really earned, to the last half price unit × lot, and neither can hide in
the other. An idea is good that earned on paper; an execution is good that cost no more than was
expected of it.

The horizon is at least the parent's end, since a parent cannot be judged before it has its fills.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum

import msgspec

from desk.tca.records import ParentRecord
from desk.tca.series import MidSeries
from desk.tca.shortfall import Convention, shortfall_of


class Verdict(IntEnum):
    """What was good about a parent; the values never change their meaning."""

    NEITHER = 0
    IDEA = 1
    EXECUTION = 2
    BOTH = 3


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One parent at its horizon; money in half price unit × lot.

    Attributes:
        at_ns: The moment at which everything is valued.
        idea_x2: Earned on paper.
        cost_x2: The shortfall.
        expected_x2: What the cost was held against.
    """

    record: ParentRecord
    at_ns: int
    idea_x2: int
    cost_x2: int
    expected_x2: int

    @property
    def real_x2(self) -> int:
        """What was really earned."""
        return self.idea_x2 - self.cost_x2

    @property
    def verdict(self) -> Verdict:
        """What was good about it."""
        return Verdict(int(self.idea_x2 > 0) + 2 * int(self.cost_x2 <= self.expected_x2))


class VerdictRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many parents of a key had which verdict."""

    key: int | str
    neither: int
    idea: int
    execution: int
    both: int


def judge(
    record: ParentRecord, mids: MidSeries, horizon_ns: int, expected_x2: int = 0
) -> Judgement | None:
    """Judge a parent when its horizon has passed.

    Args:
        record: The parent.
        mids: Of its book.
        horizon_ns: For how long the belief was meant, from the decision on.
        expected_x2: What it was expected to cost, as a cost curve said at the decision.

    Returns:
        None while the mid at the horizon is not known.
    """
    at_ns = max(record.decided.at_ns + horizon_ns, record.ended_ns)
    mid_x2 = mids.at(at_ns)
    if mid_x2 is None:
        return None
    then = msgspec.structs.replace(record, end_mid_x2_units=mid_x2)
    found = shortfall_of(then, Convention.PEROLD)
    return Judgement(
        record=record,
        at_ns=at_ns,
        idea_x2=found.paper_x2,
        cost_x2=found.total_x2,
        expected_x2=expected_x2,
    )


def verdicts(
    found: Sequence[Judgement], key_of: Callable[[ParentRecord], int | str]
) -> list[VerdictRow]:
    """Count verdicts by key, in its order."""
    counts: dict[int | str, list[int]] = {}
    for one in found:
        counts.setdefault(key_of(one.record), [0] * len(Verdict))[one.verdict] += 1
    return [
        VerdictRow(
            key=key,
            neither=counts[key][Verdict.NEITHER],
            idea=counts[key][Verdict.IDEA],
            execution=counts[key][Verdict.EXECUTION],
            both=counts[key][Verdict.BOTH],
        )
        for key in sorted(counts, key=lambda key: (isinstance(key, str), key))
    ]
