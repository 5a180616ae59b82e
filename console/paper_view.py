"""A paper session at a glance: what the board shows and what is scraped, read from the session as it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bridge.paper.metrics import Figure
from desk.gate import GateMode
from market.codes import Side
from scenarios.run import pnl_amounts, pnl_text

if TYPE_CHECKING:
    from bridge.paper.loop import PaperLoop
    from console.paper_run import PaperRun
    from scenarios.paper import PaperWorld

LEVELS = 5


class BookGlance(NamedTuple):
    """One book: its best levels, and what the desks hold in it."""

    name: str
    bids: Sequence[tuple[int, int]]
    asks: Sequence[tuple[int, int]]
    position_lots: int
    is_believed: bool


class OrderGlance(NamedTuple):
    """An open order."""

    order_id: int
    book: str
    side: str
    price_ticks: int
    open_lots: int


class HostGlance(NamedTuple):
    """One host: how its desk stands."""

    name: str
    mode: str
    decisions: int
    commands: int
    unknown: int


class Glance(NamedTuple):
    """Everything at one moment.

    Attributes:
        pnl: By currency, as text; `not marked` where a mid is missing.
        word: The last that a person said; empty for none.
        alarms: What a person should look at, in words.
    """

    time_ns: int
    books: list[BookGlance]
    orders: list[OrderGlance]
    hosts: list[HostGlance]
    pnl: str
    fills: int
    entries: int
    connections: int
    waiting: int
    word: str
    alarms: list[str]


def glance(session: "PaperRun") -> Glance:
    """How a session stands now."""
    world = session.world
    assembly = world.assembly
    names = [f"{one.symbol}@{one.venue}" for one in assembly.instruments]
    books = []
    for book_id, name in enumerate(names):
        bids = assembly.world.venue_depth(book_id, Side.BUY, LEVELS)
        asks = assembly.world.venue_depth(book_id, Side.SELL, LEVELS)
        held = sum(
            account.position_lots
            for (_, book), account in assembly.venue.accounts.items()
            if book == book_id
        )
        books.append(BookGlance(name, bids, asks, held, bool(bids and asks)))
    orders = [
        OrderGlance(number, names[one.book_id], one.side.name, one.price_ticks, one.open_lots)
        for number, one in assembly.venue.orders.items()
        if one.open_lots
    ]
    hosts = []
    for number, host in enumerate(assembly.hosts):
        desk = assembly.desks.get(number)
        mode = desk.gate.data.mode.name if desk is not None else "none"
        unknown = len(desk.orders.unknown(-1)) if desk is not None else 0
        hosts.append(
            HostGlance(assembly.host_names[number], mode, host.decisions, host.commands, unknown)
        )
    return Glance(
        time_ns=world.now_ns,
        books=books,
        orders=orders,
        hosts=hosts,
        pnl=pnl_text(assembly, pnl_amounts(assembly)),
        fills=session.fills.written + session.fills.waiting,
        entries=world.entries,
        connections=session.link.connect_count,
        waiting=session.link.waiting_max,
        word=_last_word(world),
        alarms=_alarms(session, books, hosts),
    )


def _last_word(world: "PaperWorld") -> str:
    """Who said what, and why, the last time that somebody did."""
    if not world.words.said:
        return ""
    word = world.words.said[-1].word
    return f"{word.action} by {word.authority}" + (f": {word.why}" if word.why else "")


def _alarms(session: "PaperRun", books: list[BookGlance], hosts: list[HostGlance]) -> list[str]:
    """What is not as it should be."""
    found = [f"{one.name}: the book is not believed" for one in books if not one.is_believed]
    found += [
        f"{one.name}: the desk is {one.mode}"
        for one in hosts
        if one.mode not in (GateMode.NORMAL.name, "none")
    ]
    found += [f"{one.name}: {one.unknown} orders in doubt" for one in hosts if one.unknown]
    if session.world.watch.wrong:
        found.append(f"{session.world.watch.wrong} best quotes were another's than the book's")
    if session.link.last_trouble:
        found.append(f"feed: {session.link.last_trouble}")
    if session.trouble is not None:
        found.append(f"over: {session.trouble}")
    return found


def figures_of(session: "PaperRun", paper: "PaperLoop") -> list[Figure]:
    """What is scraped."""
    seen, counted = glance(session), paper.figures
    per_mille = {"0.5": 500, "0.99": 990, "0.999": 999}

    def spans(name: str, text: str, of: str) -> Figure:
        histogram = getattr(counted, of)
        values: dict[tuple[str, ...], float] = {
            (key,): histogram.percentile_ns(at) / 1e9 for key, at in per_mille.items()
        }
        return Figure(name, text, values, ("quantile",))

    books = {(one.name,): one for one in seen.books}
    return [
        Figure("entries", "Entries taken.", {(): seen.entries}, is_counter=True),
        Figure("fills", "Fills, acknowledged or about to be.", {(): seen.fills}, is_counter=True),
        Figure("connections", "Connections opened.", {(): seen.connections}, is_counter=True),
        Figure("frames_waiting_max", "Most frames that waited at once.", {(): seen.waiting}),
        Figure("open_orders", "Open orders.", {(): len(seen.orders)}),
        Figure("alarms", "What a person should look at.", {(): len(seen.alarms)}),
        Figure(
            "position_lots",
            "Held.",
            {key: one.position_lots for key, one in books.items()},
            ("book",),
        ),
        Figure(
            "book_believed",
            "Whether the book is believed.",
            {key: float(one.is_believed) for key, one in books.items()},
            ("book",),
        ),
        Figure(
            "decisions",
            "Decisions taken.",
            {(one.name,): one.decisions for one in seen.hosts},
            ("host",),
            is_counter=True,
        ),
        spans(
            "taking_seconds", "From an entry's arrival until what it caused has happened.", "taking"
        ),
        spans("late_seconds", "How late what was due happened.", "late"),
        spans("sync_seconds", "How long it took to make entries durable.", "syncs"),
    ]
