"""Which orders of a tape should not have rested: their executions were followed by a worse price.

Model: an order is marked when one of its executions was *toxic*, which is when the last price traded by
the end of the horizon lies beyond it: below a buy's, above a sell's. Dealt to one venue more often than
to others, such orders make it a venue at which those who rest are adversely selected. It takes
hindsight, and may: it makes the world, and nobody who trades in it sees it.

Limits: the horizon looks at trades of the tape alone, so an execution that nothing follows within it is
not toxic. The whole tape is read before any of it is dealt.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Kind, RowFlag
from market.errors import InputError
from sim.tape.read import Tape

PPM: Final = 1_000_000
CHUNK_ROWS: Final = 65_536
FIELDS: Final = ("ts_ns", "kind", "handle", "price", "qty", "side_flags")


class Toxic(msgspec.Struct, frozen=True, kw_only=True):
    """A venue at which resting is adversely selected.

    Attributes:
        venue: Its name.
        tilt_ppm: Of a million marked orders that would have gone elsewhere, so many go to it.
        horizon_ns: How long after an execution its price is judged.
    """

    venue: str
    tilt_ppm: int
    horizon_ns: int

    def __post_init__(self) -> None:
        if not 1 <= self.tilt_ppm <= PPM:
            raise InputError(f"toxic.tilt_ppm is {self.tilt_ppm}, allowed is 1 to {PPM}")
        if not 1 <= self.horizon_ns <= 1 << 50:
            raise InputError(f"toxic.horizon is {self.horizon_ns} ns, allowed is 1 to {1 << 50}")


class Marks(NamedTuple):
    """What is marked of a tape.

    Attributes:
        rows: int64 (rows of the tape,), 1 where an order is born that will be executed toxically.
        births: How many orders are born.
    """

    rows: npt.NDArray[np.int64]
    births: int


def toxic_births(tape: Tape, horizon_ns: int) -> Marks:
    """Mark the orders of a tape of one L3 book that will be executed toxically.

    Args:
        tape: Read once.
        horizon_ns: How long after an execution its price is judged.
    """
    marks = np.zeros(tape.row_count, np.int64)
    births: dict[int, tuple[int, int, bool]] = {}
    trades: list[tuple[int, int, int, bool]] = []
    first = total = 0
    for rows in tape.chunks(rows=CHUNK_ROWS):
        columns = (rows[name].tolist() for name in FIELDS)
        for at, (ts_ns, kind, handle, price, qty, flags) in enumerate(
            zip(*columns, strict=True), first
        ):
            if kind == Kind.ADD or (kind == Kind.REVEAL and qty > 0):
                total += 1
                births[handle] = at, price, bool(flags & RowFlag.SELL)
            elif kind == Kind.REPLACE and handle in births:
                births[handle] = births[handle][0], price, births[handle][2]
            elif kind == Kind.EXECUTE and handle in births:
                birth, resting, is_sell = births[handle]
                trades.append((ts_ns, birth, resting, is_sell))
            elif kind == Kind.DELETE:
                births.pop(handle, None)
        first += len(rows)
    times = np.array([one[0] for one in trades], np.int64)
    last = np.searchsorted(times, times + horizon_ns, side="right") - 1
    for (_, birth, price, is_sell), after in zip(trades, last.tolist(), strict=True):
        later = trades[after][2]
        if (later > price) if is_sell else (later < price):
            marks[birth] = 1
    return Marks(marks, total)


def tilted(
    shares: Mapping[str, Fraction], toxic: Toxic, marks: Marks
) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Shares of unmarked and of marked orders, such that all orders together have the shares given.

    Where there are so many marked orders that the venue would get more than its share of them alone, it
    gets no others, and its share is larger.
    """
    share = shares[toxic.venue]
    if share == 1 or not marks.births:
        return dict(shares), dict(shares)
    marked = Fraction(int(marks.rows.sum()), marks.births)
    to_marked = share + Fraction(toxic.tilt_ppm, PPM) * (1 - share)
    to_plain = Fraction(0)
    if marked < 1:
        to_plain = max((share - marked * to_marked) / (1 - marked), Fraction(0))
    return tuple(  # type: ignore[return-value]
        {
            name: part if name == toxic.venue else one * (1 - part) / (1 - share)
            for name, one in shares.items()
        }
        for part in (to_plain, to_marked)
    )
