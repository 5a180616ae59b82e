"""Journals: written before anything leaves, whole, unchanged, and enough to stand up from.

What the audit read out of the bytes that a crash would leave (`chaos.audit`) is set against the run's
events: who sent what when, and who took which report.
"""

from collections import Counter
from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import STORE_WELL, History
from market.codes import JournalTrouble
from market.faults import FaultKind
from sim.recorder import Event, EventKind
from sim.store import PATIENCE_NS

STORE_FAULTS: Final = (
    FaultKind.STORE_TORN_WRITE.value,
    FaultKind.STORE_SYNC.value,
    FaultKind.STORE_CORRUPT.value,
)
"""After these a journal's bytes may be wrong; then it must be seen."""

COMMANDS: Final = (EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE)

ADDS: Final = (EventKind.SUBMIT, EventKind.REPLACE, EventKind.MASS_QUOTE)
"""What may add risk, and so needs a record."""

LASTING: Final = (JournalTrouble.SYNC_ERROR, JournalTrouble.CORRUPT)
"""Trouble that no process gets over."""

_Reports = Counter[tuple[int, int, int, int]]

_ENDS: Final = (EventKind.CRASHED, EventKind.RESTARTED)

S_NS: Final = 1_000_000_000
RECORDS_PER_S: Final = 1_000_000


def written_first(history: History) -> Finding:
    """I-JRN-1: a new order leaves when the record of it is durable, and not before."""
    finding = Finding()
    for host, audit in history.audit.items():
        if audit.problem and history.faults(*STORE_FAULTS):
            continue
        for one in history.of(EventKind.SUBMIT):
            if one.host != host:
                continue
            durable_ns = audit.submits.get(one.order_id, -1)
            finding.expect(
                0 <= durable_ns <= one.time_ns,
                one.time_ns,
                f"order {one.order_id} left at {one.time_ns}, its record "
                + (f"was durable at {durable_ns}" if durable_ns >= 0 else "was never durable"),
                one,
            )
    return finding


def any_prefix_reads(history: History) -> Finding:
    """I-JRN-2: a tail torn at any byte leaves the records before it."""
    finding = Finding()
    for host, audit in history.audit.items():
        tried, wrong = audit.torn
        finding.checks += tried
        if wrong:
            finding.broken(
                history.end_ns,
                f"{history.name(host)}: {wrong} of {tried} torn tails did not read as a whole prefix",
            )
    return finding


def no_journal_no_orders(history: History) -> Finding:
    """I-JRN-3: while a host's store takes nothing, nothing that adds risk leaves it or is decided there.

    Trouble that cannot pass ends with the process that met it, and not before.
    """
    finding = Finding()
    _nothing_held_up(history, finding)
    since: dict[int, Event] = {}
    lasting: dict[int, Event] = {}
    decided: dict[int, Event] = {}
    dropped: dict[int, Event] = {}
    # In this order within an instant: a process that begins has its trouble still before it.
    for one in history.of(*_ENDS, EventKind.COMPUTED, EventKind.JOURNAL, EventKind.LOST, *ADDS):
        host = one.host
        if one.kind in _ENDS:
            since.pop(host, None)
            lasting.pop(host, None)
        elif one.kind == EventKind.COMPUTED:
            decided[host] = one
        elif one.kind == EventKind.JOURNAL and one.detail != STORE_WELL:
            since.setdefault(host, one)
            finding.checks += 1
            if one.detail in LASTING:
                lasting.setdefault(host, one)
        elif one.kind == EventKind.JOURNAL:
            since.pop(host, None)
            if host in lasting:
                text = f"{history.name(host)}: its journal was well again without a new process"
                finding.broken(one.time_ns, text, lasting.pop(host), one)
        elif one.kind == EventKind.SUBMIT and one.order_id in dropped:
            text = f"order {one.order_id} was dropped, and left {history.name(host)} all the same"
            finding.broken(one.time_ns, text, dropped[one.order_id], one)
        elif host in since:
            if one.kind == EventKind.LOST and one.detail == EventKind.SUBMIT:
                dropped[one.order_id] = one
            wrong = _wrong_in_trouble(one, since[host], decided.get(host))
            if wrong:
                text = (
                    f"order {one.order_id} {wrong} {history.name(host)} although its journal was in "
                    f"trouble {since[host].detail} since {since[host].time_ns}"
                )
                finding.broken(one.time_ns, text, since[host], one)
    return finding


def _nothing_held_up(history: History, finding: Finding) -> None:
    """Judge that a stall is noticed: no order waits for its end and leaves then, at an old price."""
    bound_ns = 2 * PATIENCE_NS + history.limits.link_ns
    for stall in history.faults(FaultKind.STORE_WRITER_STALL.value):
        host = history.number_of(stall.fault.target)
        audit = history.audit.get(host)
        for one in history.of(EventKind.SUBMIT):
            if one.host != host or audit is None:
                continue
            decided_ns = audit.decided.get(one.order_id, -1)
            if stall.from_ns <= decided_ns <= stall.until_ns:
                finding.expect(
                    one.time_ns - decided_ns <= bound_ns,
                    one.time_ns,
                    f"order {one.order_id} waited {one.time_ns - decided_ns} ns at "
                    f"{history.name(host)} for a journal that stood still, and left then",
                    one,
                )


def _wrong_in_trouble(one: Event, trouble: Event, decided: Event | None) -> str:
    """What is wrong with a command at a host whose store is in trouble; empty for nothing.

    What was decided before is rightly dropped; that there is something to be dropped which was decided
    later shows a desk that has not heard.
    """
    if one.kind in ADDS:
        return "left"
    if decided is None or decided.time_ns != one.time_ns or one.detail not in ADDS:
        return ""
    return "was decided at" if decided.venue_ns > trouble.time_ns else ""


def complete_and_sealed(history: History) -> Finding:
    """I-JRN-4: every message has its record and every record its message, and a change is seen."""
    finding = Finding()
    store_broke = bool(history.faults(*STORE_FAULTS))
    for host, audit in history.audit.items():
        finding.expect(
            not audit.problem or store_broke,
            history.end_ns,
            f"{history.name(host)}: its journal does not hold: {audit.problem}",
        )
        tried, unnoticed = audit.changed
        finding.expect(
            not unnoticed,
            history.end_ns,
            f"{history.name(host)}: {unnoticed} of {tried} changed bits went unnoticed",
        )
        if audit.problem or host in history.restarted:
            continue
        sent = Counter(
            (one.kind, one.order_id) for one in history.of(*COMMANDS) if one.host == host
        )
        for key, count in sent.items():
            finding.expect(
                audit.commands.get(key, 0) >= count,
                history.end_ns,
                f"{history.name(host)}: {EventKind(key[0]).name.lower()} of {key[1]} left {count} "
                f"times and is on record {audit.commands.get(key, 0)} times",
            )
        sure, unsure = _reports_of(history, host)
        # The journal of a stand-by begins with a copy of its primary's.
        copied = history.member(host) != host
        for what, count in sure.items():
            on_record = audit.reports.get(what, 0)
            most = on_record if copied else count + unsure[what]
            finding.expect(
                count <= on_record <= most,
                history.end_ns,
                f"{history.name(host)}: a report about {what[0]} was taken {count} times and is on "
                f"record {audit.reports.get(what, 0)} times",
            )
    return finding


def _reports_of(history: History, host: int) -> tuple[_Reports, _Reports]:
    """Reports that a host took: those that must be on record, and those that may be.

    What a process took in its last moment, before it died or stood down, was decided on and perhaps not
    durable yet.
    """
    ends = [
        one.time_ns
        for one in history.of(EventKind.CRASHED, EventKind.STOOD_DOWN)
        if one.host == host
    ]
    sure, unsure = _Reports(), _Reports()
    for one in history.of(EventKind.REPORT):
        if one.host == host:
            last = any(end_ns - history.limits.link_ns <= one.time_ns <= end_ns for end_ns in ends)
            what = one.order_id, one.detail, one.venue_ns, one.exec_id
            (unsure if last else sure)[what] += 1
    return sure, unsure


def recovers_alike(history: History) -> Finding:
    """I-REC-1: the journal replayed from its first record gives the very state of the desk."""
    finding = Finding()
    for host, audit in history.audit.items():
        if audit.problem or not audit.own_digest:
            continue
        finding.expect(
            audit.digest == audit.own_digest,
            history.end_ns,
            f"{history.name(host)}: replayed from its journal it has state {audit.digest}, "
            f"in memory {audit.own_digest}",
        )
    return finding


def recovers_again(history: History) -> Finding:
    """I-REC-2: however recovery is begun, at the start or at a snapshot, it comes to the same."""
    finding = Finding()
    for host, audit in history.audit.items():
        if audit.problem:
            continue
        finding.expect(
            audit.digest == audit.again_digest,
            history.end_ns,
            f"{history.name(host)}: from the first record it comes to {audit.digest}, from the newest "
            f"snapshot to {audit.again_digest}",
        )
    return finding


def recovers_in_time(history: History) -> Finding:
    """I-REC-3: a host that comes back may trade in time."""
    finding = Finding()
    for back in history.of(EventKind.RESTARTED):
        first = next(
            (
                one.time_ns
                for one in history.of(EventKind.COMPUTED)
                if one.host == back.host and one.time_ns >= back.time_ns
            ),
            history.end_ns,
        )
        bound_ns = history.limits.recovery_ns + back.detail * S_NS // RECORDS_PER_S
        finding.measured_ns.append(first - back.time_ns)
        finding.limit_ns = max(finding.limit_ns, bound_ns)
        finding.expect(
            first - back.time_ns <= bound_ns,
            back.time_ns,
            f"{history.name(back.host)} needed {first - back.time_ns} ns after its restart, "
            f"the bound is {bound_ns}",
            back,
        )
    return finding


INVARIANTS = (
    Invariant(
        "I-JRN-1",
        InvariantKind.SAFETY,
        "Nothing leaves before the record of its cause is durable.",
        "journal_pressed",
        written_first,
    ),
    Invariant(
        "I-JRN-2",
        InvariantKind.SAFETY,
        "A journal torn at any byte reads as its whole records before that byte.",
        "journal_written",
        any_prefix_reads,
    ),
    Invariant(
        "I-JRN-3",
        InvariantKind.SAFETY,
        "Without a journal that takes records no new risk leaves, and none is decided.",
        "journal_in_trouble",
        no_journal_no_orders,
    ),
    Invariant(
        "I-JRN-4",
        InvariantKind.SAFETY,
        "Every message has one record, every record its message, and a change is noticed.",
        "journal_written",
        complete_and_sealed,
    ),
    Invariant(
        "I-REC-1",
        InvariantKind.SAFETY,
        "A desk replayed from its journal is the desk, bit by bit.",
        "journal_written",
        recovers_alike,
    ),
    Invariant(
        "I-REC-2",
        InvariantKind.SAFETY,
        "Recovery comes to the same from wherever it begins.",
        "journal_written",
        recovers_again,
    ),
    Invariant(
        "I-REC-3",
        InvariantKind.BOUNDED,
        "A host that comes back may trade in time.",
        "restarted",
        recovers_in_time,
    ),
)
