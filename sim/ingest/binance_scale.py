"""The integer scales of a Binance capture: told, or the smallest increments seen in a first pass.

A capture doesn't say its tick and lot. The first pass reads the whole capture, so that the tape's
integers never change their meaning halfway; it takes the finest decimal of any price and of any
quantity (one that moves in steps of 0.5 gets a tick of 0.1: a grid that is too fine is harmless).
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from market.errors import InputError
from sim.ingest.bad_records import RefusedRecord
from sim.ingest.binance_lines import DEPTH, SNAPSHOT, TRADE, decode_line, levels_of, split_line
from sim.ingest.decimal_text import decimals_of, scaled
from sim.ingest.source import open_file
from sim.ingest.text_lines import lines_of

_DECIMALS_MAX = 12
_STEP_MAX = 1_000_000  # times the largest tick, it still fits 63 bits
_PROGRESS_LINES = 4_096


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """Units are `10 ** -decimals`; a tick or lot is so many units."""

    decimals: int
    step: int

    def to_units(self, text: str) -> int:
        """A number in units; on the grid of steps.

        Raises:
            RefusedRecord: Not a number, or off the grid.
        """
        try:
            units = scaled(text, self.decimals)
        except ValueError as error:
            raise RefusedRecord(str(error)) from None
        if units % self.step:
            raise RefusedRecord(
                f"found {text!r}, allowed multiples of {self.step} × 10^-{self.decimals}"
            )
        return units

    def to_steps(self, text: str) -> int:
        """The same in whole steps."""
        return self.to_units(text) // self.step


def told_scale(text: str, name: str) -> Scale:
    """A scale from a tick or lot that the user gave, such as 0.01.

    Raises:
        InputError: Not a decimal number above 0.
    """
    try:
        decimals = decimals_of(text)
        step = scaled(text, decimals)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    if not 1 <= step <= _STEP_MAX or decimals > _DECIMALS_MAX:
        raise InputError(
            f"{name}: found {text!r}, allowed 1 to {_STEP_MAX} units of at most "
            f"{_DECIMALS_MAX} decimals"
        )
    return Scale(decimals=decimals, step=step)


def seen_scales(
    captures: Iterable[Path], progress: Callable[[int], None] | None = None
) -> tuple[Scale, Scale]:
    """The finest price and quantity of all captures; lines that can't be read are left to the ingest.

    Args:
        captures: The files.
        progress: Told bytes read so far, now and then.
    """
    price_decimals = qty_decimals = done_bytes = 0
    for path in captures:
        with open_file(path) as source:
            for number, text in lines_of(source):
                if progress is not None and number % _PROGRESS_LINES == 0:
                    progress(done_bytes + source.done_bytes)
                try:
                    for price, qty in _numbers(text):
                        price_decimals = max(price_decimals, decimals_of(price))
                        qty_decimals = max(qty_decimals, decimals_of(qty))
                except ValueError:
                    continue
            done_bytes += source.total_bytes
    if max(price_decimals, qty_decimals) > _DECIMALS_MAX:
        raise InputError(
            f"captures: found a number with {max(price_decimals, qty_decimals)} decimals, "
            f"allowed {_DECIMALS_MAX}; name the tick and the lot"
        )
    return Scale(decimals=price_decimals, step=1), Scale(decimals=qty_decimals, step=1)


def _numbers(text: bytes) -> list[tuple[str, str]]:
    """Prices with their quantities of one line, those that go onto the tape."""
    kind, line = decode_line(split_line(text)[1])
    if kind == TRADE and line.data is not None:
        return [(line.data.price, line.data.qty)]
    if kind in (DEPTH, SNAPSHOT):
        bids, asks = levels_of(line)
        return bids + asks
    return []
