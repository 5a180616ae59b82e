"""Where trading must stop: the worked figures of the plans, and every edge by hand."""

from dataclasses import replace

import pytest

from market.errors import InputError
from sim.venue_rules.bands import (
    CLOSE_NS,
    OPEN_NS,
    Band,
    LuldRules,
    Tier,
    clock_ns,
    luld_band,
    luld_rules_on,
)
from sim.venue_rules.breakers import HALT_NS, MarketBreakers, MarketHalt
from sim.venue_rules.collars import Breach, Collars, Width, cross_band
from sim.venue_rules.luld import LuldMonitor, LuldReference, LuldState

SECOND = 1_000_000_000
NOON = clock_ns(12, 0)
LATE = clock_ns(15, 35)


def rules_on(day: int) -> LuldRules:
    rules = luld_rules_on(day)
    assert rules is not None
    return rules


NOW = rules_on(20240102)


def cents(
    reference: int,
    tier: Tier,
    at_ns: int = NOON,
    *,
    close: int | None = None,
    rules: LuldRules = NOW,
    leverage: int = 1,
) -> tuple[int, int] | None:
    """The band in cents; the previous close is the reference unless it is said."""
    band = luld_band(
        rules,
        reference=reference,
        previous_close=reference if close is None else close,
        tier=tier,
        time_of_day_ns=at_ns,
        leverage_ppm=leverage * 1_000_000,
    )
    return None if band is None else (band.low, band.high)


@pytest.mark.parametrize(
    ("reference", "tier", "at_ns", "band"),
    [
        (10_000, Tier.ONE, NOON, (9_500, 10_500)),
        (5_000, Tier.ONE, NOON, (4_750, 5_250)),
        (5_000, Tier.ONE, LATE, (4_500, 5_500)),
        (5_000, Tier.TWO, NOON, (4_500, 5_500)),
        (5_000, Tier.TWO, LATE, (4_500, 5_500)),
        (200, Tier.TWO, NOON, (160, 240)),
        (200, Tier.TWO, LATE, (120, 280)),
        (300, Tier.ONE, NOON, (240, 360)),
        (301, Tier.ONE, NOON, (286, 316)),
        (75, Tier.TWO, NOON, (60, 90)),
        (74, Tier.TWO, NOON, (59, 89)),
        (10, Tier.TWO, NOON, (3, 18)),
    ],
)
def test_the_published_widths(
    reference: int, tier: Tier, at_ns: int, band: tuple[int, int]
) -> None:
    assert cents(reference, tier, at_ns) == band


def test_the_last_25_minutes_begin_at_15_35_and_end_with_the_close() -> None:
    at = (LATE - 1, LATE, CLOSE_NS - 1, CLOSE_NS, OPEN_NS, OPEN_NS - 1)
    single, double = (9_500, 10_500), (9_000, 11_000)

    assert [cents(10_000, Tier.ONE, t) for t in at] == [single, double, double, None, single, None]


def test_below_75_cents_only_the_upper_band_widens_or_both_do() -> None:
    both = replace(NOW, wide_low_below=True)

    assert cents(50, Tier.ONE, LATE) == (35, 80)
    assert cents(50, Tier.ONE, LATE, rules=both) == (20, 80)
    assert cents(10, Tier.ONE, LATE, rules=both) == (0, 25)


def test_the_close_of_yesterday_chooses_the_width_around_the_reference_of_now() -> None:
    assert cents(250, Tier.ONE, close=301) == (238, 263)
    assert cents(400, Tier.ONE, close=300) == (320, 480)


def test_leverage_widens_funds_of_tier_2_alone() -> None:
    assert cents(5_000, Tier.TWO, leverage=3) == (3_500, 6_500)
    assert cents(5_000, Tier.ONE, leverage=3) == (4_750, 5_250)


def test_edges_are_whole_cents_in_any_unit() -> None:
    band = luld_band(
        NOW,
        reference=33_333,
        previous_close=33_333,
        tier=Tier.ONE,
        time_of_day_ns=NOON,
        units_per_cent=100,
    )

    assert band == Band(31_700, 35_000)


@pytest.mark.parametrize(
    ("day", "tier", "bands"),
    [
        (20130408, Tier.ONE, [None, (95, 105), (95, 105), None, None]),
        (20130408, Tier.TWO, [None] * 5),
        (20130805, Tier.TWO, [(80, 120), (90, 110), (90, 110), (80, 120), None]),
        (20140224, Tier.ONE, [(90, 110), (95, 105), (95, 105), (90, 110), (90, 110)]),
        (20140224, Tier.TWO, [(80, 120), (90, 110), (90, 110), (80, 120), (80, 120)]),
        (20200224, Tier.ONE, [(95, 105), (95, 105), (95, 105), (90, 110), (90, 110)]),
        (20200224, Tier.TWO, [(90, 110)] * 5),
    ],
)
def test_the_plan_changed_over_the_years(
    day: int, tier: Tier, bands: list[tuple[int, int] | None]
) -> None:
    times = [OPEN_NS, clock_ns(9, 45), clock_ns(15, 29), clock_ns(15, 40), clock_ns(15, 50)]
    found = [cents(10_000, tier, at, rules=rules_on(day)) for at in times]

    assert found == [band and (100 * band[0], 100 * band[1]) for band in bands]


def test_there_were_no_bands_before_the_plan() -> None:
    assert luld_rules_on(20130405) is None
    assert rules_on(20200221).from_day == 20140224


def test_a_reference_moves_by_a_percent_and_not_within_thirty_seconds() -> None:
    reference = LuldReference(price=10_000, since_ns=0)
    reference.on_trade(1 * SECOND, 10_400)
    assert reference.at(29 * SECOND) == 10_000
    assert reference.at(30 * SECOND) == 10_400
    reference.on_trade(31 * SECOND, 10_200)
    assert reference.at(90 * SECOND) == 10_400  # the mean, 10,300, is nearer than a percent
    # The first trade is five minutes old and no longer counts.
    assert reference.at(301 * SECOND) == 10_200
    assert reference.at(900 * SECOND) == 10_200


def test_fifteen_seconds_at_the_band_pause_trading_for_five_minutes() -> None:
    band = Band(4_750, 5_250)
    monitor = LuldMonitor()
    assert monitor.on_quote(0, 5_000, 5_001, band) == LuldState.NORMAL
    assert monitor.due_ns is None
    assert monitor.on_quote(10 * SECOND, 5_250, None, band) == LuldState.LIMIT
    assert monitor.due_ns == 25 * SECOND
    assert monitor.advance(25 * SECOND - 1) == LuldState.LIMIT
    assert monitor.advance(25 * SECOND) == LuldState.PAUSED
    assert monitor.on_quote(26 * SECOND, 5_000, 5_001, band) == LuldState.PAUSED
    assert monitor.due_ns == 325 * SECOND
    assert monitor.advance(325 * SECOND - 1) == LuldState.PAUSED
    assert monitor.advance(325 * SECOND) == LuldState.NORMAL


def test_a_limit_state_ends_when_the_quote_leaves_the_band() -> None:
    band = Band(4_750, 5_250)
    monitor = LuldMonitor()
    assert monitor.on_quote(0, None, 4_750, band) == LuldState.LIMIT
    assert monitor.on_quote(14 * SECOND, 4_740, 4_760, band) == LuldState.NORMAL
    assert monitor.on_quote(15 * SECOND, 4_740, 4_750, band) == LuldState.LIMIT
    assert monitor.on_quote(20 * SECOND, 4_745, 4_750, band) == LuldState.LIMIT
    assert monitor.due_ns == 30 * SECOND


def test_the_market_halts_at_7_13_and_20_percent_once_each() -> None:
    day = MarketBreakers(400_000)
    assert [day.level_value(level) for level in (1, 2, 3)] == [372_000, 348_000, 320_000]
    assert day.on_index(NOON, 372_001) is None
    assert day.on_index(NOON, 372_000) == MarketHalt(1, NOON, NOON + HALT_NS)
    assert day.on_index(NOON + HALT_NS, 350_000) is None
    assert day.on_index(clock_ns(15, 24), 348_000) == MarketHalt(
        2, clock_ns(15, 24), clock_ns(15, 39)
    )
    assert day.on_index(clock_ns(15, 50), 320_000) == MarketHalt(3, clock_ns(15, 50), None)
    assert day.on_index(clock_ns(15, 51), 100_000) is None


def test_late_and_outside_trading_hours_the_first_levels_halt_nothing() -> None:
    assert MarketBreakers(100).on_index(clock_ns(15, 25), 90) is None
    assert MarketBreakers(100).on_index(OPEN_NS - 1, 70) is None
    assert MarketBreakers(100).on_index(OPEN_NS, 85) == MarketHalt(2, OPEN_NS, OPEN_NS + HALT_NS)


def test_collars_stop_a_trade_too_far_from_the_last_or_from_the_auction() -> None:
    collars = Collars(static=Width(ppm=50_000), dynamic=Width(ppm=20_000))

    def breach(price: int) -> Breach:
        return collars.breach(price, auction_ticks=200, trade_ticks=208)

    assert [breach(price) for price in (203, 204, 210, 211, 212, 213)] == [
        Breach.DYNAMIC, Breach.NONE, Breach.NONE, Breach.STATIC, Breach.STATIC, Breach.DYNAMIC,
    ]  # fmt: skip
    assert Collars().breach(999, auction_ticks=1, trade_ticks=1) == Breach.NONE


def test_xetra_interrupts_at_220_with_two_percent_around_200() -> None:
    collars = Collars(dynamic=Width(ppm=20_000))

    assert collars.breach(220, auction_ticks=200, trade_ticks=200) == Breach.DYNAMIC


def test_collar_edges_are_never_outside_the_exact_width() -> None:
    assert Width(ppm=50_000).around(99) == Band(95, 103)
    assert Width(ppm=50_000, ticks_min=10).around(99) == Band(89, 109)
    assert Width(ppm=50_000).around(-99) == Band(-103, -95)


def test_the_band_of_a_cross() -> None:
    ten_percent = Width(ppm=100_000, ticks_min=50)
    assert cross_band(1_000, 1_100, ten_percent) == Band(895, 1_205)
    assert cross_band(300, 301, ten_percent) == Band(250, 351)
    assert cross_band(6_000, 6_001, Width(ppm=30_000)) == Band(5_820, 6_181)


@pytest.mark.parametrize("fields", [{"ppm": -1}, {"ppm": 1_000_001}, {"ppm": 1, "ticks_min": -1}])
def test_impossible_widths_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="collar"):
        Width(**fields)
