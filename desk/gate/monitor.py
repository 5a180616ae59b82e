"""Watching what is in flight: each cause that must stop working orders, as soon as it can be seen.

Model: what a cause can come from decides when it is looked for. Exposure and price moves are
looked at when a book's mark, position or risk in flight has changed, and held against limits when
it has grown, because what was within them and has not grown is within them still; volatility and
correlation are looked at when a bar has closed, links, drawdown and the rate of orders every time.
While anything is amiss, everything is looked at every time, so that the end of a cause is seen as
well. A property test holds what is found equal to what looking at everything would find.

Invariants: a cause is found on the first look after it came to be; looking changes nothing but the
memory of prices.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from desk.gate.breakers import add_count, add_price, is_move_above, move_ppm
from desk.gate.codes import VETOES, VetoCode
from desk.gate.episodes import Cause, GateData, GateMode
from desk.gate.exposure import Sums
from desk.gate.obstacles import CLOSED, CONTINUOUS
from desk.gate.tables import Tables
from market.decisions import PPM, ActionKind
from market.messages import EVERY

if TYPE_CHECKING:
    from desk.state import State

NEVER_NS: Final = 1 << 62


class Monitor:
    """Looks for causes.

    Args:
        tables: What is allowed.
        sums: Exposure of the portfolio and of groups.
        data: The gate's memory; only its windows of prices and orders change here.
    """

    def __init__(self, tables: Tables, sums: Sums, data: GateData) -> None:
        self._tables = tables
        self._sums = sums
        self._data = data
        self._fit_ns = -1  # until then no working book's content is too old
        self._stale_ns = [table.stale_ns for table in tables.instrument]
        self._price_part_ns = tables.price_part_ns
        self._price_move_ppm = [table.price_move_ppm for table in tables.instrument]
        self._all_up = [0 for _ in tables.books]
        self._group_most = [
            (group, one.gross_micros, one.net_micros) for group, one in enumerate(tables.group)
        ]
        self._own_most = [one.value_micros for one in tables.strategy]
        self._day_drawdown = tables.portfolio.day_drawdown_micros
        self._peak_drawdown = tables.portfolio.peak_drawdown_micros
        self._orders_max = tables.portfolio.orders_max

    def causes(self, state: "State", now_ns: int) -> list[Cause]:
        """Everything that is found now."""
        found: list[Cause] = []
        seen, data = state.data, self._data
        if data.episodes:
            self._look_at_all(state, now_ns, found)
        else:
            if seen.version != data.looked:
                self._look(state, now_ns, found)
            if now_ns > self._fit_ns:
                self._fit_all(state, now_ns, found)
            if seen.next_bar_ns != data.bar_ns:
                self._measures(state, found)
        drawdown = seen.drawdown
        equity = drawdown.equity
        if (
            drawdown.day_peak - equity > self._day_drawdown
            or drawdown.peak - equity > self._peak_drawdown
            or data.orders.total > self._orders_max
            or seen.down_since_ns != self._all_up
        ):
            self._desk(state, now_ns, found)
        return found

    def _look_at_all(self, state: "State", now_ns: int, found: list[Cause]) -> None:
        """Look at every book, whatever has changed, and at what only a bar changes."""
        for book_id in state.books:
            mark_x2 = state.data.mark_x2_ticks[book_id]
            if mark_x2:
                self._price(book_id, mark_x2, now_ns // self._price_part_ns[book_id], found)
        self._sums.refresh(state)
        self._sums.grown.clear()
        self._exposure(state.books, found)
        self._data.looked = state.data.version
        self._fit_all(state, now_ns, found)
        self._measures(state, found)

    def _look(self, state: "State", now_ns: int, found: list[Cause]) -> None:
        """Look at what has changed: prices, then exposure, then whether books are fit."""
        seen, data, sums = state.data, self._data, self._sums
        is_due = now_ns > self._fit_ns  # then every book is looked at for its fitness anyway
        unfit: list[int] = []
        for book_id in state.changed_since(data.looked):
            mark_x2 = seen.mark_x2_ticks[book_id]
            if mark_x2:
                window, part = data.prices[book_id], now_ns // self._price_part_ns[book_id]
                # The same mark in the same part of a window changes nothing in it.
                if mark_x2 != window.last_x2 or part != window.part:
                    self._price(book_id, mark_x2, part, found)
            if not is_due and (seen.buy_risk_lots[book_id] or seen.sell_risk_lots[book_id]):
                old_ns = seen.content_ns[book_id] + self._stale_ns[book_id]
                if old_ns < self._fit_ns:
                    self._fit_ns = old_ns
                if now_ns > old_ns or seen.phase[book_id] != CONTINUOUS or seen.stale[book_id]:
                    unfit.append(book_id)
        data.looked = seen.version
        sums.refresh(state)
        if sums.grown:
            self._exposure(sums.grown, found)
            sums.grown.clear()
        for book_id in unfit:
            self._fit(state, book_id, now_ns, found)

    def _fit_all(self, state: "State", now_ns: int, found: list[Cause]) -> None:
        """Look at every book that has orders working, and when the next of them may be too old.

        Content only ever gets newer, so nothing is too old before then; what else may hinder a book
        is a change of it.
        """
        seen = state.data
        self._fit_ns = NEVER_NS
        for book_id in self._tables.books:
            if seen.buy_risk_lots[book_id] or seen.sell_risk_lots[book_id]:
                self._fit(state, book_id, now_ns, found)
                old_ns = seen.content_ns[book_id] + self._stale_ns[book_id]
                self._fit_ns = min(self._fit_ns, max(old_ns, now_ns))

    # --- one book -------------------------------------------------------------------------------

    def _price(self, book_id: int, mark_x2: int, part: int, found: list[Cause]) -> None:
        """A move of the price within the window."""
        window = self._data.prices[book_id]
        add_price(window, part, mark_x2)
        most = self._price_move_ppm[book_id]
        if is_move_above(window, most):
            found.append(_cause(VetoCode.PRICE_BREAKER, EVERY, book_id, move_ppm(window), most))

    def _fit(self, state: "State", book_id: int, now_ns: int, found: list[Cause]) -> None:
        """Whether orders may go on working in a book that has some."""
        seen = state.data
        phase = seen.phase[book_id]
        if phase != CONTINUOUS:
            # Nothing works in a closed book: its venue has ended, or will end, what was there.
            if phase != CLOSED:
                found.append(_cause(VetoCode.HALTED, EVERY, book_id, phase, CONTINUOUS))
            return
        if seen.stale[book_id]:
            found.append(_cause(VetoCode.FEED_GAP, EVERY, book_id, 1, 0))
        age_ns = now_ns - seen.content_ns[book_id]
        most_ns = self._stale_ns[book_id]
        if age_ns > most_ns:
            found.append(_cause(VetoCode.STALE, EVERY, book_id, age_ns, most_ns))

    # --- sums over books ------------------------------------------------------------------------

    def _exposure(self, books: Iterable[int], found: list[Cause]) -> None:
        """The limits of books whose exposure may have grown, and of every sum over books."""
        tables, portfolio, sums = self._tables, self._tables.portfolio, self._sums
        for book_id in books:
            table, (lots, value, _, _) = tables.instrument[book_id], sums.parts[book_id]
            if lots > table.position_lots:
                found.append(_cause(VetoCode.POSITION, EVERY, book_id, lots, table.position_lots))
            if value > table.value_micros:
                most = table.value_micros
                found.append(_cause(VetoCode.INSTRUMENT_VALUE, EVERY, book_id, value, most))
        for group, gross_most, net_most in self._group_most:
            gross, long, short = (
                sums.group_gross[group], sums.group_long[group], -sums.group_short[group]
            )  # fmt: skip
            if gross > gross_most or long > net_most or short > net_most:
                self._group(group, gross, max(long, short), found)
        most = portfolio.gross_micros
        if sums.gross > most:
            found.append(_cause(VetoCode.PORTFOLIO_GROSS, EVERY, EVERY, sums.gross, most))
        most = portfolio.net_micros
        if sums.long > most or -sums.short > most:
            net = max(sums.long, -sums.short)
            found.append(_cause(VetoCode.PORTFOLIO_NET, EVERY, EVERY, net, most))
        for strategy in tables.strategies:
            value, most = sums.own[strategy], self._own_most[strategy]
            if value > most:
                found.append(_cause(VetoCode.STRATEGY_VALUE, strategy, EVERY, value, most))

    def _group(self, group: int, gross: int, net: int, found: list[Cause]) -> None:
        """The limits of a group; each of its books is told."""
        limits = self._tables.group[group]
        for code, value, most in (
            (VetoCode.GROUP_GROSS, gross, limits.gross_micros),
            (VetoCode.GROUP_NET, net, limits.net_micros),
        ):
            if value > most:
                members = self._tables.members[group]
                found += [_cause(code, EVERY, book_id, value, most) for book_id in members]

    # --- measures that a bar changes ------------------------------------------------------------

    def _measures(self, state: "State", found: list[Cause]) -> None:
        """Volatility, regime and correlation of the books that are held or worked."""
        tables, self._data.bar_ns = self._tables, state.data.next_bar_ns
        for book_id in tables.books:
            if not state.involved(book_id):
                continue
            self._volatility(state, book_id, found)
            regime = state.regime(book_id)
            found += [
                _cause(VetoCode.REGIME, strategy, book_id, int(regime), 0)
                for strategy in tables.strategies
                if tables.scale_ppm[strategy][regime] == 0 and _works(state, strategy, book_id)
            ]
            for other in tables.books:
                rho = state.rho(book_id, other) if other != book_id else 0.0
                if abs(rho) > tables.rho_max and _add_up(state, book_id, other, rho):
                    rho_ppm, most = int(abs(rho) * PPM), tables.portfolio.correlation_ppm
                    found.append(_cause(VetoCode.CORRELATION, EVERY, book_id, rho_ppm, most))
                    break

    def _volatility(self, state: "State", book_id: int, found: list[Cause]) -> None:
        """A jump of volatility over its long-run level."""
        now, usual = state.volatility(book_id), state.long_volatility(book_id)
        if usual > 0.0 and now > usual * self._tables.jump_max[book_id]:
            ratio_ppm = int(now / usual * PPM)
            most = self._tables.instrument[book_id].volatility_jump_ppm
            found.append(_cause(VetoCode.VOLATILITY_JUMP, EVERY, book_id, ratio_ppm, most))

    # --- the desk as a whole --------------------------------------------------------------------

    def _desk(self, state: "State", now_ns: int, found: list[Cause]) -> None:
        """Losses, links, and how much the desk itself sends; `causes` asks when one may be amiss."""
        portfolio, data = self._tables.portfolio, self._data
        loss, most = state.day_drawdown, portfolio.day_drawdown_micros
        if loss > most:
            found.append(_cause(VetoCode.DAY_DRAWDOWN, EVERY, EVERY, loss, most))
        loss, most = state.peak_drawdown, portfolio.peak_drawdown_micros
        if loss > most:
            found.append(_cause(VetoCode.PEAK_DRAWDOWN, EVERY, EVERY, loss, most))
        if state.data.down_since_ns != self._all_up:
            self._links(state, now_ns, found)
        if data.orders.total > portfolio.orders_max:
            sent = add_count(data.orders, now_ns // self._tables.rate_part_ns, 0)
            if sent > portfolio.orders_max:
                found.append(self._rate(sent, now_ns))

    def _links(self, state: "State", now_ns: int, found: list[Cause]) -> None:
        """The link that has been down longest; one is enough for the whole desk."""
        most_ns = self._tables.portfolio.disconnect_ns
        down_ns = now_ns - min([since_ns for since_ns in state.data.down_since_ns if since_ns])
        if down_ns > most_ns:
            found.append(_cause(VetoCode.DISCONNECTED, EVERY, EVERY, down_ns, most_ns))

    def _rate(self, sent: int, now_ns: int) -> Cause:
        """Too many orders: safe mode, and a kill when a whole window of safe mode did not help."""
        portfolio, data = self._tables.portfolio, self._data
        safe_ns = now_ns - data.mode_ns
        runaway = data.mode is GateMode.SAFE and safe_ns > 2 * portfolio.orders_window_ns
        return Cause(
            VetoCode.ORDER_RATE,
            EVERY,
            EVERY,
            sent,
            portfolio.orders_max,
            ActionKind.KILL if runaway or data.mode is GateMode.KILLED else ActionKind.SAFE,
        )


def _cause(code: VetoCode, strategy: int, book_id: int, found: int, allowed: int) -> Cause:
    kind = VETOES[code].action
    assert kind is not None
    return Cause(code, strategy, book_id, found, allowed, kind)


def _works(state: "State", strategy: int, book_id: int) -> bool:
    """Whether a strategy holds or works a book."""
    key, seen = strategy << 16 | book_id, state.data
    return bool(
        seen.positions.get(key, 0) or seen.buy_risk.get(key, 0) or seen.sell_risk.get(key, 0)
    )


def _add_up(state: "State", one: int, other: int, rho: float) -> bool:
    """Whether two books may come to lose together."""
    high, low = state.worst_long(one), state.worst_short(one)
    other_high, other_low = state.worst_long(other), state.worst_short(other)
    if rho > 0.0:
        return (high > 0 and other_high > 0) or (low < 0 and other_low < 0)
    return (high > 0 and other_low < 0) or (low < 0 and other_high > 0)
