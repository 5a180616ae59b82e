"""Funding and borrow fall due at their times, on the venue's ledger and at hosts alike."""

from market.codes import AccrualKind, Side
from market.instruments import Instrument
from market.messages import Accrual
from sim.accruals import Accruals, HeldBook
from sim.clock import Clock
from sim.costs.borrow import BorrowTerms
from sim.costs.funding import FundingTerms

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
COIN = Instrument(
    symbol="C", venue="P", currency="USD", price_units_per_currency=100, tick_units=10
)


class Prices:
    """Books with one level a side, or none."""

    def __init__(self, quotes: dict[int, tuple[int, int]], last_x2: int | None = None) -> None:
        self.quotes = quotes
        self.last_x2 = last_x2

    def reference_x2(self, book_id: int) -> int | None:
        return self.last_x2

    def venue_depth(self, book_id: int, side: Side, count: int) -> list[tuple[int, int]]:
        quote = self.quotes.get(book_id)
        return [] if quote is None else [(quote[side], 1_000_000)]


def run(prices: Prices, held: dict[int, HeldBook], hours: int) -> list[tuple[int, Accrual]]:
    clock = Clock(DAY_NS, DAY_NS + hours * HOUR_NS)
    paid: list[tuple[int, Accrual]] = []
    accruals = Accruals(clock, prices, held, lambda one: paid.append((clock.now_ns, one)))
    accruals.start()
    clock.run()
    return paid


def test_a_constant_rate_is_paid_every_eight_hours_on_the_middle() -> None:
    held = {0: HeldBook(COIN, FundingTerms(interval_ns=8 * HOUR_NS, rate_ppb=100_000))}
    paid = run(Prices({0: (99, 103)}), held, 17)

    assert [now_ns // HOUR_NS for now_ns, _ in paid] == [24, 32, 40]
    assert {(one.kind, one.book_id, one.rate_ppb, one.mark_units) for _, one in paid} == {
        (AccrualKind.FUNDING, 0, 100_000, 1_010)
    }


def test_the_premium_over_an_index_book_moves_the_rate_within_damper_and_cap() -> None:
    terms = FundingTerms(
        interval_ns=8 * HOUR_NS, source="premium", interest_ppb=100_000, damp_ppb=500_000,
        cap_ppb=20_000_000, sample_ns=HOUR_NS, impact_currency=1_000,
    )  # fmt: skip
    # The contract's bid of 102 lies 2 % over the index of 100: 20,000,000 ppb, less the damper.
    paid = run(Prices({0: (102, 102), 1: (100, 100)}), {0: HeldBook(COIN, terms, index_book=1)}, 9)
    assert paid[-1][1].rate_ppb == 19_500_000

    # Without an index the interest is paid.
    paid = run(Prices({0: (102, 102)}), {0: HeldBook(COIN, terms)}, 9)
    assert paid[-1][1].rate_ppb == 100_000


def test_borrow_is_paid_for_the_nights_until_the_next_trading_day() -> None:
    clock = Clock(0, DAY_NS)
    paid: list[Accrual] = []
    terms = BorrowTerms(year_ppb=36_000_000)
    held = {0: HeldBook(COIN, borrow=terms, nights={20240705: 3})}
    accruals = Accruals(clock, Prices({}, last_x2=201), held, paid.append)
    accruals.end_day(0, 20240705)

    (one,) = paid
    assert (one.kind, one.rate_ppb, one.mark_units) == (AccrualKind.BORROW, 300_000, 1_005)


def test_a_book_that_never_traded_and_shows_nothing_is_not_charged() -> None:
    held = {0: HeldBook(COIN, FundingTerms(interval_ns=HOUR_NS, rate_ppb=1))}
    assert run(Prices({}), held, 5) == []
