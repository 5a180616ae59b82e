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
TAIL = 1023
BURST_KEY = 0x6275727374
PPM = 1_000_000


@njit(cache=True)
def latency_ns(mem: Ints, off: int, key: int, now_ns: int, cause_a: int, cause_b: int) -> int:
    """The latency of one cause, in nanoseconds, at least 1.

    Args:
        mem: int64, only read; holds a compiled latency block at `off`.
        off: Where the block begins.
        key: Of the stream that this latency belongs to.
        now_ns: When the message departs, at least 0; decides nothing but bursts.
        cause_a: First part of the cause.
        cause_b: Second part of the cause.
    """
    if mem[off] == KIND_CONSTANT:
        return mem[off + CONSTANT_NS]
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
