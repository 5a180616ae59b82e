"""TWAP: the same amount in every stretch of time.

It is the cheapest schedule where impact is linear and nothing else is known (Bertsimas and Lo
1998, see `bertsimas_lo`), and Almgren and Chriss's for somebody who does not mind risk.
"""

from desk.execution.schedules.slices import Schedule, cut, edges_ns, schedule_of


def twap(total_lots: int, begin_ns: int, end_ns: int, count: int) -> Schedule:
    """Equal slices, as equal as whole lots allow.

    Args:
        total_lots: The parent's quantity, at least 0.
        begin_ns: Where the first slice begins.
        end_ns: Where the last one ends.
        count: Number of slices.
    """
    return schedule_of(edges_ns(begin_ns, end_ns, count), cut(total_lots, [1] * count))
