"""What the gate allows: one table per instrument, group and strategy, and one for the portfolio.

A limit that is not written is zero, and zero allows nothing: what was forgotten is closed, not
open. Lengths of time over which something is judged are no limits; they have defaults. A figure
passes as long as it is not above its limit.

Values are whole millionths of the base currency (`_micros`), shares of a whole are parts per
million.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from market.codes import Regime
from market.columns import QTY_LOTS_MAX
from market.decisions import PPM
from market.errors import InputError
from market.units import DURATION_NS, DURATION_NS_MAX

MICROS_MAX: Final = 1 << 60
"""Largest value that may be written: some 1.15 million millions of the base currency."""

RATIO_PPM_MAX: Final = 1_000 * PPM
ORDERS_MAX: Final = 1_000_000

Table = TypeVar("Table", bound=msgspec.Struct)

REGIMES: Final = {regime.name.lower(): regime for regime in Regime}


def _within(name: str, value: int, most: int, *, least: int = 0) -> None:
    if not least <= value <= most:
        raise InputError(f"{name} is {value}, allowed is {least} to {most}")


class InstrumentGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one book may come to, everything in flight counted at its worst.

    Attributes:
        position_lots: Largest position, long or short.
        value_micros: Its largest worth at the mark.
        volume_ppm: Its largest share of a day's volume.
        daily_volume_lots: A usual day's volume; what was seen today counts when it is more.
        spread_ppm: Widest spread, of the mid, at which risk may be added.
        stale_ns: Oldest content of the book on which anything may be decided.
        price_move_ppm: Largest move within `price_window_ns`; more pauses the book.
        price_window_ns: How far back a move is looked for.
        volatility_jump_ppm: Highest volatility, of its own long-run level; more pauses the book.
    """

    position_lots: int = 0
    value_micros: int = 0
    volume_ppm: int = 0
    daily_volume_lots: int = 0
    spread_ppm: int = 0
    stale_ns: int = 0
    price_move_ppm: int = 0
    price_window_ns: int = 5 * DURATION_NS["m"]
    volatility_jump_ppm: int = 0

    def __post_init__(self) -> None:
        _within("position_lots", self.position_lots, QTY_LOTS_MAX)
        _within("value_micros", self.value_micros, MICROS_MAX)
        _within("volume_ppm", self.volume_ppm, RATIO_PPM_MAX)
        _within("daily_volume_lots", self.daily_volume_lots, MICROS_MAX)
        _within("spread_ppm", self.spread_ppm, RATIO_PPM_MAX)
        _within("stale_ns", self.stale_ns, DURATION_NS_MAX)
        _within("price_move_ppm", self.price_move_ppm, RATIO_PPM_MAX)
        _within("price_window_ns", self.price_window_ns, DURATION_NS_MAX, least=1)
        _within("volatility_jump_ppm", self.volatility_jump_ppm, RATIO_PPM_MAX)


class GroupGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the books of a group may come to together.

    Attributes:
        gross_micros: Sum of their exposures.
        net_micros: The same with longs and shorts set off.
    """

    gross_micros: int = 0
    net_micros: int = 0

    def __post_init__(self) -> None:
        _within("gross_micros", self.gross_micros, MICROS_MAX)
        _within("net_micros", self.net_micros, MICROS_MAX)


class StrategyGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one strategy may do.

    Attributes:
        value_micros: Sum of its exposures over all books.
        regimes: The regimes that it declares, each with what its size is multiplied with (ppm);
            a regime that is not named multiplies with zero.
    """

    value_micros: int = 0
    regimes: dict[str, int] = {}

    def __post_init__(self) -> None:
        _within("value_micros", self.value_micros, MICROS_MAX)
        for name, scale_ppm in self.regimes.items():
            if name not in REGIMES:
                raise InputError(
                    f"regimes: found {name!r}, allowed is {', '.join(sorted(REGIMES))}"
                )
            _within(f"regimes.{name}", scale_ppm, PPM)


class PortfolioGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all books may come to together, and when the desk as a whole must stop.

    Attributes:
        gross_micros: Sum of all exposures.
        net_micros: The same with longs and shorts set off.
        single_name_ppm: Largest share of one book in the gross exposure.
        single_name_floor_micros: Gross exposure below which shares are taken of this instead, since
            the first position of a day is always the whole of it.
        correlation_ppm: From which correlation on two books count as one, so that risk of the same
            direction may not be added, and working orders pause.
        day_drawdown_micros: Largest loss from the day's peak; more is safe mode.
        peak_drawdown_micros: Largest loss from the highest equity ever; more is safe mode.
        orders_max: Orders and replacements within `orders_window_ns`; more is safe mode, and still
            more in safe mode is a kill.
        orders_window_ns: Over which they are counted.
        disconnect_ns: How long an order link may be down before safe mode.
        cool_off_ns: How long a cause must be away before what it paused goes on.
    """

    gross_micros: int = 0
    net_micros: int = 0
    single_name_ppm: int = 0
    single_name_floor_micros: int = 0
    correlation_ppm: int = 0
    day_drawdown_micros: int = 0
    peak_drawdown_micros: int = 0
    orders_max: int = 0
    orders_window_ns: int = DURATION_NS["s"]
    disconnect_ns: int = 0
    cool_off_ns: int = 30 * DURATION_NS["s"]

    def __post_init__(self) -> None:
        for name in ("gross", "net", "single_name_floor", "day_drawdown", "peak_drawdown"):
            _within(f"{name}_micros", getattr(self, f"{name}_micros"), MICROS_MAX)
        _within("single_name_ppm", self.single_name_ppm, PPM)
        _within("correlation_ppm", self.correlation_ppm, PPM)
        _within("orders_max", self.orders_max, ORDERS_MAX)
        _within("orders_window_ns", self.orders_window_ns, DURATION_NS["h"], least=1)
        _within("disconnect_ns", self.disconnect_ns, DURATION_NS_MAX)
        _within("cool_off_ns", self.cool_off_ns, DURATION_NS_MAX)


class GateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the gate allows, by the names of what it is about."""

    instruments: dict[str, InstrumentGate] = {}
    groups: dict[str, GroupGate] = {}
    strategies: dict[str, StrategyGate] = {}
    portfolio: PortfolioGate = PortfolioGate()


def scaled(config: GateConfig, ppm: int) -> GateConfig:
    """Every limit times a factor, but none past what may be written at all.

    Limits are amounts: lots, worths, shares and counts. Lengths of time, facts such as a day's volume, and what
    sizes are multiplied with stay as they are.
    """

    def changed(table: Table, **most: int) -> Table:
        values = {name: min(getattr(table, name) * ppm // PPM, one) for name, one in most.items()}
        return msgspec.structs.replace(table, **values)

    worth = MICROS_MAX
    return msgspec.structs.replace(
        config,
        instruments={
            name: changed(
                one,
                position_lots=QTY_LOTS_MAX,
                value_micros=worth,
                volume_ppm=RATIO_PPM_MAX,
                spread_ppm=RATIO_PPM_MAX,
                price_move_ppm=RATIO_PPM_MAX,
                volatility_jump_ppm=RATIO_PPM_MAX,
            )
            for name, one in config.instruments.items()
        },
        groups={
            name: changed(one, gross_micros=worth, net_micros=worth)
            for name, one in config.groups.items()
        },
        strategies={
            name: changed(one, value_micros=worth) for name, one in config.strategies.items()
        },
        portfolio=changed(
            config.portfolio,
            gross_micros=worth,
            net_micros=worth,
            single_name_ppm=PPM,
            correlation_ppm=PPM,
            day_drawdown_micros=worth,
            peak_drawdown_micros=worth,
            orders_max=ORDERS_MAX,
        ),
    )


def check_names(
    config: GateConfig,
    instruments: Sequence[str],
    groups: Sequence[str],
    strategies: Sequence[str],
) -> None:
    """Refuse tables about what does not exist: a limit with a misspelt name would limit nothing.

    Raises:
        InputError: A table's name is none of the desk's.
    """
    for kind, tables, known in (
        ("instruments", list(config.instruments), instruments),
        ("groups", list(config.groups), groups),
        ("strategies", list(config.strategies), strategies),
    ):
        for name in tables:
            if name not in known:
                allowed = ", ".join(sorted(set(known))) or "nothing"
                raise InputError(f"gate.{kind}: found {name!r}, allowed is {allowed}")
