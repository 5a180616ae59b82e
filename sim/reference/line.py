"""What one line of a feed makes of each message, in plain words (`lines.py` is the receiver)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from market.codes import Kind
from sim.kernels.line_words import BEAT_KEY
from sim.latency import Block
from sim.lines import Impairing
from sim.slowdown import sample
from sim.streams import draw, uniform_below

NEVER: Final = 1 << 62
PPM: Final = 1_000_000
LEVELS: Final = frozenset(Kind) - {Kind.TRADE, Kind.CROSS, Kind.PHASE, Kind.CLEAR, Kind.INDICATION}


class Row(NamedTuple):
    """One published row."""

    ts_ns: int
    kind: int
    side: int
    price: int
    qty: int
    shown: int
    cause: int


class Published(NamedTuple):
    """A message: the rows of one source message, under the number of the first."""

    seq: int
    rows: tuple[Row, ...]

    @property
    def end(self) -> int:
        """The number behind it."""
        return self.seq + len(self.rows)

    @property
    def ts_ns(self) -> int:
        """When it was published."""
        return self.rows[0].ts_ns


class Trouble(NamedTuple):
    """A row of what a line does wrong."""

    what: Impairing
    from_ns: int
    until_ns: int
    amount: int
    key: int


class Copy(NamedTuple):
    """What a line makes of a message: when it arrives, if so in order, and whether it is wrong."""

    arrives_ns: int
    in_order: bool
    wrong: int = 0


class Line:
    """One line.

    Args:
        block: Its latency.
        key: Of its draws.
        troubles: What is wrong with it.
    """

    def __init__(self, block: Block, key: int, troubles: Sequence[Trouble], book_id: int) -> None:
        self.copies: dict[int, Copy] = {}
        self._block = block
        self._key = key
        self._troubles = troubles
        self._book_id = book_id
        self._previous_ns = 0
        self._hits = [0] * len(troubles)
        self._held: tuple[int, int, int] | None = None  # number, wrong, messages that still pass it

    def publish(self, message: Published) -> None:
        """Work out what becomes of a message; they come in their order."""
        ts_ns, seq = message.ts_ns, message.seq
        cause = message.rows[0].cause
        latency = sample(self._block, self._key, ts_ns, self._book_id, cause)
        due_ns = max(ts_ns + latency, self._previous_ns)
        fate, wrong = "in order", 0
        for index, trouble in enumerate(self._troubles):
            if not trouble.from_ns <= ts_ns < trouble.until_ns:
                continue
            if trouble.what is Impairing.FREEZE:
                due_ns = max(due_ns, trouble.until_ns)
            elif fate != "gone":
                fate, wrong = self._impair(index, message, fate, wrong)
        if fate == "gone":
            self.copies[seq] = Copy(NEVER, in_order=False)
            if self._held is not None and self._held[0] < 0:
                self._held = None  # it was to be held, and is not there
        elif fate == "held":
            self.copies[seq] = Copy(NEVER, in_order=False, wrong=wrong)
        else:
            self.copies[seq] = Copy(due_ns, in_order=True, wrong=wrong)
            self._previous_ns = due_ns
            self._pass(due_ns)
        if fate == "held" and self._held is not None and self._held[0] < 0:
            self._held = (seq, wrong, self._held[2])

    def _impair(self, index: int, message: Published, fate: str, wrong: int) -> tuple[str, int]:
        """Let one trouble act on a message that is not gone."""
        trouble = self._troubles[index]
        what, amount = trouble.what, trouble.amount
        is_level = message.rows[0].kind in LEVELS
        if what is Impairing.LOSE_RUN:
            if self._hits[index] >= amount:
                return fate, wrong
            self._hits[index] += 1
            return "gone", wrong
        if what is Impairing.OVERTAKE:
            if self._held is not None:
                return fate, wrong
            self._held = (-1, 0, amount)
            return "held", wrong
        if what is Impairing.CROSS:
            return fate, amount if is_level else wrong
        if what is Impairing.DIVERGE and not is_level:
            return fate, wrong
        if uniform_below(draw(trouble.key, message.seq, self._book_id), PPM) >= amount:
            return fate, wrong
        if what is Impairing.DIVERGE:
            return fate, -1
        return (fate if what is Impairing.REPEAT else "gone"), wrong

    def _pass(self, due_ns: int) -> None:
        """A message in order passes the held one, which arrives behind the last that does."""
        if self._held is None:
            return
        seq, wrong, left = self._held
        if left > 1:
            self._held = (seq, wrong, left - 1)
            return
        self._held = None
        self.copies[seq] = Copy(due_ns + 1, in_order=False, wrong=wrong)

    def beat(self, sent_ns: int, number: int) -> int:
        """When a heartbeat arrives that says something new, or NEVER."""
        for trouble in self._troubles:
            if not trouble.from_ns <= sent_ns < trouble.until_ns:
                continue
            if trouble.what is Impairing.FREEZE:
                return NEVER
            if trouble.what in (Impairing.LOSE, Impairing.CORRUPT):
                bits = draw(trouble.key ^ BEAT_KEY, number)
                if uniform_below(bits, PPM) < trouble.amount:
                    return NEVER
        return sent_ns + sample(self._block, self._key ^ BEAT_KEY, sent_ns, number, 0)
