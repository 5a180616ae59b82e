"""What each integer counts.

Simulated code holds nothing but integers, so the unit is in the name (`price_ticks`, `now_ns`) and,
where a boundary deserves it, in the type. The types cost nothing at run time.

A *tick* is the grid on which displayed orders lie; a *price unit* is the finer grid of everything
that has a price, because prints may lie between ticks. A *lot* is the smallest quantity traded.
"""

import re
from typing import Final, NewType

from market.errors import InputError

TimeNs = NewType("TimeNs", int)
"""A moment: nanoseconds since the Unix epoch, UTC."""

DurationNs = NewType("DurationNs", int)
"""A length of time in nanoseconds; negative only as a difference of two moments."""

PriceTicks = NewType("PriceTicks", int)
"""A price on the grid of displayed orders; may be negative."""

PriceUnits = NewType("PriceUnits", int)
"""A price on the instrument's finest grid; a whole number of them makes a tick."""

QtyLots = NewType("QtyLots", int)
"""A quantity in lots, above zero but in positions and differences."""

BookId = NewType("BookId", int)
"""One instrument on one venue, numbered from zero within a run."""

OrderId = NewType("OrderId", int)
"""One intent to trade, unique within a run; 63 bits."""

DURATION_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
"""Nanoseconds in each unit that a duration may be written in."""

DURATION_NS_MAX: Final = 10_000 * DURATION_NS["d"]
"""Longest duration that may be written, some 27 years; keeps sums with an epoch below 63 bits."""

_DURATION: Final = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,19}))?(ns|us|ms|s|m|h|d)")


def ticks_to_units(price_ticks: int, tick_units: int) -> PriceUnits:
    """A price on the tick grid, on the finest grid.

    Args:
        price_ticks: The price in ticks.
        tick_units: Price units in one tick, at least 1.
    """
    assert tick_units >= 1
    return PriceUnits(price_ticks * tick_units)


def parse_duration(text: str, where: str = "duration") -> DurationNs:
    """Read a duration such as "500ms", "1.5s" or "1h", exactly.

    Args:
        text: A decimal number and one of the units ns, us, ms, s, m, h, d, without a space.
        where: What is being read, for the error's text.

    Raises:
        InputError: The text has another form, is finer than a nanosecond, or is too long.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InputError(
            f"{where}: found {text[:40]!r}, allowed is a number with one of "
            f'{", ".join(DURATION_NS)}, such as "500ms"'
        )
    whole, decimals, unit = match[1], match[2] or "", match[3]
    scaled = int(whole + decimals) * DURATION_NS[unit]
    duration_ns, rest = divmod(scaled, 10 ** len(decimals))
    if rest:
        raise InputError(f"{where}: found {text!r}, allowed are whole nanoseconds")
    if duration_ns > DURATION_NS_MAX:
        raise InputError(f"{where}: found {text!r}, allowed are at most 10000d")
    return DurationNs(duration_ns)


def format_ns(duration_ns: int) -> str:
    """Write a duration exactly, in the largest of ns, us, ms and s that it reaches.

    `parse_duration` reads it back, but for a minus sign.
    """
    sign = "-" if duration_ns < 0 else ""
    size_ns = abs(duration_ns)
    unit = next((u for u in ("s", "ms", "us") if size_ns >= DURATION_NS[u]), "ns")
    whole, rest = divmod(size_ns, DURATION_NS[unit])
    digits = len(str(DURATION_NS[unit])) - 1
    decimals = f"{rest:0{digits}d}".rstrip("0") if rest else ""
    return f"{sign}{whole}{'.' if decimals else ''}{decimals}{unit}"
