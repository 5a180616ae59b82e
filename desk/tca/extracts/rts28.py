"""RTS 28, Annex II, Table 1: the five venues at which a firm traded most, by class of instrument.

Model: for each class the venues are ranked by the worth of what was executed there. Of each the table
says its share of that worth, its share of the executed orders, and what percentage of its orders were
passive (provided liquidity), aggressive (took it) and directed (the customer named the venue). An order
counts at every venue at which it was executed. It is passive or aggressive by its first fill there; one
that traded in an auction alone is neither.

The source is Delegated Regulation (EU) 2017/576. ESMA has asked for no such reports since 13 February
2024, and Directive (EU) 2024/790 took the duty away; the table is kept because customers still ask.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from desk.tca.exact import currency, percent
from desk.tca.extracts.orders import Extract, Row, removed
from desk.tca.records import FillRecord, ParentRecord
from market.errors import InputError

VENUES_MAX: Final = 5


class _Venue(msgspec.Struct):
    """Sums of one venue."""

    worth: Fraction = Fraction(0)
    orders: int = 0
    passive: int = 0
    aggressive: int = 0
    directed: int = 0


def rts_28(
    records: Sequence[ParentRecord],
    *,
    class_of: Callable[[str], str],
    client: str,
    business_days: int,
) -> Extract:
    """The table of a year.

    Args:
        records: Parents; orders that were not executed are left out and counted.
        class_of: The class of instrument of a symbol.
        client: The category of clients whose orders these are.
        business_days: Of the year; fewer trades than that in a class are notified.

    Raises:
        InputError: A class has instruments of several currencies, whose worth cannot be added; or a
            year has no business days.
    """
    if business_days < 1:
        raise InputError(f"business_days is {business_days}, allowed is 1 or more")
    classes: dict[str, dict[str, _Venue]] = {}
    counts: dict[str, list[int]] = {}
    currencies: dict[str, str] = {}
    unfilled = 0
    for record in records:
        name = class_of(record.instrument.symbol)
        _check_currency(currencies, name, record)
        for child in record.children:
            by_venue: dict[str, list[FillRecord]] = {}
            for fill in child.fills:
                by_venue.setdefault(fill.venue, []).append(fill)
            if not by_venue:
                unfilled += 1
                continue
            orders_and_fills = counts.setdefault(name, [0, 0])
            orders_and_fills[0] += 1
            orders_and_fills[1] += len(child.fills)
            for venue, fills in by_venue.items():
                _add(classes.setdefault(name, {}).setdefault(venue, _Venue()), record, fills)
    rows: list[Row] = []
    for name in sorted(classes):
        orders, trades = counts[name]
        rows += _rows(name, client, classes[name], orders, few=trades < business_days)
    return Extract(rows=rows, left_out={"not executed": unfilled} if unfilled else {})


def _check_currency(currencies: dict[str, str], name: str, record: ParentRecord) -> None:
    """One class, one currency."""
    currency_of = record.instrument.currency
    if currencies.setdefault(name, currency_of) != currency_of:
        raise InputError(
            f"class {name!r}: found {currency_of} beside {currencies[name]}, allowed is one currency"
        )


def _add(venue: _Venue, record: ParentRecord, fills: Sequence[FillRecord]) -> None:
    """Count an order's fills at a venue."""
    amount_x2 = sum(abs(fill.price_x2_units) * fill.lots for fill in fills)
    venue.worth += currency(record.instrument, amount_x2)
    venue.orders += 1
    venue.directed += record.directed
    kinds = [fill for fill in fills if fill.provided or removed(fill)]
    if kinds:
        venue.passive += kinds[0].provided
        venue.aggressive += not kinds[0].provided


def _rows(
    name: str, client: str, venues: dict[str, _Venue], orders: int, *, few: bool
) -> list[Row]:
    """The five largest venues of a class; equal ones by name."""
    worth = sum((one.worth for one in venues.values()), Fraction(0))
    ranked = sorted(venues, key=lambda venue: (-venues[venue].worth, venue))
    return [
        {
            "class_of_instrument": name,
            "client": client,
            "fewer_than_one_trade_per_business_day": "Y" if few else "N",
            "rank": rank,
            "venue": venue,
            "percent_of_volume": percent(venues[venue].worth, worth),
            "percent_of_orders": percent(venues[venue].orders, orders),
            "percent_passive": percent(venues[venue].passive, venues[venue].orders),
            "percent_aggressive": percent(venues[venue].aggressive, venues[venue].orders),
            "percent_directed": percent(venues[venue].directed, venues[venue].orders),
        }
        for rank, venue in enumerate(ranked[:VENUES_MAX], 1)
    ]
