"""Packaged files of venues' shares, for `twin tape split`."""

from importlib import resources
from pathlib import Path

from market.errors import InputError
from sim.tape.split import Shares, load_shares


def shares_names() -> list[str]:
    """Names of the packaged files, sorted."""
    found = [item.name for item in (resources.files("scenarios") / "shares").iterdir()]
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def find_shares(name_or_path: str) -> Shares:
    """Shares by a packaged name, or from a file.

    Raises:
        InputError: There is no such file, or it is not as it must be.
    """
    if name_or_path in shares_names():
        with resources.as_file(resources.files("scenarios") / "shares") as folder:
            return load_shares(folder / f"{name_or_path}.toml")
    if not Path(name_or_path).is_file():
        raise InputError(
            f"shares: found {name_or_path!r}, allowed is {', '.join(shares_names())}, or a TOML file"
        )
    return load_shares(Path(name_or_path))
