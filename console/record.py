"""`twin record`: a venue's raw market data into a recording, until told to stop."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from console.errors import EXIT_DOES_NOT_HOLD
from console.options import Json, Quiet, Verbose, terminal_of
from market.errors import InputError

if TYPE_CHECKING:
    from bridge.feeds import Want
    from bridge.feeds.ccxt_feed import CcxtLink
    from bridge.feeds.transport import Link
    from bridge.recording import LogWriter, Recorder
    from bridge.venues import VenueFeed
    from console.progress import Tick

_FILE_BYTES: Final = 256_000_000
_LEAST_BYTES: Final = 1_000_000
_BOOKS_EVERY_NS: Final = 60_000_000_000


def record(
    venue: Annotated[str, typer.Argument(help="binance, coinbase, kraken, or ccxt:NAME.")],
    symbols: Annotated[list[str], typer.Argument(help="What to record, such as BTC/USDT.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder that receives the recording.")],
    market: Annotated[str, typer.Option("--market", help="spot, or usdm of binance.")] = "spot",
    seconds: Annotated[int, typer.Option("--seconds", min=0, help="How long; 0 until Ctrl-C.")] = 0,
    url_ws: Annotated[
        str | None, typer.Option("--url-ws", help="Another websocket, such as ws://127.0.0.1:9443.")
    ] = None,
    url_rest: Annotated[
        str | None, typer.Option("--url-rest", help="Another REST host, such as a local one.")
    ] = None,
    max_bytes: Annotated[
        int, typer.Option("--max-bytes", min=0, help="Most bytes on disk; 0 for no limit.")
    ] = 0,
    drop_oldest: Annotated[
        bool, typer.Option("--drop-oldest", help="At that limit, remove the oldest file; else end.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Record raw market data as it comes: nothing is left out, changed or interpreted."""
    from bridge.recording import LogWriter, Recorder
    from bridge.venues import recorded_feed

    if 0 < max_bytes < _LEAST_BYTES:
        raise InputError(f"--max-bytes: found {max_bytes}, allowed is 0 or {_LEAST_BYTES} and more")
    terminal = terminal_of(as_json, quiet, verbose)
    feed = recorded_feed(venue, market, symbols, ws_url=url_ws, rest_url=url_rest)
    folder = _folder(out, feed)
    log = LogWriter(
        folder,
        feed.about,
        file_bytes_max=min(_FILE_BYTES, max_bytes // 4) if max_bytes else _FILE_BYTES,
        total_bytes_max=max_bytes,
        drop_oldest=drop_oldest,
    )
    recorder = Recorder(log, steady_clock())
    began_s = time.monotonic()
    try:
        with terminal.progress(f"record {feed.name}", "frames") as tick:
            link = asyncio.run(_record(feed, recorder, log, seconds, tick))
    finally:
        unclosed = _close(log)
    found = {
        "folder": str(folder),
        "seconds": round(time.monotonic() - began_s, 1),
        "entries": recorder.entry_count,
        "frames": link.frame_count,
        "raw_bytes": recorder.byte_count,
        "disk_bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "connections": link.connect_count,
        "silences": link.quiet_count,
        "fetch_failures": link.fetch_failures,
        "is_full": log.is_full,
        "lost_entries": recorder.lost_count,
        "dropped_files": log.dropped_files,
        "durable_entries": log.durable_count,
        "counts": {name: count for name, count in feed.counts.items() if count or as_json},
    }
    terminal.result(f"{feed.name} → {folder}", found)
    for trouble in (link.last_trouble, feed.last_refusal(), recorder.last_trouble, unclosed):
        if trouble and trouble != "stopped":
            terminal.note(f"last trouble: {trouble}")
    if log.is_full:
        terminal.note(f"the recording is as long as it may be, {max_bytes:,} bytes: it has ended")
    # What comes while a full recording is being ended is no loss: its end is what was asked for.
    is_lost = recorder.lost_count > 0 and not log.is_full
    if link.frame_count == 0 or is_lost or log.durable_count < log.entry_count:
        raise typer.Exit(EXIT_DOES_NOT_HOLD)


def _close(log: "LogWriter") -> str:
    """Close a log; what its disk said, where that was no. What is not durable then is counted as such."""
    try:
        log.close()
    except InputError as error:
        return str(error)
    return ""


def steady_clock() -> Callable[[], int]:
    """Nanoseconds since 1970 that never step: the wall clock's time now, carried on steadily."""
    offset_ns = time.time_ns() - time.monotonic_ns()
    return lambda: offset_ns + time.monotonic_ns()


class RecordingSink:
    """Records what a link tells, and wishes what a recording needs.

    Args:
        feed: What is recorded.
        recorder: Takes every entry.
        log: Where they go.
        stop: Called when the recording is full.
    """

    def __init__(
        self, feed: "VenueFeed", recorder: "Recorder", log: "LogWriter", stop: Callable[[], None]
    ) -> None:
        self._feed = feed
        self._recorder = recorder
        self._log = log
        self._stop = stop
        self._knows_info = False
        self._files = log.begun_files
        self._asked_ns = 0

    def __call__(self, channel: str, data: bytes) -> "Sequence[Want]":
        """Take an entry; wishes."""
        from bridge.feeds import FAILED, UP, Fetch, drive
        from bridge.venues import INFO

        now_ns = self._recorder.take(channel, data)
        if self._log.is_full:
            self._stop()
        if self._feed.feed is None or channel.removeprefix(FAILED) == INFO:
            return ()
        wants = list(drive(self._feed.feed, channel, data, now_ns).wants)
        if channel == UP and self._feed.info_path and not self._knows_info:
            # Who reads the recording needs what the venue says of its instruments.
            self._knows_info = True
            wants.append(Fetch(INFO, self._feed.info_path, 0))
        return [*wants, *self._books(channel, now_ns)]

    def _books(self, channel: str, now_ns: int) -> "Sequence[Want]":
        """Every book anew where files before this one may go, so that what is left begins with one."""
        from bridge.feeds import FRAME

        is_new = self._log.begun_files > self._files
        if not is_new or channel != FRAME or now_ns - self._asked_ns < _BOOKS_EVERY_NS:
            return ()
        self._files, self._asked_ns = self._log.begun_files, now_ns
        return self._feed.ask_all(now_ns)


async def _record(
    feed: "VenueFeed", recorder: "Recorder", log: "LogWriter", seconds: int, tick: "Tick"
) -> "Link | CcxtLink":
    """Keep connected and record until time is up, somebody says so, or the recording is full."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    link = feed.link(RecordingSink(feed, recorder, log, stop.set))
    running = asyncio.create_task(link.run(stop))
    end_s = loop.time() + seconds if seconds else None
    while not running.done():
        left_s = 1.0 if end_s is None else min(1.0, end_s - loop.time())
        if left_s <= 0:
            stop.set()
        await asyncio.wait({running}, timeout=max(0.05, left_s))
        recorder.sync()
        tick(link.frame_count, 0)
    await running
    return link


def _folder(out: Path, feed: "VenueFeed") -> Path:
    """A new folder of its own; a recording of the same that was named is gone on with."""
    from bridge.recording import SUFFIX, LogReader

    files = sorted(out.glob(f"*{SUFFIX}"))
    if not files:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        return out / f"{feed.name}-{stamp}"
    reader = LogReader(files[-1])
    next(iter(reader), None)
    if reader.about not in (b"", feed.about):
        raise InputError(
            f"{out}: found a recording of {reader.about[:200].decode(errors='replace')}, allowed is one "
            f"of {feed.about.decode()}, or a folder for new ones"
        )
    return out
