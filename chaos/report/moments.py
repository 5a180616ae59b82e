"""Which of a run's thousands of messages a timeline shows.

Model: moments call for what is around them: first where an invariant did not hold, then what befell
participants, then what wires lost; the orders concerned are shown from their first word to their last.
What is chosen is few enough to be read; what is left out is counted in each gap.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from chaos.report.steps import NEVER, Message, Note, Timeline

NOTES_MAX: Final = 48
NOTES_ALIKE_MAX: Final = 3
FIRST: Final = ("breach", "fault", "healed")
"""Tones of notes that come before all others."""

MESSAGES_MAX: Final = 72
AROUND_MAX: Final = 12
"""Messages before and after a moment, where there are few moments."""

STORIES_MAX: Final = 5
STORY_MAX: Final = 10
LOST_MAX: Final = 10
SLOW_MAX: Final = 2


class Scene(NamedTuple):
    """What a timeline shows, in order of time.

    Attributes:
        left_out: When messages left that are not shown.
    """

    messages: list[Message]
    notes: list[Note]
    left_out: list[int]


def scene_of(timeline: Timeline, witnesses: Sequence[tuple[int, int]]) -> Scene:
    """Choose.

    Args:
        witnesses: Time and order of each event that shows where something did not hold.
    """
    notes = _notes(timeline.notes)
    sent = [one.sent_ns for one in timeline.messages]
    chosen: dict[int, None] = {}
    for order_id in _concerned(timeline, witnesses):
        _take(chosen, _story(timeline.messages, order_id))
    moments = [time_ns for time_ns, _ in witnesses[:STORIES_MAX]]
    moments += [one.time_ns for one in notes]
    around = min(AROUND_MAX, (MESSAGES_MAX - len(chosen)) // max(1, len(moments)))
    for time_ns in moments:
        at = bisect_left(sent, time_ns)
        before = around // 3
        _take(chosen, range(max(0, at - before), min(len(sent), at + around - before)))
    shown = sorted(chosen)
    return Scene(
        messages=[timeline.messages[number] for number in shown],
        notes=notes,
        left_out=[
            one.sent_ns
            for number, one in enumerate(timeline.messages)
            if number not in chosen
            for _ in range(one.times)
        ],
    )


def _take(chosen: dict[int, None], numbers: Iterable[int]) -> None:
    """Choose messages, as long as there is room."""
    for number in numbers:
        if len(chosen) < MESSAGES_MAX:
            chosen[number] = None


def _notes(notes: Sequence[Note]) -> list[Note]:
    """The first few of those that say alike, faults before all others."""
    seen: Counter[tuple[int, str, str]] = Counter()
    kept = []
    for one in sorted(notes, key=lambda one: one.time_ns):
        alike = one.lane, one.tone, one.text.split(" ", 1)[0]
        seen[alike] += 1
        if one.tone in FIRST or seen[alike] <= NOTES_ALIKE_MAX:
            kept.append(one)
    kept.sort(key=lambda one: (one.tone not in FIRST, one.time_ns))
    return sorted(kept[:NOTES_MAX], key=lambda one: one.time_ns)


def _concerned(timeline: Timeline, witnesses: Sequence[tuple[int, int]]) -> list[int]:
    """Orders whose whole story is worth telling: witnesses' first, then lost ones, then slow ones."""
    found = dict.fromkeys(order_id for _, order_id in witnesses if order_id)
    found |= dict.fromkeys(one.order_id for one in timeline.messages if one.lost)
    ways = [one for one in timeline.messages if one.arrived_ns != NEVER]
    ways.sort(key=lambda one: one.sent_ns - one.arrived_ns)
    found |= dict.fromkeys(one.order_id for one in ways[:SLOW_MAX])
    return list(found)[:STORIES_MAX]


def _story(messages: Sequence[Message], order_id: int) -> list[int]:
    """What was said about an order: its beginning, what was lost of it, and its end."""
    own = [number for number, one in enumerate(messages) if one.order_id == order_id]
    if len(own) <= STORY_MAX:
        return own
    lost = [number for number in own if messages[number].arrived_ns == NEVER][:LOST_MAX]
    half = STORY_MAX // 2
    return sorted({*own[:half], *lost, *own[-half:]})
