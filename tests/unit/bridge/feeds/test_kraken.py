"""What is Kraken's own: the checksum of its published example, depth, and subscribing anew."""

import msgspec
import pytest

from bridge.feeds import FRAME, FeedBook
from bridge.feeds.backoff import FIRST_NS
from bridge.feeds.kraken import KrakenFeed
from bridge.feeds.kraken_book import KrakenBook
from market.codes import Side
from market.errors import InputError
from market.live import BookSnapshot, TroubleReason
from tests.unit.bridge.feeds.rig import SECOND_NS, Session, instrument
from tests.unit.bridge.feeds.venues import OnKraken, play

# The book of the example in Kraken's guide, and the checksum that it names.
ASKS = (
    ("45285.2", "0.00100000"), ("45286.4", "1.54571953"), ("45286.6", "1.54571109"),
    ("45289.6", "1.54560911"), ("45290.2", "0.15890660"), ("45291.8", "1.54553491"),
    ("45294.7", "0.04454749"), ("45296.1", "0.35380000"), ("45297.5", "0.09945542"),
    ("45299.5", "0.18772827"),
)  # fmt: skip
BIDS = (
    ("45283.5", "0.10000000"), ("45283.4", "1.54582015"), ("45282.1", "0.10000000"),
    ("45281.0", "0.10000000"), ("45280.3", "1.54592586"), ("45279.0", "0.07990000"),
    ("45277.6", "0.03310103"), ("45277.5", "0.30000000"), ("45277.3", "1.54602737"),
    ("45276.6", "0.15445238"),
)  # fmt: skip
CHECKSUM = 3_310_070_434


def example(checksum: int = CHECKSUM, *, quoted: bool = False) -> bytes:
    mark = '"' if quoted else ""
    sides = [
        ",".join(f'{{"price":{mark}{price}{mark},"qty":{mark}{qty}{mark}}}' for price, qty in side)
        for side in (BIDS, ASKS)
    ]
    return (
        f'{{"channel":"book","type":"snapshot","data":[{{"symbol":"BTC/USD","bids":[{sides[0]}],'
        f'"asks":[{sides[1]}],"checksum":{checksum}}}]}}'
    ).encode()


def example_session() -> Session:
    return Session(KrakenFeed([FeedBook(0, instrument("BTC/USD", 10, 10**8))], depth=10))


@pytest.mark.parametrize("quoted", [False, True])
def test_the_published_example_has_its_checksum(quoted: bool) -> None:
    session = example_session()
    (update,) = session.tell(FRAME, example(quoted=quoted))
    assert isinstance(update, BookSnapshot)
    assert update.asks[0] == (452_852, 100_000)
    assert update.bids[-1] == (452_766, 15_445_238)
    assert update.venue_ns == 0


def test_another_checksum_is_trouble_and_subscribes_anew() -> None:
    session = example_session()
    session.tell(FRAME, example(CHECKSUM + 1))
    assert session.rebuild.trouble == {0: TroubleReason.CHECKSUM}
    assert [msgspec.json.decode(sent) for sent in session.sent] == [
        {
            "method": "unsubscribe",
            "params": {"channel": "book", "symbol": ["BTC/USD"], "depth": 10},
        },
        {
            "method": "subscribe",
            "params": {"channel": "book", "symbol": ["BTC/USD"], "depth": 10, "snapshot": True},
        },
    ]
    # The next time it waits; any frame may be the one that shows that the time has come.
    session.sent.clear()
    session.tell(FRAME, example(CHECKSUM + 1))
    session.tell(FRAME, b'{"channel":"heartbeat"}')
    assert session.sent == []
    session.tell(FRAME, b'{"channel":"heartbeat"}', after_ns=FIRST_NS)
    assert len(session.sent) == 2


def test_both_channels_are_subscribed_to() -> None:
    session = example_session()
    session.up()
    assert [msgspec.json.decode(sent)["params"]["channel"] for sent in session.sent] == [
        "book",
        "trade",
    ]


def test_levels_beyond_the_depth_go_and_the_consumer_is_told() -> None:
    venue = OnKraken()
    session = Session(KrakenFeed([FeedBook(0, instrument("BTC/USD"))], depth=10))
    venue.up(session)
    for step in range(12):
        side, price_ticks = step % 2, 99_50 - step if step % 2 == 0 else 100_50 + step
        venue.put(side, price_ticks, 5)
        for half, sign in zip(venue.book, (-1, 1), strict=True):
            for price in sorted(half, key=lambda price, sign=sign: sign * price)[10:]:
                del half[price]
        session.tell(*venue._book("update", [(side, price_ticks, 5)]))
        assert session.rebuild.books[0] == venue.book
    assert [len(half) for half in venue.book] == [10, 10]
    assert session.rebuild.troubles == []


def test_a_level_may_change_twice_in_a_message() -> None:
    venue = OnKraken()
    session = play(venue)
    venue.put(0, 99_00, 4)
    session.tell(*venue._book("update", [(0, 99_00, 9), (0, 99_00, 0), (0, 99_00, 4)]))
    assert session.rebuild.books[0] == venue.book


def test_a_lost_message_shows_by_the_checksum_of_the_next() -> None:
    venue = OnKraken()
    session = play(venue)
    venue.changed(0, 99_00, 4)
    session.tell(*venue.changed(0, 99_00, 4))
    # The lost change was said again: nothing is missing.
    assert session.rebuild.troubles == []
    venue.changed(0, 98_99, 4)
    session.tell(*venue.changed(0, 99_00, 5))
    assert session.rebuild.troubles == [TroubleReason.CHECKSUM]
    assert session.tell(*venue.changed(0, 99_00, 6)) == []
    assert session.feed.counts["updates_ignored"] == 1


def test_trades_of_before_do_not_leave_and_those_of_a_hole_do() -> None:
    session = example_session()

    def trades(kind: str, *ids: int) -> bytes:
        told = ",".join(
            f'{{"symbol":"BTC/USD","side":"sell","price":45285.2,"qty":0.00100000,'
            f'"ord_type":"limit","trade_id":{one},"timestamp":"2023-10-06T17:35:55.440295Z"}}'
            for one in ids
        )
        return f'{{"channel":"trade","type":"{kind}","data":[{told}]}}'.encode()

    session.tell(FRAME, trades("snapshot", 5, 6))
    session.tell(FRAME, trades("update", 7))
    session.tell(FRAME, trades("snapshot", 6, 7, 8, 9))
    session.tell(FRAME, trades("update", 12))
    assert [one.trade_id for one in session.rebuild.prints] == [7, 8, 9, 12]
    assert session.rebuild.prints[0].aggressor == Side.SELL
    assert session.rebuild.prints[0].venue_ns == 1_696_613_755_440_295_000
    assert session.feed.counts["trade_gaps"] == 1
    session.tell(FRAME, trades("update", 13).replace(b"sell", b"both"))
    assert session.feed.counts["frames_refused"] == 1
    assert session.rebuild.troubles == []


def test_a_refused_subscription_is_said() -> None:
    session = example_session()
    session.tell(
        FRAME, b'{"method":"subscribe","success":false,"error":"Currency pair not supported"}'
    )
    assert session.feed.counts["subscriptions_refused"] == 1
    assert "not supported" in session.feed.last_refusal


def test_a_book_off_its_grid_harms_no_other() -> None:
    books = [
        FeedBook(0, instrument("BTC/USD", 10, 10**8)),
        FeedBook(1, instrument("ETH/USD", 1, 1)),
    ]
    session = Session(KrakenFeed(books, depth=10))
    text = example().removesuffix(b"]}") + b"," + example().split(b'"data":[')[1]
    updates = session.tell(FRAME, text.replace(b"BTC/USD", b"ETH/USD", 1))
    assert [type(update).__name__ for update in updates] == ["BookTrouble", "BookSnapshot"]
    assert session.rebuild.trouble == {1: TroubleReason.GAP}


def test_every_frame_is_counted_once() -> None:
    venue = OnKraken()
    session = play(venue)
    for each in (venue.trade("buy"), (FRAME, b"?"), (FRAME, b'{"channel":"heartbeat"}')):
        session.tell(*each)
    counts = session.feed.counts
    kinds = ("books", "trades", "answers", "others", "frames_refused")
    assert counts["frames"] == 6 == sum(counts[kind] for kind in kinds)


def test_who_only_records_reads_nothing() -> None:
    session = Session(KrakenFeed([FeedBook(0, instrument("BTC/USD"))], ids_only=True))
    session.up()
    session.tell(FRAME, example(1))
    assert (session.updates, len(session.sent)) == ([], 2)


def test_depths_are_the_venues() -> None:
    with pytest.raises(InputError, match="10, 25, 100, 500, 1000"):
        KrakenFeed([FeedBook(0, instrument())], depth=11)


def test_an_empty_book_has_the_checksum_of_nothing() -> None:
    assert KrakenBook(10).checksum() == 0


def test_waiting_ends_with_the_connection() -> None:
    venue = OnKraken()
    session = play(venue)
    for _ in range(2):
        venue.changed(0, 98_99, 4)
        session.tell(*venue.changed(0, 99_00, 5))
        venue.heal(session)
    session.tell("link:down")
    session.sent.clear()
    session.tell(FRAME, b'{"channel":"heartbeat"}', after_ns=120 * SECOND_NS)
    assert session.sent == []


@pytest.mark.parametrize("bad", [b"1e999999999", b"1e-999999999", b'"NaN"', b"-1.0", b"true"])
def test_numbers_that_are_no_prices_are_trouble(bad: bytes) -> None:
    venue = OnKraken()
    session = play(venue)
    channel, frame = venue.changed(0, 99_00, 4)
    session.tell(channel, frame.replace(b'"price":99.00', b'"price":' + bad))
    assert session.rebuild.trouble == {0: TroubleReason.GAP}


def test_a_book_with_a_time_that_no_tape_can_hold_is_trouble() -> None:
    session = example_session()
    bad = example().replace(b'"checksum"', b'"timestamp":"9999-01-01T00:00:00Z","checksum"')
    session.tell(FRAME, bad)
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    assert "found the time 9999" in session.feed.last_refusal
