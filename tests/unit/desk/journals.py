"""Small journals that hold one of everything, and the same journal in pieces."""

from dataclasses import dataclass

from desk.journal import Anchor, Header, Journal, MemoryWriter, Reader, Record
from desk.journal.frame import PREFIX
from market.codes import AccrualKind, OperatorAction, Phase, Side, Trigger
from market.decisions import (
    Action,
    ActionKind,
    Cause,
    Caused,
    Decision,
    Permit,
    Quotes,
    Refusal,
    Sized,
    Target,
    Veto,
)
from market.messages import (
    NO_PRICE,
    Accrual,
    Cancel,
    Inbound,
    LinkStatus,
    Operator,
    Submit,
    TimerFired,
    View,
)

NOW_NS = 1_371_543_000_000_000_000
HEADER = Header(desk=3, config_digest="c0ffee", code_digest="dec0de")


def view(seq: int = 1, *, levels: int = 5) -> View:
    bids = tuple((58_000 - level, 100 + level) for level in range(levels))
    asks = tuple((58_001 + level, 200 + level) for level in range(levels))
    return View(
        book_id=0, bid_ticks=58_000, bid_lots=100, ask_ticks=58_001, ask_lots=200,
        own_bid_lots=0, own_ask_lots=0, last_trade_units=NO_PRICE, last_trade_lots=0,
        trade_count=seq, venue_ns=NOW_NS + seq, local_ns=NOW_NS + seq + 1_000, seq=seq,
        phase=Phase.CONTINUOUS, fired=Trigger.BBO | Trigger.TRADE, bids=bids, asks=asks,
    )  # fmt: skip


def submit(order_id: int) -> Caused:
    order = Submit(book_id=0, order_id=order_id, side=Side.BUY, price_ticks=58_000, qty_lots=10)
    return Caused(command=order, cause=Cause(strategy=0, signal_id=order_id, permit_id=7))


def decision(signal_id: int) -> Decision:
    return Decision(
        signal_id=signal_id, strategy=0,
        signal=Quotes(book_id=0, bid_ticks=58_000, bid_lots=10, ask_ticks=58_001, ask_lots=0),
        permit=Permit(permit_id=7, buy_room_lots=100, sell_room_lots=90),
        sized=Sized(bid_lots=10, factors=(("volatility", 900_000),)),
    )  # fmt: skip


def write_events(journal: Journal, first: int, count: int) -> None:
    """Events that are a function of their number: mostly views, every fifth with a command."""
    rare: tuple[Inbound, ...] = (
        TimerFired(timer_id=4, due_ns=NOW_NS),
        LinkStatus(book_id=0, up=False),
        Operator(action=OperatorAction.REARM, authority="A. Person"),
        Accrual(kind=AccrualKind.FUNDING, book_id=0, rate_ppb=100, mark_units=58_000),
    )
    vetoed = Decision(
        signal_id=9, strategy=1, signal=Target(book_id=0, strength_ppm=-5),
        veto=Veto(code=3, found=2, allowed=1),
    )  # fmt: skip
    for number in range(first, first + count):
        now_ns = NOW_NS + number
        if number == 0:
            journal.event(now_ns, None)
        elif number % 5 == 0:
            journal.event(now_ns, view(number), [decision(number)], [submit(number)])
        elif number % 7 == 3:
            action = Action(kind=ActionKind.PAUSE, code=2, found=5, allowed=4)
            refusal = Refusal(
                command=Cancel(book_id=0, order_id=5), cause=Cause(strategy=0),
                code=1, found=9, allowed=8,
            )  # fmt: skip
            journal.event(now_ns, rare[number % 4], [vetoed], actions=[action], refusals=[refusal])
        else:
            journal.event(now_ns, view(number, levels=number % 6))


@dataclass(frozen=True)
class Sample:
    """A journal's bytes, its records as they were written, and what is kept beside it."""

    data: bytes
    records: list[Record]
    anchor: Anchor

    @property
    def frames(self) -> list[bytes]:
        return [self.data[record.offset : record.end_offset] for record in self.records]


def joined(frames: list[bytes]) -> bytes:
    return PREFIX + b"".join(frames)


def sample(event_count: int = 8, *, sealed: bool = True) -> Sample:
    """A journal with a snapshot in its middle, a restart, and a seal at its end."""
    writer = MemoryWriter()
    journal = Journal.begin(writer, NOW_NS, HEADER)
    half = event_count // 2
    write_events(journal, 0, half)
    journal.snapshot(NOW_NS + half, b"the state" * 9)
    journal.commit()
    journal = Journal.resume(writer, NOW_NS + half, Reader(writer.durable()).to_end())
    write_events(journal, half, event_count - half)
    if sealed:
        journal.seal(NOW_NS + event_count)
    journal.commit()
    data = writer.durable()
    return Sample(data, list(Reader(data)), journal.anchor)
