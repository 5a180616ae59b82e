"""What the gate does quickly is what its plain specification does.

Three pairs: the tightest room and all rooms; sums kept up book by book and added up anew; a watch that
looks at what has changed and one that looks at all.
"""

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.gate.codes import VETOES, VetoCode
from desk.gate.episodes import Cause
from desk.gate.exposure import Sums
from desk.gate.monitor import Monitor
from desk.gate.rooms import rooms_of, tightest
from desk.gate.tables import Tables
from market.codes import Phase, Regime
from tests.unit.desk.gate_world import (
    BOOKS,
    GROUPS,
    LOT,
    NOW,
    STRATEGIES,
    WIDE,
    S,
    World,
    make_gate,
    wide_config,
)

if TYPE_CHECKING:
    from desk.state import State

LIMITS: dict[str, dict[str, Any]] = {
    "instrument": {
        "position_lots": 45,
        "value_micros": 44 * LOT,
        "volume_ppm": 300_000,
        "daily_volume_lots": 120,
        "price_move_ppm": 50_000,
        "price_window_ns": 10 * S,
    },
    "group": {"gross_micros": 80 * LOT, "net_micros": 25 * LOT},
    "strategy": {"value_micros": 50 * LOT},
    "portfolio": {
        "gross_micros": 90 * LOT,
        "net_micros": 30 * LOT,
        "day_drawdown_micros": 20 * LOT,
        "peak_drawdown_micros": 30 * LOT,
        "orders_max": 6,
        "disconnect_ns": S // 2,
        "cool_off_ns": 1,
    },
}
SHARES = {"single_name_ppm": 400_000, "single_name_floor_micros": 30 * LOT}
CAPITAL = 1_000_000 * 1_000_000

NOT_FOUND = {
    VetoCode.KILLED,
    VetoCode.SAFE_MODE,
    VetoCode.STRATEGY_PAUSED,
    VetoCode.NO_JOURNAL,
}
"""A person's words and a store's, which no watch finds."""

Step = tuple[Any, ...]

lots = st.integers(0, 40)
book = st.integers(0, 2)
owner = st.integers(0, 1)
changes = st.one_of(
    st.tuples(st.just("work"), owner, book, lots, lots),
    st.tuples(st.just("hold"), owner, book, st.integers(-40, 40)),
    st.tuples(st.just("price"), book, st.integers(9_000, 11_000)),
    st.tuples(st.just("rho"), st.sampled_from([(0, 1), (0, 2), (1, 2)]), st.floats(-1.0, 1.0)),
    st.tuples(st.just("volume"), book, st.integers(0, 300)),
)
events = st.one_of(
    changes,
    changes,
    st.tuples(st.just("cross"), book, st.integers(-40, 40)),
    st.tuples(st.just("drop"), owner, book),
    st.tuples(st.just("stale"), book, st.booleans()),
    st.tuples(st.just("phase"), book, st.sampled_from(list(Phase))),
    st.tuples(st.just("fresh")),
    st.tuples(st.just("equity"), st.integers(-40, 10)),
    st.tuples(st.just("day")),
    st.tuples(st.just("link"), book, st.booleans()),
    st.tuples(st.just("volatility"), st.sampled_from([0.01, 0.02, 0.05])),
    st.tuples(st.just("bar")),
    st.tuples(st.just("sent"), st.integers(1, 7)),
    st.tuples(st.just("rearm")),
    st.tuples(st.just("calm")),
)


def change(world: World, what: str, *more: Any) -> None:  # noqa: C901 - one line for each word
    """One thing happens to a state."""
    match what:
        case "work":
            strategy, book_id, buy, sell = more
            world.work(strategy, book_id, buy=buy, sell=sell)
        case "hold":
            world.hold(*more)
        case "hedge":
            strategy, long, short, count = more
            world.hold(strategy, long, count)
            world.hold(strategy, short, -count)
        case "drop":
            strategy, book_id = more
            world.hold(strategy, book_id, -world.data.positions.get(strategy << 16 | book_id, 0))
        case "cross":
            book_id, count = more
            world.hold(0, book_id, count)
            world.hold(1, book_id, -count)
        case "price":
            world.price(*more)
        case "rho":
            world.rhos[more[0]] = more[1]
            world.bar()
        case "volume":
            world.data.volume_lots[more[0]] = more[1]
        case "stale":
            world.set_stale(more[0], stale=more[1])
        case "phase":
            world.set_phase(more[0], int(more[1]))
        case "equity":
            world.apply_equity(CAPITAL + more[0] * LOT)
        case "day":
            world.apply_day()
        case "link":
            world.apply_link(more[0], up=more[1], now_ns=NOW)
        case "volatility":
            world.now, world.usual = more[0], 0.01
        case "regime":
            setattr(world, "regime", lambda _: more[0])  # noqa: B010 - a method of the fixture's state
            world.bar()
        case "bar":
            world.bar()
        case "calm":
            calm(world)


def calm(world: World) -> None:
    """Nothing is amiss any more, but for how far prices moved."""
    for book_id in world.books:
        for strategy in (0, 1):
            world.work(strategy, book_id)
            world.hold(strategy, book_id, -world.data.positions.get(strategy << 16 | book_id, 0))
        world.set_stale(book_id, stale=False)
        world.set_phase(book_id, int(Phase.CONTINUOUS))
        world.apply_link(book_id, up=True, now_ns=NOW)
    drawdown = world.data.drawdown
    drawdown.equity = drawdown.day_peak = drawdown.peak = CAPITAL
    world.now = world.usual
    world.rhos.clear()
    setattr(world, "regime", lambda _: Regime.NORMAL)  # noqa: B010 - a method of the fixture's state
    world.bar()


# --- sums and rooms -----------------------------------------------------------------------------


def seen_by(sums: Sums) -> tuple[Any, ...]:
    """Every figure."""
    return (
        sums.gross,
        sums.long,
        sums.short,
        sums.group_gross,
        sums.group_long,
        sums.group_short,
        sums.own,
        sums.parts,
    )


def assert_tightest(world: World, tables: Tables, sums: Sums, key: int) -> None:
    """The quick room of a strategy in a book is what the plain ones leave."""
    position = world.data.positions.get(key, 0)
    high = position + world.data.buy_risk.get(key, 0)
    low = position - world.data.sell_risk.get(key, 0)
    buys, sells = rooms_of(world, tables, sums, key, high, low)
    assert tightest(world, tables, sums, key, high, low) == (min(buys), min(sells))


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(changes, min_size=1, max_size=30), shares=st.booleans(), alone=st.booleans())
def test_the_tightest_room_is_the_smallest_of_all_rooms_and_sums_are_those_added_up_anew(
    steps: list[Step], *, shares: bool, alone: bool
) -> None:
    names = STRATEGIES[:1] if alone else STRATEGIES
    config = wide_config(**LIMITS | {"portfolio": LIMITS["portfolio"] | (SHARES if shares else {})})
    if alone:
        config.strategies.pop(STRATEGIES[1])
    tables, world = Tables(config, BOOKS, GROUPS, names), World()
    kept = Sums(tables)
    for what, *more in steps:
        if what in ("work", "hold") and alone:
            more[0] = 0
        change(world, what, *more)
        kept.refresh(world)
        anew = Sums(tables)
        anew.refresh(world)
        assert seen_by(kept) == seen_by(anew)
        assert kept.gross == world.gross()
        assert max(kept.long, -kept.short, 0) == world.net()
        assert kept.group_gross == [world.group_gross(0), world.group_gross(1)]
        for strategy in range(len(names)):
            for book_id in world.books:
                assert_tightest(world, tables, kept, strategy << 16 | book_id)


def test_the_tightest_room_is_right_to_the_lot_where_a_lot_is_worth_next_to_nothing() -> None:
    rng = random.Random(20_120_621)

    def worth() -> int:
        return rng.choice((WIDE, rng.randint(0, 500)))

    for _ in range(4_000):
        config = wide_config(
            instrument={"position_lots": rng.randint(0, 60), "value_micros": worth()},
            group={"gross_micros": worth(), "net_micros": worth()},
            strategy={"value_micros": worth()},
            portfolio={"gross_micros": worth(), "net_micros": worth()},
        )
        tables, world = Tables(config, BOOKS, GROUPS, STRATEGIES), World()
        world.num = tuple(rng.randint(1, 500) for _ in BOOKS)
        world.den = tuple(rng.randint(1, 5_000) for _ in BOOKS)
        for book_id in world.books:
            world.price(book_id, rng.randint(0, 50))
            world.work(rng.randrange(2), book_id, buy=rng.randint(0, 9), sell=rng.randint(0, 9))
            world.hold(rng.randrange(2), book_id, rng.randint(-20, 20) * rng.randrange(2))
        sums = Sums(tables)
        sums.refresh(world)
        for key in (0, 1, 2, 1 << 16, 1 << 16 | 1, 1 << 16 | 2):
            assert_tightest(world, tables, sums, key)


# --- the watch ----------------------------------------------------------------------------------


class Thorough(Monitor):
    """Looks at everything at every event, but for what only a bar can change."""

    def causes(self, state: "State", now_ns: int) -> list[Cause]:
        found: list[Cause] = []
        self._due = bool(self._data.episodes) or state.data.next_bar_ns != self._data.bar_ns
        self._look_at_all(state, now_ns, found)
        self._desk(state, now_ns, found)
        return found

    def _measures(self, state: "State", found: list[Cause]) -> None:
        if self._due:
            super()._measures(state, found)


def walk(steps: Iterable[tuple[int, Step]], said: dict[int, int]) -> int:
    """Let both watches see the same events; what the quick one said is counted by code.

    Args:
        steps: Time since the one before, and what happens; without time it is of the same event.

    Returns:
        At how many events nothing was amiss before, so that the quick one was free to be quick.
    """
    free = 0
    config, world = wide_config(**LIMITS), World()
    quick, thorough = make_gate(config), make_gate(config)
    thorough._monitor = Thorough(thorough._tables, thorough._sums, thorough.data)
    now_ns = NOW
    for gap_ns, (what, *more) in steps:
        now_ns += gap_ns
        if what in ("fresh", "calm"):
            world.fresh(now_ns)
        change(world, what, *more)
        for gate in (quick, thorough):
            if what == "sent":
                gate.count_commands(more[0], now_ns)
            elif what in ("rearm", "calm"):
                gate._rearm(now_ns)
        if gap_ns == 0:
            continue
        free += not quick.data.episodes
        found, wanted = quick.watch(world, now_ns), thorough.watch(world, now_ns)
        assert sorted(map(repr, found)) == sorted(map(repr, wanted)), (what, more)
        assert quick.data.episodes == thorough.data.episodes
        assert quick.data.mode is thorough.data.mode
        for action in found:
            said[action.code] = said.get(action.code, 0) + 1
    return free


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from((0, 1, 1, S, 3 * S)), events), min_size=1, max_size=40)
)
def test_a_quick_watch_finds_what_a_thorough_one_does_at_every_event(
    steps: list[tuple[int, Step]],
) -> None:
    walk(steps, {})


def test_a_quick_watch_finds_every_cause_there_is_when_a_thorough_one_does() -> None:
    said: dict[int, int] = {}
    walks, length, free = 200, 100, 0
    for seed in range(walks):
        rng = random.Random(seed)
        free += walk([(rng.choice((0, 1, 2, S // 8)), drawn(rng)) for _ in range(length)], said)
    assert free > walks * length // 5
    causes = {code for code, row in VETOES.items() if row.action is not None} - NOT_FOUND
    assert causes == set(said), causes ^ set(said)


def drawn(rng: random.Random) -> Step:
    """One event, nearly always an ordinary one."""
    book_id, strategy = rng.randrange(3), rng.randrange(2)
    if rng.random() < 0.95:
        return rng.choice(
            [
                ("work", strategy, book_id, rng.choice((0, 5, 15)), rng.choice((0, 5, 15))),
                ("work", strategy, book_id, 0, 0),
                ("hold", strategy, book_id, rng.randint(-6, 6)),
                ("hedge", strategy, *rng.sample(range(3), 2), rng.choice((5, 20, 50))),
                ("cross", book_id, rng.choice((-60, -10, 10, 60))),
                ("drop", strategy, book_id),
                ("price", book_id, 10_000 + rng.randint(-60, 60)),
                ("fresh",),
                ("bar",),
                ("calm",) if rng.random() < 0.5 else ("fresh",),
            ]
        )
    return rng.choice(
        [
            ("price", book_id, rng.choice((9_000, 10_600))),
            ("rho", rng.choice([(0, 1), (0, 2), (1, 2)]), rng.choice((-0.9, 0.0, 0.9))),
            ("stale", book_id, rng.random() < 0.3),
            ("phase", book_id, rng.choice((Phase.CONTINUOUS, Phase.CONTINUOUS, Phase.HALT))),
            ("equity", rng.choice((0, 5, -10, -18, -22, -35))),
            ("day",),
            ("link", book_id, rng.random() < 0.7),
            ("volatility", rng.choice((0.01, 0.02, 0.05))),
            ("regime", rng.choice((Regime.CALM, Regime.NORMAL, Regime.EXTREME))),
            ("sent", rng.choice((1, 7))),
            ("rearm",),
        ]
    )
