"""How many within the last while, exactly: a list of moments whose old end is forgotten.

A window holds every moment in (now − length, now], so no stretch of that length, wherever it is
laid, has more than was let in.
"""

from typing import Final

import msgspec

SLACK: Final = 256
"""Forgotten moments that may stay in the list before it is cut."""


class Recent(msgspec.Struct):
    """Moments, oldest first.

    Attributes:
        head: Where those that still count begin.
    """

    times_ns: list[int] = []
    head: int = 0


def count_since(recent: Recent, after_ns: int) -> int:
    """How many moments lie after this one; older ones are forgotten."""
    times_ns, head = recent.times_ns, recent.head
    count = len(times_ns)
    if head == count or times_ns[head] > after_ns:
        return count - head
    while head < count and times_ns[head] <= after_ns:
        head += 1
    if head > SLACK:
        del times_ns[:head]
        count -= head
        head = 0
    recent.head = head
    return count - head
