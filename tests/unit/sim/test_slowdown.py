"""Slowdowns: what each kind does, that the compiled twin does the same, and who misuses them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.errors import InputError
from sim import slowdown
from sim.kernels import latency as compiled
from sim.latency import Constant, LogNormal
from sim.slowdown import Slowdown, Slowing, hits_of, sample, slowed

PLAIN = Constant(latency_ns=100).compile()
TABLE = LogNormal(
    median_ns=80, sigma=0.8, burst_probability=0.3, burst_every_ns=500, burst_factor=3.0
).compile()


def row(kind: Slowing, amount: int = 0, from_ns: int = 1_000, until_ns: int = 2_000) -> Slowdown:
    return Slowdown(kind=kind, from_ns=from_ns, until_ns=until_ns, amount=amount)


@pytest.mark.parametrize(
    ("kind", "amount", "arrivals"),
    [
        (Slowing.ADD, 50_000, [1_050, 1_099, 51_100, 52_099, 2_100]),
        (Slowing.SCALE, 2_500_000, [1_050, 1_099, 1_250, 2_249, 2_100]),
        (Slowing.HOLD, 0, [1_050, 1_099, 2_000, 2_099, 2_100]),
        (Slowing.BATCH, 400, [1_050, 1_099, 1_200, 2_099, 2_100]),
        (Slowing.STALL, 0, [2_000, 2_000, 2_000, 2_099, 2_100]),
    ],
)
def test_each_kind_slows_what_it_should(kind: Slowing, amount: int, arrivals: list[int]) -> None:
    block = slowed(PLAIN, [row(kind, amount)])

    departures = [950, 999, 1_000, 1_999, 2_000]

    assert arrivals == [at_ns + sample(block, 1, at_ns, 0, 0) for at_ns in departures]


def test_rows_act_in_their_order_and_count_what_they_changed() -> None:
    block = slowed(PLAIN, [row(Slowing.ADD, 50), row(Slowing.SCALE, 2_000_000)])

    assert 300 == sample(block, 1, 1_500, 0, 0)
    assert 100 == sample(block, 1, 2_500, 0, 0)
    assert [1, 1] == hits_of(block)


def test_a_block_without_rows_is_the_block_itself() -> None:
    assert slowed(PLAIN, []) is PLAIN
    assert hits_of(PLAIN) == []


ROWS = st.lists(
    st.builds(
        lambda kind, start, length, amount: Slowdown(
            kind=kind,
            from_ns=start,
            until_ns=start + length,
            amount=amount if slowdown.MOST[kind] else 0,
        ),
        st.sampled_from(Slowing),
        st.integers(0, 5_000),
        st.integers(1, 5_000),
        st.one_of(st.integers(1, 5_000), st.integers(1, slowdown.FACTOR_PPM_MAX)),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(ROWS, st.booleans(), st.lists(st.integers(0, 12_000), min_size=1, max_size=30))
def test_the_compiled_twin_gives_the_same_and_counts_the_same(
    rows: list[Slowdown], is_table: bool, times: list[int]
) -> None:
    block = slowed(TABLE if is_table else PLAIN, rows)
    twin = block.copy()
    causes = np.arange(len(times), dtype=np.int64)
    out = np.empty(len(times), dtype=np.int64)

    compiled.latency_many(twin, 0, 5, np.array(times, dtype=np.int64), causes, causes, out)

    assert [sample(block, 5, at_ns, n, n) for n, at_ns in enumerate(times)] == out.tolist()
    assert block.tolist() == twin.tolist()
    assert out.min() >= 1


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Slowing.ADD, {}),
        (Slowing.HOLD, {"amount": 1}),
        (Slowing.SCALE, {"amount": slowdown.FACTOR_PPM_MAX + 1}),
        (Slowing.BATCH, {"amount": 5, "from_ns": 7, "until_ns": 7}),
        (Slowing.STALL, {"until_ns": 1 << 50}),
    ],
)
def test_a_wrong_slowdown_is_refused(kind: Slowing, fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="allowed is"):
        row(kind, **fields)
