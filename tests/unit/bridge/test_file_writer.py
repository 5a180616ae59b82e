"""A journal in a file: what is durable, what a refusing disk leaves, and what a killed process does."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.stores import FileWriter, head_path, map_file, read_head, replace_file
from bridge.stores import file as file_module
from desk.journal import Journal, Reader, anchor_from, survey
from market.errors import InputError
from tests.unit.desk.journals import HEADER, NOW_NS, write_events

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.journal"


def failing(code: int) -> object:
    def fail(*_args: object) -> int:
        raise OSError(code, os.strerror(code))

    return fail


def test_a_journal_in_a_file_is_the_one_in_memory(path: Path) -> None:
    with FileWriter.create(path) as writer:
        journal = Journal.begin(writer, NOW_NS, HEADER)
        write_events(journal, 0, 10)
        assert path.stat().st_size == 0
        journal.commit()
        assert path.stat().st_size == writer.durable_bytes == journal.head.end_offset
        writer.keep_head(journal.seal(NOW_NS).to_text())

    text = read_head(path)
    assert text is not None
    found = survey(map_file(path), anchor_from(text, str(path)))
    assert found.holds
    assert found.sealed
    assert found.records["event"] == 10


def test_one_sync_serves_every_record_since_the_last(path: Path) -> None:
    with FileWriter.create(path) as writer:
        journal = Journal.begin(writer, NOW_NS, HEADER, commit_every=4)
        write_events(journal, 0, 11)
        assert writer.sync_count == 3
        writer.sync()
        assert writer.sync_count == 3


def test_a_new_journal_takes_nobodys_place(path: Path) -> None:
    path.write_bytes(b"precious")

    with pytest.raises(InputError, match="found a file, allowed is a name for a new journal"):
        FileWriter.create(path)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for make in (FileWriter.create, lambda path: FileWriter.resume(path, 0), map_file):
        with pytest.raises(InputError, match="No such file or directory"):
            make(tmp_path / "none" / "a.journal")


def test_only_one_writes(path: Path) -> None:
    with (
        FileWriter.create(path),
        pytest.raises(InputError, match="another process that writes it"),
    ):
        FileWriter.resume(path, 0)
    FileWriter.resume(path, 0).close()


def test_a_torn_tail_is_cut_off_and_the_journal_goes_on(path: Path) -> None:
    with FileWriter.create(path) as writer:
        journal = Journal.begin(writer, NOW_NS, HEADER, commit_every=1)
        write_events(journal, 0, 7)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])

    reader = Reader(path.read_bytes()).to_end()
    with FileWriter.resume(path, reader.head.end_offset) as writer:
        assert path.read_bytes() == whole[: reader.head.end_offset]
        journal = Journal.resume(writer, NOW_NS, reader, commit_every=1)
        write_events(journal, 6, 2)

    assert (reader.head.count, reader.torn_bytes > 10) == (7, True)
    found = survey(map_file(path))
    assert found.holds
    assert (found.records["event"], found.restarts) == (8, 1)


def test_a_file_that_is_shorter_than_was_read_is_refused(path: Path) -> None:
    path.write_bytes(b"123")

    with pytest.raises(InputError, match="found 3 bytes, allowed are 4 or more"):
        FileWriter.resume(path, 4)
    FileWriter.resume(path, 3).close()


def test_a_full_disk_acknowledges_nothing_and_the_next_sync_tries_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FileWriter.create(path) as writer:
        journal = Journal.begin(writer, NOW_NS, HEADER, commit_every=1)
        durable = path.read_bytes()
        real = os.pwrite

        def half(handle: int, data: memoryview, offset: int) -> int:
            """Take half of what is left, then be full: a torn write in the middle of a frame."""
            if offset > len(durable):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(handle, data[: len(data) // 2], offset)

        monkeypatch.setattr(os, "pwrite", half)
        with pytest.raises(InputError, match=r"No space left.*1 records \(\d+ bytes\) behind byte"):
            write_events(journal, 0, 1)
        assert path.read_bytes() == durable
        assert journal.durable_count == 1

        monkeypatch.setattr(os, "pwrite", real)
        write_events(journal, 1, 1)

        assert journal.durable_count == 3
    assert [record.seq for record in Reader(map_file(path))] == [0, 1, 2]


def test_a_disk_that_does_not_confirm_breaks_the_writer_for_good(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FileWriter.create(path) as writer:
        journal = Journal.begin(writer, NOW_NS, HEADER, commit_every=1)
        monkeypatch.setattr(file_module, "_confirm", failing(errno.EIO))
        with pytest.raises(InputError, match="Input/output error while syncing"):
            write_events(journal, 0, 1)
        monkeypatch.undo()

        for again in (writer.sync, lambda: writer.append(b"x")):
            with pytest.raises(InputError, match="the writer is broken"):
                again()
        assert journal.durable_count == 1


def test_what_waits_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "WAITING_BYTES_MAX", 10)
    with FileWriter.create(path) as writer:
        writer.append(b"123456")
        with pytest.raises(InputError, match="12 bytes would wait, allowed are 10"):
            writer.append(b"123456")
        writer.sync()
    assert path.read_bytes() == b"123456"


def test_a_closed_writer_takes_nothing(path: Path) -> None:
    writer = FileWriter.create(path)
    writer.append(b"lost")
    writer.close()
    writer.close()

    with pytest.raises(InputError, match="the writer is closed"):
        writer.sync()
    assert path.read_bytes() == b""


def test_a_head_is_replaced_as_a_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_head(path) is None
    replace_file(head_path(path), b"old")
    with monkeypatch.context() as broken:
        broken.setattr("bridge.stores.replace.os.fsync", failing(errno.ENOSPC))
        with pytest.raises(InputError, match=r"No space left.*the old content stays"):
            replace_file(head_path(path), b"new")
    assert read_head(path) == b"old"
    assert [found.name for found in path.parent.iterdir()] == ["a.journal.head"]


def test_an_empty_file_is_mapped(path: Path) -> None:
    path.write_bytes(b"")

    assert len(map_file(path)) == 0


CHILD = """
import sys
from pathlib import Path
from bridge.stores import FileWriter
from desk.journal import Journal
from tests.unit.desk.journals import HEADER, NOW_NS, write_events

journal = Journal.begin(FileWriter.create(Path(sys.argv[1])), NOW_NS, HEADER, commit_every=3)
for number in range(1_000_000):
    write_events(journal, number, 1)
    print(journal.durable_count, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 40])
def test_a_killed_process_leaves_every_record_that_it_said_was_durable(
    path: Path, lines: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(lines)][-1]
        child.send_signal(signal.SIGKILL)

    reader = Reader(map_file(path)).to_end()

    assert reader.problem is None
    assert reader.head.count >= said
    with FileWriter.resume(path, reader.head.end_offset) as writer:
        if reader.head.count:
            Journal.resume(writer, NOW_NS, reader, commit_every=1)
            assert survey(map_file(path)).holds
