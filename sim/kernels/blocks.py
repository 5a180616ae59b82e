"""Where the blocks of a world's `mem` begin."""

from numba import njit

from sim.kernels.layout import (
    B_SIZE,
    H_BOOK_OFF,
    H_LOCAL_OFF,
    H_SUB_OFF,
    K_BOOK,
    K_SIZE,
    S_SIZE,
    Words,
)


@njit(cache=True)
def book_at(mem: Words, book_id: int) -> int:
    """Offset of a venue book's block."""
    return mem[H_BOOK_OFF] + book_id * B_SIZE


@njit(cache=True)
def book_number(mem: Words, bk: int) -> int:
    """The `book_id` of the venue book at `bk`."""
    return (bk - mem[H_BOOK_OFF]) // B_SIZE


@njit(cache=True)
def local_at(mem: Words, index: int) -> int:
    """Offset of a local book's block."""
    return mem[H_LOCAL_OFF] + index * K_SIZE


@njit(cache=True)
def book_of(mem: Words, lk: int) -> int:
    """Offset of the block of the venue book that a local book copies."""
    return book_at(mem, mem[lk + K_BOOK])


@njit(cache=True)
def sub_at(mem: Words, sub: int) -> int:
    """Offset of a subscription's block."""
    return mem[H_SUB_OFF] + sub * S_SIZE
