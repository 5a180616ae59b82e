"""Plots as plotly.js takes them: plain dicts of data and layout; no drawing library runs in Python."""

from typing import Any, Final

import numpy as np

from research.report import paths
from research.report.run_data import Ints, RunData

Figure = dict[str, Any]

BUY: Final = "#1a7f37"
SELL: Final = "#b42318"
LINE: Final = "#1f5fbf"
SOFT: Final = "#9aa4b2"
BINS: Final = 60
MARKS_MAX: Final = 6_000
MARKOUT_NS: Final = {
    "1 s": 1_000_000_000,
    "5 s": 5_000_000_000,
    "30 s": 30_000_000_000,
    "1 min": 60_000_000_000,
    "5 min": 300_000_000_000,
}


def figure(title: str, data: list[Figure], y_title: str, **layout: Any) -> Figure:
    """A plot with the page's manners."""
    return {
        "data": data,
        "layout": {
            "title": {"text": title, "font": {"size": 15}},
            "margin": {"l": 64, "r": 24, "t": 44, "b": 44},
            "height": 340,
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": -0.18},
            "yaxis": {"title": {"text": y_title}, "zeroline": False},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            **layout,
        },
    }


def times(time_ns: Ints) -> list[str]:
    """Instants as plotly's dates, to the microsecond, UTC."""
    return [str(one) for one in (time_ns // 1000).astype("datetime64[us]")]


def line(name: str, x: list[str], y: Any, color: str, **more: Any) -> Figure:
    """One line; what is not a number is a gap."""
    values = [None if np.isnan(value) else round(float(value), 6) for value in y]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": values,
        "line": {"color": color, "width": 1.4, **more},
    }


COLORS: Final = (LINE, "#b25e00", "#6b3fa0", "#0f766e", "#8c2f5f", "#475467")


def profit_figure(run: RunData) -> Figure:
    """Profit after fees, by host."""
    data = []
    for number, name in enumerate(run.hosts):
        profit = paths.profit_of(run, number)
        color = COLORS[number % len(COLORS)]
        data.append(line(name, times(profit.time_ns), profit.profit, color))
    return figure("Profit after fees", data, _currency(run))


def drawdown_figure(run: RunData) -> Figure:
    """How far below its best each host stood."""
    data = []
    for number, name in enumerate(run.hosts):
        profit = paths.profit_of(run, number)
        color = COLORS[number % len(COLORS)]
        data.append(line(name, times(profit.time_ns), -profit.drawdown, color))
    return figure("Drawdown", data, _currency(run), height=220)


def price_figure(run: RunData, book_id: int) -> Figure:
    """A book's best prices as hosts saw them, with every fill."""
    mids = paths.mids_of(run, book_id)
    kept = paths.thin((mids.bid + mids.ask) / 2)
    x = times(mids.time_ns[kept])
    data = [
        line("bid", x, mids.bid[kept], SOFT, shape="hv"),
        line("ask", x, mids.ask[kept], SOFT, shape="hv"),
    ]
    for number, host in enumerate(run.hosts):
        fills = paths.fills_of(run, number, book_id)
        for side, color, symbol in ((0, BUY, "triangle-up"), (1, SELL, "triangle-down")):
            rows = np.flatnonzero(fills.side == side)
            if len(rows) == 0:
                continue
            rows = rows[:: max(1, -(-len(rows) // MARKS_MAX))]
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": f"{host} {paths.SIDE_NAMES[side]}s",
                    "x": times(fills.time_ns[rows]),
                    "y": fills.price[rows].round(6).tolist(),
                    "text": [
                        f"{abs(lots)} lots, {paths.LIQUIDITY_NAMES.get(kind, kind)}, order {order}"
                        for lots, kind, order in zip(
                            fills.signed_lots[rows].tolist(),
                            fills.liquidity[rows].tolist(),
                            fills.order_id[rows].tolist(),
                            strict=True,
                        )
                    ],
                    "marker": {"color": color, "symbol": symbol, "size": 7},
                }
            )
    book = run.books[book_id]
    return figure(f"{book.symbol}@{book.venue}: price and own fills", data, book.currency)


def inventory_figure(run: RunData) -> Figure:
    """Positions over time."""
    data: list[Figure] = []
    for number, host in enumerate(run.hosts):
        for book_id, book in enumerate(run.books):
            fills = paths.fills_of(run, number, book_id)
            if len(fills.time_ns) == 0:
                continue
            lots = np.cumsum(fills.signed_lots).astype(np.float64)
            kept = paths.thin(lots)
            name = f"{host} {book.symbol}@{book.venue}"
            color = COLORS[len(data) % len(COLORS)]
            data.append(line(name, times(fills.time_ns[kept]), lots[kept], color, shape="hv"))
    return figure("Inventory", data, "lots", height=260)


def latency_figure(run: RunData) -> Figure:
    """Every latency of the run, on a logarithmic scale."""
    data = []
    for kind, latency_ns in run.latencies_ns.items():
        waited = latency_ns[latency_ns > 0] / 1e3
        if len(waited) == 0:
            continue
        counts, edges = np.histogram(np.log10(waited), bins=BINS)
        centers = 10 ** ((edges[:-1] + edges[1:]) / 2)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": kind.replace("_", " "),
                "x": centers.round(3).tolist(),
                "y": (100 * counts / counts.sum()).round(4).tolist(),
                "line": {"shape": "hvh", "width": 1.4},
            }
        )
    axis = {"title": {"text": "microseconds"}, "type": "log"}
    return figure("Latencies", data, "percent of all", xaxis=axis)


def veto_figure(run: RunData) -> Figure:
    """What the gate and the limits refused, by reason."""
    data: list[Figure] = []
    for host, desk in run.summary.get("desks", {}).items():
        for kind in ("vetoes", "refusals"):
            counts = desk.get(kind, {})
            if counts:
                data.append(
                    {
                        "type": "bar",
                        "name": f"{host} {kind}",
                        "x": [name.replace("_", " ") for name in counts],
                        "y": list(counts.values()),
                    }
                )
    return figure("Vetoes and refusals by reason", data, "times", height=280)


def markout_figure(run: RunData) -> Figure:
    """What fills were worth later, against the mid, in basis points, weighted by lots."""
    data = []
    for number, host in enumerate(run.hosts):
        by_liquidity: dict[int, list[list[float]]] = {}
        for book_id in range(len(run.books)):
            fills = paths.fills_of(run, number, book_id)
            for kind in sorted(set(fills.liquidity.tolist())):
                rows = fills.liquidity == kind
                kept = by_liquidity.setdefault(kind, [[0.0, 0.0] for _ in MARKOUT_NS])
                for place, after_ns in enumerate(MARKOUT_NS.values()):
                    gain = paths.markout(run, fills, book_id, after_ns)[rows]
                    weight = np.abs(fills.signed_lots[rows])
                    share = 1e4 * gain / fills.price[rows]
                    good = ~np.isnan(share)
                    kept[place][0] += float((share[good] * weight[good]).sum())
                    kept[place][1] += float(weight[good].sum())
        for kind, values in by_liquidity.items():
            name = f"{host} {paths.LIQUIDITY_NAMES.get(kind, str(kind))}"
            y = [round(total / lots, 4) if lots else None for total, lots in values]
            data.append({"type": "bar", "name": name, "x": list(MARKOUT_NS), "y": y})
    return figure("Mark-outs: what fills were worth later", data, "basis points", height=280)


def _currency(run: RunData) -> str:
    """The currency of the books, if it is one."""
    return ", ".join(sorted({book.currency for book in run.books}))
