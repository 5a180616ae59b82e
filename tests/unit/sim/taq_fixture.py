"""Small invented days of consolidated quotes and trades, in the files' own form."""

import gzip
import zipfile
from collections import Counter
from pathlib import Path

from market.codes import Kind, RowFlag
from sim.tape.meta import TapeMeta
from sim.tape.read import open_tape

SELL, LAST = int(RowFlag.SELL), int(RowFlag.LAST)
MAYBE_BAD, SIDE_UNKNOWN = int(RowFlag.MAYBE_BAD), int(RowFlag.SIDE_UNKNOWN)
DAY = "20200203"
MIDNIGHT_NS = 1_580_706_000 * 1_000_000_000  # 2020-02-03 05:00 UTC

QUOTES = """\
34200000,0,0,500200,300,Q,1,0
34200100,500000,200,0,0,N,1,0
34200100,0,0,500200,300,Q,1,0
34200250,500100,100,0,0,P,8,1
34200250,0,0,500200,500,N,1,0
34200300,499900,100,500300,100,Z,1,0
34200400,500000,700,0,0,N,1,0
34200450,500000,600,0,0,N,1,0
34200450,0,0,500100,100,K,1,0
"""
TRADES = """\
34200050,500200,50,Q,1,0
34200250,500150,75,D,2000002A,0
34200300,500000,100,N,1,1
34200500,500100,25,D,1,0
"""


def write_csv(folder: Path, quotes: str = QUOTES, trades: str = TRADES) -> tuple[Path, Path]:
    """Plain files, named ticker first."""
    paths = folder / f"abc_{DAY}_quote.csv", folder / f"abc_{DAY}_trade.csv"
    for path, text in zip(paths, (quotes, trades), strict=True):
        path.write_text(text)
    return paths


def write_gzip(folder: Path) -> tuple[Path, Path]:
    paths = folder / f"abc_{DAY}_quote.csv.gz", folder / f"abc_{DAY}_trade.csv.gz"
    for path, text in zip(paths, (QUOTES, TRADES), strict=True):
        path.write_bytes(gzip.compress(text.encode()))
    return paths


def write_zip(folder: Path) -> tuple[Path, Path]:
    """Archives as they are distributed, the date first inside."""
    paths = folder / f"abc_{DAY}_quote.zip", folder / f"abc_{DAY}_trade.zip"
    for path, text, word in zip(paths, (QUOTES, TRADES), ("Quote", "Trade"), strict=True):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{DAY}_abc_{word}_Tick.csv", text)
    return paths


Row = tuple[int, Kind, int, int, int, int, int, str]
"""Ms after midnight, kind, flags, handle, price, quantity, line of its file, venue."""


def rows_of(path: Path) -> list[Row]:
    found = []
    for rows, sides in open_tape(path).chunks_with_sides():
        columns = sides["source_seq"].tolist(), sides["venue_code"].tolist()
        for row, seq, venue in zip(rows.tolist(), *columns, strict=True):
            ts_ns, price, qty, handle, book_id, kind, flags = row
            assert book_id == 0
            ms, rest = divmod(ts_ns - MIDNIGHT_NS, 1_000_000)
            assert rest == 0
            found.append((ms, Kind(kind), flags, handle, price, qty, seq, chr(venue)))
    return found


def assert_counted(meta: TapeMeta, tape: Path, lines: int) -> None:
    """Every line was taken or refused, and every row on the tape is accounted for."""
    counts = meta.statistics
    assert counts["quotes"] + counts["trades"] + counts["bad_rows"] == lines
    found = Counter(row[1] for row in rows_of(tape))
    assert found == {
        kind: count
        for kind, count in ((Kind.QUOTE, counts["quote_rows"]), (Kind.TRADE, counts["trades"]))
        if count
    }
    assert sum(found.values()) == counts["tape_rows"]
