"""A gate's configuration: what is out of range, or about nothing that exists, is refused."""

from typing import Any

import pytest

from desk.gate import GateConfig, GroupGate, InstrumentGate, PortfolioGate, StrategyGate
from market.errors import InputError
from tests.unit.desk.gate_world import make_gate


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"instruments": {"aab": InstrumentGate()}},
            r"gate.instruments: found 'aab', allowed is aaa, bbb, ccc",
        ),
        ({"groups": {"tec": GroupGate()}}, r"gate.groups: found 'tec', allowed is metal, tech"),
        (
            {"strategies": {"three": StrategyGate()}},
            r"gate.strategies: found 'three', allowed is one, two",
        ),
    ],
)
def test_a_misspelt_name_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_gate(GateConfig(**config))


@pytest.mark.parametrize(
    ("struct", "field", "value"),
    [
        (InstrumentGate, "position_lots", -1),
        (InstrumentGate, "value_micros", (1 << 60) + 1),
        (InstrumentGate, "volume_ppm", -1),
        (InstrumentGate, "daily_volume_lots", -1),
        (InstrumentGate, "spread_ppm", -1),
        (InstrumentGate, "stale_ns", -1),
        (InstrumentGate, "price_move_ppm", -1),
        (InstrumentGate, "price_window_ns", 0),
        (InstrumentGate, "volatility_jump_ppm", -1),
        (GroupGate, "gross_micros", -1),
        (GroupGate, "net_micros", -1),
        (StrategyGate, "value_micros", -1),
        (PortfolioGate, "gross_micros", -1),
        (PortfolioGate, "net_micros", -1),
        (PortfolioGate, "single_name_ppm", 1_000_001),
        (PortfolioGate, "single_name_floor_micros", -1),
        (PortfolioGate, "correlation_ppm", 1_000_001),
        (PortfolioGate, "day_drawdown_micros", -1),
        (PortfolioGate, "peak_drawdown_micros", -1),
        (PortfolioGate, "orders_max", 1_000_001),
        (PortfolioGate, "orders_window_ns", 0),
        (PortfolioGate, "disconnect_ns", -1),
        (PortfolioGate, "cool_off_ns", -1),
    ],
)
def test_a_figure_out_of_range_is_refused(struct: Any, field: str, value: int) -> None:
    with pytest.raises(InputError, match=f"{field} is {value}, allowed is"):
        struct(**{field: value})


def test_a_regime_that_does_not_exist_or_grows_the_size_is_refused() -> None:
    with pytest.raises(InputError, match=r"regimes: found 'quiet', allowed is calm, extreme"):
        StrategyGate(regimes={"quiet": 1_000_000})
    with pytest.raises(InputError, match=r"regimes.calm is 1000001, allowed is 0 to 1000000"):
        StrategyGate(regimes={"calm": 1_000_001})
