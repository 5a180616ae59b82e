"""The guards of a venue's books, from its preset and the last closes."""

from collections.abc import Sequence
from typing import Final

from market.errors import InputError
from market.instruments import Instrument
from scenarios.calendars import sessions
from scenarios.venue_plan import VenuePlan
from scenarios.venue_rules import around
from sim.ingest.session_date import local_date
from sim.schedule import CollarGuard, CollarTerms, StockGuard, StockTerms
from sim.schedule.fixed_band import FixedBand
from sim.schedule.guard import Guard

CENTS: Final = 100


def guards_of(
    plan: VenuePlan, instruments: Sequence[Instrument], start_ns: int, end_ns: int
) -> list[tuple[int, Guard]]:
    """Who watches the venue's books in a run of [start, end)."""
    section = plan.preset.guards
    found: list[tuple[int, Guard]] = []
    for book_id in plan.books:
        instrument, close = instruments[book_id], plan.closes.get(book_id)
        if section.limit_ppm:
            band = around(plan.preset, instrument, close, section.limit_ppm)
            found.append((book_id, FixedBand(book_id, band)))
        elif section.stocks == "us" and close is not None:
            guard = _stock_guard(plan, instrument, book_id, close, (start_ns, end_ns))
            found.append((book_id, guard))
        elif close is not None and (section.dynamic_ppm or section.static_ppm):
            terms = CollarTerms(
                reference_ticks=close,
                dynamic_ppm=section.dynamic_ppm,
                dynamic_ticks_min=section.dynamic_ticks_min,
                static_ppm=section.static_ppm,
                static_ticks_min=section.static_ticks_min,
                extended_ppm=section.extended_ppm,
            )
            found.append((book_id, CollarGuard(book_id, terms)))
    return found


def _stock_guard(
    plan: VenuePlan,
    instrument: Instrument,
    book_id: int,
    close_ticks: int,
    run_ns: tuple[int, int],
) -> StockGuard:
    """Who keeps a US stock to the rule of its day."""
    units_per_cent, rest = divmod(instrument.price_units_per_currency, CENTS)
    ticks, odd = divmod(units_per_cent, instrument.tick_units)
    if rest or odd:
        raise InputError(
            f"venue {plan.preset.name!r}: found a tick of {instrument.tick_units} price units "
            f"for {instrument.symbol}, allowed with US stock rules is a whole part of a cent"
        )
    zone = plan.preset.schedule[0].zone
    first = local_date(run_ns[0], zone)
    last = local_date(run_ns[1] - 1, zone)
    days = [day for day in sessions(plan.preset.schedule, first, last) if day.close_ns > run_ns[0]]
    terms = StockTerms(
        previous_close_ticks=close_ticks,
        listing=plan.preset.guards.listing,
        ticks_per_cent=ticks,
    )
    return StockGuard(book_id, days, terms)
