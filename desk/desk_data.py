"""What a desk remembers as a whole, and where it records.

All of it is plain data: encoded it is the desk's snapshot, and equal desks have equal bytes.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from desk.execution import ExecutionData
from desk.feed import FeedData
from desk.gate import GateData
from desk.ledger import LedgerData
from desk.limits import LimitsData
from desk.orders import OrdersData
from desk.router.data import RouterData
from desk.sizing import SizingData
from desk.state import StateData
from desk.tca.loop import LoopData
from market.decisions import Action, Caused, Decision, Learned, Refusal, Signal
from market.messages import Inbound


class EventLog(Protocol):
    """Where a desk records; `desk.journal.Journal`, or what replays one."""

    def event(
        self,
        now_ns: int,
        message: Inbound | None,
        decisions: Sequence[Decision],
        commands: Sequence[Caused],
        actions: Sequence[Action],
        refusals: Sequence[Refusal],
        learned: Sequence[Learned] = (),
    ) -> object:
        """One event: what came in, and all that came of it."""
        ...

    def snapshot(self, now_ns: int, state: bytes) -> object:
        """The whole state after the event before."""
        ...


Probe = Callable[[str], None]
"""Told the name of a stage when it has ended; measures wall time outside the desk."""


class DeskData(msgspec.Struct):
    """All that a desk remembers: its own counters, and what each stage remembers.

    Attributes:
        seq: Events taken so far.
        signals: Each strategy's newest wish, by `strategy << 16 | book_id`.
        signal_ids: Which of all signals that was.
        vetoes: Code of the veto in force, 0 for none, by the same key.
        veto_counts: How often each veto was given, by code.
        refusal_counts: How often the limits refused, by code.
        worked: Content (`View.seq`) on which the wish was worked last, by the same key.
        strategies: Each strategy's own state, encoded.
        sizing: What sizing by factors remembers; left out where no strategy is sized so.
        router: What routers remember; left out where no strategy has a route.
        costs: What own orders have cost; left out without a loop.
    """

    feed: FeedData
    state: StateData
    gate: GateData
    limits: LimitsData
    orders: OrdersData
    ledger: LedgerData
    execution: ExecutionData
    strategies: list[bytes]
    seq: int = 0
    next_signal_id: int = 1
    signals: dict[int, Signal] = {}
    signal_ids: dict[int, int] = {}
    vetoes: dict[int, int] = {}
    worked: dict[int, int] = {}
    veto_counts: dict[int, int] = {}
    refusal_counts: dict[int, int] = {}
    sizing: SizingData | UnsetType = UNSET
    router: RouterData | UnsetType = UNSET
    costs: LoopData | UnsetType = UNSET
