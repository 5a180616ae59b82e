"""Rules of docs/explanation/venue-truth.md that hold in both modes, on the reference book."""

import pytest

from market.codes import Kind, Mode, Phase, RowFlag
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import BadRow
from tests.unit.sim.book_verbs import (
    BUY,
    REACTIVE,
    SELL,
    counters,
    expect,
    published,
    row,
    send,
)
from tests.unit.sim.ladder import HANDLE_COUNT, TICK_UNITS, book_of


@pytest.mark.parametrize("mode", list(Mode))
def test_without_our_orders_both_modes_give_the_tape_and_its_book(mode: Mode) -> None:
    book = book_of("| 101 | 4a 5b \n 3c 2d | 100 |", mode)
    heard = [
        *published(row(book, Kind.EXECUTE, "a", 3)),
        *published(row(book, Kind.REDUCE, "b", 2)),
        *published(row(book, Kind.REVEAL, "b", -1)),
        *published(row(book, Kind.REVEAL, "e", 7, side=SELL, price=102)),
        *published(row(book, Kind.DELETE, "d", 99)),
    ]
    expect(book, "| 102 | 7e \n | 101 | 1a 2b \n 3c | 100 |")
    assert heard == [
        (Kind.EXECUTE, 0, 3, 6),
        (Kind.REDUCE, 1, 2, 4),
        (Kind.REVEAL, 1, -1, 3),
        (Kind.REVEAL, 4, 7, 7),
        (Kind.DELETE, 3, 2, 3),
    ]
    assert counters(book) == {}


@pytest.mark.parametrize("mode", list(Mode))
def test_replace_in_place_keeps_priority_and_publishes_one_replace(mode: Mode) -> None:
    book = book_of("5a 2b | 100 |", mode)
    outcome = row(book, Kind.REPLACE, "a", 9, price=100, flags=RowFlag.KEEP_PRIORITY)
    expect(book, "9a 2b | 100 |")
    assert published(outcome) == [(Kind.REPLACE, 0, 9, 11)]


@pytest.mark.parametrize("flags", [0, RowFlag.KEEP_PRIORITY])
@pytest.mark.parametrize("mode", list(Mode))
def test_replace_to_another_price_goes_to_the_back_as_delete_and_add(
    mode: Mode, flags: int
) -> None:
    book = book_of("5a | 100 | \n 2b | 99 |", mode)
    outcome = row(book, Kind.REPLACE, "a", 4, price=99, flags=flags)
    expect(book, "2b 4a | 99 |")
    assert published(outcome) == [(Kind.DELETE, 0, 5, 0), (Kind.ADD, 0, 4, 6)]


def test_replace_at_the_same_price_without_keep_priority_goes_to_the_back() -> None:
    book = book_of("5a 2b | 100 |")
    row(book, Kind.REPLACE, "a", 5, price=100)
    expect(book, "2b 5a | 100 |")


def test_handle_is_free_again_after_its_last_lot() -> None:
    book = book_of("5a | 100 |")
    row(book, Kind.EXECUTE, "a", 5)
    row(book, Kind.ADD, "a", 3, side=SELL, price=101)
    expect(book, "| 101 | 3a")


# What no tape may say.


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "bad",
    [
        {"kind": Kind.ADD, "name": "a", "qty": 1, "price": 99},
        {"kind": Kind.REVEAL, "name": "a", "qty": 1, "price": 99},
        {"kind": Kind.ADD, "name": "b", "qty": 0, "price": 99},
        {"kind": Kind.ADD, "name": "b", "qty": QTY_LOTS_MAX + 1, "price": 99},
        {"kind": Kind.ADD, "name": "b", "qty": 1, "price": PRICE_TICKS_MAX + 1},
        {"kind": Kind.ADD, "name": "b", "qty": 1, "price": -PRICE_TICKS_MAX - 1},
        {"kind": Kind.ADD, "qty": 1, "price": 99},
        {"kind": Kind.ADD, "name": chr(ord("a") + HANDLE_COUNT), "qty": 1, "price": 99},
        {"kind": Kind.REVEAL, "name": "b", "qty": -1},
        {"kind": Kind.REVEAL, "name": "a", "qty": 0},
        {"kind": Kind.REVEAL, "name": "a", "qty": -6},
        {"kind": Kind.REDUCE, "name": "a", "qty": 6},
        {"kind": Kind.REDUCE, "name": "b", "qty": 1},
        {"kind": Kind.EXECUTE, "name": "a", "qty": 6},
        {"kind": Kind.EXECUTE, "name": "a", "qty": -1},
        {"kind": Kind.DELETE, "name": "b", "qty": 1},
        {"kind": Kind.DELETE, "name": "a", "qty": 0},
        {"kind": Kind.REPLACE, "name": "b", "qty": 1, "price": 99},
        {"kind": Kind.REPLACE, "name": "a", "qty": 1, "price": 102, "side": SELL},
        {"kind": Kind.TRADE, "qty": 0, "price": 99},
        {"kind": Kind.TRADE, "qty": 1, "price": (PRICE_TICKS_MAX + 1) * TICK_UNITS},
        {"kind": Kind.CROSS, "qty": -1, "price": 99},
        {"kind": Kind.PHASE, "qty": 4},
        {"kind": Kind.LEVEL, "qty": 1, "price": 99},
        {"kind": Kind.QUOTE, "qty": 1, "price": 99},
        {"kind": 77, "qty": 1, "price": 99},
    ],
    ids=lambda bad: " ".join(str(value) for value in bad.values()),
)
def test_row_that_the_tape_forbids_is_an_error_and_changes_nothing(
    mode: Mode, bad: dict[str, int]
) -> None:
    book = book_of("2* 5a | 100 |", mode)
    before = book.digest()
    with pytest.raises(BadRow, match=r": .*(must|takes more)"):
        row(book, **bad)
    assert book.digest() == before
    assert book.cancel(77).messages == []  # and nothing was left to be said later


def test_dump_is_laid_out_as_the_specification_says() -> None:
    book = book_of("| 101 | 4a \n 2*7 3b | 100 |", REACTIVE)
    row(book, Kind.EXECUTE, "b", 3)  # two of ours, one of b, which then outlives its handle
    send(book, BUY, 4, 101)
    assert book.dump() == [
        Phase.CONTINUOUS,
        *(1, 100, 2, 1, 1 * 4 + 2, 2, 0, 0),  # bids: a level of one moved order; no market order
        *(0, 0),  # asks: neither
        *(1, 0, 4),  # spent: handle a, with four lots on the tape
        *(0, 0, 1, 1),
    ]
    assert len(book.digest()) == 32
