"""A venue with house rules over plain-Python books, its sessions at no distance, and a small clock."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from market.codes import Mode, OrderType, Phase, Side, TimeInForce
from market.instruments import Instrument
from market.messages import NO_PRICE, Report, VenueCommand
from market.refusals import ALL_TERMS
from sim.clock import Clock
from sim.costs import Fees
from sim.front.admission import Admission
from sim.front.crossings import Crossings
from sim.front.house import House, HouseRules
from sim.front.kinds import Accepted
from sim.latency import Constant
from sim.recorder import Recorder
from sim.reference.ruled import RuledBook
from sim.session import Session
from sim.venue import Venue
from sim.venue_rules.book_rules import BookRules
from sim.wire import Wire
from sim.world import OutRow

STOCK = Instrument(
    symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=100
)
EVERYTHING = Accepted(types=tuple(OrderType), tifs=tuple(TimeInForce), terms=ALL_TERMS)


class PlainBooks:
    """The reference books as a venue's books, and as what a house sees."""

    def __init__(self, rules: list[BookRules]) -> None:
        self.books = [
            RuledBook(mode=Mode.REACTIVE, tick_units=100, handle_count=0, rules=one)
            for one in rules
        ]
        self.references: dict[int, int] = {}

    def submit_terms(
        self, book_id: int, now_ns: int, order_id: int, *, cause: int, **fields: Any
    ) -> list[OutRow]:
        return self._rows(book_id, now_ns, self.books[book_id].submit(order_id, **fields))

    def submit(self, *args: Any, **fields: Any) -> list[OutRow]:
        raise AssertionError("these books have rules")

    def cancel(self, book_id: int, now_ns: int, order_id: int, *, cause: int) -> list[OutRow]:
        return self._rows(book_id, now_ns, self.books[book_id].cancel(order_id))

    def expire(
        self, book_id: int, now_ns: int, order_id: int, reason: int, *, cause: int
    ) -> list[OutRow]:
        return self._rows(book_id, now_ns, self.books[book_id].expire(order_id, reason))

    def replace(
        self, book_id: int, now_ns: int, order_id: int, *, cause: int, **fields: int
    ) -> list[OutRow]:
        return self._rows(book_id, now_ns, self.books[book_id].replace(order_id, **fields))

    def forget(self, order_id: int) -> None:
        """Nothing is kept."""

    def phase(self, book_id: int) -> Phase:
        return self.books[book_id].state.phase

    def reference_ticks(self, book_id: int) -> int:
        return self.references.get(book_id, NO_PRICE)

    def best(self, book_id: int) -> tuple[int, int]:
        sides = [self.books[book_id].levels(side, 1) for side in Side]
        return tuple(one[0][0] if one else NO_PRICE for one in sides)  # type: ignore[return-value]

    def _rows(self, book_id: int, now_ns: int, outcome: Any) -> list[OutRow]:
        return [
            OutRow(int(r.type), now_ns, book_id, *(int(value) for value in r[1:]))
            for r in outcome.reports
        ]


class Rig:
    """A venue whose time the test turns."""

    def __init__(
        self, *, books: int = 1, hosts: int = 2, book: BookRules | None = None, **rules: Any
    ) -> None:
        self.now_ns = 0
        self.got: list[list[Report]] = [[] for _ in range(hosts)]
        self._due: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self.books = PlainBooks([book or BookRules()] * books)
        sheets = {
            number: Admission(instrument=STOCK, accepted=EVERYTHING) for number in range(books)
        }
        rules.setdefault("admissions", sheets)
        self.house = House(HouseRules(**rules), self.books, Crossings(()))
        self.venue = Venue(
            self.books,
            [STOCK] * books,
            Fees(),
            ruled=range(books),
            houses=dict.fromkeys(range(books), self.house),
            later=self.later,
        )
        clock, recorder = Clock(0, 1 << 60), Recorder()
        latency = Constant(latency_ns=1).compile()
        self.sessions = []
        for number in range(hosts):
            session = Session(
                clock, recorder, host=number,
                orders=Wire(clock, latency, 1), reports=Wire(clock, latency, 2),
            )  # fmt: skip
            session.connect(lambda s, c: None, lambda report: None)
            session.answer = self._catch(number, session.answer)  # type: ignore[method-assign]
            self.sessions.append(session)

    def _catch(self, number: int, answer: Callable[..., None]) -> Callable[..., None]:
        def caught(row: OutRow, side: int, exec_id: int = 0, fee: int = 0) -> None:
            from market.codes import Liquidity, Reason, ReportType

            self.got[number].append(
                Report(
                    type=ReportType(row.type), book_id=row.book_id, order_id=row.id,
                    price_ticks=row.price_ticks, qty_lots=row.qty_lots,
                    leaves_lots=row.leaves_lots, reason=Reason(row.reason),
                    liquidity=Liquidity(row.liquidity), venue_ns=row.ts_ns, report_seq=0,
                    exec_id=exec_id, fee=fee, figure=row.figure, half=row.half,
                )
            )  # fmt: skip

        return caught

    def later(self, due_ns: int, act: Callable[[Any], None], argument: Any) -> None:
        heappush(self._due, (due_ns, len(self._due), act, argument))

    def run(self, until_ns: int) -> None:
        """Let time pass."""
        while self._due and self._due[0][0] <= until_ns:
            self.now_ns, _, act, argument = heappop(self._due)
            act(argument)
        self.now_ns = until_ns

    def send(self, host: int, command: VenueCommand) -> list[Report]:
        """What the host hears at once."""
        before = len(self.got[host])
        self.venue.receive(self.sessions[host], command, self.now_ns)
        return self.got[host][before:]

    def alive(self) -> list[int]:
        """Orders that have not ended."""
        return sorted(number for number, order in self.venue.orders.items() if order.alive)
