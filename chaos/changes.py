"""What a drill changes in its scenario: tables merged into the scenario's table.

Model: a table merges into a table, key by key; any other value takes the place of what was there. Over
a list of tables, such as `[[hosts]]`, a table addresses its items by their names (`name`, else `book`,
else `symbol`), `*` all of them; a list of tables is added behind those that are there.

    [overrides.hosts.desk]            of the host named desk
    stale = "500ms"
    [[overrides.hosts]]               one more host
    name = "monitor"
    [[overrides.hosts."+"]]           one more host beside changes of others

`without` takes keys out, by their dotted path, with the same names for items of lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from market.errors import InputError

EVERY: Final = "*"
MORE: Final = "+"
NAMES: Final = ("name", "book", "symbol")
"""Keys by which an item of a list is known, the first that it has."""


def merged(table: Mapping[str, Any], changes: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A table with changes in it; neither argument is touched.

    Args:
        where: Path of the table, for errors.

    Raises:
        InputError: A change is about an item that is not there.
    """
    result = dict(table)
    for key, change in changes.items():
        before = table.get(key)
        at = f"{where}.{key}"
        if isinstance(change, Mapping) and isinstance(before, Mapping):
            result[key] = merged(before, change, at)
        elif isinstance(change, Mapping) and is_tables(before):
            result[key] = _merged_items(before, change, at)
        elif is_tables(change) and is_tables(before):
            result[key] = [*before, *change]
        else:
            result[key] = change
    return result


def without(table: Mapping[str, Any], path: str, where: str) -> dict[str, Any]:
    """A table without the key at a dotted path.

    Raises:
        InputError: There is nothing at the path.
    """
    result: dict[str, Any] = _without(table, path.split("."), f"{where}: {path}")
    return result


def _merged_items(
    items: Sequence[dict[str, Any]], changes: Mapping[str, Any], where: str
) -> list[dict[str, Any]]:
    """Items of a list with the changes that name them."""
    result = list(items)
    for name, change in changes.items():
        if name == MORE and is_tables(change):
            result += change
            continue
        if not isinstance(change, Mapping):
            raise InputError(f"{where}.{name}: found {change!r}, allowed is a table")
        for number in _numbers(items, name, where):
            result[number] = merged(result[number], change, f"{where}.{name}")
    return result


def _without(value: Any, path: Sequence[str], where: str) -> Any:
    """A table or a list of tables without what stands at a path."""
    first, rest = path[0], path[1:]
    if is_tables(value):
        gone = _numbers(value, first, where)
        kept = [_without(one, rest, where) if rest else None for one in value]
        return [
            one if number not in gone else kept[number]
            for number, one in enumerate(value)
            if rest or number not in gone
        ]
    if not isinstance(value, Mapping) or first not in value:
        raise InputError(f"{where}: found nothing there, allowed is what the scenario has")
    result = dict(value)
    if rest:
        result[first] = _without(value[first], rest, where)
    else:
        del result[first]
    return result


def _numbers(items: Sequence[Mapping[str, Any]], name: str, where: str) -> list[int]:
    """Which items a name means."""
    names = [_name_of(item) for item in items]
    if name == EVERY:
        return list(range(len(items)))
    if name not in names:
        raise InputError(f"{where}: found {name!r}, allowed is {', '.join(names)} or {EVERY}")
    return [number for number, one in enumerate(names) if one == name]


def _name_of(item: Mapping[str, Any]) -> str:
    """By what an item of a list is known."""
    return next((str(item[key]) for key in NAMES if key in item), "")


def is_tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    """Whether a value is a list of tables."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
