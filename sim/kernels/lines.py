"""A local book that is fed by two lines: which copy counts, what is missing, and how it is mended.

Model: every message is sent on both lines under one number, and the first valid copy of a number counts.
Messages are applied in the order of their numbers. Where one is missing while later ones are here, or a
heartbeat has told of it, there is a hole; a hole that lasts is a *gap*. In a gap the book stands still
and is *maybe bad*: the missing messages are asked for again, a bounded number of times at a bounded rate,
and when that does not help a snapshot is waited for that is not older than the gap. Two copies of one
number that differ, or a book that is crossed while trading is continuous, leave only the snapshot. While
neither line is heard at all nothing can be mended, since more may be missing than anybody knows of.

Order of events: within one instant what arrives on a line comes before what the receiver finds out by
itself, and an answer comes before the next request.

`sim/reference/lines.py` says the same in plain words; a property test holds both equal.
"""

from numba import njit

from sim.kernels.blocks import book_of, local_at
from sim.kernels.draw import draw, uniform_below
from sim.kernels.latency import PPM, latency_ns
from sim.kernels.layout import (
    B_RING_COMMIT,
    H_NEED,
    H_NOTE_CAP,
    H_NOTES,
    K_ARMED,
    K_CURSOR,
    K_LINES,
    K_PREV_DUE,
    K_VIEW,
    NEVER,
    R_TS,
    V_VENUE_NS,
    Words,
)
from sim.kernels.line_apply import note, run, watch_line
from sim.kernels.line_arrival import (
    is_full,
    queue_at,
    ring_at,
    scan,
)
from sim.kernels.line_next import first_later, first_of, next_event
from sim.kernels.line_words import (
    AGE,
    ASK,
    ASKED,
    AWAITING,
    BEGUN,
    CROSSED,
    DECLARE,
    DELIVER,
    DISAGREED,
    DISTRUST,
    FLOWING,
    GIVEN_UP,
    I_AMOUNT,
    I_FROM,
    I_HITS,
    I_OP,
    I_SIZE,
    I_UNTIL,
    LIGHT,
    LL_AGAIN,
    LL_SIZE,
    LL_TAKEN,
    LN_ASK_MOST,
    LN_ASKED,
    LN_BAD,
    LN_BEAT_SENT,
    LN_BEAT_SIGN,
    LN_CROSSED,
    LN_DARK,
    LN_DISTRUST,
    LN_DISTRUST_NS,
    LN_EVENT,
    LN_HEAD,
    LN_HEARD,
    LN_HEARD_SENT,
    LN_HOLE_END,
    LN_KEY,
    LN_LAST_ASK,
    LN_LINE,
    LN_MODE,
    LN_NEXT_ASK,
    LN_RACE,
    LN_RACES,
    LN_REFILL,
    LN_REFILL_LOSS,
    LN_REPLY,
    LN_REQUEST_NS,
    LN_REQUESTS,
    LN_RUN_NOTE,
    LN_RUN_NS,
    LN_RUN_QUIET,
    LN_RUN_TO,
    LN_RUN_WRONG,
    LN_SCAN,
    LN_SNAPSHOT_NO,
    LN_SNAPSHOT_NS,
    LN_TAIL,
    Q_ARRIVES,
    Q_END,
    Q_SEQ,
    Q_WRONG,
    REFILLED,
    REFILLING,
    REPLY,
    SPLICE,
    SPLICED,
    TOO_OLD,
)
from sim.kernels.status import (
    DONE,
    NEED_NOTES,
    NEED_QUEUE,
    ON_GAP,
)
from sim.kernels.subscription import fire

NOTES_A_STEP = 8


@njit(cache=True)
def begin_run(mem: Words, lk: int, to: int, now: int, what: int) -> None:
    """Let messages up to number `to` be applied, as of `now`, and `what` be noted then."""
    ln = mem[lk + K_LINES]
    mem[ln + LN_RUN_TO] = to
    mem[ln + LN_RUN_NS] = now
    mem[ln + LN_RUN_NOTE] = what
    mem[ln + LN_RUN_WRONG] = 0
    mem[ln + LN_RUN_QUIET] = 1 if what == SPLICED else 0


@njit(cache=True)
def drop_known(mem: Words, lk: int, to: int) -> None:
    """What waits in front of number `to` is here already, by another way."""
    ln = mem[lk + K_LINES]
    while mem[ln + LN_HEAD] < mem[ln + LN_TAIL]:
        if mem[queue_at(mem, ln, mem[ln + LN_HEAD]) + Q_SEQ] >= to:
            break
        mem[ln + LN_HEAD] += 1
    mem[ln + LN_SCAN] = max(mem[ln + LN_SCAN], to)


@njit(cache=True)
def deliver_head(mem: Words, levels: Words, index: int, now: int) -> int:
    """The message in turn is here: apply its first copy. DONE or NEED_LOCAL."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    queue = queue_at(mem, ln, mem[ln + LN_HEAD])
    arrives_a = mem[queue + Q_ARRIVES]
    arrives_b = mem[queue + Q_ARRIVES + 1]
    line = 0 if arrives_a <= arrives_b else 1
    mem[ln + LN_LINE + line * LL_SIZE + LL_TAKEN] += 1
    second = max(arrives_a, arrives_b)
    if second < NEVER:
        mem[ln + LN_LINE + (1 - line) * LL_SIZE + LL_AGAIN] += 1
        if mem[queue + Q_WRONG] != mem[queue + Q_WRONG + 1]:
            mem[ln + LN_DISTRUST_NS] = min(mem[ln + LN_DISTRUST_NS], max(now, second))
    watch_line(mem, index, 0, now, arrives_a)
    watch_line(mem, index, 1, now, arrives_b)
    begin_run(mem, lk, mem[queue + Q_END], now, 0)
    mem[ln + LN_RUN_WRONG] = mem[queue + Q_WRONG + line]
    if mem[ln + LN_MODE] != FLOWING:
        mem[ln + LN_RUN_NOTE] = REFILLED
    mem[ln + LN_HEAD] += 1
    return run(mem, levels, index)


@njit(cache=True)
def hole_end(mem: Words, lk: int, now: int) -> int:
    """Number of the first message behind the hole, as far as the receiver can know it now."""
    ln = mem[lk + K_LINES]
    cursor = mem[lk + K_CURSOR]
    for number in range(mem[ln + LN_HEAD], mem[ln + LN_TAIL]):
        queue = queue_at(mem, ln, number)
        if mem[queue + Q_SEQ] > cursor and first_of(mem, queue) <= now:
            return mem[queue + Q_SEQ]
    return published_by(mem, lk, mem[ln + LN_BEAT_SENT])


@njit(cache=True)
def published_by(mem: Words, lk: int, sent: int) -> int:
    """Number of the first message, from the cursor on, that was not published by then."""
    bk = book_of(mem, lk)
    seq = mem[lk + K_CURSOR]
    while seq < mem[bk + B_RING_COMMIT] and mem[ring_at(mem, bk, seq) + R_TS] <= sent:
        seq += 1
    return seq


@njit(cache=True)
def await_snapshot(mem: Words, lk: int, now: int) -> None:
    """Nothing but a snapshot helps: the first that is begun from now on."""
    ln = mem[lk + K_LINES]
    every = mem[ln + LN_SNAPSHOT_NS]
    mem[ln + LN_MODE] = AWAITING
    mem[ln + LN_SNAPSHOT_NO] = (now + every - 1) // every
    mem[ln + LN_REPLY] = NEVER


@njit(cache=True)
def turn_bad(mem: Words, index: int, now: int, what: int, missing: int) -> None:
    """The book may be wrong or old from now on: say so, and wake who waits for it."""
    lk = local_at(mem, index)
    note(mem, index, now, what, missing, 0)
    mem[mem[lk + K_LINES] + LN_BAD] = 1
    if mem[lk + K_ARMED] & ON_GAP:
        fire(mem, index, now, ON_GAP)


@njit(cache=True)
def declare(mem: Words, index: int, now: int) -> None:
    """A hole has lasted: it is a gap."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    end = hole_end(mem, lk, now)
    mem[ln + LN_HOLE_END] = end
    mem[ln + LN_ASKED] = 0
    mem[ln + LN_REPLY] = NEVER
    mem[ln + LN_MODE] = REFILLING
    turn_bad(mem, index, now, BEGUN, end - mem[lk + K_CURSOR])
    if first_later(mem, lk) > now and mem[ln + LN_BEAT_SIGN] != mem[ln + LN_HEARD]:
        mem[ln + LN_DARK] = 1  # it is the silence that tells
    else:
        begin_asking(mem, index, now)


@njit(cache=True)
def begin_asking(mem: Words, index: int, now: int) -> None:
    """Plan the first request for a gap, or give up at once where it is too large for that."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    missing = mem[ln + LN_HOLE_END] - mem[lk + K_CURSOR]
    mem[ln + LN_NEXT_ASK] = max(now, mem[ln + LN_LAST_ASK] + mem[ln + LN_REQUEST_NS])
    if mem[ln + LN_REQUESTS] == 0 or missing > mem[ln + LN_ASK_MOST]:
        note(mem, index, now, GIVEN_UP, missing, 0)
        await_snapshot(mem, lk, now)


@njit(cache=True)
def light(mem: Words, index: int, now: int) -> None:
    """Something is heard again: now what is missing is known, and can be mended."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    mem[ln + LN_DARK] = 0
    mem[ln + LN_BEAT_SENT] = mem[ln + LN_HEARD_SENT]
    mem[ln + LN_HOLE_END] = hole_end(mem, lk, now)
    begin_asking(mem, index, now)


@njit(cache=True)
def ask(mem: Words, index: int, now: int) -> None:
    """Ask for the missing messages once more; the answer may never come."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    cursor = mem[lk + K_CURSOR]
    mem[ln + LN_ASKED] += 1
    mem[ln + LN_LAST_ASK] = now
    mem[ln + LN_NEXT_ASK] = now + mem[ln + LN_REQUEST_NS]
    note(mem, index, now, ASKED, mem[ln + LN_HOLE_END] - cursor, 0)
    key = mem[ln + LN_KEY]
    if uniform_below(draw(key, cursor, now), PPM) >= mem[ln + LN_REFILL_LOSS]:
        latency = latency_ns(mem, mem[ln + LN_REFILL], key, now, cursor, now)
        mem[ln + LN_REPLY] = min(mem[ln + LN_REPLY], now + latency)


@njit(cache=True)
def age_of(mem: Words, ln: int, taken: int, counted: bool) -> int:
    """How old the snapshot is that is taken then."""
    age = 0
    for number in range(mem[ln + LN_RACES]):
        row = mem[ln + LN_RACE] + number * I_SIZE
        if mem[row + I_OP] == AGE and mem[row + I_FROM] <= taken and taken < mem[row + I_UNTIL]:
            age = max(age, mem[row + I_AMOUNT])
            mem[row + I_HITS] += 1 if counted else 0
    return age


@njit(cache=True)
def splice(mem: Words, levels: Words, index: int, now: int) -> int:
    """A snapshot is here: take it, unless it is older than what is missing or what is known."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    taken = mem[ln + LN_SNAPSHOT_NO] * mem[ln + LN_SNAPSHOT_NS]
    as_of = taken - age_of(mem, ln, taken, True)
    end = published_by(mem, lk, as_of)
    mem[lk + K_PREV_DUE] = now
    if as_of < mem[lk + K_VIEW + V_VENUE_NS] or end < mem[ln + LN_HOLE_END]:
        note(mem, index, now, TOO_OLD, mem[ln + LN_HOLE_END] - mem[lk + K_CURSOR], 0)
        mem[ln + LN_SNAPSHOT_NO] += 1
        return DONE
    begin_run(mem, lk, end, now, SPLICED)
    mem[ln + LN_DISTRUST_NS] = NEVER  # whatever was wrong has been replaced
    drop_known(mem, lk, end)
    return run(mem, levels, index)


@njit(cache=True)
def distrust(mem: Words, index: int, now: int) -> None:
    """The book may be wrong, nobody knows where."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    if mem[ln + LN_MODE] == FLOWING:
        mem[ln + LN_HOLE_END] = mem[lk + K_CURSOR]
    mem[ln + LN_DISTRUST_NS] = NEVER
    mem[ln + LN_DISTRUST] = 1
    mem[ln + LN_DARK] = 0
    mem[lk + K_PREV_DUE] = now
    turn_bad(mem, index, now, CROSSED if mem[ln + LN_CROSSED] else DISAGREED, 0)
    mem[ln + LN_CROSSED] = 0
    await_snapshot(mem, lk, now)


@njit(cache=True)
def step(mem: Words, levels: Words, index: int, now: int) -> int:
    """Let LN_EVENT happen. DONE or NEED_LOCAL."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    event = mem[ln + LN_EVENT]
    if event == DELIVER:
        return deliver_head(mem, levels, index, now)
    if event == SPLICE:
        return splice(mem, levels, index, now)
    if event == REPLY:
        begin_run(mem, lk, mem[ln + LN_HOLE_END], now, REFILLED)
        drop_known(mem, lk, mem[ln + LN_HOLE_END])
        return run(mem, levels, index)
    if event == DISTRUST:
        distrust(mem, index, now)
        return DONE
    mem[lk + K_PREV_DUE] = now
    if event == DECLARE:
        declare(mem, index, now)
    elif event == ASK:
        ask(mem, index, now)
    elif event == LIGHT:
        light(mem, index, now)
    else:
        note(mem, index, now, GIVEN_UP, mem[ln + LN_HOLE_END] - mem[lk + K_CURSOR], 0)
        await_snapshot(mem, lk, now)
    return DONE


@njit(cache=True)
def lines_due(mem: Words, lk: int) -> int:
    """When the next thing happens to a feed; a time that has passed when it cannot go on by itself."""
    ln = mem[lk + K_LINES]
    scan(mem, lk)
    if mem[ln + LN_RUN_TO] >= 0 or is_full(mem, ln):
        return mem[lk + K_PREV_DUE]
    return next_event(mem, lk)


@njit(cache=True)
def follow_lines(mem: Words, levels: Words, index: int, until: int) -> int:
    """Let everything happen to a feed that is due by `until`. DONE or what is needed."""
    lk = local_at(mem, index)
    ln = mem[lk + K_LINES]
    while True:
        if mem[H_NOTES] + NOTES_A_STEP > mem[H_NOTE_CAP]:
            return NEED_NOTES
        if mem[ln + LN_RUN_TO] >= 0:
            status = run(mem, levels, index)
            if status != DONE:
                return status
        scan(mem, lk)
        if is_full(mem, ln):
            mem[H_NEED] = index
            return NEED_QUEUE
        due = next_event(mem, lk)
        if due > until:
            return DONE
        status = step(mem, levels, index, due)
        if status != DONE:
            return status
