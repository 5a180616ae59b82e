"""When a message arrives on each of two lines, if it does: drawn once for each, in order of numbers.

A line delays, loses, repeats and swaps as its impairments say, and otherwise never overtakes itself.
What arrives at all waits in a queue for its turn.
"""

from numba import njit

from sim.kernels.blocks import book_of
from sim.kernels.draw import draw, uniform_below
from sim.kernels.latency import latency_ns
from sim.kernels.layout import (
    B_RING_CAP,
    B_RING_COMMIT,
    B_RING_OFF,
    K_BOOK,
    K_LINES,
    NEVER,
    R_CAUSE,
    R_SIZE,
    R_TS,
    R_WORD,
    Words,
)
from sim.kernels.line_words import (
    BEAT_KEY,
    BEATS_MISSED,
    BEATS_TRIED,
    CORRUPT,
    CROSS,
    DIVERGE,
    FREEZE,
    GONE,
    HELD,
    I_AMOUNT,
    I_FROM,
    I_HITS,
    I_KEY,
    I_OP,
    I_SIZE,
    I_UNTIL,
    IN_ORDER,
    LL_AGAIN,
    LL_CORRUPT,
    LL_FATE,
    LL_HELD,
    LL_HELD_LEFT,
    LL_KEY,
    LL_LATENCY,
    LL_LOST,
    LL_PREV,
    LL_ROW_COUNT,
    LL_ROWS,
    LL_SIZE,
    LL_WRONG,
    LN_BEAT_FOR,
    LN_BEAT_NS,
    LN_BEAT_SENT,
    LN_BEAT_SIGN,
    LN_HEAD,
    LN_HEARD,
    LN_HEARD_SENT,
    LN_LINE,
    LN_QUEUE,
    LN_QUEUE_CAP,
    LN_SCAN,
    LN_TAIL,
    LOSE,
    LOSE_RUN,
    OVERTAKE,
    PPM,
    Q_ARRIVES,
    Q_END,
    Q_FATE,
    Q_SEQ,
    Q_SIZE,
    Q_WRONG,
    REPEAT,
    WRONG_QTY,
)
from sim.kernels.status import CROSS as KIND_CROSS
from sim.kernels.status import LAST, TRADE


@njit(cache=True)
def ring_at(mem: Words, bk: int, seq: int) -> int:
    """Where message `seq` of a book lies."""
    return mem[bk + B_RING_OFF] + (seq & (mem[bk + B_RING_CAP] - 1)) * R_SIZE


@njit(cache=True)
def queue_at(mem: Words, ln: int, number: int) -> int:
    """Where the waiting message of that number lies."""
    return mem[ln + LN_QUEUE] + (number & (mem[ln + LN_QUEUE_CAP] - 1)) * Q_SIZE


@njit(cache=True)
def is_level(mem: Words, at: int) -> bool:
    """Whether the row at `at` is about a level."""
    kind = (mem[at + R_WORD] >> 8) & 255
    return kind < KIND_CROSS and kind != TRADE


@njit(cache=True)
def is_full(mem: Words, ln: int) -> bool:
    """Whether no further message can wait."""
    return mem[ln + LN_TAIL] - mem[ln + LN_HEAD] >= mem[ln + LN_QUEUE_CAP]


@njit(cache=True)
def impair(mem: Words, ll: int, row: int, at: int, seq: int, book_id: int) -> None:
    """Let one impairment act on the message drawn now: its fate, and whether it is wrong."""
    op = mem[row + I_OP]
    amount = mem[row + I_AMOUNT]
    if mem[ll + LL_FATE] == GONE or ((op == DIVERGE or op == CROSS) and not is_level(mem, at)):
        return
    if op == LOSE_RUN:
        if mem[row + I_HITS] >= amount:
            return
        mem[ll + LL_FATE] = GONE
    elif op == OVERTAKE:
        if mem[ll + LL_HELD] >= 0 or mem[ll + LL_FATE] == HELD:
            return
        mem[ll + LL_FATE] = HELD
        mem[ll + LL_HELD_LEFT] = amount
    elif op == CROSS:
        mem[ll + LL_WRONG] = amount
    elif uniform_below(draw(mem[row + I_KEY], seq, book_id), PPM) >= amount:
        return
    elif op == DIVERGE:
        mem[ll + LL_WRONG] = WRONG_QTY
    elif op == REPEAT:
        mem[ll + LL_AGAIN] += 1
    else:
        mem[ll + LL_FATE] = GONE
        mem[ll + LL_CORRUPT] += 1 if op == CORRUPT else 0
    mem[row + I_HITS] += 1


@njit(cache=True)
def arrival(mem: Words, lk: int, ll: int, at: int, seq: int) -> int:
    """When the message at `at` arrives on a line, or NEVER; its fate and wrong are left in the line."""
    ln = mem[lk + K_LINES]
    ts = mem[at + R_TS]
    book_id = mem[lk + K_BOOK]
    alone = ts + latency_ns(
        mem, mem[ll + LL_LATENCY], mem[ll + LL_KEY], ts, book_id, mem[at + R_CAUSE]
    )
    due = max(alone, mem[ll + LL_PREV])
    mem[ll + LL_FATE] = IN_ORDER
    mem[ll + LL_WRONG] = 0
    for number in range(mem[ll + LL_ROW_COUNT]):
        row = mem[ll + LL_ROWS] + number * I_SIZE
        if ts < mem[row + I_FROM] or ts >= mem[row + I_UNTIL]:
            continue
        if mem[row + I_OP] != FREEZE:
            impair(mem, ll, row, at, seq, book_id)
        elif alone < mem[row + I_UNTIL]:
            # Behind the first that is kept the line's order keeps the others, too.
            due = max(due, mem[row + I_UNTIL])
            mem[row + I_HITS] += 1
    if mem[ll + LL_FATE] == GONE:
        mem[ll + LL_LOST] += 1
        return NEVER
    if mem[ll + LL_FATE] == HELD:
        mem[ll + LL_HELD] = mem[ln + LN_TAIL]
        return NEVER
    mem[ll + LL_PREV] = due
    return due


@njit(cache=True)
def release(mem: Words, ln: int, line: int, due: int) -> None:
    """A message passed the held one of its line; behind the last of those the held one arrives."""
    ll = ln + LN_LINE + line * LL_SIZE
    mem[ll + LL_HELD_LEFT] -= 1
    if mem[ll + LL_HELD_LEFT] > 0:
        return
    number = mem[ll + LL_HELD]
    mem[ll + LL_HELD] = -1
    if number >= mem[ln + LN_HEAD]:
        mem[queue_at(mem, ln, number) + Q_ARRIVES + line] = due + 1


@njit(cache=True)
def scan(mem: Words, lk: int) -> None:
    """Draw the arrivals of what has been published since, as far as there is room to wait."""
    ln = mem[lk + K_LINES]
    bk = book_of(mem, lk)
    committed = mem[bk + B_RING_COMMIT]
    seq = mem[ln + LN_SCAN]
    while seq < committed and not is_full(mem, ln):
        at = ring_at(mem, bk, seq)
        end = seq + 1
        while mem[ring_at(mem, bk, end - 1) + R_WORD] & LAST == 0:
            end += 1
        queue = queue_at(mem, ln, mem[ln + LN_TAIL])
        gone = 0
        for line in range(2):
            ll = ln + LN_LINE + line * LL_SIZE
            held = mem[ll + LL_HELD]
            due = arrival(mem, lk, ll, at, seq)
            fate = mem[ll + LL_FATE]
            mem[queue + Q_ARRIVES + line] = due
            mem[queue + Q_FATE + line] = fate
            mem[queue + Q_WRONG + line] = mem[ll + LL_WRONG]
            gone += 1 if fate == GONE else 0
            if fate == IN_ORDER and held >= 0:
                release(mem, ln, line, due)
        mem[queue + Q_SEQ] = seq
        mem[queue + Q_END] = end
        if gone < 2:
            mem[ln + LN_TAIL] += 1
        seq = end
    mem[ln + LN_SCAN] = seq


@njit(cache=True)
def comes_through(mem: Words, ll: int, sent: int, number: int) -> bool:
    """Whether a line brings a heartbeat that says something new."""
    for index in range(mem[ll + LL_ROW_COUNT]):
        row = mem[ll + LL_ROWS] + index * I_SIZE
        if sent < mem[row + I_FROM] or sent >= mem[row + I_UNTIL]:
            continue
        op = mem[row + I_OP]
        if op == FREEZE:
            return False
        if op == LOSE or op == CORRUPT:
            bits = draw(mem[row + I_KEY] ^ BEAT_KEY, number, 0)
            if uniform_below(bits, PPM) < mem[row + I_AMOUNT]:
                return False
    return True


@njit(cache=True)
def look_for_beat(mem: Words, lk: int, seq: int, lost_a: bool, lost_b: bool) -> None:
    """Find the heartbeat that first tells that message `seq` is missing, on the lines that lost it.

    Where neither line brings one for a while, their silence tells it.
    """
    ln = mem[lk + K_LINES]
    every = mem[ln + LN_BEAT_NS]
    ts = mem[ring_at(mem, book_of(mem, lk), seq) + R_TS]
    mem[ln + LN_BEAT_FOR] = seq
    mem[ln + LN_BEAT_SIGN] = NEVER
    mem[ln + LN_BEAT_SENT] = NEVER
    mem[ln + LN_HEARD] = NEVER
    mem[ln + LN_HEARD_SENT] = NEVER
    if every == 0:
        return
    first = (ts + every - 1) // every
    heard = NEVER
    for line in range(2):
        if not (lost_b if line else lost_a):
            continue
        ll = ln + LN_LINE + line * LL_SIZE
        for number in range(first, first + BEATS_TRIED):
            sent = number * every
            if comes_through(mem, ll, sent, number):
                heard = min(heard, number)
                sign = sent + latency_ns(
                    mem, mem[ll + LL_LATENCY], mem[ll + LL_KEY] ^ BEAT_KEY, sent, number, 0
                )
                if sign < mem[ln + LN_BEAT_SIGN]:
                    mem[ln + LN_BEAT_SIGN] = sign
                    mem[ln + LN_BEAT_SENT] = sent
                break
    mem[ln + LN_HEARD] = mem[ln + LN_BEAT_SIGN]
    mem[ln + LN_HEARD_SENT] = mem[ln + LN_BEAT_SENT]
    silence = (first + BEATS_MISSED - 1) * every
    if lost_a and lost_b and heard >= first + BEATS_MISSED and silence < mem[ln + LN_BEAT_SIGN]:
        mem[ln + LN_BEAT_SIGN] = silence
        mem[ln + LN_BEAT_SENT] = silence
