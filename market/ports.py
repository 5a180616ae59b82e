"""Ports: the few places where one room meets another without knowing it."""

from collections.abc import Sequence
from typing import Protocol

from market.messages import Command, Inbound


class Participant(Protocol):
    """Whatever trades: no I/O, no clock; messages in, commands out.

    The same messages in the same order always give the same commands.
    """

    def start(self, now_ns: int) -> Sequence[Command]:
        """Commands and timers wanted before the first message."""
        ...

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message at local time `now_ns` and answer with commands."""
        ...
