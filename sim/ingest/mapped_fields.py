"""Texts of a user's columns to integers: times to nanoseconds, prices to units, quantities to lots."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import InputError
from sim.ingest.bad_records import RefusedRecord
from sim.ingest.binance_scale import told_scale
from sim.ingest.decimal_text import DECIMALS_MAX, decimals_of, scaled, unit_text
from sim.ingest.mapped_schema import InstrumentMap, NumberMap, TimeMap

TimeReader = Callable[[str], int]
NumberReader = Callable[[str], int]

_UNIT_DECIMALS = {"native": 0, "ns": 0, "us": 3, "ms": 6, "s": 9}
_NS_MAX = 1 << 62
_TIME = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,18}))?")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_ISO_ALLOWED = "YYYY-MM-DD HH:MM:SS, with at most 9 decimals, then perhaps Z or an offset"


class Grid:
    """An instrument's integers, and readers of the columns that hold them."""

    def __init__(self, instrument: InstrumentMap, where: str) -> None:
        tick = told_scale(instrument.tick, f"{where}: instrument.tick")
        lot = told_scale(instrument.lot, f"{where}: instrument.lot")
        self.price_decimals = max(tick.decimals, instrument.price_decimals)
        self.tick_units = tick.step * 10 ** (self.price_decimals - tick.decimals)
        self.qty_decimals = lot.decimals
        self.lot_units = lot.step

    def price_reader(self, number: NumberMap, where: str) -> NumberReader:
        """Text to price units; any price, on the grid or not."""
        decimals = self.price_decimals - _shift(number, where, self.price_decimals)
        units_max = PRICE_TICKS_MAX * self.tick_units

        def read(text: str) -> int:
            units = _number(text, decimals)
            if not 1 <= units <= units_max:
                raise RefusedRecord(f"found price {text!r}, allowed above 0 and below 2^40 ticks")
            return units

        return read

    def lot_reader(self, number: NumberMap, where: str) -> NumberReader:
        """Text to whole lots, 0 included."""
        decimals = self.qty_decimals - _shift(number, where, self.qty_decimals)

        def read(text: str) -> int:
            lots, rest = divmod(_number(text, decimals), self.lot_units)
            if rest or lots > QTY_LOTS_MAX:
                lot = f"{self.lot_units} × {unit_text(self.qty_decimals)}"
                raise RefusedRecord(
                    f"found quantity {text!r}, allowed whole lots of {lot}, to 2^40"
                )
            return lots

        return read

    def check_tick(self, price_units: int) -> None:
        """Refuse a displayed price between two ticks."""
        if price_units % self.tick_units:
            tick = f"{self.tick_units} × {unit_text(self.price_decimals)}"
            raise RefusedRecord(
                f"found a price of {price_units} units, allowed multiples of {tick}"
            )


def time_reader(time: TimeMap) -> TimeReader:
    """Text to nanoseconds since the epoch, UTC."""
    if time.unit == "iso":
        zone = zoneinfo.ZoneInfo(time.timezone)
        return lambda text: _iso_ns(text, zone)
    decimals = _UNIT_DECIMALS[time.unit]

    def read(text: str) -> int:
        found = _TIME.fullmatch(text)
        if found is None:
            raise RefusedRecord(f"found time {text[:40]!r}, allowed a plain decimal number")
        fraction = (found[2] or "").rstrip("0")
        if len(fraction) > decimals:
            raise RefusedRecord(f"found time {text[:40]!r}, allowed whole nanoseconds")
        ts_ns = int(found[1] + fraction.ljust(decimals, "0"))
        if ts_ns > _NS_MAX:
            raise RefusedRecord(f"found time {text!r}, allowed up to the year 2116")
        return ts_ns

    return read


def _number(text: str, decimals: int) -> int:
    try:
        return scaled(text, decimals)
    except ValueError as error:
        raise RefusedRecord(str(error)) from None


def _shift(number: NumberMap, where: str, decimals: int) -> int:
    """How many decimals one unit of a column stands for."""
    try:
        shift = decimals_of(number.scale)
        power = scaled(number.scale, shift) == 1
    except ValueError:
        shift, power = DECIMALS_MAX, False
    if not power or shift > decimals:
        raise InputError(
            f"{where}: column {number.column}: found the scale {number.scale!r}, "
            f"allowed 1, 0.1 and so on down to {unit_text(decimals)}"
        )
    return shift


def _iso_ns(text: str, zone: zoneinfo.ZoneInfo) -> int:
    found = _ISO.fullmatch(text)
    if found is None:
        raise RefusedRecord(f"found time {text[:40]!r}, allowed {_ISO_ALLOWED}")
    date, clock, fraction, offset = found.groups()
    seconds = _epoch_seconds(f"{date}T{clock}", offset or "", zone)
    return seconds * 1_000_000_000 + int((fraction or "").ljust(9, "0"))


@lru_cache(maxsize=1_024)
def _epoch_seconds(second: str, offset: str, zone: zoneinfo.ZoneInfo) -> int:
    """Seconds since the epoch; an hour that a clock shows twice is taken as the first."""
    try:
        moment = dt.datetime.fromisoformat(second + offset)
        if not offset:
            moment = moment.replace(tzinfo=zone)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        raise RefusedRecord(f"found time {second!r}, allowed one that exists") from None
    if not 0 <= seconds <= _NS_MAX // 1_000_000_000:
        raise RefusedRecord(f"found time {second!r}, allowed from 1970 to 2116")
    return seconds
