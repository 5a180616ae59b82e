"""What one fill costs by a price list: a rate, and the least and the most that may come of it."""

from typing import NamedTuple

import msgspec

from market.codes import Liquidity, Phase, Side
from sim.costs.exact import NANOS, NANOS_MAX, PPB, Scale, check_range, divide


class Trade(NamedTuple):
    """One fill as a price list sees it.

    Attributes:
        side: Of the account.
        liquidity: How the account came to it.
        qty_lots: Lots, above zero.
        notional: What they are worth in price unit × lot; negative at a negative price.
        call: Of an AUCTION fill the call that printed; CONTINUOUS where nobody says which.
    """

    side: Side
    liquidity: Liquidity
    qty_lots: int
    notional: int
    call: Phase = Phase.CONTINUOUS

    @property
    def worth(self) -> int:
        """The size of the notional: a trade at a negative price is a trade of that size."""
        return abs(self.notional)


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a price list: from which turnover on it holds, and what it charges.

    The parts are added up and rounded once, half up. Negative ones are rebates.

    Attributes:
        from_lots: Turnover in lots from which on it holds.
        from_currency: Turnover in whole units of currency from which on it holds; where both are
            given, both must be reached.
        notional_ppb: Parts per billion of the fill's worth; 100,000 is one basis point.
        lot_nanos: Billionths of currency a lot; 3,000,000 is 0.003.
        fill_nanos: Billionths of currency a fill.
    """

    from_lots: int = 0
    from_currency: int = 0
    notional_ppb: int = 0
    lot_nanos: int = 0
    fill_nanos: int = 0

    def __post_init__(self) -> None:
        check_range("from_lots", self.from_lots, 0, NANOS_MAX)
        check_range("from_currency", self.from_currency, 0, NANOS_MAX)
        check_range("notional_ppb", self.notional_ppb, -PPB, PPB)
        check_range("lot_nanos", self.lot_nanos, -NANOS_MAX, NANOS_MAX)
        check_range("fill_nanos", self.fill_nanos, -NANOS_MAX, NANOS_MAX)

    def of(self, trade: Trade, scale: Scale) -> int:
        """What a fill costs at this rate, in price unit × lot."""
        flat_nanos = self.lot_nanos * trade.qty_lots + self.fill_nanos
        number = trade.worth * self.notional_ppb * scale.den + flat_nanos * scale.num
        return divide(number, NANOS * scale.den)


class Bounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The least and the most that may be charged; 0 is no bound.

    A minimum is for who pays at all: what is free or a rebate stays so. A cap also bounds a rebate.
    Where the two contradict each other the cap holds, as brokers print it.

    Attributes:
        min_nanos: Least, in billionths of currency.
        cap_nanos: Most, in billionths of currency.
        cap_ppb: Most, in parts per billion of what was traded.
    """

    min_nanos: int = 0
    cap_nanos: int = 0
    cap_ppb: int = 0

    def __post_init__(self) -> None:
        check_range("min_nanos", self.min_nanos, 0, NANOS_MAX)
        check_range("cap_nanos", self.cap_nanos, 0, NANOS_MAX)
        check_range("cap_ppb", self.cap_ppb, 0, PPB)

    @property
    def is_free(self) -> bool:
        """Whether nothing is bounded."""
        return self == NO_BOUNDS

    def clamp(self, amount: int, worth: int, scale: Scale) -> int:
        """An amount within the bounds.

        Args:
            amount: In price unit × lot; negative for a rebate.
            worth: What was traded for it, in price unit × lot.
            scale: Of the instrument.
        """
        if amount > 0:
            amount = max(amount, scale.of_nanos(self.min_nanos))
        if self.cap_nanos:
            cap = scale.of_nanos(self.cap_nanos)
            amount = max(-cap, min(amount, cap))
        if self.cap_ppb:
            cap = divide(worth * self.cap_ppb, PPB)
            amount = max(-cap, min(amount, cap))
        return amount


NO_BOUNDS = Bounds()
