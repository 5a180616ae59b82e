"""A list of orders as a user writes it: csv with a head, one order a line.

Columns, in any order: `symbol` (`SYMBOL`, for all of its books, or `SYMBOL@VENUE`), `side` (buy or sell),
`lots`, and `horizon`, by when it should be done ("30m").
"""

import csv
from pathlib import Path
from typing import Final

import msgspec

from market.codes import Side
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.units import parse_duration

COLUMNS: Final = ("symbol", "side", "lots", "horizon")
SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
HORIZON_NS_MAX: Final = 1 << 60


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One order.

    Attributes:
        symbol: What is traded.
        venue: Where; empty for all of the symbol's books.
        horizon_ns: How long it may take.
        where: File and line, for errors.
    """

    symbol: str
    side: Side
    lots: int
    horizon_ns: int
    venue: str = ""
    where: str = ""


def read_orders(path: Path) -> list[OrderLine]:
    """Read a list.

    Raises:
        InputError: The file cannot be read, its head is another one, or a line is no order.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path}: cannot read it ({error.strerror}), allowed is a csv file of orders"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: found no UTF-8 text, allowed is a csv file of orders") from None
    reader = csv.reader(text.splitlines())
    head = [name.strip() for name in next(reader, [])]
    if sorted(head) != sorted(COLUMNS):
        raise InputError(
            f"{path}: found the head {','.join(head)!r}, allowed is {','.join(COLUMNS)!r}, in any order"
        )
    lines = [
        _line(dict(zip(head, cells, strict=False)), len(cells), f"{path}: line {reader.line_num}")
        for cells in reader
        if cells
    ]
    if not lines:
        raise InputError(f"{path}: found no order below the head, allowed is one or more")
    return lines


def _line(cells: dict[str, str], count: int, where: str) -> OrderLine:
    """One order from its cells."""
    if count != len(COLUMNS):
        raise InputError(f"{where}: found {count} cells, allowed are {len(COLUMNS)}")
    told = {name: cell.strip() for name, cell in cells.items()}
    symbol, _, venue = told["symbol"].partition("@")
    if not symbol or told["symbol"].endswith("@"):
        raise InputError(
            f"{where}: symbol: found {told['symbol']!r}, allowed is SYMBOL or SYMBOL@VENUE"
        )
    side = SIDES.get(told["side"].lower())
    if side is None:
        raise InputError(f"{where}: side: found {told['side']!r}, allowed is buy or sell")
    digits = told["lots"]
    lots = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0
    if not 1 <= lots <= QTY_LOTS_MAX:
        raise InputError(
            f"{where}: lots: found {digits!r}, allowed is a whole number from 1 to {QTY_LOTS_MAX}"
        )
    horizon_ns = parse_duration(told["horizon"], f"{where}: horizon")
    if not 1 <= horizon_ns <= HORIZON_NS_MAX:
        raise InputError(
            f'{where}: horizon: found {told["horizon"]!r}, allowed is above 0, such as "30m"'
        )
    return OrderLine(
        symbol=symbol, venue=venue, side=side, lots=lots, horizon_ns=horizon_ns, where=where
    )
