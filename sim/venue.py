"""The venue: takes commands from sessions into its books, and answers the owner of every order.

The books themselves are in the world; here is what surrounds them: sessions, ownership of orders,
fees, and the venue's own ledger of who traded what. Verdicts are judged on that ledger, never on
what a host believes.

Every command gets at least one answer. The market has been advanced to exactly the instant at which
a command arrives.
"""

from typing import Protocol

import msgspec

from market.codes import Liquidity, OrderType, Reason, ReportType, Side
from market.instruments import Instrument
from market.messages import Cancel, Replace, Submit
from sim.session import OrderCommand, Session
from sim.world import OutRow

PPM = 1_000_000


class Books(Protocol):
    """The books of a run, fast or slow."""

    def submit(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        side: int,
        order_type: int,
        tif: int,
        post_only: bool,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Submit an order; what the owners of orders must hear."""
        ...

    def cancel(self, book_id: int, now_ns: int, order_id: int, *, cause: int) -> list[OutRow]:
        """Cancel an order."""
        ...

    def replace(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Replace an order."""
        ...

    def forget(self, order_id: int) -> None:
        """An order has ended."""
        ...


class Fees(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fees in parts per million of notional; negative ones are rebates."""

    maker_ppm: int = 0
    taker_ppm: int = 0


class Account:
    """What one host has done in one book, in exact integers.

    Attributes:
        position_lots: Signed.
        cash: Price unit × lot, less what was paid for what is held.
        fee_ppm: Fees so far in price unit × lot × 1e-6, positive when paid.
        turnover_lots: Lots traded, both ways.
    """

    __slots__ = ("cash", "fee_ppm", "fills", "position_lots", "turnover_lots")

    def __init__(self) -> None:
        self.position_lots = 0
        self.cash = 0
        self.fee_ppm = 0
        self.turnover_lots = 0
        self.fills = 0

    def fill(self, side: Side, notional: int, qty_lots: int, rate_ppm: int) -> None:
        """Book one fill worth `notional` price unit × lot."""
        self.position_lots += side.sign * qty_lots
        self.cash -= side.sign * notional
        self.fee_ppm += notional * rate_ppm
        self.turnover_lots += qty_lots
        self.fills += 1


class _Order:
    """Whose an order is, and how it stands at the venue."""

    __slots__ = ("book_id", "done", "session", "side")

    def __init__(self, session: Session, book_id: int, side: Side) -> None:
        self.session = session
        self.book_id = book_id
        self.side = side
        self.done = False


ENDS = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))


class Venue:
    """One venue with the books of a run.

    Args:
        books: Where orders rest and match.
        instruments: One per book, by `book_id`.
        fees: What trading costs here.
    """

    def __init__(self, books: Books, instruments: list[Instrument], fees: Fees) -> None:
        self.accounts: dict[tuple[int, int], Account] = {}
        self.orders_received = 0
        self.rejects = 0
        self._books = books
        self._instruments = instruments
        self._fees = fees
        self._orders: dict[int, _Order] = {}

    def receive(self, session: Session, command: OrderCommand, now_ns: int) -> None:
        """Answer one command that has arrived at `now_ns`."""
        if isinstance(command, Submit):
            self._submit(session, command, now_ns)
            return
        order = self._orders.get(command.order_id)
        owned = order is not None and order.session is session
        book_id = order.book_id if order is not None and owned else command.book_id
        if not 0 <= book_id < len(self._instruments):
            self._refuse(session, command, now_ns, Reason.UNKNOWN_BOOK)
            return
        if not owned:
            # A stranger's order does not exist for this session.
            self._refuse(session, command, now_ns, Reason.UNKNOWN_ORDER)
            return
        # Negative causes are own commands; the tape's messages have the others.
        cause = -((command.order_id << 8) + session.attempt(command.order_id))
        if isinstance(command, Cancel):
            rows = self._books.cancel(book_id, now_ns, command.order_id, cause=cause)
        else:
            rows = self._books.replace(
                book_id,
                now_ns,
                command.order_id,
                price_ticks=command.price_ticks,
                qty_lots=command.qty_lots,
                cause=cause,
            )
        for row in rows:
            self.answer(row)

    def _submit(self, session: Session, command: Submit, now_ns: int) -> None:
        """Answer a new order."""
        self.orders_received += 1
        if not 0 <= command.book_id < len(self._instruments):
            self._refuse(session, command, now_ns, Reason.UNKNOWN_BOOK)
            return
        if command.order_id in self._orders:
            self._refuse(session, command, now_ns, Reason.DUPLICATE_ORDER)
            return
        self._orders[command.order_id] = _Order(session, command.book_id, command.side)
        rows = self._books.submit(
            command.book_id,
            now_ns,
            command.order_id,
            side=int(command.side),
            order_type=int(command.order_type),
            tif=int(command.tif),
            post_only=command.post_only,
            price_ticks=command.price_ticks,
            qty_lots=command.qty_lots,
            cause=-((command.order_id << 8) + session.attempt(command.order_id)),
        )
        for row in rows:
            self.answer(row)

    def answer(self, row: OutRow) -> None:
        """Book a kernel row and send it to the owner of its order."""
        order = self._orders[row.id]
        if row.type == ReportType.FILLED:
            self._book(order, row)
        ended = row.type in ENDS or (row.type == ReportType.FILLED and row.leaves_lots == 0)
        if ended:
            order.done = True
            self._books.forget(row.id)
        if row.type == ReportType.REJECTED:
            self.rejects += 1
        order.session.answer(row, int(order.side))

    def _book(self, order: _Order, row: OutRow) -> None:
        """Enter a fill into the venue's ledger."""
        key = (order.session.host, order.book_id)
        account = self.accounts.setdefault(key, Account())
        maker = row.liquidity == Liquidity.MAKER
        rate = self._fees.maker_ppm if maker else self._fees.taker_ppm
        notional = self._instruments[order.book_id].notional(row.price_ticks, row.qty_lots)
        account.fill(order.side, notional, row.qty_lots, rate)

    def _refuse(self, session: Session, command: OrderCommand, now_ns: int, reason: Reason) -> None:
        """Answer a command that no book is asked about."""
        price_ticks = 0 if isinstance(command, Cancel) else command.price_ticks
        qty_lots = 0 if isinstance(command, Cancel) else command.qty_lots
        side = 0
        if isinstance(command, Submit):
            kind = ReportType.REJECTED
            self.rejects += 1
            side = int(command.side)
            price_ticks = 0 if command.order_type is OrderType.MARKET else price_ticks
        elif isinstance(command, Replace):
            kind = ReportType.REPLACE_REJECTED
        else:
            kind = ReportType.CANCEL_REJECTED
        row = OutRow(
            type=int(kind),
            ts_ns=now_ns,
            book_id=command.book_id,
            id=command.order_id,
            price_ticks=price_ticks,
            qty_lots=qty_lots,
            leaves_lots=0,
            reason=int(reason),
            liquidity=0,
        )
        session.answer(row, side)
