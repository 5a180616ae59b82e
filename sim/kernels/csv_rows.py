"""Rows of integers out of comma-separated bytes, strictly.

A field is an optional minus and one to eighteen digits, nothing else: no blanks, no quotes, no
exponents. With `scaled`, column 0 is a decimal number of seconds and becomes nanoseconds; digits
after the ninth decimal are cut off, because some vendors print what a binary float left there.
A line that breaks the rules is not repaired: its row is marked with a fault and parsing goes on.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ints: TypeAlias = npt.NDArray[np.int64]

FAULT_FIELDS = 1  # too few or too many columns
FAULT_NUMBER = 2  # a field that is not a number
FAULT_LENGTH = 3  # a number with too many digits

NEWLINE = 10
RETURN = 13
COMMA = 44
MINUS = 45
POINT = 46
ZERO = 48
NINE = 57

DIGITS_MAX = 18  # 10**18 still fits 63 bits
SECONDS_DIGITS_MAX = 9
DECIMALS_KEPT = 9
DECIMALS_MAX = 12


@njit(cache=True)
def parse_line(data: Bytes, at: int, stop: int, scaled: int, values: Ints, row: int) -> int:
    """Parse one line without its line end. 0, or the fault with its column in the upper bits."""
    columns = values.shape[1]
    for column in range(columns):
        where = column << 8
        negative = at < stop and data[at] == MINUS
        if negative:
            at += 1
        digits = 0
        value = np.int64(0)
        while at < stop and ZERO <= data[at] and data[at] <= NINE:
            if digits < DIGITS_MAX:
                value = value * 10 + (np.int64(data[at]) - ZERO)
            digits += 1
            at += 1
        if digits == 0:
            return where | FAULT_NUMBER
        if digits > DIGITS_MAX:
            return where | FAULT_LENGTH
        if scaled != 0 and column == 0:
            if digits > SECONDS_DIGITS_MAX:
                return where | FAULT_LENGTH
            decimals = 0
            if at < stop and data[at] == POINT:
                at += 1
                while at < stop and ZERO <= data[at] and data[at] <= NINE:
                    if decimals < DECIMALS_KEPT:
                        value = value * 10 + (np.int64(data[at]) - ZERO)
                    decimals += 1
                    at += 1
                if decimals == 0:
                    return where | FAULT_NUMBER
                if decimals > DECIMALS_MAX:
                    return where | FAULT_LENGTH
            while decimals < DECIMALS_KEPT:
                value = value * 10
                decimals += 1
        values[row, column] = -value if negative else value
        if column == columns - 1:
            if at < stop:
                return where | (FAULT_FIELDS if data[at] == COMMA else FAULT_NUMBER)
        else:
            if at == stop:
                return where | FAULT_FIELDS
            if data[at] != COMMA:
                return where | FAULT_NUMBER
            at += 1
    return 0


@njit(cache=True)
def parse_rows(
    data: Bytes, begin: int, final: int, scaled: int, values: Ints, faults: Ints, row: int
) -> tuple[int, int]:
    """Parse whole lines of `data` from `begin` into `values` from `row` on.

    Arrays:
        data: uint8, the bytes; in.
        values: int64 (rows, columns), what was read; out.
        faults: int64 (rows, 3), fault code and where its line begins and ends in `data`; out.

    Args:
        data: See above.
        begin: Offset of the first unread byte.
        final: Not 0 when no byte follows `data`, so that a last line needs no line end.
        scaled: Not 0 when column 0 is seconds, to become nanoseconds.
        values: See above.
        faults: See above.
        row: First row to fill.

    Returns:
        The row after the last one filled, and the offset of the first unread byte.
    """
    end = data.shape[0]
    while row < values.shape[0]:
        stop = begin
        while stop < end and data[stop] != NEWLINE:
            stop += 1
        if stop == end and (final == 0 or begin == end):
            break
        text_stop = stop
        if text_stop > begin and data[text_stop - 1] == RETURN:
            text_stop -= 1
        faults[row, 0] = parse_line(data, begin, text_stop, scaled, values, row)
        faults[row, 1] = begin
        faults[row, 2] = text_stop
        row += 1
        begin = min(stop + 1, end)
    return row, begin
