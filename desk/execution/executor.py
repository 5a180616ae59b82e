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

from desk.execution.child import Child, ChildAction
from desk.execution.children import move_of, new_of, pull_of
from desk.execution.parent import ExecutionConfig, ExecutionData, Parent, ParentStatus
from desk.execution.spread import algorithms_of, spread_step
from desk.orders import Order, OrderState
from market.codes import Side, TimeInForce, Urgency
from market.decisions import Flat, Permit, Quotes, Signal, Sized, Target
from market.messages import EVERY, View
from market.touch import touch_of

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
        self._passive = [one.is_passive for one in configs]
        self._spreads = [one.schedule is not UNSET for one in configs]
        self.algorithms = algorithms_of(configs, self.data)

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
            return self._quote(parent, signal, sized, permit, view, live, now_ns)
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
                is_held=self._was_refused(parent, side, view.seq, now_ns),
            )
        return self._reach(parent, signal, missing_lots, permit, view, live, now_ns)

    def sent(self, child: Child, order_id: int, view: View, now_ns: int) -> None:
        """A new order or a move has left."""
        key = child.strategy << 16 | child.book_id
        algorithms = self.algorithms
        if algorithms is None or algorithms.plan(key, child.parent_id) is None:
            return
        algorithms.left(key, now_ns)
        touch = touch_of(view)
        if child.action is _NEW and not child.post_only and child.tif is _IOC and touch is not None:
            far_ticks = touch.ask_ticks if child.side is _BUY else touch.bid_ticks
            algorithms.crossed(order_id, far_ticks)

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
        """Pull everything that a strategy has in a book; its parent may go on later."""
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

    # --- what a parent needs now ----------------------------------------------------------------

    def _quote(
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

    def _reach(
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
            return self.stop(parent.strategy, parent.book_id, live)
        side, wanted_lots = (_BUY, missing_lots) if missing_lots > 0 else (_SELL, -missing_lots)
        if live:
            wrong = [order for order in live if order.side is not side]
            if wrong:
                # Both sides at work would trade against each other and widen the worst case.
                return self.stop(parent.strategy, parent.book_id, wrong)
        touch = touch_of(view)
        if touch is None:
            return self.stop(parent.strategy, parent.book_id, live)
        config = self._configs[parent.strategy]
        room_lots = permit.buy_room_lots if side is _BUY else permit.sell_room_lots
        waited = config.patience_ns and now_ns - parent.began_ns > config.patience_ns
        if self._passive[parent.strategy] and not waited and signal.urgency is not _URGENT:
            price_ticks = touch.bid_ticks if side is _BUY else touch.ask_ticks
            child = self._rest(
                parent, side, price_ticks, wanted_lots, room_lots, view.seq, live, now_ns
            )
            return [] if child is None else [child]
        if live:
            # What is already crossing answers by itself; only what rests has to make way.
            resting = [order for order in live if order.post_only]
            return self.stop(parent.strategy, parent.book_id, resting)
        qty_lots = wanted_lots if wanted_lots < room_lots else room_lots
        if qty_lots > config.child_lots_max:
            qty_lots = config.child_lots_max
        if qty_lots < 1 or self._was_refused(parent, side, view.seq, now_ns):
            return []
        if side is _BUY:
            price_ticks = touch.ask_ticks + config.cross_ticks
        else:
            price_ticks = touch.bid_ticks - config.cross_ticks
        return [new_of(parent, side, price_ticks, qty_lots, _IOC, post_only=False)]

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
            if qty_lots < 1 or self._was_refused(parent, side, seq, now_ns):
                return None
            return new_of(parent, side, price_ticks, qty_lots, _GTC, post_only=True)
        if order.state is not _LIVE or order.replacing_lots:
            return None
        if wanted_lots < 1 or not order.post_only:
            return pull_of(order, parent.parent_id)
        away = abs(price_ticks - order.price_ticks) >= config.requote_ticks
        if not away and wanted_lots >= order.open_lots:
            return None
        if self._was_refused(parent, side, seq, now_ns):
            return None
        if wanted_lots > room_lots:
            return pull_of(order, parent.parent_id)
        if not away:
            price_ticks = order.price_ticks
        return move_of(order, price_ticks, wanted_lots, parent.parent_id)

    def _was_refused(self, parent: Parent, side: Side, seq: int, now_ns: int) -> bool:
        """Whether the venue, or the limits, said no to this side on this very content, or just now."""
        refused = self.data.refused
        if not refused:
            return False
        found = refused.get((parent.strategy << 16 | parent.book_id) << 1 | side)
        if found is None:
            return False
        wait_ns = self._configs[parent.strategy].retry_ns
        return found[0] == seq or now_ns - found[1] < wait_ns
