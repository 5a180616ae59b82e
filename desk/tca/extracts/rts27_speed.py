"""RTS 27, tables 7 to 9: the book, speed of execution, and requests for quotes.

Model: the book comes as snapshots, each standing until the next; averages over them weigh by time.
What is known of orders is our own. A *passive order at the best price* is one that could not trade at
once and was at or inside the quote when it was received; its speed is the time until its first fill.

Limits: cancellations at the best prices count own orders whose limit was the best of its side when
they ended; an order says how often it was replaced but not when, so modifications there are None. The
venues of this project take no requests for quotes, so table 9 is fed by whoever has some.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from desk.tca.exact import currency, decimal, per_share
from desk.tca.extracts.orders import OrderKind, Row, kind_of
from desk.tca.extracts.rts27 import (
    IMMEDIATE,
    LARGE_IN_SCALE,
    MILLISECOND_NS,
    PLACES,
    SizeRanges,
    orders_at,
)
from desk.tca.records import ChildRecord, FillRecord, ParentRecord
from market.codes import Side, TimeInForce
from market.errors import InputError
from market.instruments import Instrument

INCREMENTS: Final = 3
Level = tuple[int, int]
Order = tuple[ParentRecord, ChildRecord]


class BookSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A book from a moment on: (price in units, lots) of each level, best first; neither side empty."""

    at_ns: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    def __post_init__(self) -> None:
        if not self.bids or not self.asks:
            raise InputError(f"book at {self.at_ns} ns: found an empty side, allowed are two sides")

    def depth_lots(self, side: Side, tick_units: int) -> int:
        """Lots at the best price of a side and up to three ticks behind it."""
        levels = self.asks if side else self.bids
        reach_units = INCREMENTS * tick_units
        return sum(lots for price, lots in levels if abs(price - levels[0][0]) <= reach_units)


class QuoteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for quotes: when it was made, answered, accepted and executed, as far as it got."""

    requested_ns: int
    quoted_ns: tuple[int, ...] = ()
    accepted_ns: int | None = None
    executed_ns: int | None = None


def table_7(
    instrument: Instrument, books: Sequence[BookSeen], times_ns: Sequence[int]
) -> list[Row]:
    """The book at each moment; all None before the first snapshot."""
    rows: list[Row] = []
    for time_ns in times_ns:
        book = _book_at(books, time_ns)
        row: Row = {"time_ns": time_ns}
        tick_units = instrument.tick_units
        for name, side in (("bid", Side.BUY), ("offer", Side.SELL)):
            best = None if book is None else (book.asks if side else book.bids)[0]
            price = None if best is None else per_share(instrument, 2 * best[0])
            row[f"best_{name}_price"] = None if price is None else decimal(price, PLACES)
            row[f"best_{name}_lots"] = None if best is None else best[1]
            row[f"{name}_depth_lots"] = None if book is None else book.depth_lots(side, tick_units)
        rows.append(row)
    return rows


def table_8(
    records: Sequence[ParentRecord],
    venue: str,
    instrument: Instrument,
    books: Sequence[BookSeen],
    until_ns: int,
    ranges: SizeRanges,
) -> Row:
    """Speed and likelihood of execution in a continuous book.

    Args:
        records: Parents; those of other symbols are not looked at.
        venue: Whose book.
        instrument: What was traded.
        books: Its snapshots.
        until_ns: End of the last one.
        ranges: Of sizes; the last of them is large in scale.
    """
    found = orders_at(records, venue, instrument.symbol)
    orders = [one for one in found if one[1].received is not None]
    fills = [(record, child, fill) for record, child in orders for fill in child.fills]
    large = [fill for record, _, fill in fills if ranges.of(_worth(record, fill)) == LARGE_IN_SCALE]
    taken_ns = _times_to_first(orders, passive=False)
    rested_ns = _times_to_first(orders, passive=True)
    gone = [one for one in orders if _cancelled_at_best(one, books)]
    failed = [child for _, child in orders if child.tif in IMMEDIATE and not child.fills]
    large_worth = sum((currency(instrument, _amount_x2(fill)) for fill in large), Fraction(0))
    return {
        "average_effective_spread": _effective_spread(fills),
        **_book_averages(instrument, books, until_ns),
        "cancellations_at_best": len(gone),
        "modifications_at_best": None,
        "mean_time_to_take_ms": _mean_ms(taken_ns),
        "median_time_to_take_ms": _median_ms(taken_ns),
        "mean_time_passive_at_best_ms": _mean_ms(rested_ns),
        "fill_or_kill_failed": sum(child.tif is TimeInForce.FOK for child in failed),
        "immediate_or_cancel_unfilled": sum(child.tif is TimeInForce.IOC for child in failed),
        "large_in_scale_transactions": len(large),
        "large_in_scale_average_value": (
            decimal(large_worth / len(large), PLACES) if large else None
        ),
    }


def table_9(requests: Sequence[QuoteRequest]) -> Row:
    """Requests for quotes: from acceptance to execution, and from request to each quote."""
    executed_ns = [
        one.executed_ns - one.accepted_ns
        for one in requests
        if one.executed_ns is not None and one.accepted_ns is not None
    ]
    quoted_ns = [at_ns - one.requested_ns for one in requests for at_ns in one.quoted_ns]
    return {
        "mean_acceptance_to_execution_ms": _mean_ms(executed_ns),
        "median_acceptance_to_execution_ms": _median_ms(executed_ns),
        "mean_request_to_quote_ms": _mean_ms(quoted_ns),
        "median_request_to_quote_ms": _median_ms(quoted_ns),
    }


def _book_at(books: Sequence[BookSeen], at_ns: int) -> BookSeen | None:
    """The newest snapshot at or before a moment."""
    found = [book for book in books if book.at_ns <= at_ns]
    return found[-1] if found else None


def _book_averages(instrument: Instrument, books: Sequence[BookSeen], until_ns: int) -> Row:
    """Lots and spread at the best prices, and depth behind them, weighted by time."""
    edges_ns = [*(book.at_ns for book in books), until_ns]
    lots = spread_units = depth = length_ns = 0
    for book, (from_ns, to_ns) in zip(books, pairwise(edges_ns), strict=True):
        for_ns = to_ns - from_ns
        assert for_ns >= 0
        length_ns += for_ns
        lots += for_ns * (book.bids[0][1] + book.asks[0][1])
        spread_units += for_ns * (book.asks[0][0] - book.bids[0][0])
        depth += for_ns * sum(book.depth_lots(side, instrument.tick_units) for side in Side)
    if not length_ns:
        return dict.fromkeys(
            ("average_lots_at_best", "average_spread_at_best", "average_depth_lots")
        )
    spread = per_share(instrument, Fraction(2 * spread_units, length_ns))
    return {
        "average_lots_at_best": decimal(Fraction(lots, 2 * length_ns), 2),
        "average_spread_at_best": decimal(spread, PLACES),
        "average_depth_lots": decimal(Fraction(depth, 2 * length_ns), 2),
    }


def _effective_spread(
    fills: Sequence[tuple[ParentRecord, ChildRecord, FillRecord]],
) -> Decimal | None:
    """Twice the signed distance from the mid at receipt, weighted by lots."""
    total, lots = Fraction(0), 0
    for record, child, fill in fills:
        assert child.received is not None
        away_x2 = fill.price_x2_units - child.received.venue.mid_x2_units
        total += 2 * fill.lots * record.side.sign * per_share(record.instrument, away_x2)
        lots += fill.lots
    return decimal(total / lots, PLACES) if lots else None


def _times_to_first(orders: Sequence[Order], *, passive: bool) -> list[int]:
    """From receipt to the first fill: of orders that could trade at once, or of those at the best."""
    found = []
    for record, child in orders:
        kind = kind_of(record, child)
        if kind is None or child.received is None or not child.fills:
            continue
        at_best = kind in (OrderKind.INSIDE_QUOTE, OrderKind.AT_QUOTE) and child.changed == 0
        if at_best if passive else kind.marketable:
            found.append(child.fills[0].seen.at_ns - child.received.at_ns)
    return found


def _cancelled_at_best(order: Order, books: Sequence[BookSeen]) -> bool:
    """Whether an order that rested ended unfilled at the best price of its side."""
    record, child = order
    book = _book_at(books, child.ended_ns)
    if book is None or child.tif in IMMEDIATE or child.filled_lots >= child.lots:
        return False
    best = (book.asks if record.side else book.bids)[0]
    return child.limit_units == best[0]


def _amount_x2(fill: FillRecord) -> int:
    """Of a fill, in half price unit × lot."""
    return abs(fill.price_x2_units) * fill.lots


def _worth(record: ParentRecord, fill: FillRecord) -> Fraction:
    """Of a fill, in currency."""
    return currency(record.instrument, _amount_x2(fill))


def _mean_ms(times_ns: Sequence[int]) -> Decimal | None:
    """A mean time in milliseconds, with three decimals."""
    if not times_ns:
        return None
    return decimal(Fraction(sum(times_ns), len(times_ns) * MILLISECOND_NS), 3)


def _median_ms(times_ns: Sequence[int]) -> Decimal | None:
    """A median time in milliseconds, with three decimals."""
    if not times_ns:
        return None
    ranked = sorted(times_ns)
    middle_x2_ns = ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]
    return decimal(Fraction(middle_x2_ns, 2 * MILLISECOND_NS), 3)
