"""What those who watch hear and say: readings of hosts, alerts, instructions, and signs of life.

Model: a host sends a `Telemetry` every so often, whether it trades or stands still; a monitor holds it
against what it knows from its own feed, and answers with `Alert`s for people and `Instruct`s for
hosts. A `Beat` says that the monitor itself lives. An instruction only ever takes risk away: what
brings risk back needs a person's name (`market.messages.Operator`).
"""

from typing import Final, NamedTuple

import msgspec

from market.codes import OperatorAction
from market.decisions import PPM
from market.messages import EVERY, Report

NOBODY: Final = -1
"""Subject of an alert that is about no single host."""


class BookReading(NamedTuple):
    """One book as a host knows it.

    Attributes:
        seq: Number of the newest message of the book that the host has, as its venue counts.
        venue_ns: When the venue published that.
        phase: `Phase` of the book.
        bad: Whether the host holds its own picture of the book to be unfit to act on.
        position_lots: Held, as the host's desk believes; 0 without a desk.
        worst_lots: The largest position that its working orders may bring about.
    """

    book_id: int
    seq: int
    venue_ns: int
    phase: int
    bad: bool
    position_lots: int
    worst_lots: int


class Telemetry(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """How a host stands; one of a numbered series.

    Attributes:
        host: Number of the host.
        number: Of the reading, from 1.
        clock_ns: What the host's own clock said.
        has_desk: Whether it runs a desk; without one everything about orders and money is 0.
        decisions: Taken so far.
        commands: Sent so far.
        waiting: Messages in its inbox.
        busy_ns: How long the decision under way has been so.
        slowest_ns: The longest decision since the reading before.
        unsaved_ns: How long the oldest record that is not durable has waited.
        trouble: `JournalTrouble` of its store.
        mode: Of its gate: 0 normal, 1 safe, 2 killed.
        epoch: In which it speaks for its member; 0 where there is none.
        down: Books whose order link is down.
        unknown: Orders of which nobody knows whether they live.
        unanswered_ns: How long the oldest command has gone without an answer.
        odd: Reports so far that made no sense.
        loss_micros: Loss since the day's highest equity.
        gross_micros: Gross exposure with all orders filled at their worst.
        limits_ppm: What its limits are, in millionths of what was configured.
        held_back: Commands so far that its ceilings stopped and its limits had let out.
        books: Those that it follows.
    """

    host: int
    number: int
    clock_ns: int
    books: tuple[BookReading, ...]
    has_desk: bool = False
    decisions: int = 0
    commands: int = 0
    waiting: int = 0
    busy_ns: int = 0
    slowest_ns: int = 0
    unsaved_ns: int = 0
    trouble: int = 0
    mode: int = 0
    epoch: int = 0
    down: int = 0
    unknown: int = 0
    unanswered_ns: int = 0
    odd: int = 0
    loss_micros: int = 0
    gross_micros: int = 0
    limits_ppm: int = PPM
    held_back: int = 0


class Copied(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """A venue's report about an order of `host`, as a copy that does not pass through that host."""

    host: int
    side: int
    report: Report


class Beat(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """The monitor that says this is alive; its check of this number is done."""

    number: int


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """Something that somebody must know.

    Attributes:
        alert_id: From 1, of the monitor that says it.
        root_id: Id of the alert that names the cause; its own where it is the cause.
        code: `AlertCode`.
        severity: 1 a note, 2 a warning, 3 calls for a person.
        subject: Number of the host that it is about, or NOBODY.
        book_id: Of the book, or EVERY.
        found: What was measured.
        allowed: What it was held against.
        page: Whether a person is called.
    """

    alert_id: int
    root_id: int
    code: int
    severity: int
    subject: int
    found: int
    allowed: int
    book_id: int = EVERY
    page: bool = False


class Instruct(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="message"):
    """A monitor's word to a host; `cause` is the alert that it follows from."""

    host: int
    action: OperatorAction
    cause: int
    strategy: int = EVERY


Heard = Telemetry | Copied
"""What monitors hear beside views and timers."""

Said = Alert | Instruct | Beat
"""What monitors say beside setting timers."""
