"""Entry points for own commands: each checks room first and commits what it published.

The market has been advanced to exactly `now` before a command is applied.
"""

from numba import njit

from sim.kernels.answer import cancel_order, replace_order, submit_order
from sim.kernels.blocks import book_at
from sim.kernels.book import key_of, level_of
from sim.kernels.layout import (
    B_DEPTH,
    B_MARKET,
    H_SLOT,
    LEVEL,
    LV_HEAD,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    PRICE_MAX,
    SORT_OWN,
    T_AHEAD,
    Words,
)
from sim.kernels.links import next_of
from sim.kernels.market_queue import is_market
from sim.kernels.match import is_live
from sim.kernels.pool import tag_of
from sim.kernels.ring import burst, capacity, commit, move_room
from sim.kernels.status import DEPTH_L3, DONE, LIMIT


@njit(cache=True)
def ready(mem: Words, levels: Words, bk: int, side: int, price: int, leaving: int, now: int) -> int:
    """DONE when a command that may rest at `price` fits, else what is needed.

    `leaving` is the key that the order has now, or NONE_KEY.
    """
    status = capacity(mem, levels, bk, burst(mem, bk), now)
    if status != DONE:
        return status
    if -PRICE_MAX <= price and price <= PRICE_MAX:
        return move_room(mem, bk, side, key_of(side, price), leaving)
    return DONE


@njit(cache=True)
def submit(
    mem: Words,
    orders: Words,
    levels: Words,
    book_id: int,
    now: int,
    cause: int,
    order_id: int,
    side: int,
    order_type: int,
    tif: int,
    post_only: int,
    price: int,
    qty: int,
) -> int:
    """Submit an order; H_SLOT says where it rests. DONE or a capacity status."""
    bk = book_at(mem, book_id)
    if order_type == LIMIT:
        status = ready(mem, levels, bk, side, price, NONE_KEY, now)
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
def cancel(
    mem: Words,
    orders: Words,
    levels: Words,
    book_id: int,
    now: int,
    cause: int,
    order_id: int,
    slot: int,
) -> int:
    """Cancel the order in `slot`, if it is still `order_id`. DONE or a capacity status."""
    bk = book_at(mem, book_id)
    status = capacity(mem, levels, bk, burst(mem, bk), now)
    if status != DONE:
        return status
    mem[H_SLOT] = cancel_order(mem, orders, levels, bk, now, cause, order_id, slot)
    commit(mem, bk)
    return DONE


@njit(cache=True)
def replace(
    mem: Words,
    orders: Words,
    levels: Words,
    book_id: int,
    now: int,
    cause: int,
    order_id: int,
    slot: int,
    price: int,
    qty: int,
) -> int:
    """Replace the order in `slot`, if it is still `order_id`. DONE or a capacity status."""
    bk = book_at(mem, book_id)
    side = 0
    leaving = NONE_KEY
    if is_live(mem, orders, slot, SORT_OWN, order_id):
        side = orders[slot * ORDER + O_KEY_SIDE] & 1
        leaving = orders[slot * ORDER + O_KEY_SIDE] >> 1
    status = ready(mem, levels, bk, side, price, leaving, now)
    if status != DONE:
        return status
    mem[H_SLOT] = replace_order(mem, orders, levels, bk, now, cause, order_id, slot, price, qty)
    commit(mem, bk)
    return DONE


@njit(cache=True)
def queue_ahead(
    mem: Words, orders: Words, levels: Words, book_id: int, order_id: int, slot: int
) -> int:
    """Live lots in front of a resting own order at its price, or -1 when it does not rest.

    Exact in L3 books, an estimate in L2 and L1 books.
    """
    if not is_live(mem, orders, slot, SORT_OWN, order_id):
        return -1
    bk = book_at(mem, book_id)
    if mem[bk + B_DEPTH] != DEPTH_L3 and not is_market(orders, slot):
        return mem[tag_of(mem, slot) + T_AHEAD]
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
