"""The journals of a run: one for each host that runs a desk.

Model: when a journal becomes durable is an event of simulated time (`sim.commit`), so the file of a run
is written without waiting for the disk, and holds at every moment what a simulated crash would leave.
At the end it is sealed, and its head is kept beside it; but what a dead machine left stays as it is.
"""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from bridge.stores import head_path
from desk.journal import Journal
from market.errors import InputError

JOURNAL_SUFFIX = ".journal"


class RunWriter:
    """Where one journal's bytes go (`market.ports.JournalWriter`).

    Args:
        path: Its file, or None to keep it in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: BinaryIO = BytesIO() if path is None else path.open("wb")
        self._waiting = bytearray()
        self._written = 0
        self._is_over = False

    def append(self, data: bytes) -> None:
        """Take whole frames; a process that has died has nobody to give them to."""
        if not self._is_over:
            self._waiting += data

    def sync(self) -> None:
        """Everything appended becomes durable."""
        self.sync_to(self.mark())

    def mark(self) -> int:
        """Bytes appended so far."""
        return self._written + len(self._waiting)

    def sync_to(self, mark: int) -> None:
        """Everything up to a mark becomes durable."""
        count = mark - self._written
        if count <= 0:
            return
        try:
            self._file.write(self._waiting[:count])
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror}); the run has no journal"
            ) from None
        del self._waiting[:count]
        self._written = mark

    def durable(self) -> bytes:
        """What a simulated crash would leave now."""
        if isinstance(self._file, BytesIO):
            return self._file.getvalue()
        assert self.path is not None
        self._file.flush()
        return self.path.read_bytes()

    # --- what may happen to a store -----------------------------------------------------------------

    def crash(self, torn_bytes: int) -> int:
        """Lose what is not durable, but for its first bytes; how many bytes there were.

        Nothing is taken any more until a new process goes on behind a byte (`cut`).
        """
        self._is_over = True
        count = len(self._waiting)
        self._file.write(self._waiting[:torn_bytes])
        self._written += min(torn_bytes, count)
        self._waiting.clear()
        return count

    def cut(self, end_offset: int) -> None:
        """Go on behind a byte: what stands there is torn."""
        self._file.seek(end_offset)
        self._file.truncate()
        self._written = end_offset
        self._is_over = False

    def flip(self, bit: int) -> None:
        """Turn one stored bit over."""
        at, place = bit // 8, bit % 8
        changed = self.durable()[at] ^ (1 << place)
        self._file.seek(at)
        self._file.write(bytes([changed]))
        self._file.seek(self._written)

    def finish(self, journal: Journal, now_ns: int) -> None:
        """Seal the journal, and keep its head beside it."""
        anchor = journal.seal(now_ns)
        if self.path is not None:
            self._file.close()
            head_path(self.path).write_bytes(anchor.to_text())

    def leave(self) -> None:
        """The process has died: its file stays as it was, without a seal and without a head."""
        self._is_over = True
        self._waiting.clear()
        if self.path is not None:
            self._file.close()

    def discard(self) -> None:
        """Close the file; what it holds goes with the run's folder."""
        self._file.close()
