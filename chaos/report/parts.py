"""The sections of a drill's page that are words and tables: all of them come from its result alone."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

from chaos.report.steps import KINDS, severity_text
from chaos.result import DrillResult, InvariantRow, Verdict
from market.units import format_ns

PILLS: Final = {
    "PASS": "good",
    "held": "good",
    "reached": "good",
    "killed": "good",
    "as it must": "good",
    "VACUOUS": "warn",
    "idle": "dull",
    "never reached": "warn",
    "not reached": "dull",
    "FAIL": "bad",
    "violated": "bad",
    "survived": "bad",
}
_ID: Final = re.compile(r"(<b>)?[A-Z]+-[A-Z0-9-]+(</b>)?")

WITNESSES_MAX: Final = 5
"""Violations of one invariant that a page shows with their witnesses."""


def pill(word: str, more: str = "") -> str:
    """A word in its color."""
    return f'<span class="pill {PILLS.get(word, "dull")}{more}">{html.escape(word)}</span>'


def section(title: str, text: str, *inside: str) -> str:
    """A heading, a sentence, and what stands below it."""
    words = f"<p>{html.escape(text)}</p>" if text else ""
    return f"<section><h2>{html.escape(title)}</h2>{words}{''.join(inside)}</section>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of HTML under their heads; a cell that is a number stands at the right."""
    head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td{_number(cell)}>{cell}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    top = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f"<table>{top}<tbody>{body}</tbody></table>"


def _number(cell: str) -> str:
    """The class of a cell: figures stand at the right, an id on one line."""
    if _ID.fullmatch(cell):
        return ' class="id"'
    figures = cell.replace(",", "").replace(".", "").lstrip("+-−")
    return ' class="number"' if figures.isdigit() else ""


def head(result: DrillResult) -> str:
    """Verdict, what it is about, and the figures that one asks for first."""
    marks = [one for one in result.marks if one.required]
    facts = {
        "invariants held": f"{_count(result, 'held')} of {len(result.invariants)}",
        "violated": str(_count(result, "violated")),
        "required marks reached": f"{sum(one.hits > 0 for one in marks)} of {len(marks)}",
        "faults that bit": f"{sum(one.hits > 0 for one in result.faults)} of {len(result.faults)}",
        "simulated": format_ns(result.simulated_ns),
        "faster than real time": f"{result.simulated_to_real:,.0f} ×",
    }
    told = "".join(
        f"<div><b>{html.escape(value)}</b><span>{html.escape(name)}</span></div>"
        for name, value in facts.items()
    )
    reasons = "".join(f"<li>{html.escape(one)}</li>" for one in result.reasons)
    planted = ""
    if result.planted:
        names = ", ".join(result.planted)
        planted = f"<p><b>A bug was planted in this run: <code>{html.escape(names)}</code></b></p>"
    if result.canary:
        names = ", ".join(result.canary)
        planted += f"<p>A canary: it must violate {html.escape(names)}, or nothing here means anything.</p>"
    answers = "; ".join(result.answers)
    answered = f"<p>Answers: {html.escape(answers)}</p>" if answers else ""
    return (
        f"<section><h1>{pill(result.verdict.value, ' big')}{html.escape(result.title)}</h1>"
        f"{planted}"
        + (f'<ul class="reasons">{reasons}</ul>' if reasons else "")
        + f'<p class="story">{html.escape(result.story)}</p>{answered}'
        f'<div class="facts">{told}</div></section>'
    )


def _count(result: DrillResult, state: str) -> int:
    """How many invariants came to a state."""
    return sum(one.state == state for one in result.invariants)


def invariants(result: DrillResult) -> str:
    """Every invariant: what the drill is about first."""
    order = {"violated": 0, "held": 1, "idle": 2}
    rows = sorted(result.invariants, key=lambda one: (order[one.state], not one.expected))
    return section(
        "Invariants",
        "Judged on the venue's own record. Those in bold are what the drill is about: each must have "
        "had something to check, and its danger must have been reached.",
        table(
            [
                "",
                "id",
                "kind",
                "what must be true",
                "checks",
                "violations",
                "its danger",
                "reached",
            ],
            [_invariant(one) for one in rows],
        ),
    )


def _invariant(one: InvariantRow) -> list[str]:
    """One row."""
    name = html.escape(one.id)
    return [
        pill(one.state),
        f"<b>{name}</b>" if one.expected else name,
        one.kind,
        html.escape(one.statement),
        f"{one.checks:,}",
        f"{one.count:,}",
        f"<code>{html.escape(one.mark)}</code>",
        f"{one.mark_hits:,}",
    ]


def violations(result: DrillResult) -> str:
    """Where something did not hold, with the fewest events that show it."""
    parts = []
    for row in result.invariants:
        for number, one in enumerate(row.violations[:WITNESSES_MAX]):
            more = row.count - min(len(row.violations), WITNESSES_MAX)
            if number == 0:
                tail = f", {more:,} more not shown" if more > 0 else ""
                parts.append(f"<h3>{html.escape(row.id)}: {row.count:,} violations{tail}</h3>")
            parts.append(
                f"<p>at {seconds(one.at_ns)}, in {html.escape(one.phase)}: "
                f"{html.escape(one.text)}</p>"
            )
            lines = [_event(event, result.start_ns) for event in one.witness]
            parts.append(f"<pre>{html.escape(chr(10).join(lines))}</pre>" if lines else "")
    return section("Where it did not hold", "", *parts) if parts else ""


def _event(event: dict[str, object], start_ns: int) -> str:
    """A witness as a line."""
    when = int(str(event.get("time_ns", start_ns))) - start_ns
    rest = "  ".join(
        f"{name} {value}" for name, value in event.items() if name not in ("event", "time_ns")
    )
    return f"{when / 1e9:>12.6f} s  {event.get('event')!s:<12}  {rest}"


def seconds(at_ns: int) -> str:
    """A moment from the start of the run."""
    return f"{at_ns / 1e9:,.3f} s"


def faults(result: DrillResult) -> str:
    """What broke, and how often it bit."""
    rows = [
        [
            pill("reached" if one.hits >= one.required else "never reached")
            if one.required
            else "",
            html.escape(one.kind),
            html.escape(one.name),
            html.escape(one.meaning),
            f"<code>{html.escape(one.target)}</code>",
            html.escape(severity_text(KINDS[one.kind], one.severity).strip()),
            seconds(one.begun_ns),
            seconds(one.ended_ns),
            f"{one.hits:,}",
            f"{one.required:,}",
        ]
        for one in result.faults
    ]
    heads = [
        "",
        "kind",
        "name",
        "what breaks",
        "target",
        "severity",
        "from",
        "until",
        "bit",
        "asked",
    ]
    return section("Faults", "", table(heads, rows)) if rows else ""


def latencies(result: DrillResult) -> str:
    """What was measured against a bound."""
    statements = {one.id: one.statement for one in result.invariants}
    rows = []
    for one in result.latencies:
        ordered = sorted(one.found_ns)
        if not ordered:
            continue
        rows.append(
            [
                pill("held" if one.holds else "violated"),
                html.escape(one.name),
                html.escape(statements.get(one.name, "")),
                f"{len(ordered):,}",
                format_ns(ordered[len(ordered) // 2]),
                format_ns(ordered[-1]),
                format_ns(one.limit_ns),
            ]
        )
    heads = ["", "id", "what is bounded", "times", "median", "longest", "limit"]
    return table(heads, rows) if rows else ""


def cost(result: DrillResult) -> str:
    """What the faults cost against the same seed without them."""
    found = result.cost
    if found is None:
        return ""
    rows = [
        ["profit after fees", found.pnl, found.twin_pnl, f"<b>{html.escape(found.pnl_difference)}</b>"],
        _compared("new orders", found.orders, found.twin_orders),
        _compared("fills", found.fills, found.twin_fills),
        _compared("lots traded", found.traded_lots, found.twin_traded_lots),
        _timed("new order to first report, median", found.ack_p50_ns, found.twin_ack_p50_ns),
        _timed("the same, 99th percentile", found.ack_p99_ns, found.twin_ack_p99_ns),
        ["longest pause between new orders", "", "", _difference(found.lost_trading_ns)],
    ]  # fmt: skip
    since = (
        "The two never differ."
        if found.differ_from_ns < 0
        else f"The two are the same, event by event, until {seconds(found.differ_from_ns)}."
    )
    return section(
        "What the faults cost",
        f"Beside the exact twin: the same seed, the same market, no fault. {since}",
        table(["", "with faults", "twin", "difference"], rows),
    )


def _compared(name: str, one: int, other: int) -> list[str]:
    """A count of both runs."""
    return [name, f"{one:,}", f"{other:,}", f"{one - other:+,}"]


def _timed(name: str, one: int, other: int) -> list[str]:
    """A length of time of both runs, in ms."""
    return [name, f"{one / 1e6:,.3f} ms", f"{other / 1e6:,.3f} ms", _difference(one - other)]


def _difference(length_ns: int) -> str:
    """A difference of two lengths, in ms, with its sign."""
    return f"{length_ns / 1e6:+,.3f} ms"


def marks(result: DrillResult) -> str:
    """Every danger, and how often the run reached it."""
    rows = [
        [
            pill("reached" if one.hits else "never reached" if one.required else "not reached"),
            f"<code>{html.escape(one.name)}</code>",
            html.escape(one.text),
            f"{one.hits:,}",
            "required" if one.required else "",
        ]
        for one in sorted(result.marks, key=lambda one: (not one.required, not one.hits))
    ]
    return section(
        "Dangers that were reached",
        "An invariant that held means something only where its danger was there.",
        table(["", "mark", "what it counts", "times", ""], rows),
    )


def identity(result: DrillResult) -> str:
    """What ran: the same identity gives the same digest."""
    one = result.identity
    rows = [
        ["run", one.drill and result.run_id],
        ["seed", str(one.seed)],
        ["drill", one.drill_digest],
        ["scenario, faults included", one.scenario_digest],
        ["faults", one.plan_digest],
        ["code", one.code_digest],
        ["tape", one.tape_digest or "–"],
        ["events and books of this run", result.digest],
        ["the twin's", result.cost.twin_digest if result.cost is not None else "–"],
        ["events", f"{result.events:,}"],
        ["wall time, run and twin", f"{result.wall_s:,.2f} s"],
    ]
    cells = [[html.escape(name), f"<code>{html.escape(value)}</code>"] for name, value in rows]
    planted = "".join(f" --planted {name}" for name in result.planted)
    command = f"twin drill run {one.drill} --seed {one.seed}{planted}"
    return section(
        "Identity",
        "The same identity gives the same digest, on every machine.",
        table(["", ""], cells),
        f"<p>Again:</p><pre>{html.escape(command)}</pre>",
    )


def worst_first(results: Sequence[DrillResult]) -> list[DrillResult]:
    """Failures before empty ones before passes, each by name."""
    order = {Verdict.FAIL: 0, Verdict.VACUOUS: 1, Verdict.PASS: 2}
    return sorted(results, key=lambda one: (order[one.verdict], one.name))
