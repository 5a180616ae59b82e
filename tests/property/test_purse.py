"""Whatever market and venue do, a purse is never empty; and whose money comes in time is in time."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.execution.algo_config import ScheduleConfig
from desk.execution.auction import AuctionRule
from desk.purse import CashConfig
from market.codes import Side, TimeInForce, Urgency
from market.decisions import PPM, Target
from market.messages import OrderCommand, Replace, Submit
from tests.desk_rig import DeskRig, S, Said
from tests.model_venue import ModelVenue

MIDS = (10_000, 5_000, 20_000)
MICROS_A_TICK = 10_000
"""A tick of one lot, in millionths of the currency."""

FEE_PPM = 1_000
"""More than the venue's three units a fill of what the cheapest lot costs."""

OVER = 60 * S
EXECUTIONS = {
    "immediate": {"style": "immediate", "cross_ticks": 3},
    "passive": {"style": "passive", "patience_ns": 3 * S},
    "twap": {"algo": "twap", "schedule": ScheduleConfig(over_ns=OVER, slices=6, daily_volume_lots=1_000_000)},
    "auction": {
        "algo": "auction",
        "schedule": ScheduleConfig(
            over_ns=OVER,
            slices=6,
            daily_volume_lots=1_000_000,
            auction=AuctionRule(share_ppm=400_000, limit_ticks=5),
        ),
    },
}  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from("wwvvvvccccrrrrttte"), st.integers(0, 99)), min_size=20, max_size=150
)


@dataclass
class Drive:
    """A desk with a purse, and a venue whose own books say what was paid."""

    execution: str
    cash: int
    restarts: bool = False
    lowest: int = field(default=1 << 62)
    bought: int = 0

    def __post_init__(self) -> None:
        self.said = Said()
        self.rig = DeskRig(
            [self.said],
            books=3,
            sizing={"lots_max": 100},
            execution={"child_lots_max": 60} | EXECUTIONS[self.execution],
            settings={"cash": CashConfig(cash_micros=self.cash, fee_ppm=FEE_PPM)},
        )
        self.venue = ModelVenue(self.rig.instruments)
        for book_id in range(3):
            self.view(book_id, 0)

    def step(self, what: str, drawn: int) -> None:
        venue, rig = self.venue, self.rig
        venue.now_ns = rig.now_ns
        if self.restarts:
            rig.restore()
        if what == "w":
            lots = (drawn // 3) * 6 - 99
            self.said.next = [
                Target(
                    book_id=drawn % 3,
                    strength_ppm=lots * PPM // 100,
                    urgency=Urgency(drawn % 2 + 1),
                )
            ]
        elif what == "v":
            self.view(drawn % 3, drawn)
        elif what == "c":
            venue.next_command(take_lots=drawn if drawn % 3 else 0)
        elif what == "r":
            report = venue.next_report(drawn)
            if report is not None:
                self.take(rig.send(report))
        elif what == "t" and (ids := venue.open_ids()):
            venue.trade(ids[drawn % len(ids)], drawn + 1)
        elif what == "e":
            self.take(rig.beat())
        self.check()

    def view(self, book_id: int, drawn: int) -> None:
        """The market drifts, farther than fees could hide."""
        mid = MIDS[book_id] + (drawn % 13 - 6) * 100
        self.take(
            self.rig.view(book_id, mid - 1, mid + 1 + drawn % 2, after_ns=drawn * S // 20 + 1)
        )

    def take(self, commands: list[OrderCommand]) -> None:
        for command in commands:
            self.venue.send(command, 0)

    def check(self) -> None:
        """Cash of the venue's own fills, less the worst of all that is open there or on its way to it."""
        venue = self.venue
        cash = self.cash
        for held in venue.held.values():
            sign = held.submit.side.sign
            for trade in held.trades.values():
                # Fees come off everywhere; a rebate of a unit is not counted on.
                paid = sign * trade.price_ticks * trade.qty_lots + max(trade.fee, 0)
                cash -= paid * MICROS_A_TICK
                self.bought += sign > 0
        worst = 0
        moves: dict[int, list[tuple[int, int]]] = {}
        for command in venue.commands:
            if isinstance(command, Submit) and command.side is Side.BUY:
                worst += command.price_ticks * command.qty_lots
            elif isinstance(command, Replace):
                moves.setdefault(command.order_id, []).append(
                    (command.price_ticks, command.qty_lots)
                )
        for order_id, held in venue.held.items():
            if held.submit.side is Side.BUY and held.open_lots:
                ways = [(held.price_ticks, held.open_lots), *moves.get(order_id, [])]
                worst += max(price * lots for price, lots in ways)
        self.lowest = min(self.lowest, cash - worst * MICROS_A_TICK)
        assert self.lowest >= 0


@pytest.mark.parametrize("execution", sorted(EXECUTIONS))
@settings(max_examples=100, deadline=None)
@given(steps=STEPS, cash=st.integers(0, 9_000).map(lambda one: one * 1_000_000))
def test_cash_is_never_below_zero_with_all_that_is_on_its_way(
    execution: str, steps: list[tuple[str, int]], cash: int
) -> None:
    drive = Drive(execution, cash)
    for what, drawn in steps:
        drive.step(what, drawn)


@settings(max_examples=60, deadline=None)
@given(
    buys=st.tuples(st.integers(1, 100), st.integers(1, 40)),
    sell=st.integers(1, 100),
    slack=st.integers(0, 2_000),
    late=st.integers(1, 25),
)
def test_every_buy_is_finished_in_its_window_when_sells_bring_the_cash_in_time(
    buys: tuple[int, int], sell: int, slack: int, late: int
) -> None:
    """Sells are spread over a minute, buys over another that begins when half of the first is over.

    At the start there is just so much cash that, with what the sells bring, everything can be paid.
    """
    ask, far, near = MIDS[0] + 2, MIDS[2] + 2, MIDS[1] - 2
    cost = (buys[0] * ask + buys[1] * far) * (PPM + FEE_PPM) // PPM + slack
    brought = sell * near - sell * 3
    drive = Drive("twap", max(cost - brought, 0) * MICROS_A_TICK)
    rig, venue = drive.rig, drive.venue
    begin_ns = rig.now_ns

    def wish(book_id: int, lots: int) -> None:
        drive.said.next = [
            Target(book_id=book_id, strength_ppm=lots * PPM // 100, urgency=Urgency.URGENT)
        ]
        drive.view(book_id, 6)

    wish(1, -sell)
    said_ns = []
    for second in range(31 + late + 60):
        if second == 30:
            wish(0, buys[0])
            said_ns.append(rig.now_ns)
        elif second == 30 + late:
            wish(2, buys[1])
            said_ns.append(rig.now_ns)
        for book_id in range(3):
            rig.now_ns = max(rig.now_ns, begin_ns + second * S)
            drive.take(rig.view(book_id, MIDS[book_id] - 1, MIDS[book_id] + 1, after_ns=10_000))
        for timer in [one for one, due_ns in rig.timers.items() if due_ns <= rig.now_ns]:
            drive.take(rig.fire(timer))
        settle(drive)
        drive.check()
    assert rig.position(0, 1) == -sell
    assert (rig.position(0, 0), rig.position(0, 2)) == buys
    for order_id, held in venue.held.items():
        begun_ns = said_ns[0] if held.submit.book_id == 0 else said_ns[-1]
        sent_ns = rig.desk.orders.data.orders[order_id].sent_ns
        if held.submit.side is Side.BUY and held.trades:
            assert sent_ns <= begun_ns + OVER + S, held


def settle(drive: Drive) -> None:
    """The venue takes what has come, fills all of it, and its answers arrive."""
    venue, rig = drive.venue, drive.rig
    while venue.commands or venue.reports:
        venue.now_ns = rig.now_ns
        while venue.commands:
            venue.next_command(take_lots=1_000)
        for order_id in venue.open_ids():
            if venue.held[order_id].submit.tif is not TimeInForce.AT_CLOSE:
                venue.trade(order_id, 1_000)
        while venue.reports:
            report = venue.next_report(0)
            assert report is not None
            drive.take(rig.send(report))
