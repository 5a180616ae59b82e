"""The Binance feed, frame by frame, against a pretended venue."""

import msgspec
import pytest

from bridge.feeds import DOWN, FRAME, QUIET, FeedBook
from bridge.feeds.binance import BinanceFeed
from bridge.feeds.binance_book import WAITING_MAX
from market.codes import Side
from market.live import BestQuote, BookDelta, BookSnapshot, Print, TroubleReason
from tests.unit.bridge.feeds.binance_venue import (
    ACK,
    MARKETS,
    BinanceVenue,
    begin,
    connect,
    feed_of,
    first_diff,
)
from tests.unit.bridge.feeds.rig import SECOND_NS, Session, instrument


@pytest.fixture(params=MARKETS)
def pair(request: pytest.FixtureRequest) -> tuple[Session, BinanceVenue]:
    return connect(request.param)


def test_one_request_subscribes_every_symbol() -> None:
    books = [FeedBook(0, instrument("BTCUSDT")), FeedBook(7, instrument("ETHUSDT"))]
    session = Session(BinanceFeed(books))
    session.up()
    assert len(session.sent) == 1
    request = msgspec.json.decode(session.sent[0])
    assert request["method"] == "SUBSCRIBE"
    assert request["params"] == [
        "btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade",
        "ethusdt@depth@100ms", "ethusdt@bookTicker", "ethusdt@trade",
    ]  # fmt: skip
    session.tell(*ACK)
    assert session.fetches == []
    for symbol in ("BTCUSDT", "ETHUSDT"):
        first_diff(session, BinanceVenue(symbol=symbol))
    assert [fetch.channel for _, fetch in session.fetches] == [
        "rest:depth:BTCUSDT", "rest:depth:ETHUSDT",
    ]  # fmt: skip
    first, second = (due for due, _ in session.fetches)
    assert second - first == SECOND_NS // 5


def test_a_diff_before_the_answer_asks_for_the_snapshot_once(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    session.up()
    for step in range(3):
        venue.change(0, 99_00, 50 + step)
        session.tell(*venue.diff())
    session.tell(*ACK)
    assert len(session.fetches) == 1
    assert session.updates == []


def test_diffs_that_waited_join_the_snapshot(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    session.up()
    session.tell(*ACK)
    first_diff(session, venue)
    early, late = [], []
    for lots in (1, 2, 3):
        venue.change(0, 99_00, lots)
        early.append(venue.diff())
    body = venue.snapshot()
    # This one began before the snapshot's state and ends behind it.
    for lots in (4, 5):
        venue.change(1, 101_00, lots)
        late.append(venue.diff())
    for entry in (*early, *late):
        session.tell(*entry)
    updates = session.tell(session.due().channel, body)
    assert isinstance(updates[0], BookSnapshot)
    assert [type(update) for update in updates[1:]] == [BookDelta, BookDelta]
    assert session.rebuild.books[0] == venue.book
    assert feed_of(session).counts["diffs_in_snapshot"] == 4


def test_a_diff_across_the_snapshot_joins(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    session.up()
    session.tell(*ACK)
    first_diff(session, venue)
    venue.change(0, 99_00, 1)
    body = venue.snapshot()
    venue.change(0, 98_99, 0)
    session.tell(*venue.diff())
    session.tell(session.due().channel, body)
    assert session.rebuild.books[0] == venue.book
    assert session.rebuild.trouble == {}


def test_a_gap_is_trouble_and_then_a_new_book(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    begin(session, venue)
    venue.change(0, 99_00, 77)
    venue.diff()
    venue.change(1, 101_00, 78)
    session.tell(*venue.diff())
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    venue.change(1, 101_01, 79)
    session.tell(*venue.diff())
    assert len(session.fetches) == 1
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.trouble == {}
    assert session.rebuild.books[0] == venue.book


def test_a_repeat_is_dropped(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    begin(session, venue)
    venue.change(0, 99_00, 77)
    entry = venue.diff()
    assert len(session.tell(*entry)) == 1
    assert session.tell(*entry) == []
    assert feed_of(session).counts["diff_repeats"] == 1
    assert session.rebuild.troubles == []


def test_a_snapshot_that_does_not_join_is_thrown_away_and_asked_for_later(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    session.up()
    session.tell(*ACK)
    first_diff(session, venue)
    old = venue.snapshot()
    venue.change(0, 99_00, 1)
    venue.diff()
    venue.change(0, 99_00, 2)
    session.tell(*venue.diff())
    updates = session.tell(session.due().channel, old)
    assert [getattr(update, "reason", None) for update in updates] == [TroubleReason.SNAPSHOT_LOST]
    assert session.fetches[0][0] >= session.now_ns + SECOND_NS // 2
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.books[0] == venue.book


def test_a_hole_among_waiting_diffs_spoils_an_older_snapshot(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    session.up()
    session.tell(*ACK)
    first_diff(session, venue)
    body = venue.snapshot()
    venue.change(0, 99_00, 1)
    session.tell(*venue.diff())
    venue.change(0, 98_00, 2)
    venue.diff()
    venue.change(0, 99_00, 3)
    session.tell(*venue.diff())
    session.tell(session.due().channel, body)
    assert 0 not in session.rebuild.books
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.books[0] == venue.book


def test_behind_an_unreadable_diff_no_snapshot_joins_before_the_next_one(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    begin(session, venue)
    body = venue.snapshot()
    venue.change(0, 99_00, 5)
    channel, frame = venue.diff()
    session.tell(channel, frame.replace(b'"u":', b'"x":'))
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    session.tell(session.due().channel, body)
    assert session.rebuild.trouble == {0: TroubleReason.SNAPSHOT_LOST}
    venue.change(0, 98_99, 6)
    session.tell(*venue.diff())
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.books[0] == venue.book
    assert session.rebuild.trouble == {}


def test_a_refused_snapshot_is_asked_for_ever_later(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    session.up()
    session.tell(*ACK)
    first_diff(session, venue)
    waits = []
    for _ in range(10):
        fetch = session.due()
        waits.append(fetch.after_ns)
        session.tell(f"fail:{fetch.channel}", b"HTTP 429")
    assert waits[0] == 0
    assert waits[1] == SECOND_NS // 2
    assert waits == sorted(waits)
    assert waits[-1] == 60 * SECOND_NS
    assert "429" in feed_of(session).last_refusal
    session.tell(session.due().channel, b'{"code":-1003,"msg":"Too many requests"}')
    assert feed_of(session).counts["snapshots_refused"] == 11
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.books[0] == venue.book


def test_a_storm_of_gaps_asks_at_most_once_a_minute_in_the_end(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    begin(session, venue)
    granted = 0
    for _ in range(600):
        venue.change(0, 99_00, 1)
        venue.diff()
        venue.change(0, 99_00, 2)
        session.tell(*venue.diff(), after_ns=SECOND_NS)
        assert len(session.fetches) <= 1
        if session.fetches and session.fetches[0][0] <= session.now_ns:
            granted += 1
            session.tell(*venue.answer(session.due()))
    assert 10 <= granted <= 20


def test_a_connection_that_goes_takes_every_book_with_it(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    begin(session, venue)
    session.tell(DOWN, b"reset by peer")
    assert session.rebuild.trouble == {0: TroubleReason.DOWN}
    venue.change(0, 99_00, 3)
    venue.diff()
    begin(session, venue)
    assert session.rebuild.trouble == {}
    assert session.rebuild.books[0] == venue.book


def test_silence_is_stale_until_the_next_update(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    session.up()
    assert session.tell(QUIET) == []
    begin(session, venue)
    session.tell(QUIET)
    assert session.rebuild.trouble == {0: TroubleReason.STALE}
    venue.change(0, 99_00, 3)
    session.tell(*venue.diff())
    assert session.rebuild.trouble == {}


def test_an_old_snapshot_while_the_book_is_whole_is_not_used(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    begin(session, venue)
    assert session.tell("rest:depth:BTCUSDT", venue.snapshot()) == []
    assert session.tell("fail:rest:depth:BTCUSDT", b"late") == []
    assert feed_of(session).counts["snapshots_unused"] == 1


def test_tickers_and_trades(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    begin(session, venue)
    session.tell(*venue.ticker())
    session.tell(*venue.trade(buyer_is_maker=True))
    session.tell(*venue.trade(buyer_is_maker=False))
    stamp_ns = venue.stamp_ms * 1_000_000
    quoted_ns = stamp_ns if venue.futures else 0
    assert session.rebuild.quotes == [BestQuote(0, quoted_ns, 1_001, 99_00, 10, 101_00, 20)]
    assert session.rebuild.prints == [
        Print(0, stamp_ns - 1_000_000, 1, 100_01, 7, Side.SELL),
        Print(0, stamp_ns - 1_000_000, 2, 100_01, 7, Side.BUY),
    ]


def test_trades_leave_once_and_holes_are_counted() -> None:
    session, venue = Session(BinanceFeed([FeedBook(0, instrument())])), BinanceVenue()
    one = venue.trade()
    session.tell(*one)
    session.tell(*one)
    venue.trade()
    session.tell(*venue.trade())
    counts = feed_of(session).counts
    assert [printed.trade_id for printed in session.rebuild.prints] == [1, 3]
    assert (counts["trade_repeats"], counts["trade_gaps"]) == (1, 1)


def test_a_trade_with_a_fund_is_no_print_and_no_hole() -> None:
    session, venue = Session(BinanceFeed([FeedBook(0, instrument())], "usdm")), BinanceVenue()
    session.tell(*venue.trade(X="MARKET"))
    session.tell(*venue.trade(X="INSURANCE_FUND", p="0", q="0"))
    session.tell(*venue.trade(X="MARKET"))
    counts = feed_of(session).counts
    assert [printed.trade_id for printed in session.rebuild.prints] == [1, 3]
    assert (counts["trades_without_counterpart"], counts["trade_gaps"]) == (1, 0)


def test_aggregate_trades_are_prints_of_their_last_trade() -> None:
    feed = BinanceFeed([FeedBook(0, instrument())], trade_stream="aggTrade")
    session = Session(feed)
    text = (
        b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1700000000001,"s":"BTCUSDT",'
        b'"a":5,"p":"100.01","q":"0.007","f":11,"l":13,"T":1700000000000,"m":true,"M":true}}'
    )
    session.tell(FRAME, text)
    session.tell(FRAME, text.replace(b'"f":11,"l":13', b'"f":14,"l":14'))
    assert [(made.trade_id, made.aggressor) for made in session.rebuild.prints] == [
        (13, Side.SELL),
        (14, Side.SELL),
    ]
    assert feed.counts["trade_gaps"] == 0


def test_every_frame_is_counted_once(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    begin(session, venue)
    for entry in (venue.diff(), venue.ticker(), venue.trade(), venue.trade(X="ADL"), ("ws", b"?")):
        session.tell(*entry)
    session.tell(FRAME, b'{"stream":"x@y","data":{}}')
    counts = feed_of(session).counts
    kinds = (
        "answers", "frames_unknown", "frames_refused", "diffs", "tickers", "trades",
        "trades_without_counterpart",
    )  # fmt: skip
    assert counts["frames"] == 8 == sum(counts[kind] for kind in kinds)
    assert session.tell("rest:nobody", b"") == []
    assert counts["entries_unknown"] == 1


def test_waiting_diffs_are_bounded() -> None:
    session, venue = Session(BinanceFeed([FeedBook(0, instrument())])), BinanceVenue()
    session.up()
    for _ in range(WAITING_MAX + 5):
        venue.last_id += 1
        session.tell(*venue.diff())
    assert feed_of(session).counts["diffs_dropped_waiting"] == WAITING_MAX
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.books[0] == venue.book


def test_the_clock_offset_is_the_least_of_two_windows(
    pair: tuple[Session, BinanceVenue],
) -> None:
    session, venue = pair
    feed = feed_of(session)
    assert feed.clock_offset_ns is None
    offset_ns = -1_270_000_000

    def hear(delay_ms: int) -> None:
        venue.change(0, 99_00, 1)
        entry = venue.diff()
        session.now_ns = venue.stamp_ms * 1_000_000 + offset_ns
        session.tell(*entry, after_ns=delay_ms * 1_000_000)

    for delay_ms in (30, 4, 9):
        hear(delay_ms)
    assert feed.clock_offset_ns == offset_ns + 4_000_000
    # The venue's clock steps; two windows later the estimate has followed.
    offset_ns += 500_000_000
    for _ in range(250):
        hear(6)
    assert feed.clock_offset_ns == offset_ns + 6_000_000


def test_who_only_records_learns_of_gaps_and_of_nothing_else(
    pair: tuple[Session, BinanceVenue],
) -> None:
    _, venue = pair
    feed = BinanceFeed(
        [FeedBook(0, instrument())], "usdm" if venue.futures else "spot", ids_only=True
    )
    session = Session(feed)
    begin(session, venue)
    # Off any grid: nobody looks.
    venue.change(0, 99_00, 5)
    session.tell(*venue.diff(b=[["0.000001", "x"]]))
    assert session.tell(*venue.ticker()) == session.tell(*venue.trade()) == []
    assert session.rebuild.books[0] == ({}, {})
    venue.change(0, 99_00, 6)
    venue.diff()
    venue.change(0, 99_00, 7)
    session.tell(*venue.diff())
    assert session.rebuild.trouble == {0: TroubleReason.GAP}
    session.tell(*venue.answer(session.due()))
    assert session.rebuild.trouble == {}
    assert (feed.counts["tickers"], feed.counts["trades"], feed.counts["gaps"]) == (1, 1, 1)


def test_snapshots_may_be_asked_for_by_who_records(pair: tuple[Session, BinanceVenue]) -> None:
    session, venue = pair
    begin(session, venue)
    wants = feed_of(session).ask_all(session.now_ns)
    assert [getattr(want, "channel", "") for want in wants] == ["rest:depth:BTCUSDT"]
    assert feed_of(session).ask_all(session.now_ns) == []
    assert session.tell("rest:depth:BTCUSDT", venue.snapshot()) == []
    assert len(feed_of(session).ask_all(session.now_ns)) == 1
