"""What a venue says when asked how an order stands, and what it does to fills afterwards."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import Liquidity, OrderType, Reason, ReportType, Side
from market.messages import Cancel, Command, Query, Replace, Report
from sim.venue import Fees, Venue
from tests.unit.sim.scripted_venue import Deed, order, play

FEES = Fees(maker_ppm=-100, taker_ppm=300)


def query(order_id: int, book_id: int = 0) -> Query:
    return Query(book_id=book_id, order_id=order_id)


def statuses(script: Any) -> list[tuple[int, ...]]:
    """Limit, filled, open and reason of each STATUS."""
    return [
        (r.price_ticks, r.qty_lots, r.leaves_lots, r.reason)
        for r in script.reports()
        if r.type is ReportType.STATUS
    ]


def bust(order_id: int, exec_id: int) -> Deed:
    return lambda venue, now_ns: venue.bust(order_id, exec_id, now_ns)


def correct(order_id: int, exec_id: int, price_ticks: int, qty_lots: int) -> Deed:
    return lambda venue, now_ns: venue.correct(order_id, exec_id, price_ticks, qty_lots, now_ns)


def figures(venue: Venue, host: int) -> tuple[int, int, int, int, int]:
    account = venue.accounts[host, 0]
    return (
        account.position_lots,
        account.cash,
        account.fee,
        account.turnover_lots,
        account.fills,
    )


def test_a_query_tells_what_is_open_and_what_has_filled() -> None:
    _, (seller, _) = play(
        [
            (1_000, order(1, Side.SELL, 50, 10)),
            (1_500, query(1)),
            (2_500, query(1)),
            (3_000, Replace(book_id=0, order_id=1, price_ticks=60, qty_lots=20)),
            (3_500, query(1)),
            (4_000, Cancel(book_id=0, order_id=1)),
            (4_500, query(1)),
        ],
        [(2_000, order(2, Side.BUY, 50, 4))],
    )

    assert [(50, 0, 10, 0), (50, 4, 6, 0), (60, 4, 20, 0), (60, 4, 0, 0)] == statuses(seller)


def test_a_query_of_an_order_that_ended_at_once_tells_no_open_lots() -> None:
    _, (_, buyer) = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [
            (2_000, order(2, Side.BUY, 50, 4)),
            (2_500, query(2)),
            (3_000, order(3, Side.BUY, 0, 9, order_type=OrderType.MARKET)),
            (3_500, query(3)),
            (4_000, order(4, Side.BUY, 50, 0)),
            (4_500, query(4)),
        ],
    )

    assert [(50, 4, 0, 0), (0, 6, 0, 0), (0, 0, 0, 0)] == statuses(buyer)


def test_a_venue_does_not_know_strangers_orders_nor_those_that_never_came() -> None:
    unknown = (0, 0, 0, Reason.UNKNOWN_ORDER)
    _, (_, stranger) = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, query(1)), (3_000, query(77)), (4_000, query(77, book_id=9))],
    )

    assert [unknown] * 3 == statuses(stranger)


def test_a_query_changes_nothing_in_the_book() -> None:
    plain: list[tuple[int, Command]] = [(1_000, order(1, Side.SELL, 50, 10))]
    other: list[tuple[int, Command]] = [(2_000, order(2, Side.BUY, 50, 4))]
    asked, _ = play([*plain, (1_500, query(1))], other)
    unasked, _ = play(plain, other)

    assert [figures(asked, host) for host in (0, 1)] == [figures(unasked, host) for host in (0, 1)]
    assert asked.orders_received == unasked.orders_received == 2


def test_a_bust_takes_lots_cash_and_fee_back_and_the_other_side_keeps_its_fill() -> None:
    venue, (seller, buyer) = play(
        [(1_000, order(1, Side.SELL, 50, 4)), (1_100, order(2, Side.SELL, 51, 6))],
        [(2_000, order(3, Side.BUY, 51, 10)), (3_000, query(3))],
        fees=FEES,
        deeds=[(2_500, bust(3, 1))],
    )

    # Only 6 at 51 are left to the buyer: 30,600, and 9.18 of fee.
    assert (6, -30_600, 9, 6, 1) == figures(venue, 1)
    assert (-10, 50_600, -5, 10, 2) == figures(venue, 0)
    (told,) = [r for r in buyer.reports() if r.type is ReportType.BUSTED]
    assert (3, 1, 50, 4, 0, 6) == (
        told.order_id, told.exec_id, told.price_ticks, told.qty_lots, told.leaves_lots, told.fee,
    )  # fmt: skip
    assert Liquidity.TAKER is told.liquidity
    assert [] == [r for r in seller.reports() if r.type is ReportType.BUSTED]
    assert [(51, 10, 0, 0)] == statuses(buyer)


def test_a_correction_restates_a_fill_and_may_itself_be_corrected_and_busted() -> None:
    plans: list[list[tuple[int, Command]]] = [
        [(1_000, order(1, Side.SELL, 50, 10)), (9_000, query(1))],
        [(2_000, order(2, Side.BUY, 50, 4))],
    ]
    deeds = [(3_000, correct(1, 1, 40, 5)), (4_000, correct(1, 1, 41, 3))]
    venue, (seller, _) = play(*plans, fees=FEES, deeds=deeds)
    gone, _ = play(*plans, fees=FEES, deeds=[*deeds, (5_000, bust(1, 1))])

    # 3 at 41 are 12,300; the fee is −1.23.
    assert (-3, 12_300, -1, 3, 1) == figures(venue, 0)
    assert (0, 0, 0, 0, 0) == figures(gone, 0)
    told = [r for r in seller.reports() if r.type is ReportType.CORRECTED]
    assert [(1, 40, 5, 6, -2), (1, 41, 3, 6, -1)] == [
        (r.exec_id, r.price_ticks, r.qty_lots, r.leaves_lots, r.fee) for r in told
    ]
    assert [(50, 4, 6, 0)] == statuses(seller)


def test_what_is_not_there_can_be_neither_busted_nor_corrected() -> None:
    answers: list[object] = []
    wishes = [bust(9, 1), bust(2, 2), correct(9, 1, 1, 1), correct(2, 2, 1, 1)]
    wishes += [bust(2, 1), bust(2, 1), correct(2, 1, 1, 1)]
    venue, (_, buyer) = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, order(2, Side.BUY, 50, 4))],
        deeds=[
            (3_000, lambda venue, now_ns: answers.extend(w(venue, now_ns) for w in wishes)),
        ],
    )

    assert [False] * 4 + [True, False, False] == answers
    assert (0, 0, 0, 0, 0) == figures(venue, 1)
    assert 1 == len([r for r in buyer.reports() if r.exec_id and r.type is not ReportType.FILLED])


def test_a_fill_after_a_bust_takes_the_next_number() -> None:
    _, (seller, _, _) = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, order(2, Side.BUY, 50, 4))],
        [(4_000, order(3, Side.BUY, 50, 4))],
        deeds=[(3_000, bust(1, 1))],
    )

    told = [(r.type, r.exec_id) for r in seller.reports() if r.exec_id]
    assert [(ReportType.FILLED, 1), (ReportType.BUSTED, 1), (ReportType.FILLED, 2)] == told


@settings(max_examples=25)
@given(
    asks=st.lists(st.tuples(st.integers(40, 60), st.integers(1, 9)), min_size=1, max_size=6),
    wants=st.integers(1, 40),
    deeds=st.lists(
        st.tuples(st.booleans(), st.integers(0, 7), st.integers(0, 7), st.integers(1, 99)),
        max_size=8,
    ),
)
def test_what_reports_say_adds_up_to_the_venues_own_ledger(
    asks: list[tuple[int, int]], wants: int, deeds: list[tuple[bool, int, int, int]]
) -> None:
    plan = [(1_000 + i, order(1 + i, Side.SELL, price, qty)) for i, (price, qty) in enumerate(asks)]
    acts = [
        (4_000 + i, bust(number, exec_id) if busts else correct(number, exec_id, fresh, fresh + 1))
        for i, (busts, number, exec_id, fresh) in enumerate(deeds)
    ]
    buys: list[tuple[int, Command]] = [(2_000, order(7, Side.BUY, 55, wants))]
    venue, scripts = play([*plan], buys, fees=FEES, deeds=acts)

    for host, (script, side) in enumerate(zip(scripts, (Side.SELL, Side.BUY), strict=True)):
        stands: dict[tuple[int, int], Report] = {}
        for report in script.reports():
            key = (report.order_id, report.exec_id)
            if report.type is ReportType.BUSTED:
                del stands[key]
            elif report.exec_id:
                stands[key] = report
        lots = sum(report.qty_lots for report in stands.values())
        worth = sum(report.price_ticks * 100 * report.qty_lots for report in stands.values())
        fee = sum(report.fee for report in stands.values())
        told = (side.sign * lots, -side.sign * worth, fee, lots, len(stands))
        assert told == (figures(venue, host) if (host, 0) in venue.accounts else (0,) * 5)
