"""What a book with rules promises to orders holds under every preset of `tests/ruled_presets.py`.

A story is one stream of every profile under one preset and mode, told once for all properties.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import pytest

from market.codes import BandAction, Kind, Liquidity, Mode, OrderType, Phase, ReportType, Side
from market.codes import TimeInForce as Tif
from market.errors import BadRow
from sim.reference import Outcome
from tests.random_tape import HANDLE_COUNT, TICK_UNITS, Step
from tests.ruled_books import IMPLEMENTATIONS, Picture, picture
from tests.ruled_presets import PRESETS
from tests.ruled_stream import RULED_PROFILES, play_ruled, ruled_stream

LENGTH = 450
STREAMS = (*RULED_PROFILES, "own", "tight")
EVERYWHERE = [
    (implementation, preset, mode)
    for implementation in IMPLEMENTATIONS
    for preset in PRESETS
    for mode in Mode
]


@dataclass(frozen=True)
class Told:
    """One step that was not refused: what was there before, what came of it, what is there now."""

    step: Step
    before: Picture
    outcome: Outcome
    now: Picture

    @property
    def accepted(self) -> dict[str, int] | None:
        """What a submit that was accepted asked for."""
        verb, terms = self.step
        good = verb == "submit" and self.outcome.reports[0].type == ReportType.ACCEPTED
        return terms if good else None

    def fills(self, order_id: int, *kinds: Liquidity) -> list[tuple[int, int]]:
        """Trades of an order as (price in half ticks, lots)."""
        return [
            (2 * each.price_ticks + each.half, each.qty_lots)
            for each in self.outcome.reports
            if each.type == ReportType.FILLED
            and each.order_id == order_id
            and each.liquidity in kinds
        ]


@dataclass(frozen=True)
class Story:
    """Some streams under one preset."""

    preset: str
    mode: Mode
    streams: list[list[Told]]

    @property
    def steps(self) -> Iterator[Told]:
        return chain.from_iterable(self.streams)


def told(implementation: str, preset: str, mode: Mode, seed: int, profile: str) -> Iterator[Told]:
    """The steps of one stream that were not refused."""
    book = IMPLEMENTATIONS[implementation](
        mode=mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT, rules=PRESETS[preset]
    )
    before = picture(book.dump())
    for step in ruled_stream(seed, LENGTH, mode=mode, profile=profile):
        with suppress(BadRow):
            outcome = play_ruled(book, step)
            now = picture(book.dump())
            yield Told(step, before, outcome, now)
            before = now


def name_of(place: tuple[str, str, Mode]) -> str:
    return f"{place[0]}-{place[1]}-{place[2].name.lower()}"


@pytest.fixture(scope="module", params=EVERYWHERE, ids=name_of)
def story(request: pytest.FixtureRequest) -> Story:
    implementation, preset, mode = request.param
    streams = [
        list(told(implementation, preset, mode, seed, profile))
        for seed, profile in enumerate(STREAMS)
    ]
    return Story(preset, mode, streams)


def test_our_lots_conserve_from_acceptance_to_their_end(story: Story) -> None:
    fills = 0
    for stream in story.streams:
        open_lots: dict[int, int] = {}
        for each in stream:
            for report in each.outcome.reports:
                fills += report.type == ReportType.FILLED
                account(open_lots, report)
            left = {order_id: lots for order_id, lots in open_lots.items() if lots}
            assert left == each.now.own_lots(), each.step
    assert fills > 100


def account(open_lots: dict[int, int], report: object) -> None:
    """Keep count of what an order has open by what its owner is told."""
    if report.type in (ReportType.ACCEPTED, ReportType.REPLACED):
        assert report.qty_lots == report.leaves_lots
        open_lots[report.order_id] = report.qty_lots
    elif report.type == ReportType.FILLED:
        open_lots[report.order_id] -= report.qty_lots
        assert open_lots[report.order_id] == report.leaves_lots >= 0
    elif report.type == ReportType.TRIGGERED:
        assert open_lots[report.order_id] == report.leaves_lots
    elif report.type in (ReportType.EXPIRED, ReportType.CANCELLED):
        assert open_lots.pop(report.order_id) == report.qty_lots


def test_every_trade_is_published_once_and_whoever_takes_takes_what_others_lose(
    story: Story,
) -> None:
    taken = 0
    for each in story.steps:
        quiet = story.mode == Mode.FROZEN or each.step[0] == "row"
        # A call and the last price publish losses in another way.
        if quiet or each.now.phase == Phase.TRADE_AT_LAST or each.before.phase.is_call:
            continue
        lots: Counter[int] = Counter()
        for report in each.outcome.reports:
            lots[report.liquidity] += report.qty_lots
        ours = lots[Liquidity.MAKER] + lots[Liquidity.HIDDEN_MAKER]
        trades = (Kind.EXECUTE, Kind.TRADE)
        published = sum(m.qty for m in each.outcome.messages if m.kind in trades)
        assert lots[Liquidity.TAKER] == published >= ours, each.step
        taken += published
    assert taken > 50 or story.mode == Mode.FROZEN


def test_fok_trades_all_or_nothing_and_minima_are_kept_on_arrival(story: Story) -> None:
    seen: Counter[str] = Counter()
    for each in story.steps:
        terms = each.accepted
        if terms is None:
            continue
        lots = sum(n for _, n in each.fills(terms["order_id"], Liquidity.TAKER))
        least = terms["qty_lots"] if terms.get("all_or_none") else terms.get("min_qty_lots", 0)
        if terms["tif"] == Tif.FOK:
            assert lots == terms["qty_lots"], each.step
            seen["fok"] += 1
        elif least > 0:
            assert lots == 0 or lots >= least, each.step
            seen["minimum"] += 1
    assert seen["fok"] > 1
    assert seen["minimum"] > 1


def test_nobody_trades_less_with_a_dark_order_than_its_minimum(story: Story) -> None:
    seen = 0
    for each in story.steps:
        minima = {order_id: m for side in each.before.dark for order_id, _, _, m in side if m > 0}
        for order_id, least in minima.items():
            found = each.fills(order_id, Liquidity.HIDDEN_MAKER)
            if found and not each.fills(order_id, Liquidity.TAKER, Liquidity.AUCTION):
                seen += 1
                assert found[0][1] >= least, each.step
    assert seen > 1


def test_own_displayed_orders_never_rest_crossed_while_trading(story: Story) -> None:
    both = 0
    for each in story.steps:
        levels = each.now.levels
        if each.now.phase != Phase.CONTINUOUS or not all(levels) or story.mode == Mode.FROZEN:
            continue
        both += 1
        for side in Side:
            best_other = levels[side.other][0][0]
            for price, _, orders in levels[side]:
                if any(isinstance(order.name, int) for order in orders):
                    assert side.sign * (price - best_other) < 0, each.step
    assert both > 20 or story.mode == Mode.FROZEN


def test_a_band_that_interrupts_lets_nobody_take_outside_it(story: Story) -> None:
    seen = 0
    for each in story.steps:
        low, high = each.now.band
        if each.before.phase == Phase.TRADE_AT_LAST or (low is None and high is None):
            continue
        for report in each.outcome.reports:
            if report.liquidity == Liquidity.TAKER:
                seen += 1
                price_x2 = 2 * report.price_ticks + report.half
                outside = (low is not None and price_x2 < 2 * low) or (
                    high is not None and price_x2 > 2 * high
                )
                interrupts = PRESETS[story.preset].band_action == BandAction.INTERRUPT
                assert not (interrupts and outside), each.step
    assert seen > 10


def test_who_arrives_takes_the_best_price_first_and_none_beyond_its_limit(story: Story) -> None:
    seen = 0
    for each in story.steps:
        terms = each.accepted
        plain = (OrderType.LIMIT, OrderType.MARKET)
        if terms is None or terms["order_type"] not in plain or any(each.before.waiting):
            continue
        if each.before.phase != Phase.CONTINUOUS:
            continue
        sign = Side(terms["side"]).sign
        keys = [sign * price for price, _ in each.fills(terms["order_id"], Liquidity.TAKER)]
        assert keys == sorted(keys), each.step
        if terms["order_type"] == OrderType.LIMIT:
            assert all(key <= 2 * sign * terms["price_ticks"] for key in keys), each.step
        seen += len(keys) > 1
    assert seen > 2


def test_a_call_gives_everybody_one_price_and_neither_side_more_than_it_prints(
    story: Story,
) -> None:
    prints = 0
    for each in story.steps:
        filled = [r for r in each.outcome.reports if r.liquidity == Liquidity.AUCTION]
        if not filled or story.mode == Mode.FROZEN:
            continue
        prints += 1
        (cross,) = [message for message in each.outcome.messages if message.kind == Kind.CROSS]
        sides = sides_of(each.before)
        for side in Side:
            ours = sum(r.qty_lots for r in filled if sides[r.order_id] == side)
            assert ours <= cross.qty, each.step
        assert {r.price_ticks * TICK_UNITS for r in filled} == {cross.price}, each.step
    assert prints > 1 or story.mode == Mode.FROZEN


def sides_of(now: Picture) -> dict[object, Side]:
    """On which side each own order stands that could take part in a call."""
    found: dict[object, Side] = {}
    for side in Side:
        for _, _, orders in now.levels[side]:
            found.update({order.name: side for order in orders})
        found.update({order_id: side for order_id, _ in now.waiting[side]})
        found.update({order_id: side for order_id, *_ in now.dark[side]})
    return found
