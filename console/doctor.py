"""Is this machine fit to run the twin? One line for each thing it needs.

A check is *broken* when a command could not work, a *note* when something optional is missing.
"""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.config import Config

DISTRIBUTION: Final = "market-twin"
DISK_BYTES_MIN: Final = 500_000_000
"""Below this a full day's run may not fit; a run of a real day takes some tens of megabytes."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `state` is good, note or broken."""

    name: str
    state: str
    found: str


def examine(config: Config) -> list[Check]:
    """Every check, in the order in which a user would mend them."""
    return [
        _python(),
        *_libraries(),
        Check("cpu", "good", f"{platform.machine()}, {os.cpu_count()} cores"),
        _kernel_cache(),
        _data(config),
        *_runs_folder(config),
    ]


def _python() -> Check:
    """The interpreter against the range in the project's metadata."""
    found = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check("python", "good" if fits else "broken", f"{found} (3.11 to 3.13)")


def _libraries() -> Iterator[Check]:
    """Each required library against its lower bound."""
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield Check(DISTRIBUTION, "broken", "not installed; say pip install .")
        return
    for requirement in requirements:
        match = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", requirement)
        if match is None:
            continue  # only extras carry a marker, and extras are optional
        name, bound = match.groups()
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Check(name, "broken", f"missing (>= {bound})")
            continue
        fits = _numbers(found) >= _numbers(bound)
        yield Check(name, "good" if fits else "broken", f"{found} (>= {bound})")


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+", maxsplit=1)[0])[:4])


def _kernel_cache() -> Check:
    """Where compiled kernels are kept, and whether they are there already."""
    try:
        from sim.kernels import CACHE_DIR
    except ImportError as error:
        return Check("kernel cache", "broken", f"kernels cannot be imported: {error}")
    parent = _nearest(CACHE_DIR)
    if not os.access(parent, os.W_OK):
        return Check("kernel cache", "broken", f"{CACHE_DIR}: {parent} is not writable")
    warm = CACHE_DIR.is_dir() and any(CACHE_DIR.rglob("*.nbi"))
    state = "warm" if warm else "cold: the first run compiles for about a minute"
    return Check("kernel cache", "good" if warm else "note", f"{CACHE_DIR}, {state}")


def _data(config: Config) -> Check:
    """The folder of real data, which only tests need."""
    if config.data_dir.is_dir():
        return Check("data", "good", f"{config.data_dir}")
    return Check("data", "note", f"{config.data_dir}: not there; only `make truth` needs it")


def _runs_folder(config: Config) -> Iterator[Check]:
    """Whether a run could be written, and how much room there is."""
    parent = _nearest(config.runs_dir)
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        yield Check("runs folder", "broken", f"{config.runs_dir}: {error.strerror}")
    else:
        yield Check("runs folder", "good", f"{config.runs_dir}, writable")
    free_bytes = shutil.disk_usage(parent).free
    enough = free_bytes >= DISK_BYTES_MIN
    yield Check("disk", "good" if enough else "note", f"{free_bytes / 1e9:,.1f} GB free")


def _nearest(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
