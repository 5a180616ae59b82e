"""Fits a hidden Markov model of a market's regimes on the changes of a training window.

Model: changes are divided by their own root mean square and given to expectation maximisation
(`RegimeFitter`; hmmlearn by default) from several starting points, of which the one that comes to
rest at the highest likelihood wins. Means stay zero: a bar of seconds has no drift worth a state, and
free means would tell up from down instead of quiet from wild. The first probabilities are the
states' shares of the training bars, because a filter may begin at any time of any day. Every move
keeps a probability of at least `MOVE_MIN`, so that no regime is a trap.

What is refused: too few bars, bars that never change, a fit of which no start came to rest, and a
state that holds next to no bars or has the variance of its neighbour.

Limits: on bars so short that most of them do not change, the calmest state becomes exactly those,
which tells ticks from none rather than calm from wild; `unchanged_ppm` says how many there were.
Numbers are rounded to 12 digits. The fit itself goes through BLAS and the C library, so equal
bits are promised on one machine with one set of libraries; what travels is the file.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Protocol

import numpy as np

from desk.state.hmm import HmmData, add_change
from desk.state.hmm_params import STATES_MAX, STATES_MIN, FitRecord, HmmParams, RegimeModel
from market.errors import InputError
from research.bars import Bars, Floats

RESTARTS: Final = 5
BARS_PER_STATE_MIN: Final = 50
ITERATIONS_MAX: Final = 2_000
TOLERANCE: Final = 1e-3
SHARE_MIN: Final = 0.005
VARIANCE_STEP_MIN: Final = 1.1
MOVE_MIN: Final = 1e-6
VARIANCE_PRIOR: Final = 1e-2
"""Variance of the one bar that each state is given beforehand: it keeps a state of bars that never
change from becoming a point, and one that loses its bars from dividing by nothing."""
MEANS_WEIGHT: Final = 1e12
"""Bars of zero change given to each state's mean, which holds it at zero. Leaving means out of what
is fitted would say it better, but then hmmlearn 0.3.3 divides the variances by nothing (its issue
569)."""
MOVE_PRIOR: Final = 1e-3
"""Moves that each state is given beforehand, to each state, for the same reason."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where expectation maximisation begins: by state."""

    moves: Floats
    variances: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """Where it ended.

    Attributes:
        moves: By state, the probability of each state in the next bar.
        variances: By state, of a scaled change.
        shares: By state, its share of the bars.
        log_likelihood: Of the scaled changes.
        iterations: Steps taken.
        converged: Whether it came to rest, rather than ran out of steps.
    """

    moves: Floats
    variances: Floats
    shares: Floats
    log_likelihood: float
    iterations: int
    converged: bool


class RegimeFitter(Protocol):
    """Expectation maximisation of a Gaussian model with zero means; the seam to a library."""

    name: str

    def fit(self, scaled: Floats, start: Start) -> Fitted:
        """Maximise the likelihood of scaled changes from a starting point; uses no chance."""
        ...


class HmmlearnFitter:
    """hmmlearn's `GaussianHMM`, one-dimensional, on one thread."""

    def __init__(
        self, *, iterations_max: int = ITERATIONS_MAX, tolerance: float = TOLERANCE
    ) -> None:
        self.name = f"hmmlearn {version('hmmlearn')}"
        self._iterations_max = iterations_max
        self._tolerance = tolerance

    def fit(self, scaled: Floats, start: Start) -> Fitted:
        """Maximise the likelihood of scaled changes from a starting point; uses no chance."""
        from hmmlearn.hmm import GaussianHMM

        states = len(start.variances)
        model = GaussianHMM(
            n_components=states,
            covariance_type="full",
            covars_prior=VARIANCE_PRIOR,
            covars_weight=2.0,  # hmmlearn counts one per dimension less: one bar
            transmat_prior=1.0 + MOVE_PRIOR,
            means_prior=0.0,
            means_weight=MEANS_WEIGHT,
            params="mtc",
            init_params="",
            n_iter=self._iterations_max,
            tol=self._tolerance,
            implementation="log",
        )
        model.startprob_ = np.full(states, 1.0 / states)
        model.transmat_ = start.moves
        model.means_ = np.zeros((states, 1))
        model.covars_ = start.variances.reshape(states, 1, 1)
        column = scaled.reshape(-1, 1)
        with _one_thread(), _quiet():
            model.fit(column)
            log_likelihood, shares = model.score_samples(column)
        # hmmlearn calls a fit converged when it ran out of steps, and when it got worse.
        steps = list(model.monitor_.history)
        gained = steps[-1] - steps[-2] if len(steps) > 1 else np.inf
        return Fitted(
            moves=model.transmat_,
            variances=model.covars_.reshape(states),
            shares=shares.mean(axis=0),
            log_likelihood=float(log_likelihood),
            iterations=int(model.monitor_.iter),
            converged=bool(abs(gained) < self._tolerance),
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums of a threaded BLAS depend on how many threads there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence about starts that do not come to rest; they are counted and reported here."""
    logger = logging.getLogger("hmmlearn")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def fit_regimes(
    bars: Bars,
    *,
    states: int = 3,
    seed: int = 1,
    restarts: int = RESTARTS,
    fitter: RegimeFitter | None = None,
) -> RegimeModel:
    """Fit a model on all bars given; who wants a training window gives no others.

    Args:
        bars: The training window.
        states: 2 to 4.
        seed: Of the starting points; the first one does not depend on it.
        restarts: Starting points.
        fitter: Who maximises; hmmlearn unless told.

    Raises:
        InputError: There is nothing to learn from these bars, or no fit came to rest.
    """
    scale = _scale_of(bars, states, restarts)
    fitter = fitter or HmmlearnFitter()
    scaled = bars.changes / scale
    tried = [fitter.fit(scaled, start) for start in _starts(states, seed, restarts)]
    rested = [one for one in tried if one.converged]
    if not rested:
        raise InputError(
            f"fit: found {restarts} starts of which none came to rest, allowed is a longer "
            "training window, or fewer states"
        )
    best = max(rested, key=lambda one: one.log_likelihood)
    params = _params_of(best, bars.bar_ns, scale)
    return RegimeModel(
        hmm=params,
        fit=FitRecord(
            tape=bars.tape,
            book=bars.book,
            start_ns=bars.start_ns,
            end_ns=bars.end_ns,
            bars=len(bars.changes),
            unchanged_ppm=unchanged_ppm(bars),
            seed=seed,
            restarts=restarts,
            converged=len(rested),
            iterations=best.iterations,
            log_likelihood=_rounded(log_likelihood_of(params, bars.changes)),
            fitter=fitter.name,
        ),
    )


def unchanged_ppm(bars: Bars) -> int:
    """Share of bars with a change of exactly zero; where most are, CALM means that nothing moved."""
    return int(np.count_nonzero(bars.changes == 0.0)) * 1_000_000 // len(bars.changes)


def log_likelihood_of(params: HmmParams, changes: Floats) -> float:
    """Log likelihood of changes, scaled, by the desk's own filter."""
    data = HmmData()
    for change in changes.tolist():
        add_change(data, params, change)
    return data.log_likelihood


def _scale_of(bars: Bars, states: int, restarts: int) -> float:
    """Root mean square of the changes, once it is clear that there is something to learn."""
    if not STATES_MIN <= states <= STATES_MAX:
        raise InputError(f"states: found {states}, allowed are {STATES_MIN} to {STATES_MAX}")
    if restarts < 1:
        raise InputError(f"restarts: found {restarts}, allowed is 1 or more")
    count = len(bars.changes)
    if count < states * BARS_PER_STATE_MIN:
        raise InputError(
            f"fit: found {count} bars, allowed are {states * BARS_PER_STATE_MIN} or more for "
            f"{states} states"
        )
    scale = _rounded(float(np.sqrt(np.mean(bars.changes**2))))
    if not scale > 0.0:
        raise InputError(f"fit: found {count} bars that never change, allowed are some that do")
    return scale


def _starts(states: int, seed: int, restarts: int) -> Iterator[Start]:
    """A ladder of variances around one with sticky states, then drawn ones."""
    stay = np.full(states, 0.95)
    spread = 4.0 ** (np.arange(states) - (states - 1) / 2)
    yield Start(_sticky(stay), spread / spread.mean())
    for number in range(1, restarts):
        draws = np.random.default_rng([seed, number])
        stay = draws.uniform(0.6, 0.99, states)
        spread = np.sort(np.exp(draws.uniform(-4.0, 2.0, states)))
        yield Start(_sticky(stay), spread / spread.mean())


def _sticky(stay: Floats) -> Floats:
    """Moves that stay with given probabilities and go everywhere else alike."""
    states = len(stay)
    moves = np.repeat(((1.0 - stay) / (states - 1))[:, None], states, axis=1)
    np.fill_diagonal(moves, stay)
    return moves


def _params_of(best: Fitted, bar_ns: int, scale: float) -> HmmParams:
    """The model, its states sorted by variance.

    Raises:
        InputError: A state is empty, or two are the same.
    """
    order = np.argsort(best.variances, kind="stable")
    shares, variances = best.shares[order], best.variances[order]
    if shares.min() < SHARE_MIN:
        raise InputError(
            f"fit: found a state that holds {shares.min():.2%} of the bars, allowed are "
            f"{SHARE_MIN:.1%} or more; take fewer states"
        )
    steps = variances[1:] / variances[:-1]
    if not steps.min() >= VARIANCE_STEP_MIN:
        raise InputError(
            f"fit: found two states whose variances are as 1 to {steps.min():.3f}, allowed is 1 to "
            f"{VARIANCE_STEP_MIN} or more; take fewer states"
        )
    moves = np.maximum(best.moves[order][:, order], MOVE_MIN)
    return HmmParams(
        bar_ns=bar_ns,
        scale=scale,
        starts=_row(shares),
        moves=tuple(_row(row) for row in moves),
        variances=tuple(_rounded(float(one)) for one in variances),
    )


def _row(shares: Floats) -> tuple[float, ...]:
    """Probabilities that add up to one."""
    return tuple(_rounded(float(share)) for share in shares / shares.sum())


def _rounded(value: float) -> float:
    """A number to 12 digits; more of them would only say which BLAS it was."""
    return float(f"{value:.12g}")
