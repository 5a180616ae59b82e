"""What a desk did in a run, held against the venue's own ledger."""

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from desk.gate.codes import VetoCode
from desk.ledger import Break, by_strategy, reconcile, totals_of
from desk.limits import LimitCode
from desk.orders import Anomaly
from desk.pipeline import Desk
from scenarios.stage_times import StageTime
from sim.account import Account

MICROS_DECIMALS = 6


class DeskSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One desk; values are exact text in the base currency.

    Attributes:
        events: Messages that it took.
        orders: Orders that it sent.
        vetoes: How often each veto was given, by name.
        refusals: How often the limits refused a command, by name.
        anomalies: How often a report made no sense, by name.
        equity: Capital and profit at the end.
        drawdown: How far equity is below its highest at the end.
        profit: By strategy: what it brought in at the last marks, after fees, funding and borrow.
        breaks: Where its ledger and the venue's differ at the end; what was still on the wire then
            differs too.
        stages: Wall time of the stages of one event.
    """

    events: int
    orders: int
    vetoes: dict[str, int]
    refusals: dict[str, int]
    anomalies: dict[str, int]
    equity: str
    drawdown: str
    profit: dict[str, str]
    breaks: list[str]
    stages: dict[str, StageTime]


def summarise(desk: Desk, venue: dict[int, Account], stages: dict[str, StageTime]) -> DeskSummary:
    """What a desk did.

    Args:
        venue: The venue's own account of the desk's host, by book.
        stages: Wall times, as they were measured outside.
    """
    currency = desk.instruments[0].currency
    names = [one.name for one in desk.config.strategies]
    return DeskSummary(
        events=desk.data.seq,
        orders=desk.orders.data.sequence,
        vetoes=_named(desk.data.veto_counts, VetoCode),
        refusals=_named(desk.data.refusal_counts, LimitCode),
        anomalies=_named(desk.orders.data.anomalies, Anomaly),
        equity=_micros(desk.state.equity, currency),
        drawdown=_micros(desk.state.peak_drawdown, currency),
        profit=_profit(desk, names),
        breaks=[_break(one) for one in reconcile(totals_of(desk.ledger), venue)],
        stages=stages,
    )


def _named(counts: Mapping[int, int], codes: type[IntEnum]) -> dict[str, int]:
    """Counts by name, in the order of the codes."""
    return {codes(code).name.lower(): counts[code] for code in sorted(counts)}


def _profit(desk: Desk, names: list[str]) -> dict[str, str]:
    """Each strategy's profit, exactly; amounts of several currencies stand beside each other."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for row in by_strategy(desk.ledger):
        found[names[row.key]].append(_decimal(row.net, row.decimals, row.currency))
    return {name: ", ".join(texts) or "nothing traded" for name, texts in found.items()}


def _break(one: Break) -> str:
    return f"book {one.book_id} {one.code.name.lower()}: desk {one.own}, venue {one.venue}"


def _micros(amount: int, currency: str) -> str:
    return _decimal(amount, MICROS_DECIMALS, currency)


def _decimal(amount: int, decimals: int, currency: str) -> str:
    """A whole number of 10^-`decimals` as text, with two decimals at least."""
    digits = f"{abs(amount):0{decimals + 1}d}"
    whole, fraction = digits[:-decimals], digits[-decimals:].rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}{whole}.{fraction} {currency}"
