"""What a parent wants that is worked over several venues: how much, how, and at which price.

Model: a parent of a route is one wish about one instrument. Its position is the sum over the route's
books, its market the best prices of all of them. What stands here is what `executor` decides for one
book, up to the order that is wanted; which book gets it is not execution's matter.
"""

from collections.abc import Sequence
from typing import NamedTuple

from desk.execution.algorithms import Algorithms, Wish
from desk.execution.child import Child
from desk.execution.children import pull_of
from desk.execution.parent import ExecutionConfig, Parent, ParentStatus
from desk.orders import Order
from market.codes import OrderType, Side, TimeInForce, Urgency
from market.decisions import Flat, Target
from market.touch import Touch


class RoutedWish(NamedTuple):
    """What a parent wants at its venues now.

    Attributes:
        side: Of all its orders.
        wish: None when nothing is to be sent.
        pulls: Orders that must go first.
    """

    parent: Parent
    side: Side
    wish: Wish | None
    pulls: list[Child]


def routed_wish(
    algorithms: Algorithms | None,
    config: ExecutionConfig,
    parent: Parent,
    signal: Target | Flat,
    *,
    missing_lots: int,
    position_lots: int,
    volume_lots: int,
    touch: Touch | None,
    live: Sequence[Order],
    now_ns: int,
    is_spread: bool,
) -> RoutedWish:
    """What a parent wants now.

    Args:
        algorithms: Of the desk; needed when `is_spread`.
        config: Of the strategy.
        parent: What is worked.
        signal: What the strategy wants.
        missing_lots: From the position to the target, with its sign, less what may have filled unheard.
        position_lots: Over all books of the route.
        volume_lots: Traded in all of them today.
        touch: The best prices of all of them.
        live: Orders of the parent in all of them.
        now_ns: Now.
        is_spread: Whether it is worked over time.
    """
    side = Side.BUY if missing_lots > 0 else Side.SELL
    if missing_lots == 0:
        parent.status = ParentStatus.DONE
        return RoutedWish(parent, side, None, pulls_of(live, parent))
    wrong = [order for order in live if order.side is not side]
    if wrong or touch is None:
        # Both sides at work would trade against each other and widen the worst case.
        return RoutedWish(parent, side, None, pulls_of(wrong or live, parent))
    if is_spread:
        assert algorithms is not None
        wish = algorithms.look(
            parent.strategy << 16 | parent.book_id,
            parent.parent_id,
            urgency=signal.urgency,
            position_lots=position_lots,
            target_lots=parent.position_lots,
            missing_lots=missing_lots,
            volume_lots=volume_lots,
            touch=touch,
            now_ns=now_ns,
        )
        return RoutedWish(parent, side, wish, [])
    lots = abs(missing_lots)
    waited = config.patience_ns and now_ns - parent.began_ns > config.patience_ns
    if config.is_passive and not waited and signal.urgency is not Urgency.URGENT:
        near_ticks = touch.bid_ticks if side is Side.BUY else touch.ask_ticks
        wish = Wish(lots, near_ticks, OrderType.LIMIT, TimeInForce.GTC, True, False)
    else:
        far_ticks = touch.ask_ticks if side is Side.BUY else touch.bid_ticks
        price_ticks = far_ticks + side.sign * config.cross_ticks
        wish = Wish(lots, price_ticks, OrderType.LIMIT, TimeInForce.IOC, False, False)
    return RoutedWish(parent, side, wish, [])


def pulls_of(orders: Sequence[Order], parent: Parent) -> list[Child]:
    """Everything of some orders that is not being cancelled already."""
    return [pull_of(order, parent.parent_id) for order in orders if not order.cancel_sent]
