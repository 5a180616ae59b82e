"""Zero-intelligence order flow: limit, market and cancel orders that arrive by chance alone.

Model (Smith, Farmer, Gillemot and Krishnamurthy 2003, "Statistical theory of the continuous double
auction", Quantitative Finance 3; distances weighted as in Cont, Stoikov and Talreja 2010, "A
stochastic model for order book dynamics", Operations Research 58): limit orders arrive as a Poisson
stream at a distance from the opposite best that is drawn from a table; market orders arrive as
another; each limit order lives for an exponential time and is then cancelled.

Every draw is keyed by what it is about: the n-th limit order has its side, distance, quantity, life
and waiting time from (stream, n). So arrival times do not depend on the state of the book, and an
order of ours that is added or left out moves none of them.

Limits: sizes and signs are independent, so there is no long memory of order signs, and impact is
not concave as in real markets. It is a day to test machinery on, not to research a strategy with.
"""

from numba import njit

from sim.kernels.blocks import book_at
from sim.kernels.book import key_of, ladder_of, retire
from sim.kernels.draw import draw, exponential_ns
from sim.kernels.layout import (
    B_LOOKS,
    B_PHASE,
    B_RULES,
    B_SEQ,
    F_ANCHOR,
    F_BAND,
    F_BOOK,
    F_BUY_PPM,
    F_END_NS,
    F_HEAP,
    F_HEAP_CAP,
    F_HEAP_COUNT,
    F_KEY,
    F_LIFE_MEAN_NS,
    F_LIMIT_DUE,
    F_LIMIT_MEAN_NS,
    F_LIMITS,
    F_MARKET_DUE,
    F_MARKET_MEAN_NS,
    F_MARKETS,
    F_NEXT,
    F_QTY_MEAN,
    F_SEED_COUNT,
    F_TABLE,
    H_FLOW_OFF,
    H_LIMIT,
    H_MESSAGES,
    H_NEED,
    H_OUT,
    HEAP_SIZE,
    L_BEST,
    NEVER,
    NONE_KEY,
    SORT_FLOW,
    Rules,
    Words,
)
from sim.kernels.match import is_live, submit_core, take_out
from sim.kernels.ring import burst, capacity, commit, ladder_room
from sim.kernels.ruled.display import take_away
from sim.kernels.ruled.room import room_for
from sim.kernels.ruled.step import look
from sim.kernels.ruled.submit import send_ruled
from sim.kernels.ruled.terms import end_order
from sim.kernels.status import CONTINUOUS, DONE, GTC, IOC, LIMIT, MARKET, NEED_FLOW

# What a draw is for, so that one order's draws are independent of each other.
FOR_LIMIT_GAP = 1
FOR_SIDE = 2
FOR_DISTANCE = 3
FOR_QTY = 4
FOR_LIFE = 5
FOR_MARKET_GAP = 6
FOR_MARKET_SIDE = 7
FOR_MARKET_QTY = 8

MILLION = 1_000_000
BOOK_SHIFT = 40  # names of two flows' orders are apart: a slot may pass from one to the other
EVEN_PPM = 500_000


@njit(cache=True)
def flow_name(mem: Words, fk: int, number: int) -> int:
    """What the n-th order of a flow is called in the pool."""
    return number | mem[fk + F_BOOK] << BOOK_SHIFT


@njit(cache=True)
def flow_bits(mem: Words, fk: int, purpose: int, number: int) -> int:
    """63 bits for one purpose of the n-th order."""
    return draw(mem[fk + F_KEY], purpose, number)


@njit(cache=True)
def due_of(mem: Words, fk: int) -> int:
    """When the next order or cancel of one flow happens, or NEVER."""
    due = min(mem[fk + F_LIMIT_DUE], mem[fk + F_MARKET_DUE])
    if mem[fk + F_HEAP_COUNT] > 0:
        due = min(due, mem[mem[fk + F_HEAP]])
    return due if due < mem[fk + F_END_NS] else NEVER


@njit(cache=True)
def flow_due(mem: Words) -> int:
    """When the next order or cancel of any flow happens, or NEVER."""
    due = NEVER
    fk = mem[H_FLOW_OFF]
    while fk != 0:
        due = min(due, due_of(mem, fk))
        fk = mem[fk + F_NEXT]
    return due


@njit(cache=True)
def flow_qty(mem: Words, fk: int, purpose: int, number: int) -> int:
    """A quantity of at least one lot with the mean that was asked for."""
    bits = flow_bits(mem, fk, purpose, number)
    return 1 + exponential_ns(bits, mem[fk + F_QTY_MEAN] - 1)


@njit(cache=True)
def flow_distance(mem: Words, fk: int, number: int) -> int:
    """Distance from the opposite best in ticks: the first whose cumulative weight exceeds a draw."""
    target = flow_bits(mem, fk, FOR_DISTANCE, number) >> 1
    table = mem[fk + F_TABLE]
    low = 0
    high = mem[fk + F_BAND] - 1
    while low < high:
        middle = (low + high) >> 1
        if mem[table + middle] > target:
            high = middle
        else:
            low = middle + 1
    return low + 1


@njit(cache=True)
def flow_price(mem: Words, fk: int, bk: int, side: int, number: int) -> int:
    """Limit price: a distance away from the opposite best, or from the anchor where there is none."""
    sign = 1 - 2 * side
    key = mem[ladder_of(bk, 1 - side) + L_BEST]
    if key == NONE_KEY:
        reference = mem[fk + F_ANCHOR]
    else:
        reference = -key if side else key
    return reference - sign * flow_distance(mem, fk, number)


@njit(cache=True)
def heap_before(mem: Words, a: int, b: int) -> bool:
    """Whether heap entry `a` comes before `b`: by time, then by order number."""
    if mem[a] != mem[b]:
        return mem[a] < mem[b]
    return mem[a + 2] < mem[b + 2]


@njit(cache=True)
def heap_swap(mem: Words, a: int, b: int) -> None:
    """Exchange two heap entries."""
    for word in range(HEAP_SIZE):
        mem[a + word], mem[b + word] = mem[b + word], mem[a + word]


@njit(cache=True)
def heap_push(mem: Words, fk: int, due: int, slot: int, number: int) -> None:
    """Remember to cancel an order."""
    heap = mem[fk + F_HEAP]
    child = mem[fk + F_HEAP_COUNT]
    at = heap + child * HEAP_SIZE
    mem[at] = due
    mem[at + 1] = slot
    mem[at + 2] = number
    mem[fk + F_HEAP_COUNT] = child + 1
    while child > 0:
        parent = (child - 1) >> 1
        if not heap_before(mem, heap + child * HEAP_SIZE, heap + parent * HEAP_SIZE):
            break
        heap_swap(mem, heap + child * HEAP_SIZE, heap + parent * HEAP_SIZE)
        child = parent


@njit(cache=True)
def heap_pop(mem: Words, fk: int) -> None:
    """Forget the first entry."""
    heap = mem[fk + F_HEAP]
    count = mem[fk + F_HEAP_COUNT] - 1
    mem[fk + F_HEAP_COUNT] = count
    heap_swap(mem, heap, heap + count * HEAP_SIZE)
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= count:
            break
        if child + 1 < count and heap_before(
            mem, heap + (child + 1) * HEAP_SIZE, heap + child * HEAP_SIZE
        ):
            child += 1
        if not heap_before(mem, heap + child * HEAP_SIZE, heap + parent * HEAP_SIZE):
            break
        heap_swap(mem, heap + child * HEAP_SIZE, heap + parent * HEAP_SIZE)
        parent = child


@njit(cache=True)
def send(
    mem: Words,
    orders: Words,
    levels: Words,
    fk: int,
    bk: int,
    now: int,
    number: int,
    side: int,
    order_type: int,
    tif: int,
    price: int,
    qty: int,
    rules: Rules,
) -> int:
    """Let an order of the flow come to its book. The slot where it rests, or -1."""
    name = flow_name(mem, fk, number)
    cause = mem[bk + B_SEQ]
    if rules is not None:
        if mem[bk + B_RULES] != 0:
            return send_ruled(
                mem, orders, levels, bk, now, cause, name, side, order_type, tif, price, qty
            )
    return submit_core(
        mem,
        orders,
        levels,
        bk,
        now,
        cause,
        SORT_FLOW,
        name,
        side,
        order_type,
        tif,
        0,
        price,
        qty,
    )


@njit(cache=True)
def flow_limit(
    mem: Words, orders: Words, levels: Words, fk: int, bk: int, now: int, rules: Rules
) -> int:
    """Place the next limit order and schedule the one after it. DONE or what is needed."""
    number = mem[fk + F_LIMITS]
    side = flow_bits(mem, fk, FOR_SIDE, number) & 1
    price = flow_price(mem, fk, bk, side, number)
    status = ladder_room(mem, bk, side, key_of(side, price))
    if status != DONE:
        return status
    if mem[fk + F_HEAP_COUNT] >= mem[fk + F_HEAP_CAP]:
        mem[H_NEED] = fk
        return NEED_FLOW
    qty = flow_qty(mem, fk, FOR_QTY, number)
    slot = send(mem, orders, levels, fk, bk, now, number, side, LIMIT, GTC, price, qty, rules)
    life = 1 + exponential_ns(flow_bits(mem, fk, FOR_LIFE, number), mem[fk + F_LIFE_MEAN_NS])
    # An order that traded away at once still has its (void) cancel, so that source messages are
    # numbered alike whatever our own orders do.
    heap_push(mem, fk, now + life, slot, flow_name(mem, fk, number))
    mem[fk + F_LIMITS] = number + 1
    if number + 1 >= mem[fk + F_SEED_COUNT]:
        gap = exponential_ns(flow_bits(mem, fk, FOR_LIMIT_GAP, number), mem[fk + F_LIMIT_MEAN_NS])
        mem[fk + F_LIMIT_DUE] = now + 1 + gap
    return DONE


@njit(cache=True)
def market_side(mem: Words, fk: int, number: int) -> int:
    """Whether the n-th market order buys (0) or sells (1)."""
    bits = flow_bits(mem, fk, FOR_MARKET_SIDE, number)
    buy_ppm = mem[fk + F_BUY_PPM]
    if buy_ppm == EVEN_PPM:
        return bits & 1
    return 0 if ((bits >> 31) * MILLION) >> 32 < buy_ppm else 1


@njit(cache=True)
def flow_market(
    mem: Words, orders: Words, levels: Words, fk: int, bk: int, now: int, rules: Rules
) -> None:
    """Send the next market order and schedule the one after it."""
    number = mem[fk + F_MARKETS]
    side = market_side(mem, fk, number)
    qty = flow_qty(mem, fk, FOR_MARKET_QTY, number)
    if mem[bk + B_PHASE] == CONTINUOUS:
        send(mem, orders, levels, fk, bk, now, number, side, MARKET, IOC, 0, qty, rules)
    mem[fk + F_MARKETS] = number + 1
    gap = exponential_ns(flow_bits(mem, fk, FOR_MARKET_GAP, number), mem[fk + F_MARKET_MEAN_NS])
    mem[fk + F_MARKET_DUE] = now + 1 + gap


@njit(cache=True)
def end_flow(
    mem: Words, orders: Words, levels: Words, bk: int, now: int, slot: int, rules: Rules
) -> None:
    """An order of the flow leaves its book."""
    if rules is not None:
        if mem[bk + B_RULES] != 0:
            take_away(mem, orders, levels, bk, now, mem[bk + B_SEQ], slot)
            end_order(mem, orders, bk, slot)
            return
    take_out(mem, orders, levels, bk, now, mem[bk + B_SEQ], slot)
    retire(mem, orders, bk, slot)


@njit(cache=True)
def flow_cancel(
    mem: Words, orders: Words, levels: Words, fk: int, bk: int, now: int, rules: Rules
) -> None:
    """Cancel the order whose life is over, if it still rests."""
    at = mem[fk + F_HEAP]
    slot = mem[at + 1]
    if is_live(mem, orders, slot, SORT_FLOW, mem[at + 2]):
        end_flow(mem, orders, levels, bk, now, slot, rules)
    heap_pop(mem, fk)


@njit(cache=True)
def flow_room(mem: Words, levels: Words, bk: int, now: int, rules: Rules) -> int:
    """DONE when all that an event of the flow may cause fits, else what is needed."""
    if rules is not None:
        if mem[bk + B_LOOKS] != 0:
            status = room_for(mem, levels, bk, False, 0, now - 1)
            if status != DONE or mem[bk + B_RULES] != 0:
                return status
    return capacity(mem, levels, bk, burst(mem, bk), now - 1)


@njit(cache=True)
def flow_step(mem: Words, orders: Words, levels: Words, now: int, rules: Rules) -> int:
    """Let the flow's next event, due at `now`, happen. DONE or what is needed.

    Flows come in the order of their books; within one, limit orders come before market orders, and
    those before cancels of the same nanosecond.
    """
    fk = mem[H_FLOW_OFF]
    while due_of(mem, fk) != now:
        fk = mem[fk + F_NEXT]
    bk = book_at(mem, mem[fk + F_BOOK])
    status = flow_room(mem, levels, bk, now, rules)
    if status != DONE:
        return status
    if mem[fk + F_LIMIT_DUE] == now:
        status = flow_limit(mem, orders, levels, fk, bk, now, rules)
        if status != DONE:
            return status
    elif mem[fk + F_MARKET_DUE] == now:
        flow_market(mem, orders, levels, fk, bk, now, rules)
    else:
        flow_cancel(mem, orders, levels, fk, bk, now, rules)
    if rules is not None:
        if mem[bk + B_LOOKS] != 0:
            look(mem, orders, levels, bk, now, mem[bk + B_SEQ])
    commit(mem, bk)
    mem[bk + B_SEQ] += 1
    mem[H_MESSAGES] += 1
    if mem[H_OUT] > 0 and now < mem[H_LIMIT]:
        mem[H_LIMIT] = now
    return DONE
