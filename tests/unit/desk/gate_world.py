"""Three books in two groups, two strategies, and a state that tests may push about."""

from typing import Any

import msgspec

from desk.gate import (
    Gate,
    GateConfig,
    GroupGate,
    InstrumentGate,
    PortfolioGate,
    StrategyGate,
)
from desk.gate.episodes import GateData
from desk.state import State, StateConfig
from market.codes import Phase
from market.instruments import Instrument

S = 1_000_000_000
NOW = 1_000 * S
BOOKS = ("aaa", "bbb", "ccc")
GROUPS = ("tech", "tech", "metal")
STRATEGIES = ("one", "two")
LOT = 100_000_000
"""What one lot is worth at the fixture's mark of 10,000 ticks of a cent: 100 units of currency."""

EVERY_REGIME = {
    "unknown": 1_000_000,
    "calm": 1_000_000,
    "normal": 1_000_000,
    "volatile": 500_000,
    "extreme": 0,
}
WIDE = 1 << 50


def instruments() -> list[Instrument]:
    return [
        Instrument(
            symbol=name, venue="X", currency="USD", price_units_per_currency=100, tick_units=1
        )
        for name in BOOKS
    ]


def wide_instrument(**changes: Any) -> InstrumentGate:
    wide: dict[str, Any] = {
        "position_lots": 1_000_000,
        "value_micros": WIDE,
        "volume_ppm": 1_000_000,
        "daily_volume_lots": 1_000_000,
        "spread_ppm": 10_000,
        "stale_ns": S,
        "price_move_ppm": 20_000,
        "price_window_ns": 60 * S,
        "volatility_jump_ppm": 3_000_000,
    }
    return InstrumentGate(**wide | changes)


def wide_portfolio(**changes: Any) -> PortfolioGate:
    wide: dict[str, Any] = {
        "gross_micros": WIDE,
        "net_micros": WIDE,
        "single_name_ppm": 1_000_000,
        "single_name_floor_micros": WIDE,
        "correlation_ppm": 800_000,
        "day_drawdown_micros": 1_000 * LOT,
        "peak_drawdown_micros": 2_000 * LOT,
        "orders_max": 100,
        "orders_window_ns": S,
        "disconnect_ns": 5 * S,
        "cool_off_ns": 30 * S,
    }
    return PortfolioGate(**wide | changes)


def wide_config(
    *,
    instrument: dict[str, Any] | None = None,
    group: dict[str, Any] | None = None,
    strategy: dict[str, Any] | None = None,
    portfolio: dict[str, Any] | None = None,
) -> GateConfig:
    """Everything is allowed, but for what is named: the same for each book, group and strategy."""
    groups = {"gross_micros": WIDE, "net_micros": WIDE} | (group or {})
    strategies: dict[str, Any] = {"value_micros": WIDE, "regimes": EVERY_REGIME} | (strategy or {})
    return GateConfig(
        instruments={name: wide_instrument(**(instrument or {})) for name in BOOKS},
        groups={name: GroupGate(**groups) for name in GROUPS},
        strategies={name: StrategyGate(**strategies) for name in STRATEGIES},
        portfolio=wide_portfolio(**(portfolio or {})),
    )


def make_gate(config: GateConfig, data: GateData | None = None) -> Gate:
    return Gate(config, instruments=BOOKS, groups=GROUPS, strategies=STRATEGIES, data=data)


def restored(gate: Gate, config: GateConfig) -> Gate:
    raw = msgspec.msgpack.encode(gate.data)
    again = make_gate(config, msgspec.msgpack.decode(raw, type=GateData))
    assert msgspec.msgpack.encode(again.data) == raw
    return again


class World(State):
    """The desk's own state, with correlations and volatilities that a test may set."""

    def __init__(self) -> None:
        super().__init__(StateConfig(capital=1_000_000), instruments(), [0, 0, 1], 2)
        self.rhos: dict[tuple[int, int], float] = {}
        self.now: float | None = None
        self.usual = 0.0
        data = self.data
        for book_id in self.books:
            data.phase[book_id] = int(Phase.CONTINUOUS)
            data.stale[book_id] = False
            data.content_ns[book_id] = NOW
            self.price(book_id, 10_000)

    def rho(self, one: int, other: int) -> float:
        return self.rhos.get((min(one, other), max(one, other)), 0.0)

    def close_books(self, book_id: int, most: float) -> list[tuple[int, float]]:
        self._close.clear()
        return super().close_books(book_id, most)

    def volatility(self, book_id: int) -> float:
        return super().volatility(book_id) if self.now is None else self.now

    def long_volatility(self, book_id: int) -> float:
        return super().long_volatility(book_id) if self.now is None else self.usual

    def price(self, book_id: int, ticks: int, *, half_spread: int = 1) -> None:
        data = self.data
        data.bid_ticks[book_id], data.ask_ticks[book_id] = ticks - half_spread, ticks + half_spread
        data.mark_x2_ticks[book_id] = 2 * ticks
        self._note(book_id)

    def set_phase(self, book_id: int, phase: int) -> None:
        self.data.phase[book_id] = phase
        self._note(book_id)

    def set_stale(self, book_id: int, *, stale: bool) -> None:
        self.data.stale[book_id] = stale
        self._note(book_id)

    def fresh(self, now_ns: int) -> None:
        self.data.content_ns = [now_ns for _ in self.books]

    def hold(self, strategy: int, book_id: int, lots: int) -> None:
        self.apply_fill(strategy, book_id, lots)

    def work(self, strategy: int, book_id: int, *, buy: int = 0, sell: int = 0) -> None:
        self.apply_risk(strategy, book_id, buy, sell)

    def bar(self) -> None:
        """A bar has closed."""
        self.data.next_bar_ns += S
