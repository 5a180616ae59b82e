"""A journal in memory: for simulation, where the commit is an event in simulated time, and tests."""

from market.errors import InputError


class MemoryWriter:
    """Keeps what was appended, and apart from it what was synced: a crash leaves the second.

    Attributes:
        data: Everything appended.
        durable_bytes: How much of it a crash would leave.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self.durable_bytes = len(data)
        self._refusal = ""

    def append(self, data: bytes) -> None:
        """Take whole frames."""
        self.data += data

    def sync(self) -> None:
        """Make everything appended durable.

        Raises:
            InputError: `refuse` is in force; nothing more has become durable.
        """
        if self._refusal:
            waiting = len(self.data) - self.durable_bytes
            raise InputError(
                f"journal in memory: {self._refusal}; {waiting} bytes are not durable, "
                "and nothing that rests on them may leave"
            )
        self.durable_bytes = len(self.data)

    def refuse(self, reason: str) -> None:
        """Let every sync fail for a reason, as a full disk does; an empty one ends it."""
        self._refusal = reason

    def durable(self) -> bytes:
        """What a crash would leave."""
        return bytes(self.data[: self.durable_bytes])
