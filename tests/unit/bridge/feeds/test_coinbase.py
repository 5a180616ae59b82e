"""What is Coinbase's own: one number for all channels, sides said in words, trades in batches."""

import msgspec
import pytest

from bridge.feeds import DOWN, FRAME, FeedBook, Reopen
from bridge.feeds.coinbase import CoinbaseFeed
from market.codes import Side
from market.errors import InputError
from market.live import BookDelta, BookSnapshot, TroubleReason
from tests.unit.bridge.feeds.rig import SECOND_NS, Session, dumps, instrument
from tests.unit.bridge.feeds.venues import OnCoinbase, play

SNAPSHOT = (
    b'{"channel":"l2_data","client_id":"","timestamp":"2023-02-09T20:32:50.714964855Z",'
    b'"sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":['
    b'{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"21921.73",'
    b'"new_quantity":"0.06317902"},'
    b'{"side":"offer","event_time":"1970-01-01T00:00:00Z","price_level":"21921.8",'
    b'"new_quantity":"0.02"}]}]}'
)
TRADES = (
    b'{"channel":"market_trades","client_id":"","timestamp":"2023-02-09T20:19:35.39625135Z",'
    b'"sequence_num":%d,"events":[{"type":"%s","trades":[%s]}]}'
)
TRADE = (
    b'{"trade_id":"%d","product_id":"ETH-USD","price":"1260.01","size":"0.3","side":"BUY",'
    b'"time":"2019-08-14T20:42:27.265Z"}'
)


def feed_of(symbol: str = "ETH-USD", **settings: bool) -> Session:
    books = [FeedBook(3, instrument(symbol, lots=10**8))]
    return Session(CoinbaseFeed(books, **settings))


def trades(number: int, kind: bytes, *ids: int) -> tuple[str, bytes]:
    return FRAME, TRADES % (number, kind, b",".join(TRADE % one for one in ids))


def test_each_channel_is_subscribed_to_by_a_request_of_its_own() -> None:
    session = feed_of()
    session.up()
    assert [msgspec.json.decode(sent) for sent in session.sent] == [
        {"type": "subscribe", "channel": channel, "product_ids": ["ETH-USD"]}
        for channel in ("level2", "market_trades", "heartbeats")
    ]


def test_the_documented_snapshot_is_read() -> None:
    session = feed_of("BTC-USD")
    (update,) = session.tell(FRAME, SNAPSHOT)
    assert update == BookSnapshot(
        3, 1_675_974_770_714_965_000, 0, ((2_192_173, 6_317_902),), ((2_192_180, 2_000_000),)
    )


def test_trades_of_before_do_not_leave_and_those_of_a_hole_do() -> None:
    session = feed_of()
    assert session.tell(*trades(0, b"snapshot", 9, 8, 7)) == []
    session.tell(*trades(1, b"update", 11, 10))
    session.tell(DOWN)
    session.up()
    session.tell(*trades(0, b"snapshot", 13, 12, 11, 10))
    assert [one.trade_id for one in session.rebuild.prints] == [10, 11, 12, 13]
    assert session.rebuild.prints[0].venue_ns == 1_565_815_347_265_000_000
    assert session.rebuild.prints[0].aggressor == Side.BUY


def test_sides_may_be_the_makers() -> None:
    session = feed_of(sides_are_makers=True)
    session.tell(*trades(0, b"update", 1))
    assert session.rebuild.prints[0].aggressor == Side.SELL


def test_a_missing_number_on_any_channel_loses_all_books_and_opens_anew() -> None:
    venue = OnCoinbase()
    session = play(venue)
    venue.trade("buy")
    session.tell(*venue.trade("buy"))
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    assert [type(want) for want in session.reopens] == [Reopen]
    assert session.reopens[0].after_ns == 0
    # Until it is opened anew nothing is read: the next number in order is no use.
    assert session.tell(*venue.changed(0, 99_00, 1)) == []
    counts = session.feed.counts
    assert (counts["gaps"], counts["frames_ignored"]) == (1, 2)
    venue.heal(session)
    venue.trade("buy")
    session.tell(*venue.trade("buy"))
    assert session.reopens[0].after_ns == SECOND_NS // 2


def test_a_trade_that_is_off_the_grid_is_asked_for_again() -> None:
    session = feed_of()
    session.tell(*trades(0, b"update", 1))
    channel, frame = trades(1, b"update", 2, 3)
    session.tell(channel, frame.replace(b'"0.3"', b'"0.000000001"'))
    assert session.rebuild.trouble == {3: TroubleReason.GAP}
    session.tell(DOWN)
    session.up()
    session.tell(*trades(0, b"snapshot", 3, 2, 1))
    assert [one.trade_id for one in session.rebuild.prints] == [1, 2, 3]


def test_updates_before_a_snapshot_and_of_other_products_are_counted() -> None:
    session = Session(CoinbaseFeed([FeedBook(0, instrument("BTC-USD"))]))
    venue = OnCoinbase()
    assert session.tell(*venue.changed(0, 99_00, 1)) == []
    other = venue.changed(0, 99_00, 1)[1].replace(b"BTC-USD", b"ETH-USD")
    assert session.tell(FRAME, other) == []
    counts = session.feed.counts
    assert (counts["updates_without_book"], counts["products_unknown"]) == (1, 1)


def test_one_message_may_be_about_several_books() -> None:
    books = [
        FeedBook(number, instrument(name)) for number, name in enumerate(("BTC-USD", "ETH-USD"))
    ]
    session = Session(CoinbaseFeed(books))
    message = msgspec.json.decode(SNAPSHOT.replace(b"0.06317902", b"0.063"))
    event = message["events"][0]
    message["events"] = [event, event | {"product_id": "ETH-USD"}]
    updates = session.tell(FRAME, dumps(message))
    assert [update.book_id for update in updates] == [0, 1]
    message |= {"sequence_num": 1, "events": [event | {"product_id": "ETH-USD", "type": "update"}]}
    (update,) = session.tell(FRAME, dumps(message))
    assert isinstance(update, BookDelta)
    assert (update.book_id, update.seq) == (1, 1)


@pytest.mark.parametrize(
    "bad",
    [
        SNAPSHOT.replace(b"offer", b"middle"),
        SNAPSHOT.replace(b"snapshot", b"guess"),
        b'{"type":"error","message":"authentication failure"}',
        (TRADES % (0, b"update", TRADE % 1)).replace(b'"1"', b'"one"'),
        (TRADES % (0, b"update", TRADE % 1)).replace(b'"BUY"', b'"HOLD"'),
    ],
)
def test_what_is_not_as_documented_is_refused_whole(bad: bytes) -> None:
    session = Session(
        CoinbaseFeed(
            [FeedBook(0, instrument("BTC-USD", lots=10**8)), FeedBook(1, instrument("ETH-USD"))]
        )
    )
    session.tell(FRAME, bad)
    assert session.rebuild.trouble == {0: TroubleReason.GAP, 1: TroubleReason.GAP}
    assert session.rebuild.prints == []
    assert session.feed.counts["frames_refused"] == 1


def test_what_the_venue_refuses_is_told_in_its_own_words() -> None:
    session = feed_of()
    session.tell(FRAME, b'{"type":"error","message":"ETH-USD is not a valid product"}')
    assert (
        session.feed.last_refusal
        == "a message: the venue says error: ETH-USD is not a valid product"
    )
    assert len(session.reopens) == 1


@pytest.mark.parametrize("year", [b"1969", b"2100", b"9999"])
def test_a_time_that_no_tape_can_hold_is_refused(year: bytes) -> None:
    session = feed_of()
    session.tell(*trades(0, b"update", 1))
    channel, frame = trades(1, b"update", 2)
    session.tell(channel, frame.replace(b"2023-", year + b"-"))
    assert session.rebuild.trouble == {3: TroubleReason.GAP}
    session.tell(DOWN)
    session.up()
    channel, frame = trades(0, b"update", 2)
    session.tell(channel, frame.replace(b"2019-", year + b"-"))
    assert [one.trade_id for one in session.rebuild.prints] == [1]
    assert session.feed.counts["frames_refused"] == 2


def test_who_only_records_holds_the_numbers_and_reads_nothing() -> None:
    venue = OnCoinbase()
    session = Session(CoinbaseFeed([FeedBook(0, instrument("BTC-USD"))], ids_only=True))
    session.tell(*venue.off_tick())
    session.tell(*venue.trade("buy"))
    assert session.updates == []
    venue.trade("buy")
    session.tell(*venue.trade("buy"))
    assert len(session.reopens) == 1


def test_every_frame_is_counted_once() -> None:
    venue = OnCoinbase()
    session = play(venue)
    entry = venue.trade("buy")
    for each in (entry, entry, venue.changed(0, 99_00, 1), (FRAME, b"?"), venue.trade("sell")):
        session.tell(*each)
    counts = session.feed.counts
    kinds = ("books", "trades", "others", "repeats", "frames_ignored", "frames_refused")
    assert counts["frames"] == 8 == sum(counts[kind] for kind in kinds)


def test_books_of_one_symbol_are_refused() -> None:
    with pytest.raises(InputError, match="2 books of 1 symbols"):
        CoinbaseFeed([FeedBook(0, instrument()), FeedBook(1, instrument())])
