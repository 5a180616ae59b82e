"""A step of a parent that is spread over time: from what it wants to one child, or none.

At most one order is at work for a parent, beside the one for an auction. It is pulled when another kind of order is wanted, moved when
its price is `requote_ticks` away and it has stood for `requote_wait_ns`, made smaller when less is due,
and never made larger, because that would cost its place in the queue: more lots follow in the next one.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET

from desk.execution.algorithms import AlgoData, Algorithms, Wish
from desk.execution.auction import is_for_auction
from desk.execution.auction_step import auction_step
from desk.execution.child import Child, ChildAction
from desk.execution.children import move_of, pull_of
from desk.execution.parent import ExecutionConfig, ExecutionData, Parent, ParentStatus
from desk.orders import Order, OrderState
from market.codes import Side, TimeInForce
from market.decisions import Flat, Permit, Target
from market.messages import View
from market.touch import touch_of

# Enum attributes cost a look-up each; the hot path has plain names.
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_NEW: Final = ChildAction.NEW
_IOC: Final = TimeInForce.IOC
_LIVE: Final = OrderState.LIVE


def algorithms_of(
    configs: Sequence[ExecutionConfig], data: ExecutionData, homes: Mapping[int, int]
) -> Algorithms | None:
    """What spreads parents over time; None where no strategy wants that."""
    told = [None if one.schedule is UNSET else one.schedule for one in configs]
    if not any(one is not None for one in told):
        return None
    if not isinstance(data.algos, AlgoData):
        data.algos = AlgoData()
    return Algorithms([one.algo_name for one in configs], told, data.algos, homes)


def spread_step(
    algorithms: Algorithms,
    config: ExecutionConfig,
    parent: Parent,
    signal: Target | Flat,
    missing_lots: int,
    permit: Permit,
    view: View,
    position_lots: int,
    live: Sequence[Order],
    now_ns: int,
    volume_lots: int,
    *,
    is_held: bool,
) -> list[Child]:
    """A step towards a position that is reached over time.

    Args:
        algorithms: Of the desk.
        config: Of the strategy.
        parent: What is worked.
        signal: What the strategy wants.
        missing_lots: From its position to the target, with its sign.
        permit: What the gate leaves.
        view: The book.
        position_lots: Of the strategy in the book.
        live: Its orders there that have not ended.
        now_ns: Now.
        volume_lots: Traded in the book today.
        is_held: Whether a refusal is too fresh for a new order.
    """
    if missing_lots == 0:
        parent.status = ParentStatus.DONE
        return _stopped(live, parent)
    side = _BUY if missing_lots > 0 else _SELL
    wrong = [order for order in live if order.side is not side]
    if wrong:
        # Both sides at work would trade against each other and widen the worst case.
        return _stopped(wrong, parent)
    touch = touch_of(view)
    if touch is None:
        return _stopped(live, parent)
    key = parent.strategy << 16 | parent.book_id
    calls: list[Order] = []
    if algorithms.auction_rule(parent.strategy) is not None:
        calls = [order for order in live if is_for_auction(order)]
        live = [order for order in live if not is_for_auction(order)]
        if any(not algorithms.is_at_auction(key, parent.parent_id, order) for order in calls):
            # The parent before has one there; what this one needs is not known until that has ended.
            return _stopped([*calls, *live], parent)
        for order in calls:
            algorithms.at_auction(order, now_ns)
    wish = algorithms.look(
        key,
        parent.parent_id,
        urgency=signal.urgency,
        position_lots=position_lots,
        target_lots=parent.position_lots,
        missing_lots=missing_lots,
        volume_lots=volume_lots,
        touch=touch,
        now_ns=now_ns,
    )
    room_lots = permit.buy_room_lots if side is _BUY else permit.sell_room_lots
    children: list[Child] = []
    rule, plan = algorithms.auction_rule(parent.strategy), algorithms.data.plans[key]
    if rule is not None and plan.auction is not UNSET:
        child = auction_step(
            rule,
            plan.auction,
            parent,
            side=side,
            missing_lots=abs(missing_lots),
            room_lots=room_lots,
            order_lots_max=config.child_lots_max,
            touch=touch,
            live=calls,
            may_send=not is_held and algorithms.may_send(key, now_ns),
        )
        if child is not None:
            children.append(child)
            room_lots -= child.qty_lots  # of a pull, nothing
    if live:
        child = _keep(algorithms, config, parent, live[0], wish, room_lots, now_ns)
        return children if child is None else [*children, child]
    lots = min(wish.lots, room_lots, config.child_lots_max)
    if lots >= 1 and not is_held and algorithms.may_send(key, now_ns, len(children)):
        children.append(_child(parent, side, wish, lots))
    return children


def _keep(
    algorithms: Algorithms,
    config: ExecutionConfig,
    parent: Parent,
    order: Order,
    wish: Wish,
    room_lots: int,
    now_ns: int,
) -> Child | None:
    """What has to become of the order at work."""
    if order.state is not _LIVE or order.replacing_lots or order.tif is _IOC:
        return None
    kind = order.order_type, order.tif, order.post_only
    if wish.lots < 1 or kind != (wish.order_type, wish.tif, wish.post_only):
        return pull_of(order, parent.parent_id)
    key = parent.strategy << 16 | parent.book_id
    lots = min(wish.lots, order.open_lots)
    away = abs(wish.price_ticks - order.price_ticks) >= config.requote_ticks
    if away and not algorithms.may_move(key, now_ns):
        away = False
    if (not away and lots == order.open_lots) or not algorithms.may_send(key, now_ns):
        return None
    if lots > room_lots:
        return pull_of(order, parent.parent_id)
    return move_of(order, wish.price_ticks if away else order.price_ticks, lots, parent.parent_id)


def _stopped(orders: Sequence[Order], parent: Parent) -> list[Child]:
    return [pull_of(order, parent.parent_id) for order in orders if not order.cancel_sent]


def _child(parent: Parent, side: Side, wish: Wish, qty_lots: int) -> Child:
    return Child(
        _NEW,
        parent.strategy,
        parent.book_id,
        0,
        side,
        wish.price_ticks,
        qty_lots,
        wish.order_type,
        wish.tif,
        wish.post_only,
        parent.parent_id,
        wish.ask_again,
    )
