"""`docs/reference/alert-codes.md`, written from the table that monitors use."""

from desk.oversight import ALERTS, AlertRow
from market.units import format_ns

HEAD = """\
# Alert codes

This page is written by `python -m tests.docs.code_reference --write` from the table of `desk/oversight`, and a test holds the two equal.

A monitor's alert carries its code and two figures: what was found, and what it was held against.
What an alert *explains*, where it is about the same host or book, joins its incident, and nobody is called a second time ([how](../explanation/monitor.md)).
Only alerts of severity PAGE call a person; those that *wait* do so after a little, in case their cause shows meanwhile.
The *word* is what the monitor tells the host of itself; a scenario's `says` may say otherwise for each code.
The last two codes are a host's own, about its monitor.

| code | name | what it says | unit | severity | waits | owner | what the owner does | word |
|---|---|---|---|---|---|---|---|---|
"""

EXPLAINS = """
## What explains what

| code | explains |
|---|---|
"""


def word(row: AlertRow) -> str:
    """What a monitor tells a host, and when."""
    if row.says is None:
        return ""
    return row.says.name + (f" after {format_ns(row.after_ns)}" if row.after_ns else "")


def render_alerts() -> str:
    """The page of a monitor's codes."""
    rows = [
        f"| {int(code)} | {code.name} | {row.text.format(found='*found*', allowed='*allowed*')} "
        f"| {row.unit} | {row.severity.name} | {'yes' if row.waits else ''} | {row.owner} "
        f"| {row.action} | {word(row)} |\n"
        for code, row in ALERTS.items()
    ]
    causes = [
        f"| {code.name} | {', '.join(one.name for one in row.explains)} |\n"
        for code, row in ALERTS.items()
        if row.explains
    ]
    return HEAD + "".join(rows) + EXPLAINS + "".join(causes)
