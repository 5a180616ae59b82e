"""The world: all books, local books and flow of a run in a few flat arrays, driven by kernels.

This file owns the arrays, feeds the tape in, grows what has become too small, and turns kernel rows
into Python integers. What happens inside is in `sim/kernels/world.py`; the rules are in
docs/explanation/venue-truth.md.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from market.codes import Mode, Phase, Side, Trigger
from market.columns import TAPE_DTYPE
from market.errors import VenueError
from market.messages import NO_PRICE
from sim.arena import BookSpec, FlowSpec, LocalSpec, build_arena
from sim.consolidated import Consolidated
from sim.growth import grow
from sim.kernels import consolidated as watched
from sim.kernels import entry, layout, status
from sim.kernels.ruled import entry as ruled
from sim.lines import FeedLines, FeedNote, take_notes
from sim.rows import Rows, bad_row, in_ticks
from sim.world_commands import OutRow, WorldCommands

__all__ = ["OutRow", "ViewWords", "World"]


class ViewWords(NamedTuple):
    """What a local book knows, as plain integers; prices are NO_PRICE when a side is empty."""

    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    trade_units: int
    trade_lots: int
    trade_count: int
    venue_ns: int
    local_ns: int
    seq: int
    phase: int
    bbo_version: int
    level_version: int
    indicative_ticks: int = NO_PRICE
    indicative_lots: int = 0
    imbalance_lots: int = 0


def _nobody(_note: FeedNote) -> None:
    """Hears what becomes of feeds where nobody asked."""


class World(WorldCommands):
    """Every book of one run.

    Args:
        mode: How history answers to our orders.
        books: One spec per book; the index is the `book_id` of the tape.
        locals_: One spec per local book.
        start_ns: First instant of the run.
        rows: Pieces of the tape in order (TAPE_DTYPE, prices in units), or None for no tape.
        flows: Generators of synthetic orders, at most one a book.
        consolidated: Told what venues show after each instant, if there is a group to follow.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        books: list[BookSpec],
        locals_: list[LocalSpec],
        start_ns: int,
        rows: Iterator[Rows] | None = None,
        flows: Sequence[FlowSpec] = (),
        consolidated: Consolidated | None = None,
    ) -> None:
        self.mode = mode
        self.books = books
        super().__init__(build_arena(mode, books, locals_, start_ns, flows), books)
        self._watch = consolidated.watch if consolidated else None
        self.lines = {
            index: FeedLines(self.arena, index)
            for index, spec in enumerate(locals_)
            if spec.lines is not None
        }
        self.tell_feed: Callable[[FeedNote], None] = _nobody
        self._source = rows
        self._piece: Rows = np.zeros(0, dtype=TAPE_DTYPE)
        self._words = self._piece.view(np.int64)
        self._first_row = 0
        self._ticks = np.array([book.tick_units for book in books], dtype=np.int64)
        self.arena.mem[layout.H_NOW] = start_ns - 1
        if rows is None:
            self.arena.mem[layout.H_TAPE_DONE] = 1

    # --- time ---------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """Everything up to here, included, has happened."""
        return int(self.arena.mem[layout.H_NOW])

    def advance(self, until_ns: int) -> list[OutRow]:
        """Let the market happen up to `until_ns`, or to the end of the first observable instant.

        Raises:
            BadRow: When a tape row contradicts the rows before it.
        """
        code = self._run(until_ns, 0)
        while code < 0:
            self._serve(code)
            code = self._run(until_ns, 1)
        if self.lines:
            for note in take_notes(self.arena):
                self.tell_feed(note)
        return self._out() if code else []

    def _run(self, until_ns: int, resumed: int) -> int:
        """Let the kernel go on; out rows written, or a negative status."""
        arena = self.arena
        world = (arena.mem, self._words, arena.orders, arena.levels, until_ns, resumed)
        if self._watch is None:
            plain = entry.advance if not any(self._looks) else ruled.advance
            return int(plain(*world))
        follow = watched.advance if not any(self._looks) else ruled.advance_watched
        return int(follow(*world, self._watch))

    def _serve(self, code: int) -> None:
        """Give the kernel what it asked for."""
        if code == status.NEED_ROWS:
            self._load()
        elif code == status.BAD_ROW:
            position = int(self.arena.mem[layout.H_POS])
            reason = int(self.arena.mem[layout.H_BAD])
            raise bad_row(self._piece[position], reason, self._first_row + position)
        else:
            grow(self.arena, code)

    def _load(self) -> None:
        """Load the next piece of the tape, or say that there is none."""
        mem = self.arena.mem
        piece = next(self._source, None) if self._source is not None else None
        self._first_row += int(mem[layout.H_ROWS])
        if piece is None:
            self._piece = np.zeros(0, dtype=TAPE_DTYPE)
            self._words = self._piece.view(np.int64)
            mem[layout.H_POS] = 0
            mem[layout.H_ROWS] = 0
            mem[layout.H_TAPE_DONE] = 1
            return
        self._hold(piece)

    def _hold(self, piece: Rows) -> None:
        """Let the kernel read this piece of the tape next."""
        self._piece = in_ticks(piece, self._ticks, self._first_row)
        self._words = self._piece.view(np.int64)
        self.arena.mem[layout.H_POS] = 0
        self.arena.mem[layout.H_ROWS] = len(piece)

    def inject(self, piece: Rows) -> None:
        """Give a world without a tape its next rows, which the next `advance` applies.

        Raises:
            VenueError: When rows given before have not all been applied.
        """
        left = int(self.arena.mem[layout.H_ROWS] - self.arena.mem[layout.H_POS])
        if self._source is not None or left:
            raise VenueError(f"cannot inject: {left} rows wait, or the world reads a tape")
        self._first_row += int(self.arena.mem[layout.H_ROWS])
        self._hold(piece)

    def skip_bad_row(self) -> None:
        """Go on behind a row that was refused."""
        self.arena.mem[layout.H_POS] += 1

    # --- local books ---------------------------------------------------------------------------

    def view(self, index: int) -> ViewWords:
        """What local book `index` knows now."""
        mem = self.arena.mem
        at = self.arena.local_off + index * layout.K_SIZE + layout.K_VIEW
        words = mem[at : at + len(ViewWords._fields)].tolist()
        words[0] = -words[0] if words[1] else NO_PRICE
        return ViewWords(*words)

    def heard_all(self, index: int) -> bool:
        """Whether local book `index` has taken everything that its book has published so far."""
        mem = self.arena.mem
        at = self.arena.local_off + index * layout.K_SIZE
        cursor, book_id = int(mem[at + layout.K_CURSOR]), int(mem[at + layout.K_BOOK])
        return cursor == self.book_word(book_id, layout.B_RING_COMMIT)

    def maybe_bad(self, index: int) -> bool:
        """Whether local book `index` may be wrong or old."""
        return index in self.lines and self.lines[index].maybe_bad

    def latency_block(self, index: int) -> "np.ndarray":
        """The latency block of local book `index`, with what follows it."""
        mem = self.arena.mem
        return mem[int(mem[self.arena.local_off + index * layout.K_SIZE + layout.K_LATENCY]) :]

    def depth(self, index: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Up to `count` best (price_ticks, qty_lots) of one side of local book `index`."""
        out = np.zeros(2 * count, dtype=np.int64)
        found = entry.local_depth(self.arena.mem, self.arena.levels, index, int(side), count, out)
        return list(
            zip(out[: 2 * found : 2].tolist(), out[1 : 2 * found : 2].tolist(), strict=True)
        )

    def venue_depth(self, book_id: int, side: Side, count: int) -> list[tuple[int, int]]:
        """Up to `count` best shown (price_ticks, qty_lots) of one side of a venue book."""
        out = np.zeros(2 * count, dtype=np.int64)
        found = entry.venue_depth(self.arena.mem, self.arena.levels, book_id, int(side), count, out)
        return list(
            zip(out[: 2 * found : 2].tolist(), out[1 : 2 * found : 2].tolist(), strict=True)
        )

    def arm(
        self,
        subscription: int,
        triggers: Trigger,
        now_ns: int,
        *,
        watch: tuple[Side, int] | None = None,
        stale_ns: int = 0,
    ) -> None:
        """Let a subscription wait for `triggers`; the first that fires disarms it.

        Args:
            watch: Side and price in ticks of the level that Trigger.LEVEL is about.
            stale_ns: How long nothing must have arrived for Trigger.STALE.
        """
        key_side = 0
        if watch is not None:
            side, price_ticks = watch
            key_side = -side.sign * price_ticks * 2 + int(side)
        entry.arm(self.arena.mem, subscription, int(triggers), key_side, stale_ns, now_ns)

    # --- looking inside -------------------------------------------------------------------------

    def state(self, book_id: int) -> list[int]:
        """The state dump of a book (docs/explanation/venue-truth.md)."""
        arena = self.arena
        size, dump = entry.dump_size, entry.dump_book
        if self._ruled[book_id]:
            size, dump = ruled.dump_ruled_size, ruled.dump_ruled
        out = np.zeros(size(arena.mem, arena.orders, book_id), dtype=np.int64)
        used = dump(arena.mem, arena.orders, arena.levels, book_id, out)
        return out[:used].tolist()  # type: ignore[no-any-return]

    def audit(self, book_id: int) -> int:
        """0, or the number of the invariant that a book breaks (`kernels.audit.audit_book`)."""
        arena = self.arena
        if self._ruled[book_id]:
            seen = np.zeros(3, dtype=np.int64)
            return int(ruled.audit_ruled(arena.mem, arena.orders, arena.levels, book_id, seen))
        return int(entry.audit_book(arena.mem, arena.orders, arena.levels, book_id))

    def phase(self, book_id: int) -> Phase:
        """The trading phase of a book."""
        return Phase(int(self.book_word(book_id, layout.B_PHASE)))

    def book_word(self, book_id: int, word: int) -> int:
        """One word of a book's block (`kernels.layout.B_…`)."""
        return int(self.arena.mem[self.arena.book_off + book_id * layout.B_SIZE + word])

    def reference_x2(self, book_id: int) -> int | None:
        """The reference price of a book with rules in half ticks; None without one."""
        value = self.book_word(book_id, layout.B_REFERENCE)
        return None if value == NO_PRICE or not self._ruled[book_id] else value

    def header_word(self, word: int) -> int:
        """One word of the header (`kernels.layout.H_…`)."""
        return int(self.arena.mem[word])

    def published(self, book_id: int, since: int) -> list[tuple[int, ...]]:
        """Committed messages of a book's ring from number `since` on, as far as it still holds them.

        Returns:
            Rows (ts_ns, kind, flags, handle or slot, price, qty, level_shown, cause).
        """
        mem = self.arena.mem
        cap = self.book_word(book_id, layout.B_RING_CAP)
        off = self.book_word(book_id, layout.B_RING_OFF)
        end = self.book_word(book_id, layout.B_RING_COMMIT)
        result: list[tuple[int, ...]] = []
        for message in range(since, end):
            at = off + (message & (cap - 1)) * layout.R_SIZE
            ts_ns, price, qty, shown, word, cause = mem[at : at + layout.R_SIZE].tolist()
            flags, kind, handle = word & 255, (word >> 8) & 255, word >> 16
            result.append((ts_ns, kind, flags, handle, price, qty, shown, cause))
        return result

    def newest(self, book_id: int, until: int, ts_ns: int) -> list[tuple[int, ...]]:
        """What a book published at an instant, up to message number `until`; rows as in `published`.

        Nothing of it may have left the ring, as holds for who is woken by it and looks at once.
        """
        mem = self.arena.mem
        cap = self.book_word(book_id, layout.B_RING_CAP)
        off = self.book_word(book_id, layout.B_RING_OFF)
        oldest = max(0, self.book_word(book_id, layout.B_RING_WRITE) - cap)
        first = until
        while first > oldest:
            at = off + ((first - 1) & (cap - 1)) * layout.R_SIZE
            if mem[at + layout.R_TS] != ts_ns:
                return self.published(book_id, first)[: until - first]
            first -= 1
        assert first == 0
        return self.published(book_id, 0)[:until]
