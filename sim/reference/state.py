"""The queues of one book, and the one way in which a resting order is hit.

Model: each side is a dict from price to the list of orders that rest there, oldest first. A list is
deleted with its last order, so that the keys of the dict are exactly the levels that exist.

Order of events: messages and reports are collected in the order in which they happen, and handed
out by `take_outcome` once a command is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from market.codes import (
    Depth,
    Kind,
    Liquidity,
    Mode,
    Phase,
    QueueModel,
    Reason,
    ReportType,
    Side,
)
from sim.reference.outcome import Message, Outcome, Report


class Sort(IntEnum):
    """Where an order comes from; the value is also the low digit of its name in a dump."""

    HISTORICAL = 0
    OWN = 1
    MOVED = 2


@dataclass(slots=True, eq=False)
class Order:
    """One order; `live` is what can be taken of it, `tape` what the tape says is left."""

    sort: Sort
    number: int  # the handle, the order_id, or the former handle
    side: Side
    price_ticks: int
    live: int
    tape: int
    post_only: bool = False
    is_market: bool = False
    ahead: int = 0  # own orders of L2 and L1 books: lots of history believed to be in front
    traded: int = 0  # and the lots printed at its price since its level last changed

    @property
    def open_lots(self) -> int:
        """All that may still trade."""
        return self.live

    @property
    def told_ticks(self) -> int:
        """The price that reports name; 0 where there is none."""
        return self.price_ticks

    @property
    def name(self) -> int:
        """The order's name in a dump."""
        return self.number * 4 + self.sort

    @property
    def is_own(self) -> bool:
        """Whether a command of ours made it."""
        return self.sort == Sort.OWN

    @property
    def special(self) -> bool:
        """Whether it lives with more than the tape says; own and moved orders always do."""
        return self.live > self.tape

    @property
    def public_handle(self) -> int:
        """The handle under which it is published."""
        return -1 if self.is_own else self.number

    def crosses(self, price_ticks: int) -> bool:
        """Whether it would trade with an order of the other side at this price."""
        if self.is_market:
            return True
        if self.side == Side.BUY:
            return self.price_ticks >= price_ticks
        return self.price_ticks <= price_ticks


class State:
    """All that a book knows."""

    def __init__(
        self,
        *,
        mode: Mode,
        tick_units: int,
        handle_count: int,
        depth: Depth,
        queue_model: QueueModel,
    ) -> None:
        self.mode = mode
        self.depth = depth
        self.queue_model = queue_model
        self.tick_units = tick_units
        self.handle_count = handle_count
        self.phase = Phase.CONTINUOUS
        self.levels: tuple[dict[int, list[Order]], dict[int, list[Order]]] = ({}, {})
        self.market_queue: tuple[list[Order], list[Order]] = ([], [])
        self.history: dict[int, Order] = {}  # by handle; every order with tape > 0
        self.own: dict[int, Order] = {}  # by order_id; every resting order of ours
        self.void = 0
        self.expired_lots = 0
        self.diverged = 0
        self.moved = 0
        self._messages: list[Message] = []
        self._reports: list[Report] = []

    @property
    def frozen(self) -> bool:
        """Whether history cannot be changed."""
        return self.mode == Mode.FROZEN

    # What rests, and where.

    def prices(self, side: Side) -> list[int]:
        """The prices of all levels of a side, best first."""
        return sorted(self.levels[side], reverse=side == Side.BUY)

    def orders(self, side: Side) -> list[Order]:
        """All orders in the queues of a side, best price first, oldest first."""
        return [order for price in self.prices(side) for order in self.levels[side][price]]

    def shown(self, side: Side, price_ticks: int) -> int:
        """What the public feed says of a level."""
        queue = self.levels[side].get(price_ticks, [])
        if self.frozen:
            return sum(order.tape for order in queue if order.sort == Sort.HISTORICAL)
        return sum(order.live for order in queue)

    def own_at(self, side: Side, price_ticks: int) -> list[Order]:
        """Our orders at one price, oldest first."""
        return [order for order in self.levels[side].get(price_ticks, []) if order.is_own]

    def crossed_by(self, order: Order) -> list[Order]:
        """All orders of the other side that `order` crosses, best price first, oldest first."""
        return [each for each in self.orders(order.side.other) if order.crosses(each.price_ticks)]

    def crosses_best(self, order: Order) -> bool:
        """Whether `order` crosses the best existing level of the other side."""
        prices = self.prices(order.side.other)
        return bool(prices) and order.crosses(prices[0])

    def better_than(self, order: Order) -> list[Order]:
        """All orders on the levels of its side that are better than its own, best first."""
        sign = order.side.sign
        return [
            each
            for each in self.orders(order.side)
            if sign * each.price_ticks > sign * order.price_ticks
        ]

    def ahead_of(self, order: Order) -> list[Order]:
        """All orders before it in its own queue; none when it is in no queue."""
        queue = self.levels[order.side].get(order.price_ticks, [])
        return queue[: queue.index(order)] if order in queue else []

    # Changes.

    def join(self, order: Order) -> None:
        """Put an order at the back of the queue of its level."""
        self.levels[order.side].setdefault(order.price_ticks, []).append(order)

    def leave(self, order: Order) -> None:
        """Take an order out of the queue of its level, and an empty level out of the book."""
        queue = self.levels[order.side][order.price_ticks]
        queue.remove(order)
        if not queue:
            del self.levels[order.side][order.price_ticks]

    def hit(self, order: Order, lots: int) -> None:
        """Trade `lots` of a resting order at its price."""
        assert 0 < lots <= order.live
        order.live -= lots
        # Frozen, an eaten historical order keeps its place until the tape takes it away.
        if order.live == 0 and not (self.frozen and order.sort == Sort.HISTORICAL):
            self.leave(order)
        if order.is_own:
            self.report_fill(order, order.price_ticks, lots, Liquidity.MAKER)
            if order.live == 0:
                del self.own[order.number]
        if not self.frozen:
            self.publish(Kind.EXECUTE, order, lots)

    # What history hits, and in which order; each says what is left of the lots.

    def hit_crossed(self, order: Order, lots: int) -> int:
        """A historical order arrives: frozen it fills us, reactive it trades with special orders."""
        return self.hit_each([each for each in self.crossed_by(order) if self.meets(each)], lots)

    def hit_in_front(self, order: Order, lots: int) -> int:
        """History's aggressor aims at `order` and meets what is better priced, or ahead of it."""
        in_front = self.better_than(order) + self.ahead_of(order)
        return self.hit_each([each for each in in_front if self.meets(each)], lots)

    def hit_down_to(self, order: Order, lots: int) -> int:
        """What is left of history's aggressor takes everything from the best level to `order`'s."""
        at_its_price = self.levels[order.side].get(order.price_ticks, [])
        return self.hit_each(self.better_than(order) + at_its_price, lots)

    def hit_by_print(self, passive: Side, price_units: int, lots: int) -> int:
        """A print of something hidden would have met our orders that are good enough."""
        ours = [order for order in self.orders(passive) if order.is_own]
        return self.hit_each([each for each in ours if self.print_fills(each, price_units)], lots)

    def meets(self, order: Order) -> bool:
        """Whether history trades with this order on its way."""
        return order.is_own if self.frozen else order.special

    def print_fills(self, order: Order, price_units: int) -> bool:
        """Whether our order is good enough to have met the aggressor of a hidden print."""
        better_by = order.side.sign * (order.price_ticks * self.tick_units - price_units)
        return better_by > 0 if self.frozen else better_by >= 0

    # What a book with rules remembers of trades; a plain one needs none of it.

    def note_trade(self, price_ticks: int) -> None:
        """Something traded at a price."""

    def note_print(self, price_units: int) -> None:
        """The tape printed something."""

    def hit_each(self, orders: Iterable[Order], budget: int) -> int:
        """Hit orders one after the other; returns what is left of the budget."""
        for order in orders:
            lots = min(budget, order.live)
            if lots > 0:
                self.hit(order, lots)
                budget -= lots
        return budget

    # What is said.

    def publish(self, kind: Kind, order: Order, qty: int) -> None:
        """Publish a change of an order that has just happened."""
        shown = self.shown(order.side, order.price_ticks)
        self._messages.append(
            Message(kind, order.public_handle, order.side, order.price_ticks, qty, shown)
        )

    def publish_plain(self, kind: Kind, *, side: int = 0, price: int = 0, qty: int = 0) -> None:
        """Publish something that is about no order and no level."""
        self._messages.append(Message(kind, -1, side, price, qty, 0))

    def report(
        self,
        kind: ReportType,
        order: Order,
        qty: int,
        leaves: int,
        reason: Reason = Reason.NONE,
        figure: int = 0,
    ) -> None:
        """Answer the owner of `order`, naming the order's own price; `figure` decided a refusal."""
        price = order.told_ticks
        self._reports.append(
            Report(kind, order.number, price, qty, leaves, reason, Liquidity.NONE, figure)
        )

    def report_fill(
        self, order: Order, price_ticks: int, lots: int, liquidity: Liquidity, half: int = 0
    ) -> None:
        """Tell the owner of `order` about a trade; what is left is what the order says now."""
        self._reports.append(
            Report(
                ReportType.FILLED,
                order.number,
                price_ticks,
                lots,
                order.open_lots,
                Reason.NONE,
                liquidity,
                0,
                half,
            )
        )

    def take_outcome(self) -> Outcome:
        """Hand out all that happened since the last call."""
        outcome = Outcome(self._messages, self._reports)
        self._messages, self._reports = [], []
        return outcome
