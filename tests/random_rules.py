"""Random rules of books, and streams so crowded that their rules matter at almost every step.

Model: rules are drawn switch by switch, allocations and auction policies among all that there are.
Prices lie within a few ticks and lots are few, so that orders meet; one stream in three has a second
book, whose best prices the pegs of the first follow.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from market.codes import BandAction, Kind, Mode, OrderType, Phase, SelfTrade, Side
from sim.streams import stream_key
from sim.venue_rules.allocation_policy import AllocationPolicy, ShareOf
from sim.venue_rules.auction_policy import (
    EURONEXT,
    FOUR_STEP,
    NASDAQ_CROSS,
    XETRA_R14,
    XETRA_T7,
)
from sim.venue_rules.book_rules import BookRules, Matching
from tests.random_auctions import AUCTION_POLICIES, STEP_LISTS
from tests.random_tape import HANDLE_COUNT, TICK_UNITS, Profile
from tests.ruled_differential import Step, World
from tests.ruled_stream import RuledStreamMaker
from tests.strategies import StreamMaker

NAMED_POLICIES: Final = (XETRA_R14, XETRA_T7, FOUR_STEP, EURONEXT, NASDAQ_CROSS)

# How a crowded stream differs from the others.
CROWDED: Final = Profile(
    command_share=0.7,
    print_share=0.06,
    phase_share=0.01,
    clear_share=0.002,
    invalid_share=0.02,
    reach_ticks=4,
    qty_max=12,
)
FLAVOURS: Final = ("stops", "pegs", "icebergs", "dark", "calls", "any")
"""What a crowded stream has most of."""

CALLS_OR_NOT: Final = (*(phase for phase in Phase if phase.is_call), 1, 3, 9, 40)
STOPS: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
PEGS: Final = (OrderType.PEG_PRIMARY, OrderType.PEG_MIDPOINT, OrderType.PEG_MARKET)
GATHERING: Final = (OrderType.MARKET, OrderType.MARKET_TO_LIMIT, OrderType.STRIKE_MATCH)


def random_allocation(rng: random.Random) -> AllocationPolicy:
    """Any list of steps with any parameters."""
    least = rng.randint(1, 4)
    return AllocationPolicy(
        steps=rng.choice(STEP_LISTS),
        top_min_lots=least,
        top_max_lots=least + rng.choice((0, 3, 1 << 20)),
        prorata_min_lots=rng.randint(1, 3),
        prorata_round_up=rng.random() < 0.5,
        share_of=rng.choice(list(ShareOf)),
        split_fifo_ppm=rng.choice((0, 250_000, 400_000, 1_000_000)),
    )


def random_rules(rng: random.Random) -> BookRules:
    """Every switch on or off."""
    matching = rng.choice(list(Matching))
    return BookRules(
        matching=matching,
        allocation=random_allocation(rng) if matching is Matching.SHARED else None,
        auction=rng.choice((rng.choice(NAMED_POLICIES), rng.choice(AUCTION_POLICIES))),
        market_rests=rng.random() < 0.5,
        mid_isolated=rng.random() < 0.4,
        band_action=rng.choice(list(BandAction)),
        call_extends=rng.random() < 0.5,
        market_after_call=rng.random() < 0.5,
        peak_key=stream_key(rng.randint(0, 9), "peaks"),
    )


class CrowdMaker(RuledStreamMaker):
    """Draws a stream of one flavour at prices that meet."""

    def __init__(self, seed: int, mode: Mode, flavour: str) -> None:
        super().__init__(seed, mode, "own")
        self.random = random.Random(f"{seed}/{int(mode)}/{flavour}/crowd")
        self.profile = CROWDED
        self.flavour = flavour
        self.centre_ticks = self.random.choice((0, 100, 100, 10_000))

    def next_steps(self) -> Iterator[Step]:
        """More often than elsewhere, the venue sets something."""
        draw = self.random.random()
        calls = 0.05 if self.flavour == "calls" else 0.01
        if draw < calls:
            yield from self.change_phase()
        elif draw < calls + 0.02:
            yield from self.venue_step()
        else:
            yield from super().next_steps()

    def print_row(self) -> Iterator[Step]:
        """A cross names its call now and then."""
        for verb, data in super().print_row():
            if data["kind"] == Kind.CROSS and self.random.random() < 0.5:
                yield verb, {**data, "handle": -1 - self.random.choice(CALLS_OR_NOT)}
            else:
                yield verb, data

    def move_centre(self) -> None:
        """Prices wander slowly."""
        self.centre_ticks += self.random.randint(-1, 1)

    def submit(self) -> dict[str, Any]:
        """An order of the stream's flavour in half of all cases."""
        order = super().submit()
        if self.random.random() < 0.4:
            order["self_trade"] = int(self.random.choice(list(SelfTrade)))
            order["owner"] = self.random.randint(1, 2)
        return order

    def add_terms(self, order: dict[str, Any], order_type: OrderType, side: Side) -> None:
        """What the flavour asks for, then what goes with the type."""
        kinds = {"stops": STOPS, "pegs": PEGS, "calls": GATHERING}.get(self.flavour, ())
        if kinds and self.random.random() < 0.4:
            order_type = self.random.choice(kinds)
            order["order_type"] = int(order_type)
            order["tif"] = int(self.life(order_type))
            if order_type != OrderType.STOP_LIMIT:
                order["price_ticks"] = -(1 << 62)
        super().add_terms(order, order_type, side)
        limit = order_type == OrderType.LIMIT and order["tif"] <= 4 and not order.get("post")
        plain = not order.get("min_qty_lots") and not order.get("all_or_none")
        if self.flavour == "icebergs" and limit and plain and not order.get("hidden"):
            self.add_peaks(order, max(1, order["qty_lots"]))
        if self.flavour == "dark" and limit and "display_lots" not in order:
            order["hidden"] = self.random.random() < 0.7

    def spoil(self, order: dict[str, Any]) -> None:
        """Seldom: the other streams have enough of it."""
        if self.random.random() < 0.2:
            super().spoil(order)


@dataclass
class Case:
    """One world and its stream."""

    world: World
    steps: Iterator[Step]


def both(dark: CrowdMaker, lit: StreamMaker, rng: random.Random) -> Iterator[Step]:
    """The steps of two books in turn, at the same prices."""
    lit.centre_ticks = dark.centre_ticks
    ours, theirs = dark.steps(), lit.steps()
    while True:
        if rng.random() < 0.5:
            yield next(ours)
            continue
        verb, data = next(theirs)
        if verb == "submit" and "post_only" in data:
            data = {name: value for name, value in data.items() if name != "post_only"} | {
                "post": int(data["post_only"])
            }
        yield "lit", (verb, data)


def random_case(seed: int, length: int) -> Case:
    """The world and the stream that a seed names."""
    rng = random.Random(f"{seed}/rules")
    mode = rng.choice(list(Mode))
    flavour = rng.choice(FLAVOURS)
    maker = CrowdMaker(seed, mode, flavour)
    has_lit = rng.random() < 1 / 3
    lit_rules = random_rules(rng) if has_lit and rng.random() < 0.5 else None
    world = World(
        rules=random_rules(rng),
        mode=mode,
        tick_units=rng.choice((TICK_UNITS, TICK_UNITS, 1, 3)),
        handle_count=HANDLE_COUNT,
        lit=has_lit,
        lit_rules=lit_rules,
    )
    if not has_lit:
        return Case(world, islice(maker.steps(), length))
    lit: StreamMaker = StreamMaker(seed + 1, mode, "own")
    if lit_rules is not None:
        lit = CrowdMaker(seed + 1, mode, rng.choice(FLAVOURS))
    return Case(world, islice(both(maker, lit, rng), length))
