"""Two implementations, one answer: kernel and reference agree after every single command.

`make test` feeds 240,000 commands; `make nightly` ten million (TWIN_FUZZ_COMMANDS says otherwise).
"""

import os

import pytest

from market.codes import Kind, Mode
from market.columns import PRICE_TICKS_MAX
from tests.differential import Pair, run_stream
from tests.strategies import HANDLE_COUNT, PROFILES, TICK_UNITS, random_stream

STREAM_LENGTH = 4_000
SEEDS = 6


def run_one(seed: int, length: int, mode: Mode, profile: str) -> int:
    """Compare one whole stream; how many commands it had."""
    steps = random_stream(seed, length, mode=mode, profile=profile)
    return run_stream(steps, mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("profile", PROFILES)
def test_kernel_equals_reference_after_every_command(mode: Mode, profile: str) -> None:
    count = sum(run_one(seed, STREAM_LENGTH, mode, profile) for seed in range(SEEDS))

    assert SEEDS * STREAM_LENGTH == count


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("kind", [Kind.TRADE, Kind.CROSS], ids=lambda kind: kind.name.lower())
def test_kernel_equals_reference_at_the_edge_of_print_prices(mode: Mode, kind: Kind) -> None:
    pair = Pair(mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)
    edge = PRICE_TICKS_MAX * TICK_UNITS
    for price in (edge, edge + 1, -edge, -edge - 1, 1 << 60):
        row = {"kind": kind, "side_flags": 0, "handle": -1, "price": price, "qty": 5}
        pair.feed(("row", row))


@pytest.mark.nightly
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
