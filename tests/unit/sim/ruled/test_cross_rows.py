"""CROSS rows: when history's auction is ours as well, and when a row makes a call of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from market.codes import Kind, Mode, Phase, Reason
from market.codes import TimeInForce as Tif
from sim.reference import Outcome
from tests.unit.sim.ruled.game import (
    BUY,
    FROZEN,
    REACTIVE,
    SELL,
    TICK_UNITS,
    Game,
    expired,
    fills,
    news,
)

New = Callable[..., Game]


def cross(game: Game, qty: int, ticks: int, call: Phase | None = None) -> Outcome:
    """A CROSS row, which may name the call that it ends."""
    handle = -1 if call is None else -1 - int(call)
    return game.checked(
        game.book.apply(
            kind=int(Kind.CROSS), side_flags=0, handle=handle, price=ticks * TICK_UNITS, qty=qty
        )
    )


def crossed_word(game: Game) -> int:
    """What the dump says of the call: behind the reference and the band."""
    words: list[Any] = game.book.dump()
    plain = 1 + sum(side_words(game, side) for side in (BUY, SELL)) + 1 + 2 * len(game.now.spent)
    return int(words[plain + 4 + 3])


def side_words(game: Game, side: int) -> int:
    now = game.now
    orders = sum(len(queue) for _, _, queue in now.levels[side])
    return 1 + 3 * len(now.levels[side]) + 3 * orders + 1 + 2 * len(now.waiting[side])


def test_where_nobody_is_special_historys_auction_stands(new: New) -> None:
    game = new(REACTIVE)
    game.phase(Phase.INTRADAY_CALL)
    game.add("a", BUY, 5, 101)
    game.add("b", SELL, 5, 99)

    outcome = cross(game, 5, 100)

    assert news(outcome) == [("CROSS", 100 * TICK_UNITS, 5, 0)]
    assert game.shows(BUY) == [(101, "5a")]
    assert crossed_word(game) == 2
    assert news(game.execute("a", 5)) == [("EXECUTE", 101, 5, 0)]
    # The end of the call does not cross what history has crossed.
    assert news(game.phase(Phase.CONTINUOUS)) == [("PHASE", 0, 1, 0)]


def test_with_an_order_of_ours_the_auction_is_found_anew(new: New) -> None:
    game = new(REACTIVE)
    game.phase(Phase.INTRADAY_CALL)
    game.add("a", BUY, 5, 100)
    game.sell(3, 100)

    outcome = cross(game, 5, 99)

    assert news(outcome)[0] == ("CROSS", 100 * TICK_UNITS, 3, 0)
    assert fills(outcome) == [(1, 100.0, 3, 0, "A")]
    assert crossed_word(game) == 1
    # Of history's share of five, three have been traded already.
    assert news(game.execute("a", 5)) == [("REDUCE", 100, 2, 0)]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_cross_before_the_open_is_the_call_of_orders_for_the_open(new: New, mode: Mode) -> None:
    game = new(mode)
    game.phase(Phase.PRE_OPEN)
    game.add("a", SELL, 4, 99)
    game.buy(6, 101, tif=Tif.AT_OPEN)
    game.buy(2, 101, tif=Tif.AT_CLOSE)

    outcome = cross(game, 4, 99)

    assert fills(outcome) == [(1, 99.0 if mode == FROZEN else 101.0, 4, 2, "A")]
    assert expired(outcome) == [(1, 2, Reason.AUCTION_OVER)]
    assert game.is_open(2)


def test_a_cross_in_a_halt_is_a_call_of_any_kind(new: New) -> None:
    game = new(REACTIVE)
    game.phase(Phase.HALT)
    game.add("a", SELL, 4, 99)
    game.buy(3, tif=Tif.AUCTION)
    game.buy(3, 98, tif=Tif.AT_CLOSE)

    outcome = cross(game, 4, 99)

    assert fills(outcome) == [(1, 99.0, 3, 0, "A")]
    assert game.is_open(2)
    assert crossed_word(game) == 1


@pytest.mark.parametrize("mode", list(Mode))
def test_a_cross_in_the_midst_of_trading_fills_at_its_price_if_it_names_its_call(
    new: New, mode: Mode
) -> None:
    game = new(mode)
    game.add("a", SELL, 9, 105)
    game.buy(5, tif=Tif.AT_CLOSE)
    game.buy(2, 100)
    game.buy(3, 99, tif=Tif.AT_CLOSE)

    outcome = cross(game, 6, 99, Phase.CLOSING_CALL)

    assert fills(outcome) == [(1, 99.0, 5, 0, "A"), (2, 99.0, 1, 1, "A")]
    assert expired(outcome) == [(3, 3, Reason.AUCTION_OVER)]
    assert news(outcome)[-1 if mode == FROZEN else -2] == ("CROSS", 99 * TICK_UNITS, 6, 0)
    assert crossed_word(game) == 0


@pytest.mark.parametrize("handle", [None, Phase.PRE_OPEN, Phase.CLOSED])
def test_any_other_cross_in_the_midst_of_trading_is_a_print(new: New, handle: Any) -> None:
    game = new(REACTIVE)
    game.buy(5, tif=Tif.AT_CLOSE)
    game.buy(2, 100)

    outcome = cross(game, 6, 99, handle)

    assert fills(outcome) == []
    assert news(outcome) == [("CROSS", 99 * TICK_UNITS, 6, 0)]
    assert game.is_open(1)
