"""A frame: one message of a market stream before it is sent, and what its times will be.

Model: a frame keeps its JSON cut at its event times, so that the moment of sending can be put in
without decoding it, and the same JSON whole, with the source's own times.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from bridge.served.symbols import Symbol

DEPTH_FORMS: Final = ("depth@100ms", "depth", "depth@1000ms")
RAW_DEPTH: Final = "depth@0ms"


class Traded(NamedTuple):
    """A trade, as the answers about recent trades need it."""

    trade_id: int
    price: str
    qty: str
    buyer_is_maker: bool


class Frame(NamedTuple):
    """One message.

    Attributes:
        names: The streams that it belongs to, such as `btcusdt@trade`.
        source_ns: When the source says that it happened.
        pieces: Its JSON, cut where event times in ms stand.
        whole: Its JSON as the source has it.
        traded: What was traded, in a trade's frame.
    """

    names: tuple[str, ...]
    source_ns: int
    pieces: tuple[bytes, ...]
    whole: bytes
    traded: Traded | None = None

    def stamped(self, now_ms: int) -> bytes:
        """The JSON with the moment of sending in it."""
        return str(now_ms).encode().join(self.pieces)

    def sourced(self) -> bytes:
        """The JSON with the source's own times, and its exact nanosecond beside them."""
        return b'%b,"ns":%d}' % (self.whole[:-1], self.source_ns)


class Quote(NamedTuple):
    """The best prices of a symbol as text."""

    bid: str
    bid_qty: str
    ask: str
    ask_qty: str


class Snapshot(NamedTuple):
    """A book's levels as text, and the number of the update that they are after."""

    last_id: int
    bids: Sequence[tuple[str, str]]
    asks: Sequence[tuple[str, str]]


class MarketFeed(Protocol):
    """Where frames come from."""

    def take(self, until_ns: int) -> list[Frame]:
        """Frames of before `until_ns` that have not been taken yet, in order."""
        ...

    def depth(self, symbol: Symbol, count: int) -> Snapshot:
        """A book after the newest frame that was taken."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""
        ...


def agg_trade(symbol: str, trade: Traded, source_ns: int) -> Frame:
    """A trade as an aggregate of one."""
    maker = b"true" if trade.buyer_is_maker else b"false"
    number = trade.trade_id
    pieces = (
        b'{"e":"aggTrade","E":',
        b',"s":"%b","a":%d,"p":"%b","q":"%b","f":%d,"l":%d,"T":'
        % (symbol.encode(), number, trade.price.encode(), trade.qty.encode(), number, number),
        b',"m":%b,"M":true}' % maker,
    )
    whole = str(source_ns // 1_000_000).encode().join(pieces)
    return Frame((f"{symbol.lower()}@aggTrade",), source_ns, pieces, whole)
