"""Reading: records one after the other, each checked, up to the end or to the first that is wrong.

Model: what was appended is durable up to some byte, and a crash may leave a part of what followed.
So a frame that is cut off by the end of the journal, or a tail of nothing but zeros (space that was
taken and never written), is a *torn tail*: it was never acknowledged, and whoever goes on cuts it
off. Everything else that is wrong is a *problem*: located, and never passed over, because a record
behind it may have been acted on.

Order of checks for a frame: is its length believable, is it whole, `crc` (damage), `seq` (missing,
moved or doubled), `chain` (changed), and its type.

Limits: a reader takes a file system's word that what was synced stays as it was, and that a crash
cuts a file off, or zeros it from the end of a record; zeros inside the last record are a problem.
"""

from collections.abc import Iterator
from typing import Final, Self
from zlib import crc32

import msgspec

from desk.journal.chain import link
from desk.journal.frame import (
    BODY_BYTES_MAX,
    BODY_BYTES_MIN,
    BODY_HEAD,
    FRAME_HEAD,
    GUARD,
    HEAD_BYTES,
    MAGIC,
    PREFIX,
    VERSION,
)
from desk.journal.head import START, Head
from desk.journal.records import (
    Record,
    RecordType,
    header_in,
    restart_in,
    seal_in,
    snapshot_in,
)
from market.errors import InputError

_TYPES: Final = {int(kind): kind for kind in RecordType}
_EVENT: Final = RecordType.EVENT
_ZERO_CHUNK: Final = bytes(1 << 16)


class Problem(msgspec.Struct, frozen=True):
    """The first thing that is wrong.

    Attributes:
        offset: Byte at which the record that is wrong begins.
        seq: The record that was due there.
        text: What was found, and what is allowed.
    """

    offset: int
    seq: int
    text: str


class Reader:
    """An iterator over records. When it has ended, its attributes say how.

    Args:
        data: The journal's bytes: of a file, a memory map, or a writer in memory.
        at: Where to begin; what stands before is not looked at.
        where: The journal's name, for errors.

    Attributes:
        head: Behind the last record that was good.
        torn_bytes: Bytes of a torn tail behind `head`.
        problem: What stopped it; None at a good end.
        epoch: The newest that was read; −1 before the first HEADER, RESTART or SNAPSHOT.
        snapshot: The head right before the newest SNAPSHOT that was read.
        sealed: Whether the SEAL was read.
    """

    def __init__(
        self, data: bytes | bytearray | memoryview, at: Head = START, where: str = "journal"
    ) -> None:
        self.where: Final = where
        self.torn_bytes = 0
        self.problem: Problem | None = None
        self.epoch = -1
        self.snapshot: Head | None = None
        self.sealed = False
        self._data: Final = memoryview(data)
        self._size: Final = len(data)
        self._offset = at.end_offset
        self._seq = at.count
        self._chain = at.chain
        self._ended = False

    @property
    def head(self) -> Head:
        """Behind the last good record; START when there is none."""
        return Head(self._seq, self._offset if self._seq else 0, self._chain)

    def check(self) -> None:
        """Raise `InputError` if something was wrong."""
        if self.problem is not None:
            problem = self.problem
            raise InputError(
                f"{self.where}: {problem.text}; record {problem.seq} at byte {problem.offset}"
            )

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        record = None if self._ended else self._next()
        if record is None:
            self._ended = True
            raise StopIteration
        return record

    def to_end(self) -> Self:
        """Read all that is left; for those who want only how it ends."""
        for _record in self:
            pass
        return self

    # --- one record -----------------------------------------------------------------------------

    def _next(self) -> Record | None:
        """The next good record, or None at the end, whichever end it is."""
        if self._offset == 0 and not self._prefix_is_good():
            return None
        data, start, seq = self._data, self._offset, self._seq
        left = self._size - start
        if left == 0:
            self._torn()
            return None
        if self.sealed:
            self._stop(f"found {left} bytes behind the seal, allowed is nothing")
            return None
        if left < HEAD_BYTES:
            self._tail(left)
            return None
        length, guard, crc, chain = FRAME_HEAD.unpack_from(data, start)
        if length ^ guard != GUARD or not BODY_BYTES_MIN <= length <= BODY_BYTES_MAX:
            self._tail(left)
            return None
        end = start + HEAD_BYTES + length
        if end > self._size:
            self._tail(left)
            return None
        body = bytes(data[start + HEAD_BYTES : end])
        if crc32(body) != crc:
            self._stop(f"found crc {crc32(body):08x}, allowed is {crc:08x}: damaged")
            return None
        code, found_seq, now_ns = BODY_HEAD.unpack_from(body)
        if found_seq != seq:
            self._stop(
                f"found seq {found_seq}, allowed is {seq}: records are missing, moved or doubled"
            )
            return None
        linked = link(self._chain, body)
        if linked != chain:
            self._stop(
                f"found chain {chain.hex()}, allowed is {linked.hex()}: it, or one before it, "
                "was changed"
            )
            return None
        kind = _TYPES.get(code)
        if kind is None:
            self._stop(f"found record type {code}, allowed are {sorted(_TYPES)}")
            return None
        record = Record(kind, seq, now_ns, body[BODY_BYTES_MIN:], linked, start, end)
        if (kind is not _EVENT or seq == 0) and not self._note(record):
            return None
        self._offset = end
        self._seq = seq + 1
        self._chain = linked
        return record

    def _note(self, record: Record) -> bool:
        """Take in what a record says about the journal itself; False when that is wrong."""
        kind = record.type
        if (record.seq == 0) != (kind is RecordType.HEADER):
            self._stop(f"found {kind.name}, allowed is HEADER as the first record, and only there")
            return False
        try:
            if kind is RecordType.HEADER:
                self.epoch = header_in(record).epoch
            elif kind is RecordType.RESTART:
                following = restart_in(record).epoch
                if following <= self.epoch:
                    self._stop(f"found epoch {following}, allowed is more than {self.epoch}")
                    return False
                self.epoch = following
            elif kind is RecordType.SNAPSHOT:
                self.epoch = snapshot_in(record).epoch
                self.snapshot = Head(self._seq, self._offset, self._chain)
            else:
                seal = seal_in(record)
                if (seal.count, seal.chain) != (self._seq, self._chain.hex()):
                    self._stop(f"found a seal of {seal.count} records, allowed is {self._seq}")
                    return False
                self.sealed = True
        except InputError as error:
            self._stop(str(error))
            return False
        return True

    # --- ends -----------------------------------------------------------------------------------

    def _prefix_is_good(self) -> bool:
        """Step over the prefix; False when the journal ends in it or begins otherwise."""
        found = bytes(self._data[: len(PREFIX)])
        if found == PREFIX:
            self._offset = len(PREFIX)
            return True
        if PREFIX.startswith(found) or self._is_zero(0):
            self._torn()
        elif found[: len(MAGIC)] != MAGIC:
            self._stop(f"found {found!r} as its first bytes, allowed is {PREFIX!r}: no journal")
        elif found[-1] > VERSION:
            self._stop(
                f"found a journal of version {found[-1]}, allowed is {VERSION}: "
                "say `pip install --upgrade market-twin`"
            )
        else:
            self._stop(f"found a journal of version {found[-1]}, allowed is {VERSION}")
        return False

    def _tail(self, left: int) -> None:
        """Judge what cannot be a whole frame: the beginning of one, never-written space, or damage."""
        data, start = self._data, self._offset
        if self._is_zero(start):
            self._torn()
            return
        if left >= 8:
            length = int.from_bytes(data[start : start + 4], "little")
            guard = int.from_bytes(data[start + 4 : start + 8], "little")
            if length ^ guard != GUARD or not BODY_BYTES_MIN <= length <= BODY_BYTES_MAX:
                self._stop(
                    f"found length {length} with guard {guard}, "
                    f"allowed is a length of {BODY_BYTES_MIN} to {BODY_BYTES_MAX} and its complement"
                )
                return
        if left >= HEAD_BYTES + BODY_BYTES_MIN:
            _code, seq, _now_ns = BODY_HEAD.unpack_from(data, start + HEAD_BYTES)
            if seq != self._seq:
                self._stop(f"found seq {seq} in a record cut short, allowed is {self._seq}")
                return
        self._torn()

    def _is_zero(self, start: int) -> bool:
        """Whether there is nothing but zeros from a byte on, and at least one."""
        for at in range(start, self._size, len(_ZERO_CHUNK)):
            piece = self._data[at : at + len(_ZERO_CHUNK)]
            if piece != _ZERO_CHUNK[: len(piece)]:
                return False
        return start < self._size

    def _torn(self) -> None:
        """Take everything behind the last good record for a torn tail; there may be nothing."""
        self.torn_bytes = self._size - self.head.end_offset

    def _stop(self, text: str) -> None:
        """Note the first problem."""
        self.problem = Problem(self._offset, self._seq, text)
