"""Jitter: times and sizes that a watcher cannot foresee, and that a replay gives again to the lot.

Model: a slice's time moves later within its own stretch; lots move across the edges between
neighbours. An edge's draw is a number of lots between minus and plus half of what the smaller of
both neighbours' bounds allows, so a slice changes by at most its bound whichever way both of its
edges went, and what one slice loses its neighbour gains: the total cannot change.

Every draw is a function of (key, parent, slice) and of nothing else: no generator, no order of
calls. Jittering one parent moves no other, and a slice that was sent already is the same when the
schedule is made again.

Invariants: the sum of lots is the same; each slice stays within `size_ppm` of its lots, so zero
stays zero; each sending time stays within its own slice; at every edge the lots done are off by
at most half a bound.

Limits: whoever knows the key knows all draws; keep it with the desk's other secrets. The hash is
BLAKE2b, so the draws betray nothing about the key.
"""

from hashlib import blake2b
from typing import Final

from desk.execution.schedules.slices import Schedule, Slice
from market.decisions import PPM
from market.errors import InputError

TIME: Final = b"schedule-time"
SIZE: Final = b"schedule-size"
"""What a draw decides; time and size of a slice are drawn apart."""


def draw(key: int, parent_id: int, index: int, purpose: bytes) -> int:
    """63 bits that depend on nothing but the arguments.

    Args:
        key: Of the desk, 64 bits and a sign.
        parent_id: Which parent.
        index: Which slice of it.
        purpose: TIME or SIZE.
    """
    digest = blake2b(digest_size=8, person=purpose)
    for number in (key, parent_id, index):
        digest.update(number.to_bytes(9, "little", signed=True))
    return int.from_bytes(digest.digest(), "little") >> 1


def between(bits: int, low: int, high: int) -> int:
    """Turn 63 bits into a whole number from low to high, both included."""
    assert low <= high
    return low + (bits * (high - low + 1) >> 63)


def jitter(
    schedule: Schedule, *, key: int, parent_id: int, time_ppm: int, size_ppm: int
) -> Schedule:
    """A schedule with other times and sizes, and the same total.

    Args:
        schedule: Slices that follow one another.
        key: Of the desk.
        parent_id: Of the parent.
        time_ppm: How much of a slice's stretch its time may move into, 0 to 1,000,000.
        size_ppm: How much of its own lots a slice may gain or lose, 0 to 1,000,000.

    Raises:
        InputError: A share is out of its range.
    """
    for name, share_ppm in (("time_ppm", time_ppm), ("size_ppm", size_ppm)):
        if not 0 <= share_ppm <= PPM:
            raise InputError(f"jitter.{name} is {share_ppm}, allowed is 0 to {PPM}")
    bounds = [piece.qty_lots * size_ppm // PPM for piece in schedule]
    moved_in = 0
    found = []
    for piece in schedule:
        index = piece.index
        moved_out = 0
        if index + 1 < len(schedule):
            most = min(bounds[index], bounds[index + 1]) // 2
            moved_out = between(draw(key, parent_id, index, SIZE), -most, most)
        found.append(
            Slice(
                index,
                piece.begin_ns,
                piece.end_ns,
                _time_ns(piece, draw(key, parent_id, index, TIME), time_ppm),
                piece.qty_lots + moved_in - moved_out,
            )
        )
        moved_in = moved_out
    return tuple(found)


def _time_ns(piece: Slice, bits: int, time_ppm: int) -> int:
    """A moment in the first part of a slice."""
    room_ns = (piece.end_ns - piece.begin_ns) * time_ppm // PPM
    return piece.begin_ns + between(bits, 0, max(room_ns - 1, 0))
