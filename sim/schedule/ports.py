"""What schedules and guards need of the books, and who listens to them."""

from typing import Final, NamedTuple, Protocol

from market.codes import Phase
from market.messages import NO_PRICE
from sim.world import OutRow

NO_LOW_TICKS: Final = NO_PRICE
NO_HIGH_TICKS: Final = -NO_PRICE
"""A band without a bound; the band (NO_LOW_TICKS, NO_HIGH_TICKS) is none."""


class BookControl(Protocol):
    """The books of a venue, as those command them who decide on phases and bands."""

    def set_phase(self, book_id: int, phase: Phase, now_ns: int) -> list[OutRow]:
        """Change a book's phase; what the owners of orders must hear.

        Leaving a call for another phase than HALT prints its auction.
        """
        ...

    def set_band(self, book_id: int, low_ticks: int, high_ticks: int, now_ns: int) -> list[OutRow]:
        """Let a book trade and print within these prices only, both included; who must hear of it."""
        ...

    def phase(self, book_id: int) -> Phase:
        """The phase that a book has; it may itself turn to VOLATILITY_CALL."""
        ...


class CallOutlook(NamedTuple):
    """What would come of a call if it ended now.

    Attributes:
        in_band: Whether it would print inside its band, or not at all.
        market_left: Whether market orders would be left over.
    """

    in_band: bool = True
    market_left: bool = False


class Outlook(Protocol):
    """Who can say what would come of a call."""

    def __call__(self, book_id: int, now_ns: int) -> CallOutlook:
        """The outlook of a book's call."""
        ...


class PhaseListener(Protocol):
    """Who must know of phases."""

    def on_phase(self, book_id: int, phase: Phase, now_ns: int) -> None:
        """A book has another phase."""
        ...

    def on_extended(self, book_id: int, times: int, now_ns: int) -> None:
        """A book's call goes on because its price lay outside the band, for the n-th time."""
        ...
