"""The hash chain: each record's hash covers its body and, through the hash before it, all before.

Model: `chain[n] = BLAKE2b-128(chain[n − 1] | body[n])`. A record that is changed, moved, doubled or
taken out breaks the chain at the first record behind it, so one hash kept somewhere else vouches
for every record before it.

Limits: who can write the journal *and* everything that vouches for it can write another history. A
head kept where that person cannot write (`Anchor`) is what makes the chain evidence.
"""

from hashlib import blake2b
from typing import Final

CHAIN_BYTES: Final = 16

_EMPTY: Final = blake2b(digest_size=CHAIN_BYTES)


def link(chain: bytes, body: bytes) -> bytes:
    """The hash of a record, from the hash before it and the record's body."""
    state = _EMPTY.copy()  # a fifth quicker than a new one, whose parameters are read by name
    state.update(chain)
    state.update(body)
    return state.digest()
