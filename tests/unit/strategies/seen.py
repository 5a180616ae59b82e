"""Views and facts by hand, for strategies that run inside a desk."""

import msgspec

from market.codes import Regime
from market.decisions import Facts, Signal, Target
from market.instruments import Instrument
from market.messages import View
from market.ports import Strategy
from tests.unit.strategies.market import view

SECOND_NS = 1_000_000_000
INSTRUMENTS = [
    Instrument(
        symbol=symbol, venue="SIM", currency="USD", price_units_per_currency=100, tick_units=1
    )
    for symbol in ("AAA", "BBB", "CCC")
]


def at(
    seconds: float, bid_ticks: int, ask_ticks: int, *, book_id: int = 0, **other: object
) -> View:
    """A view of a book at a local time; `other` are fields of `View`."""
    shown = view(bid_ticks, ask_ticks, book_id=book_id)
    return msgspec.structs.replace(shown, local_ns=round(seconds * SECOND_NS), **other)


def facts(position_lots: int = 0, volatility: float = 1e-4, left_s: float = 1e6) -> Facts:
    return Facts(
        position_lots=position_lots,
        volatility=volatility,
        regime=Regime.NORMAL,
        remaining_ns=round(left_s * SECOND_NS),
    )


def strengths(signals: object) -> list[tuple[int, int]]:
    """Targets as pairs of book and strength."""
    assert isinstance(signals, tuple | list)
    assert all(isinstance(signal, Target) for signal in signals)
    return [(signal.book_id, signal.strength_ppm) for signal in signals]


def say(strategy: Strategy, shown: View, known: Facts | None = None) -> list[Signal]:
    return list(strategy.on_view(shown, known or facts()))
