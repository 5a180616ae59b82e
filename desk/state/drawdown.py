"""How far equity lies below where it has been, within the day and ever.

Model: equity (capital and profit, realised or not) is marked again and again; a drawdown is the way
down to it from the highest mark so far. The day's drawdown counts from the highest mark of the day,
so that a profit given back is seen as well as a loss from the morning.

Invariants: peak ≥ day_peak ≥ equity, and day_peak ≥ day_start; drawdowns are never negative.
Everything is a whole number of value units, millionths of the base currency.
"""

import msgspec


class DrawdownData(msgspec.Struct):
    """Where equity is and has been, in value units.

    Attributes:
        equity: The newest mark.
        day_start: At the day's beginning.
        day_peak: The day's highest.
        peak: The highest ever.
    """

    equity: int
    day_start: int
    day_peak: int
    peak: int


def mark_equity(data: DrawdownData, equity: int) -> None:
    """Equity has been marked, in value units."""
    data.equity = equity
    if equity > data.day_peak:
        data.day_peak = equity
        if equity > data.peak:
            data.peak = equity


def start_day(data: DrawdownData) -> None:
    """A new day begins with the equity as it stands."""
    data.day_start = data.day_peak = data.equity


def day_drawdown(data: DrawdownData) -> int:
    """Value units below the day's highest equity."""
    return data.day_peak - data.equity


def peak_drawdown(data: DrawdownData) -> int:
    """Value units below the highest equity ever."""
    return data.peak - data.equity
