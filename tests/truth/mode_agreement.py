"""Replays one tape in both modes at once and holds them equal, message by message.

Without orders of ours the two modes promise the same book. Each world gets the same few rows at a
time; the messages that it published for them and its best visible levels must be equal after each
piece, the state dumps now and then and at the end.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from market.codes import Mode, Side
from sim.arena import BookSpec, LocalSpec
from sim.kernels import layout
from sim.latency import Constant
from sim.streams import stream_key
from sim.tape.meta import TapeMeta
from sim.world import World

PIECE_ROWS = 256
LEVELS = 20
DUMP_PIECES = 64


class Agreement(NamedTuple):
    """What was compared, and was equal."""

    rows: int
    messages: int
    pieces: int


def hold_modes_equal(
    meta: TapeMeta, chunks: Iterable[np.ndarray], *, never_crossed: bool = False
) -> Agreement:
    """Replay a tape's chunks frozen and reactive; raises where the two differ.

    Args:
        meta: The tape's metadata; its book ids must be 0 and up.
        chunks: Its rows in order.
        never_crossed: Whether the reactive book must pass its audit too, which includes that in
            continuous trading it is neither crossed nor locked.
    """
    assert [book.book_id for book in meta.books] == list(range(len(meta.books)))
    worlds: list[World] = []
    row_count = message_count = piece_count = 0
    for chunk in chunks:
        for at in range(0, len(chunk), PIECE_ROWS):
            piece = chunk[at : at + PIECE_ROWS]
            if not worlds:
                worlds = [_world(meta, mode, int(piece["ts_ns"][0])) for mode in Mode]
            since = [_ring_ends(world, meta) for world in worlds]
            for world in worlds:
                world.inject(piece)
                world.advance(int(piece["ts_ns"][-1]))
            assert since[0] == since[1]
            for book_id, first in enumerate(since[0]):
                frozen, reactive = (_published(world, book_id, first) for world in worlds)
                assert np.array_equal(frozen, reactive), f"rows {row_count} to {row_count + 256}"
                message_count += len(frozen)
                for side in Side:
                    tops = [world.venue_depth(book_id, side, LEVELS) for world in worlds]
                    assert tops[0] == tops[1], f"rows {row_count} to {row_count + 256}"
                if never_crossed:
                    assert worlds[Mode.REACTIVE].audit(book_id) == 0
            row_count += len(piece)
            piece_count += 1
            if piece_count % DUMP_PIECES == 0:
                _hold_states_equal(worlds, meta)
    _hold_states_equal(worlds, meta)
    return Agreement(row_count, message_count, piece_count)


def _world(meta: TapeMeta, mode: Mode, start_ns: int) -> World:
    books = [BookSpec(tick_units=b.tick_units, handle_count=b.handle_count) for b in meta.books]
    # A ring exists where somebody listens.
    locals_ = [
        LocalSpec(
            book_id=book.book_id,
            latency=Constant(latency_ns=1).compile(),
            key=stream_key(1, f"feed/{book.book_id}"),
        )
        for book in meta.books
    ]
    return World(mode=mode, books=books, locals_=locals_, start_ns=start_ns)


def _hold_states_equal(worlds: list[World], meta: TapeMeta) -> None:
    for book in meta.books:
        frozen, reactive = (world.state(book.book_id) for world in worlds)
        assert frozen == reactive
        assert all(world.audit(book.book_id) in (0, 20) for world in worlds)


def _ring_ends(world: World, meta: TapeMeta) -> list[int]:
    return [world.book_word(book.book_id, layout.B_RING_COMMIT) for book in meta.books]


def _published(world: World, book_id: int, since: int) -> np.ndarray:
    """Messages from number `since` on as rows of words: time, price, quantity, shown, and the rest."""
    cap = world.book_word(book_id, layout.B_RING_CAP)
    off = world.book_word(book_id, layout.B_RING_OFF)
    end = world.book_word(book_id, layout.B_RING_COMMIT)
    assert end - since <= cap
    places = off + (np.arange(since, end) & (cap - 1)) * layout.R_SIZE
    return world.arena.mem[places[:, None] + np.arange(layout.R_SIZE)]
