"""Cash by hand, then under every order of fills that Hypothesis finds."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.execution.schedules import cash
from desk.execution.schedules.cash import (
    BuyWish,
    CashCall,
    CashData,
    Forecast,
    Grant,
    SellExpected,
    fund_by,
    plan,
)


def wish(parent_id: int, begin: int, by: int, lots: int, cost: int = 10) -> BuyWish:
    return BuyWish(parent_id=parent_id, begin_ns=begin, fund_by_ns=by, lots=lots, lot_cost=cost)


def test_a_buy_waits_for_the_sell_that_pays_for_it() -> None:
    sells = [SellExpected(parent_id=9, usable_ns=50, amount=60)]
    found = plan(0, 45, sells, [wish(1, 0, 100, 10)])
    assert found.grants == (Grant(1, 4, 40),)
    assert found.forecasts == (Forecast(1, 50, 0),)
    assert found.calls == (CashCall(100, 55),)


def test_the_buy_that_has_less_time_comes_first() -> None:
    found = plan(0, 100, [], [wish(1, 0, 200, 8), wish(2, 0, 100, 5)])
    assert found.grants == (Grant(2, 5, 50), Grant(1, 5, 50))
    assert found.calls == (CashCall(200, 30),)


def test_cash_is_kept_for_an_earlier_buy_whose_window_has_not_opened() -> None:
    found = plan(0, 100, [], [wish(1, 0, 200, 8), wish(2, 60, 100, 5)])
    assert found.grants == (Grant(1, 5, 50),)
    assert found.next_ns == 60
    assert found.forecasts == (Forecast(2, 60, 0), Forecast(1, -1, 3))


def test_a_buy_whose_time_is_over_keeps_nothing() -> None:
    found = plan(101, 100, [], [wish(2, 0, 100, 50), wish(1, 0, 200, 10)])
    assert found.grants == (Grant(1, 10, 100),)
    assert found.forecasts == (Forecast(2, -1, 50), Forecast(1, 101, 0))
    assert found.next_ns == 200


def test_in_its_last_moment_a_buy_that_cannot_be_paid_keeps_nothing_from_the_next() -> None:
    both = [wish(0, 0, 10, 1, cost=2), wish(1, 0, 10, 1, cost=1)]
    assert plan(9, 1, [], both).grants == ()
    assert plan(9, 1, [], both).next_ns == 10
    assert plan(10, 1, [], both).grants == (Grant(1, 1, 1),)
    assert plan(9, 1, [], both).forecasts == (Forecast(0, -1, 1), Forecast(1, 10, 0))


def test_the_last_moment_leaves_the_time_to_trade() -> None:
    assert fund_by(1_000, 400) == 600


def test_the_ledger_of_cash_by_hand() -> None:
    data = CashData(free=100)
    cash.on_grant(data, Grant(1, 5, 50))
    assert (data.free, data.reserved) == (50, {1: 50})
    cash.on_buy_fill(data, 1, cost=18, worst=20)
    assert (data.free, data.reserved) == (52, {1: 30})
    cash.on_sell_cash(data, 7)
    assert cash.on_buy_end(data, 1) == 30
    assert data == CashData(free=89)
    with pytest.raises(AssertionError):
        cash.on_grant(data, Grant(1, 9, 90))


@given(
    free=st.integers(0, 500),
    buys=st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 9), st.integers(1, 30)),
        max_size=4,
    ),
)
def test_the_order_in_which_buys_are_named_does_not_matter(
    free: int, buys: list[tuple[int, int, int, int]]
) -> None:
    wishes = [
        wish(number, begin, begin + more, lots, cost)
        for number, (begin, more, lots, cost) in enumerate(buys)
    ]
    sells = [SellExpected(parent_id=90, usable_ns=20, amount=100)]
    found = {
        msgspec.json.encode(plan(10, free, sells, list(order))) for order in permutations(wishes)
    }
    assert len(found) == 1


class World:
    """Parents, fills and cash, played event by event; the allocator is asked after each."""

    def __init__(self, free: int, buys: list[BuyWish]) -> None:
        self.data = CashData(free=free)
        self.buys = {buy.parent_id: buy for buy in buys}
        self.costs = {buy.parent_id: buy.lot_cost for buy in buys}
        self.open_lots = {buy.parent_id: 0 for buy in buys}
        self.granted_ns: dict[int, list[int]] = {buy.parent_id: [] for buy in buys}
        self.spent = 0
        self.arrived = free

    def ask(self, now_ns: int) -> None:
        for grant in plan(now_ns, self.data.free, [], list(self.buys.values())).grants:
            cash.on_grant(self.data, grant)
            buy = self.buys[grant.parent_id]
            assert buy.begin_ns <= now_ns <= buy.fund_by_ns
            self.buys[grant.parent_id] = msgspec.structs.replace(buy, lots=buy.lots - grant.lots)
            self.open_lots[grant.parent_id] += grant.lots
            self.granted_ns[grant.parent_id].append(now_ns)
        self.check()

    def fill(self, parent_id: int, share: int, discount: int) -> None:
        lots = self.open_lots[parent_id] * share // 100
        if lots == 0:
            return
        worst = lots * self.costs[parent_id]
        cost = worst * (100 - discount) // 100
        cash.on_buy_fill(self.data, parent_id, cost, worst)
        self.open_lots[parent_id] -= lots
        self.spent += cost
        self.check()

    def sell(self, amount: int) -> None:
        cash.on_sell_cash(self.data, amount)
        self.arrived += amount
        self.check()

    def check(self) -> None:
        assert self.data.free >= 0
        for parent_id, lots in self.open_lots.items():
            assert self.data.reserved.get(parent_id, 0) == lots * self.costs[parent_id]
        # Even if every open lot fills at its worst, the account does not go below zero.
        assert self.arrived - self.spent - sum(self.data.reserved.values()) == self.data.free

    def worst_case(self) -> None:
        for parent_id in list(self.open_lots):
            self.fill(parent_id, 100, 0)
        assert self.arrived - self.spent >= 0


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), st.integers(0, 100), st.integers(0, 300), st.just(0)),
        st.tuples(st.just("fill"), st.integers(0, 4), st.integers(0, 100), st.integers(0, 50)),
        st.tuples(st.just("wait"), st.integers(0, 40), st.just(0), st.just(0)),
    ),
    max_size=30,
)
BUYS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 100), st.integers(1, 20), st.integers(1, 40)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=300)
@given(free=st.integers(0, 400), buys=BUYS, events=EVENTS)
def test_cash_is_never_negative_and_no_buy_that_could_be_paid_in_time_is_missed(
    free: int, buys: list[tuple[int, int, int, int]], events: list[tuple[str, int, int, int]]
) -> None:
    wishes = [
        wish(number, begin, begin + more, lots, cost)
        for number, (begin, more, lots, cost) in enumerate(buys)
    ]
    world = World(free, wishes)
    queue = sorted(wishes, key=lambda buy: (buy.fund_by_ns, buy.parent_id))
    now_ns = 0
    # Each event at its own moment, and the allocator's own wake-ups in between.
    wakes = sorted({buy.begin_ns for buy in wishes} | {buy.fund_by_ns for buy in wishes})
    assert plan(-1, free, [], wishes).next_ns == wakes[0]
    world.ask(now_ns)
    free_before = world.data.free
    moments: list[tuple[int, tuple[str, int, int, int] | None]] = [(wake, None) for wake in wakes]
    at_ns = 0
    for event in events:
        if event[0] == "wait":
            at_ns += event[1]
        else:
            moments.append((at_ns, event))
    ended: dict[int, tuple[int, int]] = {}
    for now_ns, event in [
        *sorted(moments, key=lambda item: (item[0], item[1] is None)),
        (10**6, None),
    ]:
        for buy in queue:
            if buy.fund_by_ns < now_ns and buy.parent_id not in ended:
                ended[buy.parent_id] = (world.buys[buy.parent_id].lots, free_before)
        if event is not None and event[0] == "sell":
            world.sell(event[2])
        elif event is not None and event[1] < len(wishes):
            world.fill(event[1], event[2], event[3])
        world.ask(now_ns)
        free_before = world.data.free
    for place, buy in enumerate(queue):
        short_lots, free_then = ended[buy.parent_id]
        if short_lots:
            # Nothing that could have bought one more lot of it was left over, and nobody behind it
            # in the queue was given anything before its last moment.
            assert free_then < buy.lot_cost
            for other in queue[place + 1 :]:
                assert all(when >= buy.fund_by_ns for when in world.granted_ns[other.parent_id])
    world.worst_case()


@given(
    free=st.integers(0, 400),
    buys=BUYS,
    sells=st.lists(st.tuples(st.integers(0, 150), st.integers(0, 300)), max_size=5),
)
def test_a_forecast_is_what_happens_when_sells_do_as_expected(
    free: int, buys: list[tuple[int, int, int, int]], sells: list[tuple[int, int]]
) -> None:
    wishes = [
        wish(number, begin, begin + more, lots, cost)
        for number, (begin, more, lots, cost) in enumerate(buys)
    ]
    expected = [
        SellExpected(parent_id=90 + number, usable_ns=at, amount=amount)
        for number, (at, amount) in enumerate(sells)
    ]
    forecasts = plan(0, free, expected, wishes).forecasts
    world = World(free, wishes)
    funded = {buy.parent_id: -1 for buy in wishes}
    for now_ns in range(320):
        for at, amount in sells:
            if at == now_ns:
                world.sell(amount)
        world.ask(now_ns)
        for buy in wishes:
            if world.buys[buy.parent_id].lots == 0 and funded[buy.parent_id] < 0:
                funded[buy.parent_id] = now_ns
    for forecast in forecasts:
        assert forecast.short_lots == world.buys[forecast.parent_id].lots
        assert forecast.funded_ns == funded[forecast.parent_id]


@given(free=st.integers(0, 400), buys=BUYS)
def test_sells_that_answer_every_call_in_time_fund_every_buy(
    free: int, buys: list[tuple[int, int, int, int]]
) -> None:
    wishes = [
        wish(number, begin, begin + more, lots, cost)
        for number, (begin, more, lots, cost) in enumerate(buys)
    ]
    calls = plan(0, free, [], wishes).calls
    answered, sells = 0, []
    for call in calls:
        sells.append(
            SellExpected(parent_id=99, usable_ns=call.by_ns, amount=call.amount - answered)
        )
        answered = call.amount
    assert all(sell.amount >= 0 for sell in sells)
    assert all(forecast.short_lots == 0 for forecast in plan(0, free, sells, wishes).forecasts)
    if calls:
        # One unit less at the last call, and somebody goes short.
        late = msgspec.structs.replace(sells[-1], amount=sells[-1].amount - 1)
        forecasts = plan(0, free, [*sells[:-1], late], wishes).forecasts
        assert any(forecast.short_lots for forecast in forecasts)
