"""Oversight: who watches the hosts, what they say, and to whom a host listens."""

from desk.oversight.codes import ALERTS, LEADS_TO, AlertCode, AlertRow, Severity, explain
from desk.oversight.config import OversightConfig
from desk.oversight.door import Door, DoorConfig
from desk.oversight.monitor import Monitor
from desk.oversight.naive import NaiveMonitor
from desk.oversight.pager import Condition, Pager

__all__ = [
    "ALERTS",
    "LEADS_TO",
    "AlertCode",
    "AlertRow",
    "Condition",
    "Door",
    "DoorConfig",
    "Monitor",
    "NaiveMonitor",
    "OversightConfig",
    "Pager",
    "Severity",
    "explain",
]
