"""A journal in memory: for simulation, where the commit is an event in simulated time, and tests."""

from market.errors import InputError


class MemoryWriter:
    """Keeps what was appended, and apart from it what was synced: a crash leaves the second.

    Attributes:
        durable_bytes: How much of `data` a crash would leave.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.durable_bytes = len(data)
        self._durable = [data]
        self._waiting: list[bytes] = []
        self._refusal = ""

    def append(self, data: bytes) -> None:
        """Take whole frames."""
        self._waiting.append(data)  # to make one piece of memory grow costs ten times as much

    def sync(self) -> None:
        """Make everything appended durable.

        Raises:
            InputError: `refuse` is in force; nothing more has become durable.
        """
        waiting_bytes = sum(map(len, self._waiting))
        if self._refusal:
            raise InputError(
                f"journal in memory: {self._refusal}; {waiting_bytes} bytes are not durable, "
                "and nothing that rests on them may leave"
            )
        self.durable_bytes += waiting_bytes
        self._durable += self._waiting
        self._waiting.clear()

    def refuse(self, reason: str) -> None:
        """Let every sync fail for a reason, as a full disk does; an empty one ends it."""
        self._refusal = reason

    @property
    def data(self) -> bytes:
        """Everything appended."""
        return self.durable() + b"".join(self._waiting)

    def durable(self) -> bytes:
        """What a crash would leave."""
        return b"".join(self._durable)
