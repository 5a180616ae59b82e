"""What is always true of a book with rules."""

from market.codes import Side
from sim.reference.dump import spent_orders
from sim.reference.ruled.dump import displayed_own
from sim.reference.ruled.orders import Place, RuledOrder
from sim.reference.ruled.rest import place_of_rest
from sim.reference.ruled.state import RuledState
from sim.reference.state import Order, Sort


def check(state: RuledState) -> None:
    """Assert the numbered invariants of `sim.reference.ruled.book`."""
    check_levels(state)
    check_history(state)
    check_places(state)
    check_own(state)
    check_trading(state)


def check_levels(state: RuledState) -> None:
    """Levels are never empty, sorted, and hold what belongs there."""
    for side in Side:
        assert sorted(state.keys[side]) == state.keys[side], "1: levels are sorted"
        assert sorted(state.prices(side)) == sorted(state.levels[side]), "1: every level has a key"
        for price, queue in state.levels[side].items():
            assert queue, "1: no level is empty"
            for order in queue:
                assert (order.side, order.price_ticks) == (side, price), "1: right queue"
        for price, top in state.tops[side].items():
            assert state.levels[side][price][0] is top, "1: a top order is the first of its level"


def check_history(state: RuledState) -> None:
    """History's orders are where the tape and the trades left them."""
    resting = [order for side in Side for order in state.orders(side) if not order.is_own]
    historical = [order for order in resting if order.sort == Sort.HISTORICAL]
    for order in historical:
        assert state.history.get(order.number) is order, "2: it owns its handle"
    for handle, order in state.history.items():
        assert (order.sort, order.number) == (Sort.HISTORICAL, handle), "2: named rightly"
        assert order.tape > 0, "2: a handle is freed with its last lot"
    assert len(historical) + len(spent_orders(state)) == len(state.history), "2: queued or spent"
    for order in resting:
        check_quantities(state, order)


def check_quantities(state: RuledState, order: Order) -> None:
    """What a historical or moved order has."""
    if state.frozen:
        assert order.sort == Sort.HISTORICAL, "3: nothing moves"
        assert 0 <= order.live <= order.tape, "3: history never grows"
        return
    assert order.live > 0, "3: only living orders queue"
    assert (order.tape == 0) == (order.sort == Sort.MOVED), "3: moved orders left the tape"


def check_places(state: RuledState) -> None:
    """Every own order is in exactly one place, which is the one it says."""
    shown = displayed_own(state)
    found = [(order, Place.DISPLAYED) for order in shown]
    for side in Side:
        found += [(order, Place.MARKET) for order in state.waiting[side]]
        found += [(order, Place.DARK) for order in state.dark[side]]
        keys = [(order.key_x2, order.entry) for order in state.dark[side]]
        assert keys == sorted(keys), "4: dark orders stand by price, then entry"
    found += [(order, Place.DORMANT) for order in state.dormant]
    entries = [order.entry for order in state.dormant]
    assert entries == sorted(entries), "4: dormant orders stand by entry"
    assert len(found) == len(state.mine), "4: every own order is somewhere, once"
    for order, place in found:
        assert state.mine.get(order.number) is order, "4: found by its order_id"
        assert order.place == place, "4: where it says"
    pegs = sorted(order.number for order, _ in found if order.is_peg)
    assert sorted(state.pegs) == pegs, "4: pegs are known"


def check_own(state: RuledState) -> None:
    """What an own order has, and where such an order may be."""
    for order in state.mine.values():
        assert order.live > 0, "5: own orders live"
        assert order.reserve >= 0, "5: nothing is behind less than nothing"
        assert order.tape == -1, "5: own orders are not on the tape"
        assert 0 <= order.min_lots <= order.open_lots, "5: a minimum can be met"
        if order.place != Place.DISPLAYED:
            assert order.reserve == 0, "5: only displayed orders have a reserve"
        if order.place != Place.DORMANT:
            assert order.place == place_of_rest(order), "5: it is where its kind rests"
            assert not order.is_stop, "5: stops are dormant"
        if order.place in (Place.DISPLAYED, Place.DARK) and not order.is_peg:
            assert order.price_x2 == 2 * order.limit_ticks, "5: at its limit"
        if order.place == Place.DISPLAYED:
            check_peak(order)


def check_peak(order: RuledOrder) -> None:
    """What a displayed own order shows."""
    assert 2 * order.price_ticks == order.price_x2, "6: displayed at its price"
    if order.display == 0:
        assert order.reserve == 0, "6: no iceberg hides nothing"
    else:
        assert order.live <= max(order.display, order.display_high), "6: a peak is a peak"


def check_trading(state: RuledState) -> None:
    """What holds while orders match."""
    if not state.trading:
        return
    for side in Side:
        assert state.rules.market_rests or not state.waiting[side], "7: market orders never wait"
    for order in state.mine.values():
        assert order.place == Place.DORMANT or not order.for_auction, "7: calls are over"
    if state.frozen:
        return
    for order in displayed_own(state):
        best = state.best(order.side.other)
        crossed = best is not None and order.side.sign * (order.price_ticks - best) >= 0
        assert not crossed, "7: own displayed orders never cross"
