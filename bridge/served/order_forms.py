"""Reading an order that a client wants to place: its parameters, checked as Binance checks them."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from bridge.served.errors import (
    INVALID_SIDE,
    INVALID_TIF,
    INVALID_TYPE,
    ApiError,
    illegal,
    missing,
    unwanted,
)
from bridge.served.symbols import ORDER_TYPES, Symbol, number_of
from market.codes import Side, TimeInForce

CLIENT_ID: Final = r"^[a-zA-Z0-9-_]{1,36}$"
FORMS: Final = ("ACK", "RESULT", "FULL")
TIFS: Final = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
IGNORED_WHEN_NONE: Final = ("stopPrice", "trailingDelta", "icebergQty")

_CLIENT_ID: Final = re.compile(CLIENT_ID)


class OrderForm(NamedTuple):
    """What a client asks for; `lots` or `quote_qty` is 0, `ticks` is 0 for a market order."""

    side: Side
    kind: str
    tif: str
    ticks: int
    lots: int
    quote_qty: Fraction
    client_id: str
    answer: str


def read_order(params: Mapping[str, str], symbol: Symbol) -> OrderForm:
    """A new order.

    Raises:
        ApiError: A parameter is missing, not known, or off the symbol's grids.
    """
    side, kind = need(params, "side"), need(params, "type")
    if side not in Side.__members__:
        raise ApiError(*INVALID_SIDE)
    if kind not in ORDER_TYPES:
        raise ApiError(*INVALID_TYPE)
    for name in IGNORED_WHEN_NONE:
        if params.get(name):
            raise unwanted(name)
    is_market = kind == "MARKET"
    ticks = lots = 0
    quote_qty = Fraction(0)
    tif = "GTC"
    if is_market:
        if params.get("price"):
            raise unwanted("price")
        if params.get("timeInForce"):
            raise unwanted("timeInForce")
    else:
        ticks = symbol.ticks_of(number_of(need(params, "price"), "price"))
        if kind == "LIMIT":
            tif = need(params, "timeInForce")
        elif params.get("timeInForce"):
            raise unwanted("timeInForce")
    if tif not in TIFS:
        raise ApiError(*INVALID_TIF)
    if is_market and params.get("quoteOrderQty"):
        if params.get("quantity"):
            raise unwanted("quantity")
        quote_qty = number_of(params["quoteOrderQty"], "quoteOrderQty")
    else:
        lots = symbol.lots_of(number_of(need(params, "quantity"), "quantity"))
    answer = params.get("newOrderRespType") or ("ACK" if kind == "LIMIT_MAKER" else "FULL")
    if answer not in FORMS:
        raise illegal("newOrderRespType", "|".join(FORMS))
    client_id = client_id_of(params, "newClientOrderId")
    return OrderForm(Side[side], kind, tif, ticks, lots, quote_qty, client_id, answer)


def need(params: Mapping[str, str], name: str) -> str:
    """A parameter that must be there."""
    value = params.get(name, "")
    if not value:
        raise missing(name)
    return value


def client_id_of(params: Mapping[str, str], name: str) -> str:
    """A client's own name for an order, or an empty one."""
    value = params.get(name, "")
    if value and not _CLIENT_ID.fullmatch(value):
        raise illegal(name, CLIENT_ID)
    return value


def whole_of(params: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number, cut to the most that is allowed."""
    text = params.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or len(text) > 18:
        raise illegal(name, "^[0-9]{1,20}$")
    return min(int(text), most)
