"""A desk that goes on sending with a hundred orders open, something that is broken, and its kill switch."""

import copy
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from chaos.world import EventsInMemory
from desk.journal import Reader, RecordType, event_in
from market.codes import OperatorAction
from market.decisions import Facts, Quotes, Signal
from market.instruments import Instrument
from market.messages import Cancel, Operator, View
from scenarios.build import Assembly
from scenarios.run_journal import RunWriter
from scenarios.schema import scenario_of
from sim.recorder import Event, EventKind
from sim.wire import Impairment, ImpairmentKind

LIBRARY = Path(str(resources.files("scenarios") / "library"))
BASE = tomllib.loads((LIBRARY / "drill_base.toml").read_text())
MS: Final = 1_000_000
KILL_NS: Final = 5_000 * MS
EARLY_NS: Final = 5 * MS
"""What breaks just before the kill may have orders pulled before it."""

LAST_ORDER_NS: Final = 5 * MS
CANCELS_NS: Final = 50 * MS
DONE_NS: Final = 2_000 * MS
NOBODY_NS: Final = 2_200 * MS
"""From the kill to the words of somebody without a name; half a second later one is given."""

NAMED_NS: Final = 2_700 * MS
MAKERS: Final = 25
RESTLESS: Final = "tests.unit.scenarios.kill_world:Restless"
LINK = {"model": "lognormal", "median": "1200us", "sigma": 0.2, "min": "1ms"}


class RestlessConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far from the market it quotes, and how often it thinks better of it."""

    away_ticks: int
    pause_ns: int


class RestlessState(msgspec.Struct):
    """When it spoke last, and how often, by book."""

    said_ns: dict[int, int] = {}
    times: dict[int, int] = {}


class Restless:
    """Quotes where nothing fills, and somewhere else each time that it is asked."""

    Config = RestlessConfig
    State = RestlessState

    def __init__(
        self, config: RestlessConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        del books, instruments
        self.state = RestlessState()
        self._config = config

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        """Another price on both sides."""
        del facts
        state, book_id = self.state, view.book_id
        if (
            not view.two_sided
            or view.local_ns - state.said_ns.get(book_id, 0) < self._config.pause_ns
        ):
            return ()
        state.said_ns[book_id] = view.local_ns
        state.times[book_id] = times = state.times.get(book_id, 0) + 1
        away = self._config.away_ticks + times % 2
        bid_ticks, ask_ticks = view.bid_ticks - away, view.ask_ticks + away
        return (
            Quotes(
                book_id=book_id, bid_ticks=bid_ticks, bid_lots=2, ask_ticks=ask_ticks, ask_lots=2
            ),
        )


class Broken(msgspec.Struct, frozen=True):
    """What is broken when the switch is pressed; "" for nothing.

    Attributes:
        journal: S-02 or S-03, from a millisecond before.
        feed: F-01, a second late all the time, or F-07, frozen from half a second before.
        gateway: "north" for both ways of one venue, for a second or with "stays" for good; G-03 for all commands,
            G-01 for the sessions.
        standby: Whether the stand-by is in charge.
    """

    journal: str = ""
    feed: str = ""
    gateway: str = ""
    standby: bool = False

    @property
    def who(self) -> str:
        """The host that is killed."""
        return "standby" if self.standby else "desk"

    def __str__(self) -> str:
        parts = [self.journal, self.feed, self.gateway, "standby" if self.standby else ""]
        return "+".join(one for one in parts if one) or "nothing"


def world(broken: Broken) -> dict[str, Any]:
    """Twenty-five makers and one who cannot sit still in two books, with what is to be broken."""
    table = copy.deepcopy(BASE)
    table["run"]["duration"] = "8500ms"
    host = table["hosts"][0]
    stack, gate = host["stack"], host["stack"]["gate"]
    host["stale"] = stack["stale"] = "20s"
    host["telemetry"] = "100ms"
    host["venues"] = {"NORTH": {"orders": LINK, "reports": LINK}}
    gate["instruments"]["*"] |= {"stale": "20s", "position_lots": 4_000}
    gate["portfolio"] |= {"orders_max": 4_000, "disconnect": "20s"}
    stack["limits"] |= {"messages_max": 800, "cancel_reserve": 400}
    stack["limits"]["instruments"]["*"]["position_lots"] = 4_000
    del stack["flat_before_end"]
    maker, words = stack["strategies"][0], gate["strategies"]["maker"]
    restless = copy.deepcopy(maker) | {"name": "restless", "strategy": RESTLESS}
    restless["params"] = {"away_ticks": 20, "pause": "50ms"}
    stack["strategies"] = [restless]
    gate["strategies"] = {"restless": copy.deepcopy(words)}
    for number in range(MAKERS):
        one = copy.deepcopy(maker) | {"name": f"maker{number}"}
        one["params"] |= {"qty_lots": 2, "inventory_lots_max": 40}
        stack["strategies"].append(one)
        gate["strategies"][one["name"]] = copy.deepcopy(words)
    watch = dict.fromkeys(("feed", "readings", "words"), LINK)
    table["monitors"] = [
        {"name": "watch", "compute": {"model": "constant", "latency": "100us"}, **watch}
    ]
    if broken.standby:
        host["standby"] = {"name": "standby"}
    if broken.feed == "F-07":
        host["lines"] = {"b": LINK}
    if broken.gateway == "G-01":
        host["session"] = {"reconnect": "100ms", "logon": "200ms"}
    table["faults"] = list(_faults(broken))
    return table


def _faults(broken: Broken) -> list[dict[str, Any]]:
    """The switch, and what is broken, as a scenario writes it."""

    def fault(kind: str, part: str, from_ns: int, **more: str) -> dict[str, Any]:
        where = {"target": f"{broken.who}.{part}" if part else broken.who, "at": f"{from_ns}ns"}
        return {"name": kind, "kind": kind, **where, **more}

    found = [fault("O-07", "operator", KILL_NS - 1, severity="1ns")]
    if broken.standby:
        found.append({"name": "dies", "kind": "P-01", "target": "desk", "at": "2s"})
    if broken.journal == "S-03":
        found.append(fault("S-03", "journal", KILL_NS - MS, duration="2s"))
    if broken.journal == "S-02":
        found.append(fault("S-02", "journal", KILL_NS - MS))
    if broken.feed == "F-01":
        found.append(fault("F-01", "feed", 1_000 * MS, duration="7s", severity="1s"))
    if broken.feed == "F-07":
        found.append(fault("F-07", "feed", KILL_NS - 500 * MS, duration="2s"))
    if broken.gateway == "G-03":
        found.append(fault("G-03", "orders", KILL_NS - 5 * MS, duration="1s"))
    if broken.gateway == "G-01":
        found.append(fault("G-01", "session", KILL_NS - 5 * MS, duration="1s"))
    return found


class KillRun:
    """One run: killed, told to go on by nobody, and then by a person; with what was open at the kill.

    Attributes:
        open: Orders that lived at the venue.
    """

    def __init__(self, broken: Broken) -> None:
        scenario = scenario_of(world(broken), "kill.toml", LIBRARY)
        sink = EventsInMemory()
        self.writers: dict[str, RunWriter] = {}
        self.assembly = Assembly(scenario, None, 7, sink, journal=self._journal)
        self.host = 1 if broken.standby else 0
        clock = self.assembly.clock
        self.killed_ns = self.assembly.start_ns + KILL_NS
        if broken.gateway == "north":
            self._cut_north(1_000 * MS)
        if broken.gateway == "stays":
            self._cut_north(10_000 * MS)
        clock.run_until(self.killed_ns - 1)
        self.open = {key for key, one in self.assembly.venue.orders.items() if one.alive}
        for after_ns, name in ((NOBODY_NS, " "), (NAMED_NS, "A. Person")):
            clock.run_until(self.killed_ns + after_ns)
            for action in (OperatorAction.RESUME_STRATEGY, OperatorAction.REARM):
                word = Operator(action=action, authority=name)
                self.assembly.hosts[self.host].receive(word)
        clock.run_until(self.assembly.end_ns)
        self.assembly.recorder.flush()
        self.events = [Event(*row) for row in sink.rows().tolist()]

    def _journal(self, name: str) -> RunWriter:
        self.writers[name] = writer = RunWriter(None)
        return writer

    def _cut_north(self, lasts_ns: int) -> None:
        """The gateway of one venue is dead from just before the kill, both ways."""
        name = self.assembly.host_names[self.host]
        from_ns, until_ns = self.killed_ns - 5 * MS, self.killed_ns + lasts_ns
        row = Impairment(kind=ImpairmentKind.PARTITION, from_ns=from_ns, until_ns=until_ns)
        for part in ("orders", "reports"):
            _, north = self.assembly.links.wires[name, part]
            north.impairments.append(row)
            north.lost.append(0)

    def left(self, *kinds: EventKind) -> list[Event]:
        """What left the desk in charge, of some kinds."""
        return [one for one in self.events if one.kind in kinds and one.host == self.host]

    def cancels_ns(self) -> dict[int, int]:
        """When the desk first let out a cancel of each order, from the kill, whatever became of it there."""
        found: dict[int, int] = {}
        for one in self.left(EventKind.CANCEL, EventKind.LOST):
            after_ns = one.time_ns - self.killed_ns
            if EventKind.CANCEL in (one.kind, one.detail) and after_ns >= -EARLY_NS:
                found.setdefault(one.order_id, after_ns)
        return found

    def new_ns(self) -> list[int]:
        """When new orders and replacements left, from the kill."""
        return [
            one.time_ns - self.killed_ns for one in self.left(EventKind.SUBMIT, EventKind.REPLACE)
        ]

    def ended_ns(self) -> dict[int, int]:
        """When each order had ended at its venue, from the kill."""
        return {
            one.order_id: one.time_ns - self.killed_ns
            for one in self.events
            if one.kind == EventKind.ANSWER and one.leaves_lots == 0
        }

    def called_ns(self, *codes: int) -> list[int]:
        """When a person was called for one of some causes at the desk in charge, from the kill."""
        return [
            one.time_ns - self.killed_ns
            for one in self.events
            if one.kind == EventKind.ALERT
            and one.leaves_lots
            and one.detail in codes
            and one.qty_lots == self.host
        ]

    def journaled(self) -> set[int]:
        """Orders whose cancel stands in the durable journal of the desk in charge."""
        data = self.writers[self.assembly.host_names[self.host]].durable()
        return {
            one.command.order_id
            for record in Reader(data)
            if record.type is RecordType.EVENT
            for one in event_in(record).commands
            if isinstance(one.command, Cancel)
        }
