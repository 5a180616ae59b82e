"""One large order over a whole day: opening auction, lit venues, a dark pool, closing auction.

Model: a share of the order goes into the opening auction as a market order; a share of what is left
rests in the dark pool, pegged to the middle, with a minimum; the rest is worked in slices that join the
best price of the lit venues in turn; and what has not traded when the time comes is taken back and goes
into the closing auction.

Invariants:
1. Filled lots and all that may still fill never exceed the total, in whatever order reports come.
2. What remains is never sent to the close while an order of before may still fill.

Limits: it has no view on price: what a slice joins is what it sees. Fills that a venue takes back are
not traded again.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from market.codes import OrderType, ReportType, Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.decisions import PPM
from market.errors import InputError
from market.messages import (
    NO_PRICE,
    Cancel,
    Command,
    Inbound,
    Report,
    SetTimer,
    Submit,
    Terms,
    TimerFired,
    View,
)
from strategies.open_orders import DESK_SHIFT

SLICES_MAX: Final = 10_000
OPENING: Final = 1
BEGIN: Final = 2
CLOSING: Final = 3
SLICE: Final = 10
RETRY_NS: Final = 50_000_000
ENDS: Final = (ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED)


class DayOrderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day's order; times count from the start of the run.

    Attributes:
        side: Buy or sell.
        total_lots: How much in all.
        open_ppm: Share that goes into the opening auction.
        dark_ppm: Share of the rest that waits in the dark pool; 0 for none, then no book is dark.
        dark_min_lots: Least lots of a trade there.
        slices: Of what is worked at the lit venues.
        open_after_ns: When the order for the opening is sent.
        begin_after_ns: When the lit slices and the dark order begin.
        close_after_ns: When what is left is taken back for the close.
    """

    side: Side
    total_lots: int
    open_after_ns: int
    begin_after_ns: int
    close_after_ns: int
    open_ppm: int = 100_000
    dark_ppm: int = 300_000
    dark_min_lots: int = 1
    slices: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.total_lots <= QTY_LOTS_MAX:
            raise InputError(f"total_lots is {self.total_lots}, allowed is 1 to {QTY_LOTS_MAX}")
        for name in ("open_ppm", "dark_ppm"):
            if not 0 <= getattr(self, name) <= PPM:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is 0 to {PPM}")
        if not 1 <= self.slices <= SLICES_MAX:
            raise InputError(f"slices is {self.slices}, allowed is 1 to {SLICES_MAX}")
        if not 0 <= self.open_after_ns <= self.begin_after_ns < self.close_after_ns:
            raise InputError(
                f"found open_after {self.open_after_ns}, begin_after {self.begin_after_ns} and "
                f"close_after {self.close_after_ns} ns, allowed is one after the other"
            )


class _Live:
    """An order that may still fill."""

    __slots__ = ("book_id", "cancelling", "leaves_lots")

    def __init__(self, book_id: int, leaves_lots: int) -> None:
        self.book_id = book_id
        self.leaves_lots = leaves_lots
        self.cancelling = False


class DayOrder:
    """Works one order (`market.ports.Participant`).

    Args:
        config: The order.
        desk: Number of the desk, which its order ids begin with.
        books: The first has the auctions; with `dark_ppm` the last is the dark pool; the others, and
            the first, are lit.
        start_ns: First instant of the run.
    """

    def __init__(
        self, config: DayOrderConfig, *, desk: int, books: Sequence[int], start_ns: int
    ) -> None:
        if config.dark_ppm and len(books) < 2:
            raise InputError("day_order: found one book with a dark_ppm, allowed are two or more")
        self.filled_lots = 0
        self.lots_by_book = dict.fromkeys(books, 0)
        self._config = config
        self._desk = desk
        self._dark = books[-1] if config.dark_ppm else None
        self._lit = [book_id for book_id in books if book_id != self._dark]
        self._start_ns = start_ns
        self._views: dict[int, View] = {}
        self._live: dict[int, _Live] = {}
        self._sequence = 0
        self._slice = 0
        self._closing = False

    def start(self, now_ns: int) -> Sequence[Command]:
        """Ask to be woken when each part of the day begins."""
        del now_ns
        config, start_ns = self._config, self._start_ns
        span_ns = config.close_after_ns - config.begin_after_ns
        slices = [
            SetTimer(
                timer_id=SLICE + index,
                due_ns=start_ns + config.begin_after_ns + span_ns * index // config.slices,
            )
            for index in range(config.slices)
        ]
        return [
            SetTimer(timer_id=OPENING, due_ns=start_ns + config.open_after_ns),
            SetTimer(timer_id=BEGIN, due_ns=start_ns + config.begin_after_ns),
            *slices,
            SetTimer(timer_id=CLOSING, due_ns=start_ns + config.close_after_ns),
        ]

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message in and do what is due."""
        match message:
            case View():
                self._views[message.book_id] = message
            case Report():
                self._report(message)
            case TimerFired():
                return self._on_timer(message.timer_id, now_ns)
        return []

    def _report(self, report: Report) -> None:
        """What became of an order."""
        if report.type is ReportType.FILLED:
            self.filled_lots += report.qty_lots
            self.lots_by_book[report.book_id] += report.qty_lots
        order = self._live.get(report.order_id)
        if order is None:
            return
        if report.type is ReportType.FILLED:
            order.leaves_lots -= report.qty_lots
        elif report.type is ReportType.CANCEL_REJECTED:
            order.cancelling = False
        if report.type in ENDS or order.leaves_lots <= 0:
            del self._live[report.order_id]

    def _on_timer(self, timer_id: int, now_ns: int) -> list[Command]:
        """One part of the day begins."""
        config = self._config
        if timer_id == OPENING:
            lots = config.total_lots * config.open_ppm // PPM
            return self._market(self._lit[0], min(lots, self._free_lots()), TimeInForce.AT_OPEN)
        if timer_id == BEGIN and self._dark is not None:
            lots = min(self._free_lots(), self._rest_lots() * config.dark_ppm // PPM)
            return self._peg(self._dark, lots)
        if timer_id == CLOSING:
            self._closing = True
            return self._close(now_ns)
        if timer_id >= SLICE and not self._closing:
            return self._next_slice(timer_id - SLICE)
        return []

    def _next_slice(self, index: int) -> list[Command]:
        """Take back the slice before, and join the best price of the next lit venue."""
        commands = self._take_back(self._lit)
        book_id = self._lit[index % len(self._lit)]
        view = self._views.get(book_id)
        side = self._config.side
        price = NO_PRICE if view is None else (view.bid_ticks, view.ask_ticks)[side]
        left = self._config.slices - index
        lots = min(self._free_lots(), -(-self._free_lots() // left))
        if price != NO_PRICE and lots > 0:
            commands.append(self._submit(book_id, lots, OrderType.LIMIT, TimeInForce.DAY, price))
        return commands

    def _close(self, now_ns: int) -> list[Command]:
        """Take everything back; once nothing may fill any more, send what is left to the close."""
        commands = self._take_back(list(self.lots_by_book))
        if self._live:
            return [*commands, SetTimer(timer_id=CLOSING, due_ns=now_ns + RETRY_NS)]
        return self._market(self._lit[0], self._rest_lots(), TimeInForce.AT_CLOSE)

    # --- orders -------------------------------------------------------------------------------------

    def _rest_lots(self) -> int:
        """What has not traded."""
        return self._config.total_lots - self.filled_lots

    def _free_lots(self) -> int:
        """What has not traded and cannot trade by an order that is out."""
        return self._rest_lots() - sum(order.leaves_lots for order in self._live.values())

    def _take_back(self, books: Sequence[int]) -> list[Command]:
        commands: list[Command] = []
        for order_id, order in self._live.items():
            if order.book_id in books and not order.cancelling:
                order.cancelling = True
                commands.append(Cancel(book_id=order.book_id, order_id=order_id))
        return commands

    def _market(self, book_id: int, lots: int, tif: TimeInForce) -> list[Command]:
        """Lots for an auction, at any price."""
        return [self._submit(book_id, lots, OrderType.MARKET, tif, 0)] if lots > 0 else []

    def _peg(self, book_id: int, lots: int) -> list[Command]:
        """Lots that wait at the middle."""
        if lots < 1:
            return []
        least = min(self._config.dark_min_lots, lots)
        terms = Terms(min_qty_lots=least) if least > 1 else None
        return [
            self._submit(book_id, lots, OrderType.PEG_MIDPOINT, TimeInForce.DAY, NO_PRICE, terms)
        ]

    def _submit(
        self,
        book_id: int,
        lots: int,
        order_type: OrderType,
        tif: TimeInForce,
        price_ticks: int,
        terms: Terms | None = None,
    ) -> Submit:
        """An order on its way."""
        self._sequence += 1
        order_id = self._desk << DESK_SHIFT | self._sequence
        self._live[order_id] = _Live(book_id, lots)
        return Submit(
            book_id=book_id,
            order_id=order_id,
            side=self._config.side,
            price_ticks=price_ticks,
            qty_lots=lots,
            order_type=order_type,
            tif=tif,
            terms=terms,
        )
