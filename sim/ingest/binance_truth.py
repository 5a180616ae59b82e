"""Holds a Binance tape against the exchange's own best bid and offer, update id by update id.

**Model.** `bookTicker` and depth diffs carry update ids of one sequence. The tape is replayed level
by level in plain Python; after each depth update `u` of the captures its best bid and ask, prices
and sizes, must be those of the ticker with the same id, where there is one, and of the newest ticker
with an id of at most `u`. The captures are read here with a reader of its own (the standard
library's), which shares nothing with the ingest but the opening of files. All three streams are
merged by id, so memory does not grow with them.
"""

import json
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import msgspec

from market.codes import Kind, RowFlag
from market.errors import InputError
from sim.ingest.source import open_file
from sim.ingest.text_lines import lines_of
from sim.tape.read import Tape, open_tape

Best = tuple[int, int, int, int]
"""Bid price, bid lots, ask price, ask lots; -1 on what is not there."""


class BinanceVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """How far a tape agrees with the tickers.

    Attributes:
        same_ids: Update ids that a depth update and a ticker both carry.
        same_ids_equal: Of these, how many have equal prices and sizes.
        updates: Depth updates with a ticker at or before their id.
        updates_equal: Of these, how many equal the newest such ticker.
        first_difference: The first difference at a same id in words, or None.
    """

    same_ids: int
    same_ids_equal: int
    updates: int
    updates_equal: int
    first_difference: str | None


def verify_binance(tape: Path, captures: Sequence[Path]) -> BinanceVerdict:
    """Compare a tape with the tickers of the captures that it was made from.

    Args:
        tape: The tape; it has `source_seq`.
        captures: The raw files in order.

    Raises:
        InputError: A file is not what it should be; a difference is a result, not an error.
    """
    opened = open_tape(tape)
    if "source_seq" not in opened.side_columns:
        raise InputError(f"{tape}: found no column source_seq, allowed a tape with update ids")
    if len(opened.meta.books) != 1:
        raise InputError(f"{tape}: found {len(opened.meta.books)} books, allowed one")
    book = opened.meta.books[0]
    price_scale = Decimal(book.price_units_per_currency)
    lot_scale = Decimal(book.qty_units_per_piece) / book.lot_units
    tickers = _tickers(captures, price_scale, lot_scale)
    replay = _Replay(opened)
    ticker = next(tickers, None)
    newest: tuple[int, Best] | None = None
    tally = [0, 0, 0, 0]
    first: str | None = None
    for update_id in _update_ids(captures):
        found = replay.best_at(update_id)
        while ticker is not None and ticker[0] <= update_id:
            newest, ticker = ticker, next(tickers, None)
        if found is None or newest is None:
            continue
        equal = found == newest[1]
        tally[2] += 1
        tally[3] += equal
        if newest[0] == update_id:
            tally[0] += 1
            tally[1] += equal
            if not equal and first is None:
                first = f"update {update_id}: found {found}, allowed {newest[1]}"
    return BinanceVerdict(
        same_ids=tally[0],
        same_ids_equal=tally[1],
        updates=tally[2],
        updates_equal=tally[3],
        first_difference=first,
    )


class _Replay:
    """The tape's levels up to an update id."""

    def __init__(self, tape: Tape) -> None:
        self._rows = _book_rows(tape)
        self._row = next(self._rows, None)
        self._lots: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._keys: tuple[list[int], list[int]] = ([], [])
        self._begun = False

    def best_at(self, update_id: int) -> Best | None:
        """The best prices after all rows of ids up to this one, or None before the snapshot."""
        while self._row is not None and self._row[0] <= update_id:
            self._apply(*self._row[1:])
            self._row = next(self._rows, None)
        if not self._begun:
            return None
        return (*self._best(0), *self._best(1))

    def _apply(self, kind: int, side: int, price: int, qty: int) -> None:
        self._begun = True
        if kind == Kind.CLEAR:
            for lots, keys in zip(self._lots, self._keys, strict=True):
                lots.clear()
                keys.clear()
            return
        key = price if side else -price
        lots, keys = self._lots[side], self._keys[side]
        if qty > 0:
            if key not in lots:
                insort(keys, key)
            lots[key] = qty
        elif lots.pop(key, None) is not None:
            keys.pop(bisect_left(keys, key))

    def _best(self, side: int) -> tuple[int, int]:
        keys = self._keys[side]
        if not keys:
            return -1, -1
        return (keys[0] if side else -keys[0]), self._lots[side][keys[0]]


def _book_rows(tape: Tape) -> Iterator[tuple[int, int, int, int, int]]:
    """Update id, kind, side, price and lots of every row about the book."""
    for rows, sides in tape.chunks_with_sides():
        kept = rows["kind"] != Kind.TRADE
        yield from zip(
            sides["source_seq"][kept].tolist(),
            rows["kind"][kept].tolist(),
            (rows["side_flags"][kept] & RowFlag.SELL).tolist(),
            rows["price"][kept].tolist(),
            rows["qty"][kept].tolist(),
            strict=True,
        )


def _payloads(captures: Sequence[Path]) -> Iterator[dict[str, object]]:
    """The payload of every line of a stream; what can't be read is none of the truth."""
    for path in captures:
        with open_file(path) as source:
            for _, line in lines_of(source):
                try:
                    message = json.loads(line.partition(b" ")[2])
                except ValueError:
                    continue
                data = message.get("data") if isinstance(message, dict) else None
                if isinstance(data, dict):
                    yield data


def _update_ids(captures: Sequence[Path]) -> Iterator[int]:
    """The `u` of every depth update, each once."""
    last = -1
    for data in _payloads(captures):
        update_id = data.get("u")
        if data.get("e") == "depthUpdate" and isinstance(update_id, int) and update_id > last:
            last = update_id
            yield update_id


def _tickers(
    captures: Sequence[Path], price_scale: Decimal, lot_scale: Decimal
) -> Iterator[tuple[int, Best]]:
    """Update id and best prices of every ticker, in the tape's integers, ids rising."""

    @lru_cache(maxsize=65_536)
    def whole(text: object, scale: Decimal) -> int:
        try:
            value = Decimal(str(text)) * scale
        except ArithmeticError:
            return -2
        # A ticker that is no number, or finer than the tape's grid, equals nothing on it.
        return int(value) if value.is_finite() and value == int(value) else -2

    last = -1
    for data in _payloads(captures):
        update_id = data.get("u")
        is_ticker = data.get("e", "bookTicker") == "bookTicker"
        if not is_ticker or not isinstance(update_id, int):
            continue
        if update_id > last:
            last = update_id
            yield (
                update_id,
                (
                    whole(data.get("b"), price_scale),
                    whole(data.get("B"), lot_scale),
                    whole(data.get("a"), price_scale),
                    whole(data.get("A"), lot_scale),
                ),
            )
