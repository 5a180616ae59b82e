"""RTS 27 and RTS 28: every column by small days that can be followed with a pencil."""

from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest

from desk.tca import ParentRecord, Quote, TradeSeries
from desk.tca.extracts import (
    BookSeen,
    Incident,
    InstrumentFacts,
    QuoteRequest,
    SizeRanges,
    VenueFacts,
    rts_28,
    table_1,
    table_2,
    table_3,
    table_4,
    table_5,
    table_6,
    table_7,
    table_8,
    table_9,
)
from market.codes import OrderType, TimeInForce
from market.errors import InputError
from tests.unit.desk.tca_world import (
    AUCTION,
    BUY,
    CENT,
    MAKER,
    SECOND_NS,
    SELL,
    child,
    fill,
    moved,
    parent,
    seen,
)

MS_NS = 1_000_000
QUOTE = Quote(1_000, 1_004)
FACTS = VenueFacts(
    name="Exchange X",
    identifier="TWNX",
    competent_authority="BaFin",
    segment_name="Shares",
    segment_identifier="TWNS",
    trading_day="2012-06-21",
    incidents=(
        Incident(kind="outage", nature="gateway", number=2, average_duration_ns=1_500 * MS_NS),
        Incident(
            kind="scheduled_auction", nature="opening", number=1, average_duration_ns=60 * SECOND_NS
        ),
    ),
    failed_transactions=3,
    failed_worth=Fraction(1),
    traded_worth=Fraction(400),
    market_makers=4,
)
RANGES = SizeRanges(standard=Fraction(1_000), large=Fraction(5_000))


def orders() -> ParentRecord:
    """Four orders at X: one takes, one rests and is filled in part, a FOK and an IOC fail."""
    moment = seen(SECOND_NS, QUOTE)
    took = child(
        moment,
        moment,
        [fill(SECOND_NS + 2 * MS_NS, 1_004, 100, QUOTE, fee=50)],
        lots=100,
        limit_units=1_004,
    )
    rested = child(
        moment,
        moment,
        [fill(3 * SECOND_NS, 1_000, 600, QUOTE, fee=-30, liquidity=MAKER)],
        lots=800,
        limit_units=1_000,
        tif=TimeInForce.GTC,
        order_id=2,
        ended_ns=9 * SECOND_NS,
    )
    failed = [
        child(moment, moment, lots=300, limit_units=999, tif=tif, order_id=number)
        for number, tif in ((3, TimeInForce.FOK), (4, TimeInForce.IOC))
    ]
    elsewhere = child(moment, moment, lots=50, venue="Y", order_id=5)
    lost = child(moment, None, lots=50, order_id=6)
    return parent(
        BUY, 800, seen(0, QUOTE), [took, rested, *failed, elsewhere, lost], 1_002, directed=True
    )


def test_table_1_has_a_row_for_each_outage_and_auction() -> None:
    first, second = table_1(FACTS)

    assert ("Exchange X", "TWNX", "BaFin", "Shares", "TWNS", "2012-06-21") == tuple(first.values())[
        :6
    ]
    assert ("outage", "gateway", 2, 1_500, 3, Decimal("0.25")) == tuple(first.values())[6:]
    assert ("scheduled_auction", 60_000) == (second["incident"], second["average_duration_ms"])
    (quiet,) = table_1(moved(FACTS, incidents=(), traded_worth=Fraction(0)))  # type: ignore[arg-type]
    assert (None, 0, None) == (quiet["nature"], quiet["number"], quiet["percent_failed_value"])


def test_table_2_describes_an_instrument_only_where_it_has_no_identifier() -> None:
    facts = InstrumentFacts(
        name="ABC plc", identifier="US0000000001", description="a share", classification="ESVUFR"
    )

    assert ("ABC plc", "US0000000001", None, "ESVUFR", "USD") == tuple(
        table_2(facts, CENT).values()
    )
    plain = table_2(moved(facts, identifier=""), CENT)  # type: ignore[arg-type]
    assert (None, "a share") == (plain["instrument_identifier"], plain["written_description"])


def test_table_3_has_means_of_two_minutes_or_else_the_first_trade_after() -> None:
    # At 10 s and 20 s small trades, at 30 s a middle one, at 200 s a large one.
    trades = TradeSeries(
        tuple(SECOND_NS * at for at in (10, 20, 30, 200)),
        (1_000, 1_003, 1_002, 1_001),
        (10, 20, 200, 600),
        300 * SECOND_NS,
    )
    rows = table_3(FACTS, CENT, trades, [10 * SECOND_NS], RANGES, lambda _: QUOTE)

    small, middle, large = rows
    assert [1, 2, 3] == [row["size_range"] for row in rows]
    assert (Decimal("10.0150"), Decimal("300.6000"), None) == (
        small["simple_average_price"],
        small["total_value"],
        small["first_price"],
    )
    assert Decimal("10.0200") == middle["simple_average_price"]
    assert (None, Decimal("0.0000")) == (large["simple_average_price"], large["total_value"])
    assert (Decimal("10.0100"), 200 * SECOND_NS, 600) == (
        large["first_price"],
        large["first_time_ns"],
        large["first_lots"],
    )
    assert ("continuous trading", Decimal("10.0000"), Decimal("10.0400")) == (
        large["trading_mode"],
        large["best_bid"],
        large["best_offer"],
    )
    (empty, *_) = table_3(FACTS, CENT, trades, [201 * SECOND_NS], RANGES, lambda _: None)
    assert (None, None) == (empty["simple_average_price"], empty["first_price"])


def test_a_trade_of_just_the_standard_size_is_in_the_first_range() -> None:
    assert [1, 2, 2, 3] == [RANGES.of(Fraction(worth)) for worth in (1_000, 1_001, 5_000, 5_001)]


def test_table_4_has_simple_and_weighted_means_and_extremes() -> None:
    trades = TradeSeries((1, 2, 3), (1_000, 1_003, 999), (10, 20, 30), 9)

    assert tuple(Decimal(text) for text in ("10.0067", "10.0050", "10.0300", "9.9900")) == tuple(
        table_4(CENT, trades).values()
    )
    assert {None} == set(table_4(CENT, TradeSeries((), (), (), 9)).values())


def test_table_5_has_rebates_and_costs_of_own_fills_in_percent_of_their_value() -> None:
    row = table_5([orders()], "X", "ABC", ["execution fees", "rebates for resting", "none"])

    # 0.50 paid and 0.30 received on 1,004 + 6,000 dollars.
    assert ("execution fees", "rebates for resting", "none") == tuple(row.values())[:3]
    assert (Decimal("0.0043"), Decimal("0.0071")) == tuple(row.values())[3:]
    nothing = table_5([orders()], "X", "DEF", ["a", "b", "c"])
    assert (None, None) == tuple(nothing.values())[3:]


def test_table_6_counts_what_the_venue_received() -> None:
    changed = orders()
    first, second, *rest = changed.children
    record = moved(changed, children=(first, moved(second, changed=2), *rest))  # type: ignore[arg-type]

    assert {
        "orders_received": 4,
        "transactions_executed": 2,
        "value_executed": Decimal("7004.0000"),
        "orders_cancelled": 1,
        "orders_modified": 1,
        "median_transaction_lots": Decimal("350.0"),
        "median_order_lots": Decimal("300.0"),
        "designated_market_makers": 4,
    } == table_6([record], "X", "ABC", FACTS)


BOOKS = [
    BookSeen(at_ns=0, bids=((1_000, 10), (997, 5), (996, 99)), asks=((1_004, 20), (1_005, 1))),
    BookSeen(at_ns=3 * SECOND_NS, bids=((1_001, 40),), asks=((1_003, 50), (1_006, 2), (1_007, 9))),
]


def test_table_7_has_the_book_with_three_price_increments() -> None:
    before, first, second = table_7(CENT, BOOKS, [-1, SECOND_NS, 3 * SECOND_NS])

    assert {None} == set(list(before.values())[1:])
    assert (Decimal("10.0000"), 10, 15, Decimal("10.0400"), 20, 21) == tuple(first.values())[1:]
    assert (40, 40, 50, 52) == (
        second["best_bid_lots"],
        second["bid_depth_lots"],
        second["best_offer_lots"],
        second["offer_depth_lots"],
    )


def test_table_8_has_speed_and_averages_weighted_by_time() -> None:
    row = table_8([orders()], "X", CENT, BOOKS, 4 * SECOND_NS, RANGES)

    assert {
        # 2 × (2 cents on 100 − 2 cents on 600) / 700
        "average_effective_spread": Decimal("-0.0286"),
        # Three seconds of (10 + 20) / 2 and one of (40 + 50) / 2.
        "average_lots_at_best": Decimal("22.50"),
        "average_spread_at_best": Decimal("0.0350"),
        # Three seconds of (15 + 21) / 2 and one of (40 + 52) / 2.
        "average_depth_lots": Decimal("25.00"),
        "cancellations_at_best": 0,
        "modifications_at_best": None,
        "mean_time_to_take_ms": Decimal("2.000"),
        "median_time_to_take_ms": Decimal("2.000"),
        "mean_time_passive_at_best_ms": Decimal("2000.000"),
        "fill_or_kill_failed": 1,
        "immediate_or_cancel_unfilled": 1,
        "large_in_scale_transactions": 1,
        "large_in_scale_average_value": Decimal("6000.0000"),
    } == row
    still = [BOOKS[0]]
    again = table_8([orders()], "X", CENT, still, 4 * SECOND_NS, RANGES)
    assert 1 == again["cancellations_at_best"]


def test_tables_of_nothing_have_no_averages() -> None:
    row = table_8([], "X", CENT, [], 0, RANGES)

    assert row["average_effective_spread"] is None
    assert row["average_spread_at_best"] is None
    assert row["mean_time_to_take_ms"] is None
    assert row["large_in_scale_average_value"] is None
    assert {None} == set(table_9([]).values())
    with pytest.raises(InputError, match="found an empty side"):
        BookSeen(at_ns=0, bids=(), asks=((1, 1),))


def test_table_9_measures_requests_as_far_as_they_got() -> None:
    requests = [
        QuoteRequest(
            requested_ns=0,
            quoted_ns=(MS_NS, 3 * MS_NS),
            accepted_ns=4 * MS_NS,
            executed_ns=6 * MS_NS,
        ),
        QuoteRequest(
            requested_ns=0, quoted_ns=(8 * MS_NS,), accepted_ns=9 * MS_NS, executed_ns=10 * MS_NS
        ),
        QuoteRequest(requested_ns=5),
    ]

    assert tuple(Decimal(text) for text in ("1.500", "1.500", "4.000", "3.000")) == tuple(
        table_9(requests).values()
    )


# --- RTS 28 ---------------------------------------------------------------------------------------


def traded(venue: str, lots: int, **more: object) -> ParentRecord:
    """A parent with one order and one fill at 10.00."""
    directed = bool(more.pop("directed", False))
    moment = seen(1, QUOTE)
    deal = fill(2, 1_000, lots, QUOTE, venue=venue, **more)
    order = child(moment, moment, [deal], venue=venue, order_type=OrderType.LIMIT)
    return parent(SELL, lots, seen(0, QUOTE), [order], 1_000, directed=directed)


def test_the_five_largest_venues_have_their_shares_and_manners() -> None:
    records = [
        traded("A", 50),
        traded("A", 10, liquidity=MAKER, directed=True),
        traded("A", 10, liquidity=AUCTION),
        traded("B", 20),
        traded("C", 4),
        traded("D", 3),
        traded("E", 2),
        traded("F", 1),
        parent(BUY, 5, seen(0, QUOTE), [child(seen(1, QUOTE), seen(1, QUOTE))], 1_000),
    ]

    found = rts_28(records, class_of=lambda _: "shares", client="professional", business_days=8)

    assert {"not executed": 1} == found.left_out
    assert list("ABCDE") == [row["venue"] for row in found.rows]
    assert {
        "class_of_instrument": "shares",
        "client": "professional",
        "fewer_than_one_trade_per_business_day": "N",
        "rank": 1,
        "venue": "A",
        "percent_of_volume": Decimal("70.00"),
        "percent_of_orders": Decimal("37.50"),
        "percent_passive": Decimal("33.33"),
        "percent_aggressive": Decimal("33.33"),
        "percent_directed": Decimal("33.33"),
    } == found.rows[0]
    few = rts_28(records, class_of=lambda _: "shares", client="professional", business_days=9)
    assert "Y" == few.rows[0]["fewer_than_one_trade_per_business_day"]


def test_an_order_filled_at_two_venues_counts_at_both() -> None:
    moment = seen(1, QUOTE)
    fills = [
        fill(2, 1_000, 10, QUOTE, liquidity=MAKER),
        fill(2, 1_000, 10, QUOTE, venue="Y", exec_id=2),
    ]
    record = parent(SELL, 20, seen(0, QUOTE), [child(moment, moment, fills)], 1_000)

    rows = rts_28([record], class_of=str, client="retail", business_days=1).rows

    assert [
        ("X", Decimal("50.00"), Decimal("100.00")),
        ("Y", Decimal("50.00"), Decimal("0.00")),
    ] == [(row["venue"], row["percent_of_volume"], row["percent_passive"]) for row in rows]
    assert {Decimal("100.00")} == {row["percent_of_orders"] for row in rows}
    assert rows == pa.Table.from_pylist(rows).to_pylist()


def test_currencies_of_one_class_and_a_year_without_days_are_refused() -> None:
    euros = moved(traded("A", 1), instrument=moved(CENT, currency="EUR"))  # type: ignore[arg-type]

    with pytest.raises(InputError, match="class 'all': found EUR beside USD"):
        rts_28([traded("A", 1), euros], class_of=lambda _: "all", client="c", business_days=1)
    with pytest.raises(InputError, match="business_days is 0"):
        rts_28([], class_of=str, client="c", business_days=0)
