"""Books by level, and best prices, derived from a finer stream.

Model: the finer messages move a plain book; what they changed of it is said. An execution becomes a
print, and then the level or the best price that it changed. What was one source message stays one:
its last row, whichever that is, is flagged LAST.
"""

from collections.abc import Iterable
from typing import NamedTuple

from market.codes import Kind, RowFlag
from scenarios.race.plain import PlainBook


class Neutral(NamedTuple):
    """One message, before it becomes a row of columns."""

    ts_ns: int
    kind: int
    side: int
    price: int
    qty: int
    left: int
    order_id: int
    flags: int
    handle: int


def as_one(messages: Iterable[Neutral]) -> list[Neutral]:
    """The same as one source message, which only the last of them ends."""
    result = [each._replace(flags=each.flags & ~int(RowFlag.LAST)) for each in messages]
    if result:
        result[-1] = result[-1]._replace(flags=result[-1].flags | int(RowFlag.LAST))
    return result


def _prints(message: Neutral) -> list[Neutral]:
    """The print of an execution, which is not yet the end of its source message."""
    if message.kind != Kind.EXECUTE:
        return [message] if message.kind == Kind.TRADE else []
    aggressor = 1 - message.side
    flags = message.flags & ~int(RowFlag.LAST | RowFlag.SELL) | aggressor
    return [
        message._replace(
            kind=int(Kind.TRADE), side=aggressor, flags=flags, left=0, order_id=0, handle=-1
        )
    ]


def by_level(messages: list[Neutral]) -> list[Neutral]:
    """What an L2 feed would have said of these orders: the new quantity of each changed level."""
    book = PlainBook()
    handles: dict[tuple[int, int], int] = {}
    free: list[int] = []
    result = []
    for message in messages:
        result += _prints(message)
        changed = book.apply(
            message.kind, message.side, message.price, message.left, message.order_id
        )
        for place, (side, price) in enumerate(changed, 1 - len(changed)):
            left = book.level(side, price)
            if (side, price) not in handles:
                handles[side, price] = free.pop() if free else len(handles)
            handle = handles[side, price]
            if not left:
                free.append(handles.pop((side, price)))
            # Only the last of the levels that one message changed may end it.
            flags = message.flags if place == 0 else message.flags & ~int(RowFlag.LAST)
            result.append(
                Neutral(message.ts_ns, int(Kind.LEVEL), side, price, left, left, 0, flags, handle)
            )
    return result


def by_quote(messages: list[Neutral]) -> list[Neutral]:
    """What an L1 feed would have said of these orders: the best price of a side, when it changes."""
    book = PlainBook()
    shown: list[tuple[int, int] | None] = [None, None]
    result: list[Neutral] = []
    begun = 0  # where the source message under way begins in the result
    for message in messages:
        result += _prints(message)
        book.apply(message.kind, message.side, message.price, message.left, message.order_id)
        best = book.best(message.side)
        if message.kind != Kind.TRADE and best != shown[message.side]:
            price, left = best or ((shown[message.side] or (0, 0))[0], 0)
            shown[message.side] = best
            result.append(
                Neutral(
                    message.ts_ns, int(Kind.QUOTE), message.side, price, left, left, 0,
                    message.flags, message.side,
                )
            )  # fmt: skip
        if message.flags & RowFlag.LAST:
            # The row that ended it may have changed no best price: then an earlier one ends it.
            result[begun:] = as_one(result[begun:])
            begun = len(result)
    return result
