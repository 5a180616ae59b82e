"""Wishes that are worked over several venues: gate and sizing, execution, router, in that order.

Model: a strategy with a route speaks of one instrument, by its home book. Its position is what it holds
in all of the route's books; the gate is asked at each of them, and one that it vetoes gets nothing and
gives back what works there. Sizing is asked once. Execution says what should be at work in all, at
which price and in which kind of order, and the router where (`desk.router.choice`).

Invariants:
1. At most one order of a side is at work in a book, and in all books together never more than
   execution wants: what is on its way counts, whatever may become of it.
2. What leaves for a book fits the room that the gate has left there.
3. An order that rests goes elsewhere only when `reroute_ppm` of the wish should stand there, and not
   before it has stood for a second.

Limits: a route is for positions, not for quotes. Sizing by factors sees the home book's volatility and
depth. Nobody nets positions between books: long here and short there is flat, and stays both.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from desk.config import DeskConfig
from desk.desk_data import Probe
from desk.execution import Executor
from desk.execution.child import Child, ChildAction
from desk.execution.children import new_of
from desk.execution.routed import RoutedWish
from desk.gate import Gate
from desk.orders import Order
from desk.outbox import Outbox
from desk.picture import Picture
from desk.router.config import RouteConfig
from desk.router.data import RouterData
from desk.routes.choice import rest, take
from desk.routes.memory import VenueMemory
from desk.routes.sight import RouteSight, Situation, levels_of
from desk.routes.standing import Standing
from desk.routes.told import written
from market.codes import ReportType, Side, TimeInForce
from market.decisions import PPM, Flat, Permit, Quotes, Route, Signal, Target, Veto
from market.errors import DeskError
from market.messages import Report, View

_IOC: Final = TimeInForce.IOC


class Sent(NamedTuple):
    """A child that may leave, with what it leaves by."""

    child: Child
    signal: Signal
    permit_id: int
    view: View


class Routing:
    """The routes of one desk.

    Args:
        config: Of the desk.
        picture: What is known.
        gate: Asked at every book.
        executor: Says what should be at work.
        out: Where decisions and commands go; what routers remember is kept in its desk's data.
        probe: Told when a stage has ended.
    """

    def __init__(
        self,
        config: DeskConfig,
        picture: Picture,
        gate: Gate,
        executor: Executor,
        out: Outbox,
        probe: Probe | None = None,
    ) -> None:
        self._data = data = out.data
        self._picture = picture
        self._gate = gate
        self._executor = executor
        self._out = out
        self._probe = probe
        self._limits = config.strategies
        self.routes = {
            number: one.route
            for number, one in enumerate(config.strategies)
            if isinstance(one.route, RouteConfig)
        }
        self.homes = {
            strategy << 16 | book_id: strategy << 16 | route.books[0]
            for strategy, route in self.routes.items()
            for book_id in route.books
        }
        executor.homes.update(self.homes)
        self.memory: VenueMemory | None = None
        if self.routes:
            if data.router is UNSET:
                data.router = RouterData()
            assert isinstance(data.router, RouterData)
            self.memory = VenueMemory(list(self.routes.values()), data.router)
            self._sight = RouteSight(picture, executor, self.memory)
            self._standing = Standing(config, picture, executor, self.memory, self._sight)

    def position_lots(self, key: int) -> int:
        """What a strategy holds of what a key is about: of all books of a route."""
        positions = self._picture.state.data.positions
        route = self.routes.get(key >> 16) if key in self.homes else None
        if route is None:
            return positions.get(key, 0)
        return sum(positions.get(key >> 16 << 16 | book_id, 0) for book_id in route.books)

    def matters(self, key: int, report: Report, order: Order) -> bool:
        """Whether a report leaves something to be decided before the next view.

        Nothing does while all that was wanted is at work or done: an order that is taken in, or fills,
        changes who has the lots, not how many there are.
        """
        kind = report.type
        if kind is ReportType.ACCEPTED:
            return order.tif is not TimeInForce.IOC
        if kind is not ReportType.FILLED:
            return True
        home, strategy = self.homes[key], key >> 16
        orders = self._picture.orders
        if any(orders.live(strategy, book_id) for book_id in self.routes[strategy].books):
            return False
        return not self._executor.reached(
            home, self._data.signal_ids.get(home, 0), self.position_lots(home)
        )

    # --- one wish ---------------------------------------------------------------------------------

    def work(self, key: int, signal: Signal, now_ns: int) -> None:
        """Bring the orders of a route nearer to a wish.

        Args:
            key: Of the route's home.
            signal: About the home.
            now_ns: Now.
        """
        signal_id, probe = self._data.signal_ids.get(key, 0), self._probe
        wanted = self.wanted(key, signal, now_ns)
        if probe is not None:
            probe("router")
        for sent in wanted:
            child, permit_id = sent.child, sent.permit_id
            if child.ask_again:
                again = self._gate.decide(sent.signal, child.strategy, self._picture.state, now_ns)
                left = self._out.asked_again(child, sent.signal, signal_id, again)
                if left is None:
                    continue
                child, permit_id = left, again.permit_id if isinstance(again, Permit) else 0
            order_id = self._picture.orders.next_id
            self._out.let_out(child, signal_id, permit_id, sent.view, now_ns)
            self._left(child, sent.view, order_id, now_ns)
        if probe is not None:
            probe("limits")

    def wanted(self, key: int, signal: Signal, now_ns: int) -> list[Sent]:
        """What should leave; the decision behind it is noted.

        Args:
            key: Of the route's home.
            signal: About the home.
            now_ns: Now.
        """
        strategy, route = key >> 16, self.routes[key >> 16]
        if isinstance(signal, Quotes):
            name = self._limits[strategy].name
            raise DeskError(f"strategy {name!r} quotes, but has a route; allowed are targets")
        views, orders = self._picture.feed.data.views, self._picture.orders
        live = [order for book_id in route.books for order in orders.live(strategy, book_id)]
        net_lots = self.position_lots(key)
        verdicts = {
            book_id: self._verdict(signal, strategy, book_id, net_lots, now_ns)
            for book_id in route.books
        }
        permit = next((one for one in verdicts.values() if isinstance(one, Permit)), None)
        home = views[route.books[0]]
        assert home is not None
        if permit is None:
            veto = verdicts[route.books[0]]
            assert isinstance(veto, Veto)
            children = list(self._out.vetoed(key, signal, veto, live))
            return self._sent(children, signal, 0)
        sized = self._out.sized(key, signal, permit, home)
        missing_lots = self._missing(key, sized.position_lots - net_lots, live)
        signal_id = self._data.signal_ids.get(key, 0)
        routed = self._executor.route(
            strategy,
            signal,
            signal_id,
            permit,
            sized,
            missing_lots=missing_lots,
            position_lots=net_lots,
            volume_lots=self._sight.volume_lots(route),
            touch=self._sight.touch(route, Side.BUY if missing_lots > 0 else Side.SELL),
            live=live,
            now_ns=now_ns,
        )
        children, chosen = self._children(route, routed, verdicts, live, now_ns)
        due_ns = self._executor.wake_ns(strategy, route.books[0], now_ns)
        if due_ns:
            self._out.wake_parent(key, due_ns)
        if children:
            self._out.decided(signal_id, strategy, signal, permit, sized, chosen)
        return self._sent(children, signal, permit.permit_id)

    def _verdict(
        self, signal: Signal, strategy: int, book_id: int, net_lots: int, now_ns: int
    ) -> Permit | Veto:
        """The gate's word about one book.

        To be flat in sum may mean to sell where one holds nothing; a book that a `Flat` leaves no room
        in is therefore asked about a target on the other side too.
        """
        state = self._picture.state
        found = self._gate.decide(
            msgspec.structs.replace(signal, book_id=book_id), strategy, state, now_ns
        )
        if not isinstance(signal, Flat) or net_lots == 0:
            return found
        if isinstance(found, Permit) and (
            found.sell_room_lots if net_lots > 0 else found.buy_room_lots
        ):
            return found
        strength_ppm = -PPM if net_lots > 0 else PPM
        other = Target(book_id=book_id, strength_ppm=strength_ppm, urgency=signal.urgency)
        second = self._gate.decide(other, strategy, state, now_ns)
        return second if isinstance(second, Permit) else found

    def _missing(self, key: int, missing_lots: int, live: Sequence[Order]) -> int:
        """Lots still to be traded, less those that orders which have ended may have traded unheard."""
        seen, strategy = self._picture.state.data, key >> 16
        owed = [0, 0]
        for book_id in self.routes[strategy].books:
            one = strategy << 16 | book_id
            owed[0] += seen.buy_risk.get(one, 0)
            owed[1] += seen.sell_risk.get(one, 0)
        for order in live:
            owed[order.side] -= order.open_lots + order.replacing_lots
        if missing_lots > 0:
            return max(missing_lots - owed[0], 0)
        return min(missing_lots + owed[1], 0)

    def _sent(self, children: Sequence[Child], signal: Signal, permit_id: int) -> list[Sent]:
        """Children with the permit of the wish; what fits in each book has been looked at."""
        views, sent = self._picture.feed.data.views, []
        for child in children:
            view = views[child.book_id]
            assert view is not None
            about = msgspec.structs.replace(signal, book_id=child.book_id)
            sent.append(Sent(child, about, permit_id, view))
        return sent

    # --- where --------------------------------------------------------------------------------------

    def _children(
        self,
        route: RouteConfig,
        routed: RoutedWish,
        verdicts: dict[int, Permit | Veto],
        live: list[Order],
        now_ns: int,
    ) -> tuple[list[Child], Route | None]:
        """Pulls, moves and new orders, and the choice behind the new ones."""
        parent, side, wish, pulls = routed
        if wish is None:
            return pulls, None
        this = Situation(route, parent, side, wish, verdicts, live, now_ns)
        children = []
        for order in live:
            child = self._standing.keep(this, order)
            if child is not None:
                children.append(child)
        free_lots = wish.lots - sum(order.open_lots + order.replacing_lots for order in live)
        # What is moved now may fill at its old price and at its new one.
        free_lots -= sum(child.qty_lots for child in children)
        if not self._executor.may_send(parent.strategy << 16 | parent.book_id, now_ns):
            return [child for child in children if child.qty_lots == 0], None
        if free_lots < 1:
            return children + self._standing.elsewhere(this, children), None
        found, chosen = self._new(this, free_lots)
        return children + found, chosen

    def _new(self, this: Situation, free_lots: int) -> tuple[list[Child], Route | None]:
        """New orders where nothing is at work."""
        assert self.memory is not None
        most_lots = self._limits[this.parent.strategy].execution.child_lots_max
        options = self._sight.options(this, free_lots)
        is_take = this.wish.tif is _IOC
        choose = take if is_take else rest
        choice = choose(this.route, self.memory, options, free_lots)
        lots = {one.book_id: one.lots for one in choice.shares}
        children = [self._child(this, book_id, min(n, most_lots)) for book_id, n in lots.items()]
        if choice.take_lots:
            cross = this.wish._replace(
                price_ticks=self._sight.far_ticks(this),
                tif=_IOC,
                post_only=False,
                lots=choice.take_lots,
            )
            crossing = this._replace(wish=cross)
            left = [
                one for one in self._sight.options(crossing, free_lots) if one.book_id not in lots
            ]
            if left:
                more = take(this.route, self.memory, left, choice.take_lots)
                children += [
                    self._child(crossing, share.book_id, min(share.lots, most_lots))
                    for share in more.shares
                ]
                lots |= {share.book_id: share.lots for share in more.shares}
        if not children:
            return [], None
        rooms = {option.book_id: option.room_lots for option in options}
        return children, written(this, choice, rooms, lots, free_lots)

    def _child(self, this: Situation, book_id: int, lots: int) -> Child:
        """A new order of the wish in one book."""
        wish = this.wish
        child = new_of(
            this.parent, this.side, wish.price_ticks, lots, wish.tif, post_only=wish.post_only
        )
        return msgspec.structs.replace(
            child, book_id=book_id, order_type=wish.order_type, ask_again=wish.ask_again
        )

    # --- what becomes of it -------------------------------------------------------------------------

    def _left(self, child: Child, view: View, order_id: int, now_ns: int) -> None:
        """A child has left, unless the limits kept it: what did its venue show?"""
        memory = self.memory
        assert memory is not None
        if child.action is ChildAction.PULL:
            order = self._picture.orders.get(child.order_id)
            if order is not None and order.cancel_sent:
                memory.cancel_sent(order, now_ns)
            return
        order = self._picture.orders.get(order_id)
        if order is None or child.action is not ChildAction.NEW:
            return
        far = levels_of(view, buying=child.side is Side.SELL)
        limit = child.side.sign * child.price_ticks
        memory.sent(
            order,
            displayed_lots=sum(lots for ticks, lots in far if child.side.sign * ticks <= limit),
            touch_ticks=far[0][0] if far else 0,
            now_ns=now_ns,
        )
