"""Tape rows: what each does to a book, frozen or reactive.

The rules are in docs/explanation/venue-truth.md, "Rows". A row is checked as a whole before it
changes anything; `apply_row` returns 0 or the reason for which the row was refused.
"""

from numba import njit

from sim.kernels.book import (
    hit,
    key_of,
    ladder_of,
    level_of,
    pool_take,
    price_of,
    publish,
    publish_gone,
    rest,
    retire,
    set_amounts,
    unlink,
)
from sim.kernels.ladder import find_level, next_key
from sim.kernels.layout import (
    B_DIVERGED,
    B_EXPIRED,
    B_HANDLE_BASE,
    B_HANDLES,
    B_MOVED,
    B_PHASE,
    B_SPECIAL,
    B_TICK,
    B_VOID,
    H_MODE,
    L_BEST,
    LEVEL,
    LV_HEAD,
    LV_SHOWN,
    LV_SPECIAL,
    LV_TAIL,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    O_TAPE,
    ORDER,
    PRICE_MAX,
    QTY_MAX,
    SORT_MOVED,
)
from sim.kernels.links import next_of, prev_of, set_next, set_prev
from sim.kernels.match import resume_sweep
from sim.kernels.status import (
    ADD,
    BAD_HANDLE,
    BAD_HANDLE_DEAD,
    BAD_HANDLE_LIVE,
    BAD_KIND,
    BAD_ROW_PHASE,
    BAD_ROW_PRICE,
    BAD_ROW_QTY,
    BAD_ROW_SIDE,
    BAD_TOO_MUCH,
    CLEAR,
    CLOSED,
    CONTINUOUS,
    CROSS,
    DELETE,
    EXECUTE,
    FROZEN,
    KEEP_PRIORITY,
    PHASE,
    PRE_OPEN,
    REDUCE,
    REPLACE,
    REVEAL,
    SIDE_UNKNOWN,
    TRADE,
)


@njit(cache=True)
def fault_of(mem, orders, bk, kind, side, handle, price, qty):
    """Why an order row is impossible after the rows before it, or 0."""
    if kind < ADD or kind > REVEAL or kind == TRADE:
        return BAD_KIND
    if handle < 0 or handle >= mem[bk + B_HANDLES]:
        return BAD_HANDLE
    tape = orders[(mem[bk + B_HANDLE_BASE] + handle) * ORDER + O_TAPE]
    if kind == ADD or (kind == REVEAL and qty > 0):
        if tape > 0:
            return BAD_HANDLE_LIVE
    elif tape == 0:
        return BAD_HANDLE_DEAD
    if kind != REVEAL and qty < 1:
        return BAD_ROW_QTY
    if qty == 0 or qty > QTY_MAX or qty < -QTY_MAX:
        return BAD_ROW_QTY
    if kind == ADD or kind == REPLACE or (kind == REVEAL and qty > 0):
        if price < -PRICE_MAX or price > PRICE_MAX:
            return BAD_ROW_PRICE
    if (kind == REDUCE or kind == EXECUTE) and qty > tape:
        return BAD_TOO_MUCH
    if kind == REVEAL and qty < 0 and -qty > tape:
        return BAD_TOO_MUCH
    if kind == REPLACE:
        if orders[(mem[bk + B_HANDLE_BASE] + handle) * ORDER + O_KEY_SIDE] & 1 != side:
            return BAD_ROW_SIDE
    return 0


@njit(cache=True)
def hit_own(mem, orders, levels, bk, ts, cause, side, limit_key, budget, own_only):
    """Hit special orders of `side` up to `limit_key`, best first, oldest first. What is left.

    With `own_only` moved and diverged orders are passed over.
    """
    if mem[bk + B_SPECIAL + side] == 0:
        return budget
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while budget > 0 and key <= limit_key:
        after_level = next_key(mem, ld, key)
        index = find_level(mem, ld, key)
        if levels[index * LEVEL + LV_SPECIAL] > 0:
            slot = levels[index * LEVEL + LV_HEAD]
            while slot >= 0 and budget > 0:
                after = next_of(orders, slot)
                live = orders[slot * ORDER + O_LIVE]
                if live > orders[slot * ORDER + O_TAPE] and (not own_only or orders[slot * ORDER + O_TAPE] == -1):
                    qty = min(budget, live)
                    budget -= qty
                    hit(mem, orders, levels, bk, ts, cause, slot, index, qty)
                    index = find_level(mem, ld, key)
                slot = after
        key = after_level
    return budget


@njit(cache=True)
def hit_ahead(mem, orders, levels, bk, ts, cause, target, budget):
    """Hit special orders ahead of `target` in its own queue, oldest first. What is left."""
    index = level_of(mem, orders, bk, target)
    if levels[index * LEVEL + LV_SPECIAL] == 0:
        return budget
    slot = levels[index * LEVEL + LV_HEAD]
    while slot != target and budget > 0:
        after = next_of(orders, slot)
        if orders[slot * ORDER + O_LIVE] > orders[slot * ORDER + O_TAPE]:
            qty = min(budget, orders[slot * ORDER + O_LIVE])
            budget -= qty
            # `target` stays in the queue, so the level stays where it is.
            hit(mem, orders, levels, bk, ts, cause, slot, index, qty)
        slot = after
    return budget


@njit(cache=True)
def hit_queue(mem, orders, levels, bk, ts, cause, side, limit_key, budget):
    """Hit every order of `side` up to `limit_key`, best first, oldest first. What is left."""
    ld = ladder_of(bk, side)
    key = mem[ld + L_BEST]
    while budget > 0 and key <= limit_key:
        after_level = next_key(mem, ld, key)
        index = find_level(mem, ld, key)
        slot = levels[index * LEVEL + LV_HEAD]
        while slot >= 0 and budget > 0:
            after = next_of(orders, slot)
            qty = min(budget, orders[slot * ORDER + O_LIVE])
            if qty > 0:
                budget -= qty
                hit(mem, orders, levels, bk, ts, cause, slot, index, qty)
                index = find_level(mem, ld, key)
            slot = after
        key = after_level
    return budget


@njit(cache=True)
def arrive(mem, orders, levels, bk, ts, cause, slot, kind, fills):
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
def row_add(mem, orders, levels, bk, ts, cause, kind, side, slot, price, qty):
    """ADD, or a positive REVEAL."""
    orders[slot * ORDER + O_KEY_SIDE] = key_of(side, price) * 2 + side
    orders[slot * ORDER + O_LIVE] = qty
    orders[slot * ORDER + O_TAPE] = qty
    fills = qty if kind == ADD else 0
    arrive(mem, orders, levels, bk, ts, cause, slot, kind, fills)


@njit(cache=True)
def is_queued(mem, orders, slot):
    """Whether a historical order with `tape > 0` stands in a queue (it does not when spent)."""
    return mem[H_MODE] == FROZEN or orders[slot * ORDER + O_LIVE] > 0


@njit(cache=True)
def free_handle(mem, orders, levels, bk, slot, index):
    """The tape has freed a handle whose order lives on: move the order to a slot of our own.

    It keeps its place: the neighbours in its queue are pointed at the new slot.
    """
    target = pool_take(mem, orders, SORT_MOVED, slot - mem[bk + B_HANDLE_BASE])
    orders[target * ORDER + O_KEY_SIDE] = orders[slot * ORDER + O_KEY_SIDE]
    orders[target * ORDER + O_LIVE] = orders[slot * ORDER + O_LIVE]
    orders[target * ORDER + O_TAPE] = 0
    before = prev_of(orders, slot)
    after = next_of(orders, slot)
    set_prev(orders, target, before)
    set_next(orders, target, after)
    if before < 0:
        levels[index * LEVEL + LV_HEAD] = target
    else:
        set_next(orders, before, target)
    if after < 0:
        levels[index * LEVEL + LV_TAIL] = target
    else:
        set_prev(orders, after, target)
    orders[slot * ORDER + O_LIVE] = 0
    mem[bk + B_MOVED] += 1


@njit(cache=True)
def tape_takes(mem, orders, levels, bk, slot, qty):
    """Reactive: the tape takes `qty` from a handle; live stays as it is."""
    live = orders[slot * ORDER + O_LIVE]
    tape = orders[slot * ORDER + O_TAPE] - qty
    if live == 0:
        orders[slot * ORDER + O_TAPE] = tape
        return
    index = level_of(mem, orders, bk, slot)
    if live <= orders[slot * ORDER + O_TAPE] and live > tape:
        mem[bk + B_DIVERGED] += 1
    set_amounts(mem, orders, levels, bk, slot, index, live, tape)
    if tape == 0:
        free_handle(mem, orders, levels, bk, slot, index)


@njit(cache=True)
def row_reduce(mem, orders, levels, bk, ts, cause, kind, slot, qty):
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
    publish(
        mem, bk, ts, cause, kind, slot, key_side & 1, price_of(key_side), amount, shown
    )


@njit(cache=True)
def row_delete(mem, orders, levels, bk, ts, cause, slot):
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
def execute_frozen(mem, orders, levels, bk, ts, cause, slot, qty):
    """EXECUTE in frozen mode: our orders in front fill, then history happens as it did."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    if mem[bk + B_SPECIAL + side] > 0:
        better = (key_side >> 1) - 1
        left = hit_own(mem, orders, levels, bk, ts, cause, side, better, qty, True)
        hit_ahead(mem, orders, levels, bk, ts, cause, slot, left)
    index = level_of(mem, orders, bk, slot)
    tape = orders[slot * ORDER + O_TAPE] - qty
    set_amounts(
        mem, orders, levels, bk, slot, index, min(orders[slot * ORDER + O_LIVE], tape), tape
    )
    shown = levels[index * LEVEL + LV_SHOWN]
    if tape == 0:
        unlink(mem, orders, levels, bk, slot, index)
    publish(mem, bk, ts, cause, EXECUTE, slot, side, price_of(key_side), qty, shown)


@njit(cache=True)
def execute_reactive(mem, orders, levels, bk, ts, cause, slot, qty):
    """EXECUTE in reactive mode: an aggressor meets the book as it is now."""
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = key_side & 1
    key = key_side >> 1
    budget = qty
    if mem[bk + B_SPECIAL + side] > 0:
        budget = hit_own(mem, orders, levels, bk, ts, cause, side, key - 1, budget, False)
        if orders[slot * ORDER + O_LIVE] > 0:
            budget = hit_ahead(mem, orders, levels, bk, ts, cause, slot, budget)
    take = min(budget, orders[slot * ORDER + O_LIVE])
    if take > 0:
        budget -= take
        index = level_of(mem, orders, bk, slot)
        hit(mem, orders, levels, bk, ts, cause, slot, index, take)
    if budget > 0:
        mem[bk + B_EXPIRED] += hit_queue(
            mem, orders, levels, bk, ts, cause, side, key, budget
        )
    tape_takes(mem, orders, levels, bk, slot, qty)


@njit(cache=True)
def replace_in_place(mem, orders, levels, bk, ts, cause, slot, qty):
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
def row_replace(mem, orders, levels, bk, ts, cause, flags, slot, price, qty):
    """REPLACE: same handle, new price and quantity."""
    old_key_side = orders[slot * ORDER + O_KEY_SIDE]
    side = old_key_side & 1
    key_side = key_of(side, price) * 2 + side
    if not is_queued(mem, orders, slot):
        orders[slot * ORDER + O_KEY_SIDE] = key_side
        orders[slot * ORDER + O_TAPE] = qty
        mem[bk + B_VOID] += 1
        return
    if flags & KEEP_PRIORITY and key_side == old_key_side:
        replace_in_place(mem, orders, levels, bk, ts, cause, slot, qty)
        return
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
    arrive(mem, orders, levels, bk, ts, cause, slot, ADD, qty)


@njit(cache=True)
def row_print(mem, orders, levels, bk, ts, cause, kind, flags, units, qty):
    """TRADE or CROSS: a print; hidden trades fill our orders that were priced better."""
    left = qty
    side = flags & 1
    open_now = mem[bk + B_PHASE] == CONTINUOUS and flags & SIDE_UNKNOWN == 0
    if kind == TRADE and open_now and mem[bk + B_SPECIAL + 1 - side] > 0:
        passive = 1 - side
        tick = mem[bk + B_TICK]
        # The worst key that is still at the print's price or better, or strictly better.
        signed = units if passive else -units
        if mem[H_MODE] == FROZEN:
            limit_key = -((-signed) // tick) - 1
        else:
            limit_key = signed // tick
        left = hit_own(
            mem, orders, levels, bk, ts, cause, passive, limit_key, qty, True
        )
    if mem[H_MODE] == FROZEN:
        left = qty
    if left > 0:
        publish(mem, bk, ts, cause, kind, 0, side, units, left, 0)


@njit(cache=True)
def row_clear(mem, orders, levels, bk, ts, cause):
    """CLEAR: history leaves the book, our orders stay."""
    for side in range(2):
        ld = ladder_of(bk, side)
        key = mem[ld + L_BEST]
        while key != NONE_KEY:
            after_level = next_key(mem, ld, key)
            index = find_level(mem, ld, key)
            slot = levels[index * LEVEL + LV_HEAD]
            while slot >= 0:
                after = next_of(orders, slot)
                if orders[slot * ORDER + O_TAPE] >= 0:
                    unlink(mem, orders, levels, bk, slot, index)
                    index = find_level(mem, ld, key)
                    if orders[slot * ORDER + O_TAPE] == 0:
                        retire(mem, orders, bk, slot)
                slot = after
            key = after_level
    base = mem[bk + B_HANDLE_BASE]
    for slot in range(base, base + mem[bk + B_HANDLES]):
        orders[slot * ORDER + O_LIVE] = 0
        orders[slot * ORDER + O_TAPE] = 0
    publish(mem, bk, ts, cause, CLEAR, 0, 0, 0, 0, 0)


@njit(cache=True)
def apply_row(mem, orders, levels, bk, ts, cause, kind, flags, handle, price, qty):
    """Apply one tape row to a book. 0, or why it was refused (then nothing changed)."""
    side = flags & 1
    if kind == TRADE or kind == CROSS:
        if qty < 1 or qty > QTY_MAX:
            return BAD_ROW_QTY
        row_print(mem, orders, levels, bk, ts, cause, kind, flags, price, qty)
        return 0
    if kind == PHASE:
        if qty < PRE_OPEN or qty > CLOSED:
            return BAD_ROW_PHASE
        before = mem[bk + B_PHASE]
        mem[bk + B_PHASE] = qty
        publish(mem, bk, ts, cause, PHASE, 0, 0, 0, qty, 0)
        if qty == CONTINUOUS and before != CONTINUOUS:
            resume_sweep(mem, orders, levels, bk, ts, cause)
        return 0
    if kind == CLEAR:
        row_clear(mem, orders, levels, bk, ts, cause)
        return 0
    fault = fault_of(mem, orders, bk, kind, side, handle, price, qty)
    if fault != 0:
        return fault
    slot = mem[bk + B_HANDLE_BASE] + handle
    if kind == ADD or (kind == REVEAL and qty > 0):
        row_add(mem, orders, levels, bk, ts, cause, kind, side, slot, price, qty)
    elif kind == EXECUTE:
        if mem[H_MODE] == FROZEN:
            execute_frozen(mem, orders, levels, bk, ts, cause, slot, qty)
        else:
            execute_reactive(mem, orders, levels, bk, ts, cause, slot, qty)
    elif kind == DELETE:
        row_delete(mem, orders, levels, bk, ts, cause, slot)
    elif kind == REPLACE:
        row_replace(mem, orders, levels, bk, ts, cause, flags, slot, price, qty)
    else:
        row_reduce(mem, orders, levels, bk, ts, cause, kind, slot, abs(qty))
    return 0
