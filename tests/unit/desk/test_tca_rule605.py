"""Rule 605: every column by a small month that can be followed with a pencil."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pytest

from desk.tca import MidSeries, ParentRecord
from desk.tca.extracts import HORIZONS_2024_NS, Extract, OrderKind, kind_of, rule_605
from market.codes import OrderType, Side
from market.errors import InputError
from market.messages import NO_PRICE
from tests.unit.desk.tca_orders import QUOTE, deal, order, wish
from tests.unit.desk.tca_world import BUY, CENT, MAKER, SECOND_NS, SELL, child, fill, moved, seen

MIDS = {"ABC": MidSeries((0, 300 * SECOND_NS), (2_004, 2_010), 10_000 * SECOND_NS)}
DAY_NS = (0, 10_000 * SECOND_NS)


def report(records: Sequence[ParentRecord], **more: object) -> Extract:
    fields = {
        "participant": "T",
        "market_center": "X",
        "month": "201206",
        "mids": MIDS,
        "session_ns": DAY_NS,
    }
    return rule_605(records, **{**fields, **more})  # type: ignore[arg-type]


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
    side: Side, limit: int, kind: OrderKind
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
    assert {} == found.left_out
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
    ] == found.rows
    assert 26 == len(found.rows[0])


def test_a_sale_has_its_spreads_the_other_way() -> None:
    (row,) = report([wish(SELL, [order(100, [deal(0, 999, 100)], limit=999)])]).rows

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
    (row,) = report([wish(BUY, [order(100, [late], limit=1_000)])]).rows

    filled = {name: value for name, value in row.items() if name.startswith("executed_") and value}
    expected = {"executed_at_market_center_shares": 100} | ({bucket: 100} if bucket else {})
    assert expected == filled


def test_an_order_that_could_not_trade_at_once_has_no_columns_of_the_second_part() -> None:
    (row,) = report([wish(BUY, [order(500, [deal(3, 1_000, 500)], limit=1_000)])]).rows

    assert (14, 22) == (row["order_type"], row["order_size"])
    assert row["average_realized_spread"] is not None
    assert {None} == {row[name] for name in list(row)[17:]}


@pytest.mark.parametrize(
    ("lots", "code"), [(100, 21), (499, 21), (500, 22), (2_000, 23), (4_999, 23), (5_000, 24)]
)
def test_orders_are_classed_by_size(lots: int, code: int) -> None:
    (row,) = report([wish(BUY, [order(lots)])]).rows

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

    assert [] == found.rows
    assert {
        "fewer than 100 shares": 1,
        "limit more than ten cents from the quote": 1,
        "never received": 1,
        "not held": 1,
        "received outside regular hours": 1,
        "special handling": 2,
    } == found.left_out


def test_the_last_mid_of_the_session_stands_for_one_after_it_and_an_unknown_one_is_absent() -> None:
    record = wish(BUY, [order(100, [deal(0, 1_004, 100)])])

    (early,) = report([record], session_ns=(0, 200 * SECOND_NS)).rows
    short = {"ABC": MidSeries((0,), (2_004,), 200 * SECOND_NS)}
    (unknown,) = report([record], mids=short).rows

    assert Decimal("0.0400") == early["average_realized_spread"]
    assert unknown["average_realized_spread"] is None
    assert Decimal("0.0400") == unknown["average_effective_spread"]


def test_the_horizons_of_2024_are_columns_of_their_own() -> None:
    record = wish(BUY, [order(100, [deal(0, 1_004, 100)])])

    (row,) = report([record], extra_horizons_ns=HORIZONS_2024_NS).rows

    names = list(row)[26:]
    assert ["50ms", "1s", "15s", "60s", "300s"] == [name.rsplit("_", 1)[1] for name in names]
    assert [Decimal("0.0400")] * 4 + [Decimal("-0.0200")] == [row[name] for name in names]


def test_a_lot_that_is_no_whole_share_is_refused() -> None:
    coins = moved(wish(BUY, [order(100)]), instrument=moved(CENT, lot_den=10))  # type: ignore[arg-type]

    with pytest.raises(InputError, match="found a lot of 1/10, allowed are whole shares"):
        report([coins])


def test_rows_go_to_csv_and_to_arrow_as_they_are() -> None:
    rows = report(
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
