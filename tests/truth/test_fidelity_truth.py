"""A desk on a real capture: its orders meet the same fills again, and what was planted is named first."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.recording import Entry
from research.fidelity.assumed import lived_by
from research.fidelity.evidence import read_evidence
from research.fidelity.flow import run_flow
from research.fidelity.judge import judge
from sim.ingest.binance import ingest_binance
from tests.paper_rig import text_of
from tests.unit.research.fidelity.rig import round_trips, write_session

pytestmark = pytest.mark.truth

NAME = "spot_btcusdt_20240808.gz"
LINES = 30_000
GAPS = [range(start, start + 250) for start in range(2_000, LINES - 1_000, 500)]


def capture(data_dir: Path) -> list[bytes]:
    with gzip.open(data_dir / "binance" / NAME) as file:
        return [line.rstrip(b"\n") for _, line in zip(range(LINES), file, strict=False)]


class Book:
    """The exchange's rule, as text: what a snapshot would say."""

    def __init__(self) -> None:
        self.id = 0
        self.sides: tuple[dict[str, str], dict[str, str]] = ({}, {})

    def take(self, body: bytes) -> None:
        message = json.loads(body)
        if "lastUpdateId" in message:
            self.id = message["lastUpdateId"]
            changes = message["bids"], message["asks"]
        elif message["data"].get("e") == "depthUpdate" and message["data"]["u"] > self.id > 0:
            self.id = message["data"]["u"]
            changes = message["data"]["b"], message["data"]["a"]
        else:
            return
        for side, levels in zip(self.sides, changes, strict=True):
            for price, qty in levels:
                if float(qty):
                    side[price] = qty
                else:
                    side.pop(price, None)

    def snapshot(self) -> bytes:
        bids, asks = ([*map(list, side.items())] for side in self.sides)
        return json.dumps({"lastUpdateId": self.id, "bids": bids, "asks": asks}).encode()


def entries_of(lines: list[bytes], gaps: Sequence[range] = ()) -> list[Entry]:
    """What a session keeps of a capture whose frames are lost in each gap, until the next one shows it."""
    first_ns = int(lines[0].partition(b" ")[0])
    made = [Entry(first_ns - 1, "0/link:up", b"")]
    book, waits = Book(), False

    def keep(stamp_ns: int, channel: str, data: bytes) -> None:
        made.append(Entry(max(stamp_ns, made[-1].stamp_ns + 1), channel, data))

    for number, line in enumerate(lines):
        stamp, _, body = line.partition(b" ")
        if gaps:
            book.take(body)
        if any(number in gap for gap in gaps):
            waits = True
            continue
        is_snapshot = body.startswith(b'{"lastUpdateId"')
        keep(int(stamp), "0/rest:depth:BTCUSDT" if is_snapshot else "0/ws", body)
        if waits and b'"e":"depthUpdate"' in body:
            waits = False
            keep(int(stamp), "0/rest:depth:BTCUSDT", book.snapshot())
    return made


def test_orders_meet_the_same_fills_again(data_dir: Path, tmp_path: Path) -> None:
    entries = entries_of(capture(data_dir), GAPS)
    folder = write_session(tmp_path / "s", entries, text=text_of(), round_trips_ns=round_trips())
    evidence = read_evidence(folder)
    lived = lived_by(evidence)
    run = run_flow(evidence, lived, lived)

    assert len(evidence.gaps_ns) > len(GAPS) // 2
    assert len(evidence.fills) > 150
    assert [
        (one.order_id, one.venue_ns, one.price_ticks, one.qty_lots, one.fee)
        for one in evidence.fills
    ] == [tuple(one)[:5] for one in run.fills]


def test_twenty_milliseconds_are_named_and_fitted(data_dir: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin.toml"
    twin.write_text(text_of(lambda one: one.replace("_units_ppm = 1_000", "_units_ppm = 999")))
    folder = write_session(
        tmp_path / "s",
        entries_of(capture(data_dir)),
        text=text_of(),
        round_trips_ns=round_trips(extra_ms=20),
    )
    found = judge(folder, against=str(twin))
    print([(one.name, round(one.share, 3), one.first_ppm) for one in found.attribution.causes])

    assert found.explained_by == "order_latency"
    assert found.attribution.causes[0].first_ppm > 950_000
    assert found.attribution.causes[-1].share >= 0
    fitted = found.calibration
    assert fitted is not None
    assert fitted.after < fitted.before / 4


def test_gaps_are_named_against_the_captures_own_tape(data_dir: Path, tmp_path: Path) -> None:
    lines = capture(data_dir)
    part = tmp_path / "spot_btcusdt_part"
    part.write_bytes(b"".join(line + b"\n" for line in lines))
    tape = tmp_path / "full.tape.parquet"
    ingest_binance([part], out=tape, market="spot", tick="0.01", lot="0.000001", max_bad=0)
    folder = write_session(
        tmp_path / "s", entries_of(lines, GAPS), text=text_of(), round_trips_ns=round_trips()
    )
    found = judge(folder, tape=tape)
    print([(one.name, round(one.share, 3), one.first_ppm) for one in found.attribution.causes])

    assert found.explained_by == "data_gaps"
    assert found.attribution.causes[0].first_ppm > 950_000
    # Where no change of the book was lost, nothing shows that frames were.
    assert len(GAPS) - 3 <= found.gaps <= len(GAPS)
