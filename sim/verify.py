"""Holds a tape against the truth: the book after every source message, as its vendor published it.

The tape is replayed by the same kernel that a run uses, without orders of ours, so both modes must
give the vendor's book. What the truth says is read by `sim.truth`. Both files are streamed.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Kind, Mode, RowFlag
from market.errors import InputError
from sim.arena import BookSpec, build_arena
from sim.growth import grow
from sim.kernels import layout, status
from sim.kernels import verify as kernel
from sim.rows import BAD_ROW_TEXT
from sim.tape.read import open_tape
from sim.truth import Block, TruthFile

Rows = npt.NDArray[np.void]

CHUNK_ROWS = 65_536
_COLUMNS = ("ask price", "ask lots", "bid price", "bid lots")


class VerifyResult(msgspec.Struct, frozen=True, kw_only=True):
    """How far a tape agrees with the truth.

    Attributes:
        rows: Rows of the truth, or source messages of the tape if those are more.
        rows_equal: Of these, how many were equal on every column.
        first_difference: The first difference in words, or None.
        levels: Levels compared on each side.
    """

    rows: int
    rows_equal: int
    first_difference: str | None
    levels: int


def verify_tape(
    tape: Path,
    truth: Path,
    mode: str,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> VerifyResult:
    """Replay a tape and compare the visible levels after every source message.

    Args:
        tape: A tape of one book.
        truth: The LOBSTER zip, an orderbook csv or csv.gz of any level, or best bid and offer.
        mode: "frozen" or "reactive".
        progress: Told rows of the tape done and in all, now and then.

    Raises:
        InputError: A file is not what it should be; a difference is a result, not an error.
    """
    if mode not in ("frozen", "reactive"):
        raise InputError(f"verify: found mode {mode!r}, allowed 'frozen' or 'reactive'")
    opened = open_tape(tape)
    if len(opened.meta.books) != 1 or opened.meta.books[0].book_id != 0:
        raise InputError(f"{tape}: found {len(opened.meta.books)} books, allowed one of book_id 0")
    meta = opened.meta.books[0]
    file = TruthFile(truth)

    def chunks() -> Iterator[Rows]:
        done = 0
        for chunk in opened.chunks(rows=CHUNK_ROWS):
            yield chunk
            done += len(chunk)
            if progress is not None:
                progress(done, opened.row_count)

    return verify_rows(
        chunks(),
        file.blocks(),
        mode=Mode[mode.upper()],
        book=BookSpec(tick_units=meta.tick_units, handle_count=meta.handle_count),
        level_count=file.level_count,
    )


def verify_rows(
    chunks: Iterable[Rows],
    blocks: Iterable[Block],
    *,
    mode: Mode,
    book: BookSpec,
    level_count: int,
) -> VerifyResult:
    """The same for rows and truth that come as arrays.

    Args:
        chunks: Pieces of the tape in order (TAPE_DTYPE, prices in units), all of one book.
        blocks: Pieces of the truth in order, (rows, 4 * level_count) int64.
        mode: How history answers; without orders of ours the book is the same.
        book: The book's tick, handles and first phase.
        level_count: Levels in a row of the truth.
    """
    return _Verification(iter(chunks), iter(blocks), mode, book, level_count).run()


class _Verification:
    """One replay under way."""

    def __init__(
        self,
        chunks: Iterator[Rows],
        blocks: Iterator[Block],
        mode: Mode,
        book: BookSpec,
        level_count: int,
    ) -> None:
        self._chunks = chunks
        self._blocks = blocks
        self._tick = book.tick_units
        self._arena = build_arena(mode, [book], [], 0)
        self._rows = np.zeros(0, np.int64)
        self._truth = np.zeros(0, np.int64)
        self._chunk: Rows | None = None
        self._first_row = 0
        self._tally = np.zeros(kernel.C_SIZE, np.int64)
        self._tally[kernel.C_LEVELS] = level_count
        self._tally[kernel.C_FIRST] = -1

    def run(self) -> VerifyResult:
        """Replay to the end of both files."""
        while True:
            arena = self._arena
            code = kernel.verify(
                arena.mem, self._rows, arena.orders, arena.levels, self._truth, self._tally
            )
            if code == status.NEED_ROWS:
                if not self._load_rows():
                    return self._tape_ends()
            elif code == kernel.NEED_TRUTH:
                if not self._load_truth():
                    return self._truth_ends()
            elif code == status.BAD_ROW:
                return self._result(self._truth_left(), self._bad_row())
            else:
                grow(arena, code)

    def _load_rows(self) -> bool:
        """Load the next piece of the tape, prices in ticks; whether there is one."""
        self._first_row += 0 if self._chunk is None else len(self._chunk)
        self._chunk = next(self._chunks, None)
        if self._chunk is None:
            return False
        rows = self._chunk.copy()
        displayed = (rows["kind"] != Kind.TRADE) & (rows["kind"] != Kind.CROSS)
        rows["price"] = np.where(displayed, rows["price"] // self._tick, rows["price"])
        self._rows = rows.view(np.int64)
        self._arena.mem[layout.H_POS] = 0
        self._arena.mem[layout.H_ROWS] = len(rows)
        return True

    def _load_truth(self) -> bool:
        """Load the next block of truth; whether there is one."""
        block = next(self._blocks, None)
        if block is None:
            return False
        self._truth = block.reshape(-1)
        self._tally[kernel.C_AT] = 0
        self._tally[kernel.C_BLOCK] = len(block)
        return True

    def _truth_left(self) -> int:
        """Rows of the truth that were not compared."""
        waiting = int(self._tally[kernel.C_BLOCK] - self._tally[kernel.C_AT])
        return waiting + sum(len(block) for block in self._blocks)

    def _tape_ends(self) -> VerifyResult:
        """The outcome when every row of the tape is applied."""
        left = self._truth_left()
        compared = int(self._tally[kernel.C_ROWS])
        text = f"the tape ends after {compared} source messages, the truth has {left} more rows"
        return self._result(left, text if left else None)

    def _truth_ends(self) -> VerifyResult:
        """The outcome when the tape has more source messages than the truth has rows."""
        assert self._chunk is not None
        left = _messages(self._chunk[int(self._arena.mem[layout.H_POS]) :])
        left += sum(_messages(chunk) for chunk in self._chunks)
        compared = int(self._tally[kernel.C_ROWS])
        text = f"the truth ends after {compared} rows, the tape has {left} more source messages"
        return self._result(left, text)

    def _result(self, left: int, last_difference: str | None) -> VerifyResult:
        """The result, `left` rows of which were not compared."""
        tally = self._tally
        return VerifyResult(
            rows=int(tally[kernel.C_ROWS]) + left,
            rows_equal=int(tally[kernel.C_EQUAL]),
            first_difference=last_difference if tally[kernel.C_FIRST] < 0 else self._difference(),
            levels=int(tally[kernel.C_LEVELS]),
        )

    def _difference(self) -> str:
        """The first row that differs, counted from 1 as a line of the file."""
        row, column, found, expected = self._tally[kernel.C_FIRST :].tolist()
        level, part = divmod(column, len(_COLUMNS))
        return (
            f"row {row + 1}: level {level + 1} {_COLUMNS[part]}: "
            f"the tape's book has {found}, the truth {expected}"
        )

    def _bad_row(self) -> str:
        """The row of the tape that the book refused."""
        assert self._chunk is not None
        at = int(self._arena.mem[layout.H_POS])
        row = self._chunk[at]
        return (
            f"tape row {self._first_row + at}: "
            f"{BAD_ROW_TEXT[int(self._arena.mem[layout.H_BAD])]} (kind {int(row['kind'])}, "
            f"handle {int(row['handle'])}, price {int(row['price'])}, qty {int(row['qty'])})"
        )


def _messages(rows: Rows) -> int:
    """Source messages of a piece of a tape that have a row of truth."""
    flags = rows["side_flags"]
    return int(np.count_nonzero((flags & (RowFlag.LAST | RowFlag.SNAPSHOT)) == RowFlag.LAST))
