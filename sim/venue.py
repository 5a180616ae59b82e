"""The venue: takes commands from sessions into its books, and answers the owner of every order.

The books themselves are in the world; here is what surrounds them: sessions, ownership of orders,
and the venue's own ledger of who traded what (`sim/account.py`). Verdicts are judged on that ledger,
never on what a host believes.

Every command gets at least one answer. The market has been advanced to exactly the instant at which
a command arrives.

A venue may take a fill back (*bust*) or give it another price and quantity (*correct*), long after
the order has ended. Either changes the ledger and tells the owner; no book is asked, since what has
happened there to others stays as it is, and an order never comes back to life. What becomes of the
fee is `sim/costs/billing.py`'s to say.
"""

from collections.abc import Sequence
from typing import Protocol

from market.codes import Liquidity, OrderType, Phase, Reason, ReportType, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.instruments import Instrument
from market.messages import Accrual, Cancel, OrderCommand, Query, Replace, Submit
from sim.account import Account, Fill
from sim.costs import Billing, Fees, Payer, Tariff, Trade
from sim.session import Session
from sim.world import OutRow

__all__ = ["Books", "Fees", "Venue"]


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


class _Order:
    """Whose an order is, and how it stands at the venue.

    Attributes:
        price_ticks: Its limit; 0 for a market order.
        open_lots: What may still fill.
        filled_lots: What has filled, whatever became of it by busts and corrections.
        fill_count: Fills that it ever had; numbers the next one.
        fills: Those that stand, by number.
    """

    __slots__ = (
        "book_id",
        "fill_count",
        "filled_lots",
        "fills",
        "open_lots",
        "price_ticks",
        "session",
        "side",
    )

    def __init__(self, session: Session, book_id: int, side: Side) -> None:
        self.session = session
        self.book_id = book_id
        self.side = side
        self.price_ticks = 0
        self.open_lots = 0
        self.filled_lots = 0
        self.fill_count = 0
        self.fills: dict[int, Fill] = {}


ENDS = frozenset((ReportType.REJECTED, ReportType.EXPIRED, ReportType.CANCELLED))
OPENS = frozenset((ReportType.ACCEPTED, ReportType.REPLACED))


class Venue:
    """One venue with the books of a run.

    Args:
        books: Where orders rest and match.
        instruments: One per book, by `book_id`.
        fees: What trading costs here: one price list for all books, or one each.

    Attributes:
        accounts: By host and book; there from its first fill on.
        billing: What fills were charged, kept and passed on.
        calls: The auction that a book's auction fills come from, set by who ends the call.
    """

    def __init__(
        self, books: Books, instruments: list[Instrument], fees: Tariff | Sequence[Tariff]
    ) -> None:
        self.accounts: dict[tuple[int, int], Account] = {}
        self.orders_received = 0
        self.rejects = 0
        self._books = books
        self._instruments = instruments
        self.billing = Billing(instruments, fees)
        self.calls: dict[int, Phase] = {}
        self._orders: dict[int, _Order] = {}

    def receive(self, session: Session, command: OrderCommand, now_ns: int) -> None:
        """Answer one command that has arrived at `now_ns`."""
        if isinstance(command, Submit):
            self._submit(session, command, now_ns)
            return
        order = self._orders.get(command.order_id)
        owned = order is not None and order.session is session
        if isinstance(command, Query):
            self._tell(session, command, order if owned else None, now_ns)
            return
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
            fill = self._book(order, row)
            order.open_lots = row.leaves_lots
            if row.leaves_lots == 0:
                self._books.forget(row.id)
            order.session.answer(row, int(order.side), order.fill_count, fill.fee)
            return
        if row.type in OPENS:
            order.price_ticks = row.price_ticks
            order.open_lots = row.leaves_lots
        elif row.type in ENDS:
            order.open_lots = 0
            self._books.forget(row.id)
            self.rejects += row.type == ReportType.REJECTED
        order.session.answer(row, int(order.side))

    def _book(self, order: _Order, row: OutRow) -> Fill:
        """Enter a fill into the venue's ledger."""
        book_id = order.book_id
        trade = Trade(
            order.side,
            Liquidity(row.liquidity),
            row.qty_lots,
            self._instruments[book_id].notional(row.price_ticks, row.qty_lots),
            self.calls.get(book_id, Phase.CONTINUOUS),
        )
        payer = Payer(order.session.host, book_id, row.id)
        fill = Fill(row.price_ticks, self.billing.bill(payer, trade, row.ts_ns))
        self.accounts.setdefault((payer.host, book_id), Account()).enter(fill)
        order.fill_count += 1
        order.fills[order.fill_count] = fill
        order.filled_lots += row.qty_lots
        return fill

    def accrue(self, accrual: Accrual) -> int:
        """Funding or borrow falls due on every account of a book.

        Returns:
            What all of them paid, in price unit × lot; of funding what rounding has left.
        """
        mine = (account for key, account in self.accounts.items() if key[1] == accrual.book_id)
        return sum(account.accrue(accrual) for account in mine)

    # --- what a venue may do to a fill afterwards -------------------------------------------------

    def bust(self, order_id: int, exec_id: int, now_ns: int) -> bool:
        """Take a fill back, with its fee, and tell the owner of the order.

        Args:
            order_id: Whose fill.
            exec_id: Its number among the order's fills, from 1.
            now_ns: When the venue does so; the clock's present.

        Returns:
            Whether there was such a fill that stood; without one nothing happens.
        """
        order = self._orders.get(order_id)
        fill = None if order is None else order.fills.pop(exec_id, None)
        if order is None or fill is None:
            return False
        self.accounts[order.session.host, order.book_id].withdraw(fill)
        self.billing.cancel(fill.bill)
        self._restate(ReportType.BUSTED, order_id, exec_id, fill, now_ns)
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
        order = self._orders.get(order_id)
        before = None if order is None else order.fills.get(exec_id)
        if order is None or before is None:
            return False
        notional = self._instruments[order.book_id].notional(price_ticks, qty_lots)
        trade = before.bill.trade._replace(qty_lots=qty_lots, notional=notional)
        fill = Fill(price_ticks, self.billing.restate(before.bill, trade))
        account = self.accounts[order.session.host, order.book_id]
        account.withdraw(before)
        account.enter(fill)
        order.fills[exec_id] = fill
        self._restate(ReportType.CORRECTED, order_id, exec_id, fill, now_ns)
        return True

    def _restate(
        self, kind: ReportType, order_id: int, exec_id: int, fill: Fill, now_ns: int
    ) -> None:
        """Tell an owner what became of a fill."""
        order = self._orders[order_id]
        row = OutRow(
            type=int(kind),
            ts_ns=now_ns,
            book_id=order.book_id,
            id=order_id,
            price_ticks=fill.price_ticks,
            qty_lots=fill.qty_lots,
            leaves_lots=order.open_lots,
            reason=int(Reason.NONE),
            liquidity=int(fill.liquidity),
        )
        order.session.answer(row, int(order.side), exec_id, fill.fee)

    # --- answers that no book is asked for --------------------------------------------------------

    def _tell(self, session: Session, query: Query, order: _Order | None, now_ns: int) -> None:
        """Answer how an order stands; None is one that does not exist for this session."""
        known = order is not None
        row = OutRow(
            type=int(ReportType.STATUS),
            ts_ns=now_ns,
            book_id=order.book_id if order is not None else query.book_id,
            id=query.order_id,
            price_ticks=order.price_ticks if order is not None else 0,
            qty_lots=order.filled_lots if order is not None else 0,
            leaves_lots=order.open_lots if order is not None else 0,
            reason=int(Reason.NONE if known else Reason.UNKNOWN_ORDER),
            liquidity=int(Liquidity.NONE),
        )
        session.answer(row, int(order.side) if order is not None else 0)

    def _refuse(
        self, session: Session, command: Submit | Cancel | Replace, now_ns: int, reason: Reason
    ) -> None:
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
