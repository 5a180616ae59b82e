"""A tape that is too short for a fair clock, repeated.

Model: every copy comes after the one before it, its times moved on and everything else as it was. What
still rests when a copy ends is removed, so that the next one begins as the tape did: with an empty
book. No time passes in between in which somebody could look at that empty book.
"""

import numpy as np
import numpy.typing as npt

from market.codes import Kind, RowFlag


def repeated(rows: npt.NDArray[np.void], copies: int) -> npt.NDArray[np.void]:
    """The rows of one book so many times over, with a CLEAR between two copies."""
    clear = rows[-1:].copy()
    clear["ts_ns"] += 1
    clear["kind"], clear["side_flags"] = int(Kind.CLEAR), int(RowFlag.LAST)
    clear["price"], clear["qty"], clear["handle"] = 0, 0, -1
    one = np.concatenate((rows, clear))
    step_ns = int(clear["ts_ns"][0]) + 1 - int(rows["ts_ns"][0])
    result = np.tile(one, copies)
    result["ts_ns"] += np.repeat(np.arange(copies) * step_ns, len(one))
    return result[:-1]
