"""Kraken's book as its checksum sees it: the best levels with the digits that they were written in.

Model: Kraken numbers nothing; each message about a book holds a CRC-32 over the ten best asks and bids as
they must be afterwards. The digits of price and quantity, without point and leading zeros, are
joined, asks first, best first. So the feed keeps the book itself, cut to the depth subscribed to, since
levels that fall out of it are never removed by the venue.

Invariants: a side has at most `depth` levels; `keys` are sorted, best first.
"""

import zlib
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Final, NamedTuple

from market.live import Level

SUMMED: Final = 10
"""Levels of a side in the checksum, whatever the depth."""


class Change(NamedTuple):
    """A level as it came: in ticks and lots, and in the digits of its text."""

    price_ticks: int
    lots: int
    digits: str


class KrakenSide:
    """One side of a book.

    Args:
        sign: 1 where the lowest price is the best, -1 where the highest is.
        depth: Most levels.
    """

    def __init__(self, sign: int, depth: int) -> None:
        self._sign: Final = sign
        self._depth: Final = depth
        self._keys: list[int] = []
        self._digits: dict[int, str] = {}

    def replace(self, changes: Sequence[Change]) -> tuple[Level, ...]:
        """Begin anew with a snapshot's levels."""
        self._keys.clear()
        self._digits.clear()
        return self.apply(changes)

    def apply(self, changes: Sequence[Change]) -> tuple[Level, ...]:
        """Take changes in order; they, and the levels that fell out of the depth, as removals."""
        done: list[Level] = []
        for price_ticks, lots, digits in changes:
            key = self._sign * price_ticks
            known = key in self._digits
            if lots:
                self._digits[key] = digits
                if not known:
                    insort(self._keys, key)
            elif known:
                self._remove(key)
            done.append((price_ticks, lots))
        while len(self._keys) > self._depth:
            key = self._keys.pop()
            del self._digits[key]
            done.append((self._sign * key, 0))
        return tuple(done)

    def text(self) -> str:
        """This side's part of what the checksum is over."""
        return "".join([self._digits[key] for key in self._keys[:SUMMED]])

    def _remove(self, key: int) -> None:
        del self._digits[key]
        del self._keys[bisect_left(self._keys, key)]


class KrakenBook:
    """A book of the depth subscribed to."""

    def __init__(self, depth: int) -> None:
        self.bids: Final = KrakenSide(-1, depth)
        self.asks: Final = KrakenSide(1, depth)

    def checksum(self) -> int:
        """What the venue must say of this book."""
        return zlib.crc32((self.asks.text() + self.bids.text()).encode())
