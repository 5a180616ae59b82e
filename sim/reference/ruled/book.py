"""A book with rules in plain Python: the specification of `sim/kernels/ruled`.

Model: docs/explanation/venue-rules.md, "Books with rules", over the book of venue-truth.md. Beside
the displayed queues, which history shares, own orders may be dark, in the market queue or dormant;
what trades sets off stops and moves pegs before the command that caused it is over.

Invariants, checked by `check_invariants`:
1. Levels are sorted and never empty; a top order is the first of its level.
2. Every historical order with tape > 0 owns its handle; one in no queue is reactive and spent.
3. Frozen, 0 <= live <= tape of every historical order; reactive, every one in a queue lives.
4. Every own order is in one place; dark ones stand by price and entry, dormant ones by entry.
5. Own orders live, stand where their kind rests and at their limit, and no minimum exceeds them.
6. Only icebergs have a reserve, and none shows more than a peak.
7. CONTINUOUS, market orders wait only where `market_rests`, orders for calls are parked; reactive,
   no displayed own order crosses the other side's best level.
"""

from typing import TYPE_CHECKING

from market.codes import Mode, Phase, Reason, Side
from market.columns import HANDLES_MAX
from market.messages import NO_PRICE
from sim.reference.dump import digest_of
from sim.reference.outcome import Outcome
from sim.reference.row import Row
from sim.reference.ruled import calls, commands, history, invariants
from sim.reference.ruled.dump import ruled_numbers
from sim.reference.ruled.followup import follow_up
from sim.reference.ruled.history import MeetingState
from sim.reference.ruled.terms import Ticket
from sim.venue_rules.book_rules import BookRules

if TYPE_CHECKING:
    from sim.reference.book import ReferenceBook


class RuledBook:
    """One instrument on one venue that knows more than price and time.

    Args:
        mode: How history answers to our orders.
        tick_units: Price units per tick, at least 1; prints are in units, orders in ticks.
        handle_count: Handles of the tape are in [0, handle_count).
        rules: What the venue does; `mid_reference` is given as a book.
        reference_book: The book whose best prices pegs follow; None for this one.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        tick_units: int,
        handle_count: int,
        rules: BookRules,
        reference_book: "RuledBook | ReferenceBook | None" = None,
    ) -> None:
        assert tick_units >= 1
        assert 0 <= handle_count <= HANDLES_MAX
        self.state: MeetingState = MeetingState(
            mode=Mode(mode),
            tick_units=tick_units,
            handle_count=handle_count,
            rules=rules,
            followed=None if reference_book is None else reference_book.state,
        )

    def apply(self, *, kind: int, side_flags: int, handle: int, price: int, qty: int) -> Outcome:
        """Let one tape row happen; see `ReferenceBook.apply`. PHASE knows all phases.

        Raises:
            BadRow: The row contradicts the rows before it; nothing was changed.
        """
        history.apply(self.state, Row(kind, side_flags, handle, price, qty))
        return self._done()

    def submit(
        self,
        order_id: int,
        *,
        owner: int,
        side: int,
        order_type: int,
        tif: int,
        post: int,
        price_ticks: int,
        qty_lots: int,
        display_lots: int = 0,
        display_high_lots: int = 0,
        hidden: bool = False,
        min_qty_lots: int = 0,
        all_or_none: bool = False,
        stop_ticks: int = NO_PRICE,
        trail_ticks: int = 0,
        peg_offset_ticks: int = 0,
        self_trade: int = 0,
    ) -> Outcome:
        """Send a new order; `order_id` must not be in the book. `market.messages.Terms` says more.

        Args:
            order_id: Its name from now on.
            owner: Above 0, all orders of one participant share it; 0 is nobody's.
            side: A `Side`.
            order_type: An `OrderType`.
            tif: A `TimeInForce`.
            post: A `PostOnly`.
            price_ticks: Its limit, NO_PRICE for none.
            qty_lots: What it wants to trade.
            display_lots: Peak of an iceberg; 0 shows all.
            display_high_lots: With it each peak is drawn from [display_lots, display_high_lots].
            hidden: Never displayed.
            min_qty_lots: Least lots that must trade at once.
            all_or_none: The whole of it, or nothing.
            stop_ticks: Trigger of a stop, strike of a STRIKE_MATCH order.
            trail_ticks: How far a trailing stop stays behind.
            peg_offset_ticks: Passive distance of a peg from what it follows.
            self_trade: A `SelfTrade`.
        """
        ticket = Ticket(
            order_id,
            owner,
            Side(side),
            order_type,
            tif,
            post,
            price_ticks,
            qty_lots,
            display_lots,
            display_high_lots,
            bool(hidden),
            min_qty_lots,
            bool(all_or_none),
            stop_ticks,
            trail_ticks,
            peg_offset_ticks,
            self_trade,
        )
        commands.submit(self.state, ticket)
        return self._done()

    def cancel(self, order_id: int) -> Outcome:
        """Withdraw an order."""
        commands.cancel(self.state, order_id)
        return self._done()

    def expire(self, order_id: int, reason: int) -> Outcome:
        """The venue ends an order for a `Reason`; nothing happens if it is gone."""
        commands.expire(self.state, order_id, Reason(reason))
        return self._done()

    def replace(self, order_id: int, *, price_ticks: int, qty_lots: int) -> Outcome:
        """Give an order a new limit and a new open quantity."""
        commands.replace(self.state, order_id, price_ticks, qty_lots)
        return self._done()

    def set_phase(self, phase: int) -> Outcome:
        """The venue sets the phase, as a PHASE row does."""
        calls.change_phase(self.state, Phase(phase))
        return self._done()

    def set_band(self, low_ticks: int | None, high_ticks: int | None) -> Outcome:
        """The venue sets the lowest and the highest price that may trade; None for no bound."""
        low = NO_PRICE if low_ticks is None else low_ticks
        high = -NO_PRICE if high_ticks is None else high_ticks
        assert low <= high
        self.state.band = (low, high)
        return self._done()

    def set_reference(self, x2_ticks: int | None) -> Outcome:
        """The venue sets the reference price in half ticks; None for none."""
        self.state.reference_x2 = x2_ticks
        return self._done()

    def indicate(self) -> Outcome:
        """Publish what the call would print if it ended now; nothing of it happens."""
        calls.indicate(self.state)
        return self.state.take_outcome()

    def follow(self) -> Outcome:
        """Let pegs follow the other book, which has changed."""
        return self._done()

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """The best `count` levels that show something, as (price_ticks, shown), best first."""
        side = Side(side)
        shown = [(price, self.state.shown(side, price)) for price in self.state.prices(side)]
        return [level for level in shown if level[1] > 0][:count]

    def dump(self) -> list[int]:
        """The whole state as a list of integers, laid out as the specification says."""
        return ruled_numbers(self.state)

    def digest(self) -> str:
        """BLAKE2b-128 of the dump as little-endian int64, in hexadecimal."""
        return digest_of(self.dump())

    def check_invariants(self) -> None:
        """Assert the numbered invariants of this module."""
        invariants.check(self.state)

    def _done(self) -> Outcome:
        """The follow-up, and all that happened."""
        follow_up(self.state)
        return self.state.take_outcome()
