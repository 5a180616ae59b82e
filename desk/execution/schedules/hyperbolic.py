"""Hyperbolic functions of `market.portable`'s exponential, accurate for small and large arguments.

`exp(x) − 1` by its series near zero, where the subtraction would lose digits; a ratio of two
sines as exponentials of what differs, where each of them would overflow.

Limits: right to about 1e-15 relative (a test holds them to the C library's at 4e-15).
"""

from math import inf, sqrt

from market.portable import exp, log


def expm1(x: float) -> float:
    """exp(x) − 1."""
    if x > 0.5 or x < -0.5:
        return exp(x) - 1.0
    total, term, n = 0.0, 1.0, 0
    while True:
        n += 1
        term *= x / n
        if total + term == total:
            return total
        total += term


def log1p(x: float) -> float:
    """log(1 + x), for x above −1: the rounding of 1 + x is divided out again (Kahan)."""
    assert x > -1.0
    near = 1.0 + x
    return x if near == 1.0 else log(near) * x / (near - 1.0)


def sinh(x: float) -> float:
    """Hyperbolic sine; infinite beyond 709 on either side."""
    if x < 0.0:
        return -sinh(-x)
    up = expm1(x)
    return inf if up == inf else 0.5 * (up + up / (1.0 + up))


def asinh(x: float) -> float:
    """The number whose hyperbolic sine this is."""
    if x < 0.0:
        return -asinh(-x)
    square = x * x
    return log1p(x + square / (1.0 + sqrt(1.0 + square)))


def sinh_ratio(part: float, whole: float) -> float:
    """sinh(part) / sinh(whole); their plain ratio as both go to zero.

    Args:
        part: At least 0, at most `whole`.
        whole: Above 0.
    """
    assert 0.0 <= part <= whole
    assert whole > 0.0
    if whole < 1e-150:
        return part / whole
    return exp(part - whole) * (expm1(-2.0 * part) / expm1(-2.0 * whole))
