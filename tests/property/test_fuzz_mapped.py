"""Damaged files of users' own columns: one line of error, or a tape that counts every row and replays."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ingest.mapped import OUTCOMES, ingest_mapped
from sim.tape.meta import TapeMeta
from tests.property.fuzz import EXAMPLES, damaged, hold_ingest, outcome_of
from tests.unit.sim.mapped_fixture import L1_MAP, L2_MAP, L3_MAP, L3_TEXT, TRADES_MAP

L1_FILE_MAP = L1_MAP.replace('names = ["t", "r", "bp", "bn", "ap", "an"]', 'delimiter = ","')
TRADES_CSV_MAP = TRADES_MAP.replace('"native"', '"us"')

L2_TEXT = "t;q;s;p;n;sym\n" + "".join(
    f"2024-03-01T10:00:{at:02}.{at % 7};{at};{'bid' if at % 2 else 'ask'};"
    f"{100 + (-1) ** at * (at % 5) * 0.5};{at % 4};{'A' if at % 6 else 'B'}\n"
    for at in range(30)
)
L1_TEXT = "t,r,bp,bn,ap,an\n" + "".join(
    f"{1_000 + at},{1_001 + at},{99_000 + 10 * at},{at % 3},{99_500 + 10 * at},{at % 4}\n"
    for at in range(30)
)
TRADES_TEXT = "t,p,n,s\n" + "".join(
    f"{1_700_000_000_000_000 + at},{10 + at / 100:.2f},{1 + at % 5},{'bs'[at % 2]}\n"
    for at in range(30)
)
KINDS = {
    "l3": (L3_MAP, L3_TEXT),
    "l2": (L2_MAP, L2_TEXT),
    "l1": (L1_FILE_MAP, L1_TEXT),
    "trades": (TRADES_CSV_MAP, TRADES_TEXT),
}


def ingest(map_text: str, path: Path, out: Path) -> TapeMeta:
    # The map lies in a folder of its own, so that the file's folder holds nothing else.
    with TemporaryDirectory() as folder:
        map_file = Path(folder) / "map.toml"
        map_file.write_text(map_text)
        return ingest_mapped(path, map_file=map_file, out=out, form="csv", max_bad=10_000)


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_themselves_are_sound(kind: str) -> None:
    map_text, text = KINDS[kind]
    meta = hold_ingest(text.encode(), "my.csv", partial(ingest, map_text), OUTCOMES)
    assert meta is not None
    assert meta.statistics["bad_rows"] == 0
    assert meta.statistics["applied_rows"] > 10


def fuzzed(kind: str) -> Callable[[], None]:
    """The fuzz of one kind; each gets its own count of examples."""
    map_text, sound = KINDS[kind]

    @settings(max_examples=EXAMPLES)
    @given(text=damaged(sound.encode()))
    def run(text: bytes) -> None:
        hold_ingest(text, "my.csv", partial(ingest, map_text), OUTCOMES)

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_rows_are_refused_or_counted(kind: str) -> None:
    fuzzed(kind)()


def parquet_bytes() -> bytes:
    times = pa.array([1_700_000_000_000_000 + at for at in range(50)], pa.timestamp("us"))
    table = pa.table(
        {
            "t": times,
            "p": pa.array([10 + at / 100 for at in range(50)]),
            "n": pa.array([1 + at % 5 for at in range(50)]),
            "s": pa.array(["bs"[at % 2] for at in range(50)]),
        }
    )
    sink = BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


PARQUET = parquet_bytes()


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_damaged_parquet_is_refused_or_counted(data: st.DataObject) -> None:
    content = bytearray(PARQUET)
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] ^= 1 << data.draw(st.integers(0, 7))
    with TemporaryDirectory() as folder:
        path, map_file = Path(folder) / "my.parquet", Path(folder) / "map.toml"
        out = Path(folder) / "a.tape.parquet"
        path.write_bytes(content)
        map_file.write_text(TRADES_MAP)
        run = partial(ingest_mapped, path, map_file=map_file, out=out, form="parquet", max_bad=99)
        meta = outcome_of(run)
        if isinstance(meta, str):
            assert not out.exists()
            return
        counts = meta.statistics
        assert counts["rows"] == pq.ParquetFile(path).metadata.num_rows
        assert counts["rows"] == counts["bad_rows"] + sum(counts[name] for name in OUTCOMES)


@settings(max_examples=EXAMPLES)
@given(text=damaged(L3_MAP.encode()))
def test_damaged_map_is_refused_in_one_line(text: bytes) -> None:
    with TemporaryDirectory() as folder:
        map_file, path = Path(folder) / "map.toml", Path(folder) / "my.csv"
        map_file.write_bytes(text)
        path.write_text(L3_TEXT)
        out = Path(folder) / "a.tape.parquet"
        run = partial(ingest_mapped, path, map_file=map_file, out=out, form="csv", max_bad=99)
        meta = outcome_of(run)
        assert out.exists() == isinstance(meta, TapeMeta)
