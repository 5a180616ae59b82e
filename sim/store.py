"""The store under a host's journal: where bytes become durable, or do not.

Model: a store takes part in every commit of its host (`sim.commit`). It is the fault point `HOST.journal`:

    S-01  at a crash only the first bytes of what was not durable yet reach the disk (severity: bytes)
    S-02  a sync fails: nobody knows what the file holds behind what was durable, so nothing is tried again
    S-03  the disk takes no more until the fault ends; then the same bytes are written
    S-04  stored bits change (severity: how many); whoever reads the journal next finds it
    S-09  no commit ends until the fault does

A commit that takes longer than PATIENCE_NS is trouble, whatever the reason.

While there is trouble the journal can prove nothing, so no new order and no replacement leaves. What was
decided and not durable when trouble began is dropped, and recorded as LOST. What takes risk away or asks
leaves without a record; timers are no matter of the journal. The desk is told (`StoreStatus`) and goes
on in memory: what it decides then becomes durable when FULL and STALLED pass, and never after SYNC_ERROR.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from market.codes import JournalTrouble
from market.faults import Fault, FaultKind
from market.messages import Cancel, Command, MassCancel, Query, SetTimer, StoreStatus
from sim.clock import Clock
from sim.recorder import Event, EventKind, Recorder
from sim.streams import draw, uniform_below

PATIENCE_NS: Final = 10_000_000
"""A commit that is under way for longer is a stall."""

PASSING: Final = frozenset((JournalTrouble.FULL, JournalTrouble.STALLED))
"""Troubles after which the same process may go on."""

SAFE: Final = (Cancel, MassCancel, Query, SetTimer)
"""What may leave without a record."""

BIT_CAUSE: Final = 0x626974
FOREVER_NS: Final = 1 << 62


class Medium(Protocol):
    """What holds the bytes (`scenarios.run_journal.RunWriter`)."""

    def durable(self) -> bytes:
        """What a crash would leave now."""
        ...

    def crash(self, torn_bytes: int) -> int:
        """Lose what is not durable, but for so many bytes; how many there were."""
        ...

    def flip(self, bit: int) -> None:
        """Turn one stored bit over."""
        ...


class _Stretch(NamedTuple):
    fault: Fault
    from_ns: int
    until_ns: int


class Store:
    """The store of one host (`sim.faultpoint.FaultPoint`).

    Args:
        host: Number of the host.
        medium: Its bytes.
        key: Of its draws.

    Attributes:
        trouble: How it stands, as far as has been noticed.
        tell: Takes what the desk has to hear.
        release: Lets commands out that need no record.
        drop: Takes commands that must not leave.
    """

    def __init__(
        self, clock: Clock, recorder: Recorder, *, host: int, medium: Medium, key: int
    ) -> None:
        self.trouble = JournalTrouble.NONE
        self.tell: Callable[[StoreStatus], None] = _nobody
        self.release: Callable[[Sequence[Command]], None] = _nobody
        self.drop: Callable[[Sequence[Command]], None] = _nobody
        self._clock = clock
        self._recorder = recorder
        self._host = host
        self._medium = medium
        self._key = key
        self._stretches: list[_Stretch] = []
        self._hits: dict[str, int] = {}

    # --- faults -------------------------------------------------------------------------------------

    def begin(self, fault: Fault, from_ns: int, until_ns: int) -> None:
        """Let a fault act; one without a duration stands until it has acted once."""
        self._hits.setdefault(fault.name, 0)
        if fault.kind is FaultKind.STORE_CORRUPT:
            self._clock.at(max(from_ns, self._clock.now_ns), self._corrupt, fault)
            return
        self._stretches.append(
            _Stretch(fault, from_ns, until_ns if fault.duration_ns else FOREVER_NS)
        )

    def hits(self, name: str) -> int:
        """Commits that it touched, bits that it turned over, or bytes that it tore off."""
        return self._hits.get(name, 0)

    def _corrupt(self, fault: Fault) -> None:
        """Stored bits change."""
        bits = 8 * len(self._medium.durable())
        for number in range(fault.severity if bits else 0):
            self._medium.flip(uniform_below(draw(self._key ^ BIT_CAUSE, number, bits), bits))
            self._hit(fault)

    def _at_work(self, kind: FaultKind) -> _Stretch | None:
        """A fault of a kind that acts now."""
        now_ns = self._clock.now_ns
        for one in self._stretches:
            if one.fault.kind is kind and one.from_ns <= now_ns < one.until_ns:
                return one
        return None

    def _hit(self, fault: Fault, times: int = 1) -> None:
        self._hits[fault.name] += times

    # --- a commit -----------------------------------------------------------------------------------

    def sync(self) -> tuple[JournalTrouble, int]:
        """What becomes of a commit that would end now, and until when it has to wait where it can."""
        for kind, trouble in (
            (FaultKind.STORE_SYNC, JournalTrouble.SYNC_ERROR),
            (FaultKind.STORE_FULL, JournalTrouble.FULL),
            (FaultKind.STORE_WRITER_STALL, JournalTrouble.STALLED),
        ):
            one = self._at_work(kind)
            if one is None:
                continue
            self._hit(one.fault)
            if kind is FaultKind.STORE_SYNC and not one.fault.duration_ns:
                self._stretches.remove(one)
            return trouble, one.until_ns
        return JournalTrouble.NONE, 0

    def fail(self, trouble: JournalTrouble) -> None:
        """Trouble was noticed: the desk hears of it, once."""
        if self.trouble in (trouble, JournalTrouble.SYNC_ERROR, JournalTrouble.CORRUPT):
            return
        self.trouble = trouble
        self._say()

    def heal(self) -> None:
        """A commit has ended well: trouble that may pass has passed."""
        if self.trouble in PASSING:
            self.trouble = JournalTrouble.NONE
            self._say()

    def _say(self) -> None:
        self.note(self.trouble)
        # Not at once: the host may be in the midst of a decision.
        self._clock.at(self._clock.now_ns, self.tell, StoreStatus(trouble=self.trouble))

    def note(self, trouble: JournalTrouble) -> None:
        """Record how the store stands."""
        now_ns = self._clock.now_ns
        self._recorder.add(Event(now_ns, EventKind.JOURNAL, self._host, detail=int(trouble)))

    def part(self, commands: Sequence[Command]) -> None:
        """Let out what needs no record, and drop the rest."""
        safe = [one for one in commands if isinstance(one, SAFE)]
        rest = [one for one in commands if not isinstance(one, SAFE)]
        if rest:
            self.drop(rest)
        if safe:
            self.release(safe)

    # --- a process that ends and one that begins ------------------------------------------------------

    def crash(self) -> None:
        """The process dies: what was not durable is lost, or torn."""
        one = self._at_work(FaultKind.STORE_TORN_WRITE)
        lost_bytes = self._medium.crash(0 if one is None else one.fault.severity)
        if one is not None and lost_bytes > one.fault.severity:
            self._hit(one.fault, one.fault.severity)
            if not one.fault.duration_ns:
                self._stretches.remove(one)

    def reopen(self) -> tuple[JournalTrouble, int]:
        """A new process opens the journal: what is in its way, and until when.

        A failed sync is over with the process that met it, unless syncs go on failing.
        """
        trouble, until_ns = self.sync()
        self.trouble = trouble
        return trouble, until_ns


def _nobody(_: object) -> None:
    """Nobody is there yet."""
