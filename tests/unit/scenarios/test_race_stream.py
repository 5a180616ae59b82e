"""What every competitor is given: the neutral stream of a race, whole, repeated, and of coarser books."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import Depth, Kind, Mode, Phase, RowFlag, Side
from market.columns import TAPE_DTYPE
from market.errors import InputError
from scenarios.bench import TICK_UNITS, record_stream
from scenarios.race.loop import repeated
from scenarios.race.plain import PlainBook
from scenarios.race.stream import CHECKPOINTS, OWN_ORDERS, RaceStream, race_stream, tops
from sim.reference import ReferenceBook

MESSAGES = 6_000
HANDLES = 6


@pytest.fixture(scope="module")
def recorded() -> np.ndarray:
    return record_stream(MESSAGES).rows


def stream_of(recorded: np.ndarray, depth: Depth) -> RaceStream:
    return race_stream(recorded, depth=depth, tick_units=TICK_UNITS)


@st.composite
def order_rows(draw: st.DrawFn) -> np.ndarray:
    """Valid tape rows on a few handles, each used again and again; nothing crosses."""
    rows, left, side_of = [], [0] * HANDLES, [0] * HANDLES
    for step in range(draw(st.integers(1, 60))):
        handle = draw(st.integers(0, HANDLES - 1))
        qty = draw(st.integers(1, 9))
        if not left[handle]:
            side_of[handle] = draw(st.integers(0, 1))
        side = side_of[handle]
        price = 100 + draw(st.integers(1, 4)) * (1 if side else -1)
        flags = side | RowFlag.LAST
        if not left[handle]:
            kind, left[handle] = draw(st.sampled_from((Kind.ADD, Kind.REVEAL))), qty
        else:
            kind = draw(
                st.sampled_from((Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE, Kind.REVEAL))
            )
            if kind == Kind.REPLACE:
                left[handle] = qty
            elif kind == Kind.DELETE:
                qty, left[handle] = left[handle], 0
            else:
                qty = min(qty, left[handle])
                left[handle] -= qty
                qty = -qty if kind == Kind.REVEAL else qty
        rows.append((step * 1_000_000, price * TICK_UNITS, qty, handle, 0, kind, flags))
    return np.array(rows, dtype=TAPE_DTYPE)


def reference_levels(rows: np.ndarray, end_ns: int) -> list[dict[int, int]]:
    book = ReferenceBook(mode=Mode.FROZEN, tick_units=TICK_UNITS, handle_count=HANDLES)
    for ts_ns, units, qty, handle, _, kind, flags in rows.tolist():
        if ts_ns <= end_ns:
            price = units // TICK_UNITS
            book.apply(kind=kind, side_flags=flags, handle=handle, price=price, qty=qty)
    return [dict(book.levels(side, 100)) for side in Side]


@settings(max_examples=80, deadline=None)
@given(order_rows())
def test_ids_are_unique_and_every_depth_replays_to_the_reference_book(rows: np.ndarray) -> None:
    neutral = race_stream(rows, depth=Depth.L3, tick_units=TICK_UNITS)
    adds = neutral.order_id[neutral.kind == Kind.ADD].tolist()

    assert sorted(adds) == list(range(1, len(adds) + 1))
    assert set(neutral.order_id.tolist()) == set(adds)
    assert len(neutral.ts_ns) == len(rows)
    shift_ns = int(neutral.ts_ns[0]) - int(rows["ts_ns"][0])
    levels = race_stream(rows, depth=Depth.L2, tick_units=TICK_UNITS)
    quotes = race_stream(rows, depth=Depth.L1, tick_units=TICK_UNITS)
    for end_ns in rows["ts_ns"].tolist()[:: max(1, len(rows) // 7)]:
        want = reference_levels(rows, end_ns)
        at_ns = np.array([end_ns + shift_ns])
        for stream in (neutral, levels):
            book = PlainBook()
            until = int(np.searchsorted(stream.ts_ns, at_ns[0], side="right"))
            for index in range(until):
                book.apply(
                    int(stream.kind[index]), int(stream.side[index]), int(stream.price[index]),
                    int(stream.left[index]), int(stream.order_id[index]),
                )  # fmt: skip
            prices = range(90, 111)
            found = [
                {p: book.level(side, p) for p in prices if book.level(side, p)} for side in Side
            ]
            assert found == want
        bid = max(want[0], default=0)
        ask = min(want[1], default=0)
        top = (bid, want[0].get(bid, 0), ask, want[1].get(ask, 0))
        assert [tuple(each) for each in tops(quotes, at_ns)] == [top]


def test_every_depth_carries_all_prints_and_only_its_own_kinds(recorded: np.ndarray) -> None:
    hit = recorded[recorded["kind"] == Kind.EXECUTE]
    for depth, kind in ((Depth.L2, Kind.LEVEL), (Depth.L1, Kind.QUOTE)):
        stream = stream_of(recorded, depth)
        prints = stream.kind == Kind.TRADE

        assert {int(kind), int(Kind.TRADE)} == set(stream.kind.tolist())
        assert Counter(stream.qty[prints].tolist()) == Counter(hit["qty"].tolist())
        assert (stream.price[prints] == hit["price"] // TICK_UNITS).all()
        assert (stream.side[prints] == 1 - (hit["side_flags"] & 1)).all()


def test_nothing_happens_when_somebody_looks_or_sends_an_order(recorded: np.ndarray) -> None:
    stream = stream_of(recorded, Depth.L3)
    busy = {*stream.ts_ns.tolist(), *(stream.ts_ns + stream.latency_ns).tolist()}
    asked = (*stream.checkpoint_ns, *stream.own_ns, *stream.own_until_ns)

    assert (CHECKPOINTS, OWN_ORDERS) == (len(stream.checkpoint_ns), len(stream.own_ns))
    assert busy.isdisjoint(asked)
    assert (stream.own_until_ns > stream.own_ns).all()
    assert (stream.own_ns[1:] > stream.own_until_ns[:-1]).all()
    assert [top.bid_ticks for top in tops(stream, stream.own_ns)] == stream.own_price.tolist()


def test_rows_that_no_competitor_could_be_given_are_refused(recorded: np.ndarray) -> None:
    quote = recorded[:3].copy()
    quote["kind"][2] = Kind.QUOTE
    two_books = recorded[:3].copy()
    two_books["book_id"][1] = 1
    unknown = recorded[:3].copy()
    unknown["kind"][2], unknown["handle"][2] = Kind.DELETE, 99
    for rows, said in (
        (quote, "found QUOTE rows"),
        (two_books, "several books"),
        (recorded[:0], "found no rows"),
        (unknown, "DELETE on handle 99"),
    ):
        with pytest.raises(InputError, match=said):
            stream_of(rows, Depth.L3)


@pytest.mark.parametrize("depth", list(Depth))
def test_a_repeated_tape_begins_every_copy_with_an_empty_book(
    recorded: np.ndarray, depth: Depth
) -> None:
    rows = recorded[:2_000]
    once, thrice = stream_of(rows, depth), stream_of(repeated(rows, 3), depth)
    step_ns = int(rows["ts_ns"][-1]) - int(rows["ts_ns"][0]) + 2
    book, ends = PlainBook(), []
    columns = (thrice.ts_ns, thrice.kind, thrice.side, thrice.price, thrice.left, thrice.order_id)
    for number, (ts_ns, *message) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if book.top() == (0, 0, 0, 0):
            ends.append((number, ts_ns))
        book.apply(*message)
    starts = [each for each in ends if (each[1] - int(once.ts_ns[0])) % step_ns == 0]

    assert [ts_ns for _, ts_ns in starts] == [int(once.ts_ns[0]) + step_ns * n for n in range(3)]
    assert book.top() == tops(once, once.ts_ns[-1:])[0]
    for start, _ in starts:
        copy = slice(start, start + len(once.kind))
        for name in ("kind", "side", "price", "qty", "left"):
            assert np.array_equal(getattr(thrice, name)[copy], getattr(once, name))
    assert (np.diff(thrice.ts_ns) >= 0).all()


def test_levels_and_best_prices_are_cleared_as_orders_are(recorded: np.ndarray) -> None:
    levels = stream_of(recorded, Depth.L2)
    of_levels = race_stream(repeated(levels.rows, 2), depth=Depth.L2, tick_units=1)
    quotes = stream_of(recorded, Depth.L1)
    for depth, rows in ((Depth.L2, levels.rows), (Depth.L1, quotes.rows)):
        said = race_stream(repeated(rows, 2), depth=depth, tick_units=1)
        at_ns = np.array([int(said.ts_ns[len(rows) - 1]) + 1])

        assert tuple(tops(said, at_ns)[0]) == (0, 0, 0, 0)
        assert tops(said, said.ts_ns[-1:]) == tops(levels, levels.ts_ns[-1:])
    derived = race_stream(of_levels.rows, depth=Depth.L1, tick_units=1)
    assert tops(derived, of_levels.checkpoint_ns) == tops(of_levels, of_levels.checkpoint_ns)


@pytest.mark.parametrize("depth", list(Depth))
def test_what_was_one_message_stays_one_whatever_was_left_out_of_it(
    recorded: np.ndarray, depth: Depth
) -> None:
    rows = recorded[:4_000].copy()
    rows["ts_ns"] -= rows["ts_ns"] % 50_000_000  # several rows an instant, one message each
    ends = np.append(np.diff(rows["ts_ns"]) > 0, True)
    rows["side_flags"] &= ~np.uint8(RowFlag.LAST)
    rows["side_flags"][ends] |= np.uint8(RowFlag.LAST)
    phased = np.repeat(rows, 1 + ends)
    added = np.flatnonzero(np.append(False, phased["side_flags"][1:] & RowFlag.LAST) > 0)[0::2]
    phased["kind"][added + 1], phased["qty"][added + 1] = Kind.PHASE, Phase.CONTINUOUS
    phased["side_flags"][added] &= ~np.uint8(RowFlag.LAST)
    stream = stream_of(phased, depth)
    closes = (stream.flags & RowFlag.LAST) != 0

    assert (closes == np.append(np.diff(stream.ts_ns) > 0, True)).all()
    assert not closes.all()


def test_prints_before_there_is_a_book_are_left_out_and_prints_alone_refused(
    recorded: np.ndarray,
) -> None:
    early = recorded[:3].copy()
    early["kind"], early["handle"] = Kind.TRADE, -1

    stream = stream_of(np.concatenate((early, recorded)), Depth.L3)
    assert len(stream.kind) == len(recorded)
    with pytest.raises(InputError, match="found prints alone"):
        stream_of(early, Depth.L3)


def test_phases_are_left_out_for_everybody(recorded: np.ndarray) -> None:
    phased = np.concatenate((recorded[:1], recorded))
    phased[0]["kind"], phased[0]["qty"] = Kind.PHASE, Phase.CONTINUOUS

    assert len(stream_of(phased, Depth.L3).kind) == len(recorded)
