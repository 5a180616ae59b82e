"""A local book in plain Python: what a host knows, and who waits for what to change in it."""

from dataclasses import dataclass, field

from market.codes import Kind, Phase, Side, Trigger
from market.messages import NO_PRICE
from sim.reference.outcome import Message
from sim.world import ViewWords

NOTHING = Trigger(0)
NOT_A_LEVEL = frozenset((Kind.TRADE, Kind.CROSS, Kind.PHASE, Kind.CLEAR, Kind.INDICATION))


@dataclass
class Waiting:
    """One subscription: what it waits for, until it fires."""

    triggers: Trigger = NOTHING
    watch: tuple[Side, int] | None = None
    stale_ns: int = 0


@dataclass
class LocalBook:
    """Levels, the last trade, and versions that tell a reader what changed since it last looked."""

    tick_units: int
    phase: int
    local_ns: int
    waiting: list[Waiting]
    levels: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}))
    best: tuple[tuple[int, int], tuple[int, int]] = ((NO_PRICE, 0), (NO_PRICE, 0))
    trade_units: int = NO_PRICE
    trade_lots: int = 0
    trade_count: int = 0
    venue_ns: int = 0
    seq: int = 0
    bbo_version: int = 0
    level_version: int = 0
    indication: tuple[int, int, int] = (NO_PRICE, 0, 0)

    def apply(self, message: Message) -> Trigger:
        """Take one message of the feed. The triggers that it may fire."""
        kind = Kind(message.kind)
        if kind in (Kind.TRADE, Kind.CROSS):
            self._trade(message.price, message.qty)
            return Trigger.TRADE
        if kind is Kind.PHASE:
            self.phase = message.qty
            self.indication = (NO_PRICE, 0, 0)
            return Trigger.PHASE
        if kind is Kind.INDICATION:
            self.indication = (message.price, message.qty, message.level_shown)
            return Trigger.INDICATION
        if kind is Kind.CLEAR:
            for levels in self.levels:
                levels.clear()
            return Trigger(0)
        if message.level_shown:
            self.levels[message.side][message.price] = message.level_shown
        else:
            self.levels[message.side].pop(message.price, None)
        fired = Trigger(0)
        if kind is Kind.EXECUTE:
            self._trade(message.price * self.tick_units, message.qty)
            fired = Trigger.TRADE
        place = (Side(message.side), message.price)
        if any(w.triggers & Trigger.LEVEL and w.watch == place for w in self.waiting):
            self.level_version += 1
            fired |= Trigger.LEVEL
        return fired

    def close(self, venue_ns: int, local_ns: int) -> Trigger:
        """A whole source message has been applied. Trigger.BBO when the touch changed."""
        self.venue_ns = venue_ns
        self.local_ns = local_ns
        best = (self._best(Side.BUY), self._best(Side.SELL))
        if best == self.best:
            return Trigger(0)
        self.best = best
        self.bbo_version += 1
        return Trigger.BBO

    def words(self) -> ViewWords:
        """What a host reads."""
        (bid, bid_lots), (ask, ask_lots) = self.best
        return ViewWords(
            bid,
            bid_lots,
            ask,
            ask_lots,
            self.trade_units,
            self.trade_lots,
            self.trade_count,
            self.venue_ns,
            self.local_ns,
            self.seq,
            int(Phase(self.phase)),
            self.bbo_version,
            self.level_version,
            *self.indication,
        )

    def depth(self, side: Side, count: int) -> list[tuple[int, int]]:
        """The best levels of one side, best first."""
        prices = sorted(self.levels[side], reverse=side is Side.BUY)
        return [(price, self.levels[side][price]) for price in prices[:count]]

    def _trade(self, units: int, lots: int) -> None:
        self.trade_units = units
        self.trade_lots = lots
        self.trade_count += 1

    def _best(self, side: Side) -> tuple[int, int]:
        found = self.depth(side, 1)
        return found[0] if found else (NO_PRICE, 0)
