"""Reading a scenario: from a file or the packaged library, to checked structs and a digest."""

import hashlib
import re
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import numpy as np
from msgspec import UNSET

from market.codes import QueueModel, Trigger
from market.errors import InputError
from market.instruments import Instrument
from market.units import DURATION_NS
from scenarios.fault_lines import read_faults
from scenarios.line_section import line_models, read_lines
from scenarios.monitor_section import MONITOR_WIRES, MonitorSection, read_monitor
from scenarios.sections import (
    FORMAT_VERSION,
    STRATEGIES,
    BookFlow,
    FeesSection,
    HostSection,
    RunSection,
    Scenario,
    VenueLinks,
    VenueSection,
)
from scenarios.session_section import SessionSection
from scenarios.split_section import SplitSection
from scenarios.stack import StackSection, read_strategy
from scenarios.standby_hosts import with_standbys
from scenarios.standby_section import STANDBY_WIRES, read_standby
from scenarios.templates import expanded
from scenarios.venue_phases import PHASES
from scenarios.venue_preset import load_preset
from scenarios.written import Place, Reader, choice_of, found, read_struct, table_of, tables_of
from sim.flow import FlowModel
from sim.latency import Constant, Empirical, LatencyModel, LogNormal

AUTO: Final = "auto"
MODES: Final = {"frozen": "frozen", "reactive": "reactive"}
QUEUE_MODELS: Final = {model.name.lower(): model for model in QueueModel}
TRIGGERS: Final = {
    "bbo": Trigger.BBO,
    "trade": Trigger.TRADE,
    "phase": Trigger.PHASE,
    "indication": Trigger.INDICATION,
}
MODELS: Final[dict[str, type[LatencyModel]]] = {
    "constant": Constant,
    "lognormal": LogNormal,
    "empirical": Empirical,
}
START_NS_MAX: Final = 230 * 365 * DURATION_NS["d"]
"""About the end of the year 2199; NumPy's nanoseconds wrap soon after."""

WIRES: Final = ("compute", "feed", "orders", "reports")

__all__ = [
    "HostSection",
    "Scenario",
    "digest_of",
    "library_names",
    "load_scenario",
    "parse_scenario",
    "scenario_digest",
    "scenario_of",
    "scenario_text",
]

_START: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:Z|([+-])(\d\d):([0-5]\d))"
)


def library_names() -> list[str]:
    """Names of the packaged scenarios, sorted."""
    names = [item.name for item in _library().iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_scenario(name_or_path: str | Path) -> tuple[Scenario, str, str]:
    """Find and read a scenario.

    Args:
        name_or_path: A packaged scenario's name, or the path of a file; what ends in `.toml` or
            has a folder in it is a path.

    Returns:
        The scenario, its text, and where the text came from.

    Raises:
        InputError: There is no such scenario, or it is not as it must be.
    """
    text, where = scenario_text(name_or_path)
    return parse_scenario(text, where), text, where


def scenario_text(name_or_path: str | Path) -> tuple[str, str]:
    """Find a scenario's text, and where it came from.

    Raises:
        InputError: There is no such scenario.
    """
    given = str(name_or_path)
    if given.endswith(".toml") or Path(given).name != given:
        source: Traversable | Path = Path(given)
    elif given in library_names():
        source = _library() / f"{given}.toml"
    else:
        names = ", ".join(library_names())
        raise InputError(
            f"scenario: found {found(given)}, allowed is {names}, or the path of a .toml file"
        )
    where = str(source)
    try:
        return source.read_text(encoding="utf-8"), where
    except OSError as error:
        raise InputError(
            f"{where}: {error.strerror or error}; allowed is a scenario file"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{where}: found no UTF-8 text, allowed is TOML") from None


def parse_scenario(text: str, where: str) -> Scenario:
    """Read a scenario's text.

    Args:
        text: TOML.
        where: Path of the file, for errors and for the files that it names relative to itself.

    Raises:
        InputError: With one line: where, what was found, what is allowed.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: found no TOML: {error}") from None
    return scenario_of(table, where, Path(where).parent)


def scenario_of(table: dict[str, Any], where: str, folder: Path) -> Scenario:
    """Read a scenario from its table.

    Args:
        table: As TOML gives it, or as somebody has changed it.
        where: For errors.
        folder: That the files named in it are relative to.

    Raises:
        InputError: With one line: where, what was found, what is allowed.
    """
    table = expanded(table, where)
    version = table.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise InputError(
            f"{where}: format_version: found {found(version)}, allowed is {FORMAT_VERSION}"
        )

    def host(value: object, at: Place) -> HostSection:
        return _host(value, at, folder)

    def venue(value: object, at: Place) -> VenueSection:
        return _venue(value, at, folder)

    def monitor(value: object, at: Place) -> MonitorSection:
        return read_monitor(value, at, lambda written, where: _latency(written, where, folder))

    return read_struct(
        table,
        Place(where),
        Scenario,
        {
            "run": _run,
            "books": lambda value, at: _each(value, at, _instrument),
            "flow": lambda value, at: read_struct(value, at, FlowModel),
            "flows": lambda value, at: _each(value, at, _flow),
            "hosts": lambda value, at: with_standbys(
                cast("tuple[HostSection, ...]", _each(value, at, host)), at
            ),
            "fees": lambda value, at: read_struct(value, at, FeesSection),
            "venues": lambda value, at: _each(value, at, venue),
            "faults": read_faults,
            "monitors": lambda value, at: _each(value, at, monitor),
            "split": lambda value, at: read_struct(value, at, SplitSection),
        },
    )


def scenario_digest(text: str, where: str = "scenario") -> str:
    """Digest of what a scenario says: comments, order of keys and layout do not matter.

    A latency file or a venue's preset counts with its content, not with its name: it decides the run,
    its path does not.

    Args:
        text: The scenario's text.
        where: Path of its file, as for `parse_scenario`.

    Returns:
        BLAKE2b-128, in hex.
    """
    return digest_of(parse_scenario(text, where))


def digest_of(scenario: Scenario) -> str:
    """The same of a scenario that has been read."""
    fields = msgspec.to_builtins(scenario)
    for host, written in zip(scenario.hosts, fields["hosts"], strict=True):
        models = [(written, wire, getattr(host, wire)) for wire in WIRES]
        for name, links in host.venues.items():
            models += [
                (written["venues"][name], wire, getattr(links, wire))
                for wire in ("feed", "orders", "reports")
            ]
        if host.stack is not None:
            models.append((written["stack"], "commit", host.stack.commit))
        if host.standby is not UNSET:
            models += [
                (written["standby"], wire, getattr(host.standby, wire)) for wire in STANDBY_WIRES
            ]
        models += [(written["lines"], wire, model) for wire, model in line_models(host.lines)]
        _contents(models)
    if scenario.monitors is not UNSET:
        for monitor, written in zip(scenario.monitors, fields["monitors"], strict=True):
            _contents([(written, wire, getattr(monitor, wire)) for wire in MONITOR_WIRES])
    for venue, written in zip(scenario.venues, fields["venues"], strict=True):
        written["preset"] = msgspec.to_builtins(load_preset(venue.preset)[0])
    canonical = msgspec.json.encode(fields, order="sorted")
    return hashlib.blake2b(canonical, digest_size=16).hexdigest()


def _contents(models: list[tuple[dict[str, Any], str, LatencyModel]]) -> None:
    """Put a file's content in the place of its name, wherever a table has a latency from a file."""
    for table, wire, model in models:
        if isinstance(model, Empirical):
            block = model.compile()
            table[wire]["path"] = hashlib.blake2b(block.tobytes(), digest_size=16).hexdigest()


def _library() -> Traversable:
    """The folder of packaged scenarios."""
    return resources.files("scenarios") / "library"


def _each(value: object, where: Place, read: Reader) -> tuple[object, ...]:
    """Every table of a list."""
    tables = tables_of(value, where)
    return tuple(read(item, where.item(index)) for index, item in enumerate(tables))


def _instrument(value: object, where: Place) -> Instrument:
    """One of `[[books]]`."""
    return read_struct(value, where, Instrument)


def _venue(value: object, where: Place, folder: Path) -> VenueSection:
    """One of `[[venues]]`; the path of a preset is relative to the scenario's folder."""
    section = read_struct(value, where, VenueSection)
    if section.preset.endswith(".toml"):
        section = msgspec.structs.replace(section, preset=str(folder / section.preset))
    try:
        load_preset(section.preset)
    except InputError as error:
        raise InputError(f"{where.at('preset')}: {error}") from None
    return section


def _flow(value: object, where: Place) -> BookFlow:
    """One of `[[flows]]`."""
    return read_struct(value, where, BookFlow)


def _run(value: object, where: Place) -> RunSection:
    """The section `[run]`."""
    return read_struct(
        value,
        where,
        RunSection,
        {
            "start_ns": _start_ns,
            "mode": lambda mode, at: choice_of(mode, at, MODES),
            "phases": lambda phases, at: choice_of(phases, at, PHASES),
            "queue_model": lambda model, at: choice_of(model, at, QUEUE_MODELS),
        },
    )


def _host(value: object, where: Place, folder: Path) -> HostSection:
    """One of `[[hosts]]`: a bare participant with its parameters, or a whole desk."""
    strategy = table_of(value, where).get("strategy")

    def params(written: object, at: Place) -> object:
        config = choice_of(strategy, where.at("strategy"), STRATEGIES)
        return read_struct(written, at, config)

    def latency(written: object, at: Place) -> object:
        return _latency(written, at, folder)

    def stack(written: object, at: Place) -> object:
        readers = {"strategies": strategies, "commit": latency}
        return read_struct(written, at, StackSection, readers)

    def strategies(written: object, at: Place) -> object:
        return _each(written, at, read_strategy)

    def venues(written: object, at: Place) -> object:
        links = dict.fromkeys(("feed", "orders", "reports"), latency)
        return {
            name: read_struct(item, at.at(name), VenueLinks, links)
            for name, item in table_of(written, at).items()
        }

    def lines(written: object, at: Place) -> object:
        return read_lines(written, at, latency)

    def standby(written: object, at: Place) -> object:
        return read_standby(written, at, latency)

    readers: dict[str, Reader] = dict.fromkeys(WIRES, latency)
    return read_struct(
        value,
        where,
        HostSection,
        {
            **readers,
            "params": params,
            "stack": stack,
            "triggers": _triggers,
            "venues": venues,
            "lines": lines,
            "session": lambda written, at: read_struct(written, at, SessionSection),
            "standby": standby,
        },
    )


def _latency(value: object, where: Place, folder: Path) -> LatencyModel:
    """A latency model; the path of a file is relative to the scenario's folder."""
    table = dict(table_of(value, where))
    model = choice_of(table.pop("model", None), where.at("model"), MODELS)
    made = cast("LatencyModel", read_struct(table, where, model))
    if isinstance(made, Empirical):
        made = Empirical(path=str(folder / made.path))
        try:
            made.compile()
        except InputError as error:
            raise InputError(f"{where.at('path')}: {error}") from None
    return made


def _triggers(value: object, where: Place) -> Trigger:
    """What wakes a host, from a list of names."""
    if not isinstance(value, list):
        raise InputError(f"{where}: found {found(value)}, allowed is a list of texts")
    result = Trigger(0)
    for index, item in enumerate(value):
        result |= choice_of(item, where.item(index), TRIGGERS)
    return result


def _start_ns(value: object, where: Place) -> int:
    """Nanoseconds since the epoch from a date and time with a zone; 0 for what the tape says."""
    if value == AUTO:
        return 0
    match = _START.fullmatch(value) if isinstance(value, str) else None
    try:
        local_ns = int(np.datetime64(match[1], "ns").astype(np.int64)) if match else 0
    except ValueError:
        match, local_ns = None, 0
    offset_ns = 0
    if match and match[2]:
        offset_ns = (int(match[3]) * 60 + int(match[4])) * DURATION_NS["m"]
        offset_ns = -offset_ns if match[2] == "-" else offset_ns
    if match is None or not DURATION_NS["d"] <= local_ns <= START_NS_MAX:
        raise InputError(
            f"{where}: found {found(value)}, allowed is a text such as "
            f'"2012-06-21T09:30:00-04:00" (1970 to 2200), or "{AUTO}"'
        )
    return local_ns - offset_ns
