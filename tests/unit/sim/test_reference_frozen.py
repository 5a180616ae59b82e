"""Frozen history on the reference book, one test a rule of docs/explanation/venue-truth.md."""

import pytest

from market.codes import Kind, RowFlag
from tests.unit.sim.book_verbs import (
    BUY,
    SELL,
    expect,
    fills,
    published,
    row,
    send,
)
from tests.unit.sim.ladder import book_of


def test_frozen_liquidity_is_eaten_once_and_what_the_public_sees_stays() -> None:
    book = book_of("| 101 | 4a")
    assert fills(send(book, BUY, 3, 101)) == [(1, 101, 3, 0)]
    assert fills(send(book, BUY, 3, 101, order_id=2)) == [(2, 101, 1, 2)]
    expect(book, "2*2 | 101 | 0/4a")
    assert book.levels(SELL, 5) == [(101, 4)]
    assert book.levels(BUY, 5) == []


def test_frozen_taking_leaves_what_we_ate_for_last() -> None:
    book = book_of("| 101 | 5a")
    send(book, BUY, 2, 101)
    row(book, Kind.REDUCE, "a", 1)
    expect(book, "| 101 | 3/4a")
    row(book, Kind.EXECUTE, "a", 2)
    expect(book, "| 101 | 2a")


def test_frozen_execute_fills_us_on_better_levels_and_ahead_up_to_its_size() -> None:
    book = book_of("2*1 | 101 | \n 3*2 5a 4*3 | 100 |")
    outcome = row(book, Kind.EXECUTE, "a", 4)
    assert fills(outcome) == [(1, 101, 2, 0), (2, 100, 2, 1)]
    assert published(outcome) == [(Kind.EXECUTE, 0, 4, 1)]
    expect(book, "1*2 1a 4*3 | 100 |")


def test_frozen_execute_leaves_us_alone_behind_it_and_on_worse_levels() -> None:
    book = book_of("5a 4*1 | 100 | \n 4*2 | 99 |")
    assert fills(row(book, Kind.EXECUTE, "a", 5)) == []
    expect(book, "4* | 100 | \n 4*2 | 99 |")


def test_frozen_add_that_crosses_us_fills_us_and_stays_as_it_is() -> None:
    book = book_of("2*1 | 101 | \n 3*2 | 100 |")
    outcome = row(book, Kind.ADD, "a", 4, side=SELL, price=100)
    assert fills(outcome) == [(1, 101, 2, 0), (2, 100, 2, 1)]
    assert published(outcome) == [(Kind.ADD, 0, 4, 4)]
    expect(book, "1*2 | 100 | 4a")


def test_frozen_reveal_fills_nobody() -> None:
    book = book_of("2* | 101 |")
    assert fills(row(book, Kind.REVEAL, "a", 4, side=SELL, price=100)) == []
    expect(book, "2* | 101 | \n | 100 | 4a")


@pytest.mark.parametrize(("units", "lots"), [(199, 2), (200, 0), (201, 0)])
def test_frozen_print_fills_us_only_when_we_are_better_priced(units: int, lots: int) -> None:
    book = book_of("2* | 100 |")
    outcome = row(book, Kind.TRADE, qty=9, side=SELL, price=units)
    assert sum(fill[2] for fill in fills(outcome)) == lots
    assert outcome.messages == [(Kind.TRADE, -1, SELL, units, 9, 0)]


def test_frozen_replace_keeps_what_we_ate_eaten() -> None:
    book = book_of("| 101 | 5a")
    send(book, BUY, 3, 101)
    row(book, Kind.REPLACE, "a", 4, side=SELL, price=102)
    expect(book, "| 102 | 2/4a")
    row(book, Kind.REPLACE, "a", 7, side=SELL, price=102, flags=RowFlag.KEEP_PRIORITY)
    expect(book, "| 102 | 5/7a")
    row(book, Kind.REPLACE, "a", 1, side=SELL, price=102, flags=RowFlag.KEEP_PRIORITY)
    expect(book, "| 102 | 1a")


def test_frozen_replace_across_us_fills_us_with_its_new_quantity() -> None:
    book = book_of("| 103 | 5a \n 3* | 100 |")
    assert fills(row(book, Kind.REPLACE, "a", 2, side=SELL, price=99)) == [(1, 100, 2, 1)]
    expect(book, "1* | 100 | \n | 99 | 2a")


def test_frozen_replace_across_us_fills_us_with_all_of_it_though_we_ate_a_part() -> None:
    book = book_of("| 103 | 5a")
    send(book, BUY, 3, 103, order_id=2)
    send(book, BUY, 9, 100)
    assert fills(row(book, Kind.REPLACE, "a", 4, side=SELL, price=100)) == [(1, 100, 4, 5)]
    expect(book, "5* | 100 | 2/4a")
