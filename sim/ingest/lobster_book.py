"""Arrays of the ingest's book: how large they are, how they grow, how they begin."""

import numpy as np

from market.codes import Side
from market.columns import HANDLES_MAX, TAPE_DTYPE
from market.errors import InputError
from sim.kernels import ingest_book as b
from sim.kernels import lobster_state as k

_ORDERS = 4_096
_LEVELS = 1_024
_ROWS = 65_536

Seed = tuple[int, int, int]
"""Side, price, lots of depth that rested before the first message."""


class IngestBook:
    """Owner of the kernel's arrays; `book` is what the kernel takes."""

    def __init__(self, midnight_ns: int, tick_units: int) -> None:
        self.state = np.zeros(k.STATE_SIZE, np.int64)
        self.state[k.S_MIDNIGHT] = midnight_ns
        self.state[k.S_TICK] = tick_units
        self.state[k.S_EDGE : k.S_EDGE + 2] = k.SEEN_ALL
        self._orders = np.zeros((_ORDERS, b.ORDER_WIDTH), np.int64)
        self._levels = np.zeros((_LEVELS, b.LEVEL_WIDTH), np.int64)
        self._ladder = np.zeros((2, _LEVELS, 2), np.int64)
        self._table = np.zeros((2 * _ORDERS, 2), np.int64)
        self.rows = np.zeros(_ROWS, TAPE_DTYPE)
        self.seqs = np.zeros(_ROWS, np.int64)

    @property
    def book(self) -> b.Book:
        """The kernel's tuple of arrays."""
        return self.state, self._orders, self._levels, self._ladder, self._table

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows written since the last call and their source rows; valid until the kernel."""
        count = int(self.state[k.S_OUT])
        self.state[k.S_OUT] = 0
        return self.rows[:count], self.seqs[:count]

    def grow(self, margin: int) -> None:
        """Make room for one more message, which may touch every live order and `margin` more."""
        live = int(self.state[b.S_LIVE])
        if live + margin > len(self._orders) // 2:
            capacity = 2 * max(len(self._orders), live + margin)
            if capacity > HANDLES_MAX:
                raise InputError(f"found {live} live orders, allowed {HANDLES_MAX // 2}")
            self._orders = _enlarged(self._orders, (capacity, b.ORDER_WIDTH))
            table = np.zeros((1 << (2 * capacity - 1).bit_length(), 2), np.int64)
            b.hash_rebuild(self._table, table)
            self._table = table
        level_count = int(self.state[b.S_LEVELS] + self.state[b.S_LEVELS + 1])
        if level_count + margin > len(self._levels) // 2:
            capacity = 2 * max(len(self._levels), level_count + margin)
            self._levels = _enlarged(self._levels, (capacity, b.LEVEL_WIDTH))
            self._ladder = _enlarged(self._ladder, (2, capacity, 2))
        if live + margin > len(self.rows) // 2:
            self.rows = np.zeros(2 * (live + margin), TAPE_DTYPE)
            self.seqs = np.zeros(len(self.rows), np.int64)


def seeds_before(message: np.ndarray, truth: np.ndarray) -> list[Seed]:
    """The book before the first message, from the first orderbook row and that message's effect.

    A message that makes no sense has no effect here; the kernel refuses it afterwards.

    Raises:
        InputError: The row can't follow from the message.
    """
    seeds: dict[tuple[Side, int], int] = {}
    for side, first in ((Side.BUY, 2), (Side.SELL, 0)):
        for price, size in truth.reshape(-1, 4)[:, first : first + 2].tolist():
            if abs(price) != k.EMPTY_PRICE:
                seeds[side, price] = size
    kind, size, price = (int(message[i]) for i in (k.M_TYPE, k.M_SIZE, k.M_PRICE))
    side = Side.BUY if message[k.M_DIRECTION] == 1 else Side.SELL
    if k.SUBMISSION <= kind <= k.EXECUTION and 1 <= size <= k.QTY_MAX:
        added = kind == k.SUBMISSION
        before = seeds.pop((side, price), 0) + (-size if added else size)
        if before < 0:
            raise InputError(f"found size {before + size} at price {price}, allowed from {size}")
        if before > 0:
            seeds[side, price] = before
    best_first = sorted(seeds.items(), key=lambda item: (item[0][0], -item[0][0].sign * item[0][1]))
    return [(int(side), price, size) for (side, price), size in best_first]


def _enlarged(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A larger array of zeros that begins with the old one."""
    larger = np.zeros(shape, array.dtype)
    larger[tuple(slice(size) for size in array.shape)] = array
    return larger
