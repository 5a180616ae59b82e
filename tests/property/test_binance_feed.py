"""Whatever a wire does to Binance's frames, the feed's book is one that the venue had, or in trouble.

Each example lets diffs be lost, repeated, swapped, garbled or sent over a new connection, and snapshots
come late; after every entry the book rebuilt from the feed's updates is held against the venue's own
book of the same update id.
"""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.feeds import DOWN, FeedBook, drive
from bridge.feeds.binance import BinanceFeed
from market.live import BookDelta, BookSnapshot
from tests.unit.bridge.feeds.binance_venue import ACK, BinanceVenue
from tests.unit.bridge.feeds.rig import Book, Entry, Session, instrument

CHANGES = st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 3))
DEEDS = st.one_of(
    CHANGES,
    st.sampled_from(
        ["send", "send", "send", "lose", "twice", "swap", "garble", "ticker", "trade", "grant",
         "photograph", "develop", "fail", "reconnect"]
    ),
)  # fmt: skip


class Wire:
    """A venue, its history, and a session that hears it over a bad wire."""

    def __init__(self, *, futures: bool) -> None:
        feed = BinanceFeed([FeedBook(0, instrument())], "usdm" if futures else "spot")
        self.session = Session(feed)
        self.venue = BinanceVenue(futures=futures)
        self.history: dict[int, Book] = {}
        self.photograph = self.venue.snapshot()
        self.held: Entry | None = None
        self.note()

    def note(self) -> None:
        self.history[self.venue.last_id] = deepcopy(self.venue.book)

    def do(self, deed: str | tuple[int, int, int]) -> None:
        venue = self.venue
        if isinstance(deed, tuple):
            side, distance, lots = deed
            venue.change(side, 101_00 + distance if side else 99_00 - distance, lots)
            self.note()
        elif deed in ("send", "twice", "lose", "swap", "garble"):
            if venue.last_id > venue.sent_id:
                self.carry(deed, venue.diff())
        elif deed == "ticker" and all(venue.book):
            self.tell(*venue.ticker())
        elif deed == "trade":
            self.tell(*venue.trade())
        elif deed == "photograph":
            self.photograph = venue.snapshot()
        elif deed in ("grant", "develop", "fail") and self.session.fetches:
            channel = self.session.due().channel
            body = {"grant": venue.snapshot(), "develop": self.photograph}.get(deed)
            if body is None:
                self.tell(f"fail:{channel}", b"HTTP 500")
            else:
                self.tell(channel, body)
        elif deed == "reconnect":
            self.tell(DOWN, b"gone")
            self.session.up()
            self.tell(*ACK)

    def carry(self, how: str, entry: Entry) -> None:
        if how == "swap" and self.held is None:
            self.held = entry
            return
        if how == "garble":
            self.tell(entry[0], entry[1].replace(b'"b":[', b'"b":["'))
        elif how != "lose":
            self.tell(*entry)
        if how == "twice":
            self.tell(*entry)
        if self.held is not None:
            self.tell(*self.held)
            self.held = None

    def tell(self, channel: str, data: bytes) -> None:
        self.session.tell(channel, data)
        rebuild = self.session.rebuild
        if 0 in rebuild.trouble or 0 not in rebuild.books:
            return
        about = [up for up in self.session.updates if isinstance(up, BookSnapshot | BookDelta)]
        assert rebuild.books[0] == self.history[about[-1].seq]


@pytest.mark.parametrize("futures", [False, True])
@given(deeds=st.lists(DEEDS, max_size=60))
def test_the_book_is_one_that_the_venue_had(
    futures: bool, deeds: list[str | tuple[int, int, int]]
) -> None:
    wire = Wire(futures=futures)
    wire.session.up()
    wire.tell(*ACK)
    for deed in deeds:
        wire.do(deed)
    # Once the wire is sound again, the book is whole after a diff, a snapshot and a diff.
    for deed in ((0, 0, 9), "send", "grant", (1, 0, 9), "send", "grant", (0, 1, 8), "send"):
        wire.do(deed)
    assert wire.session.rebuild.trouble == {}
    assert wire.session.rebuild.books[0] == wire.venue.book

    again = BinanceFeed([FeedBook(0, instrument())], "usdm" if futures else "spot")
    heard = [
        update
        for now_ns, channel, data in wire.session.entries
        for update in drive(again, channel, data, now_ns).updates
    ]
    assert heard == wire.session.updates
