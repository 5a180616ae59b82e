"""Where a REST snapshot joins Binance's depth diffs, what a gap is, and what it does.

Model: a diff covers update ids `U..u` and holds new totals of levels. The snapshot of the state L
usually arrives when diffs behind L already wait for it. Those up to L are in it and are dropped; the
rest must join: the first spot diff has `U <= L + 1`, the first of futures `pu <= L`, where `pu` is the
`u` of the diff before; after that each continues the one before it, spot `U <= last + 1`, futures
`pu == last`. That is the venue's rule, said so that it holds as well for a diff that begins behind L
with nothing in between. A diff whose `u` is not beyond `last` is a repeat.

Invariants:
1. What leaves is either a snapshot with diffs that continue it, or trouble.
2. A snapshot that doesn't join what waits is thrown away whole: nothing of it leaves.
3. At the beginning of a stream, and behind a diff that could not be read, no snapshot joins before
   the next diff has come, since only that one says where the stream stands.
4. Waiting diffs stay until a snapshot joins them, in the order of their ids, so a diff that
   overtook another is put right by the same snapshot that ends the gap.

Limits: a snapshot has limited depth; a level beyond it is unknown until a diff names it.
"""

from typing import Final, NamedTuple

from market.live import BookDelta, BookSnapshot, BookTrouble, TroubleReason, Update

WAITING_MAX: Final = 20_000
"""Diffs that wait for a snapshot; at ten a second half an hour, which no REST call takes."""


class Diff(NamedTuple):
    """A depthUpdate with its range of ids; `previous_id` is -1 on spot."""

    last_id: int
    first_id: int
    previous_id: int
    delta: BookDelta


class DepthSplice:
    """One book's depth stream.

    Attributes:
        is_whole: Whether a snapshot has joined and nothing is missing since.
        counts: What happened, by name; shared by all books of a feed.
    """

    def __init__(self, book_id: int, *, futures: bool, counts: dict[str, int]) -> None:
        self.is_whole = False
        self.counts: Final = counts
        self._book_id: Final = book_id
        self._futures: Final = futures
        self._last_id = -1
        # The first diff of futures behind a snapshot reaches back over it: `pu` lies before.
        self._is_spliced = False
        # No diff has come yet, or one could not be read: what ids it had only the next will tell.
        self._is_blind = True
        self._waiting: list[Diff] = []

    def on_diff(self, diff: Diff) -> list[Update]:
        """Take a diff: it, or trouble, or nothing leaves."""
        if not self.is_whole:
            self._wait(diff)
            return []
        if diff.last_id <= self._last_id:
            self.counts["diff_repeats"] += 1
            return []
        if not self._continues(diff, self._last_id, spliced=self._is_spliced):
            self.counts["gaps"] += 1
            return self.lose(TroubleReason.GAP, diff)
        self._last_id = diff.last_id
        self._is_spliced = False
        return [diff.delta]

    def on_snapshot(self, snapshot: BookSnapshot) -> list[Update]:
        """Take a snapshot: it and what continues it leave, or that it does not join."""
        if self.is_whole:
            self.counts["snapshots_unused"] += 1
            return []
        if self._is_blind:
            return self._unjoined()
        last_id = snapshot.seq
        updates: list[Update] = [snapshot]
        spliced = True
        for diff in sorted(self._waiting, key=_last_id_of):
            if diff.last_id <= last_id:
                self.counts["diffs_in_snapshot"] += 1
                continue
            if not self._continues(diff, last_id, spliced=spliced):
                return self._unjoined()
            updates.append(diff.delta)
            last_id = diff.last_id
            spliced = False
        self._waiting.clear()
        self._last_id, self._is_spliced, self.is_whole = last_id, spliced, True
        return updates

    def lose(self, reason: TroubleReason, diff: Diff | None = None) -> list[Update]:
        """The book can't be believed any more.

        Args:
            reason: Why.
            diff: That showed a gap: it waits for the next snapshot. None where no diff is there.
        """
        self.is_whole = False
        self._waiting.clear()
        self._is_blind = True
        if diff is not None:
            self._wait(diff)
        return [BookTrouble(self._book_id, reason)]

    def _unjoined(self) -> list[Update]:
        self.counts["snapshots_unjoined"] += 1
        return [BookTrouble(self._book_id, TroubleReason.SNAPSHOT_LOST)]

    def _continues(self, diff: Diff, last_id: int, *, spliced: bool) -> bool:
        if not self._futures:
            return diff.first_id <= last_id + 1
        return diff.previous_id <= last_id if spliced else diff.previous_id == last_id

    def _wait(self, diff: Diff) -> None:
        if len(self._waiting) >= WAITING_MAX:
            # What comes after a hole can only join a snapshot behind the hole: the rest is no use.
            self.counts["diffs_dropped_waiting"] += len(self._waiting)
            self._waiting.clear()
        self._is_blind = False
        self._waiting.append(diff)


def _last_id_of(diff: Diff) -> int:
    return diff.last_id
