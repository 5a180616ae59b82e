"""Why the gate says no: one table, from which the vetoes, the actions and their page are made.

A code *hinders* everything, or new risk only; what reduces a position passes the latter. Its
*action* is what happens to orders in flight when the same cause is found while they work; None
leaves them alone. *Cools* tells whether a pause lasts until the cause has been away for the
cool-off, or ends with the cause.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from market.decisions import ActionKind


class VetoCode(IntEnum):
    """Why a signal may not become risk; journaled, so a value never changes its meaning."""

    KILLED = 1
    SAFE_MODE = 2
    STRATEGY_PAUSED = 3
    HALTED = 4
    CLOSED = 5
    DISCONNECTED = 6
    FEED_GAP = 7
    STALE = 8
    NO_PRICE = 9
    CROSSED = 10
    SPREAD = 11
    UNKNOWN_ORDERS = 12
    MISSING_LIMIT = 13
    DAY_DRAWDOWN = 14
    PEAK_DRAWDOWN = 15
    REGIME = 16
    CORRELATION = 17
    POSITION = 18
    INSTRUMENT_VALUE = 19
    VOLUME_SHARE = 20
    CONCENTRATION = 21
    GROUP_GROSS = 22
    GROUP_NET = 23
    STRATEGY_VALUE = 24
    PORTFOLIO_GROSS = 25
    PORTFOLIO_NET = 26
    PRICE_BREAKER = 27
    VOLATILITY_JUMP = 28
    ORDER_RATE = 29
    NO_JOURNAL = 30


class CodeRow(NamedTuple):
    """What one code means and does.

    Attributes:
        text: A sentence with `{found}` and `{allowed}`.
        unit: Of both figures.
        hinders_all: Whether it stops reductions too.
        action: What befalls orders in flight.
        cools: Whether its end waits for the cool-off.
    """

    text: str
    unit: str
    hinders_all: bool = False
    action: ActionKind | None = None
    cools: bool = True


_LOTS: Final = "lots"
_MICROS: Final = "millionths of the base currency"
_NS: Final = "ns"
_PPM: Final = "ppm"
_STATE: Final = "state"
_PAUSE: Final = ActionKind.PAUSE
_ABORT: Final = ActionKind.ABORT
_SAFE: Final = ActionKind.SAFE

VETOES: Final[dict[VetoCode, CodeRow]] = {
    VetoCode.KILLED: CodeRow(
        "the desk is killed, mode {found} of at most {allowed}", _STATE, True, ActionKind.KILL
    ),
    VetoCode.SAFE_MODE: CodeRow(
        "the desk is in safe mode, mode {found} of at most {allowed}", _STATE, False, _SAFE
    ),
    VetoCode.STRATEGY_PAUSED: CodeRow(
        "a person paused the strategy: {found} such words stand, allowed are {allowed}",
        "words", False, _PAUSE, False,
    ),
    VetoCode.HALTED: CodeRow(
        "the book's phase is {found}, trading needs {allowed}", "Phase", True, _PAUSE, False
    ),
    VetoCode.CLOSED: CodeRow("the book's phase is {found}, trading needs {allowed}", "Phase", True),
    VetoCode.DISCONNECTED: CodeRow(
        "the order link has been down for {found}, allowed is {allowed}", _NS, True, _SAFE
    ),
    VetoCode.FEED_GAP: CodeRow(
        "the feed calls the book unfit to act on: {found} flags, allowed are {allowed}",
        "flags", True, _PAUSE, False,
    ),
    VetoCode.STALE: CodeRow(
        "the book's content is {found} old, allowed is {allowed}", _NS, True, _PAUSE, False
    ),
    VetoCode.NO_PRICE: CodeRow(
        "the book has {found} sides with a price, {allowed} are needed, or one to reduce",
        "sides", True,
    ),
    VetoCode.CROSSED: CodeRow(
        "the spread is {found} ticks, {allowed} or more are needed", "ticks"
    ),
    VetoCode.SPREAD: CodeRow("the spread is {found} of the mid, allowed is {allowed}", _PPM),
    VetoCode.UNKNOWN_ORDERS: CodeRow(
        "{found} orders have an outcome that nobody knows, allowed are {allowed}", "orders"
    ),
    VetoCode.MISSING_LIMIT: CodeRow(
        "{found} tables of limits are missing, {allowed} may be", "tables"
    ),
    VetoCode.DAY_DRAWDOWN: CodeRow(
        "the day's drawdown is {found}, allowed is {allowed}", _MICROS, False, _SAFE
    ),
    VetoCode.PEAK_DRAWDOWN: CodeRow(
        "the drawdown from the peak is {found}, allowed is {allowed}", _MICROS, False, _SAFE
    ),
    VetoCode.REGIME: CodeRow(
        "the market's regime is {found}, which the strategy scales with {allowed}",
        "Regime, ppm", False, _PAUSE,
    ),
    VetoCode.CORRELATION: CodeRow(
        "it moves with what is held already by {found}, allowed is {allowed}", _PPM, False, _PAUSE
    ),
    VetoCode.POSITION: CodeRow(
        "the position could already reach {found}, allowed is {allowed}", _LOTS, False, _ABORT
    ),
    VetoCode.INSTRUMENT_VALUE: CodeRow(
        "the position could already be worth {found}, allowed is {allowed}",
        _MICROS, False, _ABORT,
    ),
    VetoCode.VOLUME_SHARE: CodeRow(
        "the position could already be {found} of a day's volume, allowed is {allowed}", _PPM
    ),
    VetoCode.CONCENTRATION: CodeRow(
        "the position could already be {found} of the portfolio, allowed is {allowed}", _PPM
    ),
    VetoCode.GROUP_GROSS: CodeRow(
        "the group's gross exposure could already be {found}, allowed is {allowed}",
        _MICROS, False, _ABORT,
    ),
    VetoCode.GROUP_NET: CodeRow(
        "the group's net exposure could already be {found}, allowed is {allowed}",
        _MICROS, False, _ABORT,
    ),
    VetoCode.STRATEGY_VALUE: CodeRow(
        "the strategy's exposure could already be {found}, allowed is {allowed}",
        _MICROS, False, _ABORT,
    ),
    VetoCode.PORTFOLIO_GROSS: CodeRow(
        "gross exposure could already be {found}, allowed is {allowed}", _MICROS, False, _ABORT
    ),
    VetoCode.PORTFOLIO_NET: CodeRow(
        "net exposure could already be {found}, allowed is {allowed}", _MICROS, False, _ABORT
    ),
    VetoCode.PRICE_BREAKER: CodeRow(
        "the price moved by {found} within the window, allowed is {allowed}", _PPM, False, _PAUSE
    ),
    VetoCode.VOLATILITY_JUMP: CodeRow(
        "volatility is {found} of its long-run level, allowed is {allowed}", _PPM, False, _PAUSE
    ),
    VetoCode.ORDER_RATE: CodeRow(
        "{found} orders and replacements were sent within the window, allowed are {allowed}",
        "orders", False, _SAFE,
    ),
    VetoCode.NO_JOURNAL: CodeRow(
        "nothing can be put on record: the journal's trouble is {found}, allowed is {allowed}",
        "JournalTrouble", True, _SAFE, False,
    ),
}  # fmt: skip
"""Every code, by number."""


def explain(code: int, found: int, allowed: int) -> str:
    """A veto's or an action's reason as a sentence."""
    row = VETOES[VetoCode(code)]
    text = row.text.format(found=found, allowed=allowed)
    return f"{VetoCode(code).name}: {text} ({row.unit})"
