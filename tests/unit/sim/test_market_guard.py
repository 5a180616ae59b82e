"""Market-wide breakers as they stood on a day, against what the exchanges published."""

import pytest

from market.errors import InputError
from sim.schedule.breaker_rules import BreakerTerms, PointBreakers, breakers_on, level_points
from sim.schedule.effective import Interruption
from sim.schedule.market_guard import HaltAll, MarketGuard
from sim.venue_rules.bands import MINUTE_NS, clock_ns
from sim.venue_rules.breakers import MarketBreakers, MarketHalt
from tests.unit.sim.guard_rig import DAY_NS, at, session

HOUR = 60 * MINUTE_NS


@pytest.mark.parametrize(
    ("month_mean", "points"),
    [
        (1_307_946, (1_300, 2_600, 3_900)),  # second quarter of 2012; the means are from memory
        (1_209_700, (1_200, 2_400, 3_650)),  # third quarter of 2011
        (1_342_000, (1_350, 2_700, 4_050)),  # fourth quarter of 2012
        (1_442_000, (1_450, 2_900, 4_350)),  # second quarter of 2013
        (887_000, (900, 1_750, 2_650)),  # third quarter of 1998
    ],
)
def test_the_points_of_a_quarter_are_those_that_the_exchange_announced(
    month_mean: int, points: tuple[int, ...]
) -> None:
    assert level_points(month_mean, 100) == tuple(100 * level for level in points)


def on(day: int, mean: int = 13_079) -> PointBreakers:
    terms = BreakerTerms(previous_close=12_800, month_mean=mean)
    breakers = breakers_on(day, terms, 12_800)
    assert isinstance(breakers, PointBreakers)
    return breakers


@pytest.mark.parametrize(
    ("fall", "clock", "halt"),
    [
        (1_299, (11, 0), None),
        (1_300, (11, 0), (1, HOUR)),
        (1_300, (13, 59), (1, HOUR)),
        (1_300, (14, 0), (1, HOUR // 2)),
        (1_300, (14, 30), None),
        (2_600, (12, 59), (2, 2 * HOUR)),
        (2_600, (13, 0), (2, HOUR)),
        (2_600, (14, 0), (2, None)),
        (3_900, (9, 31), (3, None)),
        (3_900, (15, 59), (3, None)),
        (3_900, (16, 0), None),
        (3_900, (9, 29), None),
    ],
)
def test_in_june_2012_a_fall_of_the_dow_halts_by_level_and_time_of_day(
    fall: int, clock: tuple[int, int], halt: tuple[int, int | None] | None
) -> None:
    now_ns = clock_ns(*clock)
    found = on(20120621).on_index(now_ns, 12_800 - fall)

    if halt is None:
        assert found is None
    else:
        level, length_ns = halt
        until_ns = None if length_ns is None else now_ns + length_ns
        assert found == MarketHalt(level, now_ns, until_ns)


def test_a_level_halts_once_a_day() -> None:
    day = on(20120621)
    assert day.on_index(clock_ns(11, 0), 11_500) is not None
    assert day.on_index(clock_ns(12, 0), 11_400) is None
    assert day.on_index(clock_ns(12, 30), 10_200) == MarketHalt(
        2, clock_ns(12, 30), clock_ns(14, 30)
    )


def test_the_27th_of_october_1997_halted_at_2_36_and_closed_at_3_30() -> None:
    terms = BreakerTerms(previous_close=7_715)
    day = breakers_on(19971027, terms, 7_715)
    assert day.on_index(clock_ns(14, 35), 7_366) is None
    assert day.on_index(clock_ns(14, 36), 7_365) == MarketHalt(1, clock_ns(14, 36), clock_ns(15, 6))
    assert day.on_index(clock_ns(15, 30), 7_165) == MarketHalt(2, clock_ns(15, 30), None)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (19970203, PointBreakers),
        (19980414, PointBreakers),
        (19980415, PointBreakers),
        (20130405, PointBreakers),
        (20130408, MarketBreakers),
    ],
)
def test_the_rule_is_that_of_the_day(day: int, kind: type) -> None:
    found = breakers_on(day, BreakerTerms(previous_close=100, month_mean=100), 100)

    assert type(found) is kind
    if isinstance(found, PointBreakers):
        assert len(found.falls) == (2 if day < 19980415 else 3)


@pytest.mark.parametrize(
    ("day", "says"), [(19970131, "1997-02-03 on"), (20120621, "found no month_mean")]
)
def test_a_day_whose_levels_nobody_knows_is_refused_before_the_run(day: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        MarketGuard([session(day)], BreakerTerms(previous_close=100))
    with pytest.raises(InputError, match="allowed is above 0"):
        BreakerTerms(previous_close=0)


def test_today_the_levels_are_7_13_and_20_percent_of_the_close() -> None:
    guard = MarketGuard([session(20240702)], BreakerTerms(previous_close=500_000))
    noon = at(12, 0)
    assert guard.on_index(465_001, noon) is None
    assert guard.on_index(465_000, noon) == HaltAll(
        noon, 1, Interruption.MARKET_HALT, noon + 15 * MINUTE_NS
    )
    late = at(15, 25)
    assert guard.on_index(435_000, late) is None
    assert guard.on_index(400_000, late + 1) == HaltAll(late + 1, 3, Interruption.DAY_OVER, None)


def test_on_a_half_day_the_first_levels_end_25_minutes_before_one_p_m() -> None:
    def halts(hours: int, minutes: int) -> bool:
        guard = MarketGuard([session(20240703, (13, 0))], BreakerTerms(previous_close=500_000))
        return guard.on_index(450_000, at(hours, minutes)) is not None

    # 35 minutes before the close, as 15:25 is on other days.
    assert [halts(12, 24), halts(12, 25), halts(11, 0)] == [True, False, True]


def test_levels_follow_the_last_value_of_the_day_before() -> None:
    days = [session(20240701), session(20240702, after=1)]
    guard = MarketGuard(days, BreakerTerms(previous_close=500_000))
    guard.on_index(480_000, at(15, 0))
    guard.on_index(600_000, at(17, 0))  # after the close it does not count

    assert guard.on_index(446_401, at(11, 0) + DAY_NS) is None
    assert guard.on_index(446_400, at(12, 0) + DAY_NS) == HaltAll(
        at(12, 0) + DAY_NS, 1, Interruption.MARKET_HALT, at(12, 15) + DAY_NS
    )


def test_nothing_halts_before_the_first_session() -> None:
    guard = MarketGuard([session(20240702, after=1)], BreakerTerms(previous_close=100))

    assert guard.on_index(1, at(12, 0)) is None
