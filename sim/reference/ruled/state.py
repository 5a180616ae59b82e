"""The queues of a book with rules: what a plain book has, and dark, dormant and waiting orders.

Model: as in `sim.reference.state`, levels are queues by price; beside them each side has a market
queue and a dark queue (best price first, then by entry), and the book a dormant list (by entry). The
keys of the levels are kept sorted, so that nothing has to sort the book to find its best.

Order of events: a displayed order that is hit is reported, then published, then shows its next peak.
"""

from bisect import bisect_left, insort
from enum import IntEnum
from operator import attrgetter

from market.codes import Depth, Kind, Liquidity, Mode, Phase, QueueModel, Reason, ReportType, Side
from market.messages import NO_PRICE
from sim.reference.outcome import Message, Report
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.state import Order, Sort, State
from sim.venue_rules.book_rules import BookRules

KEY = attrgetter("key_x2")


class Crossed(IntEnum):
    """Whether the present call has been crossed, and by whom."""

    NOT = 0
    BY_US = 1
    BY_HISTORY = 2


class RuledState(State):
    """All that a book with rules knows."""

    def __init__(
        self,
        *,
        mode: Mode,
        tick_units: int,
        handle_count: int,
        rules: BookRules,
        followed: State | None,
    ) -> None:
        super().__init__(
            mode=mode,
            tick_units=tick_units,
            handle_count=handle_count,
            depth=Depth.L3,
            queue_model=QueueModel.RISK_AVERSE,
        )
        self.rules = rules
        self.followed = followed or self
        self.keys: tuple[list[int], list[int]] = ([], [])
        self.tops: tuple[dict[int, Order], dict[int, Order]] = ({}, {})
        self.dark: tuple[list[RuledOrder], list[RuledOrder]] = ([], [])
        self.waiting: tuple[list[RuledOrder], list[RuledOrder]] = ([], [])
        self.dormant: list[RuledOrder] = []
        self.mine: dict[int, RuledOrder] = {}  # by order_id; every order of ours, wherever it is
        self.pegs: dict[int, RuledOrder] = {}  # of these, the pegs
        self.entries = 0
        self.reference_x2: int | None = None
        self.band: tuple[int, int] = (NO_PRICE, -NO_PRICE)
        self.crossed = Crossed.NOT
        self.interrupted = False  # whether the arrival in progress met the band
        self.looked: tuple[int, int] | None = None  # bid and ask that pegs follow, when last seen
        self.window: tuple[int, int, int] | None = None  # lowest, highest, last trade not acted on

    @property
    def trading(self) -> bool:
        """Whether orders match."""
        return self.phase == Phase.CONTINUOUS

    # What rests, and where.

    def prices(self, side: Side) -> list[int]:
        """The prices of all levels of a side, best first."""
        sign = -side.sign
        return [sign * key for key in self.keys[side]]

    def best(self, side: Side) -> int | None:
        """The price of the best displayed level of a side, eaten or not."""
        keys = self.keys[side]
        return -side.sign * keys[0] if keys else None

    def outside_band(self, price_x2: int) -> bool:
        """Whether a price is beyond the band."""
        low, high = self.band
        return not 2 * low <= price_x2 <= 2 * high

    def isolated(self, order: RuledOrder) -> bool:
        """Whether it meets nothing but midpoint pegs."""
        return self.rules.mid_isolated and order.is_midpoint

    # Changes of the displayed queues.

    def join(self, order: Order) -> None:
        """Put an order at the back of its level; the first at a new best price is its top order."""
        keys = self.keys[order.side]
        key = -order.side.sign * order.price_ticks
        if not keys or key < keys[0]:
            self.tops[order.side][order.price_ticks] = order
        self._append(order, key)

    def _append(self, order: Order, key: int) -> None:
        queue = self.levels[order.side].get(order.price_ticks)
        if queue is None:
            self.levels[order.side][order.price_ticks] = [order]
            insort(self.keys[order.side], key)
        else:
            queue.append(order)

    def leave(self, order: Order) -> None:
        """Take an order out of the queue of its level, and an empty level out of the book."""
        super().leave(order)
        price = order.price_ticks
        if self.tops[order.side].get(price) is order:
            del self.tops[order.side][price]
        if price not in self.levels[order.side]:
            keys = self.keys[order.side]
            del keys[bisect_left(keys, -order.side.sign * price)]

    def show_peak(self, order: RuledOrder) -> None:
        """An iceberg in no queue, with all it has in reserve, joins the back with a new peak."""
        order.take_peak(self.rules.peak_key)
        self._append(order, -order.side.sign * order.price_ticks)
        if not self.frozen:
            self.publish(Kind.ADD, order, order.live)

    def hit(self, order: Order, lots: int) -> None:
        """Trade `lots` of a displayed order at its price."""
        assert 0 < lots <= order.live
        self.note_trade(order.price_ticks)
        order.live -= lots
        if order.live == 0 and not (self.frozen and order.sort == Sort.HISTORICAL):
            self.leave(order)
        if isinstance(order, RuledOrder):
            self.report_fill(order, order.price_ticks, lots, Liquidity.MAKER)
            if order.open_lots == 0:
                self.forget(order)
        if not self.frozen:
            self.publish(Kind.EXECUTE, order, lots)
        if order.live == 0 and order.open_lots > 0:
            assert isinstance(order, RuledOrder)
            self.show_peak(order)

    # Changes of the other places.

    def enrol(self, order: RuledOrder, place: Place) -> None:
        """An own order is somewhere now."""
        order.place = place
        self.mine[order.number] = order
        if order.is_peg:
            self.pegs[order.number] = order

    def forget(self, order: RuledOrder) -> None:
        """An own order is nowhere any more."""
        order.place = Place.NOWHERE
        del self.mine[order.number]
        self.pegs.pop(order.number, None)

    def number_entry(self, order: RuledOrder) -> None:
        """Give it the next number among those that enter."""
        self.entries += 1
        order.entry = self.entries

    def join_dark(self, order: RuledOrder) -> None:
        """Put an order into the dark queue behind those of its price."""
        self.number_entry(order)
        insort(self.dark[order.side], order, key=KEY)

    def withdraw(self, order: RuledOrder) -> None:
        """Take an own order out of the place where it is, without a word."""
        if order.place == Place.DISPLAYED:
            self.leave(order)
        elif order.place == Place.MARKET:
            self.waiting[order.side].remove(order)
        elif order.place == Place.DARK:
            self.dark[order.side].remove(order)
        else:
            self.dormant.remove(order)
        self.forget(order)

    # What is remembered, and what is said.

    def note_trade(self, price_ticks: int) -> None:
        """Something traded at a price in ticks."""
        self.note_trade_x2(2 * price_ticks)

    def note_print(self, price_units: int) -> None:
        """The tape printed something."""
        self.note_trade_x2(2 * price_units // self.tick_units)

    def note_trade_x2(self, price_x2: int) -> None:
        """Something traded at a price in half ticks: the reference now, and what stops look at."""
        self.reference_x2 = price_x2
        low, high, _ = self.window or (price_x2, price_x2, price_x2)
        self.window = (min(low, price_x2), max(high, price_x2), price_x2)

    def publish_trade(self, aggressor: Side, price_x2: int, lots: int) -> None:
        """Print a trade that no level shows, unless the book publishes history only."""
        if not self.frozen:
            units = price_x2 * self.tick_units // 2
            self.publish_plain(Kind.TRADE, side=aggressor, price=units, qty=lots)

    def publish_indication(self, price_ticks: int, lots: int, surplus: int) -> None:
        """Publish what a call would print, and the lots it would leave over."""
        self._messages.append(Message(Kind.INDICATION, -1, 0, price_ticks, lots, surplus))

    def answer(
        self,
        kind: ReportType,
        order_id: int,
        price_ticks: int,
        qty: int,
        leaves: int,
        reason: Reason,
        figure: int,
    ) -> None:
        """Report about an order that need not exist."""
        price = 0 if price_ticks == NO_PRICE else price_ticks
        self._reports.append(
            Report(kind, order_id, price, qty, leaves, reason, Liquidity.NONE, figure)
        )

    def expire(self, order: RuledOrder, reason: Reason) -> None:
        """An order that is in no place any more ends with what it has left."""
        self.report(ReportType.EXPIRED, order, order.open_lots, 0, reason)
