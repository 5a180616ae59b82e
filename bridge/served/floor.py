"""The trading floor: takes orders to the market, and tells accounts what became of them.

Model: an order is checked here for what Binance checks before its matching engine (parameters,
filters, balance), and then entered at the venue, which alone decides what trades. What the venue
reports moves balances and becomes user-data events, in the order in which it was reported.

A market order is entered as an immediate-or-cancel limit at the price that its balance reaches, at most
`REACH` beyond what the shown book would give it: so it never spends what is not there.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

from bridge.served.accounts import PPM, Account, OrderStatus, OwnFill, ServedOrder
from bridge.served.errors import (
    CLOSED,
    DUPLICATE,
    EXPIRES,
    INSUFFICIENT,
    NO_ORDER,
    TOO_MANY,
    UNKNOWN_ORDER,
    ApiError,
    error_of,
    filtered,
    missing,
)
from bridge.served.order_forms import TIFS, OrderForm, client_id_of, need, read_order
from bridge.served.port import Rates, ServedMarket
from bridge.served.shapes import account_position, cancelled, execution_report, looked_up, placed
from bridge.served.symbols import MAX_ORDERS, Symbol, symbol_of, text_of_fraction
from market.codes import Liquidity, Reason, ReportType, Side, TimeInForce
from market.messages import Cancel, Report, Submit

REACH: Final = Fraction(21, 20)
BOOK_LEVELS: Final = 1_000
ORDERS_MAX: Final = 100
ORDERS_WINDOW_MS: Final = 10_000

_ENDED: Final = {
    ReportType.CANCELLED: OrderStatus.CANCELED,
    ReportType.EXPIRED: OrderStatus.EXPIRED,
}

_RESTATED: Final = (ReportType.BUSTED, ReportType.CORRECTED)


class UserEvent(NamedTuple):
    """What one account is told of its own accord."""

    key: str
    event: dict[str, Any]


class Floor:
    """Orders and accounts of one exchange.

    Args:
        market: Where orders trade.
        symbols: What may be traded, by name.
        accounts: Who may trade, by API key.
        now_ms: What time the exchange says that it is.
    """

    def __init__(
        self,
        market: ServedMarket,
        symbols: Mapping[str, Symbol],
        accounts: Sequence[Account],
        now_ms: Callable[[], int],
    ) -> None:
        self.events: list[UserEvent] = []
        self.rates: dict[str, Rates] = {
            symbol.name: market.rates(symbol.book_id) for symbol in symbols.values()
        }
        self._market = market
        self._symbols = dict(symbols)
        self._accounts = list(accounts)
        self._now_ms = now_ms
        self._orders = self._trades = self._reports = 0
        self._placed_ms: dict[str, deque[int]] = {}

    # --- what clients ask for ---------------------------------------------------------------------

    def place(self, account: Account, params: Mapping[str, str], *, test: bool = False) -> Any:
        """Place an order; with `test` only check it."""
        symbol = symbol_of(self._symbols, need(params, "symbol"))
        form = read_order(params, symbol)
        limit_ticks, lots = self._bounds(account, symbol, form)
        namesake = account.by_client_id.get(form.client_id)
        if namesake is not None and namesake.is_open:
            raise ApiError(*DUPLICATE)
        if sum(one.symbol is symbol for one in account.open.values()) >= MAX_ORDERS:
            raise filtered("MAX_NUM_ORDERS")
        if test:
            return {}
        self._count(account)
        self._orders += 1
        order = ServedOrder(
            symbol,
            self._orders,
            form.client_id or f"twin{self._orders}",
            form.side,
            form.kind,
            form.tif,
            limit_ticks=limit_ticks,
            lots=lots,
            time_ms=self._now_ms(),
            quote_qty=text_of_fraction(form.quote_qty),
        )
        self._enter(account, order, form)
        return placed(order, form.answer)

    def _count(self, account: Account) -> None:
        """Hold an account against the limit on orders, which runs by the exchange's own time.

        Raises:
            ApiError: It has placed too many.
        """
        now_ms, times = self._now_ms(), self._placed_ms.setdefault(account.key, deque())
        while times and times[0] <= now_ms - ORDERS_WINDOW_MS:
            times.popleft()
        if len(times) >= ORDERS_MAX:
            raise ApiError(*TOO_MANY)
        times.append(now_ms)

    def _bounds(self, account: Account, symbol: Symbol, form: OrderForm) -> tuple[int, int]:
        """The limit and the lots that an order is entered with.

        Raises:
            ApiError: A filter or the balance does not let it through.
        """
        is_market = form.kind == "MARKET"
        _, bids, asks = self._market.depth(symbol.book_id, BOOK_LEVELS if is_market else 1)
        levels = asks if form.side is Side.BUY else bids
        free = account.free(symbol.base if form.side is Side.SELL else symbol.quote, self.rates)
        ticks, lots = form.ticks, form.lots
        reference = levels[0][0] if levels else (bids or asks or [(ticks, 0)])[0][0]
        if is_market:
            lots, ticks = _walk(symbol, levels, form)
            if reference and lots:
                symbol.check(reference, lots, reference)
        else:
            symbol.check(ticks, lots, reference or ticks)
        if lots == 0:
            raise filtered("LOT_SIZE") if form.quote_qty else ApiError(*CLOSED)
        if form.side is Side.SELL:
            if lots * symbol.lot > free:
                raise ApiError(*INSUFFICIENT)
            return (max(int(ticks / REACH), 1) if is_market else ticks), lots
        affordable = int(free * PPM / ((PPM + max(self.rates[symbol.name])) * lots * symbol.lot)
                         / symbol.tick)  # fmt: skip
        if affordable < ticks:
            raise ApiError(*INSUFFICIENT)
        return (min(affordable, int(ticks * REACH)) if is_market else ticks), lots

    def _enter(self, account: Account, order: ServedOrder, form: OrderForm) -> None:
        """Take an order to the venue; what it answers has been told when this returns.

        Raises:
            ApiError: The venue refuses it.
        """
        submit = Submit(
            book_id=order.symbol.book_id,
            order_id=order.order_id,
            side=order.side,
            price_ticks=order.limit_ticks,
            qty_lots=order.lots,
            tif=TimeInForce.IOC if form.kind == "MARKET" else TIFS[form.tif],
            post_only=form.kind == "LIMIT_MAKER",
        )
        account.add(order)
        if not self._market.command(account.member, submit):
            account.drop(order)
            raise ApiError(*CLOSED)
        refusal = self.hear(order.order_id)
        if refusal is not None:
            account.drop(order)
            raise error_of(refusal)

    def cancel(self, account: Account, params: Mapping[str, str]) -> Any:
        """Cancel an order."""
        order = self._named(account, params, UNKNOWN_ORDER)
        if not order.is_open:
            raise ApiError(*UNKNOWN_ORDER)
        self._cancel(account, order, client_id_of(params, "newClientOrderId"))
        return cancelled(order)

    def cancel_all(self, account: Account, params: Mapping[str, str]) -> Any:
        """Cancel every open order of a symbol."""
        symbol = symbol_of(self._symbols, need(params, "symbol"))
        mine = [order for order in account.open.values() if order.symbol is symbol]
        if not mine:
            raise ApiError(*UNKNOWN_ORDER)
        for order in mine:
            self._cancel(account, order, "")
        return [cancelled(order) for order in mine]

    def _cancel(self, account: Account, order: ServedOrder, cancel_id: str) -> None:
        order.cancel_id = cancel_id or f"twinc{order.order_id}"
        command = Cancel(book_id=order.symbol.book_id, order_id=order.order_id)
        if not self._market.command(account.member, command):
            raise ApiError(*CLOSED)
        self.hear()
        if order.is_open:
            raise ApiError(*UNKNOWN_ORDER)

    def status(self, account: Account, params: Mapping[str, str]) -> Any:
        """How an order stands."""
        return looked_up(self._named(account, params, NO_ORDER))

    def _named(
        self, account: Account, params: Mapping[str, str], unknown: tuple[int, str, int]
    ) -> ServedOrder:
        """The order that a request is about."""
        symbol = symbol_of(self._symbols, need(params, "symbol"))
        number, client_id = params.get("orderId", ""), params.get("origClientOrderId", "")
        if not number and not client_id:
            raise missing("orderId")
        order = account.by_client_id.get(client_id)
        if number:
            order = account.orders.get(int(number)) if number.isdecimal() else None
        if order is None or order.symbol is not symbol:
            raise ApiError(*unknown)
        return order

    # --- what the venue says ----------------------------------------------------------------------

    def hear(self, entered: int = 0) -> Reason | None:
        """Take in what the venue has reported; why it refused the order `entered`, if it did."""
        refusal = None
        for member, report in self._market.reports():
            account = self._accounts[member]
            order = account.orders.get(report.order_id)
            if order is None:
                continue
            if report.type is ReportType.REJECTED and report.reason not in EXPIRES:
                if report.order_id == entered:
                    refusal = report.reason
                continue
            self._told(account, order, report)
        return refusal

    def _told(self, account: Account, order: ServedOrder, report: Report) -> None:
        """One report about an order that the venue has taken."""
        now_ms = self._now_ms()
        order.update_ms = now_ms
        if report.type is ReportType.REJECTED:
            self._event(account, order, "NEW")
            account.end(order, OrderStatus.EXPIRED)
            self._event(account, order, "EXPIRED")
        elif report.type is ReportType.ACCEPTED:
            order.working_ms = now_ms
            self._event(account, order, "NEW")
        elif report.type is ReportType.FILLED:
            self._trades += 1
            is_maker = report.liquidity in (Liquidity.MAKER, Liquidity.HIDDEN_MAKER)
            fill = OwnFill(
                self._trades,
                report.price_ticks,
                report.qty_lots,
                report.fee,
                is_maker=is_maker,
                time_ms=now_ms,
            )
            account.fill(order, fill)
            self._event(account, order, "TRADE", fill)
        elif report.type in _ENDED:
            account.end(order, _ENDED[report.type])
            self._event(account, order, order.status.value)
        elif report.type in _RESTATED:
            busted = report.type is ReportType.BUSTED
            lots, fee = (0, 0) if busted else (report.qty_lots, report.fee)
            account.restate(order, report.exec_id, report.price_ticks, lots, fee)
            self._tell_balances(account, order.symbol)

    def _event(
        self, account: Account, order: ServedOrder, what: str, fill: OwnFill | None = None
    ) -> None:
        self._reports += 1
        now_ms = self._now_ms()
        report = execution_report(order, what, now_ms, self._reports, fill)
        self.events.append(UserEvent(account.key, report))
        self._tell_balances(account, order.symbol)

    def _tell_balances(self, account: Account, symbol: Symbol) -> None:
        position = account_position(account, symbol.assets, self.rates, self._now_ms())
        self.events.append(UserEvent(account.key, position))

    def conserves(self) -> bool:
        """Whether every account is what the venue's ledger makes of it."""
        return all(
            account.conserves(
                {
                    symbol.name: (symbol, self._market.holding(account.member, symbol.book_id))
                    for symbol in self._symbols.values()
                }
            )
            for account in self._accounts
        )


def _walk(symbol: Symbol, levels: Sequence[tuple[int, int]], form: OrderForm) -> tuple[int, int]:
    """The lots of a market order, and the worst price that the shown book would give it."""
    lots = worst = 0
    left = form.quote_qty
    for ticks, shown in levels:
        price = ticks * symbol.tick * symbol.lot
        wanted = int(left / price) if form.quote_qty else form.lots - lots
        if wanted < 1:
            break
        taken = min(shown, wanted)
        lots, worst, left = lots + taken, ticks, left - taken * price
    return (lots if form.quote_qty or not levels else form.lots), worst
