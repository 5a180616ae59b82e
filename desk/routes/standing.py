"""Orders of a route that are at work: what may stay, what has to move, and what should stand elsewhere.

Model: an order stays as it is until its book is vetoed, the wish is for another kind of order, its
price is `requote_ticks` away or more is at work than is wanted. It goes elsewhere only when
`reroute_ppm` of the wish should stand there, and not before it has stood for a second: a queue that
one has stood in is worth something, and a router that changes its mind with every view has none.
"""

from collections.abc import Sequence
from typing import Final

from desk.config import DeskConfig
from desk.execution import Executor
from desk.execution.child import Child
from desk.execution.children import move_of, pull_of
from desk.orders import Order, OrderState
from desk.picture import Picture
from desk.routes.choice import rest
from desk.routes.memory import VenueMemory
from desk.routes.sight import RouteSight, Situation, room_of
from market.codes import TimeInForce
from market.decisions import PPM, Veto
from market.touch import touch_of

STAND_NS: Final = 1_000_000_000
_IOC: Final = TimeInForce.IOC
_LIVE: Final = OrderState.LIVE


class Standing:
    """Looks after the orders of routes.

    Args:
        config: Of the desk.
        picture: What is known.
        executor: Says what may move, and what was refused lately.
        memory: What own orders have taught.
        sight: Looks at the books.
    """

    def __init__(
        self,
        config: DeskConfig,
        picture: Picture,
        executor: Executor,
        memory: VenueMemory,
        sight: RouteSight,
    ) -> None:
        self._limits = config.strategies
        self._picture = picture
        self._executor = executor
        self._memory = memory
        self._sight = sight

    def keep(self, this: Situation, order: Order) -> Child | None:
        """What has to become of an order at work: pulled, moved, made smaller, or left alone.

        Args:
            this: What is wanted.
            order: Of the route, at work.
        """
        if order.state is not _LIVE or order.replacing_lots or order.tif is _IOC:
            return None
        verdict, wish = this.verdicts[order.book_id], this.wish
        kind = order.order_type, order.tif, order.post_only
        view = self._picture.feed.data.views[order.book_id]
        if (
            isinstance(verdict, Veto)
            or wish.lots < 1
            or kind != (wish.order_type, wish.tif, wish.post_only)
            or touch_of(view) is None
        ):
            return pull_of(order, this.parent.parent_id)
        config, key = self._limits[this.parent.strategy].execution, this.parent
        away = abs(wish.price_ticks - order.price_ticks) >= config.requote_ticks
        at_work = sum(one.open_lots for one in this.live)
        lots = order.open_lots
        if at_work > wish.lots and order is max(
            this.live, key=lambda one: (one.open_lots, one.order_id)
        ):
            lots = max(order.open_lots - (at_work - wish.lots), 0)
        if lots < 1:
            return pull_of(order, this.parent.parent_id)
        home = key.strategy << 16 | key.book_id
        if away and not self._executor.may_move(home, this.now_ns):
            away = False
        if not away and lots == order.open_lots:
            return None
        assert view is not None
        if self._executor.was_refused(
            key.strategy, order.book_id, this.side, view.seq, this.now_ns
        ):
            return None
        room_lots = room_of(verdict, this.side)
        if lots > room_lots:
            return pull_of(order, this.parent.parent_id)
        price_ticks = wish.price_ticks if away else order.price_ticks
        return move_of(order, price_ticks, lots, this.parent.parent_id)

    def elsewhere(self, this: Situation, children: Sequence[Child]) -> list[Child]:
        """Pull what rests where much less should stand, once it has stood long enough.

        Args:
            this: What is wanted.
            children: What is done anyway; then nothing is pulled.
        """
        if this.wish.tif is _IOC or children or any(one.state is not _LIVE for one in this.live):
            return []
        if this.wish.lots < 1 or this.route.mode == "static" or len(this.route.books) < 2:
            return []
        stood = any(this.now_ns - order.changed_ns >= STAND_NS for order in this.live)
        if not stood:
            return []
        options = self._sight.options(this, this.wish.lots, counting=False)
        shares = rest(this.route, self._memory, options, this.wish.lots).shares
        wanted = {share.book_id: share.lots for share in shares}
        standing = {order.book_id: order.open_lots for order in this.live}
        moved = sum(max(lots - standing.get(book_id, 0), 0) for book_id, lots in wanted.items())
        if moved * PPM < this.route.reroute_ppm * this.wish.lots:
            return []
        return [
            pull_of(order, this.parent.parent_id)
            for order in this.live
            if order.open_lots > wanted.get(order.book_id, 0)
            and this.now_ns - order.changed_ns >= STAND_NS
        ]
