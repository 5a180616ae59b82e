"""Benchmarks: what the fills cost against the arrival mid, the interval's VWAP and TWAP, and the close.

Model: a benchmark is a price, an exact fraction of price units, and None where it is not known or was
never there. A slippage is side × (average − benchmark) / benchmark: above zero is a cost.

The interval begins at the arrival (the decision, for what never arrived) and ends at the end. Trades of
both moments count in the VWAP, since a parent's last fill is often its end.

In reactive replay own fills are among the public trades, in frozen replay they are not. Whoever asks
says which (`own_printed`), and whether own fills shall be in the VWAP (`with_own`); they are then taken
out or put in. With its own fills in it a large order is measured against itself.
"""

from fractions import Fraction

import msgspec

from desk.tca.exact import in_ppm, ratio
from desk.tca.records import ParentRecord
from desk.tca.series import MidSeries, TradeSeries
from market.codes import Side
from market.errors import InputError


class Benchmarks(msgspec.Struct, frozen=True, kw_only=True):
    """Prices in price units, exactly."""

    arrival: Fraction | None
    vwap: Fraction | None
    twap: Fraction | None
    close: Fraction | None


class Slippages(msgspec.Struct, frozen=True, kw_only=True):
    """Costs in parts per million of each benchmark, rounded half up."""

    arrival_ppm: int | None
    vwap_ppm: int | None
    twap_ppm: int | None
    close_ppm: int | None


def benchmarks_of(
    record: ParentRecord,
    mids: MidSeries,
    trades: TradeSeries,
    close_ns: int,
    *,
    own_printed: bool,
    with_own: bool = False,
) -> Benchmarks:
    """The prices that a parent is held against.

    Args:
        record: The parent.
        mids: Of its book.
        trades: Of its book.
        close_ns: The moment whose mid is the close.
        own_printed: Whether own fills are among the trades.
        with_own: Whether they count in the VWAP.
    """
    arrived = record.arrived
    from_ns = record.decided.at_ns if arrived is None else arrived.at_ns
    close_x2 = mids.at(close_ns)
    return Benchmarks(
        arrival=None if arrived is None else Fraction(arrived.venue.mid_x2_units, 2),
        vwap=vwap(record, trades, from_ns, own_printed=own_printed, with_own=with_own),
        twap=mids.mean(from_ns, record.ended_ns),
        close=None if close_x2 is None else Fraction(close_x2, 2),
    )


def vwap(
    record: ParentRecord, trades: TradeSeries, from_ns: int, *, own_printed: bool, with_own: bool
) -> Fraction | None:
    """The volume-weighted mean price of the market until the parent's end; None when nothing traded.

    Raises:
        InputError: Own fills are said to be among the trades, and there are fewer trades than that.
    """
    found = trades.between(from_ns, record.ended_ns)
    if found is None:
        return None
    lots, worth_x2 = found[0], 2 * found[1]
    own_lots, own_x2 = _own(record)
    times = int(with_own) - int(own_printed)
    lots, worth_x2 = lots + times * own_lots, worth_x2 + times * own_x2
    if lots < 0:
        raise InputError(
            f"parent {record.parent_id}: found {found[0]} lots traded and {own_lots} own ones among "
            "them, allowed are no more own ones"
        )
    return Fraction(worth_x2, 2 * lots) if lots else None


def average_price(record: ParentRecord) -> Fraction | None:
    """The mean price of a parent's fills in price units; None when it has none."""
    lots, worth_x2 = _own(record)
    return ratio(worth_x2, 2 * lots)


def slippage(side: Side, average: Fraction | None, benchmark: Fraction | None) -> Fraction | None:
    """What an average price cost against a benchmark, as a share of it; None where it is not known."""
    if average is None or benchmark is None or benchmark <= 0:
        return None
    return side.sign * (average - benchmark) / benchmark


def slippages_of(record: ParentRecord, against: Benchmarks) -> Slippages:
    """A parent against every benchmark."""
    average = average_price(record)

    def ppm(benchmark: Fraction | None) -> int | None:
        found = slippage(record.side, average, benchmark)
        return None if found is None else in_ppm(found)

    return Slippages(
        arrival_ppm=ppm(against.arrival),
        vwap_ppm=ppm(against.vwap),
        twap_ppm=ppm(against.twap),
        close_ppm=ppm(against.close),
    )


def _own(record: ParentRecord) -> tuple[int, int]:
    """Lots of a parent's fills, and price × lots in half price unit × lot."""
    fills = [fill for _, fill in record.fills()]
    return sum(fill.lots for fill in fills), sum(fill.price_x2_units * fill.lots for fill in fills)
