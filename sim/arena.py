"""Laying out the arrays of a world."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from market.codes import Mode, Phase
from market.errors import InputError
from sim.growth import Arena, give_far
from sim.kernels import entry, layout
from sim.kernels.status import DEPTH_L3

WINDOW_LEVELS: Final = 4096
FAR_LEVELS: Final = 256
RING_MESSAGES: Final = 4096
OUT_ROWS: Final = 1024
POOL_SLOTS: Final = 1024
HEAP_ENTRIES: Final = 4096


class BookSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One book of a world.

    Attributes:
        tick_units: Price units a tick.
        handle_count: Dense handles that its tape uses; an L1 book has two.
        depth: What its tape tells: 3 orders, 2 levels, 1 best prices.
        queue_model: How an own order's place is estimated where there are no orders: 0 risk-averse,
            1 power, 2 log (docs/explanation/venue-truth.md).
    """

    tick_units: int
    handle_count: int = 0
    phase: Phase = Phase.CONTINUOUS
    depth: int = 3
    queue_model: int = 0


class LocalSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One local book: a copy of `book_id` behind a wire.

    Attributes:
        latency: Compiled latency block (`sim.latency`).
        key: Key of the wire's draws.
        subscriptions: How many observers it has.
    """

    book_id: int
    latency: npt.NDArray[np.int64]
    key: int
    subscriptions: int = 1


class FlowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Zero-intelligence flow for one book (`sim.flow` turns a scenario's words into this)."""

    book_id: int
    key: int
    limit_mean_ns: int
    market_mean_ns: int
    life_mean_ns: int
    cumulative: npt.NDArray[np.int64]
    qty_mean_lots: int
    seed_orders: int
    anchor_ticks: int
    start_ns: int
    end_ns: int
    buy_ppm: int = 500_000


def build_arena(
    mode: Mode,
    books: list[BookSpec],
    locals_: list[LocalSpec],
    start_ns: int,
    flows: Sequence[FlowSpec] = (),
) -> Arena:
    """Allocate and fill the arrays of a world at its first instant."""
    if flows and mode is not Mode.REACTIVE:
        raise InputError("a generated flow needs mode 'reactive': nothing of it is history")
    if mode is not Mode.FROZEN and any(book.depth != DEPTH_L3 for book in books):
        raise InputError(
            "found an L2 or L1 book in reactive mode, allowed is frozen: levels do not say whose "
            "orders an aggressor would have met"
        )
    handles = sum(book.handle_count for book in books)
    arena = Arena(layout.H_SIZE, handles + POOL_SLOTS)
    mem = arena.mem
    mem[layout.H_MODE] = int(mode)
    mem[layout.H_POOL_FREE] = -1
    mem[layout.H_POOL_BASE] = handles
    arena.book_off = _region(arena, layout.H_BOOKS, layout.H_BOOK_OFF, len(books), layout.B_SIZE)
    arena.local_off = _region(
        arena, layout.H_LOCALS, layout.H_LOCAL_OFF, len(locals_), layout.K_SIZE
    )
    subs = [i for i, spec in enumerate(locals_) for _ in range(spec.subscriptions)]
    arena.sub_off = _region(arena, layout.H_SUBS, layout.H_SUB_OFF, len(subs), layout.S_SIZE)
    out_rows = OUT_ROWS + len(subs)  # every subscription may fire at once
    arena.mem[layout.H_OUT_OFF] = arena.append_words(out_rows * layout.X_SIZE)
    arena.mem[layout.H_OUT_CAP] = out_rows
    arena.mem[layout.H_TAG_OFF] = arena.append_words(POOL_SLOTS * layout.T_SIZE)
    entry.add_pool(arena.mem, arena.orders, handles, handles + POOL_SLOTS)
    base = 0
    for index, book in enumerate(books):
        listened = any(spec.book_id == index for spec in locals_)
        _fill_book(arena, arena.book_off + index * layout.B_SIZE, book, base, listened)
        base += book.handle_count
    for index, spec in enumerate(locals_):
        _fill_local(arena, index, spec, start_ns, books[spec.book_id].phase)
    for index, local_index in enumerate(subs):
        arena.mem[arena.sub_off + index * layout.S_SIZE + layout.S_LOCAL] = local_index
    # The chain begins with the lowest book, so that flows of one instant come in that order.
    for flow in sorted(flows, key=lambda one: one.book_id, reverse=True):
        _fill_flow(arena, flow)
    return arena


def _region(arena: Arena, count_word: int, off_word: int, count: int, size: int) -> int:
    """Append `count` blocks and write their number and place into the header."""
    off = arena.append_words(max(count, 1) * size)
    arena.mem[count_word] = count
    arena.mem[off_word] = off
    return off


def _fill_ladder(arena: Arena, ld: int) -> None:
    """Give a ladder its first, empty window and far table."""
    bits = arena.append_words(WINDOW_LEVELS // 64)
    window = arena.append_levels(WINDOW_LEVELS)
    mem = arena.mem
    mem[ld + layout.L_BEST] = layout.NONE_KEY
    mem[ld + layout.L_WIN] = WINDOW_LEVELS
    mem[ld + layout.L_BITS] = bits
    mem[ld + layout.L_LV] = window
    give_far(arena, ld, FAR_LEVELS)


def _fill_book(arena: Arena, bk: int, book: BookSpec, handle_base: int, listened: bool) -> None:
    """Write a book's block."""
    for side in range(2):
        _fill_ladder(arena, bk + layout.B_LADDER + side * layout.L_SIZE)
        arena.mem[bk + layout.B_MARKET + side] = arena.append_levels(1)
    ring = arena.append_words(RING_MESSAGES * layout.R_SIZE) if listened else 0
    mem = arena.mem
    mem[bk + layout.B_PHASE] = int(book.phase)
    mem[bk + layout.B_TICK] = book.tick_units
    mem[bk + layout.B_HANDLE_BASE] = handle_base
    mem[bk + layout.B_HANDLES] = book.handle_count
    mem[bk + layout.B_DEPTH] = book.depth
    mem[bk + layout.B_QUEUE_MODEL] = book.queue_model
    mem[bk + layout.B_RING_OFF] = ring
    mem[bk + layout.B_RING_CAP] = RING_MESSAGES if listened else 0
    mem[bk + layout.B_RING_LIMIT] = RING_MESSAGES if listened else 0
    mem[bk + layout.B_FIRST_LOCAL] = -1


def _fill_local(arena: Arena, index: int, spec: LocalSpec, start_ns: int, phase: Phase) -> None:
    """Write a local book's block and chain it to its venue book."""
    lk = arena.local_off + index * layout.K_SIZE
    for side in range(2):
        _fill_ladder(arena, lk + layout.K_LADDER + side * layout.L_SIZE)
    block = arena.append_words(len(spec.latency))
    mem = arena.mem
    mem[block : block + len(spec.latency)] = spec.latency
    bk = arena.book_off + spec.book_id * layout.B_SIZE
    mem[lk + layout.K_BOOK] = spec.book_id
    mem[lk + layout.K_NEXT] = -1
    _chain(mem, arena, bk, index)
    mem[lk + layout.K_LATENCY] = block
    mem[lk + layout.K_KEY] = spec.key
    mem[lk + layout.K_HEAD_DUE] = -1
    view = lk + layout.K_VIEW
    mem[view + layout.V_BID] = layout.NO_PRICE
    mem[view + layout.V_ASK] = layout.NO_PRICE
    mem[view + layout.V_TRADE_UNITS] = layout.NO_PRICE
    mem[view + layout.V_LOCAL_NS] = start_ns
    mem[view + layout.V_PHASE] = int(phase)


def _chain(mem: npt.NDArray[np.int64], arena: Arena, bk: int, index: int) -> None:
    """Append a local book to its venue book's chain, so that the chain is in index order."""
    last = int(mem[bk + layout.B_FIRST_LOCAL])
    if last < 0:
        mem[bk + layout.B_FIRST_LOCAL] = index
        return
    while True:
        following = int(mem[arena.local_off + last * layout.K_SIZE + layout.K_NEXT])
        if following < 0:
            break
        last = following
    mem[arena.local_off + last * layout.K_SIZE + layout.K_NEXT] = index


def _fill_flow(arena: Arena, flow: FlowSpec) -> None:
    """Write the flow's block; its first order is due at the first instant."""
    fk = arena.append_words(layout.F_SIZE)
    table = arena.append_words(len(flow.cumulative))
    heap = arena.append_words(HEAP_ENTRIES * layout.HEAP_SIZE)
    mem = arena.mem
    mem[table : table + len(flow.cumulative)] = flow.cumulative
    words = {
        layout.F_NEXT: int(mem[layout.H_FLOW_OFF]),
        layout.F_BOOK: flow.book_id,
        layout.F_KEY: flow.key,
        layout.F_LIMIT_MEAN_NS: flow.limit_mean_ns,
        layout.F_MARKET_MEAN_NS: flow.market_mean_ns,
        layout.F_LIFE_MEAN_NS: flow.life_mean_ns,
        layout.F_BAND: len(flow.cumulative),
        layout.F_TABLE: table,
        layout.F_QTY_MEAN: flow.qty_mean_lots,
        layout.F_SEED_COUNT: flow.seed_orders,
        layout.F_ANCHOR: flow.anchor_ticks,
        layout.F_END_NS: flow.end_ns,
        layout.F_LIMIT_DUE: flow.start_ns,
        layout.F_MARKET_DUE: flow.start_ns + flow.market_mean_ns,
        layout.F_HEAP: heap,
        layout.F_HEAP_CAP: HEAP_ENTRIES,
        layout.F_BUY_PPM: flow.buy_ppm,
    }
    for word, value in words.items():
        mem[fk + word] = value
    mem[layout.H_FLOW_OFF] = fk
