"""Reports of any parents: every order is in a row or counted, and rows fit csv and parquet."""

import msgspec
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.tca import MidSeries, ParentRecord
from desk.tca.extracts import (
    HORIZONS_2024_NS,
    Extract,
    SizeRanges,
    VenueFacts,
    rts_28,
    rule_605,
    rule_606_a1,
    rule_606_b3,
    table_5,
    table_6,
    table_8,
)
from tests.unit.desk.tca_world import parent_records

FACTS = VenueFacts(
    name="x",
    identifier="x",
    competent_authority="x",
    segment_name="x",
    segment_identifier="x",
    trading_day="x",
)
PARENTS = st.lists(
    parent_records().map(
        lambda one: msgspec.structs.replace(
            one, instrument=msgspec.structs.replace(one.instrument, lot_den=1)
        )
    ),
    max_size=5,
)


def fits(found: Extract) -> None:
    """Every row has the columns of the first in their order, and Arrow gives the rows back."""
    assert all(list(row) == list(found.rows[0]) for row in found.rows)
    if found.rows:
        assert found.rows == pa.Table.from_pylist(found.rows).to_pylist()


@settings(max_examples=40)
@given(PARENTS)
def test_every_order_is_in_a_row_of_rule_605_or_counted(records: list[ParentRecord]) -> None:
    mids = MidSeries((0,), (301,), 10**15)
    found = rule_605(
        records,
        participant="T",
        market_center="X",
        month="m",
        mids=dict.fromkeys(("ABC", "DEF", "GHI", "JKL"), mids),
        session_ns=(0, 10**15),
        extra_horizons_ns=HORIZONS_2024_NS,
    )

    sent = sum(child.venue == "X" for record in records for child in record.children)
    assert sent == sum(row["covered_orders"] for row in found.rows) + sum(found.left_out.values())
    fits(found)
    for row in found.rows:
        executed = row["executed_at_market_center_shares"] + row["executed_away_shares"]
        assert row["covered_shares"] == executed + row["cancelled_shares"]
        names = [name for name in row if name.startswith("executed_")][2:]
        assert executed == sum(row[name] for name in names)
        if row["order_type"] in (11, 12):
            at = [row[f"{name}_shares"] for name in ("improved", "at_quote", "outside_quote")]
            assert executed == sum(at)
            assert (row["average_effective_spread"] is None) == (executed == 0)


@settings(max_examples=40)
@given(PARENTS)
def test_every_order_is_in_a_report_of_rule_606(records: list[ParentRecord]) -> None:
    public = rule_606_a1(records, month="m", section_of=str)
    own = rule_606_b3(records, customer="", month="m")

    fits(public)
    fits(own)
    held = [record for record in records if record.held]
    orders = sum(len(record.children) for record in records if not record.held)
    assert orders == public.left_out.get("not held", 0)
    assert len(held) == own.left_out.get("held", 0)
    rows = [row for row in own.rows if row["venue"] is not None]
    assert sum(row["shares_executed"] for row in rows) == sum(
        record.filled_lots * record.instrument.lot_num for record in records if not record.held
    )
    for row in rows:
        sides = [row[f"shares_{name}"] for name in ("at_midpoint", "near_side", "far_side")]
        assert row["shares_executed"] == sum(sides)
        assert row["shares_executed"] >= row["shares_providing"] + row["shares_removing"]


@settings(max_examples=40)
@given(PARENTS)
def test_every_order_is_in_rts_28_or_counted(records: list[ParentRecord]) -> None:
    found = rts_28(records, class_of=str, client="c", business_days=1)

    fits(found)
    filled = [one for record in records for one in record.children if one.fills]
    unfilled = [one for record in records for one in record.children if not one.fills]
    assert len(unfilled) == found.left_out.get("not executed", 0)
    assert bool(filled) == bool(found.rows)


@settings(max_examples=40)
@given(PARENTS)
def test_tables_of_rts_27_take_any_orders(records: list[ParentRecord]) -> None:
    ranges = SizeRanges(standard=1, large=2)  # type: ignore[arg-type]
    for record in records:
        symbol = record.instrument.symbol
        row = table_6(records, "X", symbol, FACTS)
        speed = table_8(records, "X", record.instrument, [], 0, ranges)
        costs = table_5(records, "X", symbol, ["a", "b", "c"])

        assert row["transactions_executed"] >= speed["large_in_scale_transactions"]
        assert (costs["percent_costs_of_value"] is None) <= (row["value_executed"] == 0)
