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

Part = tuple[int, int, int, int]
"""Of one book: how far its farther end is from zero, in lots; what that is worth; the worth of the
high end, negative when short; and that of the low end."""


class Sums:
    """Sums over books in value units, when refreshed.

    Attributes:
        parts: Of each book.
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
        self.parts: list[Part] = [(0, 0, 0, 0)] * books
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
        changed = state.changed_since(since)
        for book_id in changed:
            self._take(state, book_id)
        if self._is_shared:
            for book_id in changed:
                self._take_own(state, book_id)
        else:
            self.own[0] = self.gross

    def _take(self, state: "State", book_id: int) -> None:
        """One book's part of every sum, in place of the one before."""
        data = state.data
        position = data.position_lots[book_id]
        high, low = position + data.buy_risk_lots[book_id], position - data.sell_risk_lots[book_id]
        lots = high if high > -low else -low
        old_lots, old_exposure, old_high, old_low = self.parts[book_id]
        if lots == old_lots == 0:
            return  # nothing is held or worked, so it adds nothing wherever its mark goes
        worth, den = abs(data.mark_x2_ticks[book_id] * state.num[book_id]), state.den[book_id]
        high_value = high * worth // den if high >= 0 else -(-high * worth // den)
        if low == high:
            low_value = high_value
        else:
            low_value = low * worth // den if low >= 0 else -(-low * worth // den)
        exposure = high_value if lots == high else -low_value
        self.parts[book_id] = lots, exposure, high_value, low_value
        group = self._group_of[book_id]
        change = exposure - old_exposure
        self.gross += change
        self.group_gross[group] += change
        if high_value != old_high:
            change = high_value - old_high
            self.long += change
            self.group_long[group] += change
        if low_value != old_low:
            change = low_value - old_low
            self.short += change
            self.group_short[group] += change
        # An exposure that grows takes one of the two ends with it, or both.
        if high_value > old_high or low_value < old_low or lots > old_lots:
            self._note_growth(book_id)

    def _take_own(self, state: "State", book_id: int) -> None:
        """The same of each strategy's sum, where there are several."""
        for strategy, parts in enumerate(self._own_parts):
            own = state.value(book_id, state.strategy_worst_lots(strategy, book_id))
            change = own - parts[book_id]
            if change:
                parts[book_id] = own
                self.own[strategy] += change
                if change > 0:
                    self._note_growth(book_id)

    def _note_growth(self, book_id: int) -> None:
        if book_id not in self.grown:
            self.grown.append(book_id)
