"""The market behind the served exchange, as the exchange sees it: one clock, some books, some members.

Model: simulated time goes where it is told to go and nowhere else. A member is who trades under one
API key; a command of a member takes effect at the present, and everything that it brings about for
anybody is among the reports when the call returns.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from market.instruments import Instrument
from market.live import Level, Update
from market.messages import Cancel, Query, Replace, Report, Submit


class Heard(NamedTuple):
    """A report, and the number of the member that it is for."""

    member: int
    report: Report


class Rates(NamedTuple):
    """What trading costs at most, in parts per million; rebates count as nothing."""

    maker_ppm: int
    taker_ppm: int


class Holding(NamedTuple):
    """What the venue's own ledger says of a member in a book: lots, and price unit × lot."""

    position_lots: int
    cash: int
    fee: int


class ServedMarket(Protocol):
    """A running market that members can trade in.

    Attributes:
        instruments: One a book.
        start_ns: When its time begins.
        end_ns: The first instant that it does not have.
    """

    instruments: Sequence[Instrument]
    start_ns: int
    end_ns: int

    @property
    def overruns(self) -> int:
        """How often a book showed so much at once that trades were passed over."""
        ...

    @property
    def now_ns(self) -> int:
        """The present."""
        ...

    def advance(self, until_ns: int) -> None:
        """Let everything before `until_ns` happen; what has happened already stays so."""
        ...

    def command(self, member: int, command: Submit | Cancel | Replace | Query) -> bool:
        """Let a member's command take effect now; False when time is over."""
        ...

    def updates(self) -> list[Update]:
        """What books have shown since this was last asked for, in order."""
        ...

    def reports(self) -> list[Heard]:
        """What members were told since this was last asked for, in order."""
        ...

    def depth(self, book_id: int, count: int) -> tuple[int, list[Level], list[Level]]:
        """The number of the newest update, and the best bids and asks after it."""
        ...

    def rates(self, book_id: int) -> Rates:
        """What trading in a book costs at most."""
        ...

    def holding(self, member: int, book_id: int) -> Holding:
        """The venue's own account of a member."""
        ...
