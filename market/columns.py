"""The layout of a tape row, in memory and on disk.

One row is 32 bytes, C-aligned, little-endian. Prices are integers in the instrument's price unit,
quantities in lots, times in nanoseconds since the Unix epoch (UTC).
"""

from typing import Final

import numpy as np

TAPE_DTYPE: Final = np.dtype(
    [
        ("ts_ns", "<i8"),
        ("price", "<i8"),
        ("qty", "<i8"),
        ("handle", "<i4"),
        ("book_id", "<u2"),
        ("kind", "u1"),
        ("side_flags", "u1"),
    ]
)
assert TAPE_DTYPE.itemsize == 32

TAPE_COLUMNS: Final[tuple[str, ...]] = tuple(TAPE_DTYPE.names or ())

SIDE_COLUMNS: Final[tuple[str, ...]] = (
    "venue_stamp_ns",
    "recv_delta_ns",
    "source_seq",
    "venue_code",
)
"""Optional row-aligned int64 columns; see DESIGN §4."""

QTY_LOTS_MAX: Final = 1 << 40
"""Largest quantity of one order or row; a level of a million such orders still fits 63 bits."""

PRICE_TICKS_MAX: Final = 1 << 40
"""Largest magnitude of a price in ticks."""

HANDLES_MAX: Final = 1 << 30
"""Largest number of dense handles of one book."""
