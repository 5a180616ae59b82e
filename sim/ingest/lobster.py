"""LOBSTER to tape: a message file, resolved to named orders and exact quantities.

With an orderbook file the book is compared, and where the window of levels hides something
reconciled, after every message; `seed_only` takes nothing but its first row, to begin with. The
rules are those of `sim/kernels/lobster.py`; a cross comes before the executions of its instant
(`cross_order`). Reading is a stream: what is in memory is a batch of rows and the live book.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from market.codes import Kind
from market.errors import InputError
from sim.ingest.cross_order import CrossOrder
from sim.ingest.csv_rows import CsvRows
from sim.ingest.lobster_book import IngestBook, seeds_before
from sim.ingest.lobster_files import LobsterFiles, open_lobster
from sim.ingest.lobster_words import is_book_fault, word_fault
from sim.kernels import lobster_state as k
from sim.kernels.ingest_book import S_HANDLES
from sim.kernels.lobster import ingest_rows, seed_book
from sim.kernels.lobster_window import count_levels
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

PRICE_UNITS_PER_CURRENCY = 10_000
TICK_UNITS = 100
MESSAGE_NAMES = ("time", "type", "order id", "size", "price", "direction")
_BATCH_VALUES = 1 << 20  # of the wider file: 8 MB
_NOT_COMPARED = np.zeros((0, 4), np.int64)
_NO_FAULTS = np.zeros((0, 3), np.int64)


def ingest_lobster(
    message: Path,
    *,
    orderbook: Path | None = None,
    seed_only: bool = False,
    out: Path,
    max_bad: int = 0,
    progress: Callable[[int, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> TapeMeta:
    """Turn LOBSTER files into a tape.

    Args:
        message: The zip as distributed, or a message file (csv or csv.gz).
        orderbook: The orderbook file of a message file, of any number of levels.
        seed_only: Use only the orderbook's first row, as the book to begin with.
        out: Where the tape goes; nothing is there before it is whole.
        max_bad: How many bad rows to tolerate; each is left out, and the book is healed from the
            orderbook file where there is one.
        progress: Told bytes of the message file done and in all, now and then.
        warn: Told each bad row that was tolerated.

    Returns:
        The tape's metadata; `statistics` has the counters.

    Raises:
        InputError: A file or a row is wrong.
    """
    if out.exists() and any(out.samefile(path) for path in (message, orderbook) if path):
        raise InputError(f"{out}: found a source file to write to, allowed another place")
    with open_lobster(message, orderbook) as files, TapeWriter(out, ("source_seq",)) as writer:
        run = _Ingest(files, seed_only=seed_only, max_bad=max_bad, warn=warn)
        while run.step(writer):
            if progress is not None:
                progress(files.message.done_bytes, files.message.total_bytes)
        run.finish(writer)
        meta = run.meta(writer.row_count)
        writer.finish(meta)
    return meta


class _Ingest:
    """One ingest under way."""

    def __init__(
        self,
        files: LobsterFiles,
        *,
        seed_only: bool,
        max_bad: int,
        warn: Callable[[str], None] | None,
    ) -> None:
        self._files = files
        self._seed_only = seed_only
        self._max_bad = max_bad
        self._warn = warn
        self._bad_rows = 0
        self._snapshot_rows = 0
        self._book = IngestBook(files.session.midnight_ns, TICK_UNITS)
        self._messages = CsvRows(files.message, MESSAGE_NAMES, scaled=True)
        self._truths: CsvRows | None = None
        width = len(MESSAGE_NAMES)
        if files.orderbook is not None:
            self._truths = CsvRows(files.orderbook, (), scaled=False)
            width = len(self._truths.columns)
            if width % 4:
                raise InputError(
                    f"{files.orderbook.name}:1: found {width} columns, allowed a multiple of 4"
                )
        elif seed_only:
            raise InputError(
                f"{files.message.name}: found no orderbook file, allowed seed-only with one"
            )
        self._batch_rows = max(1, _BATCH_VALUES // width)
        # A message does not say whether its execution is a cross's.
        self._order = CrossOrder(int(Kind.EXECUTE))

    def step(self, writer: TapeWriter) -> bool:
        """Take one batch of rows; whether there was one."""
        first_row = self._messages.taken
        messages, faults = self._messages.read(self._batch_rows)
        if first_row == 0 and len(messages) == 0:
            raise InputError(f"{self._messages.name}: found no rows, allowed at least one")
        truths, truth_faults = self._read_truths(first_row, len(messages))
        if first_row == 0 and self._truths is not None:
            self._seed(messages, faults, truths, truth_faults)
        if self._truths is None or self._seed_only:
            self._ingest(writer, first_row, messages, faults, _NOT_COMPARED, _NO_FAULTS)
            return len(messages) > 0
        # Rows that both files have come first, so that the first fault of the files is named.
        both = min(len(messages), len(truths))
        self._ingest(
            writer, first_row, messages[:both], faults[:both], truths[:both], truth_faults[:both]
        )
        if len(messages) != len(truths):
            found, allowed = f"over {first_row + both}", f"{first_row + both}"
            if len(truths) < len(messages):
                found, allowed = allowed, f"at least {first_row + len(messages)}"
            raise InputError(
                f"{self._truths.name}: found {found} rows, allowed {allowed}, "
                f"one for each row of {self._messages.name}"
            )
        return len(messages) > 0

    def finish(self, writer: TapeWriter) -> None:
        """Write what waited for a row behind it."""
        rows, seqs = self._order.finish()
        writer.append(rows, {"source_seq": seqs})

    def meta(self, tape_rows: int) -> TapeMeta:
        """What the tape says about itself."""
        state = self._book.state
        book = TapeBook(
            book_id=0,
            symbol=self._files.session.symbol,
            venue="NASDAQ",
            currency="USD",
            price_units_per_currency=PRICE_UNITS_PER_CURRENCY,
            tick_units=TICK_UNITS,
            handle_count=int(state[S_HANDLES]),
        )
        statistics = {
            "rows": self._messages.taken,
            "tape_rows": tape_rows,
            "snapshot_rows": self._snapshot_rows,
            "corrections": int(state[k.S_CORRECTIONS]),
            "reveals": int(state[k.S_REVEALS]),
            "executions_in_crosses": self._order.shares,
            "inferred": int(state[k.S_INFERRED]),
            "reveal_messages": int(state[k.S_REVEAL_MESSAGES]),
            "victims": int(state[k.S_VICTIMS]),
            "unannounced": int(state[k.S_UNANNOUNCED]),
            "unknown_ids": int(state[k.S_UNKNOWN_IDS]),
            "bad_rows": self._bad_rows,
        }
        return TapeMeta(
            books=(book,),
            session_date=self._files.session.date,
            sources=self._files.sources,
            statistics=statistics,
        )

    def _read_truths(self, first_row: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The orderbook rows of a batch, as many as there are messages; one more shows a surplus."""
        if self._truths is None or (self._seed_only and first_row > 0):
            return _NOT_COMPARED, _NO_FAULTS
        return self._truths.read(1 if self._seed_only else max(count, 1))

    def _ingest(
        self,
        writer: TapeWriter,
        first_row: int,
        messages: np.ndarray,
        faults: np.ndarray,
        truths: np.ndarray,
        truth_faults: np.ndarray,
    ) -> None:
        """Run the kernel over a batch; collect its rows, give it room, judge what it refuses."""
        book = self._book
        at = 0
        why = k.NEED_SPACE
        while why != k.END_OF_ROWS:
            why, at = ingest_rows(
                book.book, messages, faults, truths, truth_faults, at, book.rows, book.seqs
            )
            if why == k.ROW_REFUSED:
                self._refuse(first_row, at - 1)
                continue
            rows, seqs = self._order.take(*book.collect())
            writer.append(rows, {"source_seq": seqs})
            if why == k.NEED_SPACE:
                book.grow(truths.shape[1] + 8)

    def _seed(
        self, messages: np.ndarray, faults: np.ndarray, truths: np.ndarray, book_faults: np.ndarray
    ) -> None:
        """Open the depth that rested before the first message. Both first rows must be sound."""
        assert self._truths is not None
        if faults[0, 0]:
            raise InputError(f"{self._messages.name}:1: {self._messages.describe(0)}")
        if book_faults[0, 0]:
            raise InputError(f"{self._truths.name}:1: {self._truths.describe(0)}")
        state = self._book.state
        for side in range(2):
            if count_levels(state, truths[0], side) < 0:
                raise InputError(f"{self._truths.name}:1: {word_fault(state)}")
        try:
            seeds = seeds_before(messages[0], truths[0])
        except InputError as error:
            raise InputError(f"{self._truths.name}:1: {error}") from None
        self._snapshot_rows = len(seeds)
        if not seeds:
            return
        self._book.grow(len(seeds) + 8)
        state[k.S_SEQ] = -1
        state[k.S_CLOCK] = max(0, int(messages[0, k.M_NS]))
        seed_book(self._book.book, np.array(seeds, np.int64), self._book.rows, self._book.seqs)
        state[k.S_SEQ] = 0

    def _refuse(self, first_row: int, row: int) -> None:
        """Stop at a bad row, or count it where that is tolerated."""
        state = self._book.state
        file: CsvRows = self._messages
        if is_book_fault(state) and self._truths is not None:
            file = self._truths
        if state[k.S_FAULT] in (k.FAULT_MESSAGE_TEXT, k.FAULT_BOOK_TEXT):
            text = file.describe(row)
        else:
            text = word_fault(state)
        line = f"{file.name}:{first_row + row + 1}: {text}"
        self._bad_rows += 1
        if self._bad_rows > self._max_bad:
            suffix = "" if self._max_bad == 0 else f" (bad row {self._bad_rows})"
            raise InputError(f"{line}{suffix}")
        if self._warn is not None:
            self._warn(line)
