"""Parents: wishes being worked, and how each strategy's are to be worked."""

from enum import IntEnum
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from desk.execution.algo_config import AlgoName, ScheduleConfig, check_algo
from desk.execution.algorithms import AlgoData
from desk.execution.entry import Entry, EntryConfig
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError


class ExecutionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one strategy's sizes are worked.

    Attributes:
        style: `immediate` or `passive`.
        child_lots_max: Largest child order.
        cross_ticks: How far past the touch an immediate child may go.
        requote_ticks: Distance from which a resting child follows its price.
        patience_ns: How long a passive parent waits before it crosses; 0 for ever.
        retry_ns: Shortest time after a refusal before a side is tried again.
        algo: How positions are reached; `immediate` and `passive` are the styles, the others spread a
            parent over time. Without, the style says.
        schedule: Of an algo that spreads.
        entry: A price beyond which a target is not followed at first; without bound by default. Not for
            what is spread over time or over venues.
    """

    child_lots_max: int
    style: Literal["immediate", "passive"] = "passive"
    cross_ticks: int = 0
    requote_ticks: int = 1
    patience_ns: int = 0
    retry_ns: int = 100_000_000
    algo: AlgoName | UnsetType = UNSET
    schedule: ScheduleConfig | UnsetType = UNSET
    entry: EntryConfig | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_algo(self.algo, self.schedule)
        if self.entry is not UNSET and self.schedule is not UNSET:
            raise InputError(
                f"found entry with algo {self.algo_name!r}, allowed is one of them: what is spread "
                "over time has no one moment of entry"
            )
        if not 1 <= self.child_lots_max <= QTY_LOTS_MAX:
            raise InputError(
                f"child_lots_max is {self.child_lots_max}, allowed is 1 to {QTY_LOTS_MAX}"
            )
        if not 0 <= self.cross_ticks <= PRICE_TICKS_MAX:
            raise InputError(f"cross_ticks is {self.cross_ticks}, allowed is 0 or more")
        if self.requote_ticks < 1:
            raise InputError(f"requote_ticks is {self.requote_ticks}, allowed is 1 or more")
        for name in ("patience_ns", "retry_ns"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is 0 or more")

    @property
    def algo_name(self) -> AlgoName:
        """The algorithm, which is the style where none is named."""
        return self.style if self.algo is UNSET else self.algo

    @property
    def is_passive(self) -> bool:
        """Whether a position is reached by resting first."""
        return self.algo_name == "passive"


class ParentStatus(IntEnum):
    """How a parent stands."""

    WORKING = 1
    PAUSED = 2
    ABORTED = 3
    DONE = 4


class Parent(msgspec.Struct, gc=False):
    """One wish being worked.

    Attributes:
        quoting: Whether it shows quotes instead of reaching a position.
        position_lots: Where a target should end; 0 for quotes. It may move while the direction stays.
        direction: 1 while it buys, −1 while it sells, 0 for quotes and where nothing is missing.
        entry: Of a target that has an entry price, once it has been looked at.
    """

    parent_id: int
    strategy: int
    book_id: int
    quoting: bool
    position_lots: int
    direction: int
    signal_id: int
    permit_id: int
    began_ns: int
    status: ParentStatus = ParentStatus.WORKING
    entry: Entry | UnsetType = UNSET


class ExecutionData(msgspec.Struct):
    """All that execution remembers; keys are `strategy << 16 | book_id`.

    Attributes:
        refused: [content, local time] of the newest refusal, by key × 2 + side.
        algos: Of parents that are spread over time; left out where no strategy has one.
    """

    next_parent_id: int = 1
    parents: dict[int, Parent] = {}
    refused: dict[int, list[int]] = {}
    algos: AlgoData | UnsetType = UNSET
