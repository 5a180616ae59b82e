"""A setting comes from the first place that has it, and nothing misspelled is ignored."""

from pathlib import Path

import pytest

from console import config
from market.errors import InputError


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("flags", "environ", "text", "expected"),
    [
        ({}, {}, "", (None, "default")),
        ({}, {}, "seed = 3", (3, "settings.toml")),
        ({}, {"TWIN_SEED": "2"}, "seed = 3", (2, "TWIN_SEED")),
        ({"seed": 1}, {"TWIN_SEED": "2"}, "seed = 3", (1, "--seed")),
        ({"seed": 0}, {"TWIN_SEED": "2"}, "seed = 3", (0, "--seed")),
        ({"seed": None}, {"TWIN_SEED": "2"}, "", (2, "TWIN_SEED")),
    ],
)
def test_flag_beats_environment_beats_file_beats_default(
    tmp_path: Path,
    flags: dict[str, object],
    environ: dict[str, str],
    text: str,
    expected: tuple[object, str],
) -> None:
    found = config.load(flags, config_path=write(tmp_path, text), environ=environ)

    value = found.values["seed"]
    assert expected == (value.value, Path(value.origin).name)
    assert expected[0] == found.seed


def test_each_setting_reaches_its_own_field() -> None:
    environ = {"TWIN_DATA": "a", "TWIN_RUNS": "b", "TWIN_SEED": "7"}

    found = config.load({}, environ=environ)

    assert (Path("a"), Path("b"), 7) == (found.data_dir, found.runs_dir, found.seed)


def test_twin_toml_of_the_current_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twin.toml").write_text('runs_dir = "out"\n', encoding="utf-8")

    found = config.load({}, environ={})

    assert (Path("out"), "twin.toml") == (found.runs_dir, found.values["runs_dir"].origin)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 3", "unknown key 'sed'; allowed: data_dir, runs_dir, seed"),
        ("seed = -1", "seed: found -1, an integer from 0"),
        ("seed = true", "seed: found True, an integer from 0"),
        ("seed = 1.0", "seed: found 1.0, an integer from 0"),
        ("runs_dir = 3", "runs_dir: found 3, a path is allowed"),
        ('data_dir = ""', "data_dir: found '', a path is allowed"),
        ("seed = ", "not TOML"),
    ],
)
def test_a_wrong_file_says_what_was_found_and_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    path = write(tmp_path, text)

    with pytest.raises(InputError) as caught:
        config.load({}, config_path=path, environ={})

    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        config.load({}, config_path=tmp_path / "none.toml", environ={})


def test_a_wrong_environment_variable_is_named() -> None:
    with pytest.raises(InputError, match="TWIN_SEED: found 'seven'"):
        config.load({}, environ={"TWIN_SEED": "seven"})
