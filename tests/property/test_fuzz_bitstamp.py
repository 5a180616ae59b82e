"""Damaged Bitstamp files: one line of error or a tape that counts every row and replays uncrossed."""

import bz2
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ingest.bitstamp import ingest_bitstamp
from sim.ingest.bitstamp_book import OUTCOMES
from sim.tape.meta import TapeMeta
from tests.property.fuzz import EXAMPLES, damaged, hold_ingest, outcome_of, row_count_of
from tests.unit.sim.bitstamp_fixture import HEADER, Event, line


def a_session() -> bytes:
    """An invented session: quotes on both sides, aggressors, a market order, late and lost rows."""
    lines: list[str] = []

    def say(*event: Event, made_ms: int = 0) -> None:
        lines.extend(line(one, made_ms) for one in event)

    for number in range(12):
        at = 100 * number
        bid, ask = 1_000 + 2 * number, 1_001 + 2 * number
        say(
            (at, bid, f"{100 - number % 4}.{number % 10}0", 50 + number, "created", "bid"),
            (at + 5, ask, f"{102 + number % 3}.1{number % 10}", 40 + number, "created", "ask"),
        )
        if number % 3 == 0:
            say(
                (at + 20, 2_000 + number, "102.50", 30, "created", "bid"),
                (at + 21, ask, "102.10", 10 + number, "changed", "ask"),
                (at + 22, 2_000 + number, "102.50", 0, "deleted", "bid"),
            )
        if number % 4 == 1:
            say((at + 30, bid, f"{100 - number % 4}.{number % 10}0", 20, "changed", "bid"))
        if number % 4 == 2:
            say((at + 30, 500 + number, "99.00", 7, "deleted", "bid"), made_ms=-90_000)
    say(
        (1_500, 3_000, "100.90", 90, "created", "bid"),
        (1_510, 3_000, "102.20", 88, "changed", "bid"),
        (8_000, 3_001, "95.00", 1, "created", "bid"),
        (8_010, 3_001, "95.00", 1, "deleted", "bid"),
        (8_020, 3_001, "95.00", 1, "deleted", "bid"),
    )
    return "\n".join([HEADER, *lines, ""]).encode()


SESSION = a_session()


def ingest(path: Path, out: Path) -> TapeMeta:
    return ingest_bitstamp(path, out=out, max_bad=10_000)


def test_the_session_itself_is_sound() -> None:
    meta = hold_ingest(SESSION, "orders.csv", ingest, OUTCOMES)
    assert meta is not None
    counts = meta.statistics
    assert counts["bad_rows"] == 0
    for name in ("held", "filled", "moved", "stale_evicted", "duplicate_deletes", "opening_orders"):
        assert counts[name] > 0, name


@settings(max_examples=EXAMPLES)
@given(text=damaged(SESSION))
def test_damaged_rows_are_refused_or_counted(text: bytes) -> None:
    hold_ingest(text, "orders.csv", ingest, OUTCOMES)


PACKED = bz2.compress(SESSION)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_damaged_bzip2_is_refused_whole(data: st.DataObject) -> None:
    packed = bytearray(PACKED)
    if data.draw(st.booleans()):
        packed = packed[: data.draw(st.integers(0, len(packed) - 1))]
    else:
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with TemporaryDirectory() as folder:
        path, out = Path(folder) / "orders.csv.bz2", Path(folder) / "a.tape.parquet"
        path.write_bytes(packed)
        meta = outcome_of(lambda: ingest(path, out))
        if isinstance(meta, str):
            assert not out.exists()
        else:
            # A flip that leaves the archive sound leaves its content too: it has checksums.
            assert meta.statistics["rows"] == row_count_of(SESSION)
