"""A venue as one TOML file: its day, its books, whom it lets in, what it charges, what stops it.

Model: a file has a table for each part, written with the names of the part's own struct; what is not
said is a rule that the venue does not have. `scenarios/venues/*.toml` are the packaged ones; a user's
own is named by its path. `venue_rules` turns a preset into what a run needs.

Nothing is guessed: an unknown key is an error that says what is allowed.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Final, Literal

import msgspec

from market.codes import BandAction, OrderType, Phase, SelfTrade, TimeInForce
from market.errors import InputError
from market.refusals import OrderTerm
from scenarios.calendars import read_schedules
from scenarios.venue_costs import read_costs
from scenarios.written import Place, Reader, choice_of, list_of, read_struct, table_of
from sim.costs import FeeSchedule, VenueCosts
from sim.costs.rate import Rate
from sim.front import POLICIES, OddLot, Per, Shape
from sim.schedule.library import SCHEDULES, schedule_named
from sim.schedule.rules import RULES, InterruptionRules
from sim.schedule.schedule import Schedule
from sim.schedule.stock_rules import Listing
from sim.venue_rules.allocation_policy import CME_STEPS
from sim.venue_rules.auction_policy import (
    EURONEXT,
    FOUR_STEP,
    NASDAQ_CROSS,
    XETRA_R14,
    XETRA_T7,
    AuctionPolicy,
)
from sim.venue_rules.book_rules import Matching

FORMAT_VERSION: Final = 1
"""Rises when an older reader would misunderstand a newer preset."""

AUCTIONS: Final[dict[str, AuctionPolicy]] = {
    "xetra_r14": XETRA_R14,
    "xetra_t7": XETRA_T7,
    "four_step": FOUR_STEP,
    "euronext": EURONEXT,
    "nasdaq_cross": NASDAQ_CROSS,
}
"""Known ways to find an auction's price, by name."""

CUT_OFFS: Final = ("none", "nasdaq", "nyse")
TICK_TABLES: Final = ("none", "us_equity", "rts11")
FREE: Final = VenueCosts(fees=FeeSchedule(maker=(Rate(),), taker=(Rate(),)))


class BookSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How its books match.

    Attributes:
        matching: Who of those at one price trades.
        algorithm: Of SHARED books: a letter of `CME_STEPS`.
        top_lots_min: The top order must have this size.
        top_lots_max: It gets at most this much ahead of the others.
        prorata_lots_min: A share below this is no share.
        prorata_round_up: Whether shares are rounded up.
        split_fifo_ppm: What a SPLIT step sets apart for the next FIFO step.
        auction: How a call finds its price.
        pressure_limit_ppm: How far from the reference pressure may move the print.
        market_rests: Whether what is left of a market order waits while trading.
        mid_isolated: Whether midpoint pegs trade with midpoint pegs only.
        dark_pool: Whether the books show nothing and follow another venue's best prices.
        band_action: What the band does to orders that would trade outside it.
        call_extends: Whether a call that would print outside the band goes on.
        market_after_call: Whether market orders that a call left over go on.
        self_trade: What happens when an order meets one of its own owner's, unless it says.
    """

    matching: Matching = Matching.PRICE_TIME
    algorithm: str = ""
    top_lots_min: int = 1
    top_lots_max: int = 1 << 40
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
    self_trade: SelfTrade = SelfTrade.ALLOW

    def __post_init__(self) -> None:
        if self.auction not in AUCTIONS:
            raise InputError(f"auction: found {self.auction!r}, allowed is {', '.join(AUCTIONS)}")
        shared = self.matching is Matching.SHARED
        if shared != (self.algorithm in CME_STEPS) or (self.algorithm and not shared):
            raise InputError(
                f"algorithm: found {self.algorithm!r} with matching {self.matching.name.lower()}, "
                f"allowed is one of {', '.join(CME_STEPS)} with shared, and none otherwise"
            )


class AcceptSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kinds of order that are taken."""

    types: tuple[OrderType, ...] = (OrderType.LIMIT, OrderType.MARKET)
    tifs: tuple[TimeInForce, ...] = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
    terms: tuple[OrderTerm, ...] = ()


class AdmissionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order must be to reach a book.

    Attributes:
        accepted: Kinds that are taken at all.
        phases: What a phase takes of these; one that is not named takes all.
        no_cancel: Phases in which nothing is cancelled or replaced.
        cut_offs: When it is too late for orders of a call, as which exchange has it.
        life_ns_max: How far ahead a GTD order may end; 0 for any distance.
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
    life_ns_max: int = 0
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
        for name in self.phases:
            if name not in names:
                raise InputError(f"phases: found {name!r}, allowed is {', '.join(names)}")


class ThrottleSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One limit on messages (`sim.front.ThrottleRule`)."""

    count: int
    window_ns: int
    shape: Shape = Shape.WINDOW
    burst: int = 0
    per: Per = Per.SESSION
    cancels_exempt: bool = False
    queue: bool = False


class ProtectionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of a group of quotes (`sim.front.ProtectionLimits`)."""

    window_ns: int
    volume_lots: int = 0
    trades: int = 0
    share_ppm: int = 0
    from_first: bool = False
    frozen_ns: int = 0
    maker_only: bool = False


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
        collars = self.dynamic_ppm or self.dynamic_ticks_min or self.static_ppm
        if sum(map(bool, (self.stocks != "none", collars, self.limit_ppm))) > 1:
            raise InputError(
                "guards: found more than one of stocks, collars and limit_ppm, allowed is one: "
                "a book has one band"
            )


class VenuePreset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A venue.

    Attributes:
        format_version: Of the file.
        name: Of the preset.
        title: One line for people.
        about: What a trader must know that no figure says.
        sources: Where its rules are from.
        schedule: Versions of its trading day.
        interruptions: How it interrupts its day.
        book: How its books match.
        admission: Whom it lets in.
        costs: What trading and holding cost.
        throttles: Its limits on messages.
        disconnect: What the loss of a session takes away: a name of `sim.front.POLICIES`.
        protection: Limits of a group of quotes.
        guards: What stops trading.
    """

    format_version: int
    name: str
    title: str
    about: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    schedule: tuple[Schedule, ...] = SCHEDULES["always_open"]
    interruptions: InterruptionRules = InterruptionRules()
    book: BookSection = BookSection()
    admission: AdmissionSection = AdmissionSection()
    costs: VenueCosts = FREE
    throttles: tuple[ThrottleSection, ...] = ()
    disconnect: str = "none"
    protection: ProtectionSection | None = None
    guards: GuardSection = GuardSection()

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise InputError(
                f"format_version: found {self.format_version}, allowed is {FORMAT_VERSION}"
            )
        if self.disconnect not in POLICIES:
            raise InputError(
                f"disconnect: found {self.disconnect!r}, allowed is {', '.join(POLICIES)}"
            )


def preset_names() -> list[str]:
    """The packaged presets, by name."""
    return sorted(
        path.name.removesuffix(".toml")
        for path in _library().iterdir()
        if path.name.endswith(".toml")
    )


def load_preset(name_or_path: str) -> tuple[VenuePreset, str]:
    """A packaged preset by its name, or a user's own by its path; with its text.

    Raises:
        InputError: There is none, or it is wrong: where, what was found, what is allowed.
    """
    if name_or_path in preset_names():
        text = (_library() / f"{name_or_path}.toml").read_text(encoding="utf-8")
        return parse_preset(text, f"{name_or_path}.toml"), text
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise InputError(
            f"venue: found {name_or_path[:60]!r}, allowed is a TOML file or one of "
            f"{', '.join(preset_names())}"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}), allowed is a TOML file") from None
    return parse_preset(text, str(path)), text


def parse_preset(text: str, where: str) -> VenuePreset:
    """A preset from its text.

    Args:
        text: TOML.
        where: Path of the file, for errors.

    Raises:
        InputError: In one line: where, what was found, what is allowed.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: found no TOML: {error}") from None
    readers: dict[str, Reader] = {
        "schedule": _schedule,
        "interruptions": _interruptions,
        "costs": read_costs,
        "admission": _admission,
        "protection": lambda value, at: read_struct(value, at, ProtectionSection),
    }
    return read_struct(table, Place(where), VenuePreset, readers)


def _library() -> resources.abc.Traversable:
    """The folder of packaged presets."""
    return resources.files("scenarios") / "venues"


def _schedule(value: object, where: Place) -> object:
    """A known venue's day by name, or versions of one's own."""
    if isinstance(value, str):
        try:
            return schedule_named(value)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return read_schedules(list_of(value, where), where)


def _interruptions(value: object, where: Place) -> object:
    """Known rules by name, or one's own."""
    if isinstance(value, str):
        return choice_of(value, where, RULES)
    return read_struct(value, where, InterruptionRules)


def _admission(value: object, where: Place) -> object:
    """The rule sheet; what a venue takes of types, lives and terms is lists of names, or `all`."""

    def accepted(written: object, at: Place) -> object:
        table = dict(table_of(written, at))
        for key, every in (("types", OrderType), ("tifs", TimeInForce), ("terms", OrderTerm)):
            if table.get(key) == "all":
                table[key] = [str(one.name).lower() for one in every]
        return read_struct(table, at, AcceptSection)

    def phases(written: object, at: Place) -> object:
        return {key: accepted(one, at.at(key)) for key, one in table_of(written, at).items()}

    return read_struct(value, where, AdmissionSection, {"accepted": accepted, "phases": phases})
