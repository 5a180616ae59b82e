"""Marks: dangers that a run may reach. A drill that never reached its danger has shown nothing."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from chaos.invariants.base import Mark
from chaos.invariants.breaks import outages, reconnections
from chaos.invariants.risk import Worst
from chaos.ledger import ENDS, FILLS, LOGGED_ON, STORE_WELL, History, OrderStory
from desk.gate.codes import VetoCode
from desk.limits.codes import CEILINGS, LimitCode
from market.codes import OperatorAction, Reason, ReportType, Side
from market.faults import FaultKind
from sim.recorder import Event, EventKind

NEAR_SHARE: Final = (4, 5)
"""A worst case of four fifths of its limit is near it."""

BUSY_SHARE: Final = (1, 5)


def _unheard(history: History) -> Iterator[tuple[OrderStory, Event]]:
    """Fills, busts and corrections that did not reach their host in the usual time."""
    usual_ns = 2 * history.limits.link_ns
    for story in history.stories():
        heard: dict[tuple[int, int], int] = {}
        for one in story.received:
            if one.exec_id:
                heard.setdefault((one.detail, one.exec_id), one.time_ns)
        for one in story.answers:
            if one.exec_id:
                at_ns = heard.get((one.detail, one.exec_id), history.end_ns)
                if at_ns - one.time_ns > usual_ns:
                    yield story, one


def fill_in_doubt(history: History) -> int:
    """Fills that were said twice, late, out of order, while a link or host was down, or taken back."""
    late = sum(1 for _ in _unheard(history))
    broken = outages(history)
    meanwhile = sum(
        1
        for story in history.stories()
        for one in story.fills()
        if any(
            each.member == story.member and each.down_ns <= one.time_ns < each.up_ns
            for each in broken
        )
    )
    return late + meanwhile + said_twice(history) + taken_back(history) + fill_before_ack(history)


def said_twice(history: History) -> int:
    """Reports that reached a host again."""
    count = 0
    for story in history.stories():
        seen: set[tuple[int, int, int, int]] = set()
        for one in story.received:
            key = one.host, one.detail, one.venue_ns, one.exec_id
            count += key in seen
            seen.add(key)
    return count


def taken_back(history: History) -> int:
    """Fills that were busted or corrected."""
    return sum(
        one.detail in (ReportType.BUSTED, ReportType.CORRECTED)
        for story in history.stories()
        for one in story.answers
    )


def fill_before_ack(history: History) -> int:
    """Orders whose fill was heard of before their acknowledgement."""
    count = 0
    for story in history.stories():
        kinds = [one.detail for one in story.received]
        if ReportType.FILLED in kinds and ReportType.ACCEPTED in kinds:
            count += kinds.index(ReportType.FILLED) < kinds.index(ReportType.ACCEPTED)
    return count


def report_missed(history: History) -> int:
    """Fills that either the desk or the drop copy heard of late or never."""
    if not history.of(EventKind.DROP_COPY):
        return 0
    return sum(1 for _ in _unheard(history)) + sum(
        1
        for story in history.stories()
        for one in story.answers
        if one.exec_id and not any(copy.exec_id == one.exec_id for copy in story.copies)
    )


def order_in_doubt(history: History) -> int:
    """Orders sent of which nothing was heard in the usual time, or that a lost link left open."""
    usual_ns = 4 * history.limits.link_ns
    silent = 0
    for story in history.stories():
        submits = story.submits
        if submits:
            first_ns = story.received[0].time_ns if story.received else history.end_ns
            silent += first_ns - submits[0].time_ns > usual_ns
    return silent + reconnected_with_orders(history)


def reconnected_with_orders(history: History) -> int:
    """Orders that were open when a link was lost that came back."""
    count = 0
    for broken in reconnections(history):
        for story in history.stories(broken.member):
            submits = story.submits
            if not broken.about(story.book_id) or not submits:
                continue
            ended = any(_ends(one) and one.time_ns <= broken.down_ns for one in story.received)
            count += submits[0].time_ns < broken.down_ns and not ended
    return count


def cancel_in_flight(history: History) -> int:
    """Cancels that were under way when their link was lost."""
    count = 0
    for broken in outages(history):
        for story in history.stories(broken.member):
            asked = [
                one.time_ns
                for one in story.sent
                if one.kind == EventKind.CANCEL and one.time_ns < broken.down_ns
            ]
            if not broken.about(story.book_id) or not asked:
                continue
            heard = any(asked[-1] <= one.time_ns <= broken.down_ns for one in story.received)
            count += not heard
    return count


def race(history: History) -> int:
    """Fills after a cancel was sent, cancels that came too late, fills before their acknowledgement."""
    count = fill_before_ack(history)
    for story in history.stories():
        asked = [one.time_ns for one in story.sent if one.kind == EventKind.CANCEL]
        for one in story.answers if asked else ():
            late_fill = one.detail == ReportType.FILLED and one.time_ns > asked[0]
            count += late_fill or one.detail == ReportType.CANCEL_REJECTED
    return count


def near_limit(history: History) -> int:
    """New orders that brought the worst case near its limit."""
    worst, count = Worst(history), 0
    for event in history.events:
        key = worst.take(event)
        if key is None or event.kind != EventKind.SUBMIT or key[0] not in history.rules:
            continue
        high, low = worst.reach(key)
        limit = history.rules[key[0]].position_lots[key[1]]
        reach = high if event.side == Side.BUY else -low
        count += reach * NEAR_SHARE[1] >= limit * NEAR_SHARE[0]
    return count


def busy_minute(history: History) -> int:
    """Messages that left when a fifth of their limit had already left within its window."""
    count = 0
    for host, rules in history.rules.items():
        most, window_ns = rules.messages
        recent: deque[int] = deque()
        for one in history.of(EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE):
            if one.host != host:
                continue
            recent.append(one.time_ns)
            while recent[0] <= one.time_ns - window_ns:
                recent.popleft()
            count += len(recent) * BUSY_SHARE[1] >= most * BUSY_SHARE[0]
    return count


def content_aged(history: History) -> int:
    """Views whose content was older than the bound."""
    count = 0
    for one in history.of(EventKind.VIEW):
        bound_ns = history.stale_ns(one.host, one.book_id)
        count += bool(bound_ns) and one.venue_ns > 0 and one.time_ns - one.venue_ns > bound_ns
    return count


def limit_wrong(history: History) -> int:
    """Limits that were configured wrongly."""
    return sum(one.hits for one in history.faults(FaultKind.OPERATOR_WRONG_LIMIT.value))


def fills_crowded(history: History) -> int:
    """Fills that came when their strategy had half of what switches it off, within the window."""
    count = 0
    for host, rules in history.rules.items():
        audit = history.audit.get(host)
        most, window_ns = rules.fills
        recent: dict[int, deque[int]] = {}
        for one in history.of(EventKind.REPORT):
            if audit is None or one.host != host or one.detail != ReportType.FILLED:
                continue
            times = recent.setdefault(audit.strategies.get(one.order_id, -1), deque())
            times.append(one.time_ns)
            while times[0] <= one.time_ns - window_ns:
                times.popleft()
            count += 2 * len(times) >= most
    return count


def journal_pressed(history: History) -> int:
    """New orders whose record took longer to become durable than a link takes, or a crash cut off."""
    usual_ns = 1_000_000
    waited = 0
    for host in history.audit:
        done = [one for one in history.of(EventKind.COMPUTED) if one.host == host and one.detail]
        times = [one.time_ns for one in history.of(EventKind.SUBMIT) if one.host == host]
        at = 0
        for one in times:
            while at + 1 < len(done) and done[at + 1].time_ns <= one:
                at += 1
            waited += bool(done) and one - done[at].time_ns > usual_ns
    return waited + len(history.of(EventKind.CRASHED)) + crashed(history)


def crashed(history: History) -> int:
    """Hosts that died."""
    return len(history.of(EventKind.CRASHED)) or sum(
        one.hits for one in history.faults(FaultKind.HOST_CRASH.value)
    )


def journal_written(history: History) -> int:
    """Records that were read back."""
    return sum(one.records for one in history.audit.values())


def journal_in_trouble(history: History) -> int:
    """Times at which a store took nothing any more."""
    return sum(one.detail != STORE_WELL for one in history.of(EventKind.JOURNAL))


def restarted(history: History) -> int:
    """Hosts that came back."""
    return len(history.of(EventKind.RESTARTED))


def taken_over(history: History) -> int:
    """Stand-bys that logged on in the place of their primary."""
    return sum(one.detail == LOGGED_ON for one in history.of(EventKind.TAKEOVER))


def fenced(history: History) -> int:
    """Commands or logons of an old epoch that the venue's edge refused."""
    return len(history.of(EventKind.FENCED))


def stood_down(history: History) -> int:
    """Hosts that found themselves fenced."""
    return len(history.of(EventKind.STOOD_DOWN))


def gap_seen(history: History) -> int:
    """Gaps in feeds that were noticed."""
    return sum(one.detail == 1 for one in history.of(EventKind.GAP))


def gap_filled(history: History) -> int:
    """Gaps that were closed, by retransmission or by a snapshot."""
    return sum(one.detail in (2, 3) for one in history.of(EventKind.GAP))


def alerted(history: History) -> int:
    """Alerts of monitors."""
    return len(history.of(EventKind.ALERT))


def killed_with_orders(history: History) -> int:
    """Orders that were open when the kill switch was pulled."""
    count = 0
    for word in history.of(EventKind.INSTRUCTED):
        if word.detail != OperatorAction.KILL:
            continue
        before = [look for look in history.looks if look.time_ns <= word.time_ns]
        count += len(before[-1].venue) if before else 0
    return count


def crowded(history: History) -> int:
    """Commands that the venue refused because there were too many, and cancels under such a rule."""
    return sum(
        one.reason == Reason.THROTTLED for story in history.stories() for one in story.answers
    ) + sum(one.hits for one in history.faults(FaultKind.GATEWAY_THROTTLE.value))


def feed_broken(history: History) -> int:
    """Messages of market data that a fault touched."""
    return sum(one.hits for one in history.windows if one.fault.kind.value.startswith("F-"))


def correlated(history: History) -> int:
    """Wishes that were refused because two books had come to move as one."""
    code = VetoCode.CORRELATION
    return sum(one.vetoes.get(code, 0) for one in history.audit.values())


def throttled(history: History) -> int:
    """Orders that the desk's own throttle held back."""
    return sum(one.refusals.get(LimitCode.RATE, 0) for one in history.audit.values())


def ceiling_reached(history: History) -> int:
    """Orders that a limit let out and a ceiling stopped."""
    return sum(one.refusals.get(code, 0) for one in history.audit.values() for code in CEILINGS)


def short_of_cash(history: History) -> int:
    """Buys that the last check held back because there was no cash for them."""
    return sum(one.refusals.get(LimitCode.CASH, 0) for one in history.audit.values())


def lost_messages(history: History) -> int:
    """Commands and answers that a wire lost."""
    return len(history.of(EventKind.LOST))


def venue_cancelled(history: History) -> int:
    """Orders that their venue cancelled without being asked."""
    return sum(
        one.detail in ENDS and one.detail not in FILLS and one.reason != 0
        for story in history.stories()
        for one in story.answers
    )


def _ends(one: Event) -> bool:
    return one.detail in ENDS or (one.detail == ReportType.FILLED and one.leaves_lots == 0)


COUNTED: Final = (
    fill_in_doubt,
    said_twice,
    taken_back,
    fill_before_ack,
    report_missed,
    order_in_doubt,
    reconnected_with_orders,
    cancel_in_flight,
    race,
    near_limit,
    busy_minute,
    content_aged,
    limit_wrong,
    fills_crowded,
    journal_pressed,
    crashed,
    journal_written,
    journal_in_trouble,
    restarted,
    taken_over,
    fenced,
    stood_down,
    gap_seen,
    gap_filled,
    alerted,
    killed_with_orders,
    crowded,
    feed_broken,
    correlated,
    throttled,
    short_of_cash,
    ceiling_reached,
    lost_messages,
    venue_cancelled,
)

MARKS: Final = tuple(Mark(one.__name__, (one.__doc__ or "").strip(), one) for one in COUNTED)
