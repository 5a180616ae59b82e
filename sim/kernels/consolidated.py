"""How the best bid and offer over several books spend their time: how wide, locked, held by whom.

Model: each book has a best bid and a best ask, in price units of one scale, which hold from the
instant at which they were set to the next change. What happens inside one instant takes no time, so
a sweep that touches several venues at once is never seen half done. A book that is not in continuous
trading shows nothing.

Two ways to feed it. `follow` takes rows with the book after each, as the tape tools have them.
`advance` lets a world happen one tape instant at a time and reads its venue books after each; that a
run may be cut anywhere is an invariant of the loop (`sim/kernels/world.py`), so nobody in the run
can tell.

`watch` is one flat array: N_SIZE words, then G_SIZE words for each group of books, then Q_SIZE words
for each quote, those of a group next to each other.
"""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.depth import venue_depth
from sim.kernels.layout import (
    B_PHASE,
    H_LIMIT,
    H_NOW,
    H_OUT,
    H_POS,
    H_ROWS,
    H_ROWS_DONE,
    H_TAPE_DONE,
    NO_PRICE,
    ROW,
    W_TS,
    Rules,
    Words,
)
from sim.kernels.pointer import pointer
from sim.kernels.status import CONTINUOUS, DONE
from sim.kernels.world import advance as advance_below

N_BEST = 0  # two words of scratch, first of all, where `venue_depth` writes a price and its size
N_GROUPS = 2
N_SINCE = 3  # the quotes hold since then; BEFORE_ALL until the first row
N_UNTIL = 4  # horizon of the advance in progress
N_SIZE = 5

# A group: time in ns. Spread times time does not fit a word on a long day, so it is kept in two.
G_FIRST = 0  # its first quote
G_COUNT = 1
G_ALL = 2
G_BID = 3  # with any bid
G_ASK = 4
G_BOTH = 5
G_LOCKED = 6
G_CROSSED = 7
G_SPREAD_HIGH = 8  # in units of 2**SPREAD_BITS
G_SPREAD_LOW = 9
G_SIZE = 10

# A quote: the best of one book.
Q_BOOK = 0
Q_SCALE = 1  # units of the group in one of the book's own: ticks of a world, units of a tape
Q_BID = 2
Q_ASK = 3
Q_AT_BID = 4  # time at the group's best bid
Q_AT_ASK = 5
Q_SIZE = 6

BEFORE_ALL = -1
SPREAD_BITS = 20
SPREAD_MASK = (1 << SPREAD_BITS) - 1


@njit(cache=True)
def quote_at(watch: Words, quote: int) -> int:
    """Where a quote's words begin."""
    return N_SIZE + watch[N_GROUPS] * G_SIZE + quote * Q_SIZE


@njit(cache=True)
def add_time(watch: Words, group: int, passed: int) -> None:
    """The quotes of a group held for `passed` nanoseconds."""
    g = N_SIZE + group * G_SIZE
    bid = NO_PRICE
    ask = NO_PRICE
    for number in range(watch[g + G_FIRST], watch[g + G_FIRST] + watch[g + G_COUNT]):
        q = quote_at(watch, number)
        bid = max(bid, watch[q + Q_BID])
        if watch[q + Q_ASK] != NO_PRICE and (ask == NO_PRICE or watch[q + Q_ASK] < ask):
            ask = watch[q + Q_ASK]
    for number in range(watch[g + G_FIRST], watch[g + G_FIRST] + watch[g + G_COUNT]):
        q = quote_at(watch, number)
        if bid != NO_PRICE and watch[q + Q_BID] == bid:
            watch[q + Q_AT_BID] += passed
        if ask != NO_PRICE and watch[q + Q_ASK] == ask:
            watch[q + Q_AT_ASK] += passed
    watch[g + G_ALL] += passed
    if bid != NO_PRICE:
        watch[g + G_BID] += passed
    if ask != NO_PRICE:
        watch[g + G_ASK] += passed
    if bid == NO_PRICE or ask == NO_PRICE:
        return
    spread = ask - bid
    watch[g + G_BOTH] += passed
    if spread == 0:
        watch[g + G_LOCKED] += passed
    elif spread < 0:
        watch[g + G_CROSSED] += passed
    low = watch[g + G_SPREAD_LOW] + spread * (passed & SPREAD_MASK)
    watch[g + G_SPREAD_HIGH] += spread * (passed >> SPREAD_BITS) + (low >> SPREAD_BITS)
    watch[g + G_SPREAD_LOW] = low & SPREAD_MASK


@njit(cache=True)
def pass_time(watch: Words, now: int) -> None:
    """The quotes held until `now`."""
    since = watch[N_SINCE]
    if since != BEFORE_ALL and now > since:
        for group in range(watch[N_GROUPS]):
            add_time(watch, group, now - since)
    watch[N_SINCE] = max(since, now)


@njit(cache=True)
def scaled(price: int, scale: int) -> int:
    """A price in the group's units; nothing stays nothing."""
    return price if price == NO_PRICE else price * scale


@njit(cache=True)
def follow(watch: Words, times: Words, quotes: Words, bids: Words, asks: Words) -> None:
    """Take rows of a tape.

    Arrays:
        watch: inout.
        times: int64 (rows,), when, never falling; in.
        quotes: int64 (rows,), whose quote is set, or -1 for a book of no group; in.
        bids: int64 (rows,), best bid after the row, in the book's units, or NO_PRICE; in.
        asks: int64 (rows,), the same of the ask; in.
    """
    words = pointer(watch)
    for at in range(times.shape[0]):
        pass_time(words, times[at])
        if quotes[at] >= 0:
            q = quote_at(words, quotes[at])
            words[q + Q_BID] = scaled(bids[at], words[q + Q_SCALE])
            words[q + Q_ASK] = scaled(asks[at], words[q + Q_SCALE])


@njit(cache=True)
def best_shown(mem: Words, levels: Words, watch: Words, book_id: int, side: int) -> int:
    """The best price of one side that a venue shows in continuous trading, in ticks."""
    if mem[book_at(mem, book_id) + B_PHASE] != CONTINUOUS:
        return NO_PRICE
    found = venue_depth(mem, levels, book_id, side, 1, watch)
    return watch[N_BEST] if found else NO_PRICE


@njit(cache=True)
def read_venues(mem: Words, levels: Words, watch: Words) -> None:
    """Set every quote to what its venue shows now."""
    for group in range(watch[N_GROUPS]):
        g = N_SIZE + group * G_SIZE
        for number in range(watch[g + G_FIRST], watch[g + G_FIRST] + watch[g + G_COUNT]):
            q = quote_at(watch, number)
            book_id = watch[q + Q_BOOK]
            bid = best_shown(mem, levels, watch, book_id, 0)
            ask = best_shown(mem, levels, watch, book_id, 1)
            watch[q + Q_BID] = scaled(bid, watch[q + Q_SCALE])
            watch[q + Q_ASK] = scaled(ask, watch[q + Q_SCALE])


@njit(cache=True)
def next_instant(mem: Words, rows: Words, until: int) -> int:
    """When the next row of the tape is due, at most `until`; now, when it must be loaded first."""
    if mem[H_POS] < mem[H_ROWS]:
        return min(until, rows[mem[H_POS] * ROW + W_TS])
    return until if mem[H_TAPE_DONE] != 0 else mem[H_NOW]


@njit(cache=True)
def advance_instants(
    mem: Words, rows: Words, orders: Words, levels: Words, watch: Words, rules: Rules
) -> int:
    """Go on to the horizon, or to the end of the first observable instant. DONE or a status."""
    while True:
        status = advance_below(mem, rows, orders, levels, rules)
        if status != DONE:
            return status
        if mem[H_ROWS_DONE] > 0:
            pass_time(watch, mem[H_NOW])
        read_venues(mem, levels, watch)
        if mem[H_OUT] > 0 or mem[H_NOW] >= watch[N_UNTIL]:
            return DONE
        mem[H_LIMIT] = next_instant(mem, rows, watch[N_UNTIL])


@njit(cache=True)
def advance(
    mem: Words,
    rows: Words,
    orders: Words,
    levels: Words,
    until_ns: int,
    resumed: int,
    watch: Words,
) -> int:
    """As `sim.kernels.entry.advance`, and the quotes are followed on the way.

    Args:
        until_ns: The horizon.
        resumed: 0 for a new horizon; 1 to go on where a capacity status stopped.
        watch: inout.

    Returns:
        Out rows written, or a negative status.
    """
    words = pointer(mem)
    seen = pointer(watch)
    if resumed == 0:
        mem[H_OUT] = 0
        watch[N_UNTIL] = until_ns
        # Our own commands may have changed the books since the last advance.
        read_venues(words, pointer(levels), seen)
        mem[H_LIMIT] = next_instant(words, pointer(rows), until_ns)
    code = advance_instants(words, pointer(rows), pointer(orders), pointer(levels), seen, None)
    return mem[H_OUT] if code == DONE else code
