"""`docs/reference/cli.md`, written from the program: its help, its settings, its exit codes."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.testing import CliRunner

import cli
from console.config import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "cli.md"

HEAD = """\
# The command line

This page is written by `make fix` from the program itself, and a test holds the two equal.

Results go to standard output, everything else to standard error.
With `--json` a command prints exactly one JSON object on standard output.
Long work shows a bar on a terminal and a plain line every few seconds elsewhere.

## Exit codes

| code | meaning |
|---|---|
| 0 | good |
| 1 | the thing checked does not hold |
| 2 | bad input or usage: one line says what was found, what is allowed, where |
| 3 | a defect of ours, with its traceback |
| 130 | interrupted; what was written so far is readable |

## Settings

A flag before the verb beats the environment, which beats `twin.toml` in the current folder, which beats the default.
`twin config show` says what holds and why.

| key in `twin.toml` | flag | environment | default | meaning |
|---|---|---|---|---|
"""


def render() -> str:
    """The whole page."""
    return HEAD + "".join(_settings()) + "".join(_verbs(typer.main.get_command(cli.app), ()))


def _settings() -> Iterator[str]:
    """One row of the table for each setting."""
    for setting in SETTINGS:
        flag = "--" + setting.key.replace("_", "-")
        default = "" if setting.default is None else f"`{setting.default}`"
        yield f"| `{setting.key}` | `{flag}` | `{setting.env}` | {default} | {setting.meaning} |\n"


def _verbs(command: object, path: tuple[str, ...]) -> Iterator[str]:
    """The help of a command, then of those below it."""
    os.environ["COLUMNS"] = "80"
    shown = CliRunner().invoke(cli.app, [*path, "--help"], prog_name="twin")
    assert shown.exit_code == 0, shown.output
    lines = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
    yield f"\n## {' '.join(('twin', *path))}\n\n```text\n{lines}\n```\n"
    for name, below in getattr(command, "commands", {}).items():
        yield from _verbs(below, (*path, name))


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("say python -m tests.docs.cli_reference --write")
    PAGE.write_text(render(), encoding="utf-8")
