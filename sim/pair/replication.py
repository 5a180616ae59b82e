"""Replication: durable records of a primary's journal on their way to its stand-by.

Model: what has become durable at the primary is sent at once, whole frames, numbered as in the journal. The
stand-by takes a frame when it is the next, drops what it has, and says how many it has made durable itself.
What stays unconfirmed is sent again, from the first that is missing, so that a partition which heals costs
time and no record.

Invariants: the stand-by's copy is at every moment a whole prefix of the primary's journal, byte for byte;
nothing is sent that a crash of the primary could still take back.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from sim.clock import Clock
from sim.wire import Wire

MOST_AGAIN: Final = 256
"""Frames that are sent again at once."""

SHIP_CAUSE: Final = 1
AGAIN_CAUSE: Final = 2
CONFIRM_CAUSE: Final = 3


class Shipment(NamedTuple):
    """Frames that follow one another; `first` is the number of the first."""

    first: int
    frames: tuple[bytes, ...]


class Confirmed(NamedTuple):
    """So many records are durable at the stand-by."""

    records: int


class Store(Protocol):
    """What a journal's bytes go into (`scenarios.run_journal.RunWriter`)."""

    def append(self, data: bytes) -> None:
        """Take whole frames."""
        ...

    def mark(self) -> int:
        """Bytes appended so far."""
        ...

    def sync_to(self, mark: int) -> None:
        """Everything up to a mark becomes durable."""
        ...


class ShippingStore:
    """A store that tells of each record once it is durable.

    Args:
        store: Where the bytes go.
        prefix: What stands before the first record; it is not one.

    Attributes:
        durable_count: Records that a crash would leave.
        ship: Told of the frames that have become durable, and the number of the first.
    """

    def __init__(self, store: Store, prefix: bytes) -> None:
        self.durable_count = 0
        self.ship: Callable[[int, tuple[bytes, ...]], None] | None = None
        self._store = store
        self._prefix = prefix
        self._waiting: deque[tuple[int, bytes]] = deque()

    def append(self, data: bytes) -> None:
        """Take the prefix, or one frame."""
        self._store.append(data)
        if data != self._prefix:
            self._waiting.append((self._store.mark(), data))

    def mark(self) -> int:
        """Bytes appended so far."""
        return self._store.mark()

    def sync(self) -> None:
        """Everything appended becomes durable."""
        self.sync_to(self.mark())

    def sync_to(self, mark: int) -> None:
        """Everything up to a mark becomes durable, and goes on its way."""
        self._store.sync_to(mark)
        frames = []
        while self._waiting and self._waiting[0][0] <= mark:
            frames.append(self._waiting.popleft()[1])
        if not frames:
            return
        first = self.durable_count
        self.durable_count += len(frames)
        if self.ship is not None:
            self.ship(first, tuple(frames))


class Outgoing:
    """The primary's end: what has not been confirmed.

    Args:
        wire: To the stand-by.
        receive: What takes a shipment there.
        again_ns: After so long without a confirmation the oldest are sent again.

    Attributes:
        confirmed: Records that are durable at the stand-by, as far as it has said.
        count: Records that have been sent once.
        lag_max: The most that were ever unconfirmed at once.
    """

    def __init__(
        self, clock: Clock, wire: Wire, receive: Callable[[Shipment], None], *, again_ns: int
    ) -> None:
        self.confirmed = 0
        self.count = 0
        self.lag_max = 0
        self.resent = 0
        self._clock = clock
        self._wire = wire
        self._receive = receive
        self._again_ns = again_ns
        self._open: deque[bytes] = deque()
        self._heard_ns = clock.now_ns

    def ship(self, first: int, frames: tuple[bytes, ...]) -> None:
        """Frames have become durable."""
        assert first == self.count
        if not self._open:
            self._heard_ns = self._clock.now_ns
        self._open.extend(frames)
        self.count += len(frames)
        self.lag_max = max(self.lag_max, len(self._open))
        self._send(Shipment(first, frames), SHIP_CAUSE)

    def confirm(self, confirmed: Confirmed) -> None:
        """The stand-by has made records durable."""
        if confirmed.records <= self.confirmed:
            return
        for _ in range(confirmed.records - self.confirmed):
            self._open.popleft()
        self.confirmed = confirmed.records
        self._heard_ns = self._clock.now_ns

    def look(self) -> None:
        """Time has passed: send again what has waited for too long."""
        now_ns = self._clock.now_ns
        if not self._open or now_ns - self._heard_ns < self._again_ns:
            return
        self._heard_ns = now_ns
        frames = tuple(self._open[at] for at in range(min(len(self._open), MOST_AGAIN)))
        self.resent += len(frames)
        self._send(Shipment(self.confirmed, frames), AGAIN_CAUSE)

    def _send(self, shipment: Shipment, cause: int) -> None:
        now_ns = self._clock.now_ns
        self._wire.send(now_ns, shipment.first << 2 | cause, now_ns, self._receive, shipment)


class Follower(Protocol):
    """What takes records at the stand-by (`desk.replica.Replica`)."""

    count: int
    """Records taken."""

    def apply(self, frame: bytes) -> None:
        """Take the next one; raises when it is not what must follow."""
        ...


class Incoming:
    """The stand-by's end: takes what is next, and leaves the rest.

    Attributes:
        taken: Records taken.
        out_of_order: Frames left alone, because they were known or others were missing.
    """

    def __init__(self, follower: Follower) -> None:
        self.out_of_order = 0
        self._follower = follower

    @property
    def taken(self) -> int:
        """Records taken."""
        return self._follower.count

    def take(self, shipment: Shipment) -> bool:
        """A shipment has come; whether something of it was new."""
        before = self._follower.count
        for number, frame in enumerate(shipment.frames, shipment.first):
            if number == self._follower.count:
                self._follower.apply(frame)
            else:
                self.out_of_order += 1
        return self._follower.count > before
