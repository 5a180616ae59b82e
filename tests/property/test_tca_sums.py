"""Whatever a parent went through, its parts are the whole, and every table has the same total."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from desk.tca import (
    Convention,
    MidSeries,
    ParentRecord,
    Parts,
    Shortfall,
    by_algo,
    by_hour,
    by_strategy,
    by_venue,
    judge,
    shortfall_of,
)
from desk.tca.exact import currency
from desk.tca.shortfall import summed
from tests.unit.desk.tca_world import BUY, case, moved, parent_records

CONVENTIONS = st.sampled_from(Convention)


def paper_less_real_x2(record: ParentRecord) -> int:
    """Straight from the definition: two portfolios, cash and holdings valued at the end."""
    sign = record.side.sign
    paper_lots = sign * record.wanted_lots
    paper_cash_x2 = -paper_lots * record.decided.local.mid_x2_units
    real_lots, real_cash_x2 = 0, -2 * record.order_fees
    for one in record.children:
        for fill in one.fills:
            real_lots += sign * fill.lots
            real_cash_x2 -= sign * fill.lots * fill.price_x2_units + 2 * fill.fee
    end_x2 = record.end_mid_x2_units
    return paper_cash_x2 + paper_lots * end_x2 - (real_cash_x2 + real_lots * end_x2)


@given(parent_records(), CONVENTIONS)
def test_the_parts_sum_to_paper_less_real_to_the_last_unit(
    record: ParentRecord, convention: Convention
) -> None:
    found = shortfall_of(record, convention)
    parts = found.parts

    whole_x2 = paper_less_real_x2(record)
    assert whole_x2 == found.total_x2
    assert whole_x2 == (
        parts.delay_x2
        + parts.spread_x2
        + parts.impact_x2
        + parts.timing_x2
        + parts.opportunity_x2
        + parts.fees_x2
    )
    assert parts == summed([piece.parts for piece in found.pieces])
    assert parts.delay_x2 == found.stale_x2 + found.waited_x2 + found.wire_x2


@given(parent_records())
def test_conventions_differ_in_delay_and_opportunity_alone(record: ParentRecord) -> None:
    perold = shortfall_of(record, Convention.PEROLD).parts
    kissell = shortfall_of(record, Convention.KISSELL).parts

    for name in ("spread_x2", "impact_x2", "timing_x2", "fees_x2", "total_x2"):
        assert getattr(perold, name) == getattr(kissell, name)


@given(parent_records())
def test_kissell_is_his_formula(record: ParentRecord) -> None:
    parts = shortfall_of(record, Convention.KISSELL).parts
    sign = record.side.sign
    decided_x2 = record.decided.local.mid_x2_units
    arrived = record.arrived
    arrived_x2 = decided_x2 if arrived is None else arrived.venue.mid_x2_units
    filled = record.filled_lots
    paid_x2 = sum(one.lots * one.price_x2_units for _, one in record.fills())

    assert sign * record.wanted_lots * (arrived_x2 - decided_x2) == parts.delay_x2
    trading_x2 = parts.spread_x2 + parts.impact_x2 + parts.timing_x2
    assert sign * (paid_x2 - filled * arrived_x2) == trading_x2
    rest = record.wanted_lots - filled
    assert sign * rest * (record.end_mid_x2_units - arrived_x2) == parts.opportunity_x2


@given(parent_records())
def test_the_other_side_pays_what_this_side_earns_but_for_fees_and_the_spread_it_met(
    record: ParentRecord,
) -> None:
    this = shortfall_of(record).parts
    other = shortfall_of(moved(record, side=record.side.other)).parts

    assert this.delay_x2 == -other.delay_x2
    assert this.opportunity_x2 == -other.opportunity_x2
    assert this.timing_x2 == -other.timing_x2
    assert this.spread_x2 + this.impact_x2 == -(other.spread_x2 + other.impact_x2)


@given(st.lists(parent_records(), max_size=6), CONVENTIONS)
@example([case(BUY, 10, 100, 101, 102, 5, 1, 103)], Convention.PEROLD)
def test_every_table_has_the_total_of_its_parents(
    records: list[ParentRecord], convention: Convention
) -> None:
    found = [shortfall_of(record, convention) for record in records]
    wanted = money(found)
    for rows in (by_strategy(found), by_venue(found), by_algo(found), by_hour(found)):
        totals: dict[str, Fraction] = {}
        for row in rows:
            totals[row.currency] = totals.get(row.currency, Fraction(0)) + Fraction(
                row.total, 10**row.decimals
            )
        assert {name: amount for name, amount in wanted.items() if amount} == {
            name: amount for name, amount in totals.items() if amount
        }
        assert sum(row.filled_lots for row in rows) == sum(one.filled_lots for one in records)
        assert sum(row.rest_lots for row in rows) == sum(
            one.wanted_lots - one.filled_lots for one in records
        )
        assert sum(row.fills for row in rows) == sum(len(one.fills()) for one in records)


def money(found: list[Shortfall]) -> dict[str, Fraction]:
    """The shortfall by currency."""
    result: dict[str, Fraction] = {}
    for one in found:
        instrument = one.record.instrument
        amount = currency(instrument, one.total_x2)
        result[instrument.currency] = result.get(instrument.currency, Fraction(0)) + amount
    return result


@given(parent_records(), st.integers(-100, 800), st.integers(0, 50), st.integers(-10, 10))
def test_idea_less_cost_is_what_was_really_earned(
    record: ParentRecord, mid_x2: int, horizon_ns: int, expected_x2: int
) -> None:
    mids = MidSeries((0,), (mid_x2,), 1_000)
    found = judge(record, mids, horizon_ns, expected_x2)

    assert found is not None
    sign = record.side.sign
    earned_x2 = -2 * record.order_fees
    for _, fill in record.fills():
        earned_x2 += sign * fill.lots * (mid_x2 - fill.price_x2_units) - 2 * fill.fee
    assert earned_x2 == found.real_x2
    decided_x2 = record.decided.local.mid_x2_units
    assert sign * record.wanted_lots * (mid_x2 - decided_x2) == found.idea_x2


@given(parent_records())
def test_no_parts_without_fills_fees_or_moves(record: ParentRecord) -> None:
    still = moved(
        record,
        children=(),
        order_fees=0,
        end_mid_x2_units=record.decided.local.mid_x2_units,
    )

    assert Parts() == shortfall_of(still).parts
