"""The desk's ledger: fills become lots, cash and profit, per strategy and book, in whole units.

Model: an account for each strategy in each book (`desk/ledger/account.py`), first in, first out. Money
of a book is in its price unit × lot. What is held is worth the book's mark, which comes as twice the
mark in ticks, since a mid may lie between two; so everything that a mark touches is twice as large
(`_x2`) and stays whole.

Invariants, of every account after every event, and of all of them with their lots walked and the
day's fills played anew in `check`:
1. The sum over lots is the sum over fills: the position.
2. realised + unrealised(mark) == cash + position × mark, for every mark: cash == realised − cost.
3. The figures of a book are the sums over its accounts.

A book that was never marked is worth what was paid for it: it has no unrealised profit.

Bust and correct undo exactly: afterwards everything is as if the fill had never been, or had been so
from the first (see `desk/ledger/account.py` for how, and for what is too old).

Limits: who reports a fill twice books it twice; `desk.orders` sees to that. Sums beyond 63 bits
cannot be written to a journal.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from desk.ledger import account as accounts
from desk.ledger.account import Account
from desk.ledger.lots import Lots, trade
from market.codes import AccrualKind, Side
from market.errors import DeskError
from market.instruments import Instrument
from market.messages import NO_PRICE, Accrual

BOOK_BITS: Final = 16
BILLION: Final = 1_000_000_000


class LedgerData(msgspec.Struct):
    """All that a ledger remembers.

    Attributes:
        accounts: By `strategy << 16 | book_id`.
        position_lots: Of each book, all strategies together.
        net_cash: Of each book, after fees, funding and borrow.
        marks_x2_ticks: Twice the mark of each book; NO_PRICE when it was never marked.
    """

    accounts: dict[int, Account]
    position_lots: list[int]
    net_cash: list[int]
    marks_x2_ticks: list[int]


class Ledger:
    """Lots and money of one desk.

    Args:
        instruments: By `book_id`.
        strategy_count: Strategies are 0 to this, exclusive.
        data: What a ledger before this one remembered; None for a fresh one. Owned from here on.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        strategy_count: int,
        data: LedgerData | None = None,
    ) -> None:
        count = len(instruments)
        if data is None:
            data = LedgerData({}, [0] * count, [0] * count, [NO_PRICE] * count)
        assert count == len(data.position_lots) == len(data.net_cash) == len(data.marks_x2_ticks)
        self.instruments: Final = list(instruments)
        self.strategy_count: Final = strategy_count
        self.data: Final = data
        self._accounts: Final = data.accounts
        self._position_lots: Final = data.position_lots
        self._net_cash: Final = data.net_cash
        self._marks_x2_ticks: Final = data.marks_x2_ticks

    # --- what happens -----------------------------------------------------------------------------

    def fill(
        self,
        strategy: int,
        book_id: int,
        side: Side,
        price_ticks: int,
        qty_lots: int,
        fee: int,
        order_id: int,
        exec_id: int,
    ) -> None:
        """Book one fill.

        Args:
            strategy: Whose it is.
            book_id: Where it traded.
            side: Of our order.
            price_ticks: What it traded at.
            qty_lots: How much, > 0.
            fee: What it cost in price unit × lot; negative for a rebate.
            order_id: With `exec_id` the name under which it may be busted or corrected.
            exec_id: Number of the fill among its order's fills.
        """
        assert qty_lots > 0
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        if account is None:
            account = self._open(strategy, book_id)
        signed_lots = -qty_lots if side else qty_lots
        # The sums of `accounts.add`, written out: this is the path of every fill.
        tick_units = account.tick_units
        paid = signed_lots * price_ticks * tick_units
        account.position_lots += signed_lots
        account.cash -= paid
        account.fees += fee
        account.turnover_lots += qty_lots
        account.fill_count += 1
        account.fills += (order_id, exec_id, signed_lots, price_ticks, fee)
        lots = account.lots
        realised_tl = trade(lots, signed_lots, price_ticks)
        if realised_tl:
            account.realised += realised_tl * tick_units
        self._position_lots[book_id] += signed_lots
        self._net_cash[book_id] -= paid + fee
        if (
            account.position_lots != lots.position_lots
            or account.cash != account.realised - lots.cost_tl * tick_units
        ):
            raise _broken(strategy, book_id, account)

    def bust(self, strategy: int, book_id: int, order_id: int, exec_id: int) -> bool:
        """Undo a fill of the day, with its fee.

        Returns:
            Whether there was such a fill that stood; without one nothing changes.
        """
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        at = -1 if account is None else accounts.find(account, order_id, exec_id)
        if account is None or at < 0:
            return False
        fills = account.fills
        _, _, signed_lots, price_ticks, fee = fills[at : at + accounts.STRIDE]
        del fills[at : at + accounts.STRIDE]
        self._net_cash[book_id] += accounts.add(account, signed_lots, price_ticks, fee, -1)
        self._position_lots[book_id] -= signed_lots
        accounts.rebuild(account)
        self.check_account(strategy, book_id)
        return True

    def correct(
        self,
        strategy: int,
        book_id: int,
        order_id: int,
        exec_id: int,
        price_ticks: int,
        qty_lots: int,
        fee: int,
    ) -> bool:
        """Give a fill of the day another price, quantity and fee; it keeps its place among fills.

        Returns:
            Whether there was such a fill that stood; without one nothing changes.
        """
        assert qty_lots > 0
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        at = -1 if account is None else accounts.find(account, order_id, exec_id)
        if account is None or at < 0:
            return False
        fills = account.fills
        _, _, before_lots, before_ticks, before_fee = fills[at : at + accounts.STRIDE]
        signed_lots = -qty_lots if before_lots < 0 else qty_lots
        fills[at + 2 : at + accounts.STRIDE] = signed_lots, price_ticks, fee
        self._net_cash[book_id] += accounts.add(account, before_lots, before_ticks, before_fee, -1)
        self._net_cash[book_id] += accounts.add(account, signed_lots, price_ticks, fee, 1)
        self._position_lots[book_id] += signed_lots - before_lots
        accounts.rebuild(account)
        self.check_account(strategy, book_id)
        return True

    def accrue(self, accrual: Accrual) -> None:
        """Funding or borrow falls due on what every strategy itself holds of a book.

        Each strategy pays its position times the mark times the rate, rounded half up to a whole
        price unit × lot: floor(x + 1/2), also where x is negative, which is money received. FUNDING
        is paid on every position, so shorts receive what longs pay; BORROW on short ones alone.
        """
        book_id = accrual.book_id
        per_lot = accrual.mark_units * accrual.rate_ppb
        for strategy in range(self.strategy_count):
            account = self._accounts.get(strategy << BOOK_BITS | book_id)
            if account is None:
                continue
            if accrual.kind is AccrualKind.FUNDING:
                paid = _in_billions(account.position_lots * per_lot)
                account.funding += paid
            else:
                paid = _in_billions(max(-account.position_lots, 0) * per_lot)
                account.borrow += paid
            self._net_cash[book_id] -= paid

    def mark(self, book_id: int, mark_x2_ticks: int) -> None:
        """What a book is worth from now on: twice the mark, in ticks."""
        self._marks_x2_ticks[book_id] = mark_x2_ticks

    def close_day(self) -> None:
        """Check everything, then open the next day: fills so far can no longer be undone."""
        self.check()
        for account in self._accounts.values():
            accounts.close_day(account)

    # --- queries ----------------------------------------------------------------------------------

    def account(self, strategy: int, book_id: int) -> Account | None:
        """The account of a strategy in a book, to be read only; None before its first fill."""
        return self._accounts.get(strategy << BOOK_BITS | book_id)

    def position_lots(self, strategy: int, book_id: int) -> int:
        """What a strategy holds of a book, signed."""
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        return 0 if account is None else account.position_lots

    def realised(self, strategy: int, book_id: int) -> int:
        """Profit of closed lots, before fees, funding and borrow."""
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        return 0 if account is None else account.realised

    def unrealised_x2(self, strategy: int, book_id: int) -> int:
        """Twice the profit of open lots at the mark; 0 while the book was never marked."""
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        mark_x2_ticks = self._marks_x2_ticks[book_id]
        if account is None or mark_x2_ticks == NO_PRICE:
            return 0
        worth_x2_tl = account.position_lots * mark_x2_ticks
        return (worth_x2_tl - 2 * account.lots.cost_tl) * account.tick_units

    def equity_x2(self, book_id: int) -> int:
        """Twice what a book has brought in: cash + position × mark − fees − funding − borrow."""
        mark_x2_ticks = self._marks_x2_ticks[book_id]
        net_x2 = 2 * self._net_cash[book_id]
        if mark_x2_ticks == NO_PRICE:
            return net_x2 + 2 * sum(account.cost for _, account in self.accounts_of(book_id))
        tick_units = self.instruments[book_id].tick_units
        return net_x2 + self._position_lots[book_id] * mark_x2_ticks * tick_units

    def marked(self, book_id: int) -> bool:
        """Whether a book ever had a mark."""
        return self._marks_x2_ticks[book_id] != NO_PRICE

    def accounts_of(self, book_id: int) -> list[tuple[int, Account]]:
        """Strategy and account of all who ever traded a book, in order of strategy."""
        keys = ((one, one << BOOK_BITS | book_id) for one in range(self.strategy_count))
        return [(one, self._accounts[key]) for one, key in keys if key in self._accounts]

    def check(self) -> None:
        """Hold every account and every book against the invariants.

        Raises:
            DeskError: One is broken; the text says which, with both figures.
        """
        for book_id in range(len(self.instruments)):
            found = self.accounts_of(book_id)
            for strategy, account in found:
                self.check_account(strategy, book_id)
                wrong = accounts.breaks(account)
                if wrong:
                    raise DeskError(f"strategy {strategy}, book {book_id}: {'; '.join(wrong)}")
            sums = (
                sum(account.position_lots for _, account in found),
                sum(account.net_cash for _, account in found),
            )
            tallies = (self._position_lots[book_id], self._net_cash[book_id])
            if sums != tallies:
                raise DeskError(f"book {book_id}: accounts add up to {sums}, tallies are {tallies}")

    def check_account(self, strategy: int, book_id: int) -> None:
        """Hold one account against invariants 1 and 2, without walking anything.

        Every event does so by itself with the account that it touched.

        Raises:
            DeskError: One is broken.
        """
        account = self._accounts.get(strategy << BOOK_BITS | book_id)
        if account is not None and (
            account.position_lots != account.lots.position_lots
            or account.cash != account.realised - account.cost
        ):
            raise _broken(strategy, book_id, account)

    # --- helpers ----------------------------------------------------------------------------------

    def _open(self, strategy: int, book_id: int) -> Account:
        """A new account."""
        assert 0 <= strategy < self.strategy_count
        tick_units = self.instruments[book_id].tick_units
        account = Account(tick_units, Lots(), Lots())
        self._accounts[strategy << BOOK_BITS | book_id] = account
        return account


def _in_billions(amount: int) -> int:
    """A whole number of 10^-9, rounded half up."""
    return (amount + BILLION // 2) // BILLION


def _broken(strategy: int, book_id: int, account: Account) -> DeskError:
    """What to raise when an account no longer adds up."""
    return DeskError(
        f"strategy {strategy}, book {book_id}: fills hold {account.position_lots} lots and "
        f"{account.cash} of cash, lots hold {account.lots.position_lots} and realised less cost is "
        f"{account.realised - account.cost}"
    )
