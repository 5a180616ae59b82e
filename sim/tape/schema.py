"""The Parquet side of a tape: column types, metadata keys, sizes."""

from typing import Final

import pyarrow as pa

from market.columns import SIDE_COLUMNS, TAPE_DTYPE

ROW_GROUP_ROWS: Final = 4 * 65_536
"""About 10 MB of rows in memory, and columns long enough to compress well."""

META_KEY: Final = b"market-twin.tape"
DIGEST_KEY: Final = b"market-twin.digest"

TAPE_FIELDS: Final = tuple(
    pa.field(name, pa.from_numpy_dtype(TAPE_DTYPE[name]), nullable=False)
    for name in TAPE_DTYPE.names or ()
)


def tape_schema(side_columns: tuple[str, ...]) -> pa.Schema:
    """The columns of a tape with these side columns."""
    unknown = [name for name in side_columns if name not in SIDE_COLUMNS]
    assert not unknown, unknown
    sides = [pa.field(name, pa.int64(), nullable=False) for name in side_columns]
    return pa.schema([*TAPE_FIELDS, *sides])
