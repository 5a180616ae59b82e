"""Gates on one book as its rows leave it: gaps, stale, crossed and locked, outliers, jumps.

Only continuous trading is judged: a book that is halted or not yet open may be silent, stale and
crossed.
"""

import numpy as np
import numpy.typing as npt

from market.codes import Kind, Phase, RowFlag
from sim.kernels import tape_book as k
from sim.rows import Rows
from sim.tape.book import NO_PRICE, Best
from sim.tape.gates import Gate, Thresholds, judge
from sim.tape.moment import format_moment

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_TOUCH = [k.B_BID, k.B_BID_QTY, k.B_ASK, k.B_ASK_QTY, k.B_PHASE]


class Worst:
    """The largest value seen and when."""

    def __init__(self) -> None:
        self.value: float | None = None
        self._where_ns = 0

    def take(self, ts_ns: Ints, values: npt.NDArray[np.generic]) -> None:
        """Values at times."""
        if len(values) == 0:
            return
        at = int(np.argmax(values))
        if self.value is None or values[at] > self.value:
            self.value = values[at].item()
            self._where_ns = int(ts_ns[at])

    @property
    def where(self) -> str:
        """When, as text; nothing when there was nothing."""
        return "" if not self.value else format_moment(self._where_ns)


class BookQuality:
    """Gates of one book that need its replay."""

    def __init__(self, name: str, thresholds: Thresholds) -> None:
        self._name = name
        self._limits = thresholds
        self._before: Best | None = None
        self._before_ns = 0
        self._changed_ns = 0
        self._mid_x2: float | None = None
        self._gap = Worst()
        self._stale = Worst()
        self._jump = Worst()
        self._away = Worst()
        self._judged = 0
        self._crossed = 0
        self._locked = 0
        self._prints = 0
        self._prints_away = 0

    def take(self, rows: Rows, best: Best) -> None:
        """The next rows of the book, and the book after each."""
        ts_ns = rows["ts_ns"]
        if self._before is None:
            self._before, self._before_ns, self._changed_ns = best[:1], int(ts_ns[0]), int(ts_ns[0])
        before = np.concatenate((self._before, best[:-1]))
        before_ns = np.concatenate((np.array([self._before_ns], np.int64), ts_ns[:-1]))
        traded_before = before[:, k.B_PHASE] == Phase.CONTINUOUS
        self._gap.take(before_ns[traded_before], (ts_ns - before_ns)[traded_before])
        self._take_stale(ts_ns, before, best)
        self._take_prints(rows, before)
        self._take_messages(rows, best)
        self._before, self._before_ns = best[-1:].copy(), int(ts_ns[-1])

    def gates(self) -> list[Gate]:
        """The outcome."""
        limits, name = self._limits, self._name
        if self._before is not None and self._before[0, k.B_PHASE] == Phase.CONTINUOUS:
            quiet_ns = np.array([self._before_ns - self._changed_ns], np.int64)
            self._stale.take(np.array([self._changed_ns], np.int64), quiet_ns)
        judged, prints = self._judged, self._prints
        return [
            judge("gaps", name, self._gap.value, limits.gap_max_ns, "ns", self._gap.where),
            judge(
                "crossed", name, self._crossed / judged if judged else None,
                limits.crossed_share_max,
            ),
            judge(
                "locked", name, self._locked / judged if judged else None, limits.locked_share_max
            ),
            judge(
                "stale best", name, self._stale.value, limits.stale_max_ns, "ns", self._stale.where
            ),
            judge(
                "prints away from the touch", name,
                self._prints_away / prints if prints else None,
                limits.print_away_share_max, where=self._away.where,
            ),
            judge("price jumps", name, self._jump.value, limits.jump_max, where=self._jump.where),
        ]  # fmt: skip

    def _take_stale(self, ts_ns: Ints, before: Best, best: Best) -> None:
        """Stretches from one change of the touch (or the phase) to the next."""
        at = np.flatnonzero((before[:, _TOUCH] != best[:, _TOUCH]).any(axis=1))
        if len(at) == 0:
            return
        began_ns = np.concatenate((np.array([self._changed_ns], np.int64), ts_ns[at[:-1]]))
        traded = before[at, k.B_PHASE] == Phase.CONTINUOUS
        self._stale.take(began_ns[traded], (ts_ns[at] - began_ns)[traded])
        self._changed_ns = int(ts_ns[at[-1]])

    def _take_prints(self, rows: Rows, before: Best) -> None:
        """How far prints are from the touch that they met."""
        kind = rows["kind"]
        is_print = (kind == Kind.EXECUTE) | (kind == Kind.TRADE)
        at = np.flatnonzero(is_print & _judged(before))
        bid, ask, price = before[at, k.B_BID], before[at, k.B_ASK], rows["price"][at]
        outside = np.maximum(
            np.maximum(price - np.maximum(bid, ask), np.minimum(bid, ask) - price), 0
        )
        away = _relative(outside, (bid + ask) / 2)
        self._prints += len(at)
        self._prints_away += int(np.count_nonzero(away > self._limits.print_away_max))
        self._away.take(rows["ts_ns"][at], away)

    def _take_messages(self, rows: Rows, best: Best) -> None:
        """Crossed and locked books, and moves of the mid, after whole messages."""
        flags = rows["side_flags"]
        whole = (flags & (RowFlag.LAST | RowFlag.SNAPSHOT)) == RowFlag.LAST
        at = np.flatnonzero(whole & _judged(best))
        if len(at) == 0:
            return
        bid, ask = best[at, k.B_BID], best[at, k.B_ASK]
        self._judged += len(at)
        self._crossed += int(np.count_nonzero(bid > ask))
        self._locked += int(np.count_nonzero(bid == ask))
        mid_x2 = (bid + ask).astype(np.float64)
        first = mid_x2[0] if self._mid_x2 is None else self._mid_x2
        moves = np.abs(np.diff(mid_x2, prepend=first))
        self._jump.take(rows["ts_ns"][at], _relative(moves, mid_x2))
        self._mid_x2 = float(mid_x2[-1])


def _judged(best: Best) -> Bools:
    """Where a book trades and has both sides."""
    two_sided = (best[:, k.B_BID] != NO_PRICE) & (best[:, k.B_ASK] != NO_PRICE)
    result: Bools = two_sided & (best[:, k.B_PHASE] == Phase.CONTINUOUS)
    return result


def _relative(
    distance: npt.NDArray[np.int64] | npt.NDArray[np.float64], mid: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """A distance as a share of the mid; spreads around zero have no meaningful share."""
    size = np.abs(mid)
    result: npt.NDArray[np.float64] = np.divide(
        distance, size, out=np.zeros(len(size)), where=size > 0
    )
    return result
