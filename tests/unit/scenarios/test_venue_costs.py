"""A preset file's table becomes a venue's costs, or one line that says what is wrong with it."""

import tomllib

import pytest

from market.errors import InputError
from scenarios.venue_costs import read_costs
from scenarios.written import Place
from sim.costs import (
    BorrowTerms,
    Bounds,
    FeeSchedule,
    FundingTerms,
    Levy,
    Rate,
    SettlementRule,
    ShortSaleRule,
    VenueCosts,
)

HOUR_NS = 3_600_000_000_000

WHOLE = """
[fees]
period = "month"
tier_from = "next_day"
zone_minutes = 480
restate_turnover = false
maker = [{ lot_nanos = -2_000_000 }, { from_lots = 1_000, lot_nanos = -2_500_000 }]
taker = [{ notional_ppb = 30_000 }]
closing = [{}]
per_order = { min_nanos = 5_000_000_000 }

[[fees.levies]]
name = "stamp"
side = "sell"
notional_ppb = 500_000
rounding = "up"

[settlement]
sell_after_days = 1

[short_sale]
locate = true
price_test = "above_bid"

[borrow]
year_ppb = 30_000_000

[funding]
interval = "8h"
first = "4h"
source = "premium"
interest_ppb = 100_000
damp_ppb = 500_000
impact_currency = 10_000
sample = "5s"
"""


def read(text: str) -> VenueCosts:
    return read_costs(tomllib.loads(text), Place("v.toml"))


def test_a_file_says_all_of_a_venues_costs() -> None:
    assert read(WHOLE) == VenueCosts(
        fees=FeeSchedule(
            period="month",
            tier_from="next_day",
            zone_minutes=480,
            restate_turnover=False,
            maker=(Rate(lot_nanos=-2_000_000), Rate(from_lots=1_000, lot_nanos=-2_500_000)),
            taker=(Rate(notional_ppb=30_000),),
            closing=(Rate(),),
            per_order=Bounds(min_nanos=5_000_000_000),
            levies=(Levy(name="stamp", side="sell", notional_ppb=500_000, rounding="up"),),
        ),
        settlement=SettlementRule(sell_after_days=1),
        short_sale=ShortSaleRule(locate=True, price_test="above_bid"),
        borrow=BorrowTerms(year_ppb=30_000_000),
        funding=FundingTerms(
            interval_ns=8 * HOUR_NS,
            first_ns=4 * HOUR_NS,
            source="premium",
            interest_ppb=100_000,
            damp_ppb=500_000,
            impact_currency=10_000,
            sample_ns=5_000_000_000,
        ),
    )


def test_what_is_not_said_is_a_rule_that_the_venue_does_not_have() -> None:
    costs = read("[fees]\nmaker = [{}]\ntaker = [{}]")

    assert 0 == costs.settlement.sell_after_days == costs.borrow.year_ppb
    assert 0 == costs.funding.interval_ns
    assert ShortSaleRule() == costs.short_sale


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[fees]", "[fee]", "v.toml: found unknown key 'fee', allowed is borrow, fees, funding, "),
        ("taker = [{ notional_ppb = 30_000 }]", "", "v.toml: fees: found no 'taker', which is req"),
        (
            "30_000 }]",
            "3.5 }]",
            "v.toml: fees.taker[0].notional_ppb: found 3.5, allowed is a whole",
        ),
        ("lot_nanos = -2_5", "lots = -2_5", "v.toml: fees.maker[1]: found unknown key 'lots', all"),
        ("1_000, ", "-1, ", "v.toml: fees.maker[1]: from_lots: found -1, allowed is 0 to"),
        ("1_000, ", "0, ", "v.toml: fees: maker[1]: found a rate from 0 lots and 0 of currency"),
        ('"month"', '"week"', "v.toml: fees.period: found 'week', allowed is day, month, run, tr"),
        ("[{}]", "{}", "v.toml: fees.closing: found {}, allowed is a list"),
        ('"sell"', '"seller"', "v.toml: fees.levies[0].side: found 'seller', allowed is both, buy"),
        ('"stamp"', '""', "v.toml: fees.levies[0]: name: found '', allowed is a name"),
        ("locate = true", "locate = 1", "v.toml: short_sale.locate: found 1, allowed is true or f"),
        ('"above_bid"', '"uptick"', "v.toml: short_sale.price_test: found 'uptick', allowed is ab"),
        ('"8h"', "8", "v.toml: funding.interval: found 8, allowed is a duration such as"),
        ('"8h"', '"7h"', "v.toml: funding: interval: found 25200000000000 ns, allowed is 0 or a"),
    ],
)
def test_nonsense_is_refused_in_one_line_that_says_where(old: str, new: str, says: str) -> None:
    assert old in WHOLE
    with pytest.raises(InputError) as caught:
        read(WHOLE.replace(old, new, 1))
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
