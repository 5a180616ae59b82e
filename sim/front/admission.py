"""What a venue looks at before a book is asked: kinds of order, sizes, grids, collars and times.

Model: an `Admission` is the rule sheet of one book, read-only for a run, and a `Situation` is what the
venue knows when a command arrives. A check answers with the first thing that is wrong, or with None;
it changes nothing.

Order of checks of a submit, the first that fails refuses:

     1. UNSUPPORTED_TYPE    the type is not taken in any phase
     2. UNSUPPORTED_TIF     nor is the time in force
     3. UNSUPPORTED_TERMS   nor are all of its terms
     4. NOT_IN_PHASE        the phase takes less than that
     5. TOO_LATE            after the cut-off of the call that it is for
     6. BAD_EXPIRY          no time that a GTD order can have, or one on another order
     7. BAD_LOT             the quantity is not a round lot, where it must be
     8. TOO_SMALL, TOO_LARGE   less or more than one order may have
     9. BAD_DISPLAY         an iceberg shows too little
    10. BAD_TICK            a limit or a stop is off the grid
    11. TOO_LITTLE_NOTIONAL, TOO_MUCH_NOTIONAL   worth less or more than one order may be
    12. PRICE_COLLAR        the limit is beyond the price limits or the collar

Of a replace: NOT_IN_PHASE, TOO_LATE, then 7 to 12 of what it would make of the order, except that a
quantity that stays is not held against 7 and 8 again, a price that stays not against 10 and 12, and an
order that does not grow at its price not against 11. Of a cancel: NOT_IN_PHASE, TOO_LATE.

A quantity or a price that no book can hold is let through, since the book's own first check refuses it
in words that fit (BAD_QTY, BAD_PRICE).

Limits: a peg's effective price, a trigger and a trail are not looked at. A market order is worth what it
would be at the reference, and is not held against a collar, which bounds prices that are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import msgspec

from market.codes import Phase, Reason, Side, TimeInForce
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE, Replace, Submit
from market.refusals import Refusal, mask_of
from sim.front.cut_off import CutOff, check_cut_offs, too_late_since
from sim.front.kinds import ANYTHING, NO_TERMS, Accepted, limit_of, stop_of, terms_of
from sim.venue_rules.auction_policy import PPM
from sim.venue_rules.bands import Band
from sim.venue_rules.collars import Width
from sim.venue_rules.tick_table import TickTable


class OddLot(IntEnum):
    """What a venue does with quantities that are no multiple of the round lot.

    SMALL takes those below one round lot, and refuses mixed ones.
    """

    REFUSE = 0
    SMALL = 1
    ACCEPT = 2


class Situation(NamedTuple):
    """What the venue knows of a book when a command arrives.

    Attributes:
        now_ns: The time.
        phase: Of the book.
        reference_ticks: What collars lie around, such as the last trade; NO_PRICE without one.
        open_cross_ns: When the opening call is scheduled to be crossed, if one is ahead or on.
        close_cross_ns: The same of the closing call.
        imbalance: The side of which an auction has too much, as published; None for neither.
    """

    now_ns: int
    phase: Phase
    reference_ticks: int = NO_PRICE
    open_cross_ns: int | None = None
    close_cross_ns: int | None = None
    imbalance: Side | None = None


class Held(NamedTuple):
    """What an order has already, and a replace may leave it.

    Attributes:
        open_lots: What may still fill.
        limit_ticks: Its limit; anything for an order without one.
    """

    open_lots: int
    limit_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The rule sheet of one book.

    Attributes:
        instrument: What is traded; its tick is the finest grid that a book knows.
        accepted: Kinds of order that are taken at all.
        in_phase: What a phase takes of these; a phase that is not named takes all of them.
        no_cancel: Phases in which nothing is cancelled or replaced.
        cut_offs: When it is too late for the orders of a call.
        life_ns_max: How far ahead a GTD order may end; 0 for any distance.
        round_lots: The round lot.
        odd_lots: What happens to other quantities.
        qty_lots_min: Smallest order.
        qty_lots_max: Largest order.
        notional_min: Least worth of one order in price unit × lot.
        notional_max: Largest; 0 for any.
        display_ppm_min: Least part of an iceberg that shows, in millionths.
        display_lots_min: Least lots of an iceberg that show.
        ticks: Grid of prices in the instrument's price units; None for the book's own.
        price_limits: Lowest and highest price in ticks, whatever the market does.
        collar: How far from the reference a limit may lie.
        collar_both_ways: Whether it binds prices that are far behind the market too.
    """

    instrument: Instrument
    accepted: Accepted = ANYTHING
    in_phase: Mapping[Phase, Accepted] = field(default_factory=dict)
    no_cancel: tuple[Phase, ...] = ()
    cut_offs: tuple[CutOff, ...] = ()
    life_ns_max: int = 0
    round_lots: int = 1
    odd_lots: OddLot = OddLot.REFUSE
    qty_lots_min: int = 1
    qty_lots_max: int = QTY_LOTS_MAX
    notional_min: int = 0
    notional_max: int = 0
    display_ppm_min: int = 0
    display_lots_min: int = 0
    ticks: TickTable | None = None
    price_limits: Band | None = None
    collar: Width | None = None
    collar_both_ways: bool = False

    def __post_init__(self) -> None:
        check_cut_offs(self.cut_offs)
        for name, low, high in (
            ("life_ns_max", 0, 1 << 62),
            ("round_lots", 1, QTY_LOTS_MAX),
            ("qty_lots_min", 1, QTY_LOTS_MAX),
            ("qty_lots_max", 1, QTY_LOTS_MAX),
            ("notional_min", 0, 1 << 120),
            ("notional_max", 0, 1 << 120),
            ("display_ppm_min", 0, PPM),
            ("display_lots_min", 0, QTY_LOTS_MAX),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"admission {name}: found {getattr(self, name)}, allowed is {low} to {high}"
                )
        limits = self.price_limits
        if limits is not None and limits.low > limits.high:
            raise InputError(
                f"admission price_limits: found {limits.low} to {limits.high}, allowed is low to high"
            )

    # --- what may be asked ------------------------------------------------------------------------

    def check(self, submit: Submit, situation: Situation) -> Refusal | None:
        """Why a new order is not taken; None when a book may be asked."""
        return (
            self._kind(submit, situation.phase)
            or self._entry(submit, situation)
            or self._expiry(submit, situation.now_ns)
            or self._sizes(submit, submit.qty_lots, None, situation)
        )

    def check_replace(
        self, replace: Replace, original: Submit, held: Held, situation: Situation
    ) -> Refusal | None:
        """Why an order may not be changed; None when a book may be asked.

        Args:
            replace: What it shall become.
            original: The order as it was entered.
            held: What it has at present.
            situation: As it is now.
        """
        became = msgspec.structs.replace(original, price_ticks=replace.price_ticks)
        return self.check_cancel(original, situation) or self._sizes(
            became, replace.qty_lots, held, situation
        )

    def check_cancel(self, original: Submit, situation: Situation) -> Refusal | None:
        """Why an order may not be cancelled; None when a book may be asked."""
        if situation.phase in self.no_cancel:
            return Refusal(Reason.NOT_IN_PHASE, int(situation.phase))
        since_ns = self._too_late_since(original, situation, entering=False)
        if since_ns is not None and situation.now_ns >= since_ns:
            return Refusal(Reason.TOO_LATE, since_ns)
        return None

    # --- the checks, in their order ---------------------------------------------------------------

    def _kind(self, submit: Submit, phase: Phase) -> Refusal | None:
        """1 to 4: whether such orders are taken."""
        if submit.order_type not in self.accepted.types:
            return Refusal(Reason.UNSUPPORTED_TYPE, mask_of(self.accepted.types))
        if submit.tif not in self.accepted.tifs:
            return Refusal(Reason.UNSUPPORTED_TIF, mask_of(self.accepted.tifs))
        refused = terms_of(submit) & ~self.accepted.terms
        if refused:
            return Refusal(Reason.UNSUPPORTED_TERMS, int(refused))
        if not self.in_phase.get(phase, self.accepted).takes(submit):
            return Refusal(Reason.NOT_IN_PHASE, int(phase))
        return None

    def _entry(self, submit: Submit, situation: Situation) -> Refusal | None:
        """5: whether its call still takes orders."""
        since_ns = self._too_late_since(submit, situation, entering=True)
        if since_ns is not None and situation.now_ns >= since_ns:
            return Refusal(Reason.TOO_LATE, since_ns)
        return None

    def _expiry(self, submit: Submit, now_ns: int) -> Refusal | None:
        """6: whether it ends when it can."""
        expire_ns = (submit.terms or NO_TERMS).expire_ns
        if submit.tif is not TimeInForce.GTD:
            return Refusal(Reason.BAD_EXPIRY, 0) if expire_ns else None
        if expire_ns <= now_ns:
            return Refusal(Reason.BAD_EXPIRY, now_ns + 1)
        if self.life_ns_max and expire_ns > now_ns + self.life_ns_max:
            return Refusal(Reason.BAD_EXPIRY, now_ns + self.life_ns_max)
        return None

    def _sizes(
        self, submit: Submit, qty_lots: int, held: Held | None, situation: Situation
    ) -> Refusal | None:
        """7 to 12: quantities and prices, but for what an order has already."""
        limit_ticks = limit_of(submit)
        if not 1 <= qty_lots <= QTY_LOTS_MAX or abs(limit_ticks or 0) > PRICE_TICKS_MAX:
            return None
        new_qty = held is None or qty_lots != held.open_lots
        grows = held is None or qty_lots > held.open_lots
        new_price = held is None or (limit_ticks is not None and limit_ticks != held.limit_ticks)
        return (
            (self._quantity(qty_lots) if new_qty else None)
            or self._display(submit, qty_lots)
            or (self._grid(limit_ticks) if new_price else None)
            or (self._grid(stop_of(submit)) if held is None else None)
            or (self._worth(qty_lots, limit_ticks, situation) if new_price or grows else None)
            or (self._collars(submit.side, limit_ticks, situation) if new_price else None)
        )

    def _quantity(self, qty_lots: int) -> Refusal | None:
        odd = qty_lots % self.round_lots != 0
        small = self.odd_lots is OddLot.SMALL and qty_lots < self.round_lots
        if odd and self.odd_lots is not OddLot.ACCEPT and not small:
            return Refusal(Reason.BAD_LOT, self.round_lots)
        if qty_lots < self.qty_lots_min:
            return Refusal(Reason.TOO_SMALL, self.qty_lots_min)
        if qty_lots > self.qty_lots_max:
            return Refusal(Reason.TOO_LARGE, self.qty_lots_max)
        return None

    def _display(self, submit: Submit, qty_lots: int) -> Refusal | None:
        """An order that shows all of itself is no iceberg."""
        display_lots = (submit.terms or NO_TERMS).display_lots
        least = max(self.display_lots_min, -(-qty_lots * self.display_ppm_min // PPM))
        if 0 < display_lots < min(qty_lots, least):
            return Refusal(Reason.BAD_DISPLAY, min(qty_lots, least))
        return None

    def _grid(self, price_ticks: int | None) -> Refusal | None:
        if price_ticks is None or self.ticks is None:
            return None
        price_units = price_ticks * self.instrument.tick_units
        step_units = self.ticks.tick_at(max(price_units, 0))
        if price_units < 0 or not self.ticks.is_on_grid(price_units):
            return Refusal(Reason.BAD_TICK, step_units)
        return None

    def _worth(
        self, qty_lots: int, limit_ticks: int | None, situation: Situation
    ) -> Refusal | None:
        """What neither has a limit nor a reference cannot be valued, and passes."""
        price_ticks = situation.reference_ticks if limit_ticks is None else limit_ticks
        if price_ticks == NO_PRICE or not (self.notional_max or self.notional_min):
            return None
        worth = self.instrument.notional(abs(price_ticks), qty_lots)
        if worth < self.notional_min:
            return Refusal(Reason.TOO_LITTLE_NOTIONAL, self.notional_min)
        if 0 < self.notional_max < worth:
            return Refusal(Reason.TOO_MUCH_NOTIONAL, self.notional_max)
        return None

    def _collars(self, side: Side, limit_ticks: int | None, situation: Situation) -> Refusal | None:
        """The price limits, then the collar around the reference, if there is one."""
        if limit_ticks is None:
            return None
        if self.price_limits is not None and not self.price_limits.holds(limit_ticks):
            return _beyond(limit_ticks, self.price_limits)
        if self.collar is None or situation.reference_ticks == NO_PRICE:
            return None
        around = self.collar.around(situation.reference_ticks)
        # Far behind the market nothing is in danger but the order's own chance to trade.
        behind = limit_ticks < around.low if side is Side.BUY else limit_ticks > around.high
        if around.holds(limit_ticks) or (behind and not self.collar_both_ways):
            return None
        return _beyond(limit_ticks, around)

    def _too_late_since(
        self, submit: Submit, situation: Situation, *, entering: bool
    ) -> int | None:
        """The cut-off that the order falls under."""
        fitting = next((c for c in self.cut_offs if c.fits(submit.order_type, submit.tif)), None)
        opening = submit.tif is TimeInForce.AT_OPEN
        return too_late_since(
            fitting,
            situation.open_cross_ns if opening else situation.close_cross_ns,
            entering=entering,
            imbalance=situation.imbalance,
            side=submit.side,
        )


def _beyond(price_ticks: int, band: Band) -> Refusal:
    """The refusal of a price outside a band."""
    return Refusal(Reason.PRICE_COLLAR, band.high if price_ticks > band.high else band.low)
