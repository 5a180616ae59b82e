"""What reports call an order: market, marketable, inside, at or near the quote; and sums of its fills.

Model: an order is classed by the quote of the venue when it was received. The codes of the classes are
those of the American plan for Rule 605 files.

Limits: the desk's venues have no national best quote; the venue's own stands for it. With several
venues of one symbol whoever makes the records may give the consolidated quote instead.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import msgspec

from desk.tca.exact import currency, shares_of
from desk.tca.records import ChildRecord, FillRecord, ParentRecord
from market.codes import Liquidity, OrderType

Cell = int | str | Decimal | None
"""What stands in a report: None where nothing can be said, which is an empty field or a null."""

Row = dict[str, Cell]
"""Columns in the order of the rule."""


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a report, and how many orders are not in it, by reason."""

    rows: list[Row]
    left_out: dict[str, int]


class OrderKind(IntEnum):
    """Classes of Rule 605, with the codes of its files; BEYOND is further than ten cents away."""

    MARKET = 11
    MARKETABLE_LIMIT = 12
    INSIDE_QUOTE = 13
    AT_QUOTE = 14
    NEAR_QUOTE = 15
    BEYOND = 0

    @property
    def marketable(self) -> bool:
        """Whether it could trade at once."""
        return self in (OrderKind.MARKET, OrderKind.MARKETABLE_LIMIT)


def kind_of(record: ParentRecord, child: ChildRecord) -> OrderKind | None:
    """The class of an order; None for one that never arrived or is neither market nor limit."""
    if child.received is None or child.special:
        return None
    if child.order_type is OrderType.MARKET:
        return OrderKind.MARKET
    if child.order_type is not OrderType.LIMIT:
        return None
    side = record.side
    quote = child.received.venue
    far_units = quote.touch_units(side)
    own_units = quote.touch_units(side.other)
    if side.sign * (child.limit_units - far_units) >= 0:
        return OrderKind.MARKETABLE_LIMIT
    behind_units = side.sign * (own_units - child.limit_units)
    if behind_units < 0:
        return OrderKind.INSIDE_QUOTE
    if behind_units == 0:
        return OrderKind.AT_QUOTE
    near = 10 * behind_units <= record.instrument.price_units_per_currency
    return OrderKind.NEAR_QUOTE if near else OrderKind.BEYOND


class Traded:
    """Sums over some fills of one or several parents, in shares and currency."""

    def __init__(self) -> None:
        self.shares = 0
        self.fills = 0
        self.fee = Fraction(0)
        self.paid = Fraction(0)
        self.received = Fraction(0)

    def add(self, record: ParentRecord, fill: FillRecord) -> None:
        """Count a fill."""
        fee = currency(record.instrument, 2 * fill.fee)
        self.shares += shares_of(record.instrument, fill.lots)
        self.fills += 1
        self.fee += fee
        if fee > 0:
            self.paid += fee
        else:
            self.received -= fee


def traded(found: Iterable[tuple[ParentRecord, FillRecord]]) -> Traded:
    """Sum fills."""
    result = Traded()
    for record, fill in found:
        result.add(record, fill)
    return result


def removed(fill: FillRecord) -> bool:
    """Whether a fill took liquidity; in an auction nobody does."""
    return fill.liquidity is Liquidity.TAKER
