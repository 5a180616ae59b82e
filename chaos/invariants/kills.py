"""The kill switch: nothing new leaves, everything open is taken out, and only a person's name undoes it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import History, OrderStory
from market.codes import OperatorAction, ReportType
from market.faults import FaultKind
from sim.recorder import Event, EventKind

CANCELS: Final = frozenset((EventKind.CANCEL, EventKind.MASS_CANCEL))
ALLOWS: Final = frozenset((OperatorAction.REARM, OperatorAction.RESUME_STRATEGY))
CANCELLED: Final = frozenset((ReportType.CANCELLED, ReportType.CANCEL_REJECTED, ReportType.FILLED))
CROWDED: Final = (FaultKind.GATEWAY_THROTTLE.value, FaultKind.FEED_JITTER.value)
"""Faults that crowd the way of a cancel."""


class Kill(NamedTuple):
    """The kill switch, pulled for a member.

    Attributes:
        until_ns: When somebody allowed trading again, or the end.
        open: Orders that lived at the venue, or were on their way to it.
    """

    word: Event
    member: int
    until_ns: int
    open: list[OrderStory]


def kills(history: History) -> Iterator[Kill]:
    """Every time that the kill switch was pulled; pulling it again while it is on counts once."""
    until: dict[int, int] = {}
    words = history.of(EventKind.INSTRUCTED)
    for word in words:
        member = history.member(word.host)
        heeded = word.leaves_lots or not word.qty_lots  # a host need not heed its monitor
        if word.detail != OperatorAction.KILL or not heeded:
            continue
        if word.time_ns < until.get(member, 0):
            continue
        until[member] = min(
            (
                one.time_ns
                for one in words
                if one.time_ns > word.time_ns
                and history.member(one.host) == member
                and one.detail in ALLOWS
            ),
            default=history.end_ns,
        )
        stories = [one for one in history.stories(member) if _lives(one, word.time_ns)]
        yield Kill(word, member, until[member], stories)


def _lives(story: OrderStory, at_ns: int) -> bool:
    """Whether an order had been sent and not ended at the venue at a moment."""
    submits, end = story.submits, story.end
    if not submits or submits[0].time_ns > at_ns or (end is not None and end.time_ns <= at_ns):
        return False
    return not any(one.detail == EventKind.SUBMIT and one.time_ns <= at_ns for one in story.lost)


def killed_in_time(history: History) -> Finding:
    """I-KILL-1: the last new order, the last cancel and the last end, each within its bound."""
    finding = Finding()
    bounds = history.limits
    finding.limit_ns = bounds.kill_cancels_ns + bounds.link_ns
    alerts = [one.time_ns for one in history.of(EventKind.ALERT)]
    for kill in kills(history):
        at_ns = kill.word.time_ns
        last_ns = at_ns + bounds.kill_last_order_ns + bounds.link_ns
        late = [
            one
            for one in history.of(EventKind.SUBMIT)
            if history.member(one.host) == kill.member and last_ns < one.time_ns < kill.until_ns
        ]
        finding.expect(
            not late,
            at_ns,
            f"{len(late)} new orders left {history.name(kill.member)} after it was killed",
            kill.word,
            *late,
        )
        mass = [
            one.time_ns
            for one in history.of(EventKind.MASS_CANCEL)
            if history.member(one.host) == kill.member and one.time_ns >= at_ns
        ]
        for story in kill.open:
            _check_cancel(finding, history, kill, story, mass)
            end = story.end
            done_ns = history.end_ns if end is None else end.time_ns
            told = any(at_ns <= one <= at_ns + bounds.kill_done_ns for one in alerts)
            if at_ns + bounds.kill_done_ns < history.end_ns:
                finding.expect(
                    done_ns - at_ns <= bounds.kill_done_ns or told,
                    at_ns,
                    f"order {story.order_id} lived on after the kill, and nobody was told",
                    kill.word,
                    *story.answers[-1:],
                )
    return finding


def _check_cancel(
    finding: Finding, history: History, kill: Kill, story: OrderStory, mass: list[int]
) -> None:
    """Hold the cancel of one open order against its bound."""
    at_ns = kill.word.time_ns
    asked = [one.time_ns for one in (*story.sent, *story.lost) if _cancels(one)]
    asked += mass
    if any(one <= at_ns for one in asked):
        return  # it was on its way already
    end = story.end
    first_ns = min(asked, default=history.end_ns)
    if end is not None:
        first_ns = min(first_ns, end.time_ns)
    finding.measured_ns.append(first_ns - at_ns)
    finding.expect(
        first_ns - at_ns <= finding.limit_ns,
        at_ns,
        f"order {story.order_id}: a cancel left {first_ns - at_ns} ns after the kill, the bound is "
        f"{finding.limit_ns}",
        kill.word,
        *story.sent[-1:],
    )


def _cancels(one: Event) -> bool:
    """Whether an event is a cancel that left, or one that a wire lost."""
    return one.kind in CANCELS or (one.kind == EventKind.LOST and one.detail in CANCELS)


def cancels_outrank(history: History) -> Finding:
    """I-KILL-2: on a crowded way a cancel takes no longer than twice an idle one."""
    finding = Finding()
    crowded = history.faults(*CROWDED)
    finding.limit_ns = 4 * history.limits.link_ns
    for story in history.stories() if crowded else ():
        for one in story.sent:
            if one.kind != EventKind.CANCEL or not any(
                window.from_ns <= one.time_ns < window.until_ns for window in crowded
            ):
                continue
            if any(lost.time_ns >= one.time_ns for lost in story.lost):
                continue
            answer = next(
                (
                    each.time_ns
                    for each in story.answers
                    if each.time_ns >= one.time_ns and each.detail in CANCELLED
                ),
                history.end_ns,
            )
            finding.measured_ns.append(answer - one.time_ns)
            finding.expect(
                answer - one.time_ns <= finding.limit_ns,
                one.time_ns,
                f"the cancel of order {story.order_id} took {answer - one.time_ns} ns to its answer",
                one,
            )
    return finding


def stays_killed(history: History) -> Finding:
    """I-KILL-3: whatever else is broken, what was killed stays so until a person allows it."""
    finding = Finding()
    bounds = history.limits
    for kill in kills(history):
        finding.checks += 1
        last_ns = kill.word.time_ns + bounds.kill_last_order_ns + bounds.link_ns
        for one in history.of(EventKind.SUBMIT):
            if history.member(one.host) == kill.member and last_ns < one.time_ns < kill.until_ns:
                finding.broken(
                    one.time_ns,
                    f"order {one.order_id} left {history.name(one.host)}, which was killed and which "
                    "nobody had allowed to trade again",
                    kill.word,
                    one,
                )
                break
    return finding


INVARIANTS = (
    Invariant(
        "I-KILL-1",
        InvariantKind.BOUNDED,
        "After a kill the last new order, the cancels and the ends of all open orders come in time.",
        "killed_with_orders",
        killed_in_time,
    ),
    Invariant(
        "I-KILL-2",
        InvariantKind.BOUNDED,
        "Cancels outrank everything else: on a crowded way they take at most twice as long.",
        "crowded",
        cancels_outrank,
    ),
    Invariant(
        "I-KILL-3",
        InvariantKind.SAFETY,
        "What was killed stays killed, whatever else is broken, until a person allows it.",
        "killed_with_orders",
        stays_killed,
    ),
)
