"""Bitstamp order events, one row each: `id,timestamp,exchange.timestamp,price,volume,action,direction`.

`timestamp` is when the recorder heard of the event, in milliseconds; `exchange.timestamp` is when
the order was made, in whole seconds written as milliseconds, the same on all rows of one order.
Prices have cents, volumes are whole hundred-millionths of a coin.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from market.codes import Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from sim.ingest.source import Source
from sim.ingest.text_lines import lines_of

COLUMNS = ("id", "timestamp", "exchange.timestamp", "price", "volume", "action", "direction")
PRICE_UNITS_PER_CURRENCY = 100
LOTS_PER_PIECE = 100_000_000
CREATED, CHANGED, DELETED = "created", "changed", "deleted"

_QUOTE_MAX = 80
_MS_MAX = (1 << 62) // 1_000_000
_ROW = re.compile(
    rb"(\d{1,18}),(\d{13}),(\d{13}),(\d{1,11})(?:\.(\d\d?))?,(\d{1,13}),"
    rb"(created|changed|deleted),(bid|ask)"
)
_COLUMN_RULES = (
    (rb"\d{1,18}", "a whole number of at most 18 digits"),
    (rb"\d{13}", "13 digits of milliseconds"),
    (rb"\d{13}", "13 digits of milliseconds"),
    (rb"\d{1,11}(\.\d\d?)?", "a price of at most two decimals"),
    (rb"\d{1,13}", f"whole lots up to {QTY_LOTS_MAX}"),
    (rb"created|changed|deleted", "created, changed or deleted"),
    (rb"bid|ask", "bid or ask"),
)


class Record(NamedTuple):
    """One order event; `volume_lots` is what is left, 0 of a deletion when all was traded."""

    order_id: int
    ts_ns: int
    stamp_ns: int
    price_units: int
    volume_lots: int
    action: str
    side: Side


def records_of(source: Source) -> Iterator[tuple[int, Record | str]]:
    """Every row with its line number: a record, or what is wrong with it.

    Raises:
        InputError: The file is damaged, or its header is not Bitstamp's.
    """
    lines = lines_of(source)
    header = next(lines, (1, b""))[1]
    if header != ",".join(COLUMNS).encode():
        raise InputError(
            f"{source.name}:1: found the header {_quoted(header)}, allowed {','.join(COLUMNS)}"
        )
    for number, line in lines:
        yield number, _parse(line)


def _parse(line: bytes) -> Record | str:
    """A row as a record, or what was found and what is allowed."""
    found = _ROW.fullmatch(line)
    if found is None:
        return _word(line)
    order_id, ts_ms, stamp_ms, whole, cents, volume, action, direction = found.groups()
    price_units = int(whole) * PRICE_UNITS_PER_CURRENCY + int((cents or b"").ljust(2, b"0"))
    volume_lots = int(volume)
    if not 1 <= price_units <= PRICE_TICKS_MAX:
        return f"found price {whole.decode()}, allowed from 0.01 to {PRICE_TICKS_MAX // 100}"
    if volume_lots > QTY_LOTS_MAX or (volume_lots == 0 and action != b"deleted"):
        return f"found volume {volume_lots}, allowed 1 to {QTY_LOTS_MAX}, and 0 of a deletion"
    if max(int(ts_ms), int(stamp_ms)) > _MS_MAX:
        return f"found a time of {max(ts_ms, stamp_ms).decode()} ms, allowed up to {_MS_MAX}"
    return Record(
        order_id=int(order_id),
        ts_ns=int(ts_ms) * 1_000_000,
        stamp_ns=int(stamp_ms) * 1_000_000,
        price_units=price_units,
        volume_lots=volume_lots,
        action=action.decode(),
        side=Side.BUY if direction == b"bid" else Side.SELL,
    )


def _word(line: bytes) -> str:
    """Which column of a line is wrong, and what is allowed there."""
    fields = line.split(b",")
    if len(fields) != len(COLUMNS):
        return f"found {len(fields)} columns, allowed {len(COLUMNS)}"
    for name, field, (rule, allowed) in zip(COLUMNS, fields, _COLUMN_RULES, strict=True):
        if re.fullmatch(rule, field) is None:
            return f"found {name} {_quoted(field)}, allowed {allowed}"
    raise AssertionError(line)


def _quoted(text: bytes) -> str:
    """What was found, escaped and not too long."""
    return repr(text[:_QUOTE_MAX].decode("ascii", "backslashreplace"))
