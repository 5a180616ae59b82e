"""Limit-up limit-down on one day: what moves a band, what pauses trading, by hand."""

import pytest

from market.codes import Phase
from sim.schedule.guard import CallExtended, Interrupt
from sim.schedule.luld_day import LuldDay
from sim.venue_rules.bands import Tier, luld_rules_on
from tests.unit.sim.guard_rig import (
    OPEN,
    at,
    band,
    feed,
    free,
    luld,
    pause,
    phase,
    quote,
    session,
    trade,
)

P = Phase


def test_the_opening_price_is_the_first_reference() -> None:
    acts = feed(luld(close=9_000), [*OPEN, trade(at(9, 30), 10_000)])

    assert acts == [band(at(9, 30), 9_500, 10_500)]


def test_an_opening_print_may_come_before_the_phase_that_it_ends() -> None:
    fed = [
        phase(at(9, 0), P.OPENING_CALL),
        trade(at(9, 30), 10_000),
        phase(at(9, 30), P.CONTINUOUS),
    ]

    assert feed(luld(close=9_000), fed) == [band(at(9, 30), 9_500, 10_500)]


def test_trades_before_the_open_and_after_the_close_do_not_count() -> None:
    fed = [
        phase(at(7, 0), P.CONTINUOUS),
        trade(at(9, 29), 20_000),
        phase(at(9, 30), P.OPENING_CALL),
        phase(at(9, 30), P.CONTINUOUS),
        trade(at(9, 30), 10_000),
        trade(at(16, 0), 20_000),
        trade(at(16, 1), 20_000),
        quote(at(16, 2), 30_000, None),
    ]
    acts = feed(luld(), fed, at(20, 0))

    assert acts == [
        band(at(9, 30), 9_500, 10_500), band(at(15, 35), 9_000, 11_000), free(at(16, 0)),
    ]  # fmt: skip


def test_without_a_trade_the_previous_close_is_the_reference_five_minutes_after_the_open() -> None:
    assert feed(luld(close=9_000), OPEN, at(10, 0)) == [band(at(9, 35), 8_550, 9_450)]


def test_a_run_that_begins_later_waits_for_its_first_trade() -> None:
    fed = [phase(at(11, 0), P.CONTINUOUS), trade(at(11, 1), 10_000)]

    assert feed(luld(close=9_000), fed) == [band(at(11, 1), 9_500, 10_500)]


def test_a_band_moves_after_thirty_seconds_even_when_nothing_trades() -> None:
    fed = [*OPEN, trade(at(9, 30), 10_000), trade(at(9, 30, 10), 10_400)]
    guard = luld()
    acts = feed(guard, fed)

    assert acts == [band(at(9, 30), 9_500, 10_500)]
    assert guard.due_ns == at(9, 30, 30)
    # The mean is 102 dollars: 5 % of it to either side, in whole cents.
    assert guard.advance(at(9, 30, 30)) == [band(at(9, 30, 30), 9_690, 10_710)]


def test_a_band_moves_when_old_trades_leave_the_window() -> None:
    fed = [*OPEN, trade(at(9, 30), 10_000), trade(at(9, 34), 10_150)]
    guard = luld()
    feed(guard, fed)

    assert guard.due_ns == at(9, 35)
    assert feed(guard, [], at(9, 36)) == [band(at(9, 35), 9_643, 10_658)]


def test_a_first_trade_five_minutes_after_the_open_follows_the_previous_close() -> None:
    fed = [*OPEN, trade(at(9, 36), 10_000)]

    assert feed(luld(close=9_950), fed) == [band(at(9, 35), 9_453, 10_448)]


LIMIT = [*OPEN, trade(at(9, 30), 10_000), quote(at(10, 0), 10_500, 10_501)]


def test_fifteen_seconds_at_the_band_pause_trading_and_lift_the_band() -> None:
    guard = luld()
    assert feed(guard, LIMIT) == [band(at(9, 30), 9_500, 10_500)]
    assert guard.due_ns == at(10, 0, 15)
    assert guard.advance(at(10, 0, 14)) == []
    assert guard.advance(at(10, 0, 15)) == [free(at(10, 0, 15)), pause(at(10, 0, 15))]
    assert guard.advance(at(10, 20)) == []


def test_a_quote_that_leaves_the_band_in_time_ends_the_limit_state() -> None:
    acts = feed(luld(), [*LIMIT, quote(at(10, 0, 14), 10_499, 10_501)], at(11, 0))

    assert acts == [band(at(9, 30), 9_500, 10_500)]


def test_the_band_stands_still_in_a_limit_state_and_moves_out_of_it() -> None:
    fed = [
        *LIMIT,
        *(trade(at(10, 0, second), 10_500) for second in range(1, 10)),
        quote(at(10, 0, 12), 10_450, 10_500),
    ]

    # The opening trade is older than five minutes, so the mean is that of the trades at the band.
    assert feed(luld(), fed)[1:] == [band(at(10, 0, 12), 9_975, 11_025)]


RESUME = [
    phase(at(10, 0, 15), P.HALT),
    phase(at(10, 5, 15), P.HALT_CALL),
    phase(at(10, 5, 15), P.CONTINUOUS),
]


@pytest.mark.parametrize("print_first", [False, True])
def test_the_price_of_the_reopening_is_the_next_reference(print_first: bool) -> None:
    auction = trade(at(10, 5, 15), 11_000)
    resume = [*RESUME[:2], auction, RESUME[2]] if print_first else [*RESUME, auction]
    acts = feed(luld(), [*LIMIT, *resume])

    assert acts[-1] == band(at(10, 5, 15), 10_450, 11_550)


def test_a_reopening_without_a_print_keeps_the_reference() -> None:
    acts = feed(luld(), [*LIMIT, *RESUME, quote(at(10, 5, 15), 10_000, 10_100)], at(10, 10))

    assert acts[-1] == band(at(10, 5, 15), 9_500, 10_500)


def test_after_a_reopening_only_trades_since_count() -> None:
    fed = [*LIMIT, *RESUME, trade(at(10, 5, 15), 11_000), trade(at(10, 5, 50), 11_400)]

    assert feed(luld(), fed)[-1] == band(at(10, 5, 50), 10_640, 11_760)


def test_a_reopening_may_have_a_collar_that_each_extension_widens() -> None:
    fed = [*LIMIT, *RESUME[:2], (at(10, 5, 15), CallExtended(1)), (at(10, 10, 15), CallExtended(2))]

    assert feed(luld(collar=50_000), fed)[-3:] == [
        band(at(10, 5, 15), 9_500, 10_500),
        band(at(10, 5, 15), 9_000, 11_000),
        band(at(10, 10, 15), 8_500, 11_500),
    ]


@pytest.mark.parametrize(
    ("day", "closes", "edges"),
    [
        (20240702, (16, 0), [((15, 35), 10), ((16, 0), None)]),
        (20240703, (13, 0), [((12, 35), 10), ((13, 0), None)]),
        (20191224, (13, 0), [((9, 45), 5), ((12, 35), 10), ((13, 0), None)]),
        (20140303, (16, 0), [((9, 45), 5), ((15, 35), 10), ((16, 0), None)]),
        (20130806, (16, 0), [((9, 45), 5), ((15, 35), 10), ((15, 45), None)]),
        (20130703, (13, 0), [((9, 45), 5), ((12, 30), None)]),
    ],
)
def test_bands_widen_and_end_by_the_clock_of_their_day(
    day: int, closes: tuple[int, int], edges: list[tuple[tuple[int, int], int | None]]
) -> None:
    acts = feed(luld(day, closes=closes), [*OPEN, trade(at(9, 30), 10_000)], at(20, 0))
    at_open = [one for one in acts if one.ts_ns == at(9, 30)]

    assert len(at_open) == (0 if day == 20130703 else 1)
    assert [one for one in acts if one.ts_ns > at(9, 30)] == [
        free(at(*clock))
        if percent is None
        else band(at(*clock), 10_000 - 100 * percent, 10_000 + 100 * percent)
        for clock, percent in edges
    ]


def test_a_limit_state_that_the_end_of_the_bands_overtakes_pauses_nothing() -> None:
    fed = [*OPEN, trade(at(9, 30), 10_000), quote(at(15, 59, 50), 11_000, None)]
    acts = feed(luld(), fed, at(17, 0))

    assert acts[-1] == free(at(16, 0))
    assert not [act for act in acts if isinstance(act, Interrupt)]


def test_in_2013_the_bands_ended_before_the_close_and_a_limit_state_with_them() -> None:
    fed = [*OPEN, trade(at(9, 30), 10_000), quote(at(15, 44, 50), 11_500, None)]
    acts = feed(luld(20130806), fed, at(17, 0))

    assert acts[-1] == free(at(15, 45))
    assert not [act for act in acts if isinstance(act, Interrupt)]


def test_a_band_is_set_anew_when_trading_resumes_even_if_it_is_the_same() -> None:
    # Whoever made the call print may have lifted the band meanwhile.
    fed = [*LIMIT, *RESUME[:2], quote(at(10, 5, 15), 10_000, 10_100), RESUME[2]]

    assert feed(luld(collar=50_000), fed)[-2:] == [band(at(10, 5, 15), 9_500, 10_500)] * 2


def test_a_band_that_moves_onto_the_quote_begins_a_limit_state() -> None:
    # At 15:35 the bands double; at 9:45 of 2019 they halve, onto a bid of 106.
    guard = luld(20190102)
    fed = [*OPEN, trade(at(9, 30), 10_000), quote(at(9, 40), 10_600, None)]
    feed(guard, fed)

    assert guard.advance(at(9, 46)) == [
        band(at(9, 45), 9_500, 10_500), free(at(9, 45, 15)), pause(at(9, 45, 15)),
    ]  # fmt: skip


def test_finer_ticks_give_the_same_bands_in_cents() -> None:
    rules = luld_rules_on(20240702)
    assert rules is not None
    guard = LuldDay(0, session(), rules, Tier.ONE, previous_close_x2=66_666, ticks_per_cent=100)
    acts = feed(guard, [*OPEN, trade(at(9, 30), 33_333)])

    assert acts == [band(at(9, 30), 31_700, 35_000)]
