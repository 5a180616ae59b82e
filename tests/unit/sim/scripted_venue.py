"""Scripted hosts on one empty reactive book, and the venue that answers them."""

from collections.abc import Callable, Sequence
from typing import Any

from market.codes import Mode, Side, Trigger
from market.instruments import Instrument
from market.messages import Command, Inbound, Report, SetTimer, Submit
from sim.arena import BookSpec, LocalSpec
from sim.clock import Clock
from sim.costs import Tariff
from sim.host import Host
from sim.host_view import Feed
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
FEES = Fees(maker_ppm=-10, taker_ppm=30)
Deed = Callable[[Venue, int], object]


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


def play(
    *plans: list[tuple[int, Command]],
    triggers: Trigger = NO_TRIGGERS,
    fees: Tariff = FEES,
    deeds: Sequence[tuple[int, Deed]] = (),
) -> tuple[Venue, Any]:
    """Run scripted hosts on one empty reactive book; the venue and the scripts.

    Args:
        deeds: What the venue does of its own accord, and when.
    """
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
    venue = Venue(world, [instrument], fees)
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
    for due_ns, deed in deeds:
        clock.at(due_ns, lambda act: act(venue, clock.now_ns), deed)
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
