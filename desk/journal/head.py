"""Where a journal stands, and the small text beside it that vouches for it.

Model: a `Head` is a point between two records. What was written up to it is fixed by its hash, and
reading or writing can go on from it without what came before. An `Anchor` is the newest head that
its keeper was told, as one line of JSON. Whole records that are cut off a journal's end leave a
valid journal; only a head that was kept elsewhere shows that something is missing.
"""

import msgspec

from desk.journal.chain import CHAIN_BYTES
from desk.journal.frame import FIRST_CHAIN
from market.errors import InputError


class Head(msgspec.Struct, frozen=True):
    """A point of a journal.

    Attributes:
        count: Records before it, which is the seq of the next one.
        end_offset: Bytes before it.
        chain: Hash of the last record before it.
    """

    count: int
    end_offset: int
    chain: bytes


START = Head(0, 0, FIRST_CHAIN)
"""Where a journal without any record stands."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept outside of a journal.

    Attributes:
        head: The newest head told.
        snapshot: The head right before the newest SNAPSHOT, where recovery may begin.
        sealed: Whether the last record before `head` is the SEAL.
    """

    head: Head
    snapshot: Head | None = None
    sealed: bool = False

    def to_text(self) -> bytes:
        """As one line of JSON, hashes in hexadecimal digits."""
        found = {
            "head": _plain(self.head),
            "snapshot": None if self.snapshot is None else _plain(self.snapshot),
            "sealed": self.sealed,
        }
        return msgspec.json.encode(found) + b"\n"


class _PlainHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head as it stands in JSON."""

    count: int
    end_offset: int
    chain: str


class _PlainAnchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An anchor as it stands in JSON."""

    head: _PlainHead
    snapshot: _PlainHead | None
    sealed: bool


def anchor_from(text: bytes, where: str) -> Anchor:
    """The anchor that a text holds.

    Args:
        text: What `Anchor.to_text` returned.
        where: Where the text comes from, for the error's text.

    Raises:
        InputError: It is something else.
    """
    try:
        found = msgspec.json.decode(text, type=_PlainAnchor)
        snapshot = None if found.snapshot is None else _head(found.snapshot)
        return Anchor(head=_head(found.head), snapshot=snapshot, sealed=found.sealed)
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(
            f"{where}: found {len(text)} bytes that are no head of a journal ({error}), "
            "allowed is the line that was written with the journal"
        ) from error


def _plain(head: Head) -> _PlainHead:
    """A head with its hash in digits."""
    return _PlainHead(head.count, head.end_offset, head.chain.hex())


def _head(plain: _PlainHead) -> Head:
    """A head from its digits; `ValueError` when they are none."""
    chain = bytes.fromhex(plain.chain)
    if len(chain) != CHAIN_BYTES or plain.count < 0 or plain.end_offset < 0:
        raise ValueError("its numbers cannot be a journal's")
    return Head(plain.count, plain.end_offset, chain)
