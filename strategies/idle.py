"""Idle: believes nothing. For a desk that should only watch, and for measuring a desk alone."""

from collections.abc import Sequence
from typing import Final

import msgspec

from market.decisions import Facts, Signal
from market.instruments import Instrument
from market.messages import View
from strategies.books import followed

NOTHING: Final[tuple[Signal, ...]] = ()


class IdleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has no parameters."""


class IdleState(msgspec.Struct):
    """It remembers nothing."""


class Idle:
    """Says nothing (`market.ports.Strategy`).

    Args:
        books: Numbers of the books it looks at.
        instruments: Of every book of the desk, by number.
    """

    Config = IdleConfig
    State = IdleState

    def __init__(
        self,
        config: IdleConfig,  # noqa: ARG002 -- every strategy is made alike
        *,
        books: Sequence[int],
        instruments: Sequence[Instrument],
    ) -> None:
        followed("idle", books, instruments)
        self.state = IdleState()

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:  # noqa: ARG002 -- the port's
        """Nothing."""
        return NOTHING
