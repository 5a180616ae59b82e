"""What can break: the vocabulary of faults, and a plan as plain data.

Model: a fault is one kind of trouble at one target, from a trigger on, for a while, with one
severity. What the severity counts is fixed by the kind, so that a search can draw it and a shrinker
can lower it without knowing the kind. `sim` applies faults; `chaos` makes, judges and shrinks plans.

Invariants:
1. A fault's name is unique within its plan. Its draws are keyed by that name, so taking one fault
   out of a plan moves no draw of another.
2. Plans are in one canonical order, whatever order they were written in: equal plans, equal bytes.
"""

from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec

from market.errors import InputError

PPM: Final = 1_000_000
"""The largest share."""


class Severity(StrEnum):
    """What a kind's severity counts."""

    NONE = "nothing"
    NS = "ns"
    COUNT = "count"
    SHARE = "ppm of all"
    FACTOR = "ppm of the usual"


class FaultKind(StrEnum):
    """Every kind of fault: its id in the catalogue, what its severity counts, and what it means."""

    severity_unit: Severity
    meaning: str

    def __new__(cls, code: str, severity_unit: Severity, meaning: str) -> "FaultKind":
        """A member whose value is its id."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity_unit = severity_unit
        member.meaning = meaning
        return member

    # Market-data feed.
    FEED_DELAY = "F-01", Severity.NS, "every message of a line arrives later by a fixed time"
    FEED_JITTER = "F-02", Severity.NS, "messages are held and let go at once, by uneven times"
    FEED_LOSS = "F-03", Severity.SHARE, "single messages vanish"
    FEED_GAP = "F-04", Severity.COUNT, "a run of consecutive messages vanishes"
    FEED_DUPLICATE = "F-05", Severity.SHARE, "messages arrive twice, the second time perhaps late"
    FEED_REORDER = "F-06", Severity.COUNT, "messages overtake each other within a window"
    FEED_FREEZE = "F-07", Severity.NONE, "the line seems alive, but its content stands still"
    FEED_CORRUPT = "F-08", Severity.SHARE, "messages arrive with wrong content"
    FEED_CROSSED = "F-09", Severity.COUNT, "the best bid reaches or passes the best ask, in ticks"
    FEED_DIVERGE = "F-10", Severity.SHARE, "lines A and B disagree about the same sequence number"
    FEED_SNAPSHOT_RACE = "F-11", Severity.NS, "a recovery snapshot is older than the increments"
    FEED_CLOCK_SKEW = "F-12", Severity.NS, "time stamps of two machines disagree"
    FEED_SESSION_RESET = "F-13", Severity.NONE, "sequence numbers start again within the day"
    FEED_REFERENCE_DATA = "F-14", Severity.NONE, "an instrument's definition is wrong or missing"

    # Order gateway and session.
    GATEWAY_DISCONNECT = "G-01", Severity.NONE, "the order session ends cleanly"
    GATEWAY_RESET = "G-02", Severity.NS, "the order session is cut, and its end is noticed late"
    GATEWAY_HALF_OPEN = "G-03", Severity.NONE, "one direction of the order session is dead"
    GATEWAY_SLOW_ACK = "G-04", Severity.NS, "acknowledgements arrive late"
    GATEWAY_LOST_ACK = (
        "G-05",
        Severity.SHARE,
        "an order is in the book, its acknowledgement is lost",
    )
    GATEWAY_DUPLICATE_REPORT = "G-06", Severity.SHARE, "acknowledgements or fills arrive twice"
    GATEWAY_REPORT_ORDER = "G-07", Severity.COUNT, "reports of one order arrive in another order"
    GATEWAY_RESEND = "G-08", Severity.COUNT, "a range of the session is resent, skipped or reset"
    GATEWAY_REJECT_STORM = "G-09", Severity.SHARE, "the venue rejects many orders"
    GATEWAY_THROTTLE = "G-10", Severity.COUNT, "the venue takes only so many messages a second"
    GATEWAY_PARTIAL_CANCEL = "G-11", Severity.SHARE, "cancel-on-disconnect misses some orders"
    GATEWAY_DROP_COPY = "G-12", Severity.NS, "the drop copy is late, has gaps, or disagrees"
    GATEWAY_QUOTE_PROTECTION = "G-13", Severity.NONE, "the venue pulls all quotes until a reset"
    GATEWAY_LOGON_REFUSED = "G-14", Severity.NONE, "the venue does not let us log on"
    GATEWAY_SUSPENDED = "G-15", Severity.NONE, "the venue shuts the session or the firm out"

    # Venue and market.
    VENUE_HALT = "V-01", Severity.NONE, "trading stops and resumes, announced or not"
    VENUE_AUCTION = "V-02", Severity.NONE, "an auction is missing, extended, or starts again"
    VENUE_BANDS = "V-03", Severity.NS, "price bands are late, missing or out of order"
    VENUE_BUST = "V-04", Severity.COUNT, "trades are cancelled or corrected long after"
    VENUE_SELF_MATCH = "V-05", Severity.NONE, "two orders of ours meet each other"
    VENUE_SPIKE = "V-06", Severity.COUNT, "a print far from the market, in ticks"
    VENUE_SHARD_DOWN = "V-07", Severity.COUNT, "some books of a venue are dead, the others trade"
    VENUE_WRONG_VERSION = "V-08", Severity.NONE, "a gateway answers, but by other rules"
    VENUE_ROLLBACK = "V-09", Severity.COUNT, "the venue comes back with an older state"

    # Process and host.
    HOST_CRASH = "P-01", Severity.NONE, "a process dies between two events"
    HOST_RESTART = (
        "P-02",
        Severity.COUNT,
        "a process restarts, again and again, or as a new version",
    )
    HOST_STALL = "P-03", Severity.NONE, "a process stands still, then acts on what it knew before"
    HOST_SPLIT_BRAIN = "P-04", Severity.NONE, "two desks both believe that they are in charge"
    HOST_MEMORY = "P-05", Severity.SHARE, "memory runs out"
    HOST_SLOW = "P-06", Severity.FACTOR, "everything on a host takes longer by a factor"
    HOST_SCHEDULE = "P-07", Severity.COUNT, "events of one instant happen in another order"
    HOST_CLOCK_STEP = "P-08", Severity.NS, "a host's clock jumps"
    HOST_DEPENDENCY = "P-09", Severity.NONE, "a service that the desk asks is down, slow or wrong"

    # Storage and journal.
    STORE_TORN_WRITE = "S-01", Severity.COUNT, "only the first bytes of a record reach the disk"
    STORE_SYNC = "S-02", Severity.NONE, "a sync fails, or claims a success that was none"
    STORE_FULL = "S-03", Severity.NONE, "the disk takes no more"
    STORE_CORRUPT = "S-04", Severity.COUNT, "stored bits change"
    STORE_MISDIRECTED = "S-05", Severity.COUNT, "a write lands at another place"
    STORE_SLOW = "S-06", Severity.NS, "writes take long"
    STORE_DATABASE_DOWN = "S-07", Severity.NONE, "the database is away"
    STORE_OLD_VOLUME = "S-08", Severity.NONE, "a disk comes back as it was, or from another host"
    STORE_WRITER_STALL = "S-09", Severity.NONE, "the journal's writer stops taking records"

    # Operator and configuration.
    OPERATOR_VERSION_SKEW = "O-01", Severity.COUNT, "some hosts run another version than the rest"
    OPERATOR_FLAG_REUSED = "O-02", Severity.NONE, "a setting has come to mean something else"
    OPERATOR_WRONG_LIMIT = (
        "O-03",
        Severity.FACTOR,
        "a limit is off by a factor, a unit or a currency",
    )
    OPERATOR_TWO_SITES = "O-04", Severity.NONE, "the back-up site is left running"
    OPERATOR_NO_FAILOVER = "O-05", Severity.NONE, "the switch to the stand-by is turned off"
    OPERATOR_LATE_FAILOVER = "O-06", Severity.NS, "nobody decides to switch to the stand-by"
    OPERATOR_KILL_SWITCH = (
        "O-07",
        Severity.NS,
        "the kill switch is pressed by mistake, slow or dead",
    )
    OPERATOR_HOT_CONFIG = "O-08", Severity.NONE, "a setting changes with orders in flight"
    OPERATOR_OVERLOAD = (
        "O-09",
        Severity.SHARE,
        "a load that was never tried before",
    )


class AtTime(msgspec.Struct, frozen=True, kw_only=True, tag="time", tag_field="when"):
    """The fault begins at a moment of the run."""

    time_ns: int

    def __post_init__(self) -> None:
        if self.time_ns < 0:
            raise InputError(f"fault trigger: time_ns is {self.time_ns}, allowed is 0 or later")


class OnEvent(msgspec.Struct, frozen=True, kw_only=True, tag="event", tag_field="when"):
    """The fault begins when something has happened for the `count`-th time, `after_ns` later.

    Attributes:
        event: Its name (docs/reference/events.md).
        host: Name of the host that it is about; empty for any.
        book: Name of the book, likewise.
        order: Number of the order; 0 for any.
    """

    event: str
    count: int = 1
    after_ns: int = 0
    host: str = ""
    book: str = ""
    order: int = 0

    def __post_init__(self) -> None:
        if not self.event:
            raise InputError("fault trigger: event is empty, allowed is the name of an event")
        if self.count < 1:
            raise InputError(f"fault trigger: count is {self.count}, allowed is 1 or more")
        if self.after_ns < 0:
            raise InputError(f"fault trigger: after_ns is {self.after_ns}, allowed is 0 or more")


FaultTrigger = AtTime | OnEvent


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that breaks.

    Attributes:
        name: Unique within the plan; keys the fault's draws.
        kind: What breaks.
        target: Where: a wire, a host, a venue, a book or a store, by its name in the scenario.
        trigger: When it begins.
        severity: How badly, in the kind's own unit; 0 for a kind that has none.
        duration_ns: How long; 0 for what happens once.
    """

    name: str
    kind: FaultKind
    target: str
    trigger: FaultTrigger
    severity: int = 0
    duration_ns: int = 0

    def __post_init__(self) -> None:
        for field in ("name", "target"):
            if not getattr(self, field):
                raise InputError(f"fault {self.name!r}: {field} is empty, allowed is a name")
        if self.duration_ns < 0:
            raise InputError(
                f"fault {self.name!r}: duration_ns is {self.duration_ns}, allowed is 0 or more"
            )
        low, high = _severity_range(self.kind.severity_unit)
        if self.severity < low or (high is not None and self.severity > high):
            upper = "or more" if high is None else f"to {high}"
            raise InputError(
                f"fault {self.name!r}: severity is {self.severity}, allowed for {self.kind} is "
                f"{low} {upper} ({self.kind.severity_unit})"
            )


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The faults of one run: those with a time first, by time, then those with an event."""

    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        names = sorted(fault.name for fault in self.faults)
        for first, second in pairwise(names):
            if first == second:
                raise InputError(f"fault plan: found two faults named {first!r}, allowed is one")
        msgspec.structs.force_setattr(self, "faults", tuple(sorted(self.faults, key=_order)))


def _order(fault: Fault) -> tuple[bool, int, str]:
    """Where a fault stands in its plan."""
    match fault.trigger:
        case AtTime(time_ns=time_ns):
            return (False, time_ns, fault.name)
        case OnEvent():
            return (True, 0, fault.name)


def _severity_range(unit: Severity) -> tuple[int, int | None]:
    """Least and largest severity of a unit; no largest where there is none."""
    match unit:
        case Severity.NONE:
            return 0, 0
        case Severity.SHARE:
            return 1, PPM
        case _:
            return 1, None
