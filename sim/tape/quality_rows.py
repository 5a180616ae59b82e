"""Gates on the rows of one book as they stand: repeats, order, sequence, sessions, clock, fields."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from market.codes import Kind, RowFlag, Side
from sim.rows import Rows
from sim.tape.gates import Gate, Thresholds, judge
from sim.tape.moment import format_moment

Ints = npt.NDArray[np.int64]

ROWS_MIN: Final = 100
"""With fewer rows, a constant column or one side alone says nothing."""

DENSE_SHARE: Final = 0.99
"""A sequence is dense, so that a missing number is a gap, if this share of steps is at most one."""

CLOCK_SAMPLES: Final = 65_536
CLOCK_BUCKETS: Final = 64
DRIFT_SPAN_MIN_NS: Final = 60_000_000_000
"""Over less than a minute, latency's own noise looks like a drift."""

_SIZED = (Kind.ADD, Kind.REPLACE, Kind.REVEAL, Kind.EXECUTE, Kind.TRADE, Kind.CROSS)
_SET = (Kind.LEVEL, Kind.QUOTE)
_RESTS = (Kind.ADD, Kind.REPLACE, *_SET)
_MULTIPLIERS: Final = np.array(
    [0x9E3779B97F4A7C15, 0xD1342543DE82EF95, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64
)


class Repeats:
    """Messages equal to the message before, in every column of every row.

    Many prints of one size and price at one instant are the rule, so prints are told apart by their
    `source_seq` where there is one.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.repeated = 0
        self.where_ns: int | None = None
        self._open = np.zeros(0, np.uint64)
        self._last: tuple[int, int] | None = None

    def take(self, rows: Rows, numbers: Ints | None) -> None:
        """The next rows, snapshots left out, and their `source_seq`."""
        words = np.ascontiguousarray(rows).view(np.uint64).reshape(-1, 4)
        mixed = (words * _MULTIPLIERS).sum(axis=1, dtype=np.uint64)
        if numbers is not None:
            prints = rows["kind"] == Kind.TRADE
            mixed += np.where(prints, numbers, 0).astype(np.uint64) * _MULTIPLIERS[3]
        mixed = (mixed ^ (mixed >> np.uint64(31))) * _MULTIPLIERS[2]
        mixed = np.concatenate((self._open, mixed))
        late = len(self._open)
        ends = np.flatnonzero(rows["side_flags"] & RowFlag.LAST) + late
        if len(ends) == 0:
            self._open = mixed
            return
        starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
        sizes = ends - starts + 1
        # A row counts by its place in its message, so that an exchange of two rows is a difference.
        place = np.arange(ends[-1] + 1) - np.repeat(starts, sizes) + 1
        weighted = mixed[: ends[-1] + 1] * place.astype(np.uint64)
        sums = np.add.reduceat(weighted, starts, dtype=np.uint64)
        same = np.zeros(len(ends), np.bool_)
        same[1:] = (sums[1:] == sums[:-1]) & (sizes[1:] == sizes[:-1])
        same[0] = self._last == (int(sums[0]), int(sizes[0]))
        self.messages += len(ends)
        self.repeated += int(same.sum())
        if self.where_ns is None and same.any():
            self.where_ns = int(rows["ts_ns"][int(ends[int(np.argmax(same))]) - late])
        self._last = int(sums[-1]), int(sizes[-1])
        self._open = mixed[ends[-1] + 1 :]


class Steps:
    """Differences of one side column from row to row."""

    def __init__(self) -> None:
        self.count = 0
        self.back = 0
        self.more_than_one = 0
        self.back_ns: int | None = None
        self.skip_ns: int | None = None
        self._last: int | None = None

    def take(self, ts_ns: Ints, values: Ints) -> None:
        """The next rows, snapshots left out."""
        steps = np.diff(values, prepend=values[0] if self._last is None else self._last)
        back, skip = steps < 0, steps > 1
        self.count += len(steps)
        self.back += int(back.sum())
        self.more_than_one += int(skip.sum())
        if self.back_ns is None and back.any():
            self.back_ns = int(ts_ns[int(np.argmax(back))])
        if self.skip_ns is None and skip.any():
            self.skip_ns = int(ts_ns[int(np.argmax(skip))])
        self._last = int(values[-1])


class Numbers:
    """Steps of a source's own numbers, in the order of numbers within each instant.

    A tape may put a cross in front of the executions of its shares, which the source told before.
    """

    def __init__(self) -> None:
        self.steps = Steps()
        self._waiting: tuple[Ints, Ints] = (np.zeros(0, np.int64), np.zeros(0, np.int64))

    def take(self, ts_ns: Ints, values: Ints) -> None:
        """The next rows, snapshots left out; those of the last instant wait for more of it."""
        times, numbers = self._waiting
        times, numbers = np.concatenate((times, ts_ns)), np.concatenate((numbers, values))
        cut = int(np.searchsorted(times, times[-1]))
        self._waiting = times[cut:], numbers[cut:]
        self._look(times[:cut], numbers[:cut])

    def finish(self) -> Steps:
        """All steps: no row follows."""
        waiting, self._waiting = self._waiting, (self._waiting[0][:0], self._waiting[1][:0])
        self._look(*waiting)
        return self.steps

    def _look(self, ts_ns: Ints, values: Ints) -> None:
        if len(values) and (np.diff(values) < 0).any():
            values = values[np.lexsort((values, ts_ns))]
        if len(values):
            self.steps.take(ts_ns, values)


class RowQuality:
    """Gates of one book that need no replay.

    Args:
        name: The book's, for the gates.
        thresholds: What is allowed, and how to look.
        sessions: Trading hours as [from, to) in nanoseconds.
        row_count: About how many rows will come, to sample the clock evenly.
    """

    def __init__(
        self,
        name: str,
        thresholds: Thresholds,
        sessions: list[tuple[int, int]],
        row_count: int,
    ) -> None:
        self._name = name
        self._limits = thresholds
        self._sessions = sessions
        bucket_ns = thresholds.session_bucket_ns
        self._covered = [
            np.zeros(-(-(end - start) // bucket_ns), np.bool_) for start, end in sessions
        ]
        self._stride = max(1, row_count // CLOCK_SAMPLES)
        self._taken = 0
        self._repeats = Repeats()
        self._stamps = Steps()
        self._numbers = Numbers()
        self._clock: list[tuple[Ints, Ints]] = []
        self._lowest: dict[str, int] = {}
        self._highest: dict[str, int] = {}
        self._rows = 0
        self._zeros = 0
        self._sides = [0, 0]

    def take(self, rows: Rows, sides: Mapping[str, Ints]) -> None:
        """The next rows of the book with its side columns."""
        live = (rows["side_flags"] & RowFlag.SNAPSHOT) == 0
        fresh = rows[live]
        if len(fresh):
            numbers = sides["source_seq"][live] if "source_seq" in sides else None
            self._repeats.take(fresh, numbers)
            if "venue_stamp_ns" in sides:
                self._stamps.take(fresh["ts_ns"], sides["venue_stamp_ns"][live])
            if numbers is not None:
                self._numbers.take(fresh["ts_ns"], numbers)
            if "recv_delta_ns" in sides:
                first = -self._taken % self._stride
                deltas = sides["recv_delta_ns"][live]
                picked = slice(first, None, self._stride)
                self._clock.append((fresh["ts_ns"][picked].copy(), deltas[picked].copy()))
            self._taken += len(fresh)
        self._cover(rows["ts_ns"])
        self._fields(rows)

    def gates(self) -> list[Gate]:
        """The outcome."""
        limits, name = self._limits, self._name
        repeats, numbers, stamps = self._repeats, self._numbers.finish(), self._stamps
        dense = numbers.count > 0 and numbers.more_than_one <= (1 - DENSE_SHARE) * numbers.count
        offset_ns, drift_ppm = self._clock_found()
        holes = sum(int(np.count_nonzero(~one)) for one in self._covered)
        enough = self._rows >= ROWS_MIN
        constant = [key for key in self._lowest if self._lowest[key] == self._highest[key]]
        both = sum(self._sides)
        imbalance = abs(self._sides[0] - self._sides[1]) / both if both >= ROWS_MIN else None
        return [
            judge(
                "source_seq gaps", name, numbers.more_than_one if dense else None,
                limits.seq_gaps_max, where=_at(numbers.skip_ns) if dense else "",
            ),
            judge(
                "duplicates", name, _share(repeats.repeated, repeats.messages),
                limits.duplicate_share_max, where=_at(repeats.where_ns),
            ),
            judge(
                "out of order", name, _share(stamps.back, stamps.count),
                limits.backwards_share_max, where=_at(stamps.back_ns),
            ),
            judge(
                "missing sessions", name, holes if self._sessions else None,
                limits.session_holes_max, where=self._first_hole(),
            ),
            judge("clock offset", name, offset_ns, limits.clock_offset_max_ns, "ns"),
            judge("clock drift", name, drift_ppm, limits.clock_drift_max_ppm, " ppm"),
            judge(
                "constant columns", name, len(constant) if enough else None,
                limits.constant_columns_max, where=", ".join(constant) if enough else "",
            ),
            judge("zeros", name, _share(self._zeros, self._rows), limits.zero_share_max),
            judge("side imbalance", name, imbalance, limits.side_imbalance_max),
        ]  # fmt: skip

    def _cover(self, ts_ns: Ints) -> None:
        """Mark the pieces of sessions that have a row."""
        for (start, end), covered in zip(self._sessions, self._covered, strict=True):
            inside = ts_ns[(ts_ns >= start) & (ts_ns < end)]
            covered[(inside - start) // self._limits.session_bucket_ns] = True

    def _first_hole(self) -> str:
        """When the first uncovered piece of a session begins."""
        for (start, _), covered in zip(self._sessions, self._covered, strict=True):
            if not covered.all():
                hole = int(np.argmin(covered))
                return _at(start + hole * self._limits.session_bucket_ns)
        return ""

    def _fields(self, rows: Rows) -> None:
        """Count what the columns hold."""
        kind = rows["kind"]
        sized = np.isin(kind, _SIZED)
        kept = sized | np.isin(kind, _SET)
        side = rows["side_flags"] & RowFlag.SELL
        columns = {"ts_ns": rows["ts_ns"], "price": rows["price"], "qty": rows["qty"], "side": side}
        for name, column in columns.items():
            values = column[kept]
            if len(values):
                low, high = int(values.min()), int(values.max())
                self._lowest[name] = min(self._lowest.get(name, low), low)
                self._highest[name] = max(self._highest.get(name, high), high)
        no_price = (rows["price"] == 0) & kept & (rows["qty"] != 0)
        no_qty = (rows["qty"] == 0) & sized
        self._rows += int(kept.sum())
        self._zeros += int((no_price | no_qty).sum())
        rests = np.isin(kind, _RESTS)
        for one in Side:
            self._sides[one] += int(np.count_nonzero(rests & (side == one)))

    def _clock_found(self) -> tuple[int | None, float | None]:
        """Size of the median delta, and its trend in ppm by its lower edge.

        Queues only ever add to a delta, so the least of each stretch shows the clocks themselves.
        """
        if not self._clock:
            return None, None
        ts_ns = np.concatenate([one for one, _ in self._clock])
        delta_ns = np.concatenate([one for _, one in self._clock])
        offset_ns = abs(int(np.median(delta_ns)))
        span_ns = int(ts_ns[-1] - ts_ns[0])
        if span_ns < DRIFT_SPAN_MIN_NS:
            return offset_ns, None
        bucket = (ts_ns - ts_ns[0]) * CLOCK_BUCKETS // (span_ns + 1)
        used = np.unique(bucket)
        lowest = np.array([delta_ns[bucket == one].min() for one in used], np.float64)
        moments = (used - used.mean()) * (span_ns / CLOCK_BUCKETS)
        spread = float((moments * moments).sum())
        if len(used) < CLOCK_BUCKETS // 2 or spread == 0.0:
            return offset_ns, None
        return offset_ns, abs(float((moments * (lowest - lowest.mean())).sum()) / spread) * 1e6


def _share(part: int, whole: int) -> float | None:
    """A share, or None of nothing."""
    return part / whole if whole else None


def _at(moment_ns: int | None) -> str:
    """A moment as text, or nothing."""
    return "" if moment_ns is None else format_moment(moment_ns)
