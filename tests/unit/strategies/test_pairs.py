import math

import pytest

from market.errors import InputError
from strategies.pairs import Pairs, PairsConfig
from tests.unit.strategies.seen import INSTRUMENTS, SECOND_NS, at, say, strengths

OPEN = {"entry_ppm": 1, "exit_ppm": 0, "full_ppm": 1_000_000_000, "stop_ppm": 0, "step_ppm": 1}


def pairs(**other: int) -> Pairs:
    good = {"memory_ns": 4 * SECOND_NS, "age_ns_max": 2 * SECOND_NS, "pause_ns": 0}
    return Pairs(PairsConfig(**(good | other)), books=[1, 0], instruments=INSTRUMENTS)


def feed(made: Pairs, seconds: float, first: int, second: int) -> list[tuple[int, int]]:
    """Both books at once, the first one (book 1) at last; what is said to either."""
    said = strengths(say(made, at(seconds, second - 1, second + 1, book_id=0)))
    return said + strengths(say(made, at(seconds, first - 1, first + 1, book_id=1)))


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_the_score_is_the_distance_of_the_spread_in_its_own_deviations(beta: float) -> None:
    made = pairs(**OPEN, beta_ppm=round(beta * 1e6))
    path = [(0, 10_000, 5_000), (1, 10_020, 5_000), (2, 9_990, 5_010), (5, 10_030, 4_990)]
    said = [feed(made, *each) for each in path]

    # By hand, with the spread as it stood from one time to the next.
    spreads = [math.log(2 * first) - beta * math.log(2 * second) for _, first, second in path]
    mean, variance = spreads[0], 0.0
    for (start, _, _), (end, _, _), spread in zip(path, path[1:], spreads, strict=False):
        weight = 1 - math.exp(-(end - start) / 4)
        distance = spread - mean
        mean += weight * distance
        variance = (1 - weight) * (variance + weight * distance**2)
    score = (mean - spreads[-1]) / math.sqrt(variance)

    assert said[:3] == [[], [], []]
    (book_a, ppm_a), (book_b, ppm_b) = said[3][-2:]
    assert (book_a, book_b) == (1, 0)
    assert ppm_a / 1_000 == pytest.approx(score, abs=1e-3)
    assert ppm_b == pytest.approx(-beta * ppm_a, abs=1)


def test_the_first_leg_is_sold_when_the_pair_parts_upwards_and_bought_when_downwards() -> None:
    for move, sign in ((60, -1), (-60, 1)):
        made = pairs(stop_ppm=0)
        for second in range(12):
            feed(made, second, 10_000 + 20 * (second % 2), 10_000)
        said = feed(made, 12, 10_010 + move, 10_000)
        assert [(1, sign), (0, -sign)] == [(book, ppm // abs(ppm)) for book, ppm in said]
        assert said[0][1] == -said[1][1]


def test_a_mid_that_is_too_old_makes_no_spread() -> None:
    made = pairs(**OPEN)
    for second in range(6):
        feed(made, second, 10_000 + 20 * (second % 2), 10_000)

    assert [] == say(made, at(7.5, 10_099, 10_101, book_id=1))
    assert [] != say(made, at(7.0, 10_099, 10_101, book_id=1))


def test_a_spread_that_does_not_move_is_never_believed() -> None:
    made = pairs(**OPEN)

    assert [[]] * 20 == [feed(made, second, 10_000, 5_000) for second in range(20)]


@pytest.mark.parametrize(
    ("books", "text"),
    [
        ([0], "found 1 books, allowed is exactly 2"),
        ([0, 1, 2], "found 3 books, allowed is exactly 2"),
        ([1, 1], "found book 1 twice, allowed is once"),
        ([0, 3], "found book 3, allowed is 0 to 2"),
    ],
)
def test_a_pair_is_two_different_books_that_exist(books: list[int], text: str) -> None:
    with pytest.raises(InputError, match=text):
        Pairs(PairsConfig(memory_ns=1, age_ns_max=1), books=books, instruments=INSTRUMENTS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("memory_ns", 0), ("age_ns_max", 0), ("beta_ppm", 0), ("beta_ppm", 1_000_001)],
)
def test_parameters_out_of_range_are_refused_by_name(name: str, value: int) -> None:
    with pytest.raises(InputError, match=rf"^{name} is {value}, allowed is "):
        PairsConfig(**({"memory_ns": 1, "age_ns_max": 1} | {name: value}))
