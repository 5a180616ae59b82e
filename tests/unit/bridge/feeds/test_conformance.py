"""Cards that every feed has to pass, whatever its venue: one table, one pretended venue for each row.

`heal` lets changes come and grants what the feed wishes, until its book is whole; every card ends with
the book equal to the venue's.
"""

from collections.abc import Callable

import pytest

from bridge.feeds import DOWN, QUIET, UP, Feed, drive
from market.codes import Side
from market.live import BookDelta, BookSnapshot, BookTrouble, TroubleReason
from tests.unit.bridge.feeds.rig import SECOND_NS, Session
from tests.unit.bridge.feeds.venues import VENUES, Venue, heal, play

Card = Callable[[Session, Venue], None]


def card_snapshot_and_changes(session: Session, venue: Venue) -> None:
    assert isinstance(session.updates[0], BookSnapshot)
    for side, price_ticks, lots in ((0, 99_00, 7), (0, 99_50, 3), (1, 101_00, 0), (1, 101_02, 5)):
        (update,) = session.tell(*venue.changed(side, price_ticks, lots))
        assert isinstance(update, BookDelta)
        assert session.rebuild.books[0] == venue.book
    assert session.rebuild.troubles == []


def card_gap(session: Session, venue: Venue) -> None:
    venue.changed(0, 99_00, 7)
    session.tell(*venue.changed(1, 101_00, 8))
    if venue.detects_gaps:
        assert session.rebuild.trouble[0] in (TroubleReason.GAP, TroubleReason.CHECKSUM)
        count = len(session.updates)
        session.tell(*venue.changed(1, 101_00, 9))
        assert not any(isinstance(one, BookDelta) for one in session.updates[count:])
    else:
        assert session.rebuild.trouble == {}


def card_duplicate(session: Session, venue: Venue) -> None:
    entry = venue.changed(0, 99_00, 7)
    session.tell(*entry)
    session.tell(*entry)
    assert session.rebuild.troubles == []
    assert session.rebuild.books[0] == venue.book


def card_reconnect(session: Session, venue: Venue) -> None:
    session.tell(DOWN, b"reset")
    assert session.rebuild.trouble == {0: TroubleReason.DOWN}
    venue.changed(0, 99_00, 7)
    venue.up(session)
    assert session.rebuild.trouble == {}
    assert session.rebuild.books[0] == venue.book


def card_bad_frame(session: Session, venue: Venue) -> None:
    for spoil in (lambda data: data[:-20], lambda data: b"\xff" + data, lambda _data: b"[" * 9_000):
        channel, data = venue.changed(0, 99_00, 7)
        session.tell(channel, spoil(data))
        # What can't be read may have changed the book: it is in trouble, now or with the next frame.
        session.tell(*venue.changed(0, 99_01, 7))
        assert 0 in session.rebuild.trouble or session.rebuild.books[0] == venue.book
        heal(session, venue)


def card_off_tick(session: Session, venue: Venue) -> None:
    updates = session.tell(*venue.off_tick())
    assert [type(update) for update in updates] == [BookTrouble]
    assert 0 in session.rebuild.trouble
    assert "99.005" in getattr(session.feed, "last_refusal", "")


def card_trade_side(session: Session, venue: Venue) -> None:
    for side in ("buy", "sell"):
        session.tell(*venue.trade(side))
    found = [(one.aggressor, one.price_ticks, one.qty_lots) for one in session.rebuild.prints]
    assert found == [(Side.BUY, 100_01, 7), (Side.SELL, 100_01, 7)]


def card_trade_once(session: Session, venue: Venue) -> None:
    first, second = venue.trade("buy"), venue.trade("sell")
    for entry in (first, second, first, second):
        session.tell(*entry)
    assert [one.trade_id for one in session.rebuild.prints] == [1, 2]


def card_quiet(session: Session, venue: Venue) -> None:
    session.tell(QUIET)
    assert session.rebuild.trouble == {0: TroubleReason.STALE}
    session.tell(*venue.changed(0, 99_00, 7))
    assert session.rebuild.trouble == {}


def card_no_storm(session: Session, venue: Venue) -> None:
    """Something is missing every second: in the long run a wish a minute, and few before that."""
    wishes, began_ns = 0, session.now_ns
    for step in range(600):
        venue.changed(0, 99_00, 1 + step)
        session.tell(*venue.changed(1, 101_00, 1 + step), after_ns=SECOND_NS)
        due = [fetch for fetch in session.fetches if fetch[0] <= session.now_ns]
        if session.reopens or session.sent or due:
            wishes += 1
            venue.heal(session)
        session.sent.clear()
    minutes = (session.now_ns - began_ns) // (60 * SECOND_NS)
    assert 5 <= wishes <= 10 + minutes


def card_two_books_are_apart(session: Session, venue: Venue) -> None:
    """Entries about nobody's book are counted, and touch none."""
    count = len(session.updates)
    for channel in ("rest:depth:DOGE", "ccxt:book:DOGE", "fail:rest:x", "log:lost", "nonsense"):
        assert session.tell(channel, b"{}") == []
    assert session.rebuild.trouble == {}
    assert len(session.updates) == count


CARDS: dict[str, Card] = {
    name.removeprefix("card_"): card
    for name, card in list(globals().items())
    if name.startswith("card_")
}


DEALT = [
    (card, venue)
    for card in CARDS
    for venue in VENUES
    # ccxt asks by itself: its feed has no wish that could become a storm.
    if (card, venue) != ("no_storm", "ccxt")
]


@pytest.mark.parametrize(("card_name", "venue_name"), DEALT)
def test_card(card_name: str, venue_name: str) -> None:
    venue = VENUES[venue_name]()
    session = play(venue)
    session.sent.clear()
    CARDS[card_name](session, venue)
    if card_name != "no_storm":
        heal(session, venue)
        assert session.rebuild.books[0] == venue.book
    assert_replays(venue.feed(), session)


def assert_replays(again: Feed, session: Session) -> None:
    """The entries alone give the same updates."""
    heard = [
        update
        for now_ns, channel, data in session.entries
        for update in drive(again, channel, data, now_ns).updates
    ]
    assert heard == session.updates
    assert session.entries[0][1] == UP
