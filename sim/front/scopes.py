"""Mass cancel: which orders one message takes away, in which order, and what its answer is.

Model: a scope names a session or an owner, and may narrow that to a book, a side, or quotes. Nobody's
scope reaches orders of another owner. Every order that goes is ended by the venue (`expire`) and its
session told so with MASS_CANCEL, and the answer to the message itself says how many went and which were
kept because the venue does not let them go now, each with its reason.

Order of events: orders end by book, then by order id. That is a rule of this venue; real ones promise
none, and nobody may trade between two of them.

Limits: groups of books (an underlying, a product) are the asker's to spell out, one message a book.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from market.codes import OrderType, Reason, Side, TimeInForce
from market.errors import InputError
from market.messages import EVERY
from market.refusals import Refusal
from sim.front.ending import Ending


class Standing(NamedTuple):
    """An order that has not ended, as far as scopes look at it.

    Attributes:
        order_id: Its id.
        book_id: Where it is.
        session: Number of the session that sent it.
        owner: Of whom that session is, above 0; 0 for nobody, then only its session counts.
        side: Its side.
        order_type: Its type.
        tif: How long it lives.
        is_quote: Whether it is a leg of a quote.
    """

    order_id: int
    book_id: int
    session: int
    owner: int
    side: Side
    order_type: OrderType = OrderType.LIMIT
    tif: TimeInForce = TimeInForce.GTC
    is_quote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which orders are meant.

    Attributes:
        session: Those of this session; EVERY for all of the owner's.
        owner: Those of this owner; EVERY for the one whose session it is.
        book_id: In this book; EVERY for all.
        side: On this side; None for both.
        quotes_only: Whether orders that are no quotes stay.
    """

    session: int = EVERY
    owner: int = EVERY
    book_id: int = EVERY
    side: Side | None = None
    quotes_only: bool = False

    def __post_init__(self) -> None:
        if (self.session == EVERY) == (self.owner == EVERY):
            raise InputError(
                f"mass cancel: found session {self.session} and owner {self.owner}, "
                "allowed is one of the two"
            )
        if self.owner == 0:
            raise InputError("mass cancel: found owner 0, who is nobody; allowed is above 0")

    def holds(self, order: Standing) -> bool:
        """Whether an order is meant."""
        return (
            self.session in (EVERY, order.session)
            and self.owner in (EVERY, order.owner)
            and self.book_id in (EVERY, order.book_id)
            and self.side in (None, order.side)
            and (order.is_quote or not self.quotes_only)
        )


MayCancel = Callable[[Standing], Refusal | None]
"""Why the venue does not let an order go now, None when it does: its admission."""


class Sweep(NamedTuple):
    """What becomes of the orders that were meant.

    Attributes:
        ended: Those that go, in this order.
        kept: Those that stay, and why.
    """

    ended: tuple[Ending, ...]
    kept: tuple[tuple[int, Refusal], ...]


def sweep(scope: Scope, orders: Iterable[Standing], may_cancel: MayCancel) -> Sweep:
    """Which orders a mass cancel ends.

    Args:
        scope: Which are meant.
        orders: All that have not ended, in any order.
        may_cancel: Asked about each that is meant.
    """
    meant = [order for order in orders if scope.holds(order)]
    return sweep_all(meant, Reason.MASS_CANCEL, may_cancel)


def sweep_all(orders: Iterable[Standing], reason: Reason, may_cancel: MayCancel) -> Sweep:
    """Which of these orders end for a reason when all of them should."""
    meant = sorted(orders, key=lambda order: (order.book_id, order.order_id))
    answers = [(order, may_cancel(order)) for order in meant]
    return Sweep(
        tuple(Ending(o.order_id, o.book_id, reason) for o, no in answers if no is None),
        tuple((o.order_id, no) for o, no in answers if no is not None),
    )
