"""Each rule is shown one small thing that breaks it, and the same thing with a waiver or mended."""

import importlib
import inspect
import pkgutil

import pytest

from market.errors import TwinError
from tests.tidy import modules
from tests.tidy.lint import lint_project, lint_source
from tests.tidy.source import Source

LONG = "def f() -> None:\n" + "    x = 1\n" * 61

BREAKS = {
    "wall clock": ("sim/a.py", "import time\nx = time.time()\n", "determinism"),
    "clock handed on": ("sim/a.py", "import time\nf(time.perf_counter)\n", "determinism"),
    "clock by name": ("market/a.py", "from time import monotonic as m\nx = m()\n", "determinism"),
    "now": ("desk/a.py", "from datetime import datetime\nx = datetime.now()\n", "determinism"),
    "utcnow": ("sim/a.py", "import datetime\nx = datetime.datetime.utcnow()\n", "determinism"),
    "today": ("sim/a.py", "from datetime import date\nx = date.today()\n", "determinism"),
    "random": ("strategies/a.py", "import random\nx = random.random()\n", "determinism"),
    "numpy seed": ("sim/a.py", "import numpy as np\nnp.random.seed(1)\n", "determinism"),
    "numpy rng": ("sim/a.py", "import numpy as np\nnp.random.default_rng(1)\n", "determinism"),
    "numpy rng by name": (
        "sim/a.py", "from numpy.random import default_rng\ndefault_rng(1)\n", "determinism",
    ),
    "uuid": ("scenarios/a.py", "import uuid\nx = uuid.uuid4()\n", "determinism"),
    "urandom": ("sim/a.py", "import os\nx = os.urandom(8)\n", "determinism"),
    "hash": ("sim/a.py", "x = hash('a')\n", "determinism"),
    "id": ("sim/a.py", "x = id(y)\n", "determinism"),
    "set loop": ("sim/a.py", "for x in {1, 2}:\n    f(x)\n", "set-order"),
    "set call": ("sim/a.py", "x = [y for y in set(z)]\n", "set-order"),
    "set name": ("sim/a.py", "s = set()\nfor x in s:\n    f(x)\n", "set-order"),
    "set argument": ("sim/a.py", "def f(s: set[int]) -> None:\n    x = list(s)\n", "set-order"),
    "set pop": ("sim/a.py", "s: set[int] = set()\nx = s.pop()\n", "set-order"),
    "set union": ("sim/a.py", "x = tuple({1} | y)\n", "set-order"),
    "set joined": ("sim/a.py", "x = ','.join(frozenset(y))\n", "set-order"),
    "float in market": ("market/a.py", "x = 1.5\n", "float"),
    "float in a kernel": ("sim/kernels/a.py", "x = 1e9\n", "float"),
    "division in a kernel": ("sim/kernels/a.py", "x = a / b\n", "float"),
    "print": ("scenarios/a.py", "print('x')\n", "print"),
    "leftover": ("console/a.py", ("x = 1  # TO" "DO: more\n"), "leftover"),
    "leftover in tests": ("tests/a.py", ("x = 1  # FIX" "ME\n"), "leftover"),
    "swallowed": ("cli.py", "try:\n    f()\nexcept Exception:\n    pass\n", "swallowed"),
    "bare except": ("cli.py", "try:\n    f()\nexcept:\n    g()\n", "bare-except"),
    "docstring": (
        "sim/a.py",
        'def f(x: int) -> int:\n    """Give.\n\n    Args:\n        y: Gone.\n    """\n    return x\n',
        "docstring",
    ),
    "docstring of arrays": (
        "sim/kernels/a.py",
        'def f(x):\n    """Give.\n\n    Arrays:\n        y: int64.\n    """\n    return x\n',
        "docstring",
    ),
    "exception": (
        "market/a.py",
        "class AError(Exception):\n    def __init__(self, a: int, b: int) -> None:\n        f()\n",
        "exception",
    ),
    "long function": ("sim/a.py", LONG, "function-size"),
    "long kernel": ("sim/kernels/a.py", LONG, "function-size"),
    "posts": ("bridge/feeds/a.py", "x = http.post(url)\n", "read-only"),
    "orders": ("bridge/paper/a.py", "x = exchange.create_order(y)\n", "read-only"),
    "orders in camel case": ("console/paper.py", "x = exchange.cancelOrder(y)\n", "read-only"),
    "signs": ("bridge/venues.py", "import hmac\nx = hmac.new(key)\n", "read-only"),
    "long file": ("tests/a.py", "x = 1\n" * 401, "file-size"),
}  # fmt: skip

HOLDS = {
    "waiver with a reason": ("sim/a.py", "x = hash('a')  # tidy: compared in this process only\n"),
    "the same word elsewhere": ("sim/a.py", "x = order.time.time()\n"),
    "clock outside the world": ("console/a.py", "import time\nx = time.time()\n"),
    "sorted set": ("sim/a.py", "for x in sorted({1, 2}):\n    f(x)\n"),
    "sum over a set": ("sim/a.py", "x = sum(y for y in {1, 2})\n"),
    "set of a set": ("sim/a.py", "x = {y for y in {1, 2}}\n"),
    "membership": ("sim/a.py", "x = 1 in {1, 2}\n"),
    "float in sim": ("sim/a.py", "x = 1.5\n"),
    "float module": ("sim/kernels/a.py", "# tidy: floats our own log is built from them\nx = 1.5\n"),
    "path": ("market/a.py", "x = a / 'b'\n"),
    "print in console": ("console/a.py", "print('x')\n"),
    "handled": ("cli.py", "try:\n    f()\nexcept Exception:\n    g()\n"),
    "docstring": (
        "sim/a.py",
        (
            'def f(*xs: int, **k: int) -> int:\n    """Give.\n\n    Args:\n        *xs: In.\n'
            '            more: of it.\n        k: Out.\n\n    Returns:\n        z: Some.\n    """\n'
        ),
    ),
    "comments are not code": ("sim/a.py", "def f() -> None:\n" + "    # why\n" * 90 + "    x = 1\n"),
    "long kernel with a reason": (
        "sim/kernels/a.py", LONG.replace("None:", "None:  # tidy: long one state machine", 1),
    ),
    "reads": ("bridge/feeds/a.py", "import hmac\nx = http.get(url), hmac.compare_digest(a, b)\n"),
    "posts to itself": ("bridge/served/a.py", "x = http.post(url)\n"),
    "plain exception": ("market/a.py", 'class AError(Exception):\n    """One."""\n'),
}  # fmt: skip


def rules(path: str, text: str) -> set[str]:
    return {finding.rule for finding in lint_source(Source.parse(path, text))}


@pytest.mark.parametrize(("path", "text", "rule"), BREAKS.values(), ids=BREAKS.keys())
def test_each_rule_fires_on_a_small_bad_file(path: str, text: str, rule: str) -> None:
    assert {rule} == rules(path, text)


@pytest.mark.parametrize(("path", "text"), HOLDS.values(), ids=HOLDS.keys())
def test_no_rule_fires_on_its_good_neighbor(path: str, text: str) -> None:
    assert set() == rules(path, text)


def test_a_waiver_without_a_reason_is_none() -> None:
    assert {"determinism"} == rules("sim/a.py", "x = hash('a')  # tidy:\n")


def test_a_long_function_outside_kernels_cannot_be_waived() -> None:
    text = LONG.replace("None:", "None:  # tidy: long it is what it is", 1)

    assert {"function-size"} == rules("sim/a.py", text)


def test_a_module_that_nobody_imports_is_found_and_an_imported_one_is_not() -> None:
    files = [
        Source.parse("cli.py", "def f():\n    from sim import used\n"),
        Source.parse("sim/__init__.py", ""),
        Source.parse("sim/used.py", "from .near import x\n"),
        Source.parse("sim/near.py", "x = 1\n"),
        Source.parse("sim/dead.py", "import sim.dead\n"),
        Source.parse("strategies/quoter.py", "x = 1\n"),
        Source.parse("tests/test_dead.py", "import sim.dead\n"),
    ]

    assert [finding.path for finding in modules.check(files)] == ["sim/dead.py"]


def test_the_project_breaks_no_rule() -> None:
    assert [str(finding) for finding in lint_project()] == []


def test_every_exception_is_rebuilt_from_its_args() -> None:
    found = []
    for room in ("market", "sim", "scenarios", "console"):
        package = importlib.import_module(room)
        for info in pkgutil.walk_packages(package.__path__, prefix=room + "."):
            if info.name.startswith("scenarios.race.drivers."):
                continue  # scripts for the interpreters of the peers that they import
            module = importlib.import_module(info.name)
            found += [
                kind
                for kind in vars(module).values()
                if inspect.isclass(kind)
                and issubclass(kind, BaseException)
                and kind.__module__ == module.__name__
            ]
    assert TwinError in found
    for kind in found:
        error = kind("found 3, allowed 1 to 2, at row 4")

        rebuilt = type(error)(*error.args)

        assert (type(error), str(error)) == (type(rebuilt), str(rebuilt))
