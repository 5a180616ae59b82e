"""Call auctions by hand: every step of the search, conditions, queues and indications."""

from dataclasses import replace

import pytest

from market.codes import Side
from market.errors import InputError
from sim.venue_rules import compiled
from sim.venue_rules.auction import demand_supply, run_auction
from sim.venue_rules.auction_order import AuctionOrder, AuctionResult, Terms
from sim.venue_rules.auction_policy import (
    EURONEXT,
    FOUR_STEP,
    NASDAQ_CROSS,
    XETRA_R14,
    XETRA_T7,
    AuctionPolicy,
    Candidates,
    Decided,
    Display,
    Fallback,
    OutsideBand,
    Rounding,
    TieRule,
)
from sim.venue_rules.auction_queue import BestShown
from sim.venue_rules.collars import Width, cross_band
from sim.venue_rules.indication import indicate

M = None
Lots = list[tuple[int | None, int]]


def book(bids: Lots, asks: Lots) -> list[AuctionOrder]:
    """Orders of (limit, lots), None for market, in time order, bids first."""
    rows = [(Side.BUY, *row) for row in bids] + [(Side.SELL, *row) for row in asks]
    return [
        AuctionOrder(side=side, price_ticks=price, qty_lots=lots, seq=seq)
        for seq, (side, price, lots) in enumerate(rows)
    ]


def call(
    orders: list[AuctionOrder],
    policy: AuctionPolicy,
    reference: int | None = None,
    band: tuple[int, int] | None = None,
) -> AuctionResult:
    """The result, for plain code and kernel the same."""
    terms = Terms(reference_x2_ticks=None if reference is None else 2 * reference, band_ticks=band)
    result = run_auction(orders, policy, terms)
    assert compiled.run_auction(orders, policy, terms) == result
    return result


# Bids, asks, reference, the print of release 14 and of T7, lots, surplus: the exchange's own.
XETRA = [
    ([(202, 200), (201, 200), (200, 300)], [(200, 100), (198, 200), (197, 400)], M, 200, 200, 700, 0),
    ([(202, 400), (201, 200)], [(199, 300), (198, 200)], M, 201, 201, 500, 100),
    ([(202, 300), (201, 200)], [(199, 400), (198, 200)], M, 199, 199, 500, -100),
    ([(M, 100), (199, 100)], [(202, 100), (M, 100)], 199, 199, 199, 100, 100),
    ([(M, 100), (199, 100)], [(202, 100), (M, 100)], 200, 199, 200, 100, M),
    ([(202, 300), (201, 200)], [(199, 300), (198, 200)], 200, 201, 200, 500, 0),
    ([(202, 300), (201, 200)], [(199, 300), (198, 200)], 202, 201, 201, 500, 0),
    ([(202, 300), (201, 200)], [(199, 300), (198, 200)], 198, 199, 199, 500, 0),
    ([(M, 900)], [(M, 800)], 200, 200, 200, 800, 100),
]  # fmt: skip


@pytest.mark.parametrize(("bids", "asks", "reference", "r14", "t7", "lots", "surplus"), XETRA)
def test_the_worked_examples_of_xetra(
    bids: Lots, asks: Lots, reference: int | None, r14: int, t7: int, lots: int, surplus: int | None
) -> None:
    for policy, price in ((XETRA_R14, r14), (XETRA_T7, t7)):
        found = call(book(bids, asks), policy, reference).found
        assert (found.price_ticks, found.executed_lots) == (price, lots)
        assert surplus is None or found.surplus_lots == surplus


def test_an_uncrossed_call_shows_the_best_displayed_prices() -> None:
    orders = book([(200, 80), (199, 80)], [(201, 80)])
    orders[0] = replace(orders[0], hidden_lots=80)
    shown = indicate(orders, XETRA_T7, Terms(reference_x2_ticks=400))

    assert shown.found.price_ticks is None
    assert shown.best == BestShown(bid_ticks=199, bid_lots=80, ask_ticks=201, ask_lots=80)
    assert call(orders, XETRA_T7, 200).fills_lots == (0, 0, 0)


def test_a_call_without_orders_shows_nothing() -> None:
    assert indicate([], XETRA_T7).best == BestShown()
    assert indicate(book([(M, 5)], []), XETRA_T7).best == BestShown()


def test_the_earlier_of_two_equal_orders_is_filled_first() -> None:
    result = call(book([(200, 300), (200, 300)], [(200, 400)]), XETRA_R14)

    assert result.found.surplus_lots == 200
    assert result.fills_lots == (300, 100, 400)


STRIKE = AuctionOrder(side=Side.BUY, qty_lots=50, seq=9, strike_ticks=200)


def test_a_strike_match_order_moves_no_print_that_is_not_for_it() -> None:
    orders = [*book([(M, 250), (199, 150)], [(M, 300), (198, 200)]), STRIKE]
    for policy in (XETRA_R14, XETRA_T7):
        as_market = call([*orders[:-1], replace(STRIKE, strike_ticks=None)], policy, 201)
        result = call(orders, policy, 201)

        assert (as_market.found.price_ticks, as_market.found.executed_lots) == (198, 450)
        assert (result.found.price_ticks, result.found.executed_lots) == (198, 400)
        assert result.found.surplus_lots == -100
        assert result.excluded == (4,)
        assert result.fills_lots[4] == 0


def test_a_strike_match_order_trades_when_the_print_is_for_it() -> None:
    orders = [*book([(201, 100)], [(200, 150), (M, 100)]), STRIKE]

    assert call(orders, XETRA_T7).fills_lots == (100, 50, 100, 50)
    sell = replace(STRIKE, side=Side.SELL, strike_ticks=199)
    assert call([*book([(200, 100)], [(200, 100)]), sell], XETRA_T7).excluded == (2,)


def test_an_order_below_its_minimum_leaves_and_the_price_is_found_anew() -> None:
    orders = book([(202, 100), (201, 100), (200, 60)], [(200, 150)])
    orders[1] = replace(orders[1], min_qty_lots=80)
    result = call(orders, XETRA_T7)

    assert result.excluded == (1,)
    assert result.fills_lots == (100, 0, 50, 150)
    assert call([replace(orders[1], min_qty_lots=100), orders[3]], XETRA_T7).excluded == ()


def test_of_two_below_their_minimum_the_later_leaves() -> None:
    orders = book([(200, 60), (200, 60)], [(200, 50), (200, 20)])
    orders[0] = replace(orders[0], min_qty_lots=60)
    orders[1] = replace(orders[1], min_qty_lots=60)

    assert call(orders, XETRA_T7).fills_lots == (60, 0, 50, 10)


LADDER = [
    (13100, 0, 35), (13000, 45, 50), (12900, 95, 10), (12800, 25, 15), (12700, 35, 10),
    (12600, 25, 20), (12500, 55, 90), (12400, 200, 155), (12300, 80, 125), (12200, 0, 10),
]  # fmt: skip
EXECUTABLE = [0, 45, 140, 165, 200, 225, 280, 290, 135]


def test_the_worked_ladder_of_marketgrid() -> None:
    # The last row, ten lots to sell, follows from the printed sum of 135 at 12,300.
    orders = book(
        [(price, bid) for price, bid, _ in LADDER if bid],
        [(price, ask) for price, _, ask in LADDER if ask],
    )
    printed = [min(demand_supply(orders, price)) for price, _, _ in LADDER[:-1]]

    assert printed == EXECUTABLE
    for policy in (FOUR_STEP, XETRA_R14, EURONEXT):
        found = call(orders, policy).found
        assert (found.price_ticks, found.executed_lots) == (12400, 290)
        assert found.decided == Decided.VOLUME


@pytest.mark.parametrize(("rounding", "price"), [(Rounding.HALF_UP, 95), (Rounding.DOWN, 94)])
def test_a_pressure_limit_between_ticks_is_rounded_as_the_venue_says(
    rounding: Rounding, price: int
) -> None:
    policy = replace(FOUR_STEP, pressure_limit_ppm=50_000, rounding=rounding)
    found = call(book([(99, 100)], [(92, 50)]), policy, 90).found

    assert (found.price_ticks, found.decided) == (price, Decided.PRESSURE_LIMIT)


def test_a_pressure_limit_at_half_ticks_is_the_exact_figure() -> None:
    policy = replace(FOUR_STEP, pressure_limit_ppm=50_000)

    assert call(book([(198, 100)], [(184, 50)]), policy, 180).found.price_ticks == 189


def test_every_tick_is_a_candidate_only_where_the_venue_says_so() -> None:
    orders = book([(10, 100), (8, 50)], [(8, 100), (10, 50)])
    prices = {
        policy.candidates: call(orders, policy, 10).found.price_ticks
        for policy in (XETRA_T7, FOUR_STEP)
    }

    assert prices == {Candidates.LIMITS: 10, Candidates.TICKS: 9}


@pytest.mark.parametrize(("reference", "price"), [(None, 201), (190, 199), (200, 200), (230, 202)])
def test_euronext_prints_the_nearest_price_to_the_reference(
    reference: int | None, price: int
) -> None:
    orders = book([(202, 500)], [(199, 500)])

    assert call(orders, EURONEXT, reference).found.price_ticks == price


@pytest.mark.parametrize(
    ("fallback", "price"),
    [(Fallback.LOWEST, 199), (Fallback.HIGHEST, 202), (Fallback.MIDDLE, 201)],
)
def test_without_a_reference_the_fallback_prints(fallback: Fallback, price: int) -> None:
    policy = replace(EURONEXT, without_reference=fallback)

    assert call(book([(202, 5)], [(199, 5)]), policy).found.price_ticks == price


@pytest.mark.parametrize(("prefer_high", "price"), [(True, 201), (False, 199)])
def test_of_two_limits_equally_near_the_preferred_one_prints(
    *, prefer_high: bool, price: int
) -> None:
    policy = replace(XETRA_R14, prefer_high=prefer_high)

    assert call(book([(201, 5)], [(199, 5)]), policy, 200).found.price_ticks == price


def test_market_orders_alone_need_a_reference() -> None:
    orders = book([(M, 900)], [(M, 800)])

    assert call(orders, EURONEXT).found.decided == Decided.NOTHING
    assert call(orders, EURONEXT, 200).found.decided == Decided.MARKET_ONLY


def test_the_nasdaq_band_moves_the_cross_inside() -> None:
    band = cross_band(1000, 1100, Width(ppm=100_000, ticks_min=50))
    assert (band.low, band.high) == (895, 1205)
    inside = Terms(reference_x2_ticks=2100, band_ticks=(band.low, band.high))
    orders = book([(1300, 100)], [(1250, 10), (1202, 90)])

    assert run_auction(orders, NASDAQ_CROSS).found.executed_lots == 100
    result = run_auction(orders, NASDAQ_CROSS, inside)
    assert compiled.run_auction(orders, NASDAQ_CROSS, inside) == result
    assert (result.found.price_ticks, result.found.executed_lots) == (1202, 90)


def test_the_cross_prints_nearest_to_the_inside_midpoint() -> None:
    orders = book([(1200, 100)], [(900, 100)])
    odd = Terms(reference_x2_ticks=2101)

    assert call(orders, NASDAQ_CROSS, 1050).found.price_ticks == 1050
    assert run_auction(orders, NASDAQ_CROSS, odd).found.price_ticks == 1051
    down = replace(NASDAQ_CROSS, rounding=Rounding.HALF_DOWN)
    assert run_auction(orders, down, odd).found.price_ticks == 1050


def test_an_auction_that_would_print_outside_its_band_does_not_print() -> None:
    orders = book([(230, 100)], [(220, 100)])
    result = call(orders, XETRA_T7, 200, (196, 204))
    shown = indicate(orders, XETRA_T7, Terms(reference_x2_ticks=400, band_ticks=(196, 204)))

    assert result.found.decided == Decided.OUTSIDE_BAND
    assert result.fills_lots == (0, 0)
    assert (shown.found.price_ticks, shown.in_band) == (220, False)


@pytest.mark.parametrize(
    ("display", "fills"),
    [
        (Display.IGNORED, (60, 40, 0)),
        (Display.FIRST_AT_PRICE, (60, 10, 30)),
        (Display.FIRST_AT_ALL, (40, 10, 50)),
    ],
)
def test_hidden_quantity_trades_when_the_venue_says(
    display: Display, fills: tuple[int, int, int]
) -> None:
    orders = [
        AuctionOrder(side=Side.BUY, qty_lots=60, price_ticks=101, hidden_lots=60, seq=0),
        AuctionOrder(side=Side.BUY, qty_lots=70, price_ticks=100, hidden_lots=60, seq=1),
        AuctionOrder(side=Side.BUY, qty_lots=60, price_ticks=100, seq=2),
        AuctionOrder(side=Side.SELL, qty_lots=100, price_ticks=100, seq=3),
    ]
    if display == Display.FIRST_AT_PRICE:
        orders[2] = replace(orders[2], qty_lots=30)
    elif display == Display.FIRST_AT_ALL:
        orders[2] = replace(orders[2], qty_lots=50)
    policy = AuctionPolicy(display=display, without_reference=Fallback.LOWEST)

    assert call(orders, policy).fills_lots[:3] == fills


def test_policies_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(InputError, match="must be clamp"):
        AuctionPolicy(candidates=Candidates.TICKS, tie=TieRule.NEAREST)
    with pytest.raises(InputError, match="pressure_limit_ppm: found -1"):
        AuctionPolicy(pressure_limit_ppm=-1)


def test_a_band_edge_stands_for_the_limits_it_moves_inside() -> None:
    policy = replace(XETRA_R14, outside_band=OutsideBand.RESTRICT)

    assert call(book([(20, 5)], [(10, 5)]), policy, 30, (13, 17)).found.price_ticks == 17
