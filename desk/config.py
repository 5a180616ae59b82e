"""What a desk is told before it starts: one struct for every stage, checked as a whole."""

import msgspec
from msgspec import UNSET, UnsetType

from desk.execution import ExecutionConfig
from desk.gate import GateConfig
from desk.limits import CeilingsConfig, LimitsConfig
from desk.purse import CashConfig
from desk.router.config import RouteConfig
from desk.sizing import SizingConfig
from desk.state import StateConfig
from desk.tca.loop import LoopConfig
from market.errors import InputError


class StrategyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One strategy's place in the desk.

    Attributes:
        name: Unique in the desk; limits are given by it.
        books: Numbers of the books that it sees and trades.
        sizing: How much.
        execution: How.
        route: Where, if not in the book that a signal names.
    """

    name: str
    books: tuple[int, ...]
    sizing: SizingConfig
    execution: ExecutionConfig
    route: RouteConfig | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not isinstance(self.route, RouteConfig):
            return
        for book_id in self.route.books:
            if book_id not in self.books:
                raise InputError(
                    f"strategy {self.name!r}: found book {book_id} in its route, "
                    f"allowed are its own, {list(self.books)}"
                )
        if self.execution.entry is not UNSET:
            raise InputError(
                f"strategy {self.name!r}: found entry with a route, allowed is one of them: an entry "
                "price is one book's"
            )
        schedule = self.execution.schedule
        if schedule is not UNSET and schedule.pegs:
            raise InputError(
                f"strategy {self.name!r}: found pegs with a route, allowed is one of them: a peg "
                "follows one book"
            )
        if schedule is not UNSET and schedule.auction is not UNSET:
            raise InputError(
                f"strategy {self.name!r}: found auction with a route, allowed is one of them: an "
                "auction is one book's"
            )


class DeskConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole desk.

    Attributes:
        desk: Its number, which its order ids begin with.
        strategies: In the order in which they are asked.
        groups: Name of each book's group.
        state: How risk is measured.
        gate: What may become risk.
        limits: The last hard check.
        stale_ns: Age from which content may not be acted on; 0 leaves that to the host.
        heartbeat_ns: How often the desk looks at what does not happen.
        ack_timeout_ns: Silence after which the venue is asked how an order stands; 0 for never.
        flat_ns: Time from which every strategy is flat; 0 for never.
        snapshot_every: Events between two snapshots in the journal; 0 for none.
        tca: How costs are learned and fed back, if they are.
        cash: What buys may spend, if that is bounded.
        ceilings: Over whatever limits are set to while it runs; the limits themselves by default.
    """

    desk: int
    strategies: tuple[StrategyConfig, ...]
    groups: tuple[str, ...]
    state: StateConfig
    gate: GateConfig
    limits: LimitsConfig
    stale_ns: int = 0
    heartbeat_ns: int = 1_000_000_000
    ack_timeout_ns: int = 0
    flat_ns: int = 0
    snapshot_every: int = 16_384
    tca: LoopConfig | UnsetType = UNSET
    cash: CashConfig | UnsetType = UNSET
    ceilings: CeilingsConfig | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not self.strategies:
            raise InputError("a desk has no strategy, allowed is one or more")
        for name in ("stale_ns", "ack_timeout_ns", "flat_ns", "snapshot_every"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is 0 or more")
        if self.heartbeat_ns < 1_000_000:
            raise InputError(f"heartbeat is {self.heartbeat_ns} ns, allowed is 1ms or more")
        for strategy in self.strategies:
            schedule = strategy.execution.schedule
            rule = UNSET if schedule is UNSET else schedule.auction
            if rule is not UNSET and rule.limit_ticks is UNSET and self.cash is not UNSET:
                raise InputError(
                    f"strategy {strategy.name!r}: found auction without limit_ticks and cash, "
                    "allowed is a limit: what a buy may cost must be known"
                )
            for book_id in strategy.books:
                if not 0 <= book_id < len(self.groups):
                    raise InputError(
                        f"strategy {strategy.name!r}: found book {book_id}, "
                        f"allowed is 0 to {len(self.groups) - 1}"
                    )
