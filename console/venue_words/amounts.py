"""Figures as a person reads them: exact decimals, percent, basis points, money, lots and times."""

from collections.abc import Sequence
from typing import Final

from market.units import DURATION_NS

Section = dict[str, object]
"""Labels, each with a text, a list of texts, or a list of records."""

NONE: Final = "none"

PPM_DECIMALS: Final = 4
"""Decimals of a percent in millionths."""

BP_DECIMALS: Final = 5
"""Decimals of a basis point in parts per billion."""

PPB_DECIMALS: Final = 7
"""Decimals of a percent in parts per billion."""

NANO_DECIMALS: Final = 9
UNITS: Final = {"d": "d", "h": "h", "m": "min", "s": "s", "ms": "ms", "us": "us", "ns": "ns"}


def decimal(number: int, places: int, least: int = 0) -> str:
    """`number` / 10^`places`, exactly, with at least so many decimals."""
    digits = f"{abs(number):0{places + 1}d}"
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    rest = rest.ljust(least, "0")
    text = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return f"-{text}" if number < 0 else text


def percent(ppm: int) -> str:
    """Millionths as percent."""
    return f"{decimal(ppm, PPM_DECIMALS)} %"


def percent_of_ppb(ppb: int) -> str:
    """Parts per billion as percent."""
    return f"{decimal(ppb, PPB_DECIMALS)} %"


def basis_points(ppb: int) -> str:
    """Parts per billion as basis points."""
    return f"{decimal(ppb, BP_DECIMALS)} bp"


def money(nanos: int) -> str:
    """Billionths of currency, with two decimals at least."""
    return decimal(nanos, NANO_DECIMALS, least=2)


def lots(count: int) -> str:
    """A quantity."""
    return "1 lot" if count == 1 else f"{count:,} lots"


def ticks(count: int) -> str:
    """A distance."""
    return "1 tick" if count == 1 else f"{count:,} ticks"


def days(count: int) -> str:
    """Trading days."""
    return "1 trading day" if count == 1 else f"{count} trading days"


def length(duration_ns: int) -> str:
    """A duration in the largest unit that says it in whole numbers."""
    for unit, name in UNITS.items():
        if duration_ns % DURATION_NS[unit] == 0 and duration_ns:
            return f"{duration_ns // DURATION_NS[unit]:,} {name}"
    return "no time"


def listed(words: Sequence[str]) -> str:
    """Words one after the other."""
    return ", ".join(words) or NONE


def yes(value: bool) -> str:
    """A truth."""
    return "yes" if value else "no"


def width(ppm: int, ticks_min: int) -> str:
    """A part of a price, and never less than some ticks."""
    if not ticks_min:
        return percent(ppm)
    return f"{percent(ppm)}, never less than {ticks(ticks_min)}" if ppm else ticks(ticks_min)
