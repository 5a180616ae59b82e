"""What stands in the way of a signal, but for exposure: the desk's mode, the book, the market, losses.

Model: `blocked` and `hindered` look at one thing after another, in an order that is part of what a
veto says, and are the specification. Nearly always nothing is in the way; `is_clear` sees that in
one look, and a property test holds it equal to them.
"""

from typing import TYPE_CHECKING, Final

from desk.gate.codes import VetoCode
from desk.gate.episodes import NO_JOURNAL_KEY, GateData, GateMode, pause_of
from desk.gate.tables import Tables
from market.codes import Phase
from market.decisions import PPM, Veto
from market.messages import NO_PRICE

if TYPE_CHECKING:
    from desk.state import State

CONTINUOUS: Final = int(Phase.CONTINUOUS)
CLOSED: Final = int(Phase.CLOSED)

NORMAL: Final = GateMode.NORMAL
"""An enum's attribute costs a look-up each time; the hot path has a plain name."""

SPREAD_X2_PPM: Final = 2 * PPM
"""A spread over twice the mid, times this, is the spread in parts per million of the mid."""


class Obstacles:
    """Looks for what stops a signal.

    Args:
        tables: What is allowed.
        data: The gate's memory, which is only read here.
    """

    def __init__(self, tables: Tables, data: GateData) -> None:
        self._data = data
        self._stale_ns = [table.stale_ns for table in tables.instrument]
        self._spread_ppm = [table.spread_ppm for table in tables.instrument]
        self._missing = tables.missing
        self._day_drawdown = tables.portfolio.day_drawdown_micros
        self._peak_drawdown = tables.portfolio.peak_drawdown_micros

    def is_clear(self, strategy: int, book_id: int, state: "State", now_ns: int) -> bool:
        """Whether nothing is in the way, by one look; `blocked` and `hindered` say what is.

        While there are episodes it leaves the answer to them; it does not look at the regime.
        """
        data, seen = self._data, state.data
        bid_ticks, ask_ticks = seen.bid_ticks[book_id], seen.ask_ticks[book_id]
        drawdown = seen.drawdown
        return (
            data.mode is NORMAL
            and not data.episodes
            and bid_ticks < ask_ticks
            and bid_ticks != NO_PRICE  # below every price, so an ask that is missing is not above
            and (ask_ticks - bid_ticks) * SPREAD_X2_PPM
            <= self._spread_ppm[book_id] * abs(bid_ticks + ask_ticks)
            and now_ns - seen.content_ns[book_id] <= self._stale_ns[book_id]
            and seen.phase[book_id] == CONTINUOUS
            and seen.mark_x2_ticks[book_id] != 0
            and not (
                seen.stale[book_id]
                or seen.down_since_ns[book_id]
                or seen.unknown_orders[book_id]
                or self._missing[strategy][book_id]
            )
            and drawdown.day_peak - drawdown.equity <= self._day_drawdown
            and drawdown.peak - drawdown.equity <= self._peak_drawdown
        )

    def blocked(self, book_id: int, state: "State", now_ns: int) -> Veto | None:
        """What stops even a reduction: nothing can be sent to this book, or be priced on it."""
        seen = state.data
        if self._data.mode is GateMode.KILLED:
            return Veto(code=VetoCode.KILLED, found=int(GateMode.KILLED), allowed=0)
        trouble = self._data.episodes.get(NO_JOURNAL_KEY)
        if trouble is not None:
            return Veto(code=VetoCode.NO_JOURNAL, found=trouble.found, allowed=0)
        phase = seen.phase[book_id]
        if phase != CONTINUOUS:
            code = VetoCode.CLOSED if phase == CLOSED else VetoCode.HALTED
            return Veto(code=code, found=int(phase), allowed=CONTINUOUS)
        if seen.down_since_ns[book_id]:
            down_ns = now_ns - seen.down_since_ns[book_id]
            return Veto(code=VetoCode.DISCONNECTED, found=down_ns, allowed=0)
        if seen.stale[book_id]:
            return Veto(code=VetoCode.FEED_GAP, found=1, allowed=0)
        age_ns, stale_ns = now_ns - seen.content_ns[book_id], self._stale_ns[book_id]
        if age_ns > stale_ns:
            return Veto(code=VetoCode.STALE, found=age_ns, allowed=stale_ns)
        is_empty = seen.bid_ticks[book_id] == NO_PRICE and seen.ask_ticks[book_id] == NO_PRICE
        if is_empty or seen.mark_x2_ticks[book_id] == 0:
            return Veto(code=VetoCode.NO_PRICE, found=0, allowed=2)
        return None

    def hindered(self, strategy: int, book_id: int, state: "State", scale_ppm: int) -> Veto | None:
        """What stops new risk."""
        data, seen = self._data, state.data
        if data.mode is GateMode.SAFE:
            return Veto(code=VetoCode.SAFE_MODE, found=int(GateMode.SAFE), allowed=0)
        if data.episodes:
            pause = pause_of(data, strategy, book_id)
            if pause is not None:
                return Veto(code=pause.code, found=pause.found, allowed=pause.allowed)
        missing = self._missing[strategy][book_id]
        if missing:
            return Veto(code=VetoCode.MISSING_LIMIT, found=missing, allowed=0)
        bid_ticks, ask_ticks = seen.bid_ticks[book_id], seen.ask_ticks[book_id]
        if NO_PRICE in (bid_ticks, ask_ticks):
            sides = (bid_ticks != NO_PRICE) + (ask_ticks != NO_PRICE)
            return Veto(code=VetoCode.NO_PRICE, found=sides, allowed=2)
        spread_ticks = ask_ticks - bid_ticks
        if spread_ticks <= 0:
            return Veto(code=VetoCode.CROSSED, found=spread_ticks, allowed=1)
        mid_x2, most_ppm = abs(bid_ticks + ask_ticks), self._spread_ppm[book_id]
        if spread_ticks * SPREAD_X2_PPM > most_ppm * mid_x2:
            spread_ppm = spread_ticks * SPREAD_X2_PPM // max(mid_x2, 1)
            return Veto(code=VetoCode.SPREAD, found=spread_ppm, allowed=most_ppm)
        if seen.unknown_orders[book_id]:
            unknown = seen.unknown_orders[book_id]
            return Veto(code=VetoCode.UNKNOWN_ORDERS, found=unknown, allowed=0)
        loss, most = state.day_drawdown, self._day_drawdown
        if loss > most:
            return Veto(code=VetoCode.DAY_DRAWDOWN, found=loss, allowed=most)
        loss, most = state.peak_drawdown, self._peak_drawdown
        if loss > most:
            return Veto(code=VetoCode.PEAK_DRAWDOWN, found=loss, allowed=most)
        if scale_ppm == 0:
            return Veto(code=VetoCode.REGIME, found=int(state.regime(book_id)), allowed=0)
        return None
