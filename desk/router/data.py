"""What routers remember, as plain data: flow, learning and health by book, notes by order."""

from typing import Final

import msgspec

from desk.router.health import HealthData
from desk.router.learning import VenueData
from market.codes import Side
from market.messages import NO_PRICE

WINDOW_NS: Final = 60_000_000_000
"""Flow is counted over one to two of these."""

LEAK_NS: Final = 1_000_000_000
SHOWN_MAX: Final = 256


class FlowData(msgspec.Struct):
    """What a book's views have shown; the first of each pair is the window under way.

    Attributes:
        began_ns: When the window under way began; −1 before the first view.
        volume_lots: Traded.
        trades: How many.
        changes: Of the best prices.
        bid_ticks: The newest best bid.
        ask_ticks: The newest best ask.
        trade_count: The newest count of trades.
        phase: The newest phase.
        delay_ns: How old the newest content was when it arrived.
        halts: Halts so far.
        breaks: Losses of the order link so far.
    """

    began_ns: int = -1
    volume_lots: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    trades: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    changes: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    bid_ticks: int = NO_PRICE
    ask_ticks: int = NO_PRICE
    trade_count: int = 0
    phase: int = 0
    delay_ns: int = 0
    halts: int = 0
    breaks: int = 0


class Note(msgspec.Struct, gc=False):
    """An order under way, as it was when it left.

    Attributes:
        asked_ns: When the request that is not answered yet left; −1 when all are.
        cancel_ns: When its cancel left, −1 before.
        rested_ns: When it was heard to rest, −1 before.
        displayed_lots: What its price or better showed then.
        touch_ticks: Best price of the other side then.
        silent: Whether its silence has been counted.
    """

    asked_ns: int
    displayed_lots: int
    touch_ticks: int
    cancel_ns: int = -1
    rested_ns: int = -1
    silent: bool = False


class Shown(msgspec.Struct, frozen=True, gc=False):
    """An order that began to rest, and the mid then."""

    side: Side
    mid_x2_ticks: int
    lots: int
    due_ns: int


class RouterData(msgspec.Struct):
    """All that routers remember, by book; notes by order."""

    venues: dict[int, VenueData] = {}
    health: dict[int, HealthData] = {}
    flows: dict[int, FlowData] = {}
    shown: dict[int, list[Shown]] = {}
    notes: dict[int, Note] = {}


def turn(flow: FlowData, now_ns: int) -> None:
    """Begin a new window when the one under way is full."""
    if flow.began_ns < 0:
        flow.began_ns = now_ns
    past = (now_ns - flow.began_ns) // WINDOW_NS
    if past <= 0:
        return
    for counts in (flow.volume_lots, flow.trades, flow.changes):
        counts[1] = counts[0] if past == 1 else 0
        counts[0] = 0
    flow.began_ns += past * WINDOW_NS


def per_second_milli(flow: FlowData, counts: list[int], now_ns: int) -> int:
    """Rate of a count over both windows, in thousandths a second."""
    if flow.began_ns < 0:
        return 0
    spent_ns = now_ns - flow.began_ns + WINDOW_NS
    return sum(counts) * 1_000_000_000_000 // max(spent_ns, WINDOW_NS)
