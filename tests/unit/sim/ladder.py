"""Order books as text, so that a matching test reads like the market.

     bids | ticks | asks
          |  102  | 5a
          |  101  | 4b 1*
    3c 2d |  100  |

Orders of one level stand oldest first, on both sides. A letter is the handle of a historical order
(a = 0, b = 1, …); `3*` is our order 1, `3*2` our order 2; `3~a` outlived the handle a. Where the
tape says another quantity than what lives, it follows a stroke: `2/5a` is 2 alive of 5 on the tape.
On an L2 or L1 book a letter is a level, or a side's best; on L1 it must be a for bids, b for asks.
"""

import re
from typing import Final

from market.codes import (
    Depth,
    Kind,
    Mode,
    OrderType,
    Phase,
    QueueModel,
    RowFlag,
    Side,
    TimeInForce,
)
from sim.reference import ReferenceBook
from sim.reference.state import Order, Sort

TICK_UNITS: Final = 2
HANDLE_COUNT: Final = 26
KIND_OF: Final = {Depth.L3: Kind.ADD, Depth.L2: Kind.LEVEL, Depth.L1: Kind.QUOTE}


def book_of(
    text: str = "",
    mode: Mode = Mode.FROZEN,
    *,
    tick_units: int = TICK_UNITS,
    depth: Depth = Depth.L3,
    queue_model: QueueModel = QueueModel.RISK_AVERSE,
) -> ReferenceBook:
    """A book in CONTINUOUS that holds what the ladder shows, added level by level from the top.

    It is filled while halted, and only then opened, so a crossed ladder meets the resume sweep.
    """
    book = ReferenceBook(
        mode=mode,
        tick_units=tick_units,
        handle_count=HANDLE_COUNT,
        depth=depth,
        queue_model=queue_model,
    )
    book.apply(kind=Kind.PHASE, side_flags=0, handle=-1, price=0, qty=Phase.HALT)
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 3 or not cells[1].lstrip("-").isdigit():
            continue
        for side, cell in ((Side.BUY, cells[0]), (Side.SELL, cells[2])):
            for token in cell.split():
                put(book, side, int(cells[1]), token)
    book.apply(kind=Kind.PHASE, side_flags=0, handle=-1, price=0, qty=Phase.CONTINUOUS)
    return book


def put(book: ReferenceBook, side: Side, price_ticks: int, token: str) -> None:
    """Add the order that a token names."""
    match = re.fullmatch(r"(\d+)(?:\*(\d*)|([a-z]))", token)
    assert match, f"ladder: found {token!r}, must be like 5a, 5* or 5*2"
    lots = int(match[1])
    if match[3]:
        flags = RowFlag.SELL if side == Side.SELL else 0
        handle = ord(match[3]) - ord("a")
        kind = KIND_OF[book.state.depth]
        book.apply(kind=kind, side_flags=flags, handle=handle, price=price_ticks, qty=lots)
        return
    book.submit(
        int(match[2] or 1),
        side=side,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        post_only=False,
        price_ticks=price_ticks,
        qty_lots=lots,
    )


def render(book: ReferenceBook) -> str:
    """The ladder of a book, one line a level, highest price first, without padding."""
    levels = book.state.levels
    lines = []
    for price in sorted({*levels[Side.BUY], *levels[Side.SELL]}, reverse=True):
        cells = [" ".join(map(token_of, levels[side].get(price, []))) for side in Side]
        lines.append(f"{cells[0]} | {price} | {cells[1]}".strip())
    return "\n".join(lines)


def token_of(order: Order) -> str:
    """How the ladder writes an order."""
    if order.sort == Sort.OWN:
        return f"{order.live}*" + (str(order.number) if order.number != 1 else "")
    letter = chr(ord("a") + order.number)
    if order.sort == Sort.MOVED:
        return f"{order.live}~{letter}"
    return (
        f"{order.live}{letter}"
        if order.live == order.tape
        else f"{order.live}/{order.tape}{letter}"
    )


def squeeze(text: str) -> str:
    """A ladder as `render` writes it: no header, no padding."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return "\n".join(line for line in lines if "|" in line and "ticks" not in line)
