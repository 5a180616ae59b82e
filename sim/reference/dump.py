"""A book as a list of integers, laid out as docs/explanation/venue-truth.md says, and its digest."""

import hashlib
import struct
from collections.abc import Sequence

from market.codes import Depth, Side
from sim.reference.state import Order, State


def numbers_of(state: State, waiting: Sequence[Sequence[Order]]) -> list[int]:
    """The whole state of a book; `waiting` is the market queue of each side."""
    numbers = [int(state.phase)]
    for side in Side:
        prices = state.prices(side)
        numbers.append(len(prices))
        for price in prices:
            queue = state.levels[side][price]
            numbers += (price, state.shown(side, price), len(queue))
            for order in queue:
                numbers += (order.name, order.live, third_number(state, order))
        numbers.append(len(waiting[side]))
        for order in waiting[side]:
            numbers += (order.name, order.live)
    spent = spent_orders(state)
    numbers.append(len(spent))
    for order in spent:
        numbers += (order.number, order.tape)
    return [*numbers, state.void, state.expired_lots, state.diverged, state.moved]


def third_number(state: State, order: Order) -> int:
    """What the dump says of an order besides its name and `live`."""
    if order.is_own and state.depth < Depth.L3:
        return -1 - order.ahead
    return order.tape


def spent_orders(state: State) -> list[Order]:
    """Historical orders that own a handle but are in no queue, by handle."""
    if state.frozen:
        return []
    return [order for _, order in sorted(state.history.items()) if order.live == 0]


def digest_of(numbers: Sequence[int]) -> str:
    """BLAKE2b-128 of the numbers as little-endian int64, in hexadecimal."""
    packed = struct.pack(f"<{len(numbers)}q", *numbers)
    return hashlib.blake2b(packed, digest_size=16).hexdigest()
