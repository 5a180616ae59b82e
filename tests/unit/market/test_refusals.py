"""Refusals in words: every reason says its figure, in the unit that a person reads."""

import pytest

from market.codes import OrderType, Phase, Reason, TimeInForce
from market.instruments import Instrument
from market.refusals import (
    ALL_TERMS,
    REFUSALS,
    OrderTerm,
    Refusal,
    mask_of,
    price_text,
    refusal_text,
    time_text,
)

SHARE = Instrument(
    symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=100
)
HALF_PAST_SEVEN_NS = 1_340_307_000_000_000_000
NO_FIGURE = [reason for reason, row in REFUSALS.items() if not row.figure]
WITH_FIGURE = [reason for reason, row in REFUSALS.items() if row.figure]


def test_every_reason_has_a_row_in_the_order_of_its_number() -> None:
    assert list(REFUSALS) == list(Reason)


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_sentence_names_its_reason_and_leaves_no_blank(reason: Reason) -> None:
    for figure in (None, 3):
        sentence = refusal_text(reason, figure)
        assert sentence.startswith(f"{reason.name}: ")
        assert not {"{", "}"} & set(sentence)
        assert sentence == sentence.strip()


@pytest.mark.parametrize("reason", WITH_FIGURE, ids=lambda reason: reason.name)
def test_a_figure_changes_the_sentence_and_another_changes_it_again(reason: Reason) -> None:
    sentences = {refusal_text(reason, figure, instrument=SHARE) for figure in (None, 1, 2)}

    assert len(sentences) == 3
    assert REFUSALS[reason].text.count("{figure}") == 1


@pytest.mark.parametrize("reason", NO_FIGURE, ids=lambda reason: reason.name)
def test_a_reason_without_a_figure_says_the_same_whatever_comes(reason: Reason) -> None:
    assert refusal_text(reason, 41) == refusal_text(reason)
    assert "41" not in refusal_text(reason, 41)


@pytest.mark.parametrize(
    ("reason", "figure", "said"),
    [
        (Reason.WOULD_CROSS, 10_003, ("the price 100.05 USD would trade at once, and the order may "
         "only rest: the other side's best is 100.03 USD")),
        (Reason.BAD_TICK, 500, "the price 100.05 USD is not on the grid, whose step there is 0.05 USD"),
        (Reason.BAD_LOT, 100, "the quantity 150 lots is not a multiple of 100 lots"),
        (Reason.TOO_MUCH_NOTIONAL, 12_345_678, ("the quantity 150 lots at the price 100.05 USD is "
         "worth more than one order may be, which is 1234.5678 USD")),
        (Reason.NOT_FILLABLE, 1, "the quantity 150 lots cannot be filled at once: 1 lot can"),
        (Reason.HALTED, Phase.HALT, ("an order that may not wait needs a book that trades: the phase "
         "is HALT")),
        (Reason.THROTTLED, 1_500_000, "too many messages: the next one passes in 1.5ms"),
        (Reason.TOO_LATE, HALF_PAST_SEVEN_NS, "it had to come before 2012-06-21 19:30:00 UTC"),
        (Reason.BAD_STOP, 0, ("the stop would trigger at once, or has nothing to be held against: "
         "the reference is none")),
        (Reason.BAD_EXPIRY, 0, ("the expiry is not possible: the nearest allowed is none, as the "
         "order is not GTD")),
        (Reason.QUOTE_PROTECTION, 0, ("the quotes of its group traded too much, and were pulled: new "
         "ones are taken after a reset")),
        (Reason.QUOTE_PROTECTION, HALF_PAST_SEVEN_NS, ("the quotes of its group traded too much, and "
         "were pulled: new ones are taken from 2012-06-21 19:30:00 UTC")),
        (Reason.UNSUPPORTED_TYPE, mask_of((OrderType.PEG_MIDPOINT, OrderType.LIMIT)),
         "the venue does not take orders of this type: allowed is LIMIT, PEG_MIDPOINT"),
        (Reason.UNSUPPORTED_TIF, mask_of((TimeInForce.DAY,)), ("the venue does not take orders of "
         "this time in force: allowed is DAY")),
        (Reason.UNSUPPORTED_TERMS, OrderTerm.HIDDEN | OrderTerm.QUOTE, ("the venue does not take all "
         "of the order's terms: without HIDDEN, QUOTE it would")),
    ],
)  # fmt: skip
def test_figures_are_written_in_the_units_that_they_have(
    reason: Reason, figure: int, said: str
) -> None:
    text = refusal_text(reason, figure, price_ticks=10_005, qty_lots=150, instrument=SHARE)

    assert text == f"{reason.name}: {said}"


def test_without_an_instrument_prices_stay_what_they_are() -> None:
    assert refusal_text(Reason.PRICE_COLLAR, 7, price_ticks=9).endswith(
        "the price 9 ticks is too far from the market: what is allowed ends at 7 ticks"
    )
    assert "7 price units" in refusal_text(Reason.BAD_TICK, 7)
    assert "7 price units × lots" in refusal_text(Reason.TOO_MUCH_NOTIONAL, 7)


def test_a_refusal_is_read_in_its_order() -> None:
    assert "5 lots" in refusal_text(*Refusal(Reason.TOO_LARGE, 5))


@pytest.mark.parametrize(
    ("units", "scale", "said"),
    [
        (0, 10_000, "0.00 USD"),
        (1, 10_000, "0.0001 USD"),
        (-12_340, 10_000, "-1.234 USD"),
        (5, 1, "5.00 USD"),
        (123, 100, "1.23 USD"),
        (1, 8, "0.125 USD"),
        (7, 3, "7/3 USD"),
    ],
)
def test_a_price_is_written_exactly(units: int, scale: int, said: str) -> None:
    priced = Instrument(
        symbol="A", venue="X", currency="USD", price_units_per_currency=scale, tick_units=1, lot_num=3
    )  # fmt: skip

    assert price_text(units, priced) == said


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [
        (HALF_PAST_SEVEN_NS, "2012-06-21 19:30:00 UTC"),
        (HALF_PAST_SEVEN_NS + 100_000_000, "2012-06-21 19:30:00.1 UTC"),
        (HALF_PAST_SEVEN_NS + 1, "2012-06-21 19:30:00.000000001 UTC"),
        (0, "1970-01-01 00:00:00 UTC"),
        (10_000_000_000, "1970-01-01 00:00:10 UTC"),
    ],
)
def test_a_moment_is_written_as_finely_as_it_needs(time_ns: int, said: str) -> None:
    assert time_text(time_ns) == said


def test_all_terms_are_every_term() -> None:
    assert list(ALL_TERMS) == list(OrderTerm)
