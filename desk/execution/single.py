"""What a parent needs in the one book that it is worked in: immediately, passively, or as quotes."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from desk.execution.child import Child
from desk.execution.children import move_of, new_of, pull_of
from desk.execution.entry import FREE, look
from desk.execution.parent import ExecutionConfig, ExecutionData, Parent, ParentStatus
from desk.execution.routed import pulls_of
from desk.orders import Order, OrderState
from market.codes import Side, TimeInForce, Urgency
from market.decisions import Flat, Permit, Quotes, Sized, Target
from market.messages import View
from market.touch import touch_of

# Enum attributes cost a look-up each; the hot path has plain names.
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_GTC: Final = TimeInForce.GTC
_IOC: Final = TimeInForce.IOC
_LIVE: Final = OrderState.LIVE
_URGENT: Final = Urgency.URGENT
_DONE: Final = ParentStatus.DONE


class SingleBook:
    """Steps of parents that are not spread over time, nor over venues.

    Args:
        configs: By strategy.
        data: Of the executor.
    """

    def __init__(self, configs: Sequence[ExecutionConfig], data: ExecutionData) -> None:
        self._configs = list(configs)
        self._data = data
        self._passive = [one.is_passive for one in configs]

    def quote(
        self,
        parent: Parent,
        signal: Quotes,
        sized: Sized,
        permit: Permit,
        view: View,
        live: Sequence[Order],
        now_ns: int,
    ) -> list[Child]:
        """Both sides of a quote."""
        children: list[Child] = []
        if sized.bid_lots or live:
            child = self._rest(
                parent,
                _BUY,
                signal.bid_ticks,
                sized.bid_lots,
                permit.buy_room_lots,
                view.seq,
                live,
                now_ns,
            )
            if child is not None:
                children.append(child)
        if sized.ask_lots or live:
            child = self._rest(
                parent,
                _SELL,
                signal.ask_ticks,
                sized.ask_lots,
                permit.sell_room_lots,
                view.seq,
                live,
                now_ns,
            )
            if child is not None:
                children.append(child)
        return children

    def reach(
        self,
        parent: Parent,
        signal: Target | Flat,
        missing_lots: int,
        permit: Permit,
        view: View,
        live: Sequence[Order],
        now_ns: int,
    ) -> list[Child]:
        """A step towards a position."""
        if missing_lots == 0:
            parent.status = _DONE
            return pulls_of(live, parent)
        side, wanted_lots = (_BUY, missing_lots) if missing_lots > 0 else (_SELL, -missing_lots)
        if live:
            wrong = [order for order in live if order.side is not side]
            if wrong:
                # Both sides at work would trade against each other and widen the worst case.
                return pulls_of(wrong, parent)
        touch = touch_of(view)
        if touch is None:
            return pulls_of(live, parent)
        config, bound = self._configs[parent.strategy], FREE
        if config.entry is not UNSET and type(signal) is Target:
            parent.entry, bound = look(
                config.entry, parent.entry, side, touch, parent.signal_id, now_ns
            )
            if bound.is_left:
                return pulls_of(live, parent)
        room_lots = permit.buy_room_lots if side is _BUY else permit.sell_room_lots
        waited = config.patience_ns and now_ns - parent.began_ns > config.patience_ns
        if self._passive[parent.strategy] and not waited and signal.urgency is not _URGENT:
            price_ticks = bound.capped(side, touch.bid_ticks if side is _BUY else touch.ask_ticks)
            child = self._rest(
                parent, side, price_ticks, wanted_lots, room_lots, view.seq, live, now_ns
            )
            return [] if child is None else [child]
        if live:
            # What is already crossing answers by itself; only what rests has to make way.
            resting = [order for order in live if order.tif is not _IOC]
            return pulls_of(resting, parent)
        far_ticks = touch.ask_ticks if side is _BUY else touch.bid_ticks
        qty_lots = wanted_lots if wanted_lots < room_lots else room_lots
        if qty_lots > config.child_lots_max:
            qty_lots = config.child_lots_max
        if (
            qty_lots < 1
            or not bound.allows(side, far_ticks)
            or self.was_refused(parent.strategy, parent.book_id, side, view.seq, now_ns)
        ):
            return []
        price_ticks = bound.capped(side, far_ticks + side.sign * config.cross_ticks)
        return [new_of(parent, side, price_ticks, qty_lots, _IOC, post_only=False)]

    def _rest(
        self,
        parent: Parent,
        side: Side,
        price_ticks: int,
        wanted_lots: int,
        room_lots: int,
        seq: int,
        live: Sequence[Order],
        now_ns: int,
    ) -> Child | None:
        """Let one post-only order of a side rest where it should."""
        config = self._configs[parent.strategy]
        if wanted_lots > config.child_lots_max:
            wanted_lots = config.child_lots_max
        for order in live:
            if order.side is side:
                break
        else:
            qty_lots = wanted_lots if wanted_lots < room_lots else room_lots
            if qty_lots < 1 or self.was_refused(parent.strategy, parent.book_id, side, seq, now_ns):
                return None
            return new_of(parent, side, price_ticks, qty_lots, _GTC, post_only=True)
        if order.state is not _LIVE or order.replacing_lots:
            return None
        if wanted_lots < 1 or not order.post_only:
            return pull_of(order, parent.parent_id)
        away = abs(price_ticks - order.price_ticks) >= config.requote_ticks
        if not away and wanted_lots >= order.open_lots:
            return None
        if self.was_refused(parent.strategy, parent.book_id, side, seq, now_ns):
            return None
        if wanted_lots > room_lots:
            return pull_of(order, parent.parent_id)
        if not away:
            price_ticks = order.price_ticks
        return move_of(order, price_ticks, wanted_lots, parent.parent_id)

    def was_refused(self, strategy: int, book_id: int, side: Side, seq: int, now_ns: int) -> bool:
        """Whether a side of a book was refused on this very content, or just now."""
        if not self._data.refused:
            return False
        found = self._data.refused.get((strategy << 16 | book_id) << 1 | side)
        if found is None:
            return False
        return found[0] == seq or now_ns - found[1] < self._configs[strategy].retry_ns
