"""The tables of docs/explanation/venue-schedules.md, as the code has them."""

from pathlib import Path

from sim.schedule.describe import MEANING, phase_name
from sim.schedule.effective import TABLE, Interruption
from sim.schedule.library import SCHEDULES
from sim.schedule.moments import day_text
from sim.schedule.rules import ALWAYS, RULES, CallRule, Extension
from sim.schedule.schedule import SCHEDULABLE, Schedule
from sim.schedule.stock_rules import JUMP_RULES, JumpRules, Listing
from sim.venue_rules.bands import LULD_RULES, MINUTE_NS, LuldRules

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "venue-schedules.md"


def phases() -> str:
    """What every phase means."""
    rows = [f"| {phase_name(phase)} | {text} |" for phase, text in MEANING.items()]
    return _table(["phase", "what it means"], rows)


def effective() -> str:
    """What wins."""
    rows = []
    for kind in Interruption:
        cells = []
        for phase in SCHEDULABLE:
            cell = TABLE[kind, phase]
            name = "the call goes on" if cell.phase is None else phase_name(cell.phase)
            if cell.ends:
                name = "*ends*"
            elif cell.phase is phase:
                name = "·"
            cells.append(name)
        rows.append(f"| {phase_name(kind)} | {' | '.join(cells)} |")  # type: ignore[arg-type]
    return _table(["interruption", *(phase_name(phase) for phase in SCHEDULABLE)], rows)


def venues() -> str:
    """Every known schedule."""
    rows = [
        f"| `{name}` | {_since(version)} | {_day(version)} | {version.source} |"
        for name, versions in SCHEDULES.items()
        for version in versions
    ]
    return _table(["name", "from", "the day", "source"], rows)


def rules() -> str:
    """How known venues interrupt their schedules."""
    rows = [
        f"| `{name}` | {_call(rule.volatility)} | {_call(rule.reopening)} | "
        f"{_extension(rule.scheduled)} | {rule.late_pause_ns // MINUTE_NS or '–'} |"
        for name, rule in RULES.items()
    ]
    head = [
        "name",
        "volatility call",
        "reopening",
        "extension of scheduled calls",
        "late pause, min",
    ]
    return _table(head, rows)


def stocks() -> str:
    """The rules of single US stocks, by their first day."""
    dated = [(one.from_day, _jump(one)) for one in JUMP_RULES]
    dated += [(one.from_day, _luld(one)) for one in LULD_RULES]
    rows = [f"| {day_text(day)} | {text} |" for day, text in sorted(dated)]
    return _table(["from", "rule"], rows)


TABLES = {
    "phases": phases,
    "effective": effective,
    "venues": venues,
    "rules": rules,
    "stocks": stocks,
}


def _table(head: list[str], rows: list[str]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows]
    return "\n".join(lines) + "\n"


def _since(version: Schedule) -> str:
    return day_text(version.from_day) if version.from_day else "always"


def _day(version: Schedule) -> str:
    parts = []
    for step in version.steps:
        window = f" (ends within {step.random_end_ns // 10**9}s)" if step.random_end_ns else ""
        parts.append(f"{step.at} {phase_name(step.phase)}{window}")
    return ", ".join(parts)


def _minutes(duration_ns: int) -> str:
    return f"{duration_ns / MINUTE_NS:g} min"


def _call(rule: CallRule) -> str:
    length = _minutes(rule.length_ns) if rule.length_ns else "at once"
    random = f" + up to {_minutes(rule.random_end_ns)}" if rule.random_end_ns else ""
    return f"{length}{random}; {_extension(rule.extension)}"


def _extension(extension: Extension) -> str:
    parts = []
    for kind in ("market", "price"):
        times = getattr(extension, f"{kind}_times")
        if times:
            often = "as often as it takes" if times == ALWAYS else f"{times} ×"
            parts.append(f"{kind} {often} {_minutes(getattr(extension, f'{kind}_ns'))}")
    return ", ".join(parts) or "never extended"


def _hours(start_ns: int, end_ns: int) -> str:
    def clock(time_ns: int) -> str:
        minutes = time_ns // MINUTE_NS
        return f"{minutes // 60}:{minutes % 60:02d}"

    return f"{clock(start_ns)} to {clock(end_ns)}"


def _below(percent: int, below: int) -> str:
    return "" if percent == below else f" ({below} % below a dollar)"


def _jump(rules: JumpRules) -> str:
    lists = {
        Listing.SP500: "S&P 500",
        Listing.RUSSELL_1000: "Russell 1000 and named funds",
        Listing.OTHER: "all others",
    }
    return (
        f"{lists[rules.listing]}: a pause after {rules.percent} % within five minutes"
        f"{_below(rules.percent, rules.percent_below_dollar)}, "
        f"{_hours(rules.start_ns, rules.end_ns)}"
    )


def _luld(rules: LuldRules) -> str:
    tiers = " and ".join(str(int(tier)) for tier in rules.tiers)
    wide = ", ".join(_hours(*stretch) for stretch in rules.wide) or "never"
    text = f"tier {tiers}: bands {_hours(rules.start_ns, rules.end_ns)}, double {wide}"
    return text if rules.wide_tier2_above_3 else f"{text}, not in tier 2 above three dollars"
