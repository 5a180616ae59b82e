"""A drill: what breaks in which world, what must hold meanwhile, and what must have been reached.

A drill file is TOML (docs/howto/run-drills.md). It names a scenario and what differs in it, its faults as
in a scenario's `[[faults]]`, and the lengths of its phases:

    warm-up → faults → heal → quiet → audit

Faults begin and end in `faults` or `heal`; in `quiet` nothing fails and everything must come right again
(liveness); the audit is after the end. The run is as long as its phases together.

Model: every invariant is checked in every drill. `[expect]` says which of them a drill is about: those
must have had something to check, and the mark that goes with each must have been reached, as must
every mark and every bite that is asked for; otherwise the drill has shown nothing and is VACUOUS.
"""

import hashlib
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import msgspec

from chaos.changes import merged, without
from market.errors import InputError
from market.faults import AtTime
from market.units import DURATION_NS, format_ns
from scenarios.schema import digest_of, scenario_of, scenario_text
from scenarios.sections import NAME, Scenario
from scenarios.written import Place, found, list_of, read_struct, table_of

FORMAT_VERSION: Final = 1
MS: Final = DURATION_NS["ms"]
S: Final = DURATION_NS["s"]


class Phases(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long each phase lasts; the audit takes no time."""

    warm_up_ns: int
    faults_ns: int
    heal_ns: int
    quiet_ns: int

    def __post_init__(self) -> None:
        for name in ("warm_up", "faults", "heal", "quiet"):
            if getattr(self, f"{name}_ns") <= 0:
                raise InputError(f"{name}: found {getattr(self, f'{name}_ns')} ns, allowed above 0")

    @property
    def ends_ns(self) -> dict[str, int]:
        """When each phase ends, from the start of the run, in order."""
        ends: dict[str, int] = {}
        end_ns = 0
        for name in ("warm_up", "faults", "heal", "quiet"):
            end_ns += getattr(self, f"{name}_ns")
            ends[name] = end_ns
        return ends

    def phase_at(self, offset_ns: int) -> str:
        """The phase at a time from the start of the run."""
        return next((name for name, end in self.ends_ns.items() if offset_ns < end), "audit")


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a drill is about.

    Attributes:
        invariants: Ids of those that it shows: each must have been checked, and its mark reached.
        marks: Names of further dangers that must have been reached.
        bites: How often a fault must have bitten at least, by its name; once where nothing is said.
        violated: Of a canary: ids of invariants that must be violated, so that the drill fails.
    """

    invariants: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    bites: dict[str, int] = {}
    violated: tuple[str, ...] = ()


class DrillLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of this drill, apart from what its scenario allows itself.

    Attributes:
        takeover_ns: From the loss of the primary until the stand-by may trade.
        kill_last_order_ns: From the kill until the last new order, beside one link.
        kill_cancels_ns: From the kill until a cancel for every open order has left.
        kill_done_ns: From the kill until the venue has confirmed, or somebody has been told.
        recovery_ns: From a host's restart until it may trade, beside a second a million records.
        silence_ns: For how long nothing may be heard on an order session until nothing new leaves on it.
        resolve_ns: From connectivity until no order is in doubt or orphaned.
        match_ns: Until a difference between desk, drop copy and venue is noticed.
        stale_ns: Age of content from which nothing may be priced; the host's own by default.
        feed_ns: Until a book is right again after a gap.
        alert_ns: From a fault until somebody is told.
        link_ns: The slowest usual way of a message from a host to its venue.
        order_lots: The largest order; the desk's own limit by default.
        position_lots: The largest position that all orders could bring about, likewise.
    """

    takeover_ns: int = 500 * MS
    kill_last_order_ns: int = 5 * MS
    kill_cancels_ns: int = 50 * MS
    kill_done_ns: int = 2 * S
    recovery_ns: int = 2 * S
    silence_ns: int = 3 * S
    resolve_ns: int = 5 * S
    match_ns: int = S
    stale_ns: int = 0
    feed_ns: int = S
    alert_ns: int = 5 * S
    link_ns: int = 5 * MS
    order_lots: int = 0
    position_lots: int = 0


class Drill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One drill, as it is written.

    Attributes:
        name: As its file is named.
        title: One line.
        story: What happens, and why it matters.
        answers: Incidents and rules that it answers.
        scenario: A packaged scenario's name, or a TOML file beside the drill.
        phases: How long each lasts.
        seed: Of every draw.
        needs_tape: Whether its scenario has no flow, so that it must be given a tape.
        overrides: Merged into the scenario as it is written (`chaos.changes`).
        without: Dotted paths of what is taken out of it first.
        faults: As in a scenario, added to its own.
        expect: What it is about.
        limits: Its bounds.
    """

    format_version: int
    name: str
    title: str
    story: str
    scenario: str
    phases: Phases
    answers: tuple[str, ...] = ()
    seed: int = 7
    needs_tape: bool = False
    overrides: dict[str, Any] = {}
    without: tuple[str, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    expect: Expect = Expect()
    limits: DrillLimits = DrillLimits()

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise InputError(
                f"format_version is {self.format_version}, allowed is {FORMAT_VERSION}"
            )
        if not NAME.fullmatch(self.name):
            raise InputError(f"name is {self.name[:40]!r}, allowed are 1 to 64 of a-z, 0-9 and _")


class PlannedDrill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill with the world that it takes place in.

    Attributes:
        drill: As it is written.
        text: Its file's text.
        scenario: With everything that the drill changes, faults included.
        twin: The same without a fault.
        digest: Of the scenario, faults included.
        plan_digest: Of the faults alone.
    """

    drill: Drill
    text: str
    scenario: Scenario
    twin: Scenario
    digest: str
    plan_digest: str


def drill_names() -> list[str]:
    """Names of the packaged drills, sorted."""
    names = [item.name for item in _library().iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_drill(name_or_path: str | Path) -> PlannedDrill:
    """Find and read a drill, and make its world.

    Args:
        name_or_path: A packaged drill's name, or the path of a file; what ends in `.toml` or has a
            folder in it is a path.

    Raises:
        InputError: There is no such drill, or it is not as it must be.
    """
    given = str(name_or_path)
    if given.endswith(".toml") or Path(given).name != given:
        source: Traversable | Path = Path(given)
    elif given in drill_names():
        source = _library() / f"{given}.toml"
    else:
        raise InputError(
            f"drill: found {found(given)}, allowed is {', '.join(drill_names())}, or the path of a "
            ".toml file"
        )
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}; allowed is a drill file") from None
    except UnicodeDecodeError:
        raise InputError(f"{source}: found no UTF-8 text, allowed is TOML") from None
    return plan_drill(text, str(source))


def plan_drill(text: str, where: str) -> PlannedDrill:
    """Read a drill's text and make its world.

    Args:
        text: TOML.
        where: Path of the file, for errors and for a scenario beside it.

    Raises:
        InputError: With one line: where, what was found, what is allowed.
    """
    drill = parse_drill(text, where)
    named = drill.scenario
    if named.endswith(".toml"):
        named = str(Path(where).parent / named)
    own_text, own_where = scenario_text(named)
    folder = Path(own_where).parent
    table = _changed(drill, tomllib.loads(own_text), where)
    twin = scenario_of({**table, "faults": []}, where, folder)
    broken = [*table.get("faults", ()), *drill.faults]
    scenario = scenario_of({**table, "faults": broken}, where, folder)
    _check_faults(drill, scenario, where)
    plan = msgspec.json.encode(scenario.faults, order="sorted")
    return PlannedDrill(
        drill=drill,
        text=text,
        scenario=scenario,
        twin=twin,
        digest=digest_of(scenario),
        plan_digest=digest_bytes(plan),
    )


def parse_drill(text: str, where: str) -> Drill:
    """Read a drill's own text.

    Raises:
        InputError: It is not as it must be.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: found no TOML: {error}") from None
    return read_struct(
        table,
        Place(where),
        Drill,
        {
            "overrides": table_of,
            "faults": lambda value, at: tuple(
                table_of(one, at.item(number)) for number, one in enumerate(list_of(value, at))
            ),
        },
    )


def digest_bytes(data: bytes) -> str:
    """BLAKE2b-128, in hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _changed(drill: Drill, table: dict[str, Any], where: str) -> dict[str, Any]:
    """The scenario's table as the drill has it, with its own faults and not yet the drill's."""
    for path in drill.without:
        table = without(table, path, f"{where}: without")
    table = merged(table, drill.overrides, f"{where}: overrides")
    length = f"{drill.phases.ends_ns['quiet']}ns"
    return {**table, "run": {**table.get("run", {}), "duration": length, "seed": drill.seed}}


def _check_faults(drill: Drill, scenario: Scenario, where: str) -> None:
    """Refuse faults outside their phases, and bites of faults that are not there."""
    ends = drill.phases.ends_ns
    for fault in scenario.faults:
        if not isinstance(fault.trigger, AtTime):
            continue
        from_ns, until_ns = fault.trigger.time_ns, fault.trigger.time_ns + fault.duration_ns
        if not ends["warm_up"] <= from_ns < ends["faults"] or until_ns > ends["heal"]:
            raise InputError(
                f"{where}: fault {fault.name!r}: found {format_ns(from_ns)} to "
                f"{format_ns(until_ns)}, allowed is a beginning from {format_ns(ends['warm_up'])} to "
                f"{format_ns(ends['faults'])} and an end up to {format_ns(ends['heal'])}"
            )
    names = [fault.name for fault in scenario.faults]
    for name in drill.expect.bites:
        if name not in names:
            allowed = ", ".join(names) or "none: there is no fault"
            raise InputError(f"{where}: expect.bites: found {name!r}, allowed is {allowed}")


def _library() -> Traversable:
    """The folder of packaged drills."""
    return resources.files("chaos") / "drills"
