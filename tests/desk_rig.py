"""Small desks for tests: books that stand still, strategies that say what a test says, and a host.

The host has a clock of its own, keeps timers, and writes down every event. With a `ModelVenue` it hands
over what leaves the desk; without one a test answers by hand.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from desk.config import DeskConfig, StrategyConfig
from desk.desk_data import DeskData
from desk.execution import ExecutionConfig
from desk.gate import GateConfig, GroupGate, InstrumentGate, PortfolioGate, StrategyGate
from desk.journal.records import Event
from desk.limits import BookLimits, LimitsConfig
from desk.orders import Order
from desk.pipeline import HEARTBEAT, Desk
from desk.router.config import RouteConfig
from desk.sizing import SizingConfig
from desk.state import StateConfig
from market.codes import Liquidity, OperatorAction, Phase, Reason, ReportType, Trigger
from market.decisions import Action, Caused, Decision, Facts, Learned, Refusal, Signal
from market.instruments import Instrument
from market.messages import (
    EVERY,
    NO_PRICE,
    Command,
    Inbound,
    LinkStatus,
    Operator,
    OrderCommand,
    Report,
    SetTimer,
    TimerFired,
    View,
)
from tests.desk_words import shown_action

S = 1_000_000_000
START = 1_000 * S
MID = 10_000
"""Ticks of a cent: at this mid a lot is worth 100 units of currency."""

LOT = 100_000_000
"""What one lot is worth there, in value units."""

WIDE = 1 << 50
SYMBOLS = ("aaa", "bbb", "ccc")
EVERY_REGIME = {
    "unknown": 1_000_000,
    "calm": 1_000_000,
    "normal": 1_000_000,
    "volatile": 1_000_000,
    "extreme": 1_000_000,
}


class ScriptState(msgspec.Struct):
    """What a script remembers: how often it was asked."""

    asked: int = 0


Say = Callable[[View, Facts], Sequence[Signal]]


class Script:
    """A strategy that says what a test wants it to: by a function, or one answer after the other."""

    def __init__(self, say: Say | Iterable[Sequence[Signal]]) -> None:
        self.state = ScriptState()
        self.seen: list[tuple[View, Facts]] = []
        self._say = say if callable(say) else None
        self._answers = [] if callable(say) else [list(answer) for answer in say]

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.asked += 1
        self.seen.append((view, facts))
        if self._say is not None:
            return self._say(view, facts)
        return self._answers.pop(0) if self._answers else ()


class Said:
    """A strategy that says once, at the next view of any book, whatever `next` was set to."""

    def __init__(self) -> None:
        self.state = ScriptState()
        self.next: list[Signal] = []

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.asked += 1
        said, self.next = self.next, []
        return said


@dataclass
class EventBook:
    """Takes the place of a journal: every event, as data."""

    events: list[Event] = field(default_factory=list)

    def event(
        self,
        now_ns: int,
        message: Inbound | None,
        decisions: Sequence[Decision],
        commands: Sequence[Caused],
        actions: Sequence[Action],
        refusals: Sequence[Refusal],
        learned: Sequence[Learned] = (),
    ) -> None:
        self.events.append(
            Event(
                message,
                tuple(decisions),
                tuple(commands),
                tuple(actions),
                tuple(refusals),
                tuple(learned),
            )
        )

    def snapshot(self, now_ns: int, state: bytes) -> None:
        """Nothing: tests ask the desk itself."""


def instruments(count: int, price_units: int) -> list[Instrument]:
    return [
        Instrument(
            symbol=name,
            venue="X",
            currency="USD",
            price_units_per_currency=price_units,
            tick_units=1,
        )
        for name in SYMBOLS[:count]
    ]


def gate_config(books: int, strategies: int, groups: Sequence[str], **changes: Any) -> GateConfig:
    """Everything is allowed but for what is named; the same for each book, group and strategy."""
    instrument: dict[str, Any] = {
        "position_lots": 1_000_000,
        "value_micros": WIDE,
        "volume_ppm": 1_000_000,
        "daily_volume_lots": 1_000_000,
        "spread_ppm": 10_000,
        "stale_ns": 3_600 * S,
        "price_move_ppm": 1_000_000,
        "price_window_ns": 60 * S,
        "volatility_jump_ppm": 1_000_000_000,
    }
    portfolio: dict[str, Any] = {
        "gross_micros": WIDE,
        "net_micros": WIDE,
        "single_name_ppm": 1_000_000,
        "correlation_ppm": 1_000_000,
        "day_drawdown_micros": WIDE,
        "peak_drawdown_micros": WIDE,
        "orders_max": 1_000_000,
        "disconnect_ns": 3_600 * S,
        "cool_off_ns": 30 * S,
    }
    group: dict[str, Any] = {"gross_micros": WIDE, "net_micros": WIDE}
    strategy: dict[str, Any] = {"value_micros": WIDE, "regimes": EVERY_REGIME}
    return GateConfig(
        instruments={
            name: InstrumentGate(**instrument | changes.get("instrument", {}))
            for name in SYMBOLS[:books]
        },
        groups={name: GroupGate(**group | changes.get("group", {})) for name in groups},
        strategies={
            f"s{number}": StrategyGate(**strategy | changes.get("strategy", {}))
            for number in range(strategies)
        },
        portfolio=PortfolioGate(**portfolio | changes.get("portfolio", {})),
    )


def limits_config(books: int, **changes: Any) -> LimitsConfig:
    """The last check, wide but for what is named."""
    book: dict[str, Any] = {
        "order_lots": 100_000,
        "order_notional_micros": 10**14,
        "position_lots": 1_000_000,
        "collar_ppm": 500_000,
    }
    whole: dict[str, Any] = {"messages_max": 10_000, "cancel_reserve": 100, "fills_max": 100_000}
    book |= {key: value for key, value in changes.items() if key in book}
    whole |= {key: value for key, value in changes.items() if key not in book}
    return LimitsConfig(instruments={name: BookLimits(**book) for name in SYMBOLS[:books]}, **whole)


@dataclass
class DeskRig:
    """A desk and its host.

    Attributes:
        strategies: As many scripts as the desk shall have; each follows every book.
        books: How many, at most three; the first two are of one group.
        gate: Changes of `gate_config`, by `instrument`, `group`, `strategy`, `portfolio`.
        limits: Changes of `limits_config`.
        execution: Of every strategy.
        sizing: Of every strategy.
        settings: More of `DeskConfig`.
        route: Of every strategy.
        price_units: In one unit of currency; a tick is one of them.
    """

    strategies: Sequence[Script | Said]
    books: int = 1
    gate: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    execution: dict[str, Any] = field(default_factory=dict)
    sizing: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    price_units: int = 100
    route: RouteConfig | UnsetType = UNSET

    def __post_init__(self) -> None:
        groups = ("near", "near", "far")[: self.books]
        count = len(self.strategies)
        self.instruments = instruments(self.books, self.price_units)
        self.config = DeskConfig(
            desk=1,
            strategies=tuple(
                StrategyConfig(
                    name=f"s{number}",
                    books=tuple(range(self.books)),
                    sizing=SizingConfig(**{"lots_max": 10} | self.sizing),
                    execution=ExecutionConfig(**{"child_lots_max": 1_000} | self.execution),
                    route=self.route,
                )
                for number in range(count)
            ),
            groups=groups,
            state=StateConfig(**{"capital": 1_000_000} | self.state),
            gate=gate_config(self.books, count, groups, **self.gate),
            limits=limits_config(self.books, **self.limits),
            snapshot_every=0,
            **self.settings,
        )
        self.log = EventBook()
        self.now_ns = START
        self.seq = 0
        self.report_seq = 0
        self.timers: dict[int, int] = {}
        self.desk = self.make(None)
        self._keep_timers(self.desk.start(self.now_ns))

    def make(self, data: DeskData | None) -> Desk:
        return Desk(self.config, self.instruments, self.strategies, self.log, data)

    def restore(self) -> None:
        """Go on with a desk made from this one's snapshot."""
        raw = self.desk.snapshot()
        self.desk = self.make(msgspec.msgpack.decode(raw, type=DeskData))
        assert self.desk.snapshot() == raw

    # --- what comes in --------------------------------------------------------------------------

    def send(self, message: Inbound, *, after_ns: int = 1_000) -> list[OrderCommand]:
        """Let the desk take a message a moment later; the orders' commands that come of it."""
        self.now_ns += after_ns
        return self._keep_timers(self.desk.on(message, self.now_ns))

    def view(
        self,
        book_id: int = 0,
        bid_ticks: int = MID - 1,
        ask_ticks: int = MID + 1,
        *,
        after_ns: int = 1_000,
        **changes: Any,
    ) -> list[OrderCommand]:
        """A book with new content."""
        self.seq += 1
        stamp_ns = self.now_ns + after_ns
        fields: dict[str, Any] = {
            "bid_lots": 100,
            "ask_lots": 100,
            "own_bid_lots": 0,
            "own_ask_lots": 0,
            "last_trade_units": NO_PRICE,
            "last_trade_lots": 0,
            "trade_count": 0,
            "venue_ns": stamp_ns,
            "local_ns": stamp_ns,
            "seq": self.seq,
            "phase": Phase.CONTINUOUS,
            "fired": Trigger.BBO,
        }
        view = View(book_id=book_id, bid_ticks=bid_ticks, ask_ticks=ask_ticks, **(fields | changes))
        return self.send(view, after_ns=after_ns)

    def report(
        self,
        kind: ReportType,
        order: Order | int,
        qty_lots: int = 0,
        leaves_lots: int = 0,
        *,
        exec_id: int = 0,
        price_ticks: int | None = None,
        reason: Reason = Reason.NONE,
        fee: int = 0,
    ) -> list[OrderCommand]:
        """A venue's answer about an order, named by itself or by its number."""
        known = self.order(order) if isinstance(order, int) else order
        self.report_seq += 1
        return self.send(
            Report(
                type=kind,
                book_id=known.book_id,
                order_id=known.order_id,
                price_ticks=known.price_ticks if price_ticks is None else price_ticks,
                qty_lots=qty_lots,
                leaves_lots=leaves_lots,
                reason=reason,
                liquidity=Liquidity.MAKER if exec_id else Liquidity.NONE,
                venue_ns=self.now_ns,
                report_seq=self.report_seq,
                exec_id=exec_id,
                fee=fee,
            )
        )

    def accept(self, number: int) -> list[OrderCommand]:
        order = self.order(number)
        return self.report(ReportType.ACCEPTED, order, order.qty_lots, order.qty_lots)

    def fill(self, number: int, lots: int, *, exec_id: int = 1, **more: Any) -> list[OrderCommand]:
        leaves = self.order(number).open_lots - lots
        return self.report(ReportType.FILLED, number, lots, leaves, exec_id=exec_id, **more)

    def cancelled(self, number: int) -> list[OrderCommand]:
        return self.report(ReportType.CANCELLED, number, self.order(number).open_lots)

    def link(self, *, up: bool, book_id: int = EVERY) -> list[OrderCommand]:
        return self.send(LinkStatus(book_id=book_id, up=up))

    def operator(
        self, action: OperatorAction, name: str = "", strategy: int = EVERY
    ) -> list[OrderCommand]:
        return self.send(Operator(action=action, authority=name, strategy=strategy))

    def beat(self) -> list[OrderCommand]:
        """Let time pass until the heartbeat is due."""
        return self.fire(HEARTBEAT)

    def fire(self, timer_id: int) -> list[OrderCommand]:
        """Let time pass until a timer is due; at once when it has been."""
        due_ns = self.timers.pop(timer_id)
        fired = TimerFired(timer_id=timer_id, due_ns=due_ns)
        return self.send(fired, after_ns=max(due_ns - self.now_ns, 0))

    # --- what is seen ---------------------------------------------------------------------------

    def order(self, number: int) -> Order:
        """The desk's order of this number, from 1."""
        order = self.desk.orders.get(self.order_id(number))
        assert order is not None
        return order

    def order_id(self, number: int) -> int:
        return self.config.desk << 40 | number

    @property
    def event(self) -> Event:
        """The newest event."""
        return self.log.events[-1]

    @property
    def actions(self) -> list[str]:
        """What the gate asked for in the newest event."""
        return [shown_action(action) for action in self.event.actions]

    def position(self, strategy: int = 0, book_id: int = 0) -> int:
        return self.desk.state.data.positions.get(strategy << 16 | book_id, 0)

    def _keep_timers(self, commands: Sequence[Command]) -> list[OrderCommand]:
        kept: list[OrderCommand] = []
        for command in commands:
            if isinstance(command, SetTimer):
                self.timers[command.timer_id] = command.due_ns
            else:
                kept.append(command)
        return kept
