"""What holding a position costs when funding or borrow falls due.

Model: an `Accrual` says a rate and a mark, and each account pays its position times both, rounded half
up to a whole price unit × lot: floor(x + 1/2), also where x is negative, which is money received.
Funding is paid on every position, so shorts receive what longs pay; borrow on short ones alone. A
desk's ledger uses the same rule, so both books agree to the unit.

Invariant: positions that add up to zero pay funding that adds up to zero before it is rounded; after
it the sum is at most half a unit an account, and the venue bears it.
"""

from collections.abc import Iterable

from market.codes import AccrualKind
from market.messages import Accrual
from sim.costs.exact import PPB, divide


def accrued(accrual: Accrual, position_lots: int) -> int:
    """What an account pays, in price unit × lot; negative when it receives.

    Args:
        accrual: What has fallen due.
        position_lots: Held at that moment, signed.
    """
    lots = position_lots
    if accrual.kind is AccrualKind.BORROW:
        lots = max(-position_lots, 0)
    return divide(lots * accrual.mark_units * accrual.rate_ppb, PPB)


def accrue_all(accrual: Accrual, positions: Iterable[int]) -> tuple[list[int], int]:
    """What each of several accounts pays, and the sum, which is what the venue is left with."""
    paid = [accrued(accrual, position_lots) for position_lots in positions]
    return paid, sum(paid)
