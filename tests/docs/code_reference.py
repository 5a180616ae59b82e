"""`docs/reference/vetoes.md`, `limits.md` and `refusals.md`, written from the tables that are used."""

import sys
from pathlib import Path

from desk.gate import VETOES
from desk.limits import LIMITS
from desk.limits.config import (
    COLLAR_PPM_MAX,
    FILLS_MAX,
    MESSAGES_MAX,
    NOTIONAL_MICROS_MAX,
    RATE_WINDOW_NS_MIN,
)
from market.columns import QTY_LOTS_MAX
from market.refusals import REFUSALS, Giver
from tests.docs.alert_reference import render_alerts
from tests.docs.execution_reference import PAGES as EXECUTION_PAGES
from tests.docs.planted_reference import PAGES as PLANTED_PAGES
from tests.docs.preset_reference import render_preset

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"

VETOES_HEAD = """\
# Vetoes

This page is written by `python -m tests.docs.code_reference --write` from the gate's own table, and a test holds the two equal.

The gate is asked before a signal is sized, and looks at what is in flight after every event.
A veto carries its code and the two figures that decided: what was found, and what it was held against.
A limit that is not configured is zero, and zero allows nothing.

What *hinders* new risk lets pass what brings both the strategy's own position and the book's nearer to zero.
What hinders everything stops that too, because nothing can be priced or sent.
The *action* is what happens to working orders when the same cause is found while they work: PAUSE pulls them until the cause has gone, ABORT ends them, SAFE ends all of the desk's and lets only reductions follow, KILL cancels all and lets nothing follow.
A pause that *cools* ends when its cause has been away for the cool-off; another ends with its cause.
Out of SAFE and KILL only the word of a named person leads.

| code | name | what it says | unit | hinders | action | cools |
|---|---|---|---|---|---|---|
"""

LIMITS_HEAD = """\
# The last hard check

This page is written by `python -m tests.docs.code_reference --write` from the table of `desk/limits`, and a test holds the two equal.

Every command is looked at once more before it leaves, against limits of its own and tallies of its own, which share neither state nor code with the gate.
Cancels and queries pass up to the absolute rate of messages, of which a reserve is theirs alone.
A refusal carries its code and the two figures that decided.
A limit that is not configured is zero, and zero lets nothing out.

| code | name | what it says | unit |
|---|---|---|---|
"""

CEILINGS_HEAD = """
## Limits on limits

No configuration can go past these; one that tries is refused when it is read.

| limit | ceiling |
|---|---|
"""

REFUSALS_HEAD = """\
# Refusals

This page is written by `python -m tests.docs.code_reference --write` from the table of `market/refusals.py`, and a test holds the two equal.

A venue answers every command, and where it says no, or ends an order, it says why: with a reason and one *figure*.
`refusal_text` makes a sentence of the two, with the price and the quantity of the command where it is given them, and with prices in currency where it knows the instrument.
A report that ends an order has no figure, nor has one from a book without rules; then a shorter sentence is said, which names none.

The *book* matches orders ([venue truth](../explanation/venue-truth.md), [venue rules](../explanation/venue-rules.md)); the *venue* is what is around it ([its front](../explanation/venue-front.md)).
What the desk itself refuses has codes of its own: [vetoes](vetoes.md) and [limits](limits.md).

| code | name | what it says | the figure | given by |
|---|---|---|---|---|
"""


def render_refusals() -> str:
    """The page of the venue's reasons."""
    blanks = {"figure": "*figure*", "price": "the price *price*", "qty": "the quantity *quantity*"}
    rows = [
        f"| {int(reason)} | {reason.name} | {(row.text or row.plain).format(**blanks)} "
        f"| {row.figure} "
        f"| {', '.join((giver.name or '').lower() for giver in Giver if giver & row.givers)} |\n"
        for reason, row in REFUSALS.items()
    ]
    return REFUSALS_HEAD + "".join(rows)


def render_vetoes() -> str:
    """The page of the gate's codes."""
    rows = [
        f"| {int(code)} | {code.name} | {shown(row.text)} | {row.unit} "
        f"| {'everything' if row.hinders_all else 'new risk'} "
        f"| {row.action.name if row.action else ''} "
        f"| {'yes' if row.action and row.action.name == 'PAUSE' and row.cools else ''} |\n"
        for code, row in VETOES.items()
    ]
    return VETOES_HEAD + "".join(rows)


def render_limits() -> str:
    """The page of the last check's codes and ceilings."""
    rows = [
        f"| {int(code)} | {code.name} | {shown(row.text)} | {row.unit} |\n"
        for code, row in LIMITS.items()
    ]
    ceilings = {
        "`order_lots`, `position_lots`": f"{QTY_LOTS_MAX} lots",
        "`order_notional_micros`": f"{NOTIONAL_MICROS_MAX} millionths of the book's currency",
        "`collar_ppm`": f"{COLLAR_PPM_MAX} ppm",
        "`messages_max`": f"{MESSAGES_MAX} messages",
        "`messages_window`": f"at least {RATE_WINDOW_NS_MIN} ns",
        "`fills_max`": f"{FILLS_MAX} executions",
    }
    table = "".join(f"| {name} | {ceiling} |\n" for name, ceiling in ceilings.items())
    return LIMITS_HEAD + "".join(rows) + CEILINGS_HEAD + table


def shown(text: str) -> str:
    """A code's sentence with its figures named."""
    return text.format(found="*found*", allowed="*allowed*")


PAGES = {
    "vetoes.md": render_vetoes,
    "limits.md": render_limits,
    "refusals.md": render_refusals,
    "venue-preset.md": render_preset,
    "alert-codes.md": render_alerts,
    **EXECUTION_PAGES,
    **PLANTED_PAGES,
}

if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("say python -m tests.docs.code_reference --write")
    for name, render in PAGES.items():
        (REFERENCE / name).write_text(render(), encoding="utf-8")
