"""The venue's own ledger: who traded what, what it cost, and what became of it afterwards.

Verdicts are judged on this ledger, never on what a host believes. A venue may take a fill back
(*bust*) or give it another price and quantity (*correct*), long after its order has ended; no book is
asked, since what has happened there to others stays as it is. What becomes of the fee is
`sim/costs/billing.py`'s to say.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from market.codes import Liquidity, Phase
from market.instruments import Instrument
from market.messages import Accrual
from sim.account import Account, Fill
from sim.costs import Billing, Payer, Tariff, Trade
from sim.venue_order import VenueOrder
from sim.world import OutRow

if TYPE_CHECKING:
    from sim.front.crossings import Crossings


class VenueLedger:
    """Accounts by host and book, each there from its first fill on.

    Args:
        instruments: One a book.
        fees: What trading costs: one price list for all books, or one each.

    Attributes:
        accounts: By host and book.
        billing: What fills were charged, kept and passed on.
        calls: The auction that a book's auction fills come from, set by who ends the call.
        crossings: Of books whose auctions the tape holds: what is scheduled says which one it was.
        entered: Told the order and the number of each fill that is booked, where anybody asks.
    """

    def __init__(self, instruments: list[Instrument], fees: Tariff | Sequence[Tariff]) -> None:
        self.accounts: dict[tuple[int, int], Account] = {}
        self.billing = Billing(instruments, fees)
        self.calls: dict[int, Phase] = {}
        self.crossings: Mapping[int, Crossings] = {}
        self.entered: Callable[[VenueOrder, int], None] | None = None
        self._instruments = instruments

    def enter(self, order: VenueOrder, row: OutRow) -> Fill:
        """Book a fill."""
        book_id = order.book_id
        trade = Trade(
            order.side,
            Liquidity(row.liquidity),
            row.qty_lots,
            self._worth(book_id, row.price_ticks, row.half, row.qty_lots),
            self._call(book_id, row.ts_ns),
        )
        payer = Payer(order.session.host, book_id, row.id)
        fill = Fill(row.price_ticks, self.billing.bill(payer, trade, row.ts_ns), row.half)
        self.accounts.setdefault((payer.host, book_id), Account()).enter(fill)
        order.fill_count += 1
        order.fills[order.fill_count] = fill
        order.filled_lots += row.qty_lots
        if self.entered is not None:
            self.entered(order, order.fill_count)
        return fill

    def _call(self, book_id: int, now_ns: int) -> Phase:
        """Which auction an auction fill is of."""
        if book_id in self.crossings:
            return self.crossings[book_id].call_at(book_id, now_ns)
        return self.calls.get(book_id, Phase.CONTINUOUS)

    def bust(self, order: VenueOrder, exec_id: int) -> Fill | None:
        """Take a fill back, with its fee; the fill, or None when none of that number stands."""
        fill = order.fills.pop(exec_id, None)
        if fill is not None:
            self.accounts[order.session.host, order.book_id].withdraw(fill)
            self.billing.cancel(fill.bill)
        return fill

    def correct(
        self, order: VenueOrder, exec_id: int, price_ticks: int, qty_lots: int
    ) -> Fill | None:
        """Let a fill stand otherwise; how it does, or None when none of that number stands."""
        before = order.fills.get(exec_id)
        if before is None:
            return None
        notional = self._worth(order.book_id, price_ticks, 0, qty_lots)
        trade = before.bill.trade._replace(qty_lots=qty_lots, notional=notional)
        fill = Fill(price_ticks, self.billing.restate(before.bill, trade))
        account = self.accounts[order.session.host, order.book_id]
        account.withdraw(before)
        account.enter(fill)
        order.fills[exec_id] = fill
        return fill

    def accrue(self, accrual: Accrual) -> int:
        """Funding or borrow falls due on every account of a book.

        Returns:
            What all of them paid, in price unit × lot; of funding what rounding has left.
        """
        mine = (account for key, account in self.accounts.items() if key[1] == accrual.book_id)
        return sum(account.accrue(accrual) for account in mine)

    def _worth(self, book_id: int, price_ticks: int, half: int, qty_lots: int) -> int:
        """What lots at a price are worth; the tick of a book that trades between ticks is even."""
        tick_units = self._instruments[book_id].tick_units
        assert half * tick_units % 2 == 0
        units = price_ticks * tick_units + half * tick_units // 2
        return self._instruments[book_id].notional_of_units(units, qty_lots)
