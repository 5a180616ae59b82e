"""Attribution: which strategy, group or instrument brought in what, in whole units of currency.

Model: a book's money is in its own price unit × lot, and books of one currency may differ in that. A
table has one unit for each currency instead: a decimal fraction of it that is fine enough for every
book of that currency and for half of its smallest amount, since marks lie at half ticks. So every
figure is whole, no row is rounded, and tables by strategy, by group and by instrument have equal sums.
"""

from collections.abc import Callable, Sequence

import msgspec

from desk.ledger.ledger import Ledger
from market.instruments import Instrument


class Attribution(msgspec.Struct, kw_only=True):
    """One row: money in 10^-`decimals` of `currency`.

    Attributes:
        key: Number of the strategy, group or book.
        fills: How many stand.
        realised: By closing lots, first in, first out.
        unrealised: On what is held, at the books' marks.
        fees: Paid on fills; negative for rebates.
        funding: Paid for holding; negative when received.
        borrow: Paid for what is sold short.
        marked: Whether every book with an open position has a mark; one without counts at cost.
    """

    key: int
    currency: str
    decimals: int
    fills: int = 0
    realised: int = 0
    unrealised: int = 0
    fees: int = 0
    funding: int = 0
    borrow: int = 0
    marked: bool = True

    @property
    def net(self) -> int:
        """What is left of it all."""
        return self.realised + self.unrealised - self.fees - self.funding - self.borrow


def by_strategy(ledger: Ledger) -> list[Attribution]:
    """A row for each strategy and currency, in that order."""
    return _table(ledger, lambda strategy, _: strategy)


def by_instrument(ledger: Ledger) -> list[Attribution]:
    """A row for each book, by its number."""
    return _table(ledger, lambda _, book_id: book_id)


def by_group(ledger: Ledger, groups: Sequence[int]) -> list[Attribution]:
    """A row for each group and currency, in that order.

    Args:
        ledger: What is attributed.
        groups: The group of each book.
    """
    return _table(ledger, lambda _, book_id: groups[book_id])


def _table(ledger: Ledger, key_of: Callable[[int, int], int]) -> list[Attribution]:
    """Sum every account into the row of its key and currency."""
    decimals = _decimals(ledger.instruments)
    rows: dict[tuple[int, str], Attribution] = {}
    for book_id, instrument in enumerate(ledger.instruments):
        currency = instrument.currency
        half = _half_unit(instrument, decimals[currency])
        for strategy, account in ledger.accounts_of(book_id):
            key = key_of(strategy, book_id)
            row = rows.get((key, currency))
            if row is None:
                row = Attribution(key=key, currency=currency, decimals=decimals[currency])
                rows[key, currency] = row
            row.fills += account.fill_count
            row.realised += 2 * half * account.realised
            row.unrealised += half * ledger.unrealised_x2(strategy, book_id)
            row.fees += 2 * half * account.fees
            row.funding += 2 * half * account.funding
            row.borrow += 2 * half * account.borrow
            if account.position_lots and not ledger.marked(book_id):
                row.marked = False
    return [rows[name] for name in sorted(rows)]


def _decimals(instruments: Sequence[Instrument]) -> dict[str, int]:
    """For each currency the decimals that write half of any book's smallest amount."""
    found: dict[str, int] = {}
    for one in instruments:
        found[one.currency] = max(found.get(one.currency, 0), one.cash_decimals + 1)
    return found


def _half_unit(instrument: Instrument, decimals: int) -> int:
    """Half a price unit × lot in 10^-`decimals` of currency; whole, by the choice of decimals."""
    denominator = 2 * instrument.price_units_per_currency * instrument.lot_den
    scale: int = 10**decimals
    whole, rest = divmod(instrument.lot_num * scale, denominator)
    assert rest == 0
    return whole
