"""A paper session in this process: its folder opened, its world brought to the present, and the loop around it.

Order of a session that goes on: the entries that were kept are taken again, which gives the world as it stood
and every fill that was acknowledged; then the feed is connected anew. Order of its end: what is on its way is
let be, entries and fills are made durable, `end.json` says what it came to, and the connection is closed last,
so that what is held at the end is marked by books that are known. The run's own folder, with its
events, comes of running the session again (`scenarios.paper_replay`), which has to come to the same.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bridge.feeds.base import DOWN, Want
from bridge.feeds.transport import Link, LinkConfig
from bridge.paper.alarm import Alarm
from bridge.paper.fills import FillFile
from bridge.paper.loop import PaperLoop
from bridge.paper.speech import SpeechPort
from bridge.paper.wall import WallClock
from bridge.recording import LogReader, LogWriter
from console.output import Output
from console.paper_words import taken
from market.errors import InputError
from scenarios.paper import BEGIN, END, PaperFill, PaperWorld
from scenarios.paper_session import (
    FILLS_FILE,
    INPUTS,
    SessionEnd,
    code_of,
    forget_end,
    read_session,
    replay,
    world_of,
    write_end,
)
from scenarios.run_journal import JOURNAL_SUFFIX, RunWriter

if TYPE_CHECKING:
    from scenarios.paper_session import SessionPlan, SessionStart

WARM_ENTRIES: Final = 200
"""Entries after which what is there is there to stay, and garbage is looked for among the rest alone."""

TELL_EVERY_S: Final = 0.5

STAMP: Final = b'"ns":'
DIGITS: Final = 20


def source_stamp_ns(data: bytes) -> int:
    """The time that an entry says of itself; 0 for none."""
    at = data.rfind(STAMP)
    if at < 0:
        return 0
    digits = data[at + len(STAMP) : at + len(STAMP) + DIGITS].lstrip(b' "')
    end = 0
    while end < len(digits) and 48 <= digits[end] <= 57:
        end += 1
    return int(digits[:end] or b"0")


class PaperRun:
    """One session, from its folder.

    Args:
        folder: Of the session.
        terminal: Whom to tell.

    Attributes:
        start: What it was begun with.
        trouble: Why it ended, where that was not wanted.
        unseen: Why nobody could watch it any more, where that ended it; in order, since nothing of it is wrong.
        world: Its world.

    Raises:
        InputError: The folder is no session's, its recording is damaged, or the program is another one.
    """

    def __init__(self, folder: Path, terminal: Output) -> None:
        self.folder = folder
        self.start: SessionStart
        self.plan: SessionPlan
        self.start, self.plan = read_session(folder)
        self.trouble: Exception | None = None
        self.unseen: Exception | None = None
        self._terminal = terminal
        self.recovered = 0
        found = code_of(self.plan)
        if found != self.start.code_digest:
            raise InputError(
                f"{folder}: found a session of the program {self.start.code_digest}, allowed is this "
                f"one's, {found}: another program may come to other fills"
            )
        self.fills = FillFile(folder / FILLS_FILE)
        self.world: PaperWorld = world_of(
            folder, self.start, self.plan, journal=self._journal, filled=self._filled
        )

    def _journal(self, host: str) -> RunWriter:
        """A journal is written anew with the entries that it comes of."""
        return RunWriter(self.folder / f"{host}{JOURNAL_SUFFIX}")

    def _filled(self, fill: PaperFill) -> None:
        self.fills.add(msgspec.json.encode(fill))

    # --- the past -------------------------------------------------------------------------------------

    def catch_up(self) -> int:
        """Take the entries that were kept again; the newest stamp.

        Raises:
            InputError: The recording is damaged.
        """
        inputs = self.folder / INPUTS
        if not inputs.exists() or not any(inputs.iterdir()):  # killed before its first entry
            return self.start.start_ns
        with self._terminal.progress("replay", "entries") as tick:
            last_ns = replay(self.world, LogReader(inputs), lambda done: tick(done, 0))
        self.recovered = self.world.entries
        return last_ns

    def go_past_fills(self, last_ns: int) -> int:
        """A time by which every fill that was acknowledged has happened."""
        newest_ns = self.fills.newest_ns()
        return max(last_ns, newest_ns) + 1

    # --- the present ----------------------------------------------------------------------------------

    async def live(self, ws_url: str, rest_url: str, watch: "Watcher | None" = None) -> None:
        """Trade until the session is over, somebody wants it to end, or it cannot go on."""
        last_ns = self.go_past_fills(self.catch_up())
        if not self.start.source_stamps:
            self.world.advance(last_ns)
            if self.fills.missing():
                raise InputError(
                    f"{self.folder}: found {self.fills.missing()} acknowledged fills that its entries do "
                    "not lead to; allowed is none"
                )
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        about = msgspec.json.encode({"session": self.start.name, "start_ns": self.start.start_ns})
        with LogWriter(self.folder / INPUTS, about) as log, _garbage_tamed():
            clock = WallClock(last_ns)

            def failed(error: Exception) -> None:
                self.trouble = error
                stop.set()

            stamp = source_stamp_ns if self.start.source_stamps else None
            paper = PaperLoop(
                self.world, log, self.fills, clock.now_ns, failed, source_stamp_ns=stamp
            )
            paper.alarm = Alarm(loop, partial(_rung, paper, stop))
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, stop.set)
            try:
                forget_end(self.folder)
                paper.take(BEGIN, b"")
                if self.recovered:
                    # What was connected, and what had been asked for, went with the process before.
                    paper.take(f"0/{DOWN}", b"another process has taken the session up")
                await self._connected(paper, stop, ws_url, rest_url, watch)
            finally:
                paper.alarm.close()
                for each in (signal.SIGINT, signal.SIGTERM):
                    loop.remove_signal_handler(each)
            self.figures = paper.figures

    async def _over(self, paper: PaperLoop, stop: asyncio.Event, closed: asyncio.Event) -> None:
        """Once it is to end, end it, and only then the connection: what is held is marked by books that are known."""
        await stop.wait()
        try:
            if self.trouble is None:
                paper.take(END, b"")
                self._keep_end(paper.finish())
        finally:
            closed.set()

    def _keep_end(self, last_ns: int) -> None:
        """Say what the session came to, for who runs it again."""
        self.world.assembly.finish()
        self.end = SessionEnd(
            digest=self.world.digest(),
            entries=self.world.entries,
            last_ns=last_ns,
            fills=self.fills.written,
        )
        write_end(self.folder, self.end)

    async def _connected(
        self,
        paper: PaperLoop,
        stop: asyncio.Event,
        ws_url: str,
        rest_url: str,
        watch: "Watcher | None",
    ) -> None:
        """Keep the feed connected until the end."""
        feed = self.world.feeds[0]
        config = LinkConfig(ws_url=ws_url + getattr(feed, "ws_path", ""), rest_url=rest_url)

        def sink(channel: str, data: bytes) -> Sequence[Want]:
            if channel == DOWN and self.start.source_stamps and link.frame_count:
                stop.set()  # the source is over, and there is no other time to wait in
                return ()
            return paper.take(f"0/{channel}", data)

        self.link = link = Link(config, sink)
        speech = SpeechPort(self.folder, partial(taken, self.world, paper))
        await speech.start()
        tasks = [asyncio.create_task(self._ends(paper, stop))]
        if watch is not None:
            tasks.append(asyncio.ensure_future(watch(self, paper)))
        for task in tasks:
            task.add_done_callback(lambda _: stop.set())
        closed = asyncio.Event()
        over = asyncio.create_task(self._over(paper, stop, closed))
        try:
            await link.run(closed)
        except Exception as error:
            self.trouble = self.trouble or error
            if not isinstance(error, InputError):
                raise
        finally:
            stop.set()
            for task in tasks:
                task.cancel()
            for found in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(found, Exception):
                    self.unseen = found
            try:
                await over
            finally:
                await speech.stop()

    async def _ends(self, paper: PaperLoop, stop: asyncio.Event) -> None:
        """Wait for the session's time to be over."""
        end_ns = self.start.end_ns
        while not stop.is_set() and not self.world.is_over:
            if paper.figures.entries >= WARM_ENTRIES and not gc.get_freeze_count():
                gc.collect()
                gc.freeze()
            left_s = (end_ns - self.world.now_ns) / 1e9
            await asyncio.sleep(min(max(left_s, 0.001), 0.05))
        stop.set()


Watcher = Callable[[PaperRun, PaperLoop], Awaitable[None]]
"""Shows a session while it runs, until it is cancelled."""


async def tell_troubles(session: PaperRun, terminal: Output) -> None:
    """Tell each trouble of the feed once, until cancelled; the same one again behind a connection that held."""
    told: tuple[int, str] = (0, "")
    while True:
        link = session.link
        trouble = link.connect_count, link.last_trouble
        if trouble[1] and trouble != told:
            terminal.note(f"feed: {trouble[1]}")
            told = trouble
        await asyncio.sleep(TELL_EVERY_S)


def _rung(paper: PaperLoop, stop: asyncio.Event) -> None:
    if not stop.is_set():
        paper.ring()


@contextlib.contextmanager
def _garbage_tamed() -> Iterator[None]:
    """No pause for garbage in the middle of a burst; the loop looks for it when it is quiet."""
    thresholds = gc.get_threshold()
    gc.set_threshold(thresholds[0] * 10, thresholds[1], 1_000_000)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
