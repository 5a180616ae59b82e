"""A record as bytes: where each field of a frame stands.

    file   = PREFIX frame frame frame …
    frame  = length u32 | guard u32 | crc u32 | chain 16 bytes | body
    body   = record type u8 | seq u64 | now_ns i64 | payload (msgpack)

All integers are little-endian. `length` counts the body's bytes and `guard` is its complement: without
it, one damaged bit in a length could make everything behind look like one record that was cut off
while it was written. `crc` (CRC-32 of the body) tells damage by a disk from a record that somebody
changed, which has the right `crc` and breaks the `chain`.

The layout of the prefix never changes, that of frames only with the version.
"""

import struct
from typing import Final
from zlib import crc32

from desk.journal.chain import CHAIN_BYTES, link

VERSION: Final = 1
MAGIC: Final = b"TWINJRN"
PREFIX: Final = MAGIC + bytes([VERSION])
"""First bytes of a journal: what it is, and the version of its format."""

FIRST_CHAIN: Final = link(b"", PREFIX)
"""Stands as the hash before the first record."""

FRAME_HEAD: Final = struct.Struct(f"<III{CHAIN_BYTES}s")
BODY_HEAD: Final = struct.Struct("<BQq")
HEAD_BYTES: Final = FRAME_HEAD.size
BODY_BYTES_MIN: Final = BODY_HEAD.size
BODY_BYTES_MAX: Final = 1 << 30
"""No record may be larger; a reader takes a larger length for damage."""

GUARD: Final = 0xFFFF_FFFF


def frame_of(chain: bytes, body: bytes) -> tuple[bytes, bytes]:
    """A body as a frame.

    Args:
        chain: Hash of the record before it.
        body: Type, seq, time and payload.

    Returns:
        The frame, and the hash of this record.
    """
    length = len(body)
    assert BODY_BYTES_MIN <= length <= BODY_BYTES_MAX
    chain = link(chain, body)
    return FRAME_HEAD.pack(length, length ^ GUARD, crc32(body), chain) + body, chain
