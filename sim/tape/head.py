"""The first rows of a tape, in words."""

from collections.abc import Iterator

import numpy as np

from market.codes import Kind, RowFlag, Side
from sim.tape.meta import TapeBook
from sim.tape.moment import format_moment
from sim.tape.read import Tape


def head_rows(tape: Tape, count: int) -> Iterator[dict[str, object]]:
    """Up to `count` rows, each as fields in the order in which they are shown.

    Prices are exact decimals of the currency; quantities are lots, on PHASE the phase's number.
    """
    left = count
    for rows, sides in tape.chunks_with_sides():
        for at in range(min(left, len(rows))):
            fields = _row_fields(rows[at], tape.meta.book(int(rows[at]["book_id"])))
            yield {**fields, **{name: int(column[at]) for name, column in sides.items()}}
        left -= min(left, len(rows))
        if left == 0:
            return


def _row_fields(row: np.void, book: TapeBook) -> dict[str, object]:
    """One row in words."""
    bits = int(row["side_flags"])
    names = [flag.name or "" for flag in RowFlag if flag is not RowFlag.SELL and bits & flag]
    return {
        "time_utc": format_moment(int(row["ts_ns"])),
        "book": f"{book.book_id} {book.symbol}@{book.venue}",
        "kind": Kind(int(row["kind"])).name,
        "side": Side(bits & RowFlag.SELL).name,
        "price": _decimal(int(row["price"]), book.price_units_per_currency),
        "qty": int(row["qty"]),
        "handle": int(row["handle"]),
        "flags": " ".join(names),
    }


def _decimal(units: int, scale: int) -> str:
    """A price as an exact decimal where the scale is a power of ten, else as a fraction."""
    digits = len(str(scale)) - 1
    if scale != 10**digits:
        return f"{units}/{scale}"
    whole, rest = divmod(abs(units), scale)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"
