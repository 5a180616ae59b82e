"""Rows on a book with rules that are as on any other, which most of them are.

A row is *quiet* when it meets none of our orders and nobody looks at what it does: there is no peg,
and no stop that a trade could trigger. Then rules change nothing but the memory of the last trade.
"""

from numba import njit

from sim.kernels.book import ladder_of, price_of
from sim.kernels.ladder import find_level
from sim.kernels.layout import (
    B_CALM,
    B_DARK,
    B_DORMANTS,
    B_FOLLOWER,
    B_HANDLE_BASE,
    B_HANDLES,
    B_LOOKS,
    B_PEGS,
    B_PHASE,
    B_REFERENCE,
    B_RULES,
    B_SPECIAL,
    B_TICK,
    H_MODE,
    L_BEST,
    LEVEL,
    LOOKS,
    LOOKS_SHARED,
    LV_SPECIAL,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    Words,
)
from sim.kernels.ruled.step import followers_peg
from sim.kernels.status import (
    ADD,
    CONTINUOUS,
    DELETE,
    EXECUTE,
    FROZEN,
    REDUCE,
    REPLACE,
    REVEAL,
    TRADE,
)

COMING_KINDS = (1 << ADD) | (1 << REVEAL) | (1 << REPLACE)
CALM_KINDS = COMING_KINDS | (1 << REDUCE) | (1 << DELETE) | (1 << EXECUTE) | (1 << TRADE)


@njit(cache=True, forceinline=True)
def crosses_nobody(mem: Words, orders: Words, bk: int, side: int, price: int) -> bool:
    """Whether an order that arrives at a price meets no level and no dark order across."""
    worst = price if side == 0 else -price
    if mem[ladder_of(bk, 1 - side) + L_BEST] <= worst:
        return False
    dark = mem[bk + B_DARK + 1 - side]
    return dark < 0 or orders[dark * ORDER + O_KEY_SIDE] >> 1 > 2 * worst


@njit(cache=True)
def hits_target_only(
    mem: Words, orders: Words, levels: Words, bk: int, handle: int, qty: int
) -> bool:
    """Whether an EXECUTE row meets the order that it names and nobody else.

    A handle that no order can have is left to the checks of rows.
    """
    if handle < 0 or handle >= mem[bk + B_HANDLES]:
        return True
    slot = mem[bk + B_HANDLE_BASE] + handle
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    key = key_side >> 1
    if mem[H_MODE] != FROZEN and orders[slot * ORDER + O_LIVE] < qty:
        return False
    dark = mem[bk + B_DARK + side]
    if dark >= 0 and orders[dark * ORDER + O_KEY_SIDE] >> 1 <= 2 * key:
        return False
    if mem[bk + B_SPECIAL + side] == 0:
        return True
    ld = ladder_of(bk, side)
    if key != mem[ld + L_BEST]:
        return False
    return levels[find_level(mem, ld, key) * LEVEL + LV_SPECIAL] == 0


@njit(cache=True)
def nobody_there(mem: Words, bk: int) -> bool:
    """Whether a book in trading has nothing that a row could meet but a level; remembers that it has not.

    Whatever brings the first such thing forgets it again: a special, dark or dormant order, a peg, a phase.
    """
    calm = (
        mem[H_MODE] == FROZEN
        and mem[bk + B_LOOKS] == LOOKS
        and mem[bk + B_PHASE] == CONTINUOUS
        and mem[bk + B_FOLLOWER] < 0
        and mem[bk + B_PEGS] == 0
        and mem[bk + B_DORMANTS] == 0
        and mem[bk + B_SPECIAL] + mem[bk + B_SPECIAL + 1] == 0
        and mem[bk + B_DARK] < 0
        and mem[bk + B_DARK + 1] < 0
    )
    if calm:
        mem[bk + B_CALM] = 1
    return calm


@njit(cache=True, forceinline=True)
def is_calm(mem: Words, bk: int, kind: int, side: int, price: int) -> bool:
    """A first look, for most rows the only one: nobody is there, and the row crosses no level.

    Rows of all kinds follow each other in no order that a processor could learn, so the kind is not
    branched on here.
    """
    if mem[bk + B_CALM] == 0 and not nobody_there(mem, bk):
        return False
    bit = kind & 63
    is_clear = mem[ladder_of(bk, 1 - side) + L_BEST] > price * (1 - 2 * side)
    return ((CALM_KINDS >> bit) & 1 == 1) & (((COMING_KINDS >> bit) & 1 == 0) | is_clear)


@njit(cache=True, forceinline=True)
def is_quiet(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    kind: int,
    side: int,
    handle: int,
    price: int,
    qty: int,
) -> bool:
    """Whether a row may be applied as to a plain book; `note_quiet` belongs behind it."""
    if mem[bk + B_FOLLOWER] >= 0 and followers_peg(mem, bk):
        return False
    if mem[bk + B_PEGS] > 0:
        return False
    if kind == DELETE or kind == REDUCE or (kind == REVEAL and qty < 0):
        return True
    if kind == ADD or kind == REVEAL or kind == REPLACE:
        # Where levels are shared it matters who was the first of a level.
        if mem[bk + B_LOOKS] == LOOKS_SHARED:
            return False
        return mem[bk + B_RULES] == 0 or crosses_nobody(mem, orders, bk, side, price)
    if mem[bk + B_RULES] == 0:
        return True
    if mem[bk + B_PHASE] != CONTINUOUS or mem[bk + B_DORMANTS] > 0:
        return False
    if kind == EXECUTE:
        return hits_target_only(mem, orders, levels, bk, handle, qty)
    if kind == TRADE:
        return mem[bk + B_SPECIAL + 1 - side] == 0 and mem[bk + B_DARK + 1 - side] < 0
    return False


@njit(cache=True, forceinline=True)
def note_quiet(mem: Words, orders: Words, bk: int, kind: int, handle: int, units: int) -> None:
    """A row has been applied as to a plain book: remember what it traded; nobody waits for it.

    A book without rules remembers it too, and nobody asks.
    """
    if kind == EXECUTE:
        slot = mem[bk + B_HANDLE_BASE] + handle
        mem[bk + B_REFERENCE] = 2 * price_of(orders[slot * ORDER + O_KEY_SIDE])
    elif kind == TRADE:
        mem[bk + B_REFERENCE] = (2 * units) // mem[bk + B_TICK]
