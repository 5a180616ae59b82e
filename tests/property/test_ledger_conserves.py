"""Whatever is filled, busted and corrected: lots and money add up, and undoing leaves no trace."""

from collections import deque
from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.ledger import Ledger, LedgerData, by_group, by_instrument, by_strategy
from desk.ledger.lots import held
from market.codes import AccrualKind, Side
from market.instruments import Instrument
from market.messages import Accrual

BOOKS = [
    Instrument(
        symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=100
    ),
    Instrument(
        symbol="B", venue="X", currency="USD", price_units_per_currency=100, tick_units=3, lot_den=8
    ),
]
STRATEGIES = 2

# What happens: (kind, strategy, book, side, price, lots, fee or rate, which earlier fill).
FILL, BUST, CORRECT, ACCRUE, MARK, DAY = range(6)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from([FILL] * 6 + [BUST, BUST, CORRECT, CORRECT, ACCRUE, MARK, DAY]),
        st.integers(0, STRATEGIES - 1),
        st.integers(0, len(BOOKS) - 1),
        st.sampled_from(Side),
        st.integers(-3, 40),
        st.integers(1, 30),
        st.integers(-50, 50),
        st.integers(0, 30),
    ),
    max_size=60,
)
Deed = tuple[int, int, int, Side, int, int, int, int]


@dataclass
class Told:
    """A fill as it stands."""

    strategy: int
    book_id: int
    side: Side
    price_ticks: int
    qty_lots: int
    fee: int
    exec_id: int


@dataclass
class Model:
    """A ledger and, beside it, the fills that stand; those of earlier days can't be undone."""

    ledger: Ledger = field(default_factory=lambda: Ledger(BOOKS, STRATEGIES))
    fills: list[Told] = field(default_factory=list)
    today: list[Told] = field(default_factory=list)
    count: int = 0

    def do(self, deed: Deed) -> None:
        kind, strategy, book_id, side, price_ticks, qty_lots, fee, which = deed
        if kind == FILL:
            self.count += 1
            told = Told(strategy, book_id, side, price_ticks, qty_lots, fee, self.count)
            self.fills.append(told)
            self.today.append(told)
            enter(self.ledger, told)
        elif kind in (BUST, CORRECT) and self.today:
            self.undo(kind, self.today[which % len(self.today)], deed)
        elif kind == ACCRUE:
            accrual = Accrual(
                kind=AccrualKind(1 + which % 2),
                book_id=book_id,
                rate_ppb=fee * 1_000_000,
                mark_units=qty_lots,
            )
            self.ledger.accrue(accrual)
        elif kind == MARK:
            self.ledger.mark(book_id, price_ticks)
        elif kind == DAY:
            self.ledger.close_day()
            self.today = []

    def undo(self, kind: int, told: Told, deed: Deed) -> None:
        where = (told.strategy, told.book_id, 1, told.exec_id)
        if kind == BUST:
            self.fills.remove(told)
            self.today.remove(told)
            assert self.ledger.bust(*where)
            return
        told.price_ticks, told.qty_lots, told.fee = deed[4:7]
        assert self.ledger.correct(*where, told.price_ticks, told.qty_lots, told.fee)


def enter(ledger: Ledger, told: Told) -> None:
    ledger.fill(
        told.strategy,
        told.book_id,
        told.side,
        told.price_ticks,
        told.qty_lots,
        told.fee,
        1,
        told.exec_id,
    )


def done(deeds: list[Deed]) -> Model:
    model = Model()
    for deed in deeds:
        model.do(deed)
    return model


def lot_by_lot(fills: list[Told]) -> tuple[list[int], int]:
    """First in, first out, one lot at a time: prices of what is held, and ticks realised."""
    queue: deque[int] = deque()
    side, realised = Side.BUY, 0
    for told in fills:
        for _ in range(told.qty_lots):
            if queue and side is not told.side:
                realised += side.sign * (told.price_ticks - queue.popleft())
            else:
                side = told.side
                queue.append(told.price_ticks)
    return list(queue), realised


@settings(max_examples=150)
@given(deeds=DEEDS)
def test_every_account_is_the_sum_of_the_fills_that_stand(deeds: list[Deed]) -> None:
    model = done(deeds)
    model.ledger.check()

    for strategy in range(STRATEGIES):
        for book_id, one in enumerate(BOOKS):
            account = model.ledger.account(strategy, book_id)
            mine = [f for f in model.fills if (f.strategy, f.book_id) == (strategy, book_id)]
            if account is None:
                assert [] == mine
                continue
            worth = sum(f.side.sign * one.notional(f.price_ticks, f.qty_lots) for f in mine)
            assert sum(f.side.sign * f.qty_lots for f in mine) == account.position_lots
            assert -worth == account.cash
            assert sum(f.fee for f in mine) == account.fees
            assert sum(f.qty_lots for f in mine) == account.turnover_lots
            assert len(mine) == account.fill_count


@settings(max_examples=150)
@given(deeds=DEEDS, mark_x2_ticks=st.integers(-10, 100))
def test_realised_and_unrealised_are_cash_and_what_is_held_at_any_mark(
    deeds: list[Deed], mark_x2_ticks: int
) -> None:
    model = done(deeds)
    ledger = model.ledger

    for book_id, one in enumerate(BOOKS):
        ledger.mark(book_id, mark_x2_ticks)
        equity_x2 = 0
        for strategy, account in ledger.accounts_of(book_id):
            worth_x2 = account.position_lots * mark_x2_ticks * one.tick_units
            profit_x2 = 2 * account.realised + ledger.unrealised_x2(strategy, book_id)
            assert 2 * account.cash + worth_x2 == profit_x2
            equity_x2 += 2 * account.net_cash + worth_x2
        assert equity_x2 == ledger.equity_x2(book_id)


@settings(max_examples=150)
@given(deeds=DEEDS)
def test_lots_are_those_of_a_queue_of_single_lots(deeds: list[Deed]) -> None:
    model = done([deed for deed in deeds if deed[0] != DAY])

    for strategy in range(STRATEGIES):
        for book_id, one in enumerate(BOOKS):
            account = model.ledger.account(strategy, book_id)
            if account is None:
                continue
            mine = [f for f in model.fills if (f.strategy, f.book_id) == (strategy, book_id)]
            queue, realised = lot_by_lot(mine)
            singles = [price for lots, price in held(account.lots) for _ in range(abs(lots))]
            assert queue == singles
            assert realised * one.tick_units == account.realised


@settings(max_examples=150)
@given(deeds=DEEDS)
def test_after_busts_and_corrections_all_is_as_if_it_had_been_so_from_the_first(
    deeds: list[Deed],
) -> None:
    # Days, marks and accruals aside, which depend on when they came.
    model = done([deed for deed in deeds if deed[0] in (FILL, BUST, CORRECT)])
    fresh = Ledger(BOOKS, STRATEGIES)
    for told in model.fills:
        enter(fresh, told)

    for book_id in range(len(BOOKS)):
        assert fresh.equity_x2(book_id) == model.ledger.equity_x2(book_id)
        mine = {s: a for s, a in model.ledger.accounts_of(book_id) if a.fill_count}
        assert {s: figures(a) for s, a in fresh.accounts_of(book_id)} == {
            s: figures(a) for s, a in mine.items()
        }


def figures(account: object) -> dict[str, object]:
    """An account, but for how its lots lie in memory."""
    plain: dict[str, object] = msgspec.structs.asdict(account)  # type: ignore[arg-type]
    plain["lots"] = held(account.lots)  # type: ignore[attr-defined]
    return plain


@settings(max_examples=100)
@given(deeds=DEEDS, cut=st.integers(0, 60))
def test_a_snapshot_anywhere_goes_on_bit_for_bit(deeds: list[Deed], cut: int) -> None:
    whole, halved = done(deeds), done(deeds[:cut])
    raw = msgspec.msgpack.encode(halved.ledger.data)
    halved.ledger = Ledger(BOOKS, STRATEGIES, msgspec.msgpack.decode(raw, type=LedgerData))
    for deed in deeds[cut:]:
        halved.do(deed)

    assert msgspec.msgpack.encode(whole.ledger.data) == msgspec.msgpack.encode(halved.ledger.data)


@settings(max_examples=100)
@given(deeds=DEEDS)
def test_tables_by_strategy_group_and_instrument_have_equal_sums(deeds: list[Deed]) -> None:
    ledger = done(deeds).ledger
    tables = [
        by_strategy(ledger),
        by_instrument(ledger),
        by_group(ledger, [4, 4]),
    ]

    sums = [(sum(r.net for r in rows), sum(r.realised for r in rows)) for rows in tables]
    assert sums[0] == sums[1] == sums[2]
    half = [ledger.equity_x2(book_id) for book_id in range(len(BOOKS))]
    for row in tables[1]:
        unit = BOOKS[row.key].price_units_per_currency * BOOKS[row.key].lot_den
        assert half[row.key] * 10**row.decimals == row.net * 2 * unit
