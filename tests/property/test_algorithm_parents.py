"""Whatever market and venue do, a parent over time never has more in flight than it wants, and replays.

Each example drives a desk of one strategy through drawn views, timers, answers and restarts.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.execution.algo_config import ScheduleConfig
from desk.execution.algorithms import AlgoData
from desk.execution.auction import AUCTION_TIFS, AuctionRule, is_for_auction
from desk.execution.schedules.participation import PovConfig
from desk.execution.schedules.slippage_filter import LevelParams
from market.codes import Phase, Reason, ReportType, TimeInForce, Urgency
from market.decisions import PPM, Target
from market.messages import Cancel, OrderCommand, Replace, Submit
from tests.desk_rig import MID, DeskRig, S, Said

LOTS = 100
GONE = Reason.UNKNOWN_ORDER
SCHEDULE: dict[str, Any] = {
    "over_ns": 60 * S,
    "slices": 6,
    "daily_volume_lots": 1_000_000,
    "jitter_key": 7,
    "jitter_time_ppm": 400_000,
    "jitter_size_ppm": 300_000,
    "messages_max": 6,
    "slippage": LevelParams(noise=1.0, step=0.5),
    "ask_share_ppm": 500_000,
}
ALGOS: dict[str, dict[str, Any]] = {
    "twap": {},
    "is": {"urgency_ppm": 2 * PPM},
    "vwap": {"day_ns": 120 * S, "bucket_ns": 30 * S, "curve": (1, 4, 2, 1)},
    "pov": {"pov": PovConfig(rate_ppm=200_000, catch_up_ppm=400_000)},
    "auction": {"auction": AuctionRule(share_ppm=400_000, limit_ticks=3)},
    "auction pov": {
        "auction": AuctionRule(share_ppm=300_000, at="next", rest="pov"),
        "pov": PovConfig(rate_ppm=200_000, catch_up_ppm=400_000),
    },
}
STEPS = st.lists(
    st.tuples(st.sampled_from("vvvvvtaaaafwc"), st.integers(0, 19)), min_size=20, max_size=120
)


@dataclass
class Drive:
    """A desk, what it waits for, and the venue's side of it."""

    algo: str
    restarts: bool
    waiting: list[OrderCommand] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    volume: int = 0
    execs: int = 0

    def __post_init__(self) -> None:
        self.said = Said()
        self.rig = DeskRig(
            [self.said],
            sizing={"lots_max": LOTS},
            execution={
                "algo": self.algo.split()[0],
                "schedule": ScheduleConfig(**SCHEDULE | ALGOS[self.algo]),
            },
        )
        self.said.next = [Target(book_id=0, strength_ppm=PPM)]
        self.wanted = LOTS

    def step(self, what: str, drawn: int) -> None:
        rig = self.rig
        if self.restarts:
            rig.restore()
        if what == "v":
            self.volume += drawn
            shift = drawn % 4 - 1
            self.take(
                rig.view(
                    0,
                    MID - 1 + shift,
                    MID + 1 + shift + drawn % 3,
                    after_ns=S * (drawn + 1) // 4,
                    last_trade_lots=drawn + 1,
                    trade_count=self.volume,
                )
            )
        elif what == "t":
            timers = [due for due in rig.timers if due >> 32]
            self.take(rig.fire(timers[0]) if timers else rig.beat())
        elif what == "w":
            urgency = Urgency(drawn % 3)
            self.wanted = (5 * drawn + 5) if drawn % 2 else LOTS
            strength = self.wanted * PPM // LOTS
            self.said.next = [Target(book_id=0, strength_ppm=strength, urgency=urgency)]
        elif what == "c":
            self.call(drawn)
        elif what == "f" and self.open:
            self.fill(max(self.open), drawn)
        elif self.waiting:
            self.answer(self.waiting.pop(0), drawn)
        self.check()

    def call(self, drawn: int) -> None:
        """A call begins; of an order that waits for it something trades, and often the rest ends."""
        self.take(self.rig.view(phase=Phase.INTRADAY_CALL))
        for order in self.rig.desk.orders.live(0, 0):
            if is_for_auction(order) and self.open.get(order.order_id):
                self.fill(order.order_id, drawn)
                left = self.open[order.order_id]
                if drawn % 4 and left:
                    self.open[order.order_id] = 0
                    number = order.order_id & (1 << 40) - 1
                    self.take(self.rig.report(ReportType.EXPIRED, number, left))

    def take(self, commands: list[OrderCommand]) -> None:
        self.waiting += commands

    def answer(self, command: OrderCommand, drawn: int) -> None:
        """What a venue says; `open` is its own account of what may fill."""
        rig = self.rig
        order_id = command.order_id
        number = order_id & (1 << 40) - 1
        left = self.open.get(order_id, 0)
        if isinstance(command, Submit) and command.tif in AUCTION_TIFS:
            if drawn % 5 == 0:
                self.take(rig.report(ReportType.REJECTED, number, reason=Reason.TOO_LATE))
                return
            self.open[order_id] = command.qty_lots
            self.take(rig.accept(number))
        elif isinstance(command, Submit):
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
            if left:
                self.open[order_id] = lots
                self.take(rig.report(ReportType.REPLACED, number, lots, lots, price_ticks=ticks))
            else:
                self.take(
                    rig.report(
                        ReportType.REPLACE_REJECTED, number, lots, price_ticks=ticks, reason=GONE
                    )
                )

    def fill(self, order_id: int, most: int) -> None:
        """Some of what is open trades."""
        lots = min(most, self.open[order_id])
        if lots:
            self.open[order_id] -= lots
            self.execs += 1
            self.take(
                self.rig.report(
                    ReportType.FILLED,
                    order_id & (1 << 40) - 1,
                    lots,
                    self.open[order_id],
                    exec_id=self.execs,
                )
            )

    def check(self) -> None:
        """Never more in flight than wanted by the newest target that was worked, one order a side."""
        rig = self.rig
        parent = rig.desk.executor.parent(0, 0)
        if parent is None:
            return
        live = rig.desk.orders.live(0, 0)
        calls = [one for one in live if is_for_auction(one)]
        assert len(live) - len(calls) <= 1
        assert len(calls) <= (self.algo.startswith("auction"))
        event = rig.event
        sent = [one.command for one in event.commands if isinstance(one.command, Submit)]
        for command in sent:
            sign = command.side.sign
            missing = sign * (parent.position_lots - rig.position())
            owed = rig.desk.state.data.sell_risk if command.side else rig.desk.state.data.buy_risk
            assert owed.get(0, 0) <= missing
        algos = rig.desk.executor.data.algos
        assert isinstance(algos, AlgoData)
        plan = algos.plans.get(0)
        if plan is not None and plan.slices:
            known = plan.kept_lots() + plan.crossed_lots()
            assert sum(one.qty_lots for one in plan.slices) + known == plan.total_lots
            assert plan.total_lots == abs(plan.target_lots - plan.start_lots)

    def finish(self) -> None:
        """With a venue that fills everything and time that passes, the target is reached."""
        for _ in range(400):
            while self.waiting:
                self.answer(self.waiting.pop(0), 1_000)
                self.check()
            if self.rig.position() == self.wanted and not self.rig.desk.orders.live(0, 0):
                return
            for order_id in list(self.open):
                self.fill(order_id, 1_000)
            self.step("v", 19)
        raise AssertionError(f"{self.rig.position()} of {self.wanted} lots after all that time")


@pytest.mark.parametrize("algo", sorted(ALGOS))
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_parent_never_wants_too_much_and_gets_where_it_wants(
    algo: str, steps: list[tuple[str, int]]
) -> None:
    drive = Drive(algo, restarts=False)
    for what, drawn in steps:
        drive.step(what, drawn)
    drive.finish()


@pytest.mark.parametrize("algo", sorted(ALGOS))
@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_a_desk_made_anew_before_every_event_is_the_same(
    algo: str, steps: list[tuple[str, int]]
) -> None:
    one, other = Drive(algo, restarts=False), Drive(algo, restarts=True)
    for what, drawn in steps:
        one.step(what, drawn)
        other.step(what, drawn)
        assert one.rig.log.events == other.rig.log.events
    assert one.rig.desk.snapshot() == other.rig.desk.snapshot()
    assert msgspec.msgpack.encode(one.rig.log.events) == msgspec.msgpack.encode(
        other.rig.log.events
    )
