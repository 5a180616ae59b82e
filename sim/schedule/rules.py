"""How long calls last that no schedule knows of, and when a call is extended: as data.

A *price extension* follows when a call would print outside its band, a *market-order extension* when
market orders would be left over; each happens a number of times at most, and the second kind is looked
at first. When they are used up the call ends as it may.
"""

from typing import Final

import msgspec

from market.errors import InputError
from market.units import DURATION_NS

ALWAYS: Final = -1
"""As often as it takes."""

MINUTE_NS: Final = DURATION_NS["m"]
HALF_MINUTE_NS: Final = MINUTE_NS // 2


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a call that should end goes on.

    Attributes:
        price_ns: Length of a price extension.
        price_times: How many of them a call may have; -1 for as many as it takes.
        market_ns: Length of a market-order extension.
        market_times: How many of them a call may have; -1 for as many as it takes.
        random_end_ns: Each ends this much later at most, at a drawn moment.
        prints_anyway: Whether a call whose price extensions are used up prints wherever the price is.
    """

    price_ns: int = 0
    price_times: int = 0
    market_ns: int = 0
    market_times: int = 0
    random_end_ns: int = 0
    prints_anyway: bool = True

    def __post_init__(self) -> None:
        for kind in ("price", "market"):
            length_ns, times = getattr(self, f"{kind}_ns"), getattr(self, f"{kind}_times")
            if times < ALWAYS or (times != 0) != (length_ns > 0) or length_ns < 0:
                raise InputError(
                    f"extension: found {kind}_times {times} of {length_ns} ns, allowed is none of no "
                    "length, or at least one (-1 for as many as it takes) of a length above 0"
                )
        if self.random_end_ns < 0:
            raise InputError(f"extension: found a random_end of {self.random_end_ns} ns")


class CallRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that an interruption makes.

    Attributes:
        length_ns: How long orders gather; 0 for an auction at once.
        random_end_ns: It ends this much later at most, at a drawn moment.
        extension: When it goes on.
    """

    length_ns: int = 0
    random_end_ns: int = 0
    extension: Extension = Extension()

    def __post_init__(self) -> None:
        if self.length_ns < 0 or self.random_end_ns < 0:
            raise InputError(
                f"call: found a length of {self.length_ns} ns and a random_end of "
                f"{self.random_end_ns} ns, allowed is at least 0"
            )


class InterruptionRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a venue interrupts its schedule.

    Attributes:
        volatility: The call when a price leaves its collar.
        reopening: The call that ends a halt or a pause.
        scheduled: When scheduled calls go on.
        late_pause_ns: A pause that begins this close to the closing call lasts until that call.
    """

    volatility: CallRule = CallRule(length_ns=2 * MINUTE_NS)
    reopening: CallRule = CallRule()
    scheduled: Extension = Extension()
    late_pause_ns: int = 0

    def __post_init__(self) -> None:
        if self.late_pause_ns < 0:
            raise InputError(f"late_pause: found {self.late_pause_ns} ns, allowed is at least 0")


US_RULES: Final = InterruptionRules(
    reopening=CallRule(extension=Extension(price_ns=5 * MINUTE_NS, price_times=ALWAYS)),
    late_pause_ns=10 * MINUTE_NS,
)
"""Orders gather during the pause itself, so the reopening auction follows it at once; where it has a
collar it waits five minutes more as often as it takes. In the last ten minutes of the day nothing
reopens before the close (limit-up limit-down plan, section VII)."""

XETRA_RULES: Final = InterruptionRules(
    volatility=CallRule(
        length_ns=2 * MINUTE_NS,
        random_end_ns=HALF_MINUTE_NS,
        extension=Extension(price_ns=2 * MINUTE_NS, price_times=ALWAYS),
    ),
    reopening=CallRule(length_ns=2 * MINUTE_NS, random_end_ns=HALF_MINUTE_NS),
    scheduled=Extension(
        price_ns=2 * MINUTE_NS,
        price_times=1,
        market_ns=2 * MINUTE_NS,
        market_times=1,
        random_end_ns=HALF_MINUTE_NS,
    ),
)
"""A volatility interruption goes on until the price is back or somebody ends it (Xetra's page on
protective mechanisms); the lengths are from memory."""

LONDON_RULES: Final = InterruptionRules(
    volatility=CallRule(
        length_ns=5 * MINUTE_NS,
        random_end_ns=HALF_MINUTE_NS,
        extension=Extension(price_ns=5 * MINUTE_NS, price_times=2, random_end_ns=HALF_MINUTE_NS),
    ),
    reopening=CallRule(length_ns=5 * MINUTE_NS, random_end_ns=HALF_MINUTE_NS),
    scheduled=Extension(
        price_ns=5 * MINUTE_NS,
        price_times=2,
        market_ns=2 * MINUTE_NS,
        market_times=1,
        random_end_ns=HALF_MINUTE_NS,
    ),
)
"""One market-order extension and two of five minutes for the price (notices of the exchange); the length
of the first and of a suspension are from memory."""

RULES: Final = {"us": US_RULES, "xetra": XETRA_RULES, "london": LONDON_RULES}
"""Known ways to interrupt, by name."""
