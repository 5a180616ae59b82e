"""Latency models: what they promise in distribution, at their edges, and to whoever misuses them."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from market.errors import InputError
from sim import latency
from sim.kernels import latency as compiled
from sim.latency import Block, Constant, Empirical, LogNormal
from sim.streams import stream_key

KEY = stream_key(42, "test/latency")
COUNT = 200_000


def latencies(block: Block, now_ns: np.ndarray | None = None, count: int = COUNT) -> np.ndarray:
    causes = np.arange(count, dtype=np.int64)
    out = np.empty(count, dtype=np.int64)
    now = np.zeros(count, dtype=np.int64) if now_ns is None else now_ns
    compiled.latency_many(block, 0, KEY, now, causes, causes * 0, out)
    return out


def test_constant_is_constant() -> None:
    block = Constant(latency_ns=250_000).compile()
    assert block.dtype == np.int64
    assert set(latencies(block, count=100).tolist()) == {250_000}
    assert latency.sample(block, KEY, 0, 1, 2) == 250_000


def test_log_normal_has_its_median_and_its_quantiles() -> None:
    out = latencies(LogNormal(median_ns=1_000_000, sigma=0.5).compile())
    law = stats.lognorm(s=0.5, scale=1_000_000)
    for u in (0.01, 0.25, 0.5, 0.75, 0.99, 0.999):
        error = math.sqrt(u * (1 - u) / COUNT) / law.pdf(law.ppf(u))
        assert abs(np.quantile(out, u) - law.ppf(u)) < 4 * error, u
    assert stats.kstest(out, law.cdf).pvalue > 1e-3


def test_log_normal_table_resolves_the_slowest_in_a_million() -> None:
    block = LogNormal(median_ns=1_000_000, sigma=0.5).compile()
    law = stats.lognorm(s=0.5, scale=1_000_000)
    for probability in (1e-3, 1e-4, 1e-5, 2e-6):
        bits = int((1 - probability) * 2**63)
        found = compiled.table_ns(block, latency.POINTS, bits)
        assert found == pytest.approx(law.isf(probability), rel=2e-3)


def test_table_rises_from_the_floor_to_the_last_point() -> None:
    block = LogNormal(median_ns=100_000, sigma=1.0, min_ns=60_000).compile()
    points = block[latency.POINTS :]
    assert len(points) == latency.POINT_COUNT
    assert np.all(np.diff(points) >= 0)
    assert compiled.table_ns(block, latency.POINTS, 0) == points[0] == 60_000
    top = compiled.table_ns(block, latency.POINTS, (1 << 63) - 1)
    assert points[-2] < top <= points[-1]


def test_zero_sigma_is_a_constant() -> None:
    out = latencies(LogNormal(median_ns=77, sigma=0.0).compile(), count=1000)
    assert set(out.tolist()) == {77}


def test_no_latency_is_below_one_nanosecond() -> None:
    assert latencies(LogNormal(median_ns=1, sigma=3.0).compile()).min() == 1


def burst(probability: float, factor: float = 3.5) -> Block:
    return LogNormal(
        median_ns=100_000,
        sigma=0.3,
        burst_probability=probability,
        burst_every_ns=1_000,
        burst_factor=factor,
    ).compile()


def test_a_burst_multiplies_the_latency_that_would_have_been() -> None:
    calm = latencies(burst(0.0))
    stormy = latencies(burst(1.0))
    assert np.array_equal(stormy, calm * 3_500_000 // 1_000_000)


def test_bursts_come_as_often_as_asked_and_hold_for_a_whole_bucket() -> None:
    now_ns = np.arange(COUNT, dtype=np.int64) * 100
    in_burst = latencies(burst(0.25), now_ns) != latencies(burst(0.0), now_ns)
    buckets = in_burst.reshape(-1, 10)
    assert np.all(buckets == buckets[:, :1])
    share = buckets[:, 0].mean()
    assert abs(share - 0.25) < 4 * math.sqrt(0.25 * 0.75 / len(buckets))


def test_the_longest_latency_in_the_strongest_burst_does_not_overflow() -> None:
    block = LogNormal(
        median_ns=latency.LATENCY_NS_MAX,
        sigma=0.0,
        burst_probability=1.0,
        burst_factor=latency.BURST_FACTOR_MAX,
    ).compile()
    assert latencies(block, count=1).tolist() == [latency.LATENCY_NS_MAX * 1000]
    assert latency.sample(block, KEY, 0, 0, 0) == latency.LATENCY_NS_MAX * 1000


def test_empirical_gives_back_what_was_measured(tmp_path: Path) -> None:
    file = tmp_path / "latency.csv"
    values = np.sort(np.random.default_rng(1).integers(50_000, 90_000, 5000))
    file.write_text("latency_ns\n" + "\n".join(map(str, values[::-1])) + "\n")
    out = latencies(Empirical(path=str(file)).compile())
    assert out.min() >= values[0]
    assert out.max() <= values[-1]
    assert stats.ks_2samp(out, values).statistic < 0.01


def test_empirical_of_two_values_gives_each_half_of_the_time(tmp_path: Path) -> None:
    file = tmp_path / "latency.txt"
    file.write_text("100\n900\n")
    out = latencies(Empirical(path=str(file)).compile())
    assert abs((out == 100).mean() - 0.5) < 0.01
    assert abs((out == 900).mean() - 0.5) < 0.01


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0: found no latency, allowed is at least one"),
        ("latency_ns\n", "1: found no latency"),
        ("100\nabc\n", "2: found 'abc', allowed is one whole number"),
        ("100\n\n200\n", "2: found ''"),
        ("0\n", "1: found '0'"),
        ("-5\n", "1: found '-5'"),
        ("1.5\n", "1: found '1.5'"),
        ("ns\n1_000\n", "2: found '1_000'"),
        ("4398046511105\n", "1: found '4398046511105'"),
        ("1" * 5000, "1: found '" + "1" * 40 + "'"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        Empirical(path=str(file)).compile()
    assert str(caught.value).startswith(f"{file}:{message}")


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: found no readable ASCII text"):
        Empirical(path=str(tmp_path / "absent.csv")).compile()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="binary: found no readable ASCII text"):
        Empirical(path=str(tmp_path / "binary")).compile()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"median_ns": 0}, "median_ns is 0, allowed is 1 to"),
        ({"sigma": -0.1}, "sigma is -0.1, allowed is 0.0 to 5.0"),
        ({"sigma": math.nan}, "sigma is nan"),
        ({"min_ns": 101}, "min_ns is 101, allowed is 1 to 100"),
        ({"burst_probability": 1.1}, "burst_probability is 1.1"),
        ({"burst_every_ns": 0}, "burst_every_ns is 0"),
        ({"burst_factor": 0.5}, "burst_factor is 0.5, allowed is 1.0 to 1000.0"),
        ({"median_ns": 1 << 41, "sigma": 1.0}, "latency in a million is"),
    ],
)
def test_a_bad_parameter_is_named(change: dict[str, float], message: str) -> None:
    with pytest.raises(InputError) as caught:
        LogNormal(**{"median_ns": 100, "sigma": 0.5, **change})  # type: ignore[arg-type]
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [0, -1, latency.LATENCY_NS_MAX + 1])
def test_a_constant_must_be_within_range(value: int) -> None:
    with pytest.raises(InputError, match=f"latency_ns is {value}, allowed is 1 to"):
        Constant(latency_ns=value)


def test_tables_are_pinned() -> None:
    block = burst(0.25)
    assert block[:5].tolist() == [1, 2251799813685248, 1000, 3_500_000, 22_986]
    assert [latency.sample(block, KEY, 1000 * n, n, 0) for n in range(8)] == GOLDEN


PROGRAM = """
from sim.latency import LogNormal, sample
block = LogNormal(median_ns=100000, sigma=0.3, burst_probability=0.25, burst_every_ns=1000,
                  burst_factor=3.5).compile()
print([sample(block, {key}, 1000 * n, n, 0) for n in range(8)])
"""


def test_another_process_samples_the_same() -> None:
    root = Path(latency.__file__).parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(root)}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(key=KEY)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == str(GOLDEN)


GOLDEN = [87065, 575750, 94550, 110790, 445725, 109925, 64085, 128892]
