"""What the exchange says no with: Binance's codes and words."""

from typing import Final

from market.codes import Reason


class ApiError(Exception):
    """A request that is refused: Binance's number and words, and the status of the HTTP answer."""

    @property
    def code(self) -> int:
        """Binance's number."""
        return int(self.args[0])

    @property
    def message(self) -> str:
        """Binance's words."""
        return str(self.args[1])

    @property
    def status(self) -> int:
        """Of the HTTP answer."""
        return int(self.args[2]) if len(self.args) > 2 else BAD


BAD: Final = 400
INVALID_KEY: Final = (-2015, "Invalid API-key, IP, or permissions for action.", 401)
KEY_FORMAT: Final = (-2014, "API-key format invalid.", 401)
BAD_SIGNATURE: Final = (-1022, "Signature for this request is not valid.", 400)
OUTSIDE_WINDOW: Final = (-1021, "Timestamp for this request is outside of the recvWindow.", 400)
AHEAD_OF_TIME: Final = (
    -1021,
    "Timestamp for this request was 1000ms ahead of the server's time.",
    400,
)
WINDOW_TOO_LONG: Final = (-1131, "recvWindow must be less than 60000.", 400)
INVALID_SYMBOL: Final = (-1121, "Invalid symbol.", 400)
INVALID_INTERVAL: Final = (-1120, "Invalid interval.", 400)
INVALID_TIF: Final = (-1115, "Invalid timeInForce.", 400)
INVALID_TYPE: Final = (-1116, "Invalid orderType.", 400)
INVALID_SIDE: Final = (-1117, "Invalid side.", 400)
NO_ORDER: Final = (-2013, "Order does not exist.", 400)
UNKNOWN_ORDER: Final = (-2011, "Unknown order sent.", 400)
INSUFFICIENT: Final = (-2010, "Account has insufficient balance for requested action.", 400)
DUPLICATE: Final = (-2010, "Duplicate order sent.", 400)
WOULD_TAKE: Final = (-2010, "Order would immediately match and take.", 400)
CLOSED: Final = (-1013, "Market is closed.", 400)
TOO_MANY: Final = (-1015, "Too many new orders.", 429)
UNAVAILABLE: Final = (-1000, "An unknown error occurred while processing the request.", 503)
NO_METHOD: Final = (-1000, "The requested path or method is not known.", 404)
BAD_REQUEST: Final = (-1000, "The request is no JSON object with an id and a method.", 400)


def missing(name: str) -> ApiError:
    """A parameter that must be there is not."""
    return ApiError(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def unwanted(name: str) -> ApiError:
    """A parameter that must not be there is."""
    return ApiError(-1106, f"Parameter '{name}' sent when not required.")


def too_precise(name: str) -> ApiError:
    """A number has more decimals than the exchange knows."""
    return ApiError(-1111, f"Parameter '{name}' has too much precision.")


def illegal(name: str, pattern: str) -> ApiError:
    """A text is not written as it must be."""
    return ApiError(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'."
    )


def filtered(name: str) -> ApiError:
    """An order that one of the symbol's filters does not let through."""
    return ApiError(-1013, f"Filter failure: {name}")


EXPIRES: Final = frozenset(
    (Reason.NOT_FILLABLE, Reason.NO_LIQUIDITY, Reason.IOC_REMAINDER, Reason.SELF_TRADE)
)
"""Refusals of the venue that this exchange calls the end of an order that it took."""

_REASONS: Final = {
    Reason.BAD_QTY: filtered("LOT_SIZE"),
    Reason.BAD_LOT: filtered("LOT_SIZE"),
    Reason.TOO_SMALL: filtered("LOT_SIZE"),
    Reason.TOO_LARGE: filtered("LOT_SIZE"),
    Reason.BAD_PRICE: filtered("PRICE_FILTER"),
    Reason.BAD_TICK: filtered("PRICE_FILTER"),
    Reason.PRICE_COLLAR: filtered("PERCENT_PRICE_BY_SIDE"),
    Reason.OUTSIDE_BAND: filtered("PERCENT_PRICE_BY_SIDE"),
    Reason.TOO_LITTLE_NOTIONAL: filtered("NOTIONAL"),
    Reason.TOO_MUCH_NOTIONAL: filtered("NOTIONAL"),
    Reason.WOULD_CROSS: ApiError(*WOULD_TAKE),
    Reason.HALTED: ApiError(*CLOSED),
    Reason.CLOSED: ApiError(*CLOSED),
    Reason.NOT_IN_PHASE: ApiError(*CLOSED),
    Reason.THROTTLED: ApiError(*TOO_MANY),
    Reason.UNSUPPORTED_TYPE: ApiError(*INVALID_TYPE),
    Reason.UNSUPPORTED_TIF: ApiError(*INVALID_TIF),
}


def error_of(reason: Reason) -> ApiError:
    """What a refusal of the venue is called here."""
    known = _REASONS.get(reason)
    if known is None:
        return ApiError(-2010, f"Order was refused: {reason.name}.")
    return ApiError(*known.args)
