"""From words in a TOML file to structs, with errors that say where.

Model: a struct is written as a table with the struct's own field names, and one rule on top: a field
`x_ns` is written `x`, as a duration in text ("25ms"), and a code is written as its name in lower case.
So a scenario holds no bare nanoseconds, and no struct needs a second form.

Every error names the file, the path of the key, what was found and what is allowed, in one line.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from market.errors import InputError
from market.units import parse_duration

T = TypeVar("T")


class Place(NamedTuple):
    """Where something is written: a file and, in it, the path of a key."""

    file: str
    path: str = ""

    def at(self, key: str) -> "Place":
        """A key of the table here."""
        return Place(self.file, f"{self.path}.{key}" if self.path else key)

    def item(self, index: int) -> "Place":
        """An item of the list here."""
        return Place(self.file, f"{self.path}[{index}]")

    def __str__(self) -> str:
        return f"{self.file}: {self.path}" if self.path else self.file


Reader = Callable[[object, Place], object]
"""Turns what was written at a place into a field's value."""

FOUND_MAX: Final = 40
"""Characters of a wrong value that an error repeats."""

WORDS: Final[Mapping[object, str]] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    tuple[str, ...]: "a list of texts",
    tuple[int, ...]: "a list of whole numbers",
}


def found(value: object) -> str:
    """A wrong value as an error shows it."""
    text = repr(value)
    return text if len(text) <= FOUND_MAX else text[:FOUND_MAX] + "…"


def table_of(value: object, where: Place) -> dict[str, object]:
    """The value, which must be a table."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: found {found(value)}, allowed is a table")
    return value


def list_of(value: object, where: Place) -> list[object]:
    """The value, which must be a list."""
    if not isinstance(value, list):
        raise InputError(f"{where}: found {found(value)}, allowed is a list")
    return value


def tables_of(value: object, where: Place) -> list[object]:
    """The value, which must be a list of tables; each is checked where it is read."""
    if not isinstance(value, list):
        raise InputError(f"{where}: found {found(value)}, allowed is a list of tables")
    return value


def choice_of(value: object, where: Place, allowed: Mapping[str, T]) -> T:
    """What the value names."""
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{where}: found {found(value)}, allowed is {', '.join(sorted(allowed))}")
    return allowed[value]


def read_struct(
    value: object,
    where: Place,
    struct: Callable[..., T],
    readers: Mapping[str, Reader] | None = None,
) -> T:
    """A struct from the table that it is written as.

    Args:
        value: The table.
        where: Where it is written.
        struct: The msgspec struct to make.
        readers: How to read fields that are more than a plain value, by the name in the struct.

    Raises:
        InputError: A key is unknown or missing, or a value is not what its field allows.
    """
    table = table_of(value, where)
    own_readers = readers or {}
    fields = {
        field.name.removesuffix("_ns"): field
        for field in msgspec.structs.fields(struct)  # type: ignore[arg-type]
    }
    for key in table:
        if key not in fields:
            allowed = ", ".join(sorted(fields))
            raise InputError(f"{where}: found unknown key {key!r}, allowed is {allowed}")
    values = {}
    for key, field in fields.items():
        if key in table:
            reader = own_readers.get(field.name) or _plain_reader(field)
            values[field.name] = reader(table[key], where.at(key))
        elif field.required:
            raise InputError(f"{where}: found no {key!r}, which is required")
    try:
        return struct(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _plain_reader(field: msgspec.structs.FieldInfo) -> Reader:
    """How to read a field by its name and type alone."""
    if field.name.endswith("_ns"):
        return _duration
    return _reader_of(field.type)


def _reader_of(kind: Any) -> Reader:
    """How to read a value of a type: structs, lists and tables of them, names of codes, plain values."""
    inner = get_args(kind)
    if msgspec.UnsetType in inner:
        # A field that may be left out, and then leaves no trace, is read as what it is otherwise.
        return _reader_of(next(one for one in inner if one is not msgspec.UnsetType))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return lambda value, where: read_struct(value, where, kind)
    if get_origin(kind) is dict and inner[0] is str:
        each = _reader_of(inner[1])
        return lambda value, where: {
            key: each(item, where.at(key)) for key, item in table_of(value, where).items()
        }
    if get_origin(kind) is tuple and inner[0] not in (str, int):
        each = _reader_of(inner[0])
        return lambda value, where: tuple(
            each(item, where.item(index)) for index, item in enumerate(list_of(value, where))
        )
    if isinstance(kind, type) and issubclass(kind, Enum):
        names = {member.name.lower(): member for member in kind}
        return lambda value, where: choice_of(value, where, names)
    if get_origin(kind) is Literal:
        return lambda value, where: choice_of(value, where, {name: name for name in inner})

    def read(value: object, where: Place) -> object:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            words = WORDS.get(kind, "another kind of value")
            raise InputError(f"{where}: found {found(value)}, allowed is {words}") from None

    return read


def _duration(value: object, where: Place) -> object:
    """Nanoseconds from text."""
    if not isinstance(value, str):
        raise InputError(f'{where}: found {found(value)}, allowed is a duration such as "25ms"')
    return parse_duration(value, str(where))
