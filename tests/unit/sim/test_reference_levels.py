"""Books with less than orders on the reference book: levels (L2), best prices (L1), queue guesses.

The ladder's letters are levels; on an L1 book a is the best bid and b the best ask.
"""

import pytest

from market.codes import Depth, Kind, Mode, Phase, QueueModel, RowFlag, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import BadRow, InputError
from sim.reference import Outcome, ReferenceBook
from tests.unit.sim.book_verbs import (
    BUY,
    SELL,
    counters,
    expect,
    fills,
    phase,
    published,
    row,
    send,
)
from tests.unit.sim.ladder import HANDLE_COUNT, TICK_UNITS, book_of

RISK_AVERSE, POWER, LOG = QueueModel


def l2(ladder: str = "", queue_model: QueueModel = RISK_AVERSE) -> ReferenceBook:
    return book_of(ladder, depth=Depth.L2, queue_model=queue_model)


def l1(ladder: str = "", queue_model: QueueModel = RISK_AVERSE) -> ReferenceBook:
    return book_of(ladder, depth=Depth.L1, queue_model=queue_model)


def level(book: ReferenceBook, name: str, side: Side, price: int, qty: int) -> Outcome:
    return row(book, Kind.LEVEL, name, qty, side=side, price=price)


def quote(book: ReferenceBook, side: Side, price: int, qty: int) -> Outcome:
    return row(book, Kind.QUOTE, "z", qty, side=side, price=price)  # its handle means nothing


def trade(book: ReferenceBook, aggressor: Side, price: int, qty: int) -> Outcome:
    return row(book, Kind.TRADE, qty=qty, side=aggressor, price=price * TICK_UNITS)


def ahead(book: ReferenceBook, order_id: int = 1) -> int:
    return book.state.own[order_id].ahead


# What we eat.


def test_liquidity_that_comes_back_to_an_eaten_level_is_not_eaten_twice() -> None:
    book = l2("| 101 | 5a")
    assert fills(send(book, BUY, 5, 101)) == [(1, 101, 5, 0)]
    level(book, "a", SELL, 101, 8)
    expect(book, "| 101 | 3/8a")
    assert fills(send(book, BUY, 9, 101, order_id=2)) == [(2, 101, 3, 6)]
    assert book.levels(SELL, 1) == [(101, 8)]


def test_a_level_that_shrinks_loses_first_what_we_left_of_it_and_never_grows_by_that() -> None:
    book = l2("| 101 | 9a")
    send(book, BUY, 4, 101)
    level(book, "a", SELL, 101, 7)
    expect(book, "| 101 | 5/7a")
    level(book, "a", SELL, 101, 3)
    expect(book, "| 101 | 3a")


def test_what_we_ate_is_forgotten_when_the_level_goes() -> None:
    book = l2("| 101 | 5a")
    send(book, BUY, 5, 101)
    assert published(level(book, "a", SELL, 101, 0)) == [(Kind.LEVEL, 0, 0, 0)]
    expect(book, "")
    level(book, "b", SELL, 101, 5)
    expect(book, "| 101 | 5b")


# Where we stand.


def test_a_new_order_stands_behind_all_that_its_price_shows() -> None:
    book = l2("5a | 100 |")
    send(book, BUY, 3, 100)
    send(book, BUY, 3, 99, order_id=2)
    assert (ahead(book, 1), ahead(book, 2)) == (5, 0)
    expect(book, "5a 3* | 100 | \n 3*2 | 99 |")


def test_a_replace_in_place_keeps_the_position_and_any_other_begins_anew() -> None:
    book = l2("9a 5* | 100 |")
    trade(book, SELL, 100, 4)
    book.replace(1, price_ticks=100, qty_lots=2)
    assert (ahead(book), book.state.own[1].traded) == (5, 4)
    book.replace(1, price_ticks=100, qty_lots=6)
    assert (ahead(book), book.state.own[1].traded) == (9, 0)


@pytest.mark.parametrize(
    ("queue_model", "left"),
    [
        (RISK_AVERSE, 5),  # nothing in front is believed to go, but five is all that is left
        (POWER, 3),  # of the five that went, floor(5 * 36 / (36 + 16)) = 3 were in front
        (LOG, 4),  # floor(5 * log 7 / (log 7 + log 5)) = 2
    ],
)
def test_a_shrink_without_a_print_is_shared_as_the_queue_model_says(
    queue_model: QueueModel, left: int
) -> None:
    book = l2("6a 1* | 100 |", queue_model)
    level(book, "a", BUY, 100, 10)  # four more come behind us
    assert ahead(book) == 6
    level(book, "a", BUY, 100, 5)
    assert ahead(book) == left


def test_what_cannot_have_gone_from_behind_went_from_in_front() -> None:
    book = l2("2a 1* | 100 |", POWER)
    level(book, "a", BUY, 100, 12)
    level(book, "a", BUY, 100, 1)  # eleven of twelve went, ten of them at most from behind
    assert ahead(book) == 1


@pytest.mark.parametrize("queue_model", list(QueueModel))
def test_nobody_stands_behind_more_than_the_level_shows(queue_model: QueueModel) -> None:
    book = l2("9a 1* | 100 |", queue_model)
    level(book, "a", BUY, 100, 4)
    assert ahead(book) == 4
    level(book, "a", BUY, 100, 9)
    assert ahead(book) == 4
    level(book, "a", BUY, 100, 0)
    assert ahead(book) == 0


@pytest.mark.parametrize("queue_model", list(QueueModel))
def test_a_shrink_that_prints_explain_moves_nobody_twice(queue_model: QueueModel) -> None:
    book = l2("6a 1* | 100 |", queue_model)
    level(book, "a", BUY, 100, 10)
    trade(book, SELL, 100, 3)
    assert ahead(book) == 3
    level(book, "a", BUY, 100, 7)
    assert (ahead(book), book.state.own[1].traded) == (3, 0)


# What fills us.


def test_a_print_at_our_price_takes_what_is_in_front_and_then_us() -> None:
    book = l2("5a 3*1 2*2 | 100 |")
    assert fills(trade(book, SELL, 100, 5)) == []
    assert (ahead(book, 1), ahead(book, 2)) == (0, 0)
    assert fills(trade(book, SELL, 100, 4)) == [(1, 100, 3, 0), (2, 100, 1, 1)]
    expect(book, "5a 1*2 | 100 |")  # history changes by its own rows alone


def test_each_order_at_the_price_waits_for_its_own_lots_in_front() -> None:
    book = l2("2a 4*1 | 100 |")
    level(book, "a", BUY, 100, 6)
    send(book, BUY, 5, 100, order_id=2)
    outcome = trade(book, SELL, 100, 9)  # order 1: 2 in front, 4 filled; order 2: 6 in front of 5
    assert fills(outcome) == [(1, 100, 4, 0)]
    assert published(outcome) == [(Kind.TRADE, -1, 9, 0)]
    assert (ahead(book, 2), book.state.own[2].traded) == (1, 9)


def test_a_print_through_us_fills_us_whatever_is_in_front_and_the_rest_goes_to_its_price() -> None:
    book = l2("9a 2*1 | 101 | \n 1b 5*2 | 100 |")
    assert fills(trade(book, SELL, 100, 6)) == [(1, 101, 2, 0), (2, 100, 3, 2)]
    assert book.state.own[2].traded == 6


def test_a_print_off_the_grid_fills_only_better_orders() -> None:
    book = l2("2*1 | 101 | \n 2*2 | 100 |")
    assert fills(row(book, Kind.TRADE, qty=9, side=SELL, price=101 * TICK_UNITS - 1)) == [
        (1, 101, 2, 0)
    ]
    assert book.state.own[2].traded == 0


@pytest.mark.parametrize("flags", [0, RowFlag.SIDE_UNKNOWN])
def test_a_print_of_an_unknown_side_or_in_a_pause_says_nothing(flags: int) -> None:
    book = l2("5a 2* | 100 |")
    if not flags:
        phase(book, Phase.HALT)
    outcome = row(book, Kind.TRADE, qty=9, side=SELL, price=100 * TICK_UNITS, flags=flags)
    assert (fills(outcome), ahead(book), book.state.own[1].traded) == ([], 5, 0)


def test_a_level_that_comes_across_us_fills_us_with_what_is_new_of_it() -> None:
    book = l2("4*1 | 101 | \n 4*2 | 100 |")
    assert fills(level(book, "a", SELL, 100, 5)) == [(1, 101, 4, 0), (2, 100, 1, 3)]
    assert fills(level(book, "a", SELL, 100, 5)) == []
    assert fills(level(book, "a", SELL, 100, 7)) == [(2, 100, 2, 1)]
    expect(book, "1*2 | 100 | 7a")


def test_a_level_that_comes_across_us_in_a_pause_fills_us_on_the_resume() -> None:
    book = l2("4* | 100 |")
    phase(book, Phase.HALT)
    assert fills(level(book, "a", SELL, 100, 5)) == []
    assert fills(phase(book, Phase.CONTINUOUS)) == [(1, 100, 4, 0)]
    expect(book, "| 100 | 1/5a")


def test_clear_removes_the_levels_and_leaves_us() -> None:
    book = l2("5a 2* | 100 | \n | 101 | 3b")
    assert published(row(book, Kind.CLEAR)) == [(Kind.CLEAR, -1, 0, 0)]
    expect(book, "2* | 100 |")
    level(book, "a", BUY, 100, 4)
    assert ahead(book) == 4


# Best prices only.


def test_a_quote_that_moves_away_and_back_puts_all_of_it_in_front_of_us() -> None:
    book = l1("5a 2* | 100 |")
    trade(book, SELL, 100, 4)
    outcome = quote(book, BUY, 101, 3)
    assert published(outcome) == [(Kind.DELETE, 0, 5, 0), (Kind.QUOTE, 0, 3, 3)]
    expect(book, "3a | 101 | \n 2* | 100 |")
    assert (ahead(book), book.state.own[1].traded) == (0, 0)
    quote(book, BUY, 100, 8)
    expect(book, "2* 8a | 100 |")
    assert ahead(book) == 8


def test_a_quote_at_the_same_price_is_a_level_that_changes() -> None:
    book = l1("6a 1* | 100 | \n | 101 | 5b", POWER)
    send(book, BUY, 5, 101, order_id=2)
    assert published(quote(book, SELL, 101, 7)) == [(Kind.QUOTE, 1, 7, 7)]
    assert published(quote(book, BUY, 100, 4)) == [(Kind.QUOTE, 0, 4, 4)]
    assert ahead(book) == 4
    expect(book, "| 101 | 2/7b \n 4a 1* | 100 |")


def test_a_quote_of_nothing_ends_the_side_at_its_old_price_and_then_is_void() -> None:
    book = l1("6a 1* | 100 |")
    assert quote(book, BUY, 77, 0).messages == [(Kind.QUOTE, 0, BUY, 100, 0, 0)]
    assert ahead(book) == 0
    assert quote(book, BUY, 100, 0) == Outcome([], [])
    assert counters(book) == {"void": 1}
    expect(book, "1* | 100 |")


def test_an_order_deeper_than_the_best_waits_for_prints_or_quotes_at_its_price() -> None:
    book = l1("6a | 100 | \n 3* | 98 |")
    assert fills(quote(book, SELL, 99, 9)) == []
    assert fills(quote(book, SELL, 98, 2)) == [(1, 98, 2, 1)]
    assert fills(trade(book, SELL, 98, 9)) == [(1, 98, 1, 0)]


# What no tape may say.


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": Kind.LEVEL, "name": "b", "qty": 0, "price": 99},
        {"kind": Kind.LEVEL, "name": "a", "qty": -1, "price": 100},
        {"kind": Kind.LEVEL, "name": "a", "qty": QTY_LOTS_MAX + 1, "price": 100},
        {"kind": Kind.LEVEL, "name": "b", "qty": 1, "price": -PRICE_TICKS_MAX - 1},
        {"kind": Kind.LEVEL, "name": "a", "qty": 3, "price": 101},
        {"kind": Kind.LEVEL, "name": "a", "qty": 0, "price": 100, "side": SELL},
        {"kind": Kind.LEVEL, "qty": 1, "price": 99},
        {"kind": Kind.LEVEL, "name": chr(ord("a") + HANDLE_COUNT), "qty": 1, "price": 99},
        {"kind": Kind.QUOTE, "qty": 1, "price": 99},
        {"kind": Kind.ADD, "name": "b", "qty": 1, "price": 99},
        {"kind": Kind.EXECUTE, "name": "a", "qty": 1},
        {"kind": Kind.TRADE, "qty": 0, "price": 99},
    ],
    ids=lambda bad: " ".join(str(value) for value in bad.values()),
)
def test_row_that_an_l2_tape_forbids_is_an_error_and_changes_nothing(bad: dict[str, int]) -> None:
    refuse(l2("5a 2* | 100 |"), bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": Kind.QUOTE, "qty": -1, "price": 100},
        {"kind": Kind.QUOTE, "qty": QTY_LOTS_MAX + 1, "price": 100},
        {"kind": Kind.QUOTE, "qty": 0, "price": PRICE_TICKS_MAX + 1},
        {"kind": Kind.LEVEL, "name": "a", "qty": 1, "price": 100},
        {"kind": Kind.REPLACE, "name": "a", "qty": 1, "price": 99},
    ],
    ids=lambda bad: " ".join(str(value) for value in bad.values()),
)
def test_row_that_an_l1_tape_forbids_is_an_error_and_changes_nothing(bad: dict[str, int]) -> None:
    refuse(l1("5a 2* | 100 |"), bad)


def refuse(book: ReferenceBook, bad: dict[str, int]) -> None:
    before = book.digest()
    with pytest.raises(BadRow, match=r": .*must"):
        row(book, **bad)
    assert book.digest() == before
    assert book.cancel(77).messages == []  # and nothing was left to be said later


def test_books_without_orders_cannot_react() -> None:
    with pytest.raises(InputError, match=r"L2 book: found reactive, must be frozen"):
        book_of(mode=Mode.REACTIVE, depth=Depth.L2)


def test_dump_tells_what_is_ahead_of_each_order_of_ours() -> None:
    book = l2("5a 2*7 | 100 |")
    assert book.dump() == [
        Phase.CONTINUOUS,
        *(1, 100, 5, 2, 0, 5, 5, 7 * 4 + 1, 2, -1 - 5),  # bids: the level, then our order behind it
        0,
        *(0, 0),
        *(0,),
        *(0, 0, 0, 0),
    ]
