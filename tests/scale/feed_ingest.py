"""Ingests one file and prints its own peak memory; run as `python -m tests.scale.feed_ingest`.

Arguments: the source's name, the file, and how many rows a row group of the tape has. Small groups let a
short file fill everything that an ingest holds.
"""

import json
import sys
from pathlib import Path
from unittest import mock

from sim.ingest.binance import ingest_binance
from sim.ingest.bitstamp import ingest_bitstamp
from sim.ingest.databento import ingest_databento
from sim.ingest.itch import ingest_itch
from sim.ingest.mapped import ingest_mapped
from sim.ingest.taq import ingest_taq
from sim.tape.meta import TapeMeta
from tests.scale.memory import peak_kib
from tests.unit.sim import itch_fixture, taq_fixture


def ingest(source: str, file: Path) -> TapeMeta:
    """Turn the file into a tape beside it."""
    out = file.with_name("out.tape.parquet")
    if source == "binance":
        return ingest_binance([file], out=out)
    if source == "bitstamp":
        return ingest_bitstamp(file, out=out)
    if source == "databento":
        return ingest_databento(file, out=out)
    if source == "itch":
        return ingest_itch(file, out=out, date=itch_fixture.DATE)
    if source == "taq":
        trades = file.with_name(f"abc_{taq_fixture.DAY}_trade.csv")
        return ingest_taq(file, trades=trades, out=out)
    assert source == "csv"
    return ingest_mapped(file, map_file=file.with_name("map.toml"), out=out, form="csv")


if __name__ == "__main__":
    name, path, group_rows = sys.argv[1:]
    with mock.patch("sim.tape.write.ROW_GROUP_ROWS", int(group_rows)):
        meta = ingest(name, Path(path))
    handles = max(book.handle_count for book in meta.books)
    rows = meta.statistics["tape_rows"]
    print(json.dumps({"tape_rows": rows, "handles": handles, "peak_kib": peak_kib()}))
