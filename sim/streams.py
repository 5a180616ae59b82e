"""Chance without state: every draw is a pure function of its cause.

Model: a *stream* is a named kind of chance ("wire/venue-to-desk/latency"), and its 64-bit key is a
hash of the run's seed and that name. A draw hashes the key with one or two integers that name the
*cause*: (book, source sequence number), or (intent, attempt). A third integer goes in by chaining:
`draw(draw(key, a, b), c)`.

Invariants:
1. The same key and cause give the same 63 bits, in any order, in any process, in compiled code.
2. Adding a stream, or leaving out a draw, moves no other draw.
3. `exponential_ns` and `normal_quantile` use only + − × ÷, square root and the logarithm of
   `market.portable`, which are the same to the last bit on every machine.

`sim/kernels/draw.py` is the compiled twin; a property test holds the two equal bit by bit.

Limits: the hash mixes well but is no cipher, and must not guard a secret.
"""

import hashlib
import math
from typing import Final

from market.portable import log

MASK64: Final = (1 << 64) - 1

# Odd multipliers, so that distinct causes stay distinct before they are mixed; the offset keeps the
# all-zero cause away from zero, which the mixer maps to itself.
MULTIPLIER_A: Final = 0x9E3779B97F4A7C15
MULTIPLIER_B: Final = 0xD1342543DE82EF95
OFFSET: Final = 0x2545F4914F6CDD1D

BELOW_MAX: Final = 1 << 62
"""Largest bound of `uniform_below`."""

MEAN_NS_MAX: Final = 1 << 56
"""Largest mean of `exponential_ns`: the largest draw is 36.7 means and must fit 63 bits."""


def stream_key(seed: int, name: str) -> int:
    """The key of the stream `name` in a run with `seed`, as a signed 64-bit integer.

    Args:
        seed: The run's seed, of any size and sign.
        name: What the stream decides, unique within the run; must not be empty.
    """
    assert name
    digest = hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8, person=b"market-twin")
    return int.from_bytes(digest.digest(), "little", signed=True)


def draw(key: int, cause_a: int, cause_b: int = 0) -> int:
    """63 well-mixed bits that depend on nothing but the arguments.

    Args:
        key: From `stream_key`, or an earlier draw when a cause has more than two parts.
        cause_a: First part of the cause, any signed 64-bit integer.
        cause_b: Second part of the cause, any signed 64-bit integer.
    """
    bits = _mix((key ^ (cause_a * MULTIPLIER_A) ^ OFFSET) & MASK64)
    bits = _mix((bits ^ (cause_b * MULTIPLIER_B) ^ key) & MASK64)
    return bits >> 1


def _mix(bits: int) -> int:
    """Stafford's variant 13 of the murmur finaliser: each input bit flips half of the output."""
    bits ^= bits >> 30
    bits = (bits * 0xBF58476D1CE4E5B9) & MASK64
    bits ^= bits >> 27
    bits = (bits * 0x94D049BB133111EB) & MASK64
    return bits ^ (bits >> 31)


def uniform_below(bits: int, n: int) -> int:
    """Turn 63 bits into an integer in [0, n); no value is off by more than n / 2**63.

    Args:
        bits: From `draw`.
        n: Exclusive upper bound, in [1, 2**62].
    """
    assert 1 <= n <= BELOW_MAX
    return (bits * n) >> 63


def uniform_fp(bits: int) -> float:
    """Turn 63 bits into a number in (0, 1]: never zero, so that its logarithm exists."""
    return float((bits >> 10) + 1) * 2.0**-53


def exponential_ns(bits: int, mean_ns: int) -> int:
    """Turn 63 bits into an exponential waiting time, rounded to whole nanoseconds, at least 0.

    Args:
        bits: From `draw`.
        mean_ns: Mean of the waiting time, in [0, 2**56].
    """
    assert 0 <= mean_ns <= MEAN_NS_MAX
    return int(-float(mean_ns) * log(uniform_fp(bits)) + 0.5)


# Wichura's algorithm AS 241 (PPND16): numerator and denominator for the centre, the near tail and
# the far tail, highest power first.
CENTRE: Final = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
NEAR_TAIL: Final = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
FAR_TAIL: Final = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def normal_quantile(u: float) -> float:
    """The standard normal value that is exceeded with probability 1 − u, right to about 1e-15.

    Args:
        u: Strictly between 0 and 1.
    """
    assert 0.0 < u < 1.0
    q = u - 0.5
    if -0.425 <= q <= 0.425:
        r = 0.180625 - q * q
        return q * _horner(CENTRE[0], r) / _horner(CENTRE[1], r)
    r = math.sqrt(-log(u if q < 0.0 else 1.0 - u))
    table = NEAR_TAIL if r <= 5.0 else FAR_TAIL
    r -= 1.6 if r <= 5.0 else 5.0
    value = _horner(table[0], r) / _horner(table[1], r)
    return -value if q < 0.0 else value


def _horner(coefficients: tuple[float, ...], x: float) -> float:
    """Value of a polynomial, given highest power first."""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


class Stream:
    """One named kind of chance in one run.

    Holds nothing that a draw changes, so it may be shared and asked in any order.
    """

    __slots__ = ("key", "name")

    def __init__(self, seed: int, name: str) -> None:
        self.name: Final = name
        self.key: Final = stream_key(seed, name)

    def draw(self, cause_a: int, cause_b: int = 0) -> int:
        """63 bits for this cause."""
        return draw(self.key, cause_a, cause_b)

    def below(self, n: int, cause_a: int, cause_b: int = 0) -> int:
        """An integer in [0, n) for this cause."""
        return uniform_below(draw(self.key, cause_a, cause_b), n)

    def exponential_ns(self, mean_ns: int, cause_a: int, cause_b: int = 0) -> int:
        """An exponential waiting time for this cause."""
        return exponential_ns(draw(self.key, cause_a, cause_b), mean_ns)
