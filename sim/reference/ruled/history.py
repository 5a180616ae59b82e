"""What history does to a book with rules: as on every book, and it meets what is dark.

Model: `rows` knows what each row does; this file says whom a row meets on its way. At a price what
is displayed comes first, then what is dark; an order's minimum is held against what the row has
left. An iceberg that shows a new peak stands at the back, where the same row may meet it again.
"""

from collections.abc import Callable
from typing import Final

from market.codes import Kind, Phase, Side
from sim.reference import rows
from sim.reference.row import Row, require
from sim.reference.ruled import calls, hits
from sim.reference.ruled.orders import RuledOrder
from sim.reference.ruled.state import Crossed, RuledState
from sim.reference.state import Order

FAR: Final = 1 << 62

Wanted = Callable[[Order], bool]


def apply(state: "MeetingState", row: Row) -> None:
    """Let one row happen, or raise `BadRow` and change nothing."""
    if row.kind == Kind.PHASE:
        require(0 <= row.qty < len(Phase), row, f"qty must be a phase, 0 to {len(Phase) - 1}")
        calls.change_phase(state, Phase(row.qty))
    elif row.kind == Kind.CROSS:
        rows.check(state, row)
        calls.cross_row(state, row)
    elif row.kind == Kind.EXECUTE and state.crossed == Crossed.BY_US:
        rows.check(state, row)
        calls.executed_in_call(state, row)
    else:
        rows.apply(state, row)


class MeetingState(RuledState):
    """A book with rules, and whom history meets in it."""

    def hit_crossed(self, order: Order, lots: int) -> int:
        """A historical order arrives."""
        bound = order.side.sign * 2 * order.price_ticks
        return self.walk(order.side.other, lots, bound, self.meets)

    def hit_in_front(self, order: Order, lots: int) -> int:
        """History's aggressor aims at `order` and meets what is better priced, or ahead of it."""
        bound = -order.side.sign * 2 * order.price_ticks - 1
        lots = self.walk(order.side, lots, bound, self.meets)
        if order.live > 0 or self.frozen:
            lots = self.take_level(order.side, order.price_ticks, lots, self.meets, end=order)
        return lots

    def hit_down_to(self, order: Order, lots: int) -> int:
        """What is left of history's aggressor takes everything down to `order`'s price."""
        return self.walk(order.side, lots, -order.side.sign * 2 * order.price_ticks, anybody)

    def hit_by_print(self, passive: Side, price_units: int, lots: int) -> int:
        """A print of something hidden would have met our orders that are good enough."""
        # In units a key k of half ticks is good enough when k * tick_units <= edge, frozen below it.
        edge = -passive.sign * 2 * price_units
        bound = (edge - 1 if self.frozen else edge) // self.tick_units
        return self.walk(passive, lots, bound, is_ours)

    def walk(self, side: Side, lots: int, bound: int, wanted: Wanted) -> int:
        """Hit one side from its best price on; returns what is left of the lots.

        Args:
            side: Whose orders are hit.
            lots: The budget.
            bound: The worst price, as a key in half ticks.
            wanted: Which displayed orders are hit; of the dark ones all that may be.
        """
        keys, dark = self.keys[side], self.dark[side]
        at, seen = 0, 0
        if self.phase == Phase.TRADE_AT_LAST:
            dark = []
        while lots > 0:
            shown_key = 2 * keys[at] if at < len(keys) else FAR
            dark_key = dark[seen].key_x2 if seen < len(dark) else FAR
            if min(shown_key, dark_key) > bound:
                break
            if shown_key <= dark_key:
                lots = self.take_level(side, -side.sign * keys[at], lots, wanted)
                if at < len(keys) and 2 * keys[at] == shown_key:
                    at += 1
                continue
            order = dark[seen]
            if order.min_lots > lots or self.isolated(order):
                seen += 1
                continue
            taken = min(lots, order.live)
            hits.hit(self, order, taken, order.price_x2)
            lots -= taken
        return lots

    def take_level(
        self, side: Side, price_ticks: int, lots: int, wanted: Wanted, end: Order | None = None
    ) -> int:
        """Hit the wanted orders of a level, oldest first, up to `end`; what is left of the lots."""
        at = 0
        while lots > 0:
            # A level whose only order shows a new peak is another list.
            queue = self.levels[side].get(price_ticks, [])
            if at == len(queue) or queue[at] is end:
                break
            order = queue[at]
            if not wanted(order):
                at += 1
                continue
            taken = min(lots, order.live)
            self.hit(order, taken)
            lots -= taken
        return lots


def anybody(order: Order) -> bool:
    """Every order, special or not."""
    return order.live > 0


def is_ours(order: Order) -> bool:
    """Own orders only."""
    return isinstance(order, RuledOrder)
