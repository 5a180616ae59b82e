"""Shares of games whose values are known, and the ratios that distances are."""

import numpy as np
import pytest

from research.fidelity.attribute import _drawn_share, _leads, _share
from research.fidelity.distance import FIGURES, Parts, figures, told


class Even:
    """Blocks that are drawn once each, so that every draw is the sample itself."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.of = np.arange(count)
        self.weights = np.ones((10, count))

    def sums(self, values: np.ndarray) -> np.ndarray:
        return values


def game(names: list[str], worth: dict[str, float], together: float) -> dict[frozenset[str], float]:
    """What is left of a distance: each cause its own worth, and the first two something together."""
    found = {}
    for number in range(1 << len(names)):
        chosen = frozenset(name for at, name in enumerate(names) if number >> at & 1)
        pair = together if {names[0], names[1]} <= chosen else 0.0
        found[chosen] = 20.0 - sum(worth[name] for name in chosen) - pair
    return found


def test_what_two_do_together_is_halved() -> None:
    names = ["a", "b", "c"]
    scores = game(names, {"a": 1.0, "b": 5.0, "c": 0.0}, together=4.0)
    shares = [_share(name, names, scores) for name in names]

    assert shares == pytest.approx([3.0, 7.0, 0.0])
    everything = frozenset(names)
    assert sum(shares) + scores[everything] == pytest.approx(scores[frozenset()])


def test_each_draw_has_its_own_shares_and_its_own_leader() -> None:
    names = ["a", "b"]
    one = game(names, {"a": 1.0, "b": 5.0}, together=0.0)
    other = game(names, {"a": 6.0, "b": 5.0}, together=0.0)
    drawn = {chosen: np.array([one[chosen], other[chosen], one[chosen]]) for chosen in one}
    draws = {name: _drawn_share(name, names, drawn) for name in names}

    assert draws["a"] == pytest.approx([1.0, 6.0, 1.0])
    assert _leads(draws) == {"a": 333_333, "b": 666_666}


def test_a_figure_is_a_ratio_of_sums_and_0_of_nothing() -> None:
    above, below = np.zeros((2, len(FIGURES))), np.zeros((2, len(FIGURES)))
    above[:, 1], below[:, 1] = (30.0, 10.0), (1.0, 3.0)
    signed = above.copy()
    signed[1, 1] = -10.0
    parts = Parts(above, below, signed)
    assert figures(parts).tolist() == [0.0, 10.0, 0.0, 0.0, 0.0, 0.0]

    said = told(parts, Even(2), {"time_ms": 9.0, "pnl_bp": 0.0})  # type: ignore[arg-type]
    by_name = {one.name: one for one in said}
    assert (by_name["time_ms"].low, by_name["time_ms"].high) == (10.0, 10.0)
    assert by_name["time_ms"].bias == 5.0
    assert by_name["time_ms"].holds is False
    assert by_name["pnl_bp"].holds is True
    assert by_name["price_bp"].holds is None
