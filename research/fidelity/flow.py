"""A session's own orders, sent once more: through what it lived with, or through what a twin would assume.

Model: no desk decides anything. Commands leave at the times at which they left in the session, so two runs differ
by wires, books, queue model and fees alone, and every order of one has its own in the other. What a feed wire
delays, decisions are delayed by: a command leaves later by as much as the assumed feed latency is longer than
the lived one, both drawn for it from the same chance.

An order that had filled in what happened was never cancelled there, since nobody had to. Where it does not fill
so soon, it is taken out `PATIENCE_NS` after that, or later fills would be counted that no desk had waited for.

Limits: sessions with numbers, and stand-bys, are plain sessions here; a fault that begins on an event does not.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from msgspec import UNSET, structs

from market.codes import Liquidity, ReportType
from market.messages import Cancel, Report
from research.fidelity.assumed import Assumed, Wire
from research.fidelity.evidence import Evidence, Left
from scenarios.build import Assembly
from scenarios.fault_effects import PREFIXED
from scenarios.faults import RunFaults
from scenarios.host_links import HostLinks
from scenarios.sections import FeesSection
from scenarios.venue_assembly import BookSurroundings
from sim.costs import Fees
from sim.front.house import House
from sim.latency import Block
from sim.session import Session
from sim.slowdown import sample
from sim.streams import stream_key
from sim.tape.growing import GrowingTape

PATIENCE_NS: Final = 5_000_000_000


class Filled(NamedTuple):
    """One fill of one order.

    Attributes:
        fee: In price unit × lot.
        liquidity: How the order came to it.
    """

    order_id: int
    venue_ns: int
    price_ticks: int
    qty_lots: int
    fee: int
    liquidity: Liquidity


Asked = tuple[int, int]
"""An order, and when to look how many lots stand in front of it."""


class FlowRun:
    """What became of a session's orders.

    Attributes:
        fills: In the order in which they happened.
        rested: Lots believed in front of each order as it came to rest.
        ended_ns: When an order had filled completely.
        ahead: Lots believed in front of an order at a time that was asked for; -1 where it did not rest.
    """

    def __init__(self) -> None:
        self.fills: list[Filled] = []
        self.rested: dict[int, int] = {}
        self.ended_ns: dict[int, int] = {}
        self.ahead: dict[Asked, int] = {}


def run_flow(
    evidence: Evidence,
    assumed: Assumed,
    lived: Assumed,
    *,
    ended_ns: dict[int, int] | None = None,
    asked: Sequence[Asked] = (),
) -> FlowRun:
    """Send a session's orders.

    Args:
        evidence: Of the session.
        assumed: What they meet.
        lived: What they met in the session.
        ended_ns: When orders had filled completely in what happened.
        asked: When to look how many lots stand in front of which orders.
    """
    return _Flow(evidence, assumed, lived, ended_ns or {}, asked).run()


class _Flow:
    """One run."""

    def __init__(
        self,
        evidence: Evidence,
        assumed: Assumed,
        lived: Assumed,
        ended_ns: dict[int, int],
        asked: Sequence[Asked],
    ) -> None:
        self.found = FlowRun()
        start = evidence.start
        self.evidence, self.assumed = evidence, assumed
        scenario = evidence.scenario
        self.assembly = Assembly(
            structs.replace(
                scenario,
                run=structs.replace(scenario.run, queue_model=assumed.queue_model),
                hosts=(),
                monitors=UNSET,
                fees=assumed.fees,
                faults=tuple(
                    one for one in scenario.faults if one.target.partition(":")[0] in PREFIXED
                ),
            ),
            GrowingTape(start.instruments, start.start_ns, start.end_ns),
            start.seed,
            None,
        )
        put_house(self.assembly, evidence)
        if len(assumed.data_gaps):
            self.assembly.world.inject(assumed.data_gaps)
        self.sessions = self._sessions()
        self._schedule(self._delays(lived))
        for order_id, at_ns in ended_ns.items():
            self._at(at_ns + PATIENCE_NS, self._take_out, order_id)
        for question in asked:
            self._at(question[1], self._ask, question)

    def _sessions(self) -> list[Session]:
        """A session for each host, on the assumed wires."""
        assembly, wire = self.assembly, self.assumed.order_latency
        links = HostLinks(
            assembly.clock, assembly.seed, RunFaults(wire.faults, self.evidence.start.start_ns)
        )
        sessions = []
        venues = {number: one.venue for number, one in enumerate(assembly.instruments)}
        for number, host in enumerate(wire.hosts):
            orders, reports, others = links.wires_of(host, venues)
            session = Session(
                assembly.clock,
                assembly.recorder,
                host=number,
                orders=orders,
                reports=reports,
                others=others,
            )
            session.connect(
                lambda sender, command: assembly.venue.receive(
                    sender, command, assembly.clock.now_ns
                ),
                _nobody,
            )
            session.copies.append(self._answered)
            sessions.append(session)
        return sessions

    def _delays(self, lived: Assumed) -> list[int]:
        """By how much each command leaves later than it did."""
        flow, longer, shorter = self.evidence.flow, self.assumed.feed_latency, lived.feed_latency
        if longer.text("feed") == shorter.text("feed"):
            return [0] * len(flow)
        blocks = {
            (number, book_id): (self._feed(longer, number, book_id),
                                self._feed(shorter, number, book_id),
                                stream_key(self.assembly.seed, f"fidelity/feed/{number}/{book_id}"))
            for number in range(len(longer.hosts))
            for book_id in range(len(self.assembly.instruments))
        }  # fmt: skip
        delays, counts = [], dict[int, int]()
        for left in flow:
            order_id = left.command.order_id
            attempt = counts[order_id] = counts.get(order_id, -1) + 1
            one, other, key = blocks[left.host, left.command.book_id]
            cause = (key, left.time_ns, order_id, attempt)
            delays.append(sample(one, *cause) - sample(other, *cause))
        return delays

    def _feed(self, wire: Wire, number: int, book_id: int) -> Block:
        """A host's feed latency of one book, with what faults do to it."""
        faults = RunFaults(wire.faults, self.evidence.start.start_ns)
        book = self.assembly.instruments[book_id]
        links = HostLinks(self.assembly.clock, self.assembly.seed, faults)
        return links.feed(wire.hosts[number], f"{book.symbol}@{book.venue}", book.venue)

    def _at(self, at_ns: int, act: Callable[[Any], None], argument: object) -> None:
        """Let something happen, if that is in the session."""
        if at_ns <= self.evidence.last_ns:
            self.assembly.clock.at(max(at_ns, self.assembly.start_ns), act, argument)

    def _schedule(self, delays_ns: list[int]) -> None:
        """Commands leave in the order in which they left, each host's for itself."""
        newest_ns = [self.assembly.start_ns] * len(self.sessions)
        for left, delay_ns in zip(self.evidence.flow, delays_ns, strict=True):
            at_ns = newest_ns[left.host] = max(left.time_ns + delay_ns, newest_ns[left.host])
            self._at(at_ns, self._leave, left)

    def _leave(self, left: Left) -> None:
        self.sessions[left.host].send(left.command, self.assembly.clock.now_ns)

    def _take_out(self, order_id: int) -> None:
        """Nobody would have waited any longer."""
        order = self.assembly.venue.orders.get(order_id)
        if order is not None and order.alive:
            command = Cancel(book_id=order.book_id, order_id=order_id)
            self.assembly.venue.take(order.session, command, self.assembly.clock.now_ns)

    def _ask(self, question: Asked) -> None:
        order_id = question[0]
        order = self.assembly.venue.orders.get(order_id)
        ahead = -1
        if order is not None and order.alive:
            ahead = self.assembly.world.queue_ahead(order.book_id, order_id)
        self.found.ahead[question] = ahead

    def _answered(self, report: Report, _side: int) -> None:
        """The venue has answered."""
        found, order_id = self.found, report.order_id
        if report.type is ReportType.FILLED:
            found.fills.append(
                Filled(
                    order_id,
                    report.venue_ns,
                    report.price_ticks,
                    report.qty_lots,
                    report.fee,
                    report.liquidity,
                )
            )
            if report.leaves_lots == 0:
                found.ended_ns[order_id] = report.venue_ns
        elif report.type is ReportType.ACCEPTED and report.leaves_lots:
            ahead = self.assembly.world.queue_ahead(report.book_id, order_id)
            if ahead >= 0:
                found.rested[order_id] = ahead

    def run(self) -> FlowRun:
        """Let all of it happen."""
        until_ns = min(self.evidence.last_ns + 1, self.assembly.end_ns)
        self.assembly.clock.run_until(until_ns)
        return self.found


def charged(fills: Sequence[Filled], fees: FeesSection, evidence: Evidence) -> list[Filled]:
    """The same fills with what other fees make of them."""
    books = evidence.start.instruments
    rates = [fees.venues.get(one.venue, fees) for one in books]
    tariffs = [Fees(maker_ppm=one.maker_units_ppm, taker_ppm=one.taker_units_ppm) for one in rates]
    book_of = {one.command.order_id: one.command.book_id for one in evidence.flow}
    found = []
    for fill in fills:
        book_id = book_of[fill.order_id]
        worth = books[book_id].notional(fill.price_ticks, fill.qty_lots)
        found.append(fill._replace(fee=tariffs[book_id].of(worth, fill.liquidity)))
    return found


def put_house(assembly: Assembly, evidence: Evidence) -> None:
    """Let a venue check orders as the session's does."""
    if evidence.house is not None:
        house = House(evidence.house, BookSurroundings(assembly.world))
        assembly.venue.houses.update(dict.fromkeys(evidence.house.admissions, house))


def _nobody(_report: Report) -> None:
    """No desk hears of it."""
