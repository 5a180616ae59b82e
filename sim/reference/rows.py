"""What history does to a book: one function per kind of tape row.

Model: the tape says what happened without us (`tape`); an order's `live` is what remains of it with
us in the market. Frozen, history happens as it did and fills us on the way. Reactive, history's
commands are sent again and meet the book as it is now. Rows that set a whole level are in
`level_rows`.

Order of events: a row is checked in full before anything is changed.
"""

from market.codes import Depth, Kind, Phase, RowFlag, Side
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.errors import BadRow
from sim.reference import commands, level_rows
from sim.reference.row import Row, describe, require
from sim.reference.state import Order, Sort, State

ORDER_KINDS = (Kind.ADD, Kind.REVEAL, Kind.REDUCE, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE)
PLAIN_KINDS = (Kind.TRADE, Kind.CROSS, Kind.PHASE, Kind.CLEAR)
PLAIN_PHASES = (Phase.PRE_OPEN, Phase.CONTINUOUS, Phase.HALT, Phase.CLOSED)
KINDS_OF = {
    Depth.L3: (*ORDER_KINDS, *PLAIN_KINDS),
    Depth.L2: (Kind.LEVEL, *PLAIN_KINDS),
    Depth.L1: (Kind.QUOTE, *PLAIN_KINDS),
}


def apply(state: State, row: Row) -> None:
    """Let one row happen, or raise `BadRow` and change nothing."""
    check(state, row)
    if row.adds:
        add(state, row)
    elif row.kind in ORDER_KINDS:
        change(state, row, state.history[row.handle])
    elif row.kind == Kind.LEVEL:
        level_rows.level(state, row)
    elif row.kind == Kind.QUOTE:
        level_rows.quote(state, row)
    elif row.kind == Kind.TRADE:
        trade(state, row)
    elif row.kind == Kind.CROSS:
        state.publish_plain(Kind.CROSS, side=row.side, price=row.price, qty=row.qty)
        state.note_print(row.price)
    elif row.kind == Kind.PHASE:
        change_phase(state, Phase(row.qty))
    else:
        assert row.kind == Kind.CLEAR
        clear(state)


# What the tape's own logic forbids.


def check(state: State, row: Row) -> None:
    """Raise `BadRow` when the row contradicts the tape before it."""
    kinds = KINDS_OF[state.depth]
    require(row.kind in kinds, row, f"kind must be one of those of {state.depth.name} books")
    if row.kind in ORDER_KINDS:
        check_order_row(state, row)
    elif row.kind == Kind.LEVEL:
        level_rows.check_level(state, row)
    elif row.kind == Kind.QUOTE:
        level_rows.check_quote(state, row)
    elif row.kind in (Kind.TRADE, Kind.CROSS):
        require(1 <= row.qty <= QTY_LOTS_MAX, row, "qty must be in [1, 2^40]")
        units_max = PRICE_TICKS_MAX * state.tick_units
        require(abs(row.price) <= units_max, row, f"price must be within ±{units_max} units")
    elif row.kind == Kind.PHASE:
        require(row.qty in PLAIN_PHASES, row, "qty must be a phase, 0 to 3")


def check_order_row(state: State, row: Row) -> None:
    """The checks of rows that name an order."""
    handle_max = state.handle_count - 1
    require(0 <= row.handle <= handle_max, row, f"handle must be in [0, {handle_max}]")
    if row.kind == Kind.REVEAL:
        require(row.qty != 0 and row.qty <= QTY_LOTS_MAX, row, "qty must not be 0, at most 2^40")
    else:
        require(1 <= row.qty <= QTY_LOTS_MAX, row, "qty must be in [1, 2^40]")
    if row.adds or row.kind == Kind.REPLACE:
        require(abs(row.price) <= PRICE_TICKS_MAX, row, "price must be within ±2^40 ticks")
    order = state.history.get(row.handle)
    if row.adds:
        require(order is None, row, "the handle must be free")
        return
    if order is None:
        raise BadRow(f"{describe(row)}: the handle must have lots left on the tape")
    if row.kind in (Kind.REDUCE, Kind.EXECUTE, Kind.REVEAL):
        require(abs(row.qty) <= order.tape, row, f"it takes more than the {order.tape} lots left")
    if row.kind == Kind.REPLACE:
        require(row.side == order.side, row, f"side must be the order's, {order.side.name}")


# New orders.


def add(state: State, row: Row) -> None:
    """ADD and positive REVEAL."""
    order = Order(Sort.HISTORICAL, row.handle, row.side, row.price, live=row.qty, tape=row.qty)
    state.history[row.handle] = order
    enter(state, order, fills_us=row.kind == Kind.ADD)
    publish_entry(state, Kind(row.kind), order)


def enter(state: State, order: Order, *, fills_us: bool) -> None:
    """A historical order arrives with `live`, which in frozen mode no trade reduces.

    Args:
        state: The book.
        order: In no queue; joins the back of its level if it has something live, or is frozen.
        fills_us: Whether, in frozen mode, it fills orders of ours that it crosses.
    """
    if state.frozen:
        if fills_us and state.phase == Phase.CONTINUOUS:
            state.hit_crossed(order, order.tape)
        state.join(order)
        return
    if state.phase == Phase.CONTINUOUS:
        order.live = state.hit_crossed(order, order.live)
    if order.live > 0:
        state.join(order)


def publish_entry(state: State, kind: Kind, order: Order) -> None:
    """Frozen, the quantity that the tape says; reactive, what rests, if anything."""
    if state.frozen:
        state.publish(kind, order, order.tape)
    elif order.live > 0:
        state.publish(kind, order, order.live)


# Rows on an order that the tape knows.


def change(state: State, row: Row, order: Order) -> None:
    """One row on a historical order; with its last lot on the tape the handle is free."""
    if not state.frozen and order.live == 0 and row.kind != Kind.EXECUTE:
        change_spent(state, row, order)
    elif row.kind == Kind.REDUCE:
        reduce(state, Kind.REDUCE, order, row.qty)
    elif row.kind == Kind.REVEAL:
        reduce(state, Kind.REVEAL, order, -row.qty)
    elif row.kind == Kind.DELETE:
        delete(state, order)
    elif row.kind == Kind.REPLACE:
        replace(state, row, order)
    elif state.frozen:
        execute_frozen(state, order, row.qty)
    else:
        execute_reactive(state, order, row.qty)
    if order.tape == 0:
        del state.history[row.handle]
        if order.live > 0:
            order.sort = Sort.MOVED
            state.moved += 1


def change_spent(state: State, row: Row, order: Order) -> None:
    """A row on an order of which nothing lives any more is void: only the tape's side changes."""
    assert row.kind != Kind.EXECUTE
    state.void += 1
    if row.kind == Kind.REPLACE:
        order.tape = row.qty
        order.price_ticks = row.price
    elif row.kind == Kind.DELETE:
        order.tape = 0
    else:
        order.tape -= abs(row.qty)


def reduce(state: State, kind: Kind, order: Order, lots: int) -> None:
    """REDUCE and negative REVEAL; the latter is published with a negative quantity."""
    sign = -1 if kind == Kind.REVEAL else 1
    if state.frozen:
        take_frozen(state, order, lots)
        state.publish(kind, order, sign * lots)
        return
    taken = min(lots, order.live)
    order.tape -= lots
    order.live -= taken
    if order.live == 0:
        state.leave(order)
    state.publish(kind, order, sign * taken)


def take_frozen(state: State, order: Order, lots: int) -> None:
    """The taking rule of frozen mode: what we ate of an order goes last."""
    order.tape -= lots
    order.live = min(order.live, order.tape)
    if order.tape == 0:
        state.leave(order)


def delete(state: State, order: Order) -> None:
    """DELETE: the order goes with all that it has, whatever quantity the source says."""
    lots = order.tape if state.frozen else order.live
    state.leave(order)
    order.tape = 0
    order.live = 0
    state.publish(Kind.DELETE, order, lots)


def execute_frozen(state: State, order: Order, lots: int) -> None:
    """EXECUTE: the aggressor would have met our orders first; history trades as it did."""
    state.hit_in_front(order, lots)
    state.note_trade(order.price_ticks)
    take_frozen(state, order, lots)
    state.publish(Kind.EXECUTE, order, lots)


def execute_reactive(state: State, order: Order, lots: int) -> None:
    """EXECUTE: the aggressor of `lots` comes again and hits what is there now."""
    budget = state.hit_in_front(order, lots)
    budget = state.hit_each([order], budget)
    budget = state.hit_down_to(order, budget)
    state.expired_lots += budget
    was_special = order.special
    order.tape -= lots
    # No other row makes an order special: the others take from `live` what they take from `tape`.
    if order.special and not was_special:
        state.diverged += 1


def replace(state: State, row: Row, order: Order) -> None:
    """REPLACE of an order that is in its queue."""
    live = max(0, order.live + row.qty - order.tape)
    if state.frozen and row.qty <= order.tape:
        live = min(order.live, row.qty)
    if row.side_flags & RowFlag.KEEP_PRIORITY and row.price == order.price_ticks:
        replace_in_place(state, order, live, row.qty)
        return
    delete(state, order)
    order.price_ticks = row.price
    order.live = live
    order.tape = row.qty
    enter(state, order, fills_us=True)
    publish_entry(state, Kind.ADD, order)


def replace_in_place(state: State, order: Order, live: int, tape: int) -> None:
    """REPLACE that keeps the order where it is."""
    old_live = order.live
    order.live = live
    order.tape = tape
    if state.frozen:
        state.publish(Kind.REPLACE, order, tape)
    elif live > 0:
        state.publish(Kind.REPLACE, order, live)
    else:
        state.leave(order)
        state.publish(Kind.DELETE, order, old_live)


# Rows on no order.


def trade(state: State, row: Row) -> None:
    """TRADE: a print of something that was never displayed."""
    lots = row.qty
    if state.phase == Phase.CONTINUOUS and not row.side_flags & RowFlag.SIDE_UNKNOWN:
        left = state.hit_by_print(row.side.other, row.price, lots)
        if state.depth < Depth.L3:
            level_rows.trade_at_price(state, row, left)
        lots = lots if state.frozen else left
    if lots > 0:
        state.publish_plain(Kind.TRADE, side=row.side, price=row.price, qty=lots)
        state.note_print(row.price)


def change_phase(state: State, phase: Phase) -> None:
    """PHASE: publish, then sweep when trading begins."""
    begins = phase == Phase.CONTINUOUS and state.phase != Phase.CONTINUOUS
    state.phase = phase
    state.publish_plain(Kind.PHASE, qty=phase)
    if begins:
        commands.resume(state)


def clear(state: State) -> None:
    """CLEAR: all of history goes, and what became of it; our orders stay."""
    for side in Side:
        for order in state.orders(side):
            if not order.is_own:
                state.leave(order)
    state.history.clear()
    state.publish_plain(Kind.CLEAR)
