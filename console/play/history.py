"""What somebody else does, as a line writes it: rows of a tape, by a handle.

    history add 1 sell 100 @ 102      history print buy 50 @ 100.5
    history reduce 1 50               history cross 500 @ 100
    history execute 1 50              history delete 1
    history replace 1 80 @ 103 keep   history clear

The side of a print is the aggressor's. docs/explanation/venue-truth.md says what each row does.
"""

from collections.abc import Callable
from typing import Final, TypedDict

from console.play.order import SIDES
from console.play.words import Words, quoted
from market.codes import Kind, RowFlag, Side
from market.columns import QTY_LOTS_MAX

HANDLES: Final = 10_000
"""Historical orders go by numbers below this."""


class HistoryRow(TypedDict, total=False):
    """The columns of a row that a line gives."""

    kind: Kind
    handle: int
    side: int
    price: int
    qty: int


SideOf = Callable[[int], Side]
"""The side of a handle's order."""


def read_row(words: Words, tick_units: int, side_of: SideOf) -> HistoryRow:
    """A row from the words behind `history`.

    Args:
        words: What is left of the line.
        tick_units: Price units in a tick; prints are in units.
        side_of: Tells the side of an order that is there.

    Raises:
        InputError: A word or a figure is not what the row needs.
    """
    rows: dict[str, Callable[[], HistoryRow]] = {
        "add": lambda: _added(words),
        "reduce": lambda: _taken(Kind.REDUCE, words),
        "execute": lambda: _taken(Kind.EXECUTE, words),
        "replace": lambda: _replaced(words, side_of),
        "delete": lambda: {"kind": Kind.DELETE, "handle": _handle(words), "qty": 1},
        "print": lambda: _printed(words, tick_units),
        "cross": lambda: _crossed(words, tick_units),
        "clear": lambda: {"kind": Kind.CLEAR},
    }
    return words.choice(rows)()


def _added(words: Words) -> HistoryRow:
    handle, side = _handle(words), words.choice(SIDES)
    lots = _lots(words)
    return {
        "kind": Kind.ADD,
        "handle": handle,
        "side": _flag(side),
        "qty": lots,
        "price": _price(words),
    }


def _taken(kind: Kind, words: Words) -> HistoryRow:
    return {"kind": kind, "handle": _handle(words), "qty": _lots(words)}


def _replaced(words: Words, side_of: SideOf) -> HistoryRow:
    row = _taken(Kind.REPLACE, words)
    row["price"] = _price(words)
    keep = RowFlag.KEEP_PRIORITY if words.skip("keep") else 0
    row["side"] = _flag(side_of(row["handle"])) | keep
    return row


def _printed(words: Words, tick_units: int) -> HistoryRow:
    side = words.choice(SIDES)
    lots, units = _lots(words), _units(words, tick_units)
    return {"kind": Kind.TRADE, "side": _flag(side), "qty": lots, "price": units}


def _crossed(words: Words, tick_units: int) -> HistoryRow:
    lots, units = _lots(words), _units(words, tick_units)
    return {"kind": Kind.CROSS, "qty": lots, "price": units}


def _units(words: Words, tick_units: int) -> int:
    """A price that may lie between two ticks, in price units."""
    _sign(words)
    units, rest = divmod(words.price_x2("a price") * tick_units, 2)
    if rest:
        words.fail(
            "half a tick where a tick is an odd number of units", "whole ticks, or another tick"
        )
    return units


def _price(words: Words) -> int:
    _sign(words)
    return words.price("a price")


def _sign(words: Words) -> None:
    if not words.skip("@"):
        words.fail(quoted(words.peek()) if words else "the end of the line", "@ PRICE")


def _handle(words: Words) -> int:
    return words.number("a handle", 0, HANDLES - 1)


def _lots(words: Words) -> int:
    return words.number("a quantity in lots", 1, QTY_LOTS_MAX)


def _flag(side: Side) -> int:
    """A side as rows write it."""
    return int(RowFlag.SELL) if side is Side.SELL else 0
