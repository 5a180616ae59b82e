"""Entry points for own commands: each checks room first and commits what it published.

The market has been advanced to exactly `now` before a command is applied.
"""

from numba import njit

from sim.kernels.book import level_of
from sim.kernels.ladder import room
from sim.kernels.layout import (
    B_LADDER,
    B_MARKET,
    B_SIZE,
    H_BOOK_OFF,
    H_NEED,
    H_SLOT,
    L_SIZE,
    LEVEL,
    LV_HEAD,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    PRICE_MAX,
)
from sim.kernels.links import next_of
from sim.kernels.match import cancel_order, is_live, is_market, replace_order, submit_order
from sim.kernels.ring import burst, capacity, commit
from sim.kernels.status import DONE, LIMIT, NEED_BOOK


@njit(cache=True)
def ready(mem, levels, bk, book_id, side, price, now):
    """DONE when a command that may rest at `price` fits, else what is needed."""
    status = capacity(mem, levels, bk, burst(mem, bk), now)
    if status != DONE:
        return status
    key = price if side else -price
    if -PRICE_MAX <= key and key <= PRICE_MAX:
        if not room(mem, bk + B_LADDER + side * L_SIZE, key):
            mem[H_NEED] = book_id
            return NEED_BOOK
    return DONE


@njit(cache=True)
def submit(
    mem, orders, levels, book_id, now, cause, order_id, side, order_type, tif, post_only, price, qty
):
    """Submit an order; H_SLOT says where it rests. DONE or a capacity status."""
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
    if order_type == LIMIT:
        status = ready(mem, levels, bk, book_id, side, price, now)
    else:
        status = capacity(mem, levels, bk, burst(mem, bk), now)
    if status != DONE:
        return status
    mem[H_SLOT] = submit_order(
        mem,
        orders,
        levels,
        bk,
        now,
        cause,
        order_id,
        side,
        order_type,
        tif,
        post_only,
        price,
        qty,
    )
    commit(mem, bk)
    return DONE


@njit(cache=True)
def cancel(mem, orders, levels, book_id, now, cause, order_id, slot):
    """Cancel the order in `slot`, if it is still `order_id`. DONE or a capacity status."""
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
    status = capacity(mem, levels, bk, burst(mem, bk), now)
    if status != DONE:
        return status
    mem[H_SLOT] = cancel_order(mem, orders, levels, bk, now, cause, order_id, slot)
    commit(mem, bk)
    return DONE


@njit(cache=True)
def replace(mem, orders, levels, book_id, now, cause, order_id, slot, price, qty):
    """Replace the order in `slot`, if it is still `order_id`. DONE or a capacity status."""
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
    side = orders[slot * ORDER + O_KEY_SIDE] & 1 if is_live(mem, orders, slot, order_id) else 0
    status = ready(mem, levels, bk, book_id, side, price, now)
    if status != DONE:
        return status
    mem[H_SLOT] = replace_order(mem, orders, levels, bk, now, cause, order_id, slot, price, qty)
    commit(mem, bk)
    return DONE


@njit(cache=True)
def queue_ahead(mem, orders, levels, book_id, order_id, slot):
    """Live lots in front of a resting own order at its price, or -1 when it does not rest."""
    if not is_live(mem, orders, slot, order_id):
        return -1
    bk = mem[H_BOOK_OFF] + book_id * B_SIZE
    if is_market(orders, slot):
        index = mem[bk + B_MARKET + (orders[slot * ORDER + O_KEY_SIDE] & 1)]
    else:
        index = level_of(mem, orders, bk, slot)
    ahead = 0
    other = levels[index * LEVEL + LV_HEAD]
    while other != slot:
        ahead += orders[other * ORDER + O_LIVE]
        other = next_of(orders, other)
    return ahead
