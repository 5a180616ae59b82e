"""What a host knows: its local books, and its own orders as far as it has heard of them.

Model: a view is made when it is asked for, from the local book as it is then, and recorded as decided
on. Own quantity is told apart only where the feed shows it.
"""

from typing import Protocol

from market.codes import Mode, Phase, ReportType, Side, Trigger
from market.messages import NO_PRICE, Report, Submit, View
from sim.recorder import Event, EventKind, Recorder
from sim.session import report_event
from sim.world import ViewWords

ENDS = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))
NOTHING = Trigger(0)


class LocalBooks(Protocol):
    """The local books of a run, fast or slow."""

    def view(self, index: int) -> ViewWords:
        """What a local book knows now."""
        ...

    def maybe_bad(self, index: int) -> bool:
        """Whether it may be wrong or old."""
        ...

    def depth(self, index: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Its best levels, (price_ticks, qty_lots) each."""
        ...

    def arm(self, subscription: int, triggers: Trigger, now_ns: int, *, stale_ns: int = 0) -> None:
        """Wake a subscription's host at the next of `triggers`."""
        ...


class Feed:
    """One local book as one host follows it.

    Args:
        lined: Whether two lines feed it, so that it may be in a gap.
    """

    __slots__ = ("armed", "book_id", "fired", "lined", "local", "seen", "subscription", "was_bad")

    def __init__(self, book_id: int, local: int, subscription: int, *, lined: bool = False) -> None:
        self.book_id = book_id
        self.local = local
        self.subscription = subscription
        self.lined = lined
        self.was_bad = False
        self.armed = False
        self.fired = Trigger(0)
        self.seen: ViewWords | None = None


class _Own:
    """An order that the host believes to be open."""

    __slots__ = ("book_id", "leaves_lots", "price_ticks", "side")

    def __init__(self, order: Submit) -> None:
        self.book_id = order.book_id
        self.side = order.side
        self.price_ticks = order.price_ticks
        self.leaves_lots = 0


class HostView:
    """The picture that one host has.

    Args:
        recorder: Takes every view that is decided on.
        books: The local books of the run.
        number: Of the host in this run.
        mode: Whether feeds show own orders.
        depth_levels: Levels of each side that views carry.
    """

    def __init__(
        self,
        recorder: Recorder,
        books: LocalBooks,
        *,
        number: int,
        mode: Mode,
        depth_levels: int = 0,
    ) -> None:
        self.open_orders: dict[int, _Own] = {}
        self.sent: dict[int, Submit] = {}
        self._recorder = recorder
        self._books = books
        self._number = number
        self._shown_in_feed = mode is Mode.REACTIVE
        self._depth_levels = depth_levels

    def fresh(self) -> "HostView":
        """The same eyes without a memory."""
        mode = Mode.REACTIVE if self._shown_in_feed else Mode.FROZEN
        return HostView(
            self._recorder,
            self._books,
            number=self._number,
            mode=mode,
            depth_levels=self._depth_levels,
        )

    def missed(self, feed: Feed, triggers: Trigger) -> Trigger:
        """Triggers that would have fired since the view last decided on."""
        if feed.seen is None:
            return NOTHING
        words = self._books.view(feed.local)
        fired = NOTHING
        if feed.lined and self._books.maybe_bad(feed.local) != feed.was_bad:
            fired = Trigger.GAP
        elif words.seq == feed.seen.seq:
            return NOTHING
        if words.bbo_version != feed.seen.bbo_version:
            fired |= Trigger.BBO
        if words.trade_count != feed.seen.trade_count:
            fired |= Trigger.TRADE
        if words.phase != feed.seen.phase:
            fired |= Trigger.PHASE
        return fired & triggers

    def view(self, feed: Feed, now_ns: int) -> View:
        """The newest view of one book, recorded as decided on."""
        words = self._books.view(feed.local)
        fired, feed.fired = feed.fired, Trigger(0)
        feed.seen = words
        count = self._depth_levels
        if feed.lined:
            feed.was_bad = self._books.maybe_bad(feed.local)
        view = View(
            book_id=feed.book_id,
            bid_ticks=words.bid_ticks,
            bid_lots=words.bid_lots,
            ask_ticks=words.ask_ticks,
            ask_lots=words.ask_lots,
            own_bid_lots=self._own_lots(feed.book_id, Side.BUY, words.bid_ticks),
            own_ask_lots=self._own_lots(feed.book_id, Side.SELL, words.ask_ticks),
            last_trade_units=words.trade_units,
            last_trade_lots=words.trade_lots,
            trade_count=words.trade_count,
            venue_ns=words.venue_ns,
            local_ns=words.local_ns,
            seq=words.seq,
            phase=Phase(words.phase),
            fired=fired,
            bids=tuple(self._books.depth(feed.local, Side.BUY, count)) if count else (),
            asks=tuple(self._books.depth(feed.local, Side.SELL, count)) if count else (),
            indicative_ticks=words.indicative_ticks,
            indicative_lots=words.indicative_lots,
            imbalance_lots=words.imbalance_lots,
            maybe_bad=feed.was_bad,
        )
        self._recorder.add(
            Event(
                now_ns,
                EventKind.VIEW,
                self._number,
                feed.book_id,
                price_ticks=words.bid_ticks,
                qty_lots=words.ask_ticks,
                leaves_lots=words.seq,
                venue_ns=words.venue_ns,
                detail=int(fired),
            )
        )
        return view

    def report_event(self, report: Report, kind: EventKind, now_ns: int) -> Event:
        """A report as it is here and now."""
        order = self.sent.get(report.order_id)
        side = 0 if order is None else int(order.side)
        return report_event(report, kind, now_ns, self._number, side)

    def _own_lots(self, book_id: int, side: Side, price_ticks: int) -> int:
        """Own quantity at a price, where the feed shows it."""
        if not self._shown_in_feed or price_ticks == NO_PRICE:
            return 0
        return sum(
            own.leaves_lots
            for own in self.open_orders.values()
            if own.book_id == book_id and own.side == side and own.price_ticks == price_ticks
        )

    def track(self, report: Report) -> None:
        """Keep the open orders that views tell apart from others'."""
        order_id = report.order_id
        ended = report.type in ENDS or (
            report.type is ReportType.FILLED and report.leaves_lots == 0
        )
        if ended:
            self.open_orders.pop(order_id, None)
            return
        if report.type is ReportType.ACCEPTED and order_id in self.sent:
            self.open_orders[order_id] = _Own(self.sent[order_id])
        own = self.open_orders.get(order_id)
        if own is None or report.type is ReportType.CANCEL_REJECTED:
            return
        own.leaves_lots = report.leaves_lots
        if report.type is ReportType.REPLACED:
            own.price_ticks = report.price_ticks
