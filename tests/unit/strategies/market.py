"""Hand-made messages, and a tiny venue that answers commands by the rules of venue-truth.md.

The venue keeps no book of others: a test says what fills. It holds every order to the truth that
the participants only hear about, so it can say at any moment what their worst case would be.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from market.codes import Liquidity, Phase, Reason, ReportType, Side, TimeInForce, Trigger
from market.messages import NO_PRICE, Cancel, Command, Replace, Report, SetTimer, Submit, View

DESK = 3
END_NS = 1_000_000
SEQ = itertools.count(1)


def order_id(sequence: int) -> int:
    return DESK << 40 | sequence


def view(
    bid_ticks: int = 100,
    ask_ticks: int = 103,
    *,
    own_bid_lots: int = 0,
    own_ask_lots: int = 0,
    phase: Phase = Phase.CONTINUOUS,
    fired: Trigger = Trigger.BBO,
    depth: int = 2,
    book_id: int = 0,
    seq: int | None = None,
) -> View:
    bids = ((bid_ticks, 50), (bid_ticks - 2, 70)) if bid_ticks != NO_PRICE else ()
    asks = ((ask_ticks, 50), (ask_ticks + 2, 70)) if ask_ticks != NO_PRICE else ()
    return View(
        book_id=book_id,
        bid_ticks=bid_ticks,
        bid_lots=50 if bids else 0,
        ask_ticks=ask_ticks,
        ask_lots=50 if asks else 0,
        own_bid_lots=own_bid_lots,
        own_ask_lots=own_ask_lots,
        last_trade_units=NO_PRICE,
        last_trade_lots=0,
        trade_count=0,
        venue_ns=0,
        local_ns=0,
        seq=next(SEQ) if seq is None else seq,
        phase=phase,
        fired=fired,
        bids=bids[:depth],
        asks=asks[:depth],
    )


def report(
    kind: ReportType,
    sequence: int,
    qty_lots: int = 0,
    leaves_lots: int = 0,
    *,
    price_ticks: int = 0,
    reason: Reason = Reason.NONE,
) -> Report:
    return Report(
        type=kind,
        book_id=0,
        order_id=order_id(sequence),
        price_ticks=price_ticks,
        qty_lots=qty_lots,
        leaves_lots=leaves_lots,
        reason=reason,
        liquidity=Liquidity.NONE,
        venue_ns=0,
        report_seq=0,
    )


@dataclass
class Resting:
    side: Side
    price_ticks: int
    live_lots: int


@dataclass
class TinyVenue:
    """Commands wait in `inbox` until taken, reports in `outbox` until delivered."""

    inbox: list[Submit | Cancel | Replace] = field(default_factory=list)
    outbox: list[Report] = field(default_factory=list)
    timers: list[SetTimer] = field(default_factory=list)
    resting: dict[int, Resting] = field(default_factory=dict)
    position_lots: int = 0
    bought_lots: int = 0
    seen: set[int] = field(default_factory=set)

    def send(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, SetTimer):
                self.timers.append(command)
            else:
                self.inbox.append(command)

    def take(self, *, refuse: bool = False, hit_lots: int = 0) -> None:
        """Answer the oldest command; `hit_lots` of an arriving IOC find a counterparty."""
        command = self.inbox.pop(0)
        match command:
            case Submit():
                self._submit(command, refuse=refuse, hit_lots=hit_lots)
            case Cancel():
                gone = self.resting.pop(command.order_id, None)
                if gone is None:
                    self._say(
                        ReportType.CANCEL_REJECTED, command.order_id, 0, 0, Reason.UNKNOWN_ORDER
                    )
                else:
                    self._say(ReportType.CANCELLED, command.order_id, gone.live_lots, 0)
            case Replace():
                self._replace(command, refuse=refuse)

    def fill(self, side: Side, lots: int) -> None:
        """Let up to `lots` of the first resting order of a side trade."""
        for found, order in list(self.resting.items()):
            if order.side is side:
                self._fill(found, order, min(lots, order.live_lots))
                return

    def worst_lots(self, side: Side) -> int:
        """The position, seen from a side, if all that rests there filled."""
        open_lots = sum(o.live_lots for o in self.resting.values() if o.side is side)
        return side.sign * self.position_lots + open_lots

    def live_count(self, side: Side) -> int:
        """Orders of a side at the venue or on their way to it."""
        arriving = [c for c in self.inbox if isinstance(c, Submit) and c.side is side]
        return len(arriving) + sum(o.side is side for o in self.resting.values())

    def _submit(self, command: Submit, *, refuse: bool, hit_lots: int) -> None:
        assert command.order_id not in self.seen
        assert command.qty_lots > 0
        self.seen.add(command.order_id)
        if refuse:
            self._say(
                ReportType.REJECTED, command.order_id, command.qty_lots, 0, Reason.WOULD_CROSS
            )
            return
        order = Resting(command.side, command.price_ticks, command.qty_lots)
        self.resting[command.order_id] = order
        self._say(ReportType.ACCEPTED, command.order_id, command.qty_lots, command.qty_lots)
        if command.tif is TimeInForce.IOC:
            self._fill(command.order_id, order, min(hit_lots, order.live_lots))
            left = self.resting.pop(command.order_id, None)
            if left is not None:
                self._say(
                    ReportType.EXPIRED, command.order_id, left.live_lots, 0, Reason.IOC_REMAINDER
                )

    def _replace(self, command: Replace, *, refuse: bool) -> None:
        order = self.resting.get(command.order_id)
        if order is None or refuse:
            leaves = 0 if order is None else order.live_lots
            reason = Reason.UNKNOWN_ORDER if order is None else Reason.WOULD_CROSS
            self._say(
                ReportType.REPLACE_REJECTED, command.order_id, command.qty_lots, leaves, reason
            )
            return
        order.price_ticks, order.live_lots = command.price_ticks, command.qty_lots
        self._say(
            ReportType.REPLACED,
            command.order_id,
            command.qty_lots,
            command.qty_lots,
            price_ticks=command.price_ticks,
        )

    def _fill(self, found: int, order: Resting, lots: int) -> None:
        if lots < 1:
            return
        order.live_lots -= lots
        self.position_lots += order.side.sign * lots
        self.bought_lots += lots if order.side is Side.BUY else 0
        self._say(ReportType.FILLED, found, lots, order.live_lots)
        if order.live_lots == 0:
            del self.resting[found]

    def _say(
        self,
        kind: ReportType,
        found: int,
        qty_lots: int,
        leaves_lots: int,
        reason: Reason = Reason.NONE,
        price_ticks: int = 0,
    ) -> None:
        self.outbox.append(
            report(
                kind,
                found & ((1 << 40) - 1),
                qty_lots,
                leaves_lots,
                reason=reason,
                price_ticks=price_ticks,
            )
        )
