"""Accounts and orders of the served exchange: who has what, what of it is locked, and what is open.

Model: an account begins with balances and changes by fills alone, whose fee is charged in the quote
asset, as the venue's ledger charges it. An open buy locks its worth at its limit with the highest
fee that it can cost, an open sell its quantity; so no balance can fall below zero.

Invariant: what an account has of an asset is what it began with, plus what the venue's own ledger
says of it (`Account.conserves`), exactly: balances are fractions, and only their text is rounded.
"""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Final

from bridge.served.port import Holding, Rates
from bridge.served.symbols import Symbol
from market.codes import Side

PPM: Final = 1_000_000


class OrderStatus(StrEnum):
    """How an order stands, in the exchange's words."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


OPEN: Final = frozenset((OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED))


class OwnFill:
    """One fill of an order."""

    __slots__ = ("fee", "is_maker", "lots", "ticks", "time_ms", "trade_id")

    def __init__(
        self, trade_id: int, ticks: int, lots: int, fee: int, *, is_maker: bool, time_ms: int
    ) -> None:
        self.trade_id = trade_id
        self.ticks = ticks
        self.lots = lots
        self.fee = fee
        self.is_maker = is_maker
        self.time_ms = time_ms


class ServedOrder:
    """An order as its owner is told of it.

    Attributes:
        limit_ticks: What it is entered with; for a market order the price that it may go to.
        shown_ticks: What the owner is told: 0 for a market order.
        worth: Filled so far, in price unit × lot.
    """

    def __init__(
        self,
        symbol: Symbol,
        order_id: int,
        client_id: str,
        side: Side,
        kind: str,
        tif: str,
        *,
        limit_ticks: int,
        lots: int,
        time_ms: int,
        quote_qty: str = "0.00000000",
    ) -> None:
        self.symbol = symbol
        self.order_id = order_id
        self.client_id = client_id
        self.cancel_id = ""
        self.side = side
        self.kind = kind
        self.tif = tif
        self.limit_ticks = limit_ticks
        self.shown_ticks = 0 if kind == "MARKET" else limit_ticks
        self.lots = lots
        self.quote_qty = quote_qty
        self.time_ms = self.update_ms = time_ms
        self.working_ms = time_ms
        self.filled_lots = 0
        self.worth = 0
        self.status = OrderStatus.NEW
        self.fills: list[OwnFill] = []

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status in OPEN

    def locks(self, rates: Rates) -> Fraction:
        """How much of its asset it holds back: of the quote asset a buy, of the base asset a sell."""
        left = self.lots - self.filled_lots if self.is_open else 0
        if self.side is Side.SELL:
            return left * self.symbol.lot
        worth = self.symbol.instrument.notional(self.limit_ticks, left) * self.symbol.unit
        return worth * (PPM + max(rates)) / PPM


class Account:
    """One API key's.

    Args:
        key: The API key.
        member: Its number at the market.
        balances: What it begins with, by asset.
    """

    def __init__(self, key: str, member: int, balances: Mapping[str, Fraction]) -> None:
        self.key = key
        self.member = member
        self.opening = dict(balances)
        self.balances = dict(balances)
        self.orders: dict[int, ServedOrder] = {}
        self.open: dict[int, ServedOrder] = {}
        self.by_client_id: dict[str, ServedOrder] = {}

    def add(self, order: ServedOrder) -> None:
        """Keep an order; it locks what it needs from now on."""
        self.orders[order.order_id] = self.open[order.order_id] = order
        self.by_client_id[order.client_id] = order

    def drop(self, order: ServedOrder) -> None:
        """Forget an order that the venue did not take."""
        del self.orders[order.order_id]
        self.open.pop(order.order_id, None)
        self.by_client_id.pop(order.client_id, None)

    def locked(self, asset: str, rates: Mapping[str, Rates]) -> Fraction:
        """What open orders hold back of an asset."""
        total = Fraction(0)
        for order in self.open.values():
            paid = order.symbol.base if order.side is Side.SELL else order.symbol.quote
            if paid == asset:
                total += order.locks(rates[order.symbol.name])
        return total

    def free(self, asset: str, rates: Mapping[str, Rates]) -> Fraction:
        """What may still be spent of an asset."""
        return self.balances.get(asset, Fraction(0)) - self.locked(asset, rates)

    def fill(self, order: ServedOrder, fill: OwnFill) -> None:
        """Move what a fill moves."""
        worth = order.symbol.instrument.notional(fill.ticks, fill.lots)
        order.fills.append(fill)
        order.filled_lots += fill.lots
        order.worth += worth
        order.status = (
            OrderStatus.FILLED if order.filled_lots == order.lots else OrderStatus.PARTIALLY_FILLED
        )
        self._pay(order, fill, 1)
        self._settle(order)

    def restate(self, order: ServedOrder, number: int, ticks: int, lots: int, fee: int) -> None:
        """The venue lets a fill stand otherwise, or with lots of 0 not at all.

        The order stays as it was told: what the exchange said of it has been acted on.
        """
        fill = order.fills[number - 1]
        self._pay(order, fill, -1)
        fill.ticks, fill.lots, fill.fee = ticks, lots, fee
        self._pay(order, fill, 1)

    def _pay(self, order: ServedOrder, fill: OwnFill, times: int) -> None:
        """Move what a fill moves, or move it back."""
        symbol, sign = order.symbol, order.side.sign * times
        worth = symbol.instrument.notional(fill.ticks, fill.lots)
        self._move(symbol.base, sign * fill.lots * symbol.lot)
        self._move(symbol.quote, -(sign * worth + times * fill.fee) * symbol.unit)

    def end(self, order: ServedOrder, status: OrderStatus) -> None:
        """An order will not fill any more."""
        order.status = status
        self._settle(order)

    def _settle(self, order: ServedOrder) -> None:
        if not order.is_open:
            self.open.pop(order.order_id, None)

    def _move(self, asset: str, amount: Fraction) -> None:
        self.balances[asset] = self.balances.get(asset, Fraction(0)) + amount

    def conserves(self, holdings: Mapping[str, tuple[Symbol, Holding]]) -> bool:
        """Whether the balances are what the venue's own ledger makes of the opening ones."""
        wanted = dict(self.opening)
        for symbol, held in holdings.values():
            for asset, amount in (
                (symbol.base, held.position_lots * symbol.lot),
                (symbol.quote, (held.cash - held.fee) * symbol.unit),
            ):
                wanted[asset] = wanted.get(asset, Fraction(0)) + amount
        return {key: value for key, value in wanted.items() if value} == {
            key: value for key, value in self.balances.items() if value
        }
