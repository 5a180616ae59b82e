"""The exchanges' own worked examples, played through whole books with rules.

The examples of auctions, continuous trading, icebergs and allocations are read from
`validation_golden.json`; hidden and midpoint orders, which it leaves out, are written down here after
section 10.1 of the same transcription.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from market.codes import BandAction, Mode, OrderType, Phase, Reason, Side, TimeInForce
from sim.venue_rules.allocation_policy import AllocationPolicy, ShareOf, Step, cme_steps
from sim.venue_rules.auction_policy import FOUR_STEP, XETRA_R14, XETRA_T7, AuctionPolicy
from sim.venue_rules.book_rules import Matching
from tests.ruled_books import IMPLEMENTATIONS
from tests.truth.test_venue_rules_truth import golden as golden  # noqa: PLC0414 - a fixture
from tests.unit.sim.ruled.game import (
    BUY,
    FROZEN,
    REACTIVE,
    SELL,
    Game,
    fills,
    makes,
    refusal,
    takes,
)

pytestmark = pytest.mark.truth

Case = dict[str, Any]
New = Callable[..., Game]
SIDES = {"B": BUY, "S": SELL}
MTL, MIDPOINT = OrderType.MARKET_TO_LIMIT, OrderType.PEG_MIDPOINT


@pytest.fixture(params=IMPLEMENTATIONS)
def new(request: pytest.FixtureRequest) -> New:
    book_class = IMPLEMENTATIONS[request.param]
    return lambda *args, **kwargs: Game(book_class, *args, **kwargs)


def send(game: Game, order: list[Any]) -> Any:
    """An order of the transcription: side, MO, LO or MTL, limit, quantity."""
    side, name, limit, lots = order
    terms = {"type": MTL} if name == "MTL" else {}
    return game.send(SIDES[side], lots, limit, **terms)


# Continuous trading.


@pytest.mark.parametrize("mode", [REACTIVE, FROZEN], ids=["reactive", "frozen"])
def test_the_thirty_cases_of_continuous_trading(golden: Case, new: New, mode: Mode) -> None:
    cases = golden["xetra_continuous"]["cases"]
    for case in cases:
        game = new(mode, market_rests=True, band_action=BandAction.INTERRUPT)
        for order in case["book"]:
            send(game, order)
        game.reference(case["ref"])
        if "range" in case["out"]:
            game.band(case["ref"] * 98 // 100, case["ref"] * 102 // 100)
        outcome = send(game, case["incoming"])
        check_continuous(game, case, outcome)

    assert len(cases) == 30


def check_continuous(game: Game, case: Case, outcome: Any) -> None:
    incoming, out, last = case["incoming"], case["out"], game.sent
    if out == "reject":
        assert refusal(outcome) == (Reason.NO_OPPOSITE_LIMIT, 0), case
    elif out == "rest":
        assert (fills(outcome), game.is_open(last)) == ([], True), case
    elif isinstance(out, str):
        assert fills(outcome) == [], case
        assert game.now.phase == Phase.VOLATILITY_CALL
    else:
        wanted = [tuple(each) for each in out if isinstance(each, list)]
        assert takes(outcome) == wanted, case
        left = incoming[3] - sum(lots for _, lots in wanted)
        assert game.now.own_lots().get(last, 0) == left, case
        if case["id"] == "mtl_partial":
            assert out[-1] == "rest 2000@203"
            assert game.shows(SELL) == [(203, f"2000*{last}")]
        if case["id"] == "partial_mo":
            assert game.now.waiting[BUY] == [(1, 5000)]


# Icebergs.


@pytest.mark.parametrize("mode", [REACTIVE, FROZEN], ids=["reactive", "frozen"])
def test_the_six_steps_with_icebergs(golden: Case, new: New, mode: Mode) -> None:
    example = golden["xetra_iceberg"]
    game = new(mode)
    for price, lots in example["initial"]["bids"]:
        game.buy(lots, price)
    for price, lots in example["initial"]["asks"]:
        game.sell(lots, price)
    names: dict[str, int] = {}
    steps = example["steps"]
    for step in steps:
        side, kind, limit, lots, *peak = step["do"]
        terms = {"display": peak[1]} if peak else {}
        outcome = game.send(SIDES[side], lots, limit, **terms)
        if kind != "MO":
            name = f"ib{len([each for each in names if each != 'lo']) + 1}" if peak else "lo"
            names[name] = game.sent
        if kind == "ICE":
            assert takes(outcome) == [tuple(fill) for fill in step["fills"]]
        else:
            made = [(order_id, filled) for order_id, _, filled in makes(outcome)]
            assert made == [(names[name], filled) for name, filled in step["fills"]]
        assert {name: shown_and_hidden(game, names[name]) for name in step["shows"]} == {
            name: (*shows, 0)[:2] for name, shows in step["shows"].items()
        }

    assert len(steps) == 6


def shown_and_hidden(game: Game, order_id: int) -> tuple[int, int]:
    now = game.now
    shown = [
        order.live
        for side in now.levels
        for _, _, orders in side
        for order in orders
        if order.name == order_id
    ]
    return shown[0], now.reserves.get(order_id, 0)


# Calls.


def printed(outcome: Any) -> tuple[float, int] | None:
    """Price and lots of an auction, from what both sides were told."""
    told = fills(outcome)
    assert {word for *_, word in told} <= {"A"}
    prices = {price for _, price, _, _, _ in told}
    lots = sum(lots for _, _, lots, _, _ in told)
    assert len(prices) <= 1
    assert lots % 2 == 0
    return (prices.pop(), lots // 2) if told else None


@pytest.mark.parametrize("by_historys_cross", [False, True])
def test_the_thirteen_auctions_under_both_tie_policies(
    golden: Case, new: New, by_historys_cross: bool
) -> None:
    cases = golden["xetra_auction"]["cases"]
    for case in cases:
        for policy, price in (
            (XETRA_R14, case["price"]),
            (XETRA_T7, case.get("price_t7", case["price"])),
        ):
            outcome = play_call(new, policy, case, by_historys_cross)
            wanted = None if price is None else (price, case["volume"])
            assert printed(outcome) == wanted, case
            if "bid_fills" in case:
                bought = [lots for order_id, _, lots, _, _ in fills(outcome) if order_id <= 2]
                assert bought == case["bid_fills"]

    assert len(cases) == 13


def play_call(new: New, policy: AuctionPolicy, case: Case, by_historys_cross: bool) -> Any:
    """Market orders that a call leaves over must not trade in its sweep: the book halts after it."""
    game = new(auction=policy)
    game.phase(Phase.OPENING_CALL)
    for side, key in ((BUY, "bids"), (SELL, "asks")):
        for limit, lots in case[key]:
            hidden = side == BUY and limit in case.get("hidden_bids", [])
            game.send(side, lots, limit, hidden=hidden)
    game.reference(case["ref"])
    if by_historys_cross:
        return game.cross(1, 1)
    return game.phase(Phase.CLOSED)


def test_the_strike_match_order_takes_no_part_at_a_price_below_its_strike(
    golden: Case, new: New
) -> None:
    cases = {case["id"]: case for case in golden["xetra_auction"]["cases"]}
    with_it, without = cases["smo_as_market"], cases["smo"]
    game = new()
    game.phase(Phase.CLOSING_CALL)
    for (limit, lots), is_strike in zip(with_it["bids"], (False, False, True), strict=True):
        terms: dict[str, Any] = {}
        if is_strike:
            terms = {"type": OrderType.STRIKE_MATCH, "stop": 200, "tif": TimeInForce.AT_CLOSE}
        game.buy(lots, limit, **terms)
    for limit, lots in with_it["asks"]:
        game.sell(lots, limit)
    game.reference(with_it["ref"])
    outcome = game.phase(Phase.CLOSED)
    assert printed(outcome) == (without["price"], without["volume"])
    assert 3 not in {order_id for order_id, *_ in fills(outcome)}


def test_the_ten_books_of_four_steps(golden: Case, new: New) -> None:
    cases = golden["nexdax_auction"]["cases"]
    for case in cases:
        policy = replace(FOUR_STEP, pressure_limit_ppm=10_000 * (case["limit_pct"] or 0))
        found = printed(play_call(new, policy, case, by_historys_cross=False))
        assert found is not None
        assert found[0] == case["price"], case

    assert len(cases) == 10


# Hidden and midpoint orders.


def test_a_displayed_order_comes_before_an_older_hidden_one_at_its_price(new: New) -> None:
    game = new()
    game.buy(6000, 200, hidden=True)
    game.buy(4000, 200)
    assert makes(game.sell(4000)) == [(2, 200, 4000)]


def test_a_hidden_order_at_a_better_price_comes_before_a_displayed_one(new: New) -> None:
    game = new()
    game.buy(6000, 200, hidden=True)
    game.buy(1000, 199)
    assert makes(game.sell(6000)) == [(1, 200, 6000)]


def midpoint_book(new: New, **rules: Any) -> Game:
    """197 to 202 on the book that is followed: the middle is 199.5."""
    game = new(mid_isolated=True, **rules)
    game.add("a", BUY, 100, 197)
    game.add("b", SELL, 100, 202)
    return game


@pytest.mark.parametrize(("bid", "ask"), [(200, 203), (198, 197)])
def test_midpoint_orders_whose_limits_do_not_reach_the_middle_do_not_trade(
    new: New, bid: int, ask: int
) -> None:
    game = midpoint_book(new)
    game.buy(6000, bid, type=MIDPOINT)
    assert fills(game.sell(6000, ask, type=MIDPOINT)) == []


def test_midpoint_orders_trade_in_the_middle_and_the_rest_waits(new: New) -> None:
    game = midpoint_book(new)
    game.buy(6000, 200, type=MIDPOINT)
    outcome = game.sell(8000, 197, type=MIDPOINT)
    assert takes(outcome) == [(199.5, 6000)]
    assert game.now.dark[Side.SELL] == [(2, 399, 2000, 0)]


def test_a_middle_outside_the_range_trades_nothing_and_interrupts_nothing(new: New) -> None:
    game = midpoint_book(new, band_action=BandAction.INTERRUPT)
    game.band(200, 210)
    game.buy(6000, 200, type=MIDPOINT)
    assert fills(game.sell(8000, 197, type=MIDPOINT)) == []
    assert game.now.phase == Phase.CONTINUOUS


def test_a_minimum_sets_the_priority_of_midpoint_orders_aside(new: New) -> None:
    game = midpoint_book(new)
    game.buy(5000, 201, type=MIDPOINT)
    game.buy(4000, 200, type=MIDPOINT, least=3000)
    outcome = game.sell(6000, type=MIDPOINT, least=6000)
    assert makes(outcome) == [(1, 199.5, 3000), (2, 199.5, 3000)]


# Futures.


@pytest.mark.parametrize("mode", [REACTIVE, FROZEN], ids=["reactive", "frozen"])
def test_the_allocations_of_the_futures_exchange(golden: Case, new: New, mode: Mode) -> None:
    cases = {case["id"]: case for case in golden["cme"]["cases"]}
    first, step = cases["alloc_A_2005"], cases["prorata_step"]
    policy = AllocationPolicy(steps=cme_steps(first["algo"]), prorata_min_lots=first["min"])
    assert allocated(new, mode, policy, first) == first["fills"]
    # The shares of the step, and what it leaves goes to the oldest.
    policy = AllocationPolicy(steps=(Step.PRO_RATA,), prorata_min_lots=step["min"])
    shares = list(step["prorata"])
    shares[0] += step["agg"] - sum(shares)
    assert allocated(new, mode, policy, step) == shares


def allocated(new: New, mode: Mode, policy: AllocationPolicy, case: Case) -> list[int]:
    """What every resting order of a case gets."""
    game = new(mode, matching=Matching.SHARED, allocation=policy)
    for lots in case["rest"]:
        game.buy(lots, 9704)
    got = dict.fromkeys(range(1, len(case["rest"]) + 1), 0)
    for order_id, _, lots in makes(game.sell(case["agg"], 9704)):
        got[order_id] += lots
    return list(got.values())


def test_the_implied_example_by_what_is_left_of_each(golden: Case, new: New) -> None:
    case = next(each for each in golden["cme"]["cases"] if each["id"] == "implied_501")
    policy = AllocationPolicy(steps=cme_steps("A"), top_max_lots=case["top_first"])
    policy = replace(policy, share_of=ShareOf.ENTERED)
    whole = {**case, "agg": case["top_first"] + case["agg"]}
    assert allocated(new, REACTIVE, policy, whole) == case["final"]
