"""What history does to a book whose source names no orders: rows that set a level or a best price.

Model: what a level shows is one historical order that lasts as long as the level does. Its `live`
is what our aggressive orders left of it; when the level grows, `live` grows by as much, so what we
ate is not there twice.

Order of events: own orders that a larger level crosses fill first, then the level changes, then own
orders in its queue learn where they stand now.
"""

from market.codes import Kind, Phase
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from sim.reference.queue_position import revise
from sim.reference.row import Row, require
from sim.reference.state import Order, Sort, State

# What the tape's own logic forbids.


def check_level(state: State, row: Row) -> None:
    """The checks of LEVEL."""
    check_ranges(state, row)
    order = state.history.get(row.handle)
    if order is None:
        require(row.qty > 0, row, "a handle of qty 0 must name a level")
        return
    require(row.side == order.side, row, f"side must be the level's, {order.side.name}")
    require(row.price == order.price_ticks, row, f"price must be {order.price_ticks}, the level's")


def check_quote(state: State, row: Row) -> None:
    """The checks of QUOTE; any price may follow any other."""
    check_ranges(state, side_as_handle(row))


def check_ranges(state: State, row: Row) -> None:
    """What does not depend on the rows before."""
    handle_max = state.handle_count - 1
    require(0 <= row.handle <= handle_max, row, f"handle must be in [0, {handle_max}]")
    require(0 <= row.qty <= QTY_LOTS_MAX, row, "qty must be in [0, 2^40]")
    require(abs(row.price) <= PRICE_TICKS_MAX, row, "price must be within ±2^40 ticks")


def side_as_handle(row: Row) -> Row:
    """A QUOTE by the name of its level, which is its side, whatever the row says."""
    return row._replace(handle=int(row.side))


# LEVEL.


def level(state: State, row: Row) -> None:
    """LEVEL: a level comes, changes or goes."""
    before = state.shown(row.side, row.price)
    order = state.history.get(row.handle)
    if order is None:
        order = arrive(state, row)
    else:
        resize(state, order, row.qty)
    revise_all(state, order, before)
    state.publish(Kind(row.kind), order, row.qty)


def arrive(state: State, row: Row) -> Order:
    """A new level, of which we have eaten nothing yet."""
    order = Order(Sort.HISTORICAL, row.handle, row.side, row.price, live=row.qty, tape=row.qty)
    fill_crossed(state, order, row.qty)
    state.history[row.handle] = order
    state.join(order)
    return order


def resize(state: State, order: Order, qty: int) -> None:
    """A level shows another quantity; at zero it goes, and what we ate of it is forgotten."""
    growth = qty - order.tape
    if growth > 0:
        fill_crossed(state, order, growth)
        order.live += growth
    order.tape = qty
    order.live = min(order.live, qty)
    if qty == 0:
        state.leave(order)
        del state.history[order.number]


def fill_crossed(state: State, order: Order, lots: int) -> None:
    """Lots that are new at a level's price would have met own orders of the other side first."""
    if state.phase == Phase.CONTINUOUS:
        state.hit_each([each for each in state.crossed_by(order) if each.is_own], lots)


def revise_all(state: State, order: Order, before: int) -> None:
    """Own orders at the price of a level that showed `before` learn where they stand."""
    after = state.shown(order.side, order.price_ticks)
    for own in state.own_at(order.side, order.price_ticks):
        revise(own, before, after, state.queue_model)


# QUOTE.


def quote(state: State, row: Row) -> None:
    """QUOTE: the best of a side changes its quantity, its price, or goes."""
    row = side_as_handle(row)
    old = state.history.get(row.handle)
    if row.qty == 0:
        if old is None:
            state.void += 1
        else:
            withdraw(state, old)
            state.publish(Kind.QUOTE, old, 0)
        return
    if old is not None and old.price_ticks == row.price:
        level(state, row)
        return
    if old is not None:
        lots = old.tape
        withdraw(state, old)
        state.publish(Kind.DELETE, old, lots)
    new = arrive(state, row)
    # Nothing says when the others came, so all of them are in front.
    for own in state.own_at(row.side, row.price):
        own.ahead = row.qty
        own.traded = 0
    state.publish(Kind.QUOTE, new, row.qty)


def withdraw(state: State, order: Order) -> None:
    """The best of a side goes."""
    before = order.tape
    resize(state, order, 0)
    revise_all(state, order, before)


# TRADE.


def trade_at_price(state: State, row: Row, budget: int) -> None:
    """A print takes what stands in front of own orders at its very price, then fills them.

    Args:
        state: The book, in CONTINUOUS.
        row: The TRADE, of a known side.
        budget: Lots that own orders of better prices left of the print.
    """
    price_ticks, off_grid = divmod(row.price, state.tick_units)
    if off_grid:
        return
    passive = row.side.other
    for own in state.own_at(passive, price_ticks):
        own.ahead -= budget
        if own.ahead < 0:
            lots = min(own.live, -own.ahead)
            own.ahead = 0
            state.hit(own, lots)
            budget -= lots
    for own in state.own_at(passive, price_ticks):
        own.traded += row.qty
