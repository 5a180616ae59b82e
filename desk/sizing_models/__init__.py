"""How much, as pure functions: a product of named factors, then the smallest of named caps.

`size_of` puts the parts together; each part stands alone as well: `volatility_target`, `kelly`,
`drawdown`, `regime`, `correlation` and `capacity`. Everything is whole numbers, shares in parts
per million, so that a size is the same everywhere and each factor can be journaled as it is.
"""

from desk.sizing_models import (
    capacity,
    correlation,
    drawdown,
    kelly,
    regime,
    stop,
    volatility_target,
)
from desk.sizing_models.factor import (
    Cap,
    CapKind,
    Factor,
    FactorKind,
    SizeResult,
    explain,
    explain_parts,
    from_pairs,
    result_of,
    told_pairs,
)
from desk.sizing_models.model import SizingInputs, SizingModel, size_of

__all__ = [
    "Cap",
    "CapKind",
    "Factor",
    "FactorKind",
    "SizeResult",
    "SizingInputs",
    "SizingModel",
    "capacity",
    "correlation",
    "drawdown",
    "explain",
    "explain_parts",
    "from_pairs",
    "kelly",
    "regime",
    "result_of",
    "size_of",
    "stop",
    "told_pairs",
    "volatility_target",
]
