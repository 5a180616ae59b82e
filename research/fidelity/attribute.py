"""Why a twin is far from what happened: each cause's share of the distance, and what none of them explains.

Model: a cause is a part of what is assumed. For every set of the causes in which both sides differ, the session's
orders are sent through a twin that has the session's own value of these; a cause's share is what putting its own
value in takes away from the distance, averaged over all orders in which one can put them in (Shapley's values,
exact: there are few). The shares and what is left with all of them put in, which is the code's, add up to the
distance. `alone` and `last` are the two ends of that average: the cause put in first, and put in last.

Intervals come of drawing blocks of time; `first_ppm` says in how many of the draws a cause leads.
"""

from collections.abc import Callable
from itertools import combinations
from math import factorial
from typing import Final

import msgspec
import numpy as np

from research.fidelity.assumed import CAUSES
from research.fidelity.comparison import Chosen, Comparison
from research.fidelity.distance import figures, resampled
from research.fidelity.orders import Floats

CODE: Final = "code"


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One cause of a distance.

    Attributes:
        share: Of the distance, in its units.
        alone: What it takes away when it is put in first.
        last: What it takes away when it is put in last.
        first_ppm: Draws in which it leads, of a million.
        differs: Whether both sides differ in it.
        lived: The session's value, in words.
        assumed: The twin's.
    """

    name: str
    share: float
    low: float
    high: float
    alone: float
    last: float
    first_ppm: int
    differs: bool
    lived: str
    assumed: str


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Why a twin is far from what happened.

    Attributes:
        distance: In units of what one would notice.
        causes: The largest share first.
        explained_by: The first of them; empty where there is nothing to explain.
    """

    distance: float
    low: float
    high: float
    causes: list[Cause]
    explained_by: str


def attribute(
    compared: Comparison, units: Floats, progress: Callable[[int, int], None] | None = None
) -> Attribution:
    """Say why.

    Args:
        compared: The two sides.
        units: Of the figures (`distance.units_of`).
        progress: Told twins done, and how many there are.
    """
    names = compared.differing
    sets = [frozenset(chosen) for n in range(len(names) + 1) for chosen in combinations(names, n)]
    scores, drawn = dict[Chosen, float](), dict[Chosen, Floats]()
    for chosen, found in compared.with_lived(sets, progress).items():
        scores[chosen] = float((figures(found.parts) / units).sum())
        drawn[chosen] = (resampled(found.parts, compared.blocks) / units).sum(1)
    nothing, everything = frozenset[str](), frozenset(names)
    shares = {name: _share(name, names, scores) for name in names}
    draws = {name: _drawn_share(name, names, drawn) for name in names}
    shares[CODE], draws[CODE] = scores[everything], drawn[everything]
    first = _leads(draws)
    lived, assumed = compared.lived.said(), compared.twin.said()
    causes = []
    for name in (*CAUSES, CODE):
        low, high = _interval(draws[name]) if name in draws else (0.0, 0.0)
        differs = name in names or (name == CODE and shares[CODE] > 0)
        alone, last = 0.0, 0.0
        if name in names:
            alone = scores[nothing] - scores[frozenset([name])]
            last = scores[everything - {name}] - scores[everything]
        causes.append(
            Cause(
                name=name,
                share=shares.get(name, 0.0),
                low=low,
                high=high,
                alone=alone,
                last=last,
                first_ppm=first.get(name, 0),
                differs=differs,
                lived=lived.get(name, ""),
                assumed=assumed.get(name, ""),
            )
        )
    causes.sort(key=lambda one: -one.share)
    low, high = _interval(drawn[nothing])
    return Attribution(
        distance=scores[nothing],
        low=low,
        high=high,
        causes=causes,
        explained_by=causes[0].name if scores[nothing] > 0 else "",
    )


def _weights(names: list[str], name: str) -> list[tuple[Chosen, float]]:
    """Sets without a cause, and how many of the orders put it in behind exactly these, as a share."""
    rest, count = [one for one in names if one != name], len(names)
    return [
        (frozenset(chosen), factorial(n) * factorial(count - n - 1) / factorial(count))
        for n in range(count)
        for chosen in combinations(rest, n)
    ]


def _share(name: str, names: list[str], scores: dict[Chosen, float]) -> float:
    return sum(
        weight * (scores[chosen] - scores[chosen | {name}])
        for chosen, weight in _weights(names, name)
    )


def _drawn_share(name: str, names: list[str], drawn: dict[Chosen, Floats]) -> Floats:
    found: Floats = np.zeros(len(drawn[frozenset()]))
    for chosen, weight in _weights(names, name):
        found += weight * (drawn[chosen] - drawn[chosen | {name}])
    return found


def _leads(draws: dict[str, Floats]) -> dict[str, int]:
    """In how many draws each leads, of a million."""
    table = np.array(list(draws.values()))
    leaders = np.argmax(table, axis=0)[table.max(axis=0) > 0]
    total = table.shape[1]
    return {
        name: int((leaders == number).sum()) * 1_000_000 // total
        for number, name in enumerate(draws)
    }


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
