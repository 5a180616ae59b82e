"""The forward filter: textbook examples, hmmlearn's likelihood, and that it never looks ahead.

Umbrella world is Russell & Norvig's, the weather is Wikipedia's; both with the figures that
hmmlearn's own tests give for them.
"""

from math import exp, log, pi, sqrt

import msgspec
import numpy as np
import pytest
from hmmlearn.hmm import CategoricalHMM, GaussianHMM
from hypothesis import given
from hypothesis import strategies as st

from desk.state.hmm import HmmData, add_change, predict, regime_of_states, weigh
from desk.state.hmm_params import FitRecord, HmmParams, RegimeModel, format_model, parse_model
from market.codes import Regime
from market.errors import InputError

UMBRELLA_STARTS = (0.5, 0.5)
UMBRELLA_MOVES = ((0.7, 0.3), (0.3, 0.7))
UMBRELLA_SHOWS = ((0.9, 0.1), (0.2, 0.8))  # rain, sun: umbrella, none
UMBRELLA_SEEN = (0, 0, 1, 0, 0)

THREE = HmmParams(
    bar_ns=1_000_000_000,
    scale=1e-4,
    starts=(0.5, 0.3, 0.2),
    moves=((0.9, 0.08, 0.02), (0.1, 0.8, 0.1), (0.05, 0.15, 0.8)),
    variances=(0.05, 0.8, 6.0),
)
CHANGES = st.lists(st.floats(-1e-3, 1e-3), max_size=60)


def categorical(starts: object, moves: object, shows: object) -> CategoricalHMM:
    model = CategoricalHMM(n_components=2)
    model.startprob_, model.transmat_ = np.array(starts), np.array(moves)
    model.emissionprob_ = np.array(shows)
    return model


def forward(
    starts: tuple[float, ...],
    moves: tuple[tuple[float, ...], ...],
    shows: tuple[tuple[float, ...], ...],
    seen: tuple[int, ...],
) -> tuple[HmmData, list[list[float]]]:
    """Our filter over a model whose states show one of a few signs."""
    data, path = HmmData(), []
    for sign in seen:
        weigh(data, predict(data, starts, moves), [row[sign] for row in shows])
        path.append(data.probabilities)
    return data, path


def follow(params: HmmParams, changes: list[float]) -> tuple[HmmData, list[list[float]]]:
    data, path = HmmData(), []
    for change in changes:
        add_change(data, params, change)
        path.append(data.probabilities)
    return data, path


def test_umbrella_world_forward_by_our_filter() -> None:
    data, path = forward(UMBRELLA_STARTS, UMBRELLA_MOVES, UMBRELLA_SHOWS, UMBRELLA_SEEN)

    # First day by hand: rain 0.5·0.9 = 0.45, sun 0.5·0.2 = 0.1; 0.45/0.55 = 0.8182.
    # Second: rain (0.8182·0.7 + 0.1818·0.3)·0.9 = 0.5645, sun 0.3727·0.2 = 0.0745; 0.8834.
    assert [one[0] for one in path] == pytest.approx(
        [0.8182, 0.8834, 0.1907, 0.7308, 0.8673], abs=5e-5
    )
    assert data.log_likelihood == pytest.approx(-3.372502, abs=1e-6)
    assert data.bars == 5


def test_umbrella_world_smoothed_and_viterbi_by_hmmlearn() -> None:
    model = categorical(UMBRELLA_STARTS, UMBRELLA_MOVES, UMBRELLA_SHOWS)
    seen = np.array(UMBRELLA_SEEN).reshape(-1, 1)

    log_likelihood, smoothed = model.score_samples(seen)
    best, states = model.decode(seen, algorithm="viterbi")

    assert log_likelihood == pytest.approx(-3.372502, abs=1e-6)
    assert smoothed[:, 0] == pytest.approx([0.8673, 0.8204, 0.3075, 0.8204, 0.8673], abs=5e-5)
    assert states.tolist() == [0, 0, 1, 0, 0]
    assert best == pytest.approx(-4.4590, abs=5e-5)
    # The last day has no future to smooth it with, so the filter says the same.
    data, _ = forward(UMBRELLA_STARTS, UMBRELLA_MOVES, UMBRELLA_SHOWS, UMBRELLA_SEEN)
    assert data.probabilities == pytest.approx(smoothed[-1].tolist(), abs=1e-12)
    assert data.log_likelihood == pytest.approx(log_likelihood, abs=1e-12)


def test_umbrella_world_smoothed_from_our_filter_and_a_backward_pass() -> None:
    _, path = forward(UMBRELLA_STARTS, UMBRELLA_MOVES, UMBRELLA_SHOWS, UMBRELLA_SEEN)

    back, first_back = [1.0, 1.0], [1.0, 1.0]
    smoothed = []
    for day in range(4, -1, -1):
        joint = [p * b for p, b in zip(path[day], back, strict=True)]
        smoothed.append(joint[0] / (joint[0] + joint[1]))
        first_back = back
        shows = [row[UMBRELLA_SEEN[day]] for row in UMBRELLA_SHOWS]
        back = [
            sum(move * show * b for move, show, b in zip(row, shows, back, strict=True))
            for row in UMBRELLA_MOVES
        ]

    assert smoothed[::-1] == pytest.approx([0.8673, 0.8204, 0.3075, 0.8204, 0.8673], abs=5e-5)
    assert first_back == pytest.approx([0.0661, 0.0455], abs=5e-5)


def test_wikipedia_weather() -> None:
    starts, moves = (0.6, 0.4), ((0.7, 0.3), (0.4, 0.6))  # rainy, sunny
    shows = ((0.1, 0.4, 0.5), (0.6, 0.3, 0.1))  # walk, shop, clean
    seen = (0, 1, 2)
    model = categorical(starts, moves, shows)
    column = np.array(seen).reshape(-1, 1)

    best, states = model.decode(column, algorithm="viterbi")
    assert exp(best) == pytest.approx(0.01344, abs=1e-6)
    assert states.tolist() == [1, 0, 0]  # sunny, rainy, rainy
    assert model.predict_proba(column) == pytest.approx(
        np.array([[0.23170303, 0.76829697], [0.62406281, 0.37593719], [0.86397706, 0.13602294]]),
        abs=1e-6,
    )
    data, _ = forward(starts, moves, shows, seen)
    assert data.probabilities == pytest.approx([0.86397706, 0.13602294], abs=1e-6)
    assert data.log_likelihood == pytest.approx(float(model.score(column)), abs=1e-12)


def test_one_bar_of_a_normal_mixture_by_hand() -> None:
    # x = 2; densities 1/√(2πv)·e^(−4/2v) for v = 1, 4; shares ½ each.
    params = HmmParams(
        bar_ns=1, scale=0.5, starts=(0.5, 0.5), moves=((0.5, 0.5), (0.5, 0.5)), variances=(1.0, 4.0)
    )
    quiet, wild = exp(-2.0) / sqrt(2 * pi), exp(-0.5) / sqrt(8 * pi)

    data, _ = follow(params, [1.0])

    assert data.probabilities == pytest.approx([quiet / (quiet + wild), wild / (quiet + wild)])
    assert data.log_likelihood == pytest.approx(log(0.5 * quiet + 0.5 * wild))


@given(CHANGES)
def test_our_likelihood_and_last_probabilities_are_those_of_hmmlearn(changes: list[float]) -> None:
    if not changes:
        return
    model = GaussianHMM(n_components=3, covariance_type="full", init_params="")
    model.startprob_, model.transmat_ = np.array(THREE.starts), np.array(THREE.moves)
    model.means_ = np.zeros((3, 1))
    model.covars_ = np.array(THREE.variances).reshape(3, 1, 1)

    expected, smoothed = model.score_samples(np.array(changes).reshape(-1, 1) / THREE.scale)
    data, _ = follow(THREE, changes)

    assert data.log_likelihood == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert data.probabilities == pytest.approx(smoothed[-1].tolist(), abs=1e-9)


@given(CHANGES, CHANGES)
def test_the_future_changes_no_bit_of_the_past(past: list[float], later: list[float]) -> None:
    _, alone = follow(THREE, past)
    _, together = follow(THREE, past + later)

    assert together[: len(past)] == alone


@given(CHANGES)
def test_probabilities_add_up_to_one(changes: list[float]) -> None:
    _, path = follow(THREE, changes)

    for shares in path:
        assert min(shares) >= 0.0
        assert sum(shares) == pytest.approx(1.0, abs=1e-15)


@given(CHANGES, st.integers(0, 60))
def test_a_snapshot_goes_on_with_the_same_bits(changes: list[float], cut: int) -> None:
    whole, _ = follow(THREE, changes)
    first, _ = follow(THREE, changes[:cut])
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=HmmData)
    for change in changes[cut:]:
        add_change(restored, THREE, change)

    assert msgspec.msgpack.encode(restored) == msgspec.msgpack.encode(whole)


def test_a_jump_beyond_all_densities_makes_the_wildest_regime_certain() -> None:
    data, _ = follow(THREE, [0.0, 0.0, 1e3])

    assert data.probabilities == [0.0, 0.0, 1.0]
    assert regime_of_states(data.probabilities) is Regime.VOLATILE
    add_change(data, THREE, 0.0)
    assert sum(data.probabilities) == pytest.approx(1.0)


def test_a_state_that_is_impossible_stays_so_whatever_is_seen() -> None:
    params = HmmParams(
        bar_ns=1, scale=1.0, starts=(1.0, 0.0), moves=((1.0, 0.0), (0.0, 1.0)), variances=(1.0, 9.0)
    )
    data, path = follow(params, [0.0, 100.0, 1e6])

    assert path == [[1.0, 0.0]] * 3
    assert data.log_likelihood == pytest.approx(-0.5 * (1e4 + 1e12) - 1.5 * log(2 * pi))


@pytest.mark.parametrize(
    ("shares", "regime"),
    [
        ([], Regime.UNKNOWN),
        ([0.6, 0.4], Regime.CALM),
        ([0.5, 0.5], Regime.VOLATILE),
        ([0.2, 0.5, 0.3], Regime.NORMAL),
        ([0.4, 0.2, 0.4], Regime.VOLATILE),
        ([0.1, 0.2, 0.3, 0.4], Regime.EXTREME),
    ],
)
def test_the_most_probable_state_names_the_regime(shares: list[float], regime: Regime) -> None:
    assert regime_of_states(shares) is regime


FIT = FitRecord(
    tape="ab", book='0 "S"@X', start_ns=1, end_ns=2, bars=3, unchanged_ppm=0, seed=4, restarts=5,
    converged=5, iterations=6, log_likelihood=-7.25, fitter="none",
)  # fmt: skip


@pytest.mark.parametrize("fit", [None, FIT])
def test_a_model_survives_toml_and_json(fit: FitRecord | None) -> None:
    model = RegimeModel(hmm=msgspec.structs.replace(THREE, scale=1 / 3e7), fit=fit)

    assert parse_model(format_model(model), "x") == model
    assert msgspec.json.decode(msgspec.json.encode(model), type=RegimeModel) == model


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"variances": (1.0,)}, "found 1 states, allowed is 2 to 4"),
        ({"variances": (1.0, 3.0, 2.0)}, "allowed is numbers above 0, rising"),
        ({"variances": (0.0, 1.0, 2.0)}, "allowed is numbers above 0, rising"),
        ({"variances": (1.0, 2.0, float("nan"))}, "allowed is numbers above 0, rising"),
        ({"starts": (0.5, 0.5)}, "allowed is 3 probabilities that add up to 1"),
        ({"starts": (0.5, 0.4, 0.2)}, "allowed is 3 probabilities that add up to 1"),
        ({"starts": (1.5, -0.5, 0.0)}, "allowed is 3 probabilities that add up to 1"),
        ({"starts": (0.5, 0.5, float("nan"))}, "allowed is 3 probabilities that add up to 1"),
        ({"moves": ((1.0, 0.0, 0.0),)}, "found 1 rows, allowed is one for each of 3 states"),
        ({"scale": 0.0}, "hmm.scale: found 0.0"),
        ({"bar_ns": 0}, "hmm.bar_ns: found 0"),
    ],
)
def test_a_model_that_is_none_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        msgspec.structs.replace(THREE, **change)
    # Reading a file refuses it in the same words.
    fields = {**msgspec.to_builtins(THREE), **change}
    with pytest.raises(InputError, match=said):
        msgspec.convert(fields, HmmParams)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "x.toml: found no TOML"),
        ("[hmm]\n", "x.toml: Object missing required field"),
        ("a = 1\n", "x.toml: Object missing required field|x.toml: Object contains unknown field"),
    ],
)
def test_a_file_that_is_no_model_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_model(text, "x.toml")


def test_a_file_with_a_wrong_number_is_refused_by_name() -> None:
    text = format_model(RegimeModel(hmm=THREE)).replace("0.05, 0.8, 6.0", "0.05, 8.0, 6.0")

    with pytest.raises(InputError, match=r"^x\.toml: hmm\.variances: found"):
        parse_model(text, "x.toml")
