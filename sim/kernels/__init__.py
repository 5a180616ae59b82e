"""Compiled loops over flat integer arrays; the only place where numba is imported.

Importing this package points numba's cache at a folder whose name hashes every kernel source,
numba's version and the CPU. numba itself does not notice that a callee in another file changed, so
without this an old machine code could answer for a new source.
"""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path

from llvmlite import binding


def _cache_dir() -> Path:
    """The folder for this exact set of sources, library and CPU."""
    digest = hashlib.blake2b(digest_size=8)
    folder = Path(__file__).parent
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.relative_to(folder).as_posix().encode())
        digest.update(source.read_bytes())
    digest.update(version("numba").encode())
    digest.update(binding.get_host_cpu_name().encode())
    digest.update(binding.get_host_cpu_features().flatten().encode())
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "market-twin" / f"numba-{digest.hexdigest()}"


CACHE_DIR = _cache_dir()
os.environ["NUMBA_CACHE_DIR"] = str(CACHE_DIR)

from numba import config  # noqa: E402  # the folder must be named before numba reads it

config.CACHE_DIR = str(CACHE_DIR)  # type: ignore[attr-defined]  # numba fills it when it starts
