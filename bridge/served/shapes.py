"""The JSON shapes of orders, fills and accounts, in answers and in user-data events."""

from collections.abc import Mapping
from typing import Any, Final

from bridge.served.accounts import PPM, Account, OwnFill, ServedOrder
from bridge.served.port import Rates
from bridge.served.symbols import text_of_fraction

PREVENTION: Final = "NONE"
ZERO: Final = "0.00000000"


def order_fields(order: ServedOrder) -> dict[str, Any]:
    """What every answer about an order has."""
    symbol = order.symbol
    return {
        "symbol": symbol.name,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": symbol.price_text(order.shown_ticks),
        "origQty": symbol.qty_text(order.lots),
        "executedQty": symbol.qty_text(order.filled_lots),
        "origQuoteOrderQty": order.quote_qty,
        "cummulativeQuoteQty": symbol.money_text(order.worth),
        "status": order.status.value,
        "timeInForce": order.tif,
        "type": order.kind,
        "side": order.side.name,
        "selfTradePreventionMode": PREVENTION,
    }


def placed(order: ServedOrder, form: str) -> dict[str, Any]:
    """The answer to a new order: ACK, RESULT or FULL."""
    symbol = order.symbol
    if form == "ACK":
        return {
            "symbol": symbol.name,
            "orderId": order.order_id,
            "orderListId": -1,
            "clientOrderId": order.client_id,
            "transactTime": order.time_ms,
        }
    answer = {
        **order_fields(order),
        "transactTime": order.time_ms,
        "workingTime": order.working_ms,
    }
    if form == "FULL":
        answer["fills"] = [
            {
                "price": symbol.price_text(fill.ticks),
                "qty": symbol.qty_text(fill.lots),
                "commission": symbol.money_text(fill.fee),
                "commissionAsset": symbol.quote,
                "tradeId": fill.trade_id,
            }
            for fill in order.fills
        ]
    return answer


def looked_up(order: ServedOrder) -> dict[str, Any]:
    """The answer to a question about an order."""
    return {
        **order_fields(order),
        "stopPrice": ZERO,
        "icebergQty": ZERO,
        "time": order.time_ms,
        "updateTime": order.update_ms,
        "isWorking": True,
        "workingTime": order.working_ms,
    }


def cancelled(order: ServedOrder) -> dict[str, Any]:
    """The answer to a cancel."""
    return {
        **order_fields(order),
        "origClientOrderId": order.client_id,
        "clientOrderId": order.cancel_id,
        "transactTime": order.update_ms,
    }


def own_trade(order: ServedOrder, fill: OwnFill) -> dict[str, Any]:
    """A fill among `myTrades`."""
    symbol = order.symbol
    return {
        "symbol": symbol.name,
        "id": fill.trade_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "price": symbol.price_text(fill.ticks),
        "qty": symbol.qty_text(fill.lots),
        "quoteQty": symbol.money_text(symbol.instrument.notional(fill.ticks, fill.lots)),
        "commission": symbol.money_text(fill.fee),
        "commissionAsset": symbol.quote,
        "time": fill.time_ms,
        "isBuyer": order.side.sign > 0,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def account_info(
    account: Account, rates: Mapping[str, Rates], time_ms: int, *, omit_zero: bool
) -> dict[str, Any]:
    """The answer about an account."""
    makers = [one.maker_ppm for one in rates.values()]
    takers = [one.taker_ppm for one in rates.values()]
    balances = []
    for asset in sorted(account.balances):
        locked = account.locked(asset, rates)
        total = account.balances[asset]
        if total or not omit_zero:
            free, held = text_of_fraction(total - locked), text_of_fraction(locked)
            balances.append({"asset": asset, "free": free, "locked": held})
    return {
        "makerCommission": max(makers) // 100,
        "takerCommission": max(takers) // 100,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": rate_text(max(makers)),
            "taker": rate_text(max(takers)),
            "buyer": ZERO,
            "seller": ZERO,
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": time_ms,
        "accountType": "SPOT",
        "balances": balances,
        "permissions": ["SPOT"],
        "uid": account.member + 1,
    }


def rate_text(ppm: int) -> str:
    """A fee rate as text."""
    return f"{ppm // PPM}.{ppm % PPM * 100:08d}"


def execution_report(
    order: ServedOrder, what: str, now_ms: int, number: int, fill: OwnFill | None = None
) -> dict[str, Any]:
    """The event that something became of an order."""
    symbol = order.symbol
    is_cancel = what == "CANCELED"
    return {
        "e": "executionReport",
        "E": now_ms,
        "s": symbol.name,
        "c": order.cancel_id if is_cancel else order.client_id,
        "S": order.side.name,
        "o": order.kind,
        "f": order.tif,
        "q": symbol.qty_text(order.lots),
        "p": symbol.price_text(order.shown_ticks),
        "P": ZERO,
        "F": ZERO,
        "g": -1,
        "C": order.client_id if is_cancel else "",
        "x": what,
        "X": order.status.value,
        "r": "NONE",
        "i": order.order_id,
        "l": ZERO if fill is None else symbol.qty_text(fill.lots),
        "z": symbol.qty_text(order.filled_lots),
        "L": ZERO if fill is None else symbol.price_text(fill.ticks),
        "n": "0" if fill is None else symbol.money_text(fill.fee),
        "N": None if fill is None else symbol.quote,
        "T": now_ms,
        "t": -1 if fill is None else fill.trade_id,
        "I": number,
        "w": order.is_open and what == "NEW",
        "m": fill is not None and fill.is_maker,
        "M": fill is not None,
        "O": order.time_ms,
        "Z": symbol.money_text(order.worth),
        "Y": ZERO
        if fill is None
        else symbol.money_text(symbol.instrument.notional(fill.ticks, fill.lots)),
        "Q": order.quote_qty,
        "W": order.working_ms,
        "V": PREVENTION,
    }


def account_position(
    account: Account, assets: tuple[str, ...], rates: Mapping[str, Rates], now_ms: int
) -> dict[str, Any]:
    """The event that balances have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": now_ms,
        "B": [
            {
                "a": asset,
                "f": text_of_fraction(account.free(asset, rates)),
                "l": text_of_fraction(account.locked(asset, rates)),
            }
            for asset in assets
        ],
    }
