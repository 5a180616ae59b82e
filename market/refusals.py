"""Why a venue said no, in words: one table, from which the sentences and their page are made.

Every refusal is a `Reason` and one *figure*: what decided, or what would have been allowed. What the
figure counts stands in the table, so that a report's two numbers are enough for a sentence, and a
price becomes currency as soon as the instrument is known.

A reason that ends an order instead of refusing a command has no figure, nor has one from a book without
rules; then the *plain* sentence is said, which promises nothing that nobody knows.
"""

from collections.abc import Callable
from enum import IntFlag
from typing import Final, NamedTuple

import numpy as np

from market.codes import OrderType, Phase, Reason, TimeInForce
from market.instruments import Instrument
from market.units import format_ns


class Giver(IntFlag):
    """Who gives a reason: a book that matches, or the venue around its books."""

    BOOK = 1
    VENUE = 2


class OrderTerm(IntFlag):
    """What an order may carry beyond type, time in force, price and quantity.

    Types that need a term of their own (a stop, a trail) bring it along; it is not named here.
    """

    DISPLAY = 1
    RANDOM_DISPLAY = 2
    HIDDEN = 4
    MIN_QTY = 8
    ALL_OR_NONE = 16
    PEG_OFFSET = 32
    POST_REJECT = 64
    POST_SLIDE = 128
    SELF_TRADE = 256
    QUOTE = 512


ALL_TERMS: Final = OrderTerm((OrderTerm.QUOTE << 1) - 1)


class Refusal(NamedTuple):
    """A no of the venue's: why, and the figure that `REFUSALS` explains."""

    reason: Reason
    figure: int


Write = Callable[[int, Instrument | None], str]
"""How a figure is written, with the instrument if it is known."""


def mask_of(codes: tuple[OrderType, ...] | tuple[TimeInForce, ...]) -> int:
    """Codes as one figure: bit n is set for the code n."""
    return sum(1 << code for code in sorted(set(codes)))


def price_text(price_units: int, instrument: Instrument) -> str:
    """A price in currency, exactly; as a fraction where no decimal number says it."""
    scale, currency = instrument.price_units_per_currency, instrument.currency
    decimals = next((n for n in range(2, 41) if 10**n % scale == 0), -1)
    if decimals < 0:
        return f"{price_units}/{scale} {currency}"
    whole, rest = divmod(abs(price_units) * 10**decimals // scale, 10**decimals)
    digits = f"{rest:0{decimals}d}"
    digits = digits[:2] + digits[2:].rstrip("0")
    return f"{'-' if price_units < 0 else ''}{whole}.{digits} {currency}"


def time_text(time_ns: int) -> str:
    """A moment as date and time of day in UTC, as fine as it needs."""
    text = str(np.datetime64(time_ns, "ns")).replace("T", " ")
    return f"{text.rstrip('0').rstrip('.') if text.endswith('0' * 9) else text.rstrip('0')} UTC"


def _ticks(figure: int, instrument: Instrument | None) -> str:
    if instrument is None:
        return f"{figure} ticks"
    return price_text(figure * instrument.tick_units, instrument)


def _ticks_or_none(figure: int, instrument: Instrument | None) -> str:
    return _ticks(figure, instrument) if figure else "none"


def _units(figure: int, instrument: Instrument | None) -> str:
    return f"{figure} price units" if instrument is None else price_text(figure, instrument)


def _money(figure: int, instrument: Instrument | None) -> str:
    return f"{figure} price units × lots" if instrument is None else instrument.money(figure)


def _lots(figure: int, _: Instrument | None) -> str:
    return f"{figure} lots" if figure != 1 else "1 lot"


def _count(figure: int, _: Instrument | None) -> str:
    return str(figure)


def _phase(figure: int, _: Instrument | None) -> str:
    return Phase(figure).name


def _types(figure: int, _: Instrument | None) -> str:
    return _listed([code.name for code in OrderType if figure >> code & 1])


def _tifs(figure: int, _: Instrument | None) -> str:
    return _listed([code.name for code in TimeInForce if figure >> code & 1])


def _terms(figure: int, _: Instrument | None) -> str:
    return _listed([term.name or "" for term in OrderTerm if figure & term])


def _wait(figure: int, _: Instrument | None) -> str:
    return format_ns(figure)


def _time(figure: int, _: Instrument | None) -> str:
    return time_text(figure)


def _expiry(figure: int, _: Instrument | None) -> str:
    return time_text(figure) if figure else "none, as the order is not GTD"


def _until(figure: int, _: Instrument | None) -> str:
    return f"from {time_text(figure)}" if figure else "after a reset"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


class RefusalRow(NamedTuple):
    """What one reason means.

    Attributes:
        givers: Who gives it.
        plain: What is said without a figure.
        text: What is said with one: `{figure}`, and `{price}` and `{qty}` of the command.
        figure: What the figure is; empty where there never is one.
        write: How it is written.
    """

    givers: Giver
    plain: str
    text: str = ""
    figure: str = ""
    write: Write = _count


_BOOK: Final = Giver.BOOK
_VENUE: Final = Giver.VENUE
_BOTH: Final = Giver.BOOK | Giver.VENUE

REFUSALS: Final[dict[Reason, RefusalRow]] = {
    Reason.NONE: RefusalRow(_BOTH, "nothing was refused"),
    Reason.BAD_QTY: RefusalRow(
        _BOTH, "{qty} is not possible", "{qty} is not possible: allowed is 1 to {figure}",
        "largest quantity, in lots", _lots,
    ),
    Reason.BAD_PRICE: RefusalRow(
        _BOOK, "{price} is not possible",
        "{price} is not possible: allowed is a price at most {figure} from zero",
        "largest distance from zero, in ticks", _ticks,
    ),
    Reason.WOULD_CROSS: RefusalRow(
        _BOTH, "{price} would trade at once, and the order may only rest",
        "{price} would trade at once, and the order may only rest: the other side's best is {figure}",
        "best price of the other side, in ticks", _ticks,
    ),
    Reason.NOT_FILLABLE: RefusalRow(
        _BOOK, "{qty} cannot be filled at once",
        "{qty} cannot be filled at once: {figure} can", "lots that can be filled", _lots,
    ),
    Reason.NO_LIQUIDITY: RefusalRow(_BOOK, "there was nothing left to trade with"),
    Reason.IOC_REMAINDER: RefusalRow(_BOOK, "what did not trade at once was not to wait"),
    Reason.UNKNOWN_ORDER: RefusalRow(
        _BOTH, "there is no such order of this session, or it has ended"
    ),
    Reason.HALTED: RefusalRow(
        _BOOK, "an order that may not wait needs a book that trades",
        "an order that may not wait needs a book that trades: the phase is {figure}",
        "phase", _phase,
    ),
    Reason.CLOSED: RefusalRow(
        _BOOK, "the book is closed", "the book is closed: the phase is {figure}", "phase", _phase
    ),
    Reason.DUPLICATE_ORDER: RefusalRow(
        _VENUE, "an order of this id was there before, and an id is used once"
    ),
    Reason.BAD_FLAGS: RefusalRow(
        _BOTH, "type, time in force and terms of the order do not go together"
    ),
    Reason.UNKNOWN_BOOK: RefusalRow(
        _VENUE, "there is no such book", "there is no such book: allowed are numbers below {figure}",
        "number of books", _count,
    ),
    Reason.BAD_TICK: RefusalRow(
        _VENUE, "{price} is not on the grid", "{price} is not on the grid, whose step there is {figure}",
        "step of the grid at the price, in price units", _units,
    ),
    Reason.BAD_LOT: RefusalRow(
        _VENUE, "{qty} is not a round lot", "{qty} is not a multiple of {figure}",
        "round lot, in lots", _lots,
    ),
    Reason.OUTSIDE_BAND: RefusalRow(
        _BOOK, "it could have traded outside the price band only",
        "{price} is outside the price band, which ends at {figure}",
        "the bound that it breaks, in ticks", _ticks,
    ),
    Reason.BELOW_MINIMUM: RefusalRow(
        _BOOK, "the minimum quantity cannot be filled at once",
        "the minimum quantity cannot be filled at once: {figure} can",
        "lots that can be filled", _lots,
    ),
    Reason.BAD_MINIMUM: RefusalRow(
        _BOOK, "the minimum quantity is not possible",
        "the minimum quantity is not possible: allowed is 0 to {figure}",
        "largest minimum, in lots", _lots,
    ),
    Reason.BAD_DISPLAY: RefusalRow(
        _BOTH, "the displayed quantity is not possible",
        "the displayed quantity is not possible: allowed is {figure} or more, up to the order's",
        "least that must be displayed, in lots", _lots,
    ),
    Reason.BAD_STOP: RefusalRow(
        _BOOK, "the stop would trigger at once, or has nothing to be held against",
        "the stop would trigger at once, or has nothing to be held against: the reference is {figure}",
        "reference in ticks, rounded down; 0 without one", _ticks_or_none,
    ),
    Reason.NO_REFERENCE: RefusalRow(_BOOK, "there is no price that the peg could follow"),
    Reason.NO_OPPOSITE_LIMIT: RefusalRow(
        _BOOK, "the other side has no limit whose price the order could take"
    ),
    Reason.NOT_IN_PHASE: RefusalRow(
        _BOTH, "this is not done in the book's phase",
        "this is not done in the book's phase, which is {figure}", "phase", _phase,
    ),
    Reason.UNSUPPORTED_TYPE: RefusalRow(
        _VENUE, "the venue does not take orders of this type",
        "the venue does not take orders of this type: allowed is {figure}",
        "types that it takes: bit n for the type n", _types,
    ),
    Reason.UNSUPPORTED_TIF: RefusalRow(
        _VENUE, "the venue does not take orders of this time in force",
        "the venue does not take orders of this time in force: allowed is {figure}",
        "times in force that it takes: bit n for the code n", _tifs,
    ),
    Reason.UNSUPPORTED_TERMS: RefusalRow(
        _VENUE, "the venue does not take one of the order's terms",
        "the venue does not take all of the order's terms: without {figure} it would",
        "terms that it does not take: bits of `OrderTerm`", _terms,
    ),
    Reason.SELF_TRADE: RefusalRow(_BOOK, "it would have traded with an order of its own owner"),
    Reason.DAY_OVER: RefusalRow(_VENUE, "the trading day that the order was for is over"),
    Reason.TIME_OVER: RefusalRow(_VENUE, "the time that the order gave itself is over"),
    Reason.AUCTION_OVER: RefusalRow(_BOOK, "the auction that the order was for is over"),
    Reason.THROTTLED: RefusalRow(
        _VENUE, "too many messages", "too many messages: the next one passes in {figure}",
        "time until a message passes, in ns", _wait,
    ),
    Reason.TOO_LARGE: RefusalRow(
        _VENUE, "{qty} is more than one order may have",
        "{qty} is more than one order may have, which is {figure}", "largest order, in lots", _lots,
    ),
    Reason.TOO_MUCH_NOTIONAL: RefusalRow(
        _VENUE, "{qty} at {price} is worth more than one order may be",
        "{qty} at {price} is worth more than one order may be, which is {figure}",
        "largest worth of an order, in price unit × lot", _money,
    ),
    Reason.NO_LOCATE: RefusalRow(
        _VENUE, "{qty} is more than may be sold short",
        "{qty} is more than may be sold short, which is {figure}",
        "lots that may be sold short", _lots,
    ),
    Reason.SHORT_PRICE_TEST: RefusalRow(
        _VENUE, "{price} is too low for a short sale",
        "{price} is too low for a short sale: allowed is {figure} or more",
        "lowest price that passes, in ticks", _ticks,
    ),
    Reason.NOT_SETTLED: RefusalRow(
        _VENUE, "{qty} is more than may be sold, as what was bought lately has to wait",
        "{qty} is more than may be sold, as what was bought lately has to wait: {figure} may",
        "lots that may be sold", _lots,
    ),
    Reason.TOO_LATE: RefusalRow(
        _VENUE, "the time for it is over", "it had to come before {figure}",
        "cut-off, in ns since the epoch", _time,
    ),
    Reason.MASS_CANCEL: RefusalRow(_VENUE, "it was cancelled together with others, as was asked"),
    Reason.DISCONNECTED: RefusalRow(
        _VENUE, "the session was lost, and its orders were cancelled",
        "the session was lost: it is heard again from {figure}",
        "when the session is heard again, in ns since the epoch", _time,
    ),
    Reason.QUOTE_PROTECTION: RefusalRow(
        _VENUE, "the quotes of its group traded too much, and were pulled",
        "the quotes of its group traded too much, and were pulled: new ones are taken {figure}",
        "when quotes are taken again, in ns since the epoch; 0 for after a reset", _until,
    ),
    Reason.PRICE_COLLAR: RefusalRow(
        _VENUE, "{price} is too far from the market",
        "{price} is too far from the market: what is allowed ends at {figure}",
        "the bound that it breaks, in ticks", _ticks,
    ),
    Reason.BAD_EXPIRY: RefusalRow(
        _VENUE, "the expiry is not possible",
        "the expiry is not possible: the nearest allowed is {figure}",
        "nearest allowed expiry, in ns since the epoch; 0 for none", _expiry,
    ),
    Reason.TOO_SMALL: RefusalRow(
        _VENUE, "{qty} is less than an order must have",
        "{qty} is less than an order must have, which is {figure}", "smallest order, in lots", _lots,
    ),
    Reason.TOO_LITTLE_NOTIONAL: RefusalRow(
        _VENUE, "{qty} at {price} is worth less than an order must be",
        "{qty} at {price} is worth less than an order must be, which is {figure}",
        "least worth of an order, in price unit × lot", _money,
    ),
}  # fmt: skip
"""Every reason, by number."""


def refusal_text(
    reason: Reason,
    figure: int | None = None,
    *,
    price_ticks: int | None = None,
    qty_lots: int | None = None,
    instrument: Instrument | None = None,
) -> str:
    """A refusal, or an order's end, as one sentence that names the reason.

    Args:
        reason: Of the report.
        figure: Of the report; None when there is none, as from a book without rules.
        price_ticks: Of the command, if it shall be named.
        qty_lots: Of the command, if it shall be named.
        instrument: Turns prices and worths into currency.
    """
    row = REFUSALS[reason]
    price = "the price" if price_ticks is None else f"the price {_ticks(price_ticks, instrument)}"
    qty = "the quantity" if qty_lots is None else f"the quantity {_lots(qty_lots, None)}"
    told = row.text if figure is not None and row.figure else row.plain
    written = row.write(figure, instrument) if figure is not None and row.figure else ""
    return f"{reason.name}: {told.format(figure=written, price=price, qty=qty)}"
