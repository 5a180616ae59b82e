"""A session in one process: what it finds in its folder, how it ends, and what it says when something fails."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.paper.listing import Terms
from bridge.paper.loop import PaperLoop
from bridge.paper.speech import SPEECH_FILE
from bridge.recording import Entry, LogWriter, read_log
from console.output import QUIET, Output
from console.paper_run import PaperRun, Watcher, tell_troubles
from console.paper_view import glance
from console.paper_words import taken
from desk.gate import GateMode
from market.errors import InputError
from scenarios.paper_replay import replay_session
from scenarios.paper_session import (
    INPUTS,
    FeedSpec,
    SessionStart,
    begin_session,
    code_of,
    plan_session,
    read_end,
)
from tests.paper_process import free_port, served
from tests.paper_rig import BTC, MS, S, entries, played, text_of
from tests.served_rig import write_capture
from tests.unit.console.twin import run_twin

if TYPE_CHECKING:
    from scenarios.paper import PaperFill


def eager(text: str) -> str:
    """A desk that takes as well, so that fills happen between entries."""
    return text.replace("entry_ppm = 400_000", "entry_ppm = 20_000").replace(
        "exit_ppm = 50_000", "exit_ppm = 5_000"
    )


def begun(tmp_path: Path, kept: Sequence[Entry] = (), *, span_ns: int = 3_600 * S) -> Path:
    """A session's folder, with the entries of a process that was killed."""
    scenario = tmp_path / "paper.toml"
    scenario.write_text(text_of(eager))
    plan = plan_session(str(scenario), None)
    start_ns = kept[0].stamp_ns - 1 if kept else time.time_ns()
    start = SessionStart(
        name=plan.scenario.run.name,
        scenario_digest=plan.digest,
        code_digest=code_of(plan),
        seed=7,
        instruments=(BTC,),
        terms=(Terms(),),
        order_limits=(),
        feeds=(FeedSpec(venue="binance", books=(0,)),),
        start_ns=start_ns,
        end_ns=start_ns + span_ns,
        round_trips_ns=(),
        source_stamps=False,
    )
    folder = tmp_path / "session"
    begin_session(folder, plan, start)
    if kept:
        with LogWriter(folder / INPUTS) as log:
            for entry in kept:
                log.append(*entry)
    return folder


def recent(taken: Sequence[Entry]) -> list[Entry]:
    """The same entries, the last of them now."""
    later_ns = time.time_ns() - taken[-1].stamp_ns
    return [one._replace(stamp_ns=one.stamp_ns + later_ns) for one in taken]


def lived(folder: Path, watch: Watcher | None = None, port: int = 0) -> PaperRun:
    """The session goes on, without a feed, until its time is over."""
    url = f"127.0.0.1:{port or free_port()}"
    session = PaperRun(folder, Output(verbosity=QUIET))
    with session.fills:
        asyncio.run(session.live(f"ws://{url}", f"http://{url}", watch))
    return session


async def terminated(_session: PaperRun, _loop: PaperLoop) -> None:
    """Somebody ends the process, in order, as soon as it runs."""
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


def test_who_goes_on_knows_that_the_connection_of_the_one_before_is_gone(tmp_path: Path) -> None:
    taken = entries(50)
    asked = next(at for at, one in enumerate(taken) if one.channel.startswith("0/rest"))
    kept = recent(taken[:asked])  # killed while it waited for the book
    span_ns = kept[-1].stamp_ns - kept[0].stamp_ns + 2 * S
    session = lived(begun(tmp_path, kept, span_ns=span_ns))

    behind = list(read_log(session.folder / INPUTS))[len(kept) :]
    assert [one.channel for one in behind] == ["begin", "0/link:down", "end"]
    world = session.world
    late_ns = behind[-1].stamp_ns + MS
    wants = [
        *world.take(late_ns, "0/link:up", b""),
        *(want for one in taken[1:asked] for want in world.take(late_ns, "0/ws", one.data)),
    ]
    assert [type(one).__name__ for one in wants] == ["Send", "Fetch"]


def test_an_end_is_one_only_until_the_session_goes_on(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    session = lived(folder, terminated)
    assert read_end(folder) == session.end
    again = PaperRun(folder, Output(verbosity=QUIET))
    with (
        again.fills,
        pytest.raises(InputError, match="ws_url"),
    ):  # as good as a kill: no END is kept
        asyncio.run(again.live("http://127.0.0.1:1", "http://127.0.0.1:1"))
    again.world.assembly.finish()

    assert read_end(folder) is None
    assert replay_session(folder, tmp_path / "runs", wall_ns=time.perf_counter_ns).differs == []


def test_a_killed_session_comes_again_to_a_fill_behind_its_last_entry(tmp_path: Path) -> None:
    taken = entries()
    stamps = [one.stamp_ns for one in taken]
    fills: list[PaperFill] = []
    played(taken, filled=fills.append, text=text_of(eager))
    at_ns = next(one.venue_ns for one in fills if one.venue_ns not in stamps)
    folder = begun(tmp_path, [one for one in taken if one.stamp_ns < at_ns])
    session = PaperRun(folder, Output(verbosity=QUIET))
    with session.fills:
        session.catch_up()
        session.world.advance(at_ns + 1)  # its alarm rang, and it was killed before anything came
        promised = session.fills.acknowledge()
    session.world.assembly.finish()

    assert b'"venue_ns":%d' % at_ns in promised[-1]
    again = replay_session(folder, tmp_path / "runs", wall_ns=time.perf_counter_ns)
    assert (again.differs, again.summary.fills) == ([], len(promised))


def test_a_session_that_nobody_can_watch_any_more_ends_in_order_and_says_so(tmp_path: Path) -> None:
    async def broken(_session: PaperRun, _loop: PaperLoop) -> None:
        await asyncio.sleep(0.2)
        raise ValueError("the board")

    folder = begun(tmp_path)
    began_s = time.monotonic()
    session = lived(folder, broken)
    assert time.monotonic() - began_s < 10
    assert (session.trouble, str(session.unseen)) == (None, "the board")
    assert read_end(folder) == session.end


def test_who_ends_a_session_does_not_wait_for_a_venue_that_does_not_answer(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()

        async def later(session: PaperRun, loop: PaperLoop) -> None:
            await asyncio.sleep(0.5)
            await terminated(session, loop)

        began_s = time.monotonic()
        session = lived(folder, later, mute.getsockname()[1])
    assert time.monotonic() - began_s < 6
    assert read_end(folder) == session.end


def test_a_feed_that_does_not_come_is_told_to_whoever_sees_no_board(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def watch(session: PaperRun, _loop: PaperLoop) -> None:
        await tell_troubles(session, Output())

    session = lived(begun(tmp_path, span_ns=3 * S), watch)
    said = capsys.readouterr().err
    assert session.unseen is None
    assert said.count("feed: opening: ConnectionRefusedError") == 1


def says(found: list[tuple[int, str]], *words: tuple[str, ...]) -> Watcher:
    """Somebody says words to the session, and ends it."""

    async def watch(session: PaperRun, _loop: PaperLoop) -> None:
        for one in words:
            found.append(await asyncio.to_thread(run_twin, "say", session.folder, *one))
        found.append((0, (session.folder / SPEECH_FILE).read_text()))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    return watch


def test_what_a_person_said_holds_in_the_next_process_and_when_it_is_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(tmp_path, recent(entries(200)))
    by = ("--by", "A. Person", "--json")
    found: list[tuple[int, str]] = []
    first = lived(folder, says(found, ("kill", "--why", "it looks wrong", *by), ("dance", *by)))

    (code, out), (refused, _), (_, place) = found
    told = json.loads(out)
    assert (code, refused) == (0, 2)
    assert (told["action"], told["desks"][0]["mode"]) == ("KILL", "KILLED")
    assert "action: found 'dance', allowed is kill, rearm" in capsys.readouterr().err
    assert [one.word.why for one in first.world.words.said] == ["it looks wrong"]

    second = PaperRun(folder, Output(verbosity=QUIET))
    with second.fills:
        second.catch_up()
        second.world.assembly.finish()
    assert second.world.assembly.desks[0].gate.data.mode is GateMode.KILLED

    found.clear()
    third = lived(
        folder, says(found, ("rearm", *by), ("set-limits", "--limits-ppm", "900000", *by))
    )
    assert [json.loads(out)["desks"][0]["mode"] for _, out in found[:2]] == ["NORMAL", "NORMAL"]
    again = replay_session(folder, tmp_path / "runs", wall_ns=time.perf_counter_ns)
    assert again.differs == []
    assert [one.word.action for one in again.said] == ["KILL", "REARM", "SET_LIMITS"]
    assert again.said == third.world.words.said

    monkeypatch.setenv("TWIN_RUNS", str(tmp_path / "runs"))
    _, table = run_twin("paper", folder, "--replay", "-q")
    assert [line.split()[1:] for line in table.splitlines() if "A. Person" in line] == [
        ["KILL", "A.", "Person", "–", "it", "looks", "wrong"],
        ["REARM", "A.", "Person", "–"],
        ["SET_LIMITS", "A.", "Person", "900,000"],
    ]

    tokens = [json.loads(text)["token"].encode() for text in (place, found[2][1])]
    kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert tokens[0] != tokens[1]
    assert not any(token in kept for token in tokens)


def test_nobody_speaks_to_what_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begun(tmp_path)
    for where, said in ((folder, "no session that runs"), (tmp_path, "no paper session")):
        code, _ = run_twin("say", where, "kill", "--by", "A. Person")
        assert (code, said in capsys.readouterr().err) == (2, True)


def test_a_word_to_a_session_that_is_over_is_refused_and_not_kept(tmp_path: Path) -> None:
    session = PaperRun(begun(tmp_path), Output(verbosity=QUIET))
    with session.fills, LogWriter(session.folder / INPUTS) as log:
        paper = PaperLoop(session.world, log, session.fills, time.time_ns, lambda _: None)
        paper.finish()
        with pytest.raises(InputError, match="a session that is over"):
            asyncio.run(taken(session.world, paper, b'{"action":"KILL","authority":"x"}'))
    session.world.assembly.finish()
    assert list(read_log(session.folder / INPUTS)) == []


def test_a_session_ends_before_its_connection_so_that_what_it_holds_is_marked(
    tmp_path: Path,
) -> None:
    capture = write_capture(tmp_path / "spot_capture.gz", 3_000)
    folder = begun(tmp_path)

    async def some_fills(session: PaperRun, _loop: PaperLoop) -> None:
        while glance(session).books[0].position_lots == 0:
            await asyncio.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    with served(capture, arguments=("--speed", "10", "--hold")) as port:
        session = lived(folder, some_fills, port)
        seen = glance(session)
    assert [one.channel for one in read_log(folder / INPUTS)][-2:] == ["0/ws", "end"]
    assert seen.books[0].is_believed
    assert seen.pnl.endswith(" USDT")
    again = replay_session(folder, tmp_path / "runs", wall_ns=time.perf_counter_ns)
    assert again.differs == []
    assert again.summary.pnl == seen.pnl
