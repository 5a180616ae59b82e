"""Rules 605 and 606: every column by a small month that can be followed with a pencil."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest

from desk.tca import ChildRecord, FillRecord, MidSeries, ParentRecord, Quote
from desk.tca.extracts import (
    HORIZONS_2024_NS,
    OrderKind,
    Payments,
    kind_of,
    rule_605,
    rule_606_a1,
    rule_606_b3,
)
from market.codes import OrderType, TimeInForce
from market.errors import InputError
from market.messages import NO_PRICE
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

QUOTE = Quote(1_000, 1_004)
"""10.00 bid, 10.04 offered; the mid is 10.02."""

MIDS = {"ABC": MidSeries((0, 300 * SECOND_NS), (2_004, 2_010), 10_000 * SECOND_NS)}
DAY_NS = (0, 10_000 * SECOND_NS)


def order(
    lots: int,
    fills: Sequence[FillRecord] = (),
    *,
    limit: int = NO_PRICE,
    received_s: int = 10,
    **more: object,
) -> ChildRecord:
    """An order received at second 10; a market order unless it has a limit."""
    moment = seen(received_s * SECOND_NS, QUOTE)
    type_ = OrderType.MARKET if limit == NO_PRICE else OrderType.LIMIT
    fields = {"lots": lots, "limit_units": limit, "order_type": type_, **more}
    return child(moment, moment, fills, **fields)


def deal(after_s: int, price: int, lots: int, **more: object) -> FillRecord:
    """A fill so many seconds after receipt, by the same quote."""
    return fill((10 + after_s) * SECOND_NS, price, lots, QUOTE, **more)


def wish(side: object, orders: Sequence[ChildRecord], **more: object) -> ParentRecord:
    """A held parent of some orders."""
    wanted = sum(one.lots for one in orders)
    fields = {"held": True, **more}
    return parent(side, wanted, seen(10 * SECOND_NS, QUOTE), orders, 1_002, **fields)  # type: ignore[arg-type]


def report(records: Sequence[ParentRecord], **more: object) -> object:
    fields = {
        "participant": "T",
        "market_center": "X",
        "month": "201206",
        "mids": MIDS,
        "session_ns": DAY_NS,
    }
    return rule_605(records, **{**fields, **more})  # type: ignore[arg-type]


# --- 605 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "limit", "kind"),
    [
        (BUY, NO_PRICE, OrderKind.MARKET),
        (BUY, 1_004, OrderKind.MARKETABLE_LIMIT),
        (BUY, 1_003, OrderKind.INSIDE_QUOTE),
        (BUY, 1_001, OrderKind.INSIDE_QUOTE),
        (BUY, 1_000, OrderKind.AT_QUOTE),
        (BUY, 999, OrderKind.NEAR_QUOTE),
        (BUY, 990, OrderKind.NEAR_QUOTE),
        (BUY, 989, OrderKind.BEYOND),
        (SELL, 1_000, OrderKind.MARKETABLE_LIMIT),
        (SELL, 1_001, OrderKind.INSIDE_QUOTE),
        (SELL, 1_004, OrderKind.AT_QUOTE),
        (SELL, 1_014, OrderKind.NEAR_QUOTE),
        (SELL, 1_015, OrderKind.BEYOND),
    ],
)
def test_an_order_is_classed_by_the_quote_at_its_receipt(
    side: object, limit: int, kind: OrderKind
) -> None:
    record = wish(side, [order(100, limit=limit)])

    assert kind is kind_of(record, record.children[0])


def test_every_column_of_rule_605_by_hand() -> None:
    # Two market buys: 400 with 100 improved, 200 at the quote, 50 outside, 50 cancelled; and 100.
    first = order(
        400,
        [
            deal(0, 1_003, 100),
            deal(9, 1_004, 200, exec_id=2),
            deal(12, 1_006, 50, exec_id=3, venue="Y"),
        ],
        ended_ns=40 * SECOND_NS,
    )
    second = order(100, [deal(70, 1_004, 100)])

    found = report([wish(BUY, [first]), wish(BUY, [second])])

    # Effective: 2 × (1×100 + 2×200 + 4×50 + 2×100) cents / 450 = 4 cents. Realized the same with mids
    # of 10.05 five minutes later: 2 × (−2×100 − 1×200 + 1×50 − 1×100) / 450 = −2 cents.
    assert {} == found.left_out  # type: ignore[attr-defined]
    assert [
        {
            "participant": "T",
            "market_center": "X",
            "month": "201206",
            "security": "ABC",
            "order_type": 11,
            "order_size": 21,
            "covered_orders": 2,
            "covered_shares": 500,
            "cancelled_shares": 50,
            "executed_at_market_center_shares": 400,
            "executed_away_shares": 50,
            "executed_0_9_s_shares": 300,
            "executed_10_29_s_shares": 50,
            "executed_30_59_s_shares": 0,
            "executed_60_299_s_shares": 100,
            "executed_5_30_min_shares": 0,
            "average_realized_spread": Decimal("-0.0200"),
            "average_effective_spread": Decimal("0.0400"),
            "improved_shares": 100,
            "improved_average_amount": Decimal("0.0100"),
            "improved_average_period_s": Decimal("0.0"),
            "at_quote_shares": 300,
            "at_quote_average_period_s": Decimal("29.3"),
            "outside_quote_shares": 50,
            "outside_quote_average_amount": Decimal("0.0200"),
            "outside_quote_average_period_s": Decimal("12.0"),
        }
    ] == found.rows  # type: ignore[attr-defined]
    assert 26 == len(found.rows[0])  # type: ignore[attr-defined]


def test_a_sale_has_its_spreads_the_other_way() -> None:
    (row,) = report([wish(SELL, [order(100, [deal(0, 999, 100)], limit=999)])]).rows  # type: ignore[attr-defined]

    # Twice 10.02 − 9.99, and twice 10.05 − 9.99; one cent below the bid.
    assert (12, 21) == (row["order_type"], row["order_size"])
    assert (Decimal("0.0600"), Decimal("0.1200")) == (
        row["average_effective_spread"],
        row["average_realized_spread"],
    )
    assert (100, Decimal("0.0100")) == (
        row["outside_quote_shares"],
        row["outside_quote_average_amount"],
    )


@pytest.mark.parametrize(
    ("after_ns", "bucket"),
    [
        (10 * SECOND_NS - 1, "executed_0_9_s_shares"),
        (10 * SECOND_NS, "executed_10_29_s_shares"),
        (30 * SECOND_NS, "executed_30_59_s_shares"),
        (300 * SECOND_NS - 1, "executed_60_299_s_shares"),
        (300 * SECOND_NS, "executed_5_30_min_shares"),
        (1_800 * SECOND_NS, "executed_5_30_min_shares"),
        (1_801 * SECOND_NS, None),
    ],
)
def test_times_are_cut_to_whole_seconds_and_put_into_their_bucket(
    after_ns: int, bucket: str | None
) -> None:
    late = fill(10 * SECOND_NS + after_ns, 1_000, 100, QUOTE, liquidity=MAKER)
    (row,) = report([wish(BUY, [order(100, [late], limit=1_000)])]).rows  # type: ignore[attr-defined]

    filled = {name: value for name, value in row.items() if name.startswith("executed_") and value}
    expected = {"executed_at_market_center_shares": 100} | ({bucket: 100} if bucket else {})
    assert expected == filled


def test_an_order_that_could_not_trade_at_once_has_no_columns_of_the_second_part() -> None:
    (row,) = report([wish(BUY, [order(500, [deal(3, 1_000, 500)], limit=1_000)])]).rows  # type: ignore[attr-defined]

    assert (14, 22) == (row["order_type"], row["order_size"])
    assert row["average_realized_spread"] is not None
    assert {None} == {row[name] for name in list(row)[17:]}


@pytest.mark.parametrize(
    ("lots", "code"), [(100, 21), (499, 21), (500, 22), (2_000, 23), (4_999, 23), (5_000, 24)]
)
def test_orders_are_classed_by_size(lots: int, code: int) -> None:
    (row,) = report([wish(BUY, [order(lots)])]).rows  # type: ignore[attr-defined]

    assert code == row["order_size"]
    assert (lots, None, None) == (
        row["cancelled_shares"],
        row["average_effective_spread"],
        row["average_realized_spread"],
    )


def test_what_is_not_a_covered_order_is_counted_by_reason() -> None:
    moment = seen(10 * SECOND_NS, QUOTE)
    records = [
        wish(BUY, [order(100)], held=False),
        wish(BUY, [order(99)]),
        wish(BUY, [order(100, limit=900), order(100, special=True)]),
        wish(BUY, [order(100, order_type=OrderType.STOP, limit=900)]),
        wish(BUY, [child(moment, None), order(100, received_s=10_000)]),
        wish(BUY, [order(100, venue="Y")]),
    ]

    found = report(records)

    assert [] == found.rows  # type: ignore[attr-defined]
    assert {
        "fewer than 100 shares": 1,
        "limit more than ten cents from the quote": 1,
        "never received": 1,
        "not held": 1,
        "received outside regular hours": 1,
        "special handling": 2,
    } == found.left_out  # type: ignore[attr-defined]


def test_the_last_mid_of_the_session_stands_for_one_after_it_and_an_unknown_one_is_absent() -> None:
    record = wish(BUY, [order(100, [deal(0, 1_004, 100)])])

    (early,) = report([record], session_ns=(0, 200 * SECOND_NS)).rows  # type: ignore[attr-defined]
    short = {"ABC": MidSeries((0,), (2_004,), 200 * SECOND_NS)}
    (unknown,) = report([record], mids=short).rows  # type: ignore[attr-defined]

    assert Decimal("0.0400") == early["average_realized_spread"]
    assert unknown["average_realized_spread"] is None
    assert Decimal("0.0400") == unknown["average_effective_spread"]


def test_the_horizons_of_2024_are_columns_of_their_own() -> None:
    record = wish(BUY, [order(100, [deal(0, 1_004, 100)])])

    (row,) = report([record], extra_horizons_ns=HORIZONS_2024_NS).rows  # type: ignore[attr-defined]

    names = list(row)[26:]
    assert ["50ms", "1s", "15s", "60s", "300s"] == [name.rsplit("_", 1)[1] for name in names]
    assert [Decimal("0.0400")] * 4 + [Decimal("-0.0200")] == [row[name] for name in names]


def test_a_lot_that_is_no_whole_share_is_refused() -> None:
    coins = moved(wish(BUY, [order(100)]), instrument=moved(CENT, lot_den=10))  # type: ignore[arg-type]

    with pytest.raises(InputError, match="found a lot of 1/10, allowed are whole shares"):
        report([coins])


def test_rows_go_to_csv_and_to_arrow_as_they_are() -> None:
    rows = report(  # type: ignore[attr-defined]
        [
            wish(BUY, [order(100, [deal(0, 1_004, 100)])]),
            wish(BUY, [order(100, [deal(5, 1_000, 100)], limit=1_000)]),
        ]
    ).rows
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)

    lines = text.getvalue().splitlines()
    assert (
        "T,X,201206,ABC,11,21,1,100,0,100,0,100,0,0,0,0,-0.0200,0.0400,0,,,100,0.0,0,," == lines[1]
    )
    table = pa.Table.from_pylist(rows)
    assert rows == table.to_pylist()


# --- 606(a)(1) ------------------------------------------------------------------------------------


def quarter() -> list[ParentRecord]:
    """Four orders that are free, one directed, one not held."""
    fee = {"fee": 30}
    rebate = {"fee": -20, "liquidity": MAKER}
    return [
        wish(BUY, [order(100, [deal(0, 1_004, 100, **fee)]), order(100, venue="Y")]),
        wish(BUY, [order(200, [deal(9, 1_000, 50, **rebate)], limit=1_000)]),
        wish(SELL, [order(100, order_type=OrderType.STOP, limit=990)]),
        wish(BUY, [order(100, venue="Z")], directed=True),
        wish(BUY, [order(100)], held=False),
    ]


def test_the_public_report_says_what_was_routed_where_and_what_was_paid() -> None:
    paid = Payments(order_flow=Fraction(3, 2), profit_sharing=Fraction(-1))
    found = rule_606_a1(
        quarter(),
        month="2012-06",
        section_of=lambda _: "other",
        payments={("other", "X", "market"): paid},
    )
    summary, at_x, at_y = found.rows

    assert {"not held": 1} == found.left_out
    # Four of five were free: two market, one other limit, one stop.
    assert (None, Decimal("80.00")) == (summary["venue"], summary["percent_non_directed_orders"])
    assert [Decimal(text) for text in ("50.00", "0.00", "25.00", "25.00")] == [
        summary[f"percent_{name}"]
        for name in ("market", "marketable_limit", "non_marketable_limit", "other")
    ]
    assert ("X", "Y") == (at_x["venue"], at_y["venue"])
    assert [Decimal("75.00"), Decimal("50.00"), None, Decimal("100.00"), Decimal("100.00")] == [
        at_x[f"percent_{name}"]
        for name in (
            "non_directed_orders",
            "market",
            "marketable_limit",
            "non_marketable_limit",
            "other",
        )
    ]
    # 30 cents on 100 shares; a rebate of 20 cents on 50; one and a half dollars for the flow.
    assert (Decimal("0.30"), Decimal("0.003000")) == (
        at_x["market_fees_paid_total"],
        at_x["market_fees_paid_per_share"],
    )
    assert (Decimal("0.20"), Decimal("0.004000")) == (
        at_x["non_marketable_limit_rebates_received_total"],
        at_x["non_marketable_limit_rebates_received_per_share"],
    )
    assert (Decimal("1.50"), Decimal("0.015000"), Decimal("-1.00")) == (
        at_x["market_net_order_flow_total"],
        at_x["market_net_order_flow_per_share"],
        at_x["market_profit_sharing_total"],
    )
    assert (Decimal("0.00"), None) == (
        at_y["market_fees_paid_total"],
        at_y["market_fees_paid_per_share"],
    )
    assert list(summary) == list(at_x)


def test_ten_venues_are_named_and_all_with_five_percent() -> None:
    def venues(counts: dict[str, int]) -> list[object]:
        orders = [order(100, venue=name) for name, count in counts.items() for _ in range(count)]
        found = rule_606_a1([wish(BUY, orders)], month="m", section_of=lambda _: "s")
        return [row["venue"] for row in found.rows[1:]]

    letters = "ABCDEFGHIJKLMNOP"
    assert list("ABCDEFGHIJKLMNOP") == venues(dict.fromkeys(letters, 1))
    few = dict.fromkeys(letters, 1) | {"P": 9, "O": 2}
    assert list("POABCDEFGH") == venues(few)


# --- 606(b)(3) ------------------------------------------------------------------------------------


def handled() -> list[ParentRecord]:
    """A customer's parent: an order that took, one that rested, one that was routed on in vain."""
    took = order(
        300, [deal(0, 1_004, 200, fee=60), deal(0, 1_002, 100, exec_id=2)], tif=TimeInForce.IOC
    )
    rested = order(
        200,
        [deal(2, 1_000, 50, fee=-10, liquidity=MAKER)],
        limit=1_000,
        tif=TimeInForce.GTC,
        ended_ns=13 * SECOND_NS,
    )
    opened = order(
        100, [deal(5, 1_003, 100, liquidity=AUCTION)], tif=TimeInForce.AT_OPEN, routable=True
    )
    return [
        wish(BUY, [took, rested, opened], held=False, customer="C"),
        wish(BUY, [order(100)], held=False, customer="D"),
        wish(BUY, [order(100)], held=True, customer="C"),
    ]


def test_every_column_of_a_customers_report_by_hand() -> None:
    found = rule_606_b3(handled(), customer="C", month="2012-06")
    summary, at_x = found.rows

    assert {"held": 1, "other customers": 1} == found.left_out
    assert ("C", "2012-06", "non_directed", None, 600, 0, 0, None) == tuple(summary.values())[:8]
    assert {None} == set(list(summary.values())[8:])
    assert list(summary) == list(at_x)
    assert {
        "shares_routed": 600,
        "shares_routed_immediate_or_cancel": 300,
        "shares_routed_further_routable": 100,
        "average_order_size": Decimal("200.00"),
        "shares_executed": 450,
        "percent_fill_rate": Decimal("75.00"),
        "average_fill_size": Decimal("112.50"),
        # 50 cents on 450 shares.
        "average_net_fee_cents_per_100_shares": Decimal("11.1111"),
        "shares_at_midpoint": 100,
        "percent_at_midpoint": Decimal("22.22"),
        "shares_near_side": 50,
        "percent_near_side": Decimal("11.11"),
        "shares_far_side": 300,
        "percent_far_side": Decimal("66.67"),
        "shares_providing": 50,
        "percent_providing": Decimal("11.11"),
        "average_time_providing_ms": 3_000,
        "average_net_rebate_providing_cents_per_100_shares": Decimal("20.0000"),
        "shares_removing": 300,
        "percent_removing": Decimal("66.67"),
        "average_net_fee_removing_cents_per_100_shares": Decimal("20.0000"),
    } == dict(list(at_x.items())[8:])


def test_directed_orders_have_a_section_of_their_own() -> None:
    free, *_ = handled()
    found = rule_606_b3([free, moved(free, directed=True)], customer="C", month="m")

    assert ["non_directed"] * 2 + ["directed"] * 2 == [row["section"] for row in found.rows]


def test_a_venue_where_nothing_was_executed_has_no_averages() -> None:
    record = wish(BUY, [order(100)], held=False, customer="C")
    row = rule_606_b3([record], customer="C", month="m").rows[1]

    assert Decimal("0.00") == row["percent_fill_rate"]
    assert row["average_fill_size"] is None
    assert row["average_net_fee_cents_per_100_shares"] is None
    assert row["average_time_providing_ms"] is None
    assert [] == rule_606_b3([], customer="C", month="m").rows
