"""What the accounts of a venue may sell: settled lots, located lots, and marks that are true.

Model: each host has an account a book. A sell that begins to work sets lots aside, settled ones or
located ones, as `sim/costs/settlement.py` and `short_sale.py` say; what ends unfilled gives them back.

Limits: accounts begin flat unless the rules say what they hold; locates are one number a book, good
for each trading day, and the same for every host.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from market.codes import SaleKind, Side
from market.messages import NO_PRICE, Submit
from market.refusals import Refusal
from sim.costs.settlement import SellableLots, SettlementRule
from sim.costs.short_sale import Locates, PriceTest, ShortSaleRule, refuse_mark
from sim.front.kinds import limit_of

SHORTS = (SaleKind.SHORT, SaleKind.SHORT_EXEMPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingsRules:
    """What selling needs at a venue.

    Attributes:
        settlement: When what was bought may be sold.
        short_sale: What short sales need.
        locates: Lots that each host may sell short a day, by book.
        opening_lots: What each host holds at the start, settled, by book.
        closes_units: The last close of each book with a price test, in price units.
        tick_units: Of each of these books.
    """

    settlement: SettlementRule = field(default_factory=SettlementRule)
    short_sale: ShortSaleRule = field(default_factory=ShortSaleRule)
    locates: Mapping[int, int] = field(default_factory=dict)
    opening_lots: Mapping[int, int] = field(default_factory=dict)
    closes_units: Mapping[int, int] = field(default_factory=dict)
    tick_units: Mapping[int, int] = field(default_factory=dict)


class Holdings:
    """The accounts of one venue.

    Args:
        rules: What they are held to.
    """

    def __init__(self, rules: HoldingsRules) -> None:
        self.rules = rules
        self.day = 0
        self.tests = {
            book_id: PriceTest(rules.short_sale, day=0, close_units=close_units)
            for book_id, close_units in rules.closes_units.items()
        }
        self._lots: dict[tuple[int, int], SellableLots] = {}
        self._locates: dict[int, Locates] = {}
        self._owned: dict[tuple[int, int], int] = {}
        self._working: dict[tuple[int, int], int] = {}
        self._settles = rules.settlement.sell_after_days > 0

    # --- what is asked ------------------------------------------------------------------------------

    def refusal(self, host: int, submit: Submit, bid_ticks: int, ask_ticks: int) -> Refusal | None:
        """Why an account may not send an order; None when it may."""
        book_id, lots = submit.book_id, submit.qty_lots
        rule = self.rules.short_sale
        wrong = refuse_mark(rule, submit.side, submit.sale, lots, self._free(host, book_id))
        if wrong is None and submit.sale in SHORTS:
            wrong = self._located(host).refusal(rule, book_id, lots)
        if wrong is None and submit.side is Side.SELL and book_id in self.tests:
            limit_ticks = limit_of(submit)
            price_ticks = NO_PRICE if limit_ticks is None else limit_ticks
            wrong = self.tests[book_id].refusal(submit.sale, price_ticks, bid_ticks, ask_ticks)
        if wrong is None and self._sells_settled(submit):
            wrong = self._sellable(host, book_id).refusal(lots)
        return None if wrong is None else Refusal(wrong.reason, wrong.allowed)

    def grow_refusal(self, host: int, submit: Submit, more_lots: int) -> Refusal | None:
        """Why a working sell may not grow by so many lots; None when it may, or shrinks."""
        if more_lots <= 0 or submit.side is Side.BUY:
            return None
        book_id = submit.book_id
        if submit.sale in SHORTS:
            wrong = self._located(host).refusal(self.rules.short_sale, book_id, more_lots)
        elif self._settles:
            wrong = self._sellable(host, book_id).refusal(more_lots)
        else:
            owned = self._free(host, book_id)
            wrong = refuse_mark(self.rules.short_sale, Side.SELL, submit.sale, more_lots, owned)
        return None if wrong is None else Refusal(wrong.reason, wrong.allowed)

    # --- what is told -------------------------------------------------------------------------------

    def on_open(self, host: int, submit: Submit, open_lots: int) -> None:
        """An order works with so many lots."""
        self.on_change(host, submit, 0, open_lots)

    def on_change(self, host: int, submit: Submit, before_lots: int, open_lots: int) -> None:
        """A working order has other open lots, without a fill."""
        if submit.side is Side.BUY or before_lots == open_lots:
            return
        more = open_lots - before_lots
        key = host, submit.book_id
        self._working[key] = self._working.get(key, 0) + more
        if submit.sale in SHORTS and self.rules.short_sale.locate:
            located = self._located(host)
            if more > 0:
                located.take(submit.book_id, more)
            else:
                located.give_back(submit.book_id, -more)
        if self._sells_settled(submit):
            sellable = self._sellable(*key)
            if more > 0:
                sellable.work(more)
            else:
                sellable.release(-more)

    def on_fill(self, host: int, submit: Submit, lots: int) -> None:
        """An order has filled."""
        key = host, submit.book_id
        self._owned[key] = self._held(*key) + submit.side.sign * lots
        if submit.side is Side.SELL:
            self._working[key] = self._working.get(key, 0) - lots
        if not self._settles:
            return
        if submit.side is Side.BUY:
            self._sellable(*key).bought(lots)
        elif self._sells_settled(submit):
            self._sellable(*key).sold(lots)

    def on_end(self, host: int, submit: Submit, unfilled_lots: int) -> None:
        """An order has ended with so many lots unfilled."""
        self.on_change(host, submit, unfilled_lots, 0)

    def open_day(self) -> None:
        """The next trading day begins: what has waited long enough may be sold."""
        self.day += 1
        for lots in self._lots.values():
            lots.open_day(self.day)
        for located in self._locates.values():
            located.open_day(self.rules.locates)

    def on_price(self, book_id: int, price_x2: int) -> None:
        """A price was made, in half ticks: it may bring the price test on."""
        test = self.tests.get(book_id)
        if test is not None:
            test.on_trade(price_x2 * self.rules.tick_units[book_id] // 2)

    # --- the accounts -------------------------------------------------------------------------------

    def _sells_settled(self, submit: Submit) -> bool:
        """Whether an order sells lots that must be settled."""
        return self._settles and submit.side is Side.SELL and submit.sale is SaleKind.LONG

    def _held(self, host: int, book_id: int) -> int:
        return self._owned.get((host, book_id), self.rules.opening_lots.get(book_id, 0))

    def _free(self, host: int, book_id: int) -> int:
        """What the account holds less what its sells would sell."""
        return self._held(host, book_id) - self._working.get((host, book_id), 0)

    def _sellable(self, host: int, book_id: int) -> SellableLots:
        key = host, book_id
        if key not in self._lots:
            opening = self.rules.opening_lots.get(book_id, 0)
            self._lots[key] = SellableLots(
                self.rules.settlement, day=self.day, opening_lots=opening
            )
        return self._lots[key]

    def _located(self, host: int) -> Locates:
        if host not in self._locates:
            self._locates[host] = Locates(self.rules.locates)
        return self._locates[host]
