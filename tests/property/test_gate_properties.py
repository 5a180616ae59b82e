"""Whatever becomes of orders within their permits, no limit of exposure is passed."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.gate.breakers import (
    BUCKETS,
    PriceWindow,
    RateWindow,
    add_count,
    add_price,
    is_move_above,
    move_ppm,
    part_ns,
)
from market.decisions import Permit, Quotes
from tests.unit.desk.gate_world import LOT, NOW, World, make_gate, wide_config

LIMITS = {
    "instrument": {"position_lots": 60, "value_micros": 55 * LOT},
    "group": {"gross_micros": 80 * LOT, "net_micros": 70 * LOT},
    "strategy": {"value_micros": 90 * LOT},
    "portfolio": {"gross_micros": 120 * LOT, "net_micros": 75 * LOT},
}

steps = st.lists(
    st.tuples(
        st.integers(0, 1),  # strategy
        st.integers(0, 2),  # book
        st.sampled_from(["buy", "sell", "fill buy", "fill sell", "end"]),
        st.integers(1, 100),  # percent of the room, or of what works
    ),
    max_size=60,
)
prices = st.lists(st.integers(1, 30_000), min_size=3, max_size=3)


def strategy_exposure(world: World, strategy: int) -> int:
    """Sum of the exposures of one strategy over all books, added up anew."""
    return sum(world.value(book, world.strategy_worst_lots(strategy, book)) for book in world.books)


def worst_is_within(world: World) -> bool:
    """Every limit, judged by the state's own sums."""
    lots = [max(world.worst_long(book), -world.worst_short(book)) for book in world.books]
    return (
        max(lots) <= 60
        and max(world.book_exposure(book) for book in world.books) <= 55 * LOT
        and all(world.group_gross(group) <= 80 * LOT for group in (0, 1))
        and all(world.group_net(group) <= 70 * LOT for group in (0, 1))
        and all(strategy_exposure(world, strategy) <= 90 * LOT for strategy in (0, 1))
        and world.gross() <= 120 * LOT
        and world.net() <= 75 * LOT
    )


@settings(max_examples=150, deadline=None)
@given(prices=prices, taken=steps)
def test_exposure_with_everything_in_flight_never_passes_a_limit(
    prices: list[int], taken: list[tuple[int, int, str, int]]
) -> None:
    world = World()
    for book_id, ticks in enumerate(prices):
        world.price(book_id, ticks)
        world.data.bid_ticks[book_id], world.data.ask_ticks[book_id] = 999_999, 1_000_000
    gate = make_gate(wide_config(**LIMITS))
    assert worst_is_within(world)
    for strategy, book_id, what, percent in taken:
        key = strategy << 16 | book_id
        buying = world.data.buy_risk.get(key, 0)
        selling = world.data.sell_risk.get(key, 0)
        if what in ("buy", "sell"):
            wish = Quotes(book_id=book_id, bid_ticks=1, bid_lots=1, ask_ticks=2, ask_lots=1)
            verdict = gate.decide(wish, strategy, world, NOW)
            if not isinstance(verdict, Permit):
                continue
            assert verdict.buy_room_lots >= 0
            assert verdict.sell_room_lots >= 0
            if what == "buy":
                buying += verdict.buy_room_lots * percent // 100
            else:
                selling += verdict.sell_room_lots * percent // 100
        elif what == "fill buy":
            lots = buying * percent // 100
            buying -= lots
            world.hold(strategy, book_id, lots)
        elif what == "fill sell":
            lots = selling * percent // 100
            selling -= lots
            world.hold(strategy, book_id, -lots)
        else:
            buying -= buying * percent // 100
            selling -= selling * percent // 100
        world.work(strategy, book_id, buy=buying, sell=selling)
        assert worst_is_within(world), (strategy, book_id, what)
        assert gate.watch(world, NOW) == []


@settings(max_examples=200, deadline=None)
@given(
    window_ns=st.integers(1, 1_000),
    moves=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50)), min_size=1, max_size=60),
    most_ppm=st.integers(0, 3_000_000),
)
def test_a_price_window_sees_every_move_within_its_length(
    window_ns: int, moves: list[tuple[int, int]], most_ppm: int
) -> None:
    length_ns = part_ns(window_ns)
    window, now_ns, seen = PriceWindow(), 5, []
    for gap_ns, mark_x2 in moves:
        now_ns += gap_ns
        add_price(window, now_ns // length_ns, mark_x2)
        seen.append((now_ns, mark_x2))
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(window), type=PriceWindow)
        assert again == window
        # A price stands until the next one, so the one before the window counts as well.
        start_ns = now_ns - window_ns
        within = [
            price
            for (at_ns, price), (until_ns, _) in zip(seen, [*seen[1:], seen[-1]], strict=True)
            if until_ns > start_ns or at_ns > start_ns
        ] or [mark_x2]
        low, high = min(within), max(within)
        assert window.low_x2 <= low
        assert window.high_x2 >= high
        is_above = (mark_x2 - low) * 10**6 > most_ppm * low or (
            high - mark_x2
        ) * 10**6 > most_ppm * high
        assert not is_above or is_move_above(window, most_ppm)
        assert is_move_above(window, most_ppm) == (move_ppm(window) > most_ppm)
        # And nothing from before the window and one part more.
        oldest_ns = now_ns - (BUCKETS + 1) * length_ns
        recent = [price for at_ns, price in seen if at_ns > oldest_ns]
        before = [price for at_ns, price in seen if at_ns <= oldest_ns][-1:]
        assert window.low_x2 >= min(recent + before)
        assert window.high_x2 <= max(recent + before)


@settings(max_examples=200, deadline=None)
@given(
    window_ns=st.integers(1, 1_000),
    counts=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9)), min_size=1, max_size=60),
)
def test_a_rate_window_counts_everything_within_its_length(
    window_ns: int, counts: list[tuple[int, int]]
) -> None:
    length_ns = part_ns(window_ns)
    window, now_ns, seen = RateWindow(), 5, []
    for gap_ns, count in counts:
        now_ns += gap_ns
        total = add_count(window, now_ns // length_ns, count)
        seen.append((now_ns, count))
        assert total >= sum(n for at_ns, n in seen if at_ns > now_ns - window_ns)
        assert total <= sum(n for at_ns, n in seen if at_ns > now_ns - (BUCKETS + 1) * length_ns)
