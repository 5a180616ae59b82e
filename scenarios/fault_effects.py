"""What each kind of fault acts on, and how: the table that a run's faults are read by.

A kind acts in one of the ways below, or through a fault point (`sim.faultpoint`): the component that
breaks has said for itself what it does then, and is found by the target's owner and part. A kind that
is not in the table can be said but not run, and is refused.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from market.faults import Fault, FaultKind
from sim.slowdown import Slowing
from sim.wire import ImpairmentKind

Owner = Literal["host", "venue", "book"]

PREFIXED: Final[tuple[Owner, ...]] = ("venue", "book")
"""Owners that are no hosts; a target says so: `venue:NAME`, `book:SYMBOL@VENUE`."""

LINES: Final = ("feed", "feed.a", "feed.b")
"""Both lines of a feed together, and each alone; a feed without `[hosts.lines]` has the first part only."""


class Effect(NamedTuple):
    """What a kind does.

    Attributes:
        parts: Of a host, on which it may act; "" is the host itself.
        slowing: How it slows the part's latency, if it does.
        loses: How the part's wire loses, if it does.
        cuts: Whether the session is cut, both ways, and its ends are told.
        kills: Whether the host dies.
        point: Whether a fault point acts, where this run has one for the part; without one the kind
            acts in its other way, if it has one, on a `PLAIN` part.
        home: The part whose point is meant by a target that names no part.
        once: Whether it may happen at a moment, without a duration.
        lasts: Whether it may last.
        owner: Whose parts these are.
        also: Another kind of owner that may be meant.
    """

    parts: tuple[str, ...]
    slowing: Slowing | None = None
    loses: ImpairmentKind | None = None
    cuts: bool = False
    kills: bool = False
    point: bool = False
    home: str = ""
    once: bool = False
    lasts: bool = True
    owner: Owner = "host"
    also: Owner | None = None

    @property
    def acts_plainly(self) -> bool:
        """Whether it has a way to act without a fault point."""
        return self.slowing is not None or self.loses is not None or self.cuts or self.kills


PLAIN: Final = ("", "feed", "orders", "reports", "compute", "commit")
"""Parts that every host has, or every host with a journal."""

EFFECTS: Final[Mapping[FaultKind, Effect]] = {
    FaultKind.FEED_DELAY: Effect(LINES, slowing=Slowing.ADD, point=True),
    FaultKind.FEED_JITTER: Effect(LINES, slowing=Slowing.BATCH, point=True),
    FaultKind.FEED_LOSS: Effect(LINES, point=True),
    FaultKind.FEED_GAP: Effect(LINES, point=True, once=True, lasts=False),
    FaultKind.FEED_DUPLICATE: Effect(LINES, point=True),
    FaultKind.FEED_REORDER: Effect(LINES, point=True),
    FaultKind.FEED_FREEZE: Effect(LINES, point=True),
    FaultKind.FEED_CORRUPT: Effect(LINES, point=True),
    FaultKind.FEED_CROSSED: Effect(LINES, point=True),
    FaultKind.FEED_DIVERGE: Effect(LINES[1:], point=True),
    FaultKind.FEED_SNAPSHOT_RACE: Effect(LINES[:1], point=True),
    FaultKind.GATEWAY_DISCONNECT: Effect(("", "session"), cuts=True, point=True, home="session"),
    FaultKind.GATEWAY_RESET: Effect(("", "session"), cuts=True, point=True, home="session"),
    FaultKind.GATEWAY_HALF_OPEN: Effect(("orders", "reports"), loses=ImpairmentKind.PARTITION),
    FaultKind.GATEWAY_SLOW_ACK: Effect(("reports",), slowing=Slowing.ADD),
    FaultKind.GATEWAY_LOST_ACK: Effect(("reports",), loses=ImpairmentKind.LOSS),
    FaultKind.GATEWAY_DUPLICATE_REPORT: Effect(("reports",), loses=ImpairmentKind.DUPLICATE),
    FaultKind.GATEWAY_REPORT_ORDER: Effect(("reports",), loses=ImpairmentKind.REORDER),
    FaultKind.GATEWAY_THROTTLE: Effect(("session",), point=True),
    FaultKind.GATEWAY_PARTIAL_CANCEL: Effect(("", "session"), point=True, home="cod"),
    FaultKind.VENUE_HALT: Effect((), point=True, owner="book", also="venue"),
    FaultKind.VENUE_BUST: Effect((), point=True, once=True, lasts=False, owner="book"),
    FaultKind.HOST_CRASH: Effect(("",), kills=True, point=True, once=True),
    FaultKind.HOST_STALL: Effect(("compute",), slowing=Slowing.STALL, point=True),
    FaultKind.HOST_SLOW: Effect(("compute",), slowing=Slowing.SCALE, point=True),
    FaultKind.HOST_SPLIT_BRAIN: Effect(("", "lease", "replication"), point=True, home="pair"),
    FaultKind.HOST_CLOCK_STEP: Effect(("clock",), point=True),
    FaultKind.FEED_CLOCK_SKEW: Effect(("clock",), point=True),
    FaultKind.HOST_DEPENDENCY: Effect(("", "config"), point=True, home="config"),
    FaultKind.STORE_SLOW: Effect(("commit",), slowing=Slowing.ADD),
    FaultKind.STORE_WRITER_STALL: Effect(("commit", "journal"), slowing=Slowing.STALL, point=True),
    FaultKind.STORE_TORN_WRITE: Effect(("journal",), point=True, once=True),
    FaultKind.STORE_SYNC: Effect(("journal",), point=True, once=True),
    FaultKind.STORE_FULL: Effect(("journal",), point=True),
    FaultKind.STORE_CORRUPT: Effect(("journal",), point=True, once=True, lasts=False),
    FaultKind.OPERATOR_WRONG_LIMIT: Effect(("limits",), point=True, once=True),
    FaultKind.OPERATOR_KILL_SWITCH: Effect(("operator",), point=True, once=True, lasts=False),
}


class Target(NamedTuple):
    """Where a fault acts, taken apart.

    Attributes:
        owner: Name of the host, or `venue:NAME`, `book:NAME`.
        part: Of the host, such as "feed" or "feed.a"; empty for the host itself.
        book: The one book that it is about; empty for all.
    """

    owner: str
    part: str
    book: str


def target_of(fault: Fault) -> Target:
    """A fault's target, taken apart; what it does not name is empty."""
    if fault.target.split(":")[0] in PREFIXED:
        return Target(fault.target, "", "")
    where, _, book = fault.target.partition("/")
    host, _, part = where.partition(".")
    return Target(host, part, book)


def allowed_targets(fault: Fault) -> str:
    """Targets that a fault's kind may have, in words."""
    effect = EFFECTS[fault.kind]
    if effect.owner != "host":
        return " or ".join(f"{one}:NAME" for one in (effect.owner, effect.also) if one)
    host = fault.target.split(".")[0].split("/")[0]
    return ", ".join(host + ("." + one if one else "") for one in effect.parts)
