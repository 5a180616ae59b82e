"""The consolidated best bid and offer: best price, everybody's size at it, and who they are."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Mode, RowFlag, Side
from sim.arena import BookSpec, LocalSpec
from sim.consolidated import Best, Consolidated, best_of, local_best, venue_best
from sim.latency import Constant
from sim.tape.merge import merge_tapes
from sim.tape.read import open_tape
from sim.world import World
from tests.random_tape import TICK_UNITS
from tests.unit.sim.tapes import book, random_rows, rows_of, write

TOPS = st.lists(st.none() | st.tuples(st.integers(-5, 5), st.integers(1, 9)), max_size=6)


@given(tops=TOPS, side=st.sampled_from(Side))
def test_the_best_is_the_best_price_with_all_its_holders(
    tops: list[tuple[int, int] | None], side: Side
) -> None:
    best = best_of(tops, side)

    there = [(number, top) for number, top in enumerate(tops) if top is not None]
    if not there:
        assert best is None
        return
    prices = [price for _, (price, _) in there]
    price = max(prices) if side is Side.BUY else min(prices)
    holders = tuple(number for number, top in there if top[0] == price)
    assert best == Best(price, sum(top[1] for _, top in there if top[0] == price), holders)


@pytest.mark.parametrize(
    ("bid", "ask", "crossed"), [(10, 11, False), (11, 11, True), (12, 11, True)]
)
def test_a_bid_at_or_above_another_ones_ask_is_crossed(bid: int, ask: int, crossed: bool) -> None:
    assert Consolidated(Best(bid, 1, (0,)), Best(ask, 1, (1,))).crossed is crossed
    assert not Consolidated(None, Best(ask, 1, (1,))).crossed
    assert not Consolidated(Best(bid, 1, (0,)), None).crossed


def test_venues_and_what_an_observer_knows_of_them(tmp_path: Path) -> None:
    tapes = []
    for number in range(3):
        rows = random_rows(number, 400, phases=False)
        # Local books follow whole source messages only.
        rows["side_flags"] |= np.uint8(RowFlag.LAST)
        tapes.append(write(tmp_path / f"{number}.tape.parquet", rows, (book(f"V{number}"),)))
    merged = tmp_path / "m.tape.parquet"
    merge_tapes(tapes, merged)
    rows = rows_of(merged)
    tape = open_tape(merged)
    world = World(
        mode=Mode.FROZEN,
        books=[
            BookSpec(tick_units=TICK_UNITS, handle_count=one.handle_count)
            for one in tape.meta.books
        ],
        locals_=[
            LocalSpec(book_id=number, latency=Constant(latency_ns=1_000).compile(), key=number)
            for number in range(3)
        ],
        start_ns=0,
        rows=iter(tape.chunks()),
    )
    ticks = [TICK_UNITS] * 3
    seen: dict[int, Consolidated] = {}
    differed = 0
    for moment_ns in range(int(rows["ts_ns"][100]), int(rows["ts_ns"][-1]), 1_000):
        world.advance(moment_ns)
        now = venue_best(world, range(3), ticks)
        for side, best in zip(Side, now, strict=True):
            tops = [world.venue_depth(number, side, 1) for number in range(3)]
            alone = [top[0][0] * TICK_UNITS for top in tops if top]
            assert best is not None
            assert best.price_units == (max(alone) if side is Side.BUY else min(alone))
            assert best.holders == tuple(
                number
                for number, top in enumerate(tops)
                if top and top[0][0] * TICK_UNITS == best.price_units
            )
        known = local_best(world, range(3), ticks)
        if moment_ns - 1_000 in seen:
            # Local books are the venues' own of one wire's latency ago.
            assert known == seen[moment_ns - 1_000]
            differed += known != now
        seen[moment_ns] = now
    assert differed > 10


def test_ticks_of_different_sizes_compare_in_units() -> None:
    class Two:
        def venue_depth(self, book_id: int, side: Side, count: int) -> list[tuple[int, int]]:
            return [[(100, 5)], [(19, 7)]][book_id]

        def depth(self, index: int, side: Side, count: int) -> list[tuple[int, int]]:
            return []

    found = venue_best(Two(), [0, 1], [1, 5])

    assert found == Consolidated(Best(100, 5, (0,)), Best(95, 7, (1,)))
    assert local_best(Two(), [0, 1], [1, 5]) == Consolidated(None, None)
    assert found.crossed
