"""Random tapes for property tests: rows that look like a real exchange's.

Model: the maker keeps the tape's own book, so handles are reused after death, quantities add up,
and while CONTINUOUS no order crosses another order of the tape. Wrong rows are a draw of their own.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from market.codes import Kind, Mode, Phase, RowFlag, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX

HANDLE_COUNT: Final = 64
TICK_UNITS: Final = 4

Step = tuple[str, Any]

TAPE_ORDERS_MAX: Final = 30
"""Orders that a tape lets live at once; beyond it, deletes come first."""


@dataclass(frozen=True)
class Profile:
    """How one sort of stream differs from the others; shares are of all steps."""

    command_share: float = 0.3
    print_share: float = 0.05
    phase_share: float = 0.004
    clear_share: float = 0.004
    invalid_share: float = 0.03
    reach_ticks: int = 10
    qty_max: int = 20


PROFILE: Final = {
    "tight": Profile(),
    "far": Profile(clear_share=0.02, reach_ticks=5_000_000),
    "huge": Profile(invalid_share=0.1, qty_max=QTY_LOTS_MAX),
    "own": Profile(command_share=0.75, reach_ticks=6),
    "phases": Profile(print_share=0.15, phase_share=0.05, clear_share=0.01),
}

DEPTH_PROFILES: Final = {"l2": 2, "l1": 1}
"""Profiles of books whose rows name no orders, and their depths; frozen only."""

DEPTH_PROFILE: Final = {
    name: Profile(command_share=0.35, print_share=0.2, reach_ticks=6) for name in DEPTH_PROFILES
}


@dataclass
class TapeOrder:
    """An order of the tape's own book."""

    handle: int
    side: Side
    price_ticks: int
    lots: int


class TapeMaker:
    """Draws tape rows and keeps the tape's own book, which is what would be there without us."""

    def __init__(self, seed: int, mode: Mode, profile: str) -> None:
        self.random = random.Random(f"{seed}/{int(mode)}/{profile}")
        self.name = profile
        self.profile = (PROFILE | DEPTH_PROFILE)[profile]
        self.phase = Phase.CONTINUOUS
        self.orders: dict[int, TapeOrder] = {}  # oldest first
        self.centre_ticks = self.random.choice((0, 100, 100, 10_000, -50))

    # Prices and quantities.

    def move_centre(self) -> None:
        """Shift where new prices gather; far streams jump by powers of ten."""
        if self.name == "far":
            jump = 10 ** self.random.randint(2, 7)
            centre = self.centre_ticks + self.random.randint(-jump, jump)
            edge = self.random.random() < 0.02
            self.centre_ticks = self.random.choice((-1, 1)) * PRICE_TICKS_MAX if edge else centre
        else:
            self.centre_ticks += self.random.randint(-3, 3)

    def price(self) -> int:
        """A price near the centre, within the range allowed."""
        reach = self.profile.reach_ticks
        if self.name == "far":
            reach = self.random.choice((5, 500, 5_000, reach))
        price = self.centre_ticks + self.random.randint(-reach, reach)
        return max(-PRICE_TICKS_MAX, min(PRICE_TICKS_MAX, price))

    def qty(self) -> int:
        """A quantity; huge streams draw small, middle and the very largest ones."""
        if self.name != "huge":
            return self.random.randint(1, self.profile.qty_max)
        top = self.random.choice((9, 1 << 20, 1 << 33, QTY_LOTS_MAX))
        return top if self.random.random() < 0.2 else self.random.randint(1, top)

    def part_of(self, lots: int) -> int:
        """All of it in four draws of ten, else a part."""
        return lots if self.random.random() < 0.4 else self.random.randint(1, lots)

    def side(self) -> Side:
        """Buy or sell."""
        return self.random.choice((Side.BUY, Side.SELL))

    # The tape's own book.

    def best(self, side: Side) -> TapeOrder | None:
        """The oldest order at the tape's best price of a side."""
        ours = [order for order in self.orders.values() if order.side == side]
        return max(ours, key=lambda order: side.sign * order.price_ticks, default=None)

    def uncrossed_price(self, side: Side) -> int | None:
        """A price that the tape may show now; None when there is no room for one."""
        price = self.price()
        other = self.best(side.other)
        trading = self.phase == Phase.CONTINUOUS
        if trading and other is not None and side.sign * (price - other.price_ticks) >= 0:
            price = other.price_ticks - side.sign * self.random.randint(1, 3)
        return price if abs(price) <= PRICE_TICKS_MAX else None

    def row(
        self,
        kind: int,
        *,
        side: int = 0,
        flags: int = 0,
        handle: int = -1,
        price: int = 0,
        qty: int = 0,
    ) -> Step:
        """A step that is a tape row; most source messages are one row."""
        last = RowFlag.LAST if self.random.random() < 0.9 else 0
        side_flags = int(side | flags | last)
        return "row", {
            "kind": int(kind),
            "side_flags": side_flags,
            "handle": handle,
            "price": price,
            "qty": qty,
        }

    def row_on(self, kind: Kind, order: TapeOrder, qty: int) -> Step:
        """A row on an order of the tape, at its own price."""
        return self.row(
            kind, side=order.side, handle=order.handle, price=order.price_ticks, qty=qty
        )

    def order_row(self) -> Iterator[Step]:
        """A valid row on a new or an old order."""
        crowded = len(self.orders) >= TAPE_ORDERS_MAX
        if not self.orders or (not crowded and self.random.random() < 0.45):
            yield from self.add()
            return
        order = self.random.choice(list(self.orders.values()))
        makers: tuple[Callable[[TapeOrder], Iterator[Step]], ...] = (self.delete,)
        if not crowded:
            makers = (self.execute, self.execute, self.execute, self.delete, self.reduce)
            makers += (self.replace_row, self.replace_row)
        yield from self.random.choice(makers)(order)

    def add(self) -> Iterator[Step]:
        """ADD, or positive REVEAL, on a free handle: the lowest one, as at ingest, or any."""
        side = self.side()
        price = self.uncrossed_price(side)
        if price is None:
            return
        free = [handle for handle in range(HANDLE_COUNT) if handle not in self.orders]
        handle = free[0] if self.random.random() < 0.7 else self.random.choice(free)
        order = TapeOrder(handle, side, price, self.qty())
        self.orders[handle] = order
        kind = Kind.REVEAL if self.random.random() < 0.12 else Kind.ADD
        yield self.row_on(kind, order, order.lots)

    def take(self, order: TapeOrder, lots: int) -> None:
        """The tape takes from an order, which frees its handle with the last lot."""
        order.lots -= lots
        if order.lots == 0:
            del self.orders[order.handle]

    def execute(self, order: TapeOrder) -> Iterator[Step]:
        """EXECUTE, mostly of the first order of the best level."""
        if self.random.random() < 0.7:
            order = self.best(order.side) or order
        lots = self.part_of(order.lots)
        yield self.row_on(Kind.EXECUTE, order, lots)
        self.take(order, lots)

    def delete(self, order: TapeOrder) -> Iterator[Step]:
        """DELETE; now and then the source names another quantity."""
        wrong = self.random.random() < 0.1
        yield self.row_on(Kind.DELETE, order, self.qty() if wrong else order.lots)
        del self.orders[order.handle]

    def reduce(self, order: TapeOrder) -> Iterator[Step]:
        """REDUCE, or negative REVEAL."""
        lots = self.part_of(order.lots)
        if self.random.random() < 0.25:
            yield self.row_on(Kind.REVEAL, order, -lots)
        else:
            yield self.row_on(Kind.REDUCE, order, lots)
        self.take(order, lots)

    def replace_row(self, order: TapeOrder) -> Iterator[Step]:
        """REPLACE, in place or to elsewhere, larger or smaller."""
        moved = self.uncrossed_price(order.side)
        price = order.price_ticks if self.random.random() < 0.4 or moved is None else moved
        qty = self.part_of(order.lots) if self.random.random() < 0.4 else self.qty()
        keep = RowFlag.KEEP_PRIORITY if self.random.random() < 0.6 else 0
        yield self.row(
            Kind.REPLACE, side=order.side, flags=keep, handle=order.handle, price=price, qty=qty
        )
        if price != order.price_ticks or not keep:
            self.orders[order.handle] = self.orders.pop(order.handle)
        order.price_ticks, order.lots = price, qty

    def print_row(self) -> Iterator[Step]:
        """TRADE or CROSS, on and off the tick grid, mostly at the touch."""
        side = self.side()
        passive = self.best(side.other)
        near = passive is not None and self.random.random() < 0.7
        price = passive.price_ticks if near and passive else self.price()
        units = price * TICK_UNITS + self.random.choice((0, 0, -1, 1, 2, -6, 6))
        units_max = PRICE_TICKS_MAX * TICK_UNITS
        kind = Kind.CROSS if self.random.random() < 0.15 else Kind.TRADE
        unknown = RowFlag.SIDE_UNKNOWN if self.random.random() < 0.1 else 0
        price = max(-units_max, min(units_max, units))
        yield self.row(kind, side=side, flags=unknown, price=price, qty=self.qty())

    def change_phase(self) -> Iterator[Step]:
        """PHASE; before trading begins, an auction uncrosses the tape's own book."""
        trading = self.phase == Phase.CONTINUOUS
        others = (Phase.PRE_OPEN, Phase.HALT, Phase.HALT, Phase.CLOSED, Phase.CONTINUOUS)
        phase = self.random.choice(others if trading else (Phase.CONTINUOUS, *others))
        if phase == Phase.CONTINUOUS and not trading:
            yield from self.uncross()
        self.phase = phase
        yield self.row(Kind.PHASE, qty=int(phase))
        if phase == Phase.CLOSED and self.random.random() < 0.8:
            yield from self.order_row()
            yield from self.uncross()
            self.phase = Phase.CONTINUOUS
            yield self.row(Kind.PHASE, qty=int(self.phase))

    def uncross(self) -> Iterator[Step]:
        """Execute the tape's crossing orders against each other, as an auction does."""
        while True:
            bid, ask = self.best(Side.BUY), self.best(Side.SELL)
            if bid is None or ask is None or bid.price_ticks < ask.price_ticks:
                return
            lots = min(bid.lots, ask.lots)
            yield self.row(Kind.CROSS, price=bid.price_ticks * TICK_UNITS, qty=lots)
            for order in (bid, ask):
                yield self.row_on(Kind.EXECUTE, order, lots)
                self.take(order, lots)

    def clear(self) -> Iterator[Step]:
        """CLEAR."""
        self.orders.clear()
        yield self.row(Kind.CLEAR)

    def invalid_row(self) -> Iterator[Step]:
        """A row that no tape may hold at this point; nothing of it counts."""
        free = self.random.choice([h for h in range(HANDLE_COUNT) if h not in self.orders])
        side, price, qty = self.side(), self.price(), self.qty()
        too_large = QTY_LOTS_MAX + self.random.choice((1, 1 << 20))
        adds = self.random.choice((Kind.ADD, Kind.REVEAL))
        takes = self.random.choice((Kind.REDUCE, Kind.EXECUTE, Kind.DELETE, Kind.REPLACE))
        handle = self.random.choice((-1, -2, HANDLE_COUNT, HANDLE_COUNT + 1000))
        far = self.random.choice((-1, 1)) * (PRICE_TICKS_MAX + self.random.randint(1, 9))
        bad = [
            self.row(adds, side=side, handle=handle, price=price, qty=qty),
            self.row(takes, side=side, handle=handle, price=price, qty=qty),
            self.row(adds, side=side, handle=free, price=price, qty=too_large),
            self.row(adds, side=side, handle=free, price=price, qty=0),
            self.row(Kind.ADD, side=side, handle=free, price=price, qty=-qty),
            self.row(adds, side=side, handle=free, price=far, qty=qty),
            self.row(takes, side=side, handle=free, price=price, qty=qty),
            self.row(Kind.REVEAL, side=side, handle=free, price=price, qty=-qty),
            self.row(
                Kind.TRADE, side=side, price=price, qty=self.random.choice((0, -1, too_large))
            ),
            self.row(
                Kind.CROSS, side=side, price=price, qty=self.random.choice((0, -1, too_large))
            ),
            self.row(Kind.PHASE, qty=self.random.choice((-1, 4, 99))),
            self.row(self.random.choice((Kind.LEVEL, Kind.QUOTE)), side=side, price=price, qty=qty),
        ]
        if self.orders:
            order = self.random.choice(list(self.orders.values()))
            bad += [
                self.row(adds, side=side, handle=order.handle, price=price, qty=qty),
                self.row_on(Kind.REDUCE, order, order.lots + 1),
                self.row_on(Kind.EXECUTE, order, order.lots + qty),
                self.row_on(Kind.REVEAL, order, -order.lots - 1),
                self.row_on(takes, order, self.random.choice((0, -1, too_large))),
                self.row(Kind.REPLACE, side=order.side, handle=order.handle, price=far, qty=qty),
                self.row(
                    Kind.REPLACE, side=order.side.other, handle=order.handle, price=price, qty=qty
                ),
            ]
        yield self.random.choice(bad)
