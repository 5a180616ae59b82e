"""Short verbs for tests of the reference book, and what they compare."""

from market.codes import Kind, Mode, OrderType, Phase, ReportType, Side
from market.codes import TimeInForce as Tif
from sim.reference import Outcome, ReferenceBook
from tests.unit.sim.ladder import render, squeeze

FROZEN, REACTIVE = Mode.FROZEN, Mode.REACTIVE
BUY, SELL = Side.BUY, Side.SELL


def row(
    book: ReferenceBook,
    kind: Kind,
    name: str = "",
    qty: int = 0,
    *,
    side: Side = BUY,
    price: int = 0,
    flags: int = 0,
) -> Outcome:
    """Apply a row; `name` is the order's letter in the ladder."""
    handle = ord(name) - ord("a") if name else -1
    return book.apply(kind=kind, side_flags=int(side) | flags, handle=handle, price=price, qty=qty)


def send(
    book: ReferenceBook,
    side: Side,
    qty: int,
    price: int | None = None,
    *,
    order_id: int = 1,
    tif: Tif = Tif.GTC,
    post_only: bool = False,
) -> Outcome:
    """Submit an order of ours; without a price it is a market order."""
    return book.submit(
        order_id,
        side=side,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        tif=tif,
        post_only=post_only,
        price_ticks=price or 0,
        qty_lots=qty,
    )


def phase(book: ReferenceBook, phase: Phase) -> Outcome:
    return row(book, Kind.PHASE, qty=phase)


def fills(outcome: Outcome) -> list[tuple[int, int, int, int]]:
    """The fills reported, as (order_id, price, lots, leaves)."""
    return [tuple(each[1:5]) for each in outcome.reports if each.type == ReportType.FILLED]


def published(outcome: Outcome) -> list[tuple[int, int, int, int]]:
    """What was published, as (kind, handle, quantity, level shown after it)."""
    return [(each.kind, each.handle, each.qty, each.level_shown) for each in outcome.messages]


def expect(book: ReferenceBook, ladder: str) -> None:
    book.check_invariants()
    assert render(book) == squeeze(ladder)


def counters(book: ReferenceBook) -> dict[str, int]:
    names = ("void", "expired_lots", "diverged", "moved")
    return {name: count for name, count in zip(names, book.dump()[-4:], strict=True) if count}
