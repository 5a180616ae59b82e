"""A scheduled buyer: a fixed quantity in slices, passive at first, aggressive when patience ends.

Model: the time between start and stop is cut into equal slices, and at the start of each a further
share of the total falls due. What is due and not bought rests post-only at the best bid. When
`patience_ns` have passed it is cancelled, and what is left, of this slice and of those before, is
taken with immediate-or-cancel orders at the best ask until nothing is due.

Invariants:
1. At most one live order.
2. Bought lots and everything that may still fill never exceed what is due, so never the total, in
   whatever order the reports of an order come.
3. After the stop nothing is sent but the cancel of what still rests.

Orders follow views, never reports of a refusal or an expiry: the prices that failed are tried again
only when the book has spoken.

Limits: no view on volume or price; a thin book is bought as if it were deep, a level at a time.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from market.codes import Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.messages import Command, Inbound, Report, SetTimer, TimerFired, View
from strategies.open_orders import OpenOrders
from strategies.touch import Touch, newest, touch_of

SLICES_MAX: Final = 100_000


class ScheduledBuyerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a scheduled buyer.

    Attributes:
        total_lots: What to buy in all.
        slices: In how many equal steps of time.
        patience_ns: How long a slice rests passively.
        start_after_ns: From the start of the run to the first slice.
        stop_before_end_ns: From the stop to the end of the run.
    """

    total_lots: int
    slices: int
    patience_ns: int
    start_after_ns: int = 0
    stop_before_end_ns: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.total_lots <= QTY_LOTS_MAX:
            raise InputError(f"total_lots is {self.total_lots}, allowed is 1 to {QTY_LOTS_MAX}")
        if not 1 <= self.slices <= min(self.total_lots, SLICES_MAX):
            raise InputError(
                f"slices is {self.slices}, allowed is 1 to {min(self.total_lots, SLICES_MAX)} "
                "(a lot a slice at least)"
            )
        for name in ("patience_ns", "start_after_ns", "stop_before_end_ns"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is 0 or more")


class ScheduledBuyer:
    """Buys on one book (`market.ports.Participant`).

    Timer `k` starts slice `k`, timer `slices + k` ends its patience, timer `2 * slices` stops.

    Args:
        desk: Number of the desk, which its order ids begin with.
        book_id: The book it buys on; messages about others are ignored.
        start_ns: First instant of the run.
        end_ns: First instant after it.
    """

    def __init__(
        self,
        config: ScheduledBuyerConfig,
        *,
        desk: int,
        book_id: int,
        start_ns: int,
        end_ns: int,
    ) -> None:
        self.orders = OpenOrders(desk=desk, book_id=book_id)
        self._config = config
        self._begin_ns = start_ns + config.start_after_ns
        self._stop_ns = end_ns - config.stop_before_end_ns
        self._view: View | None = None
        self._tried = False
        self._due_lots = 0
        self._patient = True
        self._resting = False
        self._stopped = False

    def start(self, now_ns: int) -> Sequence[Command]:
        """Ask for a timer at every slice and at the stop."""
        slices = self._config.slices
        begin_ns, span_ns = self._begin_ns, self._stop_ns - self._begin_ns
        if span_ns <= 0 or now_ns >= self._stop_ns:
            self._stopped = True
            return []
        timers = [
            SetTimer(timer_id=index, due_ns=begin_ns + span_ns * index // slices)
            for index in range(slices)
        ]
        return [*timers, SetTimer(timer_id=2 * slices, due_ns=self._stop_ns)]

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message in and do what is due."""
        commands: list[Command] = []
        match message:
            case View():
                if message.book_id == self.orders.book_id:
                    self._view = newest(self._view, message)
                    self._tried = False
            case Report():
                self.orders.apply(message)
            case TimerFired():
                commands.extend(self._on_timer(message.timer_id, now_ns))
        self._stopped = self._stopped or now_ns >= self._stop_ns
        return [*commands, *self._act()]

    def _on_timer(self, timer_id: int, now_ns: int) -> list[Command]:
        """Let a slice fall due, or its patience end."""
        slices = self._config.slices
        if timer_id < slices:
            self._due_lots = self._config.total_lots * (timer_id + 1) // slices
            self._patient = True
            self._tried = False
            due_ns = now_ns + self._config.patience_ns
            return [SetTimer(timer_id=slices + timer_id, due_ns=due_ns)]
        if timer_id < 2 * slices:
            self._patient = False
            self._tried = False
        return []

    def _act(self) -> list[Command]:
        """Cancel what has lost its reason, or send what is due and not yet on its way."""
        order = self.orders.live(Side.BUY)
        if order is not None:
            # One that takes ends by itself; only one that waits can have waited long enough.
            overdue = self._resting and (self._stopped or not self._patient)
            return [self.orders.cancel(order)] if overdue and not order.cancelling else []
        reached_lots = self.orders.position_lots + self.orders.at_risk_lots(Side.BUY)
        want_lots = self._due_lots - reached_lots
        touch = touch_of(self._view)
        if self._stopped or self._tried or want_lots < 1 or touch is None:
            return []
        self._tried = True
        return [self._order(touch, want_lots)]

    def _order(self, touch: Touch, qty_lots: int) -> Command:
        """A bid that waits, or one that takes."""
        self._resting = self._patient
        if self._resting:
            return self.orders.submit(
                side=Side.BUY, price_ticks=touch.bid_ticks, qty_lots=qty_lots, post_only=True
            )
        return self.orders.submit(
            side=Side.BUY, price_ticks=touch.ask_ticks, qty_lots=qty_lots, tif=TimeInForce.IOC
        )
