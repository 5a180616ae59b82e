"""Whatever history, the venue and we do, a book with rules stays in order and repeats itself.

What it promises to orders is in `test_ruled_promises.py`.
"""

from collections import Counter
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import Kind, Liquidity, Mode, Phase, Reason, Side, TimeInForce
from market.errors import BadRow
from sim.reference import Outcome, ReferenceBook
from sim.venue_rules.book_rules import BookRules
from tests.random_tape import HANDLE_COUNT, TICK_UNITS, Step
from tests.ruled_books import IMPLEMENTATIONS, Picture, picture
from tests.ruled_presets import PRESETS
from tests.ruled_stream import RULED_PROFILES, play_ruled, ruled_stream, ruled_streams
from tests.strategies import play, random_stream


def new_book(implementation: str, rules: BookRules, mode: Mode) -> Any:
    return IMPLEMENTATIONS[implementation](
        mode=mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT, rules=rules
    )


def try_step(book: Any, step: Step) -> Outcome | None:
    """The outcome, or None for a row that the book refuses."""
    with suppress(BadRow):
        return play_ruled(book, step)
    return None


class PublicBook:
    """What somebody who hears only the messages knows: the quantity shown at each price."""

    def __init__(self) -> None:
        self.shown: Counter[tuple[int, int]] = Counter()

    def hear(self, outcome: Outcome, now: Picture) -> None:
        # CLEAR does not say what stays, and pegs move at once to what is left.
        if any(message.kind == Kind.CLEAR for message in outcome.messages):
            self.shown = Counter(shown_by(now))
            return
        for message in outcome.messages:
            place = (message.side, message.price)
            if message.kind in (Kind.ADD, Kind.REVEAL):
                self.shown[place] += message.qty
            elif message.kind in (Kind.REDUCE, Kind.DELETE, Kind.EXECUTE):
                self.shown[place] -= message.qty
            elif message.kind == Kind.REPLACE:
                self.shown[place] = message.level_shown
            else:
                continue
            assert self.shown[place] == message.level_shown


def shown_by(now: Picture) -> dict[tuple[int, int], int]:
    return {
        (side, price): shown for side in Side for price, shown, _ in now.levels[side] if shown > 0
    }


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@settings(max_examples=60)
@given(data=st.data())
def test_the_book_stays_in_order_and_its_feed_tells_its_levels(
    implementation: str, data: st.DataObject
) -> None:
    mode = data.draw(st.sampled_from(list(Mode)))
    preset = data.draw(st.sampled_from(list(PRESETS)))
    book, public = new_book(implementation, PRESETS[preset], mode), PublicBook()
    for step in data.draw(ruled_streams(mode)):
        before = book.digest()
        outcome = try_step(book, step)
        book.check_invariants()
        if outcome is None:
            assert book.digest() == before
            continue
        now = picture(book.dump())
        public.hear(outcome, now)
        assert {place: n for place, n in public.shown.items() if n} == shown_by(now)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_stream_gives_the_same_digest(
    implementation: str, preset: str, mode: Mode
) -> None:
    digests = set()
    for _ in range(2):
        book = new_book(implementation, PRESETS[preset], mode)
        for step in ruled_stream(11, 300, mode=mode, profile="own"):
            try_step(book, step)
        digests.add(book.digest())
    assert len(digests) == 1


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("preset", PRESETS)
def test_who_is_refused_for_too_little_would_have_traded_just_what_the_figure_says(
    preset: str, mode: Mode
) -> None:
    """The figure counts without changing anything; an order that may trade in part is the proof."""
    refused = 0
    for seed, profile in enumerate((*RULED_PROFILES, "own", "own")):
        book = new_book("reference", PRESETS[preset], mode)
        for verb, data in ruled_stream(seed, 400, mode=mode, profile=profile):
            if verb != "submit" or data["tif"] not in (TimeInForce.IOC, TimeInForce.FOK):
                try_step(book, (verb, data))
                continue
            before = deepcopy(book)
            report = play_ruled(book, (verb, data)).reports[0]
            if report.reason not in (Reason.NOT_FILLABLE, Reason.BELOW_MINIMUM):
                continue
            ioc = {**data, "tif": int(TimeInForce.IOC), "min_qty_lots": 0, "all_or_none": False}
            reports = play_ruled(before, (verb, ioc)).reports
            lots = sum(
                each.qty_lots
                for each in reports
                if each.liquidity == Liquidity.TAKER and each.order_id == data["order_id"]
            )
            assert report.figure == lots, data
            refused += 1
    assert refused > 5


def named_alike(outcome: Outcome | None) -> object:
    """An outcome without names of orders, which implementations may give to slots of their own."""
    if outcome is None:
        return None
    return [message._replace(handle=0) for message in outcome.messages], outcome.reports


def without_terms(step: Step) -> Step:
    """The same command for a book with rules, of an order that carries nothing."""
    verb, data = step
    if verb != "submit":
        return step
    fields = dict(data)
    post = int(fields.pop("post_only"))
    return verb, {**fields, "post": post, "owner": 0}


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("profile", ["tight", "far", "huge", "own", "phases"])
def test_without_terms_a_book_with_rules_is_a_plain_book(
    implementation: str, mode: Mode, profile: str
) -> None:
    plain = ReferenceBook(mode=mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT)
    ruled = IMPLEMENTATIONS[implementation](
        mode=mode, tick_units=TICK_UNITS, handle_count=HANDLE_COUNT, rules=BookRules()
    )
    for step in random_stream(7, 2_000, mode=mode, profile=profile):
        if step[0] == "row" and step[1]["kind"] == Kind.PHASE and step[1]["qty"] == 4:
            continue  # a phase that only one of them knows
        if (
            step[0] == "row"
            and step[1]["kind"] == Kind.CROSS
            and plain.dump()[0] != Phase.CONTINUOUS
        ):
            continue  # in a pause it makes a call of a book with rules
        expected = None
        with suppress(BadRow):
            expected = play(plain, step)
        found = try_step(ruled, without_terms(step))
        assert named_alike(expected) == named_alike(found), step
        numbers = plain.dump()
        assert ruled.dump()[: len(numbers)] == numbers, step
