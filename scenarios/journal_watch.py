"""What a desk did in a run, in the words of its own tables: one pass over its journal.

Model: the journal holds every report that came in and every command that left, so the order machine
can be played again from it alone (`Watched`), and each step of it counted. Vetoes, refusals, sizes and
routes stand in the journal as they were decided. The scenario is asked only for what a desk is told and
never says: which algorithm works a strategy's wishes.

Limits: a veto counts when it is journaled, which is when it is another than before.
"""

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from desk.journal.records import Event, header_in
from desk.orders import Order, Orders
from desk.orders.adoption import adopted
from desk.orders.order import Anomaly, Outcome
from desk.orders.table import TABLE, OrderEvent
from market.codes import ReportType
from market.decisions import ActionKind, Caused, Decision, Quotes, Target
from market.messages import (
    EVERY,
    NO_PRICE,
    Cancel,
    LinkStatus,
    Query,
    Replace,
    Report,
    Submit,
    View,
)
from market.succession import Adopted, Promoted

Step = tuple[int, int]
"""A row of the order machine: state and event."""

NO_BUYS_OR_SELLS: Final = (False, False)


class Watched(Orders):
    """The orders of a desk, which count the rows of the table that they take."""

    def __init__(self, desk: int) -> None:
        super().__init__(desk)
        self.steps: Counter[Step] = Counter()

    def _take(
        self, order: Order, event: OrderEvent, report: Report, outcome: Outcome, now_ns: int
    ) -> Anomaly:
        self._note(order, event)
        return super()._take(order, event, report, outcome, now_ns)

    def cancel(self, order: Order, now_ns: int) -> Cancel | None:
        """Ask for an order's end."""
        if not order.cancel_sent:
            self._note(order, OrderEvent.CANCEL_SENT)
        return super().cancel(order, now_ns)

    def replace(self, order: Order, price_ticks: int, qty_lots: int, now_ns: int) -> Replace | None:
        """Ask for another price and open quantity."""
        if not order.replacing_lots:
            self._note(order, OrderEvent.REPLACE_SENT)
        return super().replace(order, price_ticks, qty_lots, now_ns)

    def link_lost(self, book_id: int, now_ns: int) -> list[Order]:
        """Doubt every order of a book."""
        for order in self.data.orders.values():
            if not order.ended and book_id in (order.book_id, EVERY):
                self._note(order, OrderEvent.LINK_LOST)
        return super().link_lost(book_id, now_ns)

    def _note(self, order: Order, event: OrderEvent) -> None:
        """Count a row, if it is one: what is not in the table is an anomaly, and takes no row."""
        if event in TABLE[order.state]:
            self.steps[int(order.state), int(event)] += 1


class Seen(msgspec.Struct, kw_only=True):
    """What one journal shows.

    Attributes:
        steps: How often each row of the order machine was taken.
        vetoes: How often each veto was given, by code.
        causes: How often each code was the cause of an action on orders in flight.
        refusals: How often the limits refused, by code.
        kinds: Orders sent, by type, time in force, and whether they may only rest.
        reasons: Reasons that stood in the venue's reports.
        senders: Orders sent for positions, by strategy.
        views: Views that came in, and `fills` those of the desk's orders.
        said: Strategies of which a signal, not the desk's own end of day, was decided on.
        permits: How often the gate gave one.
        sizes: Decisions with a size other than nothing.
        changes: Cancels and replacements that left.
        checked: New orders and replacements that the limits looked at.
        answered: Orders that the venue acknowledged.
        ended: Orders that have ended.
        routes: Choices between two venues or more that could be used.
        traded: By strategy and book, whether it bought and whether it sold.
        costed: Fills of a parent in a book whose middle was known, so that their cost can be told.
        snapshots: Snapshots on record.
        sealed: Whether the journal was closed in order.
    """

    steps: Counter[Step] = msgspec.field(default_factory=Counter)
    vetoes: Counter[int] = msgspec.field(default_factory=Counter)
    causes: Counter[int] = msgspec.field(default_factory=Counter)
    refusals: Counter[int] = msgspec.field(default_factory=Counter)
    kinds: Counter[tuple[int, int, bool]] = msgspec.field(default_factory=Counter)
    reasons: Counter[int] = msgspec.field(default_factory=Counter)
    senders: Counter[int] = msgspec.field(default_factory=Counter)
    views: int = 0
    fills: int = 0
    said: Counter[int] = msgspec.field(default_factory=Counter)
    permits: int = 0
    sizes: int = 0
    changes: int = 0
    checked: int = 0
    answered: int = 0
    ended: int = 0
    routes: int = 0
    traded: dict[tuple[int, int], tuple[bool, bool]] = {}
    costed: int = 0
    snapshots: int = 0
    sealed: bool = False


class Watch:
    """Takes a journal's events one after the other.

    Args:
        desk: The desk's number.
    """

    def __init__(self, desk: int) -> None:
        self.orders = Watched(desk)
        self.seen = Seen(steps=self.orders.steps)
        self._has_mid: set[int] = set()
        self._quoting: set[int] = set()

    def take(self, event: Event, now_ns: int) -> None:
        """One event: first what came in, then what left, as the desk took them."""
        message = event.message
        if type(message) is View:
            self.seen.views += 1
            if NO_PRICE not in (message.bid_ticks, message.ask_ticks):
                self._has_mid.add(message.book_id)
        elif type(message) is Report:
            self._report(message, now_ns)
        elif type(message) is LinkStatus and not message.up:
            self.orders.link_lost(message.book_id, now_ns)
        elif type(message) is Promoted:
            self.orders.data.sequence = max(self.orders.data.sequence, message.sequence)
        elif type(message) is Adopted and self.orders.get(message.order_id) is None:
            asked = [one.cause.strategy for one in event.commands]
            self.orders.take_in(adopted(message, asked[0] if asked else 0, now_ns))
        for decision in event.decisions:
            self._decision(decision)
        for action in event.actions:
            if action.kind is not ActionKind.RESUME:
                self.seen.causes[action.code] += 1
        for refusal in event.refusals:
            self.seen.refusals[refusal.code] += 1
            self.seen.checked += isinstance(refusal.command, Submit | Replace)
        for caused in event.commands:
            self._command(caused, now_ns)

    def _report(self, report: Report, now_ns: int) -> None:
        outcome = self.orders.apply(report, now_ns)
        order, seen = outcome.order, self.seen
        if report.reason:
            seen.reasons[int(report.reason)] += 1
        if order is None:
            return
        seen.answered += report.type is ReportType.ACCEPTED
        seen.ended += outcome.ended
        if outcome.filled_lots > 0:
            key = order.strategy, order.book_id
            bought, sold = seen.traded.get(key, NO_BUYS_OR_SELLS)
            seen.traded[key] = (bought or not order.side, sold or bool(order.side))
            seen.fills += 1
            seen.costed += bool(order.parent_id) and order.book_id in self._has_mid

    def _decision(self, decision: Decision) -> None:
        seen = self.seen
        if decision.veto is not None:
            seen.vetoes[decision.veto.code] += 1
        if isinstance(decision.signal, Target | Quotes):
            seen.said[decision.strategy] += 1
        seen.permits += decision.permit is not None
        sized = decision.sized
        if sized is not None:
            seen.sizes += bool(sized.position_lots or sized.bid_lots or sized.ask_lots)
        if decision.route is not None and decision.route.mode != "static":
            seen.routes += sum(not venue.blocked for venue in decision.route.venues) >= 2
        if isinstance(decision.signal, Quotes):
            self._quoting.add(decision.strategy)
        elif isinstance(decision.signal, Target):
            self._quoting.discard(decision.strategy)

    def _command(self, caused: Caused, now_ns: int) -> None:
        command, orders, seen = caused.command, self.orders, self.seen
        if type(command) is Submit:
            strategy = caused.cause.strategy
            orders.add(command, strategy, caused.cause, now_ns)
            seen.kinds[int(command.order_type), int(command.tif), bool(command.post_only)] += 1
            seen.senders[strategy] += strategy not in self._quoting
            seen.checked += 1
            return
        if not isinstance(command, Cancel | Replace | Query):
            return
        order = orders.get(command.order_id)
        assert order is not None
        if type(command) is Query:
            orders.query(order, now_ns)
            return
        seen.changes += 1
        if type(command) is Replace:
            seen.checked += 1
            orders.replace(order, command.price_ticks, command.qty_lots, now_ns)
        else:
            orders.cancel(order, now_ns)


def watch_journal(path: Path, *, as_far: bool = False) -> Seen:
    """Read a whole journal.

    Args:
        as_far: Read a damaged one as far as it holds.

    Raises:
        InputError: It is damaged.
    """
    reader = Reader(map_file(path), where=str(path))
    watch: Watch | None = None
    snapshots = 0
    for record in reader:
        if record.type is RecordType.EVENT:
            assert watch is not None
            watch.take(event_in(record), record.now_ns)
        elif record.type is RecordType.HEADER:
            watch = Watch(header_in(record).desk)
        snapshots += record.type is RecordType.SNAPSHOT
    if not as_far:
        reader.check()
    seen = Seen() if watch is None else watch.seen
    seen.snapshots, seen.sealed = snapshots, reader.sealed
    return seen
