"""May this become risk? The gate gives permits and coded vetoes, and watches what is in flight.

`Gate.decide` is asked before sizing; `Gate.watch` after every event; `Gate.operator` passes on a
person's word. What is allowed stands in a `GateConfig`, why not in `VETOES`.
"""

from desk.gate.codes import VETOES, VetoCode, explain
from desk.gate.config import GateConfig, GroupGate, InstrumentGate, PortfolioGate, StrategyGate
from desk.gate.episodes import GateData, GateMode
from desk.gate.gate import Gate

__all__ = [
    "VETOES",
    "Gate",
    "GateConfig",
    "GateData",
    "GateMode",
    "GroupGate",
    "InstrumentGate",
    "PortfolioGate",
    "StrategyGate",
    "VetoCode",
    "explain",
]
