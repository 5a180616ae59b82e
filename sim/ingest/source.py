"""Opens what vendors distribute: plain, gzip, bzip2 and zstd files, members of a zip, as streams.

What a file is, its first bytes say; a name that promises otherwise is an error, and so is every
way in which compressed data can be cut off or damaged. Nothing is unpacked to disk, and memory
does not grow with the file.
"""

import bz2
import gzip
import hashlib
import lzma
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from market.errors import InputError
from sim.tape.meta import TapeSource

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_MAGIC = b"\x1f\x8b"
_BZIP_MAGIC = b"BZh"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
# What zipfile will not open (a locked member, a compression that it lacks) it says by a RuntimeError.
_UNREADABLE = (*_DAMAGE, RuntimeError)


class Stream(Protocol):
    """What is needed of a file object."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""
        ...

    def tell(self) -> int:
        """Bytes read so far."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Source:
    """A stream of decompressed bytes that knows its name and how far it is."""

    def __init__(self, name: str, stream: Stream, counter: Stream, total_bytes: int) -> None:
        self.name = name
        self.total_bytes = total_bytes
        self._stream = stream
        self._counter = counter

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._counter.close()

    @property
    def done_bytes(self) -> int:
        """Bytes read so far, of `total_bytes`; compressed ones where the file is compressed."""
        return self._counter.tell()

    def read(self, byte_count: int) -> bytes:
        """At most so many bytes; none at the end."""
        try:
            return self._stream.read(byte_count)
        except _DAMAGE as error:
            raise InputError(
                f"{self.name}: found cut off or damaged data ({error}), allowed a complete file"
            ) from None


def is_zip(path: Path) -> bool:
    """Whether a file is a zip; its name and its first bytes must agree.

    Raises:
        InputError: No such file, or one that is not what its name says.
    """
    head = _head(path)
    found = head.startswith(_ZIP_MAGIC)
    if path.suffix == ".zip" and not found:
        raise InputError(f"{path}: found no zip inside, allowed a zip archive")
    return found


def open_file(path: Path) -> Source:
    """A plain, gzip, bzip2 or zstd file as a stream.

    Raises:
        InputError: No such file, or one that is not what its name says.
    """
    head = _head(path)
    if path.suffix == ".gz" and not head.startswith(_GZIP_MAGIC):
        raise InputError(f"{path}: found no gzip data inside, allowed a gzip file")
    if path.suffix == ".bz2" and not head.startswith(_BZIP_MAGIC):
        raise InputError(f"{path}: found no bzip2 data inside, allowed a bzip2 file")
    if path.suffix == ".zst" and not head.startswith(_ZSTD_MAGIC):
        raise InputError(f"{path}: found no zstd data inside, allowed a zstd file")
    size = path.stat().st_size
    raw = path.open("rb")
    if head.startswith(_GZIP_MAGIC):
        return Source(path.name, gzip.GzipFile(fileobj=raw), raw, size)
    if head.startswith(_BZIP_MAGIC):
        return Source(path.name, bz2.BZ2File(raw), raw, size)
    if head.startswith(_ZSTD_MAGIC):
        return Source(path.name, _zstd_stream(raw), raw, size)
    return Source(path.name, raw, raw, size)


def open_zip(path: Path) -> zipfile.ZipFile:
    """The directory of a zip archive.

    Raises:
        InputError: The archive is cut off or damaged.
    """
    try:
        return zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise InputError(
            f"{path}: found a cut off or damaged zip ({error}), allowed a complete archive"
        ) from None


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Source:
    """One member of a zip as a stream, checked against its checksum at its end."""
    name = f"{Path(archive.filename or '').name}/{Path(member.filename).name}"
    try:
        stream = archive.open(member)
    except _UNREADABLE as error:
        raise InputError(
            f"{name}: found damaged or locked data ({error}), allowed a readable member"
        ) from None
    return Source(name, stream, stream, member.file_size)


def fingerprint(path: Path) -> TapeSource:
    """Name and checksum of a source file as it was given."""
    with path.open("rb") as file:
        return TapeSource(name=path.name, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def _zstd_stream(raw: BinaryIO) -> Stream:
    """Decompressed bytes of a zstd file; Python itself has no reader for it before 3.14."""
    import pyarrow as pa

    stream: Stream = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    return stream


def _head(path: Path) -> bytes:
    """The first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(4)
    except FileNotFoundError:
        raise InputError(f"{path}: found no such file, allowed one that exists") from None
    except OSError as error:
        raise InputError(
            f"{path}: found something unreadable ({error.strerror}), allowed a file"
        ) from None
