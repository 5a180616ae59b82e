"""What happens next to a local book that is fed by two lines, and when (`lines.py` lets it happen)."""

from numba import njit

from sim.kernels.blocks import book_of
from sim.kernels.latency import latency_ns
from sim.kernels.layout import (
    B_RING_COMMIT,
    K_BOOK,
    K_CURSOR,
    K_LINES,
    K_PREV_DUE,
    NEVER,
    Words,
)
from sim.kernels.line_arrival import look_for_beat, queue_at
from sim.kernels.line_words import (
    ASK,
    AWAITING,
    DECLARE,
    DELIVER,
    DISTRUST,
    FLOWING,
    GIVE_UP,
    IN_ORDER,
    LIGHT,
    LN_ASKED,
    LN_BEAT_FOR,
    LN_BEAT_SIGN,
    LN_DARK,
    LN_DISTRUST,
    LN_DISTRUST_NS,
    LN_EVENT,
    LN_HEAD,
    LN_HEARD,
    LN_KEY,
    LN_MODE,
    LN_NEXT_ASK,
    LN_REPLY,
    LN_REQUESTS,
    LN_SNAPSHOT,
    LN_SNAPSHOT_NO,
    LN_SNAPSHOT_NS,
    LN_TAIL,
    LN_WAIT_NS,
    Q_ARRIVES,
    Q_FATE,
    Q_SEQ,
    REPLY,
    SNAPSHOT_KEY,
    SPLICE,
)


@njit(cache=True)
def first_of(mem: Words, queue: int) -> int:
    """When a waiting message arrives first."""
    return min(mem[queue + Q_ARRIVES], mem[queue + Q_ARRIVES + 1])


@njit(cache=True)
def head_of(mem: Words, lk: int) -> int:
    """Where the message that is next in turn waits, or -1 when it never arrives."""
    ln = mem[lk + K_LINES]
    if mem[ln + LN_HEAD] == mem[ln + LN_TAIL]:
        return -1
    queue = queue_at(mem, ln, mem[ln + LN_HEAD])
    return queue if mem[queue + Q_SEQ] == mem[lk + K_CURSOR] else -1


@njit(cache=True)
def first_later(mem: Words, lk: int) -> int:
    """When the first message arrives that is behind the one in turn, or NEVER."""
    ln = mem[lk + K_LINES]
    first = NEVER
    for number in range(mem[ln + LN_HEAD], mem[ln + LN_TAIL]):
        queue = queue_at(mem, ln, number)
        if mem[queue + Q_SEQ] > mem[lk + K_CURSOR]:
            first = min(first, first_of(mem, queue))
    return first


@njit(cache=True)
def sign_of_hole(mem: Words, lk: int, head: int) -> int:
    """When the receiver first sees that the message in turn is missing, or NEVER."""
    ln = mem[lk + K_LINES]
    cursor = mem[lk + K_CURSOR]
    if mem[ln + LN_BEAT_FOR] != cursor:
        lost_a = head < 0 or mem[head + Q_FATE] != IN_ORDER
        lost_b = head < 0 or mem[head + Q_FATE + 1] != IN_ORDER
        look_for_beat(mem, lk, cursor, lost_a, lost_b)
    return min(first_later(mem, lk), mem[ln + LN_BEAT_SIGN])


@njit(cache=True)
def next_in_dark(mem: Words, lk: int) -> int:
    """When something is heard again of lines that are silent."""
    ln = mem[lk + K_LINES]
    if mem[ln + LN_BEAT_FOR] != mem[lk + K_CURSOR]:
        look_for_beat(mem, lk, mem[lk + K_CURSOR], True, True)
    heard = min(first_later(mem, lk), mem[ln + LN_HEARD])
    mem[ln + LN_EVENT] = LIGHT
    return max(mem[lk + K_PREV_DUE], heard)


@njit(cache=True)
def next_flowing(mem: Words, lk: int) -> int:
    """When the next thing happens to a feed without a gap; LN_EVENT says what."""
    ln = mem[lk + K_LINES]
    head = head_of(mem, lk)
    due = NEVER
    in_order = False
    mem[ln + LN_EVENT] = DELIVER
    if head >= 0:
        due = max(mem[lk + K_PREV_DUE], first_of(mem, head))
        in_order = mem[head + Q_FATE] == IN_ORDER and mem[head + Q_FATE + 1] == IN_ORDER
    # Lines that bring a message in order bring nothing that is behind it before it.
    if not in_order and mem[lk + K_CURSOR] < mem[book_of(mem, lk) + B_RING_COMMIT]:
        seen = max(mem[lk + K_PREV_DUE], sign_of_hole(mem, lk, head)) + mem[ln + LN_WAIT_NS]
        if seen < due:
            due = seen
            mem[ln + LN_EVENT] = DECLARE
    return due


@njit(cache=True)
def next_snapshot(mem: Words, lk: int) -> int:
    """When the snapshot that is waited for arrives."""
    ln = mem[lk + K_LINES]
    number = mem[ln + LN_SNAPSHOT_NO]
    taken = number * mem[ln + LN_SNAPSHOT_NS]
    key = mem[ln + LN_KEY] ^ SNAPSHOT_KEY
    latency = latency_ns(mem, mem[ln + LN_SNAPSHOT], key, taken, mem[lk + K_BOOK], number)
    return max(mem[lk + K_PREV_DUE], taken + latency)


@njit(cache=True)
def next_in_gap(mem: Words, lk: int) -> int:
    """The same of a feed with a gap."""
    ln = mem[lk + K_LINES]
    if mem[ln + LN_DARK] != 0:
        return next_in_dark(mem, lk)
    head = head_of(mem, lk)
    due = NEVER
    mem[ln + LN_EVENT] = DELIVER
    if head >= 0 and mem[ln + LN_DISTRUST] == 0:
        due = max(mem[lk + K_PREV_DUE], first_of(mem, head))
    if mem[ln + LN_MODE] == AWAITING:
        arrives = next_snapshot(mem, lk)
        if arrives < due:
            due = arrives
            mem[ln + LN_EVENT] = SPLICE
        return due
    if mem[ln + LN_REPLY] < due:
        due = mem[ln + LN_REPLY]
        mem[ln + LN_EVENT] = REPLY
    if mem[ln + LN_NEXT_ASK] < due:
        due = mem[ln + LN_NEXT_ASK]
        is_last = mem[ln + LN_ASKED] >= mem[ln + LN_REQUESTS]
        mem[ln + LN_EVENT] = GIVE_UP if is_last else ASK
    return due


@njit(cache=True)
def next_event(mem: Words, lk: int) -> int:
    """When the next thing happens to a feed, or NEVER; LN_EVENT says what."""
    ln = mem[lk + K_LINES]
    due = next_flowing(mem, lk) if mem[ln + LN_MODE] == FLOWING else next_in_gap(mem, lk)
    if mem[ln + LN_DISTRUST_NS] < due:
        due = mem[ln + LN_DISTRUST_NS]
        mem[ln + LN_EVENT] = DISTRUST
    return due
