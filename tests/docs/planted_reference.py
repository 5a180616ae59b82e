"""`docs/reference/planted-bugs.md`, written from the bugs themselves."""

from chaos.mutants import zoo

HEAD = """\
# Planted bugs

This page is written by `python -m tests.docs.code_reference --write` from `chaos/mutants/*.toml`, and a test holds the two equal.

Each is one short change of the program's own source, made while a process imports it and never on disk ([planted bugs](../explanation/planted-bugs.md)).
`twin drill mutants` plants each of them and runs its drills, in order, until one of its invariants is violated.

| bug | stands in | the danger that it is | must be found by | in a drill of |
|---|---|---|---|---|
"""


def render_planted() -> str:
    """The page of planted bugs."""
    rows = [
        f"| `{one.name}` | `{one.module}` | {one.danger} | {', '.join(one.invariants)} "
        f"| {', '.join(f'`{name}`' for name in one.drills)} |\n"
        for one in sorted(zoo(), key=lambda one: (one.module, one.name))
    ]
    return HEAD + "".join(rows)


PAGES = {"planted-bugs.md": render_planted}
