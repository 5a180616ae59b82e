"""A compiled book with rules equals its plain-Python specification after every command.

Named rules meet every profile of streams, so that each switch is tried by itself; random rules meet
crowded streams, so that switches are tried together, in every flavour and with a second book whose best
prices pegs follow.
"""

import pytest

from market.codes import Mode
from tests.random_rules import random_case
from tests.random_tape import HANDLE_COUNT, TICK_UNITS
from tests.ruled_differential import World, run_ruled
from tests.ruled_presets import PRESETS
from tests.ruled_stream import RULED_PROFILES, ruled_stream

COMMANDS = 200_000
NAMED_LENGTH = 1_000
RANDOM_LENGTH = 1_000
RANDOM_SEEDS = 120
NIGHTLY_CELLS = 20
NIGHTLY_COMMANDS = 500_000
FIRST_NIGHTLY_SEED = 1_000_000


def named(mode: Mode, profile: str, name: str, seed: int, length: int) -> int:
    """One stream through the two books of one preset; how many commands it had."""
    world = World(rules=PRESETS[name], mode=mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)
    return run_ruled(world, ruled_stream(seed, length, mode=mode, profile=profile))


def any_rules(seed: int, length: int) -> int:
    """One stream through books of random rules; how many commands it had."""
    case = random_case(seed, length)
    return run_ruled(case.world, case.steps)


@pytest.mark.parametrize("name", PRESETS)
def test_kernel_equals_reference_under_named_rules(name: str) -> None:
    done = [
        named(mode, profile, name, 17, NAMED_LENGTH) for mode in Mode for profile in RULED_PROFILES
    ]

    assert sum(done) == NAMED_LENGTH * len(Mode) * len(RULED_PROFILES)


@pytest.mark.parametrize("part", range(6))
def test_kernel_equals_reference_under_random_rules(part: int) -> None:
    seeds = range(part, RANDOM_SEEDS, 6)

    assert sum(any_rules(seed, RANDOM_LENGTH) for seed in seeds) == RANDOM_LENGTH * len(seeds)


def test_the_ordinary_suite_feeds_more_than_two_hundred_thousand_commands() -> None:
    named_commands = len(PRESETS) * len(Mode) * len(RULED_PROFILES) * NAMED_LENGTH

    assert named_commands + RANDOM_SEEDS * RANDOM_LENGTH >= COMMANDS


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("cell", range(NIGHTLY_CELLS))
def test_kernel_equals_reference_ten_million_times(cell: int) -> None:
    """Half of the commands under random rules, half under named ones, in streams of a thousand."""
    done, seed = 0, FIRST_NIGHTLY_SEED + cell
    while done < NIGHTLY_COMMANDS // 2:
        done += any_rules(seed, RANDOM_LENGTH)
        seed += NIGHTLY_CELLS
    while done < NIGHTLY_COMMANDS:
        for name in PRESETS:
            for mode in Mode:
                profile = list(RULED_PROFILES)[seed % len(RULED_PROFILES)]
                done += named(mode, profile, name, seed, RANDOM_LENGTH)
                seed += NIGHTLY_CELLS

    assert done >= NIGHTLY_COMMANDS
