"""The book that an ingest replays while it reads: names, levels and queues, nothing else.

Model: each price level keeps two queues, oldest first: anonymous records (depth whose orders were
never announced) and named orders. Which of them a source message takes from is the ingest's rule;
here they are only kept. Levels of a side stand in one array from worst to best, so that changes
near the best price, which are nearly all, move few of them. Order ids are found by open addressing
(linear probing, deletion by shifting back).

`book` is a tuple of arrays, all inout:
    state: int64, the scalars named S_* below
    orders: int64 (capacity, 7), one record a handle, the columns O_*
    levels: int64 (capacity, 7), one record a level, the columns V_*
    ladder: int64 (2, capacity, 2), key and level record by side, worst first
    table: int64 (power of two, 2), order id and handle + 1, 0 when empty

A key is a price that is smaller when better: -price for buys, +price for sells.

Invariants:
1. a handle is in exactly one queue or on the free list; a freed handle is the next one given out;
2. a level exists while an order is in one of its queues; its total is the sum of their quantities;
3. `table` holds exactly the named orders.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Ints: TypeAlias = npt.NDArray[np.int64]
Book: TypeAlias = tuple[Ints, Ints, Ints, Ints, Ints]
Whole: TypeAlias = int | np.int64
"""One type when compiled, two for a type checker."""

S_LIVE = 0  # orders alive
S_FREE = 1  # last freed handle + 1, 0 for none
S_HANDLES = 2  # handles ever given out
S_LEVEL_FREE = 3  # last freed level record + 1, 0 for none
S_LEVEL_NEXT = 4  # level records ever used
S_LEVELS = 5  # and 6: levels of each side
S_BOOK_END = 7  # a caller's own scalars begin here

X_ID = 0
X_PRICE = 1
X_QTY = 2
O_NEXT = 3
O_PREV = 4
O_LEVEL = 5
O_NAMED = 6
ORDER_WIDTH = 7

V_KEY = 0
V_SIDE = 1
V_TOTAL = 2
V_HEAD = 3  # anonymous head, anonymous tail, named head, named tail
V_TAIL = 4
LEVEL_WIDTH = 7

# Typed, so that a call with one of these and a call with a variable compile the callee once.
ANONYMOUS = np.int64(0)
NAMED = np.int64(1)
NO_ID = np.int64(0)  # of an anonymous record

HASH_BITS = 0x7FFFFFFF
HASH_MULTIPLIER = 0x9E3779B1  # odd, and about 2**32 by the golden ratio; no product overflows


@njit(cache=True)
def hash_home(table: Ints, order_id: Whole) -> int:
    """Where the search for an id begins."""
    folded = (order_id ^ (order_id >> 31)) & HASH_BITS
    return ((folded * HASH_MULTIPLIER) >> 16) & (table.shape[0] - 1)


@njit(cache=True)
def hash_find(table: Ints, order_id: Whole) -> int:
    """Place of an id in the table, or -1."""
    mask = table.shape[0] - 1
    at = hash_home(table, order_id)
    while table[at, 1] != 0:
        if table[at, 0] == order_id:
            return at
        at = (at + 1) & mask
    return -1


@njit(cache=True)
def hash_put(table: Ints, order_id: Whole, handle: Whole) -> None:
    """Enter an id that is not in the table."""
    mask = table.shape[0] - 1
    at = hash_home(table, order_id)
    while table[at, 1] != 0:
        at = (at + 1) & mask
    table[at, 0] = order_id
    table[at, 1] = handle + 1


@njit(cache=True)
def hash_remove(table: Ints, order_id: Whole) -> None:
    """Take an id out and shift back those that a gap would hide."""
    mask = table.shape[0] - 1
    gap = hash_find(table, order_id)
    at = gap
    while True:
        at = (at + 1) & mask
        if table[at, 1] == 0:
            break
        home = hash_home(table, table[at, 0])
        if ((at - home) & mask) >= ((at - gap) & mask):
            table[gap, 0] = table[at, 0]
            table[gap, 1] = table[at, 1]
            gap = at
    table[gap, 1] = 0


@njit(cache=True)
def hash_rebuild(old_table: Ints, new_table: Ints) -> None:
    """Enter all of a table into an empty larger one."""
    for at in range(old_table.shape[0]):
        if old_table[at, 1] != 0:
            hash_put(new_table, old_table[at, 0], old_table[at, 1] - 1)


@njit(cache=True)
def key_of(side: int, price: int) -> int:
    """The key of a price: smaller is better."""
    return price if side == 1 else -price


@njit(cache=True)
def rank_of(book: Book, side: int, key: int) -> int:
    """Place in the ladder of the best level that is not better than `key`; -1 for none."""
    state, _, _, ladder, _ = book
    low = 0
    high = state[S_LEVELS + side]
    while low < high:
        middle = (low + high) >> 1
        if ladder[side, middle, 0] >= key:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True)
def find_level(book: Book, side: int, price: int) -> int:
    """Level record of a price, or -1."""
    key = key_of(side, price)
    rank = rank_of(book, side, key)
    if rank >= 0 and book[3][side, rank, 0] == key:
        return book[3][side, rank, 1]
    return -1


@njit(cache=True)
def level_total(book: Book, side: int, price: int) -> Whole:
    """Lots at a price."""
    level = find_level(book, side, price)
    return book[2][level, V_TOTAL] if level >= 0 else np.int64(0)


@njit(cache=True)
def make_level(book: Book, side: int, price: int) -> int:
    """Level record of a price, made when there is none."""
    state, _, levels, ladder, _ = book
    key = key_of(side, price)
    rank = rank_of(book, side, key)
    if rank >= 0 and ladder[side, rank, 0] == key:
        return ladder[side, rank, 1]
    if state[S_LEVEL_FREE] != 0:
        level = state[S_LEVEL_FREE] - 1
        state[S_LEVEL_FREE] = levels[level, V_KEY]
    else:
        level = state[S_LEVEL_NEXT]
        state[S_LEVEL_NEXT] += 1
    levels[level, V_KEY] = key
    levels[level, V_SIDE] = side
    levels[level, V_TOTAL] = 0
    for queue in range(4):
        levels[level, V_HEAD + queue] = -1
    for i in range(state[S_LEVELS + side], rank + 1, -1):
        ladder[side, i, 0] = ladder[side, i - 1, 0]
        ladder[side, i, 1] = ladder[side, i - 1, 1]
    ladder[side, rank + 1, 0] = key
    ladder[side, rank + 1, 1] = level
    state[S_LEVELS + side] += 1
    return level


@njit(cache=True)
def drop_level(book: Book, level: int) -> None:
    """Take an empty level out."""
    state, _, levels, ladder, _ = book
    side = levels[level, V_SIDE]
    rank = rank_of(book, side, levels[level, V_KEY])
    state[S_LEVELS + side] -= 1
    for i in range(rank, state[S_LEVELS + side]):
        ladder[side, i, 0] = ladder[side, i + 1, 0]
        ladder[side, i, 1] = ladder[side, i + 1, 1]
    levels[level, V_KEY] = state[S_LEVEL_FREE]
    state[S_LEVEL_FREE] = level + 1


@njit(cache=True)
def enqueue(book: Book, handle: int, level: int, named: Whole) -> None:
    """Put an order at the back of one of a level's queues."""
    _, orders, levels, _, _ = book
    tail = levels[level, V_TAIL + 2 * named]
    orders[handle, O_LEVEL] = level
    orders[handle, O_NAMED] = named
    orders[handle, O_PREV] = tail
    orders[handle, O_NEXT] = -1
    if tail >= 0:
        orders[tail, O_NEXT] = handle
    else:
        levels[level, V_HEAD + 2 * named] = handle
    levels[level, V_TAIL + 2 * named] = handle


@njit(cache=True)
def dequeue(book: Book, handle: int) -> None:
    """Take an order out of its queue."""
    _, orders, levels, _, _ = book
    level = orders[handle, O_LEVEL]
    named = orders[handle, O_NAMED]
    before = orders[handle, O_PREV]
    after = orders[handle, O_NEXT]
    if before >= 0:
        orders[before, O_NEXT] = after
    else:
        levels[level, V_HEAD + 2 * named] = after
    if after >= 0:
        orders[after, O_PREV] = before
    else:
        levels[level, V_TAIL + 2 * named] = before


@njit(cache=True)
def open_order(book: Book, side: int, price: int, qty: int, order_id: Whole, named: Whole) -> int:
    """A new order at the back of its level; the last freed handle is given out first."""
    state, orders, levels, _, table = book
    if state[S_FREE] != 0:
        handle = state[S_FREE] - 1
        state[S_FREE] = orders[handle, O_NEXT]
    else:
        handle = state[S_HANDLES]
        state[S_HANDLES] += 1
    state[S_LIVE] += 1
    orders[handle, X_ID] = order_id
    orders[handle, X_PRICE] = price
    orders[handle, X_QTY] = qty
    level = make_level(book, side, price)
    levels[level, V_TOTAL] += qty
    enqueue(book, handle, level, named)
    if named == NAMED:
        hash_put(table, order_id, handle)
    return handle


@njit(cache=True)
def forget_name(book: Book, handle: int) -> None:
    """Make a named order anonymous: it joins the back of the anonymous records."""
    _, orders, _, _, table = book
    hash_remove(table, orders[handle, X_ID])
    dequeue(book, handle)
    enqueue(book, handle, orders[handle, O_LEVEL], ANONYMOUS)


@njit(cache=True)
def shrink_order(book: Book, handle: int, qty: int) -> None:
    """Take `qty` lots of an order, at most what it has; at zero it dies and frees its handle."""
    state, orders, levels, _, table = book
    level = orders[handle, O_LEVEL]
    orders[handle, X_QTY] -= qty
    levels[level, V_TOTAL] -= qty
    if orders[handle, X_QTY] > 0:
        return
    if orders[handle, O_NAMED] == NAMED:
        hash_remove(table, orders[handle, X_ID])
    dequeue(book, handle)
    orders[handle, O_NEXT] = state[S_FREE]
    state[S_FREE] = handle + 1
    state[S_LIVE] -= 1
    if levels[level, V_HEAD] < 0 and levels[level, V_HEAD + 2] < 0:
        drop_level(book, level)
