"""Who knows what of a book, and since when somebody else has known more.

Model: every reading says how far its reader has come in the book's messages. The *frontier* is as far as
anybody has come. A reader's lag is the time since the frontier first was beyond where the reader is now;
a quiet book makes nobody late, and heartbeats without content make nobody timely.

Bounded: `MARKS_MAX` steps of the frontier are kept, the oldest go first; a lag that is longer than they
reach back is as long as they do.
"""

from collections import deque
from typing import Final

MARKS_MAX: Final = 256


class Frontier:
    """One book.

    Attributes:
        moved_ns: When anybody last had news of it.
    """

    def __init__(self, now_ns: int) -> None:
        self.moved_ns = now_ns
        self._seq = 0
        self._marks: deque[tuple[int, int]] = deque(maxlen=MARKS_MAX)

    def note(self, seq: int, now_ns: int) -> None:
        """Somebody has come as far as message `seq`."""
        if seq > self._seq:
            self._seq = seq
            self.moved_ns = now_ns
            self._marks.append((seq, now_ns))

    def lag_ns(self, seq: int, now_ns: int) -> int:
        """Since when somebody has known more than a reader at `seq`; 0 when nobody does."""
        for mark, at_ns in self._marks:
            if mark > seq:
                return now_ns - at_ns
        return 0
