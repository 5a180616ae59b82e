"""A route, as it is told before the desk starts: which venues, how they are weighed, how lots are split."""

from typing import Literal

import msgspec

from desk.router.health import HealthConfig
from desk.router.learning import Priors
from desk.router.splits import SplitRule
from desk.router.weights import REST, TAKE, Weights, weights_of
from market.decisions import PPM
from market.errors import InputError

PPB = 1_000_000_000

RouteMode = Literal["scored", "static", "best", "cont_kukanov"]

BEST_PRICE = weights_of({"price_edge_ppb": 1_000_000})
"""What `best` takes by: the displayed price alone."""

NOTHING = weights_of({})
"""What `best` rests by, and what a single venue needs: the order of the books."""


class RouteFees(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What trading at one book costs.

    Attributes:
        taker_ppb: For taking, in billionths of the price; negative where one is paid for it.
        taker_lot_nanos: And for each lot, in billionths of currency.
        maker_rebate_ppb: For resting; negative where it costs.
        maker_rebate_lot_nanos: And for each lot.
        tick_nanos: What a lot is worth at a price of one tick, in billionths of currency.
    """

    taker_ppb: int = 0
    taker_lot_nanos: int = 0
    maker_rebate_ppb: int = 0
    maker_rebate_lot_nanos: int = 0
    tick_nanos: int = 1

    def taker_at(self, price_ticks: int) -> int:
        """For taking at a price above 0, in billionths of it."""
        return self.taker_ppb + self.taker_lot_nanos * PPB // (price_ticks * self.tick_nanos)

    def rebate_at(self, price_ticks: int) -> int:
        """For resting at a price above 0, in billionths of it."""
        return self.maker_rebate_ppb + self.maker_rebate_lot_nanos * PPB // (
            price_ticks * self.tick_nanos
        )


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where the wishes of a strategy are worked.

    Attributes:
        books: One instrument's books, the first of them its home: signals name that one.
        mode: `scored` by weights; `static`, all at one book; `best`, by displayed price, then in the
            order of the books; `cont_kukanov` as `scored`, but resting lots by that reference policy.
        static_book: Of `static`.
        fees: By book, in the order of `books`.
        split: How resting lots are spread.
        take: Weights where lots are taken.
        rest: Weights where lots rest.
        health: What makes a venue sick.
        priors: What is believed of a venue before it has been used.
        reroute_ppm: A resting order goes elsewhere once so much of the wish should stand there.
        deadline_ns: Of `cont_kukanov`: by when resting lots should have filled.
        penalty_ppb: Of `cont_kukanov`: what a lot costs that has not, beyond the half spread and the fee.
    """

    books: tuple[int, ...]
    mode: RouteMode = "scored"
    static_book: int = -1
    fees: tuple[RouteFees, ...] = ()
    split: SplitRule = SplitRule(way="spread")
    take: Weights = TAKE
    rest: Weights = REST
    health: HealthConfig = HealthConfig()
    priors: Priors = Priors()
    reroute_ppm: int = 500_000
    deadline_ns: int = 10_000_000_000
    penalty_ppb: int = 100_000

    def __post_init__(self) -> None:
        if not self.books or len(dict.fromkeys(self.books)) != len(self.books):
            raise InputError(f"route.books: found {list(self.books)}, allowed are some, each once")
        if (self.mode == "static") != (self.static_book in self.books):
            raise InputError(
                f"route.mode: found {self.mode!r} with venue {self.static_book}, allowed is static "
                "with one of the books, and every other mode without"
            )
        if len(self.fees) not in (0, len(self.books)):
            raise InputError(f"route.fees: found {len(self.fees)}, allowed is one for each book")
        for name, low, high in (
            ("reroute_ppm", 1, PPM),
            ("deadline_ns", 1, 1 << 60),
            ("penalty_ppb", 0, 1_000_000_000),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"route.{name} is {getattr(self, name)}, allowed is {low} to {high}"
                )

    @property
    def take_weights(self) -> Weights:
        """What venues are weighed by where lots are taken."""
        return BEST_PRICE if self.mode == "best" else self.take

    @property
    def rest_weights(self) -> Weights:
        """What venues are weighed by where lots rest."""
        return NOTHING if self.mode == "best" else self.rest
