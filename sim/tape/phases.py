"""Which books of a tape bring their own phases."""

import numpy as np
import pyarrow.parquet as pq

from market.codes import Kind
from sim.tape.read import Tape, errors_named

_COLUMNS = ["book_id", "kind"]


def books_with_phases(tape: Tape) -> frozenset[int]:
    """The ids of the books that have a PHASE row.

    Only the row groups are read that may hold one, as their statistics say, and of these two columns.
    """
    found: set[int] = set()
    with errors_named(tape.path), pq.ParquetFile(tape.path, memory_map=False) as file:
        kind_at = file.schema_arrow.get_field_index("kind")
        for index in range(file.num_row_groups):
            statistics = file.metadata.row_group(index).column(kind_at).statistics
            if statistics is not None and statistics.has_min_max and statistics.max < Kind.PHASE:
                continue
            table = file.read_row_group(index, columns=_COLUMNS, use_threads=False)
            book_id, kind = (table.column(name).to_numpy() for name in _COLUMNS)
            found.update(np.unique(book_id[kind == Kind.PHASE]).tolist())
    return frozenset(found)
