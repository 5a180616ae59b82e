"""The venue that a ladder is played at: what it takes, and the book behind it.

Model: a book has the rules of a preset, or none but price and time, and in front of it stands the
preset's rule sheet, which is asked first. What makes the book is said before anything is done to it;
the first line that needs the book makes it.

Limits: there is no clock, so nothing is ever too late, a GTD order ends by `expire` alone, and nobody
watches prices: a band comes from the line `band`, or from the close at a venue with daily limits.
"""

from typing import Final

from console.play.history import HANDLES
from console.play.order import Written
from market.codes import Kind, Mode, Phase, Reason, ReportType, RowFlag, Side, TimeInForce
from market.instruments import Instrument
from market.messages import NO_PRICE, Replace, Submit, Terms
from market.refusals import Refusal
from scenarios.venue_preset import VenuePreset
from scenarios.venue_rules import admission, around, book_rules
from sim.front.admission import Admission, Held, Situation
from sim.reference import Outcome, ReferenceBook, Report
from sim.reference.ruled import RuledBook
from sim.streams import stream_key
from sim.venue_rules.book_rules import BookRules

UNITS: Final = 10_000
"""Price units in one unit of currency, from which a venue's grid of prices counts."""

TICK_UNITS: Final = 100
"""Price units in a tick, unless a ladder says."""

FOLLOWED: Final = 1
"""Number of the book that pegs follow, if it is another one."""

NO_TERMS: Final = Terms()


class Venue:
    """One book, and the rules in front of it.

    Args:
        preset: The venue; None for a plain book that takes everything.
        tick_units: Price units in a tick.
        mode: How history answers to our orders.
        close_ticks: The last close; None without one.
        follows: Whether pegs follow another venue's best prices.

    Raises:
        InputError: The preset's rules do not fit such an instrument, or need a close.
    """

    def __init__(
        self,
        preset: VenuePreset | None,
        *,
        tick_units: int = TICK_UNITS,
        mode: Mode = Mode.REACTIVE,
        close_ticks: int | None = None,
        follows: bool = False,
    ) -> None:
        self._sheet: Admission | None = None
        self._originals: dict[int, Submit] = {}
        self._self_trade = 0
        instrument = Instrument(
            symbol="ladder",
            venue="play",
            currency="money",
            price_units_per_currency=UNITS,
            tick_units=tick_units,
        )
        key = stream_key(0, "peaks")
        rules = BookRules(peak_key=key)
        self.other: ReferenceBook | None = None
        if follows:
            self.other = ReferenceBook(mode=mode, tick_units=tick_units, handle_count=2)
        if preset is not None:
            followed = FOLLOWED if follows else -1
            rules = book_rules(preset, peak_key=key, mid_reference=followed)
            self._sheet = admission(preset, instrument, close_ticks)
            self._self_trade = int(preset.book.self_trade)
        self.book = RuledBook(
            mode=mode,
            tick_units=tick_units,
            handle_count=HANDLES,
            rules=rules,
            reference_book=self.other,
        )
        if close_ticks is not None:
            self.book.set_reference(2 * close_ticks)
        if preset is not None and close_ticks is not None and preset.guards.limit_ppm:
            band = around(preset, instrument, close_ticks, preset.guards.limit_ppm)
            self.book.set_band(band.low, band.high)

    # --- what we do -------------------------------------------------------------------------------

    def limit_of(self, order_id: int) -> int | None:
        """The limit that an order in the book has; None without one."""
        order = self.book.state.mine.get(order_id)
        return None if order is None or order.limit_ticks == NO_PRICE else order.limit_ticks

    def submit(self, order_id: int, written: Written, owner: int) -> list[Report]:
        """A new order."""
        submit = written.submit(order_id, self._usual_tif())
        refusal = None if self._sheet is None else self._sheet.check(submit, self._situation())
        price = submit.price_ticks
        if refusal is not None:
            return [_refused(ReportType.REJECTED, order_id, price, submit.qty_lots, 0, refusal)]
        self._originals[order_id] = submit
        terms = submit.terms or NO_TERMS
        outcome = self.book.submit(
            order_id,
            owner=owner,
            side=submit.side,
            order_type=submit.order_type,
            tif=submit.tif,
            post=terms.post,
            price_ticks=price,
            qty_lots=submit.qty_lots,
            display_lots=terms.display_lots,
            display_high_lots=terms.display_high_lots,
            hidden=terms.hidden,
            min_qty_lots=terms.min_qty_lots,
            all_or_none=terms.all_or_none,
            stop_ticks=terms.stop_ticks,
            trail_ticks=terms.trail_ticks,
            peg_offset_ticks=terms.peg_offset_ticks,
            self_trade=self._self_trade if terms.self_trade is None else terms.self_trade,
        )
        return outcome.reports

    def cancel(self, order_id: int) -> list[Report]:
        """Withdraw an order."""
        order = self.book.state.mine.get(order_id)
        if self._sheet is not None and order is not None:
            refusal = self._sheet.check_cancel(self._originals[order_id], self._situation())
            if refusal is not None:
                kind, left = ReportType.CANCEL_REJECTED, order.open_lots
                return [_refused(kind, order_id, NO_PRICE, 0, left, refusal)]
        return self.book.cancel(order_id).reports

    def replace(self, order_id: int, price_ticks: int, qty_lots: int) -> list[Report]:
        """Give an order a new limit and a new open quantity."""
        order = self.book.state.mine.get(order_id)
        if self._sheet is not None and order is not None:
            message = Replace(
                book_id=0, order_id=order_id, price_ticks=price_ticks, qty_lots=qty_lots
            )
            refusal = self._sheet.check_replace(
                message,
                self._originals[order_id],
                Held(order.open_lots, order.limit_ticks),
                self._situation(),
            )
            if refusal is not None:
                kind, left = ReportType.REPLACE_REJECTED, order.open_lots
                return [_refused(kind, order_id, price_ticks, qty_lots, left, refusal)]
        return self.book.replace(order_id, price_ticks=price_ticks, qty_lots=qty_lots).reports

    # --- what the venue does ----------------------------------------------------------------------

    def expire(self, order_id: int, reason: Reason) -> list[Report]:
        """The venue ends an order."""
        return self.book.expire(order_id, reason).reports

    def set_phase(self, phase: Phase) -> list[Report]:
        """The venue begins a phase."""
        return self.book.set_phase(phase).reports

    # --- what others do ---------------------------------------------------------------------------

    def row(
        self, kind: Kind, *, handle: int = -1, side: int = 0, price: int = 0, qty: int = 0
    ) -> list[Report]:
        """History does something.

        Raises:
            BadRow: It contradicts what it did before.
        """
        return self.book.apply(
            kind=kind, side_flags=side, handle=handle, price=price, qty=qty
        ).reports

    def away(self, bid_ticks: int | None, ask_ticks: int | None) -> list[Report]:
        """The other venue shows these best prices; None for an empty side."""
        assert self.other is not None
        for side, price in ((Side.BUY, bid_ticks), (Side.SELL, ask_ticks)):
            flags = RowFlag.SELL if side is Side.SELL else 0
            if int(side) in self.other.state.history:
                _row(self.other, Kind.DELETE, flags, side, 0)
            if price is not None:
                _row(self.other, Kind.ADD, flags, side, price)
        return self.book.follow().reports

    # --- what is known ----------------------------------------------------------------------------

    def _usual_tif(self) -> TimeInForce:
        """How long an order lives that does not say: until it is cancelled, where that is taken."""
        if self._sheet is None or TimeInForce.GTC in self._sheet.accepted.tifs:
            return TimeInForce.GTC
        return TimeInForce.DAY

    def _situation(self) -> Situation:
        reference_x2 = self.book.state.reference_x2
        reference = NO_PRICE if reference_x2 is None else reference_x2 >> 1
        return Situation(now_ns=0, phase=self.book.state.phase, reference_ticks=reference)


def _row(book: ReferenceBook, kind: Kind, flags: int, side: Side, price: int) -> Outcome:
    """A row of the other venue, whose sides are its handles."""
    return book.apply(kind=kind, side_flags=flags, handle=int(side), price=price, qty=1)


def _refused(
    kind: ReportType, order_id: int, price: int, qty: int, left: int, refusal: Refusal
) -> Report:
    """The report of a no that came before the book."""
    told = 0 if price == NO_PRICE else price
    return Report(kind, order_id, told, qty, left, refusal.reason, 0, refusal.figure)
