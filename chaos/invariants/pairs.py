"""A primary and its stand-by: one of them speaks, the other takes over in time, and nothing is said twice.

Who may speak is judged at the venue's edge: from the moment at which a stand-by has logged on with a
higher epoch, nothing that another host sends for the same member may arrive.
"""

from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import LOGGED_ON, TRADING_READY, History
from desk.orders import Anomaly
from market.faults import FaultKind
from sim.recorder import Event, EventKind

LOSSES: Final = (
    FaultKind.HOST_CRASH.value,
    FaultKind.HOST_STALL.value,
    FaultKind.HOST_SPLIT_BRAIN.value,
    FaultKind.HOST_SLOW.value,
    FaultKind.HOST_CLOCK_STEP.value,
)
"""Faults by which a primary may be lost to its stand-by."""

SPEAKS: Final = (EventKind.SUBMIT, EventKind.CANCEL, EventKind.REPLACE)


def one_speaks(history: History) -> Finding:
    """I-HA-1: only commands of the host that logged on last arrive at the venue."""
    finding = Finding()
    holders = _holders(history)
    if not holders:
        return finding
    for story in history.stories():
        for kind in SPEAKS:
            sent = [one for one in story.sent if one.kind == kind]
            arrived = [one for one in story.arrived if one.detail == kind]
            for one in arrived:
                sender = next(
                    (each for each in reversed(sent) if each.time_ns <= one.time_ns), None
                )
                holder = _holder_at(holders, story.member, one.time_ns)
                if sender is None or holder is None:
                    continue
                finding.expect(
                    sender.host == holder,
                    one.time_ns,
                    f"{history.name(sender.host)} got a command about {story.order_id} through, when "
                    f"{history.name(holder)} had the permit",
                    sender,
                    one,
                )
    return finding


def silent_when_fenced(history: History) -> Finding:
    """I-HA-2: who has stood down sends nothing any more."""
    finding = Finding()
    for down in history.of(EventKind.STOOD_DOWN):
        finding.checks += 1
        again_ns = min(
            (
                one.time_ns
                for one in history.of(EventKind.TAKEOVER, EventKind.RESTARTED)
                if one.host == down.host and one.time_ns > down.time_ns
            ),
            default=history.end_ns,
        )
        for one in history.of(*SPEAKS):
            if one.host == down.host and down.time_ns < one.time_ns < again_ns:
                finding.broken(
                    one.time_ns,
                    f"{history.name(one.host)} had stood down, and sent something about {one.order_id}",
                    down,
                    one,
                )
                break
    return finding


def takes_over_in_time(history: History) -> Finding:
    """I-HA-3: from the loss of the primary until the stand-by may trade."""
    finding = Finding()
    finding.limit_ns = history.limits.takeover_ns
    for ready in history.of(EventKind.TAKEOVER):
        if ready.detail != TRADING_READY:
            continue
        lost_ns = _lost_ns(history, ready)
        if lost_ns is None:
            continue
        finding.measured_ns.append(ready.time_ns - lost_ns)
        finding.expect(
            ready.time_ns - lost_ns <= finding.limit_ns,
            ready.time_ns,
            f"{history.name(ready.host)} was ready {ready.time_ns - lost_ns} ns after its primary was "
            f"lost, the bound is {finding.limit_ns}",
            ready,
        )
    for crash in history.of(EventKind.CRASHED):
        pair = [host for host, member in enumerate(history.member_of) if member == crash.host]
        if len(pair) < 2 or crash.time_ns + finding.limit_ns >= history.end_ns:
            continue
        took = any(
            one.detail == TRADING_READY
            and history.member(one.host) == crash.host
            and one.time_ns > crash.time_ns
            for one in history.of(EventKind.TAKEOVER)
        )
        finding.expect(
            took or history.charge_before(crash) != crash.host,
            crash.time_ns,
            f"{history.name(crash.host)} died and nobody took over",
            crash,
        )
    return finding


def hands_over_whole(history: History) -> Finding:
    """I-HA-4: no order id is used by two hosts, and no order of the primary is forgotten."""
    finding = Finding()
    for ready in history.of(EventKind.TAKEOVER):
        if ready.detail != TRADING_READY:
            continue
        member = history.member(ready.host)
        own = {one.order_id for one in history.of(EventKind.SUBMIT) if one.host == ready.host}
        for story in history.stories(member):
            hosts = {one.host for one in story.submits}
            finding.expect(
                len(hosts) <= 1,
                story.submits[-1].time_ns if story.submits else ready.time_ns,
                f"order {story.order_id} was sent by {len(hosts)} hosts",
                *story.submits,
            )
        _none_left_out(history, ready, finding)
        look = next((one for one in history.looks if one.time_ns >= ready.time_ns), None)
        if look is None or ready.host not in look.desks:
            continue
        known = look.desks[ready.host]
        lost = [
            order_id
            for order_id, order in look.venue.items()
            if order.member == member and order_id not in known and order_id not in own
        ]
        finding.expect(
            not lost,
            look.time_ns,
            f"{history.name(ready.host)} took over without {len(lost)} orders that live at the venue, "
            f"the first of them {lost[0] if lost else 0}",
            ready,
        )
    return finding


def _none_left_out(history: History, ready: Event, finding: Finding) -> None:
    """Judge that who is ready has asked about each order that it found open, and hears of no other."""
    logged_on_ns = max(
        (
            one.time_ns
            for one in history.of(EventKind.TAKEOVER)
            if (one.host, one.detail) == (ready.host, LOGGED_ON) and one.time_ns <= ready.time_ns
        ),
        default=ready.time_ns,
    )
    for story in history.stories(history.member(ready.host)):
        accepted, end = story.accepted, story.end
        if accepted is None or accepted.time_ns > logged_on_ns:
            continue
        if end is not None and end.time_ns <= ready.time_ns:
            continue
        finding.expect(
            any(
                one.host == ready.host and logged_on_ns <= one.time_ns <= ready.time_ns
                for one in story.sent
            ),
            ready.time_ns,
            f"{history.name(ready.host)} was ready and had not asked about order {story.order_id}",
            accepted,
            ready,
        )
    odd = history.anomalies.get(ready.host, {}).get(Anomaly.UNKNOWN_ORDER, 0)
    finding.expect(
        not odd,
        ready.time_ns,
        f"{history.name(ready.host)} took over, and {odd} reports were about orders unknown to it",
        ready,
    )


def _holders(history: History) -> dict[int, list[tuple[int, int]]]:
    """Who logged on when, by member."""
    holders: dict[int, list[tuple[int, int]]] = {}
    for one in history.of(EventKind.TAKEOVER):
        if one.detail == LOGGED_ON:
            holders.setdefault(history.member(one.host), []).append((one.time_ns, one.host))
    return holders


def _holder_at(holders: dict[int, list[tuple[int, int]]], member: int, time_ns: int) -> int | None:
    """Who had the permit of a member at a moment; None for a member that nobody took over."""
    if member not in holders:
        return None
    holder = member
    for since_ns, host in holders[member]:
        if since_ns <= time_ns:
            holder = host
    return holder


def _lost_ns(history: History, ready: Event) -> int | None:
    """When the primary was lost to the stand-by that is ready now."""
    member = history.member(ready.host)
    times = [
        one.time_ns
        for one in history.of(EventKind.CRASHED)
        if history.member(one.host) == member and one.time_ns <= ready.time_ns
    ]
    times += [
        one.from_ns
        for one in history.faults(*LOSSES)
        if history.member(history.number_of(one.fault.target)) == member
        and one.from_ns <= ready.time_ns
    ]
    return max(times, default=None)


INVARIANTS = (
    Invariant(
        "I-HA-1",
        InvariantKind.SAFETY,
        "At most one host has the permit to speak, as the venue's edge sees it.",
        "taken_over",
        one_speaks,
    ),
    Invariant(
        "I-HA-2",
        InvariantKind.SAFETY,
        "A former primary that stood down sends nothing.",
        "stood_down",
        silent_when_fenced,
    ),
    Invariant(
        "I-HA-3",
        InvariantKind.BOUNDED,
        "A stand-by takes over, reconciled and ready to trade, in time.",
        "taken_over",
        takes_over_in_time,
    ),
    Invariant(
        "I-HA-4",
        InvariantKind.SAFETY,
        "A takeover sends nothing twice and forgets no order.",
        "taken_over",
        hands_over_whole,
    ),
)
