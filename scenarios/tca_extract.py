"""Best-execution extracts of a run, as rows for a csv file.

A run knows its orders and its venues, not whose orders they were or what the venue's papers say:

- `rule605`: every order counts as held, one report for each venue; the regular hours are the run's.
- `rule606`: 606(b)(3), every order as not held, of one customer.
- `rts27`: tables 5 and 6, of own orders, one row for each figure; tables 1 to 3 and 7 to 9 need papers,
  moments and books that a run does not hold, and are not written.
- `rts28`: Annex II, Table 1, all instruments in one class.

What the rule leaves out is counted by reason.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from desk.tca.extracts import (
    Extract,
    Row,
    VenueFacts,
    rts_28,
    rule_605,
    rule_606_b3,
    table_5,
    table_6,
)
from market.errors import InputError
from scenarios.tca_records import RunRecords, records_of

Rule = Literal["rule605", "rule606", "rts27", "rts28"]
NOT_SAID = ("", "", "")


class ExtractFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, and what the rule left out."""

    rule: str
    path: str
    rows: int
    left_out: dict[str, int]


def write_extract(
    run: Path,
    rule: Rule,
    out: Path,
    *,
    name: str = "TWIN",
    instrument_class: str = "equities",
    business_days: int = 252,
) -> ExtractFacts:
    """Write one extract of a run as csv.

    Args:
        run: The run's folder.
        rule: Which.
        out: The file.
        name: The participant of Rule 605, the customer of 606, the category of clients of RTS 28.
        instrument_class: The class of all instruments in RTS 28.
        business_days: Of the year of RTS 28.

    Raises:
        InputError: The folder is no run, or the file cannot be written.
    """
    told = records_of(run, valued="end")
    month = str(np.datetime64(told.start_ns, "ns").astype("datetime64[M]"))
    if rule == "rule605":
        found = _rule_605(told, name, month)
    elif rule == "rule606":
        records = [msgspec.structs.replace(one, customer=name) for one in told.records]
        found = rule_606_b3(records, customer=name, month=month)
    elif rule == "rts27":
        found = _rts_27(told)
    else:
        found = rts_28(
            told.records,
            class_of=lambda _symbol: instrument_class,
            client=name,
            business_days=business_days,
        )
    _write(out, found.rows)
    return ExtractFacts(rule=rule, path=str(out), rows=len(found.rows), left_out=found.left_out)


def _rule_605(told: RunRecords, participant: str, month: str) -> Extract:
    records = [msgspec.structs.replace(one, held=True) for one in told.records]
    rows: list[Row] = []
    left_out: dict[str, int] = {}
    for venue in dict.fromkeys(book.venue for book in told.books):
        found = rule_605(
            records,
            participant=participant,
            market_center=venue,
            month=month,
            mids=told.mids,
            session_ns=(told.start_ns, told.end_ns),
        )
        rows += found.rows
        for reason, count in found.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    return Extract(rows=rows, left_out=left_out)


def _rts_27(told: RunRecords) -> Extract:
    rows: list[Row] = []
    for book in told.books:
        facts = VenueFacts(
            name=book.venue,
            identifier="",
            competent_authority="",
            segment_name="",
            segment_identifier="",
            trading_day=str(np.datetime64(told.start_ns, "ns").astype("datetime64[D]")),
        )
        tables = {
            5: table_5(told.records, book.venue, book.symbol, NOT_SAID),
            6: table_6(told.records, book.venue, book.symbol, facts),
        }
        for table, figures in tables.items():
            rows += [
                {
                    "venue": book.venue,
                    "instrument": book.symbol,
                    "table": table,
                    "figure": figure,
                    "value": value,
                }
                for figure, value in figures.items()
            ]
    return Extract(rows=rows, left_out={})


def _write(out: Path, rows: Sequence[Row]) -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else [])
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise InputError(
            f"{out}: cannot write there ({error.strerror}), allowed is a file in a folder that exists"
        ) from None
