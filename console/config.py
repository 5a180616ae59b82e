"""Where a setting's value comes from: flag, then `TWIN_*`, then `twin.toml`, then the default.

Every setting is one row of `SETTINGS`; its origin is kept beside its value, so that
`twin config show` can say why a value is what it is. An unknown key in the file is an error.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from market.errors import InputError

CONFIG_NAME: Final = "twin.toml"
SEED_MAX: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a user can set, and how its text becomes a value."""

    key: str
    env: str
    default: object
    parse: Callable[[object, str], object]
    meaning: str


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it was found."""

    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, resolved."""

    data_dir: Path
    runs_dir: Path
    seed: int | None
    values: Mapping[str, Value]


def _path(found: object, where: str) -> str:
    """Accept a non-empty text as a path."""
    if not isinstance(found, str) or not found:
        raise InputError(f"{where}: found {found!r}, a path is allowed")
    return found


def _seed(found: object, where: str) -> int:
    """Accept an integer, or the text of one, that fits a seed."""
    try:
        seed = int(found) if isinstance(found, str) else found
    except ValueError:
        seed = None
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= SEED_MAX:
        raise InputError(f"{where}: found {found!r}, an integer from 0 to 2**63 - 1 is allowed")
    return seed


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("data_dir", "TWIN_DATA", "data", _path, "the folder of real data for tests"),
    Setting("runs_dir", "TWIN_RUNS", "runs", _path, "the folder that receives one folder per run"),
    Setting("seed", "TWIN_SEED", None, _seed, "the seed of runs; unset, the scenario's own"),
)


def load(
    flags: Mapping[str, object],
    *,
    config_path: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Resolve every setting.

    Args:
        flags: Values given on the command line, by key; None means not given.
        config_path: A settings file that must exist; without it `twin.toml` of the current
            folder is read when there is one.
        environ: The environment; the process's own by default.

    Raises:
        InputError: The file, a key or a value is not as it must be.
    """
    file = _read(config_path)
    source = os.environ if environ is None else environ
    where = str(config_path or CONFIG_NAME)
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        if flags.get(setting.key) is not None:
            flag = "--" + setting.key.replace("_", "-")
            values[setting.key] = Value(setting.parse(flags[setting.key], flag), flag)
        elif setting.env in source:
            found = setting.parse(source[setting.env], setting.env)
            values[setting.key] = Value(found, setting.env)
        elif setting.key in file:
            found = setting.parse(file[setting.key], f"{where}: {setting.key}")
            values[setting.key] = Value(found, where)
        else:
            values[setting.key] = Value(setting.default, "default")
    seed = values["seed"].value
    assert seed is None or isinstance(seed, int)
    return Config(
        data_dir=Path(str(values["data_dir"].value)),
        runs_dir=Path(str(values["runs_dir"].value)),
        seed=seed,
        values=values,
    )


def _read(config_path: Path | None) -> dict[str, object]:
    """The settings file as a table; empty when none was named and none is there."""
    path = config_path or Path(CONFIG_NAME)
    if config_path is None and not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; --config names a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}") from None
    allowed = [setting.key for setting in SETTINGS]
    for key in table:
        if key not in allowed:
            raise InputError(f"{path}: unknown key {key!r}; allowed: {', '.join(allowed)}")
    return table
