"""Rules of the simulated world: no clock, no chance, no float, no order that a container chose."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.tidy.source import SIMULATED, Finding, Source

BANNED_NAMES: Final = {
    "time.time": "time arrives as now_ns",
    "time.time_ns": "time arrives as now_ns",
    "time.perf_counter": "time arrives as now_ns; a measurement takes wall_ns as an argument",
    "time.perf_counter_ns": "time arrives as now_ns; a measurement takes wall_ns as an argument",
    "time.monotonic": "time arrives as now_ns",
    "time.monotonic_ns": "time arrives as now_ns",
    "time.process_time": "time arrives as now_ns",
    "time.sleep": "simulated time never waits",
    "datetime.datetime.now": "time arrives as now_ns",
    "datetime.datetime.utcnow": "time arrives as now_ns",
    "datetime.datetime.today": "time arrives as now_ns",
    "datetime.date.today": "time arrives as now_ns",
    "os.urandom": "draws are a function of their cause: sim.streams",
    "uuid.uuid1": "identities are a function of their cause",
    "uuid.uuid4": "identities are a function of their cause",
}
BANNED_ROOMS: Final = {
    "random.": "draws are a function of their cause: sim.streams",
    "secrets.": "draws are a function of their cause: sim.streams",
    "numpy.random.": "draws are a function of their cause: sim.streams",
}
BANNED_BUILTINS: Final = {
    "hash": "differs with PYTHONHASHSEED; use blake2b",
    "id": "an address differs in every process",
}
ORDER_FREE: Final = {"sorted", "sum", "min", "max", "len", "any", "all", "set", "frozenset"}
ORDERED: Final = {"list", "tuple", "iter", "enumerate", "next", "zip", "map", "filter", "dict"}


def check(source: Source) -> Iterator[Finding]:
    """Every rule that holds where time is simulated."""
    if source.room in SIMULATED:
        yield from _names(source)
        yield from _sets(source)
    if (source.is_kernel or source.room == "market") and not source.header_says("floats"):
        yield from _floats(source)
    if source.room not in {"cli.py", "console", "tests", "bench"}:
        yield from _prints(source)


def _names(source: Source) -> Iterator[Finding]:
    """Clocks and generators, called or handed on; and builtins that differ between processes."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            reason = BANNED_BUILTINS.get(node.func.id)
            if reason and not source.waived(node):
                yield source.finding(node, "determinism", f"{node.func.id}(): {reason}")
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        if isinstance(node, ast.Name) and node.id not in source.names:
            continue
        name = source.dotted(node)
        reason = BANNED_NAMES.get(name) or next(
            (text for prefix, text in BANNED_ROOMS.items() if name.startswith(prefix)), None
        )
        if reason and not source.waived(node):
            yield source.finding(node, "determinism", f"{name}: {reason}")


def _sets(source: Source) -> Iterator[Finding]:
    """Iteration in the order of a hash table."""
    known = _set_names(source.tree)
    free = {
        argument
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and source.dotted(node.func) in ORDER_FREE
        for argument in node.args
    }
    for node in ast.walk(source.tree):
        iterated: list[ast.expr] = []
        if isinstance(node, ast.For):
            iterated = [node.iter]
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and node not in free:
            iterated = [generator.iter for generator in node.generators]
        elif isinstance(node, ast.Call):
            joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
            if joins or source.dotted(node.func) in ORDERED:
                iterated = list(node.args)
            elif isinstance(node.func, ast.Attribute) and node.func.attr == "pop" and not node.args:
                iterated = [node.func.value]
        elif isinstance(node, ast.Starred):
            iterated = [node.value]
        for expression in iterated:
            if _is_set(expression, known) and not source.waived(node):
                yield source.finding(expression, "set-order", "iterates a set; sort it first")


def _set_names(tree: ast.Module) -> set[str]:
    """Names and attributes that are somewhere in the file assigned, or declared as, a set."""
    known: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_set(node.value, known):
            known.update(ast.unparse(target) for target in node.targets)
        elif isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            text = ast.unparse(node.annotation).removeprefix("Final[").lower()
            if text.startswith(("set[", "frozenset[", "set ", "frozenset ")):
                known.add(node.arg if isinstance(node, ast.arg) else ast.unparse(node.target))
    return known


def _is_set(node: ast.expr, known: set[str]) -> bool:
    """Whether an expression is plainly a set."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"set", "frozenset"}
    if isinstance(node, ast.BinOp) and isinstance(
        node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor
    ):
        return _is_set(node.left, known) or _is_set(node.right, known)
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in known


def _floats(source: Source) -> Iterator[Finding]:
    """Float literals and true divisions where everything adds up in integers."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found = f"float literal {node.value!r}"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            if isinstance(node, ast.BinOp) and (_is_text(node.left) or _is_text(node.right)):
                continue  # a path
            found = "true division makes a float; use //"
        else:
            continue
        if not source.waived(node):
            yield source.finding(node, "float", found)


def _is_text(node: ast.expr) -> bool:
    """Whether an operand is a text, so that `/` joins paths."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _prints(source: Source) -> Iterator[Finding]:
    """Rooms return values; only the command line prints."""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
            and not source.waived(node)
        ):
            yield source.finding(node, "print", "only cli, console and bench print")
