"""Neighbours in a queue: two 32-bit slots packed into one word, so that an order is 32 bytes."""

from numba import njit

from sim.kernels.layout import O_LINKS, ORDER, Words

LOW = 0xFFFFFFFF


@njit(cache=True)
def next_of(orders: Words, slot: int) -> int:
    """The order behind, or -1."""
    return (orders[slot * ORDER + O_LINKS] << 32) >> 32


@njit(cache=True)
def prev_of(orders: Words, slot: int) -> int:
    """The order in front, or -1."""
    return orders[slot * ORDER + O_LINKS] >> 32


@njit(cache=True)
def set_next(orders: Words, slot: int, other: int) -> None:
    """Name the order behind."""
    at = slot * ORDER + O_LINKS
    orders[at] = (orders[at] & ~LOW) | (other & LOW)


@njit(cache=True)
def set_prev(orders: Words, slot: int, other: int) -> None:
    """Name the order in front."""
    at = slot * ORDER + O_LINKS
    orders[at] = (orders[at] & LOW) | (other << 32)
