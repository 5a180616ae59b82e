"""One self-contained HTML page: no network, no second file, the plotting library once.

Everything that comes from a run is escaped, and JSON inside a script cannot end it; the page's
policy allows no source but itself.
"""

import html
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from market.errors import InputError
from research.report import (
    figures,
    heatmap,
    learned_costs,
    router_scores,
    sections,
    trading_costs,
)
from research.report.figures import Figure
from research.report.run_data import RunData, load_run

BYTES_MAX: Final = 10_000_000


class ReportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    run_id: str
    path: str
    plots: int
    bytes: int


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A heading, a sentence, and what stands below it."""

    title: str
    text: str = ""
    figures: list[Figure] = []
    tables: list[sections.Table] = []

    @property
    def has_plots(self) -> bool:
        """Whether a plot of it has anything to draw."""
        return any(one["data"] for one in self.figures)


def write_report(folder: Path, out: Path | None = None) -> ReportFacts:
    """Write the page of a run.

    Args:
        folder: The run's folder.
        out: Where the page goes; `report.html` in the run's folder by default.

    Raises:
        InputError: The folder is no run, or the page cannot be written there.
    """
    run = load_run(folder)
    return write_page(run, sections_of(run), out)


def write_page(run: RunData, parts: Sequence[Section], out: Path | None = None) -> ReportFacts:
    """Write the sections of a run.

    Args:
        run: The run.
        parts: What `sections_of` says of it.
        out: As for `write_report`.

    Raises:
        InputError: The page cannot be written there.
    """
    text, plots = render(f"{run.run_id} – market-twin", parts)
    target = out if out is not None else run.folder / "report.html"
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{target}: cannot write there ({error.strerror}), allowed is a file in a folder that exists"
        ) from None
    return ReportFacts(
        run_id=run.run_id, path=str(target), plots=plots, bytes=len(text.encode("utf-8"))
    )


def sections_of(run: RunData) -> list[Section]:
    """Everything that is said about a run, in the order in which one asks."""
    costs, routes = trading_costs.trading_costs(run), router_scores.router_scores(run)
    learned = learned_costs.learned_costs(run)
    found = [
        Section(title=run.run_id, text=run.summary.get("status", ""), tables=sections.head(run)),
        Section(
            title="Profit",
            text="Cash and position at the mid that hosts saw, less fees.",
            figures=[figures.profit_figure(run), figures.drawdown_figure(run)],
            tables=sections.performance(run),
        ),
        Section(title="Attribution", tables=sections.attribution(run)),
        Section(
            title="Trading",
            figures=[
                *(figures.price_figure(run, book) for book in range(len(run.books))),
                figures.inventory_figure(run),
                figures.markout_figure(run),
            ],
        ),
        Section(
            title="What trading cost", text=costs.text, figures=costs.figures, tables=costs.tables
        ),
        Section(
            title="What was learned of costs",
            text="At each boundary, from the desk's own orders; sizes and schedules follow the piece.",
            figures=learned.figures,
            tables=learned.tables,
        ),
        Section(
            title="Router scores",
            text="Every choice between venues, as it was journaled; the highest score is the best.",
            figures=routes.figures,
            tables=routes.tables,
        ),
        Section(
            title="The book around an order",
            text="As the desk saw it; the order that filled the most lots.",
            figures=_books(run),
        ),
        Section(title="What was refused", figures=[figures.veto_figure(run)]),
        Section(
            title="Latencies", figures=[figures.latency_figure(run)], tables=sections.latencies(run)
        ),
    ]
    return [
        section
        for section in found
        if section.tables or section.has_plots or section.title == "What trading cost"
    ]


def _books(run: RunData) -> list[Figure]:
    found = []
    for host in range(len(run.hosts)):
        order = heatmap.largest_order(run, host)
        around = None if order is None else heatmap.views_around(run, host, order)
        drawn = None if around is None else heatmap.book_figure(run, around)
        if drawn is not None:
            found.append(drawn)
    return found


# --- HTML -----------------------------------------------------------------------------------------------


def render(title: str, parts: Sequence[Section]) -> tuple[str, int]:
    """The page's text, and how many plots it has."""
    drawn = [one for part in parts for one in part.figures if one["data"]]
    bodies, number = [], 0
    for part in parts:
        inside = [f"<h2>{html.escape(part.title)}</h2>"]
        if part.text:
            inside.append(f"<p>{html.escape(part.text)}</p>")
        for one in part.figures:
            if one["data"]:
                inside.append(f'<div class="plot" id="plot{number}"></div>')
                number += 1
        inside += [_table(table) for table in part.tables]
        bodies.append(f"<section>{''.join(inside)}</section>")
    page = _PAGE.replace("@TITLE@", html.escape(title)).replace("@BODY@", "\n".join(bodies))
    page = page.replace("@FIGURES@", in_script(drawn))
    return page.replace("@LIBRARY@", plotting_library() if drawn else ""), len(drawn)


def in_script(value: object) -> str:
    """JSON that stands in a script and cannot end it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def plotting_library() -> str:
    """plotly.js as the installed package ships it."""
    text = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
    return text.replace("</script", "<\\/script")


def _table(table: sections.Table) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{html.escape(table.title)}</caption>" if table.title else ""
    header = f"<thead><tr>{head}</tr></thead>" if any(table.columns) else ""
    return f"<table>{caption}{header}<tbody>{rows}</tbody></table>"


def plain_tables(parts: Sequence[Section]) -> list[Mapping[str, Any]]:
    """The page's tables as plain data, for a terminal or a program."""
    return [
        {"title": table.title or part.title, "columns": table.columns, "rows": table.rows}
        for part in parts
        for table in part.tables
    ]


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<title>@TITLE@</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2939; background: #f6f7f9; margin: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 24px; }
section { background: #fff; border: 1px solid #e4e7ec; border-radius: 8px; padding: 16px 24px;
 margin-bottom: 20px; overflow-x: auto; }
h2 { font-size: 19px; margin: 4px 0 8px; overflow-wrap: anywhere; }
p { color: #475467; margin: 0 0 10px; }
table { border-collapse: collapse; margin: 10px 28px 10px 0; font-size: 13.5px;
 font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 6px 0; }
th, td { text-align: left; padding: 3px 18px 3px 0; border-bottom: 1px solid #eef0f3;
 vertical-align: top; }
th { color: #475467; font-weight: 600; }
.plot { width: 100%; min-height: 200px; }
</style>
<script>@LIBRARY@</script>
</head>
<body>
<main>
@BODY@
</main>
<script>
const figures = @FIGURES@;
const state = document.body.dataset;
state.plots = figures.length;
state.drawn = 0;
window.addEventListener("error", event => { state.error = event.message; });
window.addEventListener("unhandledrejection", event => { state.error = String(event.reason); });
figures.forEach((figure, number) => {
  Plotly.newPlot("plot" + number, figure.data, figure.layout, {responsive: true, displaylogo: false, displayModeBar: "hover"})
    .then(() => { state.drawn = Number(state.drawn) + 1; });
});
</script>
</body>
</html>
"""
