"""Sessions in New York and guards fed by lists, for tests of guards."""

from collections.abc import Iterable

from market.codes import Phase
from sim.schedule.guard import Act, Guard, PhaseBegan, Quoted, Seen, Traded
from sim.schedule.resolve import Session
from sim.venue_rules.bands import clock_ns

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
MIDNIGHT = 15_000 * 86_400 * SECOND
DAY_NS = 86_400 * SECOND

Fed = tuple[int, Seen]


def session(day: int = 20240702, closes: tuple[int, int] = (16, 0), after: int = 0) -> Session:
    """A session that opens at 9:30, `after` days after the first one."""
    midnight_ns = MIDNIGHT + after * DAY_NS
    return Session(
        day=day,
        midnight_ns=midnight_ns,
        open_ns=midnight_ns + clock_ns(9, 30),
        close_ns=midnight_ns + clock_ns(*closes),
    )


def at(hours: int, minutes: int, seconds: int = 0) -> int:
    """A time of the first session's date."""
    return MIDNIGHT + clock_ns(hours, minutes) + seconds * SECOND


def trade(now_ns: int, cents: int) -> Fed:
    """A trade in a book of one-cent ticks."""
    return now_ns, Traded(2 * cents)


def quote(now_ns: int, bid: int | None, ask: int | None) -> Fed:
    """Best prices in cents."""
    return now_ns, Quoted(None if bid is None else 2 * bid, None if ask is None else 2 * ask)


def phase(now_ns: int, began: Phase) -> Fed:
    """The book's phase."""
    return now_ns, PhaseBegan(began)


OPEN = [phase(at(9, 0), Phase.OPENING_CALL), phase(at(9, 30), Phase.CONTINUOUS)]


def feed(guard: Guard, fed: Iterable[Fed], until_ns: int | None = None) -> list[Act]:
    """What a guard says to what it sees, and then until a time."""
    acts = [act for now_ns, seen in fed for act in guard.on(seen, now_ns)]
    return acts if until_ns is None else acts + guard.advance(until_ns)
