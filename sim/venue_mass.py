"""Commands about many orders: mass quotes, mass cancels, and what goes with a lost session.

Each is one step of the venue: nobody trades between the parts of it.
"""

from typing import TYPE_CHECKING

from market.codes import Reason, ReportType
from market.messages import EVERY, Cancel, MassCancel, MassQuote, Replace, Submit
from market.refusals import Refusal
from sim.front.house import House, standing
from sim.front.quotes import QuoteCommand
from sim.front.scopes import Scope, Standing, sweep
from sim.session import Session
from sim.venue_answers import done

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.venue import Venue


class MassCommands:
    """What a venue does with many orders at once.

    Args:
        venue: Whose orders.

    Attributes:
        overlooks: Whether the sweep of a lost session misses an order that it covers; None for never.
    """

    def __init__(self, venue: "Venue") -> None:
        self.overlooks: Callable[[int, int], bool] | None = None
        self._venue = venue

    def take(self, session: Session, command: MassQuote | MassCancel, now_ns: int) -> None:
        """Answer one of them."""
        house = self._venue.houses.get(command.book_id)
        if house is None:
            # A venue without house rules knows no such commands.
            refusal = Refusal(Reason.UNSUPPORTED_TERMS, 0)
            self._venue.refuse(session, command, refusal, now_ns)
        elif isinstance(command, MassCancel):
            self._cancel(session, house, command, now_ns)
        else:
            self._quote(session, house, command, now_ns)

    # --- mass cancel --------------------------------------------------------------------------------

    def _cancel(self, session: Session, house: House, command: MassCancel, now_ns: int) -> None:
        scope = Scope(
            session=EVERY if command.whole_owner else session.host,
            owner=session.host + 1 if command.whole_owner else EVERY,
            book_id=EVERY if command.every_book else command.book_id,
            side=command.side,
            quotes_only=command.quotes_only,
        )
        orders = self._venue.orders
        found = sweep(
            scope,
            self._standing(house),
            lambda order: house.may_cancel(orders[order.order_id].original, now_ns),
        )
        for ending in found.ended:
            self._venue.acts.end(ending.order_id, ending.reason, now_ns)
        kind = ReportType.MASS_CANCELLED
        session.answer(done(command, kind, len(found.ended), len(found.kept), now_ns), 0)

    def sweep_lost(self, house: House, now_ns: int) -> None:
        """End what lost sessions leave behind, for every session whose time has come."""
        for number in house.disconnects.due(now_ns):
            orders = self._standing(house)
            originals = {
                order.order_id: self._venue.orders[order.order_id].original for order in orders
            }
            for ending in house.lost(number, number + 1, orders, originals, now_ns).ended:
                if self.overlooks is not None and self.overlooks(ending.order_id, now_ns):
                    continue
                self._venue.acts.end(ending.order_id, ending.reason, now_ns)

    def _standing(self, house: House) -> list[Standing]:
        """The living orders of a house's books."""
        return [
            standing(
                order.original,
                order.session.host,
                order.session.host + 1,
                is_quote=house.quotes.is_quote(order_id),
            )
            for order_id, order in self._venue.orders.items()
            if order.alive and order.book_id in house.rules.admissions
        ]

    # --- mass quotes --------------------------------------------------------------------------------

    def _quote(self, session: Session, house: House, command: MassQuote, now_ns: int) -> None:
        owner = session.host + 1
        if command.reset:
            house.protection.reset(owner, command.group, now_ns)
        refusal = house.protection.refusal(owner, command.group, now_ns)
        if refusal is None and any(
            leg.book_id not in house.rules.admissions for leg in command.legs
        ):
            refusal = Refusal(Reason.UNKNOWN_BOOK, 0)
        if refusal is not None:
            self._venue.refuse(session, command, refusal, now_ns)
            return
        if command.reset and not command.legs:
            session.answer(done(command, ReportType.QUOTED, 0, 0, now_ns), 0)
            return

        def admit(part: QuoteCommand) -> Refusal | None:
            return self._admit(session, house, part, now_ns)

        plan = house.quotes.plan(owner, command.group, command.legs, admit)
        if plan.refusal is not None:
            self._venue.refuse(session, command, plan.refusal, now_ns)
            return
        for part, why in plan.left_out:
            self._venue.refuse(session, part, why, now_ns)
        stopped = self._run(session, house, command, plan.commands, now_ns)
        taken, left = len(plan.commands) - stopped, len(plan.left_out) + stopped
        session.answer(done(command, ReportType.QUOTED, taken, left, now_ns), 0)

    def _run(
        self,
        session: Session,
        house: House,
        command: MassQuote,
        parts: tuple[QuoteCommand, ...],
        now_ns: int,
    ) -> int:
        """Run a set's commands; how many were stopped because protection was reached meanwhile."""
        owner, stopped = session.host + 1, 0
        for part in parts:
            refusal = house.protection.refusal(owner, command.group, now_ns)
            if isinstance(part, Cancel):
                self._venue.acts.end(part.order_id, Reason.MASS_CANCEL, now_ns)
            elif refusal is not None:
                stopped += 1
                house.quotes.on_leaves(part.order_id, 0)
                if isinstance(part, Replace):
                    self._venue.acts.end(part.order_id, Reason.QUOTE_PROTECTION, now_ns)
                self._venue.refuse(session, part, refusal, now_ns)
            else:
                self._venue.take(session, part, now_ns)
        return stopped

    def _admit(
        self, session: Session, house: House, part: QuoteCommand, now_ns: int
    ) -> Refusal | None:
        """Whether the venue would take a part of a set."""
        orders = self._venue.orders
        if isinstance(part, Submit):
            if part.order_id in orders:
                return Refusal(Reason.DUPLICATE_ORDER, 0)
            return self._venue.admit(session, part, now_ns)
        original = orders[part.order_id].original
        return house.may_cancel(original, now_ns)
