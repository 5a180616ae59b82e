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

from desk.tca.exact import currency_decimals, in_decimals
from desk.tca.records import ParentRecord
from desk.tca.series import MidSeries
from desk.tca.shortfall import Convention, shortfall_of

Key = int | str


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
    """The parents of a key: money in 10^-`decimals` of `currency`, and how many had which verdict.

    Attributes:
        idea: Earned on paper by all of them.
        cost: Their shortfalls.
    """

    key: Key
    currency: str
    decimals: int
    idea: int
    cost: int
    neither: int
    good_idea: int
    good_execution: int
    both: int

    @property
    def real(self) -> int:
        """What was really earned."""
        return self.idea - self.cost


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


def verdicts(found: Sequence[Judgement], key_of: Callable[[ParentRecord], Key]) -> list[VerdictRow]:
    """A row for each key and currency, in that order."""
    decimals = currency_decimals(one.record.instrument for one in found)
    rows: dict[tuple[Key, str], list[int]] = {}
    for one in found:
        instrument = one.record.instrument
        name = key_of(one.record), instrument.currency
        row = rows.setdefault(name, [0, 0, *(0 for _ in Verdict)])
        for index, amount_x2 in enumerate((one.idea_x2, one.cost_x2)):
            row[index] += in_decimals(instrument, amount_x2, decimals[instrument.currency])
        row[2 + one.verdict] += 1
    result = []
    for key, currency in sorted(rows):
        idea, cost, neither, good_idea, good_execution, both = rows[key, currency]
        result.append(
            VerdictRow(
                key=key,
                currency=currency,
                decimals=decimals[currency],
                idea=idea,
                cost=cost,
                neither=neither,
                good_idea=good_idea,
                good_execution=good_execution,
                both=both,
            )
        )
    return result
