"""What the loop needs of a world, without knowing which one it is."""

from collections.abc import Sequence
from typing import Protocol

from bridge.feeds import Want


class LiveWorld(Protocol):
    """A world that happens as far as it is told, and takes entries in order of their stamps."""

    @property
    def now_ns(self) -> int:
        """Everything before has happened."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        ...

    def take(self, stamp_ns: int, channel: str, data: bytes) -> Sequence[Want]:
        """Take an entry; what its feed wishes for."""
        ...

    def advance(self, until_ns: int) -> None:
        """Let everything before a time happen."""
        ...

    def peek(self) -> int:
        """When something is due by itself."""
        ...


class InputLog(Protocol):
    """Where entries are kept before they are applied; `bridge.recording.LogWriter`."""

    def append(self, stamp_ns: int, channel: str, data: bytes) -> None:
        """Take an entry; `InputError` when it cannot be kept."""
        ...

    def sync(self) -> None:
        """Return when every entry is durable; `InputError` when they are not."""
        ...
