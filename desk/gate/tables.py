"""The configuration by number instead of by name, so that a decision looks nothing up by text."""

from collections.abc import Sequence
from typing import Final

from desk.gate.breakers import part_ns
from desk.gate.config import (
    REGIMES,
    GateConfig,
    GroupGate,
    InstrumentGate,
    StrategyGate,
    check_names,
)
from market.codes import Regime
from market.decisions import PPM

NO_INSTRUMENT: Final = InstrumentGate()
NO_GROUP: Final = GroupGate()
NO_STRATEGY: Final = StrategyGate()


Bounds = tuple[int, int, int, int, int, int, int, int, bool]
"""What bounds one strategy in one book, as `desk.gate.rooms.tightest` takes it apart: position in
lots, worth, share of volume in ppm, a usual day's volume in lots, number of the book's group, its
gross and net worth, worth of the strategy, and whether the share of single books is limited."""


class Tables:
    """What is allowed, by book, by group and by strategy.

    Args:
        config: By name.
        instruments: Name of each book.
        groups: Name of each book's group; groups are numbered as they first appear.
        strategies: Name of each strategy.

    Raises:
        InputError: A table is about something that the desk does not have.
    """

    def __init__(
        self,
        config: GateConfig,
        instruments: Sequence[str],
        groups: Sequence[str],
        strategies: Sequence[str],
    ) -> None:
        check_names(config, instruments, groups, strategies)
        assert len(groups) == len(instruments)
        names = list(dict.fromkeys(groups))
        self.books = range(len(instruments))
        self.strategies = range(len(strategies))
        self.group_of = [names.index(name) for name in groups]
        self.members = [
            [book_id for book_id in self.books if self.group_of[book_id] == group]
            for group in range(len(names))
        ]
        self.instrument = [config.instruments.get(name, NO_INSTRUMENT) for name in instruments]
        self.group = [config.groups.get(name, NO_GROUP) for name in names]
        self.strategy = [config.strategies.get(name, NO_STRATEGY) for name in strategies]
        self.portfolio = config.portfolio
        self.gross_micros = config.portfolio.gross_micros
        self.net_micros = config.portfolio.net_micros
        self.is_plural = len(instruments) > 1
        self.missing = [
            [
                (instrument not in config.instruments)
                + (group not in config.groups)
                + (strategy not in config.strategies)
                for instrument, group in zip(instruments, groups, strict=True)
            ]
            for strategy in strategies
        ]
        self.scale_ppm = [_scales(table) for table in self.strategy]
        self.rho_max = config.portfolio.correlation_ppm / PPM
        self.jump_max = [table.volatility_jump_ppm / PPM for table in self.instrument]
        self.bounds: list[list[Bounds]] = [
            [self._bounds(strategy, book_id) for book_id in self.books]
            for strategy in self.strategies
        ]
        self.price_part_ns = [part_ns(table.price_window_ns) for table in self.instrument]
        self.rate_part_ns = part_ns(config.portfolio.orders_window_ns)

    def _bounds(self, strategy: int, book_id: int) -> Bounds:
        table, group = self.instrument[book_id], self.group_of[book_id]
        return (
            table.position_lots,
            table.value_micros,
            table.volume_ppm,
            table.daily_volume_lots,
            group,
            self.group[group].gross_micros,
            self.group[group].net_micros,
            self.strategy[strategy].value_micros,
            self.portfolio.single_name_ppm < PPM,
        )


def _scales(table: StrategyGate) -> list[int]:
    """What a strategy's size is multiplied with, by regime."""
    scales = [0] * len(Regime)
    for name, scale_ppm in table.regimes.items():
        scales[REGIMES[name]] = scale_ppm
    return scales
