"""One US stock over the sessions of a run: each day under the rule that held on it.

The close of a day, its last print until the closing auction, chooses the widths of the next one.
"""

from collections.abc import Sequence

import msgspec

from market.codes import Phase
from market.errors import InputError
from sim.clock import NEVER_NS
from sim.schedule.guard import Act, Guard, PhaseBegan, Seen, Traded
from sim.schedule.jump_day import JumpDay
from sim.schedule.luld_day import LuldDay
from sim.schedule.resolve import Session
from sim.schedule.stock_rules import JumpRules, Listing, stock_rules_on
from sim.venue_rules.auction_policy import PPM


class StockTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the rules must know of a stock.

    Attributes:
        previous_close_ticks: The close before the first session of the run, above 0.
        listing: Which list it is on.
        ticks_per_cent: Ticks of its book in one cent, at least 1; coarser ticks have no bands here.
        leverage_ppm: Of a leveraged fund outside the lists, in millionths.
        luld_from_day: First day of its own limit-up limit-down bands; 0 for its tier's.
        reopening_ppm: Half width of the collar around a reopening, and what each extension adds.
    """

    previous_close_ticks: int
    listing: Listing = Listing.SP500
    ticks_per_cent: int = 1
    leverage_ppm: int = PPM
    luld_from_day: int = 0
    reopening_ppm: int = 0

    def __post_init__(self) -> None:
        for name in ("previous_close_ticks", "ticks_per_cent", "leverage_ppm"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: found {getattr(self, name)}, allowed is at least 1")
        if not 0 <= self.reopening_ppm <= PPM:
            raise InputError(f"reopening_ppm: found {self.reopening_ppm}, allowed is 0 to {PPM}")


class StockGuard:
    """Keeps one book to the rule of each day.

    Args:
        book_id: Of the run.
        sessions: In order.
        terms: Of the stock.
    """

    def __init__(self, book_id: int, sessions: Sequence[Session], terms: StockTerms) -> None:
        self._book_id = book_id
        self._sessions = tuple(sessions)
        self._terms = terms
        self._next = 0
        self._close_x2 = 2 * terms.previous_close_ticks
        self._phase = Phase.CLOSED
        self._closed_ns = -1
        self._since_ns: int | None = None
        self._day: Guard | None = None

    @property
    def due_ns(self) -> int:
        """When its day acts next, or the next day begins."""
        begins_ns = NEVER_NS
        if self._next < len(self._sessions):
            begins_ns = self._sessions[self._next].midnight_ns
        return min(begins_ns, NEVER_NS if self._day is None else self._day.due_ns)

    def advance(self, now_ns: int) -> list[Act]:
        """Let days pass."""
        if self._since_ns is None:
            self._since_ns = now_ns
        acts: list[Act] = []
        while self._next < len(self._sessions):
            session = self._sessions[self._next]
            if session.midnight_ns > now_ns:
                break
            self._next += 1
            acts += self._begin(session, max(session.midnight_ns, self._since_ns))
        return acts if self._day is None else acts + self._day.advance(now_ns)

    def on(self, seen: Seen, now_ns: int) -> list[Act]:
        """Hand on to the day's guard, and keep what the next day must know."""
        acts = self.advance(now_ns)
        if isinstance(seen, Traded):
            self._on_trade(seen.price_x2, now_ns)
        elif isinstance(seen, PhaseBegan):
            if self._phase is Phase.CLOSING_CALL:
                self._closed_ns = now_ns
            self._phase = seen.phase
        return acts if self._day is None else acts + self._day.on(seen, now_ns)

    def _on_trade(self, price_x2: int, now_ns: int) -> None:
        """The last trade of a day is its close."""
        if not self._next:
            return
        session = self._sessions[self._next - 1]
        closing = self._phase is Phase.CLOSING_CALL or now_ns == self._closed_ns
        if closing or session.open_ns <= now_ns <= session.close_ns:
            self._close_x2 = price_x2

    def _begin(self, session: Session, begin_ns: int) -> list[Act]:
        """A day begins, under the rule that holds on it."""
        acts = [] if self._day is None else self._day.advance(begin_ns)
        self._day = self._made(session)
        return acts if self._day is None else acts + self._day.on(PhaseBegan(self._phase), begin_ns)

    def _made(self, session: Session) -> Guard | None:
        """The guard of a day."""
        terms = self._terms
        rules = stock_rules_on(session.day, terms.listing, terms.luld_from_day)
        if rules is None:
            return None
        if isinstance(rules, JumpRules):
            return JumpDay(
                self._book_id,
                session,
                rules,
                previous_close_x2=self._close_x2,
                ticks_per_cent=terms.ticks_per_cent,
            )
        return LuldDay(
            self._book_id,
            session,
            rules,
            terms.listing.tier,
            previous_close_x2=self._close_x2,
            ticks_per_cent=terms.ticks_per_cent,
            leverage_ppm=terms.leverage_ppm,
            reopening_ppm=terms.reopening_ppm,
        )
