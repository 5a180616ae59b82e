"""Repeats a day of LOBSTER messages in one file, ingests it, and replays the tape.

Run as `python -m tests.scale.looped_day write FILE ROWS | ingest FILE TAPE PARTS | replay TAPE PARTS`,
each in a process of its own. Ingest and replay print their peak memory when one part in PARTS of the work
was done, and at the end.

A LOBSTER file covers at most two days, so that the times of every copy are squeezed by 64 to six
minutes; prices, quantities and the order of messages are the day's own. The file is compressed: fifty
million rows are about 2.5 GB of text.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from market.codes import Mode, Side
from sim.arena import BookSpec, LocalSpec
from sim.ingest.lobster import ingest_lobster
from sim.kernels import layout
from sim.latency import Constant
from sim.tape.read import Tape, open_tape
from sim.world import World
from tests.scale.day_template import Day, load_day
from tests.scale.large_tape import SECOND_NS
from tests.scale.memory import Mark, peak_kib

FILE_NAME = "LOOP_2012-06-21_34200000_57600000_message_10.csv.gz"
SQUEEZE = 64
OPEN_NS = 34_200 * SECOND_NS
COPY_NS = 366 * SECOND_NS


def write(path: Path, row_count: int) -> dict[str, object]:
    """Write whole copies of the day, the last of which reaches `row_count` rows."""
    day = load_day(os.environ.get("TWIN_DATA", ""))
    copies = -(-row_count // len(day.rows))
    with gzip.open(path, "wb", compresslevel=1) as file:
        for copy in range(copies):
            csv.write_csv(
                _text_table(day, copy),
                file,
                csv.WriteOptions(include_header=False, quoting_style="none"),
            )
    return {"day": day.name, "copies": copies, "rows": copies * len(day.rows)}


def _text_table(day: Day, copy: int) -> pa.Table:
    """One copy with times and ids of its own; seconds are written with nine decimals."""
    time_ns = day.rows[:, 0] // SQUEEZE + (OPEN_NS + copy * COPY_NS)
    assert int(time_ns[-1]) < OPEN_NS + (copy + 1) * COPY_NS
    decimals = pc.utf8_lpad(pc.cast(pa.array(time_ns % SECOND_NS), pa.string()), 9, "0")
    seconds = pc.cast(pa.array(time_ns // SECOND_NS), pa.string())
    columns = [pc.binary_join_element_wise(seconds, decimals, ".")]
    for column in range(1, day.rows.shape[1]):
        shift = copy * day.id_count if column == 2 else 0
        columns.append(pa.array(day.rows[:, column] + shift))
    return pa.table(columns, names=["time", "type", "id", "size", "price", "direction"])


def ingest(path: Path, tape: Path, parts: int) -> dict[str, object]:
    """Turn the messages into a tape."""
    mark = Mark(path.stat().st_size // parts)
    meta = ingest_lobster(path, out=tape, progress=lambda done, _total: mark.at(done))
    return {**meta.statistics, "mark_kib": mark.peak_kib, "handles": meta.books[0].handle_count}


def replay(path: Path, parts: int) -> dict[str, object]:
    """Replay the tape with a delayed local book; what is left in the book must be nothing."""
    tape = open_tape(path)
    book = tape.meta.books[0]
    mark = Mark(tape.row_count // parts)
    world = World(
        mode=Mode.REACTIVE,
        books=[BookSpec(tick_units=book.tick_units, handle_count=book.handle_count)],
        locals_=[LocalSpec(book_id=0, latency=Constant(latency_ns=100_000).compile(), key=1)],
        start_ns=0,
        rows=_marked(tape, mark),
    )
    world.advance(layout.NEVER - 1)
    return {
        "tape_rows": world.header_word(layout.H_ROWS_DONE),
        "audit": world.audit(0),
        "left": sum(len(world.venue_depth(0, side, 1)) for side in Side),
        "mark_kib": mark.peak_kib,
    }


def _marked(tape: Tape, mark: Mark) -> Iterator[np.ndarray]:
    """The tape's pieces; how many rows were handed out decides when the peak is taken."""
    done = 0
    for chunk in tape.chunks():
        mark.at(done)
        yield chunk
        done += len(chunk)


def main(verb: str, path: str, *rest: str) -> None:
    """Do one of the three, and print what was found as JSON."""
    begin = time.perf_counter()
    if verb == "write":
        found = write(Path(path), int(rest[0]))
    elif verb == "ingest":
        found = ingest(Path(path), Path(rest[0]), int(rest[1]))
    else:
        found = replay(Path(path), int(rest[0]))
    seconds = round(time.perf_counter() - begin, 1)
    print(json.dumps({**found, "peak_kib": peak_kib(), "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
