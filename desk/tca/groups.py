"""Costs by strategy, venue, algorithm and hour: tables whose sums are equal, to the last unit.

Model: a shortfall is made of pieces, one for each fill and one for what was not filled. A table puts
each piece under a key. The unfilled rest was at no venue, and stands there under an empty name. Money
is in a decimal fraction of the currency that is fine enough for every instrument in the table, so no
row is rounded and every table of the same parents has the same total.

Means weigh each lot alike: `per_lot` is money for a lot, and says little where lots are unlike;
`share` is of what the same lots were worth at their decisions, and can be held against other rows.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from desk.tca.exact import currency_decimals, in_decimals, ratio
from desk.tca.shortfall import PART_NAMES, Piece, Shortfall
from market.codes import Liquidity
from market.errors import InputError
from market.units import DURATION_NS

HOUR_NS: Final = DURATION_NS["h"]
HOURS: Final = 24

Key = int | str
KeyOf = Callable[[Shortfall, Piece], Key]


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row; money in 10^-`decimals` of `currency`, above zero is paid.

    Attributes:
        parents: How many have a piece here.
        fills: How many fills.
        filled_lots: Their lots.
        rest_lots: Lots that were not filled.
        worth: All these lots at the mids of their decisions.
    """

    key: Key
    currency: str
    decimals: int
    parents: int = 0
    fills: int = 0
    filled_lots: int = 0
    rest_lots: int = 0
    worth: int = 0
    delay: int = 0
    spread: int = 0
    impact: int = 0
    timing: int = 0
    opportunity: int = 0
    fees: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        moved = self.delay + self.impact + self.timing + self.opportunity
        return moved + self.spread + self.fees

    @property
    def per_lot(self) -> Fraction | None:
        """The mean over lots, in 10^-`decimals` of currency; None of no lots."""
        return ratio(self.total, self.filled_lots + self.rest_lots)

    @property
    def share(self) -> Fraction | None:
        """The mean over lots, as a share of their worth; None where that is not above zero."""
        return ratio(self.total, self.worth)


def by_strategy(found: Sequence[Shortfall]) -> list[CostRow]:
    """A row for each strategy and currency."""
    return table(found, lambda one, _: one.record.strategy)


def by_algo(found: Sequence[Shortfall]) -> list[CostRow]:
    """A row for each way of working and currency."""
    return table(found, lambda one, _: one.record.algo)


def by_venue(found: Sequence[Shortfall]) -> list[CostRow]:
    """A row for each venue at which something was filled, and one without a name for the rest."""
    return table(found, lambda _, piece: piece.venue)


def by_hour(found: Sequence[Shortfall], utc_offset_ns: int = 0) -> list[CostRow]:
    """A row for each hour of the day in which parents were decided.

    Args:
        found: Shortfalls.
        utc_offset_ns: What is added to UTC for the clock on the wall of the venue.
    """
    return table(
        found, lambda one, _: (one.record.decided.at_ns + utc_offset_ns) // HOUR_NS % HOURS
    )


def table(found: Sequence[Shortfall], key_of: KeyOf) -> list[CostRow]:
    """A row for each key and currency, in that order.

    Raises:
        InputError: The shortfalls are of different conventions, whose parts cannot be added.
    """
    conventions = sorted({one.convention for one in found})
    if len(conventions) > 1:
        raise InputError(
            f"costs: found shortfalls by {' and '.join(one.name for one in conventions)}, "
            "allowed is one convention in a table"
        )
    decimals = currency_decimals(one.record.instrument for one in found)
    rows: dict[tuple[Key, str], dict[str, int]] = {}
    for one in found:
        currency = one.record.instrument.currency
        names: dict[tuple[Key, str], None] = {}
        for piece in one.pieces:
            name = key_of(one, piece), currency
            names[name] = None
            _add(rows.setdefault(name, {}), one, piece, decimals[currency])
        for name in names:
            rows[name]["parents"] = rows[name].get("parents", 0) + 1
    return [
        CostRow(key=name[0], currency=name[1], decimals=decimals[name[1]], **rows[name])
        for name in sorted(rows)
    ]


def _add(row: dict[str, int], one: Shortfall, piece: Piece, decimals: int) -> None:
    """Put a piece into its row."""
    instrument = one.record.instrument
    amounts_x2 = {"worth": piece.lots * one.record.decided.local.mid_x2_units}
    for name in PART_NAMES:
        amounts_x2[name.removesuffix("_x2")] = getattr(piece.parts, name)
    amounts = {
        name: in_decimals(instrument, amount_x2, decimals) for name, amount_x2 in amounts_x2.items()
    }
    if piece.liquidity is Liquidity.NONE:
        amounts["rest_lots"] = piece.lots
    else:
        amounts |= {"fills": 1, "filled_lots": piece.lots}
    for name, amount in amounts.items():
        row[name] = row.get(name, 0) + amount
