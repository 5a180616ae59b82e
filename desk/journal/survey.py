"""What a whole journal amounts to: one pass, nothing kept but counts.

`content_digest` is the BLAKE2b-128 of the time and payload of every EVENT, and of nothing else, so
two runs that saw and did the same have the same one, however often they were restarted or wrote
their state down.
"""

from hashlib import blake2b
from typing import Final

import msgspec

from desk.journal.head import Anchor, Head
from desk.journal.reader import Reader
from desk.journal.records import Header, RecordType, event_in, header_in
from market.errors import InputError

_TIME_BYTES: Final = 8


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        records: How many of each type, by name.
        good_bytes: Bytes up to the end of the last good record.
        torn_bytes: Of a torn tail behind it.
        header: The identity in the first record.
        restarts: How many times another process went on.
        first_ns: Time of the first record, 0 without one.
        last_ns: Time of the last.
        chain: Hash of the last good record, in hexadecimal digits.
        content_digest: Of the events alone.
        sealed: Whether the last record is a SEAL.
        anchored: Whether a head kept beside the journal was found to agree; None without one.
        problem: The first thing that is wrong; None for a journal that holds.
    """

    records: dict[str, int]
    good_bytes: int
    torn_bytes: int
    header: Header | None
    restarts: int
    first_ns: int
    last_ns: int
    chain: str
    content_digest: str
    sealed: bool
    anchored: bool | None
    problem: str | None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong; a torn tail behind the last record is nothing wrong."""
        return self.problem is None


def survey(
    data: bytes | bytearray | memoryview, anchor: Anchor | None = None, where: str = "journal"
) -> Survey:
    """Read a journal from its first byte to its last.

    Args:
        data: The journal's bytes.
        anchor: The head kept beside it, if there is one.
        where: The journal's name, for the problem's text.

    Returns:
        What was found; problems are data here, never exceptions.
    """
    reader = Reader(data, where=where)
    counts = dict.fromkeys((kind.name.lower() for kind in RecordType), 0)
    names = {kind: kind.name.lower() for kind in RecordType}
    content = blake2b(digest_size=16)
    header: Header | None = None
    first_ns = last_ns = 0
    told = None if anchor is None else anchor.head
    anchored = None if told is None else told.count == 0
    problem: str | None = None
    try:
        for record in reader:
            counts[names[record.type]] += 1
            last_ns = record.now_ns
            if record.type is RecordType.EVENT:
                event_in(record)
                content.update(record.now_ns.to_bytes(_TIME_BYTES, "little", signed=True))
                content.update(record.payload)
            elif record.type is RecordType.HEADER:
                header = header_in(record)
                first_ns = record.now_ns
            if told is not None and record.seq + 1 == told.count:
                anchored = (record.end_offset, record.chain) == (told.end_offset, told.chain)
        reader.check()
    except InputError as error:
        problem = str(error)
    if told is not None and problem is None:
        problem = _broken_promise(reader.head, told, agrees=anchored is True, where=where)
    return Survey(
        records=counts,
        good_bytes=reader.head.end_offset,
        torn_bytes=reader.torn_bytes,
        header=header,
        restarts=counts["restart"],
        first_ns=first_ns,
        last_ns=last_ns,
        chain=reader.head.chain.hex(),
        content_digest=content.hexdigest(),
        sealed=reader.sealed,
        anchored=anchored,
        problem=problem,
    )


def _broken_promise(found: Head, told: Head, *, agrees: bool, where: str) -> str | None:
    """What a head kept beside a journal proves to be wrong with a journal that is whole by itself."""
    if found.count < told.count:
        return (
            f"{where}: found {found.count} records, allowed is {told.count} or more: "
            f"the head kept beside it vouches for {told.count - found.count} that are missing"
        )
    if not agrees:
        return (
            f"{where}: found another hash at record {told.count - 1} than the head kept beside "
            f"it, allowed is {told.chain.hex()}: the history was written anew"
        )
    return None
