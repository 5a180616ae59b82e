"""What leaves the desk in one event, and what was decided on the way: limits last, orders told first.

Model: a verdict of the gate becomes children: none and pulls of what works for a veto, and for a
permit what sizing and execution make of the wish. A child becomes a command, the limits look at it, and the orders write it down, in that order, so
that nothing that leaves is unknown to the desk, and nothing that was refused is believed to be on its
way. What has been collected is one record of the journal.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from desk.config import DeskConfig
from desk.desk_data import DeskData, EventLog
from desk.execution import Executor, ParentStatus
from desk.execution.auction import outlives
from desk.execution.child import Child, ChildAction
from desk.gate import VetoCode
from desk.limits import LimitCode, Limits
from desk.orders import Order, Orders
from desk.picture import Picture
from desk.purse import purse_of
from desk.sizes import Sizes, loop_of
from market.codes import TimeInForce
from market.decisions import (
    Action,
    ActionKind,
    Cause,
    Caused,
    Decision,
    Learned,
    Permit,
    Refusal,
    Route,
    Signal,
    Sized,
    Target,
    Veto,
)
from market.messages import (
    EVERY,
    Cancel,
    Command,
    Inbound,
    OrderCommand,
    Query,
    Replace,
    SetTimer,
    Submit,
    View,
)

# Enum attributes cost a look-up each; the hot path has plain names.
_NEW: Final = ChildAction.NEW
_PULL: Final = ChildAction.PULL

PHASE_CODES: Final = (VetoCode.HALTED, VetoCode.CLOSED)
"""Codes whose figure is the phase that a book is in."""

EXECUTION_TIMERS: Final = 1 << 32
"""With `strategy << 16 | book_id` the id of the timer by which a parent's next piece is due."""


class Outbox:
    """Commands of one event, with their causes, and the decisions behind them.

    Args:
        config: Of the desk.
        keys: Every strategy in every book that it trades, `strategy << 16 | book_id`.
    """

    def __init__(
        self,
        config: DeskConfig,
        data: DeskData,
        picture: Picture,
        executor: Executor,
        limits: Limits,
        keys: Sequence[int],
    ) -> None:
        self.data = data
        self._picture = picture
        self._orders: Orders = picture.orders
        self._executor = executor
        self._limits = limits
        self._keys = keys
        self.loop = loop_of(config, data, picture, executor)
        self._sizes = Sizes(config, data, picture, executor, self.loop)
        self._purse = purse_of(config.cash, picture, executor, keys)
        if executor.algorithms is not None:
            executor.algorithms.volatility_ppm = picture.state.volatility_ppm
        self.risky = 0  # submissions and replacements
        self.learned: list[Learned] = []
        self.commands: list[Command] = []
        self.caused: list[Caused] = []
        self.decisions: list[Decision] = []
        self.actions: list[Action] = []
        self.refusals: list[Refusal] = []

    def ended(self, order: Order, now_ns: int) -> None:
        """An order has ended: what did it cost?"""
        if self._executor.algorithms is not None:
            self._executor.algorithms.ended(order, now_ns)
        if self.loop is not None:
            fills = [(one.price_ticks, one.qty_lots) for one in order.fills.values()]
            self.loop.ended(order.order_id, order.book_id, order.side.sign, fills)

    def record(self, journal: EventLog, now_ns: int, message: Inbound | None) -> Sequence[Command]:
        """Journal an event with all that came of it, and give its commands away."""
        commands = self.commands
        if not (commands or self.decisions or self.actions or self.refusals or self.learned):
            journal.event(now_ns, message, (), (), (), ())
            return ()
        journal.event(
            now_ns,
            message,
            self.decisions,
            self.caused,
            self.actions,
            self.refusals,
            self.learned,
        )
        self.risky = 0
        self.commands, self.caused, self.decisions = [], [], []
        self.actions, self.refusals, self.learned = [], [], []
        return commands

    def vetoed(
        self, key: int, signal: Signal, veto: Veto, live: Sequence[Order]
    ) -> Sequence[Child]:
        """What works is pulled; a veto that stands already is not said again."""
        data, code = self.data, veto.code
        if code in PHASE_CODES and type(signal) is Target:
            waiting = outlives(live, veto.found)
            live = [order for order in live if order not in waiting] if waiting else live
        children = self._executor.stop(key >> 16, key & 0xFFFF, live) if live else ()
        if children or data.vetoes.get(key, 0) != code:
            signal_id = data.signal_ids.get(key, 0)
            self.decisions.append(
                Decision(signal_id=signal_id, strategy=key >> 16, signal=signal, veto=veto)
            )
            data.veto_counts[code] = data.veto_counts.get(code, 0) + 1
        data.vetoes[key] = code
        return children

    def permitted(
        self,
        key: int,
        signal: Signal,
        permit: Permit,
        view: View,
        live: Sequence[Order],
        now_ns: int,
    ) -> Sequence[Child]:
        """What brings a strategy's orders nearer to its wish: sizing, then execution."""
        data, state, strategy = self.data, self._picture.state, key >> 16
        sized = self.sized(key, signal, permit, view)
        # Orders that have ended may have filled unheard; those lots are not to be traded twice.
        seen = state.data
        owed_buy_lots, owed_sell_lots = seen.buy_risk.get(key, 0), seen.sell_risk.get(key, 0)
        for order in live:
            if order.side:
                owed_sell_lots -= order.open_lots + order.replacing_lots
            else:
                owed_buy_lots -= order.open_lots + order.replacing_lots
        signal_id = data.signal_ids.get(key, 0)
        children = self._executor.work(
            strategy,
            signal,
            signal_id,
            permit,
            sized,
            view,
            seen.positions.get(key, 0),
            live,
            now_ns,
            owed_buy_lots,
            owed_sell_lots,
            seen.volume_lots[key & 0xFFFF],
        )
        if self._executor.algorithms is not None:
            due_ns = self._executor.wake_ns(strategy, key & 0xFFFF, now_ns)
            if due_ns:
                self.wake_parent(key, due_ns)
        if children:
            self.decided(signal_id, strategy, signal, permit, sized)
        return children

    def sized(self, key: int, signal: Signal, permit: Permit, view: View) -> Sized:
        """How much of a permitted signal to work; a veto that stood is over."""
        self.data.vetoes[key] = 0
        return self._sizes.size(key >> 16, signal, permit, view)

    def decided(
        self,
        signal_id: int,
        strategy: int,
        signal: Signal,
        permit: Permit,
        sized: Sized,
        route: Route | None = None,
    ) -> None:
        """Write down a wish of which children came."""
        self.decisions.append(
            Decision(
                signal_id=signal_id,
                strategy=strategy,
                signal=signal,
                permit=permit,
                sized=sized,
                route=route,
            )
        )

    def wake_parent(self, key: int, due_ns: int) -> None:
        """Look at a parent again at a time."""
        self.wake(EXECUTION_TIMERS | key, due_ns)

    def let_out(
        self, child: Child, signal_id: int, permit_id: int, view: View, now_ns: int
    ) -> None:
        """Make a child a command, have the limits look at it, and give it to the orders."""
        strategy, book_id, action = child.strategy, child.book_id, child.action
        cause = Cause(
            strategy=strategy,
            signal_id=signal_id,
            permit_id=permit_id,
            parent_id=child.parent_id,
        )
        if action is _PULL:
            self.pull(self._orders.get(child.order_id), cause, now_ns)
            return
        if self._purse is not None and not child.side:
            found = self._paid(child, cause, view, now_ns)
            if found is None:
                return
            child = found
        command: Submit | Replace
        if action is _NEW:
            command = Submit(
                book_id=book_id,
                order_id=self._orders.next_id,
                side=child.side,
                price_ticks=child.price_ticks,
                qty_lots=child.qty_lots,
                order_type=child.order_type,
                tif=child.tif,
                post_only=child.post_only,
            )
        else:
            command = Replace(
                book_id=book_id,
                order_id=child.order_id,
                price_ticks=child.price_ticks,
                qty_lots=child.qty_lots,
            )
        refusal = self._limits.check(command, now_ns, view, strategy)
        if refusal is not None:
            self._note_refusal(command, cause, refusal)
            self._executor.refuse(strategy, book_id, child.side, view.seq, now_ns)
            self._executor.refused_by_limits(child, now_ns)
            return
        if type(command) is Submit:
            self._orders.add(command, strategy, cause, now_ns)
        else:
            order = self._orders.get(child.order_id)
            assert order is not None
            self._orders.replace(order, child.price_ticks, child.qty_lots, now_ns)
        self._picture.risk(strategy, book_id)
        if self._executor.algorithms is not None:
            self._executor.sent(child, command.order_id, view, now_ns)
        if self.loop is not None and action is _NEW and child.tif is TimeInForce.IOC:
            mid_x2_ticks = view.bid_ticks + view.ask_ticks
            self.loop.sent(command.order_id, child.parent_id, mid_x2_ticks)
        self.risky += 1
        self.commands.append(command)
        self.caused.append(Caused(command=command, cause=cause))

    def _paid(self, child: Child, cause: Cause, view: View, now_ns: int) -> Child | None:
        """As much of a buy as there is cash for; the rest is asked for again later."""
        assert self._purse is not None
        lots, needed, free = self._purse.grant(child, now_ns)
        if lots >= child.qty_lots:
            return child
        if lots > 0 and child.action is _NEW:
            return msgspec.structs.replace(child, qty_lots=lots)
        refused = Submit(
            book_id=child.book_id,
            order_id=child.order_id or self._orders.next_id,
            side=child.side,
            price_ticks=child.price_ticks,
            qty_lots=child.qty_lots,
        )
        self._note_refusal(refused, cause, (LimitCode.CASH, needed, free))
        self._executor.refuse(child.strategy, child.book_id, child.side, view.seq, now_ns)
        return None

    def asked_again(
        self, child: Child, signal: Signal, signal_id: int, verdict: Permit | Veto
    ) -> Child | None:
        """What is left of a child of which the gate was asked once more; its answer is journaled."""
        self.decisions.append(
            Decision(
                signal_id=signal_id,
                strategy=child.strategy,
                signal=signal,
                permit=verdict if isinstance(verdict, Permit) else None,
                veto=verdict if isinstance(verdict, Veto) else None,
            )
        )
        if isinstance(verdict, Veto):
            counts = self.data.veto_counts
            counts[verdict.code] = counts.get(verdict.code, 0) + 1
            return None
        room = verdict.sell_room_lots if child.side else verdict.buy_room_lots
        if child.qty_lots <= room:
            return child
        return msgspec.structs.replace(child, qty_lots=room) if room > 0 else None

    def send(self, command: OrderCommand, cause: Cause, now_ns: int) -> bool:
        """A command that adds no risk: it needs no gate, only the limits' absolute rate.

        Returns:
            Whether it leaves; if not, orders must not believe that it is on its way.
        """
        refusal = self._limits.check(command, now_ns, None, cause.strategy)
        if refusal is not None:
            self._note_refusal(command, cause, refusal)
            return False
        self.commands.append(command)
        self.caused.append(Caused(command=command, cause=cause))
        return True

    def _note_refusal(
        self, command: OrderCommand, cause: Cause, refusal: tuple[int, int, int]
    ) -> None:
        """Write down what the limits did not let out."""
        code, found, allowed = refusal
        counts = self.data.refusal_counts
        counts[code] = counts.get(code, 0) + 1
        self.refusals.append(
            Refusal(command=command, cause=cause, code=code, found=found, allowed=allowed)
        )

    def ask(self, orders: Sequence[Order], now_ns: int) -> None:
        """Ask the venue how orders stand; into a link that is down no question gets an answer."""
        down_ns = self._picture.state.data.down_since_ns
        for order in orders:
            if down_ns[order.book_id]:
                continue
            query = Query(book_id=order.book_id, order_id=order.order_id)
            if self.send(query, Cause(strategy=order.strategy), now_ns):
                self._orders.query(order, now_ns)

    def pull(self, order: Order | None, cause: Cause, now_ns: int) -> None:
        """Cancel an order, unless a cancel is on its way or it has ended."""
        if order is None or order.ended or order.cancel_sent:
            return
        command = Cancel(book_id=order.book_id, order_id=order.order_id)
        if self.send(command, cause, now_ns):
            self._orders.cancel(order, now_ns)

    def act(self, action: Action, now_ns: int) -> None:
        """What the gate wants of orders that are already working."""
        self.actions.append(action)
        strategy, book_id = action.strategy, action.book_id
        if action.kind is ActionKind.RESUME:
            self._executor.set_status(strategy, book_id, ParentStatus.WORKING, now_ns)
            return
        status = ParentStatus.PAUSED if action.kind is ActionKind.PAUSE else ParentStatus.ABORTED
        self._executor.set_status(strategy, book_id, status, now_ns)
        for key in self._keys:
            if strategy in (EVERY, key >> 16) and book_id in (EVERY, key & 0xFFFF):
                parent = self._executor.parent(key >> 16, key & 0xFFFF)
                cause = Cause(
                    strategy=key >> 16, parent_id=parent.parent_id if parent is not None else 0
                )
                live = self._orders.live(key >> 16, key & 0xFFFF)
                waiting = outlives(live, action.found) if action.code in PHASE_CODES else ()
                for order in live:
                    if order not in waiting:
                        self.pull(order, cause, now_ns)

    def wake(self, timer_id: int, due_ns: int) -> None:
        """Ask the host for a timer."""
        command = SetTimer(timer_id=timer_id, due_ns=due_ns)
        self.commands.append(command)
        self.caused.append(Caused(command=command, cause=Cause(strategy=EVERY)))
