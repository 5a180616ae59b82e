"""A tape's name: a digest over its logical rows, not over the bytes of its file.

One BLAKE2b per column takes the column's little-endian values as they come, so neither the cutting
into row groups nor the compression shows. The column digests are then hashed together with the
row count and the metadata that gives the integers their meaning. Sources and statistics are left
out: the same rows from another file are the same tape.
"""

import hashlib
from collections.abc import Mapping

import msgspec
import numpy as np

from market.columns import TAPE_COLUMNS
from sim.tape.meta import DEPTHS, TapeBook, TapeMeta

DIGEST_BYTES = 16


class TapeHasher:
    """Takes chunks of rows in order and says the digest at the end."""

    def __init__(self, side_columns: tuple[str, ...] = ()) -> None:
        self._row_count = 0
        self._hashers = {
            name: hashlib.blake2b(digest_size=DIGEST_BYTES)
            for name in (*TAPE_COLUMNS, *sorted(side_columns))
        }

    def update(self, rows: np.ndarray, sides: Mapping[str, np.ndarray]) -> None:
        """Take the next rows (TAPE_DTYPE) with their side columns (int64)."""
        for name, hasher in self._hashers.items():
            column = rows[name] if name in TAPE_COLUMNS else sides[name].astype("<i8", copy=False)
            hasher.update(np.ascontiguousarray(column).data)
        self._row_count += len(rows)

    def hexdigest(self, meta: TapeMeta) -> str:
        """The digest of all rows taken so far under this metadata."""
        meaning = {
            "format_version": meta.format_version,
            "books": [_book_meaning(book) for book in meta.books],
            "session_date": meta.session_date,
            "row_count": self._row_count,
            "columns": {name: hasher.hexdigest() for name, hasher in self._hashers.items()},
        }
        text = msgspec.json.encode(meaning, order="sorted")
        return hashlib.blake2b(text, digest_size=DIGEST_BYTES).hexdigest()


def _book_meaning(book: TapeBook) -> dict[str, object]:
    """A book's fields; an L3 book is named as it was before tapes could have another depth."""
    fields: dict[str, object] = msgspec.to_builtins(book)
    if book.depth == DEPTHS[0]:
        del fields["depth"]
    return fields
