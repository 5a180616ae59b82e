"""What leaves the desk in one event, and what was decided on the way: limits last, orders told first.

Model: a child becomes a command, the limits look at it, and the orders write it down, in that order, so
that nothing that leaves is unknown to the desk, and nothing that was refused is believed to be on its
way. What has been collected is one record of the journal.
"""

from collections.abc import Sequence

from desk.desk_data import DeskData
from desk.execution import Executor, ParentStatus
from desk.execution.child import Child, ChildAction
from desk.limits import Limits
from desk.orders import Order, Orders
from desk.picture import Picture
from market.decisions import Action, ActionKind, Cause, Caused, Decision, Refusal
from market.messages import (
    EVERY,
    Cancel,
    Command,
    OrderCommand,
    Query,
    Replace,
    SetTimer,
    Submit,
    View,
)


class Outbox:
    """Commands of one event, with their causes, and the decisions behind them.

    Args:
        keys: Every strategy in every book that it trades, `strategy << 16 | book_id`.
    """

    def __init__(
        self,
        data: DeskData,
        picture: Picture,
        executor: Executor,
        limits: Limits,
        keys: Sequence[int],
    ) -> None:
        self._data = data
        self._picture = picture
        self._orders: Orders = picture.orders
        self._executor = executor
        self._limits = limits
        self._keys = keys
        self.begin()

    def begin(self) -> None:
        """A new event: nothing has come of it yet."""
        self.risky = 0  # submissions and replacements
        self.commands: list[Command] = []
        self.caused: list[Caused] = []
        self.decisions: list[Decision] = []
        self.actions: list[Action] = []
        self.refusals: list[Refusal] = []

    def let_out(
        self, child: Child, signal_id: int, permit_id: int, view: View, now_ns: int
    ) -> None:
        """Make a child a command, have the limits look at it, and give it to the orders."""
        cause = Cause(
            strategy=child.strategy,
            signal_id=signal_id,
            permit_id=permit_id,
            parent_id=child.parent_id,
        )
        if child.action is ChildAction.PULL:
            self.pull(self._orders.get(child.order_id), cause, now_ns)
            return
        command: Submit | Replace
        if child.action is ChildAction.NEW:
            command = Submit(
                book_id=child.book_id,
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
                book_id=child.book_id,
                order_id=child.order_id,
                price_ticks=child.price_ticks,
                qty_lots=child.qty_lots,
            )
        refusal = self._limits.check(command, now_ns, view, child.strategy)
        if refusal is not None:
            self._note_refusal(command, cause, refusal)
            self._executor.refuse(child.strategy, child.book_id, child.side, view.seq, now_ns)
            return
        if type(command) is Submit:
            self._orders.add(command, child.strategy, cause, now_ns)
        else:
            order = self._orders.get(child.order_id)
            assert order is not None
            self._orders.replace(order, child.price_ticks, child.qty_lots, now_ns)
        self._picture.risk(child.strategy, child.book_id)
        self.risky += 1
        self.commands.append(command)
        self.caused.append(Caused(command=command, cause=cause))

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
        counts = self._data.refusal_counts
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
            self._executor.set_status(strategy, book_id, ParentStatus.WORKING)
            return
        status = ParentStatus.PAUSED if action.kind is ActionKind.PAUSE else ParentStatus.ABORTED
        self._executor.set_status(strategy, book_id, status)
        for key in self._keys:
            if strategy in (EVERY, key >> 16) and book_id in (EVERY, key & 0xFFFF):
                parent = self._executor.parent(key >> 16, key & 0xFFFF)
                cause = Cause(
                    strategy=key >> 16, parent_id=parent.parent_id if parent is not None else 0
                )
                for order in self._orders.live(key >> 16, key & 0xFFFF):
                    self.pull(order, cause, now_ns)

    def wake(self, timer_id: int, due_ns: int) -> None:
        """Ask the host for a timer."""
        command = SetTimer(timer_id=timer_id, due_ns=due_ns)
        self.commands.append(command)
        self.caused.append(Caused(command=command, cause=Cause(strategy=EVERY)))
