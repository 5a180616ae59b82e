"""Order-book imbalance: the side with more lots wins the next move.

Model: over the best levels, with what is ours taken out, the imbalance is

    (bid lots − ask lots) / (bid lots + ask lots)      in [−1, 1],

and the score is its mean over time with a short memory, so that a quantity that is shown and taken
away again within an instant weighs nothing. That the next move goes towards the thin side is an old
observation; see Gould and Bonart, "Queue imbalance as a one-tick-ahead price predictor in a limit
order book", Market Microstructure and Liquidity 2 (2016).

Invariants: the score lies in [−1, 1]; an imbalance counts for the time it has stood, so the newest
one counts from the next view on.

Limits: it sees no more levels than its views carry; the signal is worth about a tick, so it pays
only with cheap or passive execution.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from market.codes import Urgency
from market.decisions import PPM, Facts, Signal, Target
from market.instruments import Instrument
from market.messages import View
from market.touch import touch_of
from strategies.belief import MEMORY_NS_MAX, Band, Belief, check_range, revise, weight_of
from strategies.books import followed

LEVELS_MAX: Final = 10
NOTHING: Final[tuple[Signal, ...]] = ()


class ImbalanceConfig(Band, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters; the score is a share, so thresholds lie below 1,000,000.

    Attributes:
        memory_ns: Memory of the mean.
        horizon_ns: For how long the belief is meant.
        levels: Levels of each side that are counted.
    """

    memory_ns: int
    horizon_ns: int
    levels: int = 1
    entry_ppm: int = 400_000
    exit_ppm: int = 100_000
    full_ppm: int = 800_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("memory_ns", self.memory_ns, 1, MEMORY_NS_MAX)
        check_range("horizon_ns", self.horizon_ns, 0, MEMORY_NS_MAX)
        check_range("levels", self.levels, 1, LEVELS_MAX)
        check_range("full_ppm", self.full_ppm, self.entry_ppm, PPM)


class Balance(msgspec.Struct):
    """What is remembered of one book.

    Attributes:
        seen: Whether there has been a view.
        last_ns: Local time of the newest imbalance.
        imbalance: The newest.
        mean: Its mean over time.
    """

    seen: bool = False
    last_ns: int = 0
    imbalance: float = 0.0
    mean: float = 0.0
    belief: Belief = msgspec.field(default_factory=Belief)


class ImbalanceState(msgspec.Struct):
    """Everything remembered, by book."""

    books: dict[int, Balance] = {}


class Imbalance:
    """Follows the balance of any number of books, each on its own (`market.ports.Strategy`).

    Args:
        books: Numbers of the books it follows.
        instruments: Of every book of the desk, by number.
    """

    Config = ImbalanceConfig
    State = ImbalanceState

    def __init__(
        self, config: ImbalanceConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        self.state = ImbalanceState(
            books={book_id: Balance() for book_id in followed("imbalance", books, instruments)}
        )
        self._config = config

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:  # noqa: ARG002 -- the port's
        """Let the old imbalance count for its time, take the new one in, and say what is news."""
        balance = self.state.books.get(view.book_id)
        if balance is None or touch_of(view) is None:
            return NOTHING
        config, now_ns = self._config, view.local_ns
        newest = imbalance_of(view, config.levels)
        if balance.seen:
            weight = weight_of(now_ns - balance.last_ns, config.memory_ns)
            balance.mean += (balance.imbalance - balance.mean) * weight
        balance.seen = True
        balance.last_ns = now_ns
        balance.imbalance = newest
        strength_ppm = revise(balance.belief, config, balance.mean, now_ns)
        if strength_ppm is None:
            return NOTHING
        return (
            Target(
                book_id=view.book_id,
                strength_ppm=strength_ppm,
                horizon_ns=config.horizon_ns,
                urgency=Urgency.NORMAL,
            ),
        )


def imbalance_of(view: View, levels: int) -> float:
    """How much more is bid than asked over the best levels, own lots taken out; 0 when empty.

    Args:
        view: Its levels are counted; one without levels counts its best prices.
        levels: At least 1.
    """
    bid_lots = view.bid_lots - view.own_bid_lots
    ask_lots = view.ask_lots - view.own_ask_lots
    if levels > 1:
        for _, lots in view.bids[1:levels]:
            bid_lots += lots
        for _, lots in view.asks[1:levels]:
            ask_lots += lots
    bid_lots = max(bid_lots, 0)
    ask_lots = max(ask_lots, 0)
    total_lots = bid_lots + ask_lots
    return (bid_lots - ask_lots) / total_lots if total_lots else 0.0
