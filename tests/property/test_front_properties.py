"""A venue's front under random use: lives end on time, refusals are right, trades are judged."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from market.codes import OrderType, Phase, Reason, Side, TimeInForce
from market.columns import QTY_LOTS_MAX
from market.instruments import Instrument
from market.messages import NO_PRICE, Replace, Submit
from sim.front import (
    Accepted,
    Admission,
    CutOff,
    Exempt,
    Held,
    Lifetimes,
    OddLot,
    Situation,
    TradeThroughs,
)
from sim.venue_rules.bands import Band
from sim.venue_rules.collars import Width
from sim.venue_rules.tick_table import US_EQUITY

# --- lifetimes --------------------------------------------------------------------------------------

life_steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "remove", "pass", "end day", "move day"]),
        st.integers(0, 7),  # order
        st.integers(0, 1),  # book
        st.sampled_from([TimeInForce.DAY, TimeInForce.GTD, TimeInForce.GTC]),
        st.integers(0, 30),  # ns
    ),
    max_size=80,
)


@settings(max_examples=300)
@given(steps=life_steps)
def test_no_order_outlives_its_time_and_each_ends_once(
    steps: list[tuple[str, int, int, TimeInForce, int]],
) -> None:
    lifetimes, now_ns = Lifetimes(), 0
    lives: dict[int, tuple[int, int, Reason]] = {}  # due, book, reason
    for verb, order_id, book, tif, ns in steps:
        day_end_ns = now_ns + ns
        if verb == "add":
            lifetimes.add(order_id, book, tif, expire_ns=now_ns + ns, day_end_ns=day_end_ns)
            lives.pop(order_id, None)
            if tif is not TimeInForce.GTC:
                reason = Reason.DAY_OVER if tif is TimeInForce.DAY else Reason.TIME_OVER
                lives[order_id] = (now_ns + ns, book, reason)
        elif verb == "remove":
            lifetimes.remove(order_id)
            lives.pop(order_id, None)
        elif verb == "move day":
            lifetimes.move_day_end(book, day_end_ns)
            for mine, (_, place, reason) in list(lives.items()):
                if place == book and reason is Reason.DAY_OVER:
                    lives[mine] = (day_end_ns, book, reason)
        elif verb == "end day":
            ended = [
                mine
                for mine, (_, place, reason) in sorted(lives.items())
                if place == book and reason is Reason.DAY_OVER
            ]
            assert [e.order_id for e in lifetimes.end_day(book)] == ended
            lives = {mine: life for mine, life in lives.items() if mine not in ended}
        else:
            now_ns += ns
            over = sorted((due, mine) for mine, (due, *_) in lives.items() if due <= now_ns)
            found = [(e.order_id, e.book_id, e.reason) for e in lifetimes.due(now_ns)]
            assert found == [(mine, *lives[mine][1:]) for _, mine in over]
            for _, mine in over:
                del lives[mine]
        assert len(lifetimes) == len(lives)
        assert lifetimes.next_ns() == min((due for due, *_ in lives.values()), default=None)
        assert len(lifetimes._heap) <= 2 * len(lives) + 1


# --- admission --------------------------------------------------------------------------------------

SHARE = Instrument(
    symbol="A", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=1
)
submits = st.builds(
    Submit,
    book_id=st.just(0),
    order_id=st.just(1),
    side=st.sampled_from(Side),
    price_ticks=st.integers(-200, 30_000),
    qty_lots=st.integers(-5, 1_000) | st.just(QTY_LOTS_MAX + 1),
    order_type=st.sampled_from(OrderType),
    tif=st.sampled_from([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.AT_CLOSE]),
    post_only=st.booleans(),
)
situations = st.builds(
    Situation,
    now_ns=st.integers(0, 100),
    phase=st.sampled_from(Phase),
    reference_ticks=st.just(NO_PRICE) | st.integers(1, 30_000),
    close_cross_ns=st.none() | st.integers(0, 100),
)
sheets = st.builds(
    Admission,
    instrument=st.just(SHARE),
    accepted=st.just(Accepted(tifs=tuple(TimeInForce), types=tuple(OrderType))),
    cut_offs=st.just((CutOff(TimeInForce.AT_CLOSE, -10, -20),)),
    no_cancel=st.sampled_from([(), (Phase.HALT,)]),
    round_lots=st.integers(1, 10),
    odd_lots=st.sampled_from(OddLot),
    qty_lots_max=st.integers(1, 900),
    notional_max=st.integers(0, 5_000_000),
    ticks=st.sampled_from([None, US_EQUITY]),
    price_limits=st.sampled_from([None, Band(5_000, 20_000)]),
    collar=st.sampled_from([None, Width(ppm=200_000)]),
    collar_both_ways=st.booleans(),
)


@settings(max_examples=300)
@given(sheet=sheets, submit=submits, situation=situations)
def test_what_a_refusal_would_allow_is_allowed(
    sheet: Admission, submit: Submit, situation: Situation
) -> None:
    found = sheet.check(submit, situation)

    assert found == sheet.check(submit, situation)  # nothing has changed by asking
    if found is None:
        return
    mended = submit
    if found.reason is Reason.TOO_LARGE:
        mended = Submit(**{**_fields(submit), "qty_lots": found.figure})
    elif found.reason is Reason.PRICE_COLLAR:
        mended = Submit(**{**_fields(submit), "price_ticks": found.figure})
    elif found.reason is Reason.BAD_TICK and submit.price_ticks >= 0:
        on_grid = submit.price_ticks - submit.price_ticks % found.figure
        mended = Submit(**{**_fields(submit), "price_ticks": on_grid})
    elif found.reason is Reason.BAD_LOT:
        mended = Submit(**{**_fields(submit), "qty_lots": found.figure})
    elif found.reason is Reason.TOO_LATE:
        situation = situation._replace(now_ns=found.figure - 1)
    else:
        return
    again = sheet.check(mended, situation)
    assert again is None or again.reason is not found.reason


def _fields(submit: Submit) -> dict[str, Any]:
    return {name: getattr(submit, name) for name in submit.__struct_fields__}


@given(sheet=sheets, submit=submits, situation=situations)
def test_a_replace_that_changes_nothing_is_refused_only_where_a_cancel_is(
    sheet: Admission, submit: Submit, situation: Situation
) -> None:
    same = Replace(
        book_id=0, order_id=1, price_ticks=submit.price_ticks, qty_lots=max(submit.qty_lots, 1)
    )
    held = Held(same.qty_lots, submit.price_ticks)

    found = sheet.check_replace(same, submit, held, situation)

    assert found == sheet.check_cancel(submit, situation)


# --- trade-throughs ---------------------------------------------------------------------------------

BOOKS = [
    Instrument(
        symbol="A", venue=venue, currency="USD", price_units_per_currency=units, tick_units=1
    )
    for venue, units in (("X", 100), ("Y", 1_000), ("Z", 100))
]
through_steps = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.integers(0, 2), st.integers(95, 105), st.integers(1, 5)),
        st.tuples(st.just("trade"), st.integers(0, 2), st.integers(90, 110), st.integers(1, 50)),
        st.tuples(st.just("gone"), st.integers(0, 2), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(steps=through_steps)
def test_every_trade_is_judged_by_what_others_show_and_counts_add_up(
    steps: list[tuple[str, int, int, int]],
) -> None:
    judge = TradeThroughs(BOOKS, flicker_ns=0)
    shown: dict[int, tuple[int, int]] = {}
    counts = dict.fromkeys(range(3), 0)
    for now_ns, (verb, book, cents, more) in enumerate(steps):
        scale = BOOKS[book].price_units_per_currency // 100
        if verb == "quote":
            shown[book] = (cents, cents + more)
            judge.on_quote(book, cents * scale, (cents + more) * scale, now_ns)
        elif verb == "gone":
            shown.pop(book, None)
            judge.on_quote(book, NO_PRICE, NO_PRICE, now_ns)
        else:
            counts[book] += 1
            others = {BOOKS[b].venue: q for b, q in shown.items() if b != book}
            passed = tuple(
                sorted(v for v, (bid, ask) in others.items() if cents < bid or cents > ask)
            )
            found = judge.on_trade(book, cents * scale, more, now_ns)
            assert (found.venues if found else ()) == passed
            crossed = shown and max(b for b, _ in shown.values()) > min(
                a for _, a in shown.values()
            )
            if found:
                assert found.exempt == (Exempt.CROSSED if crossed else Exempt(0))
    report = judge.report()["A USD"]
    for book, count in counts.items():
        mine = report[BOOKS[book].venue]
        assert mine.trades == count
        assert mine.violations + sum(mine.exempt.values()) <= count
    violations = sum(mine.violations for mine in report.values())
    assert violations <= sum(mine.passed_over for mine in report.values()) <= 2 * violations
