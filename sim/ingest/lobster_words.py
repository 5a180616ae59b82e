"""Words for every reason why a LOBSTER row is refused."""

import numpy as np

from sim.kernels import lobster_state as k

_MESSAGE_WORDS = {
    k.FAULT_TYPE: "found type {found}, allowed 1..7",
    k.FAULT_DIRECTION: "found direction {found}, allowed 1 or -1",
    k.FAULT_SIZE: "found size {found}, allowed 1..{allowed}",
    k.FAULT_PRICE: "found price {found}, allowed 1..{allowed}",
    k.FAULT_GRID: "found price {found}, allowed multiples of {allowed}",
    k.FAULT_TIME: "found {found} ns after midnight, allowed from {allowed} (the row before) to 2 days",
    k.FAULT_HALT_CODE: "found price {found} of a halt message, allowed -1, 0 or 1",
    k.FAULT_ID_LIVE: "found a submission of order {found}, allowed ids that are not in the book",
    k.FAULT_ORDER_SIDE: "found direction {found}, allowed {allowed}, the order's",
    k.FAULT_ORDER_PRICE: "found price {found}, allowed {allowed}, the order's",
    k.FAULT_TOO_MUCH: "found size {found} to take, allowed {allowed}, what is at that price",
}
_BOOK_WORDS = {
    k.FAULT_BOOK_PRICE: "found price {found}, allowed prices on the tick that get worse by level",
    k.FAULT_BOOK_SIZE: "found size {found}, allowed 1..{allowed}",
    k.FAULT_BOOK_EMPTY: "found {found}, allowed {allowed} on a level that is or follows an empty one",
    k.FAULT_BOOK_EXTRA: "found a new level of {found}, allowed none among levels already seen",
    k.FAULT_BOOK_MISSING: "found price {found}, allowed {allowed}, which the messages left there",
    k.FAULT_BOOK_LOTS: "found size {found}, allowed {allowed}, which the messages left there",
}


def is_book_fault(state: np.ndarray) -> bool:
    """Whether the orderbook row, not the message, is at fault."""
    return int(state[k.S_FAULT]) >= k.FAULT_BOOK_TEXT


def word_fault(state: np.ndarray) -> str:
    """What was found and what is allowed, from the kernel's note."""
    fault = int(state[k.S_FAULT])
    words = (_BOOK_WORDS if is_book_fault(state) else _MESSAGE_WORDS)[fault]
    text = words.format(found=int(state[k.S_FOUND]), allowed=int(state[k.S_ALLOWED]))
    if not is_book_fault(state):
        return text
    side = ("bid", "ask")[int(state[k.S_FAULT_SIDE])]
    return f"{side} level {int(state[k.S_FAULT_LEVEL])}: {text}"
