"""The order book in plain Python: slow, obvious, the specification of `sim/kernels`.

The rules are those of docs/explanation/venue-truth.md, one function a rule: `rows` is what history
does, `commands` what we do, `state` the queues that both change, `book` the class that callers use.
"""

from sim.reference.book import ReferenceBook
from sim.reference.outcome import Message, Outcome, Report

__all__ = ["Message", "Outcome", "ReferenceBook", "Report"]
