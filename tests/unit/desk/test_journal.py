"""Writing a journal and reading it back; commits, restarts, snapshots, seals."""

import msgspec
import pytest

from desk.journal import (
    START,
    Event,
    Head,
    Header,
    Journal,
    MemoryWriter,
    Reader,
    RecordType,
    anchor_from,
    event_in,
    snapshot_in,
    survey,
)
from desk.journal.frame import MAGIC, PREFIX, VERSION
from desk.journal.records import header_in, restart_in, seal_in
from market.errors import InputError
from tests.unit.desk.journals import (
    HEADER,
    NOW_NS,
    decision,
    sample,
    submit,
    view,
    write_events,
)

H, E, S, R, Z = RecordType


def begun(commit_every: int = 0) -> tuple[MemoryWriter, Journal]:
    writer = MemoryWriter()
    return writer, Journal.begin(writer, NOW_NS, HEADER, commit_every=commit_every)


def resumed(writer: MemoryWriter) -> Journal:
    return Journal.resume(writer, NOW_NS, Reader(writer.durable()).to_end())


def test_what_is_written_is_read() -> None:
    writer, journal = begun()
    assert journal.event(NOW_NS + 1, view(1), [decision(5)], [submit(5)]) == 1
    digest = journal.snapshot(NOW_NS + 2, b"state")

    header, event, snapshot = Reader(writer.data)

    assert (header.type, event.type, snapshot.type) == (H, E, S)
    assert header_in(header) == HEADER
    assert event_in(event) == Event(view(1), (decision(5),), (submit(5),), (), ())
    assert event.now_ns == NOW_NS + 1
    assert (snapshot_in(snapshot).state, snapshot_in(snapshot).digest) == (b"state", digest)
    assert [record.seq for record in (header, event, snapshot)] == [0, 1, 2]


def test_every_message_survives_the_trip() -> None:
    found = sample(40)

    kinds = {type(event_in(record).message) for record in found.records if record.type is E}

    assert len(kinds) == 6
    assert [record.type for record in found.records].count(R) == 1


def test_the_head_is_where_the_last_record_ends() -> None:
    writer, journal = begun()
    write_events(journal, 0, 9)

    reader = Reader(writer.data).to_end()

    assert reader.head == journal.head == Head(10, len(writer.data), journal.head.chain)
    assert (reader.problem, reader.torn_bytes, reader.sealed, reader.epoch) == (None, 0, False, 0)


@pytest.mark.parametrize(("every", "durable"), [(1, 8), (3, 6), (0, 0)])
def test_records_become_durable_by_the_policy(every: int, durable: int) -> None:
    writer, journal = begun(every)
    write_events(journal, 0, 7)

    assert journal.durable_count == durable
    assert Reader(writer.durable()).to_end().head.count == durable

    journal.commit()
    assert journal.durable_count == 8
    assert writer.durable() == bytes(writer.data)


def test_a_commit_that_fails_acknowledges_nothing_and_the_next_one_has_each_record_once() -> None:
    writer, journal = begun()
    journal.commit()
    writer.refuse("disk full")
    write_events(journal, 0, 3)
    with pytest.raises(InputError, match=r"disk full; \d+ bytes are not durable"):
        journal.commit()
    assert journal.durable_count == 1

    write_events(journal, 3, 2)
    writer.refuse("")
    journal.commit()

    assert journal.durable_count == 6
    assert [record.seq for record in Reader(writer.durable())] == list(range(6))


def test_an_automatic_commit_that_fails_keeps_its_record() -> None:
    writer, journal = begun(1)
    writer.refuse("disk full")
    with pytest.raises(InputError, match="disk full"):
        journal.event(NOW_NS, view(1))
    writer.refuse("")

    assert journal.event(NOW_NS, view(2)) == 2
    assert journal.durable_count == 3


@pytest.mark.parametrize("crash_after", range(1, 12))
def test_a_restart_goes_on_and_the_content_is_that_of_an_unbroken_run(crash_after: int) -> None:
    unbroken, journal = begun()
    write_events(journal, 0, 12)
    writer, journal = begun()
    write_events(journal, 0, crash_after)
    journal.commit()
    write_events(journal, crash_after, 1)
    torn = len(writer.data) - writer.durable_bytes - 1
    crashed = MemoryWriter(bytes(writer.data[:-1]))

    reader = Reader(crashed.data).to_end()
    assert (reader.head.count, reader.torn_bytes) == (crash_after + 1, torn)
    recovered = MemoryWriter(bytes(crashed.data[: reader.head.end_offset]))
    journal = Journal.resume(recovered, NOW_NS + 99, reader)
    write_events(journal, crash_after, 12 - crash_after)

    found, expected = survey(recovered.data), survey(unbroken.data)
    assert found.holds
    assert found.content_digest == expected.content_digest
    assert (found.restarts, found.records["event"]) == (1, 12)
    restart = next(record for record in Reader(recovered.data) if record.type is R)
    assert (restart_in(restart).epoch, restart_in(restart).torn_bytes) == (1, torn)


def test_other_content_has_another_digest() -> None:
    digests = set()
    for now_ns, seq in ((NOW_NS, 1), (NOW_NS + 1, 1), (NOW_NS, 2)):
        writer, journal = begun()
        journal.event(now_ns, view(seq))
        digests.add(survey(writer.data).content_digest)

    assert len(digests) == 3


def test_epochs_rise() -> None:
    writer, journal = begun()
    journal.commit()
    journal = resumed(writer)
    journal.commit()
    reader = Reader(writer.durable()).to_end()

    assert (journal.epoch, reader.epoch) == (1, 1)
    with pytest.raises(InputError, match="found epoch 1 for a restart, allowed is 2 or more"):
        Journal.resume(writer, NOW_NS, reader, epoch=1)
    assert Journal.resume(writer, NOW_NS, reader, epoch=9).epoch == 9


def test_reading_may_begin_at_the_newest_snapshot() -> None:
    found = sample(20)
    at = found.anchor.snapshot
    assert at is not None

    reader = Reader(found.data, at)
    first = next(reader)

    assert first.type is S
    assert reader.to_end().head == found.anchor.head
    assert reader.snapshot == at
    assert Reader(found.data).to_end().snapshot == at


def test_a_resumed_journal_remembers_the_snapshot() -> None:
    writer, journal = begun()
    journal.snapshot(NOW_NS, b"state")
    journal.commit()

    assert resumed(writer).anchor.snapshot == journal.anchor.snapshot is not None


def test_a_seal_is_the_end() -> None:
    found = sample()
    last = found.records[-1]

    assert seal_in(last).count == last.seq
    assert survey(found.data, found.anchor).sealed
    with pytest.raises(InputError, match="found a sealed journal, allowed is an open one"):
        resumed(MemoryWriter(found.data))
    reader = Reader(found.data + b"\0" * 7, where="j").to_end()
    with pytest.raises(InputError, match="j: found 7 bytes behind the seal, allowed is nothing"):
        reader.check()


def test_nothing_can_be_written_behind_a_seal() -> None:
    _writer, journal = begun()
    journal.seal(NOW_NS)

    with pytest.raises(AssertionError):
        journal.event(NOW_NS, view())


def test_an_empty_journal_is_good_but_cannot_be_resumed() -> None:
    reader = Reader(b"").to_end()
    assert (reader.head, reader.problem) == (START, None)

    with pytest.raises(InputError, match="found no record"):
        Journal.resume(MemoryWriter(), NOW_NS, reader)


@pytest.mark.parametrize(
    ("first", "text"),
    [
        (MAGIC + bytes([VERSION + 1]), r"version 2, allowed is 1: say `pip install --upgrade"),
        (MAGIC + bytes([0]), "version 0, allowed is 1"),
        (b"PAR1....", "no journal"),
    ],
)
def test_another_format_is_refused_by_name(first: bytes, text: str) -> None:
    reader = Reader(first + sample().data[len(PREFIX) :], where="x.journal").to_end()

    with pytest.raises(InputError, match=rf"^x\.journal: found .*{text}"):
        reader.check()
    assert reader.head == START


def test_an_anchor_survives_its_text() -> None:
    found = sample()
    bare = msgspec.structs.replace(found.anchor, snapshot=None, sealed=False)

    for anchor in (found.anchor, bare):
        assert anchor_from(anchor.to_text(), "x.head") == anchor


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b'{"head":1}'])
def test_a_text_that_is_no_anchor_is_refused(damage: bytes) -> None:
    with pytest.raises(InputError, match=r"^x\.head: found \d+ bytes that are no head"):
        anchor_from(damage, "x.head")


@pytest.mark.parametrize(
    ("old", "new"), [(b'"count":', b'"count":-'), (b'"chain":"', b'"chain":"z')]
)
def test_an_anchor_with_impossible_numbers_is_refused(old: bytes, new: bytes) -> None:
    text = sample().anchor.to_text()

    with pytest.raises(InputError, match="no head of a journal"):
        anchor_from(text.replace(old, new, 1), "x.head")


def test_bytes_are_pinned() -> None:
    writer = MemoryWriter()
    Journal.begin(writer, 5, Header(desk=1, config_digest="c", code_digest="d"))

    assert writer.data.hex() == GOLDEN


# Journals on disk begin so: a change here is a new version of the format.
GOLDEN = (
    "5457494e4a524e013d000000c2ffffff34dd16e5f4568225f412f94328da6b169613916a010000000000000000050000"
    "000000000084a46465736b01ad636f6e6669675f646967657374a163ab636f64655f646967657374a164a565706f636800"
)
