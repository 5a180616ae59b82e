"""One line of a Binance capture: local nanoseconds, a space, and the JSON as it came.

What is known is `depthUpdate`, `trade`, `bookTicker` (spot sends it without an event name) and the
answer of the REST depth call; other streams that Binance offers are recognised by name and only
counted. Everything else is refused.
"""

from typing import Annotated

import msgspec

from sim.ingest.bad_records import RefusedRecord

_MS_MAX = 4_102_444_800_000  # the year 2100
LOCAL_NS_MAX = _MS_MAX * 1_000_000

Ms = Annotated[int, msgspec.Meta(ge=0, le=_MS_MAX)]
Id = Annotated[int, msgspec.Meta(ge=-1, le=(1 << 62))]
Levels = list[tuple[str, str]]

DEPTH, TRADE, TICKER, SNAPSHOT, OTHER = "depthUpdate", "trade", "bookTicker", "snapshot", "other"

_OTHER_EVENTS = frozenset(
    {
        "24hrMiniTicker", "24hrTicker", "1hTicker", "4hTicker", "1dTicker", "aggTrade", "avgPrice",
        "assetIndexUpdate", "compositeIndex", "continuous_kline", "contractInfo", "forceOrder",
        "indexPriceUpdate", "indexPrice_kline", "kline", "markPriceUpdate", "markPrice_kline",
    }
)  # fmt: skip
_ALLOWED = "allowed a depthUpdate, trade, bookTicker or depth snapshot"


class Data(msgspec.Struct, frozen=True, gc=False):
    """The payload of a stream; which fields are there depends on the event. Times are ms."""

    event: str = msgspec.field(name="e", default="")
    event_ms: Ms = msgspec.field(name="E", default=0)
    transaction_ms: Ms = msgspec.field(name="T", default=0)
    symbol: str = msgspec.field(name="s", default="")
    first_id: Id = msgspec.field(name="U", default=-1)
    last_id: Id = msgspec.field(name="u", default=-1)
    previous_id: Id = msgspec.field(name="pu", default=-1)
    bids: Levels | str | None = msgspec.field(name="b", default=None)
    asks: Levels | str | None = msgspec.field(name="a", default=None)
    bid_qty: str | None = msgspec.field(name="B", default=None)
    ask_qty: str | None = msgspec.field(name="A", default=None)
    trade_id: Id = msgspec.field(name="t", default=-1)
    price: str = msgspec.field(name="p", default="")
    qty: str = msgspec.field(name="q", default="")
    buyer_is_maker: bool | None = msgspec.field(name="m", default=None)
    trade_type: str = msgspec.field(name="X", default="")


class Line(msgspec.Struct, frozen=True, gc=False):
    """A message of a combined stream, or a snapshot."""

    stream: str = ""
    data: Data | None = None
    snapshot_id: Id = msgspec.field(name="lastUpdateId", default=-1)
    event_ms: Ms = msgspec.field(name="E", default=0)
    transaction_ms: Ms = msgspec.field(name="T", default=0)
    symbol: str = ""
    bids: Levels | None = None
    asks: Levels | None = None


class _OtherData(msgspec.Struct, frozen=True):
    event: str = msgspec.field(name="e", default="")


class _OtherLine(msgspec.Struct, frozen=True):
    data: _OtherData


_DECODER = msgspec.json.Decoder(Line)
_OTHER_DECODER = msgspec.json.Decoder(_OtherLine)
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def split_line(text: bytes) -> tuple[int, bytes]:
    """Local time and JSON of a line.

    Raises:
        RefusedRecord: It does not begin with a time.
    """
    stamp, space, body = text.partition(b" ")
    if not space or not stamp.isdigit() or len(stamp) > 19 or int(stamp) > LOCAL_NS_MAX:
        raise RefusedRecord(
            f"found {stamp[:40].decode('ascii', errors='backslashreplace')!r} before the message, "
            "allowed local nanoseconds since 1970 and a space"
        )
    return int(stamp), body


def decode_line(body: bytes) -> tuple[str, Line]:
    """What a message is, and its fields; those that it needs are there.

    Raises:
        RefusedRecord: It is none that Binance sends.
    """
    try:
        line = _DECODER.decode(body)
    except _ERRORS as error:
        if _is_other(body):
            return OTHER, Line()
        raise RefusedRecord(f"found a damaged message ({error}), {_ALLOWED}") from None
    kind = _kind(line)
    if kind == OTHER and line.data is not None and line.data.event not in _OTHER_EVENTS:
        raise RefusedRecord(f"found the event {line.data.event[:40]!r}, {_ALLOWED}")
    if not _is_whole(kind, line):
        raise RefusedRecord(f"found a {kind} without all of its fields, {_ALLOWED}")
    return kind, line


def levels_of(line: Line) -> tuple[Levels, Levels]:
    """Bids and asks of a depthUpdate or snapshot that `decode_line` took."""
    bids, asks = (line.bids, line.asks) if line.data is None else (line.data.bids, line.data.asks)
    assert isinstance(bids, list)
    assert isinstance(asks, list)
    return bids, asks


def _kind(line: Line) -> str:
    data = line.data
    if data is None:
        return SNAPSHOT
    if data.event in (DEPTH, TRADE, TICKER):
        return data.event
    if data.event == "" and data.bid_qty is not None:
        return TICKER
    return OTHER


def _is_whole(kind: str, line: Line) -> bool:
    """Whether every field that the event needs is there and has its type."""
    data = line.data
    if data is None:
        return line.snapshot_id >= 0 and line.bids is not None and line.asks is not None
    if kind == OTHER:
        return True
    if not data.symbol:
        return False
    if kind == DEPTH:
        ids = 0 <= data.first_id <= data.last_id
        levels = isinstance(data.bids, list) and isinstance(data.asks, list)
        return ids and levels and data.event_ms > 0
    if kind == TRADE:
        return data.trade_id >= 0 and data.buyer_is_maker is not None and data.event_ms > 0
    quotes = isinstance(data.bids, str) and isinstance(data.asks, str)
    return quotes and data.last_id >= 0 and data.bid_qty is not None and data.ask_qty is not None


def _is_other(body: bytes) -> bool:
    """Whether it is an event whose fields mean something else, such as an aggTrade."""
    try:
        return _OTHER_DECODER.decode(body).data.event in _OTHER_EVENTS
    except _ERRORS:
        return False
