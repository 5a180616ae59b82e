"""Slices, TWAP, volume curves, VWAP, participation and jitter: totals exact, bounds kept."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.execution.schedules import participation as pov
from desk.execution.schedules.jitter import SIZE, TIME, between, draw, jitter
from desk.execution.schedules.slices import check_schedule, cut, cut_path, due_lots, edges_ns
from desk.execution.schedules.twap import twap
from desk.execution.schedules.volume_curve import (
    WHOLE,
    VolumeCurve,
    curve_for,
    end_day,
    flat,
    fresh_curve,
    share_until,
    u_shape,
)
from desk.execution.schedules.vwap import band, vwap
from market.decisions import PPM
from market.errors import InputError

MINUTE_NS = 60_000_000_000


def test_ten_lots_over_three_slices() -> None:
    # Until each end 3.33, 6.67 and 10 should be done: 3, 7, 10.
    assert [piece.qty_lots for piece in twap(10, 0, 300, 3)] == [3, 4, 3]
    assert due_lots(twap(10, 0, 300, 3), 100) == 7
    assert edges_ns(5, 15, 3) == [5, 8, 11, 15]


@given(
    total_lots=st.integers(0, 10**12),
    weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any),
)
def test_a_cut_is_exact_and_never_half_a_lot_from_its_path(
    total_lots: int, weights: list[int]
) -> None:
    lots = cut(total_lots, weights)
    assert sum(lots) == total_lots
    assert min(lots) >= 0
    done, part = 0, 0
    for lot, weight in zip(lots, weights, strict=True):
        done += lot
        part += weight
        assert abs(2 * (done * sum(weights) - total_lots * part)) <= sum(weights)


def test_a_path_that_does_not_end_at_zero_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        cut_path(10, [0.5, 0.1])
    assert cut_path(10, [0.5, 0.5000001, 0.0]) == [5, 0, 5]


@given(
    total_lots=st.integers(0, 10**9),
    begin_ns=st.integers(0, 10**18),
    span_ns=st.integers(50, 10**14),
    count=st.integers(1, 50),
)
def test_twap_is_exact_and_even(total_lots: int, begin_ns: int, span_ns: int, count: int) -> None:
    schedule = twap(total_lots, begin_ns, begin_ns + span_ns, count)
    check_schedule(schedule, total_lots)
    lots = [piece.qty_lots for piece in schedule]
    assert max(lots) - min(lots) <= 1


def test_the_static_u_is_symmetric_and_high_at_both_ends() -> None:
    shares = u_shape(13, 2 * PPM)
    assert sum(shares) == WHOLE
    for left, right in zip(shares, reversed(shares), strict=True):
        assert abs(left - right) <= 1
    assert shares[0] > shares[3] > shares[6]
    # The outer buckets' middles lie at 12/13: 1 + 2·(12/13)² over 1.
    assert shares[0] / shares[6] == pytest.approx(1 + 2 * (12 / 13) ** 2, rel=1e-6)
    assert u_shape(10, 0) == flat(10)


def test_a_curve_is_the_weighted_mean_of_prior_and_days() -> None:
    data = fresh_curve(MINUTE_NS, flat(2), prior_days_ppm=PPM, keep_ppm=500_000)
    end_day(data, 7, [30, 10])
    # (½ + ¾)/2 = 0.625
    assert curve_for(data, 8).shares == (625_000_000, 375_000_000)
    end_day(data, 9, [0, 1_000])
    # prior ½, day 7 with weight ½ of ¾, day 9 with weight 1 of 0: (0.5 + 0.375 + 0)/2.5 = 0.35
    assert curve_for(data, 10) == VolumeCurve(MINUTE_NS, (350_000_000, 650_000_000), 2)


def test_a_curve_refuses_to_be_of_a_day_that_it_has_seen() -> None:
    data = fresh_curve(MINUTE_NS, flat(2))
    end_day(data, 7, [1, 1])
    for day in (6, 7):
        with pytest.raises(InputError, match="has been learned from"):
            curve_for(data, day)
        with pytest.raises(InputError, match="allowed are later days only"):
            end_day(data, day, [1, 1])
    assert curve_for(data, 8).days == 1


@given(
    days=st.lists(
        st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any), min_size=1, max_size=6
    ),
    later=st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any),
)
def test_what_comes_later_changes_no_earlier_curve(days: list[list[int]], later: list[int]) -> None:
    curves = []
    data = fresh_curve(MINUTE_NS, u_shape(4))
    for day, volumes in enumerate(days):
        curves.append(curve_for(data, day))
        end_day(data, day, volumes)
    again = fresh_curve(MINUTE_NS, u_shape(4))
    for day, volumes in enumerate([*days[:-1], later]):
        assert curve_for(again, day) == curves[day]
        end_day(again, day, volumes)
    for curve in curves:
        assert sum(curve.shares) == WHOLE
        assert min(curve.shares) >= 0
    encoded = msgspec.msgpack.encode(data)
    assert msgspec.msgpack.decode(encoded, type=type(data)) == data


@pytest.mark.parametrize(
    ("volumes", "text"), [([1], "found 1 buckets"), ([0, 0], "a trade"), ([-1, 2], "below zero")]
)
def test_a_wrong_day_is_refused_and_changes_nothing(volumes: list[int], text: str) -> None:
    data = fresh_curve(MINUTE_NS, flat(2))
    before = msgspec.msgpack.encode(data)
    with pytest.raises(InputError, match=text):
        end_day(data, 0, volumes)
    assert msgspec.msgpack.encode(data) == before


def test_a_wrong_prior_is_refused() -> None:
    with pytest.raises(InputError, match="add up to"):
        fresh_curve(MINUTE_NS, (1, 2))
    with pytest.raises(InputError, match="keep_ppm"):
        fresh_curve(MINUTE_NS, flat(2), keep_ppm=0)


def test_shares_within_a_bucket_are_even() -> None:
    curve = VolumeCurve(100, (600_000_000, 400_000_000))
    assert [share_until(curve, t) for t in (-5, 0, 50, 100, 150, 200, 900)] == [
        0, 0, 300_000_000, 600_000_000, 800_000_000, WHOLE, WHOLE,
    ]  # fmt: skip


CURVES = st.lists(st.integers(0, 1000), min_size=6, max_size=6).filter(
    lambda weights: all(weights[1:5])
)


@given(weights=CURVES, total_lots=st.integers(0, 10**8), count=st.integers(1, 20))
def test_vwap_is_exact_and_follows_the_curve(
    weights: list[int], total_lots: int, count: int
) -> None:
    curve = VolumeCurve(MINUTE_NS, tuple(cut(WHOLE, weights)))
    begin_ns, end_ns = 5 + MINUTE_NS // 2, 5 + 5 * MINUTE_NS
    schedule = vwap(total_lots, begin_ns, end_ns, count, curve=curve, open_ns=5)
    check_schedule(schedule, total_lots)
    whole = share_until(curve, end_ns - 5) - share_until(curve, begin_ns - 5)
    done = 0
    for piece in schedule:
        done += piece.qty_lots
        part = share_until(curve, piece.end_ns - 5) - share_until(curve, begin_ns - 5)
        assert abs(done - total_lots * part / whole) <= 0.51
        where = band(
            total_lots, begin_ns, end_ns, piece.end_ns, curve=curve, open_ns=5, slack_ppm=50_000
        )
        assert where.due_lots == done
        assert where.least_lots <= done <= where.most_lots
    assert (where.least_lots, where.most_lots) == (total_lots, total_lots)


def test_a_time_without_volume_is_refused() -> None:
    curve = VolumeCurve(MINUTE_NS, (0, WHOLE))
    with pytest.raises(InputError, match="expects nothing to be traded"):
        vwap(10, 0, MINUTE_NS, 2, curve=curve, open_ns=0)


CONFIG = pov.PovConfig(rate_ppm=100_000, catch_up_ppm=250_000)


def test_a_tenth_of_all_volume_by_hand() -> None:
    # 90 of others: own 10 make 10 of 100.
    data = pov.PovData()
    pov.on_volume(data, 90)
    assert pov.release_lots(data, CONFIG, 1_000, 0) == 10
    pov.on_release(data)
    assert pov.release_lots(data, CONFIG, 1_000, 10) == 0
    # The order was cancelled unfilled; 30 more are traded, of which a quarter of all would be 10.
    pov.on_volume(data, 30)
    assert pov.behind_lots(data, CONFIG, 1_000) == 13
    assert pov.release_lots(data, CONFIG, 1_000, 0) == 10
    pov.on_release(data)
    pov.on_own_fill(data, 10)
    pov.on_volume(data, 60)
    # 180 allow 20, of which 10 are done.
    assert pov.release_lots(data, CONFIG, 990, 0) == 10
    assert pov.release_lots(data, CONFIG, 4, 0) == 4
    assert pov.volume_needed_lots(CONFIG, 10) == 90


STEPS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 100), st.booleans()), min_size=1, max_size=60
)


@given(
    rate_ppm=st.integers(1, 500_000),
    more_ppm=st.integers(0, 400_000),
    steps=STEPS,
    total_lots=st.integers(1, 2_000),
    least=st.integers(1, 20),
)
def test_participation_never_has_more_than_its_rate_nor_bursts(
    rate_ppm: int, more_ppm: int, steps: list[tuple[int, int, bool]], total_lots: int, least: int
) -> None:
    config = pov.PovConfig(
        rate_ppm=rate_ppm, catch_up_ppm=rate_ppm + more_ppm, release_lots_min=least
    )
    data = pov.PovData()
    left, working, since = total_lots, 0, 0
    for others, fill_share, cancel in steps:
        pov.on_volume(data, others)
        since += others
        lots = pov.release_lots(data, config, left, working)
        assert 0 <= lots <= left - working
        if lots:
            assert lots >= least or lots == left - working
            assert lots * (PPM - config.catch_up_ppm) <= since * config.catch_up_ppm
            pov.on_release(data)
            working += lots
            since = 0
        filled = working * fill_share // 100
        pov.on_own_fill(data, filled)
        working -= filled
        left -= filled
        if cancel:
            working = 0
        assert data.own_lots * PPM <= rate_ppm * (data.own_lots + data.others_lots)


def test_who_has_missed_catches_up_at_the_higher_share_and_then_goes_on_at_the_rate() -> None:
    data = pov.PovData()
    pov.on_volume(data, 9_000)  # allows 1000, of which nothing was bought
    pov.on_release(data)
    released = []
    for _ in range(8):
        pov.on_volume(data, 900)
        lots = pov.release_lots(data, CONFIG, 10_000, 0)
        pov.on_release(data)
        pov.on_own_fill(data, lots)
        released.append(lots)
    # 300 of each 900 + 300 is the quarter; 100 the tenth. 1000 + 8·100 are due in all.
    assert released == [300, 300, 300, 300, 300, 100, 100, 100]
    assert pov.behind_lots(data, CONFIG, 10_000) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_ppm": 0},
        {"rate_ppm": PPM},
        {"catch_up_ppm": 99_999},
        {"release_lots_min": 0},
        {"release_lots_min": 5, "release_lots_max": 4},
    ],
)
def test_a_wrong_participation_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"pov\."):
        pov.PovConfig(**{"rate_ppm": 100_000, "catch_up_ppm": 250_000, **wrong})


@given(
    total_lots=st.integers(0, 10**6),
    count=st.integers(1, 30),
    key=st.integers(-(2**63), 2**63 - 1),
    parent_id=st.integers(1, 2**40),
    time_ppm=st.integers(0, PPM),
    size_ppm=st.integers(0, PPM),
)
def test_jitter_keeps_the_total_the_bounds_and_the_order(
    total_lots: int, count: int, key: int, parent_id: int, time_ppm: int, size_ppm: int
) -> None:
    plain = twap(total_lots, 1_000, 1_000 + count * MINUTE_NS, count)
    moved = jitter(plain, key=key, parent_id=parent_id, time_ppm=time_ppm, size_ppm=size_ppm)
    check_schedule(moved, total_lots)
    done = 0
    for before, after in zip(plain, moved, strict=True):
        bound = before.qty_lots * size_ppm // PPM
        assert abs(after.qty_lots - before.qty_lots) <= bound
        assert after.send_ns - before.begin_ns <= (MINUTE_NS * time_ppm) // PPM
        done += after.qty_lots - before.qty_lots
        assert abs(done) <= bound // 2 + 1
    assert moved == jitter(
        plain, key=key, parent_id=parent_id, time_ppm=time_ppm, size_ppm=size_ppm
    )


def test_a_slice_depends_on_key_parent_and_itself_alone() -> None:
    base = draw(7, 11, 3, SIZE)
    assert base == draw(7, 11, 3, SIZE)
    assert len({base, draw(8, 11, 3, SIZE), draw(7, 12, 3, SIZE), draw(7, 11, 4, SIZE)}) == 4
    assert base != draw(7, 11, 3, TIME)
    # A pinned value, so that no release moves the draws of a running parent unnoticed.
    assert base == 0x594AEF77D2F8EF45
    # Times do not depend on lots, nor on how many slices follow.
    short = jitter(twap(90, 0, 9_000, 9), key=7, parent_id=11, time_ppm=PPM, size_ppm=PPM)
    long = jitter(twap(200, 0, 20_000, 20), key=7, parent_id=11, time_ppm=PPM, size_ppm=PPM)
    assert [piece.send_ns for piece in short] == [piece.send_ns for piece in long[:9]]


def test_draws_are_spread_evenly() -> None:
    counts = [0] * 11
    for index in range(11_000):
        counts[between(draw(1, 2, index, SIZE), -5, 5) + 5] += 1
    # 1000 expected in each of 11: chi-square with 10 degrees of freedom, below 29.6 with 99.9 %.
    assert sum((count - 1000) ** 2 / 1000 for count in counts) < 29.6


def test_a_wrong_jitter_is_refused() -> None:
    with pytest.raises(InputError, match=r"jitter\.size_ppm is 1000001"):
        jitter(twap(1, 0, 9, 1), key=0, parent_id=1, time_ppm=0, size_ppm=PPM + 1)
