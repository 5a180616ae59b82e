"""Writes a recording: entries gathered into blocks, durable after `sync`, rotated by size.

Model: entries wait in memory until a block of them is full or `sync` is called; blocks wait in the
file's writer (`bridge.stores.FileWriter`) until `sync`, which writes them and waits for the disk. So a
process that is killed at any moment loses at most what came since the last `sync`.

Invariants:
1. What is in the files is a prefix of what was appended, but for entries that `append` refused.
2. A block that a disk refused is nowhere in a file (it is cut back), and is written by a later `sync`.
3. An entry is refused, with an error and counted, only when so much waits that no more may, or when
   the recording is as long as it may be; entries before it stay.
4. A process goes on with a recording in a new file, whose head names the chain at the end of the one
   before; a torn tail there is cut off first.

Limits: a recording of bounded size may be longer by what is gathered when it reaches its bound, a block
and the longest entry. Whether the oldest files may go is the user's to say; nothing else is ever removed.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from bridge.recording.form import (
    ABOUT_BYTES_MAX,
    BLOCK_BYTES,
    ENTRY_BYTES_MAX,
    START,
    Packer,
    chain_of_head,
    file_path,
    pack_file_head,
)
from bridge.recording.read import LogReader, log_files
from bridge.stores import FileWriter
from market.errors import InputError

FILE_BYTES_MAX: Final = 256 << 20
WAITING_BYTES_MAX: Final = 64 << 20
"""Packed bytes that may wait while a disk refuses: minutes of a busy feed."""


class LogFile(Protocol):
    """Where a file's bytes go; a `FileWriter` is one."""

    def append(self, data: bytes) -> None:
        """Take bytes; they are durable after the next `sync`."""
        ...

    def sync(self) -> None:
        """Return when everything appended is durable; `InputError` when it is not."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class LogWriter:
    """Owns the end of a recording; close it, or use `with`.

    Args:
        folder: The recording's; made if need be. One that is there is gone on with.
        about: A short text that says what is recorded, such as JSON. No secret: it stays readable.
        file_bytes_max: Size at which a new file begins.
        total_bytes_max: Size of all files together; 0 for no limit.
        drop_oldest: Whether the oldest file goes when that is reached; else nothing more is taken.
        create: Makes a file; tests put their own here.

    Attributes:
        entry_count: Entries taken.
        durable_count: Of these, those that survive a crash.
        refused_count: Entries that were not taken.
        dropped_files: Files that were removed to make room.
        begun_files: Files that were begun; the first counts.
        is_full: Whether the recording is as long as it may be; nothing more is taken.

    Raises:
        InputError: The folder can't hold one, or another process writes it.
    """

    def __init__(
        self,
        folder: Path,
        about: bytes = b"",
        *,
        file_bytes_max: int = FILE_BYTES_MAX,
        total_bytes_max: int = 0,
        drop_oldest: bool = False,
        create: Callable[[Path], LogFile] = FileWriter.create,
    ) -> None:
        if 0 < total_bytes_max < 2 * file_bytes_max:
            raise InputError(
                f"total_bytes_max: found {total_bytes_max}, allowed is 0 or at least two files of "
                f"{file_bytes_max} bytes"
            )
        if len(about) > ABOUT_BYTES_MAX:
            raise InputError(f"about: found {len(about)} bytes, allowed are {ABOUT_BYTES_MAX}")
        self.entry_count = self.durable_count = self.refused_count = 0
        self.dropped_files = self.begun_files = 0
        self._folder: Final = folder
        self._about: Final = about
        self._file_bytes_max: Final = file_bytes_max
        self._total_bytes_max: Final = total_bytes_max
        self._drop_oldest: Final = drop_oldest
        self._create: Final = create
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: found {error.strerror}, allowed is a folder") from error
        self.is_full = False
        self._number, chain = _end_of(folder)
        self._packer = Packer(chain)
        self._take_over(*self._begin(self._number))

    # --- verbs ----------------------------------------------------------------------------------

    def append(self, stamp_ns: int, channel: str, data: bytes) -> None:
        """Take an entry; it is durable after the next `sync`.

        Raises:
            InputError: This entry was not taken: it is too long, too much waits for a disk that
                refuses, or the recording is as long as it may be.
        """
        try:
            if len(data) > ENTRY_BYTES_MAX:
                raise InputError(
                    f"{self._folder}: found an entry of {len(data)} bytes on {channel!r}, allowed "
                    f"are {ENTRY_BYTES_MAX}"
                )
            if self._packer.raw_bytes >= BLOCK_BYTES:
                self._close_block()
            if self.is_full:
                raise InputError(
                    f"{self._folder}: found a recording as long as it may be, allowed are "
                    f"{self._total_bytes_max} bytes"
                )
        except InputError:
            self.refused_count += 1
            raise
        self._packer.add(stamp_ns, channel, data)
        self.entry_count += 1

    def sync(self) -> None:
        """Return when every entry taken is durable.

        Raises:
            InputError: It is not; the next `sync` tries again.
        """
        if self._packer.entry_count:
            self._close_block()
        self._flush()
        self.durable_count = self.entry_count

    def close(self) -> None:
        """Make everything durable, seal the file, and let go of it."""
        try:
            self.sync()
            self._file.append(self._packer.seal())
            self._flush()
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- files ----------------------------------------------------------------------------------

    def _close_block(self) -> None:
        """Hand what is gathered to the file, and begin another file where this one is full.

        Raises:
            InputError: Nothing was handed over, since too much waits.
        """
        block, chain = self._packer.block()
        if self._file_bytes + len(block) > self._file_bytes_max and self._rotate():
            block, chain = self._packer.block()
        if self._waiting_bytes + len(block) > WAITING_BYTES_MAX:
            self._flush()
        self._file.append(block)
        self._packer.keep(chain)
        self._waiting_bytes += len(block)
        self._file_bytes += len(block)

    def _flush(self) -> None:
        self._file.sync()
        self._waiting_bytes = 0

    def _rotate(self) -> bool:
        """Begin the next file and seal this one; False where this one has to go on.

        The old file is durable before the new one is there, or the new one would continue what a
        crash may take. A seal that the disk refuses is only a seal.
        """
        if not self._has_room():
            self.is_full = True
            return False
        full = self._file
        try:
            self._flush()
            head, file = self._begin(self._number + 1)
        except InputError:
            return False
        with contextlib.suppress(InputError):
            full.append(self._packer.seal())
            full.sync()
        full.close()
        self._number += 1
        self._take_over(head, file)
        return True

    def _begin(self, number: int) -> tuple[bytes, LogFile]:
        """A new file and its head, which is durable with the first block."""
        head = pack_file_head(number, self._packer.chain, self._about)
        file = self._create(file_path(self._folder, number))
        file.append(head)
        return head, file

    def _take_over(self, head: bytes, file: LogFile) -> None:
        self._file = file
        self.begun_files += 1
        self._file_bytes = self._waiting_bytes = len(head)
        self._packer.keep_head(chain_of_head(head))

    def _has_room(self) -> bool:
        """Whether another file may begin; the oldest makes room where it may."""
        while self._total_bytes_max:
            files = log_files(self._folder)
            total = sum(path.stat().st_size for _, path in files)
            if total + self._file_bytes_max <= self._total_bytes_max:
                return True
            if not self._drop_oldest or len(files) == 1:
                return False
            files[0][1].unlink()
            self.dropped_files += 1
        return True


def _end_of(folder: Path) -> tuple[int, bytes]:
    """Number of the file to begin, and the chain before it; a torn tail is cut off."""
    files = log_files(folder)
    while files:
        number, path = files[-1]
        reader = LogReader(path)
        for _ in reader:
            pass
        if reader.whole_bytes:
            FileWriter.resume(path, reader.whole_bytes, size=reader.file_bytes).close()
            return number + 1, reader.chain
        # Its writer was killed before its head was whole: nothing was ever durable in it.
        FileWriter.resume(path, 0, size=reader.file_bytes).close()
        path.unlink()
        files.pop()
    return 0, START
