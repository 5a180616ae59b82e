"""Ingests are streams: ten times the file takes no more memory, whatever its source."""

from pathlib import Path

import pytest

from tests.scale.feed_files import WRITERS
from tests.scale.memory import KIB_PER_MIB, measured

CHILD = "tests.scale.feed_ingest"
SMALL, TIMES = 100_000, 10
GROUP_ROWS = 16_384
"""Smaller than a tape's, so that the small file fills row groups too."""

GROWTH_MAX = 0.03
GROWTH_KIB_MAX = 2 * KIB_PER_MIB


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("source", sorted(WRITERS))
def test_ten_times_the_file_takes_no_more_memory(
    repo_root: Path, tmp_path: Path, source: str
) -> None:
    found = []
    # A process that compiles takes more memory than any file: the ones measured find it done.
    for count in (GROUP_ROWS, SMALL, SMALL * TIMES):
        file = str(WRITERS[source](tmp_path, count))
        found.append(measured(repo_root, CHILD, source, file, str(GROUP_ROWS)))
        assert found[-1]["tape_rows"] >= count
    _, small, large = found

    print(source, found)
    assert small["handles"] == large["handles"]
    assert large["peak_kib"] <= small["peak_kib"] * (1 + GROWTH_MAX) + GROWTH_KIB_MAX
