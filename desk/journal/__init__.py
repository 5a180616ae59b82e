"""The journal: an append-only, hash-chained record of all that entered a desk and all that came of it.

`Journal` writes through a `market.ports.JournalWriter` (`MemoryWriter` here, a file with fsync in
`bridge.stores`); `Reader` reads back and says where a journal is torn or damaged; `survey` sums one
up. The format is in docs/reference/journal-format.md.
"""

from desk.journal.head import START, Anchor, Head, anchor_from
from desk.journal.journal import Journal
from desk.journal.memory import MemoryWriter
from desk.journal.reader import Problem, Reader
from desk.journal.records import Event, Header, Record, RecordType, event_in, snapshot_in
from desk.journal.survey import Survey, survey

__all__ = [
    "START",
    "Anchor",
    "Event",
    "Head",
    "Header",
    "Journal",
    "MemoryWriter",
    "Problem",
    "Reader",
    "Record",
    "RecordType",
    "Survey",
    "anchor_from",
    "event_in",
    "snapshot_in",
    "survey",
]
