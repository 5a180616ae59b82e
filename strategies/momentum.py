"""Momentum: what has moved further than chance would, goes on.

Model: two means of the mid, weighted by time, a fast and a slow one. On a random walk that moves by
σ in a second their difference, relative to the price, is normal with the standard deviation

    σ · (slow − fast) / √(2·(slow + fast))      (memories in seconds),

because an increment of age u is in the difference with e^(−u/slow) − e^(−u/fast). The score is the
difference in these standard deviations, so one threshold fits quiet and wild books alike. σ is the
desk's measure (`Facts.volatility`).

Invariants: the score of a moment rests on mids of that moment and before; until the slow mean is one
memory old nothing is said.

Limits: no word while volatility is unknown, or while the book may not be traded on; a mid at or
below zero has no relative change and is passed over.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import msgspec

from market.decisions import Facts, Signal, Target
from market.errors import InputError
from market.instruments import Instrument
from market.messages import View
from market.touch import touch_of
from strategies.belief import MEMORY_NS_MAX, Band, Belief, check_range, revise, weight_of
from strategies.books import followed

NOTHING: Final[tuple[Signal, ...]] = ()


class MomentumConfig(Band, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters; the score is in standard deviations.

    Attributes:
        fast_ns: Memory of the fast mean.
        slow_ns: Memory of the slow one; also the horizon of the belief.
    """

    fast_ns: int
    slow_ns: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("slow_ns", self.slow_ns, 2, MEMORY_NS_MAX)
        if not 1 <= self.fast_ns < self.slow_ns:
            raise InputError(
                f"fast_ns is {self.fast_ns}, allowed is 1 to below slow_ns ({self.slow_ns})"
            )


class Means(msgspec.Struct):
    """What is remembered of one book.

    Attributes:
        first_ns: Local time of the first mid.
        last_ns: Local time of the newest mid.
        mid_x2: Twice the newest mid; 0 before the first.
        fast_x2: Twice the fast mean.
        slow_x2: Twice the slow mean.
    """

    first_ns: int = 0
    last_ns: int = 0
    mid_x2: int = 0
    fast_x2: float = 0.0
    slow_x2: float = 0.0
    belief: Belief = msgspec.field(default_factory=Belief)


class MomentumState(msgspec.Struct):
    """Everything remembered, by book."""

    books: dict[int, Means] = {}


class Momentum:
    """Follows moves of any number of books, each on its own (`market.ports.Strategy`).

    Args:
        books: Numbers of the books it follows.
        instruments: Of every book of the desk, by number.
    """

    Config = MomentumConfig
    State = MomentumState

    def __init__(
        self, config: MomentumConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        fast_s, slow_s = config.fast_ns / 1e9, config.slow_ns / 1e9
        self.state = MomentumState(
            books={book_id: Means() for book_id in followed("momentum", books, instruments)}
        )
        self._config = config
        self._sd_seconds = (slow_s - fast_s) / sqrt(2.0 * (slow_s + fast_s))

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        """Move both means to now, and say how far they are apart when that is news."""
        touch = touch_of(view)
        means = self.state.books.get(view.book_id)
        if touch is None or means is None:
            return NOTHING
        mid_x2 = touch[0] + touch[1]
        now_ns = view.local_ns
        if mid_x2 <= 0:
            return NOTHING
        config = self._config
        if means.mid_x2 == 0:
            means.first_ns = now_ns
            means.fast_x2 = means.slow_x2 = float(mid_x2)
        else:
            # The old mid stood until now; the new one has not stood for any time yet.
            elapsed_ns, old_x2 = now_ns - means.last_ns, means.mid_x2
            means.fast_x2 += (old_x2 - means.fast_x2) * weight_of(elapsed_ns, config.fast_ns)
            means.slow_x2 += (old_x2 - means.slow_x2) * weight_of(elapsed_ns, config.slow_ns)
        means.last_ns = now_ns
        means.mid_x2 = mid_x2
        sd = facts.volatility * self._sd_seconds
        if sd <= 0.0 or now_ns - means.first_ns < config.slow_ns:
            return NOTHING
        score = (means.fast_x2 / means.slow_x2 - 1.0) / sd
        strength_ppm = revise(means.belief, config, score, now_ns)
        if strength_ppm is None:
            return NOTHING
        return (Target(book_id=view.book_id, strength_ppm=strength_ppm, horizon_ns=config.slow_ns),)
