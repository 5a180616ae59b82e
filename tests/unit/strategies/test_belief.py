import math

import pytest

from market.errors import InputError
from strategies.belief import Band, Belief, revise, weight_of

BAND = Band(
    entry_ppm=1_000_000,
    exit_ppm=500_000,
    full_ppm=2_000_000,
    stop_ppm=4_000_000,
    step_ppm=100_000,
    pause_ns=10,
)


def told(scores: list[float], band: Band = BAND, step_ns: int = 100) -> list[int | None]:
    belief = Belief()
    return [revise(belief, band, score, place * step_ns) for place, score in enumerate(scores)]


def test_a_belief_begins_at_entry_and_ends_at_exit() -> None:
    assert [None, 500_000, 300_000, 0, None] == told([0.999, 1.0, 0.6, 0.5, 0.9])


def test_strength_grows_with_the_score_to_full_and_no_further() -> None:
    assert [750_000, 1_000_000, None] == told([1.5, 2.0, 3.9])
    assert [-750_000, -1_000_000, None] == told([-1.5, -2.0, -3.9])


def test_the_other_sign_needs_an_entry_of_its_own() -> None:
    assert [500_000, 0, -500_000] == told([1.0, -0.7, -1.0])


def test_a_score_that_goes_too_far_is_not_believed_until_it_is_back() -> None:
    assert [1_000_000, 0, None, None, None, 500_000] == told([2.0, 4.0, 3.0, 0.6, 0.5, 1.0])


def test_small_changes_are_not_said() -> None:
    assert [500_000, None, 600_000, None, 500_000] == told([1.0, 1.19, 1.2, 1.1, 1.0])


def test_nothing_is_said_within_the_pause() -> None:
    assert [500_000, None, None, 1_000_000] == told([1.0, 0.0, 2.0, 2.0], step_ns=4)


def test_a_stop_within_the_pause_is_said_after_it() -> None:
    assert [1_000_000, None, None, 0] == told([2.0, 5.0, 2.0, 2.0], step_ns=4)


def test_the_weight_of_a_stretch_is_exponential_in_its_length() -> None:
    for elapsed_ns, memory_ns in ((1, 10**9), (10**9, 10**9), (10**12, 10**9), (7, 3)):
        expected = -math.expm1(-elapsed_ns / memory_ns)
        assert weight_of(elapsed_ns, memory_ns) == pytest.approx(expected, rel=1e-6)
    assert weight_of(0, 10) == 0.0
    assert weight_of(-5, 10) == 0.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry_ppm", 0),
        ("exit_ppm", -1),
        ("exit_ppm", 1_000_000),
        ("full_ppm", 999_999),
        ("stop_ppm", 1_000_000),
        ("stop_ppm", -1),
        ("step_ppm", 0),
        ("step_ppm", 1_000_001),
        ("pause_ns", -1),
    ],
)
def test_a_band_that_makes_no_sense_is_refused_by_name(name: str, value: int) -> None:
    with pytest.raises(InputError, match=rf"^{name} is {value}, allowed is "):
        Band(**{name: value})
