"""Real data for a whole module: reading it once is what these tests can afford."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; `tests/conftest.py` skips or fails where it is not there."""
    return Path(os.environ.get("TWIN_DATA", "") or ROOT / "data")
