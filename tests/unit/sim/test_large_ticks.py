"""Prints on books whose tick is many price units, such as a quarter in units of 1e-9."""

from typing import Any

import pytest

from market.codes import Depth, Kind, Mode
from market.columns import PRICE_TICKS_MAX
from tests.differential import Pair
from tests.ruled_books import IMPLEMENTATIONS
from tests.unit.sim.ruled.game import BUY, SELL, Game, fills

QUARTER = 250_000_000
CASES = [
    (Mode.FROZEN, Depth.L1),
    (Mode.FROZEN, Depth.L2),
    (Mode.FROZEN, Depth.L3),
    (Mode.REACTIVE, Depth.L3),
]


def print_row(units: int, kind: Kind = Kind.TRADE) -> tuple[str, dict[str, int]]:
    return "row", {"kind": kind, "side_flags": SELL, "handle": -1, "price": units, "qty": 3}


@pytest.mark.parametrize(("mode", "depth"), CASES)
@pytest.mark.parametrize("kind", [Kind.TRADE, Kind.CROSS])
@pytest.mark.parametrize("ours", [False, True])
def test_a_print_is_taken_however_many_units_a_tick_has(
    mode: Mode, depth: Depth, kind: Kind, ours: bool
) -> None:
    pair = Pair(mode, tick_units=QUARTER, handle_count=4, depth=depth)
    if ours:
        order = {"side": 0, "order_type": 0, "tif": 0, "post_only": False, "price_ticks": 401}
        pair.feed(("submit", {"order_id": 1, "qty_lots": 2, **order}))
    before = pair.seen
    pair.feed(print_row(400 * QUARTER, kind))
    assert pair.seen > before


@pytest.mark.parametrize(("mode", "depth"), CASES)
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_print_beyond_all_prices_is_refused_to_the_unit(
    mode: Mode, depth: Depth, sign: int, beyond: int
) -> None:
    pair = Pair(mode, tick_units=3, handle_count=4, depth=depth)
    pair.feed(print_row(sign * (3 * PRICE_TICKS_MAX + beyond)))
    assert pair.seen == 1 - beyond


@pytest.mark.parametrize("book_class", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)
def test_with_rules_it_is_taken_too(book_class: Any) -> None:
    game = Game(book_class, Mode.REACTIVE, tick_units=QUARTER)
    game.buy(2, 401)
    assert fills(game.print(SELL, 3, 400 * QUARTER)) == [(1, 401, 2, 0, "M")]
    assert game.now.reference_x2 == 800
    assert game.shows(BUY) == []
