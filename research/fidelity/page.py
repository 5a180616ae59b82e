"""A judgement on one page: the distance, why it is there, every order on both sides, and the fitted twin."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from market.errors import InputError
from research.fidelity.judge import FOLDER, Fidelity
from research.fidelity.words import (
    CAUSE_WORDS,
    FIGURE_WORDS,
    later_ms,
    number,
    sum_rows,
    verdict,
    worst,
)
from research.report.figures import BUY, LINE, SELL, SOFT, Figure, figure, line, times
from research.report.page import Section, render
from research.report.sections import Table

PAGE: Final = "report.html"
WORST: Final = 100
MARKS_MAX: Final = 6_000


def write_page(found: Fidelity, out: Path | None = None) -> Path:
    """Write the page; where it is.

    Args:
        found: The judgement.
        out: `fidelity/report.html` in the session's folder by default.

    Raises:
        InputError: It cannot be written there.
    """
    path = Path(found.session) / FOLDER / PAGE if out is None else out
    text, _ = render(f"{Path(found.session).name}: session and twin", sections_of(found))
    try:
        if out is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: cannot write there ({error.strerror}), allowed is a file in a folder that exists"
        ) from None
    return path


def sections_of(found: Fidelity) -> list[Section]:
    """Everything that is said, in the order in which one asks."""
    return [
        _head(found),
        Section(
            title="How far",
            text="Each with its 95 % interval, from drawing whole blocks of time.",
            figures=[_distance_figure(found)],
            tables=[_distance_table(found)],
        ),
        Section(
            title="Why",
            text="What the session's own value of each part takes away from the distance, averaged over all orders "
            "in which they can be put in; alone is first, last is last. In units of what one would notice.",
            figures=[_cause_figure(found)],
            tables=[_cause_table(found)],
        ),
        Section(
            title="Orders",
            text="The session's own orders on both sides; above zero, the twin was later, or earned more.",
            figures=[_time_figure(found), _queue_figure(found), _profit_figure(found)],
            tables=_worst_tables(found),
        ),
        *_fitted(found),
        Section(
            title="The desk left to itself",
            text="In the twin it decides for itself, so after the first other fill it sends other orders.",
            tables=[_desk_table(found)],
        ),
    ]


def _head(found: Fidelity) -> Section:
    passes = {None: "no bounds", True: "within its bounds", False: "beyond its bounds"}
    facts: list[tuple[str, str]] = [
        ("session", found.session),
        ("twin", found.against),
        ("tape", found.tape or "what the session's feed gave"),
        ("entries", f"{found.entries:,}"),
        ("judged", passes[found.passes]),
        ("books unknown for", f"{found.gap_s:,.3f} s; gaps: {found.gaps}"),
        ("program", "the session's own" if found.same_program else "another than the session's"),
        ("fills that the program gives otherwise today", f"{found.refilled:,}"),
    ]
    return Section(
        title=verdict(found),
        tables=[
            Table(title="", columns=["", ""], rows=[list(fact) for fact in facts]),
            _plain("What the session's orders came to", sum_rows(found)),
        ],
    )


def _plain(title: str, rows: Sequence[dict[str, object]]) -> Table:
    columns = list(rows[0]) if rows else []
    return Table(
        title=title, columns=columns, rows=[[str(one) for one in row.values()] for row in rows]
    )


def _distance_table(found: Fidelity) -> Table:
    words = {None: "–", True: "yes", False: "no"}
    rows = [
        [FIGURE_WORDS[one.name], number(one.value), number(one.low), number(one.high), number(one.bias),
         "–" if one.bound is None else number(one.bound), words[one.holds]]
        for one in found.figures
    ]  # fmt: skip
    columns = ["", "distance", "from", "to", "with sign", "bound", "holds"]
    return Table(title="", columns=columns, rows=rows)


def _cause_table(found: Fidelity) -> Table:
    rows = [
        [CAUSE_WORDS[one.name], number(one.share), number(one.low), number(one.high),
         number(one.alone), number(one.last), f"{one.first_ppm / 10_000:.0f} %",
         one.lived if one.differs else f"equal: {one.lived}" if one.lived else "–",
         one.assumed if one.differs else ""]
        for one in found.attribution.causes
    ]  # fmt: skip
    columns = ["", "share", "from", "to", "alone", "last", "leads in", "session", "twin"]
    return Table(title="", columns=columns, rows=rows)


def _bars(names: list[str], values: list[float], low: list[float], high: list[float]) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "x": [round(value, 6) for value in values],
        "y": names,
        "marker": {"color": LINE},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(max(h - v, 0.0), 6) for h, v in zip(high, values, strict=True)],
            "arrayminus": [round(max(v - x, 0.0), 6) for x, v in zip(low, values, strict=True)],
            "color": SOFT,
        },
    }


def _wide(title: str, data: list[Figure], x_title: str) -> Figure:
    return figure(
        title,
        data,
        "",
        xaxis={"title": {"text": x_title}},
        margin={"l": 260, "r": 24, "t": 44, "b": 44},
        yaxis={"autorange": "reversed"},
        height=320,
    )


def _distance_figure(found: Fidelity) -> Figure:
    from research.fidelity.distance import UNITS

    names, values, low, high = [], [], [], []
    for one in found.figures:
        unit = one.bound or UNITS[one.name]
        names.append(FIGURE_WORDS[one.name])
        values.append(one.value / unit)
        low.append(one.low / unit)
        high.append(one.high / unit)
    what = "of its bound" if found.passes is not None else "of what one would notice"
    return _wide("Distance", [_bars(names, values, low, high)], f"times {what}")


def _cause_figure(found: Fidelity) -> Figure:
    causes = [one for one in found.attribution.causes if one.differs]
    if not causes:
        return _wide("Causes", [], "")
    bars = _bars(
        [CAUSE_WORDS[one.name] for one in causes],
        [one.share for one in causes],
        [one.low for one in causes],
        [one.high for one in causes],
    )
    return _wide("Shares of the distance", [bars], "units")


def _marks(found: Fidelity, name: str, values: list[float | None], unit: str) -> Figure:
    data = []
    for side, color in (("BUY", BUY), ("SELL", SELL)):
        rows = [
            (one, value)
            for one, value in zip(found.orders, values, strict=True)
            if one.side == side and value is not None
        ]
        rows = rows[:: max(1, -(-len(rows) // MARKS_MAX))]
        if rows:
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": side.lower(),
                    "x": times(np.array([one.left_ns for one, _ in rows], np.int64)),
                    "y": [round(value, 6) for _, value in rows],
                    "text": [f"order {one.order_id}" for one, _ in rows],
                    "marker": {"color": color, "size": 6},
                }
            )
    return figure(name, data, unit, height=260)


def _time_figure(found: Fidelity) -> Figure:
    return _marks(found, "First fill: later in the twin", [*map(later_ms, found.orders)], "ms")


def _queue_figure(found: Fidelity) -> Figure:
    errors: list[float | None] = [
        None if one.queue_error_lots is None else float(one.queue_error_lots)
        for one in found.orders
    ]
    return _marks(found, "Queue: lots too many in front, in the twin", errors, "lots")


def _profit_figure(found: Fidelity) -> Figure:
    x = times(np.array([one.left_ns for one in found.orders], np.int64))
    sides: list[tuple[str, str, list[float]]] = [
        ("session", LINE, [one.lived_profit for one in found.orders]),
        ("twin", "#b25e00", [one.twin_profit for one in found.orders]),
    ]
    data = [line(name, x, np.cumsum(values), color) for name, color, values in sides if values]
    return figure("Profit of the session's orders, added up as they left", data, "currency")


def _worst_tables(found: Fidelity) -> list[Table]:
    rows = worst(found, WORST)
    return [_plain("Orders that differ most", rows)] if rows else []


def _fitted(found: Fidelity) -> list[Section]:
    fitted = found.calibration
    if fitted is None:
        return []
    rows = [
        [FIGURE_WORDS[one.name], number(one.before), number(one.after)] for one in fitted.figures
    ]
    rows.append(["all of it, in units", number(fitted.before), number(fitted.after)])
    bars: list[dict[str, Any]] = [
        {"type": "bar", "x": ["before", "after"], "y": [fitted.before, fitted.after],
         "marker": {"color": [SOFT, LINE]}}
    ]  # fmt: skip
    return [
        Section(
            title="Fitted",
            text=f"Fitted on the first {fitted.fitted_on} orders, judged on the {fitted.judged_on} after them.",
            figures=[figure("Distance before and after", bars, "units", height=260)],
            tables=[
                Table(title="Distance", columns=["", "before", "after"], rows=rows),
                Table(title="What to write", columns=[""], rows=[[one] for one in fitted.lines]),
            ],
        )
    ]


def _desk_table(found: Fidelity) -> Table:
    rows = []
    for name, one in (("session", found.desks.lived), ("twin", found.desks.twin)):
        held = ", ".join(f"{lots:,} {book}" for book, lots in one.position_lots.items()) or "–"
        profit = "–" if one.pnl is None else f"{one.pnl:,.4f}"
        rows.append(
            [
                name,
                f"{one.orders:,}",
                f"{one.fills:,}",
                f"{one.lots:,}",
                held,
                f"{one.fees:,.4f}",
                profit,
            ]
        )
    columns = ["", "orders", "fills", "lots", "position", "fees", "profit"]
    return Table(title="", columns=columns, rows=rows)
