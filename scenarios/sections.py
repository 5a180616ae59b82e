"""A scenario: in which world a run takes place, as strict structs.

A scenario file is TOML: `format_version`, `[run]`, `[[books]]`, `[flow]` (or `[[flows]]`), `[[hosts]]` and `[fees]`;
`library/first_light.toml` shows each with its meaning. Nothing is guessed: an unknown key is an
error. Durations are text ("25ms"), and what a struct calls `x_ns` is written `x`
(`scenarios.written`).

`[[books]]` and `[flow]` describe the synthetic world. A tape brings its own books, and then no flow
runs.
"""

import re
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from market.codes import QueueModel, Trigger
from market.errors import InputError
from market.faults import Fault
from market.instruments import Instrument
from scenarios.fault_lines import check_targets
from scenarios.fidelity_section import FidelitySection
from scenarios.line_section import LineSection
from scenarios.monitor_section import MonitorSection, check_monitors
from scenarios.session_section import SessionSection
from scenarios.split_section import SplitSection
from scenarios.stack import StackSection, name_of
from scenarios.standby_section import StandbySection
from scenarios.venue_phases import PhasesFrom
from sim.flow import FlowModel
from sim.latency import LatencyModel
from strategies import (
    DESK_MAX,
    DayOrderConfig,
    PredatorConfig,
    QuoterConfig,
    ScheduledBuyerConfig,
)

FORMAT_VERSION: Final = 1
"""Rises when an older reader would misunderstand a newer scenario."""

SEED_MAX: Final = (1 << 63) - 1
DEPTH_LEVELS_MAX: Final = 1024
FEE_PPM_MAX: Final = 1_000_000
TELEMETRY_NS_MIN: Final = 1_000_000

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
"""Names become names of folders and of random streams."""

StrategyConfig = QuoterConfig | ScheduledBuyerConfig | DayOrderConfig | PredatorConfig

STRATEGIES: Final[
    dict[
        str,
        type[QuoterConfig]
        | type[ScheduledBuyerConfig]
        | type[DayOrderConfig]
        | type[PredatorConfig],
    ]
] = {
    "day_order": DayOrderConfig,
    "predator": PredatorConfig,
    "quoter": QuoterConfig,
    "scheduled_buyer": ScheduledBuyerConfig,
}
"""Every strategy that a host may run, and what its `params` are."""


class RunSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs, when, and by which seed.

    Attributes:
        name: Begins the names of run folders.
        title: One line for people.
        start_ns: First instant; 0 takes the tape's first.
        duration_ns: Length of the run.
        seed: Of every draw.
        mode: How history answers to our orders; a generated flow needs `reactive`.
        queue_model: How an own order's place is estimated on a tape without orders (L2 or L1).
        phases: Who sets the phases of books of `[[venues]]`: the tape, their schedules, or by
            default the tape where it has some.
    """

    name: str
    title: str
    start_ns: int
    duration_ns: int
    mode: Literal["frozen", "reactive"]
    seed: int = 7
    queue_model: QueueModel = QueueModel.RISK_AVERSE
    phases: PhasesFrom = "auto"

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.duration_ns < 1:
            raise InputError(f"duration is {self.duration_ns} ns, allowed is above 0")
        if not 0 <= self.seed <= SEED_MAX:
            raise InputError(f"seed is {self.seed}, allowed is 0 to 2^63 - 1")


class VenueLinks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[hosts.venues]`: latencies between a host and a venue that are not the host's usual ones."""

    feed: LatencyModel | None = None
    orders: LatencyModel | None = None
    reports: LatencyModel | None = None


class HostSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One machine, its wires, and what runs on it.

    Attributes:
        name: Keys the draws of its wires and computations.
        desk: Number that its order ids begin with.
        strategy: Key of STRATEGIES, for a host that runs a bare participant.
        params: Its parameters.
        stack: The whole desk that the host runs instead.
        compute: How long a decision takes.
        feed: Latency of market data, venue to host.
        orders: Latency of commands, host to venue.
        reports: Latency of answers, venue to host.
        books: Symbols (or `SYMBOL@VENUE`) that it follows; none named means every book of the run. A
            bare strategy trades the first.
        triggers: What wakes it, beside reports, timers and staleness.
        depth_levels: Levels of each side that its views carry.
        stale_ns: Silence after which its view counts as stale; 0 for never.
        venues: Latencies to and from single venues, by name, where they differ.
        lines: The two lines that its market data comes on; left out, it comes on one, without loss.
        telemetry_ns: How often it tells monitors how it stands; left out, never.
        session: Its sessions with numbers and heartbeats; left out, nothing is ever missing on them.
        standby: A second machine that takes over from it.
        standby_of: Of such a machine: whose. Nobody writes it.
    """

    name: str
    desk: int
    compute: LatencyModel
    feed: LatencyModel
    orders: LatencyModel
    reports: LatencyModel
    strategy: str = ""
    params: StrategyConfig | None = None
    stack: StackSection | None = None
    books: tuple[str, ...] = ()
    triggers: Trigger = Trigger.BBO | Trigger.PHASE
    depth_levels: int = 2
    stale_ns: int = 0
    venues: dict[str, VenueLinks] = {}
    lines: LineSection | UnsetType = UNSET
    telemetry_ns: int | UnsetType = UNSET

    session: SessionSection | UnsetType = UNSET
    standby: StandbySection | UnsetType = UNSET
    standby_of: str | UnsetType = UNSET

    def latency(self, part: Literal["feed", "orders", "reports"], venue: str) -> LatencyModel:
        """Of one of its wires, for a venue."""
        found = getattr(self.venues.get(venue), part, None)
        return found or getattr(self, part)  # type: ignore[no-any-return]

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not 1 <= self.desk <= DESK_MAX:
            raise InputError(f"desk is {self.desk}, allowed is 1 to {DESK_MAX}")
        if (self.stack is None) == (not self.strategy):
            raise InputError(
                f"host {self.name!r}: found {'neither' if self.stack is None else 'both'}, "
                "allowed is either a strategy with its params, or a stack"
            )
        if self.strategy and self.params is None:
            raise InputError(f"host {self.name!r}: found no 'params', which a strategy needs")
        if not 0 <= self.depth_levels <= DEPTH_LEVELS_MAX:
            raise InputError(
                f"depth_levels is {self.depth_levels}, allowed is 0 to {DEPTH_LEVELS_MAX}"
            )
        if self.telemetry_ns is not UNSET and self.telemetry_ns < TELEMETRY_NS_MIN:
            raise InputError(
                f"telemetry is {self.telemetry_ns} ns, allowed is {TELEMETRY_NS_MIN} or more"
            )


class VenueFees(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[fees.venues]`: what one venue charges, in millionths of a fill's worth."""

    maker_units_ppm: int = 0
    taker_units_ppm: int = 0

    def __post_init__(self) -> None:
        _check_fees(self)


class FeesSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What venues charge, in millionths of a fill's worth; a negative fee is a rebate.

    Attributes:
        venues: By name, of venues that charge something else; those of `[[venues]]` have price lists.
    """

    maker_units_ppm: int = 0
    taker_units_ppm: int = 0
    venues: dict[str, VenueFees] = {}

    def __post_init__(self) -> None:
        _check_fees(self)


def _check_fees(fees: "FeesSection | VenueFees") -> None:
    """Refuse a rate that is no rate."""
    for name in ("maker_units_ppm", "taker_units_ppm"):
        if abs(getattr(fees, name)) > FEE_PPM_MAX:
            raise InputError(
                f"{name} is {getattr(fees, name)}, allowed is -{FEE_PPM_MAX} to {FEE_PPM_MAX}"
            )


class VenueSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[[venues]]`: the rules that the books of a venue have.

    Attributes:
        name: The venue, as the books name it.
        preset: A packaged preset's name, or the path of a TOML file beside the scenario.
        mid_reference: The book (`SYMBOL@VENUE`) whose best prices pegs follow; its own by default.
        closes: Last close of each symbol in ticks: the first reference price.
        opening_lots: What every host holds at the start, by symbol.
        locates: What every host may sell short a day, by symbol.
        index: The book (`SYMBOL@VENUE`) whose middle is the index of a perpetual's funding.
    """

    name: str
    preset: str
    mid_reference: str = ""
    closes: dict[str, int] = {}
    opening_lots: dict[str, int] = {}
    locates: dict[str, int] = {}
    index: str = ""


class BookFlow(FlowModel, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[[flows]]`: a flow, and the book (`SYMBOL` or `SYMBOL@VENUE`) that it fills."""

    book: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole scenario; every part has been checked, alone and against the others."""

    format_version: int
    run: RunSection
    books: tuple[Instrument, ...] = ()
    flow: FlowModel | None = None
    flows: tuple[BookFlow, ...] = ()
    hosts: tuple[HostSection, ...] = ()
    fees: FeesSection = FeesSection()
    venues: tuple[VenueSection, ...] = ()
    faults: tuple[Fault, ...] = ()
    split: SplitSection | None = None
    monitors: tuple[MonitorSection, ...] | UnsetType = UNSET
    fidelity: FidelitySection | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.flow is not None or self.flows:
            self._check_flow()
            if self.split is not None:
                raise InputError("split: found with a [flow], allowed is a scenario for tapes")
        if self.run.phases != "auto" and not self.venues:
            raise InputError(
                f"run.phases: found {self.run.phases!r} and no [[venues]], allowed is with a venue"
            )
        _check_distinct("books", "name", [name_of(book) for book in self.books])
        _check_distinct("venues", "name", [venue.name for venue in self.venues])
        _check_distinct("flows", "book", [flow.book for flow in self.flows])
        _check_distinct("hosts", "name", [host.name for host in self.hosts])
        _check_distinct(
            "hosts", "desk", [host.desk for host in self.hosts if host.standby_of is UNSET]
        )
        check_targets(
            self.faults,
            {
                **{host.name: host.stack is not None for host in self.hosts},
                **{one.name: False for one in (self.monitors or ())},
            },
            [name_of(book) for book in self.books],
        )
        if self.monitors is not UNSET:
            check_monitors(
                self.monitors,
                {host.name: host.telemetry_ns is not UNSET for host in self.hosts},
                [name for book in self.books for name in (book.symbol, name_of(book))],
            )
            for monitor in self.monitors:
                _check_name(monitor.name)
        symbols = [book.symbol for book in self.books]
        names = [*symbols, *(name_of(book) for book in self.books)]
        for index, host in enumerate(self.hosts):
            _check_distinct(f"hosts[{index}].books", "symbol", list(host.books))
            for symbol in host.books:
                if symbols and symbol not in names:
                    raise InputError(
                        f"hosts[{index}].books: found {symbol!r}, allowed is {', '.join(symbols)}"
                    )

    def _check_flow(self) -> None:
        """Refuse a flow that could not run."""
        if self.flow is not None and (len(self.books) != 1 or self.flows):
            raise InputError(
                f"flow: found {len(self.books)} [[books]] and {len(self.flows)} [[flows]], allowed "
                "is one book and no [[flows]]; several books have a [[flows]] each"
            )
        names = [name_of(book) for book in self.books]
        for index, flow in enumerate(self.flows):
            if flow.book not in names:
                raise InputError(
                    f"flows[{index}].book: found {flow.book!r}, allowed is {', '.join(names)}"
                )
        if self.run.mode != "reactive":
            raise InputError("run.mode: found 'frozen' with a [flow], allowed is reactive")
        if self.run.start_ns == 0:
            raise InputError("run.start: found 'auto' with a [flow], allowed is a date and time")


def strategies_of(scenario: Scenario) -> list[str]:
    """What the strategies of all desks are named, each once, in order."""
    names = [
        one.strategy
        for host in scenario.hosts
        if host.stack is not None
        for one in host.stack.strategies
    ]
    return list(dict.fromkeys(names))


def _check_name(name: str) -> None:
    """Refuse a name that could not be part of a path."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"name is {name[:40]!r}, allowed are 1 to 64 of a-z, 0-9 and _, not _ first"
        )


def _check_distinct(path: str, key: str, values: list[str] | list[int]) -> None:
    """Refuse two of the same."""
    for index, value in enumerate(values):
        if value in values[:index]:
            raise InputError(f"{path}: found {key} {value!r} twice, allowed is once")
