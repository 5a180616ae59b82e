"""Ports: the few places where one room meets another without knowing it."""

from collections.abc import Sequence
from typing import Any, Protocol

from market.decisions import Facts, Signal
from market.messages import Command, Inbound, View


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


class Strategy(Protocol):
    """A belief: a view in, signals out; it knows of no order and of no venue.

    Everything that it remembers is in `state`, a `msgspec.Struct` of plain data: a desk writes that to
    its journal, and a strategy made anew with an equal state goes on as the old one would have.
    """

    state: Any

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        """What it believes after this view; nothing when its belief has not changed."""
        ...


class JournalWriter(Protocol):
    """Where a journal's bytes become durable."""

    def append(self, data: bytes) -> None:
        """Take whole frames; they are durable after the next `sync`."""
        ...

    def sync(self) -> None:
        """Return when everything appended is durable."""
        ...
