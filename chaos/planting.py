"""Putting a planted bug into a process, before anything that it stands in has been imported.

Model: a finder at the head of `sys.meta_path` that knows one module. When that module is imported, its
source is read, changed and compiled; no file is touched, and no byte code is read or written, so that
neither a clean run nor a planted one can ever be given the other's.

Invariants:
1. A bug is planted before its module is imported, or not at all.
2. What a planted process runs says so: `scenarios.identity.code_digest` looks for `planted` in
   `sys.meta_path`, and puts the name behind the digest of the sources.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from chaos.mutants import Mutant, mutant_named
from market.errors import InputError


class PlantedLoader(SourceFileLoader):
    """Loads a module from its source with a bug in it.

    Args:
        mutant: The bug.
        path: The module's source file.
    """

    def __init__(self, mutant: Mutant, path: str) -> None:
        super().__init__(mutant.module, path)
        self._mutant = mutant

    def get_code(self, _fullname: str) -> CodeType:
        """The module's code, made anew: byte code on disk is that of the source on disk."""
        return planted_code(self._mutant, Path(self.path))


class PlantedFinder(MetaPathFinder):
    """Finds the one module that a bug stands in, and leaves all others to those behind it.

    Args:
        mutant: The bug.

    Attributes:
        planted: Its name, by which a process can be told from a clean one.
    """

    def __init__(self, mutant: Mutant) -> None:
        self.planted = mutant.name
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the usual finder says, but for the loader."""
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = PlantedLoader(self._mutant, spec.origin)
        return spec


def planted_code(mutant: Mutant, path: Path) -> CodeType:
    """What a module compiles to with a bug in it.

    Raises:
        InputError: The bug's place is not there, or there more than once.
    """
    source = mutant.planted_in(path.read_text(encoding="utf-8"))
    return compile(source, str(path), "exec", dont_inherit=True)


def plant(name: str) -> Mutant:
    """Plant a bug in this process, for good.

    Raises:
        InputError: There is no such bug, its module has been imported already, or a bug is planted
            already.
    """
    mutant = mutant_named(name)
    if mutant.module in sys.modules:
        raise InputError(
            f"planted bug {name!r}: found {mutant.module} imported, allowed is a fresh process"
        )
    before = planted_names()
    if before:
        raise InputError(
            f"planted bug {name!r}: found {', '.join(before)} planted already, allowed is one bug"
        )
    sys.meta_path.insert(0, PlantedFinder(mutant))
    return mutant


def planted_names() -> list[str]:
    """Names of the bugs in this process."""
    return [one.planted for one in sys.meta_path if isinstance(one, PlantedFinder)]
