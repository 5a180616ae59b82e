"""Whatever markets and venues do, a wish over several venues never has more at work than it wants.

Each example drives a desk of one strategy with a route over three books through drawn views, timers,
answers, refusals, lost links and restarts.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.execution.algo_config import ScheduleConfig
from desk.router.config import RouteConfig, RouteFees, RouteMode
from desk.router.health import HealthConfig
from market.codes import Reason, ReportType, TimeInForce, Urgency
from market.decisions import PPM, Flat, Target
from market.messages import Cancel, OrderCommand, Replace, Submit
from tests.desk_rig import MID, DeskRig, S, Said

LOTS = 100
GONE = Reason.UNKNOWN_ORDER
BOOKS = (0, 1, 2)
EXECUTION: dict[str, dict[str, Any]] = {
    "immediate": {"child_lots_max": 60},
    "passive": {"style": "passive", "child_lots_max": 60, "patience_ns": 20 * S},
    "twap": {
        "algo": "twap",
        "schedule": ScheduleConfig(
            over_ns=60 * S, slices=6, daily_volume_lots=1_000_000, jitter_key=7, messages_max=6
        ),
    },
}
MODES: tuple[RouteMode, ...] = ("scored", "best", "static", "cont_kukanov")
STEPS = st.lists(
    st.tuples(st.sampled_from("vvvvvvtaaaaafrlw"), st.integers(0, 35)), min_size=20, max_size=120
)


def route(mode: RouteMode) -> RouteConfig:
    return RouteConfig(
        books=BOOKS,
        mode=mode,
        static_book=1 if mode == "static" else -1,
        fees=(
            RouteFees(taker_ppb=300_000, maker_rebate_ppb=200_000),
            RouteFees(taker_ppb=100_000, maker_rebate_ppb=-100_000),
            RouteFees(taker_lot_nanos=3_000_000, tick_nanos=10_000_000),
        ),
        health=HealthConfig(answers_min=2, wait_ns=3 * S),
    )


@dataclass
class Drive:
    """A desk, what it waits for, and the venues' side of it."""

    mode: RouteMode
    style: str
    restarts: bool
    waiting: list[OrderCommand] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    volume: int = 0
    execs: int = 0
    wanted: int = LOTS

    def __post_init__(self) -> None:
        self.said = Said()
        self.rig = DeskRig(
            [self.said],
            books=len(BOOKS),
            sizing={"lots_max": LOTS},
            execution=EXECUTION[self.style],
            route=route(self.mode),
            settings={"ack_timeout_ns": 5 * S},
        )
        self.said.next = [Target(book_id=0, strength_ppm=PPM)]

    def step(self, what: str, drawn: int) -> None:
        rig = self.rig
        if self.restarts:
            rig.restore()
        if what == "v":
            self.view(drawn % 3, drawn // 3)
        elif what == "t":
            timers = [due for due in rig.timers if due >> 32]
            self.take(rig.fire(timers[0]) if timers else rig.beat())
        elif what == "w":
            self.wish(drawn)
        elif what == "f" and self.open:
            self.fill(max(self.open), drawn)
        elif what == "l":
            self.take(rig.link(up=False, book_id=drawn % 3))
            self.take(rig.link(up=True, book_id=drawn % 3))
        elif self.waiting:
            self.answer(self.waiting.pop(0), drawn, refuse=what == "r")
        self.check()

    def view(self, book_id: int, drawn: int) -> None:
        self.volume += drawn
        shift = drawn % 4 - 1
        self.take(
            self.rig.view(
                book_id,
                MID - 1 + shift,
                MID + 1 + shift + drawn % 3,
                after_ns=S * (drawn + 1) // 4,
                ask_lots=10 * drawn + 1,
                bid_lots=10 * drawn + 1,
                last_trade_lots=drawn + 1,
                trade_count=self.volume,
            )
        )

    def wish(self, drawn: int) -> None:
        """Another target, or none at all; it is said at the home's next view."""
        if drawn % 5 == 0:
            self.wanted, self.said.next = 0, [Flat(book_id=0)]
            return
        self.wanted = (drawn - 18) * 5
        self.said.next = [
            Target(book_id=0, strength_ppm=self.wanted * PPM // LOTS, urgency=Urgency(drawn % 3))
        ]

    def take(self, commands: list[OrderCommand]) -> None:
        self.waiting += commands

    def answer(self, command: OrderCommand, drawn: int, *, refuse: bool = False) -> None:
        """What a venue says; `open` is its own account of what may fill."""
        rig, order_id = self.rig, command.order_id
        number = order_id & (1 << 40) - 1
        left = self.open.get(order_id, 0)
        if isinstance(command, Submit):
            if refuse:
                self.take(rig.report(ReportType.REJECTED, number, reason=Reason.THROTTLED))
                return
            self.open[order_id] = command.qty_lots
            self.take(rig.accept(number))
            self.fill(order_id, drawn)
            if command.tif is TimeInForce.IOC and self.open[order_id]:
                lots, self.open[order_id] = self.open[order_id], 0
                self.take(rig.report(ReportType.EXPIRED, number, lots))
        elif isinstance(command, Cancel):
            self.open[order_id] = 0
            if left:
                self.take(rig.report(ReportType.CANCELLED, number, left))
            else:
                self.take(rig.report(ReportType.CANCEL_REJECTED, number, reason=GONE))
        elif isinstance(command, Replace):
            lots, ticks = command.qty_lots, command.price_ticks
            if left and not refuse:
                self.open[order_id] = lots
                self.take(rig.report(ReportType.REPLACED, number, lots, lots, price_ticks=ticks))
            else:
                self.take(
                    rig.report(
                        ReportType.REPLACE_REJECTED, number, lots, price_ticks=ticks, reason=GONE
                    )
                )
        else:
            self.take(rig.report(ReportType.STATUS, number, 0, left))

    def fill(self, order_id: int, most: int) -> None:
        """Some of what is open trades."""
        lots = min(most, self.open[order_id])
        if lots:
            self.open[order_id] -= lots
            self.execs += 1
            number = order_id & (1 << 40) - 1
            self.take(
                self.rig.report(
                    ReportType.FILLED, number, lots, self.open[order_id], exec_id=self.execs
                )
            )

    def net(self) -> int:
        return sum(self.rig.position(0, book_id) for book_id in BOOKS)

    def check(self) -> None:
        """In all books together never more at work than is missing; one order a side in each."""
        rig, desk = self.rig, self.rig.desk
        parent = desk.executor.parent(0, 0)
        if parent is None:
            return
        for book_id in BOOKS:
            sides = [order.side for order in desk.orders.live(0, book_id)]
            assert len(sides) == len(set(sides))
        sent = [one.command for one in rig.event.commands if isinstance(one.command, Submit)]
        for command in sent:
            missing = command.side.sign * (parent.position_lots - self.net())
            risk = desk.state.data.sell_risk if command.side else desk.state.data.buy_risk
            assert sum(risk.get(book_id, 0) for book_id in BOOKS) <= missing
            if self.mode == "static":
                assert command.book_id == 1

    def finish(self) -> None:
        """With venues that fill everything and time that passes, the target is reached."""
        for number in range(600):
            while self.waiting:
                self.answer(self.waiting.pop(0), 1_000)
                self.check()
            live = [one for book_id in BOOKS for one in self.rig.desk.orders.live(0, book_id)]
            if self.net() == self.wanted and not live and not self.said.next:
                return
            for order_id in list(self.open):
                self.fill(order_id, 1_000)
            self.step("v", 33 + number % 3)
        raise AssertionError(f"{self.net()} of {self.wanted} lots after all that time")


@pytest.mark.parametrize("style", sorted(EXECUTION))
@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_wish_over_venues_never_has_too_much_at_work_and_gets_where_it_wants(
    mode: RouteMode, style: str, steps: list[tuple[str, int]]
) -> None:
    drive = Drive(mode, style, restarts=False)
    for what, drawn in steps:
        drive.step(what, drawn)
    drive.finish()


@pytest.mark.parametrize("mode", ["scored", "cont_kukanov"])
@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_a_desk_made_anew_before_every_event_routes_as_before(
    mode: RouteMode, steps: list[tuple[str, int]]
) -> None:
    one, other = Drive(mode, "passive", restarts=False), Drive(mode, "passive", restarts=True)
    for what, drawn in steps:
        one.step(what, drawn)
        other.step(what, drawn)
        assert one.rig.log.events == other.rig.log.events
    assert one.rig.desk.snapshot() == other.rig.desk.snapshot()
    assert msgspec.msgpack.encode(one.rig.log.events) == msgspec.msgpack.encode(
        other.rig.log.events
    )
