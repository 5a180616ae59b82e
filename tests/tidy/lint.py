"""`python -m tests.tidy.lint`: every rule of this folder over every file of the project."""

import sys
from pathlib import Path

from tests.tidy import modules, readers, shape, world
from tests.tidy.source import Finding, Source, sources

ROOT = Path(__file__).resolve().parents[2]


def lint_source(source: Source) -> list[Finding]:
    """What one file breaks."""
    return sorted([*world.check(source), *readers.check(source), *shape.check(source)])


def lint_project(root: Path = ROOT) -> list[Finding]:
    """What the project breaks."""
    files = list(sources(root))
    findings = [finding for source in files for finding in lint_source(source)]
    return sorted([*findings, *modules.check(files)])


def main() -> int:
    """Print every finding; 1 when there is one."""
    findings = lint_project()
    for finding in findings:
        print(finding)
    if not findings:
        print("tidy: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
