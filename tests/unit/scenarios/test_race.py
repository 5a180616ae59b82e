import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from market.codes import Depth
from market.errors import InputError, VenueError
from scenarios.bench import TICK_UNITS, record_stream
from scenarios.race import peers, run
from scenarios.race.loop import repeated
from scenarios.race.peers import Competitor, Peer, named_peers, ourselves, ready
from scenarios.race.run import bench_race, race
from scenarios.race.stream import CHECKPOINTS, OWN_ORDERS, RaceStream, race_stream
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.write import TapeWriter

MESSAGES = 6_000
FAKE = Path(__file__).with_name("fake_peer.py")


@pytest.fixture(scope="module")
def recorded() -> np.ndarray:
    return record_stream(MESSAGES).rows


def stream_of(recorded: np.ndarray, depth: Depth) -> RaceStream:
    return race_stream(recorded, depth=depth, tick_units=TICK_UNITS)


def fake(tmp_path: Path, mood: str = "") -> Competitor:
    driver = tmp_path / (f"fake_peer_{mood}.py" if mood else "fake_peer.py")
    shutil.copy(FAKE, driver)
    return Competitor("fake", Path(sys.executable), driver, "it fills nothing")


# --- the rounds ------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", list(Depth))
def test_our_books_are_right_at_every_checkpoint_and_a_right_peer_agrees(
    recorded: np.ndarray, depth: Depth, tmp_path: Path
) -> None:
    stream = stream_of(recorded, depth)
    seen: list[tuple[int, int]] = []
    ours, peer = race(
        stream,
        [ourselves(), fake(tmp_path)],
        rounds=2,
        progress=lambda done, total: seen.append((done, total)),
    )

    assert [(1, 2), (2, 2)] == seen
    assert (CHECKPOINTS, CHECKPOINTS) == (ours.tops, peer.tops)
    assert ours.fills == OWN_ORDERS
    assert ours.ratio is None
    assert peer.rate == pytest.approx(len(stream.ts_ns))
    assert peer.cpu_rate == pytest.approx(2 * len(stream.ts_ns))
    assert peer.rows_per_message == 2.0
    assert ours.rate is not None
    assert ours.slowest is not None
    assert ours.fastest is not None
    assert ours.slowest <= ours.rate <= ours.fastest
    assert peer.ratio is not None
    assert ours.slowest <= peer.ratio * len(stream.ts_ns) <= ours.fastest


def test_own_orders_fill_in_a_race_and_a_peer_without_fills_says_why(
    recorded: np.ndarray, tmp_path: Path
) -> None:
    _, peer = race(stream_of(recorded, Depth.L3), [ourselves(), fake(tmp_path)], rounds=1)

    assert peer.fills is not None
    assert peer.fills < OWN_ORDERS
    assert peer.note == "it fills nothing"


def test_a_wrong_peer_is_counted_and_wrong_books_of_ours_stop_the_race(
    recorded: np.ndarray, tmp_path: Path
) -> None:
    stream = stream_of(recorded, Depth.L3)
    wrong = fake(tmp_path, "wrong")

    assert race(stream, [ourselves(), wrong], rounds=1)[1].tops == CHECKPOINTS - 1
    with pytest.raises(VenueError, match="right at 999 of 1000"):
        race(stream, [wrong, wrong], rounds=1)


def test_a_peer_that_dies_is_an_error_in_its_own_words(
    recorded: np.ndarray, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="fake failed in the race: ValueError: this peer has no"):
        race(stream_of(recorded, Depth.L3), [fake(tmp_path, "broken")], rounds=1)


# --- the peers -------------------------------------------------------------------------------


def test_names_of_peers_are_checked() -> None:
    assert ["lrvx", "nautilus"] == [peer.name for peer in named_peers("lrvx, nautilus,lrvx")]
    with pytest.raises(InputError, match="no such peer, allowed are hftbacktest, nautilus, lrvx"):
        named_peers("zipline")
    with pytest.raises(InputError, match="names nobody"):
        named_peers(" ,")


def no_package(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    """A machine on which environments can be made but nothing is to be had."""
    if command[2] == "venv":
        return subprocess.CompletedProcess(command, 0, "", "")
    return subprocess.CompletedProcess(
        command, 1, "", "note\nERROR: No matching distribution\nhint"
    )


def test_a_peer_that_cannot_be_installed_is_an_error_in_pips_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(peers.subprocess, "run", no_package)
    notes: list[str] = []

    with pytest.raises(InputError, match=r"^gone==1 cannot be installed: ERROR: No matching dist"):
        ready(Peer("gone", "gone==1", FAKE, (Depth.L3,), ""), notes.append)
    assert "installing gone==1" in notes[0]


def test_a_peer_that_is_not_to_be_had_keeps_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Peer("gone", "gone==1", FAKE, (Depth.L3,), "")
    there = Peer("there", "nothing", FAKE, (Depth.L3,), "")

    def enter(peer: Peer, _: object) -> Competitor:
        if peer is gone:
            raise InputError("gone==1 cannot be installed: ERROR")
        return Competitor("there", Path(sys.executable), FAKE)

    monkeypatch.setattr(run, "named_peers", lambda _: [gone, there])
    monkeypatch.setattr(run, "ready", enter)
    notes: list[str] = []
    result = bench_race("gone,there", rounds=1, messages=MESSAGES, note=notes.append)

    assert ["ours", "there", "gone"] == [row.name for row in result.competitors]
    assert result.competitors[2].rate is None
    assert result.competitors[2].note == "not available: gone==1 cannot be installed: ERROR"
    assert notes == ["gone==1 cannot be installed: ERROR"]


def test_an_environment_is_made_once_and_anew_for_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    peer = Peer("fake", "fake==1", FAKE, (Depth.L3,), "")
    calls: list[str] = []

    def made(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command[2])
        if command[2] == "venv":
            python = Path(command[3]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(peers.subprocess, "run", made)
    for wanted in (peer, peer, peer._replace(requirement="fake==2")):
        assert ready(wanted, lambda _: None).python == peers.peers_dir() / "fake" / "bin" / "python"

    assert ["venv", "pip", "venv", "pip"] == calls


@pytest.mark.parametrize("copies", [1, 3])
def test_a_race_takes_a_tape_and_a_kind_and_repeats_what_is_too_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    stream = record_stream(MESSAGES)
    tape = tmp_path / "flow.tape.parquet"
    book = TapeBook(
        book_id=0, symbol="S", venue="X", currency="USD", price_units_per_currency=10_000,
        tick_units=TICK_UNITS, handle_count=stream.handle_count,
    )  # fmt: skip
    with TapeWriter(tape) as writer:
        writer.append(stream.rows)
        writer.finish(TapeMeta(books=(book,), session_date="2020-02-03"))
    there = Peer("there", "nothing", FAKE, (Depth.L2,), "")
    monkeypatch.setattr(run, "named_peers", lambda _: [there])
    monkeypatch.setattr(run, "ready", lambda *_: Competitor("there", Path(sys.executable), FAKE))
    once = len(stream_of(stream.rows, Depth.L2).kind)
    notes: list[str] = []
    result = bench_race(
        "there", kind="l2", tape=tape, rounds=1, messages=copies * once, note=notes.append
    )

    assert (result.kind, result.copies, len(notes)) == ("l2", copies, int(copies > 1))
    assert result.messages == len(stream_of(repeated(stream.rows, copies), Depth.L2).kind)
    assert result.messages >= copies * once
    assert [CHECKPOINTS, CHECKPOINTS] == [row.tops for row in result.competitors]


def test_a_kind_without_a_race_is_refused_on_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "bench", "replay", "--kind", "l2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "say --against hftbacktest as well" in done.stderr
    assert done.returncode == 2


def test_nobody_to_race_against_is_an_error() -> None:
    with pytest.raises(InputError, match="nobody to race against: hftbacktest takes no L1 stream"):
        bench_race("hftbacktest", kind="l1")


def test_a_race_on_a_short_stream_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Peer("there", "nothing", FAKE, (Depth.L3,), "")
    monkeypatch.setattr(run, "named_peers", lambda _: [there])
    monkeypatch.setattr(run, "ready", lambda *_: Competitor("there", Path(sys.executable), FAKE))
    with pytest.raises(InputError, match="found 10 messages, a race needs at least"):
        bench_race("there", messages=10)
