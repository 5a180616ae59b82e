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
from sim.kernels.ruled.words import E_SIZE
from sim.kernels.status import DEPTH_L3
from sim.lines import LineSpec, fill_lines
from sim.venue_rules.book_rules import BookRules, Matching
from sim.venue_rules.compiled import pack_allocation, pack_auction_terms

WINDOW_LEVELS: Final = 4096
FAR_LEVELS: Final = 256
RING_MESSAGES: Final = 4096
OUT_ROWS: Final = 1024
POOL_SLOTS: Final = 1024
HEAP_ENTRIES: Final = 4096
SCRATCH_WORDS: Final = 1 << 14


class BookSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One book of a world.

    Attributes:
        tick_units: Price units a tick.
        handle_count: Dense handles that its tape uses; an L1 book has two.
        depth: What its tape tells: 3 orders, 2 levels, 1 best prices.
        queue_model: How an own order's place is estimated where there are no orders: 0 risk-averse,
            1 power, 2 log (docs/explanation/venue-truth.md).
        rules: How it treats orders with terms, None for a plain price-time book.
    """

    tick_units: int
    handle_count: int = 0
    phase: Phase = Phase.CONTINUOUS
    depth: int = 3
    queue_model: int = 0
    rules: BookRules | None = None


class LocalSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One local book: a copy of `book_id` behind a wire.

    Attributes:
        latency: Compiled latency block (`sim.latency`).
        key: Key of the wire's draws.
        subscriptions: How many observers it has.
        lines: The two lines that feed it instead of that wire, if there are two.
    """

    book_id: int
    latency: npt.NDArray[np.int64]
    key: int
    subscriptions: int = 1
    lines: LineSpec | None = None


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
    _check_rules(books)
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
    if any(book.rules is not None for book in books):
        _fill_rules(arena, books)
    for index, spec in enumerate(locals_):
        _fill_local(arena, index, spec, start_ns, books[spec.book_id].phase)
    for index, local_index in enumerate(subs):
        arena.mem[arena.sub_off + index * layout.S_SIZE + layout.S_LOCAL] = local_index
    # The chain begins with the lowest book, so that flows of one instant come in that order.
    for flow in sorted(flows, key=lambda one: one.book_id, reverse=True):
        _fill_flow(arena, flow)
    return arena


def _check_rules(books: Sequence[BookSpec]) -> None:
    """Refuse rules that a book cannot keep."""
    for index, book in enumerate(books):
        if book.rules is None:
            continue
        if book.depth != DEPTH_L3:
            raise InputError(
                f"book {index}: found rules on an L{book.depth} book, allowed on books of orders (L3)"
            )
        followed = _followed(index, book.rules)
        if followed >= len(books):
            raise InputError(
                f"book {index} mid_reference: found {followed}, allowed is -1 or a book_id below "
                f"{len(books)}"
            )
        other = books[followed]
        if other.tick_units != book.tick_units:
            raise InputError(
                f"book {index} mid_reference: found book {followed} with a tick of "
                f"{other.tick_units} units, allowed is one with its own, {book.tick_units}"
            )
        if other.rules is not None and _followed(followed, other.rules) != followed:
            raise InputError(
                f"book {index} mid_reference: found book {followed}, which follows another itself; "
                "allowed is one that does not"
            )


def _followed(index: int, rules: BookRules) -> int:
    """The book whose best prices the pegs of book `index` follow."""
    return index if rules.mid_reference < 0 else rules.mid_reference


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
    for word in (layout.B_DARK, layout.B_DARK + 1, layout.B_DORMANT, layout.B_DORMANT_LAST):
        mem[bk + word] = -1
    for word in (layout.B_PEG, layout.B_PEG_LAST, layout.B_FOLLOWER, layout.B_NEXT_FOLLOWER):
        mem[bk + word] = -1
    for word in (layout.B_REFERENCE, layout.B_STEP_LAST, layout.B_PEG_BID, layout.B_PEG_ASK):
        mem[bk + word] = layout.NO_PRICE
    mem[bk + layout.B_BAND_LOW] = layout.NO_PRICE
    mem[bk + layout.B_BAND_HIGH] = -layout.NO_PRICE


def _fill_rules(arena: Arena, books: list[BookSpec]) -> None:
    """Write the rules of the books that have some, and who follows whom."""
    arena.mem[layout.H_TERMS_OFF] = arena.append_words(POOL_SLOTS * E_SIZE)
    arena.mem[layout.H_SCRATCH_OFF] = arena.append_words(SCRATCH_WORDS)
    arena.mem[layout.H_SCRATCH_CAP] = SCRATCH_WORDS
    # The chains begin with the lowest book, so that followers come in the order of their numbers.
    for index in reversed(range(len(books))):
        rules = books[index].rules
        if rules is None:
            continue
        bk = arena.book_off + index * layout.B_SIZE
        followed = _followed(index, rules)
        arena.mem[bk + layout.B_RULES] = _pack_rules(arena, rules, followed)
        is_shared = rules.matching is Matching.SHARED
        arena.mem[bk + layout.B_LOOKS] = layout.LOOKS_SHARED if is_shared else layout.LOOKS
        if followed != index:
            other = arena.book_off + followed * layout.B_SIZE
            arena.mem[bk + layout.B_NEXT_FOLLOWER] = arena.mem[other + layout.B_FOLLOWER]
            arena.mem[other + layout.B_FOLLOWER] = index
            if books[followed].rules is None:
                arena.mem[other + layout.B_LOOKS] = layout.LOOKS


def _pack_rules(arena: Arena, rules: BookRules, followed: int) -> int:
    """Write the RB_ words of a book's rules, with what they point to; where they begin."""
    auction = _append(arena, pack_auction_terms(rules.auction))
    allocation = 0
    if rules.allocation is not None:
        allocation = _append(arena, pack_allocation(rules.allocation))
    words = {
        layout.RB_MATCHING: int(rules.matching),
        layout.RB_MARKET_RESTS: int(rules.market_rests),
        layout.RB_MID_ISOLATED: int(rules.mid_isolated),
        layout.RB_MID_REFERENCE: followed,
        layout.RB_BAND_ACTION: int(rules.band_action),
        layout.RB_CALL_EXTENDS: int(rules.call_extends),
        layout.RB_MARKET_AFTER_CALL: int(rules.market_after_call),
        layout.RB_PEAK_KEY: rules.peak_key,
        layout.RB_AUCTION: auction,
        layout.RB_ALLOCATION: allocation,
    }
    off = arena.append_words(layout.RB_SIZE)
    for word, value in words.items():
        arena.mem[off + word] = value
    return off


def _append(arena: Arena, words: npt.NDArray[np.int64]) -> int:
    """Copy words to the end of `mem`; where they begin."""
    off = arena.append_words(len(words))
    arena.mem[off : off + len(words)] = words
    return off


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
    mem[view + layout.V_INDICATION] = layout.NO_PRICE
    if spec.lines is not None:
        fill_lines(arena, lk, spec.lines)


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
