"""What holds for every call auction and every shared level, whatever the venue's policy."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.codes import Side
from sim.venue_rules import auction
from sim.venue_rules.allocation import Resting, allocate
from sim.venue_rules.allocation_policy import AllocationPolicy, ShareOf, Step, cme_steps
from sim.venue_rules.auction import candidate_prices, demand_supply, run_auction
from sim.venue_rules.auction_order import NO_TERMS, AuctionOrder, AuctionResult, Terms
from sim.venue_rules.auction_policy import AuctionPolicy, Candidates, Decided, Display
from sim.venue_rules.auction_queue import fill_by_priority, pieces_of
from tests.random_auctions import AUCTION_POLICIES, STEP_LISTS, random_calls

CHOSEN_FURTHER_IN = (Decided.REFERENCE, Decided.PRESSURE_LIMIT)


@st.composite
def auction_orders(draw: st.DrawFn) -> AuctionOrder:
    side = draw(st.sampled_from(Side))
    lots = draw(st.integers(1, 12))
    return AuctionOrder(
        side=side,
        qty_lots=lots,
        price_ticks=draw(st.one_of(st.none(), *[st.integers(90, 105)] * 3)),
        hidden_lots=draw(st.integers(0, lots)),
        seq=draw(st.integers(0, 20)),
        min_qty_lots=draw(st.sampled_from([0, 0, 0, lots, lots // 2])),
        strike_ticks=draw(st.one_of(*[st.none()] * 3, st.integers(90, 105))),
    )


CALLS = st.lists(auction_orders(), max_size=10)
POLICIES = st.sampled_from(AUCTION_POLICIES)
BANDS = st.tuples(st.integers(88, 100), st.integers(0, 8)).map(lambda at: (at[0], sum(at)))
TERMS = st.builds(
    Terms,
    reference_x2_ticks=st.one_of(st.none(), st.integers(170, 215)),
    band_ticks=st.one_of(st.none(), BANDS),
)


def taking_part(orders: Sequence[AuctionOrder], result: AuctionResult) -> list[AuctionOrder]:
    return [order for index, order in enumerate(orders) if index not in result.excluded]


@given(CALLS, POLICIES, TERMS)
def test_both_sides_trade_the_same_and_nobody_beyond_limit_size_or_condition(
    orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms
) -> None:
    result = run_auction(orders, policy, terms)
    traded = dict.fromkeys(Side, 0)
    for order, lots in zip(orders, result.fills_lots, strict=True):
        traded[order.side] += lots
        if lots:
            price = result.found.price_ticks
            assert price is not None
            assert order.trades_at(price)
            assert not order.strike_missed(price)
            assert order.min_qty_lots <= lots <= order.qty_lots

    assert set(traded.values()) == {result.found.executed_lots}
    assert all(result.fills_lots[index] == 0 for index in result.excluded)


def hold_to_most_volume(orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms) -> None:
    result = run_auction(orders, policy, terms)
    if result.found.decided == Decided.OUTSIDE_BAND:
        return
    active = taking_part(orders, result)
    low, high = terms.band_ticks or (80, 120)
    limits = {order.price_ticks for order in active} - {None}
    allowed = range(low, high + 1) if limits else []

    assert all(min(demand_supply(active, p)) <= result.found.executed_lots for p in allowed)


def hold_to_priority(orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms) -> None:
    whole = replace(policy, display=Display.IGNORED)
    result = run_auction(orders, whole, terms)
    for side in Side:
        queue = sorted(
            piece
            for index, order in enumerate(orders)
            if order.side == side and index not in result.excluded
            for piece in pieces_of(index, order, Display.IGNORED)
        )
        open_lots = [piece.lots - result.fills_lots[piece.index] for piece in queue]
        filled = [result.fills_lots[piece.index] for piece in queue]
        partial = [i for i, lots in enumerate(filled) if lots and open_lots[i]]
        first_open = next((i for i, lots in enumerate(open_lots) if lots), len(queue))

        assert len(partial) <= 1
        assert not any(filled[first_open + 1 :])


@given(CALLS, POLICIES, TERMS)
def test_no_allowed_price_trades_more_than_the_print(
    orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms
) -> None:
    hold_to_most_volume(orders, policy, terms)


@given(CALLS, POLICIES, TERMS)
def test_an_order_trades_only_when_all_before_it_are_filled(
    orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms
) -> None:
    hold_to_priority(orders, policy, terms)


@given(CALLS, POLICIES, TERMS)
def test_orders_better_than_the_print_are_filled(
    orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms
) -> None:
    terms = replace(terms, band_ticks=None)
    policy = replace(policy, least_surplus=True, pressure=True, display=Display.IGNORED)
    result = run_auction(orders, policy, terms)
    price = result.found.price_ticks
    if price is None or result.found.decided in CHOSEN_FURTHER_IN:
        return
    for index, order in enumerate(orders):
        better = order.price_ticks is not None and order.side.sign * (order.price_ticks - price) > 0
        if better and index not in result.excluded:
            assert result.fills_lots[index] == order.qty_lots


@given(CALLS, POLICIES, TERMS)
def test_the_print_is_a_candidate_or_lies_among_equally_good_ones(
    orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms
) -> None:
    result = run_auction(orders, policy, terms)
    price = result.found.price_ticks
    if price is None:
        return
    active = taking_part(orders, result)
    limits = sorted({o.price_ticks for o in active if o.price_ticks is not None})
    candidates = candidate_prices(limits, policy, terms)
    equal = [p for p in candidates if min(demand_supply(active, p)) == result.found.executed_lots]

    assert terms.band_ticks is None or terms.band_ticks[0] <= price <= terms.band_ticks[1]
    assert min(equal) <= price <= max(equal)
    if policy.candidates == Candidates.LIMITS and result.found.decided not in CHOSEN_FURTHER_IN:
        assert price in candidates


@given(CALLS, POLICIES, st.one_of(st.none(), st.integers(170, 215)))
def test_the_ticks_at_the_ends_of_a_gap_stand_for_all_of_it(
    orders: list[AuctionOrder], policy: AuctionPolicy, reference: int | None
) -> None:
    terms = replace(NO_TERMS, reference_x2_ticks=reference)
    limits = sorted({o.price_ticks for o in orders if o.price_ticks is not None})
    some = candidate_prices(limits, policy, terms)
    if not limits or policy.candidates == Candidates.LIMITS:
        return
    every = range(some[0], some[-1] + 1)

    assert {demand_supply(orders, p) for p in every} == {demand_supply(orders, p) for p in some}


@given(CALLS, POLICIES, TERMS, st.permutations(range(10)))
def test_the_order_in_which_orders_are_listed_changes_nothing(
    orders: list[AuctionOrder], policy: AuctionPolicy, terms: Terms, mix: list[int]
) -> None:
    orders = [replace(order, seq=index) for index, order in enumerate(orders)]
    places = [place for place in mix if place < len(orders)]
    straight = run_auction(orders, policy, terms)
    mixed = run_auction([orders[place] for place in places], policy, terms)

    assert mixed.found == straight.found
    assert mixed.fills_lots == tuple(straight.fills_lots[place] for place in places)


LEVELS = st.lists(st.integers(1, 300), max_size=9)
SHARES = st.builds(
    AllocationPolicy,
    steps=st.sampled_from(STEP_LISTS),
    top_min_lots=st.integers(1, 40),
    top_max_lots=st.integers(40, 200),
    prorata_min_lots=st.integers(1, 3),
    prorata_round_up=st.booleans(),
    share_of=st.sampled_from(ShareOf),
    split_fifo_ppm=st.integers(0, 1_000_000),
)


def level_of(lots: list[int], top: int, lmm: int) -> list[Resting]:
    return [
        Resting(qty_lots=qty, is_top=i == top, lmm_ppm=300_000 if i in (lmm, lmm + 1) else 0)
        for i, qty in enumerate(lots)
    ]


@given(LEVELS, st.integers(0, 2_000), SHARES, st.integers(0, 12), st.integers(0, 12))
def test_shares_conserve_lots(
    lots: list[int], incoming: int, policy: AllocationPolicy, top: int, lmm: int
) -> None:
    fills = allocate(level_of(lots, top, lmm), incoming, policy)

    assert all(0 <= fill <= qty for fill, qty in zip(fills, lots, strict=True))
    assert sum(fills) <= incoming
    if policy.steps[-1] == Step.FIFO and Step.LEVELING != policy.steps[0]:
        assert sum(fills) == min(incoming, sum(lots))


@given(LEVELS, st.integers(0, 2_000))
def test_time_priority_fills_an_order_only_when_all_older_are_filled(
    lots: list[int], incoming: int
) -> None:
    fills = allocate(level_of(lots, 99, 99), incoming, AllocationPolicy(steps=(Step.FIFO,)))

    for index, fill in enumerate(fills):
        assert fill == 0 or list(fills[:index]) == lots[:index]


@given(LEVELS, st.integers(0, 2_000), st.integers(0, 8), st.sampled_from("AKOQS"))
def test_the_top_order_comes_first(lots: list[int], incoming: int, top: int, letter: str) -> None:
    if top < len(lots):
        fills = allocate(
            level_of(lots, top, 99), incoming, AllocationPolicy(steps=cme_steps(letter))
        )
        assert fills[top] == min(lots[top], incoming)


@given(LEVELS.filter(bool), st.integers(0, 2_000), st.booleans())
def test_shares_are_within_a_lot_of_the_exact_ones_and_larger_orders_get_no_less(
    lots: list[int], incoming: int, round_up: bool
) -> None:
    policy = AllocationPolicy(steps=(Step.PRO_RATA,), prorata_round_up=round_up)
    fills = allocate(level_of(lots, 99, 99), incoming, policy)
    total = sum(lots)
    pairs = list(zip(lots, fills, strict=True))

    if not round_up:
        exact = min(incoming, total)
        assert all(fill * total <= qty * max(incoming, total) for qty, fill in pairs)
        assert all(qty * exact - fill * total < total for qty, fill in pairs)
        assert sum(fills) > exact - len(lots)
        assert sorted(pairs) == sorted(zip(sorted(lots), sorted(fills), strict=True))
    else:
        assert sum(fills) == min(incoming, total)


def test_a_wrong_price_and_a_jumped_queue_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lowest(_orders: object, candidates: list[int], *_rest: object) -> tuple[int, Decided]:
        return candidates[0], Decided.VOLUME

    def backwards(orders: dict[int, AuctionOrder], *rest: object) -> None:
        last = max((order.seq for order in orders.values()), default=0)
        turned = {i: replace(order, seq=last - order.seq) for i, order in orders.items()}
        fill_by_priority(turned, *rest)  # type: ignore[arg-type]

    def caught(hold: Callable[[list[AuctionOrder], AuctionPolicy, Terms], None]) -> int:
        count = 0
        for call in random_calls(5, 300):
            try:
                hold(*call)
            except AssertionError:
                count += 1
        return count

    assert caught(hold_to_most_volume) == caught(hold_to_priority) == 0
    with monkeypatch.context() as planted:
        planted.setattr(auction, "_choose", lowest)
        assert caught(hold_to_most_volume) > 10
    with monkeypatch.context() as planted:
        planted.setattr(auction, "fill_by_priority", backwards)
        assert caught(hold_to_priority) > 10
