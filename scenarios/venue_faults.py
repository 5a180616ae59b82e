"""What breaks at a venue: a book that halts, and trades that are taken back long after.

Model: each book of a run is a fault point, `book:SYMBOL@VENUE`, and so are all books of a venue together,
`venue:NAME`.

V-01 halts a book as its venue would, until somebody resumes it, and resumes it when the fault ends; all that
the venue's rules say of a halt and of the auction after it applies. Only a book with a venue can halt.

V-04 takes back the newest fills of all hosts in the book, as many as its severity says, newest first;
every second one is corrected instead: half the lots, at least one, a tick worse for its owner. With a
trigger by event the fills are those that stood when the event happened, the event's own among them, and
`after` is how long the venue takes to act. Otherwise they are those that stand when it begins.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from market.errors import InputError
from market.faults import Fault, FaultKind, OnEvent
from scenarios.stack import name_of
from sim.clock import Clock
from sim.schedule.driver import PhaseDriver
from sim.schedule.effective import Interruption
from sim.venue import Venue
from sim.venue_order import VenueOrder

if TYPE_CHECKING:
    from scenarios.build import Assembly


class _FillId(NamedTuple):
    """A fill, as its venue numbers it."""

    order_id: int
    exec_id: int


class BookPoint:
    """A book at its venue, as faults see it.

    Args:
        clock: Of the run.
        venue: Whose book it is.
        book_id: Which.
        driver: Of its phases, where it has any.
    """

    def __init__(
        self, clock: Clock, venue: Venue, book_id: int, driver: PhaseDriver | None
    ) -> None:
        self._clock = clock
        self._venue = venue
        self._book_id = book_id
        self._driver = driver
        self._fills: list[_FillId] = []
        self._hits: dict[str, int] = {}

    def note(self, order: VenueOrder, exec_id: int) -> None:
        """A fill was booked."""
        self._fills.append(_FillId(order.original.order_id, exec_id))

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Halt or restate from `from_ns` on, never within the event that calls for it."""
        now_ns = self._clock.now_ns
        if fault.kind is FaultKind.VENUE_HALT:
            self._clock.at(max(from_ns, now_ns), self._halt, fault.name)
            self._clock.at(max(until_ns, now_ns), self._resume)
            return
        chosen = self._newest(fault) if isinstance(fault.trigger, OnEvent) else None
        self._clock.at(max(from_ns, now_ns), self._restate, (fault, chosen))

    def hits(self, name: str) -> int:
        """Halts that began, or fills that were taken back or corrected."""
        return self._hits.get(name, 0)

    # --- V-01 -------------------------------------------------------------------------------------

    def _halt(self, name: str) -> None:
        """Nothing trades any more."""
        assert self._driver is not None
        if self._driver.interrupt(self._book_id, Interruption.HALT):
            self._hits[name] = self._hits.get(name, 0) + 1

    def _resume(self, _: object = None) -> None:
        """The venue lifts the halt."""
        assert self._driver is not None
        self._driver.resume(self._book_id)

    # --- V-04 -------------------------------------------------------------------------------------

    def _newest(self, fault: Fault) -> list[_FillId]:
        """As many fills as a fault is about, the newest first, of those that stand."""
        chosen: list[_FillId] = []
        for fill in reversed(self._fills):
            if len(chosen) == fault.severity:
                break
            if fill.exec_id in self._venue.orders[fill.order_id].fills:
                chosen.append(fill)
        return chosen

    def _restate(self, what: tuple[Fault, Sequence[_FillId] | None]) -> None:
        """The venue takes fills back, and corrects every second one."""
        fault, chosen = what
        for number, fill in enumerate(self._newest(fault) if chosen is None else chosen):
            done = self._correct(fill) if number % 2 else self._bust(fill)
            self._hits[fault.name] = self._hits.get(fault.name, 0) + done

    def _bust(self, fill: _FillId) -> bool:
        """A trade never was; whether it still stood."""
        return self._venue.bust(fill.order_id, fill.exec_id, self._clock.now_ns)

    def _correct(self, fill: _FillId) -> bool:
        """A trade was smaller and a tick worse; whether it still stood."""
        order = self._venue.orders[fill.order_id]
        old = order.fills.get(fill.exec_id)
        if old is None:
            return False
        return self._venue.correct(
            fill.order_id,
            fill.exec_id,
            old.price_ticks + order.side.sign,
            max(1, old.qty_lots // 2),
            self._clock.now_ns,
        )


class VenuePoint:
    """All books of a venue, as faults see them.

    Args:
        books: Each by itself.
    """

    def __init__(self, books: Sequence[BookPoint]) -> None:
        self._books = books

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Let it act on every book."""
        for book in self._books:
            book.begin(fault, from_ns, until_ns)

    def hits(self, name: str) -> int:
        """Over all books."""
        return sum(book.hits(name) for book in self._books)


def attach_venue_faults(assembly: "Assembly") -> None:
    """Let faults reach the books of a run.

    Raises:
        InputError: A book is to halt that has no venue with rules.
    """
    drivers, names = assembly.venues.drivers, [name_of(one) for one in assembly.instruments]
    venues: dict[str, list[int]] = {}
    for book_id, one in enumerate(assembly.instruments):
        venues.setdefault(one.venue, []).append(book_id)
    for fault in assembly.scenario.faults:
        name = fault.target.partition(":")[2]
        meant = [names.index(name)] if name in names else venues.get(name, [])
        if fault.kind is FaultKind.VENUE_HALT and not drivers.keys() >= set(meant):
            ruled = ", ".join(names[one] for one in sorted(drivers)) or "none: no book has one"
            raise InputError(
                f"fault {fault.name!r}: found {fault.target!r}, allowed are books that a venue of "
                f"[[venues]] can halt: {ruled}"
            )
    found = {}
    for book_id, name in enumerate(names):
        point = BookPoint(assembly.clock, assembly.venue, book_id, drivers.get(book_id))
        found[book_id] = assembly.points[f"book:{name}", ""] = point
    for venue, books in venues.items():
        assembly.points[f"venue:{venue}", ""] = VenuePoint([found[one] for one in books])
    if any(fault.kind is FaultKind.VENUE_BUST for fault in assembly.scenario.faults):
        assembly.venue.ledger.entered = lambda order, number: found[order.book_id].note(
            order, number
        )
