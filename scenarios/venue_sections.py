"""The parts of a venue's preset: its books, its rule sheet, its limits on messages, its quotes, its guards.

Model: a section is written with the names of what it becomes in `sim`, and checks itself by becoming it, so
that a file that is read can be run. What needs an instrument or a close is made in `venue_rules`.
"""

import dataclasses
from typing import Final, Literal

import msgspec

from market.codes import BandAction, OrderType, Phase, SelfTrade, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.instruments import Instrument
from market.refusals import OrderTerm
from sim.front import Admission, OddLot, Per, ProtectionLimits, Shape, ThrottleRule
from sim.schedule.collar_guard import CollarTerms
from sim.schedule.stock_rules import Listing
from sim.venue_rules.allocation_policy import CME_STEPS, AllocationPolicy, cme_steps
from sim.venue_rules.auction_policy import (
    EURONEXT,
    FOUR_STEP,
    NASDAQ_CROSS,
    XETRA_R14,
    XETRA_T7,
    AuctionPolicy,
)
from sim.venue_rules.book_rules import Matching
from sim.venue_rules.collars import Width
from sim.venue_rules.tick_table import rts11_table

AUCTIONS: Final[dict[str, AuctionPolicy]] = {
    "xetra_r14": XETRA_R14,
    "xetra_t7": XETRA_T7,
    "four_step": FOUR_STEP,
    "euronext": EURONEXT,
    "nasdaq_cross": NASDAQ_CROSS,
}
"""Known ways to find an auction's price, by name."""

SHARING: Final = (
    "top_lots_min",
    "top_lots_max",
    "prorata_lots_min",
    "prorata_round_up",
    "split_fifo_ppm",
)
"""What only a book says whose levels are shared."""

COLLARS: Final = (
    "dynamic_ppm",
    "dynamic_ticks_min",
    "static_ppm",
    "static_ticks_min",
    "extended_ppm",
)
"""What makes a guard one of collars."""

ANY: Final = Instrument(
    symbol="any", venue="any", currency="any", price_units_per_currency=1, tick_units=1
)
"""Stands for whatever is traded where a section checks itself."""


class BookSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How its books match.

    Attributes:
        matching: Who of those at one price trades.
        algorithm: Of shared books: how, by the futures exchanges' letter: A, C, F, K, O, Q, S or T.
        top_lots_min: The top order must have this size.
        top_lots_max: It gets at most this much ahead of the others.
        prorata_lots_min: A share below this is no share.
        prorata_round_up: Whether shares are rounded up.
        split_fifo_ppm: What algorithm K sets apart for the oldest.
        auction: How a call finds its price.
        pressure_limit_ppm: How far from the reference pressure may move the print.
        market_rests: Whether what is left of a market order waits while trading.
        mid_isolated: Whether midpoint pegs trade with midpoint pegs only.
        dark_pool: Whether the books show nothing and follow another venue's best prices.
        band_action: What the band does to orders that would trade outside it.
        call_extends: Whether a call that would print outside the band goes on.
        market_after_call: Whether market orders that a call left over go on.
        indication_ns: How often a call publishes what it would print; 0 for never.
        self_trade: What happens when an order meets one of its own owner's, unless it says.
    """

    matching: Matching = Matching.PRICE_TIME
    algorithm: str = ""
    top_lots_min: int = 1
    top_lots_max: int = QTY_LOTS_MAX
    prorata_lots_min: int = 1
    prorata_round_up: bool = False
    split_fifo_ppm: int = 0
    auction: str = "xetra_t7"
    pressure_limit_ppm: int = 0
    market_rests: bool = False
    mid_isolated: bool = False
    dark_pool: bool = False
    band_action: BandAction = BandAction.NONE
    call_extends: bool = False
    market_after_call: bool = False
    indication_ns: int = 0
    self_trade: SelfTrade = SelfTrade.ALLOW

    def __post_init__(self) -> None:
        if self.auction not in AUCTIONS:
            raise InputError(f"auction: found {self.auction!r}, allowed is {', '.join(AUCTIONS)}")
        if self.pressure_limit_ppm and not AUCTIONS[self.auction].pressure:
            raise InputError(
                f"pressure_limit_ppm: found {self.pressure_limit_ppm} with auction {self.auction}, "
                "allowed is 0, as pressure moves no price there"
            )
        self.auction_policy()
        shared = self.matching is Matching.SHARED
        if shared != (self.algorithm in CME_STEPS) or (self.algorithm and not shared):
            raise InputError(
                f"algorithm: found {self.algorithm!r} with matching {self.matching.name.lower()}, "
                f"allowed is one of {', '.join(CME_STEPS)} with shared, and none otherwise"
            )
        self.allocation()
        for field in msgspec.structs.fields(type(self)):
            given = getattr(self, field.name) != field.default
            if given and field.name in SHARING and not shared:
                raise InputError(
                    f"{field.name}: found {getattr(self, field.name)} with matching "
                    f"{self.matching.name.lower()}, allowed with shared only"
                )

    def auction_policy(self) -> AuctionPolicy:
        """How a call finds its price."""
        policy = AUCTIONS[self.auction]
        return dataclasses.replace(policy, pressure_limit_ppm=self.pressure_limit_ppm)

    def allocation(self) -> AllocationPolicy | None:
        """How a level is shared; None where it is not."""
        if self.matching is not Matching.SHARED:
            return None
        return AllocationPolicy(
            steps=cme_steps(self.algorithm),
            top_min_lots=self.top_lots_min,
            top_max_lots=self.top_lots_max,
            prorata_min_lots=self.prorata_lots_min,
            prorata_round_up=self.prorata_round_up,
            split_fifo_ppm=self.split_fifo_ppm,
        )


class AcceptSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kinds of order that are taken; an order must be of all three.

    Attributes:
        types: How it is priced.
        tifs: How long it may live.
        terms: What else it may carry.
    """

    types: tuple[OrderType, ...] = (OrderType.LIMIT, OrderType.MARKET)
    tifs: tuple[TimeInForce, ...] = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
    terms: tuple[OrderTerm, ...] = ()


class AdmissionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order must be to reach a book.

    Attributes:
        accepted: Kinds that are taken at all.
        phases: What a phase takes of these, where that is less; one that is not named takes all.
        no_cancel: Phases in which nothing is cancelled or replaced.
        cut_offs: When it is too late for orders of a call, as which exchange has it.
        life_max_ns: How far ahead a GTD order may end; 0 for any distance.
        round_lots: The round lot.
        odd_lots: What happens to other quantities.
        qty_lots_max: Largest order; 0 for any.
        notional_max: Largest worth of an order, in whole units of currency; 0 for any.
        display_ppm_min: Least part of an iceberg that shows.
        display_lots_min: Least lots of an iceberg that show.
        tick_table: Which grid of prices holds.
        trades_a_day: Of the instrument, for the European table.
        price_limit_ppm: How far from the previous close any price may lie; 0 for any distance.
        collar_ppm: How far from the last trade a limit may lie; 0 for any distance.
        collar_ticks_min: It is never less than this.
        collar_both_ways: Whether it binds prices far behind the market too.
    """

    accepted: AcceptSection = AcceptSection()
    phases: dict[str, AcceptSection] = {}
    no_cancel: tuple[Phase, ...] = ()
    cut_offs: Literal["none", "nasdaq", "nyse"] = "none"
    life_max_ns: int = 0
    round_lots: int = 1
    odd_lots: OddLot = OddLot.REFUSE
    qty_lots_max: int = 0
    notional_max: int = 0
    display_ppm_min: int = 0
    display_lots_min: int = 0
    tick_table: Literal["none", "us_equity", "rts11"] = "none"
    trades_a_day: int = 10_000
    price_limit_ppm: int = 0
    collar_ppm: int = 0
    collar_ticks_min: int = 0
    collar_both_ways: bool = False

    def __post_init__(self) -> None:
        names = [phase.name.lower() for phase in Phase]
        for name, phase in self.phases.items():
            if name not in names:
                raise InputError(f"phases: found {name!r}, allowed is {', '.join(names)}")
            for key in ("types", "tifs", "terms"):
                usual = getattr(self.accepted, key)
                more = [one.name.lower() for one in getattr(phase, key) if one not in usual]
                if more:
                    raise InputError(
                        f"phases.{name}.{key}: found {', '.join(more)}, allowed is what is accepted: "
                        f"{', '.join(one.name.lower() for one in usual) or 'none'}"
                    )
        # Each becomes what it is for, which refuses a figure that it cannot be.
        Width(ppm=self.price_limit_ppm)
        Width(ppm=self.collar_ppm, ticks_min=self.collar_ticks_min)
        rts11_table(self.trades_a_day)
        if self.qty_lots_max < 0:
            raise InputError(f"qty_lots_max: found {self.qty_lots_max}, allowed is at least 0")
        Admission(
            instrument=ANY,
            life_ns_max=self.life_max_ns,
            round_lots=self.round_lots,
            qty_lots_max=self.qty_lots_max or QTY_LOTS_MAX,
            notional_max=self.notional_max,
            display_ppm_min=self.display_ppm_min,
            display_lots_min=self.display_lots_min,
        )


class ThrottleSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One limit on messages (`sim.front.ThrottleRule`).

    Attributes:
        count: Messages in a window, or that a bucket gets in one.
        window_ns: How long that is.
        shape: How they are counted: in every such window, or as a bucket fills.
        burst: Of a bucket: most messages saved up.
        per: Whose messages are counted together.
        cancels_exempt: Whether cancels pass uncounted.
        queue: Whether a message too many waits instead of being refused.
    """

    count: int
    window_ns: int
    shape: Shape = Shape.WINDOW
    burst: int = 0
    per: Per = Per.SESSION
    cancels_exempt: bool = False
    queue: bool = False

    def __post_init__(self) -> None:
        self.rule()

    def rule(self) -> ThrottleRule:
        """The limit as the front counts it."""
        return ThrottleRule(**msgspec.structs.asdict(self))


class QuoteSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a set of quotes does to those before it.

    Attributes:
        whole_set: Whether books that a set does not name lose their quotes.
        all_or_nothing: Whether one leg that is not taken refuses the set.
    """

    whole_set: bool = True
    all_or_nothing: bool = False


class ProtectionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of a group of quotes (`sim.front.ProtectionLimits`); one that is 0 is none.

    Attributes:
        window_ns: Within which time.
        volume_lots: Lots traded that pull its quotes.
        trades: Trades that do.
        share_ppm: Shares of quotes that do, added up, in millionths.
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
        self.limits()

    def limits(self) -> ProtectionLimits:
        """The limits as the front keeps them."""
        return ProtectionLimits(**msgspec.structs.asdict(self))


class GuardSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stops trading.

    Attributes:
        stocks: Whether US single-stock rules hold, as they stood on the day of the run.
        listing: Which of their lists the stocks are on.
        breakers: Whether US market-wide breakers hold, on an index that the run is told.
        dynamic_ppm: Half width of the collar around the last trade; 0 for none.
        dynamic_ticks_min: It is never less than this.
        static_ppm: Half width of the collar around the last auction; 0 for none.
        static_ticks_min: It is never less than this.
        extended_ppm: Half width that a volatility call may print in; 0 for any.
        limit_ppm: Half width around the previous close that nothing may trade outside; 0 for none.
    """

    stocks: Literal["none", "us"] = "none"
    listing: Listing = Listing.SP500
    breakers: Literal["none", "us"] = "none"
    dynamic_ppm: int = 0
    dynamic_ticks_min: int = 0
    static_ppm: int = 0
    static_ticks_min: int = 0
    extended_ppm: int = 0
    limit_ppm: int = 0

    def __post_init__(self) -> None:
        # The reference is any price: what is checked is the widths.
        CollarTerms(reference_ticks=1, **{name: getattr(self, name) for name in COLLARS})
        Width(ppm=self.limit_ppm)
        if sum(map(bool, (self.stocks != "none", self.has_collars, self.limit_ppm))) > 1:
            raise InputError(
                "guards: found more than one of stocks, collars and limit_ppm, allowed is one: "
                "a book has one band"
            )

    @property
    def has_collars(self) -> bool:
        """Whether a collar of any width is there."""
        return any(getattr(self, name) for name in COLLARS)
