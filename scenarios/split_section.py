"""`[split]`, as it is written: which venues a tape of one book is dealt to, by name or in full.

Model: either `shares` names a packaged file, or the section has the keys of such a file itself: `seed`,
`venues` and perhaps `toxic`. Both are read by one reader, so they mean the same.
"""

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from math import isfinite

import msgspec
from msgspec import UNSET, UnsetType

from market.errors import InputError
from scenarios.venue_shares import find_shares, shares_names
from sim.tape.split import Shares, shares_of


class SplitSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the tape of one book is dealt to venues when a run begins.

    Attributes:
        shares: A packaged name; empty for shares of its own.
        seed: Of the draws.
        venues: Each one's share of the orders; they add up to exactly 1.
        toxic: `venue`, `tilt` and `horizon` of a venue at which resting is adversely selected.
    """

    shares: str = ""
    seed: int | UnsetType = UNSET
    venues: dict[str, object] | UnsetType = UNSET
    toxic: dict[str, object] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not self.shares and self.venues is UNSET:
            raise InputError(
                f"found neither shares nor venues, allowed is one of {', '.join(shares_names())} "
                "as shares, or a table of venues"
            )
        if self.shares:
            if own := list(self._own()):
                raise InputError(f"found shares and {own[0]}, allowed is one or the other")
            if self.shares not in shares_names():
                raise InputError(
                    f"shares: found {self.shares[:60]!r}, allowed is {', '.join(shares_names())}, "
                    "or a table of venues instead"
                )
        self.dealt()

    def _own(self) -> dict[str, object]:
        """What is written of shares of its own."""
        keys = {"seed": self.seed, "venues": self.venues, "toxic": self.toxic}
        return {name: value for name, value in keys.items() if value is not UNSET}

    def dealt(self) -> Shares:
        """Venues and their shares.

        Raises:
            InputError: They are not as they must be.
        """
        if self.shares:
            return find_shares(self.shares)
        return shares_of({name: _exact(value) for name, value in self._own().items()})

    @property
    def name(self) -> str:
        """Of files that hold what was dealt: the packaged name, or a digest of the shares."""
        if self.shares:
            return self.shares
        written = msgspec.json.encode(self._own(), order="sorted")
        return hashlib.blake2b(written, digest_size=6).hexdigest()


def _exact(value: object) -> object:
    """Numbers as they were written: the shortest text of a float is what stood in the file."""
    if isinstance(value, Mapping):
        return {key: _exact(one) for key, one in value.items()}
    return Fraction(repr(value)) if isinstance(value, float) and isfinite(value) else value
