"""A journal in memory: for simulation, where the commit is an event in simulated time, and tests."""

from market.errors import InputError


class MemoryWriter:
    """Keeps what was appended, and apart from it what was synced: a crash leaves the second.

    Attributes:
        durable_bytes: How much of `data` a crash would leave.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._frames = [data]
        self._bytes = len(data)
        self.durable_bytes = len(data)
        self._refusal = ""

    @property
    def data(self) -> bytes:
        """Everything appended."""
        if len(self._frames) > 1:
            self._frames = [b"".join(self._frames)]
        return self._frames[0]

    def append(self, data: bytes) -> None:
        """Take whole frames."""
        self._frames.append(data)  # growing one piece of memory costs ten times as much
        self._bytes += len(data)

    def sync(self) -> None:
        """Make everything appended durable.

        Raises:
            InputError: `refuse` is in force; nothing more has become durable.
        """
        if self._refusal:
            waiting = self._bytes - self.durable_bytes
            raise InputError(
                f"journal in memory: {self._refusal}; {waiting} bytes are not durable, "
                "and nothing that rests on them may leave"
            )
        self.durable_bytes = self._bytes

    def refuse(self, reason: str) -> None:
        """Let every sync fail for a reason, as a full disk does; an empty one ends it."""
        self._refusal = reason

    def durable(self) -> bytes:
        """What a crash would leave."""
        return self.data[: self.durable_bytes]
