"""Exponential and logarithm with the same bits on every machine.

The C library's, and NumPy's even more, differ in their last bits from machine to machine, so nothing
that decides may use them. Python's + − × ÷ and `math.sqrt` are IEEE 754's and differ nowhere, and
`math.frexp` and `math.ldexp` only move the exponent. The method is fdlibm's. The kernels have a
compiled twin (`sim/kernels/draw.py`); a property test holds the two equal to the last bit.

Limits: right to within two units in the last place; results that would be smaller than a normal
number are zero.
"""

# tidy: floats built of + - * / alone, which IEEE 754 fixes to the last bit everywhere.

import math
from typing import Final

LOG_2_HIGH: Final = 0.6931471803691238
LOG_2_LOW: Final = 1.9082149292705877e-10
"""The logarithm of 2 in two parts; a multiple of the high one by an exponent is exact."""


def log(x: float) -> float:
    """Natural logarithm.

    x = 2**k * (1 + f) with 1 + f near one, then a polynomial in s = f / (2 + f).

    Args:
        x: Finite and above zero.
    """
    assert 0.0 < x < math.inf
    mantissa, exponent = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa *= 2.0
        exponent -= 1
    k = float(exponent)
    f = mantissa - 1.0
    half_square = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
    odd = z * (
        0.6666666666666735
        + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586))
    )
    low = s * (half_square + (odd + even)) + k * LOG_2_LOW
    return ((low - half_square) + f) + k * LOG_2_HIGH


def exp(x: float) -> float:
    """Exponential function.

    x = k * log(2) + r with |r| <= log(2) / 2, then a rational function of r.

    Args:
        x: Any number but NaN; below -708 the result is zero, above 709 it is infinite.
    """
    if x > 709.0:
        return math.inf
    if x < -708.0:
        return 0.0
    k = int(1.4426950408889634 * x + (0.5 if x >= 0.0 else -0.5))
    high = x - float(k) * LOG_2_HIGH
    low = float(k) * LOG_2_LOW
    r = high - low
    z = r * r
    tail = 6.613756321437934e-05 + z * (-1.6533902205465252e-06 + z * 4.1381367970572385e-08)
    c = r - z * (0.16666666666666602 + z * (-0.0027777777777015593 + z * tail))
    return math.ldexp(1.0 + ((r * c / (2.0 - c) - low) + high), k)
