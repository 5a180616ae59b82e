"""Pairs: two books that belong together, bought and sold against each other when they part.

Model: the spread of a first book a and a second book b is

    s = ln(mid a) − β·ln(mid b),

so that neither tick size nor price level matters. Its mean μ and variance v are moved on by what
stood since the last view, with a weight w = 1 − e^(−elapsed / memory):

    d = s − μ,    μ ← μ + w·d,    v ← (1 − w)·(v + w·d²).

The score is the spread's distance from its mean in standard deviations, turned around: a spread
above its mean is a reason to sell a and buy b. The second leg's strength is −β times the first's.

Invariants:
1. Both legs are said together, or neither.
2. The score rests on mids of now and before, and mean and variance on mids from before now.

Limits: β is given, not fitted. A spread is believed only while both mids are younger than
`age_ns_max`, and after it has been watched for one memory. Sizing turns strengths into lots, so legs
are equal in worth only if the sizing of both books is.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import msgspec

from market.decisions import PPM, Facts, Signal, Target
from market.instruments import Instrument
from market.messages import View
from market.portable import log
from market.touch import touch_of
from strategies.belief import MEMORY_NS_MAX, Band, Belief, check_range, revise, weight_of
from strategies.books import followed

VARIANCE_MIN: Final = 1e-20
"""A spread that moves by less than a part in 10^10 does not move."""

NOTHING: Final[tuple[Signal, ...]] = ()


class PairsConfig(Band, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters; the score is in standard deviations.

    Attributes:
        memory_ns: Memory of mean and variance; also the horizon of the belief.
        age_ns_max: Oldest mid that still makes a spread.
        beta_ppm: β, in parts per million; the book that moves more comes second.
    """

    memory_ns: int
    age_ns_max: int
    beta_ppm: int = PPM
    entry_ppm: int = 2_000_000
    full_ppm: int = 3_000_000
    stop_ppm: int = 6_000_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("memory_ns", self.memory_ns, 1, MEMORY_NS_MAX)
        check_range("age_ns_max", self.age_ns_max, 1, MEMORY_NS_MAX)
        check_range("beta_ppm", self.beta_ppm, 1, PPM)


class PairsState(msgspec.Struct):
    """Everything remembered.

    Attributes:
        seen: Whether each leg has had a mid.
        log_mid: Logarithm of twice each leg's newest mid.
        mid_ns: Local time of it.
        watched: Whether there has been a spread.
        first_ns: Local time of the first spread.
        last_ns: Local time of the newest.
        spread: The newest; its mean and variance do not yet hold it.
        mean: μ.
        variance: v.
    """

    seen: list[bool]
    log_mid: list[float]
    mid_ns: list[int]
    watched: bool = False
    first_ns: int = 0
    last_ns: int = 0
    spread: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    belief: Belief = msgspec.field(default_factory=Belief)


class Pairs:
    """Trades two books against each other (`market.ports.Strategy`).

    Args:
        books: The first book and the second.
        instruments: Of every book of the desk, by number.
    """

    Config = PairsConfig
    State = PairsState

    def __init__(
        self, config: PairsConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        self.state = PairsState(seen=[False, False], log_mid=[0.0, 0.0], mid_ns=[0, 0])
        self._config = config
        self._books = followed("pairs", books, instruments, count=2)
        self._beta = config.beta_ppm / 1e6

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:  # noqa: ARG002 -- the port's
        """Move mean and variance to now, and say how far the spread is from them when it is news."""
        touch = touch_of(view)
        if touch is None or view.book_id not in self._books:
            return NOTHING
        mid_x2, now_ns = touch[0] + touch[1], view.local_ns
        if mid_x2 <= 0:
            return NOTHING
        state, config = self.state, self._config
        leg = 0 if view.book_id == self._books[0] else 1
        state.log_mid[leg] = log(float(mid_x2))
        state.mid_ns[leg] = now_ns
        state.seen[leg] = True
        if not state.seen[1 - leg] or now_ns - state.mid_ns[1 - leg] > config.age_ns_max:
            return NOTHING
        self._move(state, now_ns)
        if now_ns - state.first_ns < config.memory_ns or state.variance < VARIANCE_MIN:
            return NOTHING
        score = (state.mean - state.spread) / sqrt(state.variance)
        strength_ppm = revise(state.belief, config, score, now_ns)
        return NOTHING if strength_ppm is None else self._say(strength_ppm)

    def _move(self, state: PairsState, now_ns: int) -> None:
        """What stood since the last view goes into mean and variance; then the new spread stands."""
        spread = state.log_mid[0] - self._beta * state.log_mid[1]
        if not state.watched:
            state.watched = True
            state.first_ns = now_ns
            state.mean = spread
        else:
            weight = weight_of(now_ns - state.last_ns, self._config.memory_ns)
            distance = state.spread - state.mean
            state.mean += weight * distance
            state.variance = (1.0 - weight) * (state.variance + weight * distance * distance)
        state.last_ns = now_ns
        state.spread = spread

    def _say(self, strength_ppm: int) -> Sequence[Signal]:
        """Both legs at once."""
        config, (first, second) = self._config, self._books
        # Towards zero on both signs, so that the legs of a long and of a short pair are alike.
        hedge_ppm = abs(strength_ppm) * config.beta_ppm // PPM
        return (
            Target(book_id=first, strength_ppm=strength_ppm, horizon_ns=config.memory_ns),
            Target(
                book_id=second,
                strength_ppm=-hedge_ppm if strength_ppm > 0 else hedge_ppm,
                horizon_ns=config.memory_ns,
            ),
        )
