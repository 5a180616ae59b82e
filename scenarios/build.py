"""Assembling a run: the only place that knows every room.

A scenario and, if given, a tape become a clock, a world, a venue and hosts. Nothing here decides
anything about the market; it wires.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from desk.desk_data import Probe
from desk.journal import Journal
from market.codes import Depth, Mode
from market.errors import InputError
from market.messages import Accrual
from market.ports import Participant
from scenarios.auction_books import check_auctions
from scenarios.books import books_of, flows_of, instruments_of, interval_of
from scenarios.desks import make_desk
from scenarios.faults import RunFaults
from scenarios.host_links import HostLinks
from scenarios.line_feeds import attach_lines
from scenarios.monitors import Monitors
from scenarios.operator_faults import attach_operators
from scenarios.pairs import Pairs
from scenarios.participants import participant
from scenarios.restarts import Restarts
from scenarios.routes import route_fees
from scenarios.run_journal import RunWriter
from scenarios.sections import Scenario
from scenarios.sessions import Sessions
from scenarios.stack import desk_config, name_of
from scenarios.stores import Stores
from scenarios.venue_assembly import (
    RunningVenues,
    plan_venues,
    rules_of,
    tap_spec,
    taps_of,
    tariffs_of,
)
from scenarios.venue_faults import attach_venue_faults
from scenarios.venue_phases import books_by_tape
from sim.arena import BookSpec, FlowSpec, LocalSpec
from sim.clock import Clock
from sim.commit import CommitLog
from sim.consolidated import Consolidated
from sim.host import Host
from sim.host_view import Feed
from sim.market import WorldMarket
from sim.recorder import EventSink, Recorder
from sim.session import Session
from sim.streams import stream_key
from sim.tape.growing import GrowingTape
from sim.tape.read import Tape
from sim.venue import Venue
from sim.world import World

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from desk.pipeline import Desk
    from sim.faultpoint import FaultPoint


class Assembly:
    """Everything of one run, ready to go.

    Args:
        scenario: What to run.
        tape: History to replay, or None to let the scenario's flow run; the rows of one that grows
            are given to `world` while the run goes on.
        seed: Of every draw.
        sink: Where events go.
        journal: Where the journal of a host goes, by the host's name; into memory by default.
        probe: Told when a stage of a desk has ended.
    """

    def __init__(
        self,
        scenario: Scenario,
        tape: Tape | GrowingTape | None,
        seed: int,
        sink: EventSink | None,
        *,
        journal: Callable[[str], RunWriter] | None = None,
        probe: Probe | None = None,
    ) -> None:
        self.scenario = scenario
        self.desks: dict[int, Desk] = {}
        self.writers: dict[int, RunWriter] = {}
        self.commits: dict[int, CommitLog] = {}
        self._journal = journal or _memory
        self.probe = probe
        self.mode = Mode[scenario.run.mode.upper()]
        self.instruments = instruments_of(scenario, tape)
        self.plans = plan_venues(scenario, self.instruments)
        self._by_tape = books_by_tape(
            scenario.run.phases, tape, self.instruments, taps_of(self.plans)
        )
        self.consolidated = Consolidated(self.instruments, in_ticks=True)
        self.start_ns, self.end_ns = interval_of(scenario, tape)
        self.clock = Clock(self.start_ns, self.end_ns)
        self.recorder = Recorder(sink)
        self.seed = seed
        self._links = [
            (number, book_id)
            for number, host in enumerate(scenario.hosts)
            for book_id in books_of(host, self.instruments)
        ]
        self.points: dict[tuple[str, str], FaultPoint] = {}
        self.host_names = [host.name for host in scenario.hosts]
        self.faults = RunFaults(scenario.faults, self.start_ns)
        self.links = HostLinks(self.clock, seed, self.faults)
        self._sessions: list[Session] = []
        self.pairs = Pairs(self)
        self.sessions = Sessions(self)
        self.monitors = Monitors(self, len(self._links))
        self.world = self._world(tape)
        attach_lines(self, self._links, seed)
        self.venues = RunningVenues(
            self.plans,
            self.instruments,
            self.clock,
            self.world,
            seed,
            len(self._links) + self.monitors.books,
            self._by_tape,
        )
        self.venue = Venue(
            self.world,
            self.instruments,
            tariffs_of(self.plans, scenario.fees, self.instruments),
            ruled=rules_of(self.plans, self.instruments, seed),
            houses=self.venues.houses,
            later=self.clock.at,
        )
        self.venues.attach(self.venue)
        self.hosts = [self._host(number) for number in range(len(scenario.hosts))]
        observers = self._observers()
        self.clock.market = WorldMarket(self.clock, self.world, self.venue, observers)
        self.venues.tell = self._tell
        self.venues.start()
        self.sessions.build()
        self.pairs.start_hosts()
        self._break()

    def _observers(self) -> list[Callable[[tuple[int, int]], None]]:
        """Who is woken by each local book, in the order of their numbers."""
        observers: list[Callable[[tuple[int, int]], None]]
        observers = [self.hosts[number].observe for number, _ in self._links]
        observers.extend(self.monitors.build())
        return observers + [tap.observe for tap in self.venues.taps]

    def _break(self) -> None:
        """Let faults reach what they are about."""
        attach_venue_faults(self)
        attach_operators(self)
        self.stores = Stores(self)
        self.restarts = Restarts(self)
        self.faults.start(self)

    def _tell(self, accrual: Accrual) -> None:
        """Hosts that follow a book hear what holding it costs."""
        for number, book_id in self._links:
            if book_id == accrual.book_id and not self.pairs.follows(number):
                self.hosts[number].receive(accrual)

    def _world(self, tape: Tape | GrowingTape | None) -> World:
        scenario = self.scenario
        locals_ = []
        for number, book_id in self._links:
            host = scenario.hosts[number]
            key = stream_key(self.seed, f"feed/{host.name}/{book_id}")
            one = self.instruments[book_id]
            latency = self.links.feed(host, name_of(one), one.venue)
            lines = self.links.lines(host, book_id, one.venue)
            locals_.append(LocalSpec(book_id=book_id, latency=latency, key=key, lines=lines))
        locals_ += self.monitors.locals_()
        locals_ += [tap_spec(book_id) for book_id in taps_of(self.plans)]
        locals_ += self._followed_besides()
        rules = rules_of(self.plans, self.instruments, self.seed)
        flows: list[FlowSpec] = []
        rows: Iterator[npt.NDArray[np.void]] | None = None
        if tape is not None:
            rows = None if isinstance(tape, GrowingTape) else iter(tape.chunks())
            books = [
                BookSpec(
                    tick_units=book.tick_units,
                    handle_count=book.handle_count,
                    depth=int(Depth[book.depth]),
                    queue_model=int(scenario.run.queue_model),
                    rules=rules.get(book_id),
                )
                for book_id, book in enumerate(tape.meta.books)
            ]
        else:
            books = [
                BookSpec(tick_units=book.tick_units, rules=rules.get(book_id))
                for book_id, book in enumerate(self.instruments)
            ]
            flows = [
                model.compile(
                    seed=self.seed, book_id=book_id, start_ns=self.start_ns, end_ns=self.end_ns
                )
                for book_id, model in flows_of(scenario)
            ]
            if not flows:
                raise InputError(
                    f"scenario {scenario.run.name!r} has no [flow]: give it a tape (--tape FILE)"
                )
        return World(
            mode=self.mode,
            books=books,
            locals_=locals_,
            start_ns=self.start_ns,
            rows=rows,
            flows=flows,
            consolidated=self.consolidated,
        )

    def _followed_besides(self) -> list[LocalSpec]:
        """Local books that nobody in the run wakes for, for who reads what books publish."""
        return []

    def _host(self, number: int) -> Host:
        section = self.scenario.hosts[number]
        name = section.name
        venues = {
            book_id: self.instruments[book_id].venue
            for owner, book_id in self._links
            if owner == number
        }
        orders, reports, others = self.links.wires_of(section, venues)
        session = member = Session(
            self.clock, self.recorder, host=number, orders=orders, reports=reports, others=others
        )
        paired = self.pairs.session(number, orders, reports, others)
        numbered = self.sessions.make(number, venues, orders, reports, others)
        member, session = paired or numbered or (member, session)
        self._sessions.append(member)
        runs, commit = self._runs(number)
        feeds = [
            Feed(book_id, index, index, lined=index in self.world.lines)
            for index, (owner, book_id) in enumerate(self._links)
            if owner == number
        ]
        host = Host(
            self.clock,
            self.recorder,
            self.pairs.clocked(number, runs),
            session,
            self.world,
            number=number,
            feeds=feeds,
            compute=self.links.block(section, "compute", section.compute),
            key=stream_key(self.seed, f"compute/{name}"),
            mode=self.mode,
            triggers=section.triggers,
            stale_ns=section.stale_ns,
            depth_levels=section.depth_levels,
            commit=commit,
        )
        clock, venue = self.clock, self.venue
        member.connect(
            lambda sender, order: venue.receive(sender, order, clock.now_ns), host.receive
        )
        return host

    def _runs(self, number: int) -> tuple[Participant, CommitLog | None]:
        """What a host runs: a bare participant, or a desk with its journal."""
        section = self.scenario.hosts[number]
        books = books_of(section, self.instruments)
        if section.stack is None:
            return participant(section, books, self.start_ns, self.end_ns), None
        config = desk_config(
            section.stack,
            desk=section.desk,
            instruments=self.instruments,
            host_books=books,
            end_ns=self.end_ns,
            fees=route_fees(self.scenario, self.instruments),
        )
        check_auctions(config, self.plans, self.instruments, self._by_tape)
        writer = self._journal(section.name)
        store = self.pairs.store(number, writer)
        try:
            if self.pairs.is_standby(number):
                desk = self.pairs.follower(number, config, writer)
            else:
                desk = make_desk(
                    section.stack,
                    config,
                    self.instruments,
                    store,
                    now_ns=self.start_ns,
                    probe=self.probe,
                )
        except InputError as error:
            raise InputError(f"host {section.name!r}: {error}") from None
        self.desks[number] = desk
        self.writers[number] = writer
        commit = self.links.block(section, "commit", section.stack.commit)
        key = stream_key(self.seed, f"commit/{section.name}")
        make_log = self.pairs.commit_type(number)
        self.commits[number] = make_log(self.clock, store, commit=commit, key=key)
        return desk, self.commits[number]

    # --- what faults ask for ----------------------------------------------------------------------

    def latency_blocks(self, number: int, part: str) -> "list[tuple[str, npt.NDArray[np.int64]]]":
        """The latencies of a part of a host as they are now, with the book's name for a feed."""
        if part != "feed":
            blocks = self.links.blocks[self.scenario.hosts[number].name, part]
            return [("", block) for block in blocks]
        return [
            (name_of(self.instruments[book_id]), self.world.latency_block(index))
            for index, (owner, book_id) in enumerate(self._links)
            if owner == number
        ]

    def member_of(self, number: int) -> Session:
        """What a host's orders belong to at its venues."""
        return self._sessions[number]

    def session_down(self, what: tuple[int, bool]) -> None:
        """A host's session is lost, or says goodbye: its venue may take its orders out."""
        number, logout = what
        if self.sessions.down(number):
            return
        self.venue.acts.session_down(self._sessions[number], self.clock.now_ns, logout=logout)

    def session_up(self, number: int) -> None:
        """A host's session is back."""
        if self.sessions.up(number):
            return
        self.venue.acts.session_up(self._sessions[number])

    def finish(self) -> None:
        """The run is over: seal every journal, but of a dead machine, which nobody is there to seal."""
        for number, desk in self.desks.items():
            if self.hosts[number].is_down:
                self.writers[number].leave()
            elif not self.pairs.finish(number):
                assert isinstance(desk.journal, Journal)
                self.writers[number].finish(desk.journal, self.clock.now_ns)

    def discard(self) -> None:
        """The run has failed: close what is open."""
        for writer in self.writers.values():
            writer.discard()


def _memory(_name: str) -> RunWriter:
    """A journal that nobody keeps."""
    return RunWriter(None)
