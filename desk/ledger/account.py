"""One account: what one strategy has done in one book, and how a fill of the day is undone.

Model: position, cash, fees and turnover are sums over fills, so a bust or a correction is a
subtraction and an addition there. Which fill closed which lot depends on their order; so lots and
what they realised are made anew from the state at the opening of the day and the fills that stand. A
bust leaves exactly what would be there had the fill never been, a correction what would be there had
it been so from the first; both take time in proportion to the day's fills, which is well for what
happens on a few days a year.

Limits: fills are kept from one `close_day` to the next; what is older can no longer be undone here.
Funding and borrow that have fallen due on lots which are busted later stay as they are; where a venue
pays them back it says so with an accrual of its own.
"""

from typing import Final

import msgspec

from desk.ledger.lots import Lots, copied, faults, held, trade

STRIDE: Final = 5
"""Words of one fill in `fills`: order id, exec id, signed lots, price in ticks, fee."""


class Account(msgspec.Struct):
    """What one strategy has done in one book, in exact integers of price unit × lot.

    Attributes:
        tick_units: Price units in a tick of the book.
        position_lots: Signed sum of fills.
        cash: Less what was paid for what is held, before fees, funding and borrow.
        fees: Paid on fills; negative for rebates.
        funding: Paid for holding; negative when received.
        borrow: Paid for what is sold short.
        realised: By closing lots, before fees, funding and borrow.
        turnover_lots: Lots traded, both ways.
        fill_count: Fills that stand.
        lots: What is held.
        fills: Those of the day that stand, STRIDE words each, in the order in which they came.
        opening: Lots at the beginning of the day.
        opening_realised: What was realised before it.
    """

    tick_units: int
    lots: Lots
    opening: Lots
    position_lots: int = 0
    cash: int = 0
    fees: int = 0
    funding: int = 0
    borrow: int = 0
    realised: int = 0
    turnover_lots: int = 0
    fill_count: int = 0
    fills: list[int] = []
    opening_realised: int = 0

    @property
    def net_cash(self) -> int:
        """Cash after everything that was paid."""
        return self.cash - self.fees - self.funding - self.borrow

    @property
    def cost(self) -> int:
        """What is held cost this, negative for a short position."""
        return self.lots.cost_tl * self.tick_units


def find(account: Account, order_id: int, exec_id: int) -> int:
    """Where a fill of the day begins in `fills`; -1 when there is none that stands."""
    fills = account.fills
    for at in range(len(fills) - STRIDE, -1, -STRIDE):
        if fills[at] == order_id and fills[at + 1] == exec_id:
            return at
    return -1


def add(account: Account, signed_lots: int, price_ticks: int, fee: int, times: int) -> int:
    """Add a fill to the sums, or with `times` -1 take it off them; how net cash changed."""
    paid = signed_lots * price_ticks * account.tick_units
    account.position_lots += times * signed_lots
    account.cash -= times * paid
    account.fees += times * fee
    account.turnover_lots += times * abs(signed_lots)
    account.fill_count += times
    return -times * (paid + fee)


def replay(account: Account) -> tuple[Lots, int]:
    """Lots and everything realised, made anew from the opening and the fills that stand."""
    lots = copied(account.opening)
    realised_tl = 0
    fills = account.fills
    for at in range(0, len(fills), STRIDE):
        realised_tl += trade(lots, fills[at + 2], fills[at + 3])
    return lots, account.opening_realised + realised_tl * account.tick_units


def rebuild(account: Account) -> None:
    """Put lots and realised right after `fills` has changed."""
    account.lots, account.realised = replay(account)


def close_day(account: Account) -> None:
    """What is held is the opening of the next day; its fills can no longer be undone."""
    account.opening = copied(account.lots)
    account.opening_realised = account.realised
    account.fills = []


def breaks(account: Account) -> list[str]:
    """Every way in which an account contradicts itself; nothing when it does not."""
    found = faults(account.lots)
    if account.position_lots != account.lots.position_lots:
        found.append(
            f"fills add up to {account.position_lots} lots, lots to {account.lots.position_lots}"
        )
    if account.cash != account.realised - account.cost:
        found.append(
            f"cash is {account.cash}, realised {account.realised} less cost {account.cost}"
        )
    lots, realised = replay(account)
    if held(lots) != held(account.lots) or realised != account.realised:
        found.append(
            f"the day's fills make {held(lots)} and {realised} realised, "
            f"found {held(account.lots)} and {account.realised}"
        )
    return found
