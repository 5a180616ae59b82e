"""The desk: message in, commands out, every stage in order over one state.

Model: a deterministic state machine without I/O and without a clock. The same messages at the same
times give the same commands, the same journal and the same state, so that recovery is replay, a hot
standby is a second desk fed the same stream, and audit is reading the stream.

Order of one event: what happened is taken into the state first (feed, orders, ledger, state), so that
no stage ever decides on a stale picture; then the watch over what is in flight, which may pause or
abort; then each wish that the event touched goes through gate → sizing → execution → router → limits → orders.
Last comes the record of it all: no command leaves before that is durable, which the owner of the desk
sees to.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from desk.config import DeskConfig
from desk.desk_data import DeskData, EventLog, Probe
from desk.execution import Executor
from desk.execution.child import Child
from desk.feed import Feed
from desk.gate import Gate
from desk.ledger import Ledger
from desk.limits import Limits
from desk.orders import Orders
from desk.outbox import EXECUTION_TIMERS, Outbox
from desk.picture import Picture
from desk.routes import Routing
from desk.state import State, account_key
from desk.succession import Succession
from desk.trouble import Trouble
from market.codes import OperatorAction, ReportType, TimeInForce
from market.decisions import Facts, Flat, Permit, Signal, Veto
from market.errors import DeskError
from market.instruments import Instrument
from market.messages import (
    EVERY,
    Accrual,
    Command,
    Inbound,
    LinkStatus,
    Operator,
    Report,
    StoreStatus,
    TimerFired,
    View,
)
from market.ports import Strategy

HEARTBEAT: Final = 1
"""Id of the timer by which a desk notices what does not happen."""

FLAT_AT: Final = 2
"""Id of the timer at which every strategy must be flat."""

FAR_NS: Final = 1 << 62
NO_KEYS: Final[tuple[int, ...]] = ()
# Enum attributes cost a look-up each; the hot path has plain names.
_ACCEPTED: Final = ReportType.ACCEPTED
_CANCELLED: Final = ReportType.CANCELLED
_CANCEL_REJECTED: Final = ReportType.CANCEL_REJECTED

REFUSED: Final = frozenset((ReportType.REJECTED, ReportType.REPLACE_REJECTED, ReportType.EXPIRED))
"""What is not tried again on the same content: an IOC that found nothing would find nothing again."""


class Desk:
    """A whole trading stack (`market.ports.Participant`).

    Args:
        config: Of every stage.
        instruments: By book.
        strategies: Fresh, in the order of the configuration; restored from `data` where there is one.
        journal: Where every event is recorded.
        data: What an earlier desk of the same configuration remembered.
        probe: Told when a stage has ended.
    """

    def __init__(
        self,
        config: DeskConfig,
        instruments: Sequence[Instrument],
        strategies: Sequence[Strategy],
        journal: EventLog,
        data: DeskData | None = None,
        probe: Probe | None = None,
    ) -> None:
        assert len(strategies) == len(config.strategies)
        self.config, self.journal, self._probe = config, journal, probe
        self.instruments, self.strategies = list(instruments), list(strategies)
        count, old = len(strategies), data
        self.feed = Feed(len(instruments), config.stale_ns, old.feed if old else None)
        self.state = State(
            config.state, instruments, _numbers(config.groups), count, old.state if old else None
        )
        self.gate = Gate(
            config.gate,
            instruments=[one.symbol for one in instruments],
            groups=config.groups,
            strategies=[one.name for one in config.strategies],
            data=old.gate if old else None,
        )
        self.limits = Limits(
            config.limits, instruments, old.limits if old else None, config.ceilings
        )
        self.orders = Orders(config.desk, old.orders if old else None)
        self.ledger = Ledger(self.instruments, count, old.ledger if old else None)
        self.executor = Executor(
            [one.execution for one in config.strategies], old.execution if old else None
        )
        if old is not None:
            for strategy, raw in zip(self.strategies, old.strategies, strict=True):
                strategy.state = msgspec.msgpack.decode(raw, type=type(strategy.state))
        self.data = old or DeskData(
            feed=self.feed.data,
            state=self.state.data,
            gate=self.gate.data,
            limits=self.limits.data,
            orders=self.orders.data,
            ledger=self.ledger.data,
            execution=self.executor.data,
            strategies=[],
        )
        self.picture = Picture(self.feed, self.orders, self.ledger, self.state)
        self._keys = [
            account_key(number, book_id)
            for number, one in enumerate(config.strategies)
            for book_id in one.books
        ]
        self._followers = [
            [(key >> 16, key) for key in self._keys if key & 0xFFFF == book_id]
            for book_id in range(len(instruments))
        ]
        self._flat_ns = config.flat_ns or FAR_NS
        self._snapshot_every = config.snapshot_every
        self._take: dict[type, Callable[[Inbound, int], Sequence[int]]] = {
            TimerFired: self._take_timer,
            LinkStatus: self._take_link,
            Operator: self._take_operator,
            Accrual: self._take_accrual,
        }
        self.out = Outbox(config, self.data, self.picture, self.executor, self.limits, self._keys)
        self.routing = Routing(config, self.picture, self.gate, self.executor, self.out, probe)
        self._homes, self._memory = self.routing.homes, self.routing.memory
        self._loop = self.out.loop
        self._take[StoreStatus] = Trouble(self.gate, self.picture, self.out, self._keys).take
        self._take |= Succession(config, self.picture, self.out).takes()

    # --- the whole desk on one screen -----------------------------------------------------------

    def start(self, now_ns: int) -> Sequence[Command]:
        """What the desk wants before the first message: to be woken."""
        if self._probe is not None:
            self._probe("begin")
        self.out.wake(HEARTBEAT, now_ns + self.config.heartbeat_ns)
        if self.config.flat_ns > now_ns:
            self.out.wake(FLAT_AT, self.config.flat_ns)
        return self._record(None, now_ns)

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message and answer with commands, which may leave once its record is durable."""
        probe, state, out = self._probe, self.state, self.out
        if probe is not None:
            probe("begin")
        if now_ns >= state.data.next_bar_ns:
            state.apply_time(now_ns)
        if self._loop is not None:
            out.learned = self._loop.boundary(now_ns)
        if isinstance(message, View):  # feed, orders, ledger, state
            touched = self._take_view(message, now_ns)
        elif isinstance(message, Report):
            touched = self._take_report(message, now_ns)
        else:
            touched = self._take[type(message)](message, now_ns)
        if probe is not None:
            probe("state")
        for action in self.gate.watch(state, now_ns):  # may pause or abort what is in flight
            out.act(action, now_ns)
        if probe is not None:
            probe("watch")
        if self._homes:
            touched = list(dict.fromkeys(self._homes.get(key, key) for key in touched))
        for key in touched:  # gate, sizing, execution, router, limits, orders
            self._work(key, now_ns)
        if out.risky:
            self.gate.count_commands(out.risky, now_ns)
        return self._record(message, now_ns)

    # --- what happened --------------------------------------------------------------------------

    def _take_view(self, view: View, now_ns: int) -> Sequence[int]:
        """A book as its feed shows it: ask every strategy that follows it."""
        is_news = self.picture.view(view, now_ns)
        if self._memory is not None:
            self._memory.view(view, now_ns)
        touched = []
        for number, key in self._followers[view.book_id]:
            touched.append(key)
            # A strategy with a route looks at its home alone.
            if is_news and self._homes.get(key, key) == key:
                self._believe(number, key, view, now_ns, touched)
        return touched

    def _believe(self, number: int, key: int, view: View, now_ns: int, touched: list[int]) -> None:
        """Ask one strategy; other books that its wishes are about are touched too."""
        data, state, book_id = self.data, self.state, view.book_id
        facts = Facts(
            position_lots=self.routing.position_lots(key)
            if self._homes
            else state.data.positions.get(key, 0),
            volatility=state.volatility(book_id),
            regime=state.regime(book_id),
            remaining_ns=self._flat_ns - now_ns,
        )
        for signal in self.strategies[number].on_view(view, facts):
            about = key
            if signal.book_id != book_id:
                about = self._other(number, signal.book_id)
                touched.append(about)
            data.signals[about] = signal
            data.signal_ids[about] = signal_id = data.next_signal_id
            data.next_signal_id = signal_id + 1
        if self._probe is not None:
            self._probe("strategy")

    def _other(self, number: int, book_id: int) -> int:
        """Key of another book that a strategy spoke about, if it is one of its own."""
        config = self.config.strategies[number]
        key = account_key(number, book_id)
        if book_id not in config.books or self._homes.get(key, key) != key:
            raise DeskError(
                f"strategy {config.name!r} said a signal about book {book_id}, "
                "which is not one of its books, or not the home of its route"
            )
        return key

    def _take_report(self, report: Report, now_ns: int) -> Sequence[int]:
        """A venue's answer; after a refusal other content is waited for."""
        order = self.picture.report(report, now_ns).order
        self.limits.report(report)
        if order is None:
            return NO_KEYS
        if self._memory is not None:
            self._memory.report(report, order, now_ns)
        kind, strategy, book_id = report.type, order.strategy, order.book_id
        key = strategy << 16 | book_id
        if kind in REFUSED or (kind is _CANCELLED and not order.cancel_sent):
            view = self.feed.data.views[book_id]
            assert view is not None
            # An IOC that found too little waits for other content; anything else for a while, too.
            is_remainder = kind is ReportType.EXPIRED and order.tif is TimeInForce.IOC
            self.executor.refuse(
                strategy, book_id, order.side, view.seq, 0 if is_remainder else now_ns
            )
        if order.ended:
            self.out.ended(order, now_ns)
        if kind is _CANCEL_REJECTED:
            return NO_KEYS  # another cancel now would be refused as well; the next event may try
        if key in self._homes:
            return (key,) if self.routing.matters(key, report, order) else NO_KEYS
        if (
            order.ended
            and not self.orders.live(strategy, book_id)
            and self.executor.reached(
                key, self.data.signal_ids.get(key, 0), self.state.data.positions.get(key, 0)
            )
        ):
            return NO_KEYS
        if kind is _ACCEPTED:
            # It rests as it was meant to: unless the market has moved meanwhile, nothing is to be decided.
            view = self.feed.data.views[book_id]
            if view is not None and self.data.worked.get(key) == view.seq:
                return NO_KEYS
        return (key,)

    def _take_timer(self, timer: Inbound, now_ns: int) -> Sequence[int]:
        """A timer: look at what has not happened."""
        assert type(timer) is TimerFired
        if timer.timer_id == HEARTBEAT:
            self.out.wake(HEARTBEAT, now_ns + self.config.heartbeat_ns)
        self.picture.aged(now_ns)
        if timer.timer_id & EXECUTION_TIMERS:
            return (timer.timer_id & ~EXECUTION_TIMERS,)
        if self.config.ack_timeout_ns:
            overdue = self.orders.overdue(now_ns, self.config.ack_timeout_ns)
            if self._memory is not None:
                for order in overdue:
                    self._memory.silence(order, now_ns)
            self.out.ask(overdue, now_ns)
        return self._keys

    def _take_link(self, status: Inbound, now_ns: int) -> Sequence[int]:
        """The order link: once it is back, ask about every order that is in doubt."""
        assert type(status) is LinkStatus
        self.picture.link(status, now_ns)
        if self._memory is not None and not status.up:
            for book_id in self._memory.told:
                if status.book_id in (EVERY, book_id):
                    self._memory.link_lost(book_id)
        if status.up:
            self.out.ask(self.orders.unknown(status.book_id), now_ns)
        return self._keys

    def _take_operator(self, word: Inbound, now_ns: int) -> Sequence[int]:
        """A person's word, before anything else."""
        assert type(word) is Operator
        if word.action is OperatorAction.END_OF_DAY:
            self.picture.end_of_day()
        self.limits.operator(word)
        for action in self.gate.operator(word, now_ns):
            self.out.act(action, now_ns)
        return self._keys

    def _take_accrual(self, accrual: Inbound, _now_ns: int) -> Sequence[int]:
        """Funding or borrow fell due."""
        assert type(accrual) is Accrual
        self.picture.accrual(accrual)
        return NO_KEYS

    # --- one wish through the stages ------------------------------------------------------------

    def _work(self, key: int, now_ns: int) -> None:
        """Gate, sizing, execution, limits and orders for one strategy in one book."""
        data, probe = self.data, self._probe
        strategy, book_id = key >> 16, key & 0xFFFF
        signal = data.signals.get(key)
        view = self.feed.data.views[book_id]
        if now_ns >= self._flat_ns:
            signal = Flat(book_id=book_id)
        if signal is None or view is None:
            return
        if key in self._homes:
            self.routing.work(key, signal, now_ns)
            return
        verdict = self.gate.decide(signal, strategy, self.state, now_ns)
        live = self.orders.live(strategy, book_id)
        # With an order on its way the wish may have had to wait, so its answer is looked at anew.
        data.worked[key] = -1 if live else view.seq
        if probe is not None:
            probe("gate")
        if type(verdict) is Permit:
            permit_id = verdict.permit_id
            children = self.out.permitted(key, signal, verdict, view, live, now_ns)
        else:
            assert type(verdict) is Veto
            permit_id = 0
            children = self.out.vetoed(key, signal, verdict, live)
        if probe is not None:
            probe("execution")
        if children:
            signal_id = data.signal_ids.get(key, 0)
            for child in children:
                if child.ask_again:
                    self._ask_again(child, signal, signal_id, view, now_ns)
                else:
                    self.out.let_out(child, signal_id, permit_id, view, now_ns)
        if probe is not None:
            probe("limits")

    def _ask_again(
        self, child: Child, signal: Signal, signal_id: int, view: View, now_ns: int
    ) -> None:
        """A child that is much of what the market trades: the gate looks once more, at what is now."""
        verdict = self.gate.decide(signal, child.strategy, self.state, now_ns)
        left = self.out.asked_again(child, signal, signal_id, verdict)
        if left is not None:
            permit_id = verdict.permit_id if isinstance(verdict, Permit) else 0
            self.out.let_out(left, signal_id, permit_id, view, now_ns)

    # --- the record -----------------------------------------------------------------------------

    def _record(self, message: Inbound | None, now_ns: int) -> Sequence[Command]:
        """Write down what came in and all that came of it."""
        out = self.out
        self.data.seq = seq = self.data.seq + 1
        commands = out.record(self.journal, now_ns, message)
        if self._snapshot_every and seq % self._snapshot_every == 0:
            self.journal.snapshot(now_ns, self.snapshot())
        if self._probe is not None:
            self._probe("journal")
        return commands

    def snapshot(self) -> bytes:
        """Everything remembered, as bytes; equal desks have equal bytes."""
        self.data.strategies = [msgspec.msgpack.encode(one.state) for one in self.strategies]
        return msgspec.msgpack.encode(self.data)


def _numbers(groups: Sequence[str]) -> list[int]:
    """Number of each book's group, in order of first appearance."""
    order = list(dict.fromkeys(groups))
    return [order.index(name) for name in groups]
