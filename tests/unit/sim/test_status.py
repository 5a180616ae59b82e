"""Compiled code and `market.codes` mean the same by every integer."""

from enum import IntEnum, IntFlag

import pytest

from market.codes import (
    BandAction,
    Depth,
    Kind,
    Liquidity,
    Mode,
    OrderType,
    Phase,
    PostOnly,
    QueueModel,
    Reason,
    ReportType,
    RowFlag,
    SelfTrade,
    Side,
    TimeInForce,
    Trigger,
)
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.messages import NO_PRICE
from sim.kernels import layout, status
from sim.rows import BAD_ROW_TEXT
from sim.venue_rules.book_rules import Matching

Enum = type[IntEnum] | type[IntFlag]

OUTSIDE_THE_BOOK = {
    "DUPLICATE_ORDER",
    "UNKNOWN_BOOK",
    "BAD_TICK",
    "BAD_LOT",
    "UNSUPPORTED_TYPE",
    "UNSUPPORTED_TIF",
    "UNSUPPORTED_TERMS",
    "DAY_OVER",
    "TIME_OVER",
    "THROTTLED",
    "TOO_LARGE",
    "TOO_SMALL",
    "TOO_LITTLE_NOTIONAL",
    "TOO_MUCH_NOTIONAL",
    "NO_LOCATE",
    "SHORT_PRICE_TEST",
    "NOT_SETTLED",
    "TOO_LATE",
    "MASS_CANCEL",
    "DISCONNECTED",
    "QUOTE_PROTECTION",
    "PRICE_COLLAR",
    "BAD_EXPIRY",
}

# Enum, how its names begin in `status`, names that differ, members that kernels never see.
SHARED: tuple[tuple[Enum, str, dict[str, str], set[str]], ...] = (
    (Kind, "", {}, set()),
    (RowFlag, "", {}, set()),
    (Phase, "", {}, set()),
    (Mode, "", {}, set()),
    (OrderType, "", {}, set()),
    (TimeInForce, "", {}, set()),
    (PostOnly, "POST_", {}, set()),
    (SelfTrade, "STP_", {}, set()),
    (BandAction, "BAND_", {}, set()),
    (Matching, "MATCH_", {}, set()),
    # What a venue says of its own accord, or about its own ledger.
    (ReportType, "", {}, {"BUSTED", "CORRECTED", "STATUS", "MASS_CANCELLED", "QUOTED"}),
    # CLOSED alone is the phase; what a venue checks before it asks the book, kernels never see.
    (Reason, "", {"NONE": "NO_REASON", "CLOSED": "MARKET_CLOSED"}, OUTSIDE_THE_BOOK),
    (Liquidity, "", {"AUCTION": "AUCTION_FILL"}, {"NONE"}),
    (Trigger, "ON_", {}, set()),
    (Depth, "DEPTH_", {}, set()),
    (QueueModel, "QUEUE_", {}, set()),
)
PAIRS = [
    (prefix + renamed.get(member.name, member.name), member)
    for enum, prefix, renamed, unseen in SHARED
    for member in enum
    if member.name is not None and member.name not in unseen
]
CONSTANTS = {name: value for name, value in vars(status).items() if name.isupper()}
OUTCOMES = {name for name, value in CONSTANTS.items() if name == "DONE" or value < 0}
REFUSALS = {
    name for name in CONSTANTS if name.startswith("BAD_") and not hasattr(Reason, name)
} - OUTCOMES


@pytest.mark.parametrize(("name", "member"), PAIRS, ids=[name for name, _ in PAIRS])
def test_a_code_is_the_same_in_compiled_code(name: str, member: int) -> None:
    assert CONSTANTS[name] == member


def test_every_constant_is_a_code_an_outcome_or_a_refusal() -> None:
    known = {name for name, _ in PAIRS} | OUTCOMES | REFUSALS

    assert set(CONSTANTS) == known


def test_no_two_codes_share_a_constant() -> None:
    names = [name for name, _ in PAIRS]

    assert len(names) == len(set(names))


def test_outcomes_are_distinct_and_none_is_a_code() -> None:
    values = [CONSTANTS[name] for name in sorted(OUTCOMES)]

    assert len(values) == len(set(values))
    assert status.DONE == 0


def test_every_refusal_has_its_own_number_and_words() -> None:
    values = {CONSTANTS[name] for name in REFUSALS}

    assert len(values) == len(REFUSALS)
    assert values == set(BAD_ROW_TEXT)
    assert 0 not in values


def test_bounds_and_sides_are_those_of_the_columns() -> None:
    assert layout.QTY_MAX == QTY_LOTS_MAX
    assert layout.PRICE_MAX == PRICE_TICKS_MAX
    assert layout.NO_PRICE == NO_PRICE
    assert status.SELL == Side.SELL
    assert {trigger.value for trigger in Trigger}.isdisjoint({layout.OBSERVED})
