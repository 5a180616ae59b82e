"""What a desk may still believe of a book."""

from desk.feed import Feed
from market.codes import Phase, Trigger
from market.messages import View

MS = 1_000_000
BOUND_NS = 400 * MS


def view(seq: int, *, venue_ms: int, local_ms: int) -> View:
    return View(
        book_id=0,
        bid_ticks=99,
        bid_lots=1,
        ask_ticks=101,
        ask_lots=1,
        own_bid_lots=0,
        own_ask_lots=0,
        last_trade_units=0,
        last_trade_lots=0,
        trade_count=0,
        venue_ns=venue_ms * MS,
        local_ns=local_ms * MS,
        seq=seq,
        phase=Phase.CONTINUOUS,
        fired=Trigger.BBO,
    )


def test_a_late_line_is_stale_although_it_delivers_without_a_pause() -> None:
    feed = Feed(1, BOUND_NS)

    for seq in range(1, 20):
        feed.apply(view(seq, venue_ms=10 * seq, local_ms=10 * seq + 500), (10 * seq + 500) * MS)

        assert feed.data.stale == [True]


def test_a_line_within_the_bound_is_believed_again() -> None:
    feed = Feed(1, BOUND_NS)
    feed.apply(view(1, venue_ms=10, local_ms=510), 510 * MS)

    feed.apply(view(2, venue_ms=600, local_ms=601), 601 * MS)

    assert feed.data.stale == [False]
    assert feed.age(1_000 * MS) == []
    assert feed.age(1_001 * MS) == [0]


def test_a_venue_whose_clock_is_ahead_does_not_make_content_younger() -> None:
    feed = Feed(1, BOUND_NS)
    feed.apply(view(1, venue_ms=10_000, local_ms=1), 1 * MS)

    assert feed.age(402 * MS) == [0]


def test_what_is_known_ages_by_its_venues_time() -> None:
    feed = Feed(1, BOUND_NS)
    feed.apply(view(1, venue_ms=0, local_ms=300), 300 * MS)

    assert feed.age(400 * MS) == []
    assert feed.age(401 * MS) == [0]
