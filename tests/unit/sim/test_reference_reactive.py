"""Reactive history on the reference book, one test a rule of docs/explanation/venue-truth.md."""

import pytest

from market.codes import Kind, Mode, Phase, RowFlag
from tests.unit.sim.book_verbs import (
    BUY,
    REACTIVE,
    SELL,
    counters,
    expect,
    fills,
    phase,
    published,
    row,
    send,
)
from tests.unit.sim.ladder import book_of


def test_reactive_execute_hits_special_orders_in_front_then_itself_then_the_queue() -> None:
    book = book_of("1*1 | 102 | \n 2b | 101 | \n 1*2 3a 9c | 100 |", REACTIVE)
    outcome = row(book, Kind.EXECUTE, "a", 3)
    # (a) ours, better priced and ahead, passing over b; then (b) one lot of a itself.
    assert published(outcome) == [
        (Kind.EXECUTE, -1, 1, 0),
        (Kind.EXECUTE, -1, 1, 12),
        (Kind.EXECUTE, 0, 1, 11),
    ]
    expect(book, "2b | 101 | \n 2~a 9c | 100 |")
    assert counters(book) == {"diverged": 1, "moved": 1}


def test_reactive_execute_of_a_spent_order_goes_on_to_the_queue_and_the_rest_expires() -> None:
    book = book_of("2b | 101 | \n 3a 1c | 100 | \n 5d | 99 |", REACTIVE)
    send(book, SELL, 5, 100)  # takes all of b and a
    row(book, Kind.ADD, "e", 1, price=101)
    outcome = row(book, Kind.EXECUTE, "a", 3)
    assert published(outcome) == [(Kind.EXECUTE, 4, 1, 0), (Kind.EXECUTE, 2, 1, 0)]
    expect(book, "5d | 99 |")
    assert counters(book) == {"expired_lots": 1}


def test_reactive_order_lives_with_more_than_the_tape_says_and_counts_once() -> None:
    book = book_of("2* 9a | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 1)
    expect(book, "1* 9/8a | 100 |")
    row(book, Kind.EXECUTE, "a", 1)
    expect(book, "9/7a | 100 |")
    assert counters(book) == {"diverged": 1}


def test_reactive_add_trades_with_special_orders_only() -> None:
    book = book_of("2*1 9a 3b 1*2 | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 2)  # fills order 1, so that 9/7a diverges
    outcome = row(book, Kind.ADD, "e", 11, side=SELL, price=100)
    assert published(outcome) == [
        (Kind.EXECUTE, 0, 9, 4),
        (Kind.EXECUTE, -1, 1, 3),
        (Kind.ADD, 4, 1, 1),
    ]
    expect(book, "3b | 100 | 1/11e")


def test_reactive_reveal_trades_as_an_add_does() -> None:
    book = book_of("2* | 100 |", REACTIVE)
    outcome = row(book, Kind.REVEAL, "a", 5, side=SELL, price=100)
    assert published(outcome) == [(Kind.EXECUTE, -1, 2, 0), (Kind.REVEAL, 0, 3, 3)]
    expect(book, "| 100 | 3/5a")


def test_reactive_rows_on_a_spent_order_are_void_until_its_handle_is_free() -> None:
    book = book_of("5a | 100 |", REACTIVE)
    send(book, SELL, 5, 100)
    rows = [
        row(book, Kind.REDUCE, "a", 1),
        row(book, Kind.REVEAL, "a", -1),
        row(book, Kind.REPLACE, "a", 7, price=90),
    ]
    assert book.dump()[-7:-4] == [1, 0, 7]  # one spent order: handle 0, with 7 on the tape
    rows.append(row(book, Kind.DELETE, "a", 7))
    assert [outcome.messages for outcome in rows] == [[]] * 4
    assert counters(book) == {"void": 4}
    row(book, Kind.ADD, "a", 2, price=91)
    expect(book, "2a | 91 |")


def test_reactive_void_replace_moves_where_the_next_execute_reaches() -> None:
    book = book_of("5a | 100 | \n 5b | 99 |", REACTIVE)
    send(book, SELL, 5, 100)
    row(book, Kind.REPLACE, "a", 2, price=99)
    row(book, Kind.EXECUTE, "a", 2)
    expect(book, "3/5b | 99 |")


def test_reactive_reduce_is_capped_by_what_lives() -> None:
    book = book_of("5a | 100 |", REACTIVE)
    send(book, SELL, 3, 100)
    outcome = row(book, Kind.REDUCE, "a", 4)
    assert published(outcome) == [(Kind.REDUCE, 0, 2, 0)]
    assert book.dump()[-7:-4] == [1, 0, 1]


def test_reactive_reduce_to_nothing_on_the_tape_moves_what_lives_on() -> None:
    book = book_of("2* 5a | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 2)
    row(book, Kind.REDUCE, "a", 3)
    expect(book, "2~a | 100 |")
    assert counters(book) == {"diverged": 1, "moved": 1}


def test_reactive_delete_takes_a_diverged_order_with_all_that_lives() -> None:
    book = book_of("2* 5a | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 2)
    assert published(row(book, Kind.DELETE, "a", 3)) == [(Kind.DELETE, 0, 5, 0)]
    expect(book, "")


def test_reactive_moved_order_keeps_its_place_beside_its_handle_used_again() -> None:
    book = book_of("2* 2a 4b | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 2)
    row(book, Kind.ADD, "a", 6, price=100)
    expect(book, "2~a 4b 6a | 100 |")
    outcome = row(book, Kind.EXECUTE, "b", 3)
    assert published(outcome) == [(Kind.EXECUTE, 0, 2, 10), (Kind.EXECUTE, 1, 1, 9)]


def test_reactive_replace_acts_on_what_is_left() -> None:
    book = book_of("5a | 100 | \n 5b | 99 |", REACTIVE)
    send(book, SELL, 3, 100)
    row(book, Kind.REPLACE, "a", 7, price=99)
    expect(book, "5b 4/7a | 99 |")
    outcome = row(book, Kind.REPLACE, "a", 3, price=99, flags=RowFlag.KEEP_PRIORITY)
    assert published(outcome) == [(Kind.DELETE, 0, 4, 5)]
    assert book.dump()[-7:-4] == [1, 0, 3]


def test_reactive_replace_across_us_trades_with_us_and_rests_with_what_is_left() -> None:
    book = book_of("| 103 | 5a \n 3* 2b | 100 |", REACTIVE)
    outcome = row(book, Kind.REPLACE, "a", 6, side=SELL, price=100)
    assert published(outcome) == [
        (Kind.DELETE, 0, 5, 0),
        (Kind.EXECUTE, -1, 3, 2),
        (Kind.ADD, 0, 3, 3),
    ]
    expect(book, "2b | 100 | 3/6a")


@pytest.mark.parametrize(("units", "printed"), [(199, 7), (200, 7), (201, 9)])
def test_reactive_print_fills_us_at_its_price_or_better_and_prints_the_rest(
    units: int, printed: int
) -> None:
    book = book_of("4a 2* | 100 |", REACTIVE)
    outcome = row(book, Kind.TRADE, qty=9, side=SELL, price=units)
    assert outcome.messages[-1] == (Kind.TRADE, -1, SELL, units, printed, 0)
    assert sum(fill[2] for fill in fills(outcome)) == 9 - printed
    assert book.levels(BUY, 1) == [(100, 4 + printed - 7)]


@pytest.mark.parametrize("mode", list(Mode))
def test_print_of_unknown_side_or_in_a_halt_fills_nobody_but_prints(mode: Mode) -> None:
    book = book_of("2* | 100 |", mode)
    unknown = row(book, Kind.TRADE, qty=9, side=SELL, price=2, flags=RowFlag.SIDE_UNKNOWN)
    phase(book, Phase.HALT)
    halted = row(book, Kind.TRADE, qty=9, side=SELL, price=2)
    auction = row(book, Kind.CROSS, qty=9, side=SELL, price=2)
    for outcome, kind in ((unknown, Kind.TRADE), (halted, Kind.TRADE), (auction, Kind.CROSS)):
        assert outcome == ([(kind, -1, SELL, 2, 9, 0)], [])
    expect(book, "2* | 100 |")


def test_reactive_order_that_a_row_hits_back_to_its_tape_diverges_a_second_time() -> None:
    book = book_of("3* 9a | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 2)
    expect(book, "1* 9/7a | 100 |")
    # One lot hits us and two hit a, down to its tape; then the tape takes its three lots.
    row(book, Kind.EXECUTE, "a", 3)
    expect(book, "7/4a | 100 |")
    assert counters(book) == {"diverged": 2}
