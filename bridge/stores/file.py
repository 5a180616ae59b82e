"""A journal in a file: appended in groups, durable when `sync` returns.

Model: frames wait in memory until `sync`, which writes all of them at the end of the file in one
call and then waits for the disk (`fdatasync`, which also makes a new length durable). So one wait
serves every record since the last one, and a crash between two syncs loses only what nobody was told
is durable.

Invariants:
1. Bytes [0, durable_bytes) of the file are durable and never written again.
2. When a write fails (a full disk, a quota), the file is cut back to `durable_bytes`, the frames
   keep waiting, and the next `sync` tries again.
3. When the disk fails to confirm, the writer is broken for good: what the kernel then holds of those
   pages is not known, and a second confirmation would prove nothing. A new process reads the file
   and goes on from what is there.
4. One process at a time writes a journal (an advisory lock).

Limits: POSIX only. On macOS `fsync` does not empty the drive's own cache.
"""

import fcntl
import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bridge.stores.replace import head_path, replace_file, sync_folder
from market.errors import InputError

WAITING_BYTES_MAX: Final = 1 << 28
"""Frames that may wait while a disk refuses; a snapshot must fit."""

_confirm: Final = getattr(os, "fdatasync", os.fsync)


class FileWriter:
    """Owns the end of a journal's file. Made by `create` or `resume`; close it, or use `with`.

    Attributes:
        durable_bytes: The file up to here survives a crash.
        sync_count: Syncs that had something to do.
    """

    def __init__(self, path: Path, handle: int, durable_bytes: int) -> None:
        self.durable_bytes = durable_bytes
        self.sync_count = 0
        self._path: Final = path
        self._handle: Final = handle
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._broken = ""
        self._closed = False

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new file; `InputError` when there is one of that name, or its folder cannot hold it."""
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            raise InputError(f"{path}: found a file, allowed is a name for a new journal") from None
        except OSError as error:
            raise _refused(path, error) from error
        _lock(path, handle)
        try:
            sync_folder(path.parent)
        except OSError as error:
            os.close(handle)
            raise _refused(path, error) from error
        return cls(path, handle, 0)

    @classmethod
    def resume(cls, path: Path, end_offset: int, *, size: int | None = None) -> Self:
        """Go on behind a byte of an existing file; a torn tail behind it is cut off, durably.

        Args:
            path: The file.
            end_offset: Behind the last good record.
            size: Of the file when it was read; what another process has written since then is no
                torn tail, and must not be cut off. None takes any.

        Raises:
            InputError: No such file, another process writes it or has written it since, or it is
                shorter.
        """
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise _refused(path, error) from error
        _lock(path, handle)
        try:
            found = os.fstat(handle).st_size
            if found < end_offset:
                raise InputError(f"{path}: found {found} bytes, allowed are {end_offset} or more")
            if size is not None and found != size:
                raise InputError(
                    f"{path}: found {found} bytes, allowed are the {size} that were read: "
                    "another process has written since then; read it again"
                )
            os.ftruncate(handle, end_offset)
            os.fsync(handle)
        except OSError as error:
            os.close(handle)
            raise _refused(path, error) from error
        except InputError:
            os.close(handle)
            raise
        return cls(path, handle, end_offset)

    # --- the port -------------------------------------------------------------------------------

    def append(self, data: bytes) -> None:
        """Take whole frames.

        Raises:
            InputError: The writer is broken, or a disk has refused for so long that no more may wait;
                these frames were not taken.
        """
        size = self._waiting_bytes + len(data)
        if self._broken or size > WAITING_BYTES_MAX:
            reason = self._broken or f"{size} bytes would wait, allowed are {WAITING_BYTES_MAX}"
            raise InputError(f"{self._path}: {reason}; a record of {len(data)} bytes was not taken")
        self._waiting.append(data)
        self._waiting_bytes = size

    def sync(self) -> None:
        """Return when everything appended is durable.

        Raises:
            InputError: It is not; nothing that rests on the waiting records may leave.
        """
        if self._broken:
            raise self._failure(self._broken)
        if not self._waiting:
            return
        data = b"".join(self._waiting)
        try:
            self._write(data)
        except OSError as error:
            self._cut_back()
            raise self._failure(f"found {error.strerror or error} while writing") from error
        try:
            _confirm(self._handle)
        except OSError as error:
            self._broken = f"found {error.strerror or error} while syncing, the writer is broken"
            raise self._failure(self._broken) from error
        self._waiting = []
        self._waiting_bytes = 0
        self.durable_bytes += len(data)
        self.sync_count += 1

    # --- beside the port ------------------------------------------------------------------------

    def keep_head(self, text: bytes) -> None:
        """Replace what is kept beside the journal; only what is durable may be vouched for."""
        assert not self._waiting
        replace_file(head_path(self._path), text)

    def close(self) -> None:
        """Let go of the file; frames that still wait are lost, as in a crash."""
        if not self._closed:
            self._closed = True
            self._broken = "the writer is closed"
            os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        """Write at the end of what is durable; a disk may take less than it is given at a time."""
        left = memoryview(data)
        offset = self.durable_bytes
        while left:
            taken = os.pwrite(self._handle, left, offset)
            left = left[taken:]
            offset += taken

    def _cut_back(self) -> None:
        """Take away what a failed write left behind."""
        try:
            os.ftruncate(self._handle, self.durable_bytes)
        except OSError as error:
            self._broken = f"found {error.strerror or error} while cutting back"

    def _failure(self, reason: str) -> InputError:
        """What is not durable, and why."""
        return InputError(
            f"{self._path}: {reason}; {len(self._waiting)} records ({self._waiting_bytes} bytes) "
            f"behind byte {self.durable_bytes} are not durable, and nothing that rests on them may "
            "leave"
        )


def map_file(path: Path) -> memoryview:
    """A file's bytes as they are now, without loading them; they must not be cut off meanwhile."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise _refused(path, error) from error


def _lock(path: Path, handle: int) -> None:
    """Be the only writer; the lock goes when the handle does, however the process ends."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise InputError(
            f"{path}: found another process that writes it, allowed is one writer"
        ) from None


def _refused(path: Path, error: OSError) -> InputError:
    """What the system said about a path."""
    return InputError(f"{path}: found {error.strerror or error}, allowed is a journal's file")
