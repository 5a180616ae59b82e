"""Slices: how much of a parent, in which stretch of time; and the rounding that keeps totals exact.

Model: a schedule is a sequence of slices that follow one another without a gap and together hold
exactly the parent's lots. Lots come from cutting a *path*: what should be done by each slice's
end is rounded to whole lots, and a slice gets the difference. So no slice is ever more than half
a lot away from where its path should be, and rounding errors cannot add up.

Invariants (`check_schedule`): times rise and touch; quantities are never negative; their sum is
the parent's; each slice's sending time lies within it.
"""

from collections.abc import Sequence

import msgspec


class Slice(msgspec.Struct, frozen=True, gc=False):
    """One piece of a parent.

    Attributes:
        index: From 0, in the order of time.
        begin_ns: Where its stretch of time begins.
        end_ns: Where it ends, exclusive.
        send_ns: When its order is sent, at or after its beginning and before its end.
        qty_lots: How much; 0 is a slice that sends nothing.
    """

    index: int
    begin_ns: int
    end_ns: int
    send_ns: int
    qty_lots: int


Schedule = tuple[Slice, ...]


def edges_ns(begin_ns: int, end_ns: int, count: int) -> list[int]:
    """Beginning, inner edges and end of `count` stretches that differ by at most one nanosecond."""
    assert count >= 1
    assert end_ns - begin_ns >= count
    span_ns = end_ns - begin_ns
    return [begin_ns + span_ns * index // count for index in range(count + 1)]


def cut(total_lots: int, weights: Sequence[int]) -> list[int]:
    """Whole lots in proportion to weights, their sum exact.

    Args:
        total_lots: At least 0.
        weights: Never negative, at least one above 0.
    """
    whole = sum(weights)
    assert whole > 0
    lots, done_lots, part = [], 0, 0
    for weight in weights:
        assert weight >= 0
        part += weight
        until_lots = (2 * total_lots * part + whole) // (2 * whole)
        lots.append(until_lots - done_lots)
        done_lots = until_lots
    return lots


def cut_path(total_lots: int, left: Sequence[float]) -> list[int]:
    """Whole lots of a path, their sum exact.

    Args:
        total_lots: At least 0.
        left: Share of the total that is left after each slice, from at most 1 falling to 0. A path
            that rises again by a rounding error of its formula sends nothing there.
    """
    lots, done_lots = [], 0
    for share in left:
        until_lots = total_lots - int(total_lots * share + 0.5)
        until_lots = min(max(until_lots, done_lots), total_lots)
        lots.append(until_lots - done_lots)
        done_lots = until_lots
    assert done_lots == total_lots
    return lots


def schedule_of(edges: Sequence[int], lots: Sequence[int]) -> Schedule:
    """Slices that send at their beginning."""
    return tuple(
        Slice(index, begin_ns, end_ns, begin_ns, qty_lots)
        for index, (begin_ns, end_ns, qty_lots) in enumerate(
            zip(edges[:-1], edges[1:], lots, strict=True)
        )
    )


def check_schedule(schedule: Schedule, total_lots: int) -> None:
    """Hold a schedule to the invariants."""
    assert schedule
    last_ns = schedule[0].begin_ns
    for index, piece in enumerate(schedule):
        assert piece.index == index
        assert piece.begin_ns == last_ns < piece.end_ns
        assert piece.begin_ns <= piece.send_ns < piece.end_ns
        assert piece.qty_lots >= 0
        last_ns = piece.end_ns
    assert sum(piece.qty_lots for piece in schedule) == total_lots


def due_lots(schedule: Schedule, now_ns: int) -> int:
    """Lots whose sending time has come."""
    return sum(piece.qty_lots for piece in schedule if piece.send_ns <= now_ns)
