"""Worst-case exposure of the portfolio, its groups and its strategies, kept up book by book.

Model: a book with position p, B lots that may still be bought and S that may still be sold can
end anywhere between *low* = p − S and *high* = p + B; its exposure is the worth of the end that
is farther from zero. Sums over books are kept; when something about a book has changed, its part
of every sum is made anew, and nothing else.

Invariants: refreshed, every figure is what adding up all books anew would give; a book that has
made any figure larger since `grown` was cleared is named there.
"""

from typing import TYPE_CHECKING

from desk.gate.tables import Tables

if TYPE_CHECKING:
    from desk.state import State


class Sums:
    """Sums over books in value units, when refreshed.

    Attributes:
        gross: Sum of all exposures.
        long: All books at their high ends, longs minus shorts.
        short: The same at their low ends, negative when short.
        group_gross: Of each group; `group_long` and `group_short` likewise.
        own: Of each strategy, the sum of its exposures.
        grown: Books that have made a figure larger since the watch cleared this.
    """

    def __init__(self, tables: Tables) -> None:
        books, groups = len(tables.books), len(tables.group)
        self._group_of = tables.group_of
        self._version_seen = -1
        self._parts = [(0, 0, 0, 0)] * books
        self._own_parts = [[0] * books for _ in tables.strategies]
        self._is_shared = len(tables.strategies) > 1
        self.gross = self.long = self.short = 0
        self.group_gross = [0] * groups
        self.group_long = [0] * groups
        self.group_short = [0] * groups
        self.own = [0] * len(tables.strategies)
        self.grown: list[int] = []

    def refresh(self, state: "State") -> None:
        """Take in every book about which something has changed."""
        version, since = state.data.version, self._version_seen
        if version == since:
            return
        self._version_seen = version
        for book_id in state.changed_since(since):
            is_larger = self._take(state, book_id)
            if self._is_shared and self._take_own(state, book_id):
                is_larger = True
            if is_larger and book_id not in self.grown:
                self.grown.append(book_id)
        if not self._is_shared:
            self.own[0] = self.gross

    def part(self, book_id: int) -> tuple[int, int]:
        """How far the farther end of a book is from zero, in lots, and what that is worth."""
        lots, exposure, _, _ = self._parts[book_id]
        return lots, exposure

    def _take(self, state: "State", book_id: int) -> bool:
        """One book's part of every sum, in place of the one before; whether a figure grew."""
        data = state.data
        position = data.position_lots[book_id]
        high, low = position + data.buy_risk_lots[book_id], position - data.sell_risk_lots[book_id]
        lots = high if high > -low else -low
        old_lots, old_exposure, old_high, old_low = self._parts[book_id]
        if lots == old_lots == 0:
            return False  # nothing is held or worked, so it adds nothing wherever its mark goes
        worth, den = data.mark_x2_ticks[book_id] * state.num[book_id], state.den[book_id]
        high_value = abs(high * worth) // den
        low_value = high_value if low == high else abs(low * worth) // den
        exposure = high_value if high_value > low_value else low_value
        if high < 0:
            high_value = -high_value
        if low < 0:
            low_value = -low_value
        self._parts[book_id] = lots, exposure, high_value, low_value
        group = self._group_of[book_id]
        if exposure != old_exposure:
            self.gross += exposure - old_exposure
            self.group_gross[group] += exposure - old_exposure
        if high_value != old_high:
            self.long += high_value - old_high
            self.group_long[group] += high_value - old_high
        if low_value != old_low:
            self.short += low_value - old_low
            self.group_short[group] += low_value - old_low
        # An exposure that grows takes one of the two ends with it, or both.
        return high_value > old_high or low_value < old_low or lots > old_lots

    def _take_own(self, state: "State", book_id: int) -> bool:
        """The same of each strategy's sum, where there are several."""
        is_larger = False
        for strategy, parts in enumerate(self._own_parts):
            own = state.value(book_id, state.strategy_worst_lots(strategy, book_id))
            change = own - parts[book_id]
            if change:
                parts[book_id] = own
                self.own[strategy] += change
                is_larger = is_larger or change > 0
        return is_larger
