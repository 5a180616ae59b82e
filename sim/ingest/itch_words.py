"""Words for every reason why an ITCH message is refused."""

import numpy as np

from sim.kernels import itch_state as k

_WORDS = {
    k.FAULT_CUT_OFF: "found the last {found} bytes cut off, allowed whole messages",
    k.FAULT_LOST: "found type {kind} without a length, allowed {types}; what follows can't be read",
    k.FAULT_TYPE: "found type {kind}, allowed {types}",
    k.FAULT_LENGTH: "found a length of {found}, allowed {allowed}",
    k.FAULT_TIME: "found {found} ns after midnight, allowed from {allowed} (before it) to one day",
    k.FAULT_LOCATE: "found stock locate {found}, allowed {allowed}",
    k.FAULT_CODE: "found the code {found_text}, allowed those of the message",
    k.FAULT_SIDE: "found side {found_text}, allowed 'B' or 'S'",
    k.FAULT_SHARES: "found {found} shares, allowed 1..{allowed}",
    k.FAULT_PRICE: "found price {found}, allowed from {allowed}",
    k.FAULT_REF_LIVE: "found a new order {found_ref}, allowed references that are not in the book",
    k.FAULT_REF_UNKNOWN: "found order {found_ref}, allowed references that are in the book",
    k.FAULT_TOO_MUCH: "found {found} shares to take, allowed {allowed}, what the order has left",
    k.FAULT_NAME: "found stock {found_name}, allowed {allowed_name}, which has that locate",
}
_TYPES = "".join(chr(kind) for kind in np.flatnonzero(k.SIZES).tolist())
_UNFRAMED = (k.FAULT_CUT_OFF, k.FAULT_LOST, k.FAULT_TYPE)


def word_fault(state: np.ndarray) -> str:
    """What was found and what is allowed, from the kernel's note."""
    fault, found, allowed = (int(state[at]) for at in (k.S_FAULT, k.S_FOUND, k.S_ALLOWED))
    kind = int(state[k.S_KIND])
    text = _WORDS[fault].format(
        kind=repr(text_of(kind, 1)),
        types=_TYPES,
        found=found,
        allowed="the order's or another than 0" if fault == k.FAULT_LOCATE and not allowed
        else allowed,
        found_text=repr(text_of(found, 1)) if 0 <= found <= 0xFF else found,
        found_ref=found & 0xFFFF_FFFF_FFFF_FFFF,
        found_name=repr(text_of(found, 8)),
        allowed_name=repr(text_of(allowed, 8)),
    )  # fmt: skip
    return text if fault in _UNFRAMED else f"message {chr(kind)}: {text}"


def text_of(number: int, byte_count: int) -> str:
    """Letters that the kernel keeps as one number, without the blanks behind them."""
    raw = (number & ((1 << 8 * byte_count) - 1)).to_bytes(byte_count, "big")
    return raw.decode("ascii", errors="backslashreplace").rstrip(" ")
