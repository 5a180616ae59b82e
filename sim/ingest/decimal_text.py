"""Decimal numbers as text, to exact integers: no float is ever made of a price."""

import re
from functools import lru_cache

DECIMALS_MAX = 18
_DECIMAL = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")


@lru_cache(maxsize=65_536)
def decimals_of(text: str) -> int:
    """Decimals that a number needs; trailing zeros need none.

    Raises:
        ValueError: Not a plain decimal number.
    """
    return len(_split(text)[1])


@lru_cache(maxsize=65_536)
def scaled(text: str, decimals: int) -> int:
    """The number in units of `10 ** -decimals`.

    Raises:
        ValueError: Not a plain decimal number, or a finer one.
    """
    whole, fraction = _split(text)
    if len(fraction) > decimals:
        raise ValueError(f"found {text!r}, allowed multiples of {unit_text(decimals)}")
    return int(whole + fraction.ljust(decimals, "0"))


def unit_text(decimals: int) -> str:
    """The unit `10 ** -decimals` as text."""
    return "1" if decimals == 0 else f"0.{'1'.rjust(decimals, '0')}"


def _split(text: str) -> tuple[str, str]:
    """Digits before the point, and those after it that count."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError(f"found {text[:40]!r}, allowed a plain decimal number")
    return found[1], (found[2] or "").rstrip("0")
