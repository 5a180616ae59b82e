"""What a run's trading cost: tables of shortfall, benchmarks, mark-outs and verdicts, and alarms.

Model: the records of a run (`scenarios.tca_records`) measured by `desk.tca`, in plain rows for a terminal
or a program; money is exact decimal text. Slippages against a benchmark are means over parents, each
weighted by its filled lots.

A run keeps no public trades, so a VWAP is known only with the tape that the run replayed; our own fills
are never among a tape's trades. Alarms take parents in the order in which the desk had heard all of them.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np

from desk.tca import (
    HORIZONS_NS,
    Alarm,
    Convention,
    CostRow,
    Judgement,
    ParentRecord,
    Shortfall,
    TradeSeries,
    TrendConfig,
    TrendData,
    benchmarks_of,
    by_algo,
    by_hour,
    by_strategy,
    by_venue,
    judge,
    mean_markouts,
    observe,
    shortfall_of,
    slippages_of,
    standardised,
    verdicts,
)
from desk.tca.exact import decimal, in_ppm, rounded
from market.codes import Kind
from market.errors import InputError
from market.units import format_ns
from scenarios.tca_records import RunRecords, Valued, records_of
from sim.tape.read import open_tape

By = Literal["strategy", "venue", "algo", "hour"]
Row = dict[str, object]
TABLES: Final[dict[str, Callable[[Sequence[Shortfall]], list[CostRow]]]] = {
    "strategy": by_strategy,
    "venue": by_venue,
    "algo": by_algo,
    "hour": by_hour,
}
PARTS: Final = ("delay", "spread", "impact", "timing", "opportunity", "fees")
BENCHMARKS: Final = ("arrival", "vwap", "twap", "close")
UNFILLED: Final = "(not filled)"


class RunCosts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said of what a run's trading cost; hours are of UTC.

    Attributes:
        costs: A row for each key and currency: lots, the six parts, their sum, and it in parts per
            million of the worth at the decisions.
        benchmarks: For each benchmark the mean slippage, and how many parents it is not known of.
        markouts: By horizon, from price and from mid, in parts per million of what was traded.
        verdicts: By strategy: the idea, its execution, and what was really earned.
        unjudged: Parents whose horizon the run ended before; they are in no verdict.
        alarms: Where execution got worse.
        quotes_ahead: How often a price was asked for before the first two-sided view.
    """

    run_id: str
    convention: str
    valued: str
    parents: int
    fills: int
    costs: list[Row]
    benchmarks: list[Row]
    markouts: list[Row]
    verdicts: list[Row]
    unjudged: int
    alarms: list[Row]
    quotes_ahead: int


def costs_of(
    run: Path,
    *,
    by: By = "strategy",
    convention: Convention = Convention.PEROLD,
    valued: Valued = "end",
    tape: Path | None = None,
) -> RunCosts:
    """Measure a run.

    Args:
        run: The run's folder.
        by: What the table of costs and the mark-outs are grouped by.
        convention: Which lots delay and opportunity are counted on.
        valued: At what what was not filled is valued, as `records_of` says.
        tape: The tape that the run replayed, for the VWAP.

    Raises:
        InputError: The folder is no run with orders, or the tape is not the run's.
    """
    told = records_of(run, valued=valued)
    if not told.records:
        raise InputError(f"{run}: found no order, allowed is a run in which one was sent")
    found = [shortfall_of(record, convention) for record in told.records]
    trades = trades_of(told, tape) if tape is not None else {}
    judged = _judged(told)
    return RunCosts(
        run_id=told.run_id,
        convention=convention.name.lower(),
        valued=valued,
        parents=len(found),
        fills=sum(len(record.fills()) for record in told.records),
        costs=cost_rows(told, found, by),
        benchmarks=benchmark_rows(told, trades),
        markouts=markout_rows(told, by),
        verdicts=verdict_rows(told, judged),
        unjudged=len(found) - len(judged),
        alarms=[msgspec.to_builtins(one) for one in alarms_of(found)],
        quotes_ahead=told.quotes_ahead,
    )


def trades_of(told: RunRecords, path: Path) -> dict[str, TradeSeries]:
    """Public trades on the tape of a run, by symbol, all of its books together.

    Raises:
        InputError: It is not the tape that the run replayed.
    """
    tape = open_tape(path)
    if tape.digest != told.tape_digest:
        wanted = told.tape_digest or "none: the run's flow was generated"
        raise InputError(f"{path}: found digest {tape.digest}, allowed is the run's, {wanted}")
    kinds = (Kind.EXECUTE, Kind.TRADE, Kind.CROSS)
    kept: list[np.ndarray] = []
    for rows in tape.chunks():
        printed = np.isin(rows["kind"], kinds) & (rows["qty"] > 0) & (rows["ts_ns"] < told.end_ns)
        kept.append(rows[printed])
    every = np.concatenate(kept)
    found = {}
    for symbol in dict.fromkeys(book.symbol for book in told.books):
        ids = [number for number, book in enumerate(told.books) if book.symbol == symbol]
        rows = every[np.isin(every["book_id"], ids)]
        found[symbol] = TradeSeries(
            rows["ts_ns"].tolist(), rows["price"].tolist(), rows["qty"].tolist(), told.end_ns
        )
    return found


def alarms_of(found: Sequence[Shortfall]) -> list[Alarm]:
    """Where costs rose, with one false alarm in 1,000 parents on average."""
    data, config, alarms = TrendData(), TrendConfig(), []
    for one in sorted(found, key=lambda each: each.record.closed_ns):
        value = standardised(one)
        alarm = None if value is None else observe(data, config, value)
        if alarm is not None:
            alarms.append(alarm)
    return alarms


def key_text(told: RunRecords, by: str, key: int | str) -> str:
    """A key as a reader says it."""
    if by == "strategy":
        return told.strategies[int(key)]
    return f"{int(key):02d}:00" if by == "hour" else str(key) or UNFILLED


def money(amount: int, decimals: int) -> str:
    """A whole number of 10^-`decimals` as exact decimal text."""
    return str(decimal(Fraction(amount, 10**decimals), decimals))


def cost_rows(told: RunRecords, found: Sequence[Shortfall], by: By) -> list[Row]:
    """The six parts by a key; shortfalls are those of the run's records."""
    return [_cost(told, row, by) for row in TABLES[by](found)]


def _cost(told: RunRecords, row: CostRow, by: str) -> Row:
    share = row.share
    return {
        by: key_text(told, by, row.key),
        "currency": row.currency,
        "parents": row.parents,
        "fills": row.fills,
        "filled_lots": row.filled_lots,
        "rest_lots": row.rest_lots,
        **{name: money(getattr(row, name), row.decimals) for name in PARTS},
        "total": money(row.total, row.decimals),
        "ppm": None if share is None else in_ppm(share),
    }


def benchmark_rows(told: RunRecords, trades: dict[str, TradeSeries]) -> list[Row]:
    """The mean slippage against each benchmark, over what was filled."""
    sums = {name: [0, 0, 0, 0] for name in BENCHMARKS}
    empty = TradeSeries([], [], [], told.start_ns)
    for record in told.records:
        if not record.filled_lots:
            continue
        symbol = record.instrument.symbol
        against = benchmarks_of(
            record,
            told.mids[symbol],
            trades.get(symbol, empty),
            told.end_ns - 1,
            own_printed=False,
        )
        slippages = slippages_of(record, against)
        for name, row in sums.items():
            ppm = getattr(slippages, f"{name}_ppm")
            row[1 if ppm is None else 0] += 1
            if ppm is not None:
                row[2] += ppm * record.filled_lots
                row[3] += record.filled_lots
    return [
        {
            "benchmark": name,
            "slippage_ppm": rounded(Fraction(total, lots)) if lots else None,
            "parents": known,
            "absent": absent,
        }
        for name, (known, absent, total, lots) in sums.items()
    ]


def _key_of(record: ParentRecord, venue: str, by: str) -> int | str:
    """What a fill's mark-outs are counted under."""
    hour = record.decided.at_ns // 3_600_000_000_000 % 24
    keys: dict[str, int | str] = {
        "strategy": record.strategy,
        "venue": venue,
        "algo": record.algo,
        "hour": hour,
    }
    return keys[by]


def markout_rows(told: RunRecords, by: By) -> list[Row]:
    """Where the mid was after fills, by a key and the time after them."""
    rows = mean_markouts(
        told.records, told.mids, lambda record, fill: _key_of(record, fill.venue, by), HORIZONS_NS
    )
    return [
        {
            by: key_text(told, by, row.key),
            "currency": row.currency,
            "after": format_ns(row.horizon_ns),
            "fills": row.fills,
            "absent": row.absent,
            "from_price_ppm": _ppm(row.from_price, row.worth),
            "from_mid_ppm": _ppm(row.from_mid, row.worth),
        }
        for row in rows
    ]


def _ppm(amount: int, worth: int) -> int | None:
    return in_ppm(Fraction(amount, worth)) if worth > 0 else None


def _judged(told: RunRecords) -> list[Judgement]:
    """Parents whose horizon has passed."""
    found = [
        judge(record, told.mids[record.instrument.symbol], horizon_ns)
        for record, horizon_ns in zip(told.records, told.horizons_ns, strict=True)
    ]
    return [one for one in found if one is not None]


def verdict_rows(told: RunRecords, known: list[Judgement]) -> list[Row]:
    """Good idea or good execution, at the horizon of each belief."""
    return [
        {
            "strategy": key_text(told, "strategy", row.key),
            "currency": row.currency,
            "idea": money(row.idea, row.decimals),
            "cost": money(row.cost, row.decimals),
            "real": money(row.real, row.decimals),
            "neither": row.neither,
            "good_idea": row.good_idea,
            "good_execution": row.good_execution,
            "both": row.both,
        }
        for row in verdicts(known, lambda record: record.strategy)
    ]
