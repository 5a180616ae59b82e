"""The tables of a report, as text: the same on the page and on the terminal."""

from typing import Any, Final

import msgspec
import numpy as np

from market.codes import Liquidity, ReportType
from market.units import format_ns
from research.report import paths
from research.report.run_data import RunData
from sim.recorder import EventKind

HEAD: Final = (
    "scenario", "mode", "seed", "digest", "status", "messages", "decisions", "orders", "rejects",
    "fills", "position_lots", "pnl", "simulated_s", "simulated_to_real",
)  # fmt: skip
MINUTE_NS: Final = 60_000_000_000


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of text under their heads."""

    title: str
    columns: list[str]
    rows: list[list[str]]


def head(run: RunData) -> list[Table]:
    """What ran, and what came of it."""
    rows = [[key.replace("_", " "), _text(run.summary[key])] for key in HEAD if key in run.summary]
    names = ("code_digest", "scenario_digest", "tape_digest")
    about = [[name.replace("_", " "), str(run.identity.get(name) or "–")] for name in names]
    about += [[name, str(value)] for name, value in run.fingerprint.items()]
    return [
        Table(title="Result", columns=["", ""], rows=rows),
        Table(title="Identity", columns=["", ""], rows=about),
    ]


def performance(run: RunData) -> list[Table]:
    """Figures of each host; money in the summary's exact text, ratios from the plotted series."""
    columns = [
        "host", "profit", "fees", "largest drawdown", "minutes in profit", "orders", "fills",
        "lots", "maker share", "filled of orders",
    ]  # fmt: skip
    rows = []
    for number, host in enumerate(run.summary["hosts"]):
        profit = paths.profit_of(run, number)
        drawdown = float(profit.drawdown.max()) if len(profit.drawdown) else 0.0
        orders, filled = _orders(run, number)
        lots, maker = _lots(run, number)
        rows.append(
            [
                host["name"],
                str(host["pnl"]),
                str(host["fees"]),
                f"{drawdown:,.2f}",
                _good_minutes(profit),
                f"{orders:,}",
                f"{host['fills']:,}",
                f"{lots:,}",
                _share(maker, lots),
                _share(filled, orders),
            ]
        )
    return [Table(title="By host", columns=columns, rows=rows)]


def attribution(run: RunData) -> list[Table]:
    """Where profit came from: by strategy (the desks' ledgers) and by book (the venue's fills)."""
    by_strategy = [
        [host, strategy, str(amount)]
        for host, desk in run.summary.get("desks", {}).items()
        for strategy, amount in desk["profit"].items()
    ]
    by_book = []
    for number, host in enumerate(run.hosts):
        for book_id, book in enumerate(run.books):
            fills = paths.fills_of(run, number, book_id)
            if len(fills.time_ns) == 0:
                continue
            lots = int(fills.signed_lots.sum())
            mids = paths.mids_of(run, book_id)
            last = (mids.bid[-1] + mids.ask[-1]) / 2 if len(mids.time_ns) else 0.0
            worth = lots * last * book.lot_num / book.lot_den
            gain = float(fills.cash.sum() + worth - fills.fee.sum())
            by_book.append(
                [host, f"{book.symbol}@{book.venue}", f"{gain:,.2f} {book.currency}",
                 f"{float(fills.fee.sum()):,.2f}", f"{lots:,}", f"{len(fills.time_ns):,}"]
            )  # fmt: skip
    tables = []
    if by_strategy:
        columns = ["desk", "strategy", "profit"]
        tables.append(Table(title="By strategy", columns=columns, rows=by_strategy))
    if by_book:
        columns = ["host", "book", "profit", "fees", "position left", "fills"]
        tables.append(Table(title="By book", columns=columns, rows=by_book))
    return tables


def latencies(run: RunData) -> list[Table]:
    """Percentiles as the summary has them."""
    rows = [
        [host, kind.replace("_", " "), f"{one['count']:,}",
         *(format_ns(one[name]) for name in ("p50_ns", "p90_ns", "p99_ns", "max_ns"))]
        for host, kinds in run.summary.get("latencies", {}).items()
        for kind, one in kinds.items()
    ]  # fmt: skip
    columns = ["host", "latency", "count", "p50", "p90", "p99", "longest"]
    return [Table(title="Percentiles", columns=columns, rows=rows)] if rows else []


def _orders(run: RunData, host: int) -> tuple[int, int]:
    """Orders that reached the venue, and those of them that filled at least in part."""
    events = run.events
    own = events["host"] == host
    sent = own & (events["kind"] == EventKind.ARRIVED) & (events["detail"] == EventKind.SUBMIT)
    filled = own & (events["kind"] == EventKind.ANSWER) & (events["detail"] == ReportType.FILLED)
    return int(sent.sum()), len(np.unique(events["order_id"][filled]))


def _lots(run: RunData, host: int) -> tuple[int, int]:
    """Lots traded, and those of them by resting orders."""
    total = maker = 0
    for book_id in range(len(run.books)):
        fills = paths.fills_of(run, host, book_id)
        lots = np.abs(fills.signed_lots)
        resting = np.isin(fills.liquidity, (Liquidity.MAKER, Liquidity.HIDDEN_MAKER))
        total += int(lots.sum())
        maker += int(lots[resting].sum())
    return total, maker


def _good_minutes(profit: paths.Profit) -> str:
    """Minutes of the run that earned something, of those in which profit changed."""
    if len(profit.time_ns) < 2:
        return "–"
    minute = profit.time_ns // MINUTE_NS
    last = np.flatnonzero(np.diff(minute, append=minute[-1] + 1))
    change = np.diff(profit.profit[last], prepend=0.0)
    moved = change[np.abs(change) > 0]
    return _share(int((moved > 0).sum()), len(moved))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
