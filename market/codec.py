"""Messages as bytes and back.

Model: msgpack, one map a message, with the message's name beside its fields; fields stand in the
order of their declaration, so equal messages are equal bytes in every process.

Invariants: `decode(encode(message)) == message`, and what is not exactly one message is refused.
"""

# tidy: unimported the codec of the journal, which comes with the desk; held by its tests till then

from typing import Final

import msgspec

from market.errors import InputError
from market.messages import Command, Inbound

Message = Command | Inbound

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """A message as bytes."""
    return _ENCODER.encode(message)


def decode(data: bytes, where: str = "message") -> Message:
    """The message that the bytes hold.

    Args:
        data: What `encode` returned.
        where: Where the bytes come from, for the error's text.

    Raises:
        InputError: The bytes are not one known message with fields of the right types.
    """
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{where}: found {len(data)} bytes that are no message ({error}), "
            "allowed is what market.codec.encode returns"
        ) from error
