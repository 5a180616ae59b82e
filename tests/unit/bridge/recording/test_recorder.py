"""The recorder: times that never fall, losses that are told, and a process that is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.recording import LOST, Entry, LogWriter, Recorder, read_log, write
from tests.unit.bridge.recording.disks import Disk

ROOT = Path(__file__).resolve().parents[4]


def test_times_never_fall(tmp_path: Path) -> None:
    times = iter([10, 11, 5, 12])
    with LogWriter(tmp_path) as log:
        recorder = Recorder(log, lambda: next(times))
        assert [recorder.take("ws", b"x") for _ in range(3)] == [11, 11, 12]
        assert (recorder.entry_count, recorder.byte_count) == (3, 3)
    assert [entry.stamp_ns for entry in read_log(tmp_path)] == [11, 11, 12]


def test_entries_are_durable_after_a_while(tmp_path: Path) -> None:
    times = iter([0, 10, 50, 99, 100])
    with LogWriter(tmp_path) as log:
        recorder = Recorder(log, lambda: next(times), sync_ns=100)
        for _ in range(3):
            recorder.take("ws", b"x")
        assert log.durable_count == 0
        recorder.take("ws", b"x")
        assert log.durable_count == 4


def test_losses_are_counted_and_told_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "BLOCK_BYTES", 100)
    monkeypatch.setattr(write, "WAITING_BYTES_MAX", 1_000)
    disk = Disk()
    now_ns = 0
    with LogWriter(tmp_path, create=disk.create) as log:
        recorder = Recorder(log, lambda: now_ns, sync_ns=10)
        disk.is_full = True
        for now_ns in range(200):
            recorder.take("ws", now_ns.to_bytes(50, "big"))
        assert recorder.lost_count > 100
        assert recorder.sync_failures > 0
        assert "no space" in recorder.last_trouble
        disk.is_full = False
        lost = recorder.lost_count
        recorder.take("ws", b"back")
        assert recorder.lost_count == lost
    entries = list(read_log(tmp_path))
    assert entries[-2:] == [Entry(199, LOST, str(lost).encode()), Entry(199, "ws", b"back")]
    assert len(entries) - 2 == 200 - lost
    assert [entry.stamp_ns for entry in entries[:-2]] == list(range(200 - lost))


KILLED = """
import itertools, sys
from pathlib import Path
from bridge.recording import LogWriter

log = LogWriter(Path(sys.argv[1]), file_bytes_max=60_000)
for number in itertools.count(int(sys.argv[2])):
    log.append(number, "ws", b"%d " % number * (number % 40))
    if number % 50 == 0:
        log.sync()
        print(number, flush=True)
"""


def test_a_process_killed_five_times_loses_nothing_that_was_durable(tmp_path: Path) -> None:
    start = 0
    for kill in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(start)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        # The first line says that it is under way; how far it then gets is the machine's to say.
        first = process.stdout.readline()
        time.sleep(0.02 + 0.03 * kill)
        process.send_signal(signal.SIGKILL)
        told = [line for line in (first + process.stdout.read()).split("\n") if line.isdigit()]
        process.stdout.close()
        process.wait()
        entries = list(read_log(tmp_path))
        assert len(entries) > int(told[-1])
        assert [entry.stamp_ns for entry in entries] == list(range(len(entries)))
        assert all(
            entry.data == b"%d " % entry.stamp_ns * (entry.stamp_ns % 40) for entry in entries
        )
        start = len(entries)
    assert len(list(tmp_path.iterdir())) >= 5
