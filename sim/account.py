"""The venue's own ledger: what each host has done in each book, and what the venue charged for it.

Model: a fill moves lots and cash and costs a fee; an account is the sum of the fills that stand. So a
fill that is taken back leaves no trace: position, cash and fee are what they would have been without
it.

Invariant: everything is a whole number. The fee of one fill is its notional times a rate, rounded
half up to a whole price unit × lot, and an account's fee is the sum of those: what reports say adds
up to what the venue keeps, to the last unit.
"""

from typing import Final, NamedTuple

import msgspec

from market.codes import Liquidity, Side

PPM: Final = 1_000_000


class Fees(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fees in parts per million of notional; negative ones are rebates."""

    maker_ppm: int = 0
    taker_ppm: int = 0

    def of(self, notional: int, liquidity: Liquidity) -> int:
        """Fee of one fill, rounded half up: floor(notional × rate + 1/2), a rebate's too."""
        rate_ppm = self.maker_ppm if liquidity is Liquidity.MAKER else self.taker_ppm
        return (notional * rate_ppm + PPM // 2) // PPM


class Fill(NamedTuple):
    """One fill of one order, as it stands; `notional` and `fee` in price unit × lot."""

    side: Side
    price_ticks: int
    qty_lots: int
    liquidity: Liquidity
    notional: int
    fee: int


class Account:
    """What one host has done in one book, in exact integers.

    Attributes:
        position_lots: Signed.
        cash: Price unit × lot, less what was paid for what is held, before fees.
        fee: Fees so far in price unit × lot, positive when paid.
        turnover_lots: Lots traded, both ways.
        fills: Fills that stand.
    """

    __slots__ = ("cash", "fee", "fills", "position_lots", "turnover_lots")

    def __init__(self) -> None:
        self.position_lots = 0
        self.cash = 0
        self.fee = 0
        self.turnover_lots = 0
        self.fills = 0

    def enter(self, fill: Fill) -> None:
        """Book one fill."""
        self._add(fill, 1)

    def withdraw(self, fill: Fill) -> None:
        """Take back a fill that was entered."""
        self._add(fill, -1)

    def _add(self, fill: Fill, times: int) -> None:
        sign = fill.side.sign * times
        self.position_lots += sign * fill.qty_lots
        self.cash -= sign * fill.notional
        self.fee += times * fill.fee
        self.turnover_lots += times * fill.qty_lots
        self.fills += times
