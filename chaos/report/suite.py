"""The page of a suite: every drill's verdict, which fault acted on what, and which bugs are found."""

import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from chaos.hunt import Kill
from chaos.report import parts
from chaos.report.page import document
from chaos.report.steps import KINDS
from chaos.result import DrillResult, SuiteResult, Verdict
from scenarios.fault_effects import EFFECTS, PREFIXED

REPORT_NAME: Final = "report.html"


def suite_page(
    suite: SuiteResult, results: Sequence[DrillResult], kills: Sequence[Kill] = ()
) -> str:
    """The page's text.

    Args:
        suite: What it came to.
        results: Of its drills, in its order.
        kills: What became of planted bugs, when they were looked for as well.
    """
    sections = [
        _head(suite, results),
        _drills(suite, results),
        _matrix(results),
        _invariants(results),
        mutants_section(kills),
        _marks(results),
    ]
    return document(f"{suite.verdict.value} {suite.name}", sections)


def _head(suite: SuiteResult, results: Sequence[DrillResult]) -> str:
    """The verdict, and how it comes about."""
    found = Counter(row.counted for row in suite.rows)
    wall_s = sum(one.wall_s for one in results)
    simulated_s = sum(one.simulated_ns for one in results) / 1e9
    facts = {
        "drills": str(len(results)),
        "passed": str(found[Verdict.PASS]),
        "vacuous": str(found[Verdict.VACUOUS]),
        "failed": str(found[Verdict.FAIL]),
        "simulated": f"{simulated_s:,.0f} s",
        "of work": f"{wall_s:,.0f} s",
    }
    told = "".join(f"<div><b>{value}</b><span>{word}</span></div>" for word, value in facts.items())
    planted = ""
    if suite.planted:
        name = html.escape(suite.planted)
        planted = f"<p><b>A bug was planted in these runs: <code>{name}</code></b></p>"
    return (
        f"<section><h1>{parts.pill(suite.verdict.value, ' big')}{html.escape(suite.title)}</h1>"
        f"{planted}"
        f'<div class="facts">{told}</div></section>'
    )


def _drills(suite: SuiteResult, results: Sequence[DrillResult]) -> str:
    """One row for each drill, the worst first."""
    rows = []
    counted = {row.run_id: row.counted for row in suite.rows}
    for one in parts.worst_first(results):
        link = f"{one.run_id}/{REPORT_NAME}"
        kinds = dict.fromkeys(row.kind for row in one.faults)
        about = [row.id for row in one.invariants if row.expected]
        rows.append(
            [
                parts.pill(one.verdict.value) + _as_it_must(one.verdict, counted[one.run_id]),
                f'<a href="{html.escape(link)}">{html.escape(one.name)}</a>',
                html.escape(one.title),
                _ids(kinds),
                _ids(about),
                "" if one.cost is None else html.escape(one.cost.pnl_difference),
                f"{one.wall_s:,.1f} s",
            ]
        )
    heads = ["", "drill", "what it shows", "faults", "about", "what they cost", "took"]
    return parts.section("Drills", "", parts.table(heads, rows))


def _ids(ids: Iterable[str]) -> str:
    """Ids one behind the other, none of them broken at its hyphen."""
    return " ".join(f'<span class="id">{html.escape(one)}</span>' for one in ids)


def _as_it_must(verdict: Verdict, counted: Verdict) -> str:
    """What a canary's verdict counts as."""
    if verdict is counted:
        return ""
    return f" {parts.pill('as it must' if counted is Verdict.PASS else counted.value)}"


def part_of(target: str) -> str:
    """What a target is about: a venue, a book, or the part of a host; the host itself is ""."""
    owner, _, part = target.partition(".")
    for prefix in PREFIXED:
        if owner.startswith(f"{prefix}:"):
            return f"a {prefix}"
    return part.partition("/")[0]


def _matrix(results: Sequence[DrillResult]) -> str:
    """Which kind of fault bit on what, how often; what never did in red."""
    hits: Counter[tuple[str, str]] = Counter()
    for result in results:
        for row in result.faults:
            hits[row.kind, part_of(row.target)] += row.hits
    allowed: dict[str, list[str]] = defaultdict(list)
    for known, effect in EFFECTS.items():
        allowed[known.value] += effect.parts or [f"a {effect.owner}"]
    for kind, part in hits:
        if part not in allowed[kind]:
            allowed[kind].append(part)
    columns = list(dict.fromkeys(part for parts_ in allowed.values() for part in parts_))
    lines = []
    for kind in sorted(allowed):
        total = sum(count for (name, _), count in hits.items() if name == kind)
        cells = "".join(_cell(part in allowed[kind], hits[kind, part], total) for part in columns)
        meaning = html.escape(KINDS[kind].meaning)
        lines.append(f"<tr><td>{html.escape(kind)}</td><td>{meaning}</td>{cells}</tr>")
    heads = "".join(f"<th>{html.escape(one or 'the host')}</th>" for one in columns)
    table = (
        f"<table><thead><tr><th>kind</th><th>what breaks</th>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
    return parts.section(
        "What was exercised",
        "How often each kind of fault bit on each part that it can act on. A kind that bit nowhere is "
        "red: nothing is known of it.",
        table,
    )


def _cell(allowed: bool, hits: int, total: int) -> str:
    """One kind on one part."""
    if hits:
        return f'<td class="hit">{hits:,}</td>'
    if not allowed:
        return '<td class="none">·</td>'
    return '<td class="none">–</td>' if total else '<td class="never">never</td>'


def _invariants(results: Sequence[DrillResult]) -> str:
    """Each invariant over all drills."""
    found: dict[str, list[int]] = {}
    statements: dict[str, tuple[str, str]] = {}
    for result in results:
        for row in result.invariants:
            statements[row.id] = row.kind, row.statement
            sums = found.setdefault(row.id, [0, 0, 0, 0])
            sums[0] += row.checks
            sums[1] += row.count if not result.canary else 0
            sums[2] += row.mark_hits
            sums[3] += row.expected
    rows = [
        [
            parts.pill("violated" if bad else "held" if checks and reached else "never reached"),
            html.escape(name),
            *(html.escape(word) for word in statements[name]),
            f"{drills:,}",
            f"{checks:,}",
            f"{bad:,}",
            f"{reached:,}",
        ]
        for name, (checks, bad, reached, drills) in found.items()
    ]
    heads = ["", "id", "kind", "what must be true", "drills about it", "checks", "violations", "danger reached"]  # fmt: skip
    return parts.section("Invariants over all drills", "", parts.table(heads, rows))


def mutants_section(kills: Sequence[Kill]) -> str:
    """What became of each planted bug."""
    if not kills:
        return ""
    rows = [
        [
            parts.pill("killed" if one.killed else "survived"),
            f"<code>{html.escape(one.name)}</code>",
            html.escape(one.module),
            html.escape(one.danger),
            _ids(one.violated) or html.escape(one.error),
            html.escape(one.drill),
            f"{one.wall_s:,.1f} s",
        ]
        for one in sorted(kills, key=lambda one: (one.killed, one.module, one.name))
    ]
    killed = sum(one.killed for one in kills)
    heads = [
        "",
        "planted bug",
        "stands in",
        "the danger that it is",
        "found by",
        "in drill",
        "took",
    ]
    return parts.section(
        "Planted bugs",
        f"{killed} of {len(kills)} are found. What survives is a danger that these drills do not see.",
        parts.table(heads, rows),
    )


def _marks(results: Sequence[DrillResult]) -> str:
    """Dangers over all drills: how often, in how many."""
    hits: Counter[str] = Counter()
    where: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for result in results:
        for row in result.marks:
            texts[row.name] = row.text
            hits[row.name] += row.hits
            where[row.name] += row.hits > 0
    rows = [
        [
            parts.pill("reached" if hits[name] else "never reached"),
            f"<code>{html.escape(name)}</code>",
            html.escape(text),
            f"{hits[name]:,}",
            f"{where[name]:,}",
        ]
        for name, text in sorted(texts.items(), key=lambda one: (hits[one[0]] > 0, one[0]))
    ]
    heads = ["", "mark", "what it counts", "times", "drills"]
    return parts.section("Dangers over all drills", "", parts.table(heads, rows))
