"""Messages, and records made of them, as bytes and back.

Model: msgpack, one map a message, with the message's name beside its fields; fields stand in the
order of their declaration, so equal messages are equal bytes in every process. Maps with names cost
about twice the bytes of bare arrays, and buy that a field with a default can be added without making
an old journal unreadable; orders and reports leave out what is at its default.

Invariants: `decode(encode(message)) == message`, and what is not exactly one message is refused.
"""

from typing import Final, TypeVar

import msgspec

from market.errors import InputError
from market.messages import Command, Inbound

Message = Command | Inbound

Kind = TypeVar("Kind")

ENCODER: Final = msgspec.msgpack.Encoder()
"""Makes bytes of every message, of a record of messages, and of a stage's state."""

_DECODER: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """A message as bytes."""
    return ENCODER.encode(message)


def decode(data: bytes, where: str = "message") -> Message:
    """The message that the bytes hold.

    Args:
        data: What `encode` returned.
        where: Where the bytes come from, for the error's text.

    Raises:
        InputError: The bytes are not one known message with fields of the right types.
    """
    return decode_as(_DECODER, data, where, "message")


def decode_as(decoder: msgspec.msgpack.Decoder[Kind], data: bytes, where: str, what: str) -> Kind:
    """What the bytes hold, if it is exactly one value of a decoder's type.

    Args:
        decoder: Of the type that must come out.
        data: What `ENCODER` made of a value of that type.
        where: Where the bytes come from, for the error's text.
        what: The type's name, for the error's text.

    Raises:
        InputError: The bytes are something else.
    """
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{where}: found {len(data)} bytes that are no {what} ({error}), "
            "allowed is what market.codec encodes"
        ) from error
