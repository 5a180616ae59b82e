"""What a served exchange may do wrong, when, and for how long: a small TOML file.

    format_version = 1

    [[faults]]
    kind = "drop_depth"     # one diff is not sent: its ids are missing
    at = "5s"

    [[faults]]
    kind = "freeze"         # streams are silent, and then say all that they held back
    at = "10s"
    lasts = "6s"

Kinds: `drop_depth` (`count` diffs, 1 by default), `disconnect` (every websocket is cut), `freeze`,
`rest_error` (REST answers `status`, 503 by default) and `delay` (streams run `by` late). Times are of the
wall clock, from the moment at which the market's time begins.
"""

import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from market.errors import InputError
from market.units import parse_duration

FORMAT_VERSION: Final = 1
INSTANT: Final = ("drop_depth", "disconnect")
LASTING: Final = ("freeze", "rest_error", "delay")
KEYS: Final = {
    "drop_depth": ("count",),
    "disconnect": (),
    "freeze": ("lasts",),
    "rest_error": ("lasts", "status"),
    "delay": ("lasts", "by"),
}
STATUSES: Final = (418, 429, 500, 502, 503, 504)


class ServedFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong, from `at_ns` on.

    Attributes:
        kind: What.
        at_ns: When, after the market's time has begun.
        lasts_ns: How long, of what lasts.
        count: Of `drop_depth`: how many diffs.
        status: Of `rest_error`: the HTTP status.
        by_ns: Of `delay`: how late.
    """

    kind: str
    at_ns: int
    lasts_ns: int = 0
    count: int = 1
    status: int = 503
    by_ns: int = 0

    def holds(self, elapsed_ns: int) -> bool:
        """Whether it is in force."""
        return self.at_ns <= elapsed_ns < self.at_ns + self.lasts_ns


def read_plan(path: Path) -> tuple[ServedFault, ...]:
    """The faults of a plan.

    Raises:
        InputError: The file is no plan: where, what was found, what is allowed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; allowed is a plan") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: found no TOML: {error}") from None
    if table.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"{path}: format_version: found {table.get('format_version')!r}, "
            f"allowed is {FORMAT_VERSION}"
        )
    more = sorted(table.keys() - {"format_version", "faults"})
    listed = table.get("faults", [])
    if more or not isinstance(listed, list):
        raise InputError(f"{path}: found {more or 'no list'}, allowed is [[faults]]")
    return tuple(_fault(one, f"{path}: faults[{index}]") for index, one in enumerate(listed))


def read_fault(text: str) -> ServedFault:
    """A fault written in short: `KIND@AT`, or `KIND@AT+LASTS`.

    Raises:
        InputError: It is written otherwise.
    """
    kind, at, rest = text.partition("@")
    if not at:
        raise InputError(f"fault: found {text[:40]!r}, allowed is such as freeze@10s+6s")
    begins, plus, lasts = rest.partition("+")
    table = {"kind": kind, "at": begins, **({"lasts": lasts} if plus else {})}
    if kind == "delay":
        table["by"] = "200ms"
    return _fault(table, f"fault {text[:40]!r}")


def _fault(table: Any, where: str) -> ServedFault:
    if not isinstance(table, dict):
        raise InputError(f"{where}: found no table, allowed is one with kind and at")
    kind = table.get("kind")
    if kind not in KEYS:
        raise InputError(f"{where}.kind: found {kind!r}, allowed is {', '.join(KEYS)}")
    allowed = ("kind", "at", *KEYS[kind])
    for key in table:
        if key not in allowed:
            raise InputError(f"{where}: found {key!r}, allowed with {kind} is {', '.join(allowed)}")
    at_ns = _duration(table, "at", where)
    lasts_ns = _duration(table, "lasts", where) if kind in LASTING else 0
    by_ns = _duration(table, "by", where) if kind == "delay" else 0
    count, status = table.get("count", 1), table.get("status", 503)
    if type(count) is not int or count < 1:
        raise InputError(f"{where}.count: found {count!r}, allowed is a whole number above 0")
    if status not in STATUSES:
        names = ", ".join(map(str, STATUSES))
        raise InputError(f"{where}.status: found {status!r}, allowed is {names}")
    return ServedFault(
        kind=kind, at_ns=at_ns, lasts_ns=lasts_ns, count=count, status=status, by_ns=by_ns
    )


def _duration(table: dict[str, Any], key: str, where: str) -> int:
    value = table.get(key)
    if not isinstance(value, str):
        raise InputError(f'{where}.{key}: found {value!r}, allowed is a duration such as "5s"')
    return parse_duration(value, f"{where}.{key}")


class FaultState:
    """A plan as it happens.

    Args:
        plan: What goes wrong.

    Attributes:
        bitten: How often each kind has done something, by its name.
    """

    def __init__(self, plan: tuple[ServedFault, ...]) -> None:
        self.bitten: dict[str, int] = {}
        self._lasting = [one for one in plan if one.kind in LASTING]
        self._instant = sorted(
            (one for one in plan if one.kind in INSTANT), key=lambda one: one.at_ns
        )
        self._drops = 0

    def disconnects(self, elapsed_ns: int) -> bool:
        """Take in what has fallen due; whether every websocket is to be cut."""
        cut = False
        while self._instant and self._instant[0].at_ns <= elapsed_ns:
            fault = self._instant.pop(0)
            if fault.kind == "disconnect":
                cut = True
                self.bite("disconnect")
            else:
                self._drops += fault.count
        return cut

    def drops_depth(self) -> bool:
        """Whether this diff is not to be sent."""
        if self._drops == 0:
            return False
        self._drops -= 1
        self.bite("drop_depth")
        return True

    def held_until_ns(self, elapsed_ns: int) -> int:
        """Until when what the streams say now is to be held back; not after now without a fault."""
        until_ns = elapsed_ns
        for fault in self._lasting:
            if fault.holds(elapsed_ns) and fault.kind == "freeze":
                until_ns = max(until_ns, fault.at_ns + fault.lasts_ns)
            elif fault.holds(elapsed_ns) and fault.kind == "delay":
                until_ns = max(until_ns, elapsed_ns + fault.by_ns)
        return until_ns

    def rest_status(self, elapsed_ns: int) -> int:
        """What REST answers instead of an answer; 0 for nothing."""
        for fault in self._lasting:
            if fault.kind == "rest_error" and fault.holds(elapsed_ns):
                self.bite("rest_error")
                return fault.status
        return 0

    def bite(self, kind: str) -> None:
        """Count."""
        self.bitten[kind] = self.bitten.get(kind, 0) + 1
