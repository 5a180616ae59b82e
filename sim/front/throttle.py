"""Message throttles: how many messages a session may send, and what happens to one too many.

Model: a rule counts messages of a session, of a book, or of a session in each book, by a sliding window
(at most `count` in any `window_ns`) or by a token bucket (`count` tokens a `window_ns`, at most `burst`
saved up). A message must pass every rule. One that does not is refused, with the time that it would have
to wait, or it waits (`queue`): it gets a due time, and those behind it in the same session wait at least
as long, since a session never reorders what was said in it.

Invariants:
1. A window never lets more than `count` messages through in (t - window_ns, t], for any t.
2. A bucket never lets more than `burst + floor(count * d / window_ns)` through in any d ns.
3. Due times of one session never fall, nor do those that one rule counts together; nothing that was
   refused is counted.

Order of events: rules that refuse are asked first, about the present; then those that queue.

Limits: everything is counted at the gateway, so a message that waits counts when it is due. A cancel
that is exempt takes nothing from a rule, but keeps its place behind what waits. No venue's habit of
hanging up on an excess is here; `Throttle.refused` counts what it would look at.
"""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from market.codes import Reason
from market.errors import InputError
from market.refusals import Refusal
from market.units import DURATION_NS_MAX

COUNT_MAX = 1_000_000
"""Most messages that a rule counts: a window remembers every one of them."""


class Shape(IntEnum):
    """How a rule counts."""

    WINDOW = 0
    BUCKET = 1


class Per(IntEnum):
    """Whose messages a rule counts together."""

    SESSION = 0
    BOOK = 1
    SESSION_AND_BOOK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleRule:
    """One limit on messages.

    Attributes:
        count: Messages in a window, or tokens that a bucket gets in one.
        window_ns: How long that is.
        shape: How they are counted.
        burst: Of a bucket: most tokens saved up, and there at the beginning.
        per: Whose messages are counted together.
        cancels_exempt: Whether cancels pass uncounted.
        queue: Whether a message too many waits instead of being refused.
    """

    count: int
    window_ns: int
    shape: Shape = Shape.WINDOW
    burst: int = 0
    per: Per = Per.SESSION
    cancels_exempt: bool = False
    queue: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("count", 1, COUNT_MAX),
            ("window_ns", 1, DURATION_NS_MAX),
            ("burst", int(self.shape is Shape.BUCKET), COUNT_MAX),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"throttle {name}: found {getattr(self, name)}, allowed is {low} to {high}"
                )
        if self.shape is Shape.WINDOW and self.burst:
            raise InputError(f"throttle burst: found {self.burst}, allowed is 0 without a bucket")


class Window:
    """The times of the last messages, as many as may lie in a window."""

    __slots__ = ("_rule", "_times")

    def __init__(self, rule: ThrottleRule) -> None:
        self._rule = rule
        self._times: deque[int] = deque(maxlen=rule.count)

    def earliest(self, from_ns: int) -> int:
        """When the next message may pass: not before `from_ns`, nor before the last one."""
        if len(self._times) == self._rule.count:
            from_ns = max(from_ns, self._times[0] + self._rule.window_ns)
        return max(from_ns, self._times[-1]) if self._times else from_ns

    def take(self, at_ns: int) -> None:
        """A message passes."""
        assert self.earliest(at_ns) == at_ns
        self._times.append(at_ns)


class Bucket:
    """Tokens in units so small that `count` of them flow in each ns: a token is `window_ns` of them."""

    __slots__ = ("_filled", "_rule", "_since_ns")

    def __init__(self, rule: ThrottleRule) -> None:
        self._rule = rule
        self._filled = rule.burst * rule.window_ns
        self._since_ns = 0

    def earliest(self, from_ns: int) -> int:
        """When the next message may pass: not before `from_ns`, nor before the last one."""
        lacking = max(self._rule.window_ns - self._filled, 0)
        return max(from_ns, self._since_ns + -(-lacking // self._rule.count))

    def take(self, at_ns: int) -> None:
        """A message passes."""
        assert self.earliest(at_ns) == at_ns
        flowed = self._filled + (at_ns - self._since_ns) * self._rule.count
        self._filled = min(flowed, self._rule.burst * self._rule.window_ns) - self._rule.window_ns
        self._since_ns = at_ns


class Passage(NamedTuple):
    """What becomes of a message.

    Attributes:
        due_ns: When a book is asked: at once, or later for one that waits; meaningless if refused.
        refusal: Why it is refused; None when it is not.
    """

    due_ns: int
    refusal: Refusal | None = None


class Throttle:
    """The throttles of one venue.

    Args:
        rules: All must let a message pass.
        queue_max: Messages of one session that may wait at once.

    Attributes:
        passed: Messages that passed at once.
        queued: Messages that waited.
        refused: By session, messages that were refused.
    """

    def __init__(self, rules: tuple[ThrottleRule, ...], queue_max: int = COUNT_MAX) -> None:
        if not 1 <= queue_max <= COUNT_MAX:
            raise InputError(f"throttle queue_max: found {queue_max}, allowed is 1 to {COUNT_MAX}")
        self.passed = 0
        self.queued = 0
        self.refused: dict[int, int] = {}
        self._rules = rules
        self._queue_max = queue_max
        self._gauges: dict[tuple[int, int, int], Window | Bucket] = {}
        self._waiting: dict[int, deque[int]] = {}

    def ask(self, session: int, book_id: int, now_ns: int, *, is_cancel: bool) -> Passage:
        """Let a message that has arrived at `now_ns` pass, wait, or be refused.

        Args:
            session: Number of the session.
            book_id: Of the command.
            now_ns: The time; never falls.
            is_cancel: Whether it takes an order away, as a cancel or a mass cancel does.
        """
        counted = [
            (rule, self._gauge(number, rule, session, book_id))
            for number, rule in enumerate(self._rules)
            if not (is_cancel and rule.cancels_exempt)
        ]
        waiting = self._still_waiting(session, now_ns)
        due_ns = waiting[-1] if waiting else now_ns
        due_ns = max((g.earliest(due_ns) for rule, g in counted if rule.queue), default=due_ns)
        wait_ns = max((g.earliest(now_ns) for rule, g in counted if not rule.queue), default=now_ns)
        wait_ns -= now_ns
        # What no rule of a queue counts is never turned away by its length.
        if due_ns > now_ns and any(rule.queue for rule, _ in counted):
            full = len(waiting) >= self._queue_max
            wait_ns = max(wait_ns, waiting[0] - now_ns if full else 0)
        if wait_ns:
            self.refused[session] = self.refused.get(session, 0) + 1
            return Passage(now_ns, Refusal(Reason.THROTTLED, wait_ns))
        for rule, gauge in counted:
            gauge.take(due_ns if rule.queue else now_ns)
        if due_ns > now_ns:
            self.queued += 1
            waiting.append(due_ns)
        else:
            self.passed += 1
        return Passage(due_ns)

    def _gauge(
        self, number: int, rule: ThrottleRule, session: int, book_id: int
    ) -> Window | Bucket:
        """What counts a rule's messages of this session or book."""
        key = (
            number,
            session if rule.per is not Per.BOOK else -1,
            book_id if rule.per is not Per.SESSION else -1,
        )
        if key not in self._gauges:
            made = Window(rule) if rule.shape is Shape.WINDOW else Bucket(rule)
            self._gauges[key] = made
        return self._gauges[key]

    def _still_waiting(self, session: int, now_ns: int) -> deque[int]:
        """The due times of a session's messages that are yet to come."""
        waiting = self._waiting.setdefault(session, deque())
        while waiting and waiting[0] <= now_ns:
            waiting.popleft()
        return waiting
