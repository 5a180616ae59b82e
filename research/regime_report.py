"""What a fitted model makes of a tape: how often each regime, for how long, how volatile, how well.

Model: the desk's own filter goes over all bars in order, knowing at each bar only what came before.
Bars inside the model's training window and bars outside it are told apart, because only the latter
say whether the model is any good: a likelihood far below the training's is a model of another day.
"""

from math import inf, sqrt
from typing import Final

import msgspec

from desk.state.hmm import HmmData, add_change, regime_of_states
from desk.state.hmm_params import STATE_REGIMES, FitRecord, HmmParams, RegimeModel
from desk.state.volatility import SECOND_NS
from market.errors import InputError
from market.units import format_ns
from research.bars import Bars

TRAINING: Final = "training"
OTHER: Final = "other"


class RegimeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One regime in one part of a tape.

    Attributes:
        part: `training`, or `other`.
        regime: Its name.
        bars: Bars in which it was the most probable one.
        share_ppm: Of the part's bars.
        runs: Unbroken stretches of it.
        mean_run: How long those lasted on average.
        model_run: How long they should, by the probability to stay.
        volatility_ppm: Root mean square of its bars' changes, scaled to one second.
        model_volatility_ppm: The same by the state's variance.
    """

    part: str
    regime: str
    bars: int
    share_ppm: int
    runs: int
    mean_run: str
    model_run: str
    volatility_ppm: float
    model_volatility_ppm: float


class RegimeReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole tape.

    Attributes:
        rows: One for each part and regime.
        log_likelihood_per_bar: Of the scaled changes, by part.
    """

    rows: list[RegimeRow]
    log_likelihood_per_bar: dict[str, float]


class _Tally:
    """What is added up for one regime of one part."""

    def __init__(self) -> None:
        self.bars = 0
        self.runs = 0
        self.squares = 0.0


def filtered(params: HmmParams, changes: list[float]) -> list[list[float]]:
    """Probabilities of the states after every bar, each given the bars up to it alone."""
    data = HmmData()
    result = []
    for change in changes:
        add_change(data, params, change)
        result.append(data.probabilities)
    return result


def report_regimes(bars: Bars, model: RegimeModel) -> RegimeReport:
    """Filter a tape's bars and count.

    Raises:
        InputError: The bars are of another length than the model's.
    """
    params = model.hmm
    if bars.bar_ns != params.bar_ns:
        raise InputError(
            f"model: found bars of {format_ns(params.bar_ns)}, allowed are {format_ns(bars.bar_ns)}"
        )
    regimes = STATE_REGIMES[len(params.variances)]
    tallies = {part: {one: _Tally() for one in regimes} for part in (TRAINING, OTHER)}
    likelihood = {TRAINING: 0.0, OTHER: 0.0}
    data, before = HmmData(), None
    for number, change in enumerate(bars.changes.tolist()):
        known = data.log_likelihood
        add_change(data, params, change)
        part = _part_of(model.fit, bars, number)
        now = (part, regime_of_states(data.probabilities))
        tally = tallies[part][now[1]]
        tally.bars += 1
        tally.runs += now != before
        tally.squares += change * change
        likelihood[part] += data.log_likelihood - known
        before = now
    counts = {part: sum(one.bars for one in tallies[part].values()) for part in tallies}
    return RegimeReport(
        rows=[
            _row(part, state, tallies[part][regime], counts[part], params)
            for part in tallies
            if counts[part]
            for state, regime in enumerate(regimes)
        ],
        log_likelihood_per_bar={
            part: likelihood[part] / counts[part] for part in tallies if counts[part]
        },
    )


def _part_of(fit: FitRecord | None, bars: Bars, number: int) -> str:
    """Whether a bar was trained on."""
    start_ns = bars.start_ns + number * bars.bar_ns
    trained = (
        fit is not None
        and (fit.tape, fit.book) == (bars.tape, bars.book)
        and fit.start_ns <= start_ns < fit.end_ns
    )
    return TRAINING if trained else OTHER


def _row(part: str, state: int, tally: _Tally, count: int, params: HmmParams) -> RegimeRow:
    """One line of the report."""
    to_second = SECOND_NS / params.bar_ns
    leave = 1.0 - params.moves[state][state]
    squares = tally.squares / tally.bars if tally.bars else 0.0
    return RegimeRow(
        part=part,
        regime=STATE_REGIMES[len(params.variances)][state].name,
        bars=tally.bars,
        share_ppm=tally.bars * 1_000_000 // count,
        runs=tally.runs,
        mean_run=_length(tally.bars / tally.runs if tally.runs else 0.0, params.bar_ns),
        model_run=_length(1.0 / leave if leave > 0.0 else inf, params.bar_ns),
        volatility_ppm=round(1e6 * sqrt(squares * to_second), 3),
        model_volatility_ppm=round(
            1e6 * params.scale * sqrt(params.variances[state] * to_second), 3
        ),
    )


def _length(bars: float, bar_ns: int) -> str:
    """So many bars as a duration to a tenth of a bar, which is as fine as it means anything."""
    return "–" if bars == inf or bars == 0.0 else format_ns(round(bars * 10) * bar_ns // 10)
