"""What a world is told besides its tape: orders, and what a venue does to a book with rules.

A command on a book with rules, or on one that such a book follows, goes through one entry of
`sim/kernels/ruled`; any other book has an entry a command.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from market.codes import PostOnly
from market.errors import VenueError
from market.messages import NO_PRICE
from sim.arena import BookSpec
from sim.growth import Arena
from sim.kernels import entry, layout, status
from sim.kernels.ruled import entry as ruled


class OutRow(NamedTuple):
    """One row that a kernel wrote: a report, or an observation (type `layout.OBSERVED`).

    `figure` is what decided a refusal (`market.refusals` puts it into words); with `half` 1 the price
    lies half a tick above `price_ticks`.
    """

    type: int
    ts_ns: int
    book_id: int
    id: int
    price_ticks: int
    qty_lots: int
    leaves_lots: int
    reason: int
    liquidity: int
    figure: int = 0
    half: int = 0


class WorldCommands(ABC):
    """The commands of a world; `sim.world.World` adds time and all that can be looked at.

    Every command is applied at an instant to which the market must have been advanced.
    """

    def __init__(self, arena: Arena, books: list[BookSpec]) -> None:
        self.arena = arena
        self._ruled = [book.rules is not None for book in books]
        # Books whose commands are followed by a look, at their own orders or at followers'.
        self._looks = [
            bool(arena.mem[arena.book_off + index * layout.B_SIZE + layout.B_LOOKS])
            for index in range(len(books))
        ]
        self._slots: dict[int, tuple[int, int]] = {}

    @abstractmethod
    def _serve(self, code: int) -> None:
        """Give the kernel what it asked for."""

    def _out(self) -> list[OutRow]:
        """The rows that the kernel wrote, as plain integers."""
        mem = self.arena.mem
        off = int(mem[layout.H_OUT_OFF])
        count = int(mem[layout.H_OUT])
        words = mem[off : off + count * layout.X_SIZE].tolist()
        size = layout.X_SIZE
        return [OutRow(*words[at : at + size]) for at in range(0, count * size, size)]

    # --- orders ---------------------------------------------------------------------------------

    def submit(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        side: int,
        order_type: int,
        tif: int,
        post_only: bool,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Submit an order without terms."""
        if self._looks[book_id]:
            post = PostOnly.REJECT if post_only else PostOnly.OFF
            words = (order_id, 0, side, order_type, tif, post, price_ticks, qty_lots)
            return self._submit_words(book_id, now_ns, order_id, words, cause)
        if order_id in self._slots:
            raise VenueError(f"order {order_id} is already alive")
        self.arena.mem[layout.H_OUT] = 0
        while True:
            arena = self.arena
            code = entry.submit(
                arena.mem,
                arena.orders,
                arena.levels,
                book_id,
                now_ns,
                cause,
                order_id,
                int(side),
                int(order_type),
                int(tif),
                1 if post_only else 0,
                price_ticks,
                qty_lots,
            )
            if code == status.DONE:
                break
            self._serve(code)
        slot = int(self.arena.mem[layout.H_SLOT])
        if slot >= 0:
            self._slots[order_id] = (book_id, slot)
        return self._out()

    def submit_terms(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        owner: int,
        side: int,
        order_type: int,
        tif: int,
        post: int,
        price_ticks: int,
        qty_lots: int,
        display_lots: int = 0,
        display_high_lots: int = 0,
        hidden: bool = False,
        min_qty_lots: int = 0,
        all_or_none: bool = False,
        stop_ticks: int = NO_PRICE,
        trail_ticks: int = 0,
        peg_offset_ticks: int = 0,
        self_trade: int = 0,
        cause: int,
    ) -> list[OutRow]:
        """Submit an order with terms to a book with rules (`market.messages.Terms`).

        Args:
            owner: A number above 0 that all orders of one participant share, 0 for nobody's.

        Raises:
            VenueError: The book has no rules, or the order is alive.
        """
        if not self._ruled[book_id]:
            raise VenueError(f"order {order_id}: book {book_id} has no rules and takes no terms")
        words = (
            order_id,
            owner,
            side,
            order_type,
            tif,
            post,
            price_ticks,
            qty_lots,
            display_lots,
            display_high_lots,
            hidden,
            min_qty_lots,
            all_or_none,
            stop_ticks,
            trail_ticks,
            peg_offset_ticks,
            self_trade,
        )
        return self._submit_words(book_id, now_ns, order_id, words, cause)

    def cancel(self, book_id: int, now_ns: int, order_id: int, *, cause: int) -> list[OutRow]:
        """Cancel an order."""
        slot = self._slots.pop(order_id, (book_id, -1))[1]
        if self._looks[book_id]:
            return self._act(ruled.CANCEL, book_id, now_ns, (order_id, slot), cause)
        self.arena.mem[layout.H_OUT] = 0
        while True:
            arena = self.arena
            code = entry.cancel(
                arena.mem, arena.orders, arena.levels, book_id, now_ns, cause, order_id, slot
            )
            if code == status.DONE:
                return self._out()
            self._serve(code)

    def expire(
        self, book_id: int, now_ns: int, order_id: int, reason: int, *, cause: int
    ) -> list[OutRow]:
        """Let the venue end an order of a book with rules; nothing, when it has ended already.

        Raises:
            VenueError: The book has no rules.
        """
        self._require_rules(book_id)
        slot = self._slots.pop(order_id, (book_id, -1))[1]
        return self._act(ruled.EXPIRE, book_id, now_ns, (order_id, slot, reason), cause)

    def replace(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        *,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Give an order a new price and open quantity."""
        slot = self._slots.get(order_id, (book_id, -1))[1]
        if self._looks[book_id]:
            words = (order_id, slot, price_ticks, qty_lots)
            rows = self._act(ruled.REPLACE, book_id, now_ns, words, cause)
        else:
            rows = self._replace_plain(
                book_id, now_ns, order_id, slot, price_ticks, qty_lots, cause
            )
        if int(self.arena.mem[layout.H_SLOT]) < 0:
            self._slots.pop(order_id, None)
        return rows

    def _replace_plain(
        self,
        book_id: int,
        now_ns: int,
        order_id: int,
        slot: int,
        price_ticks: int,
        qty_lots: int,
        cause: int,
    ) -> list[OutRow]:
        """Replace an order of a book without rules."""
        self.arena.mem[layout.H_OUT] = 0
        while True:
            arena = self.arena
            code = entry.replace(
                arena.mem,
                arena.orders,
                arena.levels,
                book_id,
                now_ns,
                cause,
                order_id,
                slot,
                price_ticks,
                qty_lots,
            )
            if code == status.DONE:
                return self._out()
            self._serve(code)

    def forget(self, order_id: int) -> None:
        """An order has ended; its id may not come back, its slot may."""
        self._slots.pop(order_id, None)

    def queue_ahead(self, book_id: int, order_id: int) -> int:
        """Live lots in front of a resting own order at its price, or -1 when it does not rest.

        In a book with rules: reserves of icebergs do not count; of a dark order, the dark lots.
        """
        slot = self._slots.get(order_id, (book_id, -1))[1]
        arena = self.arena
        ahead = ruled.queue_ahead_ruled if self._ruled[book_id] else entry.queue_ahead
        return int(ahead(arena.mem, arena.orders, arena.levels, book_id, order_id, slot))

    # --- what a venue does to a book with rules --------------------------------------------------

    def command_phase(self, book_id: int, phase: int, now_ns: int, *, cause: int) -> list[OutRow]:
        """Set the phase of a book with rules, with all that its change brings about.

        Raises:
            VenueError: The book has no rules.
        """
        self._require_rules(book_id)
        return self._act(ruled.SET_PHASE, book_id, now_ns, (int(phase),), cause)

    def set_band(
        self,
        book_id: int,
        low_ticks: int | None,
        high_ticks: int | None,
        now_ns: int,
        *,
        cause: int,
    ) -> list[OutRow]:
        """Set the band of a book with rules; None is no bound.

        Raises:
            VenueError: The book has no rules.
        """
        self._require_rules(book_id)
        low = NO_PRICE if low_ticks is None else low_ticks
        high = -NO_PRICE if high_ticks is None else high_ticks
        return self._act(ruled.SET_BAND, book_id, now_ns, (low, high), cause)

    def set_reference(
        self, book_id: int, reference_x2_ticks: int | None, now_ns: int, *, cause: int
    ) -> list[OutRow]:
        """Set the reference price of a book with rules, in half ticks; None for none.

        Raises:
            VenueError: The book has no rules.
        """
        self._require_rules(book_id)
        value = NO_PRICE if reference_x2_ticks is None else reference_x2_ticks
        return self._act(ruled.SET_REFERENCE, book_id, now_ns, (value,), cause)

    def indicate(self, book_id: int, now_ns: int, *, cause: int) -> None:
        """Publish what a book's call would print if it ended now.

        Raises:
            VenueError: The book has no rules.
        """
        self._require_rules(book_id)
        assert not self._act(ruled.INDICATE, book_id, now_ns, (0,), cause)

    def _require_rules(self, book_id: int) -> None:
        """Refuse what only a book with rules knows."""
        if not self._ruled[book_id]:
            raise VenueError(f"book {book_id} has no rules")

    def _submit_words(
        self, book_id: int, now_ns: int, order_id: int, words: Sequence[int], cause: int
    ) -> list[OutRow]:
        """Submit an order given by its first ST_ words; the others are 0."""
        if order_id in self._slots:
            raise VenueError(f"order {order_id} is already alive")
        filled = [int(word) for word in words] + [0] * (layout.ST_SIZE - len(words))
        rows = self._act(ruled.SUBMIT, book_id, now_ns, filled, cause)
        slot = int(self.arena.mem[layout.H_SLOT])
        if slot >= 0:
            self._slots[order_id] = (book_id, slot)
        return rows

    def _act(
        self, verb: int, book_id: int, now_ns: int, words: Sequence[int], cause: int
    ) -> list[OutRow]:
        """Give a command to the entry that all commands of worlds with rules share."""
        given = np.array(words, dtype=np.int64)
        self.arena.mem[layout.H_OUT] = 0
        while True:
            arena = self.arena
            code = ruled.act(
                arena.mem, arena.orders, arena.levels, verb, book_id, now_ns, cause, given
            )
            if code == status.DONE:
                return self._out()
            self._serve(code)
