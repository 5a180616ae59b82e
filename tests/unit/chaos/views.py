"""Views for tests that ask what a feed makes of them."""

from desk.feed import Feed
from market.codes import Phase, Trigger
from market.messages import View


def view(*, seq: int, local_ns: int) -> View:
    """One view of book 0."""
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
        venue_ns=0,
        local_ns=local_ns,
        seq=seq,
        phase=Phase.CONTINUOUS,
        fired=Trigger(0),
    )


def late_is_old(feed: Feed) -> bool:
    """Whether a feed takes content for old that its venue published 100 ns before it arrived."""
    feed.apply(view(seq=1, local_ns=100), 100)
    return feed.data.stale[0]
