"""The ledger by worked examples: every figure can be followed with a pencil.

A tick is 100 price units in all books, so one lot at one tick is 100 price unit × lot.
"""

from itertools import count

import msgspec
import pytest

from desk.ledger import Ledger, LedgerData
from desk.ledger.lots import held
from market.codes import AccrualKind, Side
from market.errors import DeskError
from market.instruments import Instrument
from market.messages import Accrual

BUY, SELL = Side.BUY, Side.SELL


def instrument(symbol: str = "A", **more: object) -> Instrument:
    fields = {"venue": "X", "currency": "USD", "price_units_per_currency": 10_000}
    return msgspec.convert({"symbol": symbol, "tick_units": 100, **fields, **more}, Instrument)


def ledger(books: int = 1, strategies: int = 1) -> Ledger:
    return Ledger([instrument(f"S{number}") for number in range(books)], strategies)


def play(
    kept: Ledger, *trades: tuple[Side, int, int, int], strategy: int = 0, book: int = 0
) -> None:
    """Fills of one account as (side, price, lots, fee), of order 7, numbered from 1."""
    for exec_id, (side, price_ticks, qty_lots, fee) in zip(count(1), trades, strict=False):
        kept.fill(strategy, book, side, price_ticks, qty_lots, fee, 7, exec_id)


def figures(kept: Ledger, strategy: int = 0, book: int = 0) -> tuple[int, int, int, int]:
    """Position, cash, fees and realised."""
    account = kept.account(strategy, book)
    assert account is not None
    kept.check()
    return account.position_lots, account.cash, account.fees, account.realised


def lots(kept: Ledger, strategy: int = 0, book: int = 0) -> list[list[int]]:
    account = kept.account(strategy, book)
    assert account is not None
    return held(account.lots)


def test_a_round_trip_closes_the_oldest_lots_first() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 10, 0), (BUY, 60, 10, 0), (SELL, 70, 15, 0))

    # 10 × (70 − 50) + 5 × (70 − 60) = 250 ticks; 70 × 15 − 50 × 10 − 60 × 10 = −50 in cash.
    assert (5, -5_000, 0, 25_000) == figures(kept)
    assert [[5, 60]] == lots(kept)
    play(kept, (SELL, 58, 5, 0))
    assert (0, 24_000, 0, 24_000) == figures(kept)
    assert [] == lots(kept)


def test_a_short_position_gains_when_it_is_bought_back_lower() -> None:
    kept = ledger()
    play(kept, (SELL, 50, 10, 0), (SELL, 52, 10, 0), (BUY, 40, 12, 0))

    # 10 × (50 − 40) + 2 × (52 − 40) = 124 ticks.
    assert (-8, 54_000, 0, 12_400) == figures(kept)
    assert [[-8, 52]] == lots(kept)


def test_a_trade_through_zero_closes_everything_and_opens_the_other_way() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 3, 0), (BUY, 51, 2, 0), (SELL, 55, 9, 0))

    # 3 × 5 + 2 × 4 = 23 ticks; 4 are short at 55.
    assert (-4, 24_300, 0, 2_300) == figures(kept)
    assert [[-4, 55]] == lots(kept)
    play(kept, (BUY, 54, 4, 0))
    assert (0, 2_700, 0, 2_700) == figures(kept)


def test_partial_fills_of_one_price_are_one_lot() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 3, 0), (BUY, 50, 4, 0), (BUY, 51, 1, 0))
    assert [[7, 50], [1, 51]] == lots(kept)
    kept.fill(0, 0, SELL, 52, 5, 0, 8, 1)

    assert [[2, 50], [1, 51]] == lots(kept)
    assert (3, -35_000 - 5_100 + 26_000, 0, 1_000) == figures(kept)


def test_fees_are_paid_and_rebates_received_outside_cash() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 10, 6), (SELL, 51, 10, -2))

    assert (0, 1_000, 4, 1_000) == figures(kept)
    assert 2 * (1_000 - 4) == kept.equity_x2(0)


def test_a_mark_between_ticks_leaves_every_figure_whole() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 3, 5))

    # The middle of 50 and 51: 3 × half a tick is 150 units; doubled, 300.
    kept.mark(0, 101)
    assert 300 == kept.unrealised_x2(0, 0)
    assert 300 - 2 * 5 == kept.equity_x2(0)


def test_a_book_without_a_mark_is_worth_what_was_paid() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 3, 5), (SELL, 52, 1, 0))

    assert not kept.marked(0)
    assert 0 == kept.unrealised_x2(0, 0)
    assert 2 * (200 - 5) == kept.equity_x2(0)


def test_a_bust_in_the_middle_leaves_what_would_be_there_without_the_fill() -> None:
    kept, without = ledger(), ledger()
    play(kept, (BUY, 50, 10, 1), (BUY, 60, 10, 2), (SELL, 70, 15, 3), (SELL, 71, 5, 4))
    for exec_id, side, price_ticks, qty_lots, fee in (
        (1, BUY, 50, 10, 1), (3, SELL, 70, 15, 3), (4, SELL, 71, 5, 4),
    ):  # fmt: skip
        without.fill(0, 0, side, price_ticks, qty_lots, fee, 7, exec_id)

    assert kept.bust(0, 0, 7, 2)
    # 10 bought at 50; 15 sold at 70 close them and go 5 short; 5 more are short at 71.
    assert (-10, 90_500, 8, 20_000) == figures(kept)
    assert [[-5, 70], [-5, 71]] == lots(kept)
    assert figures(without) == figures(kept)
    assert without.equity_x2(0) == kept.equity_x2(0)


def test_a_fill_is_busted_once_and_an_unknown_one_never() -> None:
    kept = ledger(strategies=2)
    play(kept, (BUY, 50, 10, 1))

    assert [False] * 3 == [kept.bust(0, 0, 7, 2), kept.bust(0, 0, 8, 1), kept.bust(1, 0, 7, 1)]
    assert kept.bust(0, 0, 7, 1)
    assert not kept.bust(0, 0, 7, 1)
    assert not kept.correct(0, 0, 7, 1, 1, 1, 0)
    assert (0, 0, 0, 0) == figures(kept)


def test_a_correction_stands_as_if_it_had_been_so_from_the_first() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 10, 1), (BUY, 60, 10, 2), (SELL, 70, 15, 3))

    assert kept.correct(0, 0, 7, 1, 55, 4, 9)
    # 4 × (70 − 55) + 10 × (70 − 60) = 160 ticks, and 1 short at 70.
    assert (-1, 105_000 - 22_000 - 60_000, 14, 16_000) == figures(kept)
    assert [[-1, 70]] == lots(kept)
    assert kept.bust(0, 0, 7, 1)
    assert (-5, 45_000, 5, 10_000) == figures(kept)


def test_what_is_of_an_earlier_day_can_no_longer_be_undone() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 10, 1), (SELL, 52, 4, 0))
    kept.close_day()
    kept.fill(0, 0, SELL, 55, 3, 0, 8, 1)

    assert not kept.bust(0, 0, 7, 2)
    assert (3, -50_000 + 20_800 + 16_500, 1, 800 + 1_500) == figures(kept)
    assert kept.bust(0, 0, 8, 1)
    assert (6, -50_000 + 20_800, 1, 800) == figures(kept)


@pytest.mark.parametrize(
    ("side", "rate_ppb", "funding", "borrow"),
    [
        (BUY, 100_000, 500, 0),  # 10 lots × 500,000 × 0.01% = 500 paid by who is long
        (BUY, -100_000, -500, 0),
        (SELL, 100_000, -500, 500),
        (SELL, -100_000, 500, -500),
    ],
)
def test_longs_pay_funding_to_shorts_and_only_shorts_pay_borrow(
    side: Side, rate_ppb: int, funding: int, borrow: int
) -> None:
    kept = ledger()
    play(kept, (side, 5_000, 10, 0))
    for kind in AccrualKind:
        kept.accrue(Accrual(kind=kind, book_id=0, rate_ppb=rate_ppb, mark_units=500_000))

    account = kept.account(0, 0)
    assert account is not None
    assert (funding, borrow) == (account.funding, account.borrow)
    assert -2 * (funding + borrow) == kept.equity_x2(0)
    kept.check()


def test_an_accrual_is_rounded_half_up_for_each_strategy_by_its_own_position() -> None:
    kept = ledger(strategies=3)
    for strategy, side in ((0, BUY), (1, SELL)):
        kept.fill(strategy, 0, side, 5, 1, 0, 7, 1)
    kept.accrue(Accrual(kind=AccrualKind.FUNDING, book_id=0, rate_ppb=1_000_000, mark_units=500))

    # 0.5 and −0.5 of a unit: half up is 1 and 0.
    assert [1, 0] == [account.funding for _, account in kept.accounts_of(0)]
    kept.check()


def test_accounts_of_strategies_and_books_do_not_touch_each_other() -> None:
    kept = ledger(books=2, strategies=2)
    play(kept, (BUY, 50, 10, 1), strategy=0, book=0)
    play(kept, (SELL, 60, 10, 2), strategy=1, book=0)
    play(kept, (BUY, 70, 5, 3), strategy=1, book=1)

    assert (10, -50_000, 1, 0) == figures(kept, 0, 0)
    assert (-10, 60_000, 2, 0) == figures(kept, 1, 0)
    assert (5, -35_000, 3, 0) == figures(kept, 1, 1)
    assert None is kept.account(0, 1)
    kept.mark(0, 110)
    # Flat in sum: the mark does not matter, and both have gained 5 × 10.
    assert 2 * (10_000 - 3) == kept.equity_x2(0)
    assert [10_000, 10_000] == [kept.unrealised_x2(one, 0) for one in (0, 1)]


def test_a_long_queue_of_lots_is_cut_off_and_stays_exact() -> None:
    kept = ledger()
    for number in range(500):
        kept.fill(0, 0, BUY, 100 + number % 2, 1, 0, number, 1)
    for number in range(400):
        kept.fill(0, 0, SELL, 200, 1, 0, 1_000 + number, 1)

    assert (100, -50_250 * 100 + 80_000 * 100, 0, (80_000 - 40_200) * 100) == figures(kept)
    account = kept.account(0, 0)
    assert account is not None
    assert len(account.lots.qty_lots) < 300


def test_a_ledger_made_of_a_snapshot_goes_on_as_the_old_one() -> None:
    kept = ledger(books=2, strategies=2)
    play(kept, (BUY, 50, 10, 1), (SELL, 55, 12, 1))
    kept.mark(0, 107)
    raw = msgspec.msgpack.encode(kept.data)
    again = Ledger(kept.instruments, 2, msgspec.msgpack.decode(raw, type=LedgerData))

    for one in (kept, again):
        play(one, (BUY, 51, 20, 2), strategy=1, book=1)
        assert one.bust(0, 0, 7, 1)
    assert msgspec.msgpack.encode(kept.data) == msgspec.msgpack.encode(again.data)
    again.check()


TAMPER = {
    "a lot": lambda data: data.accounts[0].lots.qty_lots.__setitem__(0, 9),
    "a price": lambda data: data.accounts[0].lots.price_ticks.__setitem__(0, 49),
    "the cost": lambda data: setattr(data.accounts[0].lots, "cost_tl", 1),
    "cash": lambda data: setattr(data.accounts[0], "cash", 1),
    "realised": lambda data: setattr(data.accounts[0], "realised", 1),
    "a position": lambda data: setattr(data.accounts[0], "position_lots", 1),
    "a fill": lambda data: data.accounts[0].fills.__setitem__(2, 11),
    "the book's position": lambda data: data.position_lots.__setitem__(0, 1),
    "the book's cash": lambda data: data.net_cash.__setitem__(0, 1),
    "fees": lambda data: setattr(data.accounts[0], "fees", 0),
}


@pytest.mark.parametrize("tamper", TAMPER.values(), ids=TAMPER.keys())
def test_a_figure_that_was_tampered_with_is_found(tamper: object) -> None:
    kept = ledger()
    play(kept, (BUY, 50, 10, 6), (BUY, 51, 10, 6), (SELL, 53, 4, 6))
    kept.check()
    assert callable(tamper)
    tamper(kept.data)

    with pytest.raises(DeskError, match="book 0"):
        kept.check()


def test_a_fill_on_an_account_that_does_not_add_up_is_refused_at_once() -> None:
    kept = ledger()
    play(kept, (BUY, 50, 10, 6))
    kept.data.accounts[0].cash += 1

    with pytest.raises(DeskError, match="strategy 0, book 0"):
        play(kept, (BUY, 50, 10, 6))
