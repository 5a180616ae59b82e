"""Random tapes and commands for property tests.

`random_stream` is a plain generator over a seed, so that long comparisons need no Hypothesis;
`streams` wraps it thinly. A stream of n steps is the beginning of the same stream of n + 1 steps.

Model: the tape half is `tests/random_tape.py`, or for books of less depth `tests/random_levels.py`.
The command half knows only what it sent, so it also
names orders that are long gone. A few percent of the rows and commands are wrong on purpose.

Steps are `("row", {...})`, `("submit", {...})`, `("cancel", order_id)` and `("replace", {...})`,
with the keyword arguments of `ReferenceBook`; submit and replace hold their `order_id` too.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from hypothesis import strategies as st

from market.codes import Mode, OrderType, Phase, Side, TimeInForce
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from tests.random_levels import LevelRows
from tests.random_tape import (
    DEPTH_PROFILES,
    HANDLE_COUNT,
    PROFILE,
    TICK_UNITS,
    Step,
    TapeMaker,
)

__all__ = [
    "DEPTH_PROFILES",
    "HANDLE_COUNT",
    "PROFILES",
    "TICK_UNITS",
    "Step",
    "StreamMaker",
    "play",
    "random_stream",
    "streams",
]

PROFILES: Final = tuple(PROFILE)

OWN_ORDERS_MAX: Final = 15
"""Orders of ours that a stream believes alive at once; beyond it, cancels come first."""


class StreamMaker(TapeMaker):
    """Draws tape rows and commands of ours in turn."""

    def __init__(self, seed: int, mode: Mode, profile: str) -> None:
        super().__init__(seed, mode, profile)
        self.own: dict[int, tuple[Side, int]] = {}  # may be gone already
        self.submitted = 0
        # Ids with holes, up to 60 bits, search a hash table harder than a count does.
        self.id_stride = self.random.choice((1, 1, 7, 0x9E3779B97F4A7C1))

    def steps(self) -> Iterator[Step]:
        """The stream, without end."""
        while True:
            if self.random.random() < 0.02:
                self.move_centre()
            yield from self.next_steps()

    def next_steps(self) -> Iterator[Step]:
        """A row with what must go with it, or a command."""
        draw, profile = self.random.random(), self.profile
        # Pauses are short, so that most steps meet a book that trades.
        phase_share = profile.phase_share if self.phase == Phase.CONTINUOUS else 0.04
        for share, make in (
            (profile.command_share, self.command),
            (phase_share, self.change_phase),
            (profile.clear_share, self.clear),
            (profile.print_share, self.print_row),
            (profile.invalid_share, self.invalid_row),
            (1.0, self.order_row),
        ):
            if draw < share:
                yield from make()
                return
            draw -= share

    def command(self) -> Iterator[Step]:
        """Submit, cancel or replace."""
        draw = self.random.random()
        crowded = len(self.own) >= OWN_ORDERS_MAX
        if self.own and (crowded or draw < 0.15):
            order_id = self.random.choice(list(self.own))
            del self.own[order_id]
            yield "cancel", order_id
        elif self.own and draw < 0.4:
            yield "replace", self.replace_command()
        elif draw < 0.41:
            yield "cancel", self.unknown_id()
        elif draw < 0.42:
            yield (
                "replace",
                {"order_id": self.unknown_id(), "price_ticks": self.price(), "qty_lots": 1},
            )
        else:
            yield "submit", self.submit()

    def next_id(self) -> int:
        """The id of the next order; never one that was used before."""
        self.submitted += 1
        return self.submitted * self.id_stride % (1 << 60)

    def unknown_id(self) -> int:
        """An id that no order has had."""
        return (self.submitted + 10_000_000) * self.id_stride % (1 << 60)

    def own_price(self, side: Side) -> int:
        """A price around the touch, where our orders meet history's."""
        touch = self.best(self.random.choice((side, side.other)))
        if touch is None or self.random.random() < 0.3:
            return self.price()
        price = touch.price_ticks + self.random.randint(-2, 2)
        return max(-PRICE_TICKS_MAX, min(PRICE_TICKS_MAX, price))

    def submit(self) -> dict[str, Any]:
        """A new order, mostly a plain limit order."""
        side, order_id = self.side(), self.next_id()
        market = self.random.random() < 0.12
        tif = self.random.choice((TimeInForce.GTC,) * 6 + (TimeInForce.IOC, TimeInForce.FOK))
        post_only = self.random.random() < (0.2 if tif == TimeInForce.GTC and not market else 0.02)
        price, qty = self.wrong_sometimes(self.own_price(side), self.qty())
        if tif == TimeInForce.GTC:
            self.own[order_id] = (side, price)
        return {
            "order_id": order_id,
            "side": int(side),
            "order_type": int(OrderType.MARKET if market else OrderType.LIMIT),
            "tif": int(tif),
            "post_only": post_only,
            "price_ticks": price,
            "qty_lots": qty,
        }

    def replace_command(self) -> dict[str, Any]:
        """A change of an order that may still live; half keep the price."""
        order_id = self.random.choice(list(self.own)[-6:])  # older ones are mostly gone
        side, price = self.own[order_id]
        if self.random.random() < 0.5:
            price = self.own_price(side)
        price, qty = self.wrong_sometimes(price, self.qty())
        self.own[order_id] = (side, price)
        return {"order_id": order_id, "price_ticks": price, "qty_lots": qty}

    def wrong_sometimes(self, price: int, qty: int) -> tuple[int, int]:
        """The same price and quantity, or one of them out of its range."""
        if self.random.random() >= self.profile.invalid_share:
            return price, qty
        sign = self.random.choice((-1, 1))
        return self.random.choice(
            (
                (price, 0),
                (price, -qty),
                (price, QTY_LOTS_MAX + 1),
                (sign * (PRICE_TICKS_MAX + 1), qty),
                (sign * PRICE_TICKS_MAX, qty),
                (1 << 61, qty),
            )
        )


class LevelStreamMaker(LevelRows, StreamMaker):
    """Draws rows of an L2 or L1 tape, and commands of ours that join, eat and sweep its levels."""

    def own_price(self, side: Side) -> int:
        """Mostly that of a level to join, else one around any touch."""
        levels = [level for level in self.orders.values() if level.side == side]
        if not levels or self.random.random() < 0.4:
            return super().own_price(side)
        best = self.best(side)
        assert best is not None
        return self.random.choice((best, best, self.random.choice(levels))).price_ticks

    def command(self) -> Iterator[Step]:
        """Now and then an order for all of the best level, which is then filled again or not."""
        level = self.best(self.side())
        if level is None or self.random.random() < 0.9:
            yield from super().command()
            return
        yield (
            "submit",
            {
                "order_id": self.next_id(),
                "side": int(level.side.other),
                "order_type": int(OrderType.LIMIT),
                "tif": int(TimeInForce.IOC),
                "post_only": False,
                "price_ticks": level.price_ticks,
                "qty_lots": min(QTY_LOTS_MAX, level.lots + self.random.randint(0, 5)),
            },
        )
        if self.random.random() < 0.5:
            yield from self.set_lots(level, min(QTY_LOTS_MAX, level.lots + self.qty()))


def random_stream(seed: int, n: int, *, mode: Mode, profile: str) -> Iterator[Step]:
    """The first n steps of the stream that these arguments name.

    Args:
        seed: Any integer.
        n: Number of steps.
        mode: Of the book that will read it; modes get different streams.
        profile: One of `PROFILES`, or in frozen mode of `DEPTH_PROFILES`.
    """
    maker = LevelStreamMaker if profile in DEPTH_PROFILES else StreamMaker
    return islice(maker(seed, mode, profile).steps(), n)


@st.composite
def streams(draw: st.DrawFn, mode: Mode, *, steps_max: int = 150) -> list[Step]:
    """Hypothesis: a stream of any profile; it shrinks to a shorter beginning."""
    seed = draw(st.integers(0, 1 << 32))
    profile = draw(st.sampled_from(PROFILES))
    count = draw(st.integers(1, steps_max))
    return list(random_stream(seed, count, mode=mode, profile=profile))


def play(book: Any, step: Step) -> Any:
    """Give one step to a book with the methods of `ReferenceBook`; returns its outcome."""
    verb, arguments = step
    if verb == "row":
        return book.apply(**arguments)
    if verb == "cancel":
        return book.cancel(arguments)
    order_id = arguments["order_id"]
    others = {name: value for name, value in arguments.items() if name != "order_id"}
    return getattr(book, verb)(order_id, **others)
