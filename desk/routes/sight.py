"""What is to be seen of the venues of a route, for one wish, now."""

from typing import NamedTuple

from desk.execution import Executor
from desk.execution.algorithms import Wish
from desk.execution.parent import Parent
from desk.orders import Order
from desk.picture import Picture
from desk.router.config import RouteConfig
from desk.router.data import per_second_milli
from desk.router.measure import VenueNow
from desk.router.scores import Blocked
from desk.routes.choice import Option
from desk.routes.memory import VenueMemory
from market.codes import Phase, Side
from market.decisions import Permit, Veto
from market.messages import NO_PRICE, View
from market.touch import Touch, touch_of


class Situation(NamedTuple):
    """What a choice is made on."""

    route: RouteConfig
    parent: Parent
    side: Side
    wish: Wish
    verdicts: dict[int, Permit | Veto]
    live: list[Order]
    now_ns: int


class RouteSight:
    """Looks at the books of routes.

    Args:
        picture: What is known.
        executor: Says what was refused lately.
        memory: What own orders have taught.
    """

    def __init__(self, picture: Picture, executor: Executor, memory: VenueMemory) -> None:
        self._picture = picture
        self._executor = executor
        self._memory = memory

    def volume_lots(self, route: RouteConfig) -> int:
        """Traded in all books today."""
        volume_lots = self._picture.state.data.volume_lots
        return sum(volume_lots[book_id] for book_id in route.books)

    def touch(self, route: RouteConfig, side: Side) -> Touch | None:
        """The best prices of all books; where they cross, one's own side stands just before the other."""
        views = self._picture.feed.data.views
        stale = self._picture.feed.data.stale
        found = [
            touch
            for book_id in route.books
            if not stale[book_id] and (touch := touch_of(views[book_id])) is not None
        ]
        if not found:
            return None
        bid_ticks = max(one.bid_ticks for one in found)
        ask_ticks = min(one.ask_ticks for one in found)
        if bid_ticks >= ask_ticks:
            if side is Side.BUY:
                bid_ticks = ask_ticks - 1
            else:
                ask_ticks = bid_ticks + 1
        return Touch(bid_ticks, ask_ticks)

    def far_ticks(self, this: Situation) -> int:
        """The other side's best price anywhere."""
        touch = self.touch(this.route, this.side)
        assert touch is not None
        return touch.ask_ticks if this.side is Side.BUY else touch.bid_ticks

    def options(self, this: Situation, todo_lots: int, *, counting: bool = True) -> list[Option]:
        """Every book of a route as it is now.

        Args:
            this: What is wanted.
            todo_lots: How much is to be placed.
            counting: Whether a book in which an order is at work has no room.
        """
        far_ticks = self.far_ticks(this)
        volume = {
            book_id: per_second_milli(flow, flow.volume_lots, this.now_ns)
            for book_id, flow in self._memory.data.flows.items()
        }
        total = sum(volume[book_id] for book_id in this.route.books)
        return [
            self._option(this, book_id, todo_lots, far_ticks, (volume[book_id], total), counting)
            for book_id in this.route.books
        ]

    def _option(
        self,
        this: Situation,
        book_id: int,
        todo_lots: int,
        far_ticks: int,
        volume: tuple[int, int],
        counting: bool,
    ) -> Option:
        """One book of a route as it is now."""
        feed, state = self._picture.feed.data, self._picture.state.data
        view, verdict, side = feed.views[book_id], this.verdicts[book_id], this.side
        self._memory.time(book_id, this.now_ns, this.now_ns - feed.content_ns[book_id])
        touch = None if view is None or feed.stale[book_id] else touch_of(view)
        if touch is None or view is None or min(touch) <= 0:
            closed = view is not None and view.phase is not Phase.CONTINUOUS
            blocked = Blocked.NOT_CONTINUOUS if closed else Blocked.NO_PRICE
            return Option(book_id=book_id, now=None, blocked=blocked)
        blocked = Blocked.NO
        if state.down_since_ns[book_id]:
            blocked = Blocked.LINK_DOWN
        elif isinstance(verdict, Veto) or self._executor.was_refused(
            this.parent.strategy, book_id, side, view.seq, this.now_ns
        ):
            blocked = Blocked.FORBIDDEN
        working = sum(one.open_lots for one in this.live if one.book_id == book_id)
        room_lots = room_of(verdict, side)
        if counting and working:
            room_lots = 0
        is_buy = side is Side.BUY
        far = levels_of(view, buying=not is_buy)
        limit = side.sign * this.wish.price_ticks
        within = tuple(level for level in far if side.sign * level[0] <= limit)
        return Option(
            book_id=book_id,
            now=self._now(this, book_id, view, touch, todo_lots, far_ticks, volume, working),
            blocked=blocked,
            room_lots=room_lots,
            levels=within,
        )

    def _now(
        self,
        this: Situation,
        book_id: int,
        view: View,
        touch: Touch,
        todo_lots: int,
        far_ticks: int,
        volume: tuple[int, int],
        working: int,
    ) -> VenueNow:
        """A venue as market data, fees and session show it."""
        side, route = this.side, this.route
        is_buy = side is Side.BUY
        far, near = levels_of(view, buying=not is_buy), levels_of(view, buying=is_buy)
        flow = self._memory.data.flows[book_id]
        fees = dict(zip(route.books, route.fees, strict=False)).get(book_id)
        trades = sum(flow.trades)
        own = view.own_bid_lots if is_buy else view.own_ask_lots
        queue = next((lots for ticks, lots in near if ticks == this.wish.price_ticks), 0)
        return VenueNow(
            book_id=book_id,
            side=side,
            todo_lots=todo_lots,
            parent_lots=max(todo_lots, abs(this.parent.position_lots), 1),
            working_lots=working,
            near_ticks=touch.bid_ticks if is_buy else touch.ask_ticks,
            far_ticks=touch.ask_ticks if is_buy else touch.bid_ticks,
            next_far_ticks=far[1][0] if len(far) > 1 else far[0][0],
            best_far_ticks=far_ticks,
            far_lots=far[0][1],
            far_depth_lots=sum(lots for _, lots in far),
            near_lots=max(queue - own, 0),
            outflow_mlots_s=volume[0] // 2,
            volume_mlots_s=volume[0],
            all_volume_mlots_s=volume[1],
            trade_mlots=sum(flow.volume_lots) * 1_000 // trades if trades else 0,
            flicker_mhz=per_second_milli(flow, flow.changes, this.now_ns),
            taker_fee_ppb=fees.taker_at(touch.ask_ticks) if fees else 0,
            maker_rebate_ppb=fees.rebate_at(touch.ask_ticks) if fees else 0,
            feed_delay_us=flow.delay_ns // 1_000,
            stale_ms=max(this.now_ns - self._picture.feed.data.content_ns[book_id], 0) // 1_000_000,
            unknown_orders=self._picture.state.data.unknown_orders[book_id],
            link_breaks=flow.breaks,
            halts=flow.halts,
            resting_lots=working,
        )


def room_of(verdict: Permit | Veto, side: Side) -> int:
    """Lots that a permit leaves on a side; none with a veto."""
    if isinstance(verdict, Veto):
        return 0
    return verdict.buy_room_lots if side is Side.BUY else verdict.sell_room_lots


def levels_of(view: View, *, buying: bool) -> list[tuple[int, int]]:
    """What a side shows, best first, without own lots at the best price."""
    levels = list(view.bids if buying else view.asks)
    best = (view.bid_ticks, view.bid_lots) if buying else (view.ask_ticks, view.ask_lots)
    own_lots = view.own_bid_lots if buying else view.own_ask_lots
    if not levels and best[0] != NO_PRICE:
        levels = [best]
    if levels and own_lots:
        price_ticks, lots = levels[0]
        levels = [(price_ticks, lots - own_lots), *levels[1:]] if lots > own_lots else levels[1:]
    return levels
