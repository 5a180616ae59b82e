"""What happened in a paper session: its orders as they left, its fills, and the rows that its feed gave.

Model: the session is run again from its entries, which comes to the same events (`scenarios.paper`). Commands are
taken as they left their hosts, with all their terms; fills are those that were acknowledged, and behind the last
of these what running it again gives. Where the program has changed since, the two may differ: `refilled` counts
the fills that do, and that part of the distance is the code's.

A session forgets orders that have ended, so what was entered is kept as the venue answers.

Limits: mass quotes and mass cancels are not kept as commands; an order that its wire lost is a plain limit order.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from bridge.recording import LogReader
from market.codes import Kind, RowFlag, Side
from market.columns import TAPE_DTYPE
from market.errors import InputError
from market.messages import Cancel, OrderCommand, Query, Replace, Report, Submit
from scenarios.build import Assembly
from scenarios.paper import PaperFill, PaperWorld
from scenarios.paper_session import (
    FILLS_FILE,
    INPUTS,
    SessionPlan,
    SessionStart,
    read_session,
    replay,
    world_of,
)
from scenarios.paper_words import Heard
from scenarios.sections import Scenario
from sim.front.house import HouseRules
from sim.live_rows import LiveRows
from sim.recorder import Event, EventKind
from sim.rows import Rows

if TYPE_CHECKING:
    from market.live import Update

KEPT: Final = (
    EventKind.SUBMIT,
    EventKind.CANCEL,
    EventKind.REPLACE,
    EventKind.QUERY,
    EventKind.ARRIVED,
)


class Left(NamedTuple):
    """A command as it left its host.

    Attributes:
        host: Number of the host in the session.
    """

    time_ns: int
    host: int
    command: OrderCommand


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk came to.

    Attributes:
        position_lots: By book.
        pnl: In the currency of the first book, marked at the last mid; None where there is no mid.
    """

    orders: int
    fills: int
    lots: int
    position_lots: dict[str, int]
    fees: float
    pnl: float | None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was run again.

    Attributes:
        scenario: As the session lived it, with its measured round trips as orders wires.
        flow: Every command, in the order in which they left.
        rows: What the feed gave, as a tape's rows.
        fills: What happened, by time.
        refilled: Acknowledged fills that running it again gives otherwise.
        wires_ns: When commands left and how long they were on their way, by host, as they arrived.
        gaps_ns: Stretches in which a book was not known.
        last_ns: Stamp of the last entry.
        desk: What its desks came to.
        words: What people said to them.
        house: What its venue checks of an order before a book is asked, if anything.
    """

    folder: Path
    start: SessionStart
    plan: SessionPlan
    scenario: Scenario
    flow: tuple[Left, ...]
    rows: Rows
    fills: tuple[PaperFill, ...]
    refilled: int
    wires_ns: dict[str, tuple[tuple[int, int], ...]]
    gaps_ns: tuple[tuple[int, int], ...]
    last_ns: int
    entries: int
    desk: Totals
    words: tuple[Heard, ...]
    house: HouseRules | None


class _KeptRows(LiveRows):
    """Rows as the world takes them, and kept."""

    kept: list[Rows]

    def rows(self, updates: "Sequence[Update]", stamp_ns: int) -> Rows:
        """As its base does."""
        made = super().rows(updates, stamp_ns)
        if len(made):
            self.kept.append(made)
        return made


class _KeptEvents:
    """The commands among the events of a run."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, rows: npt.NDArray[np.int64]) -> None:
        mine = rows[np.isin(rows[:, 1], KEPT)]
        self.events.extend(Event(*row) for row in mine.tolist())


def read_evidence(folder: Path, progress: Callable[[int], None] | None = None) -> Evidence:
    """Run a session again, and keep what happened.

    Args:
        folder: Of the session.
        progress: Told entries done.

    Raises:
        InputError: The folder is no session's, or what was kept is damaged.
    """
    start, plan = read_session(folder)
    sink, again = _KeptEvents(), list[PaperFill]()
    world: PaperWorld = world_of(folder, start, plan, sink=sink, filled=again.append)
    entered = _entered(world.assembly)
    kept = _KeptRows(start.instruments)
    kept.kept = []
    world.rows = kept
    last_ns = replay(world, LogReader(folder / INPUTS), progress)
    world.assembly.recorder.flush()
    fills, refilled = _fills(folder, again)
    rows = np.concatenate(kept.kept) if kept.kept else np.zeros(0, TAPE_DTYPE)
    return Evidence(
        folder=folder,
        start=start,
        plan=plan,
        scenario=world.assembly.scenario,
        flow=_flow(entered, sink.events),
        rows=rows,
        fills=fills,
        refilled=refilled,
        wires_ns=_wires(world.assembly, sink.events),
        gaps_ns=gaps_of(rows, last_ns),
        last_ns=last_ns,
        entries=world.entries,
        desk=totals_of(world.assembly),
        words=tuple(world.words.said),
        house=next((one.rules for one in world.assembly.venue.houses.values()), None),
    )


def _entered(assembly: Assembly) -> dict[int, Submit]:
    """Orders as they were entered, kept from the first answer on."""
    found: dict[int, Submit] = {}

    def copy(report: Report, _side: int) -> None:
        order = assembly.venue.orders.get(report.order_id)
        if order is not None:
            found.setdefault(report.order_id, order.original)

    for number in range(len(assembly.host_names)):
        assembly.member_of(number).copies.append(copy)
    return found


def _flow(entered: dict[int, Submit], events: list[Event]) -> tuple[Left, ...]:
    """Commands with all that was in them."""
    flow = []
    for one in events:
        command: OrderCommand
        if one.kind == EventKind.SUBMIT:
            plain = Submit(
                book_id=one.book_id,
                order_id=one.order_id,
                side=Side(one.side),
                price_ticks=one.price_ticks,
                qty_lots=one.qty_lots,
            )
            command = entered.get(one.order_id, plain)
        elif one.kind == EventKind.REPLACE:
            command = Replace(
                book_id=one.book_id,
                order_id=one.order_id,
                price_ticks=one.price_ticks,
                qty_lots=one.qty_lots,
            )
        elif one.kind == EventKind.CANCEL:
            command = Cancel(book_id=one.book_id, order_id=one.order_id)
        elif one.kind == EventKind.QUERY:
            command = Query(book_id=one.book_id, order_id=one.order_id)
        else:
            continue
        flow.append(Left(one.time_ns, one.host, command))
    return tuple(flow)


def _wires(assembly: Assembly, events: list[Event]) -> dict[str, tuple[tuple[int, int], ...]]:
    """How long each command was on its way, of those that arrived."""
    waiting: dict[tuple[int, int, int], list[int]] = {}
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in assembly.host_names}
    for one in events:
        if one.kind != EventKind.ARRIVED:
            waiting.setdefault((one.host, one.order_id, one.kind), []).append(one.time_ns)
        elif left := waiting.get((one.host, one.order_id, one.detail)):
            left_ns = left.pop(0)
            took_ns = max(one.time_ns - left_ns, 1)
            found[assembly.host_names[one.host]].append((left_ns, took_ns))
    return {name: tuple(values) for name, values in found.items()}


def _fills(folder: Path, again: list[PaperFill]) -> tuple[tuple[PaperFill, ...], int]:
    """The fills that happened, and how many of them running it again gives otherwise."""
    path = folder / FILLS_FILE
    try:
        kept = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; allowed is a session's fills") from None
    decoder = msgspec.json.Decoder(PaperFill)
    happened = []
    for number, line in enumerate(kept[: kept.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            happened.append(decoder.decode(line))
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}:{number}: found no fill: {error}") from None
    refilled = sum(
        number >= len(again) or one != again[number] for number, one in enumerate(happened)
    )
    return (*happened, *again[len(happened) :]), refilled


def gaps_of(rows: Rows, last_ns: int) -> tuple[tuple[int, int], ...]:
    """Stretches from where a book was cleared to where it was known again, each once."""
    found = []
    for book_id in np.unique(rows["book_id"]).tolist():
        mine = rows[rows["book_id"] == book_id]
        cleared = mine["ts_ns"][mine["kind"] == Kind.CLEAR]
        known = mine["ts_ns"][(mine["side_flags"] & RowFlag.SNAPSHOT) != 0]
        for from_ns in cleared.tolist():
            until = known[np.searchsorted(known, from_ns) :]
            until_ns = int(until[0]) if len(until) else last_ns
            found.append((from_ns, until_ns))
    merged: list[tuple[int, int]] = []
    for from_ns, until_ns in sorted(found):
        if until_ns > from_ns and (not merged or from_ns >= merged[-1][1]):
            merged.append((from_ns, until_ns))
    return tuple(merged)


def totals_of(assembly: Assembly) -> Totals:
    """What the desks of a run came to."""
    positions: dict[str, int] = {}
    fees, pnl, fills, lots = 0.0, 0.0, 0, 0
    marked = True
    for (_, book_id), account in assembly.venue.accounts.items():
        book = assembly.instruments[book_id]
        name = f"{book.symbol}@{book.venue}"
        positions[name] = positions.get(name, 0) + account.position_lots
        unit = book.lot_num / (book.lot_den * book.price_units_per_currency)
        bids = assembly.world.venue_depth(book_id, Side.BUY, 1)
        asks = assembly.world.venue_depth(book_id, Side.SELL, 1)
        marked = marked and bool(bids and asks)
        mid = (bids[0][0] + asks[0][0]) * book.tick_units / 2 if bids and asks else 0.0
        fees += account.fee * unit
        pnl += (account.cash + account.position_lots * mid - account.fee) * unit
        fills += account.fills
        lots += account.turnover_lots
    return Totals(
        orders=assembly.venue.orders_received,
        fills=fills,
        lots=lots,
        position_lots=positions,
        fees=fees,
        pnl=pnl if marked else None,
    )
