"""What random streams found where reference and kernel disagreed, cut down to its cause."""

from collections.abc import Callable

from market.codes import BandAction
from market.codes import TimeInForce as Tif
from tests.unit.sim.ruled.game import BUY, FROZEN, Game, takes

New = Callable[..., Game]


def test_a_level_eaten_up_outside_the_band_does_not_end_the_count_of_what_can_be_filled(
    new: New,
) -> None:
    # Frozen, the level at 101 stays although nothing of it can be taken; it is passed over.
    game = new(FROZEN, band_action=BandAction.INTERRUPT)
    game.add("a", BUY, 9, 101)
    assert takes(game.sell(9, 101)) == [(101, 9)]
    game.add("b", BUY, 1, 100)
    game.band(90, 100)

    assert takes(game.sell(1, 100, tif=Tif.FOK)) == [(100, 1)]
