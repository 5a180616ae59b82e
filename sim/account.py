"""The venue's own ledger: what each host has done in each book, and what the venue charged for it.

Model: a fill moves lots and cash and costs a fee; an account is the sum of the fills that stand. So a
fill that is taken back leaves no trace: position, cash and fee are what they would have been without
it. Funding and borrow come on top when they fall due, and stay when fills are taken back later.

Invariant: everything is a whole number. What a fill costs is fixed by its bill (`sim.costs`), and an
account's fee is the sum of those: what reports say adds up to what the venue keeps and passes on, to
the last unit.
"""

from typing import NamedTuple

from market.codes import AccrualKind, Liquidity
from market.messages import Accrual
from sim.costs import Bill, Fees, accrued

__all__ = ["Account", "Fees", "Fill"]


class Fill(NamedTuple):
    """One fill of one order, as it stands: at which price, and what it was charged for.

    With `half` 1 the price lies half a tick above `price_ticks`.
    """

    price_ticks: int
    bill: Bill
    half: int = 0

    @property
    def qty_lots(self) -> int:
        """How much."""
        return self.bill.trade.qty_lots

    @property
    def liquidity(self) -> Liquidity:
        """How the order came to it."""
        return self.bill.trade.liquidity

    @property
    def fee(self) -> int:
        """What it costs in all, in price unit × lot; negative when a rebate outweighs the rest."""
        return self.bill.charge.total


class Account:
    """What one host has done in one book, in exact integers.

    Attributes:
        position_lots: Signed.
        cash: Price unit × lot, less what was paid for what is held, before fees.
        fee: Fees so far in price unit × lot, positive when paid; levies are part of them.
        levy: The part of the fees that the venue passes on.
        turnover_lots: Lots traded, both ways.
        fills: Fills that stand.
        funding: Paid for holding, in price unit × lot; negative when received.
        borrow: Paid for what is sold short.
    """

    __slots__ = (
        "borrow",
        "cash",
        "fee",
        "fills",
        "funding",
        "levy",
        "position_lots",
        "turnover_lots",
    )

    def __init__(self) -> None:
        self.position_lots = 0
        self.cash = 0
        self.fee = 0
        self.levy = 0
        self.turnover_lots = 0
        self.fills = 0
        self.funding = 0
        self.borrow = 0

    def enter(self, fill: Fill) -> None:
        """Book one fill."""
        self._add(fill, 1)

    def withdraw(self, fill: Fill) -> None:
        """Take back a fill that was entered."""
        self._add(fill, -1)

    def accrue(self, accrual: Accrual) -> int:
        """Funding or borrow falls due on what is held now: what was paid, negative when received."""
        paid = accrued(accrual, self.position_lots)
        if accrual.kind is AccrualKind.FUNDING:
            self.funding += paid
        else:
            self.borrow += paid
        return paid

    def _add(self, fill: Fill, times: int) -> None:
        trade, charge = fill.bill.trade, fill.bill.charge
        sign = trade.side.sign * times
        self.position_lots += sign * trade.qty_lots
        self.cash -= sign * trade.notional
        self.fee += times * charge.total
        self.levy += times * charge.levy
        self.turnover_lots += times * trade.qty_lots
        self.fills += times
