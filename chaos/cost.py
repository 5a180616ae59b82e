"""What faults cost: a run against the exact twin that has the same seed and no fault."""

from itertools import pairwise
from typing import Final

import numpy as np

from chaos.ledger import History
from chaos.result import Cost
from chaos.world import Played
from scenarios.run import pnl_amounts, pnl_text
from sim.recorder import EventKind

MARKERS: Final = frozenset((EventKind.FAULT_BEGUN, EventKind.FAULT_ENDED, EventKind.COMMITTED))
"""Rows that a run has because somebody waits for them; they say nothing of what happened."""


def cost_of(played: Played, twin: Played) -> Cost:
    """Compare a run with its twin."""
    found, other = pnl_amounts(played.assembly), pnl_amounts(twin.assembly)
    books = sorted({*found, *other})
    difference = {
        book: None
        if found.get(book, 0) is None or other.get(book, 0) is None
        else (found.get(book, 0) or 0) - (other.get(book, 0) or 0)
        for book in books
    }
    acks, twin_acks = _acks(played.history), _acks(twin.history)
    return Cost(
        orders=len(played.history.of(EventKind.SUBMIT)),
        twin_orders=len(twin.history.of(EventKind.SUBMIT)),
        fills=_fills(played.history),
        twin_fills=_fills(twin.history),
        traded_lots=_traded(played),
        twin_traded_lots=_traded(twin),
        pnl=pnl_text(played.assembly, found),
        twin_pnl=pnl_text(twin.assembly, other),
        pnl_difference=pnl_text(played.assembly, difference),
        ack_p50_ns=_percentile(acks, 50),
        twin_ack_p50_ns=_percentile(twin_acks, 50),
        ack_p99_ns=_percentile(acks, 99),
        twin_ack_p99_ns=_percentile(twin_acks, 99),
        lost_trading_ns=_longest_pause(played.history) - _longest_pause(twin.history),
        differ_from_ns=_differ_from(played, twin),
        twin_digest=twin.digest,
    )


def _fills(history: History) -> int:
    return sum(one.fills for one in history.accounts.values())


def _traded(played: Played) -> int:
    return sum(one.turnover_lots for one in played.assembly.venue.accounts.values())


def _acks(history: History) -> list[int]:
    """Nanoseconds from each new order's leaving until its first report."""
    return [
        story.received[0].time_ns - submits[0].time_ns
        for story in history.stories()
        for submits in (story.submits,)
        if submits and story.received
    ]


def _percentile(values: list[int], share: int) -> int:
    """A percentile that is one of the values; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0


def _longest_pause(history: History) -> int:
    """The longest time between two new orders."""
    times = [one.time_ns for one in history.of(EventKind.SUBMIT)]
    return max((b - a for a, b in pairwise(times)), default=0)


def _differ_from(played: Played, twin: Played) -> int:
    """When two runs first differ, from their start; −1 for never. What a plan alone has recorded is no difference."""
    one, other = (
        run.events[~np.isin(run.events[:, 1], [int(kind) for kind in MARKERS])]
        for run in (played, twin)
    )
    count = min(len(one), len(other))
    differs = np.nonzero((one[:count] != other[:count]).any(axis=1))[0]
    if len(differs):
        at = int(differs[0])
        return int(min(one[at, 0], other[at, 0])) - played.history.start_ns
    if len(one) == len(other):
        return -1
    longer = one if len(one) > len(other) else other
    return int(longer[count, 0]) - played.history.start_ns
