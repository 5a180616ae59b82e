"""Trading schedules, and what drives the phases, bands and breakers of a venue.

`schedule` says what a trading day is, `library` holds those of known venues, `resolve` turns them into
nanoseconds; `driver` lets books follow them, by the table in `effective` and the rules in `rules`;
`guards` watches prints and quotes, and interrupts. Dates and calendars are `scenarios/calendars.py`'s.
docs/explanation/venue-schedules.md tells how all this goes together.
"""

from sim.schedule.collar_guard import CollarGuard, CollarTerms
from sim.schedule.describe import describe
from sim.schedule.driver import PhaseDriver
from sim.schedule.effective import Interruption
from sim.schedule.guards import Guards
from sim.schedule.library import schedule_named
from sim.schedule.market_guard import MarketGuard
from sim.schedule.ports import BookControl, CallOutlook
from sim.schedule.resolve import Timetable
from sim.schedule.rules import InterruptionRules
from sim.schedule.schedule import Schedule
from sim.schedule.stock_guard import StockGuard, StockTerms

__all__ = [
    "BookControl",
    "CallOutlook",
    "CollarGuard",
    "CollarTerms",
    "Guards",
    "Interruption",
    "InterruptionRules",
    "MarketGuard",
    "PhaseDriver",
    "Schedule",
    "StockGuard",
    "StockTerms",
    "Timetable",
    "describe",
    "schedule_named",
]
