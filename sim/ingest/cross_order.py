"""Puts a cross in front of the executions of its shares.

Model: feeds tell of a cross backwards: first of every displayed order that traded in it, then of the
price and volume of all of it. A book with rules needs the CROSS row first. So rows of one instant that
may be a cross's shares wait until that instant is over. If it has a cross of their book, the CROSS row
goes in front of the first source message with such a share, as a message of its own, and they are
EXECUTE rows; if not, they are what the source says without one. Nothing else moves.

Invariants:
1. what goes in comes out, row by row, in an order that differs in the place of CROSS rows only;
2. at most `ROWS_HELD_MAX` rows wait; an instant with more is taken as it is.

Limits: executions that a feed stamps with another nanosecond than their cross are not its shares.
"""

from typing import Final

import numpy as np

from market.codes import Kind, RowFlag
from market.columns import TAPE_DTYPE
from sim.rows import Rows

ROWS_HELD_MAX: Final = 1 << 16
UNTOLD: Final = 0
"""Kind of a row whose source does not say whether it is a cross's; EXECUTE, or REDUCE without one."""


class CrossOrder:
    """Rows of a tape under way, with their source messages.

    Args:
        share_kind: Rows that are a cross's when their instant and their book have one: UNTOLD, or
            EXECUTE where the source does not tell executions apart.
    """

    def __init__(self, share_kind: int) -> None:
        self.shares = 0  # rows found to be a cross's
        self._share_kind = share_kind
        self._rows: Rows = np.zeros(0, TAPE_DTYPE)
        self._seqs = np.zeros(0, np.int64)

    def take(self, rows: Rows, seqs: np.ndarray) -> tuple[Rows, np.ndarray]:
        """Take the next rows, and give those that can be written now.

        Args:
            rows: TAPE_DTYPE; not kept and not changed.
            seqs: Source message of each.
        """
        rows = np.concatenate((self._rows, rows))
        seqs = np.concatenate((self._seqs, seqs))
        cut = self._known(rows)
        self._rows, self._seqs = rows[cut:].copy(), seqs[cut:].copy()
        return self._ordered(rows[:cut], seqs[:cut])

    def finish(self) -> tuple[Rows, np.ndarray]:
        """Give what still waits: no row follows."""
        rows, seqs = self._rows, self._seqs
        self._rows, self._seqs = rows[:0], seqs[:0]
        return self._ordered(rows, seqs)

    def _known(self, rows: Rows) -> int:
        """How many rows nothing that follows can change."""
        if len(rows) == 0:
            return 0
        begin = int(np.searchsorted(rows["ts_ns"], rows["ts_ns"][-1]))
        kinds = rows["kind"][begin:]
        waiting = np.flatnonzero((kinds == self._share_kind) | (kinds == Kind.CROSS))
        if len(waiting) == 0:
            return len(rows)
        first = self._message_of(rows, begin, begin + int(waiting[0]))
        return first if len(rows) - first <= ROWS_HELD_MAX else len(rows)

    def _message_of(self, rows: Rows, begin: int, at: int) -> int:
        """The first row of a row's source message, not before `begin`, the instant's first row.

        Messages do not interleave, so the row behind another's last one is it.
        """
        while at > begin and not rows["side_flags"][at - 1] & RowFlag.LAST:
            at -= 1
        return at

    def _ordered(self, rows: Rows, seqs: np.ndarray) -> tuple[Rows, np.ndarray]:
        """Rows of whole instants, each cross before its shares, and nothing left untold."""
        for cross in np.flatnonzero(rows["kind"] == Kind.CROSS).tolist():
            begin, end = (
                int(np.searchsorted(rows["ts_ns"], rows["ts_ns"][cross], side))
                for side in ("left", "right")
            )
            ours = rows["book_id"][begin:end] == rows["book_id"][cross]
            share = ours & (rows["kind"][begin:end] == self._share_kind)
            at = begin + np.flatnonzero(share)
            rows["kind"][at] = Kind.EXECUTE
            self.shares += len(at)
            if len(at) and at[0] < cross:
                to = self._message_of(rows, begin, int(at[0]))
                rows["side_flags"][cross] |= RowFlag.LAST
                for column in (rows, seqs):
                    column[to : cross + 1] = np.roll(column[to : cross + 1], 1)
        rows["kind"][rows["kind"] == UNTOLD] = Kind.REDUCE
        return rows, seqs
