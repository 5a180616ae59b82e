"""A replica: a second desk that takes each record of a journal as it comes, and can go on in its place.

Model: recovery (`desk.recovery`), a record at a time. A record is checked as a reader checks it (crc, number,
chain), its event is taken again at its own time, and what that gives must be what is on record; a SNAPSHOT
must be this desk's own state. What the desk wants goes nowhere. The frames are kept as they came, so the
replica's journal is a prefix of the other's, byte for byte.

`promote` ends that: the journal goes on with a RESTART, and from then on the desk speaks for itself. Whoever
reads the whole journal later comes to the same state, because nothing but records ever moved it.
"""

import hashlib
from typing import Final

from desk.journal import Head, Header, Journal, Reader, Record, RecordType, event_in, snapshot_in
from desk.journal.frame import FIRST_CHAIN, PREFIX
from desk.journal.records import header_in
from desk.recovery import MakeDesk, ReplayLog
from market.errors import InputError
from market.messages import EVERY, Report
from market.ports import JournalWriter

DIGEST_BYTES: Final = 16


class Replica:
    """A desk behind another one, by less than a record.

    Args:
        make: Makes the desk that the journal is of.
        writer: Takes the copy; empty.
        header: Whose journal it must be; another program may have written it, if all that it did
            comes out here too.

    Attributes:
        count: Records taken.
        now_ns: Time of the last of them, by the other machine's clock.
    """

    def __init__(self, make: MakeDesk, writer: JournalWriter, header: Header) -> None:
        self.count = 0
        self.now_ns = 0
        self._log = ReplayLog()
        self.desk = make(self._log, None)
        self._writer = writer
        self._header = header
        self._chain = FIRST_CHAIN
        self._end_offset = len(PREFIX)
        self._epoch = -1
        self._floor = 0
        self._above: set[int] = set()
        self._snapshot: Head | None = None
        writer.append(PREFIX)

    @property
    def head(self) -> Head:
        """Where its journal stands."""
        return Head(self.count, self._end_offset, self._chain)

    def apply(self, frame: bytes) -> None:
        """Take the next record.

        Raises:
            InputError: It is damaged, not the next, of another desk, or gives something else here.
        """
        reader = Reader(PREFIX + frame, Head(self.count, len(PREFIX), self._chain), "replica")
        record = next(reader, None)
        reader.check()
        if record is None:
            raise InputError(
                f"replica: found {len(frame)} bytes that are no whole record {self.count}, "
                "allowed is the next frame"
            )
        self._take(record)
        self._writer.append(frame)
        self.count += 1
        self._end_offset += len(frame)
        self._chain = record.chain

    def _take(self, record: Record) -> None:
        """Do as the record says."""
        kind, desk = record.type, self.desk
        self.now_ns = record.now_ns
        if kind is RecordType.EVENT:
            event = event_in(record)
            self._log.expected, self._log.where = event, record.where
            if event.message is None:
                desk.start(record.now_ns)
            else:
                desk.on(event.message, record.now_ns)
                if isinstance(event.message, Report):
                    self._heard(event.message.report_seq)
            return
        if kind is RecordType.SNAPSHOT:
            digest = hashlib.blake2b(desk.snapshot(), digest_size=DIGEST_BYTES).hexdigest()
            snapshot = snapshot_in(record)
            if digest != snapshot.digest:
                raise InputError(
                    f"replica: {record.where}: found a state with digest {digest}, allowed is "
                    f"{snapshot.digest}, that of the desk that wrote it"
                )
            self._snapshot = self.head
        elif kind is RecordType.HEADER:
            header = header_in(record)
            for name in ("desk", "config_digest"):
                found, allowed = getattr(header, name), getattr(self._header, name)
                if found != allowed:
                    raise InputError(
                        f"replica: found a journal with {name} {found!r}, allowed is {allowed!r}: "
                        "both sites run one configuration"
                    )
            self._epoch = header.epoch
        elif kind is RecordType.RESTART:
            self._epoch += 1

    def last_report(self) -> int:
        """The desk has taken every answer of the venue up to this number."""
        return self._floor

    def _heard(self, report_seq: int) -> None:
        """Answers may come in another order than that of their numbers, from venues apart."""
        if report_seq > self._floor:
            self._above.add(report_seq)
        while self._floor + 1 in self._above:
            self._floor += 1
            self._above.discard(self._floor)

    def last_order(self) -> int:
        """Sequence of the newest order that the desk knows of."""
        return self.desk.orders.data.sequence

    def doubts(self) -> int:
        """Orders of which nobody knows how they stand."""
        return len(self.desk.orders.unknown(EVERY))

    def digest(self) -> str:
        """Of the desk's whole state."""
        return hashlib.blake2b(self.desk.snapshot(), digest_size=DIGEST_BYTES).hexdigest()

    def promote(self, now_ns: int) -> Journal:
        """Let the desk speak for itself: its journal goes on with a RESTART, not yet durable."""
        reader = Reader(b"", self.head, "replica")
        reader.epoch, reader.snapshot = self._epoch, self._snapshot
        journal = Journal.resume(self._writer, max(now_ns, self.now_ns), reader)
        self.desk.journal = journal
        return journal
