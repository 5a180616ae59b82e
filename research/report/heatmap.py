"""The book around one order as the desk saw it: a map of displayed lots over time and price.

Depth is in the views that a desk journaled, so the map shows what was known when it was decided, and
nothing that was not.
"""

from typing import Final, NamedTuple

import numpy as np

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from market.messages import NO_PRICE, Submit, View
from research.report.figures import BUY, LINE, SELL, Figure, figure, times
from research.report.paths import fills_of, price_scale
from research.report.run_data import RunData

VIEWS_AROUND: Final = 150
JOURNAL_SUFFIX: Final = ".journal"


class Around(NamedTuple):
    """Views of one book around the moment at which an order left."""

    order: Submit
    sent_ns: int
    views: list[tuple[int, View]]


def largest_order(run: RunData, host: int) -> int | None:
    """The order of a host that filled the most lots; the oldest of several; None without fills."""
    lots: dict[int, int] = {}
    for book_id in range(len(run.books)):
        fills = fills_of(run, host, book_id)
        for order, signed in zip(fills.order_id.tolist(), fills.signed_lots.tolist(), strict=True):
            lots[order] = lots.get(order, 0) + abs(signed)
    return min(lots, key=lambda order: (-lots[order], order)) if lots else None


def views_around(run: RunData, host: int, order_id: int) -> Around | None:
    """The views before and after an order left; None when the host kept no journal, or not of it."""
    path = run.folder / f"{run.hosts[host]}{JOURNAL_SUFFIX}"
    if not path.is_file():
        return None
    before: dict[int, list[tuple[int, View]]] = {}
    found: Around | None = None
    after = 0
    for record in Reader(map_file(path), where=str(path)):
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        view = event.message
        if isinstance(view, View):
            if found is None:
                recent = before.setdefault(view.book_id, [])
                recent.append((record.now_ns, view))
                del recent[:-VIEWS_AROUND]
            elif view.book_id == found.order.book_id:
                found.views.append((record.now_ns, view))
                after += 1
        for caused in event.commands:
            order = caused.command
            if isinstance(order, Submit) and order.order_id == order_id:
                found = Around(order, record.now_ns, list(before.get(order.book_id, ())))
        if after == VIEWS_AROUND:
            break
    return found


def book_figure(run: RunData, around: Around) -> Figure | None:
    """The map, with the order's limit and the moment at which it left; None without any depth."""
    levels = [
        (column, price, lots)
        for column, (_, view) in enumerate(around.views)
        for price, lots in (*_side(view, "bids"), *_side(view, "asks"))
    ]
    if not levels:
        return None
    low = min(price for _, price, _ in levels)
    high = max(price for _, price, _ in levels)
    grid = np.full((high - low + 1, len(around.views)), np.nan)
    for column, price, lots in levels:
        grid[price - low, column] = lots
    scale = price_scale(run.books[around.order.book_id])
    x = times(np.array([now_ns for now_ns, _ in around.views], dtype=np.int64))
    sent = times(np.array([around.sent_ns], dtype=np.int64))[0]
    limit = around.order.price_ticks * scale
    color = SELL if around.order.side else BUY
    heat = {
        "type": "heatmap",
        "x": x,
        "y": [round(price * scale, 6) for price in range(low, high + 1)],
        "z": [[None if np.isnan(v) else int(v) for v in row] for row in grid.tolist()],
        "colorscale": [[0, "#eff4ff"], [1, "#1849a9"]],
        "colorbar": {"title": {"text": "lots"}},
    }
    mark = {
        "type": "scatter",
        "mode": "markers",
        "name": f"order {around.order.order_id}",
        "x": [sent],
        "y": [round(limit, 6)],
        "marker": {"color": color, "size": 12, "symbol": "x"},
    }
    book = run.books[around.order.book_id]
    title = f"The book of {book.symbol}@{book.venue} around order {around.order.order_id}"
    line = {"type": "line", "x0": sent, "x1": sent, "yref": "paper", "y0": 0, "y1": 1}
    shapes = [{**line, "line": {"color": LINE, "dash": "dot", "width": 1}}]
    return figure(title, [heat, mark], book.currency, shapes=shapes)


def _side(view: View, side: str) -> tuple[tuple[int, int], ...]:
    """The levels of one side: all that the view has, or its best."""
    levels: tuple[tuple[int, int], ...] = getattr(view, side)
    if levels:
        return levels
    price, lots = (
        (view.bid_ticks, view.bid_lots) if side == "bids" else (view.ask_ticks, view.ask_lots)
    )
    return () if price == NO_PRICE else ((price, lots),)
