"""RTS 27, tables 1 to 6: a venue and its instrument, prices, costs and likelihood of execution, by day.

Model: what only a venue knows is told (`VenueFacts`, `InstrumentFacts`); prices come from its public
trades; orders and fees are our own. A trade belongs to one of three ranges of size by its worth: up to
the standard market size, up to large in scale, and beyond. Tables 7 to 9 are in `rts27_speed`.

The source is the annex of Delegated Regulation (EU) 2017/575; column names are ours, their order and
meaning its. The duty was suspended in 2021 and ended with Directive (EU) 2024/790.

Limits: tables 5 and 6 are about own orders only, since nobody tells a desk of those of others. Sizes
are in lots.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from desk.tca.exact import currency, decimal, per_share, percent
from desk.tca.extracts.orders import Row
from desk.tca.records import ChildRecord, ParentRecord, Quote
from desk.tca.series import TradeSeries
from market.codes import TimeInForce
from market.instruments import Instrument
from market.units import DURATION_NS

WINDOW_NS: Final = 2 * DURATION_NS["m"]
MILLISECOND_NS: Final = DURATION_NS["ms"]
PLACES: Final = 4
IMMEDIATE: Final = (TimeInForce.IOC, TimeInForce.FOK)


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An outage, or a scheduled auction."""

    kind: str
    nature: str
    number: int
    average_duration_ns: int


class VenueFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What table 1 says of a venue and a trading day; identifiers are codes of ISO 10383."""

    name: str
    identifier: str
    competent_authority: str
    segment_name: str
    segment_identifier: str
    trading_day: str
    incidents: tuple[Incident, ...] = ()
    failed_transactions: int = 0
    failed_worth: Fraction = Fraction(0)
    traded_worth: Fraction = Fraction(0)
    market_makers: int = 0
    trading_system: str = "continuous auction order book"
    trading_mode: str = "continuous trading"
    trading_platform: str = "electronic"


class InstrumentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What table 2 says: an identifier of ISO 6166 or else a description, and a CFI code."""

    name: str
    identifier: str
    description: str
    classification: str


LARGE_IN_SCALE: Final = 3
"""The range beyond large in scale."""


class SizeRanges(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the ranges in units of currency: standard market size, and large in scale."""

    standard: Fraction
    large: Fraction

    def of(self, worth: Fraction) -> int:
        """1, 2 or 3."""
        return 1 + (worth > self.standard) + (worth > self.large)


def table_1(facts: VenueFacts) -> list[Row]:
    """The venue: a row for each outage and auction, or one without."""
    head: Row = {
        "venue_name": facts.name,
        "venue_identifier": facts.identifier,
        "competent_authority": facts.competent_authority,
        "segment_name": facts.segment_name,
        "segment_identifier": facts.segment_identifier,
        "trading_day": facts.trading_day,
    }
    tail: Row = {
        "failed_transactions": facts.failed_transactions,
        "percent_failed_value": percent(facts.failed_worth, facts.traded_worth),
    }
    rows: list[Row] = []
    for one in facts.incidents or (None,):
        incident: Row = {
            "incident": one.kind if one else None,
            "nature": one.nature if one else None,
            "number": one.number if one else 0,
            "average_duration_ms": one.average_duration_ns // MILLISECOND_NS if one else None,
        }
        rows.append({**head, **incident, **tail})
    return rows


def table_2(facts: InstrumentFacts, instrument: Instrument) -> Row:
    """The instrument."""
    return {
        "instrument_name": facts.name,
        "instrument_identifier": facts.identifier or None,
        "written_description": None if facts.identifier else facts.description,
        "classification": facts.classification,
        "currency": instrument.currency,
    }


def table_3(
    facts: VenueFacts,
    instrument: Instrument,
    trades: TradeSeries,
    times_ns: Sequence[int],
    ranges: SizeRanges,
    quote_at: Callable[[int], Quote | None],
) -> list[Row]:
    """Prices in the two minutes from each moment, or the first trade after them, by range of size.

    Args:
        facts: Of the venue.
        instrument: What was traded.
        trades: Of the day.
        times_ns: The moments T; the regulation has 09:30, 11:30, 13:30 and 15:30.
        ranges: Of sizes.
        quote_at: The best prices just before a moment, where they are known.
    """
    rows = []
    found = list(zip(trades.times_ns, trades.prices_units, trades.lots, strict=True))
    for time_ns in times_ns:
        for size in (1, 2, 3):
            fitting = [
                (at_ns, price, lots)
                for at_ns, price, lots in found
                if at_ns >= time_ns and ranges.of(_worth(instrument, price, lots)) == size
            ]
            inside = [one for one in fitting if one[0] < time_ns + WINDOW_NS]
            first = None if inside or not fitting else fitting[0]
            rows.append(_prices(facts, instrument, time_ns, size, inside, first, quote_at))
    return rows


def table_4(instrument: Instrument, trades: TradeSeries) -> Row:
    """Prices of the day; all None when nothing traded."""
    prices = [int(price) for price in trades.prices_units]
    lots = [int(one) for one in trades.lots]
    if not prices:
        names = ("simple_average", "volume_weighted_average", "highest", "lowest")
        return {f"{name}_price": None for name in names}
    worth = sum(price * qty for price, qty in zip(prices, lots, strict=True))
    return {
        "simple_average_price": _price(instrument, Fraction(sum(prices), len(prices))),
        "volume_weighted_average_price": _price(instrument, Fraction(worth, sum(lots))),
        "highest_price": _price(instrument, Fraction(max(prices))),
        "lowest_price": _price(instrument, Fraction(min(prices))),
    }


def table_5(
    records: Sequence[ParentRecord], venue: str, symbol: str, descriptions: Sequence[str]
) -> Row:
    """Costs: the descriptions of Article 5(a) to (c), and (d) what was rebated and paid on own fills.

    Args:
        records: Parents.
        venue: Whose costs.
        symbol: Of which instrument.
        descriptions: Of components of costs, of rebates, and of anything that is not money.
    """
    paid = received = worth = Fraction(0)
    for record, child in orders_at(records, venue, symbol):
        for fill in child.fills:
            fee = currency(record.instrument, 2 * fill.fee)
            paid, received = paid + max(fee, Fraction(0)), received + max(-fee, Fraction(0))
            worth += currency(record.instrument, abs(fill.price_x2_units) * fill.lots)
    return {
        **{
            f"description_5{letter}": text for letter, text in zip("abc", descriptions, strict=True)
        },
        "percent_rebates_of_value": percent(received, worth, PLACES),
        "percent_costs_of_value": percent(paid, worth, PLACES),
    }


def table_6(records: Sequence[ParentRecord], venue: str, symbol: str, facts: VenueFacts) -> Row:
    """Likelihood of execution of own orders that the venue received."""
    orders = [one for one in orders_at(records, venue, symbol) if one[1].received is not None]
    fills = [(record, fill) for record, child in orders for fill in child.fills]
    worth = sum(
        (currency(one.instrument, abs(fill.price_x2_units) * fill.lots) for one, fill in fills),
        Fraction(0),
    )
    withdrawn = [
        child
        for _, child in orders
        if child.filled_lots < child.lots and child.tif not in IMMEDIATE
    ]
    return {
        "orders_received": len(orders),
        "transactions_executed": len(fills),
        "value_executed": decimal(worth, PLACES),
        "orders_cancelled": len(withdrawn),
        "orders_modified": sum(child.changed > 0 for _, child in orders),
        "median_transaction_lots": median([fill.lots for _, fill in fills]),
        "median_order_lots": median([child.lots for _, child in orders]),
        "designated_market_makers": facts.market_makers,
    }


def median(values: Sequence[int]) -> Decimal | None:
    """The middle value, with one decimal; of an even number the mean of the middle two."""
    if not values:
        return None
    ranked = sorted(values)
    low, high = ranked[(len(ranked) - 1) // 2], ranked[len(ranked) // 2]
    return decimal(Fraction(low + high, 2), 1)


def orders_at(
    records: Sequence[ParentRecord], venue: str, symbol: str
) -> list[tuple[ParentRecord, ChildRecord]]:
    """Own orders of an instrument to a venue."""
    return [
        (record, child)
        for record in records
        if record.instrument.symbol == symbol
        for child in record.children
        if child.venue == venue
    ]


def _worth(instrument: Instrument, price_units: int, lots: int) -> Fraction:
    """Of a trade, in currency."""
    return currency(instrument, 2 * abs(int(price_units)) * int(lots))


def _price(instrument: Instrument, price_units: Fraction) -> Decimal:
    """A price in currency, with as many decimals as the price unit has, and four at least."""
    places = max(PLACES, len(str(instrument.price_units_per_currency)) - 1)
    return decimal(per_share(instrument, 2 * price_units), places)


def _prices(
    facts: VenueFacts,
    instrument: Instrument,
    time_ns: int,
    size: int,
    inside: Sequence[tuple[int, int, int]],
    first: tuple[int, int, int] | None,
    quote_at: Callable[[int], Quote | None],
) -> Row:
    """One row of table 3."""
    worth = sum((_worth(instrument, price, lots) for _, price, lots in inside), Fraction(0))
    mean = Fraction(sum(int(price) for _, price, _ in inside), len(inside)) if inside else None
    row: Row = {
        "time_ns": time_ns,
        "size_range": size,
        "simple_average_price": None if mean is None else _price(instrument, mean),
        "total_value": decimal(worth, PLACES),
        "first_price": None,
        "first_time_ns": None,
        "first_lots": None,
        "trading_system": None,
        "trading_mode": None,
        "trading_platform": None,
        "best_bid": None,
        "best_offer": None,
    }
    if first is None:
        return row
    at_ns, price, lots = (int(one) for one in first)
    quote = quote_at(at_ns)
    return row | {
        "first_price": _price(instrument, Fraction(price)),
        "first_time_ns": at_ns,
        "first_lots": lots,
        "trading_system": facts.trading_system,
        "trading_mode": facts.trading_mode,
        "trading_platform": facts.trading_platform,
        "best_bid": None if quote is None else _price(instrument, Fraction(quote.bid_units)),
        "best_offer": None if quote is None else _price(instrument, Fraction(quote.ask_units)),
    }
