"""Splits by hand, then their invariants on generated venues."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.router import Blocked, Room, ScoreRow, Split, SplitRule, VenueFacts, split
from desk.router.splits import Share, apportion, room_lots
from market.decisions import PPM
from market.errors import InputError

SWEEP = SplitRule(way="sweep")
SPREAD = SplitRule(way="spread", scale_ppb=100)


def rows_of(*scores: int, blocked: dict[int, Blocked] | None = None) -> list[ScoreRow]:
    """Books 0, 1, … with these scores in ppb, ranked."""
    blocked = blocked or {}
    order = sorted(range(len(scores)), key=lambda book: (book in blocked, -scores[book], book))
    return [
        ScoreRow(
            book_id=book,
            rank=rank,
            score_micro=scores[book] * 1_000_000,
            blocked=blocked.get(book, Blocked.NO),
            facts=VenueFacts(book_id=book),
            parts=(),
        )
        for rank, book in enumerate(order)
    ]


def rooms_of(*lots: int) -> list[Room]:
    return [Room(book_id=book, lots=one) for book, one in enumerate(lots)]


def test_a_sweep_takes_the_best_first() -> None:
    assert split(SWEEP, 100, rows_of(1, 3, 2), rooms_of(50, 30, 40)) == Split(
        (Share(1, 30), Share(2, 40), Share(0, 30)), 0
    )
    assert split(SWEEP, 200, rows_of(1, 3, 2), rooms_of(50, 30, 40)).left_lots == 80


def test_a_spread_follows_the_distance_to_the_best() -> None:
    # Distances 0, 50 and 100 of a scale of 100: two to one to nothing.
    assert split(SPREAD, 90, rows_of(0, -50, -100), rooms_of(99, 99, 99)) == Split(
        (Share(0, 60), Share(1, 30)), 0
    )
    # What is over a room goes to the others.
    assert split(SPREAD, 90, rows_of(0, -50, -100), rooms_of(40, 99, 99)) == Split(
        (Share(0, 40), Share(1, 50)), 0
    )


def test_half_health_is_half_the_share_and_half_the_room() -> None:
    rooms = [Room(book_id=0, lots=100, weight_ppm=500_000), Room(book_id=1, lots=100)]
    assert split(SPREAD, 90, rows_of(0, 0), rooms).shares == (Share(0, 30), Share(1, 60))
    assert split(SWEEP, 90, rows_of(0, 0), rooms).shares == (Share(0, 50), Share(1, 40))


def test_a_sick_venue_gets_its_probe_and_no_more() -> None:
    rooms = [Room(book_id=0, lots=100, weight_ppm=0, probe_lots=2), Room(book_id=1, lots=100)]
    expected = (Share(0, 2, probe=True), Share(1, 88))
    for blocked in (None, {0: Blocked.SICK}):
        assert split(SWEEP, 90, rows_of(9, 0, blocked=blocked), rooms).shares == expected
    # Not when it is a large part of a small parent, nor when it is blocked for another reason.
    assert split(SWEEP, 30, rows_of(9, 0), rooms).shares == (Share(1, 30),)
    halted = rows_of(9, 0, blocked={0: Blocked.NOT_CONTINUOUS})
    assert split(SWEEP, 90, halted, rooms).shares == (Share(1, 90),)


def test_smallest_orders_and_steps() -> None:
    rooms = [
        Room(book_id=0, lots=57, lots_min=20, lot_step=10),
        Room(book_id=1, lots=100, lots_min=5),
    ]
    assert split(SWEEP, 58, rows_of(9, 0), rooms) == Split((Share(0, 50), Share(1, 8)), 0)
    assert split(SWEEP, 53, rows_of(9, 0), rooms) == Split((Share(0, 50),), 3)
    assert split(SWEEP, 15, rows_of(9, 0), rooms) == Split((Share(1, 15),), 0)


def test_apportion_by_largest_remainder() -> None:
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(7, [5, 3, 1]) == [4, 2, 1]
    assert apportion(0, [5, 3]) == [0, 0]


@given(
    total=st.integers(0, 10**9),
    weights=st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any),
)
def test_apportioned_lots_are_exact_and_within_one_of_their_quota(
    total: int, weights: list[int]
) -> None:
    lots = apportion(total, weights)
    assert sum(lots) == total
    for lot, weight in zip(lots, weights, strict=True):
        assert abs(lot * sum(weights) - total * weight) < sum(weights)


ROOMS = st.tuples(
    st.integers(0, 500),
    st.sampled_from([0, 1, 250_000, 500_000, PPM]),
    st.integers(0, 3),
    st.integers(1, 30),
    st.integers(1, 10),
    st.integers(-300, 300),
    st.sampled_from([*Blocked, Blocked.NO, Blocked.NO, Blocked.NO]),
)


@given(
    total=st.integers(0, 2_000),
    venues=st.lists(ROOMS, min_size=1, max_size=4),
    way=st.sampled_from(["sweep", "spread"]),
)
def test_every_split_is_exact_within_rooms_and_the_same_in_every_order(
    total: int, venues: list[tuple[int, int, int, int, int, int, Blocked]], way: str
) -> None:
    rule = SplitRule(way=way, scale_ppb=200)  # type: ignore[arg-type]
    rooms = [
        Room(
            book_id=book, lots=lots, weight_ppm=health,
            probe_lots=probe if health == 0 else 0, lots_min=least, lot_step=step,
        )
        for book, (lots, health, probe, least, step, _, _) in enumerate(venues)
    ]  # fmt: skip
    blocked = {book: venue[6] for book, venue in enumerate(venues) if venue[6]}
    rows = rows_of(*[venue[5] for venue in venues], blocked=blocked)
    found = split(rule, total, rows, rooms)
    assert sum(share.lots for share in found.shares) + found.left_lots == total
    assert found.left_lots >= 0
    given_lots = {share.book_id: share.lots for share in found.shares}
    assert len(given_lots) == len(found.shares)
    for share in found.shares:
        room = rooms[share.book_id]
        if share.probe:
            assert room.weight_ppm == 0
            assert share.lots == room.probe_lots
            assert blocked.get(share.book_id, Blocked.NO) in (Blocked.NO, Blocked.SICK)
        else:
            assert share.book_id not in blocked
            assert room.lots_min <= share.lots <= room_lots(room)
            assert share.lots % room.lot_step == 0
    best = max(
        (row.score_micro for row in rows if not row.blocked and room_lots(rooms[row.book_id])),
        default=0,
    )
    for row in rows:
        room = rooms[row.book_id]
        counts = way == "sweep" or best - row.score_micro < 200_000_000
        if not row.blocked and counts and room_lots(room):
            more = given_lots.get(row.book_id, 0) + found.left_lots
            more -= more % room.lot_step
            # Nothing that is left would have fitted here.
            assert min(more, room_lots(room)) <= given_lots.get(row.book_id, 0) or (
                more < room.lots_min
            )
    for other in permutations(rows):
        assert split(rule, total, other, rooms[::-1]) == found


def test_wrong_rules_are_refused() -> None:
    with pytest.raises(InputError, match="scale_ppb"):
        SplitRule(way="spread", scale_ppb=0)
    with pytest.raises(InputError, match="probe_ppm_max"):
        SplitRule(way="sweep", probe_ppm_max=PPM + 1)
