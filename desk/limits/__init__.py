"""Could this command possibly be right? The last hard check, with limits and tallies of its own.

`Limits.check` lets a command out or says why not, `Limits.report` takes in what came of it, and
`Limits.operator` lets a named person switch a strategy on again. Why not stands in `LIMITS`.
"""

from desk.limits.check import Limits, LimitsData
from desk.limits.codes import LIMITS, LimitCode, explain
from desk.limits.config import BookLimits, LimitsConfig

__all__ = [
    "LIMITS",
    "BookLimits",
    "LimitCode",
    "Limits",
    "LimitsConfig",
    "LimitsData",
    "explain",
]
