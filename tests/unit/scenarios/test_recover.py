from pathlib import Path

import pytest

from bridge.stores import FileWriter
from bridge.stores import file as file_module
from desk.journal import Header, Reader, RecordType
from desk.pipeline import Desk, DeskData, EventLog
from market.errors import InputError
from market.messages import Query, Report, SetTimer, Submit
from scenarios import recover
from scenarios.desk_cycle import (
    START_NS,
    InAndOut,
    StubVenue,
    desk_config,
    instruments_of,
    quotes,
    view_of,
)
from scenarios.group_commit import GroupCommit
from scenarios.recover import Opened, open_desk, reconnect

BOOKS = 2
HEADER = Header(desk=1, config_digest="a", code_digest="")


def make(journal: EventLog, data: DeskData | None) -> Desk:
    config = desk_config(BOOKS, "passive")
    return Desk(config, instruments_of(BOOKS), [InAndOut(BOOKS)], journal, data)


def opened_at(path: Path, now_ns: int = START_NS) -> Opened:
    return open_desk(path, make, HEADER, now_ns)


def worked(path: Path) -> tuple[Opened, list[int]]:
    """A desk with an order resting in each book, its process gone; and their ids."""
    opened = opened_at(path)
    desk, venue = GroupCommit(opened.desk, opened.journal), StubVenue(BOOKS)
    desk.start(START_NS)
    for quote in quotes(BOOKS, 1, "passive")[0]:
        desk.take(view_of(quote, 1), quote[0])
    commands = desk.release()
    reports: list[Report] = []
    venue.answer(commands, START_NS, reports)
    for report in reports:
        desk.take(report, START_NS + 1_000_000)
    opened.journal.snapshot(START_NS + 1_000_000, opened.desk.snapshot())
    desk.take(view_of((START_NS + 2_000_000, 0, 58_000, 58_003), 2), START_NS + 2_000_000)
    opened.journal.commit()
    opened.writer.close()
    return opened, [one.order_id for one in commands if isinstance(one, Submit)]


def test_a_desk_goes_on_where_its_file_ends(tmp_path: Path) -> None:
    path = tmp_path / "desk.journal"
    before, order_ids = worked(path)
    after = opened_at(path, START_NS + 3_000_000)

    assert not before.recovered
    assert after.recovered
    assert after.torn_bytes == 0
    assert after.replayed == 1  # the one event behind the snapshot
    assert after.journal.epoch == 1
    assert after.desk.snapshot() == before.desk.snapshot()

    desk = GroupCommit(after.desk, after.journal)
    reconnect(desk, START_NS + 3_000_000)
    said = desk.release()
    after.writer.close()
    assert isinstance(said[0], SetTimer)
    assert [one.order_id for one in said if isinstance(one, Query)] == order_ids
    kinds = [record.type for record in Reader(path.read_bytes())]
    assert kinds[-4:] == [RecordType.RESTART, *[RecordType.EVENT] * 3]


def test_a_torn_tail_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "desk.journal"
    worked(path)
    whole = path.read_bytes()
    offsets = [record.offset for record in Reader(whole)]
    path.write_bytes(whole[:-7])
    after = opened_at(path)
    after.writer.close()

    assert after.torn_bytes == len(whole) - 7 - offsets[-1]
    assert after.replayed == 0
    assert Reader(path.read_bytes()).to_end().problem is None


@pytest.mark.parametrize("content", [b"", b"TWINJ", b"\0" * 100])
def test_where_nothing_was_ever_durable_a_journal_begins(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "desk.journal"
    path.write_bytes(content)
    opened = opened_at(path)
    opened.writer.close()

    assert not opened.recovered
    assert [record.type for record in Reader(path.read_bytes())] == [RecordType.HEADER]


def test_damage_is_refused_and_nothing_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "desk.journal"
    worked(path)
    damaged = bytearray(path.read_bytes())
    damaged[200] ^= 1
    path.write_bytes(damaged)

    with pytest.raises(InputError, match="found crc"):
        opened_at(path)
    assert path.read_bytes() == damaged


def test_another_desks_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "desk.journal"
    worked(path)
    other = Header(desk=1, config_digest="b", code_digest="")

    with pytest.raises(InputError, match="config_digest 'a', allowed is 'b', this desk's"):
        open_desk(path, make, other, START_NS)


def test_records_that_a_kept_head_vouches_for_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "desk.journal"
    opened, _order_ids = worked(path)
    head = path.with_name("desk.journal.head")
    head.write_bytes(opened.journal.anchor.to_text())
    offsets = [record.offset for record in Reader(path.read_bytes())]
    path.write_bytes(path.read_bytes()[: offsets[-1]])

    with pytest.raises(InputError, match="do not agree with the head kept beside"):
        opened_at(path)


def test_what_another_process_wrote_meanwhile_is_not_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "desk.journal"
    worked(path)
    locked = file_module._lock

    def late(where: Path, handle: int) -> None:
        monkeypatch.setattr(file_module, "_lock", locked)
        opened_at(path).writer.close()  # another process has come and gone
        locked(where, handle)

    monkeypatch.setattr(file_module, "_lock", late)
    with pytest.raises(InputError, match="another process has written since then; read it again"):
        opened_at(path)
    assert Reader(path.read_bytes()).to_end().epoch == 1


def test_a_journal_that_cannot_be_made_durable_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "desk.journal"
    worked(path)

    def broken(*_args: object) -> Desk:
        raise InputError("the program is another one")

    monkeypatch.setattr(recover, "rebuild", broken)
    with pytest.raises(InputError, match="the program is another one"):
        opened_at(path)
    size = path.stat().st_size
    FileWriter.resume(path, size).close()  # nobody holds it
