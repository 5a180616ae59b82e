"""A served symbol: its names, its filters, and its numbers as text with eight decimals.

Invariant: a number that goes out as text is exact; an instrument that eight decimals cannot write is
refused when the exchange opens.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from bridge.served.errors import INVALID_SYMBOL, ApiError, filtered, illegal, too_precise
from market.errors import InputError
from market.instruments import Instrument

DECIMALS: Final = 8
SCALE: Final = 10**DECIMALS
NUMBER: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
MAX_ORDERS: Final = 200
PRICE_MAX: Final = Fraction(1_000_000)
QTY_MAX: Final = Fraction(9_000)
MULTIPLIER_UP: Final = 5
MULTIPLIER_DOWN: Final = Fraction(1, 5)
ORDER_TYPES: Final = ("LIMIT", "LIMIT_MAKER", "MARKET")

_NUMBER: Final = re.compile(NUMBER)
_NOT_A_LETTER: Final = re.compile(r"[^A-Z0-9]")


def text_of(scaled: int) -> str:
    """A number of hundred-millionths as text."""
    sign = "-" if scaled < 0 else ""
    whole, rest = divmod(abs(scaled), SCALE)
    return f"{sign}{whole}.{rest:08d}"


def text_of_fraction(value: Fraction) -> str:
    """A number as text, rounded towards zero where eight decimals are too few."""
    scaled = abs(value.numerator) * SCALE // value.denominator
    return text_of(scaled if value >= 0 else -scaled)


def decimals_of(scaled: int) -> int:
    """How many decimals a number of hundred-millionths needs."""
    return len(text_of(scaled).partition(".")[2].rstrip("0"))


def number_of(text: str, name: str) -> Fraction:
    """A decimal number.

    Raises:
        ApiError: It is none, or has too many decimals.
    """
    if not _NUMBER.fullmatch(text):
        raise illegal(name, NUMBER)
    if len(text.partition(".")[2].rstrip("0")) > DECIMALS:
        raise too_precise(name)
    return Fraction(text)


class Symbol:
    """One instrument as the exchange offers it.

    Attributes:
        name: Such as BTCUSDT.
        base: What is traded.
        quote: What it is priced in.
    """

    def __init__(self, book_id: int, instrument: Instrument) -> None:
        self.book_id = book_id
        self.instrument = instrument
        self.quote = _NOT_A_LETTER.sub("", instrument.currency.upper())
        plain = _NOT_A_LETTER.sub("", instrument.symbol.upper())
        self.base = plain.removesuffix(self.quote) or plain
        self.name = self.base + self.quote
        self.tick = Fraction(instrument.tick_units, instrument.price_units_per_currency)
        self.lot = Fraction(instrument.lot_num, instrument.lot_den)
        self.unit = Fraction(1, instrument.price_units_per_currency) * self.lot
        """What one price unit × lot is worth."""
        for what, step in (("tick", self.tick), ("lot", self.lot)):
            if (step * SCALE).denominator != 1:
                raise InputError(
                    f"{instrument.symbol}: found a {what} of {step}, allowed is what {DECIMALS} "
                    "decimals can write"
                )
        self._tick_scaled = int(self.tick * SCALE)
        self._lot_scaled = int(self.lot * SCALE)
        self.min_notional = Fraction(5) if "USD" in self.quote else Fraction(1, 10_000)

    @property
    def assets(self) -> tuple[str, str]:
        """What changes hands when it trades."""
        return self.base, self.quote

    def price_text(self, ticks: int) -> str:
        """A price."""
        return text_of(ticks * self._tick_scaled)

    def qty_text(self, lots: int) -> str:
        """A quantity."""
        return text_of(lots * self._lot_scaled)

    def money_text(self, amount: int) -> str:
        """Price units × lots, in the quote asset."""
        return text_of_fraction(amount * self.unit)

    def ticks_of(self, price: Fraction) -> int:
        """A price in ticks.

        Raises:
            ApiError: It is not on the grid, or too large.
        """
        ticks = price / self.tick
        if ticks.denominator != 1 or ticks < 1 or price > PRICE_MAX:
            raise filtered("PRICE_FILTER")
        return int(ticks)

    def lots_of(self, qty: Fraction) -> int:
        """A quantity in lots.

        Raises:
            ApiError: It is not on the grid, or too small or large.
        """
        lots = qty / self.lot
        if lots.denominator != 1 or lots < 1 or qty > QTY_MAX:
            raise filtered("LOT_SIZE")
        return int(lots)

    def check(self, ticks: int, lots: int, reference_ticks: int) -> None:
        """Hold an order against the filters on its worth and its distance from the market.

        Raises:
            ApiError: One does not let it through.
        """
        if ticks * self.tick * lots * self.lot < self.min_notional:
            raise filtered("NOTIONAL")
        low, high = reference_ticks * MULTIPLIER_DOWN, reference_ticks * MULTIPLIER_UP
        if not low <= ticks <= high:
            raise filtered("PERCENT_PRICE_BY_SIDE")

    def info(self, *, futures: bool = False) -> dict[str, Any]:
        """The symbol as `exchangeInfo` has it, of spot or of USD-M."""
        return {**self._spot_info(), **(self._perpetual() if futures else {})}

    def _perpetual(self) -> dict[str, Any]:
        """What USD-M says besides."""
        return {
            "pair": self.name, "contractType": "PERPETUAL", "marginAsset": self.quote,
            "onboardDate": 0, "deliveryDate": 4_133_404_800_000, "underlyingType": "COIN",
            "pricePrecision": decimals_of(self._tick_scaled),
            "quantityPrecision": decimals_of(self._lot_scaled),
        }  # fmt: skip

    def _spot_info(self) -> dict[str, Any]:
        lot, tick = text_of(self._lot_scaled), text_of(self._tick_scaled)
        up, down = str(MULTIPLIER_UP), str(float(MULTIPLIER_DOWN))
        return {
            "symbol": self.name, "status": "TRADING",
            "baseAsset": self.base, "baseAssetPrecision": DECIMALS,
            "quoteAsset": self.quote, "quotePrecision": DECIMALS, "quoteAssetPrecision": DECIMALS,
            "baseCommissionPrecision": DECIMALS, "quoteCommissionPrecision": DECIMALS,
            "orderTypes": list(ORDER_TYPES),
            "icebergAllowed": False, "ocoAllowed": False, "otoAllowed": False,
            "opoAllowed": False,
            "quoteOrderQtyMarketAllowed": True, "allowTrailingStop": False,
            "cancelReplaceAllowed": False, "amendAllowed": False, "pegInstructionsAllowed": False,
            "isSpotTradingAllowed": True, "isMarginTradingAllowed": False,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": tick,
                 "maxPrice": text_of_fraction(PRICE_MAX), "tickSize": tick},
                {"filterType": "LOT_SIZE", "minQty": lot,
                 "maxQty": text_of_fraction(QTY_MAX), "stepSize": lot},
                {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000",
                 "maxQty": text_of_fraction(QTY_MAX), "stepSize": "0.00000000"},
                {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": up,
                 "bidMultiplierDown": down, "askMultiplierUp": up, "askMultiplierDown": down,
                 "avgPriceMins": 0},
                {"filterType": "NOTIONAL", "minNotional": text_of_fraction(self.min_notional),
                 "applyMinToMarket": True, "maxNotional": "9000000.00000000",
                 "applyMaxToMarket": False, "avgPriceMins": 0},
                {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_ORDERS},
            ],
            "permissions": [], "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "NONE",
            "allowedSelfTradePreventionModes": ["NONE"],
        }  # fmt: skip


def symbols_of(instruments: Sequence[Instrument]) -> dict[str, Symbol]:
    """The symbols of a market by name.

    Raises:
        InputError: Two books would have the same name.
    """
    found: dict[str, Symbol] = {}
    for book_id, instrument in enumerate(instruments):
        symbol = Symbol(book_id, instrument)
        if symbol.name in found:
            raise InputError(
                f"source: found two books that would be {symbol.name}, allowed is one venue's"
            )
        found[symbol.name] = symbol
    return found


def symbol_of(symbols: dict[str, Symbol], name: str) -> Symbol:
    """A symbol by its name.

    Raises:
        ApiError: There is none.
    """
    symbol = symbols.get(name)
    if symbol is None:
        raise ApiError(*INVALID_SYMBOL)
    return symbol
