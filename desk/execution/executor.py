"""How a size becomes children: immediately or passively, one parent per strategy and book.

Model: a *parent* is one wish of a strategy in a book: a position to reach, or quotes to show. Each view
brings its children nearer to it. `immediate` takes what the other side offers, as IOC orders within
`cross_ticks` of the touch, one at a time. `passive` joins the best price of its own side, follows it
when it is `requote_ticks` away, and, when it has waited longer than `patience_ns`, crosses as
`immediate` does. Quotes are always passive, at the strategy's own prices.

Invariants:
1. At most one order of a side may be at the venue for one strategy and book. While anything about it
   is in flight, nothing more is asked for on that side.
2. What is asked for fits the permit's room as it stands now, with the old and the new quantity of a
   replacement both counted, because the old one may fill before the new one arrives.
3. A refusal is not answered before the market's content has changed and `retry_ns` have passed.

A parent that is paused or aborted has its children pulled; an aborted one gets no new ones, a paused
one until it is resumed only such as bring the strategy's position nearer to zero, for which the gate
leaves room in a pause too.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from desk.execution.auction import AUCTION_TIFS
from desk.execution.child import Child, ChildAction
from desk.execution.children import pull_of
from desk.execution.parent import ExecutionConfig, ExecutionData, Parent, ParentStatus
from desk.execution.routed import RoutedWish, pulls_of, routed_wish
from desk.execution.single import SingleBook
from desk.execution.spread import algorithms_of, spread_step
from desk.orders import Order, OrderState
from market.codes import Side, TimeInForce, Urgency
from market.decisions import Flat, Permit, Quotes, Signal, Sized, Target
from market.messages import EVERY, View
from market.touch import Touch, touch_of

# Enum attributes cost a look-up each; the hot path has plain names.
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_NEW: Final = ChildAction.NEW
_GTC: Final = TimeInForce.GTC
_IOC: Final = TimeInForce.IOC
_LIVE: Final = OrderState.LIVE
_URGENT: Final = Urgency.URGENT
_WORKING: Final = ParentStatus.WORKING
_PAUSED: Final = ParentStatus.PAUSED
_DONE: Final = ParentStatus.DONE


class Executor:
    """Works the parents of one desk.

    Args:
        configs: By strategy.
        data: What an earlier executor remembered.
    """

    def __init__(
        self, configs: Sequence[ExecutionConfig], data: ExecutionData | None = None
    ) -> None:
        self.data = data or ExecutionData()
        self._configs = list(configs)
        self._single = SingleBook(configs, self.data)
        self._spreads = [one.schedule is not UNSET for one in configs]
        self.homes: dict[int, int] = {}
        """Home of each book of a route, by `strategy << 16 | book_id`; parents are under their home."""
        self.algorithms = algorithms_of(configs, self.data, self.homes)

    def parent(self, strategy: int, book_id: int) -> Parent | None:
        """The newest parent of a strategy in a book."""
        return self.data.parents.get(strategy << 16 | book_id)

    def refuse(self, strategy: int, book_id: int, side: Side, seq: int, now_ns: int) -> None:
        """An order was refused while this content of the market was known."""
        self.data.refused[(strategy << 16 | book_id) << 1 | side] = [seq, now_ns]

    # --- a permitted wish -----------------------------------------------------------------------

    def work(
        self,
        strategy: int,
        signal: Signal,
        signal_id: int,
        permit: Permit,
        sized: Sized,
        view: View,
        position_lots: int,
        live: Sequence[Order],
        now_ns: int,
        owed_buy_lots: int = 0,
        owed_sell_lots: int = 0,
        volume_lots: int = 0,
    ) -> list[Child]:
        """What brings the children of a strategy in a book nearer to what it wants.

        Args:
            position_lots: Of this strategy in this book.
            live: Its orders there that have not ended.
            owed_buy_lots: Lots that orders which have ended may have bought, still to be heard of.
            owed_sell_lots: The same of sells.
            volume_lots: Traded in the book today.
        """
        missing_lots = 0 if type(signal) is Quotes else sized.position_lots - position_lots
        if missing_lots > 0 and owed_buy_lots:
            missing_lots = max(missing_lots - owed_buy_lots, 0)
        elif missing_lots < 0 and owed_sell_lots:
            missing_lots = min(missing_lots + owed_sell_lots, 0)
        spread = self._spreads[strategy] and type(signal) is Target
        if spread:
            self._renew(strategy << 16 | signal.book_id, sized.position_lots)
        parent = self._parent(strategy, signal, signal_id, permit, sized, missing_lots, now_ns)
        if parent.status is _PAUSED and missing_lots * position_lots >= 0:
            return self.stop(strategy, signal.book_id, live)
        if isinstance(signal, Quotes):
            return self._single.quote(parent, signal, sized, permit, view, live, now_ns)
        if spread and parent.status is not _PAUSED:
            assert self.algorithms is not None
            side = _BUY if missing_lots > 0 else _SELL
            return spread_step(
                self.algorithms,
                self._configs[strategy],
                parent,
                signal,
                missing_lots,
                permit,
                view,
                position_lots,
                live,
                now_ns,
                volume_lots,
                is_held=self.was_refused(strategy, signal.book_id, side, view.seq, now_ns),
            )
        return self._single.reach(parent, signal, missing_lots, permit, view, live, now_ns)

    def route(
        self,
        strategy: int,
        signal: Target | Flat,
        signal_id: int,
        permit: Permit,
        sized: Sized,
        *,
        missing_lots: int,
        position_lots: int,
        volume_lots: int,
        touch: Touch | None,
        live: Sequence[Order],
        now_ns: int,
    ) -> RoutedWish:
        """As `work`, for a wish that is worked over several books: what should be at work in all.

        Args:
            signal: About the home.
            missing_lots: To the target, with its sign, less what may have filled unheard.
            position_lots: Of this strategy in all of the books.
            volume_lots: Traded in all of them today.
            touch: The best prices of all of them.
            live: Its orders in all of them that have not ended.
        """
        spread = self._spreads[strategy] and type(signal) is Target
        if spread:
            self._renew(strategy << 16 | signal.book_id, sized.position_lots)
        parent = self._parent(strategy, signal, signal_id, permit, sized, missing_lots, now_ns)
        if parent.status is _PAUSED:
            if missing_lots * position_lots >= 0:
                side = _BUY if missing_lots > 0 else _SELL
                return RoutedWish(parent, side, None, pulls_of(live, parent))
            spread = False
        return routed_wish(
            self.algorithms,
            self._configs[strategy],
            parent,
            signal,
            missing_lots=missing_lots,
            position_lots=position_lots,
            volume_lots=volume_lots,
            touch=touch,
            live=live,
            now_ns=now_ns,
            is_spread=spread,
        )

    def end_ns(self, key: int, parent_id: int) -> int:
        """When a parent that is worked over time should be done; 0 for one that is not."""
        plan = self.algorithms.plan(key, parent_id) if self.algorithms is not None else None
        return plan.end_ns if plan is not None else 0

    def told_slices(self, strategy: int) -> int:
        """In how many pieces parents of a strategy are worked at least; 0 when not over time."""
        told = self._configs[strategy].schedule
        return 0 if told is UNSET else told.slices

    def may_send(self, key: int, now_ns: int) -> bool:
        """Whether a parent may send a new order or a move now."""
        algorithms = self.algorithms
        return (
            algorithms is None or not self._spreads[key >> 16] or algorithms.may_send(key, now_ns)
        )

    def may_move(self, key: int, now_ns: int) -> bool:
        """Whether orders of a parent have stood long enough to be moved."""
        algorithms, parent = self.algorithms, self.data.parents.get(key)
        if algorithms is None or parent is None or algorithms.plan(key, parent.parent_id) is None:
            return True
        return algorithms.may_move(key, now_ns)

    def was_refused(self, strategy: int, book_id: int, side: Side, seq: int, now_ns: int) -> bool:
        """Whether a side of a book was refused on this very content, or just now."""
        return self._single.was_refused(strategy, book_id, side, seq, now_ns)

    def sent(self, child: Child, order_id: int, view: View, now_ns: int) -> None:
        """A new order or a move has left."""
        key = child.strategy << 16 | child.book_id
        key = self.homes.get(key, key)
        algorithms = self.algorithms
        if algorithms is None or algorithms.plan(key, child.parent_id) is None:
            return
        algorithms.left(key, now_ns)
        if child.tif in AUCTION_TIFS and child.action is _NEW:
            algorithms.to_auction(key, order_id, child.qty_lots, now_ns)
        touch = touch_of(view)
        if child.action is _NEW and not child.post_only and child.tif is _IOC and touch is not None:
            far_ticks = touch.ask_ticks if child.side is _BUY else touch.bid_ticks
            algorithms.crossed(order_id, far_ticks)

    def refused_by_limits(self, child: Child, now_ns: int) -> None:
        """The limits have not let a child out: an order for an auction is not tried again."""
        if child.tif in AUCTION_TIFS and child.action is _NEW:
            assert self.algorithms is not None
            self.algorithms.to_auction(child.strategy << 16 | child.book_id, 0, 0, now_ns)

    def wake_ns(self, strategy: int, book_id: int, now_ns: int) -> int:
        """When a parent that is spread over time must be looked at again; 0 for by events alone."""
        parent = self.parent(strategy, book_id)
        if parent is None or self.algorithms is None or parent.status is not _WORKING:
            return 0
        return self.algorithms.wake_ns(strategy << 16 | book_id, parent.parent_id, now_ns)

    def reached(self, key: int, signal_id: int, position_lots: int) -> bool:
        """Whether a wish has what it asked for; then its parent is done.

        Only while the wish is the one that was sized: another size is the next view's matter.
        """
        parent = self.data.parents.get(key)
        if (
            parent is None
            or parent.quoting
            or (parent.status is not _WORKING and parent.status is not _DONE)
            or parent.signal_id != signal_id
            or parent.position_lots != position_lots
        ):
            return False
        parent.status = _DONE
        return True

    def stop(self, strategy: int, book_id: int, live: Sequence[Order]) -> list[Child]:
        """Pull these orders of a strategy in a book; its parent may go on later."""
        parent = self.data.parents.get(strategy << 16 | book_id)
        parent_id = parent.parent_id if parent is not None else 0
        return [pull_of(order, parent_id) for order in live if not order.cancel_sent]

    def set_status(
        self, strategy: int, book_id: int, status: ParentStatus, now_ns: int = 0
    ) -> None:
        """Pause, resume or abort the parents of a strategy (or of EVERY one) in a book (or EVERY)."""
        algorithms = self.algorithms
        for key, parent in self.data.parents.items():
            if parent.status in (ParentStatus.ABORTED, ParentStatus.DONE):
                continue
            if status is ParentStatus.WORKING and parent.status is not ParentStatus.PAUSED:
                continue
            # A route goes on without its home: only what is about the whole strategy stands it still.
            if book_id != EVERY and key in self.homes:
                continue
            if strategy in (EVERY, parent.strategy) and book_id in (EVERY, parent.book_id):
                parent.status = status
                if algorithms is not None:
                    algorithms.stands(key, now_ns, still=status is not ParentStatus.WORKING)

    def _parent(
        self,
        strategy: int,
        signal: Signal,
        signal_id: int,
        permit: Permit,
        sized: Sized,
        missing_lots: int,
        now_ns: int,
    ) -> Parent:
        """The parent that a wish belongs to; a new one when the wish is another one."""
        data, book_id = self.data, signal.book_id
        key = strategy << 16 | book_id
        parent = data.parents.get(key)
        quoting = type(signal) is Quotes
        direction = (missing_lots > 0) - (missing_lots < 0)
        status = _WORKING
        if parent is not None:
            before = parent.status
            if before is _WORKING or before is _PAUSED:
                if parent.quoting is quoting and (direction == 0 or direction == parent.direction):
                    parent.position_lots = sized.position_lots
                    parent.signal_id = signal_id
                    parent.permit_id = permit.permit_id
                    return parent
                status = before
            elif before is _DONE and direction == 0 and not quoting:
                return parent
        parent = Parent(
            parent_id=data.next_parent_id,
            strategy=strategy,
            book_id=book_id,
            quoting=quoting,
            position_lots=sized.position_lots,
            direction=direction,
            signal_id=signal_id,
            permit_id=permit.permit_id,
            began_ns=now_ns,
            status=status,
        )
        data.next_parent_id += 1
        data.parents[key] = parent
        return parent

    def _renew(self, key: int, target_lots: int) -> None:
        """A target far from the one that is worked is another wish, with a parent of its own."""
        parent = self.data.parents.get(key)
        if (
            self.algorithms is not None
            and parent is not None
            and parent.status is _WORKING
            and self.algorithms.is_other_wish(key, parent.parent_id, target_lots)
        ):
            parent.status = _DONE
