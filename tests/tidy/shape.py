"""Rules of shape: what a reader, or SimPy, would stumble over in any file of the project."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

from tests.tidy.source import Finding, Source

FUNCTION_LINES_MAX: Final = 60
FILE_LINES_MAX: Final = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
_ENTRY = re.compile(r"^([*\w]+(?:\s*,\s*[*\w]+)*)(?:\s*\([^)]*\))?:")
_SECTION = re.compile(r"^(\s*)(Args|Arrays):\s*$")


def check(source: Source) -> Iterator[Finding]:
    """Every rule of shape, for one file."""
    if len(source.lines) > FILE_LINES_MAX:
        yield source.finding(1, "file-size", f"{len(source.lines)} lines, {FILE_LINES_MAX} allowed")
    for number, line in enumerate(source.lines, 1):
        if _LEFTOVER.search(line):
            yield source.finding(number, "leftover", f"unfinished work: {line.strip()[:60]}")
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            yield from _size(source, node)
            yield from _docstring(source, node)
        elif isinstance(node, ast.ExceptHandler):
            yield from _handler(source, node)
        elif isinstance(node, ast.ClassDef):
            yield from _exception(source, node)


def code_line_count(source: Source, node: Function) -> int:
    """Lines of a function's body that hold code: no docstring, no comment, no blank line."""
    text = "\n".join(source.lines[: node.end_lineno]) + "\n"
    skipped = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENDMARKER, tokenize.ENCODING,
    }  # fmt: skip
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if not body:
        return 0
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped and token.start[0] >= body[0].lineno:
            held.update(range(token.start[0], token.end[0] + 1))
    return len(held)


def _size(source: Source, node: Function) -> Iterator[Finding]:
    """One screen a function; a compiled loop may say why it needs two."""
    count = code_line_count(source, node)
    if count <= FUNCTION_LINES_MAX or (source.is_kernel and source.waived(node, "long")):
        return
    yield source.finding(
        node, "function-size", f"{node.name} has {count} lines, {FUNCTION_LINES_MAX} allowed"
    )


def _docstring(source: Source, node: Function) -> Iterator[Finding]:
    """Arguments that a docstring names must be in the signature."""
    text = ast.get_docstring(node)
    if not text:
        return
    spec = node.args
    allowed = {arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    allowed |= {arg.arg for arg in (spec.vararg, spec.kwarg) if arg is not None}
    for name in _documented(text):
        if name.lstrip("*") not in allowed and not source.waived(node):
            yield source.finding(
                node, "docstring", f"{node.name} documents {name!r}, not a parameter"
            )


def _documented(text: str) -> Iterator[str]:
    """The names in a docstring's Args and Arrays sections."""
    section_indent, entry_indent = -1, -1
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        opening = _SECTION.match(line)
        if opening:
            section_indent, entry_indent = len(opening.group(1)), -1
            continue
        if section_indent < 0 or not line.strip():
            continue
        if indent <= section_indent:
            section_indent = -1
            continue
        entry_indent = indent if entry_indent < 0 else entry_indent
        entry = _ENTRY.match(line.strip())
        if indent == entry_indent and entry:
            yield from (name.strip() for name in entry.group(1).split(","))


def _handler(source: Source, node: ast.ExceptHandler) -> Iterator[Finding]:
    """Errors are handled or passed on, never swallowed."""
    if node.type is None:
        yield source.finding(node, "bare-except", "names no exception")
        return
    broad = source.dotted(node.type) in {"Exception", "BaseException"}
    silent = all(
        isinstance(item, ast.Pass | ast.Continue)
        or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
        for item in node.body
    )
    if broad and silent and not source.waived(node):
        yield source.finding(node, "swallowed", "every error is dropped in silence")


def _exception(source: Source, node: ast.ClassDef) -> Iterator[Finding]:
    """SimPy rebuilds an exception as `type(e)(*e.args)`; a constructor of its own breaks that."""
    bases = [source.dotted(base).rsplit(".", maxsplit=1)[-1] for base in node.bases]
    if not any(base.endswith(("Error", "Exception")) or base == "BadRow" for base in bases):
        return
    for item in node.body:
        is_constructor = isinstance(item, Function) and item.name in {"__init__", "__new__"}
        if is_constructor and not source.waived(item):
            yield source.finding(item, "exception", f"{node.name} cannot be rebuilt from args")
