"""The sans-I/O protocol of a feed: bytes and a time go in, updates and wishes come out.

Model: a feed is a state machine that opens no socket, reads no clock and draws nothing at random.
Whoever runs it (`bridge.feeds.transport`, or a replay) tells it what happened, each with the time at
which it happened; it answers with a `Step`. So the log of what it was told is all of it: told the
same again, offline, it answers the same, and the wishes, which only I/O can grant, are ignored.

Everything that happens is one entry (stamp, channel, bytes), what happens to the connection included:

| channel | bytes | what happened |
|---|---|---|
| `link:up` | empty | the connection is open; nothing has been sent on it |
| `link:down` | the reason, for a reader | it is gone, or was given up |
| `link:quiet` | empty | it has been silent for longer than it should be |
| `ws` | a frame | a frame came |
| `rest:…` | a body | what a `Fetch` of this channel brought back |
| `fail:rest:…` | the reason | that `Fetch` came to nothing |

Every `Fetch` ends in exactly one `rest:` or `fail:rest:` entry, unless the connection ends before.

Order of events: times do not fall. Wishes of a step are granted in order.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from market.instruments import Instrument
from market.live import Update

UP: Final = "link:up"
DOWN: Final = "link:down"
QUIET: Final = "link:quiet"
FRAME: Final = "ws"
REST: Final = "rest:"
FAILED: Final = "fail:"
"""Before the channel of a `Fetch`, where it came to nothing."""


DAMAGE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises where a message is not what it should be."""


class FeedBook(NamedTuple):
    """A book that a feed is to follow: the number it has here, and what it is at the venue."""

    book_id: int
    instrument: Instrument


class Send(msgspec.Struct, frozen=True):
    """Wish to send a frame, such as a subscription."""

    data: bytes


class Fetch(msgspec.Struct, frozen=True):
    """Wish to get `path` by REST, not before `after_ns` from now have passed."""

    channel: str
    path: str
    after_ns: int


class Reopen(msgspec.Struct, frozen=True):
    """Wish to give the connection up and open another, `after_ns` from now at the earliest."""

    reason: str
    after_ns: int


Want = Send | Fetch | Reopen


class Step(NamedTuple):
    """What follows from one entry."""

    updates: Sequence[Update]
    wants: Sequence[Want]


NOTHING: Final = Step((), ())


class Feed(Protocol):
    """One connection's worth of a venue's market data."""

    def opened(self, now_ns: int) -> Step:
        """The connection is open."""
        ...

    def closed(self, now_ns: int) -> Step:
        """The connection is gone; what it had asked for will not come."""
        ...

    def take(self, channel: str, data: bytes, now_ns: int) -> Step:
        """Take what came on a channel.

        A frame that can't be understood is counted and, where it may have been about a book, makes
        trouble for it; it is never an exception.
        """
        ...


def drive(feed: Feed, channel: str, data: bytes, now_ns: int) -> Step:
    """Tell a feed an entry, live or out of a log."""
    if channel == UP:
        return feed.opened(now_ns)
    if channel == DOWN:
        return feed.closed(now_ns)
    return feed.take(channel, data, now_ns)
