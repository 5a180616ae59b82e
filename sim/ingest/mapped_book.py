"""What a user's row does to the book of its tape, for each kind of source.

Each handler checks a row as a whole before it changes anything (`RefusedRecord` otherwise), writes
its tape rows and names the outcome. Handles are dense: the last one freed is the next one given.

- **l3**: orders by their own ids; every row must fit the orders before it.
- **l2**: a level's new total, 0 removes it; the removal of a level that is not there is void.
- **l1**: both best quotes in one row.
- **trades**: prints alone.

Limits: an l3 source must begin with an empty book, or with additions that build it.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from market.codes import Kind, RowFlag, Side
from sim.ingest.bad_records import RefusedRecord
from sim.ingest.level_book import VOID, LevelBook
from sim.ingest.mapped_fields import Grid, NumberReader
from sim.ingest.mapped_schema import ActionMap, NumberMap, QuoteMap, SideMap, SourceMap
from sim.ingest.plain_book import BookOrder, PlainBook
from sim.ingest.row_buffer import RowBuffer

APPLIED, IGNORED, VOID_REMOVAL = "applied_rows", "ignored_rows", "void_removals"
_UNKNOWN_SIDE = None
Meaning = TypeVar("Meaning")


class Columns:
    """Which columns of the file are wanted, and where in a row's texts each will stand."""

    def __init__(self) -> None:
        self._names: list[str] = []

    @property
    def wanted(self) -> tuple[str, ...]:
        """Their names, in the order of a row's texts."""
        return tuple(self._names)

    def place(self, name: str) -> int:
        """Where a column will stand; asking twice is the same column."""
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)


class Place:
    """Where in time a row stands: what all its tape rows share."""

    __slots__ = ("sides", "ts_ns")

    def __init__(self, ts_ns: int, sides: tuple[int, ...]) -> None:
        self.ts_ns = ts_ns
        self.sides = sides


class Handler(Protocol):
    """Turns one kind of row into tape rows."""

    @property
    def handle_count(self) -> int:
        """Dense handles ever given out."""
        ...

    def apply(self, fields: list[str], place: Place) -> str:
        """Apply a row; the outcome's name."""
        ...


class _Reader:
    """The columns that most kinds share: action, side, price, quantity."""

    def __init__(self, source: SourceMap, columns: Columns, rows: RowBuffer, where: str) -> None:
        self.grid = Grid(source.instrument, where)
        self.rows = rows
        self._price = _number(source.price, columns, self.grid.price_reader, where)
        self._lots = _number(source.quantity, columns, self.grid.lot_reader, where)
        self._side = None if source.side is None else columns.place(source.side.column)
        self._sides = _side_values(source.side)
        self._action = None if source.action is None else columns.place(source.action.column)
        self._actions = _action_values(source.action)

    def action(self, fields: list[str], default: str) -> str:
        """Which action a row names; the default where the map has no action column."""
        return default if self._action is None else _meaning(fields[self._action], self._actions)

    def side(self, fields: list[str]) -> Side | None:
        """The side; None for one that the map calls unknown, or has no column for."""
        return None if self._side is None else _meaning(fields[self._side], self._sides)

    def known_side(self, fields: list[str]) -> Side:
        """The side of displayed depth."""
        side = self.side(fields)
        if side is None:
            raise RefusedRecord("found an unknown side, allowed only on trades")
        return side

    def has_side(self, fields: list[str]) -> bool:
        """Whether the side's text is there at all."""
        return self._side is not None and fields[self._side] != ""

    def price(self, fields: list[str]) -> int:
        """The price of a print, in units."""
        at, read = self._price
        return read(fields[at])

    def displayed_price(self, fields: list[str]) -> int:
        """The price of displayed depth, in units, on the tick."""
        price_units = self.price(fields)
        self.grid.check_tick(price_units)
        return price_units

    def lots(self, fields: list[str], least: int = 1) -> int:
        """The quantity in lots."""
        at, read = self._lots
        lots = read(fields[at])
        if lots < least:
            raise RefusedRecord(f"found quantity {fields[at]!r}, allowed at least {least} lot")
        return lots

    def trade(self, fields: list[str], place: Place) -> str:
        """A print; its side is the aggressor's."""
        side = self.side(fields)
        flags = int(RowFlag.SIDE_UNKNOWN if side is None else side)
        price_units, lots = self.price(fields), self.lots(fields)
        self.rows.add(place.ts_ns, price_units, lots, -1, Kind.TRADE, flags, place.sides)
        return APPLIED

    def clear(self, place: Place) -> str:
        """Everything goes."""
        self.rows.add(place.ts_ns, 0, 0, -1, Kind.CLEAR, 0, place.sides)
        return APPLIED


class OrderHandler:
    """Kind l3."""

    def __init__(self, source: SourceMap, columns: Columns, rows: RowBuffer, where: str) -> None:
        assert source.order_id is not None
        self._read = _Reader(source, columns, rows, where)
        self._id = columns.place(source.order_id)
        self._left = source.quantity_is == "left"
        self._book: PlainBook[str] = PlainBook()
        self.crossing_adds = 0

    @property
    def handle_count(self) -> int:
        """Dense handles ever given out."""
        return self._book.handle_count

    def apply(self, fields: list[str], place: Place) -> str:
        """Apply a row; the outcome's name."""
        action = self._read.action(fields, "add")
        if action == "ignore":
            return IGNORED
        if action == "trade":
            return self._read.trade(fields, place)
        if action == "clear":
            self._book.clear()
            return self._read.clear(place)
        if action == "add":
            return self._add(fields, place)
        order = self._known(fields)
        if action == "replace":
            return self._replace(order, fields, place)
        taken, kind = order.qty_lots, Kind.DELETE
        if action != "delete":
            taken, kind = self._taken(order, fields), Kind[action.upper()]
            if taken == 0:
                return IGNORED
            if kind == Kind.REDUCE and taken == order.qty_lots:
                kind = Kind.DELETE
        self._row(kind, order, taken, place)
        self._book.take(order, taken)
        return APPLIED

    def _add(self, fields: list[str], place: Place) -> str:
        name = fields[self._id]
        side, lots = self._read.known_side(fields), self._read.lots(fields)
        price_units = self._read.displayed_price(fields)
        if not name or self._book.find(name) is not None:
            raise RefusedRecord(f"found a new order {name[:40]!r}, allowed an id that is not alive")
        self.crossing_adds += self._book.crosses(side, price_units)
        self._row(Kind.ADD, self._book.open(name, side, price_units, lots), lots, place)
        return APPLIED

    def _replace(self, order: BookOrder[str], fields: list[str], place: Place) -> str:
        price_units, lots = self._read.displayed_price(fields), self._read.lots(fields)
        # A smaller quantity at the same price keeps its place, as on nearly every venue.
        keeps = price_units == order.price_units and lots <= order.qty_lots
        if keeps and lots < order.qty_lots:
            self._book.take(order, order.qty_lots - lots)
        elif not keeps:
            self._book.move(order, price_units, lots)
        self._row(Kind.REPLACE, order, lots, place, RowFlag.KEEP_PRIORITY if keeps else 0)
        return APPLIED

    def _known(self, fields: list[str]) -> BookOrder[str]:
        """The live order that a row is about; its side must agree where the row has one."""
        name = fields[self._id]
        order = self._book.find(name)
        if order is None:
            raise RefusedRecord(f"found order {name[:40]!r}, allowed one that is alive")
        if self._read.has_side(fields) and self._read.side(fields) != order.side:
            raise RefusedRecord(f"found another side of order {name[:40]!r}, allowed its own")
        return order

    def _taken(self, order: BookOrder[str], fields: list[str]) -> int:
        """Lots that a row takes off an order."""
        lots = self._read.lots(fields, least=0 if self._left else 1)
        if lots > order.qty_lots:
            raise RefusedRecord(f"found {lots} lots, allowed at most the order's {order.qty_lots}")
        return order.qty_lots - lots if self._left else lots

    def _row(
        self, kind: Kind, order: BookOrder[str], lots: int, place: Place, flags: int = 0
    ) -> None:
        self._read.rows.add(
            place.ts_ns,
            order.price_units,
            lots,
            order.handle,
            kind,
            int(order.side) | flags,
            place.sides,
        )


class LevelHandler:
    """Kind l2."""

    def __init__(self, source: SourceMap, columns: Columns, rows: RowBuffer, where: str) -> None:
        self._read = _Reader(source, columns, rows, where)
        self._levels = LevelBook()

    @property
    def handle_count(self) -> int:
        """Dense handles ever given out."""
        return self._levels.handle_count

    def apply(self, fields: list[str], place: Place) -> str:
        """Apply a row; the outcome's name."""
        action = self._read.action(fields, "level")
        if action == "ignore":
            return IGNORED
        if action == "trade":
            return self._read.trade(fields, place)
        if action == "clear":
            self._levels.clear()
            return self._read.clear(place)
        side, lots = self._read.known_side(fields), self._read.lots(fields, least=0)
        price_units = self._read.displayed_price(fields)
        handle = self._levels.put(side, price_units, lots)
        if handle == VOID:
            return VOID_REMOVAL
        self._read.rows.add(
            place.ts_ns, price_units, lots, handle, Kind.LEVEL, int(side), place.sides
        )
        return APPLIED


class QuoteHandler:
    """Kind l1."""

    handle_count = 2  # of the bid, and of the ask

    def __init__(self, source: SourceMap, columns: Columns, rows: RowBuffer, where: str) -> None:
        assert source.bid is not None
        assert source.ask is not None
        self._rows = rows
        self._grid = Grid(source.instrument, where)
        self._quotes = [self._columns(quote, columns, where) for quote in (source.bid, source.ask)]

    def apply(self, fields: list[str], place: Place) -> str:
        """Apply a row; the outcome's name."""
        found = [self._quote(fields, side) for side in Side]
        for side, (price_units, lots) in zip(Side, found, strict=True):
            flags = int(side)
            self._rows.add(
                place.ts_ns, price_units, lots, int(side), Kind.QUOTE, flags, place.sides
            )
        return APPLIED

    def _columns(
        self, quote: QuoteMap, columns: Columns, where: str
    ) -> tuple[tuple[int, NumberReader], tuple[int, NumberReader]]:
        return (
            _number(quote.price, columns, self._grid.price_reader, where),
            _number(quote.quantity, columns, self._grid.lot_reader, where),
        )

    def _quote(self, fields: list[str], side: Side) -> tuple[int, int]:
        """Price and lots of a side, (0, 0) when it is empty."""
        (price_at, read_price), (lots_at, read_lots) = self._quotes[side]
        if fields[lots_at] == "" or fields[price_at] == "":
            return 0, 0
        lots = read_lots(fields[lots_at])
        if lots == 0:
            return 0, 0
        price_units = read_price(fields[price_at])
        self._grid.check_tick(price_units)
        return price_units, lots


class TradeHandler:
    """Kind trades."""

    handle_count = 0

    def __init__(self, source: SourceMap, columns: Columns, rows: RowBuffer, where: str) -> None:
        self._read = _Reader(source, columns, rows, where)

    def apply(self, fields: list[str], place: Place) -> str:
        """Apply a row; the outcome's name."""
        return self._read.trade(fields, place)


def _number(
    number: NumberMap | None,
    columns: Columns,
    reader: Callable[[NumberMap, str], NumberReader],
    where: str,
) -> tuple[int, NumberReader]:
    """Where a number stands, and how it is read."""
    assert number is not None
    return columns.place(number.column), reader(number, where)


def _meaning(text: str, meanings: dict[str, Meaning]) -> Meaning:
    """What a value means by the map."""
    if text not in meanings:
        raise RefusedRecord(f"found {text[:40]!r}, allowed {', '.join(meanings)}")
    return meanings[text]


def _side_values(side: SideMap | None) -> dict[str, Side | None]:
    if side is None:
        return {}
    return {
        **dict.fromkeys(side.buy, Side.BUY),
        **dict.fromkeys(side.sell, Side.SELL),
        **dict.fromkeys(side.unknown, _UNKNOWN_SIDE),
    }


def _action_values(action: ActionMap | None) -> dict[str, str]:
    if action is None:
        return {}
    names = [name for name in action.__struct_fields__ if name != "column"]
    return {value: name for name in names for value in getattr(action, name)}
