"""Quote protection: when a group of quotes has traded too much in a short time, all of it is pulled.

Model: a group has limits on the lots, the trades and the share of its quotes that may trade within a
window; each is counted by itself. The trade that reaches one still stands. Then every quote of the group
is pulled, and new ones are refused until the owner resets the protection, or a set time is over.

What venues do, and which setting says so:

    the window slides (Derive, Paradex), or begins with a first trade and
    then starts over (CME, one second)                                             `from_first`
    quotes come back by a message of the owner's (CME), or by themselves
    after a frozen time too (Deribit, Binance, Bybit, Derive)                      `frozen_ns`
    only what rested counts (Bybit, Paradex), or what arrived too (CME)            `maker_only`

The share of a trade is its lots in the quote as it was entered or last changed, in millionths, and a
quote that fills whole is exactly 1,000,000, whatever its parts were; 3,000,000 is three whole quotes.

Invariant: from the moment at which a group is pulled until it may quote again, none of it rests.

Limits: there is no delta or vega here, since books do not say what an option is worth; a group whose
owner wants them bounded takes lots instead. A window that slides holds what traded in (t - window, t].
"""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from market.codes import Liquidity, Reason
from market.errors import InputError
from market.refusals import Refusal
from market.units import DURATION_NS_MAX
from sim.front.quotes import QuoteFill
from sim.venue_rules.auction_policy import PPM

LIMIT_MAX = 1 << 62
"""Largest limit; nothing reaches it."""


class Guard(IntEnum):
    """What was reached."""

    VOLUME = 0
    TRADES = 1
    SHARE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionLimits:
    """How much a group may trade.

    Attributes:
        window_ns: Within which time.
        volume_lots: Lots that pull its quotes; 0 for none.
        trades: Trades that do; 0 for none.
        share_ppm: Shares of quotes that do, added up, in millionths; 0 for none.
        from_first: Whether a window begins with a trade and starts over, instead of sliding.
        frozen_ns: After which time quotes are taken again; 0 for after a reset only.
        maker_only: Whether only trades of quotes that rested count.
    """

    window_ns: int
    volume_lots: int = 0
    trades: int = 0
    share_ppm: int = 0
    from_first: bool = False
    frozen_ns: int = 0
    maker_only: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("window_ns", 1, DURATION_NS_MAX),
            ("frozen_ns", 0, DURATION_NS_MAX),
            ("volume_lots", 0, LIMIT_MAX),
            ("trades", 0, LIMIT_MAX),
            ("share_ppm", 0, LIMIT_MAX),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"quote protection {name}: found {getattr(self, name)}, allowed is {low} to {high}"
                )
        if not (self.volume_lots or self.trades or self.share_ppm):
            raise InputError(
                "quote protection: found no limit, allowed is at least one of volume_lots, trades "
                "and share_ppm"
            )


class Tripped(NamedTuple):
    """A limit was reached.

    Attributes:
        guard: Which.
        found: What was counted, by the trade that reached it.
        limit: What it was held against.
        at_ns: When.
    """

    guard: Guard
    found: int
    limit: int
    at_ns: int


class _Tally:
    """What one group has traded within its window."""

    __slots__ = ("limits", "sums", "trades", "tripped")

    def __init__(self, limits: ProtectionLimits) -> None:
        self.limits = limits
        self.trades: deque[tuple[int, int, int]] = deque()
        self.sums = [0, 0, 0]
        self.tripped: Tripped | None = None

    def clear(self) -> None:
        """Nothing has traded."""
        self.trades.clear()
        self.sums = [0, 0, 0]
        self.tripped = None

    def age(self, now_ns: int) -> None:
        """Forget what lies outside the window."""
        until_ns = now_ns - self.limits.window_ns
        if self.limits.from_first:
            if self.trades and self.trades[0][0] <= until_ns:
                self.clear()
            return
        while self.trades and self.trades[0][0] <= until_ns:
            _, lots, ppm = self.trades.popleft()
            self._add(-1, lots, ppm)

    def add(self, now_ns: int, lots: int, ppm: int) -> Tripped | None:
        """A trade; what it reaches, in the order of guards."""
        self.trades.append((now_ns, lots, ppm))
        self._add(1, lots, ppm)
        limits = (self.limits.volume_lots, self.limits.trades, self.limits.share_ppm)
        for guard, found, limit in zip(Guard, self.sums, limits, strict=True):
            if limit and found >= limit:
                self.tripped = Tripped(guard, found, limit, now_ns)
                return self.tripped
        return None

    def _add(self, sign: int, lots: int, ppm: int) -> None:
        self.sums[Guard.VOLUME] += sign * lots
        self.sums[Guard.TRADES] += sign
        self.sums[Guard.SHARE] += sign * ppm


class QuoteProtection:
    """The protections of everybody at one venue.

    Args:
        default: Of groups that were given none; None leaves them unprotected.

    Attributes:
        trips: How often a limit was reached.
    """

    def __init__(self, default: ProtectionLimits | None = None) -> None:
        self.trips = 0
        self._default = default
        self._tallies: dict[tuple[int, int], _Tally] = {}

    def configure(self, owner: int, group: int, limits: ProtectionLimits) -> None:
        """Give a group limits of its own; what it has traded so far is forgotten."""
        self._tallies[owner, group] = _Tally(limits)

    def on_fill(self, fill: QuoteFill, liquidity: Liquidity, now_ns: int) -> Tripped | None:
        """A quote has traded.

        Returns:
            What was reached: every quote of the group is to be pulled now. None when nothing was, or
            when the group is pulled already.
        """
        tally = self._tally(fill.owner, fill.group, now_ns)
        if tally is None or tally.tripped is not None:
            return None
        if tally.limits.maker_only and liquidity is Liquidity.TAKER:
            return None
        # Parts of one quote are differences of rounded sums, so that together they are the whole.
        after_lots = fill.filled_lots + fill.lots
        ppm = after_lots * PPM // fill.quoted_lots - fill.filled_lots * PPM // fill.quoted_lots
        tripped = tally.add(now_ns, fill.lots, ppm)
        self.trips += tripped is not None
        return tripped

    def refusal(self, owner: int, group: int, now_ns: int) -> Refusal | None:
        """Why a group may not quote now; None when it may."""
        tally = self._tally(owner, group, now_ns)
        if tally is None or tally.tripped is None:
            return None
        frozen_ns = tally.limits.frozen_ns
        return Refusal(Reason.QUOTE_PROTECTION, tally.tripped.at_ns + frozen_ns if frozen_ns else 0)

    def reset(self, owner: int, group: int, now_ns: int) -> None:
        """The owner wants to quote again, and everything is counted anew."""
        tally = self._tally(owner, group, now_ns)
        if tally is not None:
            tally.clear()

    def _tally(self, owner: int, group: int, now_ns: int) -> _Tally | None:
        """A group's count as of now."""
        key = (owner, group)
        if key not in self._tallies:
            if self._default is None:
                return None
            self._tallies[key] = _Tally(self._default)
        tally = self._tallies[key]
        if tally.tripped is None:
            tally.age(now_ns)
        elif tally.limits.frozen_ns and now_ns >= tally.tripped.at_ns + tally.limits.frozen_ns:
            tally.clear()
        return tally
