"""Schedules and guards on a recorded day, and on the figures that the plans publish.

`VALIDATION.md` lies beside the folder of real data and never in the project; section 10.4 has the
figures of limit-up limit-down.
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from market.codes import Kind, Phase
from scenarios.calendars import sessions, timetable
from sim.schedule.breaker_rules import BreakerTerms
from sim.schedule.course import Course
from sim.schedule.effective import Interruption
from sim.schedule.guard import Interrupt, PhaseBegan, SetBand, Traded
from sim.schedule.jump_day import JumpDay
from sim.schedule.library import schedule_named
from sim.schedule.luld_day import LuldDay
from sim.schedule.market_guard import MarketGuard
from sim.schedule.resolve import Session
from sim.schedule.stock_guard import StockGuard, StockTerms
from sim.schedule.stock_rules import JumpRules, Listing, stock_rules_on
from sim.tape.read import Tape
from sim.venue_rules.bands import Tier, luld_rules_on
from sim.venue_rules.luld import LIMIT_STATE_NS, PAUSE_NS
from tests.unit.sim.guard_rig import MINUTE, OPEN, SECOND, at, feed, quote, session, trade

pytestmark = pytest.mark.truth

NAME = "VALIDATION.md"
HALF_TICK_UNITS = 50
"""LOBSTER's unit is a hundredth of a cent."""


# --- the published figures ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def section(data_dir: Path) -> str:
    """Section 10.4, as one line."""
    places = [folder.parent / NAME for folder in (data_dir, data_dir.resolve())]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        reason = f"no published figures: found no {NAME} beside {data_dir}"
        pytest.fail(reason) if os.environ.get("TWIN_TRUTH") == "1" else pytest.skip(reason)
    text = path.read_text("utf-8")
    begin = text.index("### 10.4 LULD")
    return " ".join(text[begin : text.index("\n---", begin)].split())


def cents(text: str) -> int:
    return round(float(text) * 100)


def figures(section: str, pattern: str) -> tuple[int, ...]:
    found = re.search(pattern, section)
    assert found is not None, pattern
    return tuple(cents(text) for text in found.groups())


def bands(reference: int, tier: Tier) -> list[tuple[int, int]]:
    """The bands of a day around one price, in cents, as a guard sets them."""
    rules = luld_rules_on(20240702)
    assert rules is not None
    guard = LuldDay(0, session(), rules, tier, previous_close_x2=2 * reference, ticks_per_cent=1)
    acts = feed(guard, [*OPEN, trade(at(9, 30), reference)], at(15, 59))
    return [(act.low_ticks, act.high_ticks) for act in acts if isinstance(act, SetBand)]


def test_a_guard_sets_the_published_bands(section: str) -> None:
    reference, low, high = figures(section, r"ref (\d+), 5 % → (\d+)/(\d+)")
    assert bands(reference, Tier.ONE)[0] == (low, high)

    number = r"(\d+\.\d\d)"
    pattern = rf"T1 ref {number} → {number}/{number}, last 25 min {number}/{number}"
    reference, low, high, late_low, late_high = figures(section, pattern)
    assert bands(reference, Tier.ONE) == [(low, high), (late_low, late_high)]

    pattern = rf"T2 ref {number} → {number}/{number} \(late {number}/{number}\)"
    reference, low, high, late_low, late_high = figures(section, pattern)
    assert bands(reference, Tier.TWO) == [(low, high), (late_low, late_high)]


def test_a_guard_waits_and_pauses_as_long_as_published(section: str) -> None:
    found = re.search(r"(\d+) s → (\d+)-min pause", section)
    assert found is not None
    wait_s, pause_minutes = int(found[1]), int(found[2])
    rules = luld_rules_on(20240702)
    assert rules is not None
    guard = LuldDay(0, session(), rules, Tier.ONE, previous_close_x2=20_000, ticks_per_cent=1)
    acts = feed(
        guard,
        [*OPEN, trade(at(9, 30), 10_000), quote(at(10, 0), 10_500, None)],
        at(10, 0, wait_s),
    )

    assert (LIMIT_STATE_NS, PAUSE_NS) == (wait_s * SECOND, pause_minutes * MINUTE)
    begins = at(10, 0, wait_s)
    assert acts[-1] == Interrupt(begins, 0, Interruption.PAUSE, begins + pause_minutes * MINUTE)


def test_the_market_halts_at_the_published_levels(section: str) -> None:
    found = re.search(r"MWCB (\d+)/(\d+)/(\d+) %", section)
    assert found is not None
    for level, percent in enumerate(map(int, found.groups()), 1):
        guard = MarketGuard([session(20240702)], BreakerTerms(previous_close=100_000))
        assert (guard.on_index(100_001 - 1_000 * percent, at(11, 0)) is None) == (level == 1)
        halt = guard.on_index(100_000 - 1_000 * percent, at(11, 1))
        assert halt is not None
        assert halt.level == level


# --- the recorded day -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def day() -> Session:
    """Thursday, 21 June 2012, on Nasdaq."""
    (found,) = (
        one for one in sessions(schedule_named("xnas"), "2012-06-21", "2012-06-21")
        if one.day == 20120621
    )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def prints(goog_rows: np.ndarray) -> np.ndarray:
    """Executions of the day: time, and price in half ticks."""
    rows = goog_rows[np.isin(goog_rows["kind"], (Kind.EXECUTE, Kind.TRADE))]
    assert (rows["price"] % HALF_TICK_UNITS == 0).all()
    return np.column_stack([rows["ts_ns"], rows["price"] // HALF_TICK_UNITS])


def test_the_whole_recorded_day_lies_in_regular_continuous_trading(
    goog_tape: Tape, goog_rows: np.ndarray, day: Session
) -> None:
    first_ns, last_ns = int(goog_rows["ts_ns"][0]), int(goog_rows["ts_ns"][-1])
    assert goog_tape.row_count == len(goog_rows)
    assert day.open_ns <= first_ns < last_ns <= day.close_ns
    course = Course(timetable("xnas", first_ns, last_ns + 1, (0,)).changes, 0, 0)
    begun = [change.phase for change in course.due(first_ns)]

    assert begun[-1] is Phase.CONTINUOUS
    assert course.next_ns == day.close_ns


def test_google_had_no_bands_on_that_day_and_was_not_paused(
    prints: np.ndarray, day: Session
) -> None:
    close_ticks = int(prints[0, 1]) // 2
    guard = StockGuard(0, [day], StockTerms(previous_close_ticks=close_ticks))
    acts = guard.on(PhaseBegan(Phase.CONTINUOUS), day.open_ns)
    for now_ns, price_x2 in prints.tolist():
        acts += guard.on(Traded(price_x2), now_ns)

    assert len(prints) > 10_000
    assert acts + guard.advance(day.close_ns) == []


@pytest.mark.parametrize(("less_x2", "jumps"), [(0, False), (100_000, False), (110_000, True)])
def test_the_breaker_finds_the_jump_that_a_search_over_all_pairs_finds(
    prints: np.ndarray, day: Session, less_x2: int, jumps: bool
) -> None:
    # The same cents are more percent of a smaller price: from 580 dollars to 30.
    lowered = prints - np.array([0, less_x2])
    rules = stock_rules_on(20120621, Listing.SP500)
    assert isinstance(rules, JumpRules)
    guard = JumpDay(0, day, rules, previous_close_x2=int(lowered[0, 1]), ticks_per_cent=1)
    guard.on(PhaseBegan(Phase.CONTINUOUS), day.open_ns)
    paused = None
    for now_ns, price_x2 in lowered.tolist():
        if guard.on(Traded(price_x2), now_ns):
            paused = now_ns
            break

    assert paused == first_jump_ns(lowered, day, rules)
    assert (paused is not None) == jumps


def first_jump_ns(prints: np.ndarray, day: Session, rules: JumpRules) -> int | None:
    """The first print that is far from any print of the five minutes before it."""
    times, prices = prints[:, 0], prints[:, 1]
    begins = day.midnight_ns + rules.start_ns
    ends = day.midnight_ns + rules.end_ns
    for index in np.flatnonzero((times >= begins) & (times < ends)):
        first = np.searchsorted(times, times[index] - rules.window_ns, side="left")
        window = prices[first:index]
        if (100 * np.abs(prices[index] - window) >= rules.percent * window).any():
            return int(times[index])
    return None
