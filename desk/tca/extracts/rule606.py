"""SEC Rule 606: where held orders were routed, by the quarter, and what became of a customer's others.

Model: `rule_606_a1` has the public report of 606(a)(1): of the orders that were held and not directed,
by section, the shares of market, marketable limit, other limit and other orders, and the venues: the ten
with the most orders and every one with five percent. `rule_606_b3` has the report of 606(b)(3) that a
customer may ask for: of the orders that were not held, child orders with their parents, directed and
other ones apart, a summary and a row for each venue. An order is one child, classed at its receipt.

A fill is *near* when its price is on the side of the spread that is better for the order, *far* on the
other, and at the midpoint between them, by the venue's quote just before it. In an auction a fill
neither provides nor removes liquidity.

Limits: a desk is paid for no order flow; who is gives `Payments`. What is prose in the rule (material
aspects of the relation with a venue) is not made here.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from desk.tca.exact import CENTS, decimal, percent, rounded, shares_of
from desk.tca.extracts.orders import Extract, Row, kind_of, removed, traded
from desk.tca.records import ChildRecord, FillRecord, ParentRecord
from market.codes import OrderType, TimeInForce
from market.units import DURATION_NS

MILLISECOND_NS: Final = DURATION_NS["ms"]
VENUES_MAX: Final = 10
VENUE_PERCENT: Final = 5

TYPES: Final = ("market", "marketable_limit", "non_marketable_limit", "other")
Orders = Sequence[tuple[ParentRecord, ChildRecord]]
Fills = Sequence[tuple[ParentRecord, FillRecord]]


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue paid for one type of orders, in currency; below zero was paid to it."""

    order_flow: Fraction = Fraction(0)
    profit_sharing: Fraction = Fraction(0)


def rule_606_a1(
    records: Sequence[ParentRecord],
    *,
    month: str,
    section_of: Callable[[str], str],
    payments: Mapping[tuple[str, str, str], Payments] | None = None,
) -> Extract:
    """The public report of one month.

    Args:
        records: Parents; those that are not held are left out and counted.
        month: As the report shall name it.
        section_of: The section of a symbol, such as its index.
        payments: By section, venue and type, where there were any.

    Returns:
        For each section a summary, whose venue is None, and a row for each venue.
    """
    left_out: dict[str, int] = {}
    sections: dict[str, list[tuple[ParentRecord, ChildRecord]]] = {}
    for record in records:
        for child in record.children:
            if not record.held:
                left_out["not held"] = left_out.get("not held", 0) + 1
            else:
                section = section_of(record.instrument.symbol)
                sections.setdefault(section, []).append((record, child))
    rows: list[Row] = []
    for section in sorted(sections):
        every = sections[section]
        free = [(record, child) for record, child in every if not record.directed]
        common: Row = {"month": month, "section": section}
        shares = _types(free)
        rows.append(
            {
                **common,
                "venue": None,
                "percent_non_directed_orders": percent(len(free), len(every)),
                **{f"percent_{name}": percent(shares[name], len(free)) for name in TYPES},
                **dict.fromkeys(_money_columns()),
            }
        )
        for venue in _venues(free):
            there = [(record, child) for record, child in free if child.venue == venue]
            here = _types(there)
            money = _money(there, section, venue, payments or {})
            rows.append(
                {
                    **common,
                    "venue": venue,
                    "percent_non_directed_orders": percent(len(there), len(free)),
                    **{f"percent_{name}": percent(here[name], shares[name]) for name in TYPES},
                    **money,
                }
            )
    return Extract(rows=rows, left_out=left_out)


def rule_606_b3(records: Sequence[ParentRecord], *, customer: str, month: str) -> Extract:
    """One customer's report of one month.

    Args:
        records: Parents; those that are held, and other customers', are left out and counted.
        customer: Whose.
        month: As the report shall name it.

    Returns:
        For directed and for other orders a summary, whose venue is None, and a row for each venue.
    """
    left_out: dict[str, int] = {}
    sections: dict[bool, list[ParentRecord]] = {False: [], True: []}
    for record in records:
        reason = "held" if record.held else "" if record.customer == customer else "other customers"
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            sections[record.directed].append(record)
    rows: list[Row] = []
    for directed, found in sections.items():
        if not found:
            continue
        common: Row = {
            "customer": customer,
            "month": month,
            "section": "directed" if directed else "non_directed",
        }
        orders = [(record, child) for record in found for child in record.children]
        summary = _summary(found)
        empty = dict.fromkeys(_venue_columns([]))
        rows.append({**common, "venue": None, **summary, **empty})
        for venue in sorted({child.venue for _, child in orders}):
            there = [(record, child) for record, child in orders if child.venue == venue]
            rows.append(
                {**common, "venue": venue, **dict.fromkeys(summary), **_venue_columns(there)}
            )
    return Extract(rows=rows, left_out={name: left_out[name] for name in sorted(left_out)})


# --- 606(a)(1) ------------------------------------------------------------------------------------


def _type_of(record: ParentRecord, child: ChildRecord) -> str:
    """One of TYPES."""
    kind = kind_of(record, child)
    if kind is None:
        return "other"
    if child.order_type is OrderType.MARKET:
        return "market"
    return "marketable_limit" if kind.marketable else "non_marketable_limit"


def _types(orders: Orders) -> dict[str, int]:
    """How many orders are of each type."""
    counts = dict.fromkeys(TYPES, 0)
    for record, child in orders:
        counts[_type_of(record, child)] += 1
    return counts


def _venues(orders: Orders) -> list[str]:
    """The ten venues with the most orders, and all with five percent; the most first, then by name."""
    counts: dict[str, int] = {}
    for _, child in orders:
        counts[child.venue] = counts.get(child.venue, 0) + 1
    ranked = sorted(counts, key=lambda venue: (-counts[venue], venue))
    return [
        venue
        for rank, venue in enumerate(ranked)
        if rank < VENUES_MAX or counts[venue] * 100 >= VENUE_PERCENT * len(orders)
    ]


def _money_columns() -> list[str]:
    """Names of what was paid and received, for each type of order."""
    kinds = ("net_order_flow", "profit_sharing", "fees_paid", "rebates_received")
    return [
        f"{name}_{kind}_{unit}"
        for name in TYPES
        for kind in kinds
        for unit in ("total", "per_share")
    ]


def _money(
    orders: Orders, section: str, venue: str, payments: Mapping[tuple[str, str, str], Payments]
) -> Row:
    """Those figures: a total in currency with two decimals, and for a share with six."""
    cells: list[Decimal | None] = []
    for name in TYPES:
        found = traded(
            (record, fill)
            for record, child in orders
            if _type_of(record, child) == name
            for fill in child.fills
        )
        paid = payments.get((section, venue, name), Payments())
        for amount in (paid.order_flow, paid.profit_sharing, found.paid, found.received):
            cells.append(decimal(amount, 2))
            cells.append(decimal(amount / found.shares, 6) if found.shares else None)
    return dict(zip(_money_columns(), cells, strict=True))


# --- 606(b)(3) ------------------------------------------------------------------------------------


def _summary(records: Sequence[ParentRecord]) -> Row:
    """What the customer sent; this desk trades nothing as principal and shows no indications."""
    return {
        "shares_sent": sum(shares_of(one.instrument, one.wanted_lots) for one in records),
        "shares_executed_as_principal": 0,
        "orders_exposed_by_indication": 0,
        "venues_exposed_to": None,
    }


def _venue_columns(orders: Orders) -> Row:
    """Columns (i) to (iv) of one venue."""
    routed = sum(_shares(record, child) for record, child in orders)
    fills = [(record, fill) for record, child in orders for fill in child.fills]
    whole = traded(fills)
    better = _sides(fills)
    provided = traded((record, fill) for record, fill in fills if fill.provided)
    took = traded((record, fill) for record, fill in fills if removed(fill))
    return {
        "shares_routed": routed,
        "shares_routed_immediate_or_cancel": sum(
            _shares(record, child) for record, child in orders if child.tif is TimeInForce.IOC
        ),
        "shares_routed_further_routable": sum(
            _shares(record, child) for record, child in orders if child.routable
        ),
        "average_order_size": decimal(Fraction(routed, len(orders)), 2) if orders else None,
        "shares_executed": whole.shares,
        "percent_fill_rate": percent(whole.shares, routed),
        "average_fill_size": decimal(Fraction(whole.shares, whole.fills), 2) if fills else None,
        "average_net_fee_cents_per_100_shares": _per_hundred(whole.fee, whole.shares),
        "shares_at_midpoint": better[0],
        "percent_at_midpoint": percent(better[0], whole.shares),
        "shares_near_side": better[1],
        "percent_near_side": percent(better[1], whole.shares),
        "shares_far_side": better[2],
        "percent_far_side": percent(better[2], whole.shares),
        "shares_providing": provided.shares,
        "percent_providing": percent(provided.shares, whole.shares),
        "average_time_providing_ms": _mean_rest_ms(orders),
        "average_net_rebate_providing_cents_per_100_shares": _per_hundred(
            -provided.fee, provided.shares
        ),
        "shares_removing": took.shares,
        "percent_removing": percent(took.shares, whole.shares),
        "average_net_fee_removing_cents_per_100_shares": _per_hundred(took.fee, took.shares),
    }


def _shares(record: ParentRecord, child: ChildRecord) -> int:
    """Shares that an order was for."""
    return shares_of(record.instrument, child.lots)


def _sides(fills: Fills) -> tuple[int, int, int]:
    """Shares at the midpoint, on the better side of it, and on the worse."""
    found = [0, 0, 0]
    for record, fill in fills:
        worse_x2 = record.side.sign * (fill.price_x2_units - fill.seen.venue.mid_x2_units)
        index = 0 if worse_x2 == 0 else 1 if worse_x2 < 0 else 2
        found[index] += shares_of(record.instrument, fill.lots)
    return found[0], found[1], found[2]


def _mean_rest_ms(orders: Orders) -> int | None:
    """Mean time from receipt to the end of orders that provided liquidity, in whole milliseconds."""
    lengths_ns = [
        child.ended_ns - child.received.at_ns
        for _, child in orders
        if child.received is not None and any(fill.provided for fill in child.fills)
    ]
    if not lengths_ns:
        return None
    return rounded(Fraction(sum(lengths_ns), len(lengths_ns) * MILLISECOND_NS))


def _per_hundred(amount: Fraction, shares: int) -> Decimal | None:
    """Cents for a hundred shares, with four decimals."""
    return decimal(amount * CENTS * 100 / shares, 4) if shares else None
