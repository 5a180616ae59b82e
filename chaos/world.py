"""The world of a drill: one run in this process, its events in memory, and looks at it on the way.

Model: the run is let happen in steps, and after each step a look is taken at the venue's live orders and
at what the desks believe. Looking changes nothing: the digest is that of the same run without looks.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from chaos.audit import WatchedWriter, audit_journal
from chaos.drill import DrillLimits, Phases
from chaos.ledger import AccountEnd, DeskRules, FaultWindow, History, Look, VenueOrderEnd
from desk.pipeline import Desk
from market.codes import Side
from market.faults import AtTime
from market.units import DURATION_NS
from scenarios.books import books_of
from scenarios.build import Assembly
from scenarios.run_journal import RunWriter
from scenarios.sections import Scenario
from scenarios.stack import name_of
from sim.recorder import Event, EventKind
from sim.tape.read import Tape

LEVELS: Final = 5
"""Levels of each side by which books are compared."""

LOOK_EVERY_NS: Final = 250 * DURATION_NS["ms"]


LOOKS_MAX: Final = 2_000
"""Looks at a long run are further apart."""


class EventsInMemory:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.chunks: list[npt.NDArray[np.int64]] = []

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        """Take rows."""
        self.chunks.append(rows)

    def rows(self) -> npt.NDArray[np.int64]:
        """All of them."""
        empty = np.zeros((0, len(Event._fields)), np.int64)
        return np.concatenate(self.chunks) if self.chunks else empty


class Played(NamedTuple):
    """A run that has been played.

    Attributes:
        events: Rows as the recorder wrote them.
        digest: Of the events and of the books at the end.
        wall_ns: How long it took.
        simulated_ns: How long the run is.
    """

    history: History
    events: npt.NDArray[np.int64]
    digest: str
    wall_ns: int
    simulated_ns: int
    assembly: Assembly


def play(
    scenario: Scenario,
    *,
    seed: int,
    phases: Phases,
    limits: DrillLimits,
    wall_ns: Callable[[], int],
    tape: Tape | None = None,
    audited: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Played:
    """Play a scenario to its end.

    Args:
        audited: Whether journals are gone through and replayed at the end.
        wall_ns: A clock for how long it took; nothing simulated reads it.
        progress: Told steps done and in all.

    Raises:
        InputError: The scenario cannot be run.
    """
    sink = EventsInMemory()
    writers: dict[str, WatchedWriter] = {}

    def journal(name: str) -> RunWriter:
        writers[name] = WatchedWriter()
        return writers[name]

    began_ns = wall_ns()
    assembly = Assembly(scenario, tape, seed, sink, journal=journal)
    for writer in writers.values():
        writer.clock = assembly.clock
    looks = []
    span_ns = assembly.end_ns - assembly.start_ns
    steps = max(1, min(LOOKS_MAX, span_ns // LOOK_EVERY_NS))
    for step in range(1, steps + 1):
        assembly.clock.run_until(assembly.start_ns + span_ns * step // steps)
        looks.append(_look(assembly))
        if progress is not None:
            progress(step, steps)
    wall = wall_ns() - began_ns
    books = range(len(assembly.instruments))
    digest = assembly.recorder.digest(*(str(assembly.world.state(one)) for one in books))
    rows = sink.rows()
    history = _history(assembly, rows, looks, phases, limits)
    if audited:
        for number, desk in assembly.desks.items():
            name = history.name(number)
            if name in writers:
                member = history.member(number)
                history.audit[number] = audit_journal(assembly, number, desk, writers[name], member)
    return Played(history, rows, digest, wall, span_ns, assembly)


def _look(assembly: Assembly) -> Look:
    """What there is now."""
    venue = {
        order_id: VenueOrderEnd(order.session.host, order.book_id, int(order.side), order.open_lots)
        for order_id, order in assembly.venue.orders.items()
        if order.alive
    }
    return Look(
        time_ns=assembly.clock.now_ns,
        venue=venue,
        positions={key: one.position_lots for key, one in assembly.venue.accounts.items()},
        desks={number: _open_orders(desk) for number, desk in assembly.desks.items()},
        held={
            number: list(desk.ledger.data.position_lots) for number, desk in assembly.desks.items()
        },
        down=frozenset(host.number for host in assembly.hosts if host.is_down),
        books=_books_right(assembly),
    )


def _books_right(assembly: Assembly) -> dict[tuple[int, int], bool]:
    """Whether each local book that has heard everything shows what its venue shows."""
    world, found = assembly.world, {}
    keys = [
        (number, book_id)
        for number, host in enumerate(assembly.scenario.hosts)
        for book_id in books_of(host, assembly.instruments)
    ]
    for index, key in enumerate(keys):
        if world.heard_all(index):
            found[key] = all(
                world.depth(index, side, LEVELS) == world.venue_depth(key[1], side, LEVELS)
                for side in Side
            )
    return found


def _open_orders(desk: Desk) -> dict[int, int]:
    """State of each order that a desk does not know to have ended."""
    return {
        order_id: int(order.state)
        for order_id, order in desk.orders.data.orders.items()
        if not order.ended
    }


def _history(
    assembly: Assembly,
    rows: npt.NDArray[np.int64],
    looks: list[Look],
    phases: Phases,
    limits: DrillLimits,
) -> History:
    """All that a verdict rests on."""
    events = [Event(*row) for row in rows.tolist()]
    books = range(len(assembly.instruments))
    history = History(
        events=events,
        start_ns=assembly.start_ns,
        end_ns=assembly.end_ns,
        phases=phases,
        limits=limits,
        hosts=list(assembly.host_names),
        monitors=[one.name for one in assembly.monitors.sections],
        watched=bool(assembly.monitors.sections),
        member_of=_members(assembly),
        venue_of=_venues(assembly),
        books=[name_of(one) for one in assembly.instruments],
        looks=looks,
        windows=_windows(assembly, events),
        rules={number: _rules(assembly, desk) for number, desk in assembly.desks.items()},
        accounts={
            key: AccountEnd(
                one.position_lots, one.cash - one.funding - one.borrow, one.fee, one.fills
            )
            for key, one in assembly.venue.accounts.items()
        },
        anomalies={
            number: dict(desk.orders.data.anomalies) for number, desk in assembly.desks.items()
        },
    )
    for number, desk in assembly.desks.items():
        ledger = desk.ledger.data
        for book_id in books:
            history.own[number, book_id] = AccountEnd(
                ledger.position_lots[book_id], ledger.net_cash[book_id], 0, 0
            )
    return history


def _members(assembly: Assembly) -> list[int]:
    """The member that each host speaks for."""
    return [assembly.pairs.member_of(number) for number in range(len(assembly.hosts))]


def _venues(assembly: Assembly) -> list[int]:
    """Number of the venue of each book."""
    names = [one.venue for one in assembly.instruments]
    return [names.index(name) for name in names]


def _rules(assembly: Assembly, desk: Desk) -> DeskRules:
    """What a desk's configuration allows, the tighter of its gate and its last check."""
    limits, gate = desk.config.limits, desk.config.gate
    symbols = [one.symbol for one in assembly.instruments]
    last = [limits.instruments.get(one) for one in symbols]
    first = [gate.instruments.get(one) for one in symbols]
    return DeskRules(
        order_lots=[one.order_lots if one else 0 for one in last],
        position_lots=[
            min(one.position_lots if one else 0, two.position_lots if two else 0)
            for one, two in zip(last, first, strict=True)
        ],
        stale_ns=[one.stale_ns if one else 0 for one in first],
        messages=(limits.messages_max, limits.messages_window_ns),
        fills=(limits.fills_max, limits.fills_window_ns),
    )


def _windows(assembly: Assembly, events: Sequence[Event]) -> list[FaultWindow]:
    """Every fault as it happened: when it began, when it ended, how often it bit."""
    hits = {one.name: one.hits for one in assembly.faults.outcomes(assembly)}
    begun: dict[int, int] = {}
    ended: dict[int, int] = {}
    for event in events:
        if event.kind == EventKind.FAULT_BEGUN:
            begun.setdefault(event.order_id, event.time_ns)
        elif event.kind == EventKind.FAULT_ENDED:
            ended[event.order_id] = event.time_ns
    windows = []
    for number, fault in enumerate(assembly.faults.plan.faults):
        from_ns, until_ns = begun.get(number), ended.get(number)
        if from_ns is None:
            if not isinstance(fault.trigger, AtTime):
                continue
            from_ns = assembly.start_ns + fault.trigger.time_ns
        if until_ns is None:
            until_ns = from_ns + fault.duration_ns if fault.duration_ns else assembly.end_ns
        windows.append(FaultWindow(fault, number, from_ns, until_ns, hits[fault.name]))
    return windows
