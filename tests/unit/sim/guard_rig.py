"""Sessions in New York and guards fed by lists, for tests of guards."""

from collections.abc import Iterable

from market.codes import Phase
from sim.schedule.effective import Interruption
from sim.schedule.guard import (
    Act,
    Guard,
    Interrupt,
    PhaseBegan,
    Quoted,
    Seen,
    SetBand,
    Traded,
)
from sim.schedule.jump_day import JumpDay
from sim.schedule.luld_day import FREE, LuldDay
from sim.schedule.resolve import Session
from sim.schedule.stock_rules import JumpRules, Listing, stock_rules_on
from sim.venue_rules.bands import Tier, clock_ns, luld_rules_on

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


def luld(
    day: int = 20240702, *, close: int = 10_000, closes: tuple[int, int] = (16, 0), collar: int = 0
) -> LuldDay:
    """A day of bands for a stock of tier 1; prices in cents."""
    rules = luld_rules_on(day)
    assert rules is not None
    return LuldDay(
        0,
        session(day, closes),
        rules,
        Tier.ONE,
        previous_close_x2=2 * close,
        ticks_per_cent=1,
        reopening_ppm=collar,
    )


def jump(day: int = 20120621, *, close: int = 57_000, closes: tuple[int, int] = (16, 0)) -> JumpDay:
    """A day of the breaker for a stock of the S&P 500."""
    rules = stock_rules_on(day, Listing.SP500)
    assert isinstance(rules, JumpRules)
    return JumpDay(0, session(day, closes), rules, previous_close_x2=2 * close, ticks_per_cent=1)


def band(now_ns: int, low: int, high: int) -> SetBand:
    """A band of book 0."""
    return SetBand(now_ns, 0, low, high)


def free(now_ns: int) -> SetBand:
    """The band of book 0 is lifted."""
    return SetBand(now_ns, 0, *FREE)


def pause(now_ns: int) -> Interrupt:
    """Book 0 pauses."""
    return Interrupt(now_ns, 0, Interruption.PAUSE, now_ns + 5 * MINUTE)
