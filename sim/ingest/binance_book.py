"""Binance's depth stream to LEVEL rows: where the snapshot joins the diffs, and what a gap does.

**Model.** A diff says the new totals of levels and carries the range `U..u` of update ids that it
covers. The REST snapshot with `lastUpdateId` L usually arrives late: diffs wait for it, those that it
already contains (spot `u <= L`, futures `u < L`) are dropped, and the next must join: spot
`U <= L + 1`, futures `pu <= L`, where `pu` is the `u` of the diff before. That is the exchange's rule,
said so that it also takes a futures diff whose range starts after L with nothing in between.

**Invariants.** 1. After a joined snapshot each diff continues the one before (spot `U <= last + 1`,
futures `pu <= last`); anything else is a gap. 2. After a gap the book is cleared and every row is
MAYBE_BAD until the next snapshot joins. 3. What has no quantity before and none after is no row.

**Limits.** A REST snapshot has a limited depth: levels beyond it are unknown until a diff names
them. A snapshot that comes while the book is whole is counted and not used.
"""

from collections import deque

import msgspec

from market.codes import Kind, RowFlag
from sim.ingest.level_book import VOID, LevelBook
from sim.ingest.row_buffer import RowBuffer

WAITING_MAX = 20_000
"""Diffs that wait for a snapshot; at ten a second half an hour, which no REST call takes."""

LevelChange = tuple[int, int, int]
"""Side, price in units, lots."""


class Diff(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One depthUpdate, resolved; `previous_id` is -1 on spot."""

    first_id: int
    last_id: int
    previous_id: int
    changes: list[LevelChange]
    stamp_ns: int
    local_ns: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One REST answer, resolved; `stamp_ns` is 0 where it has none (spot)."""

    last_id: int
    changes: list[LevelChange]
    stamp_ns: int
    local_ns: int


class BinanceBook:
    """The book of one capture and the rows that it leaves on the tape.

    Attributes:
        counts: What happened, by name.
    """

    def __init__(self, rows: RowBuffer, *, futures: bool) -> None:
        self._rows = rows
        self._futures = futures
        self._levels = LevelBook()
        self._waiting: deque[Diff] = deque()
        self._whole = False
        self._doubtful = False
        self._last_id = -1
        self.counts = {
            "dropped_before_snapshot": 0,
            "dropped_repeats": 0,
            "dropped_waiting": 0,
            "snapshots_unused": 0,
            "gaps": 0,
            "level_rows": 0,
            "snapshot_rows": 0,
            "clear_rows": 0,
            "void_removals": 0,
        }

    @property
    def handle_count(self) -> int:
        """Handles given out at most at one time."""
        return self._levels.handle_count

    @property
    def waiting(self) -> int:
        """Diffs that still wait for a snapshot."""
        return 0 if self._whole else len(self._waiting)

    def on_diff(self, diff: Diff, ts_ns: int) -> None:
        """Take a depthUpdate, published at `ts_ns`."""
        if self._whole:
            self._continue(diff, ts_ns)
            return
        if len(self._waiting) == WAITING_MAX:
            self._waiting.popleft()
            self.counts["dropped_waiting"] += 1
        self._waiting.append(diff)
        if self._doubtful:
            self._continue(diff, ts_ns)

    def on_snapshot(self, snapshot: Snapshot, ts_ns: int) -> None:
        """Take a snapshot, published at `ts_ns`, and the diffs that waited for it."""
        if self._whole:
            self.counts["snapshots_unused"] += 1
            return
        sides = (snapshot.stamp_ns or ts_ns, snapshot.local_ns - ts_ns, snapshot.last_id)
        flags = int(RowFlag.SNAPSHOT)
        if self._doubtful:
            self._clear(ts_ns, flags, sides)
        self.counts["snapshot_rows"] += self._put(snapshot.changes, ts_ns, flags, sides)
        self._rows.end_message()
        self._whole, self._doubtful = True, False
        self._last_id = snapshot.last_id
        waiting = list(self._waiting)
        self._waiting.clear()
        contained = snapshot.last_id if self._futures else snapshot.last_id + 1
        for diff in waiting:
            if diff.last_id < contained:
                self.counts["dropped_before_snapshot"] += 1
            else:
                self.on_diff(diff, ts_ns)

    def _continue(self, diff: Diff, ts_ns: int) -> None:
        """Apply a diff to what went before; look for repeats and gaps."""
        # A futures diff may end exactly at the snapshot's id; to apply it again changes nothing.
        if diff.last_id < self._last_id or (diff.last_id == self._last_id and not self._futures):
            self.counts["dropped_repeats"] += 1
            return
        before = diff.previous_id if self._futures else diff.first_id - 1
        sides = (diff.stamp_ns, diff.local_ns - ts_ns, diff.last_id)
        if before > self._last_id:
            self.counts["gaps"] += 1
            if self._whole:
                self._waiting.append(diff)
            self._whole, self._doubtful = False, True
            self._clear(ts_ns, int(RowFlag.MAYBE_BAD), sides)
        flags = int(RowFlag.MAYBE_BAD) if self._doubtful else 0
        self.counts["level_rows"] += self._put(diff.changes, ts_ns, flags, sides)
        self._rows.end_message()
        self._last_id = diff.last_id

    def _clear(self, ts_ns: int, flags: int, sides: tuple[int, ...]) -> None:
        self._levels.clear()
        self._rows.add(ts_ns, 0, 0, -1, Kind.CLEAR, flags, sides)
        self.counts["clear_rows"] += 1

    def _put(
        self, changes: list[LevelChange], ts_ns: int, flags: int, sides: tuple[int, ...]
    ) -> int:
        """Set levels; how many rows that made."""
        made = 0
        for side, price, lots in changes:
            handle = self._levels.put(side, price, lots)
            if handle == VOID:
                continue
            self._rows.add(ts_ns, price, lots, handle, Kind.LEVEL, flags | side, sides)
            made += 1
        self.counts["void_removals"] += len(changes) - made
        return made
