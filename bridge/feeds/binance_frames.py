"""What Binance sends, as far as it is read: combined streams, REST depth, and answers to requests.

A frame is read in two steps: what stream it is of, and only then its payload by that stream's own
decoder, since fields of one name mean different things in different events.
"""

from typing import Final

import msgspec

from bridge.feeds.stamps import Id, Ms

_MS_NS: Final = 1_000_000

Levels = list[tuple[str, str]]


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """What Binance has against a request."""

    code: int = 0
    msg: str = ""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """Any frame: of a stream, or an answer to the request `id`."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")
    id: int | str | None = None
    error: Refusal | None = None


class Depth(msgspec.Struct, frozen=True, gc=False):
    """A depthUpdate; `previous_id` is -1 on spot, which has none."""

    event_ms: Ms = msgspec.field(name="E")
    first_id: Id = msgspec.field(name="U")
    last_id: Id = msgspec.field(name="u")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")
    transaction_ms: Ms = msgspec.field(name="T", default=0)
    previous_id: int = msgspec.field(name="pu", default=-1)


class DepthIds(msgspec.Struct, frozen=True, gc=False):
    """A depthUpdate of which only the ids are read: its levels are skipped."""

    event_ms: Ms = msgspec.field(name="E")
    first_id: Id = msgspec.field(name="U")
    last_id: Id = msgspec.field(name="u")
    transaction_ms: Ms = msgspec.field(name="T", default=0)
    previous_id: int = msgspec.field(name="pu", default=-1)

    @property
    def bids(self) -> Levels:
        """None of them."""
        return []

    @property
    def asks(self) -> Levels:
        """None of them."""
        return []


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """A bookTicker; on spot it bears no time."""

    update_id: Id = msgspec.field(name="u")
    bid: str = msgspec.field(name="b")
    bid_qty: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_qty: str = msgspec.field(name="A")
    event_ms: Ms = msgspec.field(name="E", default=0)
    transaction_ms: Ms = msgspec.field(name="T", default=0)


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A trade; `kind` is MARKET or absent where two orders met."""

    event_ms: Ms = msgspec.field(name="E")
    transaction_ms: Ms = msgspec.field(name="T")
    trade_id: Id = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    buyer_is_maker: bool = msgspec.field(name="m")
    kind: str = msgspec.field(name="X", default="")


class AggregateTrade(msgspec.Struct, frozen=True, gc=False):
    """Trades of one taker at one price; `first_id` to `last_id` are theirs."""

    event_ms: Ms = msgspec.field(name="E")
    transaction_ms: Ms = msgspec.field(name="T")
    first_id: Id = msgspec.field(name="f")
    last_id: Id = msgspec.field(name="l")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    buyer_is_maker: bool = msgspec.field(name="m")


class DepthSnapshot(msgspec.Struct, frozen=True, gc=False):
    """The answer of the REST depth call; spot's bears no time."""

    last_id: Id = msgspec.field(name="lastUpdateId")
    bids: Levels
    asks: Levels
    event_ms: Ms = msgspec.field(name="E", default=0)
    transaction_ms: Ms = msgspec.field(name="T", default=0)


class SnapshotId(msgspec.Struct, frozen=True, gc=False):
    """A snapshot of which only the id is read."""

    last_id: Id = msgspec.field(name="lastUpdateId")
    event_ms: Ms = msgspec.field(name="E", default=0)
    transaction_ms: Ms = msgspec.field(name="T", default=0)

    @property
    def bids(self) -> Levels:
        """None of them."""
        return []

    @property
    def asks(self) -> Levels:
        """None of them."""
        return []


def ms_to_ns(stamp_ms: int) -> int:
    """A stamp in nanoseconds; 0 stays 0, which is NO_STAMP."""
    return stamp_ms * _MS_NS


FRAMES: Final = msgspec.json.Decoder(Frame)
DEPTHS: Final = msgspec.json.Decoder(Depth)
DEPTH_IDS: Final = msgspec.json.Decoder(DepthIds)
TICKERS: Final = msgspec.json.Decoder(Ticker)
TRADES: Final = msgspec.json.Decoder(Trade)
AGGREGATES: Final = msgspec.json.Decoder(AggregateTrade)
SNAPSHOTS: Final = msgspec.json.Decoder(DepthSnapshot)
SNAPSHOT_IDS: Final = msgspec.json.Decoder(SnapshotId)
