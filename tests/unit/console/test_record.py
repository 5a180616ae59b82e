"""`twin record` against a pretended Binance on loopback, and the tape that its recording becomes."""

import asyncio
import json
import os
import random
import signal
from asyncio.subprocess import PIPE
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection

from bridge.recording import LogReader, LogWriter, Recorder, write
from bridge.venues import recorded_feed
from console.record import RecordingSink
from market.errors import InputError
from scenarios.paper_session import FeedSpec, SessionStart
from scenarios.recordings import captures_of
from sim.ingest.binance import ingest_binance
from tests.unit.bridge.feeds.binance_venue import ACK, BinanceVenue
from tests.unit.bridge.feeds.loopback import venue as loopback
from tests.unit.bridge.feeds.rig import instrument
from tests.unit.test_cli import TWIN, twin


class Exchange:
    """Two symbols whose bid moves with every diff; a diff of each is left out."""

    def __init__(self) -> None:
        self.books = {name: BinanceVenue(symbol=name) for name in ("BTCUSDT", "ETHUSDT")}
        self.asked: list[str] = []

    async def handler(self, connection: ServerConnection) -> None:
        request = json.loads(await connection.recv())
        self.asked += request["params"]
        await connection.send(ACK[1].decode())
        for number in range(1_000):
            for book in self.books.values():
                book.change(0, 98_00, 1 + number)
                entry = book.diff()
                if number != 40:
                    await connection.send(entry[1].decode())
                await connection.send(book.ticker()[1].decode())
                await connection.send(book.trade()[1].decode())
            await asyncio.sleep(0.01)
        await connection.wait_closed()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/v3/exchangeInfo":
            return web.json_response({"symbols": json.loads(request.query["symbols"])})
        return web.Response(body=self.books[request.query["symbol"]].snapshot())


class Flood(Exchange):
    """Sends what no compressor makes small, without end."""

    async def handler(self, connection: ServerConnection) -> None:
        draw = random.Random(1)
        while True:
            await connection.send(draw.randbytes(100_000))


def record(
    out: Path, *flags: str, stop_s: float = 0, exchange: Exchange | None = None
) -> tuple[Exchange, int, str, str]:
    """Run the verb against an exchange of its own; a stop is a Ctrl-C after so long."""
    exchange = exchange or Exchange()

    async def scene() -> tuple[int, str, str]:
        async with loopback(exchange.handler, exchange.answer) as addresses:
            process = await asyncio.create_subprocess_exec(
                str(TWIN), "record", "binance", "BTC/USDT", "ETHUSDT", "--out", str(out), "--json",
                "--url-ws", addresses["ws_url"].removesuffix("/stream"),
                "--url-rest", addresses["rest_url"], *flags,
                stdout=PIPE, stderr=PIPE, env=os.environ, cwd=out.parent,
            )  # fmt: skip
            if stop_s:
                while not exchange.asked:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(stop_s)
                process.send_signal(signal.SIGINT)
            said, noted = await process.communicate()
            assert process.returncode is not None
            return process.returncode, said.decode(), noted.decode()

    return exchange, *asyncio.run(scene())


def test_a_recording_is_what_was_sent_and_becomes_a_tape(tmp_path: Path) -> None:
    exchange, code, said, noted = record(tmp_path / "tapes", stop_s=2)
    assert code == 0, noted
    found = json.loads(said)
    assert exchange.asked == [
        "btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade",
        "ethusdt@depth@100ms", "ethusdt@bookTicker", "ethusdt@trade",
    ]  # fmt: skip
    folder = Path(found["folder"])
    reader = LogReader(folder)
    entries = list(reader)
    assert reader.is_sealed
    assert found["entries"] == found["durable_entries"] == len(entries)
    assert (found["lost_entries"], found["counts"]["gaps"]) == (0, 2)
    assert json.loads(reader.about) == {
        "venue": "binance", "market": "spot", "symbols": ["BTCUSDT", "ETHUSDT"], "version": 1,
    }  # fmt: skip
    about = [entry.data for entry in entries if entry.channel == "rest:info"]
    assert about == [b'{"symbols": ["BTCUSDT", "ETHUSDT"]}']
    assert (entries[0].channel, entries[-1].channel) == ("link:up", "link:down")
    stamps = [entry.stamp_ns for entry in entries]
    assert stamps == sorted(stamps)

    out = tmp_path / "eth.tape.parquet"
    done = twin(
        "ingest", "binance", folder, "--symbol", "ETH/USDT", "--out", out, "--json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    meta = json.loads(done.stdout)
    assert meta["books"][0]["symbol"] == "ETHUSDT"
    counts = meta["statistics"]
    assert (counts["gaps"], counts["snapshots"], counts["bad_rows"]) == (1, 2, 0)
    assert counts["trade_rows"] == found["counts"]["trades"] // 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["eth.tape.parquet", "tapes"]

    done = twin("ingest", "binance", folder, "--out", out, cwd=tmp_path)
    assert done.returncode == 2
    assert "allowed is one of BTCUSDT, ETHUSDT" in done.stderr


def test_it_ends_by_itself_and_at_its_size(tmp_path: Path) -> None:
    _, code, said, noted = record(tmp_path / "tapes", "--seconds", "1", "--quiet")
    assert code == 0
    assert noted == ""
    found = json.loads(said)
    assert found["seconds"] < 5
    # A recording that is there is gone on with.
    _, code, said, _ = record(Path(found["folder"]), "--seconds", "1")
    assert json.loads(said)["folder"] == found["folder"]
    assert len(list(Path(found["folder"]).iterdir())) == 2
    assert LogReader(Path(found["folder"])).torn_bytes == 0
    # One of something else is not.
    done = twin("record", "binance", "BTC/USDT", "--out", found["folder"], cwd=tmp_path)
    assert done.returncode == 2
    assert "found a recording of" in done.stderr
    assert len(list(Path(found["folder"]).iterdir())) == 2


def test_at_its_bound_a_recording_ends_or_drops_its_oldest(tmp_path: Path) -> None:
    _, code, said, noted = record(tmp_path / "ends", "--max-bytes", "2000000", exchange=Flood())
    assert code == 0, noted
    found = json.loads(said)
    assert found["is_full"]
    assert 1_000_000 < found["disk_bytes"] < 2_600_000
    assert "as long as it may be, 2,000,000 bytes" in noted
    entries = list(LogReader(Path(found["folder"])))
    assert len(entries) == found["entries"] == found["durable_entries"]

    flags = ("--max-bytes", "2000000", "--drop-oldest", "--seconds", "2")
    _, code, said, noted = record(tmp_path / "drops", *flags, exchange=Flood())
    assert code == 0, noted
    found = json.loads(said)
    assert found["dropped_files"] > 0
    assert (found["is_full"], found["lost_entries"]) == (False, 0)
    assert found["disk_bytes"] < 2_600_000
    assert 0 < sum(1 for _ in LogReader(Path(found["folder"]))) < found["entries"]


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    done = twin(
        "record", "binance", "BTC/USDT", "--out", tmp_path, "--seconds", "1",
        "--url-ws", "ws://127.0.0.1:9", "--url-rest", "http://127.0.0.1:9", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "last trouble: opening: " in done.stderr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["mtgox", "BTC/USDT"], "venue: found 'mtgox'"),
        (["binance", "BTC/USDT", "--market", "margin"], "market: found 'margin'"),
        (["binance", "../USDT"], "symbol: found '../USDT'"),
        (["binance", "BTC/USDT", "BTCUSDT"], "books: found 2 books of 1 symbols"),
        (["binance", "BTC/USDT", "--url-ws", "http://x"], "ws_url: found scheme 'http'"),
        (["binance", "BTC/USDT", "--max-bytes", "5"], "--max-bytes: found 5"),
    ],
)
def test_what_cannot_be_recorded_is_refused(tmp_path: Path, flags: list[str], said: str) -> None:
    done = twin("record", *flags, "--out", tmp_path / "tapes", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "tapes").exists()


def test_recordings_of_something_else_make_no_capture(tmp_path: Path) -> None:
    def made(name: str, about: bytes, *, empty: bool = False) -> Path:
        folder = tmp_path / name
        with LogWriter(folder, about) as log:
            if not empty:
                log.append(1, "ws", b"{}")
        return folder

    kraken = b'{"venue":"kraken","market":"spot","symbols":["BTC/USD"]}'
    for folder, said in (
        (made("empty", kraken, empty=True), "an empty recording"),
        (made("paper", b"a paper session"), "a recording of something else"),
        (made("kraken", kraken), "a recording of kraken"),
        (tmp_path, "found no recording"),
    ):
        with pytest.raises(InputError, match=said), captures_of([folder], near=tmp_path):
            pass
    file = tmp_path / "x.gz"
    with (
        pytest.raises(InputError, match="a recording's only"),
        captures_of([file], near=tmp_path, symbol="A"),
    ):
        pass


def test_captures_of_one_recording_are_the_same_bytes(tmp_path: Path) -> None:
    about = b'{"venue":"binance","market":"spot","symbols":["BTCUSDT"]}'
    venue = BinanceVenue()
    with LogWriter(tmp_path / "rec", about) as log:
        for stamp_ns in range(1_700_000_000 * 10**9, 1_700_000_000 * 10**9 + 50):
            venue.change(0, 98_00, stamp_ns % 9)
            log.append(stamp_ns, *venue.diff())
        log.append(stamp_ns, "rest:depth:BTCUSDT", venue.snapshot())
    digests = []
    for name in ("one", "two"):
        with captures_of([tmp_path / "rec"], near=tmp_path) as (capture,):
            meta = ingest_binance([capture], out=tmp_path / f"{name}.tape.parquet")
        digests.append(meta.sources[0].sha256)
    assert digests[0] == digests[1]


def test_a_paper_session_is_a_recording_too(tmp_path: Path) -> None:
    folder = tmp_path / "paper"
    books = [BinanceVenue(symbol=name) for name in ("BTCUSDT", "ETHUSDT")]
    start = SessionStart(
        name="x", scenario_digest="", code_digest="", seed=1, terms=(), start_ns=0, end_ns=1,
        instruments=tuple(instrument(book.symbol) for book in books),
        feeds=tuple(FeedSpec(venue="binance", books=(number,)) for number in range(2)),
    )  # fmt: skip
    stamp_ns = 1_700_000_000 * 10**9
    with LogWriter(folder / "inputs", b"a session") as log:
        for step in range(20):
            for number, book in enumerate(books):
                book.change(0, 98_00, 1 + step)
                channel, frame = book.diff()
                log.append(stamp_ns + step, f"{number}/{channel}", frame)
                if step == 3:
                    log.append(
                        stamp_ns + step, f"{number}/rest:depth:{book.symbol}", book.snapshot()
                    )
            log.append(stamp_ns + step, "word", b"{}")
    (folder / "session.json").write_bytes(msgspec.json.encode(start))

    with captures_of([folder], near=tmp_path, symbol="ETH/USDT") as (capture,):
        assert capture.name == "spot_ethusdt_paper.gz"
        meta = ingest_binance([capture], out=tmp_path / "a.tape.parquet")
    assert meta.books[0].symbol == "ETHUSDT"
    assert (meta.statistics["diffs"], meta.statistics["gaps"]) == (20, 0)
    with pytest.raises(InputError, match="one of BTCUSDT, ETHUSDT"):
        captures_of([folder], near=tmp_path).__enter__()
    (folder / "session.json").write_bytes(b"{}")
    with pytest.raises(InputError, match="no session's beginning"):
        captures_of([folder], near=tmp_path).__enter__()


def test_each_file_of_a_recording_gets_its_books_and_no_more_often_than_once_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "BLOCK_BYTES", 100)
    feed = recorded_feed("binance", "spot", ["BTC/USDT"])
    now_ns = 10**18
    asked = []
    with LogWriter(tmp_path / "rec", file_bytes_max=500) as log:
        sink = RecordingSink(feed, Recorder(log, lambda: now_ns), log, stop=lambda: None)
        assert [type(want).__name__ for want in sink("link:up", b"")] == ["Send", "Fetch"]
        assert [type(want).__name__ for want in sink("link:up", b"")] == ["Send"]
        venue = BinanceVenue()
        for step in range(300):
            now_ns += 10**9
            venue.change(0, 98_00, 1 + step)
            if wants := sink(*venue.diff()):
                asked.append(step)
                assert [want.channel for want in wants] == ["rest:depth:BTCUSDT"]
                sink(wants[0].channel, venue.snapshot())
        assert log.begun_files > 50
    # The first diff asks by itself.
    assert asked[0] == 0
    assert len(asked) == 6
    assert all(later - earlier >= 60 for earlier, later in pairwise(asked[1:]))
