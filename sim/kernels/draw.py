"""Keyed draws, and the functions that shape them, compiled: the twin of `sim/streams.py`.

That file explains the model; a property test holds both equal bit by bit. All integers are int64:
products wrap, and a right shift is made logical by masking off the sign bits that it pulls in.
LLVM fuses a multiplication with an addition only where it is told that it may, and numba never
tells it without `fastmath`; a fused step would round once instead of twice.
"""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import config, njit, types
from numba.extending import intrinsic

# tidy: floats built of + - * / and sqrt alone, which IEEE 754 fixes to the last bit everywhere.

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

MASK31 = (1 << 31) - 1
MASK33 = (1 << 33) - 1
MASK34 = (1 << 34) - 1
MASK37 = (1 << 37) - 1
MASK63 = (1 << 63) - 1

# The constants of `sim/streams.py` as the signed integers with the same 64 bits.
MULTIPLIER_A = 0x9E3779B97F4A7C15 - (1 << 64)
MULTIPLIER_B = 0xD1342543DE82EF95 - (1 << 64)
OFFSET = 0x2545F4914F6CDD1D
MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
MIX_2 = 0x94D049BB133111EB - (1 << 64)

if config.DISABLE_JIT:  # type: ignore[attr-defined]  # numba fills its config when it starts

    def times(a: int, b: int) -> int:
        """Product modulo 2**64, signed; Python's own integers do not wrap."""
        return ((int(a) * int(b) + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63)

else:

    @intrinsic
    def times(_typing: Any, _a: Any, _b: Any) -> Any:
        """Product modulo 2**64, signed.

        As an ordinary function it would be compiled once more for every constant multiplier.
        """

        def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.mul(args[0], args[1])

        return types.int64(types.int64, types.int64), codegen


@njit(cache=True)
def mix(bits: int) -> int:
    """Spread each input bit over all 64."""
    bits ^= (bits >> 30) & MASK34
    bits = times(bits, MIX_1)
    bits ^= (bits >> 27) & MASK37
    bits = times(bits, MIX_2)
    return bits ^ ((bits >> 31) & MASK33)


@njit(cache=True)
def draw(key: int, cause_a: int, cause_b: int) -> int:
    """63 well-mixed bits that depend on nothing but the arguments."""
    bits = mix(key ^ times(cause_a, MULTIPLIER_A) ^ OFFSET)
    bits = mix(bits ^ times(cause_b, MULTIPLIER_B) ^ key)
    return (bits >> 1) & MASK63


@njit(cache=True)
def uniform_below(bits: int, n: int) -> int:
    """Turn 63 bits into an integer in [0, n), with n in [1, 2**62].

    `bits * n` has up to 125 bits, so it is built from 31-bit digits; no partial sum leaves 63 bits.
    """
    bits_high = bits >> 31
    bits_low = bits & MASK31
    n_high = n >> 31
    n_low = n & MASK31
    low = bits_high * n_low + ((bits_low * n_low) >> 31)
    middle = bits_low * n_high + (low & MASK31)
    return (bits_high * n_high + (low >> 31) + (middle >> 31)) >> 1


@njit(cache=True)
def uniform_fp(bits: int) -> float:
    """Turn 63 bits into a number in (0, 1]."""
    return float((bits >> 10) + 1) * 1.1102230246251565e-16


@njit(cache=True)
def log_fp(x: float) -> float:
    """Natural logarithm of a finite number above zero."""
    mantissa, exponent = math.frexp(x)
    k = float(exponent)
    if mantissa < 0.7071067811865476:
        mantissa *= 2.0
        k -= 1.0
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
    low = s * (half_square + (odd + even)) + k * 1.9082149292705877e-10
    return ((low - half_square) + f) + k * 0.6931471803691238


@njit(cache=True)
def exp_fp(x: float) -> float:
    """Exponential function; below -708 it is zero, above 709 infinite."""
    if x > 709.0:
        return math.inf
    if x < -708.0:
        return 0.0
    k = int(1.4426950408889634 * x + (0.5 if x >= 0.0 else -0.5))
    high = x - float(k) * 0.6931471803691238
    low = float(k) * 1.9082149292705877e-10
    r = high - low
    z = r * r
    tail = 6.613756321437934e-05 + z * (-1.6533902205465252e-06 + z * 4.1381367970572385e-08)
    c = r - z * (0.16666666666666602 + z * (-0.0027777777777015593 + z * tail))
    return math.ldexp(1.0 + ((r * c / (2.0 - c) - low) + high), k)


@njit(cache=True)
def exponential_ns(bits: int, mean_ns: int) -> int:
    """Turn 63 bits into an exponential waiting time in whole nanoseconds, mean in [0, 2**56]."""
    return int(-float(mean_ns) * log_fp(uniform_fp(bits)) + 0.5)


# Wichura's algorithm AS 241, as in `sim/streams.py`.
CENTRE_TOP = (
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
)  # fmt: skip
CENTRE_BOTTOM = (
    5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
)  # fmt: skip
NEAR_TOP = (
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
    1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
    4.6303378461565452959, 1.42343711074968357734,
)  # fmt: skip
NEAR_BOTTOM = (
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
    0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
    2.05319162663775882187, 1.0,
)  # fmt: skip
FAR_TOP = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
    0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
    5.4637849111641143699, 6.6579046435011037772,
)  # fmt: skip
FAR_BOTTOM = (
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
    7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
    0.59983220655588793769, 1.0,
)  # fmt: skip


@njit(cache=True)
def horner(coefficients: tuple[float, ...], x: float) -> float:
    """Value of a polynomial of degree seven, given highest power first."""
    value = coefficients[0]
    for power in range(1, 8):
        value = value * x + coefficients[power]
    return value


@njit(cache=True)
def normal_quantile(u: float) -> float:
    """The standard normal value that is exceeded with probability 1 - u, for u in (0, 1)."""
    q = u - 0.5
    if -0.425 <= q <= 0.425:
        r = 0.180625 - q * q
        return q * horner(CENTRE_TOP, r) / horner(CENTRE_BOTTOM, r)
    r = math.sqrt(-log_fp(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        value = horner(NEAR_TOP, r - 1.6) / horner(NEAR_BOTTOM, r - 1.6)
    else:
        value = horner(FAR_TOP, r - 5.0) / horner(FAR_BOTTOM, r - 5.0)
    return -value if q < 0.0 else value


@njit(cache=True)
def draw_many(key: int, causes_a: Ints, causes_b: Ints, out: Ints) -> None:
    """`draw` for each pair of causes; all arrays are int64 of one length, `out` is written."""
    for index in range(out.shape[0]):
        out[index] = draw(key, causes_a[index], causes_b[index])


@njit(cache=True)
def uniform_below_many(bits: Ints, n: Ints, out: Ints) -> None:
    """`uniform_below` of each element of `bits` with the bound beside it in `n`, into `out`."""
    for index in range(out.shape[0]):
        out[index] = uniform_below(bits[index], n[index])


@njit(cache=True)
def exponential_many(bits: Ints, mean_ns: int, out: Ints) -> None:
    """`exponential_ns` of each element of `bits`, into `out`."""
    for index in range(out.shape[0]):
        out[index] = exponential_ns(bits[index], mean_ns)


@njit(cache=True)
def shape_many(x: Floats, logs: Floats, exps: Floats, quantiles: Floats) -> None:
    """Logarithm of each x > 0, its exponential, and the normal quantile of x / (1 + x).

    All arrays are float64 of one length; the last three are written.
    """
    for index in range(x.shape[0]):
        logs[index] = log_fp(x[index])
        exps[index] = exp_fp(x[index])
        quantiles[index] = normal_quantile(x[index] / (1.0 + x[index]))
