"""SEC Rule 605(a)(1), as it stood before 2024: execution quality of a market center, by the month.

Model: one row for each security, type and size of order, with the rule's columns in its order: (i) A to
K, then (ii) A to I for orders that could trade at once. The market center is a venue, the covered
orders are ours there. A spread is signed: for a buy twice the price less the mid, for a sale twice the
mid less the price; the effective one against the mid at receipt, the realized one against the mid five
minutes after the execution, or the last mid of the session if that comes first. Prices are improved,
at or outside the quote at receipt. Times are cut to whole seconds before they are put into a bucket.

The order's fields are in 17 CFR 242.600 and 242.605; type and size codes, seconds with one decimal and
dollars with four are those of the plan for its files.

Limits: only own orders, so a row is a sample of what the venue would report. What is not a covered
order is counted under its reason. Of the 2024 amendment there are the horizons of the realized spread
(`HORIZONS_2024_NS`), as extra columns; its classes of sizes and its clock of executability are not here.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from desk.tca.exact import decimal, per_share, shares_of
from desk.tca.extracts.orders import Extract, OrderKind, Row, kind_of
from desk.tca.records import ChildRecord, FillRecord, ParentRecord, Seen
from desk.tca.series import MidSeries
from market.units import DURATION_NS, format_ns

SECOND_NS: Final = DURATION_NS["s"]
REALIZED_NS: Final = 5 * DURATION_NS["m"]

HORIZONS_2024_NS: Final = (
    50 * DURATION_NS["ms"],
    SECOND_NS,
    15 * SECOND_NS,
    DURATION_NS["m"],
    REALIZED_NS,
)

SIZES: Final = ((100, 21), (500, 22), (2_000, 23), (5_000, 24))
"""Smallest number of shares of each class, and its code."""

TIME_BUCKETS: Final = (
    ("executed_0_9_s_shares", 0, 9),
    ("executed_10_29_s_shares", 10, 29),
    ("executed_30_59_s_shares", 30, 59),
    ("executed_60_299_s_shares", 60, 299),
    ("executed_5_30_min_shares", 300, 1_800),
)

PLACES: Final = 4
Covered = tuple[ParentRecord, ChildRecord, Seen]


def rule_605(
    records: Sequence[ParentRecord],
    *,
    participant: str,
    market_center: str,
    month: str,
    mids: Mapping[str, MidSeries],
    session_ns: tuple[int, int],
    extra_horizons_ns: Sequence[int] = (),
) -> Extract:
    """The report of one market center.

    Args:
        records: Parents.
        participant: Whose code the file carries.
        market_center: The venue.
        month: As the file shall name it.
        mids: By symbol, for realized spreads.
        session_ns: Regular hours: orders count that were received from the first to before the second.
        extra_horizons_ns: Further horizons of the realized spread, a column each.

    Raises:
        InputError: A lot of an instrument is not a whole number of shares.
    """
    groups: dict[tuple[str, OrderKind, int], list[Covered]] = {}
    left_out: dict[str, int] = {}
    for record in records:
        for child in record.children:
            if child.venue != market_center:
                continue
            found = _covered(record, child, session_ns)
            if isinstance(found, str):
                left_out[found] = left_out.get(found, 0) + 1
            else:
                seen, kind, size = found
                name = record.instrument.symbol, kind, size
                groups.setdefault(name, []).append((record, child, seen))
    rows = []
    for symbol, kind, size in sorted(groups):
        orders = groups[symbol, kind, size]
        row: Row = {
            "participant": participant,
            "market_center": market_center,
            "month": month,
            "security": symbol,
            "order_type": int(kind),
            "order_size": size,
            **_counts(orders, market_center),
            "average_realized_spread": _realized(orders, mids[symbol], REALIZED_NS, session_ns[1]),
            **_against_quote(orders, marketable=kind.marketable),
        }
        for horizon_ns in extra_horizons_ns:
            spread = _realized(orders, mids[symbol], horizon_ns, session_ns[1])
            row[f"average_realized_spread_{format_ns(horizon_ns)}"] = spread
        rows.append(row)
    return Extract(rows=rows, left_out={name: left_out[name] for name in sorted(left_out)})


def _covered(
    record: ParentRecord, child: ChildRecord, session_ns: tuple[int, int]
) -> tuple[Seen, OrderKind, int] | str:
    """When it was received, its class and its size; or why it is not covered."""
    seen = child.received
    if seen is None:
        return "never received"
    if not session_ns[0] <= seen.at_ns < session_ns[1]:
        return "received outside regular hours"
    if not record.held:
        return "not held"
    kind = kind_of(record, child)
    if kind is None:
        return "special handling"
    if kind is OrderKind.BEYOND:
        return "limit more than ten cents from the quote"
    shares = shares_of(record.instrument, child.lots)
    sizes = [code for least, code in SIZES if shares >= least]
    return (seen, kind, sizes[-1]) if sizes else "fewer than 100 shares"


def _counts(orders: Sequence[Covered], market_center: str) -> Row:
    """Columns (i) A to J."""
    ordered = here = away = 0
    buckets = {name: 0 for name, _, _ in TIME_BUCKETS}
    for record, child, seen in orders:
        ordered += shares_of(record.instrument, child.lots)
        for fill in child.fills:
            shares = shares_of(record.instrument, fill.lots)
            if fill.venue == market_center:
                here += shares
            else:
                away += shares
            seconds = (fill.seen.at_ns - seen.at_ns) // SECOND_NS
            for name, first, last in TIME_BUCKETS:
                if first <= seconds <= last:
                    buckets[name] += shares
    return {
        "covered_orders": len(orders),
        "covered_shares": ordered,
        "cancelled_shares": ordered - here - away,
        "executed_at_market_center_shares": here,
        "executed_away_shares": away,
        **buckets,
    }


def _realized(
    orders: Sequence[Covered], mids: MidSeries, horizon_ns: int, close_ns: int
) -> Decimal | None:
    """Column (i) K: weighted by shares; None when any mid is not known or nothing was executed."""
    total, shares = Fraction(0), 0
    for record, fill, _ in _fills(orders):
        mid_x2 = mids.at(min(fill.seen.at_ns + horizon_ns, close_ns - 1))
        if mid_x2 is None:
            return None
        total += _spread(record, fill, mid_x2)
        shares += shares_of(record.instrument, fill.lots)
    return decimal(total / shares, PLACES) if shares else None


def _against_quote(orders: Sequence[Covered], *, marketable: bool) -> Row:
    """Columns (ii) A to I; all None for orders that could not trade at once."""
    effective, shares = Fraction(0), 0
    places = {name: _Place() for name in ("improved", "at_quote", "outside_quote")}
    for record, fill, seen in _fills(orders):
        count = shares_of(record.instrument, fill.lots)
        effective += _spread(record, fill, seen.venue.mid_x2_units)
        shares += count
        worse_x2 = record.side.sign * (
            fill.price_x2_units - 2 * seen.venue.touch_units(record.side)
        )
        name = "at_quote" if worse_x2 == 0 else "improved" if worse_x2 < 0 else "outside_quote"
        amount = per_share(record.instrument, abs(worse_x2))
        places[name].add(count, amount, fill.seen.at_ns - seen.at_ns)
    average = decimal(effective / shares, PLACES) if shares else None
    improved, at_quote, outside = places.values()
    found: Row = {
        "average_effective_spread": average,
        "improved_shares": improved.shares,
        "improved_average_amount": improved.average_amount,
        "improved_average_period_s": improved.average_period_s,
        "at_quote_shares": at_quote.shares,
        "at_quote_average_period_s": at_quote.average_period_s,
        "outside_quote_shares": outside.shares,
        "outside_quote_average_amount": outside.average_amount,
        "outside_quote_average_period_s": outside.average_period_s,
    }
    return found if marketable else dict.fromkeys(found)


class _Place:
    """Shares executed on one side of the quote, with sums over them."""

    def __init__(self) -> None:
        self.shares = 0
        self._amount = Fraction(0)
        self._period_ns = 0

    def add(self, shares: int, amount: Fraction, period_ns: int) -> None:
        """Count an execution."""
        self.shares += shares
        self._amount += shares * amount
        self._period_ns += shares * period_ns

    @property
    def average_amount(self) -> Decimal | None:
        """Dollars a share."""
        return decimal(self._amount / self.shares, PLACES) if self.shares else None

    @property
    def average_period_s(self) -> Decimal | None:
        """Seconds from receipt to execution, with one decimal."""
        if not self.shares:
            return None
        return decimal(Fraction(self._period_ns, self.shares * SECOND_NS), 1)


def _fills(orders: Sequence[Covered]) -> Iterable[tuple[ParentRecord, FillRecord, Seen]]:
    """Every execution with its parent and the moment at which its order was received."""
    return ((record, fill, seen) for record, child, seen in orders for fill in child.fills)


def _spread(record: ParentRecord, fill: FillRecord, mid_x2: int) -> Fraction:
    """Twice the signed distance of a price from a mid, in dollars, times its shares."""
    distance_x2 = record.side.sign * (fill.price_x2_units - mid_x2)
    shares = shares_of(record.instrument, fill.lots)
    return 2 * shares * per_share(record.instrument, distance_x2)
