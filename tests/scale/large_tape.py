"""Writes a large generated tape, or replays one, and prints its own peak memory.

Run as `python -m tests.scale.large_tape write|replay FILE [ROWS]`, in a process of its own, because a
peak can't be taken back.
"""

import json
import sys
from pathlib import Path

from market.codes import Mode
from sim.arena import BookSpec, LocalSpec
from sim.flow import FlowModel, record_flow
from sim.kernels import layout
from sim.latency import Constant
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.read import open_tape
from sim.tape.write import TapeWriter
from sim.world import World
from tests.scale.memory import KIB_PER_MIB, peak_kib

TICK_UNITS = 100
SECOND_NS = 1_000_000_000
MODEL = FlowModel(
    limit_mean_ns=1_000_000,
    market_mean_ns=6_000_000,
    life_mean_ns=2_000_000_000,
    band_ticks=50,
    qty_mean_lots=100,
    seed_orders=2_000,
    anchor_ticks=100_000,
)


def write(path: Path, row_count: int) -> dict[str, int]:
    """Record a flow as a tape of about `row_count` rows (a void cancel is a message without one)."""
    spec = MODEL.compile(seed=7, book_id=0, start_ns=0, end_ns=1 << 50)
    handle_count = 0
    with TapeWriter(path) as writer:
        pieces = record_flow(
            spec, tick_units=TICK_UNITS, slice_ns=SECOND_NS, message_count=row_count
        )
        for piece in pieces:
            handle_count = max(handle_count, int(piece["handle"].max()) + 1)
            writer.append(piece)
        rows = writer.row_count
        book = TapeBook(
            book_id=0,
            symbol="LARGE",
            venue="X",
            currency="USD",
            price_units_per_currency=10_000,
            tick_units=TICK_UNITS,
            handle_count=handle_count,
        )
        writer.finish(TapeMeta(books=(book,), session_date="1970-01-01"))
    return {"rows": rows}


def replay(path: Path) -> dict[str, int]:
    """Replay a tape with a delayed local book."""
    tape = open_tape(path)
    book = tape.meta.books[0]
    latency = Constant(latency_ns=100_000).compile()
    world = World(
        mode=Mode.REACTIVE,
        books=[BookSpec(tick_units=book.tick_units, handle_count=book.handle_count)],
        locals_=[LocalSpec(book_id=0, latency=latency, key=1)],
        start_ns=0,
        rows=iter(tape.chunks()),
    )
    world.advance(1 << 60)
    return {"rows": world.header_word(layout.H_ROWS_DONE), "audit": world.audit(0)}


if __name__ == "__main__":
    verb, file, *rest = sys.argv[1:]
    result = write(Path(file), int(rest[0])) if verb == "write" else replay(Path(file))
    print(json.dumps({**result, "peak_mb": peak_kib() // KIB_PER_MIB}))
