"""How much: a permitted signal becomes a position to reach, or quantities to show."""

from desk.sizing.config import Estimate, FactorSizing, SizingConfig
from desk.sizing.factored import FactorSizer, SizingData
from desk.sizing.simple import full_size, size

__all__ = [
    "Estimate",
    "FactorSizer",
    "FactorSizing",
    "SizingConfig",
    "SizingData",
    "full_size",
    "size",
]
