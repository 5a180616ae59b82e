"""A timeline as a sequence diagram: one SVG, drawn here, that needs nothing else.

Model: participants are vertical lines and time goes down, but by rows and not to scale: every end of a
message and every note has its own row, so that microseconds can be told apart within a run of minutes.
Where time passes without anything shown there is a break, which says how long and how many messages.
"""

import html
from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from chaos.ledger import History
from chaos.report.moments import Scene
from chaos.report.steps import NEVER, Lane, Message, Note, Timeline
from market.units import format_ns

WIDTH: Final = 1072
LEFT: Final = 168
RIGHT: Final = 96
TOP: Final = 44
SENT_PX: Final = 19
ARRIVED_PX: Final = 9
NOTE_PX: Final = 24
BREAK_PX: Final = 30
BREAK_NS: Final = 5_000_000
"""So long without anything shown is a break."""

TONES: Final = {
    "command": "#1f5fbf",
    "report": "#667085",
    "fill": "#1a7f37",
    "refusal": "#b25e00",
    "copy": "#98a2b3",
    "lost": "#b42318",
}
NOTES: Final = {
    "fault": ("#b42318", "#fef3f2"),
    "healed": ("#1a7f37", "#ecfdf3"),
    "breach": ("#ffffff", "#b42318"),
    "bad": ("#b42318", "#ffffff"),
    "good": ("#1a7f37", "#ffffff"),
    "plain": ("#475467", "#ffffff"),
}
PHASES: Final = {
    "warm_up": "#e4e7ec",
    "faults": "#fecdca",
    "heal": "#fedf89",
    "quiet": "#abefc6",
}


class Rows(NamedTuple):
    """Where moments lie.

    Attributes:
        times: Of rows, rising.
        heights: Of rows, rising.
        sent: By message, its number in the scene.
        arrived: Likewise, of those that arrived.
        noted: By note.
        breaks: (height, how long, messages left out).
        bottom: Below the last row.
    """

    times: list[int]
    heights: list[float]
    sent: dict[int, float]
    arrived: dict[int, float]
    noted: dict[int, float]
    breaks: list[tuple[float, int, int]]
    bottom: float

    def at(self, time_ns: int) -> float:
        """The height of any moment: between rows in proportion, beyond them at the edge."""
        if not self.times or time_ns <= self.times[0]:
            return TOP
        after = bisect_left(self.times, time_ns)
        if after == len(self.times):
            return self.bottom
        before_ns, after_ns = self.times[after - 1], self.times[after]
        low, high = self.heights[after - 1], self.heights[after]
        return low + (high - low) * (time_ns - before_ns) / max(1, after_ns - before_ns)


def sequence_svg(history: History, timeline: Timeline, scene: Scene) -> str:
    """The diagram of a scene; empty where there is nothing to show."""
    rows = _rows(scene)
    if not rows.times:
        return ""
    x = _columns(timeline.lanes)
    height = rows.bottom + 34
    parts = [
        _OPENS.format(width=WIDTH, height=f"{height:.0f}"),
        _HEADS,
        *_phases(history, rows),
        *_bands(timeline, rows, x),
        *_lifelines(history, timeline, rows, x),
        *_breaks(rows),
        *_times(scene, rows, history.start_ns),
    ]
    arrows = [
        _arrow(one, rows, number, x, history.start_ns) for number, one in enumerate(scene.messages)
    ]
    # Words over lines, so that no line runs through a word.
    parts += [line for line, _ in arrows]
    parts += [words for _, words in arrows]
    for number, note in enumerate(scene.notes):
        parts += _label(note, rows.noted[number], x, len(timeline.lanes))
    return "".join([*parts, "</svg>"])


def _rows(scene: Scene) -> Rows:
    """Give every end of a message and every note its height."""
    ends: list[tuple[int, int, int]] = []  # time, what: 0 note, 1 sent, 2 arrived; number
    for number, one in enumerate(scene.messages):
        ends.append((one.sent_ns, 1, number))
        if one.arrived_ns != NEVER:
            ends.append((one.arrived_ns, 2, number))
    ends += [(note.time_ns, 0, number) for number, note in enumerate(scene.notes)]
    ends.sort()
    rows = Rows([], [], {}, {}, {}, [], 0)
    kept = rows.noted, rows.sent, rows.arrived
    height, before_ns = float(TOP), ends[0][0] if ends else 0
    for time_ns, what, number in ends:
        first, last = (bisect_right(scene.left_out, edge) for edge in (before_ns, time_ns))
        if time_ns - before_ns >= BREAK_NS:
            rows.breaks.append((height + BREAK_PX / 2 + 4, time_ns - before_ns, last - first))
            height += BREAK_PX
        height += (NOTE_PX, SENT_PX, ARRIVED_PX)[what]
        kept[what][number] = height
        rows.times.append(time_ns)
        rows.heights.append(height)
        before_ns = time_ns
    return rows._replace(bottom=height + 20)


def _columns(lanes: list[Lane]) -> list[float]:
    """Where each participant stands."""
    room = WIDTH - LEFT - RIGHT
    return [LEFT + room * number / max(1, len(lanes) - 1) for number in range(len(lanes))]


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", color: str = "#1d2939", more: str = ""
) -> str:
    """Words at a place."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}"{more}>'
        f"{html.escape(text)}</text>"
    )


def _phases(history: History, rows: Rows) -> list[str]:
    """The phases as a strip at the left."""
    parts, from_ns = [], history.start_ns
    for name, end_ns in history.phases.ends_ns.items():
        until_ns = history.start_ns + end_ns
        high, low = rows.at(from_ns), rows.at(until_ns)
        from_ns = until_ns
        if low - high < 1:
            continue
        parts.append(
            f'<rect x="0" y="{high:.1f}" width="15" height="{low - high:.1f}" fill="{PHASES[name]}"/>'
        )
        if low - high > 60:
            middle = (high + low) / 2
            turned = f' transform="rotate(-90 11 {middle:.1f})"'
            parts.append(_text(11, middle, name.replace("_", "-"), anchor="middle", more=turned))
    return parts


def _bands(timeline: Timeline, rows: Rows, x: list[float]) -> list[str]:
    """Faults as areas over what they are about."""
    parts = []
    for band in timeline.bands:
        high, low = rows.at(band.from_ns), rows.at(band.until_ns)
        left, right = x[band.lanes[0]] - 24, x[band.lanes[1]] + 24
        parts.append(
            f'<rect x="{left:.1f}" y="{high:.1f}" width="{right - left:.1f}" '
            f'height="{max(3, low - high):.1f}" fill="#f04438" fill-opacity="0.07" '
            f'stroke="#f04438" stroke-opacity="0.25"><title>{html.escape(band.text)}</title></rect>'
        )
    return parts


def _lifelines(history: History, timeline: Timeline, rows: Rows, x: list[float]) -> list[str]:
    """Participants, dashed while they are dead."""
    dead: dict[str, list[tuple[float, float]]] = {}
    for look_from, look_until in zip(history.looks, [*history.looks[1:], None], strict=True):
        until_ns = history.end_ns if look_until is None else look_until.time_ns
        for host in look_from.down:
            span = rows.at(look_from.time_ns), rows.at(until_ns)
            dead.setdefault(history.name(host), []).append(span)
    parts = []
    for number, lane in enumerate(timeline.lanes):
        color = "#1d2939" if lane.is_venue else "#1f5fbf"
        for y in (TOP - 28, rows.bottom + 6):
            parts.append(
                f'<rect x="{x[number] - 56:.1f}" y="{y:.1f}" width="112" height="22" rx="5" '
                f'fill="{color}"/>'
            )
            parts.append(_text(x[number], y + 15, lane.name[:16], anchor="middle", color="#fff"))
        parts.append(_line(x[number], TOP - 6, x[number], rows.bottom + 6, "#98a2b3"))
        for high, low in dead.get(lane.name, ()) if not lane.is_venue else ():
            parts.append(_line(x[number], high, x[number], low, "#fff", ' stroke-width="4"'))
            parts.append(
                _line(x[number], high, x[number], low, "#b42318", ' stroke-dasharray="2 5"')
            )
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, color: str, more: str = "") -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"{more}/>'


def _breaks(rows: Rows) -> list[str]:
    """Where time passes and nothing is shown."""
    parts = []
    for height, length_ns, left_out in rows.breaks:
        parts.append(
            f'<rect x="{LEFT - 60}" y="{height - 8:.1f}" width="{WIDTH - LEFT - RIGHT + 120}" '
            'height="14" fill="#fff"/>'
        )
        more = f", {left_out:,} messages not shown" if left_out else ""
        words = f"⋮  {_length(length_ns)}{more}"
        parts.append(_text(WIDTH / 2, height + 3, words, anchor="middle", color="#98a2b3"))
    return parts


def _length(length_ns: int) -> str:
    """A length of time to three figures."""
    for unit_ns in (1_000_000_000, 1_000_000, 1_000):
        if length_ns >= unit_ns:
            return format_ns(length_ns // (unit_ns // 100) * (unit_ns // 100))
    return format_ns(length_ns)


def _times(scene: Scene, rows: Rows, start_ns: int) -> list[str]:
    """When rows are, at their left; not where the one above says the same."""
    marks = [(rows.noted[number], one.time_ns) for number, one in enumerate(scene.notes)]
    marks += [(rows.sent[number], one.sent_ns) for number, one in enumerate(scene.messages)]
    parts, before = [], ""
    for height, time_ns in sorted(marks):
        said = f"{(time_ns - start_ns) / 1e9:.4f} s"
        if said != before:
            parts.append(_text(LEFT - 70, height, said, anchor="end", color="#667085"))
        before = said
    return parts


def _arrow(one: Message, rows: Rows, number: int, x: list[float], start_ns: int) -> tuple[str, str]:
    """A message: a slanted arrow, or one that breaks off at a cross; and its words."""
    y1 = rows.sent[number]
    x1, x2 = x[one.sender], x[one.receiver]
    color = TONES["lost" if one.lost else one.tone]
    said = html.escape(f"{one.text}: {_told(one, start_ns)}")
    dashes = "" if one.tone == "command" else ' stroke-dasharray="6 3"'
    side = 1 if x2 >= x1 else -1
    words = _text(
        x1 + 9 * side,
        y1 - 3,
        one.text if one.arrived_ns != NEVER or one.lost else f"{one.text} …",
        anchor="start" if side > 0 else "end",
        color=color,
        more=' class="halo"',
    )
    if one.arrived_ns == NEVER:
        x2, y2 = x1 + (x2 - x1) * 0.55, y1 + 8
        cross = (
            f'<path d="M{x2 - 5:.1f} {y2 - 5:.1f}l10 10m0 -10l-10 10" stroke="{TONES["lost"]}" '
            'stroke-width="2.4"/>'
        )
        line = _line(x1, y1, x2, y2, color, dashes) + cross
    else:
        head = f'{dashes} marker-end="url(#head-{one.tone})"'
        line = _line(x1, y1, x2, rows.arrived[number], color, head)
    return f'<g class="message"><title>{said}</title>{line}</g>', words


def _told(one: Message, start_ns: int) -> str:
    """What a message's hint says of its way."""
    sent = f"sent at {(one.sent_ns - start_ns) / 1e9:.6f} s"
    if one.lost:
        return f"{sent}, lost on its way"
    if one.arrived_ns == NEVER:
        return f"{sent}, did not arrive"
    return f"{sent}, arrived after {format_ns(one.arrived_ns - one.sent_ns)}"


def _label(note: Note, height: float, x: list[float], lanes: int) -> list[str]:
    """A note beside its participant: at the right, but for the last one's."""
    color, fill = NOTES[note.tone]
    text = note.text if len(note.text) <= 96 else f"{note.text[:95]}…"
    strong = note.tone in ("fault", "healed", "breach")
    width = (6.6 if strong else 6.1) * len(text) + 18
    left = x[note.lane] + 8
    if note.lane == lanes - 1 and lanes > 1:
        left = x[note.lane] - 8 - width
    left = max(LEFT - 60, min(left, WIDTH - width - 4))
    more = ' font-weight="600"' if strong else ""
    parts = []
    if note.tone in ("fault", "healed"):
        edges = LEFT - 60, height - 5, WIDTH - RIGHT + 60, height - 5
        parts.append(_line(*edges, color, ' stroke-dasharray="3 4" stroke-opacity="0.6"'))
    box = (
        f'<rect x="{left:.1f}" y="{height - 15:.1f}" width="{width:.1f}" height="19" rx="4" '
        f'fill="{fill}" stroke="{color}" stroke-opacity="0.5"/>'
    )
    ink = color if color != "#ffffff" else fill
    dot = f'<circle cx="{x[note.lane]:.1f}" cy="{height - 5:.1f}" r="4" fill="{ink}"/>'
    return [*parts, dot, box, _text(left + 8, height - 2, text, color=color, more=more)]


_OPENS: Final = (
    '<svg class="sequence" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    'role="img" aria-label="What was said between hosts and venues, and what broke">'
)
_HEADS: Final = (
    "<defs>"
    + "".join(
        f'<marker id="head-{tone}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{color}"/></marker>'
        for tone, color in TONES.items()
    )
    + "</defs>"
)
