"""The mathematics of sizing, schedules and routing gives the same bits everywhere, and stands alone.

IEEE 754 fixes + − × ÷ and the square root; the C library's exponential, logarithm and powers differ
between machines, and NumPy's more so. So those modules may import a short list of names, and may not
raise to a power, which for floats is the library's `pow`.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("desk/sizing_models", "desk/execution/schedules", "desk/router")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).glob("*.py"))
MATHS = {"inf", "isqrt", "pi", "sqrt"}
MODULES = {"collections.abc", "enum", "hashlib", "itertools", "msgspec", "typing"}


def breaches(text: str, package: str) -> list[str]:
    """What a module does that could differ between machines, or reaches into the desk."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name not in MODULES]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module == "math":
                found += [alias.name for alias in node.names if alias.name not in MATHS]
            elif module not in MODULES and not module.startswith(("market.", package)):
                found.append(module)
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            found.append("**")
        elif isinstance(node, ast.Name) and node.id == "pow":
            found.append("pow")
    return found


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_portable_operations_and_nothing_of_the_desk(path: Path) -> None:
    package = path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    assert breaches(path.read_text("utf-8"), package) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import numpy", ["numpy"]),
        ("from math import exp, sqrt", ["exp"]),
        ("x = y ** 0.5", ["**"]),
        ("x = pow(y, 2)", ["pow"]),
        ("from desk.state import State", ["desk.state"]),
        ("from market.portable import exp\nfrom desk.router.facts import VenueFacts", []),
    ],
)
def test_the_look_finds_what_it_should(text: str, found: list[str]) -> None:
    assert breaches(text, "desk.router") == found
