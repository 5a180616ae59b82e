"""Who trades at one price: shared levels and their top order, and the broker's own first."""

from collections.abc import Callable

import pytest

from market.codes import Mode, SelfTrade
from sim.venue_rules.allocation_policy import AllocationPolicy, Step, cme_steps
from sim.venue_rules.book_rules import Matching
from tests.unit.sim.ruled.game import BUY, FROZEN, SELL, Game, fills, makes, takes

New = Callable[..., Game]


def shared(new: New, letter: str = "A", mode: Mode = Mode.REACTIVE, **policy: int) -> Game:
    return new(
        mode,
        matching=Matching.SHARED,
        allocation=AllocationPolicy(steps=cme_steps(letter), **policy),
    )


def lots_of(outcome: object) -> dict[int, int]:
    found: dict[int, int] = {}
    for order_id, _, lots in makes(outcome):
        found[order_id] = found.get(order_id, 0) + lots
    return found


def test_the_futures_exchanges_allocation_through_a_book(new: New) -> None:
    game = shared(new, prorata_min_lots=2)
    for lots in (10, 5, 20, 50, 75):
        game.buy(lots, 9704)
    assert lots_of(game.sell(60, 9704)) == {1: 10, 2: 3, 3: 6, 4: 16, 5: 25}


def test_pro_rata_with_the_rest_to_the_oldest_through_a_book(new: New) -> None:
    game = shared(new, "C", prorata_min_lots=2)
    for lots in (5, 9, 57, 4, 28, 300):
        game.buy(lots, 100)
    outcome = game.sell(50, 100)
    assert lots_of(outcome) == {1: 3, 3: 7, 5: 3, 6: 37}
    assert [order_id for order_id, _, _ in makes(outcome)] == [1, 3, 5, 6]


def test_only_who_bettered_the_market_is_top(new: New) -> None:
    game = shared(new, "A")
    game.buy(10, 100)
    game.buy(10, 99)
    game.buy(10, 99)
    assert lots_of(game.sell(10, 100)) == {1: 10}
    # The next level was never the best when its first order joined.
    assert lots_of(game.sell(10, 99)) == {2: 5, 3: 5}


def test_a_top_order_that_leaves_has_no_heir(new: New) -> None:
    game = shared(new, "A")
    for _ in range(3):
        game.buy(10, 100)
    game.cancel(1)
    assert lots_of(game.sell(10, 100)) == {2: 5, 3: 5}


def test_a_top_order_stays_top_while_it_only_gets_smaller(new: New) -> None:
    game = shared(new, "A")
    for _ in range(2):
        game.buy(10, 100)
    game.replace(1, 6, 100)
    assert lots_of(game.sell(8, 100)) == {1: 6, 2: 2}


def test_history_makes_top_orders_too(new: New) -> None:
    game = shared(new, "A")
    game.add("a", BUY, 6, 100)
    game.buy(10, 100)
    assert lots_of(game.sell(8, 100)) == {1: 2}
    assert game.shows(BUY) == [(100, "8*1")]


def test_a_new_peak_never_makes_a_top_order(new: New) -> None:
    game = shared(new, "A")
    game.buy(20, 100, display=10)
    game.sell(10, 100)
    game.buy(10, 100)
    assert lots_of(game.sell(10, 100)) == {1: 5, 3: 5}


def test_each_peak_of_a_shared_level_is_shared_anew(new: New) -> None:
    game = shared(new, "C")
    game.buy(12, 100, display=4)
    game.buy(4, 100)
    outcome = game.sell(12, 100)
    assert [lots for _, _, lots in makes(outcome)] == [4, 4, 4]
    assert game.shows(BUY) == [(100, "4*1")]


def test_what_the_steps_leave_over_goes_to_the_oldest(new: New) -> None:
    game = new(
        matching=Matching.SHARED,
        allocation=AllocationPolicy(steps=(Step.PRO_RATA,), prorata_min_lots=3),
    )
    for lots in (2, 20, 4):
        game.buy(lots, 100)
    assert lots_of(game.sell(13, 100)) == {1: 2, 2: 11}


def test_what_is_left_over_fills_nobody_beyond_what_they_have(new: New) -> None:
    game = new(matching=Matching.SHARED, allocation=AllocationPolicy(steps=(Step.PRO_RATA,)))
    for _ in range(3):
        game.buy(2, 100)
    assert lots_of(game.sell(5, 100)) == {1: 2, 2: 2, 3: 1}


@pytest.mark.parametrize("mode", list(Mode))
def test_historys_orders_share_with_ours(new: New, mode: Mode) -> None:
    game = shared(new, "C", mode)
    game.add("a", BUY, 30, 100)
    game.buy(10, 100)
    outcome = game.sell(20, 100)
    assert takes(outcome) == [(100, 15), (100, 5)]
    assert lots_of(outcome) == {1: 5}


def test_frozen_eaten_orders_share_nothing_and_are_not_top(new: New) -> None:
    game = shared(new, "A", FROZEN)
    game.add("a", BUY, 10, 100)
    game.sell(10, 100)
    game.buy(10, 100)
    game.buy(10, 100)
    assert lots_of(game.sell(10, 100)) == {2: 5, 3: 5}


def test_history_takes_a_shared_level_by_time(new: New) -> None:
    game = shared(new, "C")
    game.buy(10, 100)
    game.buy(10, 100)
    assert makes(game.add("a", SELL, 8, 100)) == [(1, 100, 8)]


# Brokers.


def brokers(new: New, mode: Mode = Mode.REACTIVE) -> Game:
    game = new(mode, matching=Matching.BROKER_TIME)
    game.buy(2, 101, owner=1)
    game.buy(2, 100, owner=1)
    game.add("a", BUY, 2, 100)
    game.buy(2, 100, owner=2)
    game.buy(2, 100, owner=2)
    return game


def test_at_a_price_a_brokers_own_orders_come_first(new: New) -> None:
    outcome = brokers(new).sell(7, 100, owner=2)
    assert makes(outcome) == [(1, 101, 2), (3, 100, 2), (4, 100, 2), (2, 100, 1)]


@pytest.mark.parametrize("terms", [{"owner": 0}, {"owner": 9}])
def test_whoever_has_nothing_there_goes_by_time(new: New, terms: dict[str, int]) -> None:
    outcome = brokers(new).sell(7, 100, **terms)
    assert makes(outcome) == [(1, 101, 2), (2, 100, 2), (3, 100, 1)]


def test_a_broker_who_may_not_trade_with_its_own_goes_by_time(new: New) -> None:
    game = brokers(new)
    game.sell(5, 100, owner=2, self_trade=int(SelfTrade.CANCEL_OLDEST))
    assert game.shows(BUY) == [(100, "1a 2*3 2*4")]


def test_a_brokers_iceberg_comes_first_with_every_peak(new: New) -> None:
    game = new(matching=Matching.BROKER_TIME)
    game.buy(4, 100, owner=1)
    game.buy(6, 100, owner=2, display=2)
    outcome = game.sell(7, 100, owner=2)
    assert makes(outcome) == [(2, 100, 2), (2, 100, 2), (2, 100, 2), (1, 100, 1)]


def test_dark_orders_know_no_broker(new: New) -> None:
    game = new(matching=Matching.BROKER_TIME)
    game.buy(2, 100, owner=1, hidden=True)
    game.buy(2, 100, owner=2, hidden=True)
    assert fills(game.sell(2, 100, owner=2))[0] == (1, 100, 2, 0, "H")
