"""What every test may rely on: where the real data lies, and repeatable examples.

A test marked `truth` needs the real data that `TWIN_DATA` names. Without it the test is skipped and
says why; under `TWIN_TRUTH=1` (`make truth`) it fails instead, so that a missing folder cannot
look like a pass.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# One suite, one outcome: examples are a function of the test, not of the day it ran.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", settings.get_profile("suite"), max_examples=2_000)
settings.load_profile("suite")


def real_data() -> Path:
    """The folder of real data, whether or not it is there."""
    return Path(os.environ.get("TWIN_DATA", "") or ROOT / "data")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, a test on real data that is not there."""
    if item.get_closest_marker("truth") is None or real_data().is_dir():
        return
    reason = f"no real data: TWIN_DATA names {real_data()}, which is not a folder"
    if os.environ.get("TWIN_TRUTH") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def data_dir() -> Path:
    """The folder of real data; only tests marked `truth` may ask for it."""
    return real_data()


@pytest.fixture
def repo_root() -> Path:
    """The checkout."""
    return ROOT
