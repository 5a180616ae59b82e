"""Searching an occupancy bitmap, one bit a price, with the CPU's count-trailing-zeros."""

from typing import Any

import numpy as np
from numba import config, njit, types
from numba.extending import intrinsic

from sim.kernels.layout import Words

if config.DISABLE_JIT:  # type: ignore[attr-defined]  # numba fills its config when it starts

    def trailing_zeros(word: int) -> Any:
        """Position of the lowest set bit of a non-zero word.

        An integer of the arrays' own kind: `1 << 63` wraps with it as it does in compiled code.
        """
        unsigned = int(word) & 0xFFFFFFFFFFFFFFFF
        return np.int64((unsigned & -unsigned).bit_length() - 1)

else:

    @intrinsic
    def trailing_zeros(_typing: Any, _word: Any) -> Any:
        """Position of the lowest set bit of a non-zero word."""

        def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.cttz(args[0], context.get_constant(types.boolean, True))

        return types.int64(types.int64), codegen


@njit(cache=True)
def set_bit(mem: Words, bits: int, position: int) -> None:
    """Mark a position of the bitmap at `bits`."""
    mem[bits + (position >> 6)] |= 1 << (position & 63)


@njit(cache=True)
def clear_bit(mem: Words, bits: int, position: int) -> None:
    """Unmark a position of the bitmap at `bits`."""
    mem[bits + (position >> 6)] &= ~(1 << (position & 63))


@njit(cache=True)
def next_bit(mem: Words, bits: int, size: int, start: int) -> int:
    """First marked position at or after `start`, going round; -1 when none is marked.

    Args:
        bits: Offset of the bitmap in `mem`.
        size: Positions in the bitmap, a power of two, at least 64.
        start: Where to begin, in [0, size).
    """
    words = size >> 6
    index = start >> 6
    word = mem[bits + index] & (-1 << (start & 63))
    for _ in range(words + 1):
        if word != 0:
            return (index << 6) + trailing_zeros(word)
        index += 1
        if index == words:
            index = 0
        word = mem[bits + index]
    return -1
