"""The doctor finds what is wrong, and calls only what a command needs broken."""

from importlib import metadata
from pathlib import Path

import pytest

from console import config, doctor


def checks(tmp_path: Path, **flags: str) -> dict[str, doctor.Check]:
    given = {"data_dir": str(tmp_path / "none"), "runs_dir": str(tmp_path / "runs"), **flags}
    return {check.name: check for check in doctor.examine(config.load(given, environ={}))}


def test_this_machine_is_fit_and_missing_data_is_only_a_note(tmp_path: Path) -> None:
    found = checks(tmp_path)

    assert [check for check in found.values() if check.state == "broken"] == []
    assert found["data"].state == "note"
    assert found["runs folder"].state == "good"
    assert not (tmp_path / "runs").exists()


def test_data_that_is_there_is_good(tmp_path: Path) -> None:
    assert checks(tmp_path, data_dir=str(tmp_path))["data"].state == "good"


def test_every_requirement_is_checked(tmp_path: Path) -> None:
    required = [line for line in metadata.requires("market-twin") or [] if "extra" not in line]

    assert len(required) >= 8
    assert {line.partition(">=")[0] for line in required} <= checks(tmp_path).keys()


@pytest.mark.parametrize(
    ("versions", "state", "found"),
    [
        ("4.0.9", "broken", "4.0.9 (>= 4.1)"),
        ("4.10.0", "good", "4.10.0 (>= 4.1)"),
        ("", "broken", "missing (>= 4.1)"),
    ],
)
def test_an_old_or_missing_library_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, versions: str, state: str, found: str
) -> None:
    def version(name: str) -> str:
        if not versions:
            raise metadata.PackageNotFoundError(name)
        return versions

    monkeypatch.setattr(metadata, "requires", lambda _name: ["simpy>=4.1"])
    monkeypatch.setattr(metadata, "version", version)

    check = checks(tmp_path)["simpy"]

    assert (state, found) == (check.state, check.found)


def test_a_runs_folder_that_cannot_be_written_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    assert (
        checks(tmp_path, runs_dir=str(tmp_path / "file" / "runs"))["runs folder"].state == "broken"
    )
