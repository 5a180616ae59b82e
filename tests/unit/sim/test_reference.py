"""The rules of docs/explanation/venue-truth.md, one test a rule, on the reference book."""

import pytest

from market.codes import Kind, Liquidity, Mode, OrderType, Phase, Reason, ReportType, RowFlag, Side
from market.codes import TimeInForce as Tif
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import BadRow
from sim.reference import Outcome, ReferenceBook
from tests.unit.sim.ladder import HANDLE_COUNT, TICK_UNITS, book_of, render, squeeze

FROZEN, REACTIVE = Mode.FROZEN, Mode.REACTIVE
BUY, SELL = Side.BUY, Side.SELL


def row(
    book: ReferenceBook,
    kind: Kind,
    name: str = "",
    qty: int = 0,
    *,
    side: Side = BUY,
    price: int = 0,
    flags: int = 0,
) -> Outcome:
    """Apply a row; `name` is the order's letter in the ladder."""
    handle = ord(name) - ord("a") if name else -1
    return book.apply(kind=kind, side_flags=int(side) | flags, handle=handle, price=price, qty=qty)


def send(
    book: ReferenceBook,
    side: Side,
    qty: int,
    price: int | None = None,
    *,
    order_id: int = 1,
    tif: Tif = Tif.GTC,
    post_only: bool = False,
) -> Outcome:
    """Submit an order of ours; without a price it is a market order."""
    return book.submit(
        order_id,
        side=side,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        tif=tif,
        post_only=post_only,
        price_ticks=price or 0,
        qty_lots=qty,
    )


def phase(book: ReferenceBook, phase: Phase) -> Outcome:
    return row(book, Kind.PHASE, qty=phase)


def fills(outcome: Outcome) -> list[tuple[int, int, int, int]]:
    """The fills reported, as (order_id, price, lots, leaves)."""
    return [tuple(each[1:5]) for each in outcome.reports if each.type == ReportType.FILLED]


def published(outcome: Outcome) -> list[tuple[int, int, int, int]]:
    """What was published, as (kind, handle, quantity, level shown after it)."""
    return [(each.kind, each.handle, each.qty, each.level_shown) for each in outcome.messages]


def expect(book: ReferenceBook, ladder: str) -> None:
    book.check_invariants()
    assert render(book) == squeeze(ladder)


def counters(book: ReferenceBook) -> dict[str, int]:
    names = ("void", "expired_lots", "diverged", "moved")
    return {name: count for name, count in zip(names, book.dump()[-4:], strict=True) if count}


# Without us.


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


# Our commands.


def test_submit_takes_the_best_price_first_and_the_oldest_first_then_rests() -> None:
    book = book_of("| 102 | 9c \n | 101 | 4a 1b", REACTIVE)
    outcome = send(book, BUY, 7, 101)
    expect(book, "| 102 | 9c \n 2* | 101 |")
    assert fills(outcome) == [(1, 101, 4, 3), (1, 101, 1, 2)]
    assert [each.liquidity for each in outcome.reports[1:]] == [Liquidity.TAKER] * 2
    assert published(outcome) == [
        (Kind.EXECUTE, 0, 4, 1),
        (Kind.EXECUTE, 1, 1, 0),
        (Kind.ADD, -1, 2, 2),
    ]


def test_our_orders_trade_with_each_other_and_the_maker_hears_first() -> None:
    book = book_of("| 101 | 4*")
    outcome = send(book, BUY, 3, 105, order_id=2)
    assert outcome.reports[1:] == [
        (ReportType.FILLED, 1, 101, 3, 1, Reason.NONE, Liquidity.MAKER),
        (ReportType.FILLED, 2, 101, 3, 0, Reason.NONE, Liquidity.TAKER),
    ]
    assert outcome.messages == []


def test_market_order_takes_every_price_and_the_remainder_expires() -> None:
    book = book_of("| 500 | 1b \n | 101 | 4a", REACTIVE)
    outcome = send(book, BUY, 7)
    expect(book, "")
    assert fills(outcome) == [(1, 101, 4, 3), (1, 500, 1, 2)]
    assert outcome.reports[-1] == (ReportType.EXPIRED, 1, 0, 2, 0, Reason.NO_LIQUIDITY, 0)


def test_ioc_remainder_expires() -> None:
    book = book_of("| 101 | 4a", REACTIVE)
    outcome = send(book, BUY, 7, 101, tif=Tif.IOC)
    expect(book, "")
    assert outcome.reports[-1] == (ReportType.EXPIRED, 1, 101, 3, 0, Reason.IOC_REMAINDER, 0)


@pytest.mark.parametrize("mode", list(Mode))
def test_fok_fills_in_full_or_is_rejected_and_changes_nothing(mode: Mode) -> None:
    book = book_of("| 102 | 9b \n | 101 | 4a", mode)
    before = book.dump()
    refused = send(book, BUY, 5, 101, tif=Tif.FOK)
    assert refused.reports == [(ReportType.REJECTED, 1, 101, 5, 0, Reason.NOT_FILLABLE, 0)]
    assert book.dump() == before
    assert fills(send(book, BUY, 5, 102, tif=Tif.FOK)) == [(1, 101, 4, 1), (1, 102, 1, 0)]


def test_frozen_fok_counts_only_what_we_have_not_eaten() -> None:
    book = book_of("| 101 | 4a")
    send(book, BUY, 3, 101)
    assert send(book, BUY, 2, 101, order_id=2, tif=Tif.FOK).reports[0].reason == Reason.NOT_FILLABLE


def test_post_only_rests_beside_the_other_side_and_never_crosses_it() -> None:
    book = book_of("| 101 | 4a")
    refused = send(book, BUY, 5, 101, post_only=True)
    assert refused.reports == [(ReportType.REJECTED, 1, 101, 5, 0, Reason.WOULD_CROSS, 0)]
    send(book, BUY, 5, 100, post_only=True)
    expect(book, "| 101 | 4a \n 5* | 100 |")


def test_frozen_post_only_is_refused_by_a_level_that_we_have_eaten() -> None:
    book = book_of("| 101 | 4a")
    send(book, BUY, 4, 101)
    refused = send(book, BUY, 1, 101, order_id=2, post_only=True)
    assert refused.reports[0].reason == Reason.WOULD_CROSS


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"qty": 0, "price": 1 << 50}, Reason.BAD_QTY),
        ({"qty": QTY_LOTS_MAX + 1, "price": 1}, Reason.BAD_QTY),
        ({"qty": 1, "price": -PRICE_TICKS_MAX - 1, "post_only": True}, Reason.BAD_PRICE),
        ({"qty": 1, "price": 100, "post_only": True, "tif": Tif.IOC}, Reason.BAD_FLAGS),
        ({"qty": 1, "post_only": True}, Reason.BAD_FLAGS),
    ],
)
def test_submit_names_the_first_check_that_fails(order: dict[str, int], reason: Reason) -> None:
    book = book_of()
    phase(book, Phase.CLOSED)
    outcome = send(book, BUY, **order)
    price = order.get("price", 0)
    assert outcome.reports == [(ReportType.REJECTED, 1, price, order["qty"], 0, reason, 0)]


def test_cancel_ends_an_order_in_every_phase_and_only_once() -> None:
    book = book_of("5* | 100 |", REACTIVE)
    phase(book, Phase.CLOSED)
    outcome = book.cancel(1)
    assert outcome.reports == [(ReportType.CANCELLED, 1, 100, 5, 0, Reason.NONE, 0)]
    assert published(outcome) == [(Kind.DELETE, -1, 5, 0)]
    again = book.cancel(1)
    assert again.reports == [(ReportType.CANCEL_REJECTED, 1, 0, 0, 0, Reason.UNKNOWN_ORDER, 0)]


def test_replace_to_less_at_the_same_price_keeps_priority() -> None:
    book = book_of("5* 2a | 100 |", REACTIVE)
    outcome = book.replace(1, price_ticks=100, qty_lots=3)
    expect(book, "3* 2a | 100 |")
    assert outcome.reports == [(ReportType.REPLACED, 1, 100, 3, 3, Reason.NONE, 0)]
    assert published(outcome) == [(Kind.REPLACE, -1, 3, 5)]


def test_replace_to_more_goes_to_the_back_of_the_queue() -> None:
    book = book_of("5* 2a | 100 |", REACTIVE)
    outcome = book.replace(1, price_ticks=100, qty_lots=6)
    expect(book, "2a 6* | 100 |")
    assert published(outcome) == [(Kind.DELETE, -1, 5, 2), (Kind.ADD, -1, 6, 8)]


def test_replace_to_a_crossing_price_trades_and_the_remainder_rests() -> None:
    book = book_of("| 101 | 4a \n 5* | 100 |", REACTIVE)
    assert fills(book.replace(1, price_ticks=101, qty_lots=6)) == [(1, 101, 4, 2)]
    expect(book, "2* | 101 |")


def test_replace_keeps_the_post_only_mark_and_leaves_the_order_when_refused() -> None:
    book = book_of("| 101 | 4a")
    send(book, BUY, 5, 99, post_only=True)
    book.replace(1, price_ticks=100, qty_lots=5)
    refused = book.replace(1, price_ticks=101, qty_lots=2)
    assert refused.reports == [(ReportType.REPLACE_REJECTED, 1, 101, 2, 5, Reason.WOULD_CROSS, 0)]
    expect(book, "| 101 | 4a \n 5* | 100 |")


def test_replace_is_refused_for_unknown_orders_bad_numbers_and_closed_books() -> None:
    book = book_of("5* | 100 |")
    phase(book, Phase.HALT)
    send(book, BUY, 2, order_id=2)
    reasons = [
        book.replace(9, price_ticks=1, qty_lots=0).reports[0].reason,
        book.replace(1, price_ticks=1 << 50, qty_lots=0).reports[0].reason,
        book.replace(1, price_ticks=1 << 50, qty_lots=1).reports[0].reason,
        book.replace(2, price_ticks=1, qty_lots=1).reports[0].reason,
    ]
    phase(book, Phase.CLOSED)
    reasons.append(book.replace(1, price_ticks=1, qty_lots=1).reports[0].reason)
    assert reasons == [
        Reason.UNKNOWN_ORDER,
        Reason.BAD_QTY,
        Reason.BAD_PRICE,
        Reason.BAD_FLAGS,
        Reason.CLOSED,
    ]


# Frozen: history happens as it did.


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


# Reactive: history's commands meet the book as it is.


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


# Phases.


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_matches_outside_continuous_but_history_still_executes(mode: Mode) -> None:
    book = book_of("2* | 100 |", mode)
    phase(book, Phase.HALT)
    assert fills(row(book, Kind.ADD, "a", 3, side=SELL, price=99)) == []
    assert fills(send(book, BUY, 1, 99, order_id=2)) == []
    row(book, Kind.ADD, "b", 5, price=99)
    assert fills(row(book, Kind.EXECUTE, "b", 2)) == [(1, 100, 2, 0)]


@pytest.mark.parametrize(
    ("pause", "reason"), [(Phase.HALT, Reason.HALTED), (Phase.CLOSED, Reason.CLOSED)]
)
def test_orders_that_cannot_wait_are_refused_outside_continuous(
    pause: Phase, reason: Reason
) -> None:
    book = book_of()
    phase(book, pause)
    for tif in (Tif.IOC, Tif.FOK):
        assert send(book, BUY, 1, 100, tif=tif).reports[0].reason == reason


def test_resume_runs_market_orders_first_then_crossing_limit_orders() -> None:
    book = book_of("| 102 | 9b \n | 101 | 4a", REACTIVE)
    phase(book, Phase.HALT)
    send(book, BUY, 2, 101, order_id=1)
    send(book, BUY, 3, order_id=2)
    send(book, SELL, 1, order_id=3)
    outcome = phase(book, Phase.CONTINUOUS)
    assert fills(outcome) == [
        (2, 101, 3, 0),  # the market buy takes a
        (1, 101, 1, 1),  # the market sell meets our own bid
        (3, 101, 1, 0),
        (1, 101, 1, 0),  # the rest of the bid takes the rest of a
    ]
    assert published(outcome) == [
        (Kind.PHASE, -1, Phase.CONTINUOUS, 0),
        (Kind.EXECUTE, 0, 3, 1),
        (Kind.EXECUTE, -1, 1, 1),
        (Kind.DELETE, -1, 1, 0),
        (Kind.EXECUTE, 0, 1, 0),
    ]
    expect(book, "| 102 | 9b")


def test_waiting_market_order_is_not_published_and_expires_when_nothing_is_there() -> None:
    book = book_of(mode=REACTIVE)
    phase(book, Phase.PRE_OPEN)
    assert send(book, BUY, 3).messages == []
    assert book.dump()[:5] == [Phase.PRE_OPEN, 0, 1, 5, 3]  # one in the buys' market queue
    outcome = phase(book, Phase.CONTINUOUS)
    assert outcome.reports == [(ReportType.EXPIRED, 1, 0, 3, 0, Reason.NO_LIQUIDITY, 0)]


def test_frozen_resume_ends_when_all_that_is_crossed_is_eaten() -> None:
    book = book_of("| 100 | 2a")
    send(book, BUY, 5, 100)
    phase(book, Phase.HALT)
    assert fills(phase(book, Phase.CONTINUOUS)) == []
    expect(book, "3* | 100 | 0/2a")


def test_continuous_after_continuous_sweeps_nothing() -> None:
    book = book_of("2* 3*2 | 100 |")
    row(book, Kind.REVEAL, "a", 4, side=SELL, price=100)
    assert fills(phase(book, Phase.CONTINUOUS)) == []
    phase(book, Phase.HALT)
    assert fills(phase(book, Phase.CONTINUOUS)) == [(1, 100, 2, 0), (2, 100, 2, 1)]


def test_clear_takes_history_and_moved_orders_and_leaves_us() -> None:
    book = book_of("2*1 2a 4b 1*2 | 100 | \n 3*3 | 99 |", REACTIVE)
    row(book, Kind.EXECUTE, "a", 2)
    outcome = row(book, Kind.CLEAR)
    assert outcome == ([(Kind.CLEAR, -1, 0, 0, 0, 0)], [])
    expect(book, "1*2 | 100 | \n 3*3 | 99 |")
    row(book, Kind.ADD, "b", 4, price=98)


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
