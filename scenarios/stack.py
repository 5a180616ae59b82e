"""A host's whole desk as a scenario writes it: `[hosts.stack]`.

Model: every stage's own configuration struct is a table here, so that nothing is said twice. What only
a run can know (numbers of books, the end of the day) is filled in by `desk_config`.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from desk.config import DeskConfig, StrategyConfig
from desk.execution import ExecutionConfig
from desk.gate import GateConfig
from desk.limits import CeilingsConfig, LimitsConfig, check_ceilings
from desk.purse import CashConfig
from desk.router.config import RouteFees
from desk.sizing import SizingConfig
from desk.state import StateConfig
from desk.tca.loop import LoopConfig
from market.errors import InputError
from market.instruments import Instrument
from scenarios.route_section import RouteSection, route_of
from scenarios.written import Place, read_struct, table_of
from sim.latency import Constant, LatencyModel
from strategies.registry import strategy_named

NO_GROUP = "all"


class StackStrategy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One strategy of a desk.

    Attributes:
        name: Unique in the desk.
        strategy: A packaged strategy's name, `my.module:Class`, or an entry point's name.
        sizing: How much.
        execution: How.
        params: The strategy's own parameters.
        books: Symbols (or `SYMBOL@VENUE`) that it sees and trades; none named means all of the host.
        route: Over which of them its wishes are worked, if not each in its own.
    """

    name: str
    strategy: str
    sizing: SizingConfig
    execution: ExecutionConfig
    params: msgspec.Struct
    books: tuple[str, ...] = ()
    route: RouteSection | UnsetType = UNSET


class StackSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A desk.

    Attributes:
        strategies: In the order in which they are asked.
        state: How risk is measured.
        gate: What may become risk.
        limits: The last hard check; a missing limit is zero.
        groups: Group of each symbol; those not named are in one group, `all`.
        commit: How long it takes to make the journal durable; commands wait for it.
        stale_ns: Age from which content may not be acted on; 0 leaves that to the host.
        heartbeat_ns: How often the desk looks at what does not happen.
        ack_timeout_ns: Silence after which the venue is asked how an order stands; 0 for never.
        flat_before_end_ns: How long before the end of the run every strategy is flat; 0 for not.
        snapshot_every: Events between two snapshots in the journal; 0 for none.
        tca: How own costs are learned, and fed back into sizes and schedules; not by default.
        cash: What buys may spend: they wait for the sells that pay for them; without bound by default.
        ceilings: Over whatever limits are set to while it runs; the limits themselves by default.
    """

    strategies: tuple[StackStrategy, ...]
    state: StateConfig
    gate: GateConfig
    limits: LimitsConfig
    groups: dict[str, str] = {}
    commit: LatencyModel = Constant(latency_ns=20_000)
    stale_ns: int = 0
    heartbeat_ns: int = 1_000_000_000
    ack_timeout_ns: int = 0
    flat_before_end_ns: int = 0
    snapshot_every: int = 16_384
    tca: LoopConfig | UnsetType = UNSET
    cash: CashConfig | UnsetType = UNSET
    ceilings: CeilingsConfig | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not self.strategies:
            raise InputError("found no [[strategies]], allowed is one or more")
        names = [one.name for one in self.strategies]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"strategies: found name {name!r} twice, allowed is once")
        if isinstance(self.ceilings, CeilingsConfig):
            check_ceilings(self.ceilings, self.limits)


def read_strategy(value: object, where: Place) -> StackStrategy:
    """One of `[[hosts.stack.strategies]]`; its parameters are those of its strategy."""
    name = table_of(value, where).get("strategy")
    table = {"params": {}, **table_of(value, where)}

    def params(written: object, at: Place) -> object:
        if not isinstance(name, str):
            raise InputError(f"{where.at('strategy')}: found {name!r}, allowed is a text")
        try:
            config = strategy_named(name).config
        except InputError as error:
            raise InputError(f"{where.at('strategy')}: {error}") from None
        return read_struct(written, at, config)

    return read_struct(table, where, StackStrategy, {"params": params})


def desk_config(
    stack: StackSection,
    *,
    desk: int,
    instruments: list[Instrument],
    host_books: list[int],
    end_ns: int,
    fees: Sequence[RouteFees] = (),
) -> DeskConfig:
    """The configuration of a desk in one run.

    Args:
        host_books: Books that the host follows.
        end_ns: First instant after the run.
        fees: What trading costs in each book, for routers; none for free.

    Raises:
        InputError: A strategy names a book that its host does not follow.
    """
    placed = [_books(one, instruments, host_books) for one in stack.strategies]
    flat_ns = end_ns - stack.flat_before_end_ns if stack.flat_before_end_ns else 0
    return DeskConfig(
        desk=desk,
        strategies=tuple(
            StrategyConfig(
                name=one.name,
                books=tuple(books),
                sizing=one.sizing,
                execution=one.execution,
                route=route_of(one.route, one.name, books, instruments, fees),
            )
            for one, books in zip(stack.strategies, placed, strict=True)
        ),
        groups=tuple(stack.groups.get(one.symbol, NO_GROUP) for one in instruments),
        state=stack.state,
        gate=stack.gate,
        limits=stack.limits,
        stale_ns=stack.stale_ns,
        heartbeat_ns=stack.heartbeat_ns,
        ack_timeout_ns=stack.ack_timeout_ns,
        flat_ns=flat_ns,
        snapshot_every=stack.snapshot_every,
        tca=stack.tca,
        cash=stack.cash,
        ceilings=stack.ceilings,
    )


def _books(
    strategy: StackStrategy, instruments: list[Instrument], host_books: list[int]
) -> list[int]:
    """Numbers of the books that a strategy names."""
    if not strategy.books:
        return host_books
    books = []
    for wanted in strategy.books:
        fitting = [
            book_id
            for book_id in host_books
            if wanted in (instruments[book_id].symbol, name_of(instruments[book_id]))
        ]
        if not fitting:
            allowed = ", ".join(name_of(instruments[book_id]) for book_id in host_books)
            raise InputError(
                f"strategy {strategy.name!r}: found book {wanted!r}, allowed is {allowed}"
            )
        books += [book_id for book_id in fitting if book_id not in books]
    return books


def name_of(instrument: Instrument) -> str:
    """A book's full name."""
    return f"{instrument.symbol}@{instrument.venue}"
