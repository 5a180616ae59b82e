"""Worlds so small that everything in them has to grow, and a count of what did."""

from collections import Counter
from typing import Final

import pytest

from market.codes import Kind, OrderType, Side, TimeInForce
from sim import arena, world
from sim.growth import Arena, grow

SIZES: Final = (
    "WINDOW_LEVELS",
    "FAR_LEVELS",
    "RING_MESSAGES",
    "OUT_ROWS",
    "POOL_SLOTS",
    "HEAP_ENTRIES",
)
TINY: Final = (64, 4, 8, 16, 4, 4)


def shrink(monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...] = TINY) -> Counter[int]:
    """Build worlds at these sizes from now on; counts the capacity statuses that they return."""
    for name, size in zip(SIZES, sizes, strict=True):
        monkeypatch.setattr(arena, name, size)
    counts: Counter[int] = Counter()

    def counted(of: Arena, code: int) -> None:
        counts[code] += 1
        grow(of, code)

    monkeypatch.setattr(world, "grow", counted)
    return counts


Step = tuple[str, object]


def row(kind: Kind, handle: int, side: Side, price: int, qty: int) -> Step:
    """One tape row as a step of `tests.differential.Pair`; the price is in ticks."""
    return "row", {
        "kind": int(kind),
        "side_flags": int(side),
        "handle": handle,
        "price": price,
        "qty": qty,
    }


def order(order_id: int, side: Side, price: int, qty: int, *, market: bool = False) -> Step:
    """A submit as a step of `tests.differential.Pair`."""
    return "submit", {
        "order_id": order_id,
        "side": int(side),
        "order_type": int(OrderType.MARKET if market else OrderType.LIMIT),
        "tif": int(TimeInForce.GTC),
        "post_only": False,
        "price_ticks": price,
        "qty_lots": qty,
    }
