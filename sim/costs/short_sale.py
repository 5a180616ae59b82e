"""Short sales: marks, locates, and the price test.

Model: every sell is marked long, short, or short exempt. A short one needs a *locate*, a number of
lots that somebody has promised to lend; one that is short and not exempt must also pass the price
test while that is on. By the rule of 2010 (SEC Rule 201) the test comes on when the price has fallen
by a tenth from the last close, stays for the rest of that trading day and the whole next one, and
lets shorts through above the best bid only.

Order of events: the mark, then the locate, then the price test; the first that fails refuses.

Limits: the test is made when an order arrives. One that was above the bid then may trade at the bid
later, as the rule allows. Who repriced instead of refusing would use `lowest_short_ticks`. Locates
are good for a day, and a short that was covered does not give its locate back.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from market.codes import Reason, SaleKind, Side
from market.messages import NO_PRICE
from sim.costs.exact import PPM, check_range
from sim.costs.refusal import Refusal

FOLLOWING_DAYS_MAX = 10

TestedAgainst = Literal["none", "above_bid", "not_below_ask"]


class ShortSaleRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a venue asks of short sales.

    Attributes:
        check_marks: Whether a sell marked long is held against what the account has.
        locate: Whether a short needs a locate, exempt or not.
        price_test: Which prices pass while the test is on.
        drop_ppm: Fall from the last close that brings the test on, in millionths; 0 is always on.
        following_days: Trading days that it stays on after the day that brought it.
    """

    check_marks: bool = False
    locate: bool = False
    price_test: TestedAgainst = "none"
    drop_ppm: int = 100_000
    following_days: int = 1

    def __post_init__(self) -> None:
        check_range("drop_ppm", self.drop_ppm, 0, PPM)
        check_range("following_days", self.following_days, 0, FOLLOWING_DAYS_MAX)


def refuse_mark(
    rule: ShortSaleRule, side: Side, sale: SaleKind, qty_lots: int, owned_lots: int
) -> Refusal | None:
    """Why an order's mark cannot be right; None when it can.

    Args:
        rule: The venue's.
        side: Of the order.
        sale: Its mark.
        qty_lots: What it would sell.
        owned_lots: The account's position less what its other sells would sell.
    """
    if side is Side.BUY:
        return None if sale is SaleKind.LONG else Refusal(Reason.BAD_FLAGS, int(sale), 0)
    if rule.check_marks and sale is SaleKind.LONG and qty_lots > owned_lots:
        # A long sale of what is not owned is a short sale that nothing has been located for.
        return Refusal(Reason.NO_LOCATE, qty_lots, max(owned_lots, 0))
    return None


class Locates:
    """What one host may sell short, book by book.

    Args:
        lots: Located lots by book.
    """

    def __init__(self, lots: Mapping[int, int]) -> None:
        self._lots: dict[int, int] = {}
        self.open_day(lots)

    def open_day(self, lots: Mapping[int, int]) -> None:
        """Another trading day: these locates, and no others.

        Shorts that still work from the day before take theirs again with `take`.
        """
        assert min(lots.values(), default=0) >= 0
        self._lots = dict(lots)

    def available_lots(self, book_id: int) -> int:
        """What can still be sold short; 0 in a book without locates."""
        return self._lots.get(book_id, 0)

    def refusal(self, rule: ShortSaleRule, book_id: int, qty_lots: int) -> Refusal | None:
        """Why a short sale of so many lots may not work; None when it may."""
        available_lots = self.available_lots(book_id)
        if not rule.locate or qty_lots <= available_lots:
            return None
        return Refusal(Reason.NO_LOCATE, qty_lots, available_lots)

    def take(self, book_id: int, qty_lots: int) -> None:
        """A short begins to work, or grows."""
        assert 0 < qty_lots <= self.available_lots(book_id)
        self._lots[book_id] -= qty_lots

    def give_back(self, book_id: int, qty_lots: int) -> None:
        """A short of today ends with so many lots unfilled, shrinks by them, or had them busted."""
        assert qty_lots >= 0
        self._lots[book_id] = self.available_lots(book_id) + qty_lots


class PriceTest:
    """The price test of one book.

    Args:
        rule: The venue's.
        day: The trading day that it begins on.
        close_units: The last close, in price units; above zero.
    """

    def __init__(self, rule: ShortSaleRule, *, day: int, close_units: int) -> None:
        self._rule = rule
        self._until_day = day - 1
        self.open_day(day, close_units)

    def open_day(self, day: int, close_units: int) -> None:
        """A trading day begins, after a close at `close_units`."""
        assert close_units > 0
        self._day = day
        self._close_units = close_units

    @property
    def is_on(self) -> bool:
        """Whether shorts are tested now."""
        if self._rule.price_test == "none":
            return False
        return self._rule.drop_ppm == 0 or self._day <= self._until_day

    def on_trade(self, price_units: int) -> bool:
        """A price was made: whether it has brought the test on, or keeps it on for longer."""
        fallen = price_units * PPM <= self._close_units * (PPM - self._rule.drop_ppm)
        until_day = self._day + self._rule.following_days
        triggers = self._rule.price_test != "none" and self._rule.drop_ppm > 0
        if not triggers or not fallen or self._until_day == until_day:
            return False
        self._until_day = until_day
        return True

    def lowest_short_ticks(self, bid_ticks: int, ask_ticks: int) -> int:
        """The lowest price at which a short may be entered now; NO_PRICE when any may.

        Args:
            bid_ticks: The best bid, NO_PRICE without one.
            ask_ticks: The best ask, NO_PRICE without one.
        """
        if not self.is_on:
            return NO_PRICE
        if self._rule.price_test == "not_below_ask":
            return ask_ticks
        return NO_PRICE if bid_ticks == NO_PRICE else bid_ticks + 1

    def refusal(
        self, sale: SaleKind, price_ticks: int, bid_ticks: int, ask_ticks: int
    ) -> Refusal | None:
        """Why a sell may not be entered at a price; None when it may.

        Args:
            sale: Its mark; only SHORT is tested.
            price_ticks: Its limit; NO_PRICE for an order that sells at any price, which is found at
                the bid.
            bid_ticks: The best bid, NO_PRICE without one.
            ask_ticks: The best ask, NO_PRICE without one.
        """
        lowest_ticks = self.lowest_short_ticks(bid_ticks, ask_ticks)
        if sale is not SaleKind.SHORT or price_ticks >= lowest_ticks:
            return None
        found_ticks = bid_ticks if price_ticks == NO_PRICE else price_ticks
        return Refusal(Reason.SHORT_PRICE_TEST, found_ticks, lowest_ticks)
