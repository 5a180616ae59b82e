"""The ledger: fills become lots, cash and profit, in whole units, and what the venue says is compared.

`Ledger` keeps an account for each strategy in each book and asserts that lots and money add up after
every event; its `LedgerData` is all that it remembers. `by_strategy`, `by_group` and `by_instrument`
say who brought in what. `reconcile` holds `totals_of` a ledger against the venue's own figures.
"""

from desk.ledger.account import Account
from desk.ledger.attribution import Attribution, by_group, by_instrument, by_strategy
from desk.ledger.ledger import Ledger, LedgerData
from desk.ledger.reconcile import BookTotals, Break, BreakCode, reconcile, totals_of

__all__ = [
    "Account",
    "Attribution",
    "BookTotals",
    "Break",
    "BreakCode",
    "Ledger",
    "LedgerData",
    "by_group",
    "by_instrument",
    "by_strategy",
    "reconcile",
    "totals_of",
]
