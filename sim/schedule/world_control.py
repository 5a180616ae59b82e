"""A world's books as schedules and guards command them, and what the venue itself sees of them.

`WorldControl` turns phases and bands into commands of the world; what owners of orders must hear is
answered at once. `VenueTap` is a subscription at the venue, one nanosecond away: it shows prints, best
prices and phases to guards and driver, and all that was published at an instant to who asks for it.

Limits: several prints of one source message reach the guards as the last of them.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from market.codes import Kind, Phase, Trigger
from market.messages import NO_PRICE
from sim.clock import Clock
from sim.schedule.driver import PhaseDriver
from sim.schedule.guards import Guards
from sim.schedule.ports import NO_HIGH_TICKS, NO_LOW_TICKS
from sim.world import OutRow, ViewWords

ACT_CAUSE: Final = -(1 << 61)
"""Causes of a venue's own acts on a book lie below; those of orders lie above."""

WATCHED: Final = Trigger.BBO | Trigger.TRADE | Trigger.PHASE


class CommandedBooks(Protocol):
    """What `sim.world.World` offers to a venue."""

    def command_phase(self, book_id: int, phase: int, now_ns: int, *, cause: int) -> list[OutRow]:
        """Set the phase of a book with rules."""
        ...

    def set_band(
        self,
        book_id: int,
        low_ticks: int | None,
        high_ticks: int | None,
        now_ns: int,
        *,
        cause: int,
    ) -> list[OutRow]:
        """Set the band of a book with rules."""
        ...

    def phase(self, book_id: int) -> Phase:
        """The phase of a book."""
        ...


class WorldControl:
    """The books of a run, commanded by phases and bands.

    Args:
        books: The world.
        ends_call: Told of a call before its auction prints.
    """

    def __init__(self, books: CommandedBooks, ends_call: Callable[[int, Phase], None]) -> None:
        self._books = books
        self._ends_call = ends_call
        self._acts = 0

    def set_phase(self, book_id: int, phase: Phase, now_ns: int) -> list[OutRow]:
        """Change a book's phase; what the owners of orders must hear."""
        before = self._books.phase(book_id)
        if before.is_call:
            self._ends_call(book_id, before)
        return self._books.command_phase(book_id, phase, now_ns, cause=self._cause())

    def set_band(self, book_id: int, low_ticks: int, high_ticks: int, now_ns: int) -> list[OutRow]:
        """Let a book trade and print within these prices only; what owners of orders must hear."""
        low = None if low_ticks == NO_LOW_TICKS else low_ticks
        high = None if high_ticks == NO_HIGH_TICKS else high_ticks
        return self._books.set_band(book_id, low, high, now_ns, cause=self._cause())

    def phase(self, book_id: int) -> Phase:
        """The phase that a book has."""
        return self._books.phase(book_id)

    def _cause(self) -> int:
        """The cause of one act."""
        self._acts += 1
        return ACT_CAUSE - self._acts


class Told(NamedTuple):
    """What a venue's feed said of one book at one instant.

    Attributes:
        book_id: Of the book.
        words: What it knows now.
        phase_before: The phase that it had before.
        messages: Rows as `World.newest` gives them.
    """

    book_id: int
    words: ViewWords
    phase_before: Phase
    messages: list[tuple[int, ...]]


class WatchedBooks(Protocol):
    """The local books of a run."""

    def newest(self, book_id: int, until: int, ts_ns: int) -> list[tuple[int, ...]]:
        """What a book published at an instant, up to message number `until`."""
        ...

    def view(self, index: int) -> ViewWords:
        """What a local book knows now."""
        ...

    def arm(self, subscription: int, triggers: Trigger, now_ns: int) -> None:
        """Wake a subscription at the next of `triggers`."""
        ...


class VenueTap:
    """Shows what a book prints to its venue.

    Args:
        clock: Of the run.
        books: The local books.
        local: Of the book at the venue.
        subscription: On it.
        book_id: Of the book.
        tick_units: Of its prices.
        driver: Of its phases.
        guards: That watch it, if any do.
        on_price: Told of every print, in half ticks.
        on_told: Told of everything that the book published at an instant.
        by_tape: Whether the tape sets the book's phases.
    """

    def __init__(
        self,
        clock: Clock,
        books: WatchedBooks,
        *,
        local: int,
        subscription: int,
        book_id: int,
        tick_units: int,
        driver: PhaseDriver,
        guards: Guards | None = None,
        on_price: Callable[[int, int], None] | None = None,
        on_told: Callable[[Told], None] | None = None,
        by_tape: bool = False,
    ) -> None:
        self._clock = clock
        self._books = books
        self._local = local
        self.subscription = subscription
        self._book_id = book_id
        self._tick_units = tick_units
        self._driver = driver
        self._guards = guards
        self._on_price = on_price
        self._on_told = on_told
        self._by_tape = by_tape
        self._seen: ViewWords | None = None

    def start(self, _: object = None) -> None:
        """The run begins."""
        self._seen = self._books.view(self._local)
        self._books.arm(self.subscription, WATCHED, self._clock.now_ns)

    def observe(self, observation: tuple[int, int]) -> None:
        """Something has changed: best prices first, then prints, then the phase."""
        del observation
        words, seen = self._books.view(self._local), self._seen
        assert seen is not None
        self._seen = words
        now_ns = self._clock.now_ns
        if words.bbo_version != seen.bbo_version and self._guards is not None:
            bid = words.bid_ticks if words.bid_lots else NO_PRICE
            ask = words.ask_ticks if words.ask_lots else NO_PRICE
            self._guards.on_quote(self._book_id, bid, ask, now_ns)
        if words.trade_count != seen.trade_count:
            price_x2 = 2 * words.trade_units // self._tick_units
            if self._on_price is not None:
                self._on_price(self._book_id, price_x2)
            if self._guards is not None:
                self._guards.on_trade(self._book_id, price_x2, words.trade_lots, now_ns)
        if self._on_told is not None or self._by_tape:
            told = self._books.newest(self._book_id, words.seq, words.venue_ns)
            if self._on_told is not None:
                self._on_told(Told(self._book_id, words, Phase(seen.phase), told))
            if self._by_tape:
                self._follow(told)
        if words.phase == Phase.VOLATILITY_CALL:
            self._driver.interrupted(self._book_id)
        self._books.arm(self.subscription, WATCHED, now_ns)

    def _follow(self, told: list[tuple[int, ...]]) -> None:
        """Tell the driver of the phases that the tape has set."""
        for _, kind, _, _, _, phase, _, cause in told:
            # A book calls a volatility auction by itself, whatever it was that caused it.
            if kind == Kind.PHASE and cause > ACT_CAUSE and phase != Phase.VOLATILITY_CALL:
                self._driver.told(self._book_id, Phase(phase))
