"""Writing: every desk event becomes one record, and is durable before anything that came of it leaves.

Model: `event` hands a record to the writer; `commit` returns when all records are durable. Who sends
commands asks `durable_count` first: a command may leave when the record that it stands in is below
it. One commit serves all records since the last one (group commit), so the number of events a second
is not bound to the number of syncs that a disk can do.

Invariants:
1. Records are numbered from 0 without a gap, over restarts too.
2. A record is in the journal once, whatever failed: after a commit that raised, the records wait in
   the writer, and the next commit tries again. Until one succeeds nothing new may leave (cancels are
   the owner's decision: what they take away needs no record first).
3. Nothing stands behind a SEAL.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Self

from desk.journal.frame import BODY_HEAD, PREFIX, frame_of
from desk.journal.head import START, Anchor, Head
from desk.journal.reader import Reader
from desk.journal.records import Header, RecordType, Restart, Seal, Snapshot
from market.codec import ENCODER
from market.decisions import Action, Caused, Decision, Learned, Refusal
from market.errors import InputError
from market.messages import Inbound
from market.ports import JournalWriter

STATE_DIGEST_BYTES: Final = 16

_pack: Final = BODY_HEAD.pack
_encode: Final = ENCODER.encode
_EVENT: Final = int(RecordType.EVENT)  # a plain int packs faster than an enum's member


class Journal:
    """The one owner of a journal's end. Made by `begin` or `resume`.

    Args:
        writer: Where the bytes go.
        head: Where the journal stands.
        epoch: Number of the process that writes.
        commit_every: Records after which it commits by itself: 1 after each; 0 never, then the
            owner calls `commit`.
    """

    def __init__(
        self, writer: JournalWriter, head: Head, *, epoch: int, commit_every: int = 0
    ) -> None:
        assert commit_every >= 0
        self.durable_count = head.count
        self.epoch: Final = epoch
        self._writer: Final = writer
        self._commit_every: Final = commit_every
        self._count = head.count
        self._end_offset = head.end_offset
        self._chain = head.chain
        self._snapshot: Head | None = None
        self._sealed = False

    @classmethod
    def begin(
        cls, writer: JournalWriter, now_ns: int, header: Header, *, commit_every: int = 0
    ) -> Self:
        """Start a journal in an empty writer, with its HEADER."""
        journal = cls(writer, START, epoch=header.epoch, commit_every=commit_every)
        writer.append(PREFIX)
        journal._end_offset = len(PREFIX)
        journal._append(RecordType.HEADER, now_ns, _encode(header))
        return journal

    @classmethod
    def resume(
        cls,
        writer: JournalWriter,
        now_ns: int,
        reader: Reader,
        *,
        epoch: int | None = None,
        commit_every: int = 0,
    ) -> Self:
        """Go on with a journal that was read to its end, with a RESTART.

        Args:
            writer: Holds the journal up to `reader.head`; a torn tail has been cut off.
            now_ns: Local time.
            reader: What read it.
            epoch: Number of this process; the next one by default.
            commit_every: As for the class.

        Raises:
            InputError: The journal is damaged, empty or sealed, or the epoch is not a new one.
        """
        reader.check()
        if reader.head.count == 0:
            raise InputError(f"{reader.where}: found no record, allowed is a journal with a header")
        if reader.sealed:
            raise InputError(f"{reader.where}: found a sealed journal, allowed is an open one")
        following = reader.epoch + 1 if epoch is None else epoch
        if following <= reader.epoch:
            raise InputError(
                f"{reader.where}: found epoch {following} for a restart, "
                f"allowed is {reader.epoch + 1} or more"
            )
        journal = cls(writer, reader.head, epoch=following, commit_every=commit_every)
        journal._snapshot = reader.snapshot
        restart = Restart(epoch=following, torn_bytes=reader.torn_bytes)
        journal._append(RecordType.RESTART, now_ns, _encode(restart))
        return journal

    # --- writing --------------------------------------------------------------------------------

    def event(
        self,
        now_ns: int,
        message: Inbound | None,
        decisions: Sequence[Decision] = (),
        commands: Sequence[Caused] = (),
        actions: Sequence[Action] = (),
        refusals: Sequence[Refusal] = (),
        learned: Sequence[Learned] = (),
    ) -> int:
        """Record one desk event.

        Args:
            now_ns: Local time at which the desk took it.
            message: What came in; None is the start.
            decisions: What was decided about each signal.
            commands: What shall be sent, each with its cause.
            actions: What the desk did to itself.
            refusals: Commands that the limits held back.
            learned: Cost curves at a boundary.

        Returns:
            The record's seq.
        """
        if learned:
            payload = _encode((message, decisions, commands, actions, refusals, learned))
        else:
            payload = _encode((message, decisions, commands, actions, refusals))
        return self._append(_EVENT, now_ns, payload)

    def snapshot(self, now_ns: int, state: bytes) -> str:
        """Record the desk's whole state; returns the state's digest."""
        head = self.head
        digest = blake2b(state, digest_size=STATE_DIGEST_BYTES).hexdigest()
        payload = _encode(Snapshot(epoch=self.epoch, digest=digest, state=state))
        self._append(RecordType.SNAPSHOT, now_ns, payload)
        self._snapshot = head
        return digest

    def seal(self, now_ns: int) -> Anchor:
        """End the journal and commit; what it returns is to be kept beside the journal."""
        seal = Seal(count=self._count, chain=self._chain.hex())
        self._append(RecordType.SEAL, now_ns, _encode(seal))
        self._sealed = True
        self.commit()
        return self.anchor

    def commit(self) -> None:
        """Return when every record is durable.

        Raises:
            InputError: The writer could not; no record has become durable by this call.
        """
        count = self._count
        self._writer.sync()
        self.durable_count = count

    def _append(self, kind: int, now_ns: int, payload: bytes) -> int:
        """Hand one record to the writer."""
        assert not self._sealed
        seq = self._count
        frame, chain = frame_of(self._chain, _pack(kind, seq, now_ns) + payload)
        self._writer.append(frame)
        self._chain = chain
        self._count = seq + 1
        self._end_offset += len(frame)
        if self._commit_every and self._count - self.durable_count >= self._commit_every:
            self.commit()
        return seq

    # --- queries --------------------------------------------------------------------------------

    @property
    def head(self) -> Head:
        """Where it stands, durable or not."""
        return Head(self._count, self._end_offset, self._chain)

    @property
    def anchor(self) -> Anchor:
        """What to keep outside of it, once committed."""
        return Anchor(head=self.head, snapshot=self._snapshot, sealed=self._sealed)
