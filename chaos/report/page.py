"""The page of one drill: one HTML file, with the plotting library in it or beside it.

Everything that comes from a run is escaped, and JSON inside a script cannot end it; the page's policy
allows no source but itself and a file beside it.
"""

import html
import json
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Final

from chaos.report import parts
from chaos.report.diagram import sequence_svg
from chaos.report.moments import scene_of
from chaos.report.plots import Figure, latency_plot, plots_of
from chaos.report.steps import Note, Timeline, timeline_of
from chaos.result import DrillResult
from chaos.run import Drilled

LIBRARY_NAME: Final = "plotly.min.js"


def drill_page(drilled: Drilled, library: str = "") -> str:
    """The page's text.

    Args:
        drilled: A drill that has been run.
        library: Where the plotting library lies, as seen from the page; it is put into the page when
            nothing is said.
    """
    result, history = drilled.result, drilled.played.history
    books = drilled.played.assembly.instruments
    timeline = timeline_of(history, [one.venue for one in books])
    timeline.notes.extend(_breaches(result, timeline))
    scene = scene_of(timeline, _witnesses(result))
    bounds = [latency_plot(result.latencies)] if result.latencies else []
    twin = None if drilled.twin is None else drilled.twin.history
    plots = [*bounds, *plots_of(history, twin, books)]
    sections = [
        parts.head(result),
        parts.invariants(result),
        parts.violations(result),
        _section(
            "What happened",
            "Time goes down, by rows and not to scale. A red cross is a message that never arrived; "
            "red areas are faults; hints on arrows say when they left and how long they took.",
            sequence_svg(history, timeline, scene),
        ),
        parts.faults(result),
        _section("Against limits", "", parts.latencies(result), *_places(plots, 0, len(bounds))),
        parts.cost(result),
        _section("Over time", "", *_places(plots, len(bounds), len(plots))),
        parts.marks(result),
        parts.identity(result),
    ]
    title = f"{result.verdict.value} {result.name}"
    return document(title, sections, plots, library)


def document(
    title: str, sections: Iterable[str], plots: Sequence[Figure] = (), library: str = ""
) -> str:
    """A whole page of sections."""
    page = _PAGE.replace("@TITLE@", html.escape(title))
    page = page.replace("@BODY@", "\n".join(one for one in sections if one))
    page = page.replace("@FIGURES@", in_script(list(plots)))
    source = f' src="{html.escape(library)}"' if plots and library else ""
    page = page.replace("@SOURCE@", source)
    return page.replace("@LIBRARY@", plotting_library() if plots and not library else "")


def in_script(value: object) -> str:
    """JSON that stands in a script and cannot end it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def plotting_library() -> str:
    """plotly.js as the installed package ships it."""
    text = (resources.files("plotly") / "package_data" / LIBRARY_NAME).read_text("utf-8")
    return text.replace("</script", "<\\/script")


def _section(title: str, text: str, *inside: str) -> str:
    """A section, unless there is nothing in it."""
    return parts.section(title, text, *inside) if any(inside) else ""


def _places(plots: Sequence[Figure], first: int, last: int) -> list[str]:
    """Where plots will be drawn."""
    return [
        f'<div class="plot" id="plot{number}" style="height:{plots[number]["layout"]["height"]}px">'
        "</div>"
        for number in range(first, last)
    ]


def _breaches(result: DrillResult, timeline: Timeline) -> list[Note]:
    """Where invariants did not hold for the first time, at the host that shows it."""
    notes = []
    for row in result.invariants:
        for one in row.violations[:1]:
            hosts = [int(event.get("host", 0)) for event in one.witness]
            name = result.hosts[hosts[0]] if hosts and hosts[0] < len(result.hosts) else ""
            lane = next((at for at, each in enumerate(timeline.lanes) if each.name == name), 0)
            notes.append(Note(lane, result.start_ns + one.at_ns, "breach", f"{row.id} is violated"))
    return notes


def _witnesses(result: DrillResult) -> list[tuple[int, int]]:
    """Time and order of everything that shows where something did not hold."""
    return [
        (int(event.get("time_ns", 0)), int(event.get("order_id", 0)))
        for row in result.invariants
        for violation in row.violations[:2]
        for event in violation.witness
    ]


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'self' file: 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<title>@TITLE@</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2939; background: #f6f7f9; margin: 0; }
main { max-width: 1160px; margin: 0 auto; padding: 24px; }
section { background: #fff; border: 1px solid #e4e7ec; border-radius: 8px; padding: 16px 24px;
 margin-bottom: 20px; overflow-x: auto; }
h1 { font-size: 24px; margin: 4px 0 6px; }
h2 { font-size: 19px; margin: 4px 0 8px; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 14px 0 4px; }
p { color: #475467; margin: 0 0 10px; max-width: 900px; }
p.story { white-space: pre-line; }
table { border-collapse: collapse; margin: 10px 0; font-size: 13.5px;
 font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 18px 4px 0; border-bottom: 1px solid #eef0f3;
 vertical-align: top; }
th { color: #475467; font-weight: 600; white-space: nowrap; }
td.number { text-align: right; }
.id { white-space: nowrap; }
code { font: 12.5px ui-monospace, monospace; background: #f2f4f7; border-radius: 4px; padding: 1px 5px;
 white-space: nowrap; }
pre { font: 12.5px/1.5 ui-monospace, monospace; background: #f2f4f7; border-radius: 6px; padding: 10px 14px;
 overflow-x: auto; margin: 6px 0 12px; }
a { color: #1f5fbf; text-decoration: none; }
a:hover { text-decoration: underline; }
.pill { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 12.5px; font-weight: 600;
 white-space: nowrap; }
.big { font-size: 16px; padding: 3px 16px; margin-right: 10px; }
.good { background: #dcfae6; color: #085d3a; }
.bad { background: #fee4e2; color: #912018; }
.warn { background: #fef0c7; color: #93370d; }
.dull { background: #f2f4f7; color: #667085; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 10px 0 4px; }
.facts div { min-width: 90px; }
.facts b { display: block; font-size: 18px; font-variant-numeric: tabular-nums; }
.facts span { color: #667085; font-size: 12.5px; }
ul.reasons { margin: 6px 0 10px; padding-left: 20px; }
ul.reasons li { color: #912018; }
svg.sequence { width: 100%; height: auto; font: 11.5px system-ui, sans-serif; }
svg.sequence .halo { paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }
td.hit { background: #ecfdf3; text-align: center; }
td.never { background: #fee4e2; color: #912018; text-align: center; }
td.none { color: #d0d5dd; text-align: center; }
.plot { width: 100%; }
</style>
<script@SOURCE@>@LIBRARY@</script>
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
