"""Mass quotes: a set of two-sided legs, one a book, that replaces the set before it as a whole.

Model: a participant has *groups* of quotes, and in each group at most one quote a side of a book. A new
set becomes commands that the venue runs in one go, so that nobody trades between them:

1. cancels, of what no longer is wanted, and of what changes its price or grows;
2. replaces in place, of what only shrinks, so that it keeps its priority;
3. submits, of what is new, grows or has another price.

A leg that says what rests already becomes nothing, and keeps its priority. Since no bid of a set is at
or above its book's ask and everything old is gone before anything new comes, a set never meets itself.

A set may be refused as a whole and leave the one before it as it was: when it makes no sense, when the
venue does not let an old leg go, or, with `all_or_nothing`, when it takes one leg not. Otherwise a leg
that is not taken is left out, and what it should replace is cancelled all the same.

Invariant: after a set, exactly its legs rest in its group, less what traded or was refused.

Order of events: commands come by book, then bids before asks, within each of the three steps.

Limits: venues differ in whether books that a set does not name keep their quotes (`whole_set`). What a
quote is worth is not looked at here; `sim/front/quote_protection.py` watches what it trades.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from market.codes import OrderType, Reason, Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.messages import Cancel, QuoteLeg, Replace, Submit, Terms
from market.refusals import Refusal
from sim.front.ending import Ending

QuoteCommand = Cancel | Replace | Submit
Admit = Callable[[QuoteCommand], Refusal | None]
"""Whether the venue would take a command of a quote: its admission, asked before anything is done."""


class QuotePlan(NamedTuple):
    """What a set becomes.

    Attributes:
        commands: To be run in this order and in one go.
        left_out: Commands of legs that are not taken, and why.
        refusal: Why the whole set is not taken; then there are no commands.
    """

    commands: tuple[QuoteCommand, ...] = ()
    left_out: tuple[tuple[QuoteCommand, Refusal], ...] = ()
    refusal: Refusal | None = None


class QuoteFill(NamedTuple):
    """What a fill is to the protection of its group.

    Attributes:
        owner: Whose quote.
        group: Which of their groups.
        lots: That filled now.
        filled_lots: That had filled before, since the quote was entered or last changed.
        quoted_lots: The quote as it was entered or last changed.
    """

    owner: int
    group: int
    lots: int
    filled_lots: int
    quoted_lots: int


Slot = tuple[int, int]
"""A side of a book."""


class _Quote(NamedTuple):
    """One quote that rests, or is about to."""

    order_id: int
    price_ticks: int
    open_lots: int
    quoted_lots: int


class _Wish(NamedTuple):
    price_ticks: int
    lots: int
    order_id: int


class QuoteSets:
    """The quotes of everybody at one venue.

    Args:
        whole_set: Whether books that a set does not name lose their quotes.
        all_or_nothing: Whether one leg that is not taken refuses the whole set.
        tif: Of the orders that quotes become.
        terms: What these carry besides being quotes.
    """

    def __init__(
        self, *, whole_set: bool = True, all_or_nothing: bool = False,
        tif: TimeInForce = TimeInForce.DAY, terms: Terms | None = None,
    ) -> None:  # fmt: skip
        self._whole_set = whole_set
        self._all_or_nothing = all_or_nothing
        self._tif = tif
        self._terms = msgspec.structs.replace(terms or Terms(), quote=True)
        self._groups: dict[tuple[int, int], dict[Slot, _Quote]] = {}
        self._places: dict[int, tuple[tuple[int, int], Slot]] = {}

    def resting(self, owner: int, group: int) -> tuple[int, ...]:
        """Ids of the quotes of a group, by book, bids before asks."""
        held = self._groups.get((owner, group), {})
        return tuple(held[slot].order_id for slot in sorted(held))

    def pull(self, owner: int, group: int) -> tuple[Ending, ...]:
        """End every quote of a group, because its protection was reached; none rests from now on."""
        held = self._groups.pop((owner, group), {})
        for quote in held.values():
            del self._places[quote.order_id]
        return tuple(
            Ending(held[slot].order_id, slot[0], Reason.QUOTE_PROTECTION) for slot in sorted(held)
        )

    def is_quote(self, order_id: int) -> bool:
        """Whether an order is a quote that rests."""
        return order_id in self._places

    def plan(self, owner: int, group: int, legs: tuple[QuoteLeg, ...], admit: Admit) -> QuotePlan:
        """Turn a set into commands, and take it for what rests from now on.

        Whatever the books answer to the commands is to be told by `on_fill` and `on_leaves`.

        Args:
            owner: Whose set.
            group: Which of their groups it replaces.
            legs: One a book.
            admit: Asked about every command.
        """
        refusal = _nonsense(legs)
        if refusal is not None:
            return QuotePlan(refusal=refusal)
        held = self._groups.get((owner, group), {})
        wishes = _wishes(legs)
        named = {leg.book_id for leg in legs}
        cancels: list[Cancel] = []
        replaces: list[Replace | Submit] = []
        submits: list[Submit] = []
        for slot in sorted(held.keys() | wishes.keys()):
            quote, wish = held.get(slot), wishes.get(slot)
            if quote is not None and wish is None and slot[0] not in named and not self._whole_set:
                continue
            shrinks = quote is not None and wish is not None and _shrinks(quote, wish)
            if quote is not None and not shrinks:
                cancels.append(Cancel(book_id=slot[0], order_id=quote.order_id))
            if quote is not None and wish is not None and shrinks and wish.lots < quote.open_lots:
                replaces.append(_replace(slot, quote, wish))
            if wish is not None and not shrinks:
                submits.append(self._submit(slot, wish))
        new_ids = [submit.order_id for submit in submits]
        if len(set(new_ids)) < len(new_ids) or any(self.is_quote(new) for new in new_ids):
            return QuotePlan(refusal=Refusal(Reason.DUPLICATE_ORDER, 0))
        return self._settle((owner, group), cancels, [*replaces, *submits], admit)

    def _settle(
        self, key: tuple[int, int], cancels: list[Cancel], changes: list[Replace | Submit],
        admit: Admit,
    ) -> QuotePlan:  # fmt: skip
        """Ask about every command, and note what rests then."""
        answers = [(command, admit(command)) for command in changes]
        left_out = tuple((command, no) for command, no in answers if no is not None)
        # A quote that may not shrink would show more than was asked for, so it goes.
        cancels += [
            Cancel(book_id=command.book_id, order_id=command.order_id)
            for command, _ in left_out
            if isinstance(command, Replace)
        ]
        for cancel in cancels:
            refusal = admit(cancel)
            if refusal is not None:
                return QuotePlan(refusal=refusal)
        if left_out and self._all_or_nothing:
            return QuotePlan(refusal=left_out[0][1])
        taken = [command for command, no in answers if no is None]
        self._note(key, cancels, taken)
        return QuotePlan((*cancels, *taken), left_out)

    def _note(
        self, key: tuple[int, int], cancels: list[Cancel], taken: list[Replace | Submit]
    ) -> None:
        """What rests once the commands have run."""
        for cancel in cancels:
            self.on_leaves(cancel.order_id, 0)
        held = self._groups.setdefault(key, {})
        for command in taken:
            lots = command.qty_lots
            if isinstance(command, Submit):
                slot = (command.book_id, int(command.side))
                self._places[command.order_id] = (key, slot)
            else:
                slot = self._places[command.order_id][1]
            held[slot] = _Quote(command.order_id, command.price_ticks, lots, lots)

    def on_fill(self, order_id: int, lots: int) -> QuoteFill | None:
        """An order has filled; None when it is no quote."""
        place = self._places.get(order_id)
        if place is None:
            return None
        (owner, group), slot = place
        quote = self._groups[owner, group][slot]
        assert 0 < lots <= quote.open_lots
        filled_lots = quote.quoted_lots - quote.open_lots
        self.on_leaves(order_id, quote.open_lots - lots)
        return QuoteFill(owner, group, lots, filled_lots, quote.quoted_lots)

    def on_leaves(self, order_id: int, leaves_lots: int) -> None:
        """A report says what an order has open now, 0 when it has ended; fills go to `on_fill`."""
        place = self._places.get(order_id)
        if place is None:
            return
        key, slot = place
        held = self._groups[key]
        if leaves_lots > 0:
            held[slot] = held[slot]._replace(open_lots=leaves_lots)
        else:
            del held[slot], self._places[order_id]

    def _submit(self, slot: Slot, wish: _Wish) -> Submit:
        """A new quote."""
        return Submit(
            book_id=slot[0],
            order_id=wish.order_id,
            side=Side(slot[1]),
            price_ticks=wish.price_ticks,
            qty_lots=wish.lots,
            order_type=OrderType.LIMIT,
            tif=self._tif,
            terms=self._terms,
        )


def _shrinks(quote: _Quote, wish: _Wish) -> bool:
    """Whether a quote becomes what is wished in its place in the queue."""
    return quote.price_ticks == wish.price_ticks and wish.lots <= quote.open_lots


def _replace(slot: Slot, quote: _Quote, wish: _Wish) -> Replace:
    """A smaller quote at the same price."""
    return Replace(
        book_id=slot[0],
        order_id=quote.order_id,
        price_ticks=wish.price_ticks,
        qty_lots=wish.lots,
    )


def _wishes(legs: tuple[QuoteLeg, ...]) -> dict[Slot, _Wish]:
    """The sides that a set wants, each with its price, lots and id."""
    wishes: dict[Slot, _Wish] = {}
    for leg in legs:
        bid = _Wish(leg.bid_ticks, leg.bid_lots, leg.bid_order_id)
        ask = _Wish(leg.ask_ticks, leg.ask_lots, leg.ask_order_id)
        wishes |= {
            (leg.book_id, int(side)): wish
            for side, wish in ((Side.BUY, bid), (Side.SELL, ask))
            if wish.lots > 0
        }
    return wishes


def _nonsense(legs: tuple[QuoteLeg, ...]) -> Refusal | None:
    """Why no venue could take such a set."""
    if len({leg.book_id for leg in legs}) < len(legs):
        return Refusal(Reason.BAD_FLAGS, 0)
    for leg in legs:
        if min(leg.bid_lots, leg.ask_lots) < 0:
            return Refusal(Reason.BAD_QTY, QTY_LOTS_MAX)
        if leg.bid_lots and leg.ask_lots and leg.bid_ticks >= leg.ask_ticks:
            return Refusal(Reason.WOULD_CROSS, leg.ask_ticks)
    return None
