"""Venue, session and host: every command is answered, to its owner, and booked once."""

from market.codes import OrderType, Reason, ReportType, Side, TimeInForce, Trigger
from market.messages import Cancel, Command, Replace, Report, Submit, View
from sim.venue import Fees
from tests.unit.sim.scripted_venue import COMPUTE_NS, WIRE_NS, order, play


def test_a_command_takes_compute_time_and_both_wires() -> None:
    _, (script,) = play([(1_000, order(1, Side.BUY, 50, 10))])

    (time_ns, report) = next(pair for pair in script.got if isinstance(pair[1], Report))
    assert 1_000 + COMPUTE_NS + WIRE_NS == report.venue_ns
    assert report.venue_ns + WIRE_NS == time_ns


def test_a_trade_is_booked_to_both_and_fees_to_the_right_side() -> None:
    venue, scripts = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, order(2, Side.BUY, 52, 4))],
        fees=Fees(maker_ppm=-100, taker_ppm=300),
    )

    seller, buyer = venue.accounts[0, 0], venue.accounts[1, 0]
    assert (-4, 4) == (seller.position_lots, buyer.position_lots)
    assert 50 * 100 * 4 == seller.cash == -buyer.cash
    assert (-2, 6) == (seller.fee, buyer.fee)  # 20,000 at −100 and at 300 parts per million
    fills = [r for r in scripts[1].reports() if r.type is ReportType.FILLED]
    assert [(50, 4, 0, 1, 6)] == [
        (r.price_ticks, r.qty_lots, r.leaves_lots, r.exec_id, r.fee) for r in fills
    ]


def test_a_fee_is_rounded_half_up_fill_by_fill_and_an_account_has_the_sum() -> None:
    # A lot is worth 5,000: at 100 parts per million 0.5 for the taker, −0.5 for the maker.
    venue, (maker, taker) = play(
        [(1_000, order(1, Side.SELL, 50, 1)), (1_500, order(2, Side.SELL, 50, 3))],
        [(2_000, order(3, Side.BUY, 50, 4))],
        fees=Fees(maker_ppm=-100, taker_ppm=100),
    )

    def fees(reports: list[Report]) -> list[tuple[int, int, int]]:
        return [(r.order_id, r.exec_id, r.fee) for r in reports if r.type is ReportType.FILLED]

    assert [(3, 1, 1), (3, 2, 2)] == fees(taker.reports())  # 0.5 and 1.5
    assert [(1, 1, 0), (2, 1, -1)] == fees(maker.reports())  # −0.5 and −1.5
    assert (-1, 3) == (venue.accounts[0, 0].fee, venue.accounts[1, 0].fee)


def test_only_fills_carry_a_number_and_a_fee() -> None:
    _, (script,) = play(
        [(1_000, order(1, Side.BUY, 50, 10)), (2_000, Cancel(book_id=0, order_id=1))]
    )

    assert [(0, 0)] * 2 == [(r.exec_id, r.fee) for r in script.reports()]


def test_an_order_id_is_used_once() -> None:
    _, (script,) = play(
        [
            (1_000, order(1, Side.BUY, 50, 10)),
            (2_000, Cancel(book_id=0, order_id=1)),
            (3_000, order(1, Side.BUY, 50, 10)),
        ]
    )

    last = script.reports()[-1]
    assert (ReportType.REJECTED, Reason.DUPLICATE_ORDER) == (last.type, last.reason)


def test_a_strangers_order_does_not_exist_for_a_session() -> None:
    _, scripts = play(
        [(1_000, order(1, Side.BUY, 50, 10))],
        [
            (2_000, Cancel(book_id=0, order_id=1)),
            (3_000, Replace(book_id=0, order_id=1, price_ticks=1, qty_lots=1)),
        ],
    )

    kinds = [(r.type, r.reason) for r in scripts[1].reports()]
    assert [
        (ReportType.CANCEL_REJECTED, Reason.UNKNOWN_ORDER),
        (ReportType.REPLACE_REJECTED, Reason.UNKNOWN_ORDER),
    ] == kinds


def test_an_unknown_book_is_refused_with_a_code() -> None:
    wrong = Submit(book_id=9, order_id=1, side=Side.BUY, price_ticks=1, qty_lots=1)
    _, (script,) = play([(1_000, wrong), (2_000, Cancel(book_id=9, order_id=5))])

    assert [Reason.UNKNOWN_BOOK] * 2 == [r.reason for r in script.reports()]


def test_a_fill_or_kill_that_cannot_fill_trades_nothing() -> None:
    venue, scripts = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, order(2, Side.BUY, 50, 11, tif=TimeInForce.FOK))],
    )

    assert Reason.NOT_FILLABLE == scripts[1].reports()[0].reason
    assert {} == venue.accounts


def test_a_market_order_on_an_empty_book_expires() -> None:
    _, (script,) = play([(1_000, order(1, Side.BUY, 0, 3, order_type=OrderType.MARKET))])

    assert [ReportType.ACCEPTED, ReportType.EXPIRED] == [r.type for r in script.reports()]


def test_a_busy_host_sees_the_newest_view_once() -> None:
    # Ten orders arrive within two decisions of the watcher, each from a host of its own.
    plans: list[list[tuple[int, Command]]] = [
        [(1_000 + i, order(10 + i, Side.BUY, 50 + i, 1))] for i in range(10)
    ]
    _, (*_, watcher) = play(*plans, [], triggers=Trigger.BBO)

    views = [message for _, message in watcher.got if isinstance(message, View)]
    assert 59 == views[-1].bid_ticks
    assert 2 <= len(views) <= 4
    assert sorted(view.seq for view in views) == [view.seq for view in views]
    assert len({view.seq for view in views}) == len(views)
