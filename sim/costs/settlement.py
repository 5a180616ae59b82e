"""When what was bought may be sold again: the T+1 sell restriction of A-shares, and its like.

Model: lots bought on a trading day may be sold `sell_after_days` trading days later. Each account has
a number of sellable lots in a book, and a sell order sets its lots aside while it works, so that two
orders never sell the same lots. A sale takes settled lots, and what is bought meanwhile does not
replace them before its own day.

Invariants:
    1. Held = sellable + set aside for working sells + bought too lately.
    2. Without busts none of the three is ever negative.

Order of events: a day opens before anything is traded in it.

Limits: days are trading days, numbered by who knows the calendar. A purchase that is busted after its
lots were sold leaves sellable lots below zero, and every sell is refused until purchases have made up
for it; a real venue would call the broker.
"""

import msgspec

from market.codes import Reason
from sim.costs.exact import check_range
from sim.costs.refusal import Refusal

SELL_AFTER_DAYS_MAX = 10


class SettlementRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many trading days after its purchase a lot may be sold; 0 is at once, and short too."""

    sell_after_days: int = 0

    def __post_init__(self) -> None:
        check_range("sell_after_days", self.sell_after_days, 0, SELL_AFTER_DAYS_MAX)


class SellableLots:
    """What one account may sell in one book.

    Args:
        rule: How long purchases wait.
        day: The trading day that it begins on.
        opening_lots: Held from before, all of them sellable.

    Attributes:
        day: The trading day that it stands at.
        sellable_lots: What a further sell order may ask for.
        working_lots: Set aside for sell orders that work.
    """

    __slots__ = ("_bought", "_rule", "day", "sellable_lots", "working_lots")

    def __init__(self, rule: SettlementRule, *, day: int, opening_lots: int = 0) -> None:
        self._rule = rule
        self._bought: dict[int, int] = {}
        self.day = day
        self.sellable_lots = opening_lots
        self.working_lots = 0

    @property
    def waiting_lots(self) -> int:
        """Bought too lately to be sold."""
        return sum(self._bought.values())

    @property
    def held_lots(self) -> int:
        """The position."""
        return self.sellable_lots + self.working_lots + self.waiting_lots

    def open_day(self, day: int) -> None:
        """A later trading day begins: what has waited long enough may be sold."""
        assert day > self.day
        self.day = day
        for bought in [one for one in self._bought if self._settled(one)]:
            self.sellable_lots += self._bought.pop(bought)

    def refusal(self, qty_lots: int) -> Refusal | None:
        """Why a sell of so many lots may not work; None when it may.

        For an order that grows, ask for what it grows by.
        """
        if self._rule.sell_after_days == 0 or qty_lots <= self.sellable_lots:
            return None
        return Refusal(Reason.NOT_SETTLED, qty_lots, max(self.sellable_lots, 0))

    def work(self, qty_lots: int) -> None:
        """Set lots aside for a sell order that begins to work, or grows."""
        assert qty_lots > 0
        self.sellable_lots -= qty_lots
        self.working_lots += qty_lots

    def release(self, qty_lots: int) -> None:
        """A sell order ends with so many lots unfilled, or shrinks by them."""
        assert 0 <= qty_lots <= self.working_lots
        self.working_lots -= qty_lots
        self.sellable_lots += qty_lots

    def sold(self, qty_lots: int) -> None:
        """A working sell has filled."""
        assert 0 < qty_lots <= self.working_lots
        self.working_lots -= qty_lots

    def bought(self, qty_lots: int) -> None:
        """A buy has filled today."""
        assert qty_lots > 0
        self._add(self.day, qty_lots)

    def bust_sell(self, qty_lots: int) -> None:
        """A sale is taken back: its lots had been settled, and are again."""
        self.sellable_lots += qty_lots

    def bust_buy(self, day: int, qty_lots: int) -> None:
        """A purchase of a trading day is taken back."""
        assert day <= self.day
        self._add(day, -qty_lots)

    def _add(self, day: int, qty_lots: int) -> None:
        if self._settled(day):
            self.sellable_lots += qty_lots
        else:
            self._bought[day] = self._bought.get(day, 0) + qty_lots

    def _settled(self, day: int) -> bool:
        return day + self._rule.sell_after_days <= self.day
