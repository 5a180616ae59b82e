"""The ccxt adapter: states and trades without I/O, and the link that keeps an exchange watching."""

import asyncio
import sys
from collections import deque
from typing import Any

import pytest

from bridge.feeds import DOWN, QUIET, UP, FeedBook, drive
from bridge.feeds.ccxt_feed import BOOK, TRADES, CcxtFeed, CcxtLink, ccxt_exchange
from bridge.feeds.pauses import Pauses
from market.errors import InputError
from market.live import BookDelta, BookSnapshot, Print, TroubleReason
from tests.unit.bridge.feeds.loopback import MS, Heard
from tests.unit.bridge.feeds.rig import Session, dumps, instrument

SYMBOL = "BTC/USDT"


def session_of(lots: int = 10**8, units: int = 100) -> Session:
    return Session(CcxtFeed([FeedBook(0, instrument(SYMBOL, units, lots))]))


def state(bids: list[list[float]], asks: list[list[float]], **more: object) -> bytes:
    return dumps({"bids": bids, "asks": asks} | more)


def trade(number: object, side: str | None = "buy", price: float = 61685.99) -> dict[str, object]:
    return {
        "id": number,
        "timestamp": 1_723_161_601_437,
        "price": price,
        "amount": 1e-05,
        "side": side,
    }


def test_the_first_state_is_a_snapshot_and_later_ones_are_changes() -> None:
    session = session_of()
    first = state([[61685.99, 1.25869], [61685.98, 0.04627]], [[61686.0, 1e-05]], nonce=7)
    assert session.tell(BOOK + SYMBOL, first) == [
        BookSnapshot(0, 0, 7, ((6168599, 125869000), (6168598, 4627000)), ((6168600, 1000),))
    ]
    second = state([[61685.99, 1.25869], [61685.5, 2]], [[61686.0, 3.0]], timestamp=5)
    assert session.tell(BOOK + SYMBOL, second) == [
        BookDelta(0, 5_000_000, 8, ((6168598, 0), (6168550, 200000000)), ((6168600, 300000000),))
    ]


def test_trades_leave_by_their_numbers_and_others_are_counted() -> None:
    session = session_of()
    batch = [trade("12"), trade("11", "sell"), trade(None), trade("a7"), trade("13", None)]
    session.tell(TRADES + SYMBOL, dumps(batch))
    session.tell(TRADES + SYMBOL, dumps([trade("12"), trade("14")]))
    assert [one.trade_id for one in session.rebuild.prints] == [11, 12, 14]
    assert session.rebuild.prints[0] == Print(
        0, 1_723_161_601_437_000_000, 11, 6168599, 1000, session.rebuild.prints[0].aggressor
    )
    counts = session.feed.counts
    assert (counts["trades_unnumbered"], counts["trade_repeats"], counts["trades"]) == (3, 1, 3)


@pytest.mark.parametrize("bad", [b"{", b'{"bids":[]}', b'{"bids":[["x",1]],"asks":[]}', b"[]"])
def test_a_state_that_cannot_be_read_is_trouble(bad: bytes) -> None:
    session = session_of()
    session.tell(BOOK + SYMBOL, bad)
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    session.tell(BOOK + SYMBOL, state([[1.0, 1.0]], []))
    assert session.rebuild.trouble == {}


def test_a_batch_that_cannot_be_read_is_counted_and_none_of_it_leaves() -> None:
    session = session_of()
    session.tell(TRADES + SYMBOL, dumps([trade("1"), trade("2", price=1.005)]))
    assert session.rebuild.prints == []
    assert session.feed.counts["batches_refused"] == 1
    session.tell(TRADES + SYMBOL, dumps([trade("1"), trade("2")]))
    assert len(session.rebuild.prints) == 2


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5_000])
def test_a_number_that_no_tape_can_hold_is_none(number: str) -> None:
    session = session_of()
    session.tell(TRADES + SYMBOL, dumps([trade(number), trade("1")]))
    assert [one.trade_id for one in session.rebuild.prints] == [1]
    assert session.feed.counts["trades_unnumbered"] == 1


@pytest.mark.parametrize("more", [{"timestamp": 10**14}, {"timestamp": -1}, {"nonce": 1 << 63}])
def test_a_state_whose_numbers_no_tape_can_hold_is_trouble(more: dict[str, int]) -> None:
    session = session_of()
    session.tell(BOOK + SYMBOL, state([[1.0, 1.0]], [], **more))
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    assert session.feed.counts["states_refused"] == 1


class FakeExchange:
    """Hands out what it was given, then what comes next never comes, or fails."""

    def __init__(self, books: list[object], trades: list[object]) -> None:
        self.books, self.trades = deque(books), deque(trades)
        self.closed = False

    async def watch_order_book(self, symbol: str, limit: int) -> Any:
        return await self._next(self.books)

    async def watch_trades(self, symbol: str) -> Any:
        return await self._next(self.trades)

    async def _next(self, queue: deque[object]) -> object:
        if not queue:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        found = queue.popleft()
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self) -> None:
        self.closed = True


def book(price: float, **more: object) -> dict[str, object]:
    return {"bids": [[price, 1.0, 99]], "asks": [[price + 1, 1.0]], "symbol": SYMBOL} | more


def run(exchanges: list[FakeExchange], heard: Heard, **settings: int) -> CcxtLink:
    made = iter(exchanges)
    pauses = Pauses(5 * MS, 20 * MS, 0)
    link = CcxtLink(lambda: next(made), [SYMBOL], heard, pauses=pauses, **settings)

    async def scene() -> None:
        async with asyncio.timeout(10):
            await link.run(heard.stop)

    asyncio.run(scene())
    return link


def test_the_link_tells_states_and_trades_and_closes_the_exchange() -> None:
    exchange = FakeExchange([book(10.0, nonce=3), book(11.0)], [[trade("1") | {"info": {"x": 1}}]])
    heard = Heard(until=lambda heard: len(heard.entries) == 4)
    link = run([exchange], heard)
    assert heard.channels()[0] == UP
    assert heard.channels()[-1] == DOWN
    assert heard.data(TRADES + SYMBOL) == [dumps([trade("1")])]
    feed = CcxtFeed([FeedBook(0, instrument(SYMBOL, lots=10**8))])
    updates = [
        one for channel, data in heard.entries for one in drive(feed, channel, data, 1).updates
    ]
    kinds = sorted(type(update).__name__ for update in updates)
    assert kinds == ["BookDelta", "BookSnapshot", "BookTrouble", "Print"]
    assert exchange.closed
    assert (link.connect_count, link.frame_count) == (1, 3)


def test_an_exchange_that_fails_is_made_anew() -> None:
    exchanges = [
        FakeExchange([book(10.0), RuntimeError("ChecksumError")], []),
        FakeExchange([RuntimeError("network")], []),
        FakeExchange([book(12.0)], []),
    ]
    heard = Heard(until=lambda heard: len(heard.data(BOOK + SYMBOL)) == 2)
    link = run(exchanges, heard)
    assert [channel for channel in heard.channels() if channel.startswith("link")] == [UP, DOWN] * 3
    assert heard.data(DOWN) == [
        b"RuntimeError: ChecksumError",
        b"RuntimeError: network",
        b"stopped",
    ]
    assert all(exchange.closed for exchange in exchanges)
    assert link.connect_count == 3


def test_silence_is_told_once() -> None:
    heard = Heard(until=lambda heard: len(heard.entries) == 3)
    run([FakeExchange([book(10.0)], [])], heard, quiet_ns=50 * MS)
    assert heard.channels() == [UP, BOOK + SYMBOL, QUIET, DOWN]


def test_what_the_sink_raises_ends_the_link() -> None:
    def refuse(channel: str, data: bytes) -> list[Any]:
        if channel == BOOK + SYMBOL:
            raise InputError("the log takes no more")
        return []

    heard = Heard(refuse, until=lambda heard: False)
    exchange = FakeExchange([book(10.0)], [])
    with pytest.raises(InputError, match="takes no more"):
        run([exchange], heard)
    assert exchange.closed


def test_an_exchange_is_made_without_keys() -> None:
    pytest.importorskip("ccxt")
    exchange = ccxt_exchange("binance", {"timeout": 5_000})
    assert exchange.newUpdates is True
    assert exchange.timeout == 5_000
    assert not exchange.apiKey
    with pytest.raises(InputError, match="found the exchange 'mtgox'"):
        ccxt_exchange("mtgox")
    with pytest.raises(InputError, match="found apiKey, secret") as caught:
        ccxt_exchange("binance", {"apiKey": "abc", "secret": "hush"})
    assert "hush" not in str(caught.value)


def test_without_ccxt_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)
    with pytest.raises(InputError, match=r"pip install market-twin\[ccxt\]"):
        ccxt_exchange("binance")
