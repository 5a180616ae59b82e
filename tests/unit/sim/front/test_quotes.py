"""Mass quotes: which commands a set becomes, and what is remembered of it."""

from typing import Any

import pytest

from market.codes import OrderType, PostOnly, Reason, Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.messages import Cancel, QuoteLeg, Replace, Submit, Terms
from market.refusals import Refusal
from sim.front import Ending, QuotePlan, QuoteSets
from sim.front.quotes import QuoteCommand, QuoteFill


def leg(
    book: int, bid: int, ask: int, *, bid_lots: int = 10, ask_lots: int = 10, first_id: int = 0
) -> QuoteLeg:
    """A quote whose orders, if they have to be made, are `first_id` and the next."""
    return QuoteLeg(book, bid, bid_lots, ask, ask_lots, first_id, first_id + 1)


def anything(_: QuoteCommand) -> None:
    """A venue that takes every command."""


def refusing(*ids: int) -> Any:
    """A venue that takes no command about these orders."""
    return lambda c: Refusal(Reason.PRICE_COLLAR, c.order_id) if c.order_id in ids else None


def said(plan: QuotePlan) -> list[tuple[Any, ...]]:
    """The commands of a plan, in short."""
    short: list[tuple[Any, ...]] = []
    for c in plan.commands:
        if isinstance(c, Cancel):
            short.append(("cancel", c.order_id))
        elif isinstance(c, Replace):
            short.append(("replace", c.order_id, c.price_ticks, c.qty_lots))
        else:
            short.append(("submit", c.order_id, c.side.name, c.price_ticks, c.qty_lots))
    return short


def quoting(*legs: QuoteLeg, **how: Any) -> QuoteSets:
    """Quotes of owner 1 in group 7."""
    quotes = QuoteSets(**how)
    assert quotes.plan(1, 7, legs, anything).refusal is None
    return quotes


def test_a_first_set_is_submitted_by_book_with_bids_before_asks() -> None:
    quotes = QuoteSets()

    plan = quotes.plan(1, 7, (leg(2, 90, 95, first_id=20), leg(1, 80, 85, first_id=10)), anything)

    assert said(plan) == [
        ("submit", 10, "BUY", 80, 10),
        ("submit", 11, "SELL", 85, 10),
        ("submit", 20, "BUY", 90, 10),
        ("submit", 21, "SELL", 95, 10),
    ]
    assert quotes.resting(1, 7) == (10, 11, 20, 21)


def test_quotes_are_marked_and_carry_what_the_venue_gives_them() -> None:
    quotes = QuoteSets(tif=TimeInForce.GTC, terms=Terms(post=PostOnly.SLIDE))

    (bid, _) = quotes.plan(1, 7, (leg(1, 80, 85),), anything).commands

    assert bid == Submit(
        book_id=1,
        order_id=0,
        side=Side.BUY,
        price_ticks=80,
        qty_lots=10,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        terms=Terms(post=PostOnly.SLIDE, quote=True),
    )


def test_a_leg_that_says_what_rests_becomes_nothing() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    assert said(quotes.plan(1, 7, (leg(1, 80, 85, first_id=20),), anything)) == []
    assert quotes.resting(1, 7) == (10, 11)


def test_a_quote_that_shrinks_keeps_its_place() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    plan = quotes.plan(1, 7, (leg(1, 80, 85, bid_lots=4, first_id=20),), anything)

    assert said(plan) == [("replace", 10, 80, 4)]


def test_everything_old_is_gone_before_anything_new_comes() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    plan = quotes.plan(1, 7, (leg(1, 86, 90, first_id=20),), anything)  # its bid is at its old ask

    assert said(plan) == [
        ("cancel", 10),
        ("cancel", 11),
        ("submit", 20, "BUY", 86, 10),
        ("submit", 21, "SELL", 90, 10),
    ]


def test_a_quote_that_grows_is_a_new_order() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    plan = quotes.plan(1, 7, (leg(1, 80, 85, ask_lots=11, first_id=20),), anything)

    assert said(plan) == [("cancel", 11), ("submit", 21, "SELL", 85, 11)]
    assert quotes.resting(1, 7) == (10, 21)


def test_a_side_without_lots_is_left_empty() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    plan = quotes.plan(1, 7, (leg(1, 0, 85, bid_lots=0, first_id=20),), anything)

    assert said(plan) == [("cancel", 10)]
    assert quotes.resting(1, 7) == (11,)


@pytest.mark.parametrize(("whole_set", "left"), [(True, (20, 21)), (False, (10, 11, 20, 21))])
def test_a_book_that_is_not_named_loses_its_quotes_or_keeps_them(
    *, whole_set: bool, left: tuple[int, ...]
) -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10), whole_set=whole_set)

    quotes.plan(1, 7, (leg(2, 90, 95, first_id=20),), anything)

    assert quotes.resting(1, 7) == left


def test_an_empty_set_pulls_everything() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10), leg(2, 80, 85, first_id=20))

    plan = quotes.plan(1, 7, (), anything)

    assert said(plan) == [("cancel", 10), ("cancel", 11), ("cancel", 20), ("cancel", 21)]
    assert quotes.resting(1, 7) == ()


def test_groups_and_owners_are_strangers() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    quotes.plan(1, 8, (leg(1, 80, 85, first_id=20),), anything)
    quotes.plan(2, 7, (leg(1, 80, 85, first_id=30),), anything)
    quotes.plan(1, 7, (), anything)

    assert (quotes.resting(1, 8), quotes.resting(2, 7)) == ((20, 21), (30, 31))


def test_a_leg_that_is_not_taken_is_left_out_and_what_it_replaces_goes() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    plan = quotes.plan(1, 7, (leg(1, 81, 86, first_id=20),), refusing(20))

    assert said(plan) == [("cancel", 10), ("cancel", 11), ("submit", 21, "SELL", 86, 10)]
    assert [(c.order_id, no.figure) for c, no in plan.left_out] == [(20, 20)]
    assert quotes.resting(1, 7) == (21,)


def test_a_quote_that_may_not_shrink_goes() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    def no_replace(command: QuoteCommand) -> Refusal | None:
        return Refusal(Reason.BAD_LOT, 5) if isinstance(command, Replace) else None

    plan = quotes.plan(1, 7, (leg(1, 80, 85, bid_lots=3, first_id=20),), no_replace)

    assert said(plan) == [("cancel", 10)]
    assert quotes.resting(1, 7) == (11,)


def test_one_leg_may_refuse_the_whole_set_and_the_one_before_stays() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10), all_or_nothing=True)

    plan = quotes.plan(1, 7, (leg(1, 81, 86, first_id=20),), refusing(21))

    assert plan == QuotePlan(refusal=Refusal(Reason.PRICE_COLLAR, 21))
    assert quotes.resting(1, 7) == (10, 11)


def test_a_set_whose_predecessor_may_not_go_is_refused_as_a_whole() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    plan = quotes.plan(1, 7, (leg(1, 81, 86, first_id=20),), refusing(10))

    assert plan == QuotePlan(refusal=Refusal(Reason.PRICE_COLLAR, 10))
    assert quotes.resting(1, 7) == (10, 11)


@pytest.mark.parametrize(
    ("legs", "refusal"),
    [
        ((leg(1, 80, 85), leg(1, 81, 86)), Refusal(Reason.BAD_FLAGS, 0)),
        ((leg(1, 80, 85, bid_lots=-1),), Refusal(Reason.BAD_QTY, QTY_LOTS_MAX)),
        ((leg(1, 85, 85),), Refusal(Reason.WOULD_CROSS, 85)),
        ((leg(1, 79, 84, first_id=5), leg(2, 80, 85, first_id=6)), Refusal(Reason.DUPLICATE_ORDER, 0)),
        ((leg(1, 80, 86, first_id=9),), Refusal(Reason.DUPLICATE_ORDER, 0)),
    ],
)  # fmt: skip
def test_a_set_that_makes_no_sense_is_refused_as_a_whole(
    legs: tuple[QuoteLeg, ...], refusal: Refusal
) -> None:
    quotes = quoting(leg(1, 80, 85, first_id=9))

    assert quotes.plan(1, 7, legs, anything) == QuotePlan(refusal=refusal)
    assert quotes.resting(1, 7) == (9, 10)


def test_a_crossed_leg_with_one_empty_side_is_not_crossed() -> None:
    plan = QuoteSets().plan(1, 7, (leg(1, 90, 80, ask_lots=0),), anything)

    assert said(plan) == [("submit", 0, "BUY", 90, 10)]


def test_fills_are_told_with_what_had_filled_and_what_was_quoted() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    assert quotes.on_fill(10, 4) == QuoteFill(1, 7, 4, 0, 10)
    assert quotes.on_fill(10, 1) == QuoteFill(1, 7, 1, 4, 10)
    quotes.plan(1, 7, (leg(1, 80, 85, bid_lots=3, first_id=20),), anything)
    assert quotes.on_fill(10, 3) == QuoteFill(1, 7, 3, 0, 3)  # a changed quote counts anew
    assert quotes.resting(1, 7) == (11,)
    assert not quotes.is_quote(10)
    assert quotes.on_fill(10, 1) is None
    assert quotes.on_fill(99, 1) is None


def test_what_is_left_of_a_quote_decides_whether_it_shrinks_or_grows() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))
    quotes.on_fill(10, 4)

    same = quotes.plan(1, 7, (leg(1, 80, 85, bid_lots=6, first_id=20),), anything)
    grown = quotes.plan(1, 7, (leg(1, 80, 85, bid_lots=7, first_id=20),), anything)

    assert said(same) == []
    assert said(grown) == [("cancel", 10), ("submit", 20, "BUY", 80, 7)]


def test_a_group_is_pulled_as_a_whole_and_may_quote_anew() -> None:
    quotes = quoting(leg(2, 80, 85, first_id=10), leg(1, 80, 85, first_id=20))
    why = Reason.QUOTE_PROTECTION

    pulled = quotes.pull(1, 7)

    assert pulled == tuple(Ending(n, book, why) for n, book in ((20, 1), (21, 1), (10, 2), (11, 2)))
    assert quotes.pull(1, 7) == ()
    quotes.on_leaves(20, 0)  # the book's answer to what was ended changes nothing any more
    assert len(quotes.plan(1, 7, (leg(1, 80, 85, first_id=30),), anything).commands) == 2


def test_what_a_book_says_of_a_quote_is_believed() -> None:
    quotes = quoting(leg(1, 80, 85, first_id=10))

    quotes.on_leaves(10, 2)  # self-trade prevention took lots off it
    quotes.on_leaves(11, 0)  # the book refused it
    quotes.on_leaves(99, 0)

    assert quotes.resting(1, 7) == (10,)
    assert quotes.on_fill(10, 2) == QuoteFill(1, 7, 2, 8, 10)
