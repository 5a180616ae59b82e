"""What we know of each book: the newest view, and whether it may still be believed.

Model: a view is replaced by the next one. It turns *stale* when its host says that nothing has
arrived for too long, or when its content is older than the desk's own bound; then it is never wrong,
only not to be acted on, until fresh content comes (a new sequence number, not a new time-out). It is as
stale while its host says that it may be bad, because messages are missing or disagree.
Content is as old as its venue says, however lately it arrived: a line that is late by more than the
bound delivers without a pause, and nothing that is fresh.

Invariants: a view never gets older (`seq` never falls); content that stays the same keeps its age,
however often it is shown again.
"""

from typing import Final

import msgspec

from market.codes import Trigger
from market.messages import View


class FeedData(msgspec.Struct):
    """All that the feed remembers, by book.

    Attributes:
        views: The newest view, or None.
        content_ns: Local time at which its content was new.
        stale: Whether it may not be acted on.
    """

    views: list[View | None]
    content_ns: list[int]
    stale: list[bool]


class Feed:
    """The views of one desk.

    Args:
        book_count: Books, numbered from 0.
        stale_ns: Age of content from which it is stale; 0 leaves that to the host.
        data: What an earlier feed remembered.
    """

    def __init__(self, book_count: int, stale_ns: int, data: FeedData | None = None) -> None:
        self.data = data or FeedData(
            views=[None] * book_count, content_ns=[0] * book_count, stale=[True] * book_count
        )
        self._stale_ns = stale_ns

    def apply(self, view: View, now_ns: int) -> bool:
        """Take a view in; whether its content is new."""
        data, book_id = self.data, view.book_id
        views, seq = data.views, view.seq
        old = views[book_id]
        fresh = old is None or seq > old.seq
        if fresh:
            data.content_ns[book_id] = view.local_ns
            data.stale[book_id] = False
        elif old is not None and seq < old.seq:
            return False
        views[book_id] = view
        # A word rather than the enum: combining flags of an IntFlag costs more than the rest here.
        if int(view.fired) & _STALE or view.maybe_bad:
            data.stale[book_id] = True
        elif not fresh and old is not None and old.maybe_bad:
            data.stale[book_id] = False  # what was doubted has been found right
        if self._stale_ns and now_ns - self._since_ns(book_id, view) > self._stale_ns:
            data.stale[book_id] = True
        return fresh

    def age(self, now_ns: int) -> list[int]:
        """Books whose content has become too old by now."""
        data = self.data
        if not self._stale_ns:
            return []
        turned = []
        for book_id, view in enumerate(data.views):
            if view is None or data.stale[book_id]:
                continue
            if now_ns - self._since_ns(book_id, view) > self._stale_ns:
                data.stale[book_id] = True
                turned.append(book_id)
        return turned

    def _since_ns(self, book_id: int, view: View) -> int:
        """Since when content is what it is: by its venue's clock, or by ours where that is earlier."""
        content_ns = self.data.content_ns[book_id]
        return view.venue_ns if view.venue_ns < content_ns else content_ns


_STALE: Final = int(Trigger.STALE)
