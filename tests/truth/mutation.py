"""What a changed tape shows, computed on dictionaries: no kernel, no reference book, no `sim`.

Two tapes are replayed side by side, a source message at a time, and their visible levels are
compared by what differs between the two books: the best price at which their lots differ is
visible when fewer than `VISIBLE` prices are better, since all better ones are the same in both.
"""

from bisect import bisect_left, insort
from enum import Enum

from market.codes import Kind, RowFlag

VISIBLE = 10

Row = tuple[int, int, int, int, int, int, int]
"""A tape row in the order of TAPE_COLUMNS."""


class Finding(Enum):
    """What a change does to the tape."""

    VISIBLE = "a visible level differs after a source message"
    REFUSED = "a row contradicts the rows before it"
    COUNT = "there are more or fewer source messages"
    NOTHING = "no visible level ever differs"


class ContradictionError(Exception):
    """A row that the rows before it rule out."""


class PlainBook:
    """Orders by handle as (side, key, lots); lots by key; keys in order. A smaller key is better."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.lots: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.keys: tuple[list[int], list[int]] = ([], [])

    def copy(self) -> "PlainBook":
        twin = PlainBook()
        twin.orders = dict(self.orders)
        twin.lots = (dict(self.lots[0]), dict(self.lots[1]))
        twin.keys = (list(self.keys[0]), list(self.keys[1]))
        return twin

    def apply(self, row: Row) -> tuple[int, int, int] | None:
        """Apply a row; the handle, side and key that it touched, if any."""
        _, price, qty, handle, _, kind, flags = row
        if kind in (Kind.TRADE, Kind.CROSS, Kind.PHASE):
            return None
        order = self.orders.get(handle)
        if kind == Kind.ADD or (kind == Kind.REVEAL and qty > 0):
            if order is not None:
                raise ContradictionError
            side = flags & RowFlag.SELL
            key = (price if side else -price) // 100
            self._set(handle, side, key, 0, qty)
            return handle, side, key
        if order is None:
            raise ContradictionError
        side, key, lots = order
        taken = lots if kind == Kind.DELETE else abs(qty)
        if taken > lots:
            raise ContradictionError
        self._set(handle, side, key, lots, lots - taken)
        return handle, side, key

    def _set(self, handle: int, side: int, key: int, before: int, after: int) -> None:
        lots = self.lots[side]
        if key not in lots:
            insort(self.keys[side], key)
            lots[key] = 0
        lots[key] += after - before
        if lots[key] == 0:
            del lots[key]
            self.keys[side].pop(bisect_left(self.keys[side], key))
        if after:
            self.orders[handle] = (side, key, after)
        else:
            del self.orders[handle]


class Replay:
    """A book that follows a list of rows."""

    def __init__(self, rows: list[Row], at: int, book: PlainBook) -> None:
        self.rows = rows
        self.at = at
        self.book = book
        self.touched: list[tuple[int, int, int]] = []

    @property
    def left(self) -> int:
        return len(self.rows) - self.at

    def step(self) -> bool:
        """Apply one source message, or what is left of one; whether it was whole."""
        self.touched = []
        while self.at < len(self.rows):
            row = self.rows[self.at]
            touched = self.book.apply(row)
            self.at += 1
            if touched is not None:
                self.touched.append(touched)
            if row[6] & (RowFlag.LAST | RowFlag.SNAPSHOT) == RowFlag.LAST:
                return True
        return False


class Comparison:
    """Where two books differ, kept up to date by what each message touched."""

    def __init__(self, one: Replay, two: Replay) -> None:
        self.one = one
        self.two = two
        self.handles: set[int] = set()
        self.keys: tuple[set[int], set[int]] = (set(), set())

    def update(self) -> None:
        one, two = self.one.book, self.two.book
        for handle, side, key in (*self.one.touched, *self.two.touched):
            _put(self.handles, handle, one.orders.get(handle) != two.orders.get(handle))
            _put(self.keys[side], key, one.lots[side].get(key) != two.lots[side].get(key))

    def is_visible(self) -> bool:
        """Whether a difference is among the best levels of one of the books."""
        return any(
            bool(keys) and bisect_left(self.one.book.keys[side], min(keys)) < VISIBLE
            for side, keys in enumerate(self.keys)
        )

    def is_over(self) -> bool:
        """Whether nothing can differ any more: same orders, same rows to come."""
        return not self.handles and self.one.left == self.two.left


def judge(rows: list[Row], changed: list[Row], start: int, book: PlainBook) -> Finding:
    """What distinguishes a changed tape from the original.

    Args:
        rows: The original.
        changed: The changed one, with the same rows before `start`.
        start: First row of a source message.
        book: The book before that row; left as it is.
    """
    one, two = Replay(rows, start, book.copy()), Replay(changed, start, book.copy())
    comparison = Comparison(one, two)
    while True:
        whole = one.step()
        try:
            also = two.step()
        except ContradictionError:
            return Finding.REFUSED
        if whole != also:
            return Finding.COUNT
        if not whole:
            return Finding.NOTHING
        comparison.update()
        if comparison.is_visible():
            return Finding.VISIBLE
        if comparison.is_over():
            return Finding.NOTHING


def _put(found: set[int], item: int, wanted: bool) -> None:
    if wanted:
        found.add(item)
    else:
        found.discard(item)
