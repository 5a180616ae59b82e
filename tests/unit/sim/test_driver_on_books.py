"""The driver and its guards on books that really match: the specification of books with rules."""

from market.codes import (
    BandAction,
    Kind,
    Liquidity,
    Mode,
    OrderType,
    Phase,
    ReportType,
    Side,
    TimeInForce,
)
from market.messages import NO_PRICE
from sim.clock import Clock
from sim.reference.ruled.book import RuledBook
from sim.reference.state import Outcome
from sim.schedule.collar_guard import CollarGuard, CollarTerms
from sim.schedule.driver import PhaseDriver
from sim.schedule.effective import Interruption
from sim.schedule.guards import Guards
from sim.schedule.ports import NO_HIGH_TICKS, NO_LOW_TICKS
from sim.schedule.resolve import Timetable
from sim.schedule.rules import CallRule, Extension, InterruptionRules
from sim.venue_rules.book_rules import BookRules
from sim.world import OutRow
from tests.unit.sim.schedule_rig import DAY_STEPS, HOUR, KEY, MINUTE, changes

P = Phase
BUY, SELL = Side.BUY, Side.SELL
RULES = InterruptionRules(
    volatility=CallRule(length_ns=2 * MINUTE, extension=Extension(price_ns=MINUTE, price_times=2)),
    scheduled=Extension(price_ns=2 * MINUTE, price_times=1),
)


class Floor:
    """One book that matches, driven and guarded; what it prints goes to its guards at once."""

    def __init__(self, rules: BookRules, terms: CollarTerms | None = None) -> None:
        self.clock = Clock(0, 24 * HOUR)
        self.book = RuledBook(mode=Mode.REACTIVE, tick_units=2, handle_count=4, rules=rules)
        self.prints: list[tuple[int, int, int]] = []
        self.rows: list[OutRow] = []
        self.sent = 0
        self.driver = PhaseDriver(
            self.clock,
            self,
            [Timetable(book_ids=(0,), changes=changes(*DAY_STEPS))],
            RULES,
            key=KEY,
            answer=self.rows.append,
        )
        guards = [] if terms is None else [(0, CollarGuard(0, terms))]
        self.guards = Guards(self.clock, self.driver, guards)
        self.driver.start()

    # What the driver needs of a book.

    def set_phase(self, book_id: int, phase: Phase, now_ns: int) -> list[OutRow]:
        """Change the phase."""
        return self.done(self.book.set_phase(phase))

    def set_band(self, book_id: int, low_ticks: int, high_ticks: int, now_ns: int) -> list[OutRow]:
        """Change the band."""
        low = None if low_ticks == NO_LOW_TICKS else low_ticks
        high = None if high_ticks == NO_HIGH_TICKS else high_ticks
        return self.done(self.book.set_band(low, high))

    def phase(self, book_id: int) -> Phase:
        """The phase."""
        return self.book.state.phase

    # What happens on it.

    def send(self, minute: int, side: Side, qty: int, price: int | None = None) -> None:
        """An order at a minute; without a price a market order."""
        self.sent += 1
        self.clock.at(minute * MINUTE, self.submit, (self.sent, side, qty, price))

    def submit(self, order: tuple[int, Side, int, int | None]) -> None:
        """An order now."""
        order_id, side, qty, price = order
        before = self.book.state.phase
        outcome = self.book.submit(
            order_id,
            owner=0,
            tif=int(TimeInForce.GTC),
            post=0,
            side=int(side),
            order_type=int(OrderType.MARKET if price is None else OrderType.LIMIT),
            price_ticks=NO_PRICE if price is None else price,
            qty_lots=qty,
        )
        self.rows += self.done(outcome)
        if before is P.CONTINUOUS and self.book.state.phase is P.VOLATILITY_CALL:
            self.driver.interrupted(0)

    def done(self, outcome: Outcome) -> list[OutRow]:
        """Hand what printed to the guards, which hear of it at the instant but after the book."""
        self.book.check_invariants()
        now_ns = self.clock.now_ns
        for message in outcome.messages:
            if message.kind is Kind.CROSS:
                self.show(message.price, message.qty)
        for report in outcome.reports:
            if report.type == ReportType.FILLED and report.liquidity == Liquidity.TAKER:
                self.show(2 * report.price_ticks + report.half, report.qty_lots)
        return [OutRow(one.type, now_ns, 0, one.order_id, *one[2:]) for one in outcome.reports]

    def show(self, price_x2: int, qty: int) -> None:
        """A print; two units make a tick, so units are half ticks."""
        now_ns = self.clock.now_ns
        self.prints.append((now_ns // MINUTE, price_x2, qty))
        self.clock.at(now_ns, lambda _: self.guards.on_trade(0, price_x2, qty, now_ns))


def test_a_day_prints_at_its_auctions_and_trades_between_them() -> None:
    floor = Floor(BookRules())
    floor.send(1, BUY, 9, 100)  # closed
    floor.send(12, BUY, 5, 101)
    floor.send(13, SELL, 5, 100)
    floor.send(30, SELL, 3, 103)
    floor.send(31, BUY, 3, 103)
    floor.send(301, BUY, 2, 99)
    floor.send(301, SELL, 2, 99)
    floor.send(481, BUY, 4, 98)
    floor.send(482, SELL, 4, 98)
    floor.send(490, SELL, 1, 98)
    floor.send(491, BUY, 1, 98)
    floor.clock.run_until(500 * MINUTE)

    assert [minute for minute, *_ in floor.prints] == [20, 31, 302, 485, 491]
    assert floor.rows[0].type == ReportType.REJECTED
    assert [price // 2 for _, price, _ in floor.prints[1:]] == [103, 99, 98, 98]


def test_a_call_that_is_broken_off_for_the_closing_call_does_not_print() -> None:
    floor = Floor(BookRules())
    floor.clock.at(479 * MINUTE, lambda _: floor.driver.interrupt(0, Interruption.VOLATILITY))
    floor.send(479, BUY, 5, 101)
    floor.send(479, SELL, 5, 100)
    floor.clock.run_until(500 * MINUTE)

    assert [minute for minute, *_ in floor.prints] == [485]


INTERRUPTS = BookRules(band_action=BandAction.INTERRUPT, call_extends=True)


def test_a_trade_outside_its_collar_is_stopped_and_made_by_the_volatility_call() -> None:
    terms = CollarTerms(reference_ticks=1_000, dynamic_ppm=20_000, extended_ppm=60_000)
    floor = Floor(INTERRUPTS, terms)
    floor.send(12, BUY, 5, 1_000)
    floor.send(13, SELL, 5, 1_000)
    floor.send(100, SELL, 5, 1_015)
    floor.send(100, SELL, 5, 1_040)
    floor.send(101, BUY, 10, 1_050)  # takes 1,015, and stops before 1,040: 2 % of 1,000 is 20
    floor.clock.run_until(101 * MINUTE + 1)
    assert floor.prints[-1] == (101, 2_030, 5)
    assert floor.driver.phase(0) is P.VOLATILITY_CALL
    floor.clock.run_until(110 * MINUTE)

    # The call prints what the extended collar around 1,015 allows.
    assert floor.prints[-1][0] == 103
    assert 2 * 1_040 <= floor.prints[-1][1] <= 2 * 1_050
    assert floor.driver.phase(0) is P.CONTINUOUS


def test_a_volatility_call_outside_even_the_wider_collar_goes_on_and_prints_at_last() -> None:
    terms = CollarTerms(reference_ticks=1_000, dynamic_ppm=20_000, extended_ppm=30_000)
    floor = Floor(INTERRUPTS, terms)
    floor.send(12, BUY, 5, 1_000)
    floor.send(13, SELL, 5, 1_000)
    floor.send(100, SELL, 5, 1_100)
    floor.send(101, BUY, 5, 1_100)
    floor.clock.run_until(110 * MINUTE)

    # Two minutes of call, twice a minute more, then the band is lifted.
    assert floor.prints[-1] == (105, 2_200, 5)
    assert floor.driver.phase(0) is P.CONTINUOUS


def test_a_closing_call_outside_its_collars_is_extended_and_trades_at_last_follow() -> None:
    terms = CollarTerms(reference_ticks=1_000, static_ppm=20_000)
    floor = Floor(INTERRUPTS, terms)
    floor.send(12, BUY, 5, 1_000)
    floor.send(13, SELL, 5, 1_000)
    floor.send(481, BUY, 5, 1_100)
    floor.send(481, SELL, 5, 1_100)
    floor.send(490, BUY, 1, 1_100)
    floor.send(491, SELL, 1, 1_100)
    floor.clock.run_until(500 * MINUTE)

    assert [(minute, price) for minute, price, _ in floor.prints[-2:]] == [
        (487, 2_200), (491, 2_200),
    ]  # fmt: skip
    assert floor.driver.phase(0) is P.CLOSED
