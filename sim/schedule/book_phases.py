"""One book's phase: what is scheduled, what interrupts it, and the call that is in progress.

Model: interruptions add up, and the strongest decides (`effective.TABLE`). One that halts breaks off a
call; a call does not begin under one that halts.

Nothing here knows a clock, a draw or a book: times come in, and the phase comes out.
"""

from market.codes import Phase
from sim.schedule.effective import TABLE, Interruption
from sim.schedule.rules import Extension

CALLS = (Interruption.EXTENDED, Interruption.VOLATILITY, Interruption.REOPENING)


class Call:
    """A call in progress that an interruption made or extends.

    Attributes:
        number: What its end is drawn from.
        rule: When it goes on.
        price_times: Price extensions so far.
        market_times: Market-order extensions so far.
    """

    __slots__ = ("market_times", "number", "price_times", "rule")

    def __init__(self, number: int, rule: Extension) -> None:
        self.number = number
        self.rule = rule
        self.price_times = 0
        self.market_times = 0

    @property
    def times(self) -> int:
        """Extensions so far."""
        return self.price_times + self.market_times

    def extend(self, *, in_band: bool, market_left: bool) -> int:
        """How long the call goes on, given what would come of it now; 0 when it may end."""
        rule = self.rule
        # A count of -1 is never reached, so such a call goes on as often as it takes.
        if market_left and self.market_times != rule.market_times:
            self.market_times += 1
            return rule.market_ns
        if not in_band and self.price_times != rule.price_times:
            self.price_times += 1
            return rule.price_ns
        return 0


class BookPhases:
    """What is scheduled for a book, and what interrupts it.

    Attributes:
        scheduled: The phase that the schedule says.
        held: The phase that the book has.
        active: The interruptions, and when time ends each; None for never.
        call: The call that an interruption made or extends, while one does.
    """

    __slots__ = ("active", "call", "held", "scheduled")

    def __init__(self, held: Phase) -> None:
        self.scheduled = held
        self.held = held
        self.active: dict[Interruption, int | None] = {}
        self.call: Call | None = None

    @property
    def strongest(self) -> Interruption:
        """The interruption that decides."""
        return max(self.active, default=Interruption.NONE)

    @property
    def wanted(self) -> Phase:
        """The phase that the book should have."""
        cell = TABLE[self.strongest, self.scheduled]
        return self.held if cell.phase is None else cell.phase

    def schedule(self, phase: Phase) -> None:
        """The schedule begins a phase; interruptions that yield to it end."""
        self.scheduled = phase
        for kind in [kind for kind in self.active if TABLE[kind, phase].ends]:
            self.end(kind)

    def begin(self, kind: Interruption, until_ns: int | None) -> bool:
        """An interruption begins, or lasts longer than it would have; whether it does.

        One that ends in the scheduled phase, and a call under a halt, do not begin.
        """
        if TABLE[kind, self.scheduled].ends or (kind in CALLS and self.strongest.halts):
            return False
        if kind in self.active:
            before_ns = self.active[kind]
            if before_ns is None or (until_ns is not None and until_ns <= before_ns):
                return False
        if kind.halts:
            for call in CALLS:
                self.end(call)
        self.active[kind] = until_ns
        return True

    def end(self, kind: Interruption) -> None:
        """An interruption ends, if it is active."""
        if kind in self.active:
            del self.active[kind]
            if kind in CALLS:
                self.call = None

    @property
    def reopens(self) -> bool:
        """Whether a halt that has just ended leads to a reopening auction."""
        return not self.active and self.scheduled is Phase.CONTINUOUS
