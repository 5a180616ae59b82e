"""A desk that outlives its process: begun with a journal's file, or recovered from it alone.

Model: `open_desk` is what a process calls first, whether it is the first one or the hundredth. Where the
file holds no whole record, nothing was ever acknowledged, and a new journal begins. Otherwise the file
is read to its end, the head kept beside it is held against it, a torn tail is cut off, the newest
snapshot and what came behind it give the desk as it stood (`desk.recovery`), and the journal goes on
with a RESTART, which is durable before anything else happens.

Order of events of a process that goes on (`reconnect`): the desk starts anew, since timers died with the
process; its link is down, since what was durable may or may not have left; once the link is up, it asks
how every open order stands. Whoever holds the link must then deliver, for each order asked about, the
fills that the venue has reported before the STATUS that counts them: repeats do no harm.

Limits: damage, which is anything but a torn tail, is refused; a person decides what then is to be done.
"""
# tidy: unimported the first call of a process that trades for itself; nothing simulated makes it

from pathlib import Path
from typing import NamedTuple

from bridge.stores import FileWriter, map_file, read_head
from desk.journal import (
    Anchor,
    Header,
    Journal,
    Reader,
    Record,
    RecordType,
    anchor_from,
)
from desk.journal.records import header_in
from desk.pipeline import Desk
from desk.recovery import MakeDesk, rebuild
from market.errors import InputError
from market.messages import EVERY, LinkStatus
from scenarios.group_commit import GroupCommit


class Opened(NamedTuple):
    """A desk with the journal that it goes on writing.

    Attributes:
        writer: Of the journal's file; whoever ends the process closes it.
        recovered: Whether an earlier process wrote the journal.
        replayed: Records behind the newest snapshot, whose events were taken again.
        torn_bytes: Of a last record that was cut off.
    """

    desk: Desk
    journal: Journal
    writer: FileWriter
    recovered: bool
    replayed: int = 0
    torn_bytes: int = 0


def open_desk(path: Path, make: MakeDesk, header: Header, now_ns: int) -> Opened:
    """A desk on the journal in a file: a new one, or the one that the file tells of.

    Args:
        path: The journal's file, or where it shall be.
        make: Makes a desk of the present configuration.
        header: Whose journal it is. One that is there must be of the same desk and configuration;
            of another program it may be, if that replays to what is on record.
        now_ns: Local time, for the HEADER or the RESTART.

    Raises:
        InputError: The journal is damaged, sealed, another desk's, or written by another process.
    """
    if not path.exists():
        return _begin(FileWriter.create(path), make, header, now_ns)
    data = map_file(path)
    reader = Reader(data, where=str(path))
    told = _kept_head(path)
    tail, agrees = _read(reader, header, told)
    reader.check()
    if told is not None and not agrees:
        raise InputError(
            f"{path}: found {reader.head.count} records that do not agree with the head kept beside "
            f"it, allowed is hash {told.head.chain.hex()} after {told.head.count}: say "
            f"`twin journal verify {path}`"
        )
    writer = FileWriter.resume(path, reader.head.end_offset, size=len(data))
    try:
        if reader.head.count == 0:
            return _begin(writer, make, header, now_ns)
        desk = rebuild(make, tail)
        journal = Journal.resume(writer, now_ns, reader)
        journal.commit()
    except BaseException:
        writer.close()
        raise
    desk.journal = journal
    return Opened(
        desk=desk,
        journal=journal,
        writer=writer,
        recovered=True,
        replayed=sum(record.type is RecordType.EVENT for record in tail),
        torn_bytes=reader.torn_bytes,
    )


def reconnect(desk: GroupCommit, now_ns: int) -> None:
    """Tell a recovered desk that its link was down and is up again.

    What it wants then, timers and word about every open order, leaves with the next release.
    """
    desk.start(now_ns)
    desk.take(LinkStatus(book_id=EVERY, up=False), now_ns)
    desk.take(LinkStatus(book_id=EVERY, up=True), now_ns)


def _begin(writer: FileWriter, make: MakeDesk, header: Header, now_ns: int) -> Opened:
    """A fresh desk with an empty journal."""
    journal = Journal.begin(writer, now_ns, header)
    journal.commit()
    return Opened(desk=make(journal, None), journal=journal, writer=writer, recovered=False)


def _kept_head(path: Path) -> Anchor | None:
    """The head kept beside a journal, if there is one."""
    text = read_head(path)
    return None if text is None else anchor_from(text, f"{path}.head")


def _read(reader: Reader, header: Header, told: Anchor | None) -> tuple[list[Record], bool]:
    """Read to the end; the records from the newest snapshot on, and whether a kept head agrees.

    Raises:
        InputError: The journal is another desk's.
    """
    tail: list[Record] = []
    agrees = told is None or told.head.count == 0
    for record in reader:
        if record.type is RecordType.HEADER:
            check_identity(record, header, reader.where)
        elif record.type is RecordType.SNAPSHOT:
            tail.clear()  # what stands before a snapshot is in it
        tail.append(record)
        if told is not None and record.seq + 1 == told.head.count:
            agrees = record.chain == told.head.chain
    return tail, agrees


def check_identity(record: Record, wanted: Header, where: str) -> None:
    """Refuse to go on with what another desk or configuration has written.

    Args:
        record: The first of the journal, its HEADER.
        wanted: Of this desk.

    Raises:
        InputError: The journal is another one's.
    """
    found = header_in(record)
    for name in ("desk", "config_digest"):
        one, other = getattr(found, name), getattr(wanted, name)
        if one != other:
            raise InputError(
                f"{where}: found a journal with {name} {one!r}, allowed is {other!r}, this desk's"
            )
