"""The twin on live feeds: an ordinary run whose tape grows by what feeds say, entry by entry.

Model: a paper session is a function of its entries (stamp, channel, bytes). `take` hands one to the feed
that its channel names, turns what the feed says into tape rows of that stamp, and `advance` lets the run
happen up to a time. Everything else is the run's own: venues, wires, hosts, faults. So the same entries,
taken again offline, give the same events, journals and fills, whenever `advance` is called in between.

The venue is where its data arrives: its book at a time is what we knew of it then. So the wire of orders
has to carry the whole way there and back (`[[hosts]] orders`), and that of market data and answers almost
nothing; what was measured of round trips may take the place of the scenario's orders wire.

Channels: `N/CHANNEL` is an entry of feed N (`bridge.feeds.base`); `word` is what a person said; `begin`,
`end` mark where a process took the session up and where it was over.

Invariants: stamps never fall, and none lies before what has happened; a book that a feed does not believe
is empty for the desk.

Limits: feeds show levels, not orders (L2), so a place in a queue is estimated (`[run] queue_model`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from bridge.feeds.base import Feed, Want, drive
from market.codes import ReportType, Side
from market.errors import InputError, VenueError
from market.instruments import Instrument
from market.live import BestQuote, BookDelta, BookSnapshot, BookTrouble, Update
from market.messages import Report
from scenarios.build import Assembly
from scenarios.forgetting import Forgetting
from scenarios.paper_words import PaperWords
from scenarios.run_journal import RunWriter
from scenarios.sections import Scenario
from scenarios.venue_assembly import BookSurroundings
from sim.front.house import House, HouseRules
from sim.live_rows import LiveRows
from sim.recorder import EventSink
from sim.tape.growing import GrowingTape

BEGIN: Final = "begin"
END: Final = "end"
WORD: Final = "word"
AHEAD_MAX: Final = 4_096
"""Best quotes that wait for their book's message; what is older is not checked."""


class PaperFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill of a paper order, as the venue says it.

    Attributes:
        id: `HOST-ORDER-NUMBER`; the same whenever the session is run again.
        venue_ns: When.
        fee: In price unit × lot.
    """

    id: str
    host: str
    book: str
    order_id: int
    side: str
    price_ticks: int
    qty_lots: int
    liquidity: str
    venue_ns: int
    fee: int


class BookWatch:
    """The books as feeds say that they are, held against the venue's own best quotes.

    Attributes:
        checked: Quotes whose number was that of the book.
        wrong: Of these, those that were another's.
    """

    def __init__(self, books: int) -> None:
        self.checked = 0
        self.wrong = 0
        self._levels: list[tuple[dict[int, int], dict[int, int]]] = [({}, {}) for _ in range(books)]
        self._seqs = [-1] * books
        self._ahead: list[dict[int, BestQuote]] = [{} for _ in range(books)]

    def see(self, updates: Iterable[Update]) -> None:
        """Follow what a feed says."""
        for one in updates:
            if isinstance(one, BookDelta | BookSnapshot):
                bids, asks = self._levels[one.book_id]
                if isinstance(one, BookSnapshot):
                    bids.clear()
                    asks.clear()
                _set(bids, one.bids)
                _set(asks, one.asks)
                self._seqs[one.book_id] = one.seq
                ahead = self._ahead[one.book_id].pop(one.seq, None)
                if ahead is not None:
                    self._check(ahead)
            elif isinstance(one, BestQuote):
                if one.seq == self._seqs[one.book_id]:
                    self._check(one)
                elif one.seq > self._seqs[one.book_id]:
                    self._keep(one)
            elif isinstance(one, BookTrouble):
                self._seqs[one.book_id] = -1

    def _keep(self, quote: BestQuote) -> None:
        """A quote came before the book's own message."""
        ahead = self._ahead[quote.book_id]
        ahead.setdefault(quote.seq, quote)
        if len(ahead) > AHEAD_MAX:
            del ahead[next(iter(ahead))]

    def _check(self, quote: BestQuote) -> None:
        """A quote of the book's own number must be its best."""
        bids, asks = self._levels[quote.book_id]
        self.checked += 1
        best_bid, best_ask = max(bids, default=-1), min(asks, default=-1)
        self.wrong += (best_bid, bids.get(best_bid), best_ask, asks.get(best_ask)) != (
            quote.bid_ticks,
            quote.bid_lots,
            quote.ask_ticks,
            quote.ask_lots,
        )


def _set(levels: dict[int, int], changes: Sequence[tuple[int, int]]) -> None:
    for price_ticks, qty_lots in changes:
        if qty_lots:
            levels[price_ticks] = qty_lots
        else:
            levels.pop(price_ticks, None)


class PaperWorld:
    """One paper session's run.

    Args:
        scenario: Without books and flows of its own; feeds bring them.
        instruments: By book_id.
        feeds: By number; they know their books' ids.
        start_ns: First instant.
        end_ns: First instant behind the session.
        house: What the venue checks of an order before its book is asked; nothing by default.
        sink: Where events go.
        journal: Where the journal of a host goes.
        filled: Told of each fill as the venue says it.

    Attributes:
        assembly: The run.
        entries: Taken so far.
        watch: Holds books against best quotes.
        words: What people said to its desks.

    Raises:
        InputError: The scenario has a world of its own, or does not fit the books.
    """

    def __init__(
        self,
        scenario: Scenario,
        instruments: Sequence[Instrument],
        feeds: Sequence[Feed],
        *,
        seed: int,
        start_ns: int,
        end_ns: int,
        house: HouseRules | None = None,
        sink: EventSink | None = None,
        journal: Callable[[str], RunWriter] | None = None,
        filled: Callable[[PaperFill], None] | None = None,
    ) -> None:
        check_paper(scenario)
        tape = GrowingTape(tuple(instruments), start_ns, end_ns)
        self.assembly = Assembly(scenario, tape, seed, sink, journal=journal)
        if house is not None:
            rules = House(house, BookSurroundings(self.assembly.world))
            self.assembly.venue.houses.update(dict.fromkeys(house.admissions, rules))
        self.forgetting = Forgetting(self.assembly)
        self.words = PaperWords(self.assembly)
        self.entries = 0
        self.feeds = tuple(feeds)
        self.rows = LiveRows(instruments)
        self.watch = BookWatch(len(instruments))
        self._channels = {f"{number}/": feed for number, feed in enumerate(feeds)}
        self._pending: list[Update] = []
        self._stamp_ns = start_ns
        self._names = [f"{one.symbol}@{one.venue}" for one in instruments]
        if filled is not None:
            self._listen(filled)

    @property
    def now_ns(self) -> int:
        """Everything before has happened."""
        return self.assembly.clock.now_ns

    @property
    def is_over(self) -> bool:
        """Whether the session's time is over."""
        return self.now_ns >= self.assembly.end_ns

    def peek(self) -> int:
        """When something is due by itself; a time that never comes when nothing is."""
        return self.assembly.clock.peek()

    # --- what comes in ------------------------------------------------------------------------------

    def take(self, stamp_ns: int, channel: str, data: bytes) -> Sequence[Want]:
        """Take an entry; what its feed wishes for in return.

        What it says is part of the instant `stamp_ns`, which happens once `advance` is told of a later
        time, or an entry of a later time comes.

        Raises:
            VenueError: The stamp lies before what has happened.
            InputError: No feed has the channel, or a word is none.
        """
        if stamp_ns < max(self._stamp_ns, self.now_ns):
            raise VenueError(
                f"an entry of {stamp_ns} ns came behind one of {self._stamp_ns} ns, at {self.now_ns} ns"
            )
        if stamp_ns > self._stamp_ns:
            self.advance(stamp_ns)
            self._stamp_ns = stamp_ns
        self.entries += 1
        number, slash, rest = channel.partition("/")
        feed = self._channels.get(number + slash)
        if feed is not None:
            step = drive(feed, rest, data, stamp_ns)
            self._pending.extend(step.updates)
            return step.wants
        if channel == WORD:
            self.words.say(self.words.read(data, stamp_ns))
        elif channel not in (BEGIN, END):
            allowed = ", ".join([*self._channels, WORD, BEGIN, END])
            raise InputError(f"entry: found channel {channel!r}, allowed are {allowed}")
        return ()

    def advance(self, until_ns: int) -> None:
        """Let everything before a time happen."""
        until_ns = min(until_ns, self.assembly.end_ns)
        if self._pending and self._stamp_ns < until_ns:
            updates, self._pending = self._pending, []
            self.watch.see(updates)
            rows = self.rows.rows(updates, self._stamp_ns)
            if len(rows):
                self.assembly.world.inject(rows)
        if until_ns > self.now_ns:
            self.assembly.clock.run_until(until_ns)

    # --- what comes out -----------------------------------------------------------------------------

    def _listen(self, filled: Callable[[PaperFill], None]) -> None:
        """Hear of every fill as its venue says it."""
        assembly = self.assembly
        for number, name in enumerate(assembly.host_names):

            def copy(report: Report, side: int, name: str = name) -> None:
                if report.type is ReportType.FILLED:
                    filled(self._fill(name, report, side))

            assembly.member_of(number).copies.append(copy)

    def _fill(self, host: str, report: Report, side: int) -> PaperFill:
        return PaperFill(
            id=f"{host}-{report.order_id}-{report.exec_id}",
            host=host,
            book=self._names[report.book_id],
            order_id=report.order_id,
            side=Side(side).name,
            price_ticks=report.price_ticks,
            qty_lots=report.qty_lots,
            liquidity=report.liquidity.name,
            venue_ns=report.venue_ns,
            fee=report.fee,
        )

    def digest(self) -> str:
        """Of all events so far and of the books."""
        assembly = self.assembly
        books = range(len(assembly.instruments))
        return assembly.recorder.digest(*(str(assembly.world.state(one)) for one in books))


def check_paper(scenario: Scenario) -> None:
    """Refuse a scenario that brings a world of its own.

    Raises:
        InputError: It has books or flows, or history that answers to us.
    """
    where = f"scenario {scenario.run.name!r}"
    if scenario.books or scenario.flow is not None or scenario.flows or scenario.split is not None:
        raise InputError(
            f"{where}: found books or flows, allowed is a scenario for a tape: feeds bring them"
        )
    if scenario.run.mode != "frozen":
        raise InputError(
            f"{where}: found mode {scenario.run.mode!r}, allowed on live feeds is 'frozen'"
        )
