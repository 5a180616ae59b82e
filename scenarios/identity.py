"""What makes a run the same run: code, scenario, tape and seed.

Two runs of one identity have the same digest on every machine. The fingerprint (CPU and library
versions) is printed beside it, because a strategy that uses NumPy's transcendental functions or BLAS
promises its bits only within one fingerprint.
"""

import hashlib
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from strategies.registry import source_of

RUN_FORMAT_VERSION: Final = 1
ROOMS: Final = ("market", "sim", "desk", "strategies", "scenarios")
LIBRARIES: Final = ("simpy", "numpy", "numba", "pyarrow", "msgspec")


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a run; digests are BLAKE2b-128 in hex.

    Behind the digest of the code stand, each after a +, the names of bugs that were planted in it.
    """

    scenario: str
    code_digest: str
    scenario_digest: str
    tape_digest: str
    seed: int
    mode: str
    run_format: int = RUN_FORMAT_VERSION

    @property
    def run_id(self) -> str:
        """The scenario's name and a short digest of everything above."""
        digest = hashlib.blake2b(msgspec.json.encode(self), digest_size=6).hexdigest()
        return f"{self.scenario}-{digest}"


def code_digest(strategies: Sequence[str] = (), rooms: Sequence[str] = ROOMS) -> str:
    """Digest of every source file that can change what a run does.

    Args:
        strategies: Names of the run's strategies; the modules of users' own count with their source.
        rooms: Folders whose files count.
    """
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.blake2b(digest_size=16)
    for room in rooms:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".toml") and path.is_file():
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    for name in strategies:
        path = source_of(name)
        if root not in path.parents:
            digest.update(name.encode())
            digest.update(path.read_bytes())
    return "+".join([digest.hexdigest(), *planted_names()])


def planted_names() -> list[str]:
    """Names of the bugs that whoever loads modules here plants in them, for the digest's sake.

    A finder in `sys.meta_path` that changes a source has an attribute `planted`; files on disk then
    are not what runs.
    """
    names = [getattr(finder, "planted", "") for finder in sys.meta_path]
    return [name for name in names if name]


def fingerprint() -> dict[str, str]:
    """The machine and the libraries that a run was made with."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.system(),
        **libraries,
    }
