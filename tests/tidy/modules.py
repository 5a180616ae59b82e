"""Rules over all files together: no module that nobody imports."""

import ast
from collections.abc import Iterable, Iterator

from tests.tidy.source import Finding, Source


def check(files: Iterable[Source]) -> Iterator[Finding]:
    """Modules of the product that no other module of the product imports.

    `cli` is the entry, and strategies are named by scenarios, so neither needs an importer.
    """
    product = [source for source in files if source.room not in {"tests", "bench"}]
    used = {name for source in product for name in _imports(source)}
    for source in product:
        if source.room in {"cli.py", "strategies"} or source.path.endswith("__init__.py"):
            continue
        if source.module not in used and not source.header_says("unimported"):
            yield source.finding(1, "dead-module", f"nobody imports {source.module}")


def _imports(source: Source) -> Iterator[str]:
    """Every module that a file may mean by its imports, itself excluded."""
    package = source.module.split(".")
    if not source.path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name != source.module)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
