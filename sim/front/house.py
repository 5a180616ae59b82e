"""The house rules of one venue, kept together: what its books are asked about, and what ends orders.

Model: a venue asks its house about every command before a book sees it, and tells it what became of
every order. The house answers with refusals and with *endings*, and does nothing to a book itself.
docs/explanation/venue-front.md has the way of a command; `sim/venue.py` walks it.

Order of checks of a submit: the session is up (DISCONNECTED); its group of quotes may quote
(QUOTE_PROTECTION); the rule sheet of the book (`Admission.check`); then what the account may sell
(`Holdings`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from market.codes import Liquidity, Phase, Reason, SelfTrade, Side, TimeInForce
from market.messages import Replace, Submit
from market.refusals import Refusal
from sim.front.admission import Admission, Held, Situation
from sim.front.crossings import Crossings
from sim.front.disconnects import POLICIES, DisconnectPolicy, Disconnects, Loss
from sim.front.ending import Ending
from sim.front.holdings import Holdings, HoldingsRules
from sim.front.lifetimes import Lifetimes
from sim.front.quote_protection import ProtectionLimits, QuoteProtection
from sim.front.quotes import QuoteSets
from sim.front.scopes import Standing
from sim.front.throttle import Throttle, ThrottleRule


class Surroundings(Protocol):
    """What a house must know of the books."""

    def phase(self, book_id: int) -> Phase:
        """The phase of a book."""
        ...

    def reference_ticks(self, book_id: int) -> int:
        """The last price of a book, rounded down; NO_PRICE without one."""
        ...

    def best(self, book_id: int) -> tuple[int, int]:
        """Best displayed bid and ask in ticks, NO_PRICE for an empty side."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """One venue's rules around its books.

    Attributes:
        admissions: The rule sheet of each of its books.
        throttles: Its limits on messages.
        queue_max: Messages of a session that may wait.
        disconnect: What the loss of a session takes away.
        protection: Limits of a group of quotes that has set none of its own.
        whole_quotes: Whether books that a set of quotes does not name lose their quotes.
        quotes_all_or_none: Whether one leg that is not taken refuses the set.
        self_trade: What happens when an order meets one of its own owner's and does not say.
        holdings: What an account may sell.
    """

    admissions: Mapping[int, Admission]
    throttles: tuple[ThrottleRule, ...] = ()
    queue_max: int = 1_000
    disconnect: DisconnectPolicy = POLICIES["none"]
    protection: ProtectionLimits | None = None
    whole_quotes: bool = True
    quotes_all_or_none: bool = False
    self_trade: SelfTrade = SelfTrade.ALLOW
    holdings: HoldingsRules = field(default_factory=HoldingsRules)


class House:
    """What one venue remembers around its books.

    Args:
        rules: Its rules.
        books: What it may know of the books.
        crossings: When the calls of its books are scheduled to be crossed.
    """

    def __init__(
        self, rules: HouseRules, books: Surroundings, crossings: Crossings | None = None
    ) -> None:
        self.rules = rules
        self.throttle = Throttle(rules.throttles, rules.queue_max)
        self.disconnects = Disconnects(rules.disconnect)
        self.lifetimes = Lifetimes()
        self.quotes = QuoteSets(
            whole_set=rules.whole_quotes, all_or_nothing=rules.quotes_all_or_none
        )
        self.protection = QuoteProtection(rules.protection)
        self.holdings = Holdings(rules.holdings)
        self._books = books
        self._crossings = crossings or Crossings(())

    # --- what is asked ----------------------------------------------------------------------------

    def heard(self, session: int, now_ns: int) -> Refusal | None:
        """Why a session is not heard at all."""
        return self.disconnects.refusal(session, now_ns)

    def admit(self, host: int, submit: Submit, now_ns: int) -> Refusal | None:
        """Why a new order is not taken to its book; None when it is."""
        sheet = self.rules.admissions[submit.book_id]
        situation = self._situation(submit.book_id, now_ns)
        refusal = sheet.check(submit, situation) or _opened(submit, situation)
        if refusal is not None:
            return refusal
        bid_ticks, ask_ticks = self._books.best(submit.book_id)
        return self.holdings.refusal(host, submit, bid_ticks, ask_ticks)

    def admit_replace(
        self, host: int, replace: Replace, original: Submit, held: Held, now_ns: int
    ) -> Refusal | None:
        """Why an order may not be changed; None when its book is asked."""
        sheet = self.rules.admissions[original.book_id]
        situation = self._situation(original.book_id, now_ns)
        refusal = sheet.check_replace(replace, original, held, situation)
        if refusal is not None:
            return refusal
        return self.holdings.grow_refusal(host, original, replace.qty_lots - held.open_lots)

    def may_cancel(self, original: Submit, now_ns: int) -> Refusal | None:
        """Why an order may not be cancelled now; None when it may."""
        sheet = self.rules.admissions[original.book_id]
        return sheet.check_cancel(original, self._situation(original.book_id, now_ns))

    def lost(
        self,
        session: int,
        owner: int,
        orders: list[Standing],
        originals: Mapping[int, Submit],
        now_ns: int,
    ) -> Loss:
        """What the loss of a session takes away, now that its sweep is due."""
        phases = {book_id: self._books.phase(book_id) for book_id in self.rules.admissions}
        return self.disconnects.sweep(
            session=session,
            owner=owner,
            orders=orders,
            phases=phases,
            may_cancel=lambda order: self.may_cancel(originals[order.order_id], now_ns),
        )

    def _situation(self, book_id: int, now_ns: int) -> Situation:
        """What the venue knows of a book now."""
        return Situation(
            now_ns=now_ns,
            phase=self._books.phase(book_id),
            reference_ticks=self._books.reference_ticks(book_id),
            open_cross_ns=self._crossings.next_ns(book_id, Phase.OPENING_CALL, now_ns),
            close_cross_ns=self._crossings.next_ns(book_id, Phase.CLOSING_CALL, now_ns),
        )

    # --- what is told -----------------------------------------------------------------------------

    def on_open(self, host: int, submit: Submit, open_lots: int) -> None:
        """An order has been accepted with what it may trade."""
        expire_ns = submit.terms.expire_ns if submit.terms is not None else 0
        self.lifetimes.add(submit.order_id, submit.book_id, submit.tif, expire_ns=expire_ns)
        self.holdings.on_open(host, submit, open_lots)

    def on_fill(
        self, host: int, submit: Submit, lots: int, liquidity: Liquidity, now_ns: int
    ) -> tuple[int, ...]:
        """An order has filled; ids of the quotes that protection takes away for it."""
        self.holdings.on_fill(host, submit, lots)
        fill = self.quotes.on_fill(submit.order_id, lots)
        if fill is None:
            return ()
        tripped = self.protection.on_fill(fill, liquidity, now_ns)
        return () if tripped is None else self.quotes.resting(fill.owner, fill.group)

    def on_change(self, host: int, submit: Submit, before_lots: int, open_lots: int) -> None:
        """A replace, or self-trade prevention, has left an order with other open lots."""
        self.quotes.on_leaves(submit.order_id, open_lots)
        self.holdings.on_change(host, submit, before_lots, open_lots)

    def on_end(self, host: int, submit: Submit, unfilled_lots: int) -> None:
        """An order has ended with so many lots unfilled."""
        self.lifetimes.remove(submit.order_id)
        self.disconnects.on_end(submit.order_id)
        self.quotes.on_leaves(submit.order_id, 0)
        self.holdings.on_end(host, submit, unfilled_lots)

    def end_day(self, book_id: int) -> list[Ending]:
        """A book's trading day is over: its DAY orders end."""
        return self.lifetimes.end_day(book_id)


def _opened(submit: Submit, situation: Situation) -> Refusal | None:
    """Why an order for the open is too late: the next auction is the close's."""
    close_ns, open_ns = situation.close_cross_ns, situation.open_cross_ns
    if submit.tif is not TimeInForce.AT_OPEN or close_ns is None:
        return None
    if open_ns is not None and open_ns < close_ns:
        return None
    return Refusal(Reason.TOO_LATE, situation.now_ns)


def standing(submit: Submit, session: int, owner: int, *, is_quote: bool) -> Standing:
    """An order as scopes look at it."""
    return Standing(
        submit.order_id,
        submit.book_id,
        session,
        owner,
        Side(submit.side),
        submit.order_type,
        submit.tif,
        is_quote,
    )
