"""One venue of a run, before anything is built."""

from collections.abc import Mapping
from typing import NamedTuple

from scenarios.sections import VenueSection
from scenarios.venue_preset import VenuePreset


class VenuePlan(NamedTuple):
    """One venue of a run, before anything is built.

    Attributes:
        section: As the scenario names it.
        preset: What it is.
        books: Its books.
        closes: The last close of each book that has one, in ticks.
    """

    section: VenueSection
    preset: VenuePreset
    books: tuple[int, ...]
    closes: Mapping[int, int]
