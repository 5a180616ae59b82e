"""Compiled chance is plain chance, bit by bit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import portable
from sim import latency, streams
from sim.kernels import draw as compiled
from sim.kernels import latency as compiled_latency

COUNT = 100_000
INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
BITS = st.integers(0, (1 << 63) - 1)


def random_int64(seed: int, low: int = -(1 << 63), high: int = (1 << 63) - 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, COUNT, dtype=np.int64, endpoint=True)


@pytest.fixture(scope="module")
def bits() -> np.ndarray:
    """Draws of random causes, compiled; equal to the plain ones as the first test shows."""
    out = np.empty(COUNT, dtype=np.int64)
    compiled.draw_many(streams.stream_key(9, "p"), random_int64(1), random_int64(2), out)
    return out


def test_draws_are_equal(bits: np.ndarray) -> None:
    key = streams.stream_key(9, "p")
    causes = zip(random_int64(1).tolist(), random_int64(2).tolist(), strict=True)
    assert bits.tolist() == [streams.draw(key, a, b) for a, b in causes]
    assert bits.min() >= 0


def test_uniforms_are_equal(bits: np.ndarray) -> None:
    n = random_int64(3, 1, streams.BELOW_MAX) >> np.arange(COUNT) % 62
    n = np.maximum(n, 1)
    out = np.empty(COUNT, dtype=np.int64)
    compiled.uniform_below_many(bits, n, out)
    pairs = zip(bits.tolist(), n.tolist(), strict=True)
    assert out.tolist() == [streams.uniform_below(b, m) for b, m in pairs]


@pytest.mark.parametrize("mean_ns", [0, 1, 1_000_003, streams.MEAN_NS_MAX])
def test_exponentials_are_equal(bits: np.ndarray, mean_ns: int) -> None:
    out = np.empty(COUNT, dtype=np.int64)
    compiled.exponential_many(bits, mean_ns, out)
    assert out.tolist() == [streams.exponential_ns(b, mean_ns) for b in bits.tolist()]


def test_logarithms_exponentials_and_quantiles_are_equal_to_the_last_bit() -> None:
    x = np.exp(np.random.default_rng(4).uniform(-300.0, 6.5, COUNT))
    x[: COUNT // 2] = np.random.default_rng(5).uniform(0.5, 1.5, COUNT // 2)
    x = np.minimum(x, 700.0)
    logs, exps, quantiles = (np.empty(COUNT) for _ in range(3))
    compiled.shape_many(x, logs, exps, quantiles)
    values = x.tolist()
    assert logs.tolist() == [portable.log(v) for v in values]
    assert exps.tolist() == [portable.exp(v) for v in values]
    assert quantiles.tolist() == [streams.normal_quantile(v / (1.0 + v)) for v in values]


@pytest.mark.parametrize(
    "model",
    [
        latency.Constant(latency_ns=1),
        latency.LogNormal(median_ns=80_000, sigma=0.4, min_ns=30_000),
        latency.LogNormal(
            median_ns=80_000_000,
            sigma=2.0,
            burst_probability=0.3,
            burst_every_ns=7_000_001,
            burst_factor=12.345678,
        ),
    ],
)
def test_latencies_are_equal_wherever_the_block_lies(model: latency.LatencyModel) -> None:
    block = model.compile()
    mem = np.concatenate([np.full(11, -99), block, np.full(3, -99)])
    now_ns, causes_a, causes_b = random_int64(6, 0), random_int64(7), random_int64(8)
    out = np.empty(COUNT, dtype=np.int64)
    compiled_latency.latency_many(mem, 11, 5, now_ns, causes_a, causes_b, out)
    causes = zip(now_ns.tolist(), causes_a.tolist(), causes_b.tolist(), strict=True)
    assert out.tolist() == [latency.sample(block, 5, *cause) for cause in causes]
    assert out.min() >= 1


@given(INT64, INT64, INT64)
def test_a_draw_is_equal_at_the_edges(key: int, cause_a: int, cause_b: int) -> None:
    assert compiled.draw(key, cause_a, cause_b) == streams.draw(key, cause_a, cause_b)


@given(BITS, st.integers(1, streams.BELOW_MAX))
def test_a_uniform_is_equal_at_the_edges(bits: int, n: int) -> None:
    found = compiled.uniform_below(bits, n)
    assert found == streams.uniform_below(bits, n)
    assert 0 <= found < n


@given(st.floats(min_value=5e-324, allow_infinity=False))
@settings(max_examples=500)
def test_a_logarithm_is_equal_and_accurate_anywhere(x: float) -> None:
    assert compiled.log_fp(x) == portable.log(x)
    assert portable.log(x) == pytest.approx(math.log(x), rel=2e-15, abs=0)


@given(st.floats(-708.0, 709.0))
@settings(max_examples=500)
def test_an_exponential_is_equal_and_accurate_anywhere(x: float) -> None:
    assert compiled.exp_fp(x) == portable.exp(x)
    assert portable.exp(x) == pytest.approx(math.exp(x), rel=2e-15, abs=0)


@given(st.floats(1e-300, 1.0, exclude_max=True))
def test_a_normal_quantile_is_equal_and_odd(u: float) -> None:
    assert compiled.normal_quantile(u) == streams.normal_quantile(u)
    if 1.0 - u < 1.0 and 1.0 - (1.0 - u) == u:
        assert streams.normal_quantile(1.0 - u) == -streams.normal_quantile(u)
