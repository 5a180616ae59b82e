"""Whatever history and we do, the reference book stays in order and no lot appears or vanishes."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given

from market.codes import Kind, Liquidity, Mode, QueueModel, ReportType, Side
from market.errors import BadRow
from sim.reference import Outcome, ReferenceBook
from tests.strategies import (
    DEPTH_PROFILES,
    HANDLE_COUNT,
    PROFILES,
    TICK_UNITS,
    Step,
    StreamMaker,
    play,
    random_stream,
    streams,
)

ENDS = (ReportType.EXPIRED, ReportType.CANCELLED)


def new_book(mode: Mode) -> ReferenceBook:
    return ReferenceBook(mode=mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)


def try_step(book: ReferenceBook, step: Step) -> Outcome | None:
    """The outcome, or None for a row that the book refuses."""
    try:
        return play(book, step)
    except BadRow:
        return None


class PublicBook:
    """What somebody who hears only the messages knows: the quantity shown at each price."""

    def __init__(self) -> None:
        self.shown: Counter[tuple[int, int]] = Counter()

    def hear(self, outcome: Outcome, book: ReferenceBook) -> None:
        for message in outcome.messages:
            place = (message.side, message.price)
            if message.kind in (Kind.ADD, Kind.REVEAL):
                self.shown[place] += message.qty
            elif message.kind in (Kind.REDUCE, Kind.DELETE, Kind.EXECUTE):
                self.shown[place] -= message.qty
            elif message.kind in (Kind.REPLACE, Kind.LEVEL, Kind.QUOTE):
                self.shown[place] = message.level_shown
            elif message.kind == Kind.CLEAR:
                self.shown = Counter(
                    {
                        (side, price): lots
                        for side in Side
                        for price, lots in book.levels(side, 1 << 30)
                    }
                )
            if message.kind not in (Kind.TRADE, Kind.CROSS, Kind.PHASE, Kind.CLEAR):
                assert self.shown[place] == message.level_shown

    def agrees(self, book: ReferenceBook) -> bool:
        truth = {(side, price): n for side in Side for price, n in book.levels(side, 1 << 30)}
        return {place: n for place, n in self.shown.items() if n} == truth


def check_stream(book: ReferenceBook, steps: list[Step]) -> None:
    """Play a stream; after each step the book is in order and the feed tells its levels."""
    public = PublicBook()
    for step in steps:
        before = book.digest()
        outcome = try_step(book, step)
        book.check_invariants()
        if outcome is None:
            assert book.digest() == before
            continue
        public.hear(outcome, book)
        assert public.agrees(book)
        if step[0] != "row":
            assert outcome.reports


@given(streams(Mode.FROZEN))
def test_frozen_book_stays_in_order_and_its_feed_tells_its_levels(steps: list[Step]) -> None:
    check_stream(new_book(Mode.FROZEN), steps)


@given(streams(Mode.REACTIVE))
def test_reactive_book_stays_in_order_and_its_feed_tells_its_levels(steps: list[Step]) -> None:
    check_stream(new_book(Mode.REACTIVE), steps)


@pytest.mark.parametrize("queue_model", list(QueueModel), ids=lambda model: model.name.lower())
@pytest.mark.parametrize("profile", DEPTH_PROFILES)
def test_book_without_orders_stays_in_order_and_its_feed_tells_its_levels(
    profile: str, queue_model: QueueModel
) -> None:
    for seed in range(4):
        book = ReferenceBook(
            mode=Mode.FROZEN,
            tick_units=TICK_UNITS,
            handle_count=HANDLE_COUNT,
            depth=DEPTH_PROFILES[profile],
            queue_model=queue_model,
        )
        check_stream(book, list(random_stream(seed, 500, mode=Mode.FROZEN, profile=profile)))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mode", list(Mode))
def test_our_lots_conserve_from_acceptance_to_fill_expiry_cancel_or_rest(
    mode: Mode, profile: str
) -> None:
    book = new_book(mode)
    open_lots: dict[int, int] = {}
    fills = 0
    for step in random_stream(11, 3_000, mode=mode, profile=profile):
        outcome = try_step(book, step)
        for report in outcome.reports if outcome else ():
            if report.type in (ReportType.ACCEPTED, ReportType.REPLACED):
                open_lots[report.order_id] = report.qty_lots
            elif report.type == ReportType.FILLED:
                fills += 1
                open_lots[report.order_id] -= report.qty_lots
                assert open_lots[report.order_id] == report.leaves_lots >= 0
            elif report.type in ENDS:
                assert open_lots.pop(report.order_id) == report.qty_lots
        resting = {order_id: order.live for order_id, order in book.state.own.items()}
        assert {order_id: lots for order_id, lots in open_lots.items() if lots} == resting
    assert fills > 200


@pytest.mark.parametrize("profile", PROFILES)
def test_frozen_execute_never_fills_us_with_more_than_its_size(profile: str) -> None:
    book = new_book(Mode.FROZEN)
    largest = 0
    for step in random_stream(5, 3_000, mode=Mode.FROZEN, profile=profile):
        outcome = try_step(book, step)
        if outcome is None or step[0] != "row" or step[1]["kind"] == Kind.PHASE:
            continue
        makers = [each for each in outcome.reports if each.liquidity == Liquidity.MAKER]
        filled = sum(report.qty_lots for report in makers)
        assert len(makers) == len(outcome.reports)
        assert filled <= max(0, step[1]["qty"])
        largest = max(largest, filled)
    assert largest > 0


@pytest.mark.parametrize("profile", PROFILES)
def test_without_us_both_modes_hear_the_same_feed(profile: str) -> None:
    frozen, reactive = new_book(Mode.FROZEN), new_book(Mode.REACTIVE)
    for step in random_stream(3, 3_000, mode=Mode.FROZEN, profile=profile):
        if step[0] != "row":
            continue
        assert try_step(frozen, step) == try_step(reactive, step)
        assert frozen.dump() == reactive.dump()


@pytest.mark.parametrize("profile", ["tight", "far", "huge", "own"])
def test_reactive_book_that_never_paused_is_never_crossed(profile: str) -> None:
    maker, book = StreamMaker(8, Mode.REACTIVE, profile), new_book(Mode.REACTIVE)
    maker.profile = replace(maker.profile, phase_share=0)
    both_sides = 0
    for step in islice(maker.steps(), 3_000):
        try_step(book, step)
        bids, asks = book.levels(Side.BUY, 1), book.levels(Side.SELL, 1)
        if bids and asks:
            both_sides += 1
            assert bids[0][0] < asks[0][0]
    assert both_sides > 1_000


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mode", list(Mode))
def test_the_same_stream_gives_the_same_digests(mode: Mode, profile: str) -> None:
    digests = []
    for _ in range(2):
        book = new_book(mode)
        for step in random_stream(21, 400, mode=mode, profile=profile):
            try_step(book, step)
        digests.append(book.digest())
    assert digests[0] == digests[1]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_stream_is_the_beginning_of_a_longer_one(mode: Mode) -> None:
    short = list(random_stream(4, 50, mode=mode, profile="own"))
    assert short == list(random_stream(4, 90, mode=mode, profile="own"))[:50]
