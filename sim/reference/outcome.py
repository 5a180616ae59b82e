"""What a book says: lines of its public feed, and answers to the owners of orders."""

from typing import NamedTuple


class Message(NamedTuple):
    """One published line of the market-data feed.

    `handle` is -1 for own orders and for messages about no order. `price` is in ticks, on TRADE and
    CROSS in price units. `level_shown` is the level's shown quantity after the change.
    """

    kind: int
    handle: int
    side: int
    price: int
    qty: int
    level_shown: int


class Report(NamedTuple):
    """One answer to the owner of an order."""

    type: int
    order_id: int
    price_ticks: int
    qty_lots: int
    leaves_lots: int
    reason: int
    liquidity: int
    figure: int = 0
    half: int = 0


class Outcome(NamedTuple):
    """All that one row or one command made happen, in order."""

    messages: list[Message]
    reports: list[Report]
