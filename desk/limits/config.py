"""What the last hard check lets out, and the ceilings over what may be configured at all.

A limit that is not written is zero, and zero lets nothing out. No configuration can go past the
ceilings here: a limit with a few zeros too many is refused when it is read, not found when it is
hit.
"""

from typing import Final

import msgspec

from market.columns import QTY_LOTS_MAX
from market.decisions import PPM
from market.errors import InputError
from market.units import DURATION_NS

COLLAR_PPM_MAX: Final = 500_000
"""No order is right that is half a price away from the market."""

NOTIONAL_MICROS_MAX: Final = 1_000_000_000 * 1_000_000
"""A thousand million of a book's currency in one order."""

MESSAGES_MAX: Final = 10_000
FILLS_MAX: Final = 100_000
WINDOW_NS_MIN: Final = DURATION_NS["ms"]
WINDOW_NS_MAX: Final = DURATION_NS["h"]
RATE_WINDOW_NS_MIN: Final = 100 * DURATION_NS["ms"]
"""With MESSAGES_MAX: no desk may send more than 100,000 messages a second."""


class BookLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be sent about one book.

    Attributes:
        order_lots: Largest order.
        order_notional_micros: Its largest worth, in millionths of the book's own currency.
        position_lots: Largest position that all orders sent could bring about.
        collar_ppm: How far from the market's middle an order may be priced, either way.
    """

    order_lots: int = 0
    order_notional_micros: int = 0
    position_lots: int = 0
    collar_ppm: int = 0

    def __post_init__(self) -> None:
        _within("order_lots", self.order_lots, QTY_LOTS_MAX)
        _within("order_notional_micros", self.order_notional_micros, NOTIONAL_MICROS_MAX)
        _within("position_lots", self.position_lots, QTY_LOTS_MAX)
        _within("collar_ppm", self.collar_ppm, COLLAR_PPM_MAX)


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is let out.

    Attributes:
        instruments: By name.
        messages_max: Messages of every kind within `messages_window_ns`.
        messages_window_ns: Over which they are counted.
        cancel_reserve: How many of them only cancels and queries may use.
        fills_max: Executions of one strategy within `fills_window_ns` at which it is switched off,
            until a named person switches it on again.
        fills_window_ns: Over which they are counted.
        reference_ns: How long this check remembers a price it saw.
    """

    instruments: dict[str, BookLimits] = {}
    messages_max: int = 0
    messages_window_ns: int = DURATION_NS["s"]
    cancel_reserve: int = 0
    fills_max: int = 0
    fills_window_ns: int = DURATION_NS["s"]
    reference_ns: int = 10 * DURATION_NS["s"]

    def __post_init__(self) -> None:
        _within("messages_max", self.messages_max, MESSAGES_MAX)
        _within(
            "messages_window_ns", self.messages_window_ns, WINDOW_NS_MAX, least=RATE_WINDOW_NS_MIN
        )
        _within("cancel_reserve", self.cancel_reserve, self.messages_max)
        _within("fills_max", self.fills_max, FILLS_MAX)
        _within("fills_window_ns", self.fills_window_ns, WINDOW_NS_MAX, least=WINDOW_NS_MIN)
        _within("reference_ns", self.reference_ns, WINDOW_NS_MAX)


def scaled(config: LimitsConfig, ppm: int) -> LimitsConfig:
    """Every limit times a factor, but none past what may be written at all; windows stay.

    What is kept for cancels stays as well: a limit that somebody sets must not hold up what takes risk away.
    """

    def times(value: int, most: int) -> int:
        return min(value * ppm // PPM, most)

    messages_max = max(times(config.messages_max, MESSAGES_MAX), config.cancel_reserve)
    return msgspec.structs.replace(
        config,
        instruments={
            name: BookLimits(
                order_lots=times(one.order_lots, QTY_LOTS_MAX),
                order_notional_micros=times(one.order_notional_micros, NOTIONAL_MICROS_MAX),
                position_lots=times(one.position_lots, QTY_LOTS_MAX),
                collar_ppm=times(one.collar_ppm, COLLAR_PPM_MAX),
            )
            for name, one in config.instruments.items()
        },
        messages_max=messages_max,
        fills_max=times(config.fills_max, FILLS_MAX),
    )


def _within(name: str, value: int, most: int, *, least: int = 0) -> None:
    if not least <= value <= most:
        raise InputError(f"{name} is {value}, allowed is {least} to {most}")
