"""Price lists as venues, brokers and states print them, in exact amounts."""

from typing import Any

import pytest

from market.codes import Liquidity, Phase, Side
from market.errors import InputError
from market.instruments import Instrument
from sim.costs import (
    Bounds,
    Charge,
    Fees,
    FeeSchedule,
    Levy,
    Rate,
    Scale,
    Trade,
    Turnover,
    scale_of,
)

CENT = 10_000_000
"""A hundredth of currency, in billionths."""


def instrument(**changes: Any) -> Instrument:
    """A share priced in ten-thousandths, unless it is said otherwise."""
    fields = {
        "symbol": "A", "venue": "X", "currency": "USD", "price_units_per_currency": 10_000,
        "tick_units": 100,
    }  # fmt: skip
    return Instrument(**{**fields, **changes})


SHARE = scale_of(instrument())


def trade(
    shares: int,
    cents: int,
    liquidity: Liquidity = Liquidity.TAKER,
    side: Side = Side.BUY,
    call: Phase = Phase.CONTINUOUS,
) -> Trade:
    """A fill of shares at a price in cents; a unit is a hundredth of a cent."""
    return Trade(side, liquidity, shares, shares * cents * 100, call)


def flat(**rate: int) -> tuple[Rate, ...]:
    return (Rate(**rate),)


FREE = flat()


def schedule(**parts: Any) -> FeeSchedule:
    return FeeSchedule(**{"maker": FREE, "taker": FREE, **parts})


# --- rates ----------------------------------------------------------------------------------------


def test_a_maker_taker_venue_pays_the_maker_and_charges_the_taker_by_the_share() -> None:
    list_ = schedule(maker=flat(lot_nanos=-2_000_000), taker=flat(lot_nanos=3_000_000))

    # 400 shares at 0.0030 are 1.20, at −0.0020 they are −0.80; in hundredths of a cent.
    assert 12_000 == list_.of(trade(400, 2_550), SHARE).exchange
    assert -8_000 == list_.of(trade(400, 2_550, Liquidity.MAKER), SHARE).exchange


def test_an_inverted_venue_charges_the_maker_and_pays_the_taker() -> None:
    list_ = schedule(maker=flat(lot_nanos=3_000_000), taker=flat(lot_nanos=-2_500_000))
    paid = [
        list_.of(trade(1_000, 2_000, liquidity), SHARE).exchange
        for liquidity in (Liquidity.MAKER, Liquidity.TAKER)
    ]

    assert [30_000, -25_000] == paid
    assert 5_000 == sum(paid)  # what is left to the venue: half a dollar


def test_a_coins_fee_is_exact_down_to_its_smallest_piece() -> None:
    coin = instrument(price_units_per_currency=100, tick_units=1, lot_den=100_000_000)
    scale = scale_of(coin)
    list_ = schedule(taker=flat(notional_ppb=1_000_000))  # a thousandth

    # Half a coin at 60,000.01 is 30,000.005; its thousandth is 30.000005.
    bought = Trade(Side.BUY, Liquidity.TAKER, 50_000_000, 50_000_000 * 6_000_001)
    assert Scale(10_000_000_000, 1) == scale
    assert "30.000005 USD" == coin.money(list_.of(bought, scale).exchange)


def test_a_future_pays_by_the_contract_and_its_multiplier_is_in_the_lot() -> None:
    future = instrument(tick_units=2_500, lot_num=50)
    list_ = schedule(taker=flat(lot_nanos=1_380_000_000))
    three = Trade(Side.BUY, Liquidity.TAKER, 3, future.notional(20_000, 3))

    assert "4.14 USD" == future.money(list_.of(three, scale_of(future)).exchange)


def test_parts_of_a_rate_are_added_before_they_are_rounded_once_and_half_up() -> None:
    rate = Rate(notional_ppb=400_000, fill_nanos=10_000)  # 0.4 and 0.1 of a unit
    one = Trade(Side.BUY, Liquidity.TAKER, 1, 1_000)

    assert 1 == rate.of(one, SHARE)
    assert 0 == Rate(notional_ppb=-500_000).of(one, SHARE)  # −0.5
    assert -1 == Rate(notional_ppb=-500_001).of(one, SHARE)


def test_a_trade_at_a_negative_price_pays_for_its_size() -> None:
    barrel = Trade(Side.BUY, Liquidity.TAKER, 10, -3_763_000)

    assert 3_763 == Rate(notional_ppb=1_000_000).of(barrel, SHARE)


def test_each_kind_of_fill_has_its_own_ladder_or_a_declared_other_one() -> None:
    rates = {
        name: flat(lot_nanos=nanos)
        for nanos, name in enumerate(
            ("maker", "taker", "hidden_maker", "cross", "opening", "closing"), 1
        )
    }
    full = FeeSchedule(**rates)
    bare = FeeSchedule(maker=rates["maker"], taker=rates["taker"])
    kinds = [
        (Liquidity.MAKER, Phase.CONTINUOUS),
        (Liquidity.TAKER, Phase.CONTINUOUS),
        (Liquidity.HIDDEN_MAKER, Phase.CONTINUOUS),
        (Liquidity.AUCTION, Phase.CONTINUOUS),
        (Liquidity.AUCTION, Phase.OPENING_CALL),
        (Liquidity.AUCTION, Phase.CLOSING_CALL),
        (Liquidity.AUCTION, Phase.VOLATILITY_CALL),
    ]

    assert [1, 2, 3, 4, 5, 6, 4] == [full.ladder(*kind)[0].lot_nanos for kind in kinds]
    assert [1, 2, 1, 2, 2, 2, 2] == [bare.ladder(*kind)[0].lot_nanos for kind in kinds]
    crossed = FeeSchedule(maker=FREE, taker=FREE, cross=rates["cross"])
    assert [4, 4, 4, 4] == [crossed.ladder(*kind)[0].lot_nanos for kind in kinds[3:]]


def test_plain_fees_charge_who_rested_as_maker_and_everybody_else_as_taker() -> None:
    fees = Fees(maker_ppm=1, taker_ppm=2)

    assert [2, 1, 2, 2, 1] == [fees.of(1_000_000, liquidity) for liquidity in Liquidity]


# --- bounds ---------------------------------------------------------------------------------------

BROKER = schedule(
    taker=flat(lot_nanos=5_000_000),
    per_order=Bounds(min_nanos=100 * CENT, cap_ppb=10_000_000),
)
"""Half a cent a share, a dollar an order at least, a hundredth of its worth at most."""


@pytest.mark.parametrize(
    ("shares", "cents", "fee"),
    [
        (100, 2_500, "1.00 USD"),  # the three examples that the broker prints
        (1_000, 2_500, "5.00 USD"),
        (1_000, 25, "2.50 USD"),
        (50, 25, "0.125 USD"),  # a cap below the minimum holds
    ],
)
def test_a_broker_charges_by_the_share_with_a_minimum_and_a_cap(
    shares: int, cents: int, fee: str
) -> None:
    assert fee == instrument().money(BROKER.of(trade(shares, cents), SHARE).total)


def test_a_fills_fee_has_bounds_of_its_own() -> None:
    list_ = schedule(
        taker=flat(notional_ppb=72_000),
        per_fill=Bounds(min_nanos=90 * CENT, cap_nanos=7_200 * CENT),
    )
    worth = {1_000: 9_000, 20_000: 14_400, 1_000_000: 720_000, 2_000_000: 720_000}

    # 0.0072 % of 1,000 would be 0.072, of 20,000 it is 1.44, of a million 72.
    assert worth == {dollars: list_.of(trade(dollars, 100), SHARE).exchange for dollars in worth}


def test_a_minimum_is_not_for_rebates_and_free_fills_but_a_cap_is_for_both_signs() -> None:
    bounds = Bounds(min_nanos=CENT, cap_nanos=3 * CENT)

    amounts = [-1_000, -300, -1, 0, 1, 100, 200, 300, 1_000]
    clamped = [bounds.clamp(amount, 10**9, SHARE) for amount in amounts]
    assert [-300, -300, -1, 0, 100, 100, 200, 300, 300] == clamped


# --- levies ---------------------------------------------------------------------------------------


def levied(levy: Levy, shares: int, cents: int, side: Side) -> int:
    """In hundredths of a cent."""
    charge = schedule(levies=(levy,)).of(trade(shares, cents, side=side), SHARE)
    assert (0, charge.levies[0]) == (charge.exchange, charge.total)
    return charge.total


def test_stamp_duty_of_both_sides_is_rounded_up_to_the_next_dollar() -> None:
    duty = Levy(name="stamp", notional_ppb=1_000_000, step_nanos=100 * CENT, rounding="up")

    # A thousandth of 12,345.60 is 12.3456, and of exactly 12,000 it is 12.
    assert [13, 13] == [levied(duty, 120, 10_288, side) // 10_000 for side in Side]
    assert 12 * 10_000 == levied(duty, 1_000, 1_200, Side.BUY)
    assert 1 * 10_000 == levied(duty, 1, 1, Side.BUY)


def test_stamp_duty_may_be_the_sellers_alone_or_the_buyers() -> None:
    seller = Levy(name="stamp", side="sell", notional_ppb=500_000)
    buyer = Levy(name="stamp", side="buy", notional_ppb=5_000_000, step_nanos=CENT)

    assert [0, 5 * 10_000] == [levied(seller, 1_000, 1_000, side) for side in Side]
    assert [500 * 100 + 100, 0] == [levied(buyer, 100, 1_001, side) for side in Side]  # 5.005


def test_a_regulators_fee_on_sales_is_rounded_up_to_the_next_cent() -> None:
    fee = Levy(name="section 31", side="sell", notional_ppb=23_100, step_nanos=CENT, rounding="up")

    # 23.10 of a million: 10,000 pay 0.231.
    assert 24 * 100 == levied(fee, 100, 10_000, Side.SELL)
    assert 0 == levied(fee, 100, 10_000, Side.BUY)


@pytest.mark.parametrize(
    ("shares", "cents"), [(1, 1), (84, 1), (85, 2), (49_999, 595), (50_000, 595), (900_000, 595)]
)
def test_an_activity_fee_by_the_share_has_a_minimum_and_a_cap(shares: int, cents: int) -> None:
    fee = Levy(
        name="taf", side="sell", lot_nanos=119_000, min_nanos=CENT, cap_nanos=595 * CENT,
        step_nanos=CENT, rounding="up",
    )  # fmt: skip

    assert cents * 100 == levied(fee, shares, 1_000, Side.SELL)


def test_a_levy_without_a_step_has_its_minimum_too() -> None:
    fee = Levy(name="clearing", notional_ppb=20_000, min_nanos=200 * CENT, cap_nanos=10_000 * CENT)

    # 0.002 % of 1,000, of 250,000 and of ten millions.
    shares = (100, 25_000, 1_000_000)
    paid = [levied(fee, count, 1_000, Side.BUY) for count in shares]
    assert [20_000, 50_000, 1_000_000] == paid


def test_a_charge_is_the_exchanges_fee_and_every_levy() -> None:
    list_ = schedule(
        maker=flat(lot_nanos=-2_000_000),
        levies=(Levy(name="stamp", notional_ppb=1_000_000), Levy(name="crm", lot_nanos=100_000)),
    )

    charge = list_.of(trade(100, 1_000, Liquidity.MAKER, Side.SELL), SHARE)
    assert Charge(-2_000, (10_000, 100)) == charge
    assert 8_100 == charge.total


# --- volume tiers ---------------------------------------------------------------------------------


def test_the_highest_rate_whose_turnover_is_reached_holds() -> None:
    ladder = (
        Rate(lot_nanos=30),
        Rate(from_lots=1_000, lot_nanos=20),
        Rate(from_lots=1_000, from_currency=50, lot_nanos=10),
    )
    list_ = schedule(taker=ladder)

    def rate(lots: int, amount: int) -> int:
        return list_.rate(trade(1, 1), Turnover(lots, amount, per_currency=100)).lot_nanos

    assert [30, 30, 20, 20, 10] == [
        rate(0, 0), rate(999, 10**9), rate(1_000, 0), rate(10**9, 4_999), rate(1_000, 5_000),
    ]  # fmt: skip
    assert 30 == list_.rate(trade(1, 1), Turnover()).lot_nanos


# --- nonsense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: schedule(taker=()), "taker: found no rate, allowed is at least one"),
        (lambda: schedule(taker=flat(from_lots=5)), "taker[0]: found a rate from 5 lots and 0"),
        (
            lambda: schedule(cross=(Rate(), Rate(from_lots=5), Rate(from_lots=5))),
            "cross[2]: found a rate from 5 lots and 0 of currency on, allowed is above",
        ),
        (
            lambda: schedule(maker=(Rate(), Rate(from_lots=5), Rate(from_lots=4, from_currency=9))),
            "maker[2]: found a rate from 4 lots and 9",
        ),
        (lambda: schedule(trailing_days=0), "trailing_days: found 0, allowed is 1 to 366"),
        (lambda: schedule(zone_minutes=1_441), "zone_minutes: found 1441, allowed is -1440 to"),
        (
            lambda: schedule(levies=(Levy(name="a"), Levy(name="a"))),
            "levies: found names a, a, allowed is each once",
        ),
        (lambda: Rate(notional_ppb=10**9 + 1), "notional_ppb: found 1000000001, allowed is -1"),
        (lambda: Rate(from_lots=-1), "from_lots: found -1, allowed is 0 to"),
        (lambda: Rate(from_currency=-1), "from_currency: found -1, allowed is 0 to"),
        (lambda: Rate(lot_nanos=10**19), "lot_nanos: found"),
        (lambda: Rate(fill_nanos=10**19), "fill_nanos: found"),
        (lambda: Bounds(min_nanos=-1), "min_nanos: found -1, allowed is 0 to"),
        (lambda: Bounds(cap_nanos=-1), "cap_nanos: found -1, allowed is 0 to"),
        (lambda: Bounds(cap_ppb=-1), "cap_ppb: found -1, allowed is 0 to"),
        (lambda: Levy(name=""), "name: found '', allowed is a name"),
        (lambda: Levy(name="a", notional_ppb=-1), "notional_ppb: found -1, allowed is 0 to"),
        (lambda: Levy(name="a", step_nanos=-1), "step_nanos: found -1, allowed is 0 to"),
        (
            lambda: Levy(name="a", min_nanos=5, cap_nanos=4),
            "cap_nanos: found 4, allowed is 0 or min_nanos (5) and above",
        ),
        (
            lambda: Levy(name="a", step_nanos=CENT + 1).step_of(SHARE),
            "found 10000001, allowed is a multiple of one price unit × lot, here 1/10000 of currency",
        ),
    ],
)
def test_nonsense_is_refused_with_what_was_found_and_what_is_allowed(make: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert says in str(caught.value)
