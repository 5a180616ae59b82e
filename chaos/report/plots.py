"""Plots as plotly.js takes them: plain dicts of data and layout; no drawing library runs in Python."""

from collections.abc import Sequence
from typing import Any, Final

from chaos.ledger import History
from chaos.report import series
from chaos.report.series import Series
from chaos.result import LatencyRow
from market.instruments import Instrument
from sim.recorder import EventKind

Figure = dict[str, Any]

LINE: Final = "#1f5fbf"
SOFT: Final = "#98a2b3"
BAD: Final = "#b42318"
COLORS: Final = (LINE, "#b25e00", "#6b3fa0", "#0f766e", "#8c2f5f", "#475467")
MARKS_MAX: Final = 3_000


def plots_of(history: History, twin: History | None, books: Sequence[Instrument]) -> list[Figure]:
    """Every plot over the time of a run."""
    found = [
        _profit(history, twin, books),
        _answers(history, twin),
        _orders(history),
        _positions(history, books),
        _rates(history, twin),
        _ages(history),
    ]
    return [one for one in found if one["data"]]


def latency_plot(rows: Sequence[LatencyRow]) -> Figure:
    """What was measured of what is allowed, in per cent, every measurement a point."""
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": row.name,
            "x": [round(100 * one / row.limit_ns, 2) for one in row.found_ns[:MARKS_MAX]],
            "y": [row.name] * min(len(row.found_ns), MARKS_MAX),
            "text": [f"{one / 1e6:,.3f} ms" for one in row.found_ns[:MARKS_MAX]],
            "marker": {"color": LINE if row.holds else BAD, "size": 9, "opacity": 0.6},
            "showlegend": False,
        }
        for row in rows
        if row.limit_ns and row.found_ns
    ]
    layout = {
        "height": 130 + 38 * len(data),
        "shapes": [
            {"type": "line", "x0": 100, "x1": 100, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"color": BAD, "width": 2, "dash": "dash"}}
        ],
        "xaxis": {"title": {"text": "per cent of the limit"}, "rangemode": "tozero"},
        "yaxis": {"automargin": True},
    }  # fmt: skip
    return _figure("Measured against limits", data, "", **layout)


def _figure(title: str, data: list[Figure], y_title: str, **layout: Any) -> Figure:
    """A plot with the page's manners."""
    return {
        "data": data,
        "layout": {
            "title": {"text": title, "font": {"size": 15}},
            "margin": {"l": 64, "r": 24, "t": 44, "b": 44},
            "height": 300,
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": -0.2},
            "xaxis": {"title": {"text": "seconds from the start"}},
            "yaxis": {"title": {"text": y_title}, "zeroline": False},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            **layout,
        },
    }


def _over_time(history: History, title: str, data: list[Figure], y_title: str) -> Figure:
    """A plot over the run's time, with its faults as areas."""
    shapes = [
        {
            "type": "rect",
            "x0": series.seconds(history, one.from_ns),
            "x1": series.seconds(history, max(one.until_ns, one.from_ns + 50_000_000)),
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "fillcolor": "#f04438",
            "opacity": 0.10,
            "line": {"width": 0},
        }
        for one in history.windows
    ]
    axis = {
        "title": {"text": "seconds from the start"},
        "range": [0, series.seconds(history, history.end_ns)],
    }
    return _figure(title, data, y_title, shapes=shapes, xaxis=axis)


def _line(name: str, points: Series, color: str, **more: Any) -> Figure:
    """One line; nothing is a gap."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": points.x,
        "y": points.y,
        "line": {"color": color, "width": 1.6, **more},
    }


def _profit(history: History, twin: History | None, books: Sequence[Instrument]) -> Figure:
    """Profit with the faults and without."""
    data = []
    for number, (currency, points) in enumerate(series.profit(history, books).items()):
        data.append(_line(f"with faults, {currency}", points, COLORS[number % len(COLORS)]))
    for currency, points in series.profit(twin, books).items() if twin is not None else ():
        data.append(_line(f"fault-free twin, {currency}", points, SOFT, dash="dot"))
    return _over_time(history, "Profit after fees, with the faults and without", data, "profit")


def _answers(history: History, twin: History | None) -> Figure:
    """How long orders waited for their first report."""
    data = []
    for name, one, color in (("fault-free twin", twin, SOFT), ("with faults", history, LINE)):
        if one is None:
            continue
        points = series.answers(one)
        step = max(1, -(-len(points.x) // MARKS_MAX))
        marker = {"color": color, "size": 4, "opacity": 0.7}
        data.append(
            {"type": "scatter", "mode": "markers", "name": name, "x": points.x[::step],
             "y": points.y[::step], "marker": marker}
        )  # fmt: skip
    found = _over_time(history, "From a new order to the first report of it", data, "ms")
    found["layout"]["yaxis"]["type"] = "log"
    return found


def _orders(history: History) -> Figure:
    """Open orders, as the venue has them and as desks do."""
    data = [
        _line(name, points, COLORS[number % len(COLORS)], shape="hv")
        for number, (name, points) in enumerate(series.live_orders(history).items())
    ]
    return _over_time(history, "Open orders", data, "orders")


def _positions(history: History, books: Sequence[Instrument]) -> Figure:
    """What is held, and what may be held."""
    found = series.positions(history, books)
    data = [
        _line(name, points, COLORS[number % len(COLORS)], shape="hv")
        for number, (name, points) in enumerate(found.items())
    ]
    limits = {lots for rules in history.rules.values() for lots in rules.position_lots if lots}
    edges = [0.0, series.seconds(history, history.end_ns)]
    for lots in sorted(limits) if data else ():
        for sign in (1, -1):
            points = Series(edges, [float(sign * lots)] * 2)
            data.append(
                {**_line(f"limit {lots:,}", points, BAD, dash="dash"), "showlegend": sign > 0}
            )
    return _over_time(history, "Positions on the venue's ledger", data, "lots")


def _rates(history: History, twin: History | None) -> Figure:
    """New orders and fills a second."""
    data = []
    for name, one, dash in (("", history, "solid"), (" of the twin", twin, "dot")):
        if one is None:
            continue
        submits = series.counts(one, one.of(EventKind.SUBMIT))
        data.append(_line(f"new orders{name}", submits, COLORS[0], dash=dash))
        data.append(_line(f"fills{name}", series.counts(one, series.fills(one)), COLORS[3], dash=dash))  # fmt: skip
    return _over_time(history, "New orders and fills a second", data, "a second")


def _ages(history: History) -> Figure:
    """How old the content was that hosts decided on."""
    data = [
        _line(name, points, COLORS[number % len(COLORS)])
        for number, (name, points) in enumerate(series.content_age(history).items())
    ]
    found = _over_time(history, "Oldest content that was looked at", data, "ms")
    found["layout"]["yaxis"]["type"] = "log"
    return found
