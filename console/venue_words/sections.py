"""All sections of a venue, in the order in which they are read."""

from typing import Final

from console.venue_words.amounts import NONE, Section
from console.venue_words.books import auctions, books
from console.venue_words.day import NEWEST, day, parse_day
from console.venue_words.fees import fees
from console.venue_words.guards import guards
from console.venue_words.holding import holding, selling
from console.venue_words.house import disconnects, messages, quotes
from console.venue_words.orders import orders
from console.venue_words.sizes import sizes
from scenarios.venue_preset import VenuePreset
from sim.front import POLICIES
from sim.schedule.schedule import version_on

NOWHERE_SIMULATED: Final = (
    "A lost session is noticed at once, and sessions that say too much are refused, never cut off.",
    "No legitimate error is corrected after a cut-off.",
    "A scenario has no index that market-wide breakers could watch.",
)
"""What no venue has here."""


def explain(preset: VenuePreset, on: str = "") -> dict[str, Section]:
    """A venue in plain words.

    Args:
        preset: The venue.
        on: A date (YYYY-MM-DD), by whose calendar and rules it is told; empty for the newest rules.

    Raises:
        InputError: There is no such date, or the venue's times on it are not known.
    """
    date = parse_day(on) if on else None
    return {
        "venue": {
            "name": preset.name,
            "title": preset.title,
            "format_version": str(preset.format_version),
            "to_know": list(preset.about) or NONE,
        },
        "day": day(preset, date),
        "books_and_matching": books(preset),
        "auctions": auctions(preset),
        "orders_taken": orders(preset),
        "sizes_and_prices": sizes(preset),
        "fees": fees(preset),
        "short_sales_and_settlement": selling(preset),
        "funding_and_borrow": holding(preset),
        "message_limits": messages(preset),
        "disconnects": disconnects(preset),
        "quotes_and_their_protection": quotes(preset),
        "circuit_breakers": guards(preset, date or NEWEST),
        "not_simulated": {
            "of_this_venue": list(preset.not_simulated) or NONE,
            "of_any_venue": list(NOWHERE_SIMULATED),
        },
        "sources": {
            "rules": list(preset.sources) or NONE,
            "day": version_on(preset.schedule, date or NEWEST).source or NONE,
            "disconnects": POLICIES[preset.disconnect].source or NONE,
        },
    }
