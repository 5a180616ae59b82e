"""A run on one page: what it earned, where it traded, what it waited for, and why it did not trade.

`run_data` reads the folder of a run, `paths` turns its events into series, `figures` those into plots,
`page` all of it into one self-contained HTML file; `differences` compares two runs.

Floats are allowed here: nothing on a page decides anything. Totals are the run's own exact text.
"""

from research.report.differences import Comparison, compare_runs
from research.report.page import ReportFacts, write_report

__all__ = ["Comparison", "ReportFacts", "compare_runs", "write_report"]
