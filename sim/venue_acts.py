"""What a venue does of its own accord: orders whose time is over, lost sessions, pulled quotes.

Everything ends by `end`, with a reason that the order's owner is told.
"""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from market.codes import Phase, Reason
from market.refusals import Refusal
from sim.clock import NEVER_NS
from sim.front.house import House
from sim.front.scopes import Standing
from sim.session import Session
from sim.venue_mass import MassCommands
from sim.venue_order import Books, RuledBooks

if TYPE_CHECKING:
    from sim.venue import Venue

OWN_ACT: Final = 128
"""Causes of what the venue does to an order begin here; those of its commands lie below."""

Later = Callable[[int, Callable[[Any], None], Any], object]
"""Call something with an argument at a time; a clock's `at`."""


class VenueActs:
    """A venue's own acts on orders.

    Args:
        venue: Whose orders.
        books: Where they are.
        later: Calls back at a time; needed where something ends by itself.
    """

    def __init__(self, venue: "Venue", books: Books, later: Later | None) -> None:
        self._venue = venue
        self._books = books
        self._later = later
        self.mass = MassCommands(venue)
        self._armed_ns: dict[House, int] = {}

    def end(self, order_id: int, reason: Reason, now_ns: int) -> bool:
        """End an order for a reason of the venue's; whether it was alive."""
        order = self._venue.orders[order_id]
        if not order.alive:
            return False
        order.acts += 1
        cause = -((order_id << 8) + OWN_ACT + order.acts)
        books: RuledBooks = self._books  # type: ignore[assignment] # houses have such books
        for row in books.expire(order.book_id, now_ns, order_id, int(reason), cause=cause):
            self._venue.answer(row)
        return True

    def end_day(self, book_id: int, now_ns: int) -> None:
        """A book's trading day is over: its DAY orders end; with the venue's last book, all of it."""
        house = self._venue.houses[book_id]
        for ending in house.end_day(book_id):
            self.end(ending.order_id, ending.reason, now_ns)
        if book_id == max(house.rules.admissions):
            house.holdings.open_day()

    def on_phase(self, book_id: int, phase: Phase, now_ns: int) -> None:
        """A book has another phase: what could not be cancelled for lost sessions may go now."""
        del phase
        house, orders = self._venue.houses[book_id], self._venue.orders

        def may_cancel(order: Standing) -> Refusal | None:
            return house.may_cancel(orders[order.order_id].original, now_ns)

        for ending in house.disconnects.retry(may_cancel):
            self.end(ending.order_id, ending.reason, now_ns)

    def on_extended(self, book_id: int, times: int, now_ns: int) -> None:
        """A call that goes on lets go of nothing."""

    # --- lost sessions ------------------------------------------------------------------------------

    def session_down(
        self,
        session: Session,
        now_ns: int,
        *,
        logout: bool = False,
        books: Collection[int] | None = None,
    ) -> None:
        """A session is lost, or says goodbye: its orders may have to go, now or later.

        With `books` it is lost at the venues of these books alone.
        """
        for house in self.distinct_houses(books):
            due_ns = house.disconnects.down(session.host, now_ns, logout=logout)
            if due_ns is None:
                continue
            if due_ns <= now_ns:
                self.mass.sweep_lost(house, now_ns)
            else:
                assert self._later is not None
                self._later(due_ns, self._sweep, (house, due_ns))

    def session_up(self, session: Session, books: Collection[int] | None = None) -> None:
        """A session is back, at every venue or at those of some books."""
        for house in self.distinct_houses(books):
            house.disconnects.up(session.host)

    def _sweep(self, due: tuple[House, int]) -> None:
        self.mass.sweep_lost(*due)

    def distinct_houses(self, books: Collection[int] | None = None) -> list[House]:
        """Every house once, or those of some books, in order of its first book."""
        houses = self._venue.houses
        wanted = [book_id for book_id in sorted(houses) if books is None or book_id in books]
        return list(dict.fromkeys(houses[book_id] for book_id in wanted))

    # --- lives --------------------------------------------------------------------------------------

    def arm(self, house: House) -> None:
        """Be called when the next order's time is over."""
        due_ns = house.lifetimes.next_ns()
        if due_ns is None or due_ns >= self._armed_ns.get(house, NEVER_NS):
            return
        assert self._later is not None
        self._armed_ns[house] = due_ns
        self._later(due_ns, self._times_over, (house, due_ns))

    def _times_over(self, due: tuple[House, int]) -> None:
        house, now_ns = due
        self._armed_ns.pop(house, None)
        for ending in house.lifetimes.due(now_ns):
            self.end(ending.order_id, ending.reason, now_ns)
        self.arm(house)
