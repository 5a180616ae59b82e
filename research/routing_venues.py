"""What was filled where: for each venue, resting and taken lots, their fees, and what came after.

Model: a mark-out is how far the mid of the route's home was beyond the price a second and ten seconds
after a fill, for us where it is above zero. Of resting fills it says whom one met there: where they are
adversely selected it is below what resting earns elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from desk.tca import MidSeries, ParentRecord, markouts_of

HORIZONS_NS: Final = (1_000_000_000, 10_000_000_000)

Tallies = Mapping[tuple[str, bool], "Tally"]
"""By venue, and whether the lots had rested."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over fills: money in half price unit × lot.

    Attributes:
        worth_x2: Of the fills at their prices.
        fees_x2: Of them; below zero where one was paid.
        marked_x2: For each of `HORIZONS_NS` the sum of the mark-outs that are known.
        known_x2: And what the fills with a known one are worth.
    """

    fills: int = 0
    lots: int = 0
    worth_x2: int = 0
    fees_x2: int = 0
    marked_x2: tuple[int, ...] = (0,) * len(HORIZONS_NS)
    known_x2: tuple[int, ...] = (0,) * len(HORIZONS_NS)

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            fills=self.fills + other.fills,
            lots=self.lots + other.lots,
            worth_x2=self.worth_x2 + other.worth_x2,
            fees_x2=self.fees_x2 + other.fees_x2,
            marked_x2=_added(self.marked_x2, other.marked_x2),
            known_x2=_added(self.known_x2, other.known_x2),
        )


class VenueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of routing filled at one venue.

    Attributes:
        by: The way of routing.
        how: `rested` or `taken`.
        share: Of all lots that this way filled.
        fees_bp: Of what was traded.
        after_1s_bp: Mean mark-out from the price; None where none is known.
        after_10s_bp: The same, later.
    """

    by: str
    venue: str
    how: str
    fills: int
    lots: int
    share: float
    fees_bp: float
    after_1s_bp: float | None
    after_10s_bp: float | None


def tallies_of(records: Iterable[ParentRecord], mids: Mapping[str, MidSeries]) -> Tallies:
    """Count the fills of some parents.

    Args:
        records: The parents.
        mids: Of the home, by symbol.
    """
    found: dict[tuple[str, bool], Tally] = {}
    for record in records:
        for _, fill in record.fills():
            worth_x2 = fill.price_x2_units * fill.lots
            marks = [
                one.from_price_x2
                for one in markouts_of(record, fill, mids[record.instrument.symbol], HORIZONS_NS)
            ]
            one = Tally(
                fills=1,
                lots=fill.lots,
                worth_x2=worth_x2,
                fees_x2=2 * fill.fee,
                marked_x2=tuple(mark or 0 for mark in marks),
                known_x2=tuple(0 if mark is None else worth_x2 for mark in marks),
            )
            key = fill.venue, fill.provided
            found[key] = found.get(key, Tally()) + one
    return found


def summed(parts: Iterable[Tallies]) -> Tallies:
    """Several counts as one."""
    found: dict[tuple[str, bool], Tally] = {}
    for tallies in parts:
        for key, one in tallies.items():
            found[key] = found.get(key, Tally()) + one
    return found


def venue_rows(by: str, tallies: Tallies) -> list[VenueRow]:
    """A row for each venue and whether lots rested or were taken there, by name."""
    total = sum(one.lots for one in tallies.values())
    return [
        VenueRow(
            by=by,
            venue=venue,
            how="rested" if rested else "taken",
            fills=one.fills,
            lots=one.lots,
            share=one.lots / total,
            fees_bp=10_000 * one.fees_x2 / one.worth_x2,
            after_1s_bp=_bp(one, 0),
            after_10s_bp=_bp(one, 1),
        )
        for (venue, rested), one in sorted(tallies.items())
    ]


def _bp(one: Tally, horizon: int) -> float | None:
    known_x2 = one.known_x2[horizon]
    return 10_000 * one.marked_x2[horizon] / known_x2 if known_x2 else None


def _added(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(left + right for left, right in zip(one, two, strict=True))
