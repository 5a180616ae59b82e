"""Feeds of two lines: what they are, what faults do to them, and what became of them, from Python.

Model: a feed brings each message on line A and on line B, with latencies and faults of their own. The
receiver is compiled (`sim/kernels/lines.py`, which explains it); this file lays its words out, lets
faults act on a line from a time on, and reads what it has noted.

Invariants: a fault that is added acts on what is published from then on and moves no draw of another;
rows keep their order, so each can be asked how often it bit.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np

from sim import latency
from sim.growth import Arena
from sim.kernels import layout
from sim.kernels import line_words as words
from sim.latency import Block
from sim.slowdown import FIRST_ROW, ROW_SIZE, ROWS, Slowdown, hits_of, slowed

QUEUE_MESSAGES: Final = 256
NOTES: Final = 64
IMPAIRED_EVER: Final = 1 << 62
"""Until when a fault acts that has a count instead of a duration."""


class FeedEvent(IntEnum):
    """What becomes of a feed; recorded, so a value never changes its meaning."""

    BEGUN = 1  # a gap, or of one line: it has fallen behind the other
    REFILLED = 2  # the missing messages came, because they were asked for or on a late line
    SPLICED = 3  # a snapshot replaced the book
    GIVEN_UP = 4  # asking is over: only a snapshot helps
    CAUGHT_UP = 5  # a line is behind no more
    DISAGREED = 6  # the lines brought different messages of one number
    ASKED = 7  # a request for missing messages left
    TOO_OLD = 8  # a snapshot was refused because it was older than the gap
    CROSSED = 9  # the book crossed itself while trading was continuous


class Impairing(IntEnum):
    """What a row does to a line; `line_words.py` explains each."""

    LOSE = 1
    LOSE_RUN = 2
    CORRUPT = 3
    REPEAT = 4
    OVERTAKE = 5
    FREEZE = 6
    DIVERGE = 7
    CROSS = 8
    AGE = 9


class FeedNote(NamedTuple):
    """What became of a feed, and when.

    Attributes:
        local: Index of the local book.
        missing: Messages that are missing.
        line: 0 for both together, 1 for line A, 2 for line B.
        seq: Number of the message that would be next.
    """

    ts_ns: int
    local: int
    what: int
    missing: int
    line: int
    seq: int


class LineSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The two lines of one local book and how its receiver mends them.

    Attributes:
        latencies: Of line A and of line B, compiled.
        keys: Of their draws.
        key: Of the draws of the recovery.
        wait_ns: How long a hole may last before it is a gap.
        beat_ns: Time between the heartbeats of a line; 0 for none.
        requests: Most requests for one gap.
        request_ns: Least time between two requests.
        ask_most: Most messages that may be asked for again.
        refill: Of a request and its answer, compiled.
        refill_loss_ppm: Answers that never come, of a million.
        snapshot_ns: Time between snapshots.
        snapshot: Latency of a snapshot, compiled.
        behind_ns: Lag from which a line counts as behind.
    """

    latencies: tuple[Block, Block]
    keys: tuple[int, int]
    key: int
    refill: Block
    snapshot: Block
    wait_ns: int
    beat_ns: int
    requests: int
    request_ns: int
    ask_most: int
    refill_loss_ppm: int
    snapshot_ns: int
    behind_ns: int


def _append(arena: Arena, block: Block) -> int:
    """Copy words to the end of `mem`; where they begin."""
    off = arena.append_words(len(block))
    arena.mem[off : off + len(block)] = block
    return off


def fill_lines(arena: Arena, lk: int, spec: LineSpec) -> None:
    """Give a local book its lines."""
    if arena.mem[layout.H_NOTE_OFF] == 0:
        off = arena.append_words(NOTES * words.N_SIZE)
        arena.mem[layout.H_NOTE_OFF] = off
        arena.mem[layout.H_NOTE_CAP] = NOTES
    ln = arena.append_words(words.LN_SIZE)
    values = {
        words.LN_WAIT_NS: spec.wait_ns,
        words.LN_BEAT_NS: spec.beat_ns,
        words.LN_REQUESTS: spec.requests,
        words.LN_REQUEST_NS: spec.request_ns,
        words.LN_ASK_MOST: spec.ask_most,
        words.LN_REFILL: _append(arena, spec.refill),
        words.LN_REFILL_LOSS: spec.refill_loss_ppm,
        words.LN_SNAPSHOT_NS: spec.snapshot_ns,
        words.LN_SNAPSHOT: _append(arena, spec.snapshot),
        words.LN_KEY: spec.key,
        words.LN_BEHIND_NS: spec.behind_ns,
        words.LN_QUEUE: arena.append_words(QUEUE_MESSAGES * words.Q_SIZE),
        words.LN_QUEUE_CAP: QUEUE_MESSAGES,
        words.LN_LAST_ASK: -(1 << 61),
        words.LN_REPLY: layout.NEVER,
        words.LN_DISTRUST_NS: layout.NEVER,
        words.LN_BEAT_FOR: -1,
        words.LN_RUN_TO: -1,
        words.LN_TAINT: arena.append_words(words.TAINT_CAP * words.TAINT_SIZE),
    }
    for line in range(2):
        ll = words.LN_LINE + line * words.LL_SIZE
        values[ll + words.LL_LATENCY] = _append(arena, spec.latencies[line])
        values[ll + words.LL_KEY] = spec.keys[line]
        values[ll + words.LL_HELD] = -1
        values[ll + words.LL_OWED_UNTIL] = -1
    for word, value in values.items():
        arena.mem[ln + word] = value
    arena.mem[lk + layout.K_LINES] = ln


def take_notes(arena: Arena) -> list[FeedNote]:
    """What has been noted since it was last asked for, in order of time."""
    mem = arena.mem
    count, off = int(mem[layout.H_NOTES]), int(mem[layout.H_NOTE_OFF])
    mem[layout.H_NOTES] = 0
    rows = mem[off : off + count * words.N_SIZE].reshape(count, words.N_SIZE).tolist()
    return sorted((FeedNote(*row) for row in rows), key=lambda note: note.ts_ns)


class FeedLines:
    """The lines of one local book of a world that runs.

    Args:
        arena: Of the world.
        index: Of the local book.
    """

    def __init__(self, arena: Arena, index: int) -> None:
        self._arena = arena
        self._lk = arena.local_off + index * layout.K_SIZE

    @property
    def maybe_bad(self) -> bool:
        """Whether the book may be wrong or old."""
        return bool(self._arena.mem[self._ln + words.LN_BAD])

    def impair(
        self, line: int, what: Impairing, from_ns: int, until_ns: int, *, amount: int, key: int
    ) -> int:
        """Let a line (0 or 1) misbehave in a stretch; the number of the row on that line."""
        ll = self._ln + words.LN_LINE + line * words.LL_SIZE
        row = [from_ns, until_ns, int(what), amount, key, 0]
        number = self._add_row(ll + words.LL_ROWS, ll + words.LL_ROW_COUNT, row)
        self._arena.mem[self._ln + words.LN_BEAT_FOR] = -1
        return number

    def age_snapshots(self, from_ns: int, until_ns: int, age_ns: int) -> int:
        """Let the snapshots of a stretch be old; the number of the row."""
        row = [from_ns, until_ns, int(Impairing.AGE), age_ns, 0, 0]
        return self._add_row(self._ln + words.LN_RACE, self._ln + words.LN_RACES, row)

    def slow(self, line: int, row: Slowdown) -> int:
        """Slow a line down for a stretch; the number of the row on that line."""
        ll = self._ln + words.LN_LINE + line * words.LL_SIZE
        off = int(self._arena.mem[ll + words.LL_LATENCY])
        old = self._block(off)
        count = int(old[ROWS]) if old[latency.KIND] == latency.KIND_SLOWED else 0
        rows = FIRST_ROW + ROW_SIZE * count
        block = slowed(old[rows if count else 0 :], [row])
        if count:
            block = np.concatenate([old[:rows], block[FIRST_ROW:]])
            block[ROWS] = count + 1
        self._arena.mem[ll + words.LL_LATENCY] = _append(self._arena, block)
        self._arena.mem[self._ln + words.LN_BEAT_FOR] = -1
        return count

    def hits(self, line: int, number: int) -> int:
        """How often an impairment of a line bit."""
        ll = self._ln + words.LN_LINE + line * words.LL_SIZE
        return self._hits(ll + words.LL_ROWS, number)

    def snapshot_hits(self, number: int) -> int:
        """How many snapshots a row has made old that somebody waited for."""
        return self._hits(self._ln + words.LN_RACE, number)

    def slow_hits(self, line: int, number: int) -> int:
        """How many arrivals a slowdown of a line changed."""
        ll = self._ln + words.LN_LINE + line * words.LL_SIZE
        return hits_of(self._block(int(self._arena.mem[ll + words.LL_LATENCY])))[number]

    def counts(self, line: int) -> dict[str, int]:
        """What a line brought first, lost, dropped as corrupt, and brought again."""
        ll = self._ln + words.LN_LINE + line * words.LL_SIZE
        places = {
            "taken": words.LL_TAKEN,
            "lost": words.LL_LOST,
            "corrupt": words.LL_CORRUPT,
            "again": words.LL_AGAIN,
        }
        return {name: int(self._arena.mem[ll + word]) for name, word in places.items()}

    @property
    def _ln(self) -> int:
        return int(self._arena.mem[self._lk + layout.K_LINES])

    def _add_row(self, off_word: int, count_word: int, row: list[int]) -> int:
        """Move rows to the end of `mem`, with one more."""
        count, old = int(self._arena.mem[count_word]), int(self._arena.mem[off_word])
        rows = self._arena.mem[old : old + count * words.I_SIZE].copy()
        block = np.concatenate([rows, np.array(row, dtype=np.int64)])
        self._arena.mem[off_word] = _append(self._arena, block)
        self._arena.mem[count_word] = count + 1
        return count

    def _hits(self, off_word: int, number: int) -> int:
        off = int(self._arena.mem[off_word]) + number * words.I_SIZE
        return int(self._arena.mem[off + words.I_HITS])

    def _block(self, off: int) -> Block:
        """The latency block at a place, whole."""
        mem = self._arena.mem
        inside = off
        if mem[off + latency.KIND] == latency.KIND_SLOWED:
            inside += FIRST_ROW + ROW_SIZE * int(mem[off + ROWS])
        is_constant = mem[inside + latency.KIND] == latency.KIND_CONSTANT
        size = 2 if is_constant else latency.POINTS + latency.POINT_COUNT
        return mem[off : inside + size].copy()
