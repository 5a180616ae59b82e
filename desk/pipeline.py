"""The desk: message in, commands out, every stage in order over one state.

Model: a deterministic state machine without I/O and without a clock. The same messages at the same
times give the same commands, the same journal and the same state, so that recovery is replay, a hot
standby is a second desk fed the same stream, and audit is reading the stream.

Order of one event: what happened is taken into the state first (feed, orders, ledger, state), so that
no stage ever decides on a stale picture; then the watch over what is in flight, which may pause or
abort; then each wish that the event touched goes through gate → sizing → execution → limits → orders.
Last comes the record of it all: no command leaves before that is durable, which the owner of the desk
sees to.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from desk.config import DeskConfig
from desk.desk_data import DeskData, EventLog, Probe
from desk.execution import Executor
from desk.feed import Feed
from desk.gate import Gate
from desk.ledger import Ledger
from desk.limits import Limits
from desk.orders import Orders
from desk.outbox import Outbox
from desk.picture import Picture
from desk.sizing import size
from desk.state import State, account_key
from market.codes import OperatorAction, ReportType, TimeInForce
from market.decisions import (
    Decision,
    Facts,
    Flat,
    Veto,
)
from market.errors import DeskError
from market.instruments import Instrument
from market.messages import (
    Accrual,
    Command,
    Inbound,
    LinkStatus,
    Operator,
    Report,
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
        self.config = config
        self.instruments = list(instruments)
        self.strategies = list(strategies)
        self.journal = journal
        count = len(strategies)
        old = data
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
        self.limits = Limits(config.limits, instruments, old.limits if old else None)
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
        self._probe = probe
        self._sizing = [one.sizing for one in config.strategies]
        self._followers = [
            [number for number, one in enumerate(config.strategies) if book_id in one.books]
            for book_id in range(len(instruments))
        ]
        self._keys = [
            account_key(number, book_id)
            for number, one in enumerate(config.strategies)
            for book_id in one.books
        ]
        self._flat_ns = config.flat_ns or FAR_NS
        self._take: dict[type, Callable[[Inbound, int], Sequence[int]]] = {
            View: self._take_view,
            Report: self._take_report,
            TimerFired: self._take_timer,
            LinkStatus: self._take_link,
            Operator: self._take_operator,
            Accrual: self._take_accrual,
        }
        self.out = Outbox(self.data, self.picture, self.executor, self.limits, self._keys)

    # --- the whole desk on one screen -----------------------------------------------------------

    def start(self, now_ns: int) -> Sequence[Command]:
        """What the desk wants before the first message: to be woken."""
        self._begin()
        self.out.wake(HEARTBEAT, now_ns + self.config.heartbeat_ns)
        if self.config.flat_ns > now_ns:
            self.out.wake(FLAT_AT, self.config.flat_ns)
        return self._record(None, now_ns)

    def on(self, message: Inbound, now_ns: int) -> Sequence[Command]:
        """Take one message and answer with commands, which may leave once its record is durable."""
        self._begin()
        self.state.apply_time(now_ns)
        touched = self._take[type(message)](message, now_ns)  # feed, orders, ledger, state
        if self._probe is not None:
            self._probe("state")
        for action in self.gate.watch(self.state, now_ns):  # may pause or abort what is in flight
            self.out.act(action, now_ns)
        if self._probe is not None:
            self._probe("watch")
        for key in touched:  # gate, sizing, execution, limits, orders
            self._work(key, now_ns)
        self.gate.count_commands(self.out.risky, now_ns)
        return self._record(message, now_ns)

    # --- what happened --------------------------------------------------------------------------

    def _take_view(self, view: Inbound, now_ns: int) -> Sequence[int]:
        """A book as its feed shows it: ask every strategy that follows it."""
        assert type(view) is View
        is_news = self.picture.view(view, now_ns)
        touched = []
        for number in self._followers[view.book_id]:
            touched.append(account_key(number, view.book_id))
            if is_news:
                touched += self._believe(number, view, now_ns)
        return touched

    def _believe(self, number: int, view: View, now_ns: int) -> list[int]:
        """Ask one strategy; other books that its wishes are about."""
        data, book_id = self.data, view.book_id
        facts = Facts(
            position_lots=self.state.data.positions.get(account_key(number, book_id), 0),
            volatility=self.state.volatility(book_id),
            regime=self.state.regime(book_id),
            remaining_ns=self._flat_ns - now_ns,
        )
        others = []
        for signal in self.strategies[number].on_view(view, facts):
            if signal.book_id not in self.config.strategies[number].books:
                raise DeskError(
                    f"strategy {self.config.strategies[number].name!r} said a signal about book "
                    f"{signal.book_id}, which is not one of its books"
                )
            key = account_key(number, signal.book_id)
            data.signals[key] = signal
            data.signal_ids[key] = data.next_signal_id
            data.next_signal_id += 1
            if signal.book_id != book_id:
                others.append(key)
        if self._probe is not None:
            self._probe("strategy")
        return others

    def _take_report(self, report: Inbound, now_ns: int) -> Sequence[int]:
        """A venue's answer; after a refusal other content is waited for."""
        assert type(report) is Report
        order = self.picture.report(report, now_ns).order
        self.limits.report(report)
        if order is None:
            return NO_KEYS
        if report.type in REFUSED or (
            report.type is ReportType.CANCELLED and not order.cancel_sent
        ):
            view = self.picture.feed.data.views[order.book_id]
            assert view is not None
            # An IOC that found too little waits for other content; anything else for a while, too.
            is_remainder = report.type is ReportType.EXPIRED and order.tif is TimeInForce.IOC
            self.executor.refuse(
                order.strategy,
                order.book_id,
                order.side,
                view.seq,
                0 if is_remainder else now_ns,
            )
        if report.type is ReportType.CANCEL_REJECTED:
            return NO_KEYS  # another cancel now would be refused as well; the next event may try
        key = account_key(order.strategy, order.book_id)
        if (
            order.ended
            and not self.orders.live(order.strategy, order.book_id)
            and self.executor.reached(
                key, self.data.signal_ids.get(key, 0), self.state.data.positions.get(key, 0)
            )
        ):
            return NO_KEYS
        if report.type is ReportType.ACCEPTED:
            # It rests as it was meant to: unless the market has moved meanwhile, nothing is to be decided.
            view = self.feed.data.views[order.book_id]
            if view is not None and self.data.worked.get(key) == view.seq:
                return NO_KEYS
        return (key,)

    def _take_timer(self, timer: Inbound, now_ns: int) -> Sequence[int]:
        """A timer: look at what has not happened."""
        assert type(timer) is TimerFired
        if timer.timer_id == HEARTBEAT:
            self.out.wake(HEARTBEAT, now_ns + self.config.heartbeat_ns)
        self.picture.aged(now_ns)
        if self.config.ack_timeout_ns:
            self.out.ask(self.orders.overdue(now_ns, self.config.ack_timeout_ns), now_ns)
        return self._keys

    def _take_link(self, status: Inbound, now_ns: int) -> Sequence[int]:
        """The order link: once it is back, ask about every order that is in doubt."""
        assert type(status) is LinkStatus
        self.picture.link(status, now_ns)
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
        data = self.data
        strategy, book_id = key >> 16, key & 0xFFFF
        signal = data.signals.get(key)
        view = self.feed.data.views[book_id]
        if now_ns >= self._flat_ns:
            signal = Flat(book_id=book_id)
        if signal is None or view is None:
            return
        signal_id = data.signal_ids.get(key, 0)
        verdict = self.gate.decide(signal, strategy, self.state, now_ns)
        live = self.orders.live(strategy, book_id)
        # With an order on its way the wish may have had to wait, so its answer is looked at anew.
        data.worked[key] = -1 if live else view.seq
        if self._probe is not None:
            self._probe("gate")
        if isinstance(verdict, Veto):
            children = self.executor.stop(strategy, book_id, live) if live else ()
            if children or data.vetoes.get(key, 0) != verdict.code:
                self.out.decisions.append(
                    Decision(signal_id=signal_id, strategy=strategy, signal=signal, veto=verdict)
                )
                data.veto_counts[verdict.code] = data.veto_counts.get(verdict.code, 0) + 1
            data.vetoes[key] = verdict.code
            permit_id = 0
        else:
            data.vetoes[key] = 0
            sized = size(signal, verdict, self._sizing[strategy], self.state)
            seen = self.state.data
            # Orders that have ended may have filled unheard; those lots are not to be traded twice.
            owed = [seen.buy_risk.get(key, 0), seen.sell_risk.get(key, 0)]
            for order in live:
                owed[order.side] -= order.open_lots + order.replacing_lots
            children = self.executor.work(
                strategy,
                signal,
                signal_id,
                verdict,
                sized,
                view,
                seen.positions.get(key, 0),
                live,
                now_ns,
                owed[0],
                owed[1],
            )
            permit_id = verdict.permit_id
            if children:
                self.out.decisions.append(
                    Decision(
                        signal_id=signal_id,
                        strategy=strategy,
                        signal=signal,
                        permit=verdict,
                        sized=sized,
                    )
                )
        if self._probe is not None:
            self._probe("execution")
        for child in children:
            self.out.let_out(child, signal_id, permit_id, view, now_ns)
        if self._probe is not None:
            self._probe("limits")

    # --- the record -----------------------------------------------------------------------------

    def _begin(self) -> None:
        """A new event: nothing has come of it yet."""
        if self._probe is not None:
            self._probe("begin")
        self.data.seq += 1
        self.out.begin()

    def _record(self, message: Inbound | None, now_ns: int) -> Sequence[Command]:
        """Write down what came in and all that came of it."""
        out = self.out
        self.journal.event(now_ns, message, out.decisions, out.caused, out.actions, out.refusals)
        every = self.config.snapshot_every
        if every and self.data.seq % every == 0:
            self.journal.snapshot(now_ns, self.snapshot())
        if self._probe is not None:
            self._probe("journal")
        return out.commands

    def snapshot(self) -> bytes:
        """Everything remembered, as bytes; equal desks have equal bytes."""
        self.data.strategies = [msgspec.msgpack.encode(one.state) for one in self.strategies]
        return msgspec.msgpack.encode(self.data)


def _numbers(groups: Sequence[str]) -> list[int]:
    """Number of each book's group, in order of first appearance."""
    order = list(dict.fromkeys(groups))
    return [order.index(name) for name in groups]
