"""Rebalance: a list of positions to reach, one for each book, said once.

Model: at the first two-sided view of a book after `start_after_ns` its target is said. Sides take turns by
the order of the books, a sale first, and sizes are drawn between `least_ppm` and all of what sizing allows,
by (key, book): half of the list sells and half buys, as when one portfolio becomes another.

Limits: it begins flat, so its sales are short ones. It has no view on prices.
"""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from market.codes import Urgency
from market.decisions import PPM, Facts, Signal, Target
from market.instruments import Instrument
from market.messages import View
from market.touch import touch_of
from strategies.belief import MEMORY_NS_MAX, check_range
from strategies.books import followed

NOTHING: tuple[Signal, ...] = ()


class RebalanceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters.

    Attributes:
        start_after_ns: From the first view of any book.
        key: Of the draws.
        least_ppm: Least strength of a target.
        urgency: Of every target.
    """

    start_after_ns: int = 0
    key: int = 0
    least_ppm: int = 500_000
    urgency: Urgency = Urgency.NORMAL

    def __post_init__(self) -> None:
        check_range("start_after_ns", self.start_after_ns, 0, MEMORY_NS_MAX)
        check_range("key", self.key, 0, (1 << 63) - 1)
        check_range("least_ppm", self.least_ppm, 1, PPM)


class RebalanceState(msgspec.Struct):
    """Everything remembered.

    Attributes:
        begins_ns: When targets are said; −1 before the first view.
        said: Books whose target has been said.
    """

    begins_ns: int = -1
    said: list[int] = []


class Rebalance:
    """Says a list of targets (`market.ports.Strategy`).

    Args:
        books: Numbers of the books of the list, in its order.
        instruments: Of every book of the desk, by number.
    """

    Config = RebalanceConfig
    State = RebalanceState

    def __init__(
        self, config: RebalanceConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        self.state = RebalanceState()
        self._config = config
        listed = followed("rebalance", books, instruments)
        self._places = {book_id: place for place, book_id in enumerate(listed)}

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:  # noqa: ARG002 -- the port's
        """Say a book's target once."""
        state, book_id = self.state, view.book_id
        if state.begins_ns < 0:
            state.begins_ns = view.local_ns + self._config.start_after_ns
        place = self._places.get(book_id)
        if place is None or view.local_ns < state.begins_ns or touch_of(view) is None:
            return NOTHING
        if book_id in state.said:
            return NOTHING
        state.said.append(book_id)
        return (
            Target(
                book_id=book_id,
                strength_ppm=self._strength(place, book_id),
                urgency=self._config.urgency,
            ),
        )

    def _strength(self, place: int, book_id: int) -> int:
        """How much of the full size, and on which side."""
        least_ppm = self._config.least_ppm
        digest = blake2b(digest_size=8, person=b"rebalance")
        for number in (self._config.key, book_id):
            digest.update(number.to_bytes(9, "little", signed=True))
        bits = int.from_bytes(digest.digest(), "little") >> 1
        size_ppm = least_ppm + bits % (PPM - least_ppm + 1)
        return size_ppm if place % 2 else -size_ppm
