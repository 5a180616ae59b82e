"""Entry points: what Python calls, with arrays; everything below takes pointers.

Each is compiled once, for C-contiguous int64 arrays and int64 scalars, and cached.
"""

from numba import njit

from sim.kernels.audit import audit_book as audit_book_below
from sim.kernels.commands import cancel as cancel_below
from sim.kernels.commands import queue_ahead as queue_ahead_below
from sim.kernels.commands import replace as replace_below
from sim.kernels.commands import submit as submit_below
from sim.kernels.depth import local_depth as local_depth_below
from sim.kernels.depth import venue_depth as venue_depth_below
from sim.kernels.dump import dump_book as dump_book_below
from sim.kernels.dump import dump_size as dump_size_below
from sim.kernels.grow import grow_far as grow_far_below
from sim.kernels.grow import grow_ring as grow_ring_below
from sim.kernels.grow import grow_window as grow_window_below
from sim.kernels.layout import H_LIMIT, H_OUT, Words
from sim.kernels.pointer import pointer
from sim.kernels.pool import add_pool as add_pool_below
from sim.kernels.status import DONE
from sim.kernels.subscription import arm as arm_below
from sim.kernels.world import advance as advance_below


@njit(cache=True)
def advance(
    mem: Words, rows: Words, orders: Words, levels: Words, until_ns: int, resumed: int
) -> int:
    """See `sim.kernels.world.advance`.

    Args:
        until_ns: The horizon.
        resumed: 0 for a new horizon; 1 to go on where a capacity status stopped.

    Returns:
        Out rows written, or a negative status. The count spares Python a look into `mem`.
    """
    if resumed == 0:
        mem[H_LIMIT] = until_ns
        mem[H_OUT] = 0
    code = advance_below(pointer(mem), pointer(rows), pointer(orders), pointer(levels), None)
    return mem[H_OUT] if code == DONE else code


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
    """See `sim.kernels.commands.submit`."""
    return submit_below(
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
    """See `sim.kernels.commands.cancel`."""
    return cancel_below(
        pointer(mem), pointer(orders), pointer(levels), book_id, now, cause, order_id, slot
    )


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
    """See `sim.kernels.commands.replace`."""
    return replace_below(
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
def queue_ahead(
    mem: Words, orders: Words, levels: Words, book_id: int, order_id: int, slot: int
) -> int:
    """See `sim.kernels.commands.queue_ahead`."""
    return queue_ahead_below(
        pointer(mem), pointer(orders), pointer(levels), book_id, order_id, slot
    )


@njit(cache=True)
def arm(mem: Words, sub: int, triggers: int, watch: int, stale_ns: int, now: int) -> None:
    """See `sim.kernels.subscription.arm`."""
    arm_below(pointer(mem), sub, triggers, watch, stale_ns, now)


@njit(cache=True)
def dump_book(mem: Words, orders: Words, levels: Words, book_id: int, out: Words) -> int:
    """See `sim.kernels.dump.dump_book`."""
    return dump_book_below(pointer(mem), pointer(orders), pointer(levels), book_id, pointer(out))


@njit(cache=True)
def dump_size(mem: Words, orders: Words, book_id: int) -> int:
    """See `sim.kernels.dump.dump_size`."""
    return dump_size_below(pointer(mem), pointer(orders), book_id)


@njit(cache=True)
def local_depth(mem: Words, levels: Words, index: int, side: int, count: int, out: Words) -> int:
    """See `sim.kernels.depth.local_depth`."""
    return local_depth_below(pointer(mem), pointer(levels), index, side, count, pointer(out))


@njit(cache=True)
def venue_depth(mem: Words, levels: Words, book_id: int, side: int, count: int, out: Words) -> int:
    """See `sim.kernels.depth.venue_depth`."""
    return venue_depth_below(pointer(mem), pointer(levels), book_id, side, count, pointer(out))


@njit(cache=True)
def audit_book(mem: Words, orders: Words, levels: Words, book_id: int) -> int:
    """See `sim.kernels.audit.audit_book`."""
    return audit_book_below(pointer(mem), pointer(orders), pointer(levels), book_id)


@njit(cache=True)
def grow_far(
    mem: Words, levels: Words, ld: int, farcap: int, fark: int, farbits: int, farlv: int
) -> None:
    """See `sim.kernels.grow.grow_far`."""
    grow_far_below(pointer(mem), pointer(levels), ld, farcap, fark, farbits, farlv)


@njit(cache=True)
def grow_window(mem: Words, levels: Words, ld: int, win: int, bits: int, lv: int) -> None:
    """See `sim.kernels.grow.grow_window`."""
    grow_window_below(pointer(mem), pointer(levels), ld, win, bits, lv)


@njit(cache=True)
def grow_ring(mem: Words, bk: int, off: int, cap: int) -> None:
    """See `sim.kernels.grow.grow_ring`."""
    grow_ring_below(pointer(mem), bk, off, cap)


@njit(cache=True)
def add_pool(mem: Words, orders: Words, first: int, end: int) -> None:
    """See `sim.kernels.pool.add_pool`."""
    add_pool_below(pointer(mem), pointer(orders), first, end)
