"""The market behind a served exchange: an ordinary assembly whose clock is driven from outside.

Model: the world is that of any run: a tape or a flow, the venue with its rules, and the hosts of the
scenario where it has some. Beside them stand *members*, sessions without a machine, whose commands
come from outside and arrive `WIRE_NS` later; their answers take as long. So a command, sent at the
present, is answered within the few nanoseconds that `command` lets pass.

What books show is read from what the venue publishes, message by message; an update's number is the
number of that message. A book that shows more between two looks than its ring holds is compared level
by level instead: then no level is wrong, but prints were passed over, which is counted and told.

Limits: in frozen mode members' orders are not part of what books show, as nowhere in frozen mode.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bridge.served.level_book import LevelBook
from bridge.served.port import Heard, Holding, Rates
from market.codes import Depth, Kind, RowFlag, Side
from market.errors import InputError
from market.live import BestQuote, BookDelta, Level, Print, Update
from market.messages import Cancel, Query, Replace, Report, Submit
from scenarios.build import Assembly
from scenarios.schema import load_scenario
from scenarios.sections import FORMAT_VERSION, FeesSection, RunSection, Scenario, VenueSection
from scenarios.venue_assembly import tap_spec
from sim.arena import LocalSpec
from sim.kernels import layout
from sim.latency import Constant
from sim.session import Session
from sim.streams import stream_key
from sim.tape.read import Tape
from sim.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from market.instruments import Instrument

PRESET: Final = "binance_spot_like"
WIRE_NS: Final = 1
ANSWERED_NS: Final = 4 * WIRE_NS
SLICE_NS: Final = 10_000_000
DEPTH_MAX: Final = 65_536
SPOT_PPM: Final = 1_000
PPB_PER_PPM: Final = 1_000
TRADES: Final = (Kind.EXECUTE, Kind.TRADE, Kind.CROSS)
SELL, LAST = int(RowFlag.SELL), int(RowFlag.LAST)
SILENT: Final = (Kind.PHASE, Kind.INDICATION)


def tape_scenario(tape: Tape) -> Scenario:
    """The world of a recording, without a host: books of orders have a crypto spot venue's rules.

    Books of levels have none, as in every run, and the same fees.
    """
    ordered = all(book.depth == Depth.L3.name for book in tape.meta.books)
    venues = dict.fromkeys(book.venue for book in tape.meta.books) if ordered else {}
    return Scenario(
        format_version=FORMAT_VERSION,
        run=RunSection(
            name="served", title="A served recording", start_ns=0, duration_ns=1, mode="frozen"
        ),
        fees=FeesSection(maker_units_ppm=SPOT_PPM, taker_units_ppm=SPOT_PPM),
        venues=tuple(VenueSection(name=name, preset=PRESET) for name in venues),
    )


class ServedAssembly(Assembly):
    """An assembly in which each book is published, whether or not a host follows it."""

    def _followed_besides(self) -> list[LocalSpec]:
        return [tap_spec(book_id) for book_id in range(len(self.instruments))]


def served_scenario(name_or_path: str | Path) -> Scenario:
    """A scenario that runs by itself.

    Raises:
        InputError: There is none, or it needs a tape.
    """
    scenario, _, where = load_scenario(name_or_path)
    if scenario.flow is None and not scenario.flows:
        raise InputError(f"{where}: found no [flow], allowed is a scenario that needs no tape")
    return scenario


class SimulatedMarket:
    """A scenario and its members (`bridge.served.port.ServedMarket`).

    Args:
        scenario: The world.
        tape: Its history, if it has one.
        seed: Of every draw.
        members: How many trade from outside.
        publishes: Whether anybody asks for updates; without, none are made, and levels have no number.

    Attributes:
        assembly: The world, for who wants to look.
        overruns: How often a book showed more at once than its ring holds, so that trades were passed over.
    """

    def __init__(
        self,
        scenario: Scenario,
        tape: Tape | None,
        *,
        seed: int,
        members: int,
        publishes: bool = True,
    ) -> None:
        self.assembly = ServedAssembly(scenario, tape, seed, None)
        self.instruments: Sequence[Instrument] = self.assembly.instruments
        self.start_ns = self.assembly.start_ns
        self.end_ns = self.assembly.end_ns
        self._clock = self.assembly.clock
        self._heard: list[Heard] = []
        self._updates: list[Update] = []
        numbers = range(len(self.instruments) if publishes else 0)
        self._books = [_PublishedBook(self.assembly, number) for number in numbers]
        self._first = len(scenario.hosts)
        self._members = [self._member(number, seed) for number in range(members)]

    def _member(self, number: int, seed: int) -> Session:
        """A session of its own, with the shortest wires that there are."""
        host, venue, clock = self._first + number, self.assembly.venue, self._clock
        block = Constant(latency_ns=WIRE_NS).compile()
        orders = Wire(clock, block, stream_key(seed, f"orders/member/{number}"))
        answers = Wire(clock, block, stream_key(seed, f"reports/member/{number}"))
        session = Session(clock, self.assembly.recorder, host=host, orders=orders, reports=answers)

        def hear(report: Report) -> None:
            self._heard.append(Heard(number, report))

        session.connect(lambda sender, one: venue.receive(sender, one, clock.now_ns), hear)
        return session

    @property
    def now_ns(self) -> int:
        """The present."""
        return self._clock.now_ns

    @property
    def overruns(self) -> int:
        """How often a book showed more at once than its ring holds, so that trades were passed over."""
        return sum(book.overruns for book in self._books)

    def advance(self, until_ns: int) -> None:
        """Let everything before `until_ns` happen, in slices that a book's ring can hold."""
        until_ns = min(until_ns, self.end_ns)
        while self._clock.now_ns < until_ns:
            self._run(min(until_ns, self._clock.now_ns + SLICE_NS))

    def _run(self, until_ns: int) -> None:
        self._clock.run_until(until_ns)
        for book in self._books:
            self._updates.extend(book.news())

    def command(self, member: int, command: Submit | Cancel | Replace | Query) -> bool:
        """Let a member's command take effect now; False when time is over."""
        now_ns = self._clock.now_ns
        if now_ns + ANSWERED_NS > self.end_ns:
            return False
        self._members[member].send(command, now_ns)
        self._run(now_ns + ANSWERED_NS)
        return True

    def updates(self) -> list[Update]:
        """What books have shown since this was last asked for, in order."""
        taken, self._updates = self._updates, []
        return taken

    def reports(self) -> list[Heard]:
        """What members were told since this was last asked for, in order."""
        taken, self._heard = self._heard, []
        return taken

    def depth(self, book_id: int, count: int) -> tuple[int, list[Level], list[Level]]:
        """The number of the newest update, and the best bids and asks after it."""
        if not self._books:
            depth = self.assembly.world.venue_depth
            return 0, depth(book_id, Side.BUY, count), depth(book_id, Side.SELL, count)
        book = self._books[book_id]
        return book.seq, book.levels.top(Side.BUY, count), book.levels.top(Side.SELL, count)

    def rates(self, book_id: int) -> Rates:
        """What trading in a book costs at most."""
        assembly = self.assembly
        rates = assembly.scenario.fees.venues.get(
            self.instruments[book_id].venue, assembly.scenario.fees
        )
        maker, taker = rates.maker_units_ppm, rates.taker_units_ppm
        for plan in assembly.plans:
            if book_id in plan.books:
                tariff = plan.preset.costs.fees
                maker = max(-(-rate.notional_ppb // PPB_PER_PPM) for rate in tariff.maker)
                taker = max(-(-rate.notional_ppb // PPB_PER_PPM) for rate in tariff.taker)
        return Rates(max(maker, 0), max(taker, 0))

    def holding(self, member: int, book_id: int) -> Holding:
        """The venue's own account of a member."""
        account = self.assembly.venue.accounts.get((self._first + member, book_id))
        if account is None:
            return Holding(0, 0, 0)
        return Holding(account.position_lots, account.cash, account.fee)


class _PublishedBook:
    """What one book has shown so far, and the updates that this makes."""

    def __init__(self, assembly: Assembly, book_id: int) -> None:
        self.levels = LevelBook()
        self.seq = 0
        self.overruns = 0
        self._world = assembly.world
        self._book_id = book_id
        self._tick_units = assembly.instruments[book_id].tick_units
        self._trades = 0
        self._best: tuple[Level, Level] = self.levels.best(0), self.levels.best(1)

    def _word(self, word: int) -> int:
        return self._world.book_word(self._book_id, word)

    def news(self) -> list[Update]:
        """What it has shown since the last time."""
        end = self._word(layout.B_RING_COMMIT)
        if end == self.seq:
            return []
        if self._word(layout.B_RING_WRITE) - self._word(layout.B_RING_CAP) > self.seq:
            return self._compared(end)
        made: list[Update] = []
        changed: dict[tuple[int, int], int] = {}
        for ts_ns, kind, flags, _, price, qty, shown, _ in self._world.published(
            self._book_id, self.seq
        ):
            self.seq += 1
            side = flags & SELL
            if kind in TRADES and qty > 0:
                made.append(self._print(ts_ns, kind, side, price, qty))
            if kind == Kind.CLEAR:
                changed.update(dict.fromkeys(self.levels.clear(), 0))
            elif kind not in (Kind.TRADE, Kind.CROSS, *SILENT):
                self.levels.set(side, price, shown)
                changed[side, price] = shown
            if flags & LAST:
                made += self._shown(ts_ns, changed)
                changed = {}
        return made

    def _print(self, ts_ns: int, kind: int, side: int, price: int, qty: int) -> Print:
        """A trade; one between two ticks is shown at the tick below it."""
        self._trades += 1
        if kind == Kind.EXECUTE:
            side = 1 - side  # of the order that rested; the other one came
        else:
            price //= self._tick_units
        return Print(self._book_id, ts_ns, self._trades, price, qty, Side(side))

    def _shown(self, ts_ns: int, changed: dict[tuple[int, int], int]) -> list[Update]:
        """The levels that a message changed, and the best prices where they are others now."""
        if not changed:
            return []
        sides: tuple[list[Level], list[Level]] = ([], [])
        for (side, price), lots in changed.items():
            sides[side].append((price, lots))
        made: list[Update] = [
            BookDelta(self._book_id, ts_ns, self.seq, tuple(sides[0]), tuple(sides[1]))
        ]
        best = self.levels.best(0), self.levels.best(1)
        if best != self._best:
            self._best = best
            (bid, bid_lots), (ask, ask_lots) = best
            if bid_lots and ask_lots:
                made.append(BestQuote(self._book_id, ts_ns, self.seq, bid, bid_lots, ask, ask_lots))
        return made

    def _compared(self, end: int) -> list[Update]:
        """The difference to what the book shows now, level by level."""
        changed: dict[tuple[int, int], int] = {}
        for side in (Side.BUY, Side.SELL):
            before = self.levels.levels(side)
            after = dict(self._world.venue_depth(self._book_id, side, DEPTH_MAX))
            for price in before.keys() | after.keys():
                if before.get(price) != after.get(price):
                    changed[int(side), price] = after.get(price, 0)
                    self.levels.set(side, price, after.get(price, 0))
        self.overruns += 1
        self.seq = end
        return self._shown(self._world.now_ns, changed)
