"""Latencies out of a flat integer block, compiled: the twin of `sample` in `sim/latency.py`.

That file explains the block; a property test holds both equal to the nanosecond. A constant costs
one comparison and two loads.
"""

from numba import njit

from sim.kernels.draw import Ints, draw

CONSTANT_NS = 1
BURST_BELOW = 1
BURST_EVERY_NS = 2
BURST_PPM = 3
POINTS = 4

KIND_CONSTANT = 0
KIND_SLOWED = 2
TAIL = 1023
BURST_KEY = 0x6275727374
PPM = 1_000_000

ROWS = 1
FIRST_ROW = 2
ROW_SIZE = 5
HITS = 4
ADD = 1
SCALE = 2
HOLD = 3
STALL = 5
SLOWED_NS_MAX = 1 << 46


@njit(cache=True)
def latency_ns(mem: Ints, off: int, key: int, now_ns: int, cause_a: int, cause_b: int) -> int:
    """The latency of one cause, in nanoseconds, at least 1.

    Args:
        mem: int64; holds a compiled latency block at `off`, of which only counts of hits change.
        off: Where the block begins.
        key: Of the stream that this latency belongs to.
        now_ns: When the message departs, at least 0; decides nothing but bursts and slowdowns.
        cause_a: First part of the cause.
        cause_b: Second part of the cause.
    """
    if mem[off] == KIND_CONSTANT:
        return mem[off + CONSTANT_NS]
    if mem[off] == KIND_SLOWED:
        inside = off + FIRST_ROW + ROW_SIZE * mem[off + ROWS]
        return slowed_ns(mem, off, now_ns, plain_ns(mem, inside, key, now_ns, cause_a, cause_b))
    return varied_ns(mem, off, key, now_ns, cause_a, cause_b)


@njit(cache=True)
def plain_ns(mem: Ints, off: int, key: int, now_ns: int, cause_a: int, cause_b: int) -> int:
    """As `latency_ns`, of a block without slowdowns."""
    if mem[off] == KIND_CONSTANT:
        return mem[off + CONSTANT_NS]
    return varied_ns(mem, off, key, now_ns, cause_a, cause_b)


@njit(cache=True)
def slowed_ns(mem: Ints, off: int, now_ns: int, latency: int) -> int:
    """What the rows of a slowed block make of a latency; `sim/slowdown.py` explains them."""
    for number in range(mem[off + ROWS]):
        at = off + FIRST_ROW + ROW_SIZE * number
        from_ns = mem[at]
        until_ns = mem[at + 1]
        op = mem[at + 2]
        amount = mem[at + 3]
        before = latency
        if op == STALL:
            if now_ns < until_ns and now_ns + latency >= from_ns:
                latency = max(latency, until_ns - now_ns)
        elif from_ns <= now_ns and now_ns < until_ns:
            if op == ADD:
                latency += amount
            elif op == SCALE:
                latency = latency // PPM * amount + latency % PPM * amount // PPM
            elif op == HOLD:
                latency = max(latency, until_ns - now_ns)
            else:
                latency = max(latency, amount - now_ns % amount)
        latency = min(max(latency, 1), SLOWED_NS_MAX)
        if latency != before:
            mem[at + HITS] += 1
    return latency


@njit(cache=True)
def varied_ns(mem: Ints, off: int, key: int, now_ns: int, cause_a: int, cause_b: int) -> int:
    """As `latency_ns`, of a table with its bursts."""
    latency = table_ns(mem, off + POINTS, draw(key, cause_a, cause_b))
    if mem[off + BURST_BELOW] == 0:
        return latency
    every_ns = mem[off + BURST_EVERY_NS]
    if draw(key ^ BURST_KEY, now_ns // every_ns, every_ns) >> 10 >= mem[off + BURST_BELOW]:
        return latency
    # In two parts, because a long latency times the factor would leave 63 bits.
    factor_ppm = mem[off + BURST_PPM]
    return latency // PPM * factor_ppm + latency % PPM * factor_ppm // PPM


@njit(cache=True)
def table_ns(mem: Ints, points: int, bits: int) -> int:
    """The quantile that 63 bits name: ten bits a cell, ten more inside the last, twenty between."""
    point = bits >> 53
    fraction = (bits >> 33) & 0xFFFFF
    if point == TAIL:
        point += (bits >> 43) & 0x3FF
        fraction = (bits >> 23) & 0xFFFFF
    low_ns = mem[points + point]
    return low_ns + (((mem[points + point + 1] - low_ns) * fraction) >> 20)


@njit(cache=True)
def latency_many(
    mem: Ints, off: int, key: int, now_ns: Ints, causes_a: Ints, causes_b: Ints, out: Ints
) -> None:
    """`latency_ns` for each departure and cause; the int64 arrays have one length, `out` is written."""
    for index in range(out.shape[0]):
        out[index] = latency_ns(mem, off, key, now_ns[index], causes_a[index], causes_b[index])
