"""Lots: what is held, in the order in which it was bought or sold.

Model: a position is a queue of lots, each a signed quantity at a price, all of one sign. A trade in
the direction of the position joins the back; one against it takes from the front (first in, first
out) and realises the difference of the two prices; what is left of it when the queue is empty opens
a position the other way.

Neighbouring lots of one price are one lot: first in, first out cannot tell them apart.

Amounts are in tick × lot: a price in ticks times lots, before anyone says what a tick is worth.

Invariants:
1. No lot is empty, all have the sign of `position_lots`, and their sum is `position_lots`.
2. `cost_tl` is the sum of quantity × price of the lots.
"""

from typing import Final

import msgspec

SPENT_MAX: Final = 64
"""Spent lots that may stand in front, unless there are more held ones: cutting off costs little."""


class Lots(msgspec.Struct):
    """The lots of one position; those before `head` are spent.

    Attributes:
        qty_lots: Signed, positive for what was bought.
        price_ticks: Of each lot.
        head: Index of the oldest lot that is still held.
        position_lots: Sum of what is held, signed.
        cost_tl: What it cost, tick × lot, negative for a short position.
    """

    qty_lots: list[int] = []
    price_ticks: list[int] = []
    head: int = 0
    position_lots: int = 0
    cost_tl: int = 0


def trade(lots: Lots, qty_lots: int, price_ticks: int) -> int:
    """Enter one trade.

    Args:
        lots: Changed in place.
        qty_lots: Signed, not zero: positive for a purchase.
        price_ticks: Of the trade.

    Returns:
        What it realised, in tick × lot.
    """
    held = lots.position_lots
    lots.position_lots = held + qty_lots
    if held == 0 or (held > 0) == (qty_lots > 0):
        _join(lots, qty_lots, price_ticks)
        return 0
    quantities = lots.qty_lots
    prices = lots.price_ticks
    head = lots.head
    released_tl = 0
    left = qty_lots
    while left:
        if head == len(quantities):
            # It was more than what was held: the rest opens a position the other way.
            _clear(lots)
            lots.cost_tl -= released_tl
            _join(lots, left, price_ticks)
            return price_ticks * (left - qty_lots) - released_tl
        rest = quantities[head] + left
        if rest == 0 or (rest > 0) == (left > 0):
            released_tl += quantities[head] * prices[head]
            head += 1
            left = rest
        else:
            released_tl -= left * prices[head]
            quantities[head] = rest
            left = 0
    lots.cost_tl -= released_tl
    if head == len(quantities):
        _clear(lots)
    elif head > SPENT_MAX and 2 * head > len(quantities):
        del quantities[:head]
        del prices[:head]
        lots.head = 0
    else:
        lots.head = head
    return -price_ticks * qty_lots - released_tl


def _join(lots: Lots, qty_lots: int, price_ticks: int) -> None:
    """A lot joins the back."""
    lots.cost_tl += qty_lots * price_ticks
    if lots.price_ticks and lots.price_ticks[-1] == price_ticks:
        lots.qty_lots[-1] += qty_lots
        return
    lots.qty_lots.append(qty_lots)
    lots.price_ticks.append(price_ticks)


def _clear(lots: Lots) -> None:
    lots.qty_lots.clear()
    lots.price_ticks.clear()
    lots.head = 0


def held(lots: Lots) -> list[list[int]]:
    """What is held, oldest first: signed quantity and price of each lot."""
    pairs = zip(lots.qty_lots[lots.head :], lots.price_ticks[lots.head :], strict=True)
    return [[qty_lots, price_ticks] for qty_lots, price_ticks in pairs]


def copied(lots: Lots) -> Lots:
    """Lots of their own with equal content."""
    return Lots(
        lots.qty_lots[lots.head :],
        lots.price_ticks[lots.head :],
        0,
        lots.position_lots,
        lots.cost_tl,
    )


def faults(lots: Lots) -> list[str]:
    """Which invariants of this module do not hold; nothing when all do."""
    found = []
    rows = held(lots)
    if any(qty_lots == 0 or (qty_lots > 0) != (lots.position_lots > 0) for qty_lots, _ in rows):
        found.append(f"lots {rows} under a position of {lots.position_lots}")
    total_lots = sum(qty_lots for qty_lots, _ in rows)
    if total_lots != lots.position_lots:
        found.append(f"lots add up to {total_lots}, the position is {lots.position_lots}")
    cost_tl = sum(qty_lots * price_ticks for qty_lots, price_ticks in rows)
    if cost_tl != lots.cost_tl:
        found.append(f"lots cost {cost_tl}, the tally is {lots.cost_tl}")
    return found
