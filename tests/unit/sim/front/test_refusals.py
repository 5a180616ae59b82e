"""Every reason is brought about somewhere: by a function here, or in a file of tests that names it.

A new reason fails here until it has an entry. An entry is a function that returns the reason that was
given, or where the tests that show it are: a file, or a folder in one of whose files, that says
`Reason.<NAME>`.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from market.codes import Liquidity, OrderType, Phase, Reason, TimeInForce
from market.errors import InputError
from market.refusals import REFUSALS, Giver, OrderTerm, Refusal, refusal_text
from sim.front import (
    NYSE_CLOSE,
    Accepted,
    DisconnectPolicy,
    Disconnects,
    Lifetimes,
    ProtectionLimits,
    QuoteProtection,
    QuoteSets,
    Scope,
    Standing,
    Throttle,
    ThrottleRule,
    sweep,
)
from sim.front.quotes import QuoteLeg
from sim.venue_rules.bands import Band
from sim.venue_rules.tick_table import US_EQUITY
from tests.unit.sim.front.orders import NOW, SHARE, order, rules

ROOT = Path(__file__).resolve().parents[4]
COMMANDS = "tests/unit/sim/test_reference_commands.py"
VENUE = "tests/unit/sim/test_venue.py"
RULED = "tests/unit/sim/ruled"


def given(refusal: Refusal | None) -> Reason:
    """The reason of a refusal that there must be, and that can be put into words."""
    assert refusal is not None
    assert refusal_text(*refusal, price_ticks=1, qty_lots=1, instrument=SHARE)
    return refusal.reason


def unsupported_term() -> Reason:
    nothing = rules(accepted=Accepted(terms=OrderTerm(0)))
    return given(nothing.check(order(hidden=True), NOW))


def not_in_phase() -> Reason:
    sheet = rules(in_phase={Phase.HALT: Accepted(types=(OrderType.LIMIT,))})
    return given(sheet.check(order(order_type=OrderType.MARKET), NOW._replace(phase=Phase.HALT)))


def too_late() -> Reason:
    late = NOW._replace(now_ns=1 << 50, close_cross_ns=1 << 50)
    return given(rules(cut_offs=NYSE_CLOSE).check(order(tif=TimeInForce.AT_CLOSE), late))


def throttled() -> Reason:
    throttle = Throttle((ThrottleRule(count=1, window_ns=10),))
    throttle.ask(0, 0, 0, is_cancel=False)
    return given(throttle.ask(0, 0, 1, is_cancel=False).refusal)


def lifetime_over(tif: TimeInForce) -> Reason:
    lifetimes = Lifetimes()
    lifetimes.add(1, 0, tif, expire_ns=5, day_end_ns=5)
    (ending,) = lifetimes.due(5)
    return ending.reason


def standing() -> Standing:
    return Standing(1, 0, 1, 0, order().side)


def mass_cancel() -> Reason:
    (ending,) = sweep(Scope(session=1), [standing()], lambda _: None).ended
    return ending.reason


def disconnected() -> Reason:
    disconnects = Disconnects(DisconnectPolicy(lock_ns=10))
    disconnects.down(1, 0)
    assert disconnects.due(0) == (1,)
    (ending,) = disconnects.sweep(1, 0, [standing()], {0: Phase.HALT}, lambda _: None).ended
    assert given(disconnects.refusal(1, 5)) is ending.reason
    return ending.reason


def quote_protection() -> Reason:
    quotes = QuoteSets()
    protection = QuoteProtection(ProtectionLimits(window_ns=10, trades=1))
    quotes.plan(1, 7, (QuoteLeg(0, 80, 10, 85, 10, 1, 2),), lambda _: None)
    fill = quotes.on_fill(1, 1)
    assert fill is not None
    assert protection.on_fill(fill, Liquidity.MAKER, 0) is not None
    bid, ask = quotes.pull(1, 7)
    assert given(protection.refusal(1, 7, 1)) is bid.reason is ask.reason
    return bid.reason


SHOWN: dict[Reason, Callable[[], Reason] | str] = {
    Reason.NONE: COMMANDS,
    Reason.BAD_QTY: COMMANDS,
    Reason.BAD_PRICE: COMMANDS,
    Reason.WOULD_CROSS: COMMANDS,
    Reason.NOT_FILLABLE: COMMANDS,
    Reason.NO_LIQUIDITY: COMMANDS,
    Reason.IOC_REMAINDER: COMMANDS,
    Reason.UNKNOWN_ORDER: VENUE,
    Reason.HALTED: COMMANDS,
    Reason.CLOSED: COMMANDS,
    Reason.DUPLICATE_ORDER: VENUE,
    Reason.BAD_FLAGS: COMMANDS,
    Reason.UNKNOWN_BOOK: VENUE,
    Reason.BAD_TICK: lambda: given(rules(ticks=US_EQUITY).check(order(price_ticks=10_050), NOW)),
    Reason.BAD_LOT: lambda: given(rules(round_lots=3).check(order(qty_lots=4), NOW)),
    Reason.OUTSIDE_BAND: RULED,
    Reason.BELOW_MINIMUM: RULED,
    Reason.BAD_MINIMUM: RULED,
    Reason.BAD_DISPLAY: lambda: given(rules(display_lots_min=5).check(order(display_lots=4), NOW)),
    Reason.BAD_STOP: RULED,
    Reason.NO_REFERENCE: RULED,
    Reason.NO_OPPOSITE_LIMIT: RULED,
    Reason.NOT_IN_PHASE: not_in_phase,
    Reason.UNSUPPORTED_TYPE: lambda: given(
        rules(accepted=Accepted(types=(OrderType.LIMIT,))).check(
            order(order_type=OrderType.MARKET), NOW
        )
    ),
    Reason.UNSUPPORTED_TIF: lambda: given(
        rules(accepted=Accepted(tifs=(TimeInForce.IOC,))).check(order(), NOW)
    ),
    Reason.UNSUPPORTED_TERMS: unsupported_term,
    Reason.SELF_TRADE: RULED,
    Reason.DAY_OVER: lambda: lifetime_over(TimeInForce.DAY),
    Reason.TIME_OVER: lambda: lifetime_over(TimeInForce.GTD),
    Reason.AUCTION_OVER: RULED,
    Reason.THROTTLED: throttled,
    Reason.TOO_LARGE: lambda: given(rules(qty_lots_max=1).check(order(), NOW)),
    Reason.TOO_SMALL: lambda: given(rules(qty_lots_min=1 << 30).check(order(), NOW)),
    Reason.TOO_LITTLE_NOTIONAL: lambda: given(rules(notional_min=1 << 80).check(order(), NOW)),
    Reason.TOO_MUCH_NOTIONAL: lambda: given(rules(notional_max=1).check(order(), NOW)),
    Reason.NO_LOCATE: "tests/unit/sim/test_short_sale.py",
    Reason.SHORT_PRICE_TEST: "tests/unit/sim/test_short_sale.py",
    Reason.NOT_SETTLED: "tests/unit/sim/test_settlement.py",
    Reason.TOO_LATE: too_late,
    Reason.MASS_CANCEL: mass_cancel,
    Reason.DISCONNECTED: disconnected,
    Reason.QUOTE_PROTECTION: quote_protection,
    Reason.PRICE_COLLAR: lambda: given(rules(price_limits=Band(0, 1)).check(order(), NOW)),
    Reason.BAD_EXPIRY: lambda: given(rules().check(order(tif=TimeInForce.GTD), NOW)),
}


def names(place: str, reason: Reason) -> bool:
    """Whether tests at a place say the reason."""
    path = ROOT / place
    files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    said = re.compile(rf"\bReason\.{reason.name}\b")
    return any(said.search(file.read_text("utf-8")) for file in files if file.exists())


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_reason_is_shown_by_a_test(reason: Reason) -> None:
    shown = SHOWN[reason]
    if isinstance(shown, str):
        assert names(shown, reason), f"no test in {shown} says Reason.{reason.name}"
    else:
        assert shown() is reason


def test_a_reason_without_a_test_would_be_found() -> None:
    assert not names(COMMANDS, Reason.QUOTE_PROTECTION)
    assert not names("tests/unit/sim/nowhere", Reason.BAD_QTY)
    with pytest.raises(InputError):
        Scope()


def test_only_what_the_venue_may_give_is_given_here() -> None:
    mine = [reason for reason, shown in SHOWN.items() if not isinstance(shown, str)]

    assert [reason for reason in mine if not REFUSALS[reason].givers & Giver.VENUE] == []
