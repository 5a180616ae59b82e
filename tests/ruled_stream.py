"""Random tapes and commands for books with rules.

Model: the tape half and the shape of a stream are those of `tests/strategies.py`; the orders of ours
carry terms, and a venue sets phases, bands and references. Most orders are right, a few percent are
wrong on purpose, and what a stream believes alive may be gone already.

Steps are those of `strategies.py` with the keyword arguments of `RuledBook`, and
`("expire", (order_id, reason))`, `("phase", phase)`, `("band", (low, high))`,
`("reference", x2_ticks)`.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from hypothesis import strategies as st

from market.codes import (
    Kind,
    Mode,
    OrderType,
    Phase,
    PostOnly,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
)
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.messages import NO_PRICE
from tests.strategies import Step, StreamMaker

RULED_PROFILES: Final = ("tight", "own", "huge", "phases")

LIMIT, MARKET, MTL, STOP, STOP_LIMIT, TRAILING, PRIMARY, MIDPOINT, PEG_MARKET, STRIKE = OrderType

TYPES: Final = (
    *(LIMIT,) * 40,
    *(MARKET,) * 9,
    *(MTL, STOP_LIMIT, PRIMARY) * 4,
    *(STOP, TRAILING, MIDPOINT) * 6,
    *(PEG_MARKET, STRIKE) * 3,
)
FLAVOURS: Final = (
    TYPES,
    TYPES,
    (LIMIT, *(MIDPOINT,) * 4, PRIMARY, PEG_MARKET),
    (LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING, TRAILING),
    (LIMIT, LIMIT, MARKET, MTL, STRIKE),
)
"""What the orders of one stream mostly are."""

WAITING_TIFS: Final = (TimeInForce.GTC,) * 8 + (TimeInForce.DAY, TimeInForce.GTD)
CALL_TIFS: Final = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE, TimeInForce.AUCTION)
CALLS: Final = tuple(phase for phase in Phase if phase.is_call)
PAUSES: Final = (Phase.PRE_OPEN, Phase.HALT, Phase.CLOSED, Phase.TRADE_AT_LAST, *CALLS, *CALLS)
WITH_PRICE: Final = (LIMIT, STOP_LIMIT)
PEG_TYPES: Final = (PRIMARY, MIDPOINT, PEG_MARKET)


class RuledStreamMaker(StreamMaker):
    """Draws tape rows, orders with terms, and what a venue sets."""

    def __init__(self, seed: int, mode: Mode, profile: str) -> None:
        super().__init__(seed, mode, profile)
        self.types = self.random.choice(FLAVOURS)

    def next_steps(self) -> Iterator[Step]:
        """What a venue sets, now and then; else what every stream has."""
        draw = self.random.random()
        if draw < 0.02:
            yield from self.venue_step()
        elif draw < 0.035:
            # An interrupted book waits for this; the maker does not know whether it was.
            self.phase = Phase.CONTINUOUS
            yield "phase", int(Phase.CONTINUOUS)
        else:
            yield from super().next_steps()

    def venue_step(self) -> Iterator[Step]:
        """A band, a reference, or the end of an order."""
        choice = self.random.randrange(5)
        if choice == 0:
            yield "band", (None, None)
        elif choice < 3:
            centre, width = self.price(), self.random.choice((2, 4, 8, 30))
            low = None if self.random.random() < 0.1 else centre - width
            high = None if self.random.random() < 0.1 else centre + width
            yield "band", (low, high)
        elif choice == 3:
            absent = self.random.random() < 0.1
            yield "reference", None if absent else 2 * self.price() + self.random.randint(0, 1)
        else:
            order_id = self.random.choice([*self.own, self.unknown_id()])
            self.own.pop(order_id, None)
            yield "expire", (order_id, int(self.random.choice((Reason.DAY_OVER, Reason.TIME_OVER))))

    # Phases.

    def change_phase(self) -> Iterator[Step]:
        """A phase by row or by the venue; a call may be crossed by history before it ends."""
        trading = self.phase == Phase.CONTINUOUS
        if trading:
            yield from self.set_phase(self.random.choice(PAUSES))
            return
        if self.phase.is_call and self.random.random() < 0.5:
            yield from self.uncross()
            if self.random.random() < 0.3:
                yield from self.order_row()
        if self.phase.is_call and self.random.random() < 0.3:
            centre, width = self.price(), self.random.randint(0, 3)
            yield "band", (centre - width, centre + width)
        if self.random.random() < 0.05:
            yield from self.clear()
        after = self.random.choice((Phase.CONTINUOUS,) * 5 + PAUSES)
        if after == Phase.CONTINUOUS:
            yield from self.uncross()
        yield from self.set_phase(after)

    def set_phase(self, phase: Phase) -> Iterator[Step]:
        """Enter a phase."""
        self.phase = phase
        if self.random.random() < 0.5:
            yield "phase", int(phase)
        else:
            yield self.row(Kind.PHASE, qty=int(phase))

    def invalid_row(self) -> Iterator[Step]:
        """A row that no tape may hold; phases that a plain book does not know are right here."""
        for verb, data in super().invalid_row():
            if data["kind"] == Kind.PHASE:
                yield verb, {**data, "qty": self.random.choice((-1, len(Phase), 99))}
            else:
                yield verb, data

    # Orders.

    def submit(self) -> dict[str, Any]:
        """A new order with terms."""
        side, order_id = self.side(), self.next_id()
        order_type = self.random.choice(self.types if self.random.random() < 0.9 else TYPES)
        tif = self.life(order_type)
        price, qty = self.wrong_sometimes(self.own_price(side), self.qty())
        touch = self.best(side.other)
        if tif == TimeInForce.FOK and touch is not None and self.random.random() < 0.7:
            # Most of the others find too little, so that these come closer.
            price = touch.price_ticks + side.sign * self.random.randint(0, 3)
            price = max(-PRICE_TICKS_MAX, min(PRICE_TICKS_MAX, price))
            qty = min(qty, self.random.randint(1, 4))
        order = {
            "order_id": order_id,
            "owner": self.random.randint(0, 2),
            "side": int(side),
            "order_type": int(order_type),
            "tif": int(tif),
            "post": int(PostOnly.OFF),
            "price_ticks": price if order_type in WITH_PRICE else NO_PRICE,
            "qty_lots": qty,
            "self_trade": int(self.random.choice((*SelfTrade, SelfTrade.ALLOW, SelfTrade.ALLOW))),
        }
        self.add_terms(order, order_type, side)
        if self.random.random() < self.profile.invalid_share:
            self.spoil(order)
        self.own[order_id] = (side, order["price_ticks"])
        return order

    def life(self, order_type: OrderType) -> TimeInForce:
        """A life that mostly goes with the type."""
        draw = self.random.random()
        if order_type == STRIKE or (order_type in (LIMIT, MARKET) and draw < 0.1):
            return self.random.choice(CALL_TIFS)
        if order_type in (LIMIT, MARKET, *PEG_TYPES) and draw < 0.3:
            return self.random.choice((TimeInForce.IOC, TimeInForce.FOK))
        return self.random.choice(WAITING_TIFS)

    def add_terms(self, order: dict[str, Any], order_type: OrderType, side: Side) -> None:
        """Terms that mostly go with the type."""
        draw, qty = self.random.random(), max(1, order["qty_lots"])
        plain = order["tif"] not in CALL_TIFS
        if order_type in (STOP, STOP_LIMIT, STRIKE):
            away = side.sign if order_type != STRIKE else 0
            order["stop_ticks"] = self.own_price(side) + away * self.random.randint(0, 3)
        elif order_type == TRAILING:
            order["trail_ticks"] = self.random.randint(1, 4)
        elif order_type in PEG_TYPES:
            self.add_peg_terms(order, order_type, side)
        waits = order["tif"] in WAITING_TIFS
        if order_type in WITH_PRICE and plain and draw < 0.25:
            self.add_peaks(order, qty)
        elif order_type in (LIMIT, PRIMARY) and plain and draw < 0.4:
            order["hidden"] = True
        elif order_type == LIMIT and waits and draw < 0.6:
            order["post"] = int(self.random.choice((PostOnly.REJECT, PostOnly.SLIDE)))
        may_have_minimum = order_type == MIDPOINT or (
            order_type == LIMIT and plain and order["post"] == PostOnly.OFF
        )
        may_have_minimum |= order_type == MARKET and plain and not waits
        if may_have_minimum and "display_lots" not in order and self.random.random() < 0.3:
            if self.random.random() < 0.3:
                order["all_or_none"] = True
            else:
                above = self.random.random() < self.profile.invalid_share
                order["min_qty_lots"] = qty + 1 if above else self.random.randint(1, qty)

    def add_peg_terms(self, order: dict[str, Any], order_type: OrderType, side: Side) -> None:
        """A limit now and then, and a distance."""
        if self.random.random() < 0.4:
            order["price_ticks"] = self.own_price(side)
        if order_type != MIDPOINT:
            order["peg_offset_ticks"] = self.random.choice((0, 0, 1, 2))
        if order_type == PEG_MARKET:
            order["hidden"] = order["peg_offset_ticks"] == 0 or self.random.random() < 0.3

    def add_peaks(self, order: dict[str, Any], qty: int) -> None:
        """An iceberg, of fixed or of random peaks."""
        least = max(1, -(-qty // 1_000))
        order["display_lots"] = min(qty, self.random.randint(least, max(least, qty // 3)))
        if self.random.random() < 0.4:
            order["display_high_lots"] = self.random.randint(order["display_lots"], qty)

    def spoil(self, order: dict[str, Any]) -> None:
        """Something that does not go together, or does not exist."""
        name, value = self.random.choice(
            (
                ("order_type", self.random.choice((-1, 10, *map(int, OrderType)))),
                ("tif", self.random.choice((-1, 8, *map(int, TimeInForce)))),
                ("post", self.random.choice((-1, 1, 2, 3))),
                ("price_ticks", NO_PRICE),
                ("display_lots", self.random.choice((-1, 1, 1 << 20))),
                ("display_high_lots", self.random.choice((-1, 1, 3))),
                ("hidden", True),
                ("min_qty_lots", self.random.choice((-1, 1, QTY_LOTS_MAX))),
                ("all_or_none", True),
                ("stop_ticks", self.random.choice((NO_PRICE, PRICE_TICKS_MAX + 1))),
                ("trail_ticks", self.random.choice((0, -1, PRICE_TICKS_MAX + 1))),
                ("peg_offset_ticks", self.random.choice((-1, 1, PRICE_TICKS_MAX + 1))),
                ("self_trade", self.random.choice((-1, 5))),
            )
        )
        order[name] = value

    def replace_command(self) -> dict[str, Any]:
        """A change of an order that may still live; pegs may lose their limit."""
        command = super().replace_command()
        if self.random.random() < 0.1:
            command["price_ticks"] = NO_PRICE
        return command


def ruled_stream(seed: int, n: int, *, mode: Mode, profile: str) -> Iterator[Step]:
    """The first n steps of the stream that these arguments name; see `strategies.random_stream`."""
    return islice(RuledStreamMaker(seed, mode, profile).steps(), n)


@st.composite
def ruled_streams(draw: st.DrawFn, mode: Mode, *, steps_max: int = 150) -> list[Step]:
    """Hypothesis: a stream of any profile; it shrinks to a shorter beginning."""
    seed = draw(st.integers(0, 1 << 32))
    profile = draw(st.sampled_from(RULED_PROFILES))
    count = draw(st.integers(1, steps_max))
    return list(ruled_stream(seed, count, mode=mode, profile=profile))


def play_ruled(book: Any, step: Step) -> Any:
    """Give one step to a book with the methods of `RuledBook`; returns its outcome."""
    verb, data = step
    if verb == "row":
        return book.apply(**data)
    if verb == "cancel":
        return book.cancel(data)
    if verb == "expire":
        return book.expire(*data)
    if verb == "phase":
        return book.set_phase(data)
    if verb == "band":
        return book.set_band(*data)
    if verb == "reference":
        return book.set_reference(data)
    fields = dict(data)
    order_id = fields.pop("order_id")
    return book.submit(order_id, **fields) if verb == "submit" else book.replace(order_id, **fields)
