"""Why the last hard check says no: one table, from which the page is made too."""

from enum import IntEnum
from typing import Final, NamedTuple


class LimitCode(IntEnum):
    """Why a command does not leave; journaled, so a value never changes its meaning."""

    STRATEGY_DISABLED = 1
    MISSING_LIMIT = 2
    DUPLICATE_ORDER = 3
    UNKNOWN_ORDER = 4
    QTY = 5
    NO_REFERENCE = 6
    COLLAR = 7
    NOTIONAL = 8
    POSITION = 9
    SELF_TRADE = 10
    RATE = 11
    CASH = 12
    CEILING_QTY = 13
    CEILING_COLLAR = 14
    CEILING_NOTIONAL = 15
    CEILING_POSITION = 16
    CEILING_RATE = 17


class LimitRow(NamedTuple):
    """What one code means: a sentence with `{found}` and `{allowed}`, and the unit of both."""

    text: str
    unit: str


LIMITS: Final[dict[LimitCode, LimitRow]] = {
    LimitCode.STRATEGY_DISABLED: LimitRow(
        "the strategy had {found} executions within the window, {allowed} switch it off", "fills"
    ),
    LimitCode.MISSING_LIMIT: LimitRow(
        "the book has {found} tables of limits, {allowed} is needed", "tables"
    ),
    LimitCode.DUPLICATE_ORDER: LimitRow(
        "the order's id is {found}, allowed is {allowed} or more", "order id"
    ),
    LimitCode.UNKNOWN_ORDER: LimitRow(
        "the order to replace is {found}, which is not working; the newest id is {allowed}",
        "order id",
    ),
    LimitCode.QTY: LimitRow("the quantity is {found}, allowed is 1 to {allowed}", "lots"),
    LimitCode.NO_REFERENCE: LimitRow(
        "{found} sides of the book have a price and none was seen lately, {allowed} are needed",
        "sides",
    ),
    LimitCode.COLLAR: LimitRow(
        "the price is {found} away from the reference, allowed is {allowed}", "ppm"
    ),
    LimitCode.NOTIONAL: LimitRow(
        "the order is worth {found}, allowed is {allowed}", "price unit × lot"
    ),
    LimitCode.POSITION: LimitRow(
        "the position could reach {found} with all that was sent, allowed is {allowed}", "lots"
    ),
    LimitCode.SELF_TRADE: LimitRow(
        "the order at {found} ticks would trade with an own one at {allowed}", "ticks"
    ),
    LimitCode.RATE: LimitRow(
        "{found} messages left within the window, allowed for this kind are {allowed}", "messages"
    ),
    LimitCode.CASH: LimitRow(
        "the buy could cost {found}, {allowed} of the cash is free for it",
        "millionths of the base currency",
    ),
    LimitCode.CEILING_QTY: LimitRow(
        "the quantity is {found}, the ceiling over every limit is {allowed}", "lots"
    ),
    LimitCode.CEILING_COLLAR: LimitRow(
        "the price is {found} away from the market, the ceiling over every limit is {allowed}",
        "ppm",
    ),
    LimitCode.CEILING_NOTIONAL: LimitRow(
        "the order is worth {found}, the ceiling over every limit is {allowed}",
        "price unit × lot",
    ),
    LimitCode.CEILING_POSITION: LimitRow(
        "the position could reach {found} with all that was sent, the ceiling over every limit is "
        "{allowed}",
        "lots",
    ),
    LimitCode.CEILING_RATE: LimitRow(
        "{found} messages left within the window, the ceiling for this kind is {allowed}",
        "messages",
    ),
}
"""Every code, in the order in which they are looked for; CASH is the purse's, which is asked before."""

CEILINGS: Final = tuple(code for code in LimitCode if code.name.startswith("CEILING_"))
"""What a limit let out and a ceiling did not, so that a limit must be wrong."""


def explain(code: int, found: int, allowed: int) -> str:
    """A refusal as a sentence."""
    row = LIMITS[LimitCode(code)]
    text = row.text.format(found=found, allowed=allowed)
    return f"{LimitCode(code).name}: {text} ({row.unit})"
