"""What a `map.toml` may say: where in a user's file time, price, quantity, side and action stand.

Every key is known and typed; a section that a kind of source needs is required, one that it can't use
is refused. docs/howto/bring-your-own-columns.md shows a whole map.
"""

import tomllib
import zoneinfo
from pathlib import Path
from typing import Literal

import msgspec

from market.errors import InputError


class InstrumentMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is traded, and its grid: decimal texts, exact.

    `price_decimals` makes the price unit finer than the tick, for prints off the grid.
    """

    symbol: str
    venue: str
    currency: str
    tick: str
    lot: str = "1"
    price_decimals: int = 0


class TimeMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time column; `native` is a Parquet timestamp, and `timezone` is for ISO texts without offset.

    `backwards` says what to do with a time that goes back: refuse the row, or clamp it to the newest.
    """

    column: str
    unit: Literal["ns", "us", "ms", "s", "iso", "native"]
    timezone: str = "UTC"
    backwards: Literal["refuse", "clamp"] = "refuse"


class NumberMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number column; `scale` is what one of its units is worth, a power of ten such as 0.0001."""

    column: str
    scale: str = "1"


class SideMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A side column and its values; `unknown` only for prints."""

    column: str
    buy: tuple[str, ...]
    sell: tuple[str, ...]
    unknown: tuple[str, ...] = ()


class ActionMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action column and the values that mean each kind of row."""

    column: str
    add: tuple[str, ...] = ()
    reduce: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    trade: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


class QuoteMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The best of one side; an empty price or quantity, or a quantity of 0, is an empty side."""

    price: NumberMap
    quantity: NumberMap


class SymbolMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A symbol column and the one value to take; rows of others are counted and left out."""

    column: str
    value: str


class FileMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a csv is written; `names` are its columns when there is no header line."""

    delimiter: str = ","
    names: tuple[str, ...] = ()


class SourceMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole map.

    `quantity_is` says whether the quantity of `reduce` and `execute` is what went or what is left;
    `one_message` whether each row is a source message, or all neighbours of one `sequence`.
    """

    kind: Literal["l3", "l2", "l1", "trades"]
    instrument: InstrumentMap
    time: TimeMap
    price: NumberMap | None = None
    quantity: NumberMap | None = None
    side: SideMap | None = None
    action: ActionMap | None = None
    order_id: str | None = None
    bid: QuoteMap | None = None
    ask: QuoteMap | None = None
    sequence: str | None = None
    receive: TimeMap | None = None
    symbol: SymbolMap | None = None
    file: FileMap = FileMap()
    quantity_is: Literal["change", "left"] = "change"
    one_message: Literal["row", "sequence"] = "row"


_SECTIONS = ("price", "quantity", "side", "action", "order_id", "bid", "ask")
_NEEDED = {
    "l3": ("price", "quantity", "side", "action", "order_id"),
    "l2": ("price", "quantity", "side"),
    "l1": ("bid", "ask"),
    "trades": ("price", "quantity"),
}
_ALSO_ALLOWED = {"l3": (), "l2": ("action",), "l1": (), "trades": ("side",)}
_ACTIONS = {
    "l3": ("add", "reduce", "delete", "execute", "replace", "trade", "clear", "ignore"),
    "l2": ("level", "trade", "clear", "ignore"),
}


def load_map(path: Path) -> SourceMap:
    """Read and check a map.

    Raises:
        InputError: No such file, no TOML, or a map that says too little, too much or a contradiction.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        found = msgspec.convert(tomllib.loads(text), SourceMap)
    except OSError as error:
        raise InputError(f"{path}: found no readable map ({error.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: found a map that can't be used ({reason})") from None
    problem = _problem(found)
    if problem is not None:
        raise InputError(f"{path}: {problem}")
    return found


def _problem(source: SourceMap) -> str | None:
    """What is wrong with a map of the right shape, None when nothing is."""
    kind = source.kind
    for name in _SECTIONS:
        given = getattr(source, name) is not None
        if name in _NEEDED[kind] and not given:
            return f"found no {name}, required of kind {kind}"
        if given and name not in (*_NEEDED[kind], *_ALSO_ALLOWED[kind]):
            return f"found {name}, not allowed of kind {kind}"
    if source.one_message == "sequence" and source.sequence is None:
        return "found one_message 'sequence' without a sequence column, allowed with one"
    if len(source.file.delimiter) != 1 or source.file.delimiter in '"\r\n':
        return f"found the delimiter {source.file.delimiter!r}, allowed one character, no quote"
    if not 0 <= source.instrument.price_decimals <= 12:
        return f"found price_decimals {source.instrument.price_decimals}, allowed 0 to 12"
    for time in (source.time, source.receive):
        if time is not None and time.timezone not in zoneinfo.available_timezones():
            return (
                f"found the timezone {time.timezone!r}, allowed an IANA name such as Europe/Paris"
            )
    return _value_problem(source)


def _value_problem(source: SourceMap) -> str | None:
    """What is wrong with the values of side and action."""
    if source.action is not None:
        names = msgspec.structs.asdict(source.action)
        used = [name for name in names if name != "column" and names[name]]
        for name in used:
            if name not in _ACTIONS[source.kind]:
                allowed = ", ".join(_ACTIONS[source.kind])
                return f"found action {name}, allowed of kind {source.kind}: {allowed}"
        if repeated := _repeated([value for name in used for value in names[name]]):
            return f"found the action value {repeated!r} twice, allowed once"
    if source.side is not None:
        side = source.side
        if repeated := _repeated([*side.buy, *side.sell, *side.unknown]):
            return f"found the side value {repeated!r} twice, allowed once"
        if not side.buy or not side.sell:
            return "found no values for one side, allowed at least one each"
    return None


def _repeated(values: list[str]) -> str | None:
    """The first value that is there twice."""
    return next((value for at, value in enumerate(values) if value in values[:at]), None)
