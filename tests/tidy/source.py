"""One parsed file, and what a rule says about a line of it.

A line that breaks a rule for a good reason ends in `# tidy: <reason>`; a waiver without a reason is
no waiver.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOMS: Final = (
    "market", "sim", "desk", "strategies", "bridge", "scenarios", "chaos", "research", "console",
)  # fmt: skip
SIMULATED: Final = ("market", "desk", "strategies", "sim", "scenarios")
"""Rooms in which time and chance are arguments."""

_WAIVER = re.compile(r"#\s*tidy:\s*\S+")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule broken at a line."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the project: its path from the root, with forward slashes, and its tree."""

    path: str
    text: str
    tree: ast.Module
    lines: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, path: str, text: str) -> "Source":
        """Parse a file's text."""
        tree = ast.parse(text, path)
        return cls(path, text, tree, text.splitlines(), _imported_names(tree))

    @property
    def room(self) -> str:
        """The top-level folder, or the file itself at the root."""
        return self.path.split("/", maxsplit=1)[0]

    @property
    def module(self) -> str:
        """The dotted name under which the file is imported."""
        parts = self.path.removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_kernel(self) -> bool:
        """Whether numba compiles this file."""
        return self.path.startswith(("sim/kernels/", "research/kernels/"))

    def waived(self, node: ast.AST, word: str = "") -> bool:
        """Whether a line of the node carries a waiver, of the given word if there is one."""
        first = getattr(node, "lineno", 1)
        last = getattr(node, "end_lineno", first)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            last = node.body[0].lineno - 1 if node.body else first
            last = max(first, last)
        if isinstance(node, ast.For | ast.ExceptHandler):
            last = first
        pattern = re.compile(rf"#\s*tidy:\s*{word}\s+\S") if word else _WAIVER
        return any(pattern.search(line) for line in self.lines[first - 1 : last])

    def header_says(self, word: str) -> bool:
        """Whether a line of its own, before the first definition, waives a rule for the file."""
        pattern = re.compile(rf"^#\s*tidy:\s*{word}\s+\S")
        for line in self.lines:
            if line.startswith(("def ", "class ", "@")):
                return False
            if pattern.match(line):
                return True
        return False

    def dotted(self, node: ast.AST) -> str:
        """The full name that an expression means, through the file's imports; or nothing."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self.names.get(node.id, node.id))
        return ".".join(reversed(parts))

    def finding(self, node: ast.AST | int, rule: str, text: str) -> Finding:
        """A finding at a node, or at a line."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Finding(self.path, line, rule, text)


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name of a file stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    names[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def sources(root: Path) -> Iterator[Source]:
    """Every Python file of the project, in order of its path."""
    folders = [*ROOMS, "tests", "bench"]
    paths = [path for folder in folders for path in (root / folder).rglob("*.py")]
    for path in sorted([root / "cli.py", *paths]):
        if path.is_file():
            yield Source.parse(path.relative_to(root).as_posix(), path.read_text("utf-8"))
