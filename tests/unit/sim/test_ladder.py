"""The price ladder against a dict: whatever comes and goes, wherever the window is.

Historical orders of a frozen book never meet, so prices are free and both sides may overlap.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from market.codes import Depth, Kind, Mode, RowFlag, Side
from market.columns import PRICE_TICKS_MAX, TAPE_DTYPE
from sim import growth
from sim.arena import BookSpec, LocalSpec
from sim.kernels import layout
from sim.latency import Constant
from sim.world import World
from tests.unit.sim.small_worlds import shrink

HANDLES: Final = 200
ALL: Final = 1_000

Levels = dict[int, int]
Change = tuple[Side, int, int]
"""Side, price, and lots to add; 0 lots deletes the order at that place of the side's list."""

near = st.integers(-40, 40)
middling = st.integers(-3_000, 3_000)
extreme = st.sampled_from((-PRICE_TICKS_MAX, -(1 << 39), 1 << 39, PRICE_TICKS_MAX))
adds = st.tuples(st.sampled_from(Side), near | middling | extreme, st.integers(1, 9))
deletes = st.tuples(st.sampled_from(Side), st.integers(0, HANDLES), st.just(0))
SIZES: Final = ((64, 4), (64, 64), (256, 4))


class Book:
    """A world of one book, and the same levels in a dict for each side."""

    def __init__(self) -> None:
        self.world = World(
            mode=Mode.FROZEN,
            books=[BookSpec(tick_units=1, handle_count=HANDLES)],
            locals_=[LocalSpec(book_id=0, latency=Constant(latency_ns=1).compile(), key=1)],
            start_ns=0,
        )
        self.orders: dict[Side, list[tuple[int, int, int]]] = {Side.BUY: [], Side.SELL: []}
        self.free = list(range(HANDLES))
        self.now_ns = 0

    def change(self, side: Side, value: int, lots: int) -> None:
        """Add an order, or delete one if there is any."""
        queue = self.orders[side]
        if lots:
            handle = self.free.pop()
            queue.append((handle, value, lots))
            self.give(Kind.ADD, handle, side, value, lots)
        elif queue:
            handle, price, qty = queue.pop(value % len(queue))
            self.free.append(handle)
            self.give(Kind.DELETE, handle, side, price, qty)

    def give(self, kind: Kind, handle: int, side: Side, price: int, qty: int) -> None:
        row = np.zeros(1, dtype=TAPE_DTYPE)
        row["ts_ns"], row["price"], row["qty"], row["handle"] = self.now_ns, price, qty, handle
        row["kind"], row["side_flags"] = kind, int(side) | RowFlag.LAST
        self.world.inject(row)
        self.world.advance(self.now_ns)
        self.now_ns += 1

    def expected(self, side: Side) -> list[tuple[int, int]]:
        levels: Levels = {}
        for _, price, qty in self.orders[side]:
            levels[price] = levels.get(price, 0) + qty
        return sorted(levels.items(), reverse=side is Side.BUY)

    def check(self) -> None:
        """Venue book and local copy show what the dict says, and every invariant holds."""
        self.world.advance(self.now_ns)
        for side in Side:
            assert self.world.venue_depth(0, side, ALL) == self.expected(side)
            assert self.world.depth(0, side, ALL) == self.expected(side)
        assert self.world.audit(0) == 0


@pytest.fixture(params=SIZES, ids=lambda sizes: f"window{sizes[0]}-far{sizes[1]}", scope="module")
def small(request: pytest.FixtureRequest) -> Iterator[None]:
    window, far = request.param
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch, (window, far, 8, 16, 4, 4))
        yield


@pytest.mark.usefixtures("small")
@given(st.lists(adds | deletes, max_size=80))
@example([(Side.SELL, 100, 1), *[(Side.SELL, p, 1) for p in range(133, 148)], (Side.SELL, 10, 1)])
@example([(Side.BUY, p, 1) for p in range(0, 2_000, 40)] + [(Side.BUY, 0, 0)] * 60)
def test_a_ladder_shows_what_a_dict_would(changes: list[Change]) -> None:
    book = Book()
    for change in changes:
        book.change(*change)
        book.check()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("side", Side, ids=lambda side: side.name.lower())
def test_a_price_that_walks_far_takes_the_window_along(side: Side) -> None:
    book = Book()
    for step in range(150):
        book.change(side, side.sign * -37 * step, 1)
        book.check()
    for _ in range(150):
        book.change(side, len(book.orders[side]) - 1, 0)
        book.check()

    assert book.expected(side) == []
    assert book.world.book_word(0, layout.B_LINKED + side) == 0


FAR_PRICES: Final = tuple(Random(11).sample(range(1, 1_000_000), HANDLES))
"""So many that a far table for them has runs of taken places, some around its end."""


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("side", Side, ids=lambda side: side.name.lower())
def test_far_levels_come_and_go_in_any_order(side: Side) -> None:
    random = Random(side)
    book = Book()
    for _ in range(20):
        for price in random.sample(FAR_PRICES, 60):
            if len(book.orders[side]) < HANDLES // 2:
                book.change(side, price, random.randint(1, 9))
        book.check()
        for _ in range(random.randint(20, 60)):
            book.change(side, random.randrange(HANDLES), 0)
        book.check()


@pytest.mark.usefixtures("small")
def test_a_clear_forgets_near_and_far_levels_and_the_book_can_be_filled_again() -> None:
    book = Book()
    for _ in range(2):
        for price in FAR_PRICES[:90]:
            book.change(Side.BUY, price, 2)
            book.change(Side.SELL, price, 3)
        book.check()
        book.give(Kind.CLEAR, -1, Side.BUY, 0, 0)
        book.orders = {Side.BUY: [], Side.SELL: []}
        book.free = list(range(HANDLES))
        book.check()
        assert book.world.book_word(0, layout.B_LINKED) == 0


@pytest.mark.usefixtures("small")
def test_windows_grow_with_the_far_tables_up_to_their_largest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(growth, "WINDOW_LEVELS_MAX", 256)
    book = Book()
    for price in FAR_PRICES:
        book.change(Side.SELL, price, 1)
    book.check()

    ladder = layout.B_LADDER + Side.SELL * layout.L_SIZE
    assert book.world.book_word(0, ladder + layout.L_WIN) == 256
    assert book.world.book_word(0, ladder + layout.L_FARCAP) >= HANDLES


@pytest.mark.usefixtures("small")
@given(st.integers(0, 1 << 32))
def test_levels_of_a_feed_far_and_near_show_what_a_dict_would(seed: int) -> None:
    random = Random(seed)
    world = World(
        mode=Mode.FROZEN,
        books=[BookSpec(tick_units=1, handle_count=HANDLES, depth=int(Depth.L2))],
        locals_=[LocalSpec(book_id=0, latency=Constant(latency_ns=1).compile(), key=1)],
        start_ns=0,
    )
    prices = sorted(random.sample(range(100_000, 100_400), 50) + list(FAR_PRICES[50:]))
    shown: Levels = {}
    now_ns = 0
    for _ in range(8):
        rows = np.zeros(50, dtype=TAPE_DTYPE)
        for row in rows:
            handle = random.randrange(HANDLES)
            qty = random.choice((0, 1, 5)) if handle in shown else random.randint(1, 9)
            row["ts_ns"], row["price"], row["qty"] = now_ns, prices[handle], qty
            row["handle"], row["kind"] = handle, Kind.LEVEL
            row["side_flags"] = int(Side.SELL) | RowFlag.LAST
            shown.pop(handle, None)
            if qty:
                shown[handle] = qty
        world.inject(rows)
        now_ns += 2
        world.advance(now_ns)
        expected = sorted((prices[handle], qty) for handle, qty in shown.items())
        assert world.venue_depth(0, Side.SELL, ALL) == expected
        assert world.depth(0, Side.SELL, ALL) == expected
        assert world.audit(0) == 0
