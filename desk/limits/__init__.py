"""Could this command possibly be right? The last hard check, with limits and tallies of its own.

`Limits.check` lets a command out or says why not, `Limits.report` takes in what came of it, and
`Limits.operator` lets a named person switch a strategy on again or set limits, and nobody the ceilings
over them. Why not stands in `LIMITS`.
"""

from desk.limits.ceilings import CeilingsConfig, check_ceilings
from desk.limits.check import Limits, LimitsData
from desk.limits.codes import CEILINGS, LIMITS, LimitCode, explain
from desk.limits.config import BookLimits, LimitsConfig

__all__ = [
    "CEILINGS",
    "LIMITS",
    "BookLimits",
    "CeilingsConfig",
    "LimitCode",
    "Limits",
    "LimitsConfig",
    "LimitsData",
    "check_ceilings",
    "explain",
]
