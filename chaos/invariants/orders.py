"""Orders: none without an owner, none sent twice, none added while others are in doubt, none impossible.

What is impossible is told as the smallest set of messages that shows it: a fill from nowhere, life after
the end, more filled than was ever asked for, an effect before its cause.
"""

from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.invariants.breaks import calm_since, has_sessions, reconnections, troubled
from chaos.invariants.risk import Worst
from chaos.ledger import ENDS, FILLS, History, OrderStory
from desk.orders import Anomaly
from desk.orders.table import OrderState
from market.codes import ReportType
from market.faults import FaultKind
from sim.recorder import Event, EventKind

LATE: Final = frozenset(
    (
        *FILLS,
        ReportType.STATUS,
        ReportType.CANCEL_REJECTED,
        ReportType.REPLACE_REJECTED,
        ReportType.MASS_CANCELLED,
        ReportType.QUOTED,
    )
)
"""What a venue may say of an order that has ended."""

WRONG: Final = (Anomaly.ILLEGAL_EVENT, Anomaly.OVERFILL, Anomaly.UNKNOWN_ORDER, Anomaly.REVIVED)
"""What a desk's order machine must never meet when the venue keeps to its rules."""


def no_orphan(history: History) -> Finding:
    """I-ORD-1: who is live at the venue has an owner, and who is live in a desk is at the venue."""
    finding = Finding()
    bound_ns = history.limits.resolve_ns
    troubles = troubled(history)
    since: dict[tuple[str, int], int] = {}
    told: set[tuple[str, int]] = set()
    for look in history.looks:
        owners = {
            host: orders
            for host, orders in look.desks.items()
            if host not in look.down and history.in_charge(host, look.time_ns)
        }
        members = {history.member(host): orders for host, orders in owners.items()}
        wrong: dict[tuple[str, int], str] = {}
        for order_id, order in look.venue.items():
            own = members.get(order.member)
            if own is not None and order_id not in own:
                wrong["orphan", order_id] = "lives at the venue, and its desk takes it for ended"
        for orders in owners.values():
            for order_id, state in orders.items():
                if order_id not in look.venue and state == OrderState.LIVE:
                    wrong["ghost", order_id] = (
                        "has ended at the venue, and its desk takes it for live"
                    )
        finding.checks += len(look.venue) + sum(len(orders) for orders in owners.values())
        since = {key: since.get(key, look.time_ns) for key in wrong}
        for key, begun_ns in since.items():
            calm_ns = calm_since(troubles, begun_ns, look.time_ns)
            if look.time_ns - calm_ns > bound_ns and key not in told:
                told.add(key)
                story = history.orders.get(key[1])
                events = () if story is None else (*story.answers[-2:], *story.received[-2:])
                finding.broken(look.time_ns, f"order {key[1]} {wrong[key]}", *events)
    last = history.looks[-1] if history.looks else None
    for host, orders in last.desks.items() if last is not None else ():
        if last is None or host in last.down or not history.in_charge(host, last.time_ns):
            continue
        doubtful = [one for one, state in orders.items() if state == OrderState.UNKNOWN]
        finding.expect(
            not doubtful,
            last.time_ns,
            f"{history.name(host)}: {len(doubtful)} orders are still in doubt at the end",
        )
    return finding


def sent_once(history: History) -> Finding:
    """I-ORD-2: an intent leaves once, and is taken once."""
    finding = Finding()
    for story in history.stories():
        submits = story.submits
        if not submits:
            continue
        finding.expect(
            len(submits) == 1,
            submits[-1].time_ns,
            f"order {story.order_id} was sent {len(submits)} times",
            *submits,
        )
        taken = [one for one in story.answers if one.detail == ReportType.ACCEPTED]
        if len(taken) > 1:
            finding.broken(taken[1].time_ns, f"the venue took order {story.order_id} twice", *taken)
    return finding


def doubts_first(history: History) -> Finding:
    """I-ORD-3: after a reconnection no risk is added before every older order is settled, nor on a dead session."""
    finding = Finding()
    _no_word_into_the_void(history, finding)
    risky = _risky(history)
    for broken in reconnections(history):
        older = [
            story
            for story in history.stories(broken.member)
            if broken.about(story.book_id) and _open_before(story, broken.down_ns)
        ]
        added = [
            one
            for one in history.of(EventKind.SUBMIT)
            if history.member(one.host) == broken.member
            and broken.about(one.book_id)
            and broken.up_ns <= one.time_ns < broken.until_ns
            and one.order_id in risky
        ]
        if not older:
            continue
        for one in added:
            doubtful = [
                story
                for story in older
                if history.same_venue(story.book_id, one.book_id)
                and not _settled(story, broken.down_ns, one.time_ns)
            ]
            finding.expect(
                not doubtful,
                one.time_ns,
                f"order {one.order_id} left while {len(doubtful)} older orders of a lost link were "
                f"in doubt, the first of them {doubtful[0].order_id if doubtful else 0}",
                one,
                *(doubtful[0].sent[-1:] if doubtful else ()),
            )
        if not added:
            finding.checks += 1
    return finding


def _no_word_into_the_void(history: History, finding: Finding) -> None:
    """Judge that a session on which nothing is heard any more is noticed, and that nothing leaves on it."""
    for deaf in history.faults(FaultKind.GATEWAY_HALF_OPEN.value):
        path, _, name = deaf.fault.target.partition("/")
        host, part = history.number_of(path), path.partition(".")[2]
        if part not in ("", "reports") or not deaf.hits or not has_sessions(history, host):
            continue
        books = [one for one, known in enumerate(history.books) if known == name or not name]
        for one in history.of(EventKind.SUBMIT, EventKind.REPLACE):
            if one.host != host or not deaf.from_ns < one.time_ns < deaf.until_ns:
                continue
            if not any(history.same_venue(book_id, one.book_id) for book_id in books):
                continue
            silent_ns = one.time_ns - deaf.from_ns
            finding.expect(
                silent_ns <= history.limits.silence_ns,
                one.time_ns,
                f"order {one.order_id} left on a session on which nothing had been heard for "
                f"{silent_ns} ns, the bound is {history.limits.silence_ns}",
                one,
            )


def _risky(history: History) -> set[int]:
    """Orders by which a position could become larger, either way, than it could without them.

    A reduction may leave while orders are in doubt: getting out must always be possible.
    """
    worst, found = Worst(history), set()
    for event in history.events:
        key = history.member(event.host), event.book_id
        before = worst.reach(key) if event.kind == EventKind.SUBMIT else (0, 0)
        worst.take(event)
        if event.kind == EventKind.SUBMIT:
            after = worst.reach(key)
            if max(map(abs, after)) > max(map(abs, before)):
                found.add(event.order_id)
    return found


def _open_before(story: OrderStory, at_ns: int) -> bool:
    """Whether an order had been sent, and its end not heard of, at a moment."""
    submits = story.submits
    if not submits or submits[0].time_ns >= at_ns:
        return False
    return not any(_is_end(one) and one.time_ns <= at_ns for one in story.received)


def _settled(story: OrderStory, since_ns: int, at_ns: int) -> bool:
    """Whether its end, or how it stands, was heard of between two moments."""
    return any(
        since_ns <= one.time_ns <= at_ns and (_is_end(one) or one.detail == ReportType.STATUS)
        for one in story.received
    )


def _is_end(one: Event) -> bool:
    return one.detail in ENDS or (one.detail == ReportType.FILLED and one.leaves_lots == 0)


def legal_lives(history: History) -> Finding:
    """I-ORD-4: only lives that a venue's order can have, and desks that take each of them as legal."""
    finding = Finding()
    for story in history.stories():
        _check_life(finding, story)
    for host, met in history.anomalies.items():
        for anomaly in WRONG:
            finding.expect(
                not met.get(anomaly, 0),
                history.end_ns,
                f"{history.name(host)}: {met.get(anomaly, 0)} reports were {anomaly.name.lower()}",
            )
    return finding


def _check_life(finding: Finding, story: OrderStory) -> None:
    """Hold the venue's own record of one order against what can be."""
    arrived = [one for one in story.arrived if one.detail == EventKind.SUBMIT]
    asked = sum(one.qty_lots for one in story.sent if one.kind == EventKind.SUBMIT)
    asked += sum(one.qty_lots for one in story.arrived if one.detail == EventKind.REPLACE)
    filled = 0
    ended: Event | None = None
    for one in story.answers:
        finding.checks += 1
        if one.detail == ReportType.FILLED:
            filled += one.qty_lots
            if story.submits and (not arrived or arrived[0].time_ns > one.time_ns):
                finding.broken(one.time_ns, f"order {story.order_id}: a fill from nowhere", one)
            if story.submits and filled > asked:
                finding.broken(
                    one.time_ns,
                    f"order {story.order_id}: {filled} lots filled, {asked} were ever asked for",
                    *story.submits,
                    one,
                )
        if ended is not None and one.detail not in LATE:
            finding.broken(one.time_ns, f"order {story.order_id}: life after its end", ended, one)
        if one.detail in ENDS and ended is None:
            ended = one
    first_ns = story.answers[0].time_ns if story.answers else 0
    for one in story.received[:1]:
        if story.answers and one.time_ns < first_ns:
            finding.broken(one.time_ns, f"order {story.order_id}: a report before its answer", one)


INVARIANTS = (
    Invariant(
        "I-ORD-1",
        InvariantKind.BOUNDED,
        "No orphan: every live order has an owner, every order that a desk takes for live is there.",
        "order_in_doubt",
        no_orphan,
    ),
    Invariant(
        "I-ORD-2",
        InvariantKind.SAFETY,
        "An intent leaves at most once, and a venue takes it at most once.",
        "order_in_doubt",
        sent_once,
    ),
    Invariant(
        "I-ORD-3",
        InvariantKind.SAFETY,
        "No risk is added on a dead session, nor after a reconnection before older orders are settled.",
        "reconnected_with_orders",
        doubts_first,
    ),
    Invariant(
        "I-ORD-4",
        InvariantKind.SAFETY,
        "Orders live only lives that can be, and every race of a venue is legal to the desk.",
        "race",
        legal_lives,
    ),
)
