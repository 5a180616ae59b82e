"""The same world, slowly: every tape row and every delivery is a SimPy event.

This is the loop's own reference. It has the interface of `sim.world.World` as venues and hosts see
it, books from `sim.reference` and local books that are dictionaries; a property test runs the same
scenario on both and compares every event.

Order of events at one instant, by SimPy's priority: tape rows, then deliveries by local book, then
silences by subscription, then control events.
"""

# tidy: unimported the specification of the loop; only tests run it, against sim.world

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from market.codes import Kind, Mode, RowFlag, Side, Trigger
from sim.arena import BookSpec, LocalSpec
from sim.clock import Clock
from sim.latency import sample
from sim.reference.book import ReferenceBook
from sim.reference.local import LocalBook, Waiting
from sim.reference.outcome import Message, Outcome
from sim.world import OutRow, ViewWords

ROW_PRIORITY = -1_000_000
DELIVERY_PRIORITY = -500_000
SILENCE_PRIORITY = -250_000
ON_GRID = frozenset(Kind) - {Kind.TRADE, Kind.CROSS}


class SlowWorld:
    """Every book of one run.

    Args:
        clock: Whose events everything is; its `market` stays None.
        rows: The whole tape, TAPE_DTYPE with prices in units.
        answer: Takes a report for the owner of an order.
        observers: For each subscription, what to call with (subscription, triggers).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        mode: Mode,
        books: list[BookSpec],
        locals_: list[LocalSpec],
        rows: npt.NDArray[np.void],
    ) -> None:
        self.answer: Callable[[OutRow], None] = _nobody
        self.observers: list[Callable[[tuple[int, int]], None]] = []
        self._clock = clock
        self._specs = books
        self._locals = locals_
        self._rows = rows
        self._books = [
            ReferenceBook(
                mode=mode,
                tick_units=spec.tick_units,
                handle_count=spec.handle_count,
                depth=spec.depth,
                queue_model=spec.queue_model,
            )
            for spec in books
        ]
        self._copies = [
            LocalBook(
                tick_units=books[spec.book_id].tick_units,
                phase=int(books[spec.book_id].phase),
                local_ns=clock.start_ns,
                waiting=[Waiting() for _ in range(spec.subscriptions)],
            )
            for spec in locals_
        ]
        self._places = [
            (index, number)
            for index, spec in enumerate(locals_)
            for number in range(spec.subscriptions)
        ]
        self._open: list[list[Message]] = [[] for _ in books]
        self._sequences = [0] * len(books)
        self._last_due_ns = [0] * len(locals_)
        if len(rows):
            self._at(int(rows[0]["ts_ns"]), ROW_PRIORITY, self._row, 0)

    def _at(self, due_ns: int, priority: int, act: Callable[[Any], None], argument: Any) -> None:
        """A market event, before every control event of its instant."""
        self._clock.at(due_ns, act, argument, priority=priority)

    # --- the venue's side --------------------------------------------------------------------------

    def _row(self, index: int) -> None:
        """One tape row happens, and the next is scheduled."""
        row = self._rows[index]
        book_id = int(row["book_id"])
        flags = int(row["side_flags"])
        price = int(row["price"])
        if row["kind"] in ON_GRID:
            price //= self._specs[book_id].tick_units
        outcome = self._books[book_id].apply(
            kind=int(row["kind"]),
            side_flags=flags,
            handle=int(row["handle"]),
            price=price,
            qty=int(row["qty"]),
        )
        self._hand_on(book_id, outcome)
        self._open[book_id].extend(outcome.messages)
        if flags & RowFlag.LAST:
            self._publish(book_id, self._open[book_id], self._sequences[book_id])
            self._open[book_id] = []
            self._sequences[book_id] += 1
        if index + 1 < len(self._rows):
            due_ns = int(self._rows[index + 1]["ts_ns"])
            self._at(due_ns, ROW_PRIORITY, self._row, index + 1)

    def _hand_on(self, book_id: int, outcome: Outcome) -> None:
        for row in self._out_rows(book_id, outcome):
            self.answer(row)

    def _out_rows(self, book_id: int, outcome: Outcome) -> list[OutRow]:
        now_ns = self._clock.now_ns
        return [
            OutRow(int(r.type), now_ns, book_id, *(int(value) for value in r[1:]))
            for r in outcome.reports
        ]

    def _publish(self, book_id: int, messages: list[Message], cause: int) -> None:
        """A source message leaves for every local book of its venue book."""
        if not messages:
            return
        now_ns = self._clock.now_ns
        for index, spec in enumerate(self._locals):
            if spec.book_id == book_id:
                latency_ns = sample(spec.latency, spec.key, now_ns, book_id, cause)
                due_ns = max(self._last_due_ns[index], now_ns + latency_ns)
                self._last_due_ns[index] = due_ns
                priority = DELIVERY_PRIORITY + index
                self._at(due_ns, priority, self._deliver, (index, now_ns, messages))

    def _command(self, book_id: int, outcome: Outcome, cause: int) -> list[OutRow]:
        self._publish(book_id, outcome.messages, cause)
        return self._out_rows(book_id, outcome)

    def submit(
        self, book_id: int, _now_ns: int, order_id: int, *, cause: int, **fields: Any
    ) -> list[OutRow]:
        """See `sim.world.World.submit`."""
        return self._command(book_id, self._books[book_id].submit(order_id, **fields), cause)

    def cancel(self, book_id: int, _now_ns: int, order_id: int, *, cause: int) -> list[OutRow]:
        """See `sim.world.World.cancel`."""
        return self._command(book_id, self._books[book_id].cancel(order_id), cause)

    def replace(
        self, book_id: int, _now_ns: int, order_id: int, *, cause: int, **fields: int
    ) -> list[OutRow]:
        """See `sim.world.World.replace`."""
        return self._command(book_id, self._books[book_id].replace(order_id, **fields), cause)

    def forget(self, order_id: int) -> None:
        """Nothing is kept that would have to be forgotten."""

    def state(self, book_id: int) -> list[int]:
        """See `sim.world.World.state`."""
        return self._books[book_id].dump()

    # --- the hosts' side ----------------------------------------------------------------------------

    def _deliver(self, delivery: tuple[int, int, list[Message]]) -> None:
        """A source message reaches a local book."""
        index, venue_ns, messages = delivery
        copy = self._copies[index]
        fired = Trigger(0)
        for message in messages:
            fired |= copy.apply(message)
        copy.seq += len(messages)
        fired |= copy.close(venue_ns, self._clock.now_ns)
        for subscription, (place, number) in enumerate(self._places):
            if place == index:
                waiting = copy.waiting[number]
                if waiting.triggers & fired:
                    self._fire(subscription, waiting, waiting.triggers & fired)
                elif waiting.triggers & Trigger.STALE:
                    self._watch_silence(subscription)

    def _fire(self, subscription: int, waiting: Waiting, fired: Trigger) -> None:
        """An observation: the subscription is disarmed and its host wakes."""
        waiting.triggers = Trigger(0)
        argument = (subscription, int(fired))
        self._clock.at(self._clock.now_ns, self.observers[subscription], argument)

    def _watch_silence(self, subscription: int) -> None:
        index, number = self._places[subscription]
        copy = self._copies[index]
        due_ns = copy.local_ns + copy.waiting[number].stale_ns
        self._at(due_ns, SILENCE_PRIORITY + subscription, self._silence, subscription)

    def _silence(self, subscription: int) -> None:
        """Fire if the local book is still as silent as when this was scheduled."""
        index, number = self._places[subscription]
        copy = self._copies[index]
        waiting = copy.waiting[number]
        due_ns = copy.local_ns + waiting.stale_ns
        if waiting.triggers & Trigger.STALE and due_ns <= self._clock.now_ns:
            self._fire(subscription, waiting, Trigger.STALE)

    def view(self, index: int) -> ViewWords:
        """See `sim.world.World.view`."""
        return self._copies[index].words()

    def maybe_bad(self, _index: int) -> bool:
        """Whether a local book may be wrong or old: here each has one line that loses nothing."""
        return False

    def depth(self, index: int, side: Side, count: int) -> list[tuple[int, int]]:
        """See `sim.world.World.depth`."""
        return self._copies[index].depth(side, count)

    def arm(
        self,
        subscription: int,
        triggers: Trigger,
        now_ns: int,
        *,
        watch: tuple[Side, int] | None = None,
        stale_ns: int = 0,
    ) -> None:
        """See `sim.world.World.arm`."""
        index, number = self._places[subscription]
        copy = self._copies[index]
        if triggers & Trigger.STALE and copy.local_ns + stale_ns <= now_ns:
            triggers &= ~Trigger.STALE
        copy.waiting[number] = Waiting(triggers, watch, stale_ns)
        if triggers & Trigger.STALE:
            self._watch_silence(subscription)


def _nobody(row: OutRow) -> None:
    """Nobody has been named who takes reports."""
    raise AssertionError(f"a report for nobody: {row}")
