"""How much: a permitted signal becomes a position to reach, or quantities to show.

Model, for a `Target`:

    position = strength × confidence × scale × full size

where the full size is a fixed number of lots, or the one at which the position alone would make the
portfolio swing by a wished-for share of capital in a year (volatility target):

    full size = capital × contribution / (volatility a year × value of one lot).

Every factor is kept with the result, so that a size can be explained. The permit's rooms are not a
matter of size: they are what may be *added* now, and execution keeps within them.

Limits: volatility is that of the state's EWMA, one second long, scaled by the square root of time;
until it is known (or a price is) the volatility target gives no size at all.
"""

from math import sqrt
from typing import Final

from desk.sizing.config import SizingConfig
from desk.state import State
from market.decisions import PPM, Flat, Permit, Quotes, Signal, Sized, Target

NOTHING: Final = Sized()
PPM_CUBED: Final = PPM**3


def size(signal: Signal, permit: Permit, config: SizingConfig, state: State) -> Sized:
    """How much of a permitted signal to work, by volatility and prices of the state."""
    kind = type(signal)
    if kind is Flat:
        return NOTHING
    if kind is Target:
        assert type(signal) is Target
        return _size_target(signal, permit, config, state)
    assert type(signal) is Quotes
    return _size_quotes(signal, permit, config)


def _size_quotes(signal: Quotes, permit: Permit, config: SizingConfig) -> Sized:
    """Quantities to show: what was wished for, at most the cap, scaled."""
    scale_ppm = permit.scale_ppm
    cap_lots = config.lots_max
    bid_lots = min(signal.bid_lots, cap_lots)
    ask_lots = min(signal.ask_lots, cap_lots)
    if scale_ppm != PPM:
        bid_lots = bid_lots * scale_ppm // PPM
        ask_lots = ask_lots * scale_ppm // PPM
    return Sized(bid_lots=bid_lots, ask_lots=ask_lots)


def _size_target(signal: Target, permit: Permit, config: SizingConfig, state: State) -> Sized:
    """A position to reach."""
    full_lots, volatility_ppm = full_size(signal.book_id, config, state)
    confidence_ppm = signal.confidence_ppm if config.confidence else PPM
    strength_ppm, scale_ppm = signal.strength_ppm, permit.scale_ppm
    wished = full_lots * abs(strength_ppm) * confidence_ppm * scale_ppm // PPM_CUBED
    return Sized(
        position_lots=wished if strength_ppm >= 0 else -wished,
        factors=(
            ("full_lots", full_lots),
            ("volatility_year", volatility_ppm),
            ("strength", strength_ppm),
            ("confidence", confidence_ppm),
            ("regime_scale", scale_ppm),
        ),
    )


def full_size(book_id: int, config: SizingConfig, state: State) -> tuple[int, int]:
    """Lots of a full position, and the yearly volatility that decided, in parts per million."""
    if config.model == "fixed":
        return config.lots_max, 0
    yearly = state.volatility(book_id) * sqrt(config.seconds_per_year)
    lot_value_x1000 = state.value(book_id, 1000)
    if yearly <= 0.0 or lot_value_x1000 == 0:
        return 0, 0
    wished_value = state.equity * config.contribution_ppm / PPM / yearly
    lots = int(wished_value * 1000 / lot_value_x1000)
    return min(lots, config.lots_max), int(yearly * PPM)
