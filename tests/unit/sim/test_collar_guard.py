"""Static and dynamic collars: what a print moves, what interrupts, and the bands of calls."""

import pytest

from market.codes import Phase
from market.errors import InputError
from sim.schedule.collar_guard import CollarGuard, CollarTerms
from sim.schedule.effective import Interruption
from sim.schedule.guard import CallExtended, Interrupt, Quoted, SetBand, Traded
from sim.schedule.ports import NO_HIGH_TICKS, NO_LOW_TICKS
from tests.unit.sim.guard_rig import Fed, feed, phase, trade

P = Phase
TERMS = CollarTerms(
    reference_ticks=1_000, dynamic_ppm=20_000, static_ppm=50_000, extended_ppm=40_000
)
OPENED: list[Fed] = [phase(1, P.OPENING_CALL), phase(10, P.CONTINUOUS)]


def band(now_ns: int, low: int, high: int) -> SetBand:
    return SetBand(now_ns, 0, low, high)


def test_a_call_has_a_band_around_the_last_auction_and_trading_one_around_its_print() -> None:
    acts = feed(CollarGuard(0, TERMS), [*OPENED, trade(10, 1_020), trade(11, 1_030)])

    assert acts == [
        band(1, 980, 1_020),
        band(10, 980, 1_020),
        band(10, 1_000, 1_040),  # 1,020 printed at the instant at which the call ended
        band(11, 1_010, 1_050),
    ]


def test_the_static_collar_binds_when_trades_have_walked_away_from_the_auction() -> None:
    walk = [trade(20 + n, 1_000 + 10 * n) for n in range(1, 5)]
    acts = feed(CollarGuard(0, TERMS), [*OPENED, *walk])

    # 2 % of 1,040 would allow 1,060; 5 % of the last auction allows 1,050.
    assert acts[-1] == band(24, 1_020, 1_050)


@pytest.mark.parametrize("price", [979, 1_021])
def test_a_print_outside_stands_and_calls_a_volatility_auction(price: int) -> None:
    acts = feed(CollarGuard(0, TERMS), [*OPENED, trade(20, price)])
    reach = price * 4 // 100

    assert acts[-2:] == [
        band(20, price - reach, price + reach),
        Interrupt(20, 0, Interruption.VOLATILITY, None),
    ]


def test_a_print_at_the_edge_does_not() -> None:
    for price in (980, 1_020):
        acts = feed(CollarGuard(0, TERMS), [*OPENED, trade(20, price)])
        assert {type(act) for act in acts} == {SetBand}


def test_after_a_volatility_auction_both_collars_lie_around_its_price() -> None:
    fed = [
        *OPENED,
        trade(20, 1_021),
        phase(20, P.VOLATILITY_CALL),
        phase(140, P.CONTINUOUS),
        trade(140, 1_060),
        trade(141, 1_061),
    ]
    acts = feed(CollarGuard(0, TERMS), fed)

    assert acts[-2:] == [band(140, 1_039, 1_081), band(141, 1_040, 1_082)]
    assert sum(isinstance(act, Interrupt) for act in acts) == 1


def test_a_call_that_prints_before_its_phase_ends_counts_the_same() -> None:
    fed = [*OPENED, phase(50, P.CLOSING_CALL), trade(60, 1_019), phase(60, P.TRADE_AT_LAST)]

    assert feed(CollarGuard(0, TERMS), fed)[-1] == SetBand(60, 0, NO_LOW_TICKS, NO_HIGH_TICKS)


def test_half_ticks_never_widen_a_band() -> None:
    terms = CollarTerms(reference_ticks=1_000, dynamic_ppm=500)
    acts = feed(CollarGuard(0, terms), [*OPENED, (20, Traded(2_001))])

    # 0.05 % of 1,000.5 is half a tick: from 1,000 to 1,001.
    assert acts[-1] == band(20, 1_000, 1_001)


def test_quotes_and_extensions_move_nothing_and_no_collar_is_no_band() -> None:
    guard = CollarGuard(0, CollarTerms(reference_ticks=1_000))
    fed: list[Fed] = [*OPENED, (20, Quoted(1, 2)), (21, CallExtended(1)), trade(22, 5_000)]

    assert feed(guard, fed) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"reference_ticks": 0},
        {"reference_ticks": 1, "dynamic_ppm": -1},
        {"reference_ticks": 1, "static_ticks_min": -1},
        {"reference_ticks": 1, "extended_ppm": 1_000_001},
    ],
)
def test_impossible_collars_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="found"):
        CollarTerms(**fields)
