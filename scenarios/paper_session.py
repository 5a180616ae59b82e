"""A paper session as it is kept: what it was begun with, and its world made anew from that.

Model: the folder of a session holds `session.json` (`SessionStart`), `scenario.toml` with its plan of
faults, `round_trips.txt` where some were measured, the recording of its entries (`bridge.recording`) under
`inputs/`, and `fills.jsonl`, the fills that were acknowledged. Nothing else is needed to run it again, on any
machine: `replay` does, and a process that was killed goes on in the same way, from the entries. `end.json` is
there once the session is over, and until it goes on.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from bridge.feeds import Feed, FeedBook
from bridge.feeds.native import live_feed
from bridge.paper.listing import PLACES, OrderLimit, Terms
from bridge.recording import Entry
from bridge.stores import replace_file
from bridge.stores.replace import sync_folder
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.instruments import Instrument
from scenarios.fault_plan import with_plan
from scenarios.identity import ROOMS, Identity, code_digest
from scenarios.paper import PaperFill, PaperWorld
from scenarios.run_journal import RunWriter
from scenarios.schema import parse_scenario, scenario_digest, scenario_text
from scenarios.sections import Scenario, strategies_of
from sim.front.admission import Admission
from sim.front.house import HouseRules
from sim.front.throttle import COUNT_MAX, ThrottleRule
from sim.latency import Empirical, LatencyModel
from sim.recorder import EventSink

SESSION_FORMAT: Final = 1
SESSION_FILE: Final = "session.json"
SCENARIO_FILE: Final = "scenario.toml"
FILLS_FILE: Final = "fills.jsonl"
ROUND_TRIPS_FILE: Final = "round_trips.txt"
END_FILE: Final = "end.json"
DEPTH_SPEED: Final = "100ms"
INPUTS: Final = "inputs"
FEED_ROOMS: Final = ("bridge/feeds",)
"""What decides in a session beside what decides in a run."""


class FeedSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feed of a session.

    Attributes:
        venue: Key of `bridge.paper.listing.PLACES`.
        books: The book ids that it brings.
        depth_speed: How often it sends what changed, where the venue lets one choose.
    """

    venue: str
    books: tuple[int, ...]
    depth_speed: str = ""


class SessionStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a session was begun with.

    Attributes:
        name: Of the scenario.
        scenario_digest: Of the text beside it, with the plan of faults.
        code_digest: Of the program.
        instruments: By book_id, as the venue described them.
        terms: What an order of each must keep to.
        order_limits: How many orders the venue takes from an account.
        start_ns: First instant.
        end_ns: First instant behind it.
        round_trips_ns: Measured before the session; the orders wire of every host, where there are some.
        source_stamps: Whether entries bear the source's own times instead of ours.
    """

    format_version: int = SESSION_FORMAT
    name: str
    scenario_digest: str
    code_digest: str
    seed: int
    instruments: tuple[Instrument, ...]
    terms: tuple[Terms, ...]
    order_limits: tuple[OrderLimit, ...] = ()
    feeds: tuple[FeedSpec, ...]
    start_ns: int
    end_ns: int
    round_trips_ns: tuple[int, ...] = ()
    source_stamps: bool = False

    @property
    def identity(self) -> Identity:
        """Of its run: what it began with takes the place of a tape's digest."""
        return Identity(
            scenario=self.name,
            code_digest=self.code_digest,
            scenario_digest=self.scenario_digest,
            tape_digest=hashlib.blake2b(msgspec.json.encode(self), digest_size=16).hexdigest(),
            seed=self.seed,
            mode="frozen",
        )


class SessionEnd(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a session came to.

    Attributes:
        digest: Of its events and books.
        entries: Taken.
        last_ns: Stamp of the last.
        fills: Acknowledged.
    """

    digest: str
    entries: int
    last_ns: int
    fills: int


def feed_of(spec: FeedSpec, instruments: tuple[Instrument, ...]) -> Feed:
    """A feed as it was when the session began.

    Raises:
        InputError: The venue is none of those known.
    """
    place = PLACES.get(spec.venue)
    if place is None:
        raise InputError(f"venue: found {spec.venue!r}, allowed is {', '.join(PLACES)}")
    books = [FeedBook(one, instruments[one]) for one in spec.books]
    speed = spec.depth_speed or DEPTH_SPEED
    return live_feed(place.venue, place.market, books, depth_speed=speed)


class SessionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario on its way to become a session: its text, and what that says."""

    text: str
    scenario: Scenario
    digest: str


def plan_session(name_or_path: str, faults: Path | None) -> SessionPlan:
    """Read a scenario, with a plan of faults where there is one.

    Raises:
        InputError: Either is wrong.
    """
    text, where = scenario_text(name_or_path)
    if faults is not None:
        text = with_plan(text, where, faults)
    scenario = parse_scenario(text, where)
    return SessionPlan(text=text, scenario=scenario, digest=scenario_digest(text, where))


def begin_session(folder: Path, plan: SessionPlan, start: SessionStart) -> None:
    """Keep what a session begins with.

    Raises:
        InputError: The folder is there already, or cannot be written.
    """
    try:
        folder.mkdir(parents=True)
        sync_folder(folder.parent)
        replace_file(folder / SCENARIO_FILE, plan.text.encode())
        if start.round_trips_ns:
            lines = "".join(f"{one}\n" for one in start.round_trips_ns)
            replace_file(folder / ROUND_TRIPS_FILE, lines.encode())
        # Last: where it is, everything else is.
        replace_file(folder / SESSION_FILE, msgspec.json.format(msgspec.json.encode(start)) + b"\n")
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made ({error.strerror}); allowed is a folder that is not there yet"
        ) from None


def read_session(folder: Path) -> tuple[SessionStart, SessionPlan]:
    """What a session was begun with.

    Raises:
        InputError: There is none, it is of another format, or its scenario was changed since.
    """
    path = folder / SESSION_FILE
    try:
        start = msgspec.json.decode(path.read_bytes(), type=SessionStart)
        plan = plan_session(str(folder / SCENARIO_FILE), None)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; allowed is a paper session's folder") from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{path}: found no session's beginning: {error}") from None
    if start.format_version != SESSION_FORMAT:
        raise InputError(
            f"{path}: found format {start.format_version}, allowed is {SESSION_FORMAT}"
        )
    if plan.digest != start.scenario_digest:
        raise InputError(
            f"{folder / SCENARIO_FILE}: found digest {plan.digest}, allowed is "
            f"{start.scenario_digest}, that of the scenario that the session began with"
        )
    return start, plan


def write_end(folder: Path, end: SessionEnd) -> None:
    """Keep what a session came to.

    Raises:
        InputError: The disk refuses.
    """
    replace_file(folder / END_FILE, msgspec.json.format(msgspec.json.encode(end)) + b"\n")


def forget_end(folder: Path) -> None:
    """The session goes on: what it came to before is no end any more.

    Raises:
        InputError: The folder cannot be written.
    """
    path = folder / END_FILE
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}; allowed is a folder that can be written"
        ) from None


def read_end(folder: Path) -> SessionEnd | None:
    """What a session came to; None for one that was killed and has not gone on.

    Raises:
        InputError: It cannot be read.
    """
    path = folder / END_FILE
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=SessionEnd)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"{path}: found no session's end: {error}") from None


def world_of(
    folder: Path,
    start: SessionStart,
    plan: SessionPlan,
    *,
    sink: EventSink | None = None,
    journal: Callable[[str], RunWriter] | None = None,
    filled: Callable[[PaperFill], None] | None = None,
) -> PaperWorld:
    """The world of a session at its first instant.

    Raises:
        InputError: The scenario does not fit.
    """
    scenario = plan.scenario
    if start.round_trips_ns:
        orders: LatencyModel = Empirical(path=str(folder / ROUND_TRIPS_FILE))
        hosts = tuple(structs.replace(host, orders=orders) for host in scenario.hosts)
        scenario = structs.replace(scenario, hosts=hosts)
    return PaperWorld(
        scenario,
        start.instruments,
        [feed_of(one, start.instruments) for one in start.feeds],
        house=_house(start),
        seed=start.seed,
        start_ns=start.start_ns,
        end_ns=start.end_ns,
        sink=sink,
        journal=journal,
        filled=filled,
    )


def _house(start: SessionStart) -> HouseRules:
    """What the venue checks of an order, by its own description."""
    sheets = {
        number: Admission(
            instrument=instrument,
            qty_lots_min=terms.lots_min,
            qty_lots_max=min(terms.lots_max or QTY_LOTS_MAX, QTY_LOTS_MAX),
            notional_min=terms.notional_min,
        )
        for number, (instrument, terms) in enumerate(
            zip(start.instruments, start.terms, strict=True)
        )
    }
    throttles = tuple(
        ThrottleRule(count=min(one.count, COUNT_MAX), window_ns=one.window_ns, cancels_exempt=True)
        for one in start.order_limits
    )
    return HouseRules(admissions=sheets, throttles=throttles)


def code_of(plan: SessionPlan) -> str:
    """Digest of the program that runs a session now."""
    return code_digest(strategies_of(plan.scenario), (*ROOMS, *FEED_ROOMS))


def replay(
    world: PaperWorld,
    entries: Iterable[Entry],
    progress: Callable[[int], None] | None = None,
) -> int:
    """Take a session's entries again; the stamp of the last one.

    The instant of the last entry happens, and nothing behind it: what was on its way then is still.
    """
    last_ns = world.now_ns
    for number, entry in enumerate(entries):
        world.take(entry.stamp_ns, entry.channel, entry.data)
        last_ns = entry.stamp_ns
        if progress is not None and number % PROGRESS_ENTRIES == 0:
            progress(number)
    world.advance(last_ns + 1)
    return last_ns


PROGRESS_ENTRIES: Final = 4_096
