"""The planted bugs that there are, read from the files beside this one.

Invariants:
1. A bug's `before` stands exactly once in its module, so that a bug whose place is gone is noticed and
   cannot silently plant nothing.
2. Names are unique; a name is all that a command line has to say.

Limits: compiled kernels are no place for a bug here, because their cache is keyed by the file on disk.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from market.errors import InputError

ROOMS: Final = ("desk", "sim", "scenarios", "strategies")
"""Where a bug may stand: the stack itself, and what it runs on."""

COMPILED: Final = "sim.kernels"


class Mutant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted bug.

    Attributes:
        name: Unique.
        module: Dotted name of the module that it stands in.
        before: Source as it is, which stands there exactly once.
        after: Source as the bug has it.
        danger: The incident or the danger that it stands for, in a sentence.
        invariants: Ids of the invariants that may find it; the first is the one that it is about.
        drills: In the order in which they are tried; the first kill ends the search.
    """

    name: str
    module: str
    before: str
    after: str
    danger: str
    invariants: list[str]
    drills: list[str]

    def __post_init__(self) -> None:
        room = self.module.split(".")[0]
        if room not in ROOMS or self.module.startswith(COMPILED):
            raise InputError(
                f"planted bug {self.name!r}: found module {self.module!r}, allowed is one of "
                f"{', '.join(ROOMS)}, but none of {COMPILED}"
            )
        if not self.before.strip() or self.before == self.after:
            raise InputError(
                f"planted bug {self.name!r}: found a change that changes nothing, allowed is source "
                "and other source"
            )
        for field in ("danger", "invariants", "drills"):
            if not getattr(self, field):
                raise InputError(f"planted bug {self.name!r}: {field} is empty")

    def planted_in(self, source: str) -> str:
        """The module's source with the bug in it.

        Raises:
            InputError: The place is not there, or there more than once.
        """
        count = source.count(self.before)
        if count != 1:
            raise InputError(
                f"planted bug {self.name!r}: found its place {count} times in {self.module}, "
                f"allowed is once:\n{self.before}"
            )
        return source.replace(self.before, self.after)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of planted bugs."""

    mutants: list[Mutant]


@cache
def zoo() -> tuple[Mutant, ...]:
    """Every planted bug, by name.

    Raises:
        InputError: A file is damaged, or two bugs have one name.
    """
    found: dict[str, Mutant] = {}
    for entry in resources.files("chaos.mutants").iterdir():
        if not entry.name.endswith(".toml"):
            continue
        try:
            held = msgspec.convert(tomllib.loads(entry.read_text("utf-8")), _File)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise InputError(f"{entry.name}: {error}") from None
        for one in held.mutants:
            if one.name in found:
                raise InputError(f"{entry.name}: found a second planted bug named {one.name!r}")
            found[one.name] = one
    return tuple(found[name] for name in sorted(found))


def mutant_named(name: str) -> Mutant:
    """One planted bug.

    Raises:
        InputError: There is none of this name.
    """
    for one in zoo():
        if one.name == name:
            return one
    allowed = ", ".join(one.name for one in zoo())
    raise InputError(f"planted bug: found {name!r}, allowed is {allowed}")
