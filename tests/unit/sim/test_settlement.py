"""What was bought today is sold tomorrow: the T+1 rule of A-shares, worked out over days."""

import pytest

from market.codes import Reason
from market.errors import InputError
from sim.costs import Refusal, SellableLots, SettlementRule

T1 = SettlementRule(sell_after_days=1)


def not_settled(found: int, allowed: int) -> Refusal:
    return Refusal(Reason.NOT_SETTLED, found, allowed)


def test_lots_bought_today_are_sold_tomorrow() -> None:
    lots = SellableLots(T1, day=1)
    lots.bought(500)
    assert not_settled(1, 0) == lots.refusal(1)

    lots.open_day(2)
    assert (None, not_settled(501, 500)) == (lots.refusal(500), lots.refusal(501))
    assert 500 == not_settled(501, 500).figure


def test_todays_purchases_do_not_replace_what_was_sold() -> None:
    lots = SellableLots(T1, day=1, opening_lots=1_000)
    lots.work(1_000)
    lots.sold(1_000)
    lots.bought(700)

    assert not_settled(100, 0) == lots.refusal(100)
    lots.open_day(2)
    assert (700, 700) == (lots.sellable_lots, lots.held_lots)


def test_two_working_sells_never_sell_the_same_lots() -> None:
    lots = SellableLots(T1, day=1, opening_lots=1_000)
    lots.work(600)
    assert not_settled(401, 400) == lots.refusal(401)

    lots.sold(200)
    lots.release(400)  # cancelled with 400 unfilled
    assert (800, 0, 800) == (lots.sellable_lots, lots.working_lots, lots.held_lots)
    assert None is lots.refusal(800)


def test_a_longer_settlement_waits_as_many_trading_days() -> None:
    lots = SellableLots(SettlementRule(sell_after_days=2), day=4)
    lots.bought(10)
    lots.open_day(5)
    lots.bought(20)
    assert (0, 30) == (lots.sellable_lots, lots.waiting_lots)

    lots.open_day(6)
    assert (10, 20) == (lots.sellable_lots, lots.waiting_lots)
    lots.open_day(9)
    assert (30, 0) == (lots.sellable_lots, lots.waiting_lots)


def test_without_the_rule_lots_are_sold_at_once_and_short() -> None:
    lots = SellableLots(SettlementRule(), day=1)
    lots.bought(5)

    assert (5, None) == (lots.sellable_lots, lots.refusal(1_000))


def test_a_bust_of_todays_purchase_takes_its_lots_before_they_settle() -> None:
    lots = SellableLots(T1, day=1)
    lots.bought(500)
    lots.bust_buy(1, 500)
    lots.open_day(2)

    assert (0, 0) == (lots.sellable_lots, lots.held_lots)


def test_a_bust_of_a_purchase_whose_lots_were_sold_stops_sells_until_it_is_made_up_for() -> None:
    lots = SellableLots(T1, day=1)
    lots.bought(500)
    lots.open_day(2)
    lots.work(500)
    lots.sold(500)
    lots.bust_buy(1, 500)
    assert (-500, not_settled(1, 0)) == (lots.sellable_lots, lots.refusal(1))

    lots.bought(600)
    lots.open_day(3)
    assert not_settled(101, 100) == lots.refusal(101)


def test_a_bust_of_a_sale_gives_settled_lots_back() -> None:
    lots = SellableLots(T1, day=1, opening_lots=300)
    lots.work(300)
    lots.sold(300)
    lots.bust_sell(100)

    assert (100, None) == (lots.sellable_lots, lots.refusal(100))


def test_a_rule_with_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match="sell_after_days: found 11, allowed is 0 to 10"):
        SettlementRule(sell_after_days=11)
