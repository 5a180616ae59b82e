"""Rows of consolidated quote and trade files: strict text to integers.

Quotes: ms after midnight in New York, bid × 10,000, bid size, ask × 10,000, ask size, venue letter,
condition, suspicious. Trades: ms, price × 10,000, size, venue letter, condition, suspicious. A
condition is a set of bits in hexadecimal. A side that the row does not speak of is 0,0.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from market.columns import QTY_LOTS_MAX
from sim.ingest.bad_records import BadRecords, RefusedRecord
from sim.ingest.source import Source
from sim.ingest.text_lines import lines_of

TICK_UNITS = 100
DAY_MS = 86_400_000
REGULAR = b"1"

_QUOTE_COLUMNS = (
    "time", "bid price", "bid size", "ask price", "ask size", "venue", "condition", "suspicious",
)  # fmt: skip
_TRADE_COLUMNS = ("time", "price", "size", "venue", "condition", "suspicious")
_NUMBER, _VENUE, _CONDITION, _MARK = (
    rb"([0-9]{1,12})",
    rb"([A-Z])",
    rb"([0-9A-Fa-f]{1,16})",
    rb"([01])",
)
_QUOTE = re.compile(b",".join([_NUMBER] * 5 + [_VENUE, _CONDITION, _MARK]))
_TRADE = re.compile(b",".join([_NUMBER] * 3 + [_VENUE, _CONDITION, _MARK]))
_ALLOWED = {
    "venue": (re.compile(_VENUE), "one capital letter"),
    "condition": (re.compile(_CONDITION), "a hexadecimal number"),
    "suspicious": (re.compile(_MARK), "0 or 1"),
}
_WHOLE = (re.compile(_NUMBER), "a whole number of at most 12 digits")


class QuoteRow(NamedTuple):
    """One line of a quote file; a side without a size is not spoken of."""

    number: int
    ms: int
    bid_units: int
    bid_lots: int
    ask_units: int
    ask_lots: int
    venue: int
    regular: bool
    suspicious: bool


class TradeRow(NamedTuple):
    """One line of a trade file."""

    number: int
    ms: int
    price_units: int
    lots: int
    venue: int
    regular: bool
    suspicious: bool


Row = TypeVar("Row", QuoteRow, TradeRow)


def quote_rows(source: Source, bad: BadRecords) -> Iterator[QuoteRow]:
    """The rows of a quote file in order; refused ones are judged by `bad`."""
    return _rows(source, bad, _parse_quote)


def trade_rows(source: Source, bad: BadRecords) -> Iterator[TradeRow]:
    """The rows of a trade file in order; refused ones are judged by `bad`."""
    return _rows(source, bad, _parse_trade)


def _rows(source: Source, bad: BadRecords, parse: Callable[[int, bytes], Row]) -> Iterator[Row]:
    last_ms = 0
    for number, line in lines_of(source):
        try:
            row = parse(number, line)
            if not last_ms <= row.ms < DAY_MS:
                raise RefusedRecord(
                    f"found {row.ms} ms after midnight, allowed {last_ms} (the row before) "
                    f"to {DAY_MS - 1}"
                )
        except RefusedRecord as error:
            bad.refuse(f"{source.name}:{number}", error)
            continue
        last_ms = row.ms
        yield row


def _parse_quote(number: int, line: bytes) -> QuoteRow:
    found = _QUOTE.fullmatch(line)
    if found is None:
        raise RefusedRecord(_word_text(line, _QUOTE_COLUMNS))
    ms, bid, bid_lots, ask, ask_lots, venue, condition, suspicious = found.groups()
    row = QuoteRow(
        number, int(ms), int(bid), int(bid_lots), int(ask), int(ask_lots), venue[0],
        condition == REGULAR, suspicious == b"1",
    )  # fmt: skip
    _check_side("bid", row.bid_units, row.bid_lots)
    _check_side("ask", row.ask_units, row.ask_lots)
    if row.bid_lots == 0 and row.ask_lots == 0:
        raise RefusedRecord("found neither a bid nor an ask, allowed one of them or both")
    return row


def _parse_trade(number: int, line: bytes) -> TradeRow:
    found = _TRADE.fullmatch(line)
    if found is None:
        raise RefusedRecord(_word_text(line, _TRADE_COLUMNS))
    ms, price, lots, venue, condition, suspicious = found.groups()
    row = TradeRow(
        number, int(ms), int(price), int(lots), venue[0], condition == REGULAR, suspicious == b"1"
    )
    if not (row.price_units > 0 and 0 < row.lots <= QTY_LOTS_MAX):
        raise RefusedRecord(
            f"found {row.lots} at price {row.price_units}, allowed sizes and prices above 0"
        )
    return row


def _check_side(name: str, units: int, lots: int) -> None:
    """A side is spoken of with a price on the grid and a size, or not at all."""
    if (units == 0) != (lots == 0) or units % TICK_UNITS or lots > QTY_LOTS_MAX:
        raise RefusedRecord(
            f"found a {name} of {lots} at price {units}, allowed 0 at 0, or up to {QTY_LOTS_MAX} "
            f"at multiples of {TICK_UNITS}"
        )


def _word_text(line: bytes, columns: tuple[str, ...]) -> str:
    """Which field of a line isn't what it should be."""
    fields = line.split(b",")
    if len(fields) != len(columns):
        return f"found {len(fields)} columns, allowed {len(columns)}"
    for name, field in zip(columns, fields, strict=True):
        pattern, allowed = _ALLOWED.get(name, _WHOLE)
        if pattern.fullmatch(field) is None:
            text = field[:40].decode("ascii", errors="backslashreplace")
            return f"found {text!r} as {name}, allowed {allowed}"
    raise AssertionError(line)
