"""Growing a world's arrays: every region that has become too small moves to a larger one at the end.

Sizes double, so the space left behind is less than what is in use.
"""

from typing import Final

import numpy as np

from market.errors import VenueError
from sim.kernels import entry, layout, line_words, status
from sim.kernels.ruled.words import E_SIZE

WINDOW_LEVELS_MAX: Final = 1 << 14
"""A wider window is moved less often, but its levels and its bitmap leave the CPU's near caches."""


class Arena:
    """The four arrays of a world, less the tape rows, with room at their ends.

    Args:
        words: Words of the header, the first region of `mem`.
        slots: Order records.
    """

    def __init__(self, words: int, slots: int) -> None:
        self.mem = np.zeros(max(words, 1 << 12), dtype=np.int64)
        self.orders = np.zeros(slots * layout.ORDER, dtype=np.int64)
        self.levels = np.zeros(layout.LEVEL, dtype=np.int64)
        self.mem[layout.H_SLOTS] = slots
        self.book_off = 0
        self.local_off = 0
        self.sub_off = 0
        self._words = words
        self._levels = 0

    def append_words(self, count: int) -> int:
        """Reserve `count` zeroed words at the end of `mem`; where they begin."""
        off = self._words
        self._words += count
        if self._words > len(self.mem):
            larger = np.zeros(max(2 * len(self.mem), self._words), dtype=np.int64)
            larger[:off] = self.mem[:off]
            self.mem = larger
        return off

    def append_levels(self, count: int) -> int:
        """Reserve `count` level records that do not exist yet; where they begin."""
        off = self._levels
        self._levels += count
        words = self._levels * layout.LEVEL
        if words > len(self.levels):
            larger = np.zeros(max(2 * len(self.levels), words), dtype=np.int64)
            larger[: off * layout.LEVEL] = self.levels[: off * layout.LEVEL]
            self.levels = larger
        fresh = self.levels[off * layout.LEVEL : words].reshape(count, layout.LEVEL)
        fresh[:, layout.LV_HEAD] = -1
        fresh[:, layout.LV_TAIL] = -1
        return off


def grow(arena: Arena, code: int) -> None:
    """Enlarge what a kernel's status asked for."""
    if code == status.NEED_OUT:
        _grow_out(arena)
    elif code == status.NEED_POOL:
        _grow_pool(arena)
    elif code == status.NEED_RING:
        _grow_ring(arena)
    elif code == status.NEED_BOOK:
        block = arena.book_off + int(arena.mem[layout.H_NEED]) * layout.B_SIZE
        _grow_ladders(arena, block + layout.B_LADDER)
    elif code == status.NEED_LOCAL:
        block = arena.local_off + int(arena.mem[layout.H_NEED]) * layout.K_SIZE
        _grow_ladders(arena, block + layout.K_LADDER)
    elif code == status.NEED_FLOW:
        _grow_heap(arena)
    elif code == status.NEED_SCRATCH:
        cap = 2 * int(arena.mem[layout.H_SCRATCH_CAP])
        arena.mem[layout.H_SCRATCH_OFF] = arena.append_words(cap)
        arena.mem[layout.H_SCRATCH_CAP] = cap
    elif code == status.NEED_QUEUE:
        _grow_queue(arena)
    elif code == status.NEED_NOTES:
        cap = int(arena.mem[layout.H_NOTE_CAP])
        _double_records(arena, layout.H_NOTE_OFF, cap * line_words.N_SIZE)
        arena.mem[layout.H_NOTE_CAP] = 2 * cap
    else:
        raise VenueError(f"a kernel returned the unknown status {code}")


def _grow_out(arena: Arena) -> None:
    """Double the out rows, keeping those already written."""
    old_off = int(arena.mem[layout.H_OUT_OFF])
    cap = int(arena.mem[layout.H_OUT_CAP])
    off = arena.append_words(2 * cap * layout.X_SIZE)
    arena.mem[off : off + cap * layout.X_SIZE] = arena.mem[old_off : old_off + cap * layout.X_SIZE]
    arena.mem[layout.H_OUT_OFF] = off
    arena.mem[layout.H_OUT_CAP] = 2 * cap


def _grow_pool(arena: Arena) -> None:
    """Double the pool; order records are at the end of their array, so slots keep their numbers."""
    base = int(arena.mem[layout.H_POOL_BASE])
    old = int(arena.mem[layout.H_SLOTS])
    slots = old - base
    larger = np.zeros((old + slots) * layout.ORDER, dtype=np.int64)
    larger[: old * layout.ORDER] = arena.orders
    arena.orders = larger
    arena.mem[layout.H_SLOTS] = old + slots
    _double_records(arena, layout.H_TAG_OFF, slots * layout.T_SIZE)
    if arena.mem[layout.H_TERMS_OFF]:
        _double_records(arena, layout.H_TERMS_OFF, slots * E_SIZE)
    entry.add_pool(arena.mem, arena.orders, old, old + slots)


def _double_records(arena: Arena, off_word: int, words: int) -> None:
    """Move a region of `words` words that the header points to into one twice as large."""
    old = int(arena.mem[off_word])
    off = arena.append_words(2 * words)
    arena.mem[off : off + words] = arena.mem[old : old + words]
    arena.mem[off_word] = off


def _grow_ring(arena: Arena) -> None:
    """Double the ring of the book that needs it."""
    bk = arena.book_off + int(arena.mem[layout.H_NEED]) * layout.B_SIZE
    cap = 2 * int(arena.mem[bk + layout.B_RING_CAP])
    off = arena.append_words(cap * layout.R_SIZE)
    entry.grow_ring(arena.mem, bk, off, cap)


def give_far(arena: Arena, ld: int, farcap: int) -> None:
    """Give a ladder a far table for `farcap` levels, a power of two, its first or a larger one."""
    places = farcap * layout.FAR_PLACES
    fark = arena.append_words(places)
    farbits = arena.append_words(-(-places // 64))
    farlv = arena.append_levels(places)
    entry.grow_far(arena.mem, arena.levels, ld, farcap, fark, farbits, farlv)


def _grow_ladders(arena: Arena, first: int) -> None:
    """Double windows and far tables of both sides; a far table may have to take a whole side."""
    for ld in (first, first + layout.L_SIZE):
        farcap = 2 * int(arena.mem[ld + layout.L_FARCAP])
        while farcap < int(arena.mem[ld + layout.L_NLEV]) + 64:
            farcap *= 2
        give_far(arena, ld, farcap)
        win = 2 * int(arena.mem[ld + layout.L_WIN])
        if win <= WINDOW_LEVELS_MAX:
            bits = arena.append_words(win // 64)
            lv = arena.append_levels(win)
            entry.grow_window(arena.mem, arena.levels, ld, win, bits, lv)


def _grow_heap(arena: Arena) -> None:
    """Double a flow's heap of cancels."""
    fk = int(arena.mem[layout.H_NEED])
    old_off = int(arena.mem[fk + layout.F_HEAP])
    cap = int(arena.mem[fk + layout.F_HEAP_CAP])
    words = cap * layout.HEAP_SIZE
    off = arena.append_words(2 * words)
    arena.mem[off : off + words] = arena.mem[old_off : old_off + words]
    arena.mem[fk + layout.F_HEAP] = off
    arena.mem[fk + layout.F_HEAP_CAP] = 2 * cap


def _grow_queue(arena: Arena) -> None:
    """Double the places for messages that wait in a local book with lines; each keeps its number."""
    lk = arena.local_off + int(arena.mem[layout.H_NEED]) * layout.K_SIZE
    ln = int(arena.mem[lk + layout.K_LINES])
    cap, size = int(arena.mem[ln + line_words.LN_QUEUE_CAP]), line_words.Q_SIZE
    off = arena.append_words(2 * cap * size)
    mem = arena.mem
    old = int(mem[ln + line_words.LN_QUEUE])
    for number in range(int(mem[ln + line_words.LN_HEAD]), int(mem[ln + line_words.LN_TAIL])):
        source = old + (number & (cap - 1)) * size
        target = off + (number & (2 * cap - 1)) * size
        mem[target : target + size] = mem[source : source + size]
    mem[ln + line_words.LN_QUEUE] = off
    mem[ln + line_words.LN_QUEUE_CAP] = 2 * cap
