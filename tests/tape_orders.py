"""The plainest replay of an L3 tape: orders by book and handle, every row held to the rules."""

from pathlib import Path

from market.codes import Kind, RowFlag
from sim.tape.read import open_tape, verify_digest

Order = tuple[int, int, int]
"""Side, price in units, lots."""


def replay_orders(path: Path) -> dict[tuple[int, int], Order]:
    """What the tape leaves standing, by book and handle; its digest and handles are held too."""
    tape = open_tape(path)
    verify_digest(tape)
    counts = {book.book_id: book.handle_count for book in tape.meta.books}
    orders: dict[tuple[int, int], Order] = {}
    used: dict[int, int] = dict.fromkeys(counts, 0)
    is_open: dict[int, bool] = dict.fromkeys(counts, False)
    for chunk in tape.chunks():
        for _, price, qty, handle, book_id, kind, flags in chunk.tolist():
            is_open[book_id] = not flags & RowFlag.LAST
            used[book_id] = max(used[book_id], handle + 1)
            if kind == Kind.CLEAR:
                orders = {key: order for key, order in orders.items() if key[0] != book_id}
            if kind not in (Kind.ADD, Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE):
                continue
            key = book_id, handle
            assert qty > 0
            if kind == Kind.ADD:
                assert key not in orders
                orders[key] = flags & 1, price, qty
                continue
            side, own_price, own_qty = orders[key]
            assert side == flags & 1
            if kind == Kind.REPLACE:
                if flags & RowFlag.KEEP_PRIORITY:
                    assert price == own_price
                    assert qty <= own_qty
                orders[key] = side, price, qty
                continue
            assert price == own_price
            assert qty <= own_qty
            if kind == Kind.DELETE:
                assert qty == own_qty
            if qty == own_qty:
                del orders[key]
            else:
                orders[key] = side, price, own_qty - qty
    assert used == counts
    assert not any(is_open.values())
    return orders
