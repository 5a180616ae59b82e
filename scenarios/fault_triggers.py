"""Faults that begin when something has happened: `on = { event = "answer.filled", count = 3 }`.

Model: every event that a run records is looked at as it is recorded, before anything that follows from
it. So a fault with `after` 0 acts within the event: on `computed` a decision has been taken and journaled
and nothing of it has left; on `committed` its record is durable and nothing has left.

An event is named as in docs/reference/events.md, in lower case. Answers and reports may be told apart
by their type (`report.filled`), what arrives or is lost by what it was (`arrived.cancel`), all others by
the number in their column `detail` (`takeover.3`). `committed.submit` is a record with a new order.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from market.codes import ReportType
from market.errors import InputError
from market.faults import Fault, OnEvent
from sim.recorder import Event, EventKind

TYPED: Final = (EventKind.ANSWER, EventKind.REPORT, EventKind.RECEIVED, EventKind.DROP_COPY)
"""Kinds whose detail is the type of a report."""

OF_COMMANDS: Final = (EventKind.ARRIVED, EventKind.LOST, EventKind.FENCED)
"""Kinds whose detail is the kind of another event."""


class _Match(NamedTuple):
    """What an event must be; -1 is anything."""

    kind: int
    detail: int
    is_new: bool
    host: int
    book_id: int
    order_id: int


class Triggers:
    """Counts what happens, and says when a fault begins.

    Args:
        faults: With triggers by event, by their number in the plan.
        hosts: Names of the hosts by number.
        books: Names of the books by number.
        fire: Told the number of a fault and the nanoseconds until it begins.
    """

    def __init__(
        self,
        faults: Sequence[tuple[int, Fault]],
        hosts: Sequence[str],
        books: Sequence[str],
        fire: Callable[[int, int], None],
    ) -> None:
        self._fire = fire
        self._waiting: dict[int, list[tuple[int, _Match, OnEvent]]] = {}
        self._seen: dict[int, int] = {}
        for number, fault in faults:
            assert isinstance(fault.trigger, OnEvent)
            match = _match_of(fault, fault.trigger, hosts, books)
            self._waiting.setdefault(match.kind, []).append((number, match, fault.trigger))
            self._seen[number] = 0

    @property
    def asks_for_commits(self) -> bool:
        """Whether a fault waits for records that become durable."""
        return EventKind.COMMITTED in self._waiting

    def see(self, event: Event) -> None:
        """Something has been recorded."""
        waiting = self._waiting.get(event.kind)
        if not waiting:
            return
        due = []
        for entry in waiting:
            number, match, trigger = entry
            if not _fits(match, event):
                continue
            self._seen[number] += 1
            if self._seen[number] == trigger.count:
                due.append(entry)
        # Taken out before anything acts: what acts records events of its own.
        for entry in due:
            waiting.remove(entry)
        for number, _, trigger in due:
            self._fire(number, trigger.after_ns)


NEW_ORDER: Final = "submit"
"""Behind `committed.`: that a new order is among what will leave."""


def check_event(event: str) -> None:
    """Refuse the name of an event that no run records.

    Raises:
        InputError: It is not one.
    """
    _kind_and_detail(event)


def _kind_and_detail(event: str) -> tuple[EventKind, int]:
    """What a name says, with -1 for any detail."""
    name, _, detail = event.partition(".")
    kinds = {kind.name.lower(): kind for kind in EventKind}
    if name not in kinds:
        raise InputError(f"on.event: found {name!r}, allowed is {', '.join(sorted(kinds))}")
    kind = kinds[name]
    if not detail or (kind is EventKind.COMMITTED and detail == NEW_ORDER):
        return kind, -1
    names: dict[str, int] = {}
    if kind in TYPED:
        names = {one.name.lower(): int(one) for one in ReportType}
    elif kind in OF_COMMANDS:
        names = {one.name.lower(): int(one) for one in EventKind}
    if detail in names:
        return kind, names[detail]
    if detail.isdecimal() and not names:
        return kind, int(detail)
    allowed = ", ".join(sorted(names)) or "a whole number"
    raise InputError(f"on.event: found {name}.{detail}, allowed behind {name}. is {allowed}")


def _match_of(fault: Fault, trigger: OnEvent, hosts: Sequence[str], books: Sequence[str]) -> _Match:
    """A trigger with numbers for names."""
    kind, detail = _kind_and_detail(trigger.event)
    return _Match(
        kind=kind,
        detail=detail,
        is_new=kind is EventKind.COMMITTED and trigger.event.endswith(f".{NEW_ORDER}"),
        host=_number(fault, "host", trigger.host, hosts),
        book_id=_number(fault, "book", trigger.book, books),
        order_id=trigger.order or -1,
    )


def _number(fault: Fault, key: str, name: str, names: Sequence[str]) -> int:
    """Number of a name, -1 where there is none to hold to."""
    if not name:
        return -1
    if name not in names:
        raise InputError(
            f"fault {fault.name!r}: on.{key}: found {name!r}, allowed is {', '.join(names)}"
        )
    return names.index(name)


def _fits(match: _Match, event: Event) -> bool:
    """Whether an event is one that is waited for."""
    return (
        match.detail in (-1, event.detail)
        and (not match.is_new or event.qty_lots > 0)
        and match.host in (-1, event.host)
        and match.book_id in (-1, event.book_id)
        and match.order_id in (-1, event.order_id)
    )
