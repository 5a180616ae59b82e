"""A strategy that never rests: it moves both quotes at every view, for tests of a busy desk."""

from collections.abc import Sequence

import msgspec

from market.decisions import Facts, Quotes, Signal
from market.instruments import Instrument
from market.messages import View
from market.touch import touch_of


class FlickerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quantity of either quote."""

    qty_lots: int


class FlickerState(msgspec.Struct):
    """How many views there were."""

    views: int = 0


class Flicker:
    """Quotes at the touch and one to three ticks behind it, in turn.

    Args:
        config: Its quantity.
        books: The first is quoted.
        instruments: Of every book of the desk.
    """

    Config = FlickerConfig
    State = FlickerState

    def __init__(
        self, config: FlickerConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        assert instruments
        self.state = FlickerState()
        self._qty_lots = config.qty_lots
        self._book_id = books[0]

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        """Both quotes, elsewhere than before; the side that would add to a position is smaller."""
        touch = touch_of(view)
        if touch is None:
            return ()
        self.state.views += 1
        away = self.state.views % 4
        lots = self._qty_lots
        less = max(lots - abs(facts.position_lots) // 4, 1)
        return (
            Quotes(
                book_id=self._book_id,
                bid_ticks=touch.bid_ticks - away,
                bid_lots=less if facts.position_lots > 0 else lots,
                ask_ticks=touch.ask_ticks + away,
                ask_lots=less if facts.position_lots < 0 else lots,
            ),
        )
