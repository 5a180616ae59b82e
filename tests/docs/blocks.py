"""Fenced code blocks of a page, and how each kind is run.

console          `$ twin …` is run in the page's own empty folder; lines below it are expected,
                 `…` stands for any text, a line of `…` for any lines, `[exit 2]` for the code;
                 `$ make …` is asked of make without being run
console data     the same, on real data: only under the `truth` mark
python           executed; the blocks of a page share their names
toml config      must be a valid twin.toml
toml scenario    must be a valid scenario; blocks below find it as `scenario.toml`
toml venue       must be a valid venue's preset; blocks below find it as `venue.toml`
toml drill       must be a valid drill; blocks below find it as `drill.toml`
text ladder      must be a ladder that plays; blocks below find it as `ladder.txt`
text             prose
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "console", "console data", "python", "toml config", "toml scenario", "toml venue", "toml drill",
    "text ladder", "text",
}  # fmt: skip
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, its text, and the line where it starts."""

    kind: str
    body: str
    line: int


@dataclass(frozen=True)
class Command:
    """One line typed at a prompt, and what the page says comes back."""

    line: str
    expected: list[str]


def pages() -> list[Path]:
    """Every page whose blocks are run."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(match["info"].strip(), match["body"], line)


def commands(body: str) -> Iterator[Command]:
    """The prompts of a console block, each with the lines up to the next."""
    line, expected = "", []
    for row in body.splitlines():
        if row.startswith("$ "):
            if line:
                yield Command(line, expected)
            line, expected = row[2:], []
        elif row.strip():
            expected.append(row)
    if line:
        yield Command(line, expected)


def run_command(command: Command, folder: Path) -> None:
    """Type one line, and compare what comes back with the page.

    Raises:
        AssertionError: The command ended otherwise, or said something else.
    """
    verb = next(word for word in command.line.split() if "=" not in word)
    assert verb in {"twin", "make"}, f"{command.line!r}: only twin and make can be run here"
    typed = command.line if verb == "twin" else f"make -n -C '{ROOT}' {command.line[5:]}"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {key: text for key, text in os.environ.items() if not key.startswith(("TWIN_", "MAKE"))}
    done = subprocess.run(
        ["bash", "-c", typed],
        cwd=folder,
        env=clean | {"PATH": path, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    expected = list(command.expected)
    code = 0
    if expected and (match := re.fullmatch(r"\[exit (\d+)\]", expected[-1].strip())):
        code = int(match[1])
        expected.pop()
    said = done.stdout + done.stderr
    assert done.returncode == code, f"$ {command.line}\n{said}"
    if expected and verb == "twin":
        assert matches(expected, said), f"$ {command.line}\n{said}"


def matches(expected: list[str], said: str) -> bool:
    """Whether what was said is what a page expects, spaces apart."""
    pattern = ""
    for row in expected:
        words = " ".join(row.split())
        if words == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(words).replace("…", "[^\n]*") + "\n"
    rows = [" ".join(row.split()) for row in said.splitlines() if row.strip()]
    return re.fullmatch(pattern, "".join(row + "\n" for row in rows)) is not None
