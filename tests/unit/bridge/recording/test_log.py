"""A recording read back: what was appended, what a crash leaves, what damage is, and what is dropped."""

import os
import random
from pathlib import Path

import pytest

from bridge.recording import Entry, LogReader, LogWriter, form, read_log, write
from bridge.stores import file as file_module
from market.errors import InputError
from tests.unit.bridge.recording.disks import Disk

ABOUT = b'{"venue":"test"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recording"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some hundred bytes, so that a small recording has many."""
    monkeypatch.setattr(write, "BLOCK_BYTES", 300)


def some(count: int, start: int = 0) -> list[Entry]:
    """Entries that zstd can't make small."""
    draw = random.Random(start)
    channels = ("ws", "rest:depth:BTCUSDT", "link:up")
    return [
        Entry(1_000 + 7 * number, channels[number % 3], draw.randbytes(number % 90))
        for number in range(start, start + count)
    ]


def put(log: LogWriter, entries: list[Entry]) -> None:
    for entry in entries:
        log.append(*entry)


def test_what_was_appended_is_read(folder: Path) -> None:
    entries = some(500)
    with LogWriter(folder, ABOUT) as log:
        put(log, entries)
        assert log.durable_count == 0
        log.sync()
        assert log.durable_count == log.entry_count == 500
    reader = LogReader(folder)
    assert list(reader) == entries
    assert (reader.about, reader.is_sealed, reader.torn_bytes) == (ABOUT, True, 0)
    assert reader.entry_count == 500


def test_an_empty_recording_and_empty_entries(folder: Path) -> None:
    LogWriter(folder).close()
    assert list(read_log(folder)) == []
    with LogWriter(folder) as log:
        log.append(5, "", b"")
    assert list(read_log(folder)) == [Entry(5, "", b"")]


def test_a_recording_that_is_being_written_can_be_read(folder: Path) -> None:
    with LogWriter(folder) as log:
        put(log, some(10))
        log.sync()
        put(log, some(3, 10))
        reader = LogReader(folder)
        assert list(reader) == some(10)
        assert not reader.is_sealed


def test_nothing_else_is_a_recording(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no recording"):
        read_log(tmp_path)
    with pytest.raises(InputError, match="found no recording"):
        read_log(tmp_path / "000000.twinlog")
    other = tmp_path / "other.gz"
    other.write_bytes(bytes(200))
    with pytest.raises(InputError, match="another kind of file"):
        list(read_log(other))


def test_a_large_entry_is_taken_and_a_larger_one_refused(folder: Path) -> None:
    with LogWriter(folder) as log:
        log.append(1, "ws", bytes(form.ENTRY_BYTES_MAX))
        with pytest.raises(InputError, match="allowed are 16777216"):
            log.append(2, "ws", bytes(form.ENTRY_BYTES_MAX + 1))
        log.append(3, "ws", b"after")
        assert log.refused_count == 1
    assert [len(entry.data) for entry in read_log(folder)] == [form.ENTRY_BYTES_MAX, 5]


@pytest.mark.usefixtures("small_blocks")
def test_torn_at_every_byte_the_whole_blocks_are_read(folder: Path) -> None:
    entries = some(60)
    with LogWriter(folder, ABOUT) as log:
        put(log, entries)
    path = form.file_path(folder, 0)
    whole_bytes = path.stat().st_size
    counts = set()
    for size in range(whole_bytes, -1, -1):
        os.truncate(path, size)
        reader = LogReader(folder)
        found = list(reader)
        assert found == entries[: len(found)]
        assert reader.whole_bytes + reader.torn_bytes == size
        assert reader.is_sealed == (size == whole_bytes)
        counts.add(len(found))
    assert counts >= {0, 60}
    assert len(counts) >= 6


@pytest.mark.usefixtures("small_blocks")
def test_a_flipped_bit_anywhere_is_found(folder: Path) -> None:
    with LogWriter(folder, ABOUT, file_bytes_max=1_000) as log:
        put(log, some(40))
    paths = [path for _, path in sorted((path.stem, path) for path in folder.iterdir())]
    assert len(paths) >= 2
    draw = random.Random(8)
    for path in paths:
        with path.open("r+b", buffering=0) as file:
            for at, byte in enumerate(path.read_bytes()):
                os.pwrite(file.fileno(), bytes([byte ^ 1 << draw.randrange(8)]), at)
                with pytest.raises(InputError, match=rf"{path.name}: byte \d+: found "):
                    list(read_log(folder))
                os.pwrite(file.fileno(), bytes([byte]), at)
    assert list(read_log(folder)) == some(40)


@pytest.mark.usefixtures("small_blocks")
def test_files_that_are_missing_cut_or_swapped_are_found(folder: Path) -> None:
    with LogWriter(folder, ABOUT, file_bytes_max=1_000) as log:
        put(log, some(120))
    first, second, third = (form.file_path(folder, number) for number in range(3))
    kept = second.read_bytes()

    second.unlink()
    with pytest.raises(InputError, match="found file 2 behind file 0"):
        list(read_log(folder))

    second.write_bytes(kept[:-5])
    with pytest.raises(InputError, match="cut off"):
        list(read_log(folder))

    # A whole block cut off together with the seal: the next file tells.
    seal = form.BLOCK_HEAD_BYTES
    for size in range(len(kept) - seal - 400, len(kept) - seal):
        second.write_bytes(kept[:size])
        with pytest.raises(InputError, match=r"cut off|does not continue"):
            list(read_log(folder))

    second.write_bytes(third.read_bytes())
    with pytest.raises(InputError, match="the head of file 2"):
        list(read_log(folder))

    second.write_bytes(kept + b"x")
    with pytest.raises(InputError, match="bytes behind the seal"):
        list(read_log(folder))

    # Without its seal it is whole all the same.
    second.write_bytes(kept[:-seal])
    assert list(read_log(folder)) == some(120)
    # What is left of a recording that dropped its oldest is read.
    first.unlink()
    rest = list(read_log(folder))
    assert rest == some(120)[-len(rest) :]
    assert 0 < len(rest) < 120


@pytest.mark.usefixtures("small_blocks")
def test_a_killed_writer_is_gone_on_from_at_every_byte(folder: Path, tmp_path: Path) -> None:
    with LogWriter(folder, ABOUT) as log:
        put(log, some(30))
    whole = form.file_path(folder, 0).read_bytes()
    for size in range(0, len(whole) + 1, 41):
        again = tmp_path / f"at-{size}"
        again.mkdir()
        form.file_path(again, 0).write_bytes(whole[:size])
        kept = list(read_log(again))
        with LogWriter(again, b"later") as log:
            put(log, some(5, 1_000))
        reader = LogReader(again)
        assert list(reader) == kept + some(5, 1_000)
        assert (reader.about, reader.is_sealed) == (b"later", True)


def test_one_process_writes_a_recording(folder: Path) -> None:
    with LogWriter(folder), pytest.raises(InputError, match="another process"):
        LogWriter(folder)


@pytest.mark.usefixtures("small_blocks")
def test_a_bounded_recording_drops_its_oldest_files_or_takes_no_more(folder: Path) -> None:
    entries = some(2_000)
    with LogWriter(folder, file_bytes_max=4_000, total_bytes_max=12_000, drop_oldest=True) as log:
        put(log, entries)
        assert log.dropped_files > 0
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 12_000
    left = list(read_log(folder))
    assert left == entries[-len(left) :]

    other = folder.with_name("other")
    with LogWriter(other, file_bytes_max=4_000, total_bytes_max=12_000) as log:
        with pytest.raises(InputError, match="as long as it may be"):
            put(log, entries)
        assert log.is_full
        assert log.refused_count == 1
        with pytest.raises(InputError, match="as long as it may be"):
            log.append(1, "ws", b"")
    left = list(read_log(other))
    assert left == entries[: len(left)]
    assert len(left) == log.entry_count == log.durable_count
    assert sum(path.stat().st_size for path in other.iterdir()) <= 13_000


def test_bounds_that_make_no_sense_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="at least two files"):
        LogWriter(folder, file_bytes_max=10_000, total_bytes_max=15_000)
    with pytest.raises(InputError, match="about"):
        LogWriter(folder, bytes(form.ABOUT_BYTES_MAX + 1))


@pytest.mark.usefixtures("small_blocks")
def test_what_a_full_disk_refused_is_written_when_it_has_room(folder: Path) -> None:
    disk = Disk()
    with LogWriter(folder, file_bytes_max=2_000, create=disk.create) as log:
        put(log, some(20))
        log.sync()
        disk.is_full = disk.no_new = True
        put(log, some(100, 20))
        with pytest.raises(InputError, match="no space"):
            log.sync()
        assert log.durable_count == 20
        assert list(read_log(folder)) == some(20)
        disk.is_full = False
        # A new file can't be made: the old one goes on beyond its size.
        put(log, some(50, 120))
        log.sync()
        disk.no_new = False
        put(log, some(50, 170))
    assert list(read_log(folder)) == some(20) + some(100, 20) + some(50, 120) + some(50, 170)
    assert form.file_path(folder, 0).stat().st_size > 2_000
    assert form.file_path(folder, 1).is_file()


@pytest.mark.usefixtures("small_blocks")
def test_no_more_waits_for_a_disk_than_may(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "WAITING_BYTES_MAX", 2_000)
    disk = Disk()
    with LogWriter(folder, create=disk.create) as log:
        disk.is_full = True
        entries = some(200)
        taken = []
        for entry in entries:
            try:
                log.append(*entry)
            except InputError:
                continue
            taken.append(entry)
        assert log.refused_count == 200 - len(taken) > 0
        assert len(taken) > 20
        disk.is_full = False
        put(log, some(9, 500))
    assert list(read_log(folder)) == taken + some(9, 500)


def test_a_real_write_that_fails_leaves_nothing_half_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LogWriter(folder) as log:
        put(log, some(10))
        log.sync()
        real = file_module.os.pwrite

        def half(handle: int, data: bytes, offset: int) -> int:
            real(handle, bytes(data)[: len(data) // 2], offset)
            raise OSError(28, "No space left on device")

        put(log, some(10, 10))
        with monkeypatch.context() as patched:
            patched.setattr(file_module.os, "pwrite", half)
            with pytest.raises(InputError, match="No space left"):
                log.sync()
        reader = LogReader(folder)
        assert list(reader) == some(10)
        assert reader.torn_bytes == 0
    assert list(read_log(folder)) == some(20)[:10] + some(10, 10)
