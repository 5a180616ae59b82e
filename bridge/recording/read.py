"""Reads a recording: every entry in order, a torn tail told from damage.

Model: of a recording, or of one of its files, entries are yielded block by block once the block is
known to continue the chain. What a crash leaves at the very end, a head or block cut off, is a torn
tail: reading ends before it, and says how long it is. Anything else that does not fit is damage and is
refused with its file and byte.

Invariants:
1. What is yielded was appended in this order.
2. A file other than the last ends with a whole block, and the next file's head continues its chain.

Limits: a file that was cut off exactly between two blocks is whole to its reader but for its missing
seal (`is_sealed`), as is one that is being written. Files before the first one that is there are not
missed: a recording of bounded size drops its oldest.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from bridge.recording.form import (
    BLOCK_HEAD_BYTES,
    FILE_HEAD_BYTES,
    SUFFIX,
    BlockHead,
    Entry,
    chain_of_head,
    fits,
    is_text_of,
    unpack_block_head,
    unpack_entries,
    unpack_file_head,
)
from market.errors import InputError

ALONE: Final = -1
"""The number of a file that is read without its folder."""


class LogReader:
    """Iterate over it once; then the attributes say how it ended.

    Args:
        path: A recording's folder, or one of its files.

    Attributes:
        about: The text of the newest file read.
        chain: Behind the last whole block.
        entry_count: Entries read.
        is_sealed: Whether the last file was closed in order.
        whole_bytes: Of the last file, up to the last whole block; 0 where its head is torn.
        file_bytes: Of the last file.

    Raises:
        InputError: There is no recording.
    """

    def __init__(self, path: Path) -> None:
        self.about = b""
        self.chain = b""
        self.entry_count = 0
        self.is_sealed = False
        self.whole_bytes = self.file_bytes = 0
        self._files: Final = log_files(path) if path.is_dir() else [(ALONE, path)]
        if not self._files or not self._files[0][1].is_file():
            raise InputError(f"{path}: found no recording, allowed is a folder of *{SUFFIX} files")

    @property
    def torn_bytes(self) -> int:
        """Bytes behind the last whole block: what a crash cut off."""
        return self.file_bytes - self.whole_bytes

    def __iter__(self) -> Iterator[Entry]:
        before: tuple[int, Path] | None = None
        for number, path in self._files:
            if before is not None:
                if number != before[0] + 1:
                    raise InputError(
                        f"{path}: found file {number} behind file {before[0]}, allowed is the next"
                    )
                if self.torn_bytes:
                    self._damaged(before[1], "a block cut off and another file behind it")
            with path.open("rb") as file:
                yield from self._read(path, file, number)
            before = number, path

    def _read(self, path: Path, file: BinaryIO, number: int) -> Iterator[Entry]:
        self.whole_bytes, self.is_sealed = 0, False
        self.file_bytes = path.stat().st_size
        if not self._read_head(path, file, number):
            return
        while head_bytes := file.read(BLOCK_HEAD_BYTES):
            if self.is_sealed:
                self._damaged(path, "bytes behind the seal")
            if len(head_bytes) < BLOCK_HEAD_BYTES:
                return
            head = unpack_block_head(head_bytes)
            if head is None:
                self._damaged(path, "a block whose numbers are not those written")
            packed = file.read(head.packed_bytes)
            if len(packed) < head.packed_bytes:
                return
            if not fits(self.chain, head_bytes, packed):
                self._damaged(path, "a block that does not continue those before it")
            self.whole_bytes += BLOCK_HEAD_BYTES + head.packed_bytes
            self.is_sealed = head.is_seal
            if not head.is_seal:
                self.chain = head.chain
                yield from self._unpacked(path, head, packed)

    def _unpacked(self, path: Path, head: BlockHead, packed: bytes) -> Sequence[Entry]:
        try:
            entries = unpack_entries(head, packed)
        except InputError as error:
            self._damaged(path, str(error))
        self.entry_count += len(entries)
        return entries

    def _read_head(self, path: Path, file: BinaryIO, number: int) -> bool:
        """Whether the head is whole; damage is refused."""
        head_bytes = file.read(FILE_HEAD_BYTES)
        if len(head_bytes) < FILE_HEAD_BYTES:
            return False
        head = unpack_file_head(head_bytes)
        if head is None:
            self._damaged(path, "a head that is not one written, or another kind of file")
        about = file.read(head.about_bytes)
        if len(about) < head.about_bytes:
            return False
        if not is_text_of(head, about):
            self._damaged(path, "a text that is not the one written")
        if number not in (ALONE, head.number):
            self._damaged(path, f"the head of file {head.number}")
        if self.chain and head.chain != self.chain:
            self._damaged(path, "a file that does not continue the one before it")
        self.about = about
        self.chain = chain_of_head(head_bytes + about)
        self.whole_bytes = FILE_HEAD_BYTES + head.about_bytes
        return True

    def _damaged(self, path: Path, found: str) -> NoReturn:
        raise InputError(
            f"{path}: byte {self.whole_bytes}: found {found.removeprefix('found ')}, allowed is a "
            "recording as it was written"
        )


def read_log(path: Path) -> Iterator[Entry]:
    """Every entry of a recording, or of one of its files, in order; a torn tail is left out.

    Raises:
        InputError: There is none, or it is damaged.
    """
    return iter(LogReader(path))


def log_files(folder: Path) -> list[tuple[int, Path]]:
    """A recording's files with their numbers, in order."""
    return sorted(
        (int(path.stem), path) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit()
    )
