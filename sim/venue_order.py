"""An order as its venue keeps it, and the books as a venue needs them."""

from typing import TYPE_CHECKING, Protocol

from market.codes import Phase, Side
from market.messages import Submit
from sim.session import Session
from sim.world import OutRow

if TYPE_CHECKING:
    from sim.account import Fill


class Books(Protocol):
    """The books of a run, fast or slow."""

    def submit(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        side: int,
        order_type: int,
        tif: int,
        post_only: bool,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Submit an order; what the owners of orders must hear."""
        ...

    def cancel(self, book_id: int, now_ns: int, order_id: int, *, cause: int) -> list[OutRow]:
        """Cancel an order."""
        ...

    def replace(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Replace an order."""
        ...

    def forget(self, order_id: int) -> None:
        """An order has ended."""
        ...


class RuledBooks(Books, Protocol):
    """Books of which some have rules (docs/explanation/venue-rules.md)."""

    def submit_terms(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        owner: int,
        side: int,
        order_type: int,
        tif: int,
        post: int,
        price_ticks: int,
        qty_lots: int,
        display_lots: int,
        display_high_lots: int,
        hidden: bool,
        min_qty_lots: int,
        all_or_none: bool,
        stop_ticks: int,
        trail_ticks: int,
        peg_offset_ticks: int,
        self_trade: int,
        cause: int,
    ) -> list[OutRow]:
        """Submit an order with terms to a book with rules."""
        ...

    def expire(
        self, book_id: int, now_ns: int, order_id: int, reason: int, *, cause: int
    ) -> list[OutRow]:
        """End an order for the venue's own reason; nothing if it is gone."""
        ...

    def phase(self, book_id: int) -> Phase:
        """The trading phase of a book."""
        ...


class VenueOrder:
    """Whose an order is, and how it stands at the venue.

    Attributes:
        session: That sent it.
        original: As it was entered.
        price_ticks: Its limit; 0 for a market order.
        open_lots: What may still fill.
        filled_lots: What has filled, whatever became of it by busts and corrections.
        fill_count: Fills that it ever had; numbers the next one.
        fills: Those that stand, by number.
        alive: Whether its book has accepted it and it has not ended.
        acts: What the venue itself has done to it.
    """

    __slots__ = (
        "acts",
        "alive",
        "fill_count",
        "filled_lots",
        "fills",
        "open_lots",
        "original",
        "price_ticks",
        "session",
    )

    def __init__(self, session: Session, original: Submit) -> None:
        self.session = session
        self.original = original
        self.price_ticks = 0
        self.open_lots = 0
        self.filled_lots = 0
        self.fill_count = 0
        self.fills: dict[int, Fill] = {}
        self.alive = False
        self.acts = 0

    @property
    def book_id(self) -> int:
        """Where it was sent."""
        return self.original.book_id

    @property
    def side(self) -> Side:
        """Its side."""
        return self.original.side
