"""Limits, judged by what the venue could have made of every order that was on its way.

At each moment an order of the venue's record may still fill: with all of its lots once it has left its
host, with what is open once the venue has said so, with the larger of old and new while a replacement
is on its way. The position on the venue's ledger and all of that to one side is the worst that could
come; it is what limits are about. What a wire lost, and what the venue's edge refused as of an epoch that
is over, came to no book.
"""

from bisect import bisect_right
from collections import deque
from typing import Final

from chaos.invariants.base import Finding, Invariant, InvariantKind
from chaos.ledger import ENDS, History
from market.codes import OperatorAction, ReportType, Side
from sim.recorder import Event, EventKind

OPENS: Final = frozenset((ReportType.ACCEPTED, ReportType.REPLACED))


class Worst:
    """The worst case of every member in every book, event by event.

    Attributes:
        position: On the venue's ledger, by (member, book).
        open: Lots that may still fill, by (member, book): [buys, sells].
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self.position: dict[tuple[int, int], int] = {}
        self.open: dict[tuple[int, int], list[int]] = {}
        self._orders: dict[int, list[int]] = {}
        self._speaks: dict[int, int] = {}
        self._fills: dict[tuple[int, int], int] = {}

    def take(self, event: Event) -> tuple[int, int] | None:
        """Take one event; the (member, book) in which something may have changed."""
        kind = event.kind
        if kind == EventKind.SUBMIT:
            self._orders.setdefault(event.order_id, [event.side, 0, 0])
            self._speaks[event.order_id] = event.host
            self._set(event, 1, event.qty_lots)
        elif kind == EventKind.REPLACE:
            self._speaks[event.order_id] = event.host
            self._set(event, 2, event.qty_lots)
        elif kind == EventKind.LOST or (kind == EventKind.FENCED and self._spoke_last(event)):
            self._came_to_nothing(event)
        elif kind in (EventKind.ANSWER, EventKind.BUSTED):
            self._answer(event)
        else:
            return None
        return self._history.member(event.host), event.book_id

    def reach(self, key: tuple[int, int]) -> tuple[int, int]:
        """The longest and the shortest position that could come."""
        buys, sells = self.open.get(key, (0, 0))
        held = self.position.get(key, 0)
        return held + buys, held - sells

    def side_of(self, event: Event) -> Side:
        """Which side the order of an event is on; a replacement does not say."""
        order = self._orders.get(event.order_id)
        return Side(event.side if order is None else order[0])

    def _spoke_last(self, event: Event) -> bool:
        """Whether nobody else has said anew what its sender was refused with."""
        return self._speaks.get(event.order_id) == event.host

    def _came_to_nothing(self, event: Event) -> None:
        """A command was lost, or refused before it reached a book."""
        if event.detail == EventKind.SUBMIT:
            self._set(event, 1, 0)
        elif event.detail == EventKind.REPLACE:
            self._set(event, 2, 0)

    def _answer(self, event: Event) -> None:
        detail = event.detail
        if detail in ENDS:
            self._set(event, 1, 0)
            self._set(event, 2, 0)
        elif detail in OPENS:
            self._set(event, 1, event.leaves_lots)
            if detail == ReportType.REPLACED:
                self._set(event, 2, 0)
        elif detail == ReportType.REPLACE_REJECTED:
            self._set(event, 2, 0)
        elif detail in (ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED):
            self._fill(event)

    def _fill(self, event: Event) -> None:
        """A fill, or what became of one."""
        key = event.order_id, event.exec_id
        before = self._fills.get(key, 0)
        after = 0 if event.detail == ReportType.BUSTED else event.qty_lots
        self._fills[key] = after
        where = self._history.member(event.host), event.book_id
        sign = self.side_of(event).sign
        self.position[where] = self.position.get(where, 0) + sign * (after - before)
        if event.detail == ReportType.FILLED:
            self._set(event, 1, event.leaves_lots)

    def _set(self, event: Event, slot: int, lots: int) -> None:
        """What may fill of an order, in its usual slot or in that of its replacement."""
        order = self._orders.get(event.order_id)
        if order is None:
            return
        where = self._history.member(event.host), event.book_id
        sides = self.open.setdefault(where, [0, 0])
        before = max(order[1], order[2])
        order[slot] = lots
        sides[order[0]] += max(order[1], order[2]) - before


def exposure_within_limits(history: History) -> Finding:
    """I-RISK-1 and, with the drill's own bounds, I-RISK-4: worst cases never pass a limit."""
    return _exposure(history, {key: rules.position_lots for key, rules in history.rules.items()})


def bounds_of_limits(history: History) -> Finding:
    """I-RISK-4: whatever limits are configured, what the drill bounds is never passed."""
    finding = Finding()
    bounds = history.limits
    if bounds.order_lots:
        for one in history.of(EventKind.SUBMIT):
            finding.expect(
                one.qty_lots <= bounds.order_lots,
                one.time_ns,
                f"order {one.order_id} is of {one.qty_lots} lots, the bound is {bounds.order_lots}",
                one,
            )
    if bounds.position_lots:
        books = max((one.book_id for one in history.of(EventKind.SUBMIT)), default=-1) + 1
        same = {host: [bounds.position_lots] * books for host in history.rules}
        found = _exposure(history, same)
        finding.checks += found.checks
        finding.count += found.count
        finding.violations += found.violations
    return finding


def _exposure(history: History, limits: dict[int, list[int]]) -> Finding:
    """Hold the worst case against limits, by host and book."""
    finding = Finding()
    worst = Worst(history)
    passed: set[tuple[int, int]] = set()
    for event in history.events:
        key = worst.take(event)
        if (
            key is None
            or key[0] not in limits
            or event.kind
            not in (
                EventKind.SUBMIT,
                EventKind.REPLACE,
            )
        ):
            continue
        limit = limits[key[0]][key[1]]
        high, low = worst.reach(key)
        reach = max(high, -low)
        finding.checks += 1
        side = worst.side_of(event)
        # An order to the other side of what is held is no risk, whatever is held.
        adds = (high if side is Side.BUY else -low) > limit
        if reach > limit and adds:
            if key not in passed:
                finding.broken(
                    event.time_ns,
                    f"{history.name(key[0])} in book {key[1]}: holds {worst.position.get(key, 0)} "
                    f"lots and could come to {high} or {low}, the limit is {limit}",
                    event,
                )
            else:
                finding.count += 1
            passed.add(key)
    return finding


def outbound_guard(history: History) -> Finding:
    """I-RISK-2: what leaves stays within rate and size, whatever the desk believes."""
    finding = Finding()
    for host, rules in history.rules.items():
        most, window_ns = rules.messages
        recent: deque[int] = deque()
        for one in history.of(*_COMMANDS):
            if one.host != host:
                continue
            if one.kind == EventKind.SUBMIT:
                bound = rules.order_lots[one.book_id]
                finding.expect(
                    one.qty_lots <= bound,
                    one.time_ns,
                    f"order {one.order_id} is of {one.qty_lots} lots, the limit is {bound}",
                    one,
                )
            recent.append(one.time_ns)
            while recent[0] <= one.time_ns - window_ns:
                recent.popleft()
            # Records of one instant wait for the same commit, so a window is measured where it leaves.
            finding.expect(
                len(recent) <= 2 * most,
                one.time_ns,
                f"{history.name(host)} sent {len(recent)} messages within {window_ns} ns, "
                f"the limit is {most}",
                one,
            )
    return finding


_COMMANDS: Final = (
    EventKind.SUBMIT,
    EventKind.CANCEL,
    EventKind.REPLACE,
    EventKind.QUERY,
    EventKind.MASS_QUOTE,
    EventKind.MASS_CANCEL,
)


def never_priced_stale(history: History) -> Finding:
    """I-RISK-3: no order leaves by a decision on content that is too old, or that might be bad."""
    finding = Finding()
    views: dict[tuple[int, int], tuple[list[int], list[Event]]] = {}
    for one in history.of(EventKind.VIEW):
        times, kept = views.setdefault((one.host, one.book_id), ([], []))
        times.append(one.time_ns)
        kept.append(one)
    decided: dict[int, tuple[list[int], list[int]]] = {}
    for one in history.of(EventKind.COMPUTED):
        done, taken = decided.setdefault(one.host, ([], []))
        done.append(one.time_ns)
        taken.append(one.venue_ns)
    moments = {(host, one) for host, (_, taken) in decided.items() for one in taken}
    bad = history.bad_books()
    for order in history.of(EventKind.SUBMIT):
        bound_ns = history.stale_ns(order.host, order.book_id)
        if not bound_ns or (order.host, order.book_id) not in views:
            continue
        done, taken = decided.get(order.host, ([], []))
        at = bisect_right(done, order.time_ns) - 1
        decided_ns = taken[at] if at >= 0 else order.time_ns
        # A slow journal lets decisions overtake the leaving of earlier ones; then the record knows.
        audit = history.audit.get(order.host)
        on_record_ns = audit.decided.get(order.order_id, -1) if audit is not None else -1
        if on_record_ns < decided_ns and (order.host, on_record_ns) in moments:
            decided_ns = on_record_ns
        times, kept = views[order.host, order.book_id]
        at = bisect_right(times, decided_ns) - 1
        if at < 0:
            continue
        age_ns = decided_ns - kept[at].venue_ns
        finding.expect(
            age_ns <= bound_ns,
            order.time_ns,
            f"order {order.order_id} was decided on content that was {age_ns} ns old, "
            f"the bound is {bound_ns}",
            kept[at],
            order,
        )
        for from_ns, until_ns in bad.get((order.host, order.book_id), ()):
            if from_ns < decided_ns < until_ns:
                finding.broken(
                    order.time_ns,
                    f"order {order.order_id} was decided on a book that might be bad since {from_ns}",
                    kept[at],
                    order,
                )
    return finding


def throttle_holds(history: History) -> Finding:
    """I-RISK-5: a strategy that was filled too often adds nothing before somebody allows it."""
    finding = Finding()
    for host, rules in history.rules.items():
        audit = history.audit.get(host)
        most, window_ns = rules.fills
        if audit is None or not most:
            continue
        recent: dict[int, deque[int]] = {}
        tripped: dict[int, Event] = {}
        for one in history.of(EventKind.REPORT, EventKind.SUBMIT, EventKind.INSTRUCTED):
            if one.host != host:
                continue
            strategy = audit.strategies.get(one.order_id, -1)
            if one.kind == EventKind.INSTRUCTED:
                if one.detail in ALLOWS:
                    tripped.clear()
            elif one.kind == EventKind.SUBMIT:
                since = tripped.get(strategy)
                if since is not None and one.time_ns > since.time_ns + history.limits.link_ns:
                    finding.broken(
                        one.time_ns,
                        f"{history.name(host)}: strategy {strategy} was filled {most} times within "
                        f"{window_ns} ns and went on",
                        since,
                        one,
                    )
                    tripped.pop(strategy)
            elif one.detail == ReportType.FILLED:
                finding.checks += 1
                times = recent.setdefault(strategy, deque())
                times.append(one.time_ns)
                while times[0] <= one.time_ns - window_ns:
                    times.popleft()
                if len(times) > most:
                    tripped.setdefault(strategy, one)
    return finding


ALLOWS: Final = frozenset((OperatorAction.REARM, OperatorAction.RESUME_STRATEGY))
"""By which a person lets trading go on."""


INVARIANTS = (
    Invariant(
        "I-RISK-1",
        InvariantKind.SAFETY,
        "What is held and all that is on its way stays within the limits, on the venue's ledger.",
        "near_limit",
        exposure_within_limits,
    ),
    Invariant(
        "I-RISK-2",
        InvariantKind.SAFETY,
        "What leaves stays within its rate and its size, whatever the desk believes.",
        "busy_minute",
        outbound_guard,
    ),
    Invariant(
        "I-RISK-3",
        InvariantKind.SAFETY,
        "No order is priced by content that is older than the bound, or that might be bad.",
        "content_aged",
        never_priced_stale,
    ),
    Invariant(
        "I-RISK-4",
        InvariantKind.SAFETY,
        "Whatever is configured, the bounds of the limits themselves hold.",
        "limit_wrong",
        bounds_of_limits,
    ),
    Invariant(
        "I-RISK-5",
        InvariantKind.SAFETY,
        "Who was filled too often is switched off until somebody allows it again.",
        "fills_crowded",
        throttle_holds,
    ),
)
