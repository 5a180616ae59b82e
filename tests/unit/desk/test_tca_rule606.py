"""Rule 606: every column by a small month that can be followed with a pencil."""

from decimal import Decimal
from fractions import Fraction

from desk.tca import ParentRecord
from desk.tca.extracts import Payments, rule_606_a1, rule_606_b3
from market.codes import OrderType, TimeInForce
from tests.unit.desk.tca_orders import deal, order, wish
from tests.unit.desk.tca_world import AUCTION, BUY, MAKER, SECOND_NS, SELL, moved

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
