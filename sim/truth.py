"""Reads the books that a vendor publishes beside its messages, to judge a tape by.

This shares no code with the ingests, so that one misreading cannot hide in both: Arrow's CSV reader
does the parsing, strictly as integers. Memory does not grow with the file.
"""

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from market.errors import InputError

Block = npt.NDArray[np.int64]

BLOCK_BYTES: Final = 1 << 22
LINE_BYTES_MAX: Final = 1 << 20
VALUES_PER_LEVEL: Final = 4
"""Ask price, ask lots, bid price, bid lots."""

ALLOWED: Final = "a LOBSTER zip, or an orderbook file (csv or csv.gz) of 4 columns a level"
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


class TruthFile:
    """Rows of a LOBSTER orderbook of any number of levels; best bid and offer alone are one level.

    Args:
        path: The zip as distributed, or an orderbook file.

    Raises:
        InputError: No such file, or one that holds no orderbook.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.level_count = self._count_levels()

    def blocks(self) -> Iterator[Block]:
        """The rows in order, as (rows, 4 * level_count) arrays."""
        names = [f"column {i + 1}" for i in range(self.level_count * VALUES_PER_LEVEL)]
        with ExitStack() as stack:
            try:
                reader = pc.open_csv(
                    self._open(stack),
                    read_options=pc.ReadOptions(
                        use_threads=False, column_names=names, block_size=BLOCK_BYTES
                    ),
                    parse_options=pc.ParseOptions(quote_char=False, ignore_empty_lines=False),
                    convert_options=pc.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.int64()), null_values=[]
                    ),
                )
                for batch in reader:
                    block = np.empty((batch.num_rows, len(names)), np.int64)
                    for index, column in enumerate(batch.columns):
                        block[:, index] = column.to_numpy()
                    yield block
            except (pa.ArrowException, *_DAMAGE) as error:
                raise self._wrong(error) from None

    def _count_levels(self) -> int:
        """Levels of a row, by the first line."""
        with ExitStack() as stack:
            try:
                line = self._open(stack).readline(LINE_BYTES_MAX)
            except _DAMAGE as error:
                raise self._wrong(error) from None
        columns = line.count(b",") + 1 if line.strip() else 0
        if columns == 0 or columns % VALUES_PER_LEVEL:
            raise InputError(f"{self.path}: found {columns} columns in row 1, allowed {ALLOWED}")
        return columns // VALUES_PER_LEVEL

    def _open(self, stack: ExitStack) -> IO[bytes] | gzip.GzipFile:
        """The orderbook's bytes; what is opened is closed with the stack."""
        if not self.path.is_file():
            raise InputError(f"{self.path}: found no such file, allowed {ALLOWED}")
        if zipfile.is_zipfile(self.path):
            return self._open_member(stack)
        if self.path.suffix == ".zip":
            raise InputError(f"{self.path}: found no complete zip inside, allowed {ALLOWED}")
        if self.path.suffix == ".gz":
            stream = gzip.open(self.path, "rb")  # noqa: SIM115  # the stack closes it
            stack.callback(stream.close)
            return stream
        return stack.enter_context(self.path.open("rb"))

    def _open_member(self, stack: ExitStack) -> IO[bytes]:
        """The orderbook in a zip; what zipfile will not open it says by a RuntimeError."""
        try:
            archive = stack.enter_context(zipfile.ZipFile(self.path))
            return stack.enter_context(archive.open(self._member(archive)))
        except RuntimeError as error:
            raise self._wrong(error) from None

    def _member(self, archive: zipfile.ZipFile) -> str:
        """The one orderbook in a zip."""
        found = [
            name
            for name in archive.namelist()
            if "orderbook" in name.rpartition("/")[2] and name.endswith(".csv")
        ]
        if len(found) != 1:
            raise InputError(
                f"{self.path}: found {len(found)} orderbook files inside, allowed exactly one"
            )
        return found[0]

    def _wrong(self, error: Exception) -> InputError:
        """One line about what could not be read."""
        reason = "".join(c if c.isprintable() else " " for c in str(error))
        reason = " ".join(reason.split())[:160]
        return InputError(f"{self.path}: found unreadable rows ({reason}), allowed {ALLOWED}")
