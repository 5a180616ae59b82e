"""Random tapes for books whose source names no orders: rows that set levels or best prices.

Model: the tape's own book of `tests/random_tape.py`, with a level in the place of an order. A print
is mostly followed by the level that it shrank, as on a real feed; levels that were eaten are filled
again. A few levels cross the other side, as a real feed does between two of its rows.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from market.codes import Depth, Kind, Mode, RowFlag, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from tests.random_tape import (
    DEPTH_PROFILES,
    HANDLE_COUNT,
    TAPE_ORDERS_MAX,
    TICK_UNITS,
    Step,
    TapeMaker,
    TapeOrder,
)

FLAVOURS: Final = ("tight", "own", "huge", "far")
"""By seed: what `TapeMaker` does with prices and quantities."""

OTHER_KINDS: Final = (
    Kind.ADD,
    Kind.REVEAL,
    Kind.REDUCE,
    Kind.DELETE,
    Kind.EXECUTE,
    Kind.REPLACE,
)


class LevelRows(TapeMaker):
    """Draws LEVEL or QUOTE rows where `TapeMaker` draws rows on orders.

    The values of `orders` are levels: by handle for LEVEL, by side for QUOTE.
    """

    own: dict[int, tuple[Side, int]]  # of ours, as `StreamMaker` believes

    def __init__(self, seed: int, mode: Mode, profile: str) -> None:
        assert mode == Mode.FROZEN
        super().__init__(seed, mode, profile)
        self.depth = Depth(DEPTH_PROFILES[profile])
        self.kind = Kind.LEVEL if self.depth == Depth.L2 else Kind.QUOTE
        self.name = FLAVOURS[seed % len(FLAVOURS)]
        self.last_price: dict[Side, int] = {}

    # Valid rows.

    def order_row(self) -> Iterator[Step]:
        """A level comes, grows, shrinks, is said again, or goes."""
        side = self.side()
        if self.depth == Depth.L1:
            yield from self.quote_row(side)
        elif len(self.orders) >= TAPE_ORDERS_MAX:
            yield from self.set_lots(self.any_level(), 0)
        elif not self.orders or self.random.random() < 0.35:
            yield from self.new_level(side)
        else:
            level = self.best(side) if self.random.random() < 0.6 else None
            level = level or self.any_level()
            yield from self.set_lots(level, self.other_lots(level))

    def any_level(self) -> TapeOrder:
        """One of the tape's levels."""
        return self.random.choice(list(self.orders.values()))

    def other_lots(self, level: TapeOrder) -> int:
        """What a level shows next: nothing, as much, more, less, or anything."""
        choices: tuple[Callable[[], int], ...] = (
            lambda: 0,
            lambda: level.lots,
            lambda: min(QTY_LOTS_MAX, level.lots + self.qty()),
            lambda: min(QTY_LOTS_MAX, level.lots + self.qty()),
            lambda: level.lots - self.part_of(level.lots),
            lambda: level.lots - self.random.randint(0, level.lots),
            self.qty,
        )
        return self.random.choice(choices)()

    def level_price(self, side: Side) -> int | None:
        """A price for a new level, or the next best price: now and then across the other side."""
        if self.random.random() < 0.04:
            return self.price()
        last = self.last_price.get(side)
        if last is not None and self.random.random() < 0.3:
            other = self.best(side.other)
            if other is None or side.sign * (last - other.price_ticks) < 0:
                return last
        return self.uncrossed_price(side)

    def new_level(self, side: Side) -> Iterator[Step]:
        """LEVEL on a free handle; now and then a second one at a price that is shown already."""
        price = self.level_price(side)
        if price is None:
            return
        twins = [o for o in self.orders.values() if (o.side, o.price_ticks) == (side, price)]
        if twins and self.random.random() < 0.9:
            yield from self.set_lots(twins[0], self.other_lots(twins[0]))
            return
        free = [handle for handle in range(HANDLE_COUNT) if handle not in self.orders]
        handle = free[0] if self.random.random() < 0.7 else self.random.choice(free)
        level = TapeOrder(handle, side, price, self.qty())
        self.orders[handle] = level
        yield self.row_on(Kind.LEVEL, level, level.lots)

    def set_lots(self, level: TapeOrder, lots: int) -> Iterator[Step]:
        """A level of the tape shows another quantity."""
        yield self.level_row(level, lots)
        self.take(level, level.lots - lots)
        if lots == 0:
            self.last_price[level.side] = level.price_ticks

    def level_row(self, level: TapeOrder, lots: int) -> Step:
        """LEVEL, or QUOTE, whose handle means nothing and whose price at quantity 0 neither."""
        if self.depth == Depth.L2:
            return self.row_on(Kind.LEVEL, level, lots)
        handle = self.random.choice((-1, 0, 1, 7, HANDLE_COUNT + 3))
        price = self.price() if lots == 0 and self.random.random() < 0.5 else level.price_ticks
        return self.row(Kind.QUOTE, side=level.side, handle=handle, price=price, qty=lots)

    def quote_row(self, side: Side) -> Iterator[Step]:
        """QUOTE: another quantity, another price, back to the price before, or nothing."""
        level = self.orders.get(side)
        if level is not None and self.random.random() < 0.5:
            yield from self.set_lots(level, self.other_lots(level))
            return
        if level is None and self.random.random() < 0.05:
            yield self.row(Kind.QUOTE, side=side, price=self.price(), qty=0)  # void
            return
        price = self.level_price(side)
        if price is None:
            return
        if level is not None and level.price_ticks != price:
            self.last_price[side] = level.price_ticks
        self.orders[side] = TapeOrder(side, side, price, self.qty())
        yield self.level_row(self.orders[side], self.orders[side].lots)

    def print_row(self) -> Iterator[Step]:
        """A print at, through or inside the touch, mostly followed by the level that it shrank."""
        aggressor = self.side()
        level = self.best(aggressor.other)
        price = self.print_price(aggressor.other, level)
        if abs(price) > PRICE_TICKS_MAX or self.random.random() < 0.15:
            yield from super().print_row()
            return
        lots = self.qty()
        if level is not None and self.random.random() < 0.4:
            lots = min(QTY_LOTS_MAX, level.lots + self.random.randint(0, 3))
        unknown = RowFlag.SIDE_UNKNOWN if self.random.random() < 0.05 else 0
        units = price * TICK_UNITS
        yield self.row(Kind.TRADE, side=aggressor, flags=unknown, price=units, qty=lots)
        if level is not None and self.random.random() < 0.6:
            yield from self.set_lots(level, max(0, level.lots - lots))

    def print_price(self, passive: Side, level: TapeOrder | None) -> int:
        """At the touch, a tick or two off it, or where an order of ours was last seen."""
        ours = [price for side, price in list(self.own.values())[-6:] if side == passive]
        draw = self.random.random()
        if ours and draw < 0.3:
            return self.random.choice(ours)
        if level is None:
            return self.price()
        return level.price_ticks + (0 if draw < 0.75 else self.random.randint(-2, 2))

    def uncross(self) -> Iterator[Step]:
        """Take crossing levels off each other, as an auction does."""
        while True:
            bid, ask = self.best(Side.BUY), self.best(Side.SELL)
            if bid is None or ask is None or bid.price_ticks < ask.price_ticks:
                return
            lots = min(bid.lots, ask.lots)
            yield self.row(Kind.CROSS, price=bid.price_ticks * TICK_UNITS, qty=lots)
            for level in (bid, ask):
                yield from self.set_lots(level, level.lots - lots)

    # Wrong rows.

    def invalid_row(self) -> Iterator[Step]:
        """A row that no tape of this depth may hold at this point; nothing of it counts."""
        yield self.random.choice((self.bad_kind, self.bad_number, self.bad_level))()

    def bad_kind(self) -> Step:
        """A kind of books of another depth."""
        other = Kind.QUOTE if self.kind == Kind.LEVEL else Kind.LEVEL
        kind = self.random.choice((*OTHER_KINDS, other, other))
        handle = self.random.choice((0, 1, *self.orders))
        return self.row(kind, side=self.side(), handle=handle, price=self.price(), qty=self.qty())

    def bad_number(self) -> Step:
        """A quantity, price or phase out of its range."""
        too_large = QTY_LOTS_MAX + self.random.choice((1, 1 << 20))
        far = self.random.choice((-1, 1)) * (PRICE_TICKS_MAX + self.random.randint(1, 9))
        level = TapeOrder(1, Side.SELL, self.price(), 1)
        level = self.any_level() if self.orders else level
        fields: dict[str, Any] = {"side": level.side, "handle": level.handle}
        print_kind = self.random.choice((Kind.TRADE, Kind.CROSS))
        return self.random.choice(
            (
                self.row(self.kind, **fields, price=level.price_ticks, qty=-self.qty()),
                self.row(self.kind, **fields, price=level.price_ticks, qty=too_large),
                self.row(self.kind, **fields, price=far, qty=self.random.choice((0, 5))),
                self.row(print_kind, price=0, qty=self.random.choice((0, -1, too_large))),
                self.row(Kind.PHASE, qty=self.random.choice((-1, 4, 99))),
            )
        )

    def bad_level(self) -> Step:
        """A LEVEL that contradicts the rows before it; of a QUOTE only numbers can be wrong."""
        if self.depth == Depth.L1:
            return self.bad_number()
        side, price, qty = self.side(), self.price(), self.qty()
        free = self.random.choice([h for h in range(HANDLE_COUNT) if h not in self.orders])
        out = self.random.choice((-1, -2, HANDLE_COUNT, HANDLE_COUNT + 1000))
        bad = [
            self.row(Kind.LEVEL, side=side, handle=free, price=price, qty=0),
            self.row(Kind.LEVEL, side=side, handle=out, price=price, qty=qty),
        ]
        if self.orders:
            level = self.any_level()
            lots = self.random.choice((0, qty))
            step = -1 if level.price_ticks > 0 else 1
            wrong: dict[str, Any] = {"handle": level.handle, "qty": lots}
            here, aside = level.price_ticks, level.price_ticks + step
            bad += [
                self.row(Kind.LEVEL, side=level.side.other, price=here, **wrong),
                self.row(Kind.LEVEL, side=level.side, price=aside, **wrong),
            ]
        return self.random.choice(bad)
