"""Entry points of worlds with rules: what Python calls, with arrays.

All commands share one entry, `act`, because each entry would compile once more the whole of what a
command may bring about. Nothing here is compiled before a world has a book with rules.
"""

from numba import njit

from sim.kernels.answer import cancel_order, replace_order, submit_order
from sim.kernels.blocks import book_at
from sim.kernels.commands import queue_ahead as queue_ahead_below
from sim.kernels.commands import ready
from sim.kernels.consolidated import N_UNTIL, advance_instants, next_instant, read_venues
from sim.kernels.layout import (
    B_BAND_HIGH,
    B_BAND_LOW,
    B_REFERENCE,
    B_RULES,
    H_LIMIT,
    H_OUT,
    H_SCRATCH_OFF,
    H_SLOT,
    NONE_KEY,
    O_KEY_SIDE,
    O_LIVE,
    ORDER,
    QTY_MAX,
    SORT_OWN,
    ST_DISPLAY,
    ST_ID,
    ST_POST,
    ST_PRICE,
    ST_QTY,
    ST_SIDE,
    ST_SIZE,
    ST_TIF,
    ST_TYPE,
    Words,
)
from sim.kernels.links import prev_of
from sim.kernels.match import is_live
from sim.kernels.pointer import pointer
from sim.kernels.ring import commit
from sim.kernels.ruled.audit import audit_ruled as audit_below
from sim.kernels.ruled.call import indicate
from sim.kernels.ruled.dump import dump_ruled as dump_below
from sim.kernels.ruled.dump import dump_ruled_size as dump_size_below
from sim.kernels.ruled.phases import set_phase
from sim.kernels.ruled.replace import replace_ruled
from sim.kernels.ruled.room import room_for
from sim.kernels.ruled.step import look
from sim.kernels.ruled.submit import submit_ruled, withdraw
from sim.kernels.ruled.terms import terms_of
from sim.kernels.ruled.words import DARK, DORMANT, E_DISPLAY, E_PLACE, PEAKS_MAX
from sim.kernels.status import DONE, LIMIT, NO_REASON, POST_REJECT
from sim.kernels.world import advance as advance_below

# What `act` is to do, and the words that it is given.
SUBMIT = 0  # ST_SIZE words
CANCEL = 1  # order id, slot
EXPIRE = 2  # order id, slot, reason
REPLACE = 3  # order id, slot, price, quantity
SET_PHASE = 4  # phase
SET_BAND = 5  # low, high; NO_PRICE and -NO_PRICE for none
SET_REFERENCE = 6  # half ticks, NO_PRICE for none
INDICATE = 7
W_ID = 0
W_SLOT = 1
W_VALUE = 2
W_QTY = 3


@njit(cache=True)
def peaks_of(mem: Words, orders: Words, verb: int, words: Words) -> int:
    """Most peaks that the order of a command may have."""
    if verb == SUBMIT and 0 < words[ST_DISPLAY] and words[ST_QTY] <= QTY_MAX:
        return min(PEAKS_MAX, words[ST_QTY] // words[ST_DISPLAY] + 1)
    if verb == REPLACE and is_live(mem, orders, words[W_SLOT], SORT_OWN, words[W_ID]):
        if mem[terms_of(mem, words[W_SLOT]) + E_DISPLAY] > 0:
            return PEAKS_MAX
    return 0


@njit(cache=True)
def plain_room(
    mem: Words, orders: Words, levels: Words, bk: int, now: int, verb: int, words: Words
) -> int:
    """DONE when a command on a book without rules has the levels that it may need."""
    if verb == SUBMIT and words[ST_TYPE] == LIMIT:
        return ready(mem, levels, bk, words[ST_SIDE], words[ST_PRICE], NONE_KEY, now)
    if verb == REPLACE and is_live(mem, orders, words[W_SLOT], SORT_OWN, words[W_ID]):
        key_side = orders[words[W_SLOT] * ORDER + O_KEY_SIDE]
        return ready(mem, levels, bk, key_side & 1, words[W_VALUE], key_side >> 1, now)
    return DONE


@njit(cache=True)
def act_plain(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    now: int,
    cause: int,
    verb: int,
    words: Words,
) -> int:
    """A command on a book without rules that others follow. The slot where its order rests, or -1."""
    if verb == SUBMIT:
        return submit_order(
            mem,
            orders,
            levels,
            bk,
            now,
            cause,
            words[ST_ID],
            words[ST_SIDE],
            words[ST_TYPE],
            words[ST_TIF],
            1 if words[ST_POST] == POST_REJECT else 0,
            words[ST_PRICE],
            words[ST_QTY],
        )
    order_id = words[W_ID]
    slot = words[W_SLOT]
    if verb == CANCEL:
        return cancel_order(mem, orders, levels, bk, now, cause, order_id, slot)
    price = words[W_VALUE]
    return replace_order(mem, orders, levels, bk, now, cause, order_id, slot, price, words[W_QTY])


@njit(cache=True)
def act_ruled(
    mem: Words,
    orders: Words,
    levels: Words,
    bk: int,
    now: int,
    cause: int,
    verb: int,
    words: Words,
) -> int:
    """A command on a book with rules. The slot where its order waits, or -1."""
    if verb == SUBMIT:
        for word in range(ST_SIZE):
            mem[mem[H_SCRATCH_OFF] + word] = words[word]
        return submit_ruled(mem, orders, levels, bk, now, cause)
    if verb == SET_PHASE:
        set_phase(mem, orders, levels, bk, now, cause, words[0])
    elif verb == SET_BAND:
        mem[bk + B_BAND_LOW] = words[0]
        mem[bk + B_BAND_HIGH] = words[1]
    elif verb == SET_REFERENCE:
        mem[bk + B_REFERENCE] = words[0]
    elif verb == INDICATE:
        indicate(mem, orders, levels, bk, now, cause)
    elif verb == REPLACE:
        price = words[W_VALUE]
        order_id = words[W_ID]
        slot = words[W_SLOT]
        return replace_ruled(
            mem, orders, levels, bk, now, cause, order_id, slot, price, words[W_QTY]
        )
    else:
        reason = words[W_VALUE] if verb == EXPIRE else NO_REASON
        withdraw(mem, orders, levels, bk, now, cause, words[W_ID], words[W_SLOT], reason)
    return -1


@njit(cache=True)
def act_below(
    mem: Words,
    orders: Words,
    levels: Words,
    verb: int,
    book_id: int,
    now: int,
    cause: int,
    words: Words,
) -> int:
    """See `act`."""
    bk = book_at(mem, book_id)
    ruled = mem[bk + B_RULES] != 0
    peaks = peaks_of(mem, orders, verb, words) if ruled else 0
    calls = verb == SET_PHASE or verb == INDICATE
    status = room_for(mem, levels, bk, calls, peaks, now)
    if status == DONE and not ruled:
        status = plain_room(mem, orders, levels, bk, now, verb, words)
    if status != DONE:
        return status
    order_id = words[0]
    if ruled:
        slot = act_ruled(mem, orders, levels, bk, now, cause, verb, words)
    else:
        slot = act_plain(mem, orders, levels, bk, now, cause, verb, words)
    if verb != INDICATE:
        look(mem, orders, levels, bk, now, cause)
    # The order may have ended in what followed.
    mem[H_SLOT] = slot if is_live(mem, orders, slot, SORT_OWN, order_id) else -1
    commit(mem, bk)
    return DONE


@njit(cache=True)
def act(
    mem: Words,
    orders: Words,
    levels: Words,
    verb: int,
    book_id: int,
    now: int,
    cause: int,
    words: Words,
) -> int:
    """One command, with all that follows it; H_SLOT says where its order waits, -1 for nowhere.

    The market has been advanced to exactly `now` before.

    Args:
        verb: SUBMIT … INDICATE.
        words: What the verb is given, one int64 each.

    Returns:
        DONE, or a capacity status with nothing changed.
    """
    return act_below(
        pointer(mem), pointer(orders), pointer(levels), verb, book_id, now, cause, pointer(words)
    )


@njit(cache=True)
def advance(
    mem: Words, rows: Words, orders: Words, levels: Words, until_ns: int, resumed: int
) -> int:
    """As `sim.kernels.entry.advance`, in a world with rules."""
    if resumed == 0:
        mem[H_LIMIT] = until_ns
        mem[H_OUT] = 0
    code = advance_below(pointer(mem), pointer(rows), pointer(orders), pointer(levels), 1)
    return mem[H_OUT] if code == DONE else code


@njit(cache=True)
def advance_watched(
    mem: Words,
    rows: Words,
    orders: Words,
    levels: Words,
    until_ns: int,
    resumed: int,
    watch: Words,
) -> int:
    """As `sim.kernels.consolidated.advance`, in a world with rules."""
    words = pointer(mem)
    seen = pointer(watch)
    if resumed == 0:
        mem[H_OUT] = 0
        watch[N_UNTIL] = until_ns
        read_venues(words, pointer(levels), seen)
        mem[H_LIMIT] = next_instant(words, pointer(rows), until_ns)
    code = advance_instants(words, pointer(rows), pointer(orders), pointer(levels), seen, 1)
    return mem[H_OUT] if code == DONE else code


@njit(cache=True)
def dump_ruled(mem: Words, orders: Words, levels: Words, book_id: int, out: Words) -> int:
    """See `sim.kernels.ruled.dump.dump_ruled`."""
    return dump_below(pointer(mem), pointer(orders), pointer(levels), book_id, pointer(out))


@njit(cache=True)
def dump_ruled_size(mem: Words, orders: Words, book_id: int) -> int:
    """See `sim.kernels.ruled.dump.dump_ruled_size`."""
    return dump_size_below(pointer(mem), pointer(orders), book_id)


@njit(cache=True)
def audit_ruled(mem: Words, orders: Words, levels: Words, book_id: int, seen: Words) -> int:
    """See `sim.kernels.ruled.audit.audit_ruled`."""
    return audit_below(pointer(mem), pointer(orders), pointer(levels), book_id, pointer(seen))


@njit(cache=True)
def queue_ahead_ruled(
    mem: Words, orders: Words, levels: Words, book_id: int, order_id: int, slot: int
) -> int:
    """As `sim.kernels.commands.queue_ahead`; of a dark order the dark lots before it at its price."""
    words = pointer(mem)
    records = pointer(orders)
    if not is_live(words, records, slot, SORT_OWN, order_id):
        return -1
    place = mem[terms_of(words, slot) + E_PLACE]
    if place == DORMANT:
        return -1
    if place != DARK:
        return queue_ahead_below(words, records, pointer(levels), book_id, order_id, slot)
    ahead = 0
    key_side = orders[slot * ORDER + O_KEY_SIDE]
    other = prev_of(records, slot)
    while other >= 0 and orders[other * ORDER + O_KEY_SIDE] == key_side:
        ahead += orders[other * ORDER + O_LIVE]
        other = prev_of(records, other)
    return ahead
