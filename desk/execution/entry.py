"""Entry prices: how far a market may run away from a wish before it is no longer followed at once.

Model: when a parent is looked at first, its entry price is what the other side asks then, and
`within_ticks` more. For `wait_ns` nothing is sent beyond that price: what rests stays on this side of
it, and nothing crosses while the market is past it. When the time is over the parent is worked like one
without an entry price (`then = "work"`), or left alone until the strategy says another signal (`"leave"`).

Invariant: until the time is over no child's price is beyond the entry price.

Limits: only targets have one, because leaving must not wait for a price; the end of the time is noticed
at the next view, or at the desk's next heartbeat.
"""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from market.codes import Side
from market.columns import PRICE_TICKS_MAX
from market.errors import InputError
from market.touch import Touch
from market.units import DURATION_NS_MAX


class EntryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of `[execution.entry]`.

    Attributes:
        within_ticks: How far past the other side's best price, as it was first seen, an entry may be.
        wait_ns: How long that holds.
        then: What becomes of what is still missing: worked without it, or left.
    """

    within_ticks: int
    wait_ns: int
    then: Literal["work", "leave"] = "work"

    def __post_init__(self) -> None:
        if not 0 <= self.within_ticks <= PRICE_TICKS_MAX:
            raise InputError(f"within_ticks is {self.within_ticks}, allowed is 0 or more")
        if not 1 <= self.wait_ns <= DURATION_NS_MAX:
            raise InputError(f"wait is {self.wait_ns} ns, allowed is 1 to {DURATION_NS_MAX}")


class Entry(msgspec.Struct, gc=False):
    """What a parent remembers of its entry.

    Attributes:
        price_ticks: Beyond which nothing is sent.
        until_ns: When that ends.
        signal_id: Of the wish that it is about.
        is_over: Whether the time was over while lots were missing.
    """

    price_ticks: int
    until_ns: int
    signal_id: int
    is_over: bool = False


class Bound(msgspec.Struct, frozen=True, gc=False):
    """What an entry says now.

    Attributes:
        price_ticks: Beyond which nothing may be sent; none where nothing binds.
        is_left: Whether the wish is left alone.
    """

    price_ticks: int | None = None
    is_left: bool = False

    def allows(self, side: Side, far_ticks: int) -> bool:
        """Whether the other side's best price may be taken."""
        limit = self.price_ticks
        return limit is None or side.sign * (far_ticks - limit) <= 0

    def capped(self, side: Side, price_ticks: int) -> int:
        """A price that is not beyond the bound."""
        limit = self.price_ticks
        if limit is None or side.sign * (price_ticks - limit) <= 0:
            return price_ticks
        return limit


FREE: Final = Bound()


def look(
    config: EntryConfig,
    entry: Entry | UnsetType,
    side: Side,
    touch: Touch,
    signal_id: int,
    now_ns: int,
) -> tuple[Entry, Bound]:
    """What an entry says now, and what is to be remembered of it."""
    if entry is UNSET or (
        entry.is_over and config.then == "leave" and entry.signal_id != signal_id
    ):
        far_ticks = touch.bid_ticks if side else touch.ask_ticks
        entry = Entry(
            price_ticks=far_ticks + side.sign * config.within_ticks,
            until_ns=now_ns + config.wait_ns,
            signal_id=signal_id,
        )
    if now_ns < entry.until_ns:
        entry.signal_id = signal_id
        return entry, Bound(price_ticks=entry.price_ticks)
    if not entry.is_over:
        entry.is_over, entry.signal_id = True, signal_id
    return entry, FREE if config.then == "work" else Bound(is_left=True)
