"""Venue, session and host: every command is answered, to its owner, and booked once."""

from typing import Any

from market.codes import Mode, OrderType, Reason, ReportType, Side, TimeInForce, Trigger
from market.instruments import Instrument
from market.messages import Cancel, Command, Inbound, Replace, Report, SetTimer, Submit, View
from sim.arena import BookSpec, LocalSpec
from sim.clock import Clock
from sim.host import Feed, Host
from sim.latency import Constant
from sim.market import WorldMarket
from sim.recorder import Recorder
from sim.session import Session
from sim.venue import Fees, Venue
from sim.wire import Wire
from sim.world import World

WIRE_NS = 10
COMPUTE_NS = 5
NO_TRIGGERS = Trigger(0)


class Script:
    """Sends commands at given times and keeps whatever reaches it."""

    def __init__(self, plan: list[tuple[int, Command]]) -> None:
        self.plan = plan
        self.got: list[tuple[int, Inbound]] = []

    def start(self, now_ns: int) -> list[Command]:
        """One timer per command."""
        return [SetTimer(timer_id=i, due_ns=due) for i, (due, _) in enumerate(self.plan)]

    def on(self, message: Inbound, now_ns: int) -> list[Command]:
        """Send what the timer stands for."""
        self.got.append((now_ns, message))
        if hasattr(message, "timer_id"):
            return [self.plan[message.timer_id][1]]
        return []

    def reports(self) -> list[Report]:
        """The reports among it."""
        return [message for _, message in self.got if isinstance(message, Report)]


def play(*plans: list[tuple[int, Command]], triggers: Trigger = NO_TRIGGERS) -> tuple[Venue, Any]:
    """Run scripted hosts on one empty reactive book; the venue and the scripts."""
    clock = Clock(0, 1_000_000)
    recorder = Recorder()
    latency = Constant(latency_ns=WIRE_NS).compile()
    world = World(
        mode=Mode.REACTIVE,
        books=[BookSpec(tick_units=100)],
        locals_=[LocalSpec(book_id=0, latency=latency, key=0) for _ in plans],
        start_ns=0,
    )
    instrument = Instrument(
        symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=100
    )
    venue = Venue(world, [instrument], Fees(maker_ppm=-10, taker_ppm=30))
    scripts, hosts = [], []
    for number, plan in enumerate(plans):
        session = Session(
            clock,
            recorder,
            host=number,
            orders=Wire(clock, latency, 1),
            reports=Wire(clock, latency, 2),
        )
        scripts.append(Script(plan))
        host = Host(
            clock,
            recorder,
            scripts[-1],
            session,
            world,
            number=number,
            feeds=[Feed(0, number, number)],
            compute=Constant(latency_ns=COMPUTE_NS).compile(),
            key=3,
            mode=Mode.REACTIVE,
            triggers=triggers,
        )
        session.connect(lambda s, c: venue.receive(s, c, clock.now_ns), host.receive)
        hosts.append(host)
        clock.at(0, host.start)
    clock.market = WorldMarket(clock, world, venue, [host.observe for host in hosts])
    clock.run()
    return venue, scripts


def order(order_id: int, side: Side, price_ticks: int, qty_lots: int, **more: Any) -> Submit:
    """A limit order on the only book."""
    return Submit(
        book_id=0,
        order_id=order_id,
        side=side,
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        **more,
    )


def test_a_command_takes_compute_time_and_both_wires() -> None:
    _, (script,) = play([(1_000, order(1, Side.BUY, 50, 10))])

    (time_ns, report) = next(pair for pair in script.got if isinstance(pair[1], Report))
    assert 1_000 + COMPUTE_NS + WIRE_NS == report.venue_ns
    assert report.venue_ns + WIRE_NS == time_ns


def test_a_trade_is_booked_to_both_and_fees_to_the_right_side() -> None:
    venue, scripts = play(
        [(1_000, order(1, Side.SELL, 50, 10))],
        [(2_000, order(2, Side.BUY, 52, 4))],
    )

    seller, buyer = venue.accounts[0, 0], venue.accounts[1, 0]
    assert (-4, 4) == (seller.position_lots, buyer.position_lots)
    assert 50 * 100 * 4 == seller.cash == -buyer.cash
    assert (50 * 100 * 4 * -10, 50 * 100 * 4 * 30) == (seller.fee_ppm, buyer.fee_ppm)
    fills = [r for r in scripts[1].reports() if r.type is ReportType.FILLED]
    assert [(50, 4, 0)] == [(r.price_ticks, r.qty_lots, r.leaves_lots) for r in fills]


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
