"""When and how much, as pure functions: schedules, how they are tracked, and what their orders are.

One module an idea: `slices` (what a schedule is), `twap`, `volume_curve` and `vwap`,
`participation` (POV), `almgren_chriss` with `adaptive`, `obizhaeva_wang`, `bertsimas_lo`,
`liquidation` (Cartea and Jaimungal), `jitter`, `cash`, `order_choice`, `slippage_filter`. Nothing
here knows of the rest of the desk; state is plain data that a desk may keep among its own.
"""

from desk.execution.schedules import (
    adaptive,
    almgren_chriss,
    bertsimas_lo,
    cash,
    jitter,
    liquidation,
    obizhaeva_wang,
    order_choice,
    participation,
    slices,
    slippage_filter,
    twap,
    volume_curve,
    vwap,
)

__all__ = [
    "adaptive",
    "almgren_chriss",
    "bertsimas_lo",
    "cash",
    "jitter",
    "liquidation",
    "obizhaeva_wang",
    "order_choice",
    "participation",
    "slices",
    "slippage_filter",
    "twap",
    "volume_curve",
    "vwap",
]
