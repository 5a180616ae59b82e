"""`[fidelity]`: how far a twin may be from what happened in a paper session, as a strict struct."""

import math

import msgspec
from msgspec import UNSET, UnsetType

from market.errors import InputError


class FidelitySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the figures of `twin fidelity`; what is left out is told, and not judged.

    Attributes:
        fill_rate_ppm: Difference of an order's filled lots, in millionths of those ordered.
        time_ms: Of the first fills' times.
        price_bp: Of average prices.
        fee_bp: Of fees for what was traded.
        queue_ppm: Of lots believed in front, in millionths of those in front as orders came to rest.
        pnl_bp: Of profits, for what was traded.
    """

    fill_rate_ppm: float | UnsetType = UNSET
    time_ms: float | UnsetType = UNSET
    price_bp: float | UnsetType = UNSET
    fee_bp: float | UnsetType = UNSET
    queue_ppm: float | UnsetType = UNSET
    pnl_bp: float | UnsetType = UNSET

    def __post_init__(self) -> None:
        for name, value in self.bounds().items():
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} is {value}, allowed is 0 or more")

    def bounds(self) -> dict[str, float]:
        """Those that are there."""
        found = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in found.items() if value is not UNSET}
