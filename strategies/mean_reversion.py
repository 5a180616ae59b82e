"""Mean reversion: what has strayed from its mean comes back, unless it has gone too far.

Model: a mean of the mid, weighted by time. On a random walk that moves by σ in a second, the mid's
distance from a mean with a memory of m seconds is normal with the standard deviation σ·√(m/2),
because an increment of age u is in the distance with e^(−u/m). The score is the distance in these
standard deviations, turned around: a price above its mean is a reason to be short. At `stop_ppm` the
move is taken for news rather than noise: the belief ends until the price is back at its mean.

Invariants: the score of a moment rests on mids of that moment and before; until the mean is one
memory old nothing is said.

Limits: no word while volatility is unknown, or while the book may not be traded on; a mid at or
below zero has no relative distance and is passed over.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from market.codes import Urgency
from market.decisions import Facts, Signal, Target
from market.instruments import Instrument
from market.messages import View
from market.touch import touch_of
from strategies.belief import (
    MEMORY_NS_MAX,
    Band,
    Belief,
    check_range,
    revise,
    walk_sd,
    weight_of,
)
from strategies.books import followed

NOTHING: Final[tuple[Signal, ...]] = ()


class MeanReversionConfig(Band, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters; the score is in standard deviations.

    Attributes:
        memory_ns: Memory of the mean; also the horizon of the belief.
    """

    memory_ns: int
    stop_ppm: int = 4_000_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("memory_ns", self.memory_ns, 1, MEMORY_NS_MAX)


class Mean(msgspec.Struct):
    """What is remembered of one book.

    Attributes:
        first_ns: Local time of the first mid.
        last_ns: Local time of the newest mid.
        mid_x2: Twice the newest mid; 0 before the first.
        mean_x2: Twice the mean.
    """

    first_ns: int = 0
    last_ns: int = 0
    mid_x2: int = 0
    mean_x2: float = 0.0
    belief: Belief = msgspec.field(default_factory=Belief)


class MeanReversionState(msgspec.Struct):
    """Everything remembered, by book."""

    books: dict[int, Mean] = {}


class MeanReversion:
    """Leans against moves of any number of books, each on its own (`market.ports.Strategy`).

    Args:
        books: Numbers of the books it follows.
        instruments: Of every book of the desk, by number.
    """

    Config = MeanReversionConfig
    State = MeanReversionState

    def __init__(
        self,
        config: MeanReversionConfig,
        *,
        books: Sequence[int],
        instruments: Sequence[Instrument],
    ) -> None:
        self.state = MeanReversionState(
            books={book_id: Mean() for book_id in followed("mean_reversion", books, instruments)}
        )
        self._config = config
        self._sd_per_volatility = walk_sd(1.0, config.memory_ns / 2e9)

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        """Move the mean to now, and say how far the mid is from it when that is news."""
        touch = touch_of(view)
        mean = self.state.books.get(view.book_id)
        if touch is None or mean is None:
            return NOTHING
        mid_x2 = touch[0] + touch[1]
        now_ns = view.local_ns
        if mid_x2 <= 0:
            return NOTHING
        config = self._config
        if mean.mid_x2 == 0:
            mean.first_ns = now_ns
            mean.mean_x2 = float(mid_x2)
        else:
            # The old mid stood until now; the new one has not stood for any time yet.
            weight = weight_of(now_ns - mean.last_ns, config.memory_ns)
            mean.mean_x2 += (mean.mid_x2 - mean.mean_x2) * weight
        mean.last_ns = now_ns
        mean.mid_x2 = mid_x2
        sd = facts.volatility * self._sd_per_volatility
        if sd <= 0.0 or now_ns - mean.first_ns < config.memory_ns:
            return NOTHING
        score = (1.0 - mid_x2 / mean.mean_x2) / sd
        strength_ppm = revise(mean.belief, config, score, now_ns)
        if strength_ppm is None:
            return NOTHING
        return (
            Target(
                book_id=view.book_id,
                strength_ppm=strength_ppm,
                horizon_ns=config.memory_ns,
                # A belief waits for a price; its end, which may be a stop, does not.
                urgency=Urgency.PATIENT if strength_ppm else Urgency.NORMAL,
            ),
        )
