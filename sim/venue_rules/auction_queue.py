"""Who is filled at an auction's price, and what the call shows before it.

Model: each side is one queue: market orders, then by price, then by time, with hidden quantity put
back as `Display` says. The side that has less is filled whole, the other from the front.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from market.codes import Side
from sim.venue_rules.auction_order import AuctionOrder
from sim.venue_rules.auction_policy import AuctionPolicy, Display


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """The displayed or the hidden part of an order; the smallest piece trades first."""

    rank: tuple[int, int, int]
    seq: int
    index: int
    lots: int


def pieces_of(index: int, order: AuctionOrder, display: Display) -> list[Piece]:
    """An order's place, or two places, in its side's queue."""
    if order.price_ticks is None:
        return [Piece((0, 0, 0), order.seq, index, order.qty_lots)]
    key = -order.side.sign * order.price_ticks
    if display == Display.IGNORED:
        return [Piece((1, key, 0), order.seq, index, order.qty_lots)]
    ranks = ((1, key, 0), (1, key, 1))
    if display == Display.FIRST_AT_ALL:
        ranks = ((1, 0, key), (1, 1, key))
    parts = zip(ranks, (order.shown_lots, order.qty_lots - order.shown_lots), strict=True)
    return [Piece(rank, order.seq, index, lots) for rank, lots in parts if lots > 0]


def fill_by_priority(
    orders: Mapping[int, AuctionOrder],
    side: Side,
    price_ticks: int,
    lots: int,
    policy: AuctionPolicy,
    fills: list[int],
) -> None:
    """Give `lots` to one side's orders that trade at the price, first come first.

    Args:
        orders: The orders by their index in `fills`.
        side: The side to fill.
        price_ticks: The print.
        lots: What that side trades; not more than its orders have.
        policy: Its `display` decides where hidden quantity stands.
        fills: Lots filled by index, added to.
    """
    queue = [
        piece
        for index, order in orders.items()
        if order.side == side and order.trades_at(price_ticks)
        for piece in pieces_of(index, order, policy.display)
    ]
    for piece in sorted(queue):
        filled = min(piece.lots, lots)
        fills[piece.index] += filled
        lots -= filled
    assert lots == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BestShown:
    """The best displayed price of each side and its lots; None and 0 where a side shows none."""

    bid_ticks: int | None = None
    bid_lots: int = 0
    ask_ticks: int | None = None
    ask_lots: int = 0


def best_shown(orders: Sequence[AuctionOrder]) -> BestShown:
    """What the call shows while no price is possible: hidden and market orders have no price."""
    bid, bid_lots = _best_of([order for order in orders if order.side == Side.BUY])
    ask, ask_lots = _best_of([order for order in orders if order.side == Side.SELL])
    return BestShown(bid_ticks=bid, bid_lots=bid_lots, ask_ticks=ask, ask_lots=ask_lots)


def _best_of(orders: Sequence[AuctionOrder]) -> tuple[int | None, int]:
    """The best displayed price of one side's orders, and what is displayed there."""
    seen = [
        (-order.side.sign * order.price_ticks, order.price_ticks, order.shown_lots)
        for order in orders
        if order.price_ticks is not None and order.shown_lots > 0
    ]
    if not seen:
        return None, 0
    best = min(seen)
    return best[1], sum(lots for key, _, lots in seen if key == best[0])
