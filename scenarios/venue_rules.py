"""From a venue's preset to what a run needs of it: rules of books, rule sheets, guards.

The preset says percent and names; an instrument and its last close make ticks and price units of them.
"""

from typing import Final

from market.codes import Phase
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.instruments import Instrument
from scenarios.venue_preset import VenuePreset
from scenarios.venue_sections import AcceptSection
from sim.front import (
    NASDAQ_CLOSE,
    NASDAQ_OPEN,
    NYSE_CLOSE,
    POLICIES,
    Accepted,
    Admission,
    CutOff,
)
from sim.front.holdings import HoldingsRules
from sim.front.house import HouseRules
from sim.venue_rules.auction_policy import PPM
from sim.venue_rules.bands import Band
from sim.venue_rules.book_rules import BookRules
from sim.venue_rules.collars import Width
from sim.venue_rules.tick_table import UNITS, US_EQUITY, TickTable, rts11_table

CUT_OFFS: Final[dict[str, tuple[CutOff, ...]]] = {
    "none": (),
    "nasdaq": (*NASDAQ_OPEN, *NASDAQ_CLOSE),
    "nyse": NYSE_CLOSE,
}


def book_rules(preset: VenuePreset, *, peak_key: int = 0, mid_reference: int = -1) -> BookRules:
    """The rules of a venue's books.

    Args:
        preset: The venue.
        peak_key: Stream key of random peaks.
        mid_reference: The book that pegs follow; -1 for the book itself.
    """
    book = preset.book
    return BookRules(
        matching=book.matching,
        allocation=book.allocation(),
        auction=book.auction_policy(),
        market_rests=book.market_rests,
        mid_isolated=book.mid_isolated,
        mid_reference=mid_reference,
        band_action=book.band_action,
        call_extends=book.call_extends,
        market_after_call=book.market_after_call,
        peak_key=peak_key,
    )


def accepted(section: AcceptSection) -> Accepted:
    """Kinds of order as the front takes them."""
    terms = section.terms[0] if section.terms else None
    for term in section.terms[1:]:
        assert terms is not None
        terms |= term
    if terms is None:
        return Accepted(types=section.types, tifs=section.tifs)
    return Accepted(types=section.types, tifs=section.tifs, terms=terms)


def admission(preset: VenuePreset, instrument: Instrument, close_ticks: int | None) -> Admission:
    """The rule sheet of a book.

    Args:
        preset: The venue.
        instrument: What the book trades.
        close_ticks: Its last close; needed by a price limit.

    Raises:
        InputError: The preset needs a close, or its tick table does not fit the instrument.
    """
    section = preset.admission
    limits = None
    if section.price_limit_ppm:
        limits = around(preset, instrument, close_ticks, section.price_limit_ppm)
    collar = None
    if section.collar_ppm or section.collar_ticks_min:
        collar = Width(ppm=section.collar_ppm, ticks_min=section.collar_ticks_min)
    worth = section.notional_max * instrument.price_units_per_currency * instrument.lot_den
    return Admission(
        instrument=instrument,
        accepted=accepted(section.accepted),
        in_phase={Phase[name.upper()]: accepted(one) for name, one in section.phases.items()},
        no_cancel=section.no_cancel,
        cut_offs=CUT_OFFS[section.cut_offs],
        life_ns_max=section.life_max_ns,
        round_lots=section.round_lots,
        odd_lots=section.odd_lots,
        qty_lots_max=section.qty_lots_max or QTY_LOTS_MAX,
        notional_max=worth // instrument.lot_num,
        display_ppm_min=section.display_ppm_min,
        display_lots_min=section.display_lots_min,
        ticks=tick_table(preset, instrument),
        price_limits=limits,
        collar=collar,
        collar_both_ways=section.collar_both_ways,
    )


def around(preset: VenuePreset, instrument: Instrument, close_ticks: int | None, ppm: int) -> Band:
    """A band around the last close, in ticks.

    Raises:
        InputError: There is no close.
    """
    if close_ticks is None:
        raise InputError(
            f"venue {preset.name!r}: found no close of {instrument.symbol}, allowed is one in "
            "closes: the venue's price limits lie around it"
        )
    half = close_ticks * ppm // PPM
    return Band(close_ticks - half, close_ticks + half)


def tick_table(preset: VenuePreset, instrument: Instrument) -> TickTable | None:
    """The grid of a book's prices in its price units; None for the book's own."""
    section = preset.admission
    if section.tick_table == "none":
        return None
    table = US_EQUITY if section.tick_table == "us_equity" else rts11_table(section.trades_a_day)
    scale = instrument.price_units_per_currency
    starts = [start * scale for start in table.starts]
    ticks = [tick * scale for tick in table.ticks]
    if any(value % UNITS for value in (*starts, *ticks)):
        raise InputError(
            f"venue {preset.name!r}: found {scale} price units per {instrument.currency} for "
            f"{instrument.symbol}, allowed with its tick table is a multiple of {UNITS}"
        )
    return TickTable(
        tuple(value // UNITS for value in starts), tuple(value // UNITS for value in ticks)
    )


def house_rules(
    preset: VenuePreset, admissions: dict[int, Admission], holdings: HoldingsRules
) -> HouseRules:
    """What holds around a venue's books."""
    return HouseRules(
        admissions=admissions,
        throttles=tuple(one.rule() for one in preset.throttles),
        disconnect=POLICIES[preset.disconnect],
        protection=None if preset.protection is None else preset.protection.limits(),
        whole_quotes=preset.quotes.whole_set,
        quotes_all_or_none=preset.quotes.all_or_nothing,
        self_trade=preset.book.self_trade,
        holdings=holdings,
    )
