"""Nothing is lost in costs: what accounts pay is what the venue keeps, whatever is taken back."""

from collections import deque
from fractions import Fraction
from math import ceil, floor
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.ledger import Ledger
from market.codes import AccrualKind, Liquidity, Phase, Side
from market.instruments import Instrument
from market.messages import Accrual
from sim.account import Account, Fill
from sim.costs import (
    Bill,
    Billing,
    Bounds,
    Fees,
    FeeSchedule,
    Levy,
    Payer,
    PremiumAverage,
    Rate,
    Ratio,
    SellableLots,
    SettlementRule,
    Trade,
    Turnover,
    accrue_all,
    accrued,
    impact_price,
    premium_ppb,
    scale_of,
)

DAY_NS = 86_400_000_000_000
PPB = 10**9
NANOS = st.integers(-(10**10), 10**10)
COSTS = st.integers(0, 10**10)

INSTRUMENTS = st.builds(
    Instrument,
    symbol=st.sampled_from("AB"),
    venue=st.just("X"),
    currency=st.just("USD"),
    price_units_per_currency=st.sampled_from([1, 100, 10_000, 1_000_000]),
    tick_units=st.just(1),
    lot_num=st.sampled_from([1, 10, 50]),
    lot_den=st.sampled_from([1, 1_000, 10**8]),
)
RATES = st.builds(Rate, notional_ppb=st.integers(-PPB, PPB), lot_nanos=NANOS, fill_nanos=NANOS)
BOUNDS = st.builds(Bounds, min_nanos=COSTS, cap_nanos=COSTS, cap_ppb=st.integers(0, PPB))
LEVIES = st.builds(
    Levy,
    name=st.sampled_from("abc"),
    side=st.sampled_from(["both", "buy", "sell"]),
    notional_ppb=st.integers(0, PPB),
    lot_nanos=COSTS,
    min_nanos=COSTS,
    rounding=st.sampled_from(["half_up", "up", "down"]),
)
TRADES = st.builds(
    Trade,
    side=st.sampled_from(Side),
    liquidity=st.sampled_from(Liquidity),
    qty_lots=st.integers(1, 10**6),
    notional=st.integers(-(10**12), 10**12),
    call=st.sampled_from(Phase),
)


@st.composite
def ladders(draw: st.DrawFn, rates: st.SearchStrategy[Rate] = RATES) -> tuple[Rate, ...]:
    """Up to four rates whose thresholds ascend."""
    lots = currency = 0
    ladder = [draw(rates)]
    for rate in draw(st.lists(rates, max_size=3)):
        lots += draw(st.integers(1, 10**6))
        currency += draw(st.integers(0, 10**6))
        fields = {name: getattr(rate, name) for name in ("notional_ppb", "lot_nanos", "fill_nanos")}
        ladder.append(Rate(from_lots=lots, from_currency=currency, **fields))
    return tuple(ladder)


SCHEDULES = st.builds(
    FeeSchedule,
    maker=ladders(),
    taker=ladders(),
    hidden_maker=ladders() | st.just(()),
    cross=ladders() | st.just(()),
    opening=ladders() | st.just(()),
    per_fill=BOUNDS | st.just(Bounds()),
    per_order=BOUNDS | st.just(Bounds()),
    levies=st.lists(LEVIES, max_size=2, unique_by=lambda levy: levy.name).map(tuple),
    period=st.sampled_from(["run", "day", "month", "trailing"]),
    trailing_days=st.integers(1, 4),
    tier_from=st.sampled_from(["fill", "next_day"]),
    restate_turnover=st.booleans(),
)
FEES = st.builds(
    Fees, maker_ppm=st.integers(-(10**6), 10**6), taker_ppm=st.integers(-(10**6), 10**6)
)


class Books:
    """A billing and, beside it, the accounts and the bills that stand."""

    def __init__(self, instruments: list[Instrument], tariff: Any) -> None:
        self.tariff = tariff
        self.scales = [scale_of(one) for one in instruments]
        self.billing = Billing(instruments, tariff)
        self.accounts: dict[tuple[int, int], Account] = {}
        self.stands: list[Bill] = []

    def account(self, bill: Bill) -> Account:
        return self.accounts.setdefault((bill.payer.host, bill.payer.book_id), Account())

    def do(self, deed: int, payer: Payer, trade: Trade, now_ns: int, which: int) -> None:
        if deed < 3 or not self.stands:
            bill = self.billing.bill(payer, trade, now_ns)
            self.account(bill).enter(Fill(0, bill))
            self.stands.append(bill)
            self.check_order(bill)
            return
        bill = self.stands.pop(which % len(self.stands))
        self.account(bill).withdraw(Fill(0, bill))
        if deed == 3:
            self.billing.cancel(bill)
            return
        again = self.billing.restate(bill, trade._replace(side=bill.trade.side))
        assert again.rate is bill.rate
        self.account(again).enter(Fill(0, again))
        self.stands.append(again)
        self.check_order(again)

    def check_order(self, bill: Bill) -> None:
        """After a bill is made its order has been charged the bounded sum of its fills' fees."""
        mine = [one for one in self.stands if one.payer.order_id == bill.payer.order_id]
        charged = sum(one.charge.exchange for one in mine)
        fees, worth = sum(one.fee for one in mine), sum(one.trade.worth for one in mine)
        scale = self.scales[bill.payer.book_id]
        bounds = self.tariff.per_order if isinstance(self.tariff, FeeSchedule) else Bounds()
        assert bounds.clamp(fees, worth, scale) == charged

    def check(self) -> None:
        """What accounts pay, what bills say, and what the venue took: one number each."""
        for book_id in range(len(self.scales)):
            mine = [bill for bill in self.stands if bill.payer.book_id == book_id]
            accounts = [one for (_, book), one in self.accounts.items() if book == book_id]
            takings = self.billing.takings(book_id)
            assert sum(one.fee for one in accounts) == takings.total
            assert sum(one.levy for one in accounts) == sum(takings.levies.values())
            assert sum(bill.charge.total for bill in mine) == takings.total
            assert sum(bill.charge.exchange for bill in mine) == takings.kept


@given(
    instruments=st.lists(INSTRUMENTS, min_size=2, max_size=2),
    tariff=SCHEDULES | FEES,
    deeds=st.lists(
        st.tuples(
            st.integers(0, 4),
            st.integers(0, 1),
            st.integers(0, 1),
            st.integers(0, 1),
            TRADES,
            st.integers(0, 70),
            st.integers(0, 99),
        ),
        max_size=20,
    ),
)
def test_what_accounts_pay_is_what_the_venue_keeps_and_passes_on(
    instruments: list[Instrument], tariff: Any, deeds: list[Any]
) -> None:
    books = Books(instruments, tariff)
    for deed, host, book_id, order, trade, day, which in deeds:
        payer = Payer(host, book_id, order_id=4 * host + 2 * book_id + order)
        books.do(deed, payer, trade, day * DAY_NS, which)
        books.check()

    for bill in books.stands:
        books.billing.cancel(bill)
        books.account(bill).withdraw(Fill(0, bill))
    books.stands = []
    books.check()
    assert {(0, 0)} >= {(one.fee, one.levy) for one in books.accounts.values()}


@given(FEES, st.sampled_from(Liquidity), st.integers(0, 10**15), INSTRUMENTS)
def test_plain_fees_as_a_schedule_charge_the_same_to_the_unit(
    fees: Fees, liquidity: Liquidity, notional: int, instrument: Instrument
) -> None:
    trade = Trade(Side.BUY, liquidity, 1, notional)

    assert fees.of(notional, liquidity) == fees.schedule.of(trade, scale_of(instrument)).total


@given(RATES, TRADES, INSTRUMENTS)
def test_a_rate_is_the_exact_fraction_rounded_half_up(
    rate: Rate, trade: Trade, instrument: Instrument
) -> None:
    unit = Fraction(instrument.lot_num, instrument.price_units_per_currency * instrument.lot_den)
    flat = Fraction(rate.lot_nanos * trade.qty_lots + rate.fill_nanos, 10**9)
    exact = Fraction(rate.notional_ppb, PPB) * abs(trade.notional) + flat / unit

    assert floor(exact + Fraction(1, 2)) == rate.of(trade, scale_of(instrument))


@given(st.builds(Levy, name=st.just("a"), notional_ppb=st.integers(0, PPB), lot_nanos=COSTS,
    step_nanos=st.sampled_from([0, 10**7, 10**9]), rounding=st.sampled_from(["up", "down"])),
    TRADES)  # fmt: skip
def test_a_levy_is_the_exact_fraction_rounded_to_its_step(levy: Levy, trade: Trade) -> None:
    exact = Fraction(levy.notional_ppb, PPB) * abs(trade.notional)
    exact += Fraction(levy.lot_nanos * trade.qty_lots * 10_000, 10**9)
    step = max(levy.step_nanos * 10_000 // 10**9, 1)
    whole = (ceil if levy.rounding == "up" else floor)(exact / step) * step
    share = Instrument(
        symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=1
    )

    assert whole == levy.of(trade, scale_of(share))


@given(
    steps=st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**6)), min_size=1, max_size=4),
    trade=TRADES,
    bounds=BOUNDS,
    turnovers=st.tuples(st.integers(0, 5 * 10**6), st.integers(0, 5 * 10**6)),
    instrument=INSTRUMENTS,
)
def test_where_rates_fall_with_volume_more_volume_never_costs_more(
    steps: list[tuple[int, int]], trade: Trade, bounds: Bounds, turnovers: tuple[int, int],
    instrument: Instrument,
) -> None:  # fmt: skip
    top = sum(cut for cut, _ in steps)
    ladder, lots = [Rate(lot_nanos=top, notional_ppb=top)], 0
    for cut, more in steps:
        top, lots = top - cut, lots + more + 1
        ladder.append(Rate(from_lots=lots, lot_nanos=top, notional_ppb=top))
    list_ = FeeSchedule(maker=tuple(ladder), taker=tuple(ladder), per_fill=bounds)
    less, more = sorted(turnovers)

    def cost(turnover: int) -> int:
        return list_.of(trade, scale_of(instrument), Turnover(turnover)).total

    assert cost(more) <= cost(less)


# --- funding --------------------------------------------------------------------------------------

ACCRUALS = st.builds(
    Accrual,
    kind=st.sampled_from(AccrualKind),
    book_id=st.just(0),
    rate_ppb=st.integers(-PPB, PPB),
    mark_units=st.integers(0, 10**9),
)
POSITIONS = st.lists(st.integers(-(10**6), 10**6), max_size=8)


@given(ACCRUALS, POSITIONS)
def test_funding_sums_to_zero_but_for_half_a_unit_an_account(
    accrual: Accrual, positions: list[int]
) -> None:
    closed = [*positions, -sum(positions)]
    paid, left = accrue_all(accrual, closed)
    share = Fraction(accrual.rate_ppb * accrual.mark_units, PPB)
    if accrual.kind is AccrualKind.BORROW:
        closed = [max(-one, 0) for one in closed]
    else:
        assert 0 == sum(one * share for one in closed)
        assert abs(2 * left) <= len(closed)

    assert [floor(one * share + Fraction(1, 2)) for one in closed] == paid
    assert sum(paid) == left


@given(ACCRUALS, st.sampled_from(Side), st.integers(1, 10**6))
def test_a_desks_ledger_accrues_what_the_venue_does(
    accrual: Accrual, side: Side, qty_lots: int
) -> None:
    share = Instrument(
        symbol="A", venue="X", currency="USD", price_units_per_currency=100, tick_units=1
    )
    ledger = Ledger([share], 1)
    ledger.fill(0, 0, side, 100, qty_lots, 0, 1, 1)
    ledger.accrue(accrual)
    desk = ledger.account(0, 0)

    assert desk is not None
    assert desk.funding + desk.borrow == accrued(accrual, side.sign * qty_lots)


@given(
    st.lists(st.tuples(st.integers(1, 1_000), st.integers(1, 50)), min_size=1, max_size=6),
    st.integers(1, 100_000),
)
def test_an_impact_price_is_what_a_walk_through_the_book_pays(
    levels: list[tuple[int, int]], worth: int
) -> None:
    paid, lots = Fraction(worth), Fraction(0)
    for price, level_lots in levels:
        part = min(paid, Fraction(price * level_lots))
        paid -= part
        lots += part / price
    found = impact_price(levels, worth)

    assert (found is None) == (paid > 0)
    assert found is None or Fraction(*found) == worth / lots


@given(
    st.none() | st.builds(Ratio, st.integers(1, 10**9), st.integers(1, 10**4)),
    st.none() | st.builds(Ratio, st.integers(1, 10**9), st.integers(1, 10**4)),
    st.integers(1, 10**6),
)
def test_a_premium_is_the_exact_fraction_rounded_half_up(
    bid: Ratio | None, ask: Ratio | None, index: int
) -> None:
    above = max(0, Fraction(*bid) - index) if bid else 0
    below = max(0, index - Fraction(*ask)) if ask else 0
    exact = Fraction(above - below) / index * PPB

    assert floor(exact + Fraction(1, 2)) == premium_ppb(bid, ask, index)


@given(st.lists(st.integers(-PPB, PPB), min_size=1, max_size=30))
def test_an_average_lies_between_its_samples(samples: list[int]) -> None:
    for weights in ("rising", "equal"):
        average = PremiumAverage(weights)  # type: ignore[arg-type]
        for sample in samples:
            average.add(sample)
        assert min(samples) <= Fraction(*average.take()) <= max(samples)


# --- settlement -----------------------------------------------------------------------------------


@settings(max_examples=200)
@given(
    st.integers(1, 3),
    st.integers(0, 20),
    st.lists(st.tuples(st.sampled_from("bswcd"), st.integers(1, 30)), max_size=40),
)
def test_only_lots_that_have_waited_are_ever_sold(
    wait: int, opening: int, deeds: list[tuple[str, int]]
) -> None:
    lots = SellableLots(SettlementRule(sell_after_days=wait), day=0, opening_lots=opening)
    queue = deque([-wait] * opening)  # the day on which each lot held was bought, oldest first
    for deed, count in deeds:
        if deed == "b":
            lots.bought(count)
            queue.extend([lots.day] * count)
        elif deed == "d":
            lots.open_day(lots.day + 1 + count % 2)
        elif deed == "w":
            refusal = lots.refusal(count)
            free = sum(day + wait <= lots.day for day in queue) - lots.working_lots
            assert (refusal is None) == (count <= free)
            assert refusal is None or (count, free) == (refusal.found, refusal.allowed)
            if refusal is None:
                lots.work(count)
        elif deed == "s" and lots.working_lots:
            sold = min(count, lots.working_lots)
            lots.sold(sold)
            assert all(queue.popleft() + wait <= lots.day for _ in range(sold))
        elif deed == "c":
            lots.release(min(count, lots.working_lots))
        assert len(queue) == lots.held_lots
        assert min(lots.sellable_lots, lots.working_lots, lots.waiting_lots) >= 0
