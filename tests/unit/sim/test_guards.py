"""Guards on the clock: what a venue shows goes in, and its books are told at that instant."""

import pytest

from market.codes import Phase
from market.messages import NO_PRICE
from sim.clock import Clock
from sim.schedule.breaker_rules import BreakerTerms
from sim.schedule.collar_guard import CollarGuard, CollarTerms
from sim.schedule.driver import PhaseDriver
from sim.schedule.effective import Interruption
from sim.schedule.guard import Guard
from sim.schedule.guards import Guards
from sim.schedule.library import schedule_named
from sim.schedule.market_guard import MarketGuard
from sim.schedule.resolve import Session, Timetable, resolve
from sim.schedule.rules import US_RULES, XETRA_RULES, InterruptionRules
from sim.schedule.stock_guard import StockGuard, StockTerms
from tests.unit.sim.guard_rig import MINUTE, SECOND, at, session
from tests.unit.sim.schedule_rig import FakeBooks

P = Phase
NONE = (NO_PRICE, -NO_PRICE)


class Venue:
    """Two Nasdaq books on one day, guarded; what they are shown is scheduled on the clock."""

    def __init__(
        self,
        day: Session,
        guards: list[tuple[int, Guard]],
        *,
        rules: InterruptionRules = US_RULES,
        market: MarketGuard | None = None,
        start: int = at(9, 0),
    ) -> None:
        self.clock = Clock(start, at(20, 0))
        self.books = FakeBooks()
        changes = resolve(schedule_named("xnas"), [day])
        self.driver = PhaseDriver(
            self.clock,
            self.books,
            [Timetable(book_ids=(0, 1), changes=changes)],
            rules,
            key=1,
            answer=lambda row: None,
        )
        self.guards = Guards(self.clock, self.driver, guards, market)
        self.driver.start()

    def trade(self, now_ns: int, cents: int, book_id: int = 0) -> None:
        self.clock.at(now_ns, lambda _: self.guards.on_trade(book_id, 2 * cents, 100, now_ns))

    def quote(self, now_ns: int, bid: int, ask: int, book_id: int = 0) -> None:
        self.clock.at(now_ns, lambda _: self.guards.on_quote(book_id, bid, ask, now_ns))

    def index(self, now_ns: int, value: int) -> None:
        self.clock.at(now_ns, lambda _: self.guards.on_index(value, now_ns))

    def run(self, until_ns: int) -> list[tuple[int, Phase]]:
        """What book 0 was told after the open, until a time."""
        self.clock.run_until(until_ns)
        return [one for one in self.books.told() if one[0] > at(9, 30)]


def stock(day: Session, close: int, book_id: int = 0) -> tuple[int, Guard]:
    return book_id, StockGuard(book_id, [day], StockTerms(previous_close_ticks=close))


def test_a_limit_state_pauses_a_stock_and_an_auction_reopens_it() -> None:
    day = session(20240702)
    venue = Venue(day, [stock(day, 10_000), stock(day, 5_000, 1)])
    venue.trade(at(9, 30), 10_000)
    venue.quote(at(10, 0), 10_500, 10_501)
    resumes = at(10, 5, 15)
    venue.trade(resumes, 11_000)
    told = venue.run(at(10, 10))

    assert told == [
        (at(10, 0, 15), P.HALT), (resumes, P.HALT_CALL), (resumes, P.CONTINUOUS),
    ]  # fmt: skip
    assert [band for book, *band in venue.books.bands if book == 0] == [
        [9_500, 10_500], [*NONE], [9_500, 10_500], [10_450, 11_550],
    ]  # fmt: skip
    # The other book is not touched, and has its band from the previous close.
    assert [one for one in venue.books.told(1) if one[0] > at(9, 30)] == []
    assert venue.books.bands[-2:] != []
    assert (1, 4_750, 5_250) in venue.books.bands


def test_a_limit_state_that_ends_in_time_pauses_nothing() -> None:
    day = session(20240702)
    venue = Venue(day, [stock(day, 10_000)])
    venue.trade(at(9, 30), 10_000)
    venue.quote(at(10, 0), 10_500, NO_PRICE)
    venue.quote(at(10, 0, 14), 10_400, 10_500)

    assert venue.run(at(11, 0)) == []


def test_a_pause_late_in_the_day_lasts_until_the_closing_cross() -> None:
    day = session(20240702)
    venue = Venue(day, [stock(day, 10_000)])
    venue.trade(at(9, 30), 10_000)
    venue.quote(at(15, 52), NO_PRICE, 9_000)
    told = venue.run(at(17, 0))

    assert told == [
        (at(15, 52, 15), P.HALT), (at(16, 0), P.CLOSING_CALL), (at(16, 0), P.CONTINUOUS),
    ]  # fmt: skip
    assert (at(16, 0), 0, P.CLOSING_CALL) in venue.books.auctions


def test_google_on_21_june_2012_has_no_bands_but_pauses_after_ten_percent() -> None:
    day = session(20120621)
    venue = Venue(day, [stock(day, 57_750)])
    venue.trade(at(9, 30), 57_700)
    venue.quote(at(10, 0), 70_000, 70_100)
    venue.trade(at(11, 0), 57_000)
    venue.trade(at(11, 4), 62_700)
    told = venue.run(at(12, 0))

    assert venue.books.bands == []
    assert told == [
        (at(11, 4), P.HALT), (at(11, 9), P.HALT_CALL), (at(11, 9), P.CONTINUOUS),
    ]  # fmt: skip


def test_a_fall_of_the_market_halts_every_book_for_a_quarter_of_an_hour() -> None:
    day = session(20240702)
    market = MarketGuard([day], BreakerTerms(previous_close=500_000))
    venue = Venue(day, [stock(day, 10_000)], market=market)
    venue.trade(at(9, 30), 10_000)
    venue.index(at(10, 0), 465_001)
    venue.index(at(10, 1), 465_000)
    told = venue.run(at(11, 0))

    assert told == [
        (at(10, 1), P.HALT), (at(10, 16), P.HALT_CALL), (at(10, 16), P.CONTINUOUS),
    ]  # fmt: skip
    assert [one for one in venue.books.told(1) if one[0] > at(9, 30)] == told


def test_a_fall_of_a_fifth_ends_the_day() -> None:
    day = session(20240702)
    market = MarketGuard([day], BreakerTerms(previous_close=500_000))
    venue = Venue(day, [], market=market)
    venue.index(at(15, 40), 400_000)

    assert venue.run(at(19, 59)) == [(at(15, 40), P.HALT)]
    assert venue.driver.interruption(0) is Interruption.DAY_OVER


def test_a_market_halt_within_a_pause_outlasts_it() -> None:
    day = session(20240702)
    market = MarketGuard([day], BreakerTerms(previous_close=500_000))
    venue = Venue(day, [stock(day, 10_000)], market=market)
    venue.trade(at(9, 30), 10_000)
    venue.quote(at(10, 0), NO_PRICE, 9_500)
    venue.index(at(10, 3), 465_000)
    venue.quote(at(10, 18), 9_900, 10_000)

    assert venue.run(at(11, 0)) == [
        (at(10, 0, 15), P.HALT), (at(10, 18), P.HALT_CALL), (at(10, 18), P.CONTINUOUS),
    ]  # fmt: skip


def test_a_print_of_history_outside_the_collars_calls_a_volatility_auction() -> None:
    day = session(20240702)
    terms = CollarTerms(reference_ticks=10_000, dynamic_ppm=20_000)
    venue = Venue(day, [(0, CollarGuard(0, terms))], rules=XETRA_RULES)
    venue.trade(at(9, 30), 10_000)
    venue.trade(at(10, 0), 10_201)
    told = venue.run(at(11, 0))

    assert [phase for _, phase in told] == [P.VOLATILITY_CALL, P.CONTINUOUS]
    assert told[0][0] == at(10, 0)
    assert at(10, 2) <= told[1][0] < at(10, 2, 30)


def test_a_book_that_stops_itself_gets_the_band_of_a_volatility_call() -> None:
    day = session(20240702)
    terms = CollarTerms(reference_ticks=10_000, dynamic_ppm=20_000, extended_ppm=50_000)
    venue = Venue(day, [(0, CollarGuard(0, terms))], rules=XETRA_RULES)
    venue.trade(at(9, 30), 10_000)

    def stop(_: object) -> None:
        venue.books.phases[0] = P.VOLATILITY_CALL
        venue.driver.interrupted(0)

    venue.clock.at(at(10, 0), stop)
    venue.run(at(10, 1))

    assert venue.books.bands[-2:] == [(0, 9_800, 10_200), (0, 9_500, 10_500)]


def test_acts_of_time_come_ahead_of_the_orders_of_their_instant() -> None:
    day = session(20240702)
    venue = Venue(day, [stock(day, 10_000)])
    venue.trade(at(9, 30), 10_000)
    venue.quote(at(10, 0), 10_500, 10_501)
    seen: list[Phase] = []
    venue.clock.at(at(10, 0, 15), lambda _: seen.append(venue.driver.phase(0)))
    venue.run(at(10, 1))

    assert seen == [P.HALT]


def test_a_run_that_starts_during_the_day_is_guarded_from_its_first_trade() -> None:
    day = session(20240702)
    venue = Venue(day, [stock(day, 5_000)], start=at(11, 0))
    venue.trade(at(11, 1), 10_000)
    venue.run(at(11, 2))

    assert venue.books.bands == [(0, 9_500, 10_500)]


def test_a_band_that_was_lifted_to_let_a_call_print_comes_back() -> None:
    day = session(20240702)
    terms = CollarTerms(reference_ticks=10_000, dynamic_ppm=20_000)
    venue = Venue(day, [(0, CollarGuard(0, terms))], rules=InterruptionRules())
    venue.trade(at(9, 30), 10_000)
    venue.clock.at(at(10, 1), lambda _: venue.books.refusals.update({0: 5}))
    venue.trade(at(10, 0), 10_201)
    venue.run(at(10, 10))

    lifted = venue.books.bands.index((0, *NONE), 2)
    assert venue.books.bands[lifted:][-1] == (0, 9_997, 10_405)
    assert venue.driver.phase(0) is P.CONTINUOUS


def test_prints_and_quotes_of_another_time_or_of_nothing_are_refused() -> None:
    day = session(20240702)
    venue = Venue(day, [stock(day, 10_000)])
    venue.run(at(10, 0))
    with pytest.raises(AssertionError):
        venue.guards.on_trade(0, 20_000, 100, at(10, 0) + SECOND)
    with pytest.raises(AssertionError):
        venue.guards.on_quote(0, 1, 2, at(10, 0) - MINUTE)
    with pytest.raises(AssertionError):
        venue.guards.on_trade(0, 20_000, 0, at(10, 0))
    venue.guards.on_trade(9, 20_000, 1, at(10, 0))  # a book that nobody guards
