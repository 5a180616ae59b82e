"""Best-execution reports: from records of parents to rows, ready for csv or parquet.

A row is a dictionary of columns in the order of its rule: whole numbers, names, decimals with a fixed
number of places, and None where nothing can be said. What is left out is counted by reason. The rules
are American (605, 606) and European (RTS 27, RTS 28); docs/explanation/tca.md says which fields each
has and where our own orders are not enough for it.
"""

from desk.tca.extracts.orders import Extract, OrderKind, Row, kind_of
from desk.tca.extracts.rts27 import (
    Incident,
    InstrumentFacts,
    SizeRanges,
    VenueFacts,
    table_1,
    table_2,
    table_3,
    table_4,
    table_5,
    table_6,
)
from desk.tca.extracts.rts27_speed import BookSeen, QuoteRequest, table_7, table_8, table_9
from desk.tca.extracts.rts28 import rts_28
from desk.tca.extracts.rule605 import HORIZONS_2024_NS, rule_605
from desk.tca.extracts.rule606 import Payments, rule_606_a1, rule_606_b3

__all__ = [
    "HORIZONS_2024_NS",
    "BookSeen",
    "Extract",
    "Incident",
    "InstrumentFacts",
    "OrderKind",
    "Payments",
    "QuoteRequest",
    "Row",
    "SizeRanges",
    "VenueFacts",
    "kind_of",
    "rts_28",
    "rule_605",
    "rule_606_a1",
    "rule_606_b3",
    "table_1",
    "table_2",
    "table_3",
    "table_4",
    "table_5",
    "table_6",
    "table_7",
    "table_8",
    "table_9",
]
