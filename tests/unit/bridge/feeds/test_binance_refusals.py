"""What the Binance feed refuses: frames it can't read, numbers off the grid, and what can't be followed."""

import pytest

from bridge.feeds import DOWN, FRAME, FeedBook
from bridge.feeds.binance import BinanceFeed
from market.errors import InputError
from market.live import TroubleReason
from tests.unit.bridge.feeds.binance_venue import MARKETS, BinanceVenue, begin, connect, feed_of
from tests.unit.bridge.feeds.rig import SECOND_NS, Session, instrument


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"{", b"\xff\xfe", b"[1]", b'{"stream":1}', b"[" * 20_000,
        b'{"stream":"btcusdt@bookTicker","data":{"u":1,"b":"1","B":"1","a":"x","A":"1"}}',
        b'{"stream":"btcusdt@trade","data":{"E":1,"T":1,"t":1,"p":"1.005","q":"1","m":true}}',
        b'{"stream":"btcusdt@trade","data":{"E":1,"T":1,"t":1,"p":"1.00","q":"0","m":true}}',
        b'{"stream":"btcusdt@trade","data":{"E":1,"T":1,"t":1,"p":"-1.00","q":"1","m":true}}',
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_read_is_counted_and_harms_no_book(bad: bytes) -> None:
    session, venue = Session(BinanceFeed([FeedBook(0, instrument())])), BinanceVenue()
    begin(session, venue)
    assert session.tell(FRAME, bad) == []
    assert feed_of(session).counts["frames_refused"] == 1
    assert feed_of(session).last_refusal


@pytest.mark.parametrize("bad", [b"{}", b'{"stream":"dogeusdt@trade","data":{}}', b"null"])
def test_a_frame_of_another_kind_is_counted(bad: bytes) -> None:
    session = Session(BinanceFeed([FeedBook(0, instrument())]))
    assert session.tell(FRAME, bad) == []
    counts = feed_of(session).counts
    assert counts["frames_unknown"] + counts["frames_refused"] == 1


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("bad", [("b", "99.005"), ("b", "1e5"), ("a", "0.00"), ("a", "9" * 17)])
def test_a_price_off_the_grid_is_trouble_and_never_an_update(
    market: str, bad: tuple[str, str]
) -> None:
    session, venue = connect(market)
    begin(session, venue)
    venue.change(0, 99_00, 4)
    side, price = bad
    updates = session.tell(*venue.diff(**{side: [[price, "1.000"]]}))
    assert [getattr(update, "reason", None) for update in updates] == [TroubleReason.GAP]
    assert price in feed_of(session).last_refusal


def test_quantities_finer_than_a_lot_are_refused_or_cut() -> None:
    for cut in (False, True):
        feed = BinanceFeed([FeedBook(0, instrument())], cut_quantities=cut)
        session, venue = Session(feed), BinanceVenue()
        begin(session, venue)
        venue.change(0, 99_00, 4)
        session.tell(*venue.diff(b=[["99.00", "0.0049"], ["98.00", "0.0004"]]))
        if cut:
            assert session.rebuild.books[0][0][99_00] == 4
            assert 98_00 not in session.rebuild.books[0][0]
            assert feed.quantities_cut == 2
        else:
            assert session.rebuild.trouble == {0: TroubleReason.GAP}
            assert "0.0049" in feed.last_refusal


def test_ids_of_the_other_market_are_refused() -> None:
    for market in MARKETS:
        session, venue = connect(market)
        begin(session, venue)
        venue.futures = not venue.futures
        venue.change(0, 99_00, 4)
        session.tell(*venue.diff())
        assert session.rebuild.trouble == {0: TroubleReason.GAP}


def test_a_subscription_that_is_refused_opens_anew_and_not_at_once() -> None:
    session = Session(BinanceFeed([FeedBook(0, instrument())]))
    waits = []
    for _ in range(3):
        session.up()
        session.tell(FRAME, b'{"error":{"code":2,"msg":"Invalid request"},"id":1}')
        session.tell(DOWN)
        waits.append(session.reopens[-1].after_ns)
    assert waits == [0, SECOND_NS // 2, SECOND_NS]
    assert session.fetches == []


@pytest.mark.parametrize(
    ("market", "speed", "symbols"),
    [("margin", "100ms", ["A"]), ("spot", "7ms", ["A"]), ("spot", "100ms", []), ("spot", "100ms", ["A", "A"])],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(market: str, speed: str, symbols: list[str]) -> None:
    books = [FeedBook(number, instrument(symbol)) for number, symbol in enumerate(symbols)]
    with pytest.raises(InputError, match=r"found .*allowed"):
        BinanceFeed(books, market, depth_speed=speed)
