"""What a timeline can show: who said what to whom, and what befell whom, out of a run's events.

Model: a command that leaves and its arrival are one message, as are an answer and its receipt; what was
lost, and what never arrived, is a message without an arrival. All else that is told of is a note at
one participant. Participants stand in lanes: hosts, then venues.

Limits: market data is not recorded and so not shown.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from chaos.ledger import SENT, FaultWindow, History
from market.codes import JournalTrouble, OperatorAction, Reason, ReportType
from market.faults import FaultKind, Severity
from market.units import format_ns
from sim.gateway.states import SessionState
from sim.recorder import Event, EventKind

NEVER: Final = -1

KINDS: Final = {kind.value: kind for kind in FaultKind}
"""Kinds of faults by their ids."""


class Lane(NamedTuple):
    """A participant.

    Attributes:
        is_venue: Else it is a host.
    """

    name: str
    is_venue: bool


class Message(NamedTuple):
    """Something that went from one participant to another.

    Attributes:
        sender: Number of its lane.
        arrived_ns: `NEVER` when it did not.
        lost: A wire is known to have lost it.
        tone: How it is drawn: "command", "report", "fill", "refusal" or "copy".
        times: So many of them left at once.
    """

    sender: int
    receiver: int
    sent_ns: int
    arrived_ns: int
    lost: bool
    tone: str
    text: str
    order_id: int
    times: int = 1


class Note(NamedTuple):
    """Something that befell a participant.

    Attributes:
        lane: Number of its lane.
        tone: How it is drawn: "fault", "healed", "breach", "bad", "good" or "plain".
    """

    lane: int
    time_ns: int
    tone: str
    text: str


class Band(NamedTuple):
    """A fault for as long as it lasts, across the lanes that it is about."""

    lanes: tuple[int, int]
    from_ns: int
    until_ns: int
    text: str


class Timeline(NamedTuple):
    """All that a run's timeline could show, in order of time."""

    lanes: list[Lane]
    messages: list[Message]
    notes: list[Note]
    bands: list[Band]
    start_ns: int


class Lanes:
    """Who stands where: other hosts outside, the first host beside the venues.

    Args:
        history: Names the hosts.
        venues: Of each book, its venue.
    """

    def __init__(self, history: History, venues: Sequence[str]) -> None:
        seen = {event.host for event in history.events if event.kind not in _OF_NO_HOST}
        numbers = sorted(seen | set(range(len(history.hosts))), reverse=True)
        self.all = [Lane(history.name(number), False) for number in numbers]
        self._host = {number: lane for lane, number in enumerate(numbers)}
        names = list(dict.fromkeys(venues)) or ["venue"]
        self._venue = {name: len(self.all) + number for number, name in enumerate(names)}
        self._of_book = list(venues) or ["venue"]
        self.all += [Lane(name, True) for name in names]

    def host(self, number: int) -> int:
        """A host's lane."""
        return self._host.get(number, 0)

    def venue(self, book_id: int) -> int:
        """The lane of a book's venue."""
        known = self._of_book[book_id] if book_id < len(self._of_book) else self._of_book[0]
        return self._venue[known]

    def named(self, name: str) -> int | None:
        """The lane of a host or a venue."""
        return next((number for number, one in enumerate(self.all) if one.name == name), None)


def timeline_of(history: History, venues: Sequence[str]) -> Timeline:
    """Everything that can be shown.

    Args:
        venues: Of each book, its venue.
    """
    lanes = Lanes(history, venues)
    messages = [*_commands(history, lanes), *_reports(history, lanes)]
    notes = [_note(lanes, event) for event in history.of(*_NOTES)]
    for window in history.windows:
        notes += _edges(history, lanes, window)
    return Timeline(
        lanes=lanes.all,
        messages=sorted(_together(messages), key=lambda one: (one.sent_ns, one.order_id)),
        notes=sorted(notes, key=lambda one: one.time_ns),
        bands=[_band(lanes, window) for window in history.windows],
        start_ns=history.start_ns,
    )


def fault_text(window: FaultWindow) -> str:
    """A fault in a few words: its id, what it does, where and how badly."""
    fault = window.fault
    how_bad = severity_text(fault.kind, fault.severity)
    return f"{fault.kind.value} {fault.kind.meaning}, {fault.target}{how_bad}"


def severity_text(kind: FaultKind, severity: int) -> str:
    """How bad a fault is, behind a blank; empty for a kind that knows no degrees."""
    match kind.severity_unit:
        case Severity.NONE:
            return ""
        case Severity.NS:
            return f" by {format_ns(severity)}"
        case Severity.COUNT:
            return f" × {severity:,}"
        case Severity.SHARE:
            return f" {severity / 10_000:g} %"
        case Severity.FACTOR:
            return f" × {severity / 1_000_000:g}"


# --- Messages -------------------------------------------------------------------------------------------


def _commands(history: History, lanes: Lanes) -> Iterable[Message]:
    """Commands with their arrivals, first sent first arrived for each order and kind."""
    arrivals: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in history.of(EventKind.ARRIVED):
        arrivals[event.order_id, event.detail].append(event)
    lost = {
        (event.order_id, event.detail, event.time_ns)
        for event in history.of(EventKind.LOST)
        if event.detail != EventKind.ANSWER
    }
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for event in history.of(*sorted(SENT)):
        key = event.order_id, event.kind
        gone = (*key, event.time_ns) in lost
        arrived_ns = NEVER
        if not gone and taken[key] < len(arrivals[key]):
            arrived_ns = arrivals[key][taken[key]].time_ns
            taken[key] += 1
        yield Message(
            sender=lanes.host(event.host),
            receiver=lanes.venue(event.book_id),
            sent_ns=event.time_ns,
            arrived_ns=arrived_ns,
            lost=gone,
            tone="command",
            text=_command_text(event),
            order_id=event.order_id,
        )


def _reports(history: History, lanes: Lanes) -> Iterable[Message]:
    """Answers with every receipt: a duplicate is received twice, a copy by somebody else."""
    receipts: dict[tuple[int, int, int, int], list[Event]] = defaultdict(list)
    for event in history.of(EventKind.RECEIVED, EventKind.DROP_COPY):
        receipts[event.order_id, event.detail, event.exec_id, event.venue_ns].append(event)
    lost: dict[tuple[int, int], int] = defaultdict(int)
    for event in history.of(EventKind.LOST):
        if event.detail == EventKind.ANSWER:
            lost[event.order_id, event.time_ns] += 1
    for event in history.of(EventKind.ANSWER, EventKind.BUSTED):
        heard = receipts.pop((event.order_id, event.detail, event.exec_id, event.venue_ns), [])
        gone = lost[event.order_id, event.time_ns] > 0 and all(
            one.kind == EventKind.DROP_COPY for one in heard
        )
        if gone:
            lost[event.order_id, event.time_ns] -= 1
        if gone or not heard:
            yield _report(lanes, event, event.host, NEVER, gone, _report_tone(event))
        for number, one in enumerate(heard):
            copied = one.kind == EventKind.DROP_COPY
            tone = "copy" if copied or number else _report_tone(event)
            yield _report(lanes, event, one.host, one.time_ns, False, tone)


def _report(
    lanes: Lanes, event: Event, host: int, arrived_ns: int, lost: bool, tone: str
) -> Message:
    """One way of one answer."""
    return Message(
        sender=lanes.venue(event.book_id),
        receiver=lanes.host(host),
        sent_ns=event.time_ns,
        arrived_ns=arrived_ns,
        lost=lost,
        tone=tone,
        text=_report_text(event),
        order_id=event.order_id,
    )


def _together(messages: Iterable[Message]) -> list[Message]:
    """What left at once for the same place with the same fate is one message with a count."""
    groups: dict[tuple[object, ...], list[Message]] = defaultdict(list)
    for one in messages:
        verb = one.text.split(" ", 1)[0]
        fate = one.lost, one.arrived_ns == NEVER
        groups[one.sender, one.receiver, one.sent_ns, one.tone, verb, *fate].append(one)
    kept = []
    for same in groups.values():
        if len(same) < 3:
            kept += same
            continue
        last = max(same, key=lambda one: one.arrived_ns)
        verb = last.text.split(" ", 1)[0]
        kept.append(last._replace(text=f"{verb} × {len(same)}", times=len(same)))
    return kept


def short(order_id: int) -> str:
    """An order's number within its desk, which is what a reader can tell apart."""
    return f"#{order_id % (1 << 40)}"


def _command_text(event: Event) -> str:
    """What a command says."""
    verb = EventKind(event.kind).name.lower().replace("_", "-")
    if event.kind not in (EventKind.SUBMIT, EventKind.REPLACE):
        return f"{verb} {short(event.order_id)}"
    side = "sell" if event.side else "buy"
    return f"{verb} {short(event.order_id)} {side} {event.qty_lots} @ {event.price_ticks}"


def _report_text(event: Event) -> str:
    """What an answer says."""
    kind = ReportType(event.detail)
    verb = kind.name.lower().replace("_", "-")
    if kind in (ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED):
        return f"{verb} {short(event.order_id)} {event.qty_lots} @ {event.price_ticks}"
    why = f" ({Reason(event.reason).name.lower().replace('_', ' ')})" if event.reason else ""
    return f"{verb} {short(event.order_id)}{why}"


def _report_tone(event: Event) -> str:
    """How an answer is drawn."""
    if event.detail in (ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED):
        return "fill"
    refused = ReportType.REJECTED, ReportType.CANCEL_REJECTED, ReportType.REPLACE_REJECTED
    return "refusal" if event.detail in refused else "report"


# --- Notes and bands ------------------------------------------------------------------------------------


def _note(lanes: Lanes, event: Event) -> Note:
    """What an event says of a participant."""
    tone, say = _NOTES[EventKind(event.kind)]
    at_venue = event.kind == EventKind.FENCED or (
        event.kind == EventKind.SESSION and event.price_ticks == 1
    )
    lane = lanes.venue(event.book_id) if at_venue else lanes.host(event.host)
    return Note(lane, event.time_ns, tone, say(event))


def _edges(history: History, lanes: Lanes, window: FaultWindow) -> Iterable[Note]:
    """Beginning and end of a fault."""
    lane = _span(lanes, window.fault.target)[0]
    yield Note(lane, window.from_ns, "fault", f"{window.fault.name}: {fault_text(window)}")
    if window.from_ns < window.until_ns < history.end_ns:
        yield Note(lane, window.until_ns, "healed", f"{window.fault.name} ends")


def _band(lanes: Lanes, window: FaultWindow) -> Band:
    """A fault as an area."""
    return Band(
        _span(lanes, window.fault.target), window.from_ns, window.until_ns, window.fault.name
    )


def _span(lanes: Lanes, target: str) -> tuple[int, int]:
    """The lanes that a target is about: a host alone, or its wires to all venues."""
    owner, _, part = target.partition(".")
    name = owner.partition(":")[2] or owner
    lane = lanes.named(name.partition("/")[0])
    if lane is None:
        lane = next((number for number, one in enumerate(lanes.all) if one.name in name), 0)
    if part.split("/")[0] in _ON_WIRES:
        return lane, len(lanes.all) - 1
    return lane, lane


def _word(value: int, names: Sequence[str]) -> str:
    """The name of a step that is counted from 1."""
    return names[value - 1] if 0 < value <= len(names) else str(value)


def _named(kind: type[IntEnum], value: int) -> str:
    """The name of a value in words."""
    return kind(value).name.lower().replace("_", " ") if value in list(kind) else str(value)


def _session(event: Event) -> str:
    """How a session now stands."""
    before, now = (_named(SessionState, one) for one in (event.qty_lots, event.detail))
    return f"session {before} → {now}"


_ON_WIRES: Final = frozenset(("orders", "reports", "session", "feed", "feed.a", "feed.b"))
_OF_NO_HOST: Final = frozenset((EventKind.FAULT_BEGUN, EventKind.FAULT_ENDED))
_TAKEOVER: Final = ("suspects the primary", "has taken the epoch", "logged on", "may trade")
_GAP: Final = ("gap begins", "gap refilled", "gap bridged by a snapshot", "gap given up")
_LEASE: Final = (
    "lease granted",
    "lease renewed",
    "lease expired",
    "lease taken",
    "lease lost",
    "goes on without its copy",
    "copy is whole again",
)
_SIDES: Final = ("", " on line A", " on line B")

_NOTES: Final[dict[EventKind, tuple[str, Callable[[Event], str]]]] = {
    EventKind.SESSION: ("plain", _session),
    EventKind.FENCED: (
        "bad",
        lambda one: f"refused: epoch {one.qty_lots}, in force is {one.leaves_lots}",
    ),
    EventKind.LEASE: (
        "plain",
        lambda one: f"{_word(one.detail, _LEASE)}, epoch {one.qty_lots}",
    ),
    EventKind.TAKEOVER: (
        "good",
        lambda one: f"{_word(one.detail, _TAKEOVER)}, epoch {one.qty_lots}",
    ),
    EventKind.RESTARTED: ("good", lambda one: f"restarted: {one.detail:,} records replayed"),
    EventKind.JOURNAL: (
        "bad",
        lambda one: (
            f"journal: {_named(JournalTrouble, one.detail) if one.detail else 'well again'}"
        ),
    ),
    EventKind.GAP: (
        "bad",
        lambda one: f"{_word(one.detail, _GAP)}: {one.qty_lots:,} messages{_SIDES[one.side % 3]}",
    ),
    EventKind.ALERT: (
        "bad",
        lambda one: f"{'page' if one.leaves_lots else 'alert'} {one.detail}, root {one.order_id}",
    ),
    EventKind.INSTRUCTED: ("bad", lambda one: f"told: {_named(OperatorAction, one.detail)}"),
    EventKind.CRASHED: ("bad", lambda _one: "dies"),
    EventKind.STOOD_DOWN: ("bad", lambda one: f"stands down, epoch {one.qty_lots}"),
}
