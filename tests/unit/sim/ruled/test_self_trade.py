"""Self-trade prevention: the arriving order says what happens when it meets an owner's own."""

from collections.abc import Callable
from typing import Any

import pytest

from market.codes import Reason, ReportType, SelfTrade
from market.codes import TimeInForce as Tif
from sim.venue_rules.allocation_policy import AllocationPolicy, cme_steps
from sim.venue_rules.book_rules import Matching
from tests.unit.sim.ruled.game import (
    BUY,
    SELL,
    Game,
    expired,
    fills,
    makes,
    news,
    others,
    refusal,
    takes,
)

New = Callable[..., Game]
ALLOW, NEWEST, OLDEST, BOTH, DECREMENT = (int(rule) for rule in SelfTrade)
MINE = {"owner": 7}
PRO_RATA = {
    "matching": Matching.SHARED,
    "allocation": AllocationPolicy(steps=cme_steps("C")),
}


def crowd(game: Game) -> None:
    """Three sells at 100: 3 of mine, then 4 of another, then 5 of mine."""
    game.sell(3, 100, **MINE)
    game.sell(4, 100, owner=8)
    game.sell(5, 100, **MINE)


def test_allowed_orders_trade_with_their_owner(new: New) -> None:
    game = new()
    crowd(game)
    assert makes(game.buy(12, 100, **MINE)) == [(1, 100, 3), (2, 100, 4), (3, 100, 5)]


@pytest.mark.parametrize("rule", [NEWEST, OLDEST, BOTH, DECREMENT])
def test_nobody_in_particular_trades_with_nobody_in_particular(new: New, rule: int) -> None:
    game = new()
    game.sell(3, 100, self_trade=rule)
    assert takes(game.buy(3, 100, self_trade=rule)) == [(100, 3)]


@pytest.mark.parametrize("rule", [NEWEST, OLDEST, BOTH, DECREMENT])
def test_only_the_arriving_order_decides(new: New, rule: int) -> None:
    game = new()
    game.sell(3, 100, self_trade=rule, **MINE)
    assert takes(game.buy(3, 100, **MINE)) == [(100, 3)]


def test_newest_ends_where_it_meets_its_own(new: New) -> None:
    game = new()
    game.sell(4, 99, owner=8)
    crowd(game)
    outcome = game.buy(9, 100, self_trade=NEWEST, **MINE)
    assert takes(outcome) == [(99, 4)]
    assert expired(outcome) == [(5, 5, Reason.SELF_TRADE)]
    assert game.shows(SELL) == [(100, "3*2 4*3 5*4")]


def test_oldest_makes_way_and_matching_goes_on(new: New) -> None:
    game = new()
    crowd(game)
    outcome = game.buy(9, 100, self_trade=OLDEST, **MINE)
    assert expired(outcome) == [(1, 3, Reason.SELF_TRADE), (3, 5, Reason.SELF_TRADE)]
    assert takes(outcome) == [(100, 4)]
    assert news(outcome) == [
        ("DELETE", 100, 3, 9),
        ("EXECUTE", 100, 4, 5),
        ("DELETE", 100, 5, 0),
        ("ADD", 100, 5, 5),
    ]


def test_both_end_the_resting_one_first(new: New) -> None:
    game = new()
    crowd(game)
    outcome = game.buy(9, 100, self_trade=BOTH, **MINE)
    assert expired(outcome) == [(1, 3, Reason.SELF_TRADE), (4, 9, Reason.SELF_TRADE)]
    assert game.shows(SELL) == [(100, "4*2 5*3")]


def test_decrement_takes_the_smaller_off_both(new: New) -> None:
    game = new()
    crowd(game)
    outcome = game.buy(9, 100, self_trade=DECREMENT, **MINE)
    replaced, ended = ReportType.REPLACED, ReportType.EXPIRED
    assert others(outcome) == [
        (ended, 1, 3, Reason.SELF_TRADE),
        (replaced, 4, 6, Reason.SELF_TRADE),
        (replaced, 3, 3, Reason.SELF_TRADE),
        (ended, 4, 2, Reason.SELF_TRADE),
    ]
    assert takes(outcome) == [(100, 4)]
    assert news(outcome)[-1] == ("REPLACE", 100, 3, 3)
    assert game.shows(SELL) == [(100, "3*3")]


def test_decrement_of_equals_ends_both(new: New) -> None:
    game = new()
    game.sell(3, 100, **MINE)
    outcome = game.buy(3, 100, self_trade=DECREMENT, **MINE)
    assert expired(outcome) == [(1, 3, Reason.SELF_TRADE), (2, 3, Reason.SELF_TRADE)]


def test_decrement_takes_the_reserve_of_an_iceberg_first(new: New) -> None:
    game = new()
    game.sell(10, 100, display=3, **MINE)
    outcome = game.buy(6, 100, self_trade=DECREMENT, **MINE)
    assert outcome.messages == []
    assert (game.shows(SELL), game.now.reserves) == ([(100, "3*1")], {1: 1})
    outcome = game.buy(2, 100, self_trade=DECREMENT, **MINE)
    assert news(outcome) == [("REPLACE", 100, 2, 2)]


def test_hidden_and_waiting_orders_are_owned_too(new: New) -> None:
    game = new(market_rests=True)
    game.reference(100)
    game.sell(4, 100, hidden=True, **MINE)
    outcome = game.buy(3, 100, self_trade=DECREMENT, **MINE)
    assert others(outcome)[0] == (ReportType.REPLACED, 1, 1, Reason.SELF_TRADE)
    assert (outcome.messages, game.now.dark[SELL]) == ([], [(1, 200, 1, 0)])
    game.cancel(1)
    game.sell(4, **MINE)
    game.buy(3, 100, self_trade=DECREMENT, **MINE)
    assert game.now.waiting[SELL] == [(3, 1)]
    outcome = game.buy(3, 100, self_trade=OLDEST, **MINE)
    assert expired(outcome) == [(3, 1, Reason.SELF_TRADE)]
    assert game.shows(BUY) == [(100, "3*5")]


def test_decrement_cuts_a_minimum(new: New) -> None:
    game = new()
    game.sell(6, 100, least=5, **MINE)
    game.buy(5, 100, self_trade=DECREMENT, **MINE)
    assert game.now.dark[SELL] == [(1, 200, 1, 1)]


@pytest.mark.parametrize(
    ("rule", "found"),
    [(NEWEST, 4), (BOTH, 4), (OLDEST, 9), (DECREMENT, 7)],
)
def test_what_is_fillable_knows_what_becomes_of_own_orders(new: New, rule: int, found: int) -> None:
    game = new()
    game.sell(4, 99)
    game.sell(3, 100, **MINE)
    game.sell(5, 101)
    terms: dict[str, Any] = {"self_trade": rule, "tif": Tif.FOK, **MINE}
    assert refusal(game.buy(10, 101, **terms)) == (Reason.NOT_FILLABLE, found)
    if rule == OLDEST:
        assert sum(lots for _, lots in takes(game.buy(9, 101, **terms))) == 9


def test_reserves_stand_behind_own_orders_when_they_are_counted(new: New) -> None:
    game = new()
    game.sell(25, 100, display=5)
    game.sell(10, 100, **MINE)
    terms: dict[str, Any] = {"self_trade": DECREMENT, "tif": Tif.FOK, **MINE}
    assert refusal(game.buy(20, 100, **terms)) == (Reason.NOT_FILLABLE, 10)


def test_a_shared_level_is_settled_before_it_is_shared(new: New) -> None:
    game = new(**PRO_RATA)
    crowd(game)
    outcome = game.buy(6, 100, self_trade=OLDEST, **MINE)
    assert expired(outcome) == [(1, 3, Reason.SELF_TRADE), (3, 5, Reason.SELF_TRADE)]
    assert makes(outcome) == [(2, 100, 4)]


def test_a_shared_level_that_holds_an_own_order_ends_the_newest_at_once(new: New) -> None:
    game = new(**PRO_RATA)
    crowd(game)
    outcome = game.buy(6, 100, self_trade=NEWEST, **MINE)
    assert (fills(outcome), expired(outcome)) == ([], [(4, 6, Reason.SELF_TRADE)])
    refused = game.buy(6, 100, self_trade=BOTH, tif=Tif.FOK, **MINE)
    assert refusal(refused) == (Reason.NOT_FILLABLE, 0)


def test_a_shared_level_is_decremented_before_it_is_shared(new: New) -> None:
    game = new(**PRO_RATA)
    crowd(game)
    refused = game.buy(10, 100, self_trade=DECREMENT, tif=Tif.FOK, **MINE)
    assert refusal(refused) == (Reason.NOT_FILLABLE, 2)
    outcome = game.buy(10, 100, self_trade=DECREMENT, **MINE)
    assert makes(outcome) == [(2, 100, 2)]


def test_history_knows_no_owners(new: New) -> None:
    game = new()
    game.sell(3, 100, self_trade=BOTH, **MINE)
    assert makes(game.add("a", BUY, 2, 100)) == [(1, 100, 2)]
