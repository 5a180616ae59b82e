"""`[hosts.stack.strategies.route]`, as it is written, and as a desk's router is told."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from desk.router import FACTORS, REST, TAKE, Weights, weights_of
from desk.router.config import RouteConfig, RouteFees, RouteMode
from desk.router.health import HealthConfig
from desk.router.learning import Priors
from desk.router.splits import SplitRule
from market.errors import InputError
from market.instruments import Instrument


class RouteSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a strategy's wishes are worked; see `desk.router.config.RouteConfig`.

    Attributes:
        books: `SYMBOL@VENUE` each, the home first.
        mode: How venues are chosen.
        venue: Of `static`: the one book.
        split: How resting lots are spread.
        take: Weights by the names of factors, in place of the table's own for those named.
        rest: The same where lots rest.
        health: What makes a venue sick.
        priors: What is believed of a venue before it has been used.
        reroute_ppm: A resting order goes elsewhere once so much of the wish should stand there.
        deadline_ns: Of `cont_kukanov`: by when resting lots should have filled.
        penalty_ppb: Of `cont_kukanov`: what a lot that has not costs on top.
    """

    books: tuple[str, ...]
    mode: RouteMode = "scored"
    venue: str = ""
    split: SplitRule = SplitRule(way="spread")
    take: dict[str, int] = {}
    rest: dict[str, int] = {}
    health: HealthConfig = HealthConfig()
    priors: Priors = Priors()
    reroute_ppm: int = 500_000
    deadline_ns: int = 10_000_000_000
    penalty_ppb: int = 100_000

    def __post_init__(self) -> None:
        _weights(TAKE, self.take)
        _weights(REST, self.rest)
        if (self.mode == "static") != bool(self.venue):
            raise InputError(
                f"mode: found {self.mode!r} with venue {self.venue!r}, allowed is static with a "
                "book of the route, and every other mode without"
            )


def _weights(table: Weights, named: Mapping[str, int]) -> Weights:
    """A table's weights, but for those that are named."""
    known = {one.field: value for one, value in zip(FACTORS, table.values, strict=True)}
    return weights_of({**known, **named})


def route_of(
    section: RouteSection | UnsetType,
    strategy: str,
    books: Sequence[int],
    instruments: Sequence[Instrument],
    fees: Sequence[RouteFees],
) -> RouteConfig | UnsetType:
    """What the router of a strategy is told.

    Args:
        section: As it is written.
        strategy: Its name, for errors.
        books: Books of the strategy.
        instruments: By book.
        fees: By book; none for free.

    Raises:
        InputError: A book is not one of the strategy's, or not the same thing as the home.
    """
    if section is UNSET:
        return UNSET
    named = {f"{instruments[one].symbol}@{instruments[one].venue}": one for one in books}
    for name in (*section.books, *((section.venue,) if section.venue else ())):
        if name not in named:
            raise InputError(
                f"strategy {strategy!r}: route: found book {name!r}, allowed is {', '.join(named)}"
            )
    found = tuple(named[name] for name in section.books)
    for book_id in found[1:]:
        _check_same(instruments[found[0]], instruments[book_id], strategy)
    return RouteConfig(
        books=found,
        mode=section.mode,
        static_book=named[section.venue] if section.venue else -1,
        fees=tuple(fees[book_id] for book_id in found) if fees else (),
        split=section.split,
        take=_weights(TAKE, section.take),
        rest=_weights(REST, section.rest),
        health=section.health,
        priors=section.priors,
        reroute_ppm=section.reroute_ppm,
        deadline_ns=section.deadline_ns,
        penalty_ppb=section.penalty_ppb,
    )


def _check_same(home: Instrument, other: Instrument, strategy: str) -> None:
    """Hold a book to be the home's instrument, in the same ticks and lots."""
    if msgspec.structs.replace(other, venue=home.venue) != home:
        raise InputError(
            f"strategy {strategy!r}: route: found {other.symbol}@{other.venue}, allowed are books "
            f"of {home.symbol} in {home.currency} with the ticks and lots of {home.symbol}@{home.venue}"
        )
