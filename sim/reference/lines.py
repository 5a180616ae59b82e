"""A feed of two lines in plain words: the specification of `sim/kernels/lines.py`.

Model: everything that was published is known, and what a line does to each message has been worked out
(`Line`). The receiver then goes from one thing that happens to the next: the message in turn arrives, a
hole is declared a gap, an answer comes, a request leaves, a snapshot arrives, or a difference between
the lines is noticed. A heartbeat does not wait behind messages, and is not held against a line that
brings the message in question in order.
"""

# tidy: unimported the specification of compiled code; only tests run it, against sim.world

from collections.abc import Sequence
from typing import Final

from market.codes import Kind, Phase
from sim.kernels.line_words import BEATS_MISSED, BEATS_TRIED, SNAPSHOT_KEY
from sim.lines import FeedEvent, FeedNote, LineSpec
from sim.reference.line import LEVELS, NEVER, PPM, Copy, Line, Published, Row, Trouble
from sim.slowdown import sample
from sim.streams import draw, uniform_below

STRIKES: Final = 3


class LinedBook:
    """A local book that is fed by two lines.

    Args:
        spec: Of its lines.
        troubles: Of line A and of line B.
        ages: Stretches in which snapshots are old: (from, until, age).
        book_id: Of the book.
        tick_units: Price units a tick.
        phase: At the start.
        start_ns: Of the run.
    """

    def __init__(
        self,
        spec: LineSpec,
        troubles: tuple[Sequence[Trouble], Sequence[Trouble]],
        ages: Sequence[tuple[int, int, int]],
        *,
        book_id: int,
        tick_units: int,
        phase: Phase,
        start_ns: int,
    ) -> None:
        self.notes: list[FeedNote] = []
        self.sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.seq = 0
        self.local_ns = start_ns
        self.venue_ns = 0
        self.trades = 0
        self.phase = int(phase)
        self.bad = False
        self._truth: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._spec = spec
        self._ages = ages
        self._book_id = book_id
        self._tick_units = tick_units
        self._lines = [
            Line(spec.latencies[n], spec.keys[n], troubles[n], book_id) for n in range(2)
        ]
        self._messages: list[Published] = []
        self._next = 0  # of _messages: the one in turn
        self._previous_ns = 0
        self._mode = "flowing"
        self._hole_end = 0
        self._asked = 0
        self._next_ask_ns = NEVER
        self._last_ask_ns = -(1 << 61)
        self._reply_ns = NEVER
        self._snapshot_no = 0
        self._distrust_ns = NEVER
        self._distrusted = False
        self._crossed = False
        self._beat_sent_ns = NEVER
        self._heard = (NEVER, NEVER)  # when a heartbeat is heard again, and when it was sent
        self._is_dark = False
        self._watched: list[tuple[int, int] | None] = [None, None]
        self._behind = [False, False]
        self._strikes = [0, 0]

    # --- what is published ---------------------------------------------------------------------

    def publish(self, message: Published) -> None:
        """One more message; they come in their order."""
        self._messages.append(message)
        for line in self._lines:
            line.publish(message)

    def run(self, until_ns: int) -> None:
        """Let everything happen that is due by then."""
        while True:
            due_ns, event = self._what_next()
            if due_ns > until_ns:
                return
            getattr(self, event)(due_ns)

    # --- what happens next ----------------------------------------------------------------------

    def _copies(self, message: Published) -> tuple[Copy, Copy]:
        return self._lines[0].copies[message.seq], self._lines[1].copies[message.seq]

    def _first_ns(self, message: Published) -> int:
        """When it arrives first."""
        return min(copy.arrives_ns for copy in self._copies(message))

    def _what_next(self) -> tuple[int, str]:
        """Time and name of what happens next."""
        found = (NEVER, "_deliver")
        head = self._messages[self._next] if self._next < len(self._messages) else None
        if self._is_dark:
            assert head is not None
            self._beat_ns(head)
            heard_ns = min([self._heard[0], *map(self._first_ns, self._messages[self._next + 1 :])])
            found = (max(self._previous_ns, heard_ns), "_light")
            return min(found, (self._distrust_ns, "_distrust"), key=lambda one: one[0])
        if head is not None and not self._distrusted and self._first_ns(head) < NEVER:
            found = (max(self._previous_ns, self._first_ns(head)), "_deliver")
        if self._mode == "flowing":
            if head is not None and not all(copy.in_order for copy in self._copies(head)):
                seen_ns = max(self._previous_ns, self._sign_ns(head)) + self._spec.wait_ns
                found = min(found, (seen_ns, "_declare"), key=lambda one: one[0])
        elif self._mode == "awaiting":
            found = min(found, (self._snapshot_ns(), "_splice"), key=lambda one: one[0])
        else:
            found = min(found, (self._reply_ns, "_refill"), key=lambda one: one[0])
            last = self._asked >= self._spec.requests
            ask = (self._next_ask_ns, "_give_up" if last else "_ask")
            found = min(found, ask, key=lambda one: one[0])
        return min(found, (self._distrust_ns, "_distrust"), key=lambda one: one[0])

    def _sign_ns(self, head: Published) -> int:
        """When it is first seen that a message is missing."""
        later = [self._first_ns(message) for message in self._messages[self._next + 1 :]]
        return min([NEVER, *later, self._beat_ns(head)])

    def _beat_ns(self, head: Published) -> int:
        """When a heartbeat, or the silence of both lines, tells that a message is missing."""
        every = self._spec.beat_ns
        self._beat_sent_ns, self._heard = NEVER, (NEVER, NEVER)
        if not every:
            return NEVER
        first, sign_ns, heard = -(-head.ts_ns // every), NEVER, NEVER
        copies = self._copies(head)
        for line, copy in zip(self._lines, copies, strict=True):
            if copy.in_order:
                continue
            for number in range(first, first + BEATS_TRIED):
                arrives_ns = line.beat(number * every, number)
                if arrives_ns < NEVER:
                    heard = min(heard, number)
                    if arrives_ns < sign_ns:
                        sign_ns, self._beat_sent_ns = arrives_ns, number * every
                    break
        self._heard = (sign_ns, self._beat_sent_ns)
        silence_ns = (first + BEATS_MISSED - 1) * every
        is_dark = not any(copy.in_order for copy in copies) and heard >= first + BEATS_MISSED
        if is_dark and silence_ns < sign_ns:
            sign_ns = self._beat_sent_ns = silence_ns
        return sign_ns

    def _snapshot_ns(self) -> int:
        """When the snapshot that is waited for arrives."""
        number = self._snapshot_no
        taken_ns = number * self._spec.snapshot_ns
        key = self._spec.key ^ SNAPSHOT_KEY
        latency = sample(self._spec.snapshot, key, taken_ns, self._book_id, number)
        return max(self._previous_ns, taken_ns + latency)

    # --- what happens ---------------------------------------------------------------------------

    def _deliver(self, now_ns: int) -> None:
        """The message in turn is here."""
        message = self._messages[self._next]
        copies = self._copies(message)
        first = copies[0] if copies[0].arrives_ns <= copies[1].arrives_ns else copies[1]
        second_ns = max(copy.arrives_ns for copy in copies)
        if second_ns < NEVER and copies[0].wrong != copies[1].wrong:
            self._distrust_ns = min(self._distrust_ns, max(now_ns, second_ns))
        for line, copy in enumerate(copies):
            self._watch(line, now_ns, copy.arrives_ns)
        self._apply(message, first.wrong)
        self._shown(now_ns, None if self._mode == "flowing" else FeedEvent.REFILLED)

    def _watch(self, line: int, now_ns: int, arrives_ns: int) -> None:
        """Look whether a line brings what the other has brought, one message at a time."""
        watched = self._watched[line]
        if watched is not None:
            owed_ns, until_ns = watched
            if now_ns <= until_ns:
                return
            behind = owed_ns > until_ns
            self._strikes[line] = self._strikes[line] + 1 if behind != self._behind[line] else 0
            if self._strikes[line] >= STRIKES:
                self._strikes[line], self._behind[line] = 0, behind
                what = FeedEvent.BEGUN if behind else FeedEvent.CAUGHT_UP
                self._note(now_ns, what, 0, line + 1)
        self._watched[line] = (arrives_ns, now_ns + self._spec.behind_ns)

    def _declare(self, now_ns: int) -> None:
        """A hole has lasted."""
        later = self._messages[self._next + 1 :]
        arrived = [one.seq for one in later if self._first_ns(one) <= now_ns]
        sign_ns = self._beat_ns(self._messages[self._next])
        self._hole_end = arrived[0] if arrived else self._published_by(self._beat_sent_ns)
        self._asked, self._reply_ns = 0, NEVER
        self._mode, self._previous_ns, self.bad = "refilling", now_ns, True
        self._note(now_ns, FeedEvent.BEGUN, self._hole_end - self.seq)
        self._is_dark = not arrived and sign_ns != self._heard[0]
        if not self._is_dark:
            self._plan_request(now_ns)

    def _light(self, now_ns: int) -> None:
        """Something is heard again of lines that were silent."""
        later = self._messages[self._next + 1 :]
        arrived = [one.seq for one in later if self._first_ns(one) <= now_ns]
        self._hole_end = arrived[0] if arrived else self._published_by(self._heard[1])
        self._is_dark, self._previous_ns = False, now_ns
        self._plan_request(now_ns)

    def _plan_request(self, now_ns: int) -> None:
        """Ask as soon as that is allowed, or give up where the gap is too large."""
        self._next_ask_ns = max(now_ns, self._last_ask_ns + self._spec.request_ns)
        missing = self._hole_end - self.seq
        if self._spec.requests == 0 or missing > self._spec.ask_most:
            self._give_up(now_ns)

    def _ask(self, now_ns: int) -> None:
        """Ask for the missing messages."""
        self._asked += 1
        self._previous_ns = self._last_ask_ns = now_ns
        self._next_ask_ns = now_ns + self._spec.request_ns
        self._note(now_ns, FeedEvent.ASKED, self._hole_end - self.seq)
        key = self._spec.key
        if uniform_below(draw(key, self.seq, now_ns), PPM) >= self._spec.refill_loss_ppm:
            latency = sample(self._spec.refill, key, now_ns, self.seq, now_ns)
            self._reply_ns = min(self._reply_ns, now_ns + latency)

    def _refill(self, now_ns: int) -> None:
        """What was asked for is here."""
        while self.seq < self._hole_end:
            self._apply(self._messages[self._next], 0)
        self._shown(now_ns, FeedEvent.REFILLED)

    def _give_up(self, now_ns: int) -> None:
        """Only a snapshot helps."""
        self._previous_ns = now_ns
        self._note(now_ns, FeedEvent.GIVEN_UP, self._hole_end - self.seq)
        self._await(now_ns)

    def _await(self, now_ns: int) -> None:
        self._mode, self._reply_ns = "awaiting", NEVER
        self._snapshot_no = -(-now_ns // self._spec.snapshot_ns)

    def _distrust(self, now_ns: int) -> None:
        """The book may be wrong."""
        if self._mode == "flowing":
            self._hole_end = self.seq
        self._distrust_ns, self._distrusted, self._is_dark = NEVER, True, False
        self._previous_ns, self.bad = now_ns, True
        self._note(now_ns, FeedEvent.CROSSED if self._crossed else FeedEvent.DISAGREED, 0)
        self._crossed = False
        self._await(now_ns)

    def _splice(self, now_ns: int) -> None:
        """A snapshot is here."""
        taken_ns = self._snapshot_no * self._spec.snapshot_ns
        age = max([0, *(age for low, high, age in self._ages if low <= taken_ns < high)])
        as_of_ns = taken_ns - age
        end = self._published_by(as_of_ns)
        self._previous_ns = now_ns
        if as_of_ns < self.venue_ns or end < self._hole_end:
            self._note(now_ns, FeedEvent.TOO_OLD, self._hole_end - self.seq)
            self._snapshot_no += 1
            return
        trades = self.trades
        while self.seq < end:
            self._apply(self._messages[self._next], 0)
        self.trades = trades
        for side in range(2):
            self.sides[side].clear()
            self.sides[side].update(self._truth[side])
        self._distrust_ns = NEVER
        self._shown(now_ns, FeedEvent.SPLICED)

    # --- the book ---------------------------------------------------------------------------------

    def _published_by(self, sent_ns: int) -> int:
        """Number of the first message, from the one in turn on, not published by then."""
        for message in self._messages[self._next :]:
            if message.ts_ns > sent_ns:
                return message.seq
        return self._messages[-1].end if self._messages else 0

    def _apply(self, message: Published, wrong: int) -> None:
        """Apply a message to the book, and the true one to the truth."""
        self._next += 1
        self.seq = message.end
        for row in message.rows:
            self.venue_ns = row.ts_ns
            self._row(self.sides, row, wrong)
            self._row(self._truth, row, 0)
            if row.kind in (Kind.TRADE, Kind.CROSS, Kind.EXECUTE):
                self.trades += 1
            elif row.kind == Kind.PHASE:
                self.phase = row.qty

    @staticmethod
    def _row(sides: tuple[dict[int, int], dict[int, int]], row: Row, wrong: int) -> None:
        """One row into two sides, by price."""
        if row.kind == Kind.CLEAR:
            sides[0].clear()
            sides[1].clear()
        if row.kind not in LEVELS:
            return
        price, shown = row.price, row.shown
        other = sides[1 - row.side]
        if wrong < 0:
            shown = shown * 10 if shown else 100
        elif wrong and other:
            best = min(other) if row.side == 0 else max(other)
            price = best + wrong - 1 if row.side == 0 else best - wrong + 1
            if price != row.price:
                shown = max(shown, 1)
            else:
                shown = shown * 10 if shown else 100
        if wrong > 0 and not other:
            shown = shown * 10 if shown else 100
        if shown:
            sides[row.side][price] = shown
        else:
            sides[row.side].pop(price, None)

    def _shown(self, now_ns: int, what: FeedEvent | None) -> None:
        """Messages have been applied: show it, and say what that has mended."""
        self._previous_ns = self.local_ns = now_ns
        bids, asks = self.sides
        is_whole = self.phase == Phase.CONTINUOUS and bids and asks
        if what is not FeedEvent.SPLICED and is_whole and max(bids) >= min(asks):
            self._crossed, self._distrust_ns = True, now_ns
        if what is not None and self.seq >= self._hole_end:
            self._note(now_ns, what, 0)
            self._mode, self._distrusted, self.bad = "flowing", False, False

    def _note(self, now_ns: int, what: FeedEvent, missing: int, line: int = 0) -> None:
        self.notes.append(FeedNote(now_ns, 0, int(what), missing, line, self.seq))
