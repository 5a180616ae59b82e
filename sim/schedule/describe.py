"""A schedule in words, for people: what `twin venue explain` shows."""

from market.codes import Phase
from market.units import DURATION_NS, format_ns
from sim.schedule.moments import Anchor, Moment, day_text
from sim.schedule.schedule import Schedule, SpecialDay, Step

MEANING = {
    Phase.PRE_OPEN: "orders are taken and rest, nothing trades",
    Phase.OPENING_CALL: "orders gather for the opening auction",
    Phase.CONTINUOUS: "orders trade as they arrive",
    Phase.INTRADAY_CALL: "orders gather for an auction during the day",
    Phase.CLOSING_CALL: "orders gather for the closing auction",
    Phase.TRADE_AT_LAST: "orders trade at the last price only",
    Phase.HALT: "orders rest, nothing trades",
    Phase.CLOSED: "no orders are taken",
    Phase.VOLATILITY_CALL: "a price left its collar, orders gather for an auction",
    Phase.HALT_CALL: "orders gather for the auction that ends a halt",
}
"""What every phase means for orders."""

_ANCHORS = {
    Anchor.OPEN: "the open",
    Anchor.BREAK_START: "the start of the break",
    Anchor.BREAK_END: "the end of the break",
    Anchor.CLOSE: "the close",
}


def describe(schedule: Schedule) -> list[tuple[str, str]]:
    """What a schedule says, as pairs of a label and a text."""
    lines = [
        ("schedule", schedule.name),
        ("sessions", f"of {schedule.calendar}" if schedule.calendar else "every day, all day"),
        ("time zone", schedule.zone),
        ("holds from", day_text(schedule.from_day) if schedule.from_day else "always"),
    ]
    lines.extend(_step_lines(schedule.steps))
    lines.extend((day_text(one.day), _special_text(one)) for one in schedule.special_days)
    if schedule.source:
        lines.append(("source", schedule.source))
    return lines


def phase_name(phase: Phase) -> str:
    """A phase as a person reads it."""
    return phase.name.lower().replace("_", " ")


def moment_words(moment: Moment) -> str:
    """A moment as a person reads it."""
    anchor, offset_ns = moment
    if anchor is Anchor.CLOCK:
        minutes, seconds = divmod(offset_ns // DURATION_NS["s"], 60)
        clock = f"{minutes // 60:02d}:{minutes % 60:02d}"
        return f"{clock}:{seconds:02d}" if seconds else clock
    if not offset_ns:
        return _ANCHORS[anchor]
    side = "after" if offset_ns > 0 else "before"
    return f"{_length(abs(offset_ns))} {side} {_ANCHORS[anchor]}"


def _step_lines(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
    """One line a step; a random end is told where the call begins."""
    lines = []
    for index, step in enumerate(steps):
        text = f"{phase_name(step.phase)}: {MEANING[step.phase]}"
        if step.random_end_ns:
            end = moment_words(steps[index + 1].moment)
            text += f"; it ends within {_length(step.random_end_ns)} from {end} on, by a draw"
        elif index + 1 < len(steps) and steps[index + 1].at == step.at:
            text = f"{phase_name(step.phase)}: an auction at once, of what rests for it"
        lines.append((moment_words(step.moment), text))
    return lines


def _special_text(special: SpecialDay) -> str:
    """How a day differs from the calendar."""
    if special.closed:
        return "no session"
    parts = [f"opens at {special.open}"] if special.open else []
    parts += [f"closes at {special.close}"] if special.close else []
    return ", ".join(parts)


def _length(duration_ns: int) -> str:
    """A duration in the unit that a person would choose."""
    for unit in ("h", "m"):
        if duration_ns % DURATION_NS[unit] == 0:
            return f"{duration_ns // DURATION_NS[unit]}{unit}"
    return format_ns(duration_ns)
