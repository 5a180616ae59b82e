"""A seeded flow of orders for files of any length: the book stays small, ids are always fresh.

Bids and asks lie in bands that never touch, so that every source takes it as a sound session.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

LIVE_MAX = 400
LEVELS = 50
MIDDLE_TICKS = 10_000
_BLOCK = 4_096


class Change(NamedTuple):
    """One event; `qty` is what it adds or takes, `left` what the order has afterwards."""

    number: int
    verb: str  # add, execute, reduce, delete
    order_id: int
    is_sell: bool
    ticks: int
    qty: int
    left: int


def flow(count: int, seed: int = 5) -> Iterator[Change]:
    """So many events; half of them add an order, the others take from the one they draw."""
    rng = np.random.default_rng(seed)
    live: list[tuple[int, bool, int, int]] = []  # id, is_sell, ticks, lots
    draws: list[list[int]] = []
    for number in range(count):
        if number % _BLOCK == 0:
            draws = rng.integers(0, 1 << 30, (_BLOCK, 3)).tolist()
        which, where, size = draws[number % _BLOCK]
        if not live or (which % 2 and len(live) < LIVE_MAX):
            is_sell, away = bool(where % 2), 1 + (where >> 1) % LEVELS
            ticks = MIDDLE_TICKS + away if is_sell else MIDDLE_TICKS - away
            lots = 2 + size % 500
            live.append((number + 1, is_sell, ticks, lots))
            yield Change(number, "add", number + 1, is_sell, ticks, lots, lots)
            continue
        place = where % len(live)
        order_id, is_sell, ticks, lots = live[place]
        verb = ("execute", "reduce", "delete", "delete")[size % 4]
        qty = lots if verb == "delete" else 1 + size % lots
        if verb == "reduce" and qty == lots:
            verb = "delete"
        live[place] = live[-1]
        live.pop()
        if lots > qty:
            live.append((order_id, is_sell, ticks, lots - qty))
        yield Change(number, verb, order_id, is_sell, ticks, qty, lots - qty)
