"""`docs/reference/order-states.md`, drawn from the table that the desk runs on."""

import sys
from collections.abc import Iterator
from pathlib import Path

from desk.orders import TABLE, Anomaly, OrderEvent, OrderState

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "order-states.md"

HEAD = """\
# The states of an order

This page is written by `python -m tests.docs.order_states --write` from the table in `desk/orders/table.py`, and a test holds the two equal.
The reasons for each race are told at the top of that file; how lots are counted is told in `desk/orders/lots.py`.

A state is what the desk is waiting for, not where the order is: the desk knows an order only by reports, which come late and may overtake each other.
"""

STATES = {
    OrderState.PENDING_NEW: "sent, and the venue has said nothing",
    OrderState.LIVE: "it rests, as far as reports tell",
    OrderState.PENDING_CANCEL: "a cancel is on its way",
    OrderState.PENDING_REPLACE: "a replacement is on its way",
    OrderState.UNKNOWN: "an answer may have been lost; an end or a status settles it",
    OrderState.FILLED: "ended: the venue holds nothing open after a fill",
    OrderState.CANCELLED: "ended: cancelled, or a status said no more than that it ended",
    OrderState.REJECTED: "ended: it never was in the book",
    OrderState.EXPIRED: "ended: its time in force, or the day, was over",
}

EVENTS = {
    OrderEvent.CANCEL_SENT: "we ask for its end",
    OrderEvent.REPLACE_SENT: "we ask for another price and open quantity",
    OrderEvent.LINK_LOST: "the order link of its book went down",
    OrderEvent.ACCEPTED: "ACCEPTED",
    OrderEvent.REJECTED: "REJECTED, but for a duplicate id",
    OrderEvent.PART_FILL: "FILLED with open lots left",
    OrderEvent.LAST_FILL: "FILLED with none left",
    OrderEvent.CANCELLED: "CANCELLED, asked for or not",
    OrderEvent.CANCEL_REJECTED: "CANCEL_REJECTED, the order lives on",
    OrderEvent.TOO_LATE: "CANCEL_REJECTED or REPLACE_REJECTED for an unknown order",
    OrderEvent.REPLACED: "REPLACED",
    OrderEvent.REPLACE_REJECTED: "REPLACE_REJECTED, the order as it was",
    OrderEvent.EXPIRED: "EXPIRED",
    OrderEvent.BUST: "BUSTED",
    OrderEvent.CORRECT: "CORRECTED",
    OrderEvent.STATUS_OPEN: "STATUS that was asked for, with open lots",
    OrderEvent.STATUS_ENDED: "STATUS that was asked for, without",
}


def render() -> str:
    """The whole page."""
    return HEAD + "".join((*_moves(), *_states(), *_events(), *_table(), *_anomalies()))


def _moves() -> Iterator[str]:
    """What leads from each state to another, as a drawing."""
    yield "\n## What leads where\n\n```text\n"
    width = max(len(state.name) for state in OrderState)
    for state in OrderState:
        targets: dict[OrderState, list[str]] = {}
        for event, target in TABLE[state].items():
            if target is not state:
                targets.setdefault(target, []).append(event.name)
        for target in sorted(targets):
            arrow = f"{state.name:<{width}} --> {target.name:<{width}}"
            yield f"{arrow}  on {', '.join(targets[target])}\n"
    yield "```\n"


def _states() -> Iterator[str]:
    """What each state means."""
    yield "\n## States\n\n| code | state | what the desk is waiting for |\n|---|---|---|\n"
    for state in OrderState:
        yield f"| {int(state)} | {state.name} | {STATES[state]} |\n"


def _events() -> Iterator[str]:
    """What each event is."""
    yield "\n## Events\n\n| event | what it is |\n|---|---|\n"
    for event in OrderEvent:
        yield f"| {event.name} | {EVENTS[event]} |\n"


def _table() -> Iterator[str]:
    """Every row of the table, an event a line."""
    yield "\n## The table\n\nA dash is a report that changes no state, an empty cell an anomaly.\n\n"
    yield f"| | {' | '.join(state.name for state in OrderState)} |\n"
    yield "|---" * (len(OrderState) + 1) + "|\n"
    for event in OrderEvent:
        cells = []
        for state in OrderState:
            target = TABLE[state].get(event)
            cells.append("" if target is None else "–" if target is state else target.name)
        yield f"| {event.name} | {' | '.join(cells)} |\n"


def _anomalies() -> Iterator[str]:
    """What can be wrong with a report."""
    yield "\n## Anomalies\n\nAn anomaly is counted and raises nothing; no fill's lots are ever lost.\n\n"
    yield "| code | anomaly |\n|---|---|\n"
    for anomaly in Anomaly:
        if anomaly:
            yield f"| {int(anomaly)} | {anomaly.name} |\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("say python -m tests.docs.order_states --write")
    PAGE.write_text(render(), encoding="utf-8")
