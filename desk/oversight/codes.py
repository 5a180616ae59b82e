"""What can be wrong, who must know, and what explains what: one table, from which the page is made.

An alert that is *explained* by another of the same host or book joins that one's incident, and nobody
is called a second time. What may turn out to have a cause that shows a little later *waits* before a
person is called. A monitor may *say* something to the host that an alert is about; it can only
take risk away, and a scenario may say otherwise for each code.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from market.codes import OperatorAction


class AlertCode(IntEnum):
    """What is wrong; recorded, so a value never changes its meaning."""

    STORM = 1
    HOST_SILENT = 2
    HOST_STALLED = 3
    HOST_SLOW = 4
    CLOCK_OFF = 5
    JOURNAL_TROUBLE = 6
    JOURNAL_BEHIND = 7
    OWN_FEED_LATE = 8
    FEED_QUIET = 9
    CONTENT_OLD = 10
    BOOK_UNFIT = 11
    TRADING_HALTED = 12
    SESSION_DOWN = 13
    ANSWERS_LATE = 14
    ORDERS_UNKNOWN = 15
    REPORTS_ODD = 16
    POSITION_BREAK = 17
    TRADE_BUSTED = 18
    REJECTS = 19
    ORDER_RATE = 20
    EXPOSURE = 21
    LOSS = 22
    MODE_RAISED = 23
    EPOCH_CHANGED = 24
    TELEMETRY_GAP = 25
    MONITOR_SILENT = 26
    MONITOR_FLOODS = 27
    LIMITS_CHANGED = 28
    CEILING_REACHED = 29


class Severity(IntEnum):
    """How much it matters; only what calls for a person ever calls one."""

    NOTE = 1
    WARNING = 2
    PAGE = 3


class AlertRow(NamedTuple):
    """What one code means, and what is to be done about it.

    Attributes:
        text: A sentence with `{found}` and `{allowed}`.
        unit: Of both figures.
        severity: How much it matters.
        owner: Who must see to it.
        action: What that person does.
        explains: Codes that it explains, where it is about the same host or book.
        waits: Whether it may have a cause that shows later.
        says: What the monitor tells the host.
        after_ns: How long it must have been so before that is said.
    """

    text: str
    unit: str
    severity: Severity
    owner: str
    action: str
    explains: tuple[AlertCode, ...] = ()
    waits: bool = False
    says: OperatorAction | None = None
    after_ns: int = 0


_NS: Final = "ns"
_MICROS: Final = "millionths of the base currency"
_PAGE: Final = Severity.PAGE
_WARNING: Final = Severity.WARNING
_C: Final = AlertCode
_OPERATIONS: Final = "operations"
_TRADER: Final = "trader"
_RISK: Final = "risk officer"

_ORDERS: Final = (_C.ANSWERS_LATE, _C.ORDERS_UNKNOWN, _C.REPORTS_ODD, _C.POSITION_BREAK, _C.REJECTS)
"""What goes wrong with orders when what carries them does."""

_HOST: Final = (
    _C.TELEMETRY_GAP, _C.CONTENT_OLD, _C.BOOK_UNFIT, _C.JOURNAL_BEHIND, _C.SESSION_DOWN, *_ORDERS,
    _C.MODE_RAISED,
)  # fmt: skip
"""What goes wrong with a host when its machine does."""

ALERTS: Final[dict[AlertCode, AlertRow]] = {
    _C.STORM: AlertRow(
        "{found} calls within the window, allowed are {allowed}: whatever follows is only recorded",
        "calls", _PAGE, _OPERATIONS, "look at the monitor's list, not at the pager",
    ),
    _C.HOST_SILENT: AlertRow(
        "no reading for {found}, allowed is {allowed}", _NS, _PAGE, _OPERATIONS,
        "see that its stand-by has taken over or its orders are cancelled; restart it",
        (*_HOST, _C.HOST_STALLED, _C.HOST_SLOW, _C.CLOCK_OFF, _C.JOURNAL_TROUBLE),
    ),
    _C.HOST_STALLED: AlertRow(
        "a decision has been under way for {found}, allowed is {allowed}", _NS, _PAGE, _OPERATIONS,
        "take it out of service before it acts on what it knew", (*_HOST, _C.HOST_SLOW),
    ),
    _C.HOST_SLOW: AlertRow(
        "a decision took {found}, allowed is {allowed}", _NS, _WARNING, _OPERATIONS,
        "find what else runs on the machine", (_C.CONTENT_OLD, _C.ANSWERS_LATE, _C.TELEMETRY_GAP),
        waits=True,
    ),
    _C.CLOCK_OFF: AlertRow(
        "its clock is off by {found}, allowed is {allowed}", _NS, _PAGE, _OPERATIONS,
        "synchronise the clock; until then trust no latency that it measured",
        (_C.CONTENT_OLD, _C.MODE_RAISED),
    ),
    _C.JOURNAL_TROUBLE: AlertRow(
        "its store is in trouble, state {found}, allowed is {allowed}", "JournalTrouble", _PAGE,
        _OPERATIONS, "free or replace the store; nothing new leaves until then",
        (_C.JOURNAL_BEHIND, *_ORDERS, _C.MODE_RAISED, _C.HOST_STALLED),
    ),
    _C.JOURNAL_BEHIND: AlertRow(
        "a record has waited {found} to become durable, allowed is {allowed}", _NS, _PAGE,
        _OPERATIONS, "look at the store: commands wait with their records",
        (*_ORDERS, _C.MODE_RAISED), waits=True,
    ),
    _C.OWN_FEED_LATE: AlertRow(
        "the monitor's own feed lags behind the hosts by {found}, allowed is {allowed}", _NS, _PAGE,
        _OPERATIONS, "mend the monitor's line; the hosts know better, so nothing is said to them",
    ),
    _C.FEED_QUIET: AlertRow(
        "nobody has heard of the book for {found}, allowed is {allowed}", _NS, _PAGE, _TRADER,
        "ask the venue whether it trades", (_C.CONTENT_OLD, _C.BOOK_UNFIT, _C.MODE_RAISED),
    ),
    _C.CONTENT_OLD: AlertRow(
        "its content lags by {found} behind what others know, allowed is {allowed}", _NS, _PAGE,
        _OPERATIONS, "move it to the other line", (_C.BOOK_UNFIT, _C.MODE_RAISED, _C.REJECTS),
        waits=True,
    ),
    _C.BOOK_UNFIT: AlertRow(
        "its picture of the book has been unfit for {found}, allowed is {allowed}", _NS, _PAGE,
        _OPERATIONS, "look at the recovery of the gap", (_C.MODE_RAISED,),
        waits=True,
    ),
    _C.TRADING_HALTED: AlertRow(
        "the book's phase is {found}, continuous trading is {allowed}", "Phase", _WARNING, _TRADER,
        "mark positions; resume only on a fresh book", (_C.FEED_QUIET, _C.REJECTS, _C.MODE_RAISED),
    ),
    _C.SESSION_DOWN: AlertRow(
        "the order links of {found} books are down, allowed are {allowed}", "books", _PAGE,
        _OPERATIONS, "call the venue's desk; ask for open orders", (*_ORDERS, _C.MODE_RAISED),
    ),
    _C.ANSWERS_LATE: AlertRow(
        "a command has had no answer for {found}, allowed is {allowed}", _NS, _PAGE, _TRADER,
        "ask the venue how the order stands",
        (_C.ORDERS_UNKNOWN, _C.POSITION_BREAK, _C.MODE_RAISED), waits=True,
    ),
    _C.ORDERS_UNKNOWN: AlertRow(
        "{found} orders may or may not live, allowed are {allowed}", "orders", _PAGE, _TRADER,
        "settle each by query or by telephone before anything new", (_C.MODE_RAISED,), waits=True,
    ),
    _C.REPORTS_ODD: AlertRow(
        "{found} more reports made no sense, allowed are {allowed}", "reports", _WARNING, _TRADER,
        "compare with the drop copy", (_C.POSITION_BREAK,),
    ),
    _C.POSITION_BREAK: AlertRow(
        "the desk and the drop copy differ by {found}, allowed is {allowed}", "lots", _PAGE, _RISK,
        "stop adding risk; reconcile with the venue", (_C.EXPOSURE, _C.MODE_RAISED),
        says=OperatorAction.SAFE_MODE, after_ns=2_000_000_000,
    ),
    _C.TRADE_BUSTED: AlertRow(
        "{found} trades were taken back or corrected, allowed are {allowed}", "trades", _PAGE,
        _TRADER, "check the position and its hedge", (_C.POSITION_BREAK, _C.REPORTS_ODD),
    ),
    _C.REJECTS: AlertRow(
        "the venue refused {found} commands within a second, allowed are {allowed}", "commands",
        _PAGE, _TRADER, "read the reason; stop what repeats itself", (_C.MODE_RAISED,),
    ),
    _C.ORDER_RATE: AlertRow(
        "{found} commands left within a second, allowed are {allowed}", "commands", _PAGE, _RISK,
        "stop the strategy that sends them", (_C.REJECTS, _C.MODE_RAISED),
        says=OperatorAction.SAFE_MODE,
    ),
    _C.EXPOSURE: AlertRow(
        "gross exposure may reach {found}, allowed is {allowed}", _MICROS, _PAGE, _RISK,
        "stop adding risk; find the limit that let it through", (_C.MODE_RAISED,),
        says=OperatorAction.SAFE_MODE,
    ),
    _C.LOSS: AlertRow(
        "the loss since the day's best is {found}, allowed is {allowed}", _MICROS, _PAGE, _RISK,
        "stop; flatten by hand if need be", (_C.MODE_RAISED,), says=OperatorAction.SAFE_MODE,
    ),
    _C.MODE_RAISED: AlertRow(
        "the desk is in mode {found}, normal is {allowed}", "mode", _PAGE, _RISK,
        "find the cause; a named person rearms it", waits=True,
    ),
    _C.EPOCH_CHANGED: AlertRow(
        "the member is spoken for in epoch {found}, it was {allowed}", "epoch", _PAGE, _OPERATIONS,
        "see that the old primary is silent", _HOST,
    ),
    _C.TELEMETRY_GAP: AlertRow(
        "{found} readings are missing, allowed are {allowed}", "readings", _WARNING, _OPERATIONS,
        "look at the link between the host and the monitor", waits=True,
    ),
    _C.MONITOR_SILENT: AlertRow(
        "the monitor has given no sign of life for {found}, allowed is {allowed}", _NS, _PAGE,
        _OPERATIONS, "restart the monitor; until then somebody watches the desk",
    ),
    _C.MONITOR_FLOODS: AlertRow(
        "the monitor gave {found} instructions within the window, allowed are {allowed}",
        "instructions", _PAGE, _OPERATIONS, "take the monitor out of service: the rest is ignored",
        (_C.MONITOR_SILENT,),
    ),
    _C.LIMITS_CHANGED: AlertRow(
        "every limit is {found} of what was configured, it was {allowed}", "ppm", _PAGE, _RISK,
        "ask who set them and set them back; until then only the ceilings hold",
        (_C.CEILING_REACHED, _C.EXPOSURE, _C.ORDER_RATE, _C.REJECTS, _C.MODE_RAISED),
    ),
    _C.CEILING_REACHED: AlertRow(
        "{found} more commands were let out by a limit and stopped by a ceiling, allowed are {allowed}",
        "commands", _PAGE, _RISK, "find the limit that let them out", waits=True,
    ),
}  # fmt: skip
"""Every code, by number."""

LEADS_TO: Final = {
    OperatorAction.PAUSE_STRATEGY: 0,
    OperatorAction.SAFE_MODE: 1,
    OperatorAction.KILL: 2,
}
"""All that a monitor may ever say, and the mode that a desk is in when it has obeyed."""


def explain(code: int, found: int, allowed: int) -> str:
    """An alert as a sentence."""
    row = ALERTS[AlertCode(code)]
    text = row.text.format(found=found, allowed=allowed)
    return f"{AlertCode(code).name}: {text} ({row.unit})"
