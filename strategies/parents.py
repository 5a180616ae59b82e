"""Parents: wishes at fixed times, of drawn sizes and sides, to try execution and routing with.

Model: time is cut into stretches of `every_ns`. At the first two-sided view of a stretch a target is
said for each book that is followed, its strength drawn between −1,000,000 and 1,000,000 by (key, book,
stretch) and at least `least_ppm` away from the one before. So two runs that differ in what they do about
a wish have the same wishes, and what they paid can be compared one by one.

It believes nothing: its wishes know no price, and what they earn is luck. What they cost is not.
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


class ParentsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters.

    Attributes:
        every_ns: Length of a stretch.
        key: Of the draws.
        least_ppm: Least change of strength from one target to the next.
        urgency: Of every target.
    """

    every_ns: int
    key: int = 0
    least_ppm: int = 250_000
    urgency: Urgency = Urgency.NORMAL

    def __post_init__(self) -> None:
        check_range("every_ns", self.every_ns, 1, MEMORY_NS_MAX)
        check_range("key", self.key, 0, (1 << 63) - 1)
        check_range("least_ppm", self.least_ppm, 0, PPM)


class Said(msgspec.Struct):
    """What was said of one book: the newest stretch, and the strength in it."""

    stretch: int = -1
    strength_ppm: int = 0


class ParentsState(msgspec.Struct):
    """Everything remembered, by book."""

    books: dict[int, Said] = {}


class Parents:
    """Says a target for each stretch (`market.ports.Strategy`).

    Args:
        books: Numbers of the books it follows.
        instruments: Of every book of the desk, by number.
    """

    Config = ParentsConfig
    State = ParentsState

    def __init__(
        self, config: ParentsConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        self.state = ParentsState(
            books={book_id: Said() for book_id in followed("parents", books, instruments)}
        )
        self._config = config

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:  # noqa: ARG002 -- the port's
        """Say the target of a stretch that has begun."""
        said = self.state.books.get(view.book_id)
        stretch = view.local_ns // self._config.every_ns
        if said is None or stretch <= said.stretch or touch_of(view) is None:
            return NOTHING
        said.stretch = stretch
        said.strength_ppm = self._drawn(view.book_id, stretch, said.strength_ppm)
        return (
            Target(
                book_id=view.book_id,
                strength_ppm=said.strength_ppm,
                horizon_ns=self._config.every_ns,
                urgency=self._config.urgency,
            ),
        )

    def _drawn(self, book_id: int, stretch: int, before_ppm: int) -> int:
        """A strength that differs enough from the one before: one of those on either side of it."""
        least_ppm = self._config.least_ppm
        below = max(before_ppm - least_ppm + PPM + 1, 0)
        above = max(PPM - before_ppm - least_ppm + 1, 0)
        digest = blake2b(digest_size=8, person=b"parents")
        for number in (self._config.key, book_id, stretch):
            digest.update(number.to_bytes(9, "little", signed=True))
        at = (int.from_bytes(digest.digest(), "little") >> 1) % (below + above)
        return at - PPM if at < below else before_ppm + least_ppm + at - below
