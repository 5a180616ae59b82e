"""The bytes of a recording: files of blocks of entries, compressed, each block chained to all before it.

Model: a recording is a folder of files `000000.twinlog`, `000001.twinlog`, … A file is a head and blocks
up to a seal; all integers are little-endian.

| part | bytes |
|---|---|
| head | magic, number of the file, length of the text, the chain before this file, CRC-32 of the text, CRC-32 of these; then the text that says what is recorded |
| block | magic, packed and raw length, entries, first and last stamp, the chain up to and with this block, CRC-32 of these; then the packed entries |
| seal | a block of another magic that holds nothing, where a file was closed in order |

Unpacked, a block is a table of its channels' names and then, entry by entry, stamp, channel's number in
the table, length, bytes. So every block can be read by itself.

The chain is SHA-256 over the chain before, the block's numbers and its packed bytes: a block that was
changed, left out or put elsewhere does not fit. The next file goes on from the chain before the seal.
The CRCs are there for another reason: they tell what a crash cut off from what says a wrong length.

Entries are packed with zstd at level 1, from pyarrow, which is there anyway: on captures it takes a tenth
of the raw size at 600 MB/s, where zlib at its quickest takes a seventh at 250 MB/s.
"""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa

from market.errors import InputError

SUFFIX: Final = ".twinlog"
START: Final = bytes(32)
"""The chain before the first file."""

ENTRY_BYTES_MAX: Final = 1 << 24
"""One entry; a snapshot of 5,000 levels is 0.3 MB."""
BLOCK_BYTES: Final = 1 << 18
"""Raw bytes at which a block is closed: twice as many gain nothing, and a crash loses less."""
RAW_BYTES_MAX: Final = 2 * ENTRY_BYTES_MAX
ABOUT_BYTES_MAX: Final = 1 << 16

_FILE_MAGIC: Final = b"TWINLOG\x01"
_BLOCK_MAGIC: Final = b"BLK\x01"
_SEAL_MAGIC: Final = b"END\x01"
_FILE: Final = struct.Struct("<8sII32sII")
_BLOCK: Final = struct.Struct("<4sIIIqq32sI")
_CRC: Final = struct.Struct("<I")
_TABLE: Final = struct.Struct("<I")
_ENTRY: Final = struct.Struct("<qHI")

FILE_HEAD_BYTES: Final = _FILE.size
BLOCK_HEAD_BYTES: Final = _BLOCK.size

_names: Final = msgspec.json.Decoder(list[str])


class Entry(NamedTuple):
    """What came, when, and on which channel."""

    stamp_ns: int
    channel: str
    data: bytes


class FileHead(NamedTuple):
    """A file's head without its text."""

    number: int
    about_bytes: int
    chain: bytes
    about_crc: int


class BlockHead(NamedTuple):
    """A block's numbers."""

    is_seal: bool
    packed_bytes: int
    raw_bytes: int
    entry_count: int
    first_ns: int
    last_ns: int
    chain: bytes


def file_path(folder: Path, number: int) -> Path:
    """Where a recording's file of this number is."""
    return folder / f"{number:06d}{SUFFIX}"


def pack_file_head(number: int, chain: bytes, about: bytes) -> bytes:
    """Head and text of a file."""
    assert len(about) <= ABOUT_BYTES_MAX
    head = _FILE.pack(_FILE_MAGIC, number, len(about), chain, zlib.crc32(about), 0)[: -_CRC.size]
    return head + _CRC.pack(zlib.crc32(head)) + about


def unpack_file_head(data: bytes) -> FileHead | None:
    """The head's numbers; None for another kind of file, or where they are not those written."""
    magic, number, about_bytes, chain, about_crc, crc = _FILE.unpack(data)
    if magic != _FILE_MAGIC or crc != zlib.crc32(data[: -_CRC.size]):
        return None
    return FileHead(number, about_bytes, chain, about_crc)


def is_text_of(head: FileHead, about: bytes) -> bool:
    """Whether a file's text is the one that was written."""
    return zlib.crc32(about) == head.about_crc


def chain_of_head(head: bytes) -> bytes:
    """The chain behind a file's head and text."""
    return hashlib.sha256(head).digest()


class Packer:
    """Gathers entries and makes blocks of them.

    Attributes:
        raw_bytes: Of what is gathered.
        entry_count: Likewise.
        chain: Up to the newest block that was kept.
    """

    def __init__(self, chain: bytes) -> None:
        self.chain = chain
        self.raw_bytes = 0
        self.entry_count = 0
        self._codec = pa.Codec("zstd", 1)
        self._channels: dict[str, int] = {}
        self._parts: list[bytes] = []
        self._first_ns = self._last_ns = 0

    def add(self, stamp_ns: int, channel: str, data: bytes) -> None:
        """Gather an entry."""
        number = self._channels.setdefault(channel, len(self._channels))
        if self.entry_count == 0:
            self._first_ns = stamp_ns
        self._last_ns = stamp_ns
        self._parts += (_ENTRY.pack(stamp_ns, number, len(data)), data)
        self.raw_bytes += _ENTRY.size + len(data)
        self.entry_count += 1

    def block(self) -> tuple[bytes, bytes]:
        """What is gathered as a block, and the chain with it; `keep` or try again later."""
        table = msgspec.json.encode(list(self._channels))
        raw = b"".join((_TABLE.pack(len(table)), table, *self._parts))
        packed: bytes = self._codec.compress(raw, asbytes=True)
        sizes = (len(packed), len(raw), self.entry_count)
        return _link(self.chain, _BLOCK_MAGIC, sizes, (self._first_ns, self._last_ns), packed)

    def keep(self, chain: bytes) -> None:
        """The block was taken: forget what it holds."""
        self.chain = chain
        self.raw_bytes = self.entry_count = 0
        self._channels = {}
        self._parts = []

    def keep_head(self, chain: bytes) -> None:
        """A file was begun: what is gathered stays, and goes into it."""
        self.chain = chain

    def seal(self) -> bytes:
        """A seal behind the blocks that were kept."""
        return _link(self.chain, _SEAL_MAGIC, (0, 0, 0), (0, 0), b"")[0]


def unpack_block_head(data: bytes) -> BlockHead | None:
    """A block's numbers; None where they are not those that were written."""
    magic, packed, raw, count, first_ns, last_ns, chain, crc = _BLOCK.unpack(data)
    if crc != zlib.crc32(data[: -_CRC.size]) or magic not in (_BLOCK_MAGIC, _SEAL_MAGIC):
        return None
    return BlockHead(magic == _SEAL_MAGIC, packed, raw, count, first_ns, last_ns, chain)


def fits(chain: bytes, head: bytes, packed: bytes) -> bool:
    """Whether a block continues a chain."""
    return _chained(chain, head[: -_CRC.size - 32], packed) == head[-_CRC.size - 32 : -_CRC.size]


def unpack_entries(head: BlockHead, packed: bytes) -> Sequence[Entry]:
    """A block's entries, in order.

    Raises:
        InputError: It is in the chain and yet no block: it was written so.
    """
    if head.raw_bytes > RAW_BYTES_MAX:
        raise InputError(f"found a block of {head.raw_bytes} bytes, allowed are {RAW_BYTES_MAX}")
    try:
        raw: bytes = pa.Codec("zstd").decompress(packed, head.raw_bytes, asbytes=True)
        table_end = _TABLE.size + _TABLE.unpack_from(raw)[0]
        channels = _names.decode(raw[_TABLE.size : table_end])
        entries = []
        at = table_end
        for _ in range(head.entry_count):
            stamp_ns, number, size = _ENTRY.unpack_from(raw, at)
            at += _ENTRY.size
            entries.append(Entry(stamp_ns, channels[number], raw[at : at + size]))
            at += size
    except (OSError, pa.ArrowException, struct.error, msgspec.MsgspecError, IndexError) as error:
        raise InputError(f"found a block that can't be unpacked ({error})") from None
    if at != len(raw):
        raise InputError(f"found a block of {len(raw)} bytes, allowed are the {at} of its entries")
    return entries


def _link(
    chain: bytes, magic: bytes, sizes: tuple[int, int, int], span: tuple[int, int], packed: bytes
) -> tuple[bytes, bytes]:
    """A block, and the chain with it."""
    numbers = _BLOCK.pack(magic, *sizes, *span, bytes(32), 0)[: -_CRC.size - 32]
    linked = _chained(chain, numbers, packed)
    head = numbers + linked
    return head + _CRC.pack(zlib.crc32(head)) + packed, linked


def _chained(chain: bytes, numbers: bytes, packed: bytes) -> bytes:
    digest = hashlib.sha256(chain)
    digest.update(numbers)
    digest.update(packed)
    return digest.digest()
