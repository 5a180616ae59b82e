"""`docs/reference/venue-preset.md`, from the structs that a venue's file is read into."""

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec

from market.units import format_ns
from scenarios.venue_preset import VenuePreset
from scenarios.venue_sections import AUCTIONS, SHARING
from sim.front import POLICIES
from sim.schedule.library import SCHEDULES
from sim.schedule.rules import RULES

HEAD = """\
# The keys of a venue's file

This page is written by `python -m tests.docs.code_reference --write` from the structs that a file is read into, and a test holds the two equal.
[Write a venue](../howto/write-a-venue.md) shows how to begin, and `twin venue explain FILE` says what a file means.

What is not said is a rule that the venue does not have.
A duration is text with a unit, such as `"25ms"`; *ppm* are millionths, *ppb* parts per billion, *nanos* billionths of currency.
`[x]` is a table, `[[x]]` a list of tables, and a table in a table may be written on one line: `{ from_lots = 5 }`.
"""

NAMED: Final = {
    "schedule": ("a name, or a list of `[[schedule]]`, one a version", SCHEDULES),
    "interruptions": ("a name, or a table", RULES),
    "auction": ("a name", AUCTIONS),
    "disconnect": ("a name", POLICIES),
}
"""Keys that may be the name of something known."""

_ENTRY: Final = re.compile(r"^    (\w+): (.*)$")


def render_preset() -> str:
    """The whole page; structs that stand in several places are told once."""
    places: dict[Any, list[str]] = {}
    for struct, path in _places(VenuePreset, ""):
        places.setdefault(struct, []).append(path)
    return HEAD + "".join(_table(struct, paths) for struct, paths in places.items())


def _places(struct: Any, path: str) -> Iterator[tuple[Any, str]]:
    """A struct and where it stands, then those in it."""
    yield struct, path
    for field in msgspec.structs.fields(struct):
        inner, is_list, is_table = _inner(field.type)
        if inner is not None:
            name = f"{path.strip('[]')}.{field.name}".strip(".")
            name = f"{name}.PHASE" if is_table else name
            yield from _places(inner, f"[[{name}]]" if is_list else f"[{name}]")


def _table(struct: Any, paths: list[str]) -> str:
    """What may be said of one struct."""
    told = meanings(struct)
    title = "At the top" if paths == [""] else ", ".join(f"`{path}`" for path in paths)
    rows = [
        f"| `{field.name.removesuffix('_ns')}` | {_value(field)} | {_default(field)} "
        f"| {told.get(field.name, _first_line(struct).removesuffix('.'))} |\n"
        for field in msgspec.structs.fields(struct)
    ]
    head = "| key | value | default | meaning |\n|---|---|---|---|\n"
    return f"\n## {title}\n\n{_first_line(struct)}\n\n{head}{''.join(rows)}"


def meanings(struct: Any) -> dict[str, str]:
    """What the docstring says of each attribute."""
    lines = (inspect.getdoc(struct) or "").partition("Attributes:\n")[2].splitlines()
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        entry = _ENTRY.match(line)
        if entry:
            name = entry[1]
            found[name] = entry[2]
        elif name and line.startswith("        "):
            found[name] += f" {line.strip()}"
    return {name: text.rstrip(".").replace("|", "\\|") for name, text in found.items()}


def _first_line(struct: Any) -> str:
    """What a struct is."""
    return (inspect.getdoc(struct) or "").partition("\n")[0]


def _inner(kind: Any) -> tuple[Any, bool, bool]:
    """The struct in a type, and whether it comes in a list or in a table by names."""
    if get_origin(kind) in (Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    is_list, is_table = get_origin(kind) is tuple, get_origin(kind) is dict
    inner = get_args(kind)[1] if is_table else get_args(kind)[0] if is_list else kind
    is_struct = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
    return (inner if is_struct else None), is_list, is_table


def _value(field: msgspec.structs.FieldInfo) -> str:
    """What may be written."""
    if field.name in NAMED:
        words, names = NAMED[field.name]
        return f"{words}: {_names(names)}"
    if field.name.endswith("_ns"):
        return "a duration"
    kind = field.type
    inner, is_list, is_table = _inner(kind)
    if inner is not None:
        return "a table a phase" if is_table else "a list of tables" if is_list else "a table"
    if get_origin(kind) is tuple:
        each = get_args(kind)[0]
        if each is str:
            return "a list of texts"
        words = f"a list of {_names(member.name.lower() for member in each)}"
        return f'{words}, or `"all"`' if field.name in ("types", "tifs", "terms") else words
    if get_origin(kind) is Literal:
        return _names(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _names(member.name.lower() for member in kind)
    return {int: "a whole number", str: "a text", bool: "true or false"}[kind]


def _names(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _default(field: msgspec.structs.FieldInfo) -> str:
    """What holds when nothing is said."""
    if field.required:
        return "required"
    if field.name in SHARING:
        return "for shared books only"
    value = field.default
    if field.name == "schedule":
        return "`always_open`"
    if value is msgspec.NODEFAULT or isinstance(value, msgspec.Struct) or value is None:
        return ""
    if isinstance(value, Enum):
        return f"`{value.name.lower()}`"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(f"`{one.name.lower()}`" for one in value)
    if isinstance(value, int):
        return _length(value) if field.name.endswith("_ns") else f"{value:,}"
    return f"`{value}`" if value else ""


def _length(duration_ns: int) -> str:
    """A default duration."""
    return f"`{format_ns(duration_ns)}`" if duration_ns else "none"
