"""Subscriptions: who waits for what on a local book, and waking them.

A subscription fires once and is then disarmed until its host arms it again. Firing writes an
observation and lowers the horizon to its time, because from then on somebody may act.
"""

from numba import njit

from sim.kernels.blocks import local_at, sub_at
from sim.kernels.layout import (
    H_EAGER,
    H_LIMIT,
    H_OUT,
    H_OUT_OFF,
    H_STALE_SUBS,
    H_SUBS,
    K_ARMED,
    K_BOOK,
    K_VIEW,
    K_WATCH,
    NEVER,
    OBSERVED,
    S_ARMED,
    S_LOCAL,
    S_STALE_NS,
    S_WATCH,
    V_LOCAL_NS,
    X_BOOK,
    X_FIGURE,
    X_HALF,
    X_ID,
    X_LEAVES,
    X_LIQUIDITY,
    X_PRICE,
    X_QTY,
    X_REASON,
    X_SIZE,
    X_TS,
    X_TYPE,
    Words,
)
from sim.kernels.status import ON_LEVEL, ON_STALE


@njit(cache=True)
def watch_fires(mem: Words, index: int, key_side: int) -> bool:
    """Whether a subscription of this local book watches that level."""
    for sub in range(mem[H_SUBS]):
        sk = sub_at(mem, sub)
        if mem[sk + S_LOCAL] == index and mem[sk + S_ARMED] & ON_LEVEL:
            if mem[sk + S_WATCH] == key_side:
                return True
    return False


@njit(cache=True)
def wake(mem: Words, sub: int, due: int, fired: int) -> None:
    """Write an observation, disarm its subscription and lower the horizon to its time."""
    sk = sub_at(mem, sub)
    at = mem[H_OUT_OFF] + mem[H_OUT] * X_SIZE
    mem[at + X_TYPE] = OBSERVED
    mem[at + X_TS] = due
    mem[at + X_BOOK] = mem[local_at(mem, mem[sk + S_LOCAL]) + K_BOOK]
    mem[at + X_ID] = sub
    mem[at + X_PRICE] = 0
    mem[at + X_QTY] = fired
    mem[at + X_LEAVES] = 0
    mem[at + X_REASON] = 0
    mem[at + X_LIQUIDITY] = 0
    mem[at + X_FIGURE] = 0
    mem[at + X_HALF] = 0
    mem[H_OUT] += 1
    disarm(mem, sub)
    if due < mem[H_LIMIT]:
        mem[H_LIMIT] = due


@njit(cache=True)
def rearm_local(mem: Words, index: int) -> None:
    """Recompute what a local book's subscriptions wait for, after one of them changed."""
    armed = 0
    watching = 0
    for sub in range(mem[H_SUBS]):
        sk = sub_at(mem, sub)
        if mem[sk + S_LOCAL] == index:
            armed |= mem[sk + S_ARMED]
            if mem[sk + S_ARMED] & ON_LEVEL:
                watching += 1
    lk = local_at(mem, index)
    if (armed != 0) != (mem[lk + K_ARMED] != 0):
        mem[H_EAGER] += 1 if armed != 0 else -1
    mem[lk + K_ARMED] = armed
    mem[lk + K_WATCH] = watching


@njit(cache=True)
def disarm(mem: Words, sub: int) -> None:
    """A subscription waits for nothing until it is armed again."""
    sk = sub_at(mem, sub)
    if mem[sk + S_ARMED] & ON_STALE:
        mem[H_STALE_SUBS] -= 1
    mem[sk + S_ARMED] = 0
    rearm_local(mem, mem[sk + S_LOCAL])


@njit(cache=True)
def arm(mem: Words, sub: int, triggers: int, watch: int, stale_ns: int, now: int) -> None:
    """Let a subscription wait for `triggers`; the first that fires disarms it again.

    A silence that has already lasted `stale_ns` does not fire again: its observer knows.
    """
    disarm(mem, sub)
    sk = sub_at(mem, sub)
    heard = mem[local_at(mem, mem[sk + S_LOCAL]) + K_VIEW + V_LOCAL_NS]
    if triggers & ON_STALE and heard + stale_ns <= now:
        triggers &= ~ON_STALE
    mem[sk + S_ARMED] = triggers
    mem[sk + S_WATCH] = watch
    mem[sk + S_STALE_NS] = stale_ns
    if triggers & ON_STALE:
        mem[H_STALE_SUBS] += 1
    rearm_local(mem, mem[sk + S_LOCAL])


@njit(cache=True)
def fire(mem: Words, index: int, due: int, fired: int) -> None:
    """Wake every subscription of a local book that waits for one of `fired`."""
    for sub in range(mem[H_SUBS]):
        sk = sub_at(mem, sub)
        if mem[sk + S_LOCAL] == index and mem[sk + S_ARMED] & fired:
            wake(mem, sub, due, mem[sk + S_ARMED] & fired)


@njit(cache=True)
def stale_due(mem: Words) -> int:
    """When the first subscription armed for staleness fires if nothing reaches it, or NEVER."""
    first = NEVER
    for sub in range(mem[H_SUBS]):
        sk = sub_at(mem, sub)
        if mem[sk + S_ARMED] & ON_STALE:
            view = local_at(mem, mem[sk + S_LOCAL]) + K_VIEW
            first = min(first, mem[view + V_LOCAL_NS] + mem[sk + S_STALE_NS])
    return first


@njit(cache=True)
def fire_stale(mem: Words, now: int) -> None:
    """Wake the subscriptions whose local book has been silent for too long at `now`."""
    for sub in range(mem[H_SUBS]):
        sk = sub_at(mem, sub)
        if mem[sk + S_ARMED] & ON_STALE:
            view = local_at(mem, mem[sk + S_LOCAL]) + K_VIEW
            if mem[view + V_LOCAL_NS] + mem[sk + S_STALE_NS] <= now:
                wake(mem, sub, now, ON_STALE)
