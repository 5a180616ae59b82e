"""The venue: takes commands from sessions into its books, and answers the owner of every order.

The books themselves are in the world; here is what surrounds them: sessions, ownership of orders,
the house rules of each venue of the run (`sim/front`), and the ledger (`sim/venue_ledger.py`), on
which verdicts are judged.

The way of a command: its session is heard; it passes the throttle, or waits; its order is the
session's own, or new; the house admits it; the book answers. Every command gets at least one answer.
The market has been advanced to exactly the instant at which a command is taken.

What the venue does of its own accord is in `sim/venue_acts.py`, and commands about many orders in
`sim/venue_mass.py`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from market.codes import (
    Liquidity,
    OrderType,
    PostOnly,
    Reason,
    ReportType,
    SelfTrade,
    TimeInForce,
)
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.instruments import Instrument
from market.messages import (
    Accrual,
    Cancel,
    MassCancel,
    MassQuote,
    Query,
    Replace,
    Submit,
    Terms,
    VenueCommand,
)
from market.refusals import Refusal, mask_of
from sim.account import Account
from sim.costs import Fees, Tariff
from sim.front.admission import Held
from sim.front.house import House
from sim.front.kinds import terms_of
from sim.session import Session
from sim.venue_acts import Later, VenueActs
from sim.venue_answers import refused, restated, status
from sim.venue_ledger import VenueLedger
from sim.venue_mass import MassCommands
from sim.venue_order import Books, RuledBooks, VenueOrder
from sim.world import OutRow

__all__ = ["Books", "Fees", "RuledBooks", "Venue"]

ENDS: Final = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))
OPENS: Final = frozenset((ReportType.ACCEPTED, ReportType.REPLACED))
PLAIN_TYPES: Final = (OrderType.LIMIT, OrderType.MARKET)
PLAIN_TIFS: Final = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
NO_TERMS: Final = Terms()


class Venue:
    """The venues of a run, with its books.

    Args:
        books: Where orders rest and match.
        instruments: One per book, by `book_id`.
        fees: What trading costs here: one price list for all books, or one each.
        ruled: Books that have rules.
        houses: The house rules that hold around a book, by `book_id`; books of one venue share one.
        later: Calls back at a time; needed where something waits or ends by itself.

    Attributes:
        ledger: Who traded what.
        acts: What the venue does of its own accord.
        orders: Every order that a book was asked about, by its id.
        houses: The house rules around each book that has some.
        after_command: Told the book of every command that has been taken.
    """

    def __init__(
        self,
        books: Books,
        instruments: list[Instrument],
        fees: Tariff | Sequence[Tariff],
        *,
        ruled: Collection[int] = (),
        houses: Mapping[int, House] | None = None,
        later: Later | None = None,
    ) -> None:
        self.ledger = VenueLedger(instruments, fees)
        self.orders_received = 0
        self.rejects = 0
        self.orders: dict[int, VenueOrder] = {}
        self.houses = dict(houses or {})
        self._books = books
        self._instruments = instruments
        self._ruled = frozenset(ruled)
        self._later = later
        self._mass = MassCommands(self)
        self.acts = VenueActs(self, books, later)
        self.after_command: Callable[[int], None] = _nothing

    @property
    def accounts(self) -> dict[tuple[int, int], Account]:
        """By host and book; there from its first fill on."""
        return self.ledger.accounts

    # --- commands ---------------------------------------------------------------------------------

    def receive(self, session: Session, command: VenueCommand, now_ns: int) -> None:
        """Answer one command that has arrived at `now_ns`, at once or when it may pass."""
        house = self.houses.get(command.book_id)
        if house is not None:
            number = session.host
            refusal = house.heard(number, now_ns)
            if refusal is None:
                is_cancel = isinstance(command, Cancel | MassCancel)
                passage = house.throttle.ask(number, command.book_id, now_ns, is_cancel=is_cancel)
                refusal = passage.refusal
                if refusal is None and passage.due_ns > now_ns:
                    assert self._later is not None
                    self._later(passage.due_ns, self._pass, (session, command, passage.due_ns))
                    return
            if refusal is not None:
                self.refuse(session, command, refusal, now_ns)
                return
        self.take(session, command, now_ns)

    def _pass(self, waited: tuple[Session, VenueCommand, int]) -> None:
        """A command has waited long enough."""
        self.take(*waited)

    def take(self, session: Session, command: VenueCommand, now_ns: int) -> None:
        """Answer a command that has passed."""
        if isinstance(command, Submit):
            self.submit(session, command, now_ns)
        elif isinstance(command, MassQuote | MassCancel):
            self._mass.take(session, command, now_ns)
        else:
            self._about_order(session, command, now_ns)
        self.after_command(command.book_id)

    def _about_order(
        self, session: Session, command: Cancel | Replace | Query, now_ns: int
    ) -> None:
        """Answer a command about an order."""
        order = self.orders.get(command.order_id)
        if order is not None and order.session is not session:
            order = None  # a stranger's order does not exist for this session
        if isinstance(command, Query):
            session.answer(status(command, order, now_ns), 0 if order is None else int(order.side))
            return
        if order is None:
            known = 0 <= command.book_id < len(self._instruments)
            reason = Reason.UNKNOWN_ORDER if known else Reason.UNKNOWN_BOOK
            self.refuse(session, command, Refusal(reason, 0), now_ns)
            return
        refusal = self._admitted(order, command, now_ns)
        if refusal is not None:
            self.refuse(session, command, refusal, now_ns)
            return
        # Negative causes are own commands; the tape's messages have the others.
        cause = -((command.order_id << 8) + session.attempt(command.order_id))
        if isinstance(command, Cancel):
            rows = self._books.cancel(order.book_id, now_ns, command.order_id, cause=cause)
        else:
            rows = self._books.replace(
                order.book_id,
                now_ns,
                command.order_id,
                price_ticks=command.price_ticks,
                qty_lots=command.qty_lots,
                cause=cause,
            )
        for row in rows:
            self.answer(row)

    def _admitted(
        self, order: VenueOrder, command: Cancel | Replace, now_ns: int
    ) -> Refusal | None:
        """What the house says about a command on a living order."""
        house = self.houses.get(order.book_id)
        if house is None or not order.alive:
            return None
        if isinstance(command, Cancel):
            return house.may_cancel(order.original, now_ns)
        held = Held(order.open_lots, order.price_ticks)
        return house.admit_replace(order.session.host, command, order.original, held, now_ns)

    def submit(self, session: Session, command: Submit, now_ns: int) -> None:
        """Answer a new order."""
        self.orders_received += 1
        if not 0 <= command.book_id < len(self._instruments):
            refusal: Refusal | None = Refusal(Reason.UNKNOWN_BOOK, 0)
        elif command.order_id in self.orders:
            refusal = Refusal(Reason.DUPLICATE_ORDER, 0)
        else:
            refusal = self.admit(session, command, now_ns)
        if refusal is not None:
            self.refuse(session, command, refusal, now_ns)
            return
        self.orders[command.order_id] = VenueOrder(session, command)
        cause = -((command.order_id << 8) + session.attempt(command.order_id))
        for row in self._enter(session, command, cause, now_ns):
            self.answer(row)

    def forget(self, order_ids: Iterable[int]) -> None:
        """Orders that have ended are strangers' from now on."""
        for order_id in order_ids:
            assert not self.orders.pop(order_id).alive

    def admit(self, session: Session, command: Submit, now_ns: int) -> Refusal | None:
        """Why a new order is not taken to its book."""
        if command.book_id not in self._ruled:
            refusal = _beyond_plain(command)
            if refusal is not None:
                return refusal
        house = self.houses.get(command.book_id)
        return None if house is None else house.admit(session.host, command, now_ns)

    def _enter(self, session: Session, command: Submit, cause: int, now_ns: int) -> list[OutRow]:
        """Let a book take an order."""
        if command.book_id not in self._ruled:
            return self._books.submit(
                command.book_id,
                now_ns,
                command.order_id,
                side=int(command.side),
                order_type=int(command.order_type),
                tif=int(command.tif),
                post_only=command.post_only,
                price_ticks=command.price_ticks,
                qty_lots=command.qty_lots,
                cause=cause,
            )
        terms = command.terms or NO_TERMS
        house = self.houses.get(command.book_id)
        self_trade = terms.self_trade
        if self_trade is None:
            self_trade = SelfTrade.ALLOW if house is None else house.rules.self_trade
        books: RuledBooks = self._books  # type: ignore[assignment] # a run with rules has such books
        return books.submit_terms(
            command.book_id,
            now_ns,
            command.order_id,
            owner=session.host + 1,
            side=int(command.side),
            order_type=int(command.order_type),
            tif=int(command.tif),
            post=int(terms.post or (PostOnly.REJECT if command.post_only else PostOnly.OFF)),
            price_ticks=command.price_ticks,
            qty_lots=command.qty_lots,
            display_lots=terms.display_lots,
            display_high_lots=terms.display_high_lots,
            hidden=terms.hidden,
            min_qty_lots=terms.min_qty_lots,
            all_or_none=terms.all_or_none,
            stop_ticks=terms.stop_ticks,
            trail_ticks=terms.trail_ticks,
            peg_offset_ticks=terms.peg_offset_ticks,
            self_trade=int(self_trade),
            cause=cause,
        )

    def refuse(
        self, session: Session, command: VenueCommand, refusal: Refusal, now_ns: int
    ) -> None:
        """Answer a command that no book is asked about."""
        self.rejects += isinstance(command, Submit)
        side = int(command.side) if isinstance(command, Submit) else 0
        session.answer(refused(command, refusal, now_ns), side)

    # --- what books say ---------------------------------------------------------------------------

    def answer(self, row: OutRow) -> None:
        """Book a kernel row and send it to the owner of its order."""
        order = self.orders[row.id]
        before_lots = order.open_lots
        if row.type == ReportType.FILLED:
            fill = self.ledger.enter(order, row)
            order.open_lots = row.leaves_lots
            number = order.fill_count
            order.session.answer(row, int(order.side), number, fill.fee)
            self._filled(order, row)
            return
        if row.type in OPENS:
            order.price_ticks = row.price_ticks
            order.open_lots = row.leaves_lots
        elif row.type in ENDS:
            order.open_lots = 0
            self.rejects += row.type == ReportType.REJECTED
        order.session.answer(row, int(order.side))
        if row.type == ReportType.ACCEPTED:
            self._opened(order)
        elif row.type == ReportType.REPLACED:
            self._changed(order, before_lots)
        elif row.type in ENDS:
            self._ended(order, before_lots)

    def _opened(self, order: VenueOrder) -> None:
        order.alive = True
        house = self.houses.get(order.book_id)
        if house is not None:
            house.on_open(order.session.host, order.original, order.open_lots)
            self.acts.arm(house)

    def _changed(self, order: VenueOrder, before_lots: int) -> None:
        house = self.houses.get(order.book_id)
        if house is not None:
            house.on_change(order.session.host, order.original, before_lots, order.open_lots)

    def _filled(self, order: VenueOrder, row: OutRow) -> None:
        """What a fill means for the house: it may end the order, or pull a group of quotes."""
        house = self.houses.get(order.book_id)
        pulled: tuple[int, ...] = ()
        if house is not None:
            host, liquidity = order.session.host, Liquidity(row.liquidity)
            pulled = house.on_fill(host, order.original, row.qty_lots, liquidity, row.ts_ns)
        if row.leaves_lots == 0:
            self._ended(order, 0)
        for order_id in pulled:
            self.acts.end(order_id, Reason.QUOTE_PROTECTION, row.ts_ns)

    def _ended(self, order: VenueOrder, unfilled_lots: int) -> None:
        self._books.forget(order.original.order_id)
        house = self.houses.get(order.book_id)
        if house is not None and order.alive:
            house.on_end(order.session.host, order.original, unfilled_lots)
        elif house is not None:  # a quote that its book refused was counted on already
            house.quotes.on_leaves(order.original.order_id, 0)
        order.alive = False

    # --- what a venue may do to a fill afterwards -------------------------------------------------

    def accrue(self, accrual: Accrual) -> int:
        """Funding or borrow falls due on every account of a book; what all of them paid."""
        return self.ledger.accrue(accrual)

    def bust(self, order_id: int, exec_id: int, now_ns: int) -> bool:
        """Take a fill back, with its fee, and tell the owner of the order.

        Args:
            order_id: Whose fill.
            exec_id: Its number among the order's fills, from 1.
            now_ns: When the venue does so; the clock's present.

        Returns:
            Whether there was such a fill that stood; without one nothing happens.
        """
        order = self.orders.get(order_id)
        fill = None if order is None else self.ledger.bust(order, exec_id)
        if order is None or fill is None:
            return False
        row = restated(ReportType.BUSTED, order_id, order, fill, now_ns)
        order.session.answer(row, int(order.side), exec_id, fill.fee)
        return True

    def correct(
        self, order_id: int, exec_id: int, price_ticks: int, qty_lots: int, now_ns: int
    ) -> bool:
        """Give a fill another price and quantity, and the fee of these, and tell the owner.

        Args:
            order_id: Whose fill.
            exec_id: Its number among the order's fills, from 1.
            price_ticks: What it shall have been traded at.
            qty_lots: How much shall have been traded; the order's open lots stay as they are.
            now_ns: When the venue does so; the clock's present.

        Returns:
            Whether there was such a fill that stood; without one nothing happens.
        """
        assert abs(price_ticks) <= PRICE_TICKS_MAX
        assert 1 <= qty_lots <= QTY_LOTS_MAX
        order = self.orders.get(order_id)
        fill = None
        if order is not None:
            fill = self.ledger.correct(order, exec_id, price_ticks, qty_lots)
        if order is None or fill is None:
            return False
        row = restated(ReportType.CORRECTED, order_id, order, fill, now_ns)
        order.session.answer(row, int(order.side), exec_id, fill.fee)
        return True


def _beyond_plain(command: Submit) -> Refusal | None:
    """Why a book without rules does not take an order."""
    if command.order_type not in PLAIN_TYPES:
        return Refusal(Reason.UNSUPPORTED_TYPE, mask_of(PLAIN_TYPES))
    if command.tif not in PLAIN_TIFS:
        return Refusal(Reason.UNSUPPORTED_TIF, mask_of(PLAIN_TIFS))
    if command.terms is not None and command.terms != NO_TERMS:
        return Refusal(Reason.UNSUPPORTED_TERMS, int(terms_of(command)))
    return None


def _nothing(_book_id: int) -> None:
    """Nobody wants to know."""
