"""Tape rows on their way into a world: prices in ticks, and the words for a row that is refused."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from market.codes import Kind
from market.errors import BadRow
from sim.kernels import status

Rows: TypeAlias = npt.NDArray[np.void]
"""A piece of a tape (`market.columns.TAPE_DTYPE`)."""

BAD_ROW_TEXT: Final = {
    status.BAD_KIND: "a kind of row that an order-by-order (L3) replay does not take",
    status.BAD_HANDLE: "a handle outside the book's handles",
    status.BAD_HANDLE_LIVE: "an order added on a handle that is still alive",
    status.BAD_HANDLE_DEAD: "a command on a handle that holds no order",
    status.BAD_ROW_QTY: "a quantity outside 1 … 2^40 lots (REVEAL: not zero)",
    status.BAD_ROW_PRICE: "a price beyond 2^40 ticks",
    status.BAD_TOO_MUCH: "more taken than the order has left",
    status.BAD_ROW_PHASE: "an unknown phase",
    status.BAD_ROW_SIDE: "a replace that changes the order's side",
}


def in_ticks(piece: Rows, tick_units: npt.NDArray[np.int64], first_row: int) -> Rows:
    """A copy of tape rows with the prices of book rows in ticks.

    Args:
        piece: Rows with prices in units; not changed.
        tick_units: The tick of each book, in units; its length is the number of books.
        first_row: Number of the piece's first row on the tape, for messages.

    Raises:
        BadRow: For a row of an unknown book, or a book row off its tick grid.
    """
    if len(piece) and int(piece["book_id"].max()) >= len(tick_units):
        found = int(piece["book_id"].max())
        raise BadRow(f"tape row of book {found}, this run has books 0 … {len(tick_units) - 1}")
    result = piece.copy()
    ticks = tick_units[piece["book_id"]] if len(tick_units) > 1 else tick_units[0]
    on_grid = (piece["kind"] != Kind.TRADE) & (piece["kind"] != Kind.CROSS)
    price, rest = np.divmod(piece["price"], ticks)
    wrong = on_grid & (rest != 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadRow(
            f"tape row {first_row + row}: price {int(piece['price'][row])} units is off the "
            f"tick grid; displayed orders lie on multiples of the tick"
        )
    result["price"] = np.where(on_grid, price, piece["price"])
    return result


def bad_row(row: np.void, reason: int, number: int) -> BadRow:
    """The error for row `number` of the tape, which a kernel refused for `reason`."""
    kind = int(row["kind"])
    name = Kind(kind).name if kind in Kind._value2member_map_ else f"kind {kind}"
    return BadRow(
        f"tape row {number}: {BAD_ROW_TEXT[reason]} ({name}, handle {int(row['handle'])}, "
        f"price {int(row['price'])}, qty {int(row['qty'])})"
    )
