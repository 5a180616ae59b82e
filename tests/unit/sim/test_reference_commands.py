"""What we may do to the reference book, one test a rule of docs/explanation/venue-truth.md."""

import pytest

from market.codes import Kind, Liquidity, Mode, Phase, Reason, ReportType
from market.codes import TimeInForce as Tif
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from sim.reference import Report
from tests.unit.sim.book_verbs import (
    BUY,
    REACTIVE,
    SELL,
    expect,
    fills,
    phase,
    published,
    row,
    send,
)
from tests.unit.sim.ladder import book_of


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
        Report(ReportType.FILLED, 1, 101, 3, 1, Reason.NONE, Liquidity.MAKER),
        Report(ReportType.FILLED, 2, 101, 3, 0, Reason.NONE, Liquidity.TAKER),
    ]
    assert outcome.messages == []


def test_market_order_takes_every_price_and_the_remainder_expires() -> None:
    book = book_of("| 500 | 1b \n | 101 | 4a", REACTIVE)
    outcome = send(book, BUY, 7)
    expect(book, "")
    assert fills(outcome) == [(1, 101, 4, 3), (1, 500, 1, 2)]
    assert outcome.reports[-1] == Report(ReportType.EXPIRED, 1, 0, 2, 0, Reason.NO_LIQUIDITY, 0)


def test_ioc_remainder_expires() -> None:
    book = book_of("| 101 | 4a", REACTIVE)
    outcome = send(book, BUY, 7, 101, tif=Tif.IOC)
    expect(book, "")
    assert outcome.reports[-1] == Report(ReportType.EXPIRED, 1, 101, 3, 0, Reason.IOC_REMAINDER, 0)


@pytest.mark.parametrize("mode", list(Mode))
def test_fok_fills_in_full_or_is_rejected_and_changes_nothing(mode: Mode) -> None:
    book = book_of("| 102 | 9b \n | 101 | 4a", mode)
    before = book.dump()
    refused = send(book, BUY, 5, 101, tif=Tif.FOK)
    assert refused.reports == [Report(ReportType.REJECTED, 1, 101, 5, 0, Reason.NOT_FILLABLE, 0, 4)]
    assert book.dump() == before
    assert fills(send(book, BUY, 5, 102, tif=Tif.FOK)) == [(1, 101, 4, 1), (1, 102, 1, 0)]


def test_frozen_fok_counts_only_what_we_have_not_eaten() -> None:
    book = book_of("| 101 | 4a")
    send(book, BUY, 3, 101)
    assert send(book, BUY, 2, 101, order_id=2, tif=Tif.FOK).reports[0].reason == Reason.NOT_FILLABLE


def test_post_only_rests_beside_the_other_side_and_never_crosses_it() -> None:
    book = book_of("| 101 | 4a")
    refused = send(book, BUY, 5, 101, post_only=True)
    assert refused.reports == [
        Report(ReportType.REJECTED, 1, 101, 5, 0, Reason.WOULD_CROSS, 0, 101)
    ]
    send(book, BUY, 5, 100, post_only=True)
    expect(book, "| 101 | 4a \n 5* | 100 |")


def test_frozen_post_only_is_refused_by_a_level_that_we_have_eaten() -> None:
    book = book_of("| 101 | 4a")
    send(book, BUY, 4, 101)
    refused = send(book, BUY, 1, 101, order_id=2, post_only=True)
    assert refused.reports[0].reason == Reason.WOULD_CROSS


@pytest.mark.parametrize(
    ("order", "reason", "figure"),
    [
        ({"qty": 0, "price": 1 << 50}, Reason.BAD_QTY, QTY_LOTS_MAX),
        ({"qty": QTY_LOTS_MAX + 1, "price": 1}, Reason.BAD_QTY, QTY_LOTS_MAX),
        (
            {"qty": 1, "price": -PRICE_TICKS_MAX - 1, "post_only": True},
            Reason.BAD_PRICE,
            PRICE_TICKS_MAX,
        ),
        ({"qty": 1, "price": 100, "post_only": True, "tif": Tif.IOC}, Reason.BAD_FLAGS, 0),
        ({"qty": 1, "post_only": True}, Reason.BAD_FLAGS, 0),
        ({"qty": 1, "price": 100, "tif": Tif.IOC}, Reason.CLOSED, Phase.CLOSED),
    ],
)
def test_submit_names_the_first_check_that_fails_and_its_figure(
    order: dict[str, int], reason: Reason, figure: int
) -> None:
    book = book_of()
    phase(book, Phase.CLOSED)
    outcome = send(book, BUY, **order)
    price = order.get("price", 0)
    assert outcome.reports == [
        Report(ReportType.REJECTED, 1, price, order["qty"], 0, reason, 0, figure)
    ]


def test_cancel_ends_an_order_in_every_phase_and_only_once() -> None:
    book = book_of("5* | 100 |", REACTIVE)
    phase(book, Phase.CLOSED)
    outcome = book.cancel(1)
    assert outcome.reports == [Report(ReportType.CANCELLED, 1, 100, 5, 0, Reason.NONE, 0)]
    assert published(outcome) == [(Kind.DELETE, -1, 5, 0)]
    again = book.cancel(1)
    assert again.reports == [
        Report(ReportType.CANCEL_REJECTED, 1, 0, 0, 0, Reason.UNKNOWN_ORDER, 0)
    ]


def test_replace_to_as_much_or_less_at_the_same_price_keeps_priority() -> None:
    book = book_of("5* 2a | 100 |", REACTIVE)
    book.replace(1, price_ticks=100, qty_lots=5)
    expect(book, "5* 2a | 100 |")
    outcome = book.replace(1, price_ticks=100, qty_lots=3)
    expect(book, "3* 2a | 100 |")
    assert outcome.reports == [Report(ReportType.REPLACED, 1, 100, 3, 3, Reason.NONE, 0)]
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
    assert refused.reports == [
        Report(ReportType.REPLACE_REJECTED, 1, 101, 2, 5, Reason.WOULD_CROSS, 0, 101)
    ]
    expect(book, "| 101 | 4a \n 5* | 100 |")


def test_replace_of_a_post_only_order_to_more_at_its_own_price_may_take() -> None:
    book = book_of()
    send(book, BUY, 2, 100, post_only=True)
    row(book, Kind.REVEAL, "a", 4, side=SELL, price=100)  # frozen: fills nobody, so it locks
    assert fills(book.replace(1, price_ticks=100, qty_lots=3)) == [(1, 100, 3, 0)]


def test_replace_of_a_waiting_market_order_is_refused_with_the_price_asked_for() -> None:
    book = book_of()
    phase(book, Phase.HALT)
    send(book, BUY, 2)
    refused = book.replace(1, price_ticks=7, qty_lots=1)
    assert refused.reports == [Report(ReportType.REPLACE_REJECTED, 1, 7, 1, 2, Reason.BAD_FLAGS, 0)]


def test_replace_is_refused_for_unknown_orders_bad_numbers_and_closed_books() -> None:
    book = book_of("5* | 100 |")
    phase(book, Phase.HALT)
    send(book, BUY, 2, order_id=2)
    refused = [
        book.replace(9, price_ticks=1, qty_lots=0).reports[0],
        book.replace(1, price_ticks=1 << 50, qty_lots=0).reports[0],
        book.replace(1, price_ticks=1 << 50, qty_lots=1).reports[0],
        book.replace(2, price_ticks=1, qty_lots=1).reports[0],
    ]
    phase(book, Phase.CLOSED)
    refused.append(book.replace(1, price_ticks=1, qty_lots=1).reports[0])
    assert [(each.reason, each.figure) for each in refused] == [
        (Reason.UNKNOWN_ORDER, 0),
        (Reason.BAD_QTY, QTY_LOTS_MAX),
        (Reason.BAD_PRICE, PRICE_TICKS_MAX),
        (Reason.BAD_FLAGS, 0),
        (Reason.CLOSED, Phase.CLOSED),
    ]


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
        refused = send(book, BUY, 1, 100, tif=tif).reports[0]
        assert (refused.reason, refused.figure) == (reason, pause)


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
    assert outcome.reports == [Report(ReportType.EXPIRED, 1, 0, 3, 0, Reason.NO_LIQUIDITY, 0)]


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
