"""What a journal holds: one record for each desk event, and a few about the journal itself.

| type | payload | meaning |
|---|---|---|
| HEADER | `Header` | first record: whose journal this is, under which configuration and code |
| EVENT | `Event` | one message that came in, and all that came of it |
| SNAPSHOT | `Snapshot` | the desk's whole state after the record before |
| RESTART | `Restart` | from here on another process writes |
| SEAL | `Seal` | last record: nothing may stand behind it |
"""

from enum import IntEnum
from typing import Final

import msgspec

from market.codec import decode_as
from market.decisions import Action, Caused, Decision, Learned, Refusal
from market.messages import Inbound


class RecordType(IntEnum):
    """What a record is about; a code never changes its meaning."""

    HEADER = 1
    EVENT = 2
    SNAPSHOT = 3
    RESTART = 4
    SEAL = 5


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Whose journal this is.

    Attributes:
        desk: The desk's number, the upper bits of its order ids.
        config_digest: Of the configuration that the desk was made from.
        code_digest: Of the program that wrote the first record.
        epoch: Of the first writer; each RESTART has a larger one.
    """

    desk: int
    config_digest: str
    code_digest: str
    epoch: int = 0


class Event(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One desk event; a `message` of None stands for the start.

    On disk it is the bare array of its fields, in this order; `learned` only where there is some.
    """

    message: Inbound | None
    decisions: tuple[Decision, ...]
    commands: tuple[Caused, ...]
    actions: tuple[Action, ...]
    refusals: tuple[Refusal, ...]
    learned: tuple[Learned, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's state, opaque here; `epoch` is the writer's."""

    epoch: int
    digest: str
    state: bytes


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """Another process goes on; `torn_bytes` of a last record that was cut off were taken away."""

    epoch: int
    torn_bytes: int


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The end: how many records stand before this one, and the hash of the last of them."""

    count: int
    chain: str


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as it was read; it stands at bytes [offset, end_offset) of the journal."""

    type: RecordType
    seq: int
    now_ns: int
    payload: bytes
    chain: bytes
    offset: int
    end_offset: int

    @property
    def where(self) -> str:
        """Where it stands, in words."""
        return f"record {self.seq} at byte {self.offset}"


_HEADER: Final = msgspec.msgpack.Decoder(Header)
_EVENT: Final = msgspec.msgpack.Decoder(Event)
_SNAPSHOT: Final = msgspec.msgpack.Decoder(Snapshot)
_RESTART: Final = msgspec.msgpack.Decoder(Restart)
_SEAL: Final = msgspec.msgpack.Decoder(Seal)


def header_in(record: Record) -> Header:
    """The payload of a HEADER; `InputError` when it is none."""
    return decode_as(_HEADER, record.payload, record.where, "header")


def event_in(record: Record) -> Event:
    """The payload of an EVENT; `InputError` when it is none."""
    return decode_as(_EVENT, record.payload, record.where, "event")


def snapshot_in(record: Record) -> Snapshot:
    """The payload of a SNAPSHOT; `InputError` when it is none."""
    return decode_as(_SNAPSHOT, record.payload, record.where, "snapshot")


def restart_in(record: Record) -> Restart:
    """The payload of a RESTART; `InputError` when it is none."""
    return decode_as(_RESTART, record.payload, record.where, "restart")


def seal_in(record: Record) -> Seal:
    """The payload of a SEAL; `InputError` when it is none."""
    return decode_as(_SEAL, record.payload, record.where, "seal")
