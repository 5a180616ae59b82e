"""A room that exists is in the wheel, typed, under the import contracts and the type checker."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.tidy.source import ROOMS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXISTING = {room for room in ROOMS if (ROOT / room / "__init__.py").exists()}


def test_every_top_level_package_is_a_known_room() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert EXISTING | {"tests"} == packages


def test_every_room_is_in_the_wheel_and_the_source_archive() -> None:
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]

    assert EXISTING | {"cli.py"} == set(targets["wheel"]["only-include"])
    assert set(targets["sdist"]["only-include"]) >= EXISTING


def test_every_room_is_under_the_import_contracts() -> None:
    contracts = {item["id"]: item for item in PROJECT["tool"]["importlinter"]["contracts"]}

    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == EXISTING
    for room in EXISTING - {"tests"}:
        layers = " ".join(contracts["layers"]["layers"])
        assert room in layers.replace("(", " ").replace(")", " ").split()
        assert {room, f"{room}.**"} & set(contracts["numba"]["source_modules"])
        assert {room, f"{room}.**"} & set(contracts["cli"]["source_modules"])


def test_every_room_is_typed_and_type_checked() -> None:
    assert EXISTING | {"cli.py"} == set(PROJECT["tool"]["mypy"]["files"])
    assert set() == {room for room in EXISTING if not (ROOT / room / "py.typed").exists()}


def test_the_constraints_pin_every_dependency_by_name_alone() -> None:
    project = PROJECT["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    names = {pin.partition("==")[0].lower() for pin in pins}

    assert {requirement.partition(">=")[0] for requirement in needed} <= names
    assert [pin for pin in pins if pin.count("==") != 1 or "/" in pin or "@" in pin] == []


@pytest.mark.parametrize("folder", ["scenarios/library", "scenarios/venues"])
def test_what_is_packaged_beside_code_is_in_the_wheel(folder: str) -> None:
    """A room is taken whole, but for what git ignores, which hatch leaves out."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    ignored = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    files = sorted((ROOT / folder).glob("*.toml"))

    assert set(wheel) == {"only-include"}
    assert folder.partition("/")[0] in wheel["only-include"]
    assert len(files) > 1
    parts = {part for file in files for part in file.relative_to(ROOT).parts}
    assert [part for part in sorted(parts) if any(fnmatch(part, one) for one in ignored)] == []
