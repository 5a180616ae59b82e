"""What did it cost, and why: transaction-cost analysis, from records to parts, curves and reports.

A `ParentRecord` says what was wanted and what became of it. `shortfall_of` splits what that cost into
parts that sum to the whole, `benchmarks_of` and `markouts_of` hold it against the market, and `judge`
parts the idea from the execution. `table` and its sisters sum over parents. `learn` makes the
`CostCurves` of a boundary, which sizing, execution and router read as data, and `observe` calls when
execution gets worse. `desk.tca.extracts` has the rows of best-execution reports.

Everything here is a function of its arguments; nothing is read, written or timed.
"""

from desk.tca.benchmarks import Benchmarks, Slippages, benchmarks_of, slippages_of
from desk.tca.curve import CostCurve, CostCurves, CurveAxis, CurveKey, boundary_before
from desk.tca.groups import CostRow, by_algo, by_hour, by_strategy, by_venue, table
from desk.tca.learning import LearningConfig, learn
from desk.tca.markouts import HORIZONS_NS, markouts_of, mean_markouts
from desk.tca.records import ChildRecord, FillRecord, ParentRecord, Quote, Seen
from desk.tca.series import MidSeries, TradeSeries
from desk.tca.shortfall import Convention, Parts, Shortfall, market_adjusted, shortfall_of
from desk.tca.trend import Alarm, TrendConfig, TrendData, observe, standardised
from desk.tca.verdict import Judgement, Verdict, judge, verdicts

__all__ = [
    "HORIZONS_NS",
    "Alarm",
    "Benchmarks",
    "ChildRecord",
    "Convention",
    "CostCurve",
    "CostCurves",
    "CostRow",
    "CurveAxis",
    "CurveKey",
    "FillRecord",
    "Judgement",
    "LearningConfig",
    "MidSeries",
    "ParentRecord",
    "Parts",
    "Quote",
    "Seen",
    "Shortfall",
    "Slippages",
    "TradeSeries",
    "TrendConfig",
    "TrendData",
    "Verdict",
    "benchmarks_of",
    "boundary_before",
    "by_algo",
    "by_hour",
    "by_strategy",
    "by_venue",
    "judge",
    "learn",
    "market_adjusted",
    "markouts_of",
    "mean_markouts",
    "observe",
    "shortfall_of",
    "slippages_of",
    "standardised",
    "table",
    "verdicts",
]
