"""ADD, REVEAL, REDUCE, DELETE and REPLACE rows: what each does to its order.

`history.py` has checked the row; the rules are in docs/explanation/venue-truth.md, "Rows".
"""

from numba import njit

from sim.kernels.book import (
    free_handle,
    key_of,
    level_of,
    price_of,
    publish_gone,
    rest,
    set_amounts,
    unlink,
)
from sim.kernels.hits import hit_own
from sim.kernels.layout import (
    B_PHASE,
    B_SPECIAL,
    B_VOID,
    H_MODE,
    LEVEL,
    LV_SHOWN,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    Words,
)
from sim.kernels.outward import publish
from sim.kernels.status import ADD, CONTINUOUS, FROZEN, KEEP_PRIORITY, REPLACE, REVEAL


@njit(cache=True)
def arrive(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    slot: int,
    kind: int,
    fills: int,
) -> None:
    """A historical order arrives in the book; `slot` holds its key, live and tape.

    With `fills` it first meets our orders: frozen, it fills them and stays as it is; reactive, it
    trades with special orders and rests with what is left.
    """
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    other = 1 - (key_side & 1)
    limit_key = -(key_side >> 1)
    if mem[H_MODE] == FROZEN:
        if fills > 0 and mem[bk + B_PHASE] == CONTINUOUS:
            hit_own(mem, orders, levels, bk, ts, cause, other, limit_key, fills, True)
        rest(mem, orders, levels, bk, ts, cause, slot, kind, True)
        return
    if mem[bk + B_PHASE] == CONTINUOUS and mem[bk + B_SPECIAL + other] > 0:
        live = orders[slot * ORDER + O_LIVE]
        orders[slot * ORDER + O_LIVE] = hit_own(
            mem, orders, levels, bk, ts, cause, other, limit_key, live, False
        )
    if orders[slot * ORDER + O_LIVE] > 0:
        rest(mem, orders, levels, bk, ts, cause, slot, kind, True)


@njit(cache=True)
def row_add(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    side: int,
    slot: int,
    price: int,
    qty: int,
) -> None:
    """ADD, or a positive REVEAL."""
    orders[slot * ORDER + O_KEY_SIDE] = key_of(side, price) * 2 + side
    orders[slot * ORDER + O_LIVE] = qty
    orders[slot * ORDER + O_TAPE] = qty
    fills = qty if kind == ADD else 0
    arrive(mem, orders, levels, bk, ts, cause, slot, kind, fills)


@njit(cache=True)
def is_queued(mem: Words, orders: Words, slot: int) -> bool:
    """Whether a historical order with `tape > 0` stands in a queue (it does not when spent)."""
    return mem[H_MODE] == FROZEN or orders[slot * ORDER + O_LIVE] > 0


@njit(cache=True)
def row_reduce(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    kind: int,
    slot: int,
    qty: int,
) -> None:
    """REDUCE, or a negative REVEAL; `qty` is positive here."""
    if not is_queued(mem, orders, slot):
        orders[slot * ORDER + O_TAPE] -= qty
        mem[bk + B_VOID] += 1
        return
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    index = level_of(mem, orders, bk, slot)
    live = orders[slot * ORDER + O_LIVE]
    tape = orders[slot * ORDER + O_TAPE] - qty
    if mem[H_MODE] == FROZEN:
        left = min(live, tape)
        taken = qty
    else:
        taken = min(qty, live)
        left = live - taken
    set_amounts(mem, orders, levels, bk, slot, index, left, tape)
    shown = levels[index * LEVEL + LV_SHOWN]
    gone = tape == 0 if mem[H_MODE] == FROZEN else left == 0
    if gone:
        unlink(mem, orders, levels, bk, slot, index)
    elif tape == 0:
        free_handle(mem, orders, levels, bk, slot, index)
    amount = -taken if kind == REVEAL else taken
    publish(mem, bk, ts, cause, kind, slot, key_side & 1, price_of(key_side), amount, shown)


@njit(cache=True)
def row_delete(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int
) -> None:
    """DELETE: all that is left goes."""
    if not is_queued(mem, orders, slot):
        orders[slot * ORDER + O_TAPE] = 0
        mem[bk + B_VOID] += 1
        return
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    qty = orders[slot * ORDER + O_TAPE] if mem[H_MODE] == FROZEN else orders[slot * ORDER + O_LIVE]
    shown = unlink(mem, orders, levels, bk, slot, level_of(mem, orders, bk, slot))
    orders[slot * ORDER + O_LIVE] = 0
    orders[slot * ORDER + O_TAPE] = 0
    publish_gone(mem, bk, ts, cause, slot, key_side, qty, shown)


@njit(cache=True)
def replace_in_place(
    mem: Words, orders: Words, levels: Words, bk: int, ts: int, cause: int, slot: int, qty: int
) -> None:
    """REPLACE that keeps its price and its place."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    index = level_of(mem, orders, bk, slot)
    old = orders[slot * ORDER + O_LIVE]
    change = qty - orders[slot * ORDER + O_TAPE]
    if mem[H_MODE] == FROZEN:
        live = min(old, qty) if change <= 0 else old + change
    else:
        live = max(0, old + change)
    set_amounts(mem, orders, levels, bk, slot, index, live, qty)
    shown = levels[index * LEVEL + LV_SHOWN]
    price = price_of(key_side)
    if live == 0 and mem[H_MODE] != FROZEN:
        unlink(mem, orders, levels, bk, slot, index)
        publish_gone(mem, bk, ts, cause, slot, key_side, old, shown)
        return
    amount = qty if mem[H_MODE] == FROZEN else live
    publish(mem, bk, ts, cause, REPLACE, slot, key_side & 1, price, amount, shown)


@njit(cache=True)
def move_out(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    flags: int,
    slot: int,
    price: int,
    qty: int,
) -> bool:
    """All of REPLACE but the arrival: same handle, new price and quantity. Whether it must arrive."""
    old_key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = old_key_side & 1
    key_side = key_of(side, price) * 2 + side
    if not is_queued(mem, orders, slot):
        orders[slot * ORDER + O_KEY_SIDE] = key_side
        orders[slot * ORDER + O_TAPE] = qty
        mem[bk + B_VOID] += 1
        return False
    if flags & KEEP_PRIORITY and key_side == old_key_side:
        replace_in_place(mem, orders, levels, bk, ts, cause, slot, qty)
        return False
    live = orders[slot * ORDER + O_LIVE]
    tape = orders[slot * ORDER + O_TAPE]
    shown = unlink(mem, orders, levels, bk, slot, level_of(mem, orders, bk, slot))
    gone = tape if mem[H_MODE] == FROZEN else live
    publish_gone(mem, bk, ts, cause, slot, old_key_side, gone, shown)
    change = qty - tape
    if mem[H_MODE] == FROZEN:
        orders[slot * ORDER + O_LIVE] = min(live, qty) if change <= 0 else live + change
    else:
        orders[slot * ORDER + O_LIVE] = max(0, live + change)
    orders[slot * ORDER + O_KEY_SIDE] = key_side
    orders[slot * ORDER + O_TAPE] = qty
    return True


@njit(cache=True)
def row_replace(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    ts: int,
    cause: int,
    flags: int,
    slot: int,
    price: int,
    qty: int,
) -> None:
    """REPLACE: same handle, new price and quantity."""
    if move_out(mem, orders, levels, bk, ts, cause, flags, slot, price, qty):
        arrive(mem, orders, levels, bk, ts, cause, slot, ADD, qty)
