"""The board of a paper session on the terminal: book, position, profit, orders, lag and alarms, twice a second."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from console.paper_view import BookGlance, Glance, glance

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from bridge.paper.loop import PaperLoop
    from console.paper_run import PaperRun

EVERY_S: Final = 0.5
ORDERS_SHOWN: Final = 10


async def board(session: "PaperRun", paper: "PaperLoop") -> None:
    """Show it until cancelled."""
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=False) as live:
        try:
            while True:
                live.update(page(glance(session), paper), refresh=True)
                await asyncio.sleep(EVERY_S)
        finally:
            live.update(page(glance(session), paper), refresh=True)


def page(seen: Glance, paper: "PaperLoop") -> "Group":
    """One picture."""
    from rich.columns import Columns
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    parts: list[RenderableType] = [_head(seen, paper)]
    parts.append(Columns([_book(one) for one in seen.books]))
    parts.append(_orders(seen))
    if seen.word:
        parts.append(Text(f"last word: {seen.word}"))
    if seen.alarms:
        parts.append(Panel(Text("\n".join(seen.alarms)), title="alarms", border_style="red"))
    return Group(*parts)


def _head(seen: Glance, paper: "PaperLoop") -> "RenderableType":
    from rich.table import Table

    figures = paper.figures
    table = Table.grid(padding=(0, 3))
    now = datetime.fromtimestamp(seen.time_ns / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3]
    modes = ", ".join(f"{one.name} {one.mode.lower()}" for one in seen.hosts)
    table.add_row("time", now, "desk", modes, "profit", seen.pnl)
    table.add_row(
        "entries", f"{seen.entries:,}", "fills", f"{seen.fills:,}", "orders", f"{len(seen.orders)}"
    )
    table.add_row(
        "taking p99",
        f"{figures.taking.percentile_ns(990) / 1e6:.2f} ms",
        "late p99",
        f"{figures.late.percentile_ns(990) / 1e6:.2f} ms",
        "frames waiting, most",
        f"{seen.waiting:,}",
    )
    return table


def _book(one: BookGlance) -> "RenderableType":
    from rich.table import Table

    table = Table(title=f"{one.name}  position {one.position_lots:,}")
    for name in ("bid lots", "bid", "ask", "ask lots"):
        table.add_column(name, justify="right")
    for row in range(max(len(one.bids), len(one.asks))):
        bid = one.bids[row] if row < len(one.bids) else None
        ask = one.asks[row] if row < len(one.asks) else None
        table.add_row(
            f"{bid[1]:,}" if bid else "",
            f"{bid[0]:,}" if bid else "",
            f"{ask[0]:,}" if ask else "",
            f"{ask[1]:,}" if ask else "",
        )
    return table


def _orders(seen: Glance) -> "RenderableType":
    from rich.table import Table

    table = Table(title=f"open orders: {len(seen.orders)}")
    for name in ("order", "book", "side", "price", "open lots"):
        table.add_column(name, justify="right" if name in ("price", "open lots") else "left")
    for one in seen.orders[:ORDERS_SHOWN]:
        table.add_row(
            str(one.order_id), one.book, one.side, f"{one.price_ticks:,}", f"{one.open_lots:,}"
        )
    return table
