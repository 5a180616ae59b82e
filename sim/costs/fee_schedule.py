"""A venue's price list: fees by how liquidity was given or taken, by volume, with bounds and levies.

Model: each kind of fill has a ladder of rates, and the highest one whose turnover the account has
reached is what the fill costs. On top come bounds a fill and an order, and levies that the venue
collects for others. `Fees` is the simplest list of all: two rates in parts per million.

Order of events: the rate by turnover; the fill's bounds; the order's bounds, over all fills of the
order that stand; the levies, each by itself. Every step but the last is in the exchange's fee.

Limits: a fill has one rate, also when it crosses a threshold in its midst, and no earlier fill is
charged anew when one is reached. Tiers by a share of the market's volume, or by what an account
holds, are not here.
"""

from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from market.codes import Liquidity, Phase
from market.errors import InputError
from sim.costs.exact import PPM, Scale, check_range
from sim.costs.levy import Levy
from sim.costs.rate import NO_BOUNDS, Bounds, Rate, Trade

DAYS_MAX = 366
ZONE_MINUTES_MAX = 24 * 60

LADDERS = ("maker", "taker", "hidden_maker", "opening", "closing", "cross")

Period = Literal["run", "day", "month", "trailing"]
TierFrom = Literal["fill", "next_day"]


class Turnover(NamedTuple):
    """What an account has traded in a fee period: lots, and `amount` / `per_currency` of currency."""

    lots: int = 0
    amount: int = 0
    per_currency: int = 1

    def reaches(self, rate: Rate) -> bool:
        """Whether a rate's thresholds are reached."""
        enough = self.amount >= rate.from_currency * self.per_currency
        return enough and self.lots >= rate.from_lots


NOTHING_TRADED = Turnover()


class Charge(NamedTuple):
    """What a fill costs in price unit × lot: what the venue keeps, and each levy in the list's order."""

    exchange: int
    levies: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """What the account pays; negative when a rebate outweighs the rest."""
        return self.exchange + self.levy

    @property
    def levy(self) -> int:
        """What of it the venue passes on."""
        return sum(self.levies) if self.levies else 0


class Fees(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fees in parts per million of notional; negative ones are rebates.

    Who was resting pays the maker's, everybody else the taker's, in auctions too.
    """

    maker_ppm: int = 0
    taker_ppm: int = 0

    def of(self, notional: int, liquidity: Liquidity) -> int:
        """Fee of one fill, rounded half up: floor(notional × rate + 1/2), a rebate's too."""
        resting = liquidity is Liquidity.MAKER or liquidity is Liquidity.HIDDEN_MAKER
        rate_ppm = self.maker_ppm if resting else self.taker_ppm
        return (notional * rate_ppm + PPM // 2) // PPM

    @property
    def schedule(self) -> "FeeSchedule":
        """The same as a schedule: equal fees to the unit, at prices that are not negative."""
        return FeeSchedule(
            maker=(Rate(notional_ppb=self.maker_ppm * 1_000),),
            taker=(Rate(notional_ppb=self.taker_ppm * 1_000),),
        )


class FeeSchedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole price list.

    A ladder of rates begins at turnover 0 and ascends; `({},)` in a file, one rate of zeros, is free.

    Attributes:
        maker: For who was resting, displayed.
        taker: For who arrived.
        hidden_maker: For who was resting unseen; none given means as `maker`.
        opening: For fills of an opening auction; none given means as `cross`.
        closing: For fills of a closing auction; none given means as `cross`.
        cross: For fills of every other auction; none given means as `taker`.
        per_fill: Bounds on each fill's fee.
        per_order: Bounds on what an order has been charged in all.
        levies: Collected for others.
        period: Over what turnover is counted: the whole run, a day, a calendar month, or the last
            `trailing_days`.
        trailing_days: Days of a `trailing` period, today among them, or with `next_day` yesterday
            and those before.
        tier_from: A rate holds from the `fill` on that reaches its turnover, that fill included, or
            from the `next_day` on.
        zone_minutes: Days begin at midnight this many minutes east of UTC; −300 is New York's winter,
            and +60 a Chicago session that turns at 17:00.
        restate_turnover: Whether busts and corrections change the turnover that later fills look at.
    """

    maker: tuple[Rate, ...]
    taker: tuple[Rate, ...]
    hidden_maker: tuple[Rate, ...] = ()
    opening: tuple[Rate, ...] = ()
    closing: tuple[Rate, ...] = ()
    cross: tuple[Rate, ...] = ()
    per_fill: Bounds = NO_BOUNDS
    per_order: Bounds = NO_BOUNDS
    levies: tuple[Levy, ...] = ()
    period: Period = "run"
    trailing_days: int = 30
    tier_from: TierFrom = "fill"
    zone_minutes: int = 0
    restate_turnover: bool = True

    def __post_init__(self) -> None:
        for name in ("maker", "taker"):
            if not getattr(self, name):
                raise InputError(f"{name}: found no rate, allowed is at least one")
        for name in LADDERS:
            _check_ladder(name, getattr(self, name))
        check_range("trailing_days", self.trailing_days, 1, DAYS_MAX)
        check_range("zone_minutes", self.zone_minutes, -ZONE_MINUTES_MAX, ZONE_MINUTES_MAX)
        names = [levy.name for levy in self.levies]
        if len(set(names)) < len(names):
            raise InputError(f"levies: found names {', '.join(names)}, allowed is each once")

    def ladder(self, liquidity: Liquidity, call: Phase = Phase.CONTINUOUS) -> tuple[Rate, ...]:
        """The rates for a kind of fill; `call` is the auction of an AUCTION fill."""
        if liquidity is Liquidity.MAKER:
            return self.maker
        if liquidity is Liquidity.HIDDEN_MAKER:
            return self.hidden_maker or self.maker
        if liquidity is Liquidity.AUCTION:
            own: tuple[Rate, ...] = ()
            if call is Phase.OPENING_CALL:
                own = self.opening
            elif call is Phase.CLOSING_CALL:
                own = self.closing
            return own or self.cross or self.taker
        return self.taker

    @property
    def counts_currency(self) -> bool:
        """Whether any threshold is in currency."""
        ladders = [getattr(self, name) for name in LADDERS]
        return any(rate.from_currency for ladder in ladders for rate in ladder)

    def rate(self, trade: Trade, turnover: Turnover) -> Rate:
        """The rate of a fill.

        Args:
            trade: The fill.
            turnover: That counts for it, by `tier_from` and `period`.
        """
        ladder = self.ladder(trade.liquidity, trade.call)
        reached = ladder[0]
        for rate in ladder[1:]:
            if not turnover.reaches(rate):
                break
            reached = rate
        return reached

    def fee(self, trade: Trade, scale: Scale, rate: Rate) -> int:
        """The exchange's fee of a fill by itself, in price unit × lot, before the order's bounds."""
        return self.per_fill.clamp(rate.of(trade, scale), trade.worth, scale)

    def of(self, trade: Trade, scale: Scale, turnover: Turnover = NOTHING_TRADED) -> Charge:
        """What an order with this one fill costs.

        Args:
            trade: The fill.
            scale: Of its instrument.
            turnover: That counts for it.
        """
        fee = self.fee(trade, scale, self.rate(trade, turnover))
        exchange = self.per_order.clamp(fee, trade.worth, scale)
        return Charge(exchange, tuple(levy.of(trade, scale) for levy in self.levies))


Tariff = Fees | FeeSchedule
"""What a venue may charge by."""


def _check_ladder(name: str, ladder: tuple[Rate, ...]) -> None:
    """Refuse a ladder that does not begin at nothing and ascend."""
    if not ladder:
        return
    if ladder[0].from_lots or ladder[0].from_currency:
        raise InputError(
            f"{name}[0]: found a rate from {ladder[0].from_lots} lots and "
            f"{ladder[0].from_currency} of currency on, allowed is from 0"
        )
    for index, (low, high) in enumerate(pairwise(ladder), 1):
        steps = (high.from_lots - low.from_lots, high.from_currency - low.from_currency)
        if min(steps) < 0 or max(steps) == 0:
            raise InputError(
                f"{name}[{index}]: found a rate from {high.from_lots} lots and "
                f"{high.from_currency} of currency on, allowed is above the rate before "
                f"({low.from_lots} and {low.from_currency})"
            )
