"""Runs over tapes of several books: a scenario for them, invented tapes, and books shown level by level."""

import time
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np

from market.codes import Depth, Mode, Side
from scenarios.build import Assembly
from scenarios.run import RunSummary, run_scenario
from scenarios.schema import load_scenario
from sim.arena import BookSpec
from sim.flow import FlowModel, record_flow
from sim.tape.meta import TapeBook, TapeMeta
from sim.tape.read import open_tape
from sim.tape.write import TapeWriter
from sim.world import World

Shown = list[list[tuple[int, int]]]
"""Both sides of one book, every level as (price_ticks, qty_lots), best first."""

LEVELS: Final = 100_000
START_NS: Final = 1_580_706_000_000_000_000
SECOND_NS: Final = 1_000_000_000
TICK_UNITS: Final = 100

HOST: Final = """
[[hosts]]
name = "{name}"
desk = {desk}
strategy = "{strategy}"
triggers = {triggers}
books = {books}
compute = {{ model = "constant", latency = "5us" }}
feed = {{ model = "lognormal", median = "200us", sigma = 0.25, min = "100us" }}
orders = {{ model = "constant", latency = "300us" }}
reports = {{ model = "constant", latency = "300us" }}
params = {params}
"""
RUN: Final = """
format_version = 1
[run]
name = "several"
title = "Two hosts, each on several books"
start = "auto"
duration = "1s"
mode = "{mode}"
"""


def scenario(folder: Path, mode: str, first: list[str] | None = None) -> Path:
    """Write a scenario: a quoter and a buyer that follow all books, or those in `first`."""
    quoter = "{ qty_lots = 10, inventory_lots_max = 100 }"
    buyer = '{ total_lots = 100, slices = 10, patience = "1s" }'
    books = str(first or []).replace("'", '"')
    text = RUN.format(mode=mode)
    text += HOST.format(
        name="maker", desk=1, strategy="quoter", triggers='["bbo"]', books=books, params=quoter
    )
    text += HOST.format(
        name="buyer", desk=2, strategy="scheduled_buyer", triggers='["trade"]', books="[]",
        params=buyer,
    )  # fmt: skip
    path = folder / f"several_{mode}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(path: Path, tape: Path, runs_dir: Path) -> RunSummary:
    """Run in this process, quietly."""
    return run_scenario(
        str(path),
        tape=tape,
        seed=7,
        runs_dir=runs_dir,
        progress=lambda _done, _total: None,
        announce=lambda _identity: None,
        wall_ns=time.perf_counter_ns,
    )


def shown(world: World, book_id: int) -> Shown:
    """What a venue shows of a book."""
    return [world.venue_depth(book_id, side, LEVELS) for side in Side]


def added(books: list[Shown]) -> list[dict[int, int]]:
    """Lots by price over some books, for each side."""
    totals: list[dict[int, int]] = []
    for side in Side:
        total: Counter[int] = Counter()
        for one in books:
            total.update(dict(one[side]))
        totals.append(dict(total))
    return totals


def shown_in_run(path: Path, tape: Path, count: int) -> tuple[list[int], list[list[Shown]], int]:
    """Play a scenario over a tape, and look at every venue book `count` times.

    Returns:
        The moments, the books at each of them, and how many fills there were.
    """
    loaded, _, _ = load_scenario(path)
    assembly = Assembly(loaded, open_tape(tape), 7, None)
    span_ns = assembly.end_ns - assembly.start_ns
    moments, found = [], []
    for number in range(1, count + 1):
        assembly.clock.run_until(assembly.start_ns + span_ns * number // count)
        moments.append(assembly.world.now_ns)
        found.append([shown(assembly.world, n) for n in range(len(assembly.instruments))])
    fills = sum(account.fills for account in assembly.venue.accounts.values())
    return moments, found, fills


def shown_alone(tape: Path, moments: list[int]) -> list[Shown]:
    """The book of a tape of one book, replayed with nobody there, at some moments."""
    opened = open_tape(tape)
    (book,) = opened.meta.books
    spec = BookSpec(
        tick_units=book.tick_units,
        handle_count=book.handle_count,
        depth=int(Depth[book.depth]),
    )
    world = World(
        mode=Mode.FROZEN, books=[spec], locals_=[], start_ns=0, rows=iter(opened.chunks())
    )
    found = []
    for moment_ns in moments:
        world.advance(moment_ns)
        found.append(shown(world, 0))
    return found


def flow_tape(
    path: Path, venue: str, seed: int, seconds: int = 20, start_ns: int = START_NS
) -> Path:
    """Write an invented L3 tape with a few hundred messages a second."""
    model = FlowModel(
        limit_mean_ns=4_000_000,
        market_mean_ns=25_000_000,
        life_mean_ns=2_000_000_000,
        band_ticks=20,
        qty_mean_lots=50,
        seed_orders=200,
        anchor_ticks=1_000,
    )
    spec = model.compile(
        seed=seed, book_id=0, start_ns=start_ns, end_ns=start_ns + seconds * SECOND_NS
    )
    pieces = list(
        record_flow(spec, tick_units=TICK_UNITS, slice_ns=SECOND_NS, message_count=1_000_000)
    )
    rows = np.concatenate(pieces)
    book = TapeBook(
        book_id=0,
        symbol="SYN",
        venue=venue,
        currency="USD",
        price_units_per_currency=10_000,
        tick_units=TICK_UNITS,
        handle_count=int(rows["handle"].max()) + 1,
    )
    with TapeWriter(path) as writer:
        writer.append(rows)
        writer.finish(TapeMeta(books=(book,), session_date="2020-02-03"))
    return path
