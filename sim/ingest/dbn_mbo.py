"""DBN market-by-order records of one instrument to rows of an L3 book.

Model: only clears, adds, cancels and modifies change the book. An execution is told three times: as
the trade (T), as a fill of each resting order (F), and as what it does to them (C, or M that leaves
less). On the tape it is told once, as the EXECUTE of the resting order: a C or an M takes first
what its order's fills in the same event say. What a trade has that no resting order lost (implied
and hidden quantity) is a TRADE at the end of the event. In an auction both sides rest, and all that
trades at a price is one CROSS before the executions; nothing is a TRADE.

A modification that changes the price or raises the quantity loses priority. One of an order that is
not in the book adds it, as the vendor says, and so does one of an order that its fills used up (the
next slice of an iceberg).
"""

from market.codes import Kind, RowFlag, Side
from market.columns import QTY_LOTS_MAX
from sim.ingest.bad_records import RefusedRecord
from sim.ingest.dbn_event import Event, check_amounts, check_trade
from sim.ingest.dbn_records import F_MBP, F_TOB
from sim.ingest.plain_book import BookOrder, PlainBook

# Plain numbers: arithmetic on the members of an enum costs more than all else here.
_ADD_ROW, _REDUCE_ROW, _DELETE_ROW = int(Kind.ADD), int(Kind.REDUCE), int(Kind.DELETE)
_EXECUTE_ROW, _REPLACE_ROW, _CLEAR_ROW = int(Kind.EXECUTE), int(Kind.REPLACE), int(Kind.CLEAR)
_KEEP_PRIORITY = int(RowFlag.KEEP_PRIORITY)
_SIDES = {ord("B"): Side.BUY, ord("A"): Side.SELL}
ADD, CANCEL, MODIFY, CLEAR, TRADE, FILL, NONE = (ord(letter) for letter in "ACMRTFN")
ACTIONS = {
    ADD: "adds", CANCEL: "cancels", MODIFY: "modifies", CLEAR: "clears", TRADE: "trades",
    FILL: "fills", NONE: "none",
}  # fmt: skip


class MboBook:
    """The orders of one instrument, and what of the event's trades is still to be told."""

    def __init__(self, event: Event, statistics: dict[str, int]) -> None:
        self.orders: PlainBook[int] = PlainBook()
        self._event = event
        self._statistics = statistics
        self._fills: dict[int, int] = {}
        self._trades: list[tuple[int, int, int]] = []  # side, price, size not yet told
        self._auction: dict[int, int] = {}  # lots that traded in it by price

    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        bid, ask = self.orders.best(Side.BUY), self.orders.best(Side.SELL)
        return bid is not None and ask is not None and bid >= ask

    def take(
        self, order_id: int, price: int, size: int, flags: int, action: int, side_letter: int
    ) -> None:
        """Apply a record; the caller has begun its part of the event.

        Raises:
            RefusedRecord: The record can't be accepted; nothing was changed.
        """
        if flags & (F_TOB | F_MBP):
            raise RefusedRecord("found a level flagged F_TOB or F_MBP, allowed single orders")
        if action == ADD:
            if self.orders.find(order_id) is not None:
                raise RefusedRecord(f"found a new order {order_id}, allowed ids not in the book")
            self._add(order_id, price, size, side_letter)
        elif action == CANCEL:
            self._cancel(order_id, price, size, side_letter)
        elif action == MODIFY:
            self._modify(order_id, price, size, side_letter)
        elif action == TRADE:
            check_trade(side_letter, price, size)
            if self._event.awaits_auction:
                self._gather(price, size)
            else:
                self._trades.append((side_letter, price, size))
            self._event.note_trade()
        elif action == FILL:
            check_trade(side_letter, price, size)
            self._fills[order_id] = self._fills.get(order_id, 0) + size
        elif action == CLEAR:
            self.orders.clear()
            self._fills.clear()
            self._event.add(_CLEAR_ROW, 0, -1, 0, 0)
        elif action != NONE:
            raise RefusedRecord(f"found action {chr(action)!r}, allowed one of A, C, M, R, T, F, N")

    def end_event(self) -> None:
        """Print what the event's trades have beyond its executions, and its auction."""
        for side_letter, price, size in self._trades:
            if size > 0:
                self._event.print_trade(side_letter, price, size)
                self._count("prints")
        for price, size in self._auction.items():
            self._event.print_cross(price, size)
            self._count("crosses")
        self._trades.clear()
        self._auction.clear()
        self._fills.clear()

    def _gather(self, price: int, size: int) -> None:
        lots = self._auction.get(price, 0) + size
        if lots > QTY_LOTS_MAX:
            raise RefusedRecord(f"found an auction of {lots} lots, allowed {QTY_LOTS_MAX}")
        self._auction[price] = lots

    def _add(self, order_id: int, price: int, size: int, side_letter: int) -> None:
        side = _side_of(side_letter)
        check_amounts(price, size)
        order = self.orders.open(order_id, side, price, size)
        self._event.add(_ADD_ROW, int(side), order.handle, price, size)

    def _cancel(self, order_id: int, price: int, size: int, side_letter: int) -> None:
        order = self.orders.find(order_id)
        if order is None:
            raise RefusedRecord(f"found a cancel of order {order_id}, allowed ids in the book")
        _check_same_side(order, side_letter)
        if price != order.price_units:
            raise RefusedRecord(f"found price {price}, allowed {order.price_units}, the order's")
        if not 1 <= size <= order.qty_lots:
            raise RefusedRecord(f"found size {size}, allowed 1..{order.qty_lots}, the order's")
        executed = self._execute(order, size)
        rest = size - executed
        if rest > 0:
            kind = _DELETE_ROW if rest == order.qty_lots else _REDUCE_ROW
            self._event.add(kind, int(order.side), order.handle, order.price_units, rest)
            self.orders.take(order, rest)

    def _modify(self, order_id: int, price: int, size: int, side_letter: int) -> None:
        order = self.orders.find(order_id)
        if order is None:
            self._add(order_id, price, size, side_letter)
            self._count("modifies_unknown")
            return
        _check_same_side(order, side_letter)
        check_amounts(price, size)
        executed = self._execute(order, order.qty_lots)
        if order.qty_lots == 0:
            self._add(order_id, price, size, side_letter)
            self._count("refreshes")
            return
        if executed > 0 and (price, size) == (order.price_units, order.qty_lots):
            return
        flags = int(order.side)
        if price == order.price_units and size <= order.qty_lots:
            flags |= _KEEP_PRIORITY
            if size < order.qty_lots:
                self.orders.take(order, order.qty_lots - size)
        else:
            self.orders.move(order, price, size)
        self._event.add(_REPLACE_ROW, flags, order.handle, price, size)

    def _execute(self, order: BookOrder[int], qty_lots_max: int) -> int:
        """Tell what this event's fills took of an order, at most so many lots; how many."""
        qty_lots = min(self._fills.pop(order.name, 0), qty_lots_max)
        if qty_lots == 0:
            return 0
        self._event.add(_EXECUTE_ROW, int(order.side), order.handle, order.price_units, qty_lots)
        self.orders.take(order, qty_lots)
        self._count("executions")
        rest = qty_lots
        for index, (side_letter, price, size) in enumerate(self._trades):
            told = min(rest, size)
            self._trades[index] = (side_letter, price, size - told)
            rest -= told
        return qty_lots

    def _count(self, name: str) -> None:
        self._statistics[name] = self._statistics.get(name, 0) + 1


def _side_of(side_letter: int) -> Side:
    side = _SIDES.get(side_letter)
    if side is None:
        raise RefusedRecord(f"found side {chr(side_letter)!r}, allowed 'A' or 'B'")
    return side


def _check_same_side(order: BookOrder[int], side_letter: int) -> None:
    if _side_of(side_letter) is not order.side:
        raise RefusedRecord(f"found side {chr(side_letter)!r}, allowed the order's")
