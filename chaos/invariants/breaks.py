"""When links to a venue were broken: what several invariants and marks ask of a history."""

from typing import Final, NamedTuple

from chaos.ledger import LOGGED_ON, FaultWindow, History
from market.messages import EVERY
from sim.gateway.states import SessionState
from sim.recorder import EventKind

SESSION_OPEN: Final = frozenset((SessionState.UP, SessionState.SUSPECT))
"""States in which a session has not been lost: a suspicion is none yet."""


class Broken(NamedTuple):
    """A link that was lost and came back.

    Attributes:
        member: Whose it was.
        books: What it carries; EVERY alone for all.
        up_ns: When it was back; `until_ns` is when it broke again, or the end.
    """

    member: int
    books: tuple[int, ...]
    down_ns: int
    up_ns: int
    until_ns: int

    def about(self, book_id: int) -> bool:
        """Whether a book's orders go over it."""
        return EVERY in self.books or book_id in self.books


def outages(history: History) -> list[Broken]:
    """Every outage of a member's order link in order; one that never ended ends with the run."""
    found = [
        Broken(
            history.member(number),
            (EVERY,),
            window.from_ns,
            window.until_ns,
            history.end_ns,
        )
        for window in history.faults("G-01", "G-02")
        for number in (history.number_of(window.fault.target),)
        if not has_sessions(history, number)
    ]
    found += _of_sessions(history)
    for crash in history.of(EventKind.CRASHED):
        back = [
            one.time_ns
            for one in history.of(EventKind.RESTARTED, EventKind.TAKEOVER)
            if one.time_ns > crash.time_ns
            and history.member(one.host) == history.member(crash.host)
            and (one.kind == EventKind.RESTARTED or one.detail == LOGGED_ON)
        ]
        up_ns = min(back, default=history.end_ns)
        found.append(
            Broken(history.member(crash.host), (EVERY,), crash.time_ns, up_ns, history.end_ns)
        )
    return sorted(found, key=lambda one: (one.down_ns, one.member))


def reconnections(history: History) -> list[Broken]:
    """Outages that ended."""
    return [one for one in outages(history) if one.up_ns < history.end_ns]


def troubled(history: History) -> list[tuple[int, int]]:
    """Stretches in which something that carries orders or reports, or a host, is not well."""
    found = [(one.from_ns, one.until_ns) for one in history.windows if not _lasting(one, history)]
    return found + [(one.down_ns, one.up_ns) for one in outages(history)]


def calm_since(troubles: list[tuple[int, int]], from_ns: int, until_ns: int) -> int:
    """Since when nothing is wrong any more, at the earliest `from_ns`; `until_ns` while it is."""
    ends = [end for begin, end in troubles if begin <= until_ns]
    return min(until_ns, max([from_ns, *ends]))


def _lasting(window: FaultWindow, history: History) -> bool:
    """Whether a fault is never healed, such as a crash: what lives on must come right without."""
    return window.until_ns >= history.end_ns


def has_sessions(history: History, host: int) -> bool:
    """Whether a host's sessions are recorded, so that faults need not stand for them."""
    return any(one.host == host for one in history.of(EventKind.SESSION))


def _of_sessions(history: History) -> list[Broken]:
    """Outages as sessions recorded them at the host's end."""
    found = []
    down: dict[tuple[int, int], int] = {}
    for one in history.of(EventKind.SESSION):
        if one.price_ticks:
            continue
        key = one.host, one.book_id
        if one.detail == SessionState.UP:
            if key in down:
                found.append(
                    Broken(
                        history.member(one.host),
                        _books_of(history, one.book_id),
                        down.pop(key),
                        one.time_ns,
                        history.end_ns,
                    )
                )
        elif one.qty_lots in SESSION_OPEN and one.detail not in SESSION_OPEN:
            down.setdefault(key, one.time_ns)
    for (host, book_id), down_ns in down.items():
        end_ns = history.end_ns
        books = _books_of(history, book_id)
        found.append(Broken(history.member(host), books, down_ns, end_ns, end_ns))
    return found


def _books_of(history: History, book_id: int) -> tuple[int, ...]:
    """Books whose orders go over the session of one of them."""
    books = range(max(len(history.venue_of), book_id + 1))
    return tuple(one for one in books if history.same_venue(one, book_id))
