"""What a desk has seen of each venue: its flow as views show it, and what became of own orders there.

Model: everything comes in by what happened, a view, an order that left, a report, a silence, a link
that broke, and goes into plain data by book. What own orders have taught is `learning`'s; how a venue
is doing is `health`'s; flow is counted over the last one to two minutes, in two windows.

A taking order is judged when it ends, by what its price or better showed when it was sent; a resting
one by how much of it filled and how long it stood. Refusals count as such, but only those that are
not about the order (VENUE_FAULT) make a venue sick.

Limits: outflow is half of what trades, because nobody says which side of a view's trades was hit; and
mids are those of the venue's own book.
"""

from typing import Final

from desk.orders import Order
from desk.router import health, learning, markouts
from desk.router.config import RouteConfig
from desk.router.data import LEAK_NS, SHOWN_MAX, FlowData, Note, RouterData, Shown, turn
from desk.router.health import HealthData, HealthState
from desk.router.learning import Priors, VenueData
from desk.router.measure import Learned, learned_of
from market.codes import Liquidity, Phase, Reason, ReportType, TimeInForce
from market.messages import NO_PRICE, Report, View

VENUE_FAULT: Final = frozenset(
    (Reason.HALTED, Reason.CLOSED, Reason.THROTTLED, Reason.DISCONNECTED, Reason.UNKNOWN_BOOK)
)
"""Refusals that are not about the order."""


class VenueMemory:
    """Keeps what is known of the venues of all routes.

    Args:
        routes: Of the desk's strategies; a book's priors and health are those of the first that has it.
        data: What an earlier one remembered.
    """

    def __init__(self, routes: list[RouteConfig], data: RouterData) -> None:
        self.data = data
        # Read at every choice, and changed only by what happens to own orders.
        self._learned: dict[int, tuple[Priors, Learned]] = {}
        self.told: dict[int, RouteConfig] = {}
        for route in routes:
            for book_id in route.books:
                self.told.setdefault(book_id, route)
        for book_id in self.told:
            data.venues.setdefault(book_id, VenueData(book_id=book_id))
            data.health.setdefault(book_id, HealthData())
            data.flows.setdefault(book_id, FlowData())
            data.shown.setdefault(book_id, [])

    def learned(self, book_id: int, priors: Priors) -> Learned:
        """What own orders have taught of a book's venue, as factors."""
        found = self._learned.get(book_id)
        if found is None or found[0] is not priors:
            found = (priors, learned_of(self.data.venues[book_id], priors))
            self._learned[book_id] = found
        return found[1]

    # --- the market -----------------------------------------------------------------------------

    def view(self, view: View, now_ns: int) -> None:
        """A book of a route as its feed shows it."""
        book_id = view.book_id
        told = self.told.get(book_id)
        if told is None:
            return
        flow = self.data.flows[book_id]
        turn(flow, now_ns)
        if view.trade_count > flow.trade_count:
            flow.trades[0] += view.trade_count - flow.trade_count
            flow.volume_lots[0] += view.last_trade_lots
            flow.trade_count = view.trade_count
        if (view.bid_ticks, view.ask_ticks) != (flow.bid_ticks, flow.ask_ticks):
            flow.changes[0] += 1
            flow.bid_ticks, flow.ask_ticks = view.bid_ticks, view.ask_ticks
        if view.phase is Phase.HALT and flow.phase != Phase.HALT:
            flow.halts += 1
        flow.phase = int(view.phase)
        flow.delay_ns = max(view.local_ns - view.venue_ns, 0)
        if NO_PRICE in (view.bid_ticks, view.ask_ticks):
            return
        mid_x2_ticks = view.bid_ticks + view.ask_ticks
        if mid_x2_ticks <= 0:
            return
        self._leaks(book_id, told, mid_x2_ticks, now_ns)
        venue = self.data.venues[book_id]
        if markouts.on_mid(venue.markouts, told.priors.money, now_ns, mid_x2_ticks):
            self._learned.pop(book_id, None)

    def time(self, book_id: int, now_ns: int, stale_ns: int) -> None:
        """Before a choice: content is so old, and sick venues may be tried again."""
        health.on_time(self.data.health[book_id], self.told[book_id].health, now_ns, stale_ns)

    def link_lost(self, book_id: int) -> None:
        """The order link of a book broke."""
        if book_id in self.told:
            self.data.flows[book_id].breaks += 1

    def _leaks(self, book_id: int, told: RouteConfig, mid_x2_ticks: int, now_ns: int) -> None:
        """Orders that have rested for a second: where has the mid gone?"""
        shown = self.data.shown[book_id]
        while shown and shown[0].due_ns <= now_ns:
            one = shown.pop(0)
            self._learned.pop(book_id, None)
            learning.on_shown(
                self.data.venues[book_id],
                told.priors,
                side=one.side,
                mid_x2_ticks=one.mid_x2_ticks,
                later_mid_x2_ticks=mid_x2_ticks,
                lots=one.lots,
            )

    # --- own orders -------------------------------------------------------------------------------

    def sent(self, order: Order, *, displayed_lots: int, touch_ticks: int, now_ns: int) -> None:
        """A new order has left; to a venue that is being tried again it is a probe."""
        if order.book_id not in self.told:
            return
        self.data.notes[order.order_id] = Note(now_ns, displayed_lots, touch_ticks)
        found = self.data.health[order.book_id]
        if found.state is HealthState.PROBING and not found.probe_out:
            health.on_probe_sent(found)

    def cancel_sent(self, order: Order, now_ns: int) -> None:
        """A cancel has left."""
        note = self.data.notes.get(order.order_id)
        if note is not None:
            note.cancel_ns = now_ns

    def silence(self, order: Order, now_ns: int) -> None:
        """An answer is overdue."""
        note, told = self.data.notes.get(order.order_id), self.told.get(order.book_id)
        if note is None or told is None or note.asked_ns < 0 or note.silent:
            return
        note.silent = True
        self._learned.pop(order.book_id, None)
        learning.on_silence(self.data.venues[order.book_id], told.priors)
        health.on_answer(
            self.data.health[order.book_id],
            told.health,
            now_ns,
            bad=True,
            latency_ns=now_ns - note.asked_ns,
        )

    def report(self, report: Report, order: Order, now_ns: int) -> None:
        """A venue's answer about an order of ours, which has taken it in already."""
        told, note = self.told.get(order.book_id), self.data.notes.get(order.order_id)
        if told is None or note is None:
            return
        kind, venue = report.type, self.data.venues[order.book_id]
        self._learned.pop(order.book_id, None)
        if note.asked_ns >= 0:
            self._answered(report, order, note, told, now_ns)
        late = kind is ReportType.CANCEL_REJECTED
        if note.cancel_ns >= 0 and (late or kind is ReportType.CANCELLED):
            learning.on_cancel_answer(
                venue, told.priors, latency_ns=now_ns - note.cancel_ns, late=late
            )
            note.cancel_ns = -1
        if kind is ReportType.ACCEPTED and order.tif is not TimeInForce.IOC and note.rested_ns < 0:
            note.rested_ns = now_ns
            self._shows(order, now_ns)
        rests = order.tif is not TimeInForce.IOC
        if kind is ReportType.FILLED and rests and report.liquidity is Liquidity.MAKER:
            if note.rested_ns < 0:
                note.rested_ns = now_ns
            markouts.on_fill(
                venue.markouts, now_ns, order.side, report.price_ticks, report.qty_lots
            )
        if order.ended:
            self._ended(order, note, told, now_ns)
            del self.data.notes[order.order_id]

    def _answered(
        self, report: Report, order: Order, note: Note, told: RouteConfig, now_ns: int
    ) -> None:
        """The first word about a new order."""
        latency_ns, note.asked_ns = now_ns - note.asked_ns, -1
        refused = report.type is ReportType.REJECTED
        learning.on_answer(
            self.data.venues[order.book_id], told.priors, latency_ns=latency_ns, refused=refused
        )
        health.on_answer(
            self.data.health[order.book_id],
            told.health,
            now_ns,
            bad=refused and report.reason in VENUE_FAULT,
            latency_ns=latency_ns,
        )

    def _shows(self, order: Order, now_ns: int) -> None:
        """An order rests: in a second we look where the mid has gone."""
        flow, shown = self.data.flows[order.book_id], self.data.shown[order.book_id]
        if NO_PRICE in (flow.bid_ticks, flow.ask_ticks) or len(shown) >= SHOWN_MAX:
            return
        mid_x2_ticks = flow.bid_ticks + flow.ask_ticks
        if mid_x2_ticks > 0:
            shown.append(Shown(order.side, mid_x2_ticks, order.qty_lots, now_ns + LEAK_NS))

    def _ended(self, order: Order, note: Note, told: RouteConfig, now_ns: int) -> None:
        """An order is over: what did it get?"""
        venue = self.data.venues[order.book_id]
        filled_lots = min(order.cum_lots, order.qty_lots)
        if note.rested_ns >= 0:
            learning.on_rest_end(
                venue,
                told.priors,
                lots=order.qty_lots,
                filled_lots=filled_lots,
                rested_ns=now_ns - note.rested_ns,
            )
        elif order.tif is TimeInForce.IOC and note.touch_ticks > 0:
            learning.on_take_end(
                venue,
                told.priors,
                side=order.side,
                lots=order.qty_lots,
                filled_lots=filled_lots,
                displayed_lots=note.displayed_lots,
                touch_ticks=note.touch_ticks,
                paid_tl=sum(one.price_ticks * one.qty_lots for one in order.fills.values()),
            )
