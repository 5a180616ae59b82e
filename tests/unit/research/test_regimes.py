"""Fitting: finds what was planted, the same bytes each time, the past alone, and says no in words."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from desk.state.hmm_params import HmmParams, RegimeModel, format_model, parse_model
from market.errors import InputError
from research.bars import Bars, read_bars
from research.regime_report import filtered, report_regimes
from research.regimes import Fitted, HmmlearnFitter, Start, fit_regimes, log_likelihood_of
from tests.unit.research.quote_tape import SECOND_NS, quote_tape, regime_quotes

MOVES = np.array([[0.99, 0.01, 0.0], [0.02, 0.96, 0.02], [0.0, 0.05, 0.95]])
DEVIATIONS = np.array([1e-5, 4e-5, 2e-4])


def planted(count: int = 6_000, seed: int = 3) -> tuple[Bars, list[int]]:
    """Bars of a known model, and the states behind them."""
    draws = np.random.default_rng(seed)
    state, states = 0, []
    for share in draws.random(count):
        state = min(int(np.searchsorted(np.cumsum(MOVES[state]), share, side="right")), 2)
        states.append(state)
    changes = draws.normal(size=count) * DEVIATIONS[states]
    return Bars("ab", "0 S@X", 0, SECOND_NS, changes), states


def test_a_planted_model_is_found() -> None:
    bars, states = planted()
    model = fit_regimes(bars)
    params = model.hmm

    deviations = params.scale * np.sqrt(params.variances)
    assert deviations == pytest.approx(DEVIATIONS, rel=0.1)
    assert np.array(params.moves) == pytest.approx(MOVES, abs=0.02)
    assert params.starts == pytest.approx(np.bincount(states) / len(states), abs=0.02)
    likeliest = [int(np.argmax(one)) for one in filtered(params, bars.changes.tolist())]
    assert np.mean(np.array(likeliest) == states) > 0.9
    assert model.fit is not None
    assert model.fit.converged >= 1
    assert model.fit.log_likelihood == pytest.approx(log_likelihood_of(params, bars.changes))
    assert (model.fit.bars, model.fit.unchanged_ppm) == (6_000, 0)


def test_the_fit_explains_its_bars_better_than_the_planted_model_does() -> None:
    bars, _ = planted(3_000)
    params = fit_regimes(bars).hmm
    truth = as_planted(params)

    assert log_likelihood_of(params, bars.changes) > log_likelihood_of(truth, bars.changes)


def as_planted(params: HmmParams) -> HmmParams:
    scaled = tuple(float(one) for one in (DEVIATIONS / params.scale) ** 2)
    rows = tuple(tuple(map(float, row)) for row in MOVES)
    return msgspec.structs.replace(params, moves=rows, variances=scaled)


def test_the_same_bars_and_seed_give_the_same_bytes() -> None:
    bars, _ = planted(1_500)

    assert format_model(fit_regimes(bars, seed=7)) == format_model(fit_regimes(bars, seed=7))


def test_seeds_agree_on_the_model_where_there_is_one() -> None:
    bars, _ = planted(3_000)
    one, other = fit_regimes(bars, seed=1).hmm, fit_regimes(bars, seed=2).hmm

    assert one.variances == pytest.approx(other.variances, rel=0.01)


def test_what_comes_after_the_training_window_changes_nothing(tmp_path: Path) -> None:
    quotes = regime_quotes(1_600)
    short = read_bars(quote_tape(tmp_path / "a.tape.parquet", quotes[:1_001]), SECOND_NS)
    long = read_bars(quote_tape(tmp_path / "b.tape.parquet", quotes), SECOND_NS)
    end_ns = short.start_ns + 900 * SECOND_NS

    one = fit_regimes(short.before(end_ns), states=2)
    other = fit_regimes(long.before(end_ns), states=2)

    assert one.hmm == other.hmm
    ours = filtered(one.hmm, short.changes.tolist())
    assert filtered(one.hmm, long.changes.tolist())[: len(ours)] == ours


@pytest.mark.parametrize("states", [2, 3, 4])
def test_every_number_of_states_makes_a_model_that_can_be_written(states: int) -> None:
    bars, _ = planted(2_000)
    if states == 4:
        # A fourth kind of bar, so that there are four regimes to find.
        changes = bars.changes.copy()
        changes[500:700] = np.random.default_rng(5).normal(size=200) * 2e-3
        bars = replace(bars, changes=changes)
    model = fit_regimes(bars, states=states)

    assert len(model.hmm.variances) == states
    assert min(min(row) for row in model.hmm.moves) > 0.0
    assert parse_model(format_model(model), "x") == model


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [
        (np.ones(149), {}, "found 149 bars, allowed are 150 or more for 3 states"),
        (np.zeros(500), {}, "found 500 bars that never change"),
        (np.ones(500), {"states": 1}, "states: found 1, allowed are 2 to 4"),
        (np.ones(500), {"states": 5}, "states: found 5, allowed are 2 to 4"),
        (np.ones(500), {"restarts": 0}, "restarts: found 0, allowed is 1 or more"),
    ],
)
def test_bars_without_anything_to_learn_are_refused(
    changes: np.ndarray, options: dict[str, int], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        fit_regimes(Bars("ab", "0 S@X", 0, SECOND_NS, changes), **options)


def test_a_fit_that_does_not_come_to_rest_is_refused() -> None:
    bars, _ = planted(500)

    with pytest.raises(InputError, match="found 5 starts of which none came to rest"):
        fit_regimes(bars, fitter=HmmlearnFitter(iterations_max=3))


def test_running_out_of_steps_is_not_coming_to_rest() -> None:
    bars, _ = planted(500)
    start = Start(np.full((2, 2), 0.5), np.array([0.5, 2.0]))
    scaled = bars.changes / bars.changes.std()

    assert not HmmlearnFitter(iterations_max=2).fit(scaled, start).converged
    assert not HmmlearnFitter(iterations_max=1).fit(scaled, start).converged
    assert HmmlearnFitter().fit(scaled, start).converged


class StubFitter:
    """Answers what it was told to, in turn."""

    name = "stub"

    def __init__(self, *answers: Fitted) -> None:
        self._answers = list(answers)

    def fit(self, scaled: np.ndarray, start: Start) -> Fitted:
        return self._answers.pop(0)


def answer(
    log_likelihood: float = 0.0,
    *,
    converged: bool = True,
    variances: tuple[float, ...] = (4.0, 0.5),
    shares: tuple[float, ...] = (0.25, 0.75),
) -> Fitted:
    moves = np.array([[0.9, 0.1], [0.0, 1.0]])
    return Fitted(moves, np.array(variances), np.array(shares), log_likelihood, 9, converged)


def fitted_by(*answers: Fitted) -> RegimeModel:
    bars, _ = planted(200)
    return fit_regimes(bars, states=2, restarts=len(answers), fitter=StubFitter(*answers))


def test_states_are_sorted_by_variance_and_none_is_a_trap() -> None:
    params = fitted_by(answer()).hmm

    assert params.variances == (0.5, 4.0)
    assert params.starts == (0.75, 0.25)
    assert params.moves[1] == (0.1, 0.9)
    assert params.moves[0] == pytest.approx((1.0, 1e-6))
    assert params.moves[0][1] > 0.0


def test_the_best_start_that_came_to_rest_wins() -> None:
    model = fitted_by(
        answer(1.0, variances=(4.0, 0.1)),
        answer(3.0, variances=(4.0, 0.3)),
        answer(9.0, variances=(4.0, 0.9), converged=False),
        answer(3.0, variances=(4.0, 0.4)),
    )

    assert model.hmm.variances == (0.3, 4.0)
    assert (model.fit.converged, model.fit.restarts) == (3, 4)
    assert (model.fit.iterations, model.fit.fitter) == (9, "stub")


def test_a_state_without_bars_and_two_equal_states_are_refused() -> None:
    with pytest.raises(InputError, match=r"found a state that holds 0\.40% of the bars"):
        fitted_by(answer(shares=(0.996, 0.004)))
    with pytest.raises(InputError, match=r"variances are as 1 to 1\.050, allowed is 1 to 1\.1"):
        fitted_by(answer(variances=(1.0, 1.05)))


def test_a_report_adds_up_and_tells_training_from_the_rest() -> None:
    bars, _ = planted(3_000)
    model = fit_regimes(bars.before(2_000 * SECOND_NS))

    report = report_regimes(bars, model)

    parts = [(row.part, row.regime) for row in report.rows]
    assert parts == [(p, r) for p in ("training", "other") for r in ("CALM", "NORMAL", "VOLATILE")]
    assert [sum(r.bars for r in report.rows if r.part == p) for p in ("training", "other")] == [
        2_000,
        1_000,
    ]
    for row in report.rows:
        assert row.volatility_ppm == pytest.approx(row.model_volatility_ppm, rel=0.35)
    training = report.log_likelihood_per_bar["training"] * 2_000
    assert model.fit is not None
    assert training == pytest.approx(model.fit.log_likelihood)
    other = report_regimes(replace(bars, tape="cd"), model)
    assert {row.part for row in other.rows} == {"other"}


def test_a_report_on_bars_of_another_length_is_refused() -> None:
    bars, _ = planted(500)
    model = fit_regimes(bars, states=2)

    with pytest.raises(InputError, match="found bars of 1s, allowed are 2s"):
        report_regimes(replace(bars, bar_ns=2 * SECOND_NS), model)
