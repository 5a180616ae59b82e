"""The purse: buys wait for the sells that pay for them, and cash is never below zero, whatever fills.

Model: what may be spent is the cash that the desk began with and what its fills have brought or cost, less
the worst that buys on their way may still cost. `desk.execution.schedules.cash` says how much of it goes to
which buy: those whose time is over first come first, and each keeps what it still needs before the next
gets anything. A buy gets as many lots as its grant covers, or waits.

All of it is derived: from the ledger, from orders, from parents. So there is nothing to remember.

Limits: one currency, the base of the desk's state, into which other books' money is turned at its rates.
Money of a sell may be used as soon as its fill has been heard of. What a buy may cost is its limit, with
`fee_ppm` on top; a market order has none, and is not sent under a purse.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UnsetType

from desk.execution import Executor
from desk.execution.child import Child
from desk.execution.parent import ParentStatus
from desk.execution.schedules.cash import BuyWish, grants_of
from desk.picture import Picture
from market.codes import OrderType, Side
from market.decisions import PPM
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE

FAR_NS = 1 << 62
CASH_MICROS_MAX = 1 << 60


class CashConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What buys may spend.

    Attributes:
        cash_micros: At the beginning, in millionths of the base currency.
        fee_ppm: Worst fees of a buy.
    """

    cash_micros: int
    fee_ppm: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.cash_micros <= CASH_MICROS_MAX:
            raise InputError(
                f"cash.cash_micros is {self.cash_micros}, allowed is 0 to {CASH_MICROS_MAX}"
            )
        if not 0 <= self.fee_ppm <= PPM:
            raise InputError(f"cash.fee_ppm is {self.fee_ppm}, allowed is 0 to {PPM}")


class Purse:
    """The cash of one desk.

    Args:
        config: How much there is.
        picture: What is known.
        executor: Whose parents want to buy.
        instruments: By book.
        keys: Every strategy in every book that it trades, `strategy << 16 | book_id`.
    """

    def __init__(
        self,
        config: CashConfig,
        picture: Picture,
        executor: Executor,
        instruments: Sequence[Instrument],
        keys: Sequence[int],
    ) -> None:
        self._config = config
        self._picture = picture
        self._executor = executor
        self._tick_units = [one.tick_units for one in instruments]
        self._keys = list(keys)

    def free_micros(self) -> int:
        """What no buy on its way can cost."""
        state, ledger = self._picture.state, self._picture.ledger
        free = self._config.cash_micros
        for book_id, cash in enumerate(ledger.data.net_cash):
            if cash:
                free += state.value_of_cash(book_id, 2 * cash)
        risk = state.data.buy_risk
        for key in self._keys:
            lots = risk.get(key, 0)
            if lots:
                free -= self._cost(key & 0xFFFF, self._dearest(key, lots), lots)
        return free

    def grant(self, child: Child, now_ns: int) -> tuple[int, int, int]:
        """How many lots of a buy may leave, what the whole would cost, and what is free for it."""
        needed = self._cost(child.book_id, child.price_ticks, child.qty_lots)
        if child.order_type is not OrderType.LIMIT:
            return 0, needed, 0
        free = self.free_micros()
        if free <= 0:
            return 0, needed, max(free, 0)
        wishes = self._wishes(child, now_ns)
        for grant in grants_of(now_ns, free, wishes):
            if grant.parent_id == child.parent_id:
                return min(grant.lots, child.qty_lots), needed, grant.amount
        return 0, needed, 0

    def _wishes(self, child: Child, now_ns: int) -> list[BuyWish]:
        """Every parent that still wants to buy; the child's own at its own price."""
        found = []
        data = self._picture.state.data
        for key, parent in self._executor.data.parents.items():
            if parent.direction <= 0 or parent.status is not ParentStatus.WORKING or parent.quoting:
                continue
            book_id = key & 0xFFFF
            is_own = parent.parent_id == child.parent_id
            lots = parent.position_lots - data.positions.get(key, 0) - data.buy_risk.get(key, 0)
            price_ticks = child.price_ticks if is_own else data.ask_ticks[book_id]
            if is_own:
                lots = max(lots, child.qty_lots)
            if lots <= 0 or price_ticks == NO_PRICE:
                continue
            end_ns = self._executor.end_ns(key, parent.parent_id)
            found.append(
                BuyWish(
                    parent_id=parent.parent_id,
                    begin_ns=parent.began_ns,
                    # What is late keeps nothing back from others, but may still be bought.
                    fund_by_ns=max(end_ns or FAR_NS, now_ns),
                    lots=lots,
                    lot_cost=max(self._cost(book_id, price_ticks, 1), 1),
                )
            )
        return found

    def _dearest(self, key: int, lots: int) -> int:
        """The highest price at which buys of an account, of which so many lots may fill, may do so."""
        strategy, book_id = key >> 16, key & 0xFFFF
        orders = self._picture.orders
        buys = [one for one in orders.live(strategy, book_id) if one.side is Side.BUY]
        if sum(one.at_risk_lots for one in buys) < lots:
            # The end of an order has overtaken its last fills, which is rare enough for a look at all.
            buys = [
                one
                for one in orders.data.orders.values()
                if one.side is Side.BUY
                and one.at_risk_lots
                and (one.strategy, one.book_id) == (strategy, book_id)
            ]
        prices = [self._picture.state.data.ask_ticks[book_id]]
        for order in buys:
            prices.append(order.price_ticks)
            if order.replacing_lots:
                prices.append(order.replacing_ticks)
        return max((one for one in prices if one != NO_PRICE), default=0)

    def _cost(self, book_id: int, price_ticks: int, lots: int) -> int:
        """What lots cost at a price with the worst fees, rounded up."""
        cash_x2 = 2 * price_ticks * self._tick_units[book_id] * lots
        value = self._picture.state.value_of_cash(book_id, cash_x2)
        return -(-value * (PPM + self._config.fee_ppm) // PPM) + 1


def purse_of(
    config: CashConfig | UnsetType, picture: Picture, executor: Executor, keys: Sequence[int]
) -> Purse | None:
    """The cash of a desk, where it is bounded."""
    if not isinstance(config, CashConfig):
        return None
    return Purse(config, picture, executor, picture.ledger.instruments, keys)
