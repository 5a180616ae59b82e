"""What the state is told, and all that it remembers."""

from typing import Final

import msgspec

from desk.state.correlation import CorrelationConfig, CorrelationData
from desk.state.drawdown import DrawdownData
from desk.state.regimes import RegimeConfig, RegimeData
from desk.state.volatility import VolatilityConfig, VolatilityData
from market.codes import Phase
from market.errors import InputError
from market.messages import NO_PRICE

PPM: Final = 1_000_000

RECENT: Final = 64
"""Changes that are remembered one by one; who has seen fewer looks at every book."""


class StateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How risk is measured.

    Attributes:
        capital: What the desk trades with, in whole units of the base currency.
        fx_ppm: Millionths of the base currency that one unit of each other currency is worth.
        volatility: Bars and weights of volatility.
        correlation: Weights of correlation.
        regime: How volatility becomes a regime.
        regimes: The same for single instruments, by symbol: a fitted model is of one of them.
    """

    capital: int
    fx_ppm: dict[str, int] = {}
    volatility: VolatilityConfig = VolatilityConfig()
    correlation: CorrelationConfig = CorrelationConfig()
    regime: RegimeConfig = RegimeConfig()
    regimes: dict[str, RegimeConfig] = {}

    def __post_init__(self) -> None:
        if self.capital < 1:
            raise InputError(f"capital is {self.capital}, allowed is 1 or more")
        for name, config in [("regime", self.regime), *self.regimes.items()]:
            if config.hmm is not None and config.hmm.bar_ns != self.volatility.bar_ns:
                raise InputError(
                    f"{name}: found a model of bars of {config.hmm.bar_ns} ns, "
                    f"allowed is {self.volatility.bar_ns} ns, which volatility's bars have"
                )


class StateData(msgspec.Struct):
    """All that the state remembers; lists are by book.

    Attributes:
        changed: Which book each of the newest changes was about, by `version % RECENT`: of its mark,
            phase or staleness, position or risk in flight.
        version: How many such changes there were.
    """

    position_lots: list[int]
    buy_risk_lots: list[int]
    sell_risk_lots: list[int]
    mark_x2_ticks: list[int]
    bid_ticks: list[int]
    ask_ticks: list[int]
    phase: list[int]
    stale: list[bool]
    content_ns: list[int]
    volume_lots: list[int]
    trade_count: list[int]
    down_since_ns: list[int]
    unknown_orders: list[int]
    positions: dict[int, int]
    buy_risk: dict[int, int]
    sell_risk: dict[int, int]
    next_bar_ns: int
    bar_mark_x2: list[int]
    volatility: list[VolatilityData]
    regimes: list[RegimeData]
    correlation: CorrelationData
    drawdown: DrawdownData
    changed: list[int]
    version: int = 0


def fresh_state(config: StateConfig, books: int) -> StateData:
    """A state before anything has happened."""
    zeros = [0] * books
    return StateData(
        position_lots=zeros.copy(),
        buy_risk_lots=zeros.copy(),
        sell_risk_lots=zeros.copy(),
        mark_x2_ticks=zeros.copy(),
        bid_ticks=[NO_PRICE] * books,
        ask_ticks=[NO_PRICE] * books,
        phase=[int(Phase.PRE_OPEN)] * books,
        stale=[True] * books,
        content_ns=zeros.copy(),
        volume_lots=zeros.copy(),
        trade_count=zeros.copy(),
        down_since_ns=zeros.copy(),
        unknown_orders=zeros.copy(),
        positions={},
        buy_risk={},
        sell_risk={},
        next_bar_ns=0,
        bar_mark_x2=zeros.copy(),
        volatility=[VolatilityData() for _ in range(books)],
        regimes=[RegimeData() for _ in range(books)],
        correlation=CorrelationData.of(books),
        drawdown=DrawdownData(
            equity=config.capital * PPM,
            day_start=config.capital * PPM,
            day_peak=config.capital * PPM,
            peak=config.capital * PPM,
        ),
        changed=[0] * RECENT,
    )
