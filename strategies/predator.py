"""A predator: finds orders that come by the clock, is there before the next one, and sells it its own lots.

Model: it watches trades. Time is folded by each of `periods_ms` and cut into bins; a bin in which one side
was taken in `streak` periods running is a pattern: somebody takes that side every period. A moment before
it is due again (`lead_ns`) the predator takes what the best price on that side shows, rests what it got a
tick before the next price, at least `margin_ticks` beyond its own, and whoever comes by the clock meets
it there. When nobody has come by `give_up_ns` after the due time, it takes what is left back at the
market. It goes on to watch while it waits, so that one hunt can follow the other for as long as the
pattern lasts; what it trades itself, before and after, it does not take for somebody else's.

It knows no names and no books but the one it sees: views and its own reports are all that it has.

Invariants:
1. One hunt at a time, of at most `lots_max`; its position is that of the hunt.
2. After the stop it sends nothing but what brings it to zero.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from market.codes import Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.errors import InputError
from market.messages import Command, Inbound, Report, SetTimer, TimerFired, View
from strategies.open_orders import OpenOrders
from strategies.touch import newest, touch_of

STRIKE: Final = 1
GIVE_UP: Final = 2
STOP: Final = 3
STREAK_MAX: Final = 1_000
RETRY_NS: Final = 50_000_000
MS: Final = 1_000_000


class PredatorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters.

    Attributes:
        periods_ms: Periods that are looked for, in milliseconds.
        bin_ns: How exactly a pattern must keep its time; at most half of the lead.
        streak: Periods running that make a pattern.
        lead_ns: How long before the due time it strikes.
        give_up_ns: How long after it what is left is taken back.
        lots_max: Most that a hunt takes.
        margin_ticks: How far beyond the price it got it rests at least.
        stop_before_end_ns: How long before the end it begins no hunt any more.
    """

    periods_ms: tuple[int, ...]
    lots_max: int
    bin_ns: int = 100_000_000
    streak: int = 4
    lead_ns: int = 200_000_000
    give_up_ns: int = 1_000_000_000
    margin_ticks: int = 1
    stop_before_end_ns: int = 60_000_000_000

    def __post_init__(self) -> None:
        if not self.periods_ms or min(self.periods_ms) < 1:
            raise InputError(f"periods_ms: found {list(self.periods_ms)}, allowed are some above 0")
        shortest_ns = min(self.periods_ms) * MS
        for name, low, high in (
            ("lots_max", 1, QTY_LOTS_MAX),
            ("lead_ns", 2, shortest_ns),
            ("bin_ns", 1, self.lead_ns // 2),
            ("streak", 2, STREAK_MAX),
            ("give_up_ns", 1, 1 << 60),
            ("margin_ticks", 0, 1_000_000),
            ("stop_before_end_ns", 0, 1 << 60),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} is {getattr(self, name)}, allowed is {low} to {high}")


class Predator:
    """Hunts on one book (`market.ports.Participant`).

    Attributes:
        hunts: How often it struck.

    Args:
        desk: Number of the desk, which its order ids begin with.
        book_id: The book it hunts on; messages about others are ignored.
        end_ns: First instant after the run.
    """

    def __init__(self, config: PredatorConfig, *, desk: int, book_id: int, end_ns: int) -> None:
        self.orders = OpenOrders(desk=desk, book_id=book_id)
        self.hunts = 0
        self._config = config
        self._stop_ns = end_ns - config.stop_before_end_ns
        self._view: View | None = None
        self._seen: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._next_ns = 0
        self._next_side = Side.BUY
        self._due_ns = 0
        self._side = Side.BUY
        self._is_hunting = False
        self._is_over = False
        self._price_ticks = 0
        self._next_ticks = 0

    def start(self, now_ns: int) -> Sequence[Command]:
        """Ask to be woken for the stop."""
        return [SetTimer(timer_id=STOP, due_ns=max(self._stop_ns, now_ns))]

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message in and do what is due."""
        commands: list[Command] = []
        if isinstance(message, View) and message.book_id == self.orders.book_id:
            before, self._view = self._view, newest(self._view, message)
            side = _taken(before, message)
            if side is not None and self._is_watching(message.venue_ns):
                self._note(side, message.venue_ns)
                commands += self._begin(now_ns)
        elif isinstance(message, Report):
            if self.orders.apply(message):
                self._price_ticks = message.price_ticks
        elif isinstance(message, TimerFired):
            commands += self._on_timer(message.timer_id, now_ns)
        return [*commands, *self._act(now_ns)]

    def _is_watching(self, at_ns: int) -> bool:
        """Whether a trade of that moment is somebody else's: not our strike, nor what we take back."""
        if not self._is_hunting:
            return True
        return not self._is_over and at_ns >= self._due_ns - self._config.lead_ns // 2

    def _note(self, side: Side, at_ns: int) -> None:
        """A side was taken: does it keep a time?"""
        config, found_ns = self._config, 0
        for place, period_ms in enumerate(config.periods_ms):
            period_ns = period_ms * MS
            cycle, phase_ns = divmod(at_ns, period_ns)
            key = place, phase_ns // config.bin_ns, int(side)
            last, streak = self._seen.get(key, (-2, 0))
            if cycle == last:
                continue
            streak = streak + 1 if cycle == last + 1 else 1
            self._seen[key] = cycle, streak
            if streak >= config.streak and not found_ns:
                found_ns = at_ns + period_ns
        if found_ns:
            self._next_ns, self._next_side = found_ns, side

    def _begin(self, now_ns: int) -> list[Command]:
        """Wait for the next moment that is known, unless there is none or another hunt is on."""
        strike_ns = self._next_ns - self._config.lead_ns
        if self._is_hunting or strike_ns <= now_ns or self._next_ns >= self._stop_ns:
            return []
        self._due_ns, self._side = self._next_ns, self._next_side
        self._is_hunting, self._is_over = True, False
        return [SetTimer(timer_id=STRIKE, due_ns=strike_ns)]

    def _on_timer(self, timer_id: int, now_ns: int) -> list[Command]:
        """Strike, or give up."""
        if timer_id == STRIKE:
            commands = self._strike()
            return [
                *commands,
                SetTimer(timer_id=GIVE_UP, due_ns=self._due_ns + self._config.give_up_ns),
            ]
        self._is_over = True
        if timer_id == STOP and self.orders.position_lots == 0:
            return []
        if self.orders.position_lots or self._resting():
            return [SetTimer(timer_id=GIVE_UP, due_ns=now_ns + RETRY_NS)]
        self._is_hunting = False
        return self._begin(now_ns)

    def _strike(self) -> list[Command]:
        """Take what the best price shows."""
        touch, view = touch_of(self._view), self._view
        if touch is None or view is None:
            return []
        buys = self._side is Side.BUY
        price_ticks = touch.ask_ticks if buys else touch.bid_ticks
        shown_lots = view.ask_lots if buys else view.bid_lots
        behind = view.asks if buys else view.bids
        self._next_ticks = behind[1][0] if len(behind) > 1 else price_ticks
        self.hunts += 1
        return [
            self.orders.submit(
                side=self._side,
                price_ticks=price_ticks,
                qty_lots=min(shown_lots, self._config.lots_max),
                tif=TimeInForce.IOC,
            )
        ]

    def _resting(self) -> bool:
        """Whether an order of either side is alive."""
        return any(self.orders.live(side) is not None for side in Side)

    def _act(self, now_ns: int) -> list[Command]:
        """Offer what was taken, or take it back when nobody came."""
        lots = self.orders.position_lots
        side = Side.SELL if lots > 0 else Side.BUY
        order = self.orders.live(side) if lots else None
        if self._is_over or now_ns >= self._stop_ns:
            for each in Side:
                rests = self.orders.live(each)
                if rests is not None:
                    return [] if rests.cancelling else [self.orders.cancel(rests)]
            touch = touch_of(self._view)
            if lots == 0 or touch is None:
                return []
            price_ticks = touch.bid_ticks if side is Side.SELL else touch.ask_ticks
            return [
                self.orders.submit(
                    side=side, price_ticks=price_ticks, qty_lots=abs(lots), tif=TimeInForce.IOC
                )
            ]
        if lots == 0 or order is not None or self._resting():
            return []
        # As dear as it may be and still the best: a tick before whoever stood behind.
        sign = 1 if lots > 0 else -1
        least, most = self._config.margin_ticks, sign * (self._next_ticks - self._price_ticks) - 1
        return [
            self.orders.submit(
                side=side,
                price_ticks=self._price_ticks + sign * max(least, most),
                qty_lots=abs(lots),
                post_only=True,
            )
        ]


def _taken(before: View | None, after: View) -> Side | None:
    """The side of whoever traded between two views, by which of the best prices gave way."""
    if before is None or after.trade_count <= before.trade_count:
        return None
    ask_gave = after.ask_ticks > before.ask_ticks or (
        after.ask_ticks == before.ask_ticks and after.ask_lots < before.ask_lots
    )
    bid_gave = after.bid_ticks < before.bid_ticks or (
        after.bid_ticks == before.bid_ticks and after.bid_lots < before.bid_lots
    )
    if ask_gave == bid_gave:
        return None
    return Side.BUY if ask_gave else Side.SELL
