"""One stock's limit-up limit-down bands on one day: what moves them, and when trading pauses.

Model: the first reference is the opening price, or the previous close when nothing has traded five
minutes after the open. From then on it is the mean of the trades of five minutes, as `LuldReference`
republishes it. The band follows the reference and the time of day. A best price at the far edge of the
band is a limit state, in which the band stands still; after fifteen seconds trading pauses for five
minutes, and the price of the reopening auction is the next reference.

Bands hold in continuous trading alone: opening, reopening and closing auctions are outside the plan, but
for the collar that `reopening_ppm` puts around a reopening.

Order of events: at one instant a print may come before or after the change of phase that it belongs to.

Limits: quotes and trades are those that it is given, where the plan takes the consolidated ones. After a
limit state the reference moves by the rule of one percent, where the plan publishes the mean at once.
"""

from market.codes import Phase
from sim.clock import NEVER_NS
from sim.schedule.effective import Interruption
from sim.schedule.guard import (
    Act,
    CallExtended,
    Interrupt,
    PhaseBegan,
    Quoted,
    Seen,
    SetBand,
    Traded,
    inside_ticks,
)
from sim.schedule.ports import NO_HIGH_TICKS, NO_LOW_TICKS
from sim.schedule.resolve import Session
from sim.schedule.stock_rules import moment_ns, time_of_day_ns
from sim.venue_rules.auction_policy import PPM
from sim.venue_rules.bands import Band, LuldRules, Tier, luld_band
from sim.venue_rules.luld import (
    LIMIT_STATE_NS,
    PAUSE_NS,
    WINDOW_NS,
    LuldMonitor,
    LuldReference,
    LuldState,
)

FREE = (NO_LOW_TICKS, NO_HIGH_TICKS)


class LuldDay:
    """The bands of one book on one day.

    Args:
        book_id: Whose acts these are.
        session: The day.
        rules: The plan as it stood.
        tier: Of the stock.
        previous_close_x2: In half ticks.
        ticks_per_cent: Ticks of the book in one cent, at least 1.
        leverage_ppm: Of a leveraged fund in tier 2.
        reopening_ppm: Half width of the collar around a reopening, and what each extension adds; 0 for
            none.
    """

    def __init__(
        self,
        book_id: int,
        session: Session,
        rules: LuldRules,
        tier: Tier,
        *,
        previous_close_x2: int,
        ticks_per_cent: int,
        leverage_ppm: int = PPM,
        reopening_ppm: int = 0,
    ) -> None:
        self._book_id = book_id
        self._session = session
        self._rules = rules
        self._tier = tier
        self._previous_close = previous_close_x2
        self._units_per_cent = 2 * ticks_per_cent
        self._leverage_ppm = leverage_ppm
        self._reopening_ppm = reopening_ppm
        self._reference: LuldReference | None = None
        self._monitor = LuldMonitor()
        self._band: Band | None = None
        self._around = (0, -1)
        self._found: Band | None = None
        self._set = FREE
        self._phase = Phase.CLOSED
        self._widened = 0
        self._reopened_ns = -1
        self._auction: tuple[int, int] | None = None
        self._quote = Quoted(None, None)
        self._since_ns: int | None = None
        self._edges = self._edge_times()
        self._due_ns = self._next_due()

    def _edge_times(self) -> list[int]:
        """When the time of day alone changes the band, or gives the first reference; latest first."""
        rules = self._rules
        times = {rules.start_ns, rules.end_ns}.union(*rules.wide)
        moments = {moment_ns(self._session, time) for time in times}
        moments.add(self._session.open_ns + WINDOW_NS)
        return sorted(moments, reverse=True)

    # --- what comes in ----------------------------------------------------------------------------

    @property
    def due_ns(self) -> int:
        """When time alone makes it act next."""
        return self._due_ns

    def _next_due(self) -> int:
        """The same, found anew; nothing but `_refresh` changes what it depends on."""
        due_ns = self._edges[-1] if self._edges else NEVER_NS
        if self._phase is not Phase.CONTINUOUS:
            return due_ns
        if self._monitor.state is LuldState.LIMIT:
            return min(due_ns, self._monitor.since_ns + LIMIT_STATE_NS)
        moves_ns = None if self._reference is None else self._reference.due_ns
        if moves_ns is None or moves_ns >= self._session.close_ns:
            return due_ns
        return min(due_ns, moves_ns)

    def advance(self, now_ns: int) -> list[Act]:
        """Do what time has made due, each thing at its own time."""
        acts: list[Act] = []
        if self._since_ns is None:
            self._since_ns = now_ns
        first_ns = self._session.open_ns + WINDOW_NS
        while (due_ns := self._due_ns) <= now_ns:
            while self._edges and self._edges[-1] <= due_ns:
                self._edges.pop()
            if self._reference is None and due_ns == first_ns and self._since_ns <= first_ns:
                self._reference = LuldReference(self._previous_close, due_ns)
            if self._in_limit and self._monitor.advance(due_ns) is LuldState.PAUSED:
                acts += self._pause(due_ns)
            else:
                acts += self._refresh(due_ns)
        return acts

    def on(self, seen: Seen, now_ns: int) -> list[Act]:
        """A trade, quote, phase or extension of a call."""
        acts = self.advance(now_ns)
        if isinstance(seen, Traded):
            if not self._on_trade(seen.price_x2, now_ns):
                return acts
        elif isinstance(seen, Quoted):
            self._quote = seen
        elif isinstance(seen, CallExtended):
            self._widened = seen.times
        else:
            self._on_phase(seen.phase, now_ns)
        return acts + self._refresh(now_ns, always=isinstance(seen, PhaseBegan))

    def _on_trade(self, price_x2: int, now_ns: int) -> bool:
        """A trade moves the reference; the first of the day or after a call is the reference.

        Returns:
            Whether it counts: between open and close, in continuous trading.
        """
        if not self._session.open_ns <= now_ns < self._session.close_ns:
            return False
        if self._phase is not Phase.CONTINUOUS:
            self._auction = (now_ns, price_x2)
            return False
        if self._reference is None or self._reopened_ns == now_ns:
            # What stood at the edge of the band before this price says nothing of the band around it.
            self._monitor = LuldMonitor()
            self._reference = LuldReference(price_x2, now_ns)
            self._reopened_ns = -1
        self._reference.on_trade(now_ns, price_x2)
        return True

    def _on_phase(self, phase: Phase, now_ns: int) -> None:
        """Bands hold in continuous trading; a return to it begins with a reference of its own."""
        before, self._phase = self._phase, phase
        self._monitor = LuldMonitor()
        self._widened = 0
        if now_ns >= self._session.close_ns:
            self._reference = None
        elif phase is Phase.CONTINUOUS is not before and now_ns >= self._session.open_ns:
            self._begin(now_ns)

    def _begin(self, now_ns: int) -> None:
        """Continuous trading begins; what an auction has printed at this instant is the reference."""
        printed = self._auction[1] if self._auction and self._auction[0] == now_ns else None
        if printed is not None:
            self._reference = LuldReference(printed, now_ns)
            self._reference.on_trade(now_ns, printed)
        elif self._reference is not None:
            self._reference = LuldReference(self._reference.price, now_ns)
        # The print may also be still to come, at this same instant.
        self._reopened_ns = -1 if printed is not None else now_ns

    # --- what comes out ---------------------------------------------------------------------------

    @property
    def _in_limit(self) -> bool:
        """Whether the stock stands at the edge of its band."""
        return self._phase is Phase.CONTINUOUS and self._monitor.state is LuldState.LIMIT

    def _pause(self, now_ns: int) -> list[Act]:
        """Trading pauses; the band is lifted until it resumes."""
        self._phase = Phase.HALT
        pause = Interrupt(now_ns, self._book_id, Interruption.PAUSE, now_ns + PAUSE_NS)
        return [*self._refresh(now_ns), pause]

    def _refresh(self, now_ns: int, *, always: bool = False) -> list[Act]:
        """Move the band to where it belongs, and hold the best prices against it."""
        band = self._due_band(now_ns)
        if band is None:
            self._monitor = LuldMonitor()
        elif self._phase is Phase.CONTINUOUS:
            was_limit = self._in_limit
            self._monitor.on_quote(now_ns, *self._quote, band)
            if was_limit and not self._in_limit:
                # Out of a limit state the band moves again, and may meet the same prices anew.
                band = self._due_band(now_ns)
                if band is not None:
                    self._monitor.on_quote(now_ns, *self._quote, band)
        self._band = band
        self._due_ns = self._next_due()
        found = FREE if band is None else inside_ticks(band.low, band.high)
        if found == self._set and not (always and band is not None):
            return []
        self._set = found
        return [SetBand(now_ns, self._book_id, *found)]

    def _due_band(self, now_ns: int) -> Band | None:
        """The band that holds now, None where there is none."""
        reference = self._reference
        if reference is None or now_ns >= self._session.close_ns:
            return None
        if self._phase is Phase.HALT_CALL and self._reopening_ppm:
            reach = reference.price * self._reopening_ppm * (self._widened + 1) // PPM
            return Band(reference.price - reach, reference.price + reach)
        if self._phase is not Phase.CONTINUOUS:
            return None
        time_ns = time_of_day_ns(self._session, now_ns)
        if self._in_limit and self._band is not None and time_ns < self._rules.end_ns:
            return self._band
        return self._computed(reference.at(now_ns), time_ns)

    def _computed(self, reference: int, time_ns: int) -> Band | None:
        """The band around a reference, which between two edges of the day depends on nothing else."""
        around = (reference, len(self._edges))
        if around != self._around:
            self._around = around
            self._found = luld_band(
                self._rules,
                reference=reference,
                previous_close=self._previous_close,
                tier=self._tier,
                time_of_day_ns=time_ns,
                units_per_cent=self._units_per_cent,
                leverage_ppm=self._leverage_ppm,
            )
        return self._found
