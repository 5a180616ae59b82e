"""Two implementations, one answer: kernel and reference agree after every single command.

`make test` feeds 360,000 commands; `make nightly` ten million to books of orders, and a million to
each depth and queue model of the others (TWIN_FUZZ_COMMANDS says otherwise: a tenth of it each).
"""

import os

import pytest

from market.codes import Depth, Kind, Mode, QueueModel
from market.columns import PRICE_TICKS_MAX
from tests.differential import Pair, run_stream
from tests.strategies import DEPTH_PROFILES, HANDLE_COUNT, PROFILES, TICK_UNITS, random_stream

STREAM_LENGTH = 4_000
SEEDS = 6

LEVEL_STREAM_LENGTH = 2_500
LEVEL_SEEDS = 8  # two of each flavour


def run_one(seed: int, length: int, mode: Mode, profile: str) -> int:
    """Compare one whole stream; how many commands it had."""
    steps = random_stream(seed, length, mode=mode, profile=profile)
    return run_stream(steps, mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)


def run_levels(seed: int, length: int, profile: str, queue_model: QueueModel) -> int:
    """Compare one whole stream of levels or quotes; how many commands it had."""
    return run_stream(
        random_stream(seed, length, mode=Mode.FROZEN, profile=profile),
        Mode.FROZEN,
        tick_units=TICK_UNITS,
        handle_count=HANDLE_COUNT,
        depth=Depth(DEPTH_PROFILES[profile]),
        queue_model=queue_model,
    )


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("profile", PROFILES)
def test_kernel_equals_reference_after_every_command(mode: Mode, profile: str) -> None:
    count = sum(run_one(seed, STREAM_LENGTH, mode, profile) for seed in range(SEEDS))

    assert SEEDS * STREAM_LENGTH == count


@pytest.mark.parametrize("queue_model", list(QueueModel), ids=lambda model: model.name.lower())
@pytest.mark.parametrize("profile", DEPTH_PROFILES)
def test_kernel_equals_reference_on_books_without_orders(
    profile: str, queue_model: QueueModel
) -> None:
    count = sum(
        run_levels(seed, LEVEL_STREAM_LENGTH, profile, queue_model) for seed in range(LEVEL_SEEDS)
    )

    assert LEVEL_SEEDS * LEVEL_STREAM_LENGTH == count


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("kind", [Kind.TRADE, Kind.CROSS], ids=lambda kind: kind.name.lower())
def test_kernel_equals_reference_at_the_edge_of_print_prices(mode: Mode, kind: Kind) -> None:
    pair = Pair(mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)
    edge = PRICE_TICKS_MAX * TICK_UNITS
    for price in (edge, edge + 1, -edge, -edge - 1, 1 << 60):
        row = {"kind": kind, "side_flags": 0, "handle": -1, "price": price, "qty": 5}
        pair.feed(("row", row))


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("profile", PROFILES)
def test_kernel_equals_reference_over_millions_of_commands(mode: Mode, profile: str) -> None:
    total = int(os.environ.get("TWIN_FUZZ_COMMANDS", "10000000")) // (len(Mode) * len(PROFILES))
    done = 0
    seed = 1_000
    while done < total:
        done += run_one(seed, 20_000, mode, profile)
        seed += 1

    assert done >= total


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("queue_model", list(QueueModel), ids=lambda model: model.name.lower())
@pytest.mark.parametrize("profile", DEPTH_PROFILES)
def test_kernel_equals_reference_over_millions_of_commands_without_orders(
    profile: str, queue_model: QueueModel
) -> None:
    total = int(os.environ.get("TWIN_FUZZ_COMMANDS", "10000000")) // 10
    done = 0
    seed = 1_000
    while done < total:
        done += run_levels(seed, 20_000, profile, queue_model)
        seed += 1

    assert done >= total
