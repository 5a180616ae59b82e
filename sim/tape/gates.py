"""Thresholds that a tape is judged by, where they come from, and one gate's outcome.

The defaults suit a liquid instrument in continuous trading; every one may be set in a TOML file
under its own name. Durations are written as text ("60s"), shares as numbers from 0 to 1.
"""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from market.errors import InputError
from market.units import format_ns, parse_duration

OK: Final = "ok"
FAIL: Final = "FAIL"
NOT_JUDGED: Final = "not judged"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """What a tape may show and still pass. Written `x = "60s"` where the field is `x_ns`.

    Attributes:
        gap_max_ns: Longest stretch of continuous trading without any row of a book.
        seq_gaps_max: Numbers left out of `source_seq`, where it otherwise rises by one.
        duplicate_share_max: Messages equal to the one before, of all messages.
        backwards_share_max: Rows whose `venue_stamp_ns` is before the one before.
        crossed_share_max: Messages of continuous trading after which the book is crossed.
        locked_share_max: The same for locked.
        stale_max_ns: Longest stretch of continuous trading without a change of the best bid or ask.
        print_away_max: How far from the touch a print may be, as a share of the mid.
        print_away_share_max: Prints farther than that, of all prints.
        jump_max: Largest move of the mid from one message to the next, as a share of it.
        sessions: Trading hours as pairs of moments (ISO, or offsets from the tape's start).
        session_bucket_ns: A session is covered when each piece of this length has a row.
        session_holes_max: Pieces of sessions without a row.
        clock_offset_max_ns: Size of the median of `recv_delta_ns`.
        clock_drift_max_ppm: Trend of `recv_delta_ns`, nanoseconds a millisecond.
        constant_columns_max: Of time, price, quantity and side, how many never change.
        zero_share_max: Rows with a price or a quantity of zero that mean none.
        side_imbalance_max: |buys − sells| / (buys + sells) of what rests.
    """

    gap_max_ns: int = 60_000_000_000
    seq_gaps_max: int = 0
    duplicate_share_max: float = 0.01
    backwards_share_max: float = 0.001
    crossed_share_max: float = 0.001
    locked_share_max: float = 0.01
    stale_max_ns: int = 600_000_000_000
    print_away_max: float = 0.01
    print_away_share_max: float = 0.001
    jump_max: float = 0.05
    sessions: tuple[tuple[str, str], ...] = ()
    session_bucket_ns: int = 300_000_000_000
    session_holes_max: int = 0
    clock_offset_max_ns: int = 1_000_000_000
    clock_drift_max_ppm: float = 100.0
    constant_columns_max: int = 0
    zero_share_max: float = 0.01
    side_imbalance_max: float = 0.5


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at in one book.

    Attributes:
        value: In words; `found` is the same as a number, None where there was nothing to judge.
        where: The moment of the worst of it, if there is one.
    """

    gate: str
    book: str
    value: str
    threshold: str
    verdict: str
    where: str
    found: int | float | None
    allowed: int | float


def judge(
    gate: str, book: str, found: float | None, allowed: float, unit: str = "", where: str = ""
) -> Gate:
    """Hold what was found against what is allowed; `unit` "ns" is written as a duration."""
    verdict = NOT_JUDGED if found is None else FAIL if found > allowed else OK
    return Gate(
        gate=gate,
        book=book,
        value="–" if found is None else _text(found, unit),
        threshold=_text(allowed, unit),
        verdict=verdict,
        where=where,
        found=found,
        allowed=allowed,
    )


def load_thresholds(path: Path | None) -> Thresholds:
    """Thresholds from a TOML file; the defaults for what it does not name.

    Raises:
        InputError: The file, a name or a value is not as it must be.
    """
    if path is None:
        return Thresholds()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; allowed is a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}") from None
    fields = {name.removesuffix("_ns"): name for name in Thresholds.__struct_fields__}
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in fields:
            raise InputError(f"{path}: unknown key {key!r}; allowed: {', '.join(fields)}")
        field = fields[key]
        if field.endswith("_ns"):
            if not isinstance(value, str):
                raise InputError(f'{path}: {key}: found {value!r}, allowed a text such as "60s"')
            values[field] = parse_duration(value, f"{path}: {key}")
        else:
            values[field] = value
    try:
        thresholds = msgspec.convert(values, Thresholds)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}") from None
    if thresholds.session_bucket_ns < 1:
        raise InputError(f"{path}: session_bucket: found 0, allowed at least 1ns")
    return thresholds


def _text(number: float, unit: str) -> str:
    """A number with its unit."""
    if unit == "ns":
        return format_ns(int(number))
    if isinstance(number, int):
        return f"{number:,}{unit}"
    return f"{number:.6g}{unit}"
