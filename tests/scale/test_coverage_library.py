"""The packaged scenarios make a desk do what a desk can do: `twin coverage --library`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]


def test_the_library_reaches_nine_tenths_of_every_part(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli.app,
        ["--runs-dir", str(tmp_path), "coverage", "--library", "--jobs", "2", "--json", "--quiet"],
        prog_name="twin",
    )
    found = json.loads(done.stdout)

    assert found["holds"], [(one["part"], one["missing"]) for one in found["parts"]]
    assert done.exit_code == 0
    assert len(found["runs"]) >= 6
    # The table of what needs a fault is right: runs without one never came by it all the same.
    texts = [(tmp_path / run / "scenario.toml").read_text() for run in found["runs"]]
    if not any("[[faults]]" in text for text in texts):
        assert [one["by_fault_reached"] for one in found["parts"]] == [0] * len(found["parts"])
