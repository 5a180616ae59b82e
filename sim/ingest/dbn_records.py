"""Cuts a DBN stream into records, strictly.

A stream is a head (`DBN`, version, length, metadata) and records, each of which begins with its
own length in words of four bytes. The layouts here are the same in versions 1 to 3. A record of
another sort than the schema's (mappings, system messages) is skipped and counted.
"""

from collections.abc import Iterator

import numpy as np

from market.errors import InputError
from sim.ingest.bad_records import BadRecords
from sim.ingest.source import Source

MAGIC = b"DBN"
VERSIONS = (1, 2, 3)
WORD_BYTES = 4
HEADER_BYTES = 16
TS_OUT_BYTES = 8
_METADATA_BYTES_MAX = 1 << 26
_BLOCK_BYTES = 1 << 20

UNDEF_PRICE = (1 << 63) - 1
UNITS_PER_CURRENCY = 1_000_000_000

F_LAST = 1 << 7
F_TOB = 1 << 6
F_SNAPSHOT = 1 << 5
F_MBP = 1 << 4
F_BAD_TS_RECV = 1 << 3
F_MAYBE_BAD_BOOK = 1 << 2

_HEADER = [
    ("length", "u1"), ("rtype", "u1"), ("publisher_id", "<u2"), ("instrument_id", "<u4"),
    ("ts_event", "<u8"),
]  # fmt: skip
_STAMPS = [("ts_recv", "<u8"), ("ts_in_delta", "<i4"), ("sequence", "<u4")]
_LEVEL = [
    ("bid_price", "<i8"), ("ask_price", "<i8"), ("bid_qty", "<u4"), ("ask_qty", "<u4"),
    ("bid_count", "<u4"), ("ask_count", "<u4"),
]  # fmt: skip
_TRADE = [
    *_HEADER, ("price", "<i8"), ("size", "<u4"), ("action", "u1"), ("side", "u1"),
    ("flags", "u1"), ("depth", "u1"), *_STAMPS,
]  # fmt: skip
_MBO = [
    *_HEADER, ("order_id", "<u8"), ("price", "<i8"), ("size", "<u4"), ("flags", "u1"),
    ("channel_id", "u1"), ("action", "u1"), ("side", "u1"), *_STAMPS,
]  # fmt: skip

LAYOUTS: dict[str, tuple[int, np.dtype]] = {
    "mbo": (0xA0, np.dtype(_MBO)),
    "mbp-1": (0x01, np.dtype([*_TRADE, ("levels", _LEVEL, (1,))])),
    "mbp-10": (0x0A, np.dtype([*_TRADE, ("levels", _LEVEL, (10,))])),
    "trades": (0x00, np.dtype(_TRADE)),
}
"""Type byte and layout of the records of each schema."""


class DbnStream:
    """Metadata and records of one stream.

    Raises:
        InputError: The head is not that of a DBN stream.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rest = b""
        self._base = 0
        self.record_count = 0  # whole or not, of whatever sort
        self.other_count = 0  # of another sort than the schema's
        head = self._exactly(len(MAGIC) + 1 + WORD_BYTES)
        if not head.startswith(MAGIC) or head[3] not in VERSIONS:
            raise InputError(
                f"{source.name}: found {head[:4]!r} at its beginning, allowed DBN of version 1 to 3"
            )
        length = int.from_bytes(head[4:], "little")
        if length > _METADATA_BYTES_MAX:
            raise InputError(
                f"{source.name}: found {length} bytes of metadata, allowed {_METADATA_BYTES_MAX}"
            )
        self.metadata = head + self._exactly(length)

    def batches(
        self, rtype: int, layout: np.dtype, bad: BadRecords
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Runs of records of one sort, each run with the offset of its first byte.

        Args:
            rtype: Their type byte.
            layout: Their layout, with the time of sending where the stream has it.
            bad: Told of records that are not as long as their type is, or cut off.

        Raises:
            InputError: A record with no length, behind which nothing can be found.
        """
        while True:
            block = self._source.read(_BLOCK_BYTES)
            data = self._rest + block
            at = 0
            while len(data) - at >= HEADER_BYTES:
                length = data[at] * WORD_BYTES
                where = f"{self._source.name}:{self._base + at}"
                if length < HEADER_BYTES:
                    raise InputError(
                        f"{where}: found a record of {length} bytes, allowed from {HEADER_BYTES}; "
                        "what follows can't be read"
                    )
                if length > len(data) - at:
                    break
                if data[at + 1] == rtype and length == layout.itemsize:
                    run = _run(data, at, layout)
                    self.record_count += len(run)
                    yield self._base + at, run
                    at += run.nbytes
                    continue
                self.record_count += 1
                if data[at + 1] == rtype:
                    bad.refuse(where, f"found {length} bytes, allowed {layout.itemsize}")
                else:
                    self.other_count += 1
                at += length
            self._rest = data[at:]
            self._base += at
            if not block:
                break
        if self._rest:
            self.record_count += 1
            where = f"{self._source.name}:{self._base}"
            bad.refuse(where, f"found {len(self._rest)} bytes cut off, allowed whole records")

    def _exactly(self, byte_count: int) -> bytes:
        """So many bytes of the head."""
        while len(self._rest) < byte_count:
            block = self._source.read(_BLOCK_BYTES)
            if not block:
                raise InputError(
                    f"{self._source.name}: found {self._base + len(self._rest)} bytes, "
                    f"allowed a DBN stream with its metadata"
                )
            self._rest += block
        taken, self._rest = self._rest[:byte_count], self._rest[byte_count:]
        self._base += byte_count
        return taken


def _run(data: bytes, at: int, layout: np.dtype) -> np.ndarray:
    """The longest run of records that begin as the one at `at` does."""
    count = (len(data) - at) // layout.itemsize
    records = np.frombuffer(data, layout, count, at)
    differs = (records["length"] != data[at]) | (records["rtype"] != data[at + 1])
    return records[: int(np.argmax(differs))] if differs.any() else records


def with_ts_out(layout: np.dtype) -> np.dtype:
    """The layout of a stream that was asked to say when each record was sent."""
    return np.dtype([*layout.descr, ("ts_out", "<u8")])
