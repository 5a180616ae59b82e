"""A recorded day of a whole desk: its journal, and the digest of its state after chosen events."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import structs

from desk.config import DeskConfig
from desk.desk_data import DeskData, EventLog
from desk.journal import Reader, Record, RecordType, event_in
from desk.pipeline import Desk
from desk.recovery import MakeDesk
from market.instruments import Instrument
from scenarios.books import books_of
from scenarios.build import Assembly
from scenarios.desks import make_strategies
from scenarios.faults import FaultOutcome
from scenarios.run_journal import RunWriter
from scenarios.schema import load_scenario
from scenarios.sections import Scenario
from scenarios.stack import StackSection, desk_config
from strategies.idle import IdleConfig
from tests.flicker import FlickerConfig

SEED = 7


@dataclass
class Day:
    """What is left of a day, and what it was like.

    Attributes:
        data: The journal's durable bytes.
        records: The same, read.
        events: Place in `records` of each event, by its number from 0.
        digests: Digest of the state after an event, by its number.
        commands: How many commands left with each record.
        faults: What became of what broke.
        crashes: What a crash right after an event would leave, by its number.
    """

    data: bytes
    records: list[Record]
    events: list[int]
    digests: dict[int, str]
    commands: list[int]
    make: MakeDesk
    config: DeskConfig = field(repr=False)
    faults: list[FaultOutcome] = field(default_factory=list)
    crashes: dict[int, bytes] = field(default_factory=dict, repr=False)


def digest_of(desk: Desk) -> str:
    """Digest of all that a desk remembers."""
    return hashlib.blake2b(desk.snapshot(), digest_size=16).hexdigest()


def busy(scenario: Scenario, snapshot_every: int) -> Scenario:
    """The scenario with a strategy that never rests, and snapshots as often as told."""
    host = scenario.hosts[0]
    assert host.stack is not None
    maker, other = host.stack.strategies
    restless = structs.replace(
        maker, strategy="tests.flicker:Flicker", params=FlickerConfig(qty_lots=50)
    )
    at_rest = structs.replace(other, strategy="idle", params=IdleConfig())
    stack = structs.replace(
        host.stack, strategies=(restless, at_rest), snapshot_every=snapshot_every
    )
    return structs.replace(scenario, hosts=(structs.replace(host, stack=stack),))


def as_written(scenario: Scenario, snapshot_every: int) -> Scenario:
    """The scenario with its own strategies, and snapshots as often as told."""
    host = scenario.hosts[0]
    assert host.stack is not None
    stack = structs.replace(host.stack, snapshot_every=snapshot_every)
    return structs.replace(
        scenario, hosts=(structs.replace(host, stack=stack), *scenario.hosts[1:])
    )


def record_day(
    name: str,
    *,
    snapshot_every: int,
    wanted: Callable[[int], bool],
    duration_ns: int = 0,
    change: Callable[[Scenario, int], Scenario] = busy,
    crashed: Callable[[int], bool] = lambda _number: False,
) -> Day:
    """Run a scenario's desk to the end.

    Args:
        wanted: Of which events (by number from 0) the state's digest is kept.
        duration_ns: Length of the run; 0 for the scenario's own.
        change: What is made of the scenario.
        crashed: After which events it is kept what a crash would leave.
    """
    scenario, _, _ = load_scenario(name)
    if duration_ns:
        run = structs.replace(scenario.run, duration_ns=duration_ns)
        scenario = structs.replace(scenario, run=run)
    scenario = change(scenario, snapshot_every)
    digests: dict[int, str] = {}
    crashes: dict[int, bytes] = {}
    desks: list[Desk] = []

    def ended(stage: str) -> None:
        if stage == "journal" and desks:
            number = desks[0].data.seq - 1
            if wanted(number):
                digests[number] = digest_of(desks[0])
            if crashed(number):
                crashes[number] = writers[0].durable()

    writers: list[RunWriter] = []

    def journal(_host: str) -> RunWriter:
        writers.append(RunWriter(None))
        return writers[0]

    assembly = Assembly(scenario, None, SEED, None, journal=journal, probe=ended)
    desks.append(assembly.desks[0])
    assembly.clock.run()
    writers[0].sync()
    data = writers[0].durable()
    records = list(Reader(data))
    stack = scenario.hosts[0].stack
    assert stack is not None
    config = desk_config(
        stack,
        desk=scenario.hosts[0].desk,
        instruments=assembly.instruments,
        host_books=books_of(scenario.hosts[0], assembly.instruments),
        end_ns=assembly.end_ns,
    )
    return Day(
        data=data,
        records=records,
        events=[at for at, one in enumerate(records) if one.type is RecordType.EVENT],
        digests=digests,
        commands=[
            len(event_in(one).commands) if one.type is RecordType.EVENT else 0 for one in records
        ],
        make=maker_of(stack, config, assembly.instruments),
        config=config,
        faults=assembly.faults.outcomes(assembly),
        crashes=crashes,
    )


def maker_of(stack: StackSection, config: DeskConfig, instruments: list[Instrument]) -> MakeDesk:
    """What makes a new desk of the day's configuration."""

    def make(journal: EventLog, data: DeskData | None) -> Desk:
        return Desk(config, instruments, make_strategies(stack, config, instruments), journal, data)

    return make
