"""Real data for a whole module: reading it once is what these tests can afford."""

import os
from pathlib import Path

import numpy as np
import pytest

from sim.ingest.lobster import ingest_lobster
from sim.tape.read import Tape, open_tape
from sim.truth import TruthFile

ROOT = Path(__file__).resolve().parents[2]
GOOG = "LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; `tests/conftest.py` skips or fails where it is not there."""
    return Path(os.environ.get("TWIN_DATA", "") or ROOT / "data")


@pytest.fixture(scope="session")
def goog_zip(data_dir: Path) -> Path:
    """The GOOG day as LOBSTER distributes it."""
    return data_dir / "lobster" / GOOG


@pytest.fixture(scope="session")
def goog_tape(goog_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """The GOOG day as a tape."""
    out = tmp_path_factory.mktemp("goog-day") / "goog.tape.parquet"
    ingest_lobster(goog_zip, out=out)
    return open_tape(out)


@pytest.fixture(scope="session")
def goog_rows(goog_tape: Tape) -> np.ndarray:
    """All rows of that tape."""
    return np.concatenate(list(goog_tape.chunks()))


@pytest.fixture(scope="session")
def goog_truth(goog_zip: Path) -> np.ndarray:
    """All rows of that day's orderbook file."""
    return np.concatenate(list(TruthFile(goog_zip).blocks()))
