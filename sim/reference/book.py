"""The order book of docs/explanation/venue-truth.md in plain Python.

Model: a price-time priority book in which history's orders and ours share the queues. Tape rows come
in through `apply`, our commands through `submit`, `cancel` and `replace`; each returns all that was
published and all that was reported, in order.

Invariants, checked by `check_invariants`:
1. Every order is in exactly the queue of its side and price, and no level is empty.
2. Every historical order with tape > 0 owns its handle; one in no queue is reactive and spent.
3. Frozen, 0 <= live <= tape of every historical order, and none is moved.
4. Reactive, every order in a queue has live > 0; everywhere, every own order has live > 0.
5. Reactive and CONTINUOUS, no own order crosses the best level of the other side.
6. Market orders wait only outside CONTINUOUS.
7. L2 and L1, `ahead` and `traded` of an own order are never below zero; L1, a side's only historical
   order has the side as its handle.

Limits: no self-trade prevention, no auctions, no hidden own orders, no DAY or GTD orders. It is for
tests and for reading: each command walks the whole book.
"""

from market.codes import Depth, Mode, OrderType, Phase, QueueModel, Side, TimeInForce
from market.columns import HANDLES_MAX
from market.errors import InputError
from sim.reference import commands, rows
from sim.reference.dump import digest_of, numbers_of, spent_orders
from sim.reference.outcome import Outcome
from sim.reference.row import Row
from sim.reference.state import Order, Sort, State


class ReferenceBook:
    """One instrument on one venue.

    Args:
        mode: How history answers to our orders.
        tick_units: Price units per tick, at least 1; prints are in units, orders in ticks.
        handle_count: Handles of the tape are in [0, handle_count); an L1 book needs 2.
        depth: A `Depth`: whether rows name orders (3), levels (2) or best prices (1).
        queue_model: A `QueueModel`, for books whose rows name no orders.

    Raises:
        InputError: Levels or quotes in reactive mode, where history's orders must be known.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        tick_units: int,
        handle_count: int,
        depth: int = Depth.L3,
        queue_model: int = QueueModel.RISK_AVERSE,
    ) -> None:
        assert tick_units >= 1
        assert 0 <= handle_count <= HANDLES_MAX
        if depth < Depth.L3 and mode != Mode.FROZEN:
            raise InputError(f"mode of an L{depth} book: found reactive, must be frozen")
        self.state = State(
            mode=Mode(mode),
            tick_units=tick_units,
            handle_count=handle_count,
            depth=Depth(depth),
            queue_model=QueueModel(queue_model),
        )

    def apply(self, *, kind: int, side_flags: int, handle: int, price: int, qty: int) -> Outcome:
        """Let one tape row happen.

        Args:
            kind: A `Kind`.
            side_flags: `RowFlag` bits.
            handle: The order's handle; ignored on rows that name no order.
            price: In ticks; in price units on TRADE and CROSS.
            qty: In lots; the phase on PHASE.

        Raises:
            BadRow: The row contradicts the rows before it; nothing was changed.
        """
        rows.apply(self.state, Row(kind, side_flags, handle, price, qty))
        return self.state.take_outcome()

    def submit(
        self,
        order_id: int,
        *,
        side: int,
        order_type: int,
        tif: int,
        post_only: bool,
        price_ticks: int,
        qty_lots: int,
    ) -> Outcome:
        """Send a new order; `order_id` must not be resting already."""
        order = commands.own_order(
            order_id,
            Side(side),
            price_ticks,
            qty_lots,
            post_only=post_only,
            is_market=OrderType(order_type) == OrderType.MARKET,
        )
        commands.submit(self.state, order, TimeInForce(tif))
        return self.state.take_outcome()

    def cancel(self, order_id: int) -> Outcome:
        """Withdraw an order."""
        commands.cancel(self.state, order_id)
        return self.state.take_outcome()

    def replace(self, order_id: int, *, price_ticks: int, qty_lots: int) -> Outcome:
        """Give an order a new price and a new open quantity."""
        commands.replace(self.state, order_id, price_ticks, qty_lots)
        return self.state.take_outcome()

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """The best `count` levels that show something, as (price_ticks, shown), best first."""
        side = Side(side)
        shown = [(price, self.state.shown(side, price)) for price in self.state.prices(side)]
        return [level for level in shown if level[1] > 0][:count]

    def dump(self) -> list[int]:
        """The whole state as a list of integers, laid out as the specification says."""
        return numbers_of(self.state, self.state.market_queue)

    def digest(self) -> str:
        """BLAKE2b-128 of the dump as little-endian int64, in hexadecimal."""
        return digest_of(self.dump())

    def check_invariants(self) -> None:
        """Assert the numbered invariants of this module."""
        state = self.state
        resting = [order for side in Side for order in state.orders(side)]
        waiting = [order for side in Side for order in state.market_queue[side]]
        for side in Side:
            for price, queue in state.levels[side].items():
                assert queue, "1: no level is empty"
                for order in queue:
                    assert (order.side, order.price_ticks) == (side, price), "1: right queue"
        assert len(set(resting)) == len(resting), "1: one place per order"
        historical = [order for order in resting if order.sort == Sort.HISTORICAL]
        for order in historical:
            assert state.history.get(order.number) is order, "2: it owns its handle"
        for handle, order in state.history.items():
            assert (order.sort, order.number) == (Sort.HISTORICAL, handle), "2: named rightly"
            assert order.tape > 0, "2: a handle is freed with its last lot"
        assert len(historical) + len(spent_orders(state)) == len(state.history), (
            "2: queued or spent"
        )
        for order in resting:
            check_quantities(state, order)
        ours = [order for order in resting if order.is_own] + waiting
        assert len(ours) == len(state.own), "1: every own order is somewhere, once"
        for order in ours:
            assert state.own.get(order.number) is order, "1: found by its order_id"
            assert order.live > 0, "4: own orders live"
        if state.phase == Phase.CONTINUOUS:
            assert not waiting, "6: market orders never wait while trading"
            if not state.frozen:
                for order in ours:
                    assert not state.crosses_best(order), "5: own orders never cross"


def check_quantities(state: State, order: Order) -> None:
    """Assert what `live` and `tape` of an order in a queue may be."""
    if order.is_own:
        assert order.tape == -1, "4: own orders are not on the tape"
        assert order.ahead >= 0, "7: no queue position is below zero"
        assert order.traded >= 0, "7: nothing is untraded"
    elif state.frozen:
        assert order.sort == Sort.HISTORICAL, "3: nothing moves"
        assert 0 <= order.live <= order.tape, "3: history never grows"
        assert state.depth != Depth.L1 or order.number == order.side, "7: a side is its handle"
    else:
        assert order.live > 0, "4: only living orders queue"
        assert (order.tape == 0) == (order.sort == Sort.MOVED), "2: moved orders left the tape"
