"""Cost curves: reading them, learning them, and never from the future."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.tca import (
    CostCurve,
    CostCurves,
    CurveAxis,
    CurveKey,
    LearningConfig,
    ParentRecord,
    Quote,
    Shortfall,
    boundary_before,
    learn,
    shortfall_of,
)
from desk.tca.learning import Observation, fit, observations
from market.errors import DeskError, InputError
from tests.unit.desk.tca_world import BUY, case, child, fill, moved, parent, parent_records, seen


def curve(*costs_ppm: int, knots: tuple[int, ...] = (100, 200, 500), **more: object) -> CostCurve:
    fields = {
        "key": CurveKey(),
        "axis": CurveAxis.SIZE,
        "knots": knots,
        "costs_ppm": costs_ppm,
        **more,
    }
    return CostCurve(**fields)  # type: ignore[arg-type]


PRIOR = curve(100, 200, 800)


@pytest.mark.parametrize(
    ("x", "cost_ppm"),
    [
        (0, 100),
        (100, 100),
        (150, 150),
        (200, 200),
        (350, 500),
        (500, 800),
        (800, 1_400),
        (101, 101),
    ],
)
def test_a_curve_is_level_then_broken_then_goes_on_as_steeply(x: int, cost_ppm: int) -> None:
    assert cost_ppm == PRIOR.expected_ppm(x, 0)


def test_costs_between_whole_millionths_are_rounded_half_up() -> None:
    assert [0, 1, 1] == [curve(0, 1, knots=(0, 2)).expected_ppm(x, 0) for x in (0, 1, 2)]
    assert [-1, 0, 0] == [curve(-1, 0, knots=(0, 2)).expected_ppm(x, 0) for x in (0, 1, 2)]


def test_an_order_is_expected_to_cost_its_worth_times_the_curve() -> None:
    # 350 lots at 100 cents: 70,000 half cents at 500 ppm.
    assert 35 == PRIOR.expected_x2(350, 350 * 200, 0)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.integers(-10, 150),
)
def test_the_largest_size_within_a_cost_is_the_last_that_costs_no_more(
    rises: list[int], runs: list[int], cost_ppm: int
) -> None:
    count = min(len(rises), len(runs))
    knots = tuple(sum(runs[:index]) for index in range(count + 1))
    costs = tuple(sum(rises[:index]) for index in range(count + 1))
    found = curve(*costs, knots=knots)

    largest = found.largest(cost_ppm, 0)

    affordable = [x for x in range(6_000) if found.expected_ppm(x, 0) <= cost_ppm]
    if largest is None:
        assert 6_000 == len(affordable)
    elif cost_ppm < 0:
        assert 0 == largest
    else:
        assert largest == max(affordable)


def test_a_curve_is_not_asked_before_its_boundary() -> None:
    learned = curve(1, 2, 3, boundary_ns=50)

    assert 1 == learned.expected_ppm(0, 50)
    for ask in (learned.expected_ppm, learned.largest):
        with pytest.raises(
            DeskError, match="found a question of 49 ns, allowed is from its boundary"
        ):
            ask(0, 49)


@pytest.mark.parametrize(
    ("knots", "costs", "text"),
    [
        ((1,), (1,), "two at least"),
        ((1, 2), (1,), "found 2 knots and 1 costs"),
        ((1, 1), (1, 1), "allowed are rising ones"),
        ((-1, 1), (1, 1), "allowed are rising ones"),
        ((1, 2), (2, 1), "allowed are ones that do not fall"),
    ],
)
def test_a_curve_that_is_none_is_refused(
    knots: tuple[int, ...], costs: tuple[int, ...], text: str
) -> None:
    with pytest.raises(InputError, match=text):
        curve(*costs, knots=knots)


def test_the_most_particular_curve_answers_and_the_prior_for_all_others() -> None:
    keys = [
        CurveKey("A"),
        CurveKey("A", "X"),
        CurveKey("A", "X", "twap"),
        CurveKey("A", "", "pov"),
    ]
    found = CostCurves(
        boundary_ns=0, prior=PRIOR, curves=tuple(curve(1, 2, 3, key=key) for key in keys)
    )

    assert CurveKey("A", "X", "twap") == found.find("A", "X", "twap").key
    assert CurveKey("A", "X") == found.find("A", "X", "pov").key
    assert CurveKey("A", "", "pov") == found.find("A", "Y", "pov").key
    assert CurveKey("A") == found.find("A", "Y").key
    assert PRIOR == found.find("B", "X", "twap")


def test_curves_are_data_and_come_back_from_bytes_as_they_were() -> None:
    found = learn([shortfall_of(CASE)], LearningConfig(prior=PRIOR), 100)

    assert found == msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=CostCurves)
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=CostCurves)


@pytest.mark.parametrize(("now_ns", "boundary_ns"), [(59, 35), (65, 65), (94, 65), (4, -25)])
def test_boundaries_lie_on_a_grid(now_ns: int, boundary_ns: int) -> None:
    assert boundary_ns == boundary_before(now_ns, 30, 5)


# --- learning -------------------------------------------------------------------------------------

CASE = case(BUY, 1_000, 4_000, 4_004, 4_005, 700, 1_700, 4_008)


def seen_at(x: int, cost_ppm: int, count: int = 1) -> list[Observation]:
    return [Observation(key=CurveKey("ABC"), x=x, cost_ppm=cost_ppm, lots=x)] * count


def costs(seen: list[Observation], prior_parents: int = 20) -> tuple[int, ...]:
    config = LearningConfig(prior=PRIOR, prior_parents=prior_parents)
    return fit(CurveKey("ABC"), seen, config, 0).costs_ppm


def test_a_curve_of_nothing_is_the_prior() -> None:
    assert PRIOR.costs_ppm == costs([])


def test_a_knot_is_the_mean_of_the_prior_and_what_was_seen_there_by_their_numbers() -> None:
    assert (100, (20 * 200 + 10 * 500) // 30, 800) == costs(seen_at(200, 500, 10))


def test_many_parents_outweigh_the_prior_and_one_hardly_moves_it() -> None:
    assert abs(costs(seen_at(200, 500, 5_000))[1] - 500) <= 2
    assert (100, 214, 800) == costs(seen_at(200, 500))


def test_a_parent_between_two_knots_moves_both() -> None:
    # Minimise (300 − (a + b)/2)² + (a − 100)² + (b − 200)²: both rise by a third of 150.
    assert (150, 250, 800) == costs(seen_at(150, 300), 1)


def test_a_broken_line_is_found_again() -> None:
    truth = curve(300, 400, 1_300)
    seen = [one for x in range(100, 501, 5) for one in seen_at(x, truth.expected_ppm(x, 0), 40)]

    found = costs(seen, prior_parents=1)

    assert all(abs(got - true) <= 3 for got, true in zip(found, truth.costs_ppm, strict=True))


def test_knots_that_would_fall_are_pooled_by_how_much_they_were_seen() -> None:
    # Alone they would be 400 of 30 parents and 200 of 20: 320 of 50.
    assert (320, 320, 800) == costs(seen_at(100, 1_000, 10))


def test_a_size_beyond_the_last_knot_counts_there() -> None:
    assert costs(seen_at(500, 2_000, 3)) == costs(seen_at(90_000, 2_000, 3))


@given(
    st.lists(st.tuples(st.integers(0, 700), st.integers(-3_000, 9_000)), max_size=12),
    st.integers(1, 30),
)
def test_what_is_learned_never_falls(seen: list[tuple[int, int]], prior_parents: int) -> None:
    found = costs([one for x, cost in seen for one in seen_at(x, cost)], prior_parents)

    assert list(found) == sorted(found)


def test_an_observation_is_the_cost_of_what_was_filled_and_no_more() -> None:
    (symbol, venue) = observations(shortfall_of(CASE), LearningConfig(prior=PRIOR))

    # Fees of 1,700 cents on 700 lots of 4,000 cents. The fill is at its quote: no spread, no impact.
    assert (CurveKey("ABC"), CurveKey("ABC", "X")) == (symbol.key, venue.key)
    assert (700, 700) == (symbol.x, symbol.lots)
    assert Fraction(1_700 * 1_000_000, 700 * 4_000) - symbol.cost_ppm < 1
    parts = ("delay", "spread", "impact", "timing", "fees")
    (whole, _) = observations(shortfall_of(CASE), LearningConfig(prior=PRIOR, parts=parts))
    assert (1_700 + 700 + 2_800) * 1_000_000 // (700 * 4_000) == whole.cost_ppm


def test_each_venue_of_a_parent_is_an_observation_of_its_own() -> None:
    quote = Quote(99, 101)
    fills = [fill(2, 101, 10, quote), fill(2, 102, 30, quote, exec_id=2, venue="Y")]
    record = parent(BUY, 40, seen(0, quote), [child(seen(1, quote), seen(2, quote), fills)], 100)
    keys = (("symbol", "algo"), ("symbol", "venue"))

    found = observations(shortfall_of(record), LearningConfig(prior=PRIOR, keys=keys))

    assert [
        (CurveKey("ABC", "", "immediate"), 40, 17_500),
        (CurveKey("ABC", "X"), 10, 10_000),
        (CurveKey("ABC", "Y"), 30, 20_000),
    ] == [(one.key, one.x, one.cost_ppm) for one in found]


def test_participation_is_the_share_of_the_market() -> None:
    config = LearningConfig(prior=curve(1, 2, 3, axis=CurveAxis.PARTICIPATION))
    counted = moved(CASE, market_lots=2_800)

    assert 250_000 == observations(shortfall_of(counted), config)[0].x
    with pytest.raises(InputError, match="parent 1: found no market_lots"):
        observations(shortfall_of(CASE), config)


def test_a_parent_without_fills_or_worth_says_nothing() -> None:
    config = LearningConfig(prior=PRIOR)

    assert [] == observations(shortfall_of(parent(BUY, 10, seen(0, 100), [], 90)), config)
    assert [] == observations(shortfall_of(case(BUY, 10, 0, 0, 1, 10, 0, 1)), config)


def test_learning_is_told_how_in_words_that_fit() -> None:
    for fields, text in (
        ({"prior_parents": 0}, "prior_parents is 0"),
        ({"parts": ()}, "allowed are one or more"),
        ({"parts": ("fees", "fees")}, "each once"),
        ({"keys": (("venue",),)}, "combinations with symbol"),
    ):
        with pytest.raises(InputError, match=text):
            LearningConfig(prior=PRIOR, **fields)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(st.lists(parent_records(), max_size=8), st.integers(0, 40))
def test_nothing_that_was_not_known_at_the_boundary_changes_a_curve(
    records: list[ParentRecord], boundary_ns: int
) -> None:
    config = LearningConfig(prior=PRIOR)
    known = [record for record in records if record.closed_ns < boundary_ns]

    found = learn(measured(records), config, boundary_ns)

    assert found == learn(measured(known), config, boundary_ns)
    assert all(one.boundary_ns == boundary_ns for one in found.curves)
    for one in found.curves:
        assert one.parents <= len(known)
        with pytest.raises(DeskError):
            one.expected_ppm(1, boundary_ns - 1)


@settings(max_examples=40)
@given(st.lists(parent_records(), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_parents_does_not_matter(
    records: list[ParentRecord], shuffler: object
) -> None:
    config = LearningConfig(prior=PRIOR)
    mixed = list(records)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]

    assert learn(measured(records), config, 1_000) == learn(measured(mixed), config, 1_000)


def measured(records: list[ParentRecord]) -> list[Shortfall]:
    return [shortfall_of(record) for record in records]
