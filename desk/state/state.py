"""The single picture on which every stage decides: positions, what is in flight, marks and risk.

Model: facts come in through `apply_*` and nowhere else, in the order in which they happened, and every
stage reads the same ones. Exposure is the worst over all outcomes of what is in flight: a book with
position p, B lots that may still be bought and S that may still be sold can end anywhere in
[p − S, p + B], so that its exposure is the larger end of it at the mark.

Values are whole millionths of the base currency (`value`), rounded towards zero; marks are twice the
mid, so that they stay whole.

Invariants: at-risk lots are never negative; the sums by strategy equal the sums by book.

Limits: of books whose currencies differ, the exchange rates are the configuration's, and constant.
"""

from collections.abc import Collection, Sequence
from typing import Final

from desk.state.correlation import add_bars, correlation_of
from desk.state.data import PPM, RECENT, StateConfig, StateData, fresh_state
from desk.state.drawdown import day_drawdown, mark_equity, peak_drawdown, start_day
from desk.state.regimes import add_regime_bar, regime_of
from desk.state.volatility import (
    add_bar,
    ewma_volatility,
    long_volatility,
    rolling_volatility,
)
from market.codes import Phase, Regime
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE, View

ACCOUNT_SHIFT: Final = 16

_CONTINUOUS: Final = Phase.CONTINUOUS
"""An enum's attribute costs a look-up each time; the hot path has a plain name."""


def account_key(strategy: int, book_id: int) -> int:
    """The key of one strategy in one book."""
    return strategy << ACCOUNT_SHIFT | book_id


class State:
    """Positions, exposure, risk measures.

    Args:
        config: How risk is measured.
        instruments: By book.
        groups: Number of each book's group.
        strategy_count: Strategies, numbered from 0.
        data: What an earlier state remembered.

    Attributes:
        num: By book, with `den` the fraction that makes lots × twice a mark value units (`value`).
    """

    def __init__(
        self,
        config: StateConfig,
        instruments: Sequence[Instrument],
        groups: Sequence[int],
        strategy_count: int,
        data: StateData | None = None,
    ) -> None:
        books = len(instruments)
        self.data = data or fresh_state(config, books)
        self.config = config
        self.groups = list(groups)
        self.strategy_count = strategy_count
        self.books = range(books)
        self._bar_ns = config.volatility.bar_ns
        self._regimes = [config.regimes.get(one.symbol, config.regime) for one in instruments]
        self._bars_max = max(
            config.volatility.long_window_bars, *(one.history_bars for one in self._regimes)
        )
        # What changes with a bar only; `most` of close books is the desk's one limit of correlation.
        self._close: dict[int, list[tuple[int, float]]] = {}
        self._volatility = self._volatilities()
        self.num, self.den = zip(
            *(value_scale(config, instruments, one) for one in instruments), strict=True
        )
        self._tick = [one.tick_units for one in instruments]
        self._keys = [
            [account_key(strategy, book_id) for book_id in self.books]
            for strategy in range(strategy_count)
        ]

    # --- facts come in --------------------------------------------------------------------------

    def apply_view(self, view: View, *, stale: bool, content_ns: int) -> None:
        """A book as its feed shows it now."""
        data, book_id = self.data, view.book_id
        bid_ticks, ask_ticks = view.bid_ticks, view.ask_ticks
        data.bid_ticks[book_id] = bid_ticks
        data.ask_ticks[book_id] = ask_ticks
        phase = view.phase
        if phase != data.phase[book_id] or stale is not data.stale[book_id]:
            data.phase[book_id] = int(phase)
            data.stale[book_id] = stale
            self._note(book_id)
        data.content_ns[book_id] = content_ns
        if bid_ticks != NO_PRICE and ask_ticks != NO_PRICE and phase is _CONTINUOUS:
            mark_x2_ticks = bid_ticks + ask_ticks
            if mark_x2_ticks != data.mark_x2_ticks[book_id]:
                data.mark_x2_ticks[book_id] = mark_x2_ticks
                self._note(book_id)
        if view.trade_count != data.trade_count[book_id]:
            # Trades between two views are counted, but only the last one's size is known.
            data.trade_count[book_id] = view.trade_count
            data.volume_lots[book_id] += view.last_trade_lots

    def apply_stale(self, book_id: int) -> None:
        """A book's content has become too old."""
        self.data.stale[book_id] = True
        self._note(book_id)

    def _note(self, book_id: int) -> None:
        """Something about a book has changed that sums and watches depend on."""
        data = self.data
        data.version = version = data.version + 1
        data.changed[version % RECENT] = book_id

    def changed_since(self, version: int) -> Collection[int]:
        """Books that have changed after a version, each once; every book when that is long ago."""
        data = self.data
        changed, newest = data.changed, data.version
        count = newest - version
        if count == 1:
            return (changed[newest % RECENT],)
        if count == 2:
            one, other = changed[(version + 1) % RECENT], changed[newest % RECENT]
            return (one, other) if one != other else (one,)
        if count > RECENT or version < 0:
            return self.books
        return dict.fromkeys([changed[one % RECENT] for one in range(version + 1, newest + 1)])

    def apply_risk(self, strategy: int, book_id: int, buy_lots: int, sell_lots: int) -> None:
        """What one strategy may still buy and sell in one book, by what is in flight."""
        data = self.data
        key = strategy << ACCOUNT_SHIFT | book_id
        buys, sells = data.buy_risk, data.sell_risk
        more_buys, more_sells = buy_lots - buys.get(key, 0), sell_lots - sells.get(key, 0)
        if not more_buys and not more_sells:
            return
        if more_buys:
            data.buy_risk_lots[book_id] += more_buys
        if more_sells:
            data.sell_risk_lots[book_id] += more_sells
        buys[key] = buy_lots
        sells[key] = sell_lots
        self._note(book_id)

    def apply_fill(self, strategy: int, book_id: int, signed_lots: int) -> None:
        """A position changed by a fill, a bust or a correction."""
        data = self.data
        key = strategy << ACCOUNT_SHIFT | book_id
        data.position_lots[book_id] += signed_lots
        data.positions[key] = data.positions.get(key, 0) + signed_lots
        self._note(book_id)

    def apply_link(self, book_id: int, *, up: bool, now_ns: int) -> None:
        """A book's order link went down or came up."""
        since_ns = self.data.down_since_ns
        since_ns[book_id] = 0 if up else since_ns[book_id] or now_ns

    def apply_unknown(self, book_id: int, count: int) -> None:
        """How many orders of a book have an outcome that nobody knows."""
        self.data.unknown_orders[book_id] = count

    def apply_equity(self, equity: int) -> None:
        """Capital and profit so far, in value units."""
        mark_equity(self.data.drawdown, equity)

    def apply_day(self) -> None:
        """A new day begins: day figures start anew."""
        data = self.data
        start_day(data.drawdown)
        data.volume_lots = [0] * len(self.books)

    def apply_time(self, now_ns: int) -> None:
        """Close the bars that have ended by now, with the marks as they stood."""
        data = self.data
        if now_ns < data.next_bar_ns:
            return
        if data.next_bar_ns == 0:
            data.next_bar_ns = now_ns - now_ns % self._bar_ns + self._bar_ns
            return
        ended = (now_ns - data.next_bar_ns) // self._bar_ns + 1
        data.next_bar_ns += ended * self._bar_ns
        self._close_bar()
        # Later bars saw no change. Once the longest window is full of zeros, more change nothing.
        for _ in range(min(ended - 1, self._bars_max)):
            self._close_bar()

    def _close_bar(self) -> None:
        """One bar of every book ends."""
        data, config = self.data, self.config
        changes = []
        for book_id in self.books:
            before, after = data.bar_mark_x2[book_id], data.mark_x2_ticks[book_id]
            change = (after - before) / before if before > 0 else 0.0
            data.bar_mark_x2[book_id] = after
            changes.append(change)
            if before > 0:
                volatility = data.volatility[book_id]
                add_bar(volatility, config.volatility, change)
                add_regime_bar(
                    data.regimes[book_id],
                    self._regimes[book_id],
                    change,
                    rolling_volatility(volatility, config.volatility),
                )
        self._close.clear()
        self._volatility = self._volatilities()
        if len(changes) > 1:
            add_bars(data.correlation, config.correlation, changes)

    def _volatilities(self) -> list[float]:
        """The EWMA of every book."""
        return [ewma_volatility(one, self.config.volatility) for one in self.data.volatility]

    # --- values ---------------------------------------------------------------------------------

    def value(self, book_id: int, lots: int) -> int:
        """What lots of a book are worth at its mark, in value units, without a sign."""
        worth = abs(lots * self.data.mark_x2_ticks[book_id]) * self.num[book_id]
        return int(worth // self.den[book_id])

    def value_of_cash(self, book_id: int, cash_x2: int) -> int:
        """Twice an amount in a book's price unit × lot, as value units with its sign."""
        return int(cash_x2 * self.num[book_id] // (self.den[book_id] * self._tick[book_id]))

    # --- exposure, worst case over what is in flight --------------------------------------------

    def worst_long(self, book_id: int) -> int:
        """Position if everything that may be bought is, and nothing is sold."""
        return self.data.position_lots[book_id] + self.data.buy_risk_lots[book_id]

    def worst_short(self, book_id: int) -> int:
        """Position if everything that may be sold is, and nothing is bought."""
        return self.data.position_lots[book_id] - self.data.sell_risk_lots[book_id]

    def worst_lots(self, book_id: int) -> int:
        """The largest position, either way, that may come about."""
        data = self.data
        position = data.position_lots[book_id]
        return max(position + data.buy_risk_lots[book_id], data.sell_risk_lots[book_id] - position)

    def book_exposure(self, book_id: int) -> int:
        """Value of the largest position that may come about."""
        return self.value(book_id, self.worst_lots(book_id))

    def gross(self) -> int:
        """Sum of all books' exposures."""
        return sum([self.value(book_id, self.worst_lots(book_id)) for book_id in self.books])

    def net(self) -> int:
        """The larger of what all books together may be long or short."""
        return self._net(self.books)

    def group_gross(self, group: int) -> int:
        """Sum of the exposures of a group's books."""
        return sum([self.book_exposure(b) for b in self.books if self.groups[b] == group])

    def group_net(self, group: int) -> int:
        """The larger of what a group's books together may be long or short."""
        return self._net([b for b in self.books if self.groups[b] == group])

    def _net(self, books: Sequence[int]) -> int:
        longest = shortest = 0
        for book_id in books:
            high, low = self.worst_long(book_id), self.worst_short(book_id)
            longest += self.value(book_id, high) * (1 if high > 0 else -1)
            shortest += self.value(book_id, low) * (1 if low > 0 else -1)
        return max(longest, -shortest, 0)

    def strategy_worst_lots(self, strategy: int, book_id: int) -> int:
        """The largest position of one strategy in one book that may come about."""
        data, key = self.data, self._keys[strategy][book_id]
        position = data.positions.get(key, 0)
        return max(position + data.buy_risk.get(key, 0), data.sell_risk.get(key, 0) - position)

    # --- profit and risk measures ---------------------------------------------------------------

    @property
    def equity(self) -> int:
        """Capital and profit so far, in value units."""
        return self.data.drawdown.equity

    @property
    def day_start_equity(self) -> int:
        """Equity at which the day began."""
        return self.data.drawdown.day_start

    @property
    def day_drawdown(self) -> int:
        """Loss from the day's highest equity."""
        return day_drawdown(self.data.drawdown)

    @property
    def peak_drawdown(self) -> int:
        """Loss from the highest equity ever."""
        return peak_drawdown(self.data.drawdown)

    def volatility(self, book_id: int) -> float:
        """EWMA: standard deviation of the mid's relative change over one second; 0.0 while unknown."""
        return self._volatility[book_id]

    def volatility_ppm(self, book_id: int) -> int:
        """The EWMA of the long one, in parts per million; 0 while either is unknown."""
        usual, now = self.long_volatility(book_id), self._volatility[book_id]
        return int(now / usual * PPM) if usual > 0.0 else 0

    def rolling_volatility(self, book_id: int) -> float:
        """The same over the rolling window, each bar with equal weight."""
        return rolling_volatility(self.data.volatility[book_id], self.config.volatility)

    def long_volatility(self, book_id: int) -> float:
        """The same over the long window, against which a jump is told."""
        return long_volatility(self.data.volatility[book_id], self.config.volatility)

    def rho(self, one: int, other: int) -> float:
        """Correlation of two books' relative changes; 0.0 while unknown."""
        return correlation_of(self.data.correlation, one, other)

    def close_books(self, book_id: int, most: float) -> list[tuple[int, float]]:
        """Other books whose correlation with this one is beyond ±`most`, and how much it is."""
        found = self._close.get(book_id)
        if found is None:
            rhos = [(one, self.rho(book_id, one)) for one in self.books if one != book_id]
            found = self._close[book_id] = [one for one in rhos if not -most <= one[1] <= most]
        return found

    def involved(self, book_id: int) -> bool:
        """Whether a book is held or worked."""
        data = self.data
        return bool(
            data.position_lots[book_id]
            or data.buy_risk_lots[book_id]
            or data.sell_risk_lots[book_id]
        )

    def regime(self, book_id: int) -> Regime:
        """How a book's market behaves at present."""
        return regime_of(self.data.regimes[book_id])


def value_scale(
    config: StateConfig, instruments: Sequence[Instrument], one: Instrument
) -> tuple[int, int]:
    """Numerator and denominator from lots × twice a mark in ticks to value units."""
    base = instruments[0].currency
    if one.currency != base and one.currency not in config.fx_ppm:
        raise InputError(
            f"{one.symbol}: found currency {one.currency}, allowed is {base}, or a rate for it in "
            "fx_ppm"
        )
    fx_ppm = PPM if one.currency == base else config.fx_ppm[one.currency]
    num = one.tick_units * one.lot_num * fx_ppm
    return num, 2 * one.price_units_per_currency * one.lot_den
