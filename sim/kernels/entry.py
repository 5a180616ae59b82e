"""Entry points: what Python calls, with arrays; everything below takes pointers.

Each is compiled once, for C-contiguous int64 arrays and int64 scalars, and cached.
"""

from numba import njit

from sim.kernels import commands, dump, grow, local
from sim.kernels import world as loop
from sim.kernels.pointer import pointer

advance_ = loop.advance
submit_ = commands.submit
cancel_ = commands.cancel
replace_ = commands.replace
queue_ahead_ = commands.queue_ahead
arm_ = local.arm
dump_book_ = dump.dump_book
dump_size_ = dump.dump_size
local_depth_ = dump.local_depth
venue_depth_ = dump.venue_depth
audit_book_ = dump.audit_book
grow_ladder_ = grow.grow_ladder
grow_ring_ = grow.grow_ring
add_pool_ = grow.add_pool


@njit(cache=True)
def advance(mem, rows, orders, levels, until_ns):
    """See `sim.kernels.world.advance`."""
    return advance_(pointer(mem), pointer(rows), pointer(orders), pointer(levels), until_ns)


@njit(cache=True)
def submit(
    mem, orders, levels, book_id, now, cause, order_id, side, order_type, tif, post_only, price, qty
):
    """See `sim.kernels.commands.submit`."""
    return submit_(
        pointer(mem),
        pointer(orders),
        pointer(levels),
        book_id,
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


@njit(cache=True)
def cancel(mem, orders, levels, book_id, now, cause, order_id, slot):
    """See `sim.kernels.commands.cancel`."""
    return cancel_(
        pointer(mem), pointer(orders), pointer(levels), book_id, now, cause, order_id, slot
    )


@njit(cache=True)
def replace(mem, orders, levels, book_id, now, cause, order_id, slot, price, qty):
    """See `sim.kernels.commands.replace`."""
    return replace_(
        pointer(mem),
        pointer(orders),
        pointer(levels),
        book_id,
        now,
        cause,
        order_id,
        slot,
        price,
        qty,
    )


@njit(cache=True)
def queue_ahead(mem, orders, levels, book_id, order_id, slot):
    """See `sim.kernels.commands.queue_ahead`."""
    return queue_ahead_(pointer(mem), pointer(orders), pointer(levels), book_id, order_id, slot)


@njit(cache=True)
def arm(mem, sub, triggers, watch, stale_ns, now):
    """See `sim.kernels.local.arm`."""
    arm_(pointer(mem), sub, triggers, watch, stale_ns, now)


@njit(cache=True)
def dump_book(mem, orders, levels, book_id, out):
    """See `sim.kernels.dump.dump_book`."""
    return dump_book_(pointer(mem), pointer(orders), pointer(levels), book_id, pointer(out))


@njit(cache=True)
def dump_size(mem, orders, book_id):
    """See `sim.kernels.dump.dump_size`."""
    return dump_size_(pointer(mem), pointer(orders), book_id)


@njit(cache=True)
def local_depth(mem, levels, index, side, count, out):
    """See `sim.kernels.dump.local_depth`."""
    return local_depth_(pointer(mem), pointer(levels), index, side, count, pointer(out))


@njit(cache=True)
def venue_depth(mem, levels, book_id, side, count, out):
    """See `sim.kernels.dump.venue_depth`."""
    return venue_depth_(pointer(mem), pointer(levels), book_id, side, count, pointer(out))


@njit(cache=True)
def audit_book(mem, orders, levels, book_id):
    """See `sim.kernels.dump.audit_book`."""
    return audit_book_(pointer(mem), pointer(orders), pointer(levels), book_id)


@njit(cache=True)
def grow_ladder(mem, levels, ld, win, bits, lv, farcap, fark, farlv):
    """See `sim.kernels.grow.grow_ladder`."""
    grow_ladder_(pointer(mem), pointer(levels), ld, win, bits, lv, farcap, fark, farlv)


@njit(cache=True)
def grow_ring(mem, bk, off, cap):
    """See `sim.kernels.grow.grow_ring`."""
    grow_ring_(pointer(mem), bk, off, cap)


@njit(cache=True)
def add_pool(mem, orders, first, end):
    """See `sim.kernels.grow.add_pool`."""
    add_pool_(pointer(mem), pointer(orders), first, end)
