"""Momentum and mean reversion: two readings of one move."""

import math

import msgspec
import numpy as np
import pytest

from market.codes import Phase, Trigger, Urgency
from market.decisions import Target
from market.errors import InputError
from market.messages import NO_PRICE, View
from strategies.mean_reversion import MeanReversion, MeanReversionConfig
from strategies.momentum import Momentum, MomentumConfig
from tests.unit.strategies.seen import INSTRUMENTS, SECOND_NS, at, facts, say, strengths

# Thresholds out of the way: every change of the score is said, in thousandths of a deviation.
OPEN = {
    "entry_ppm": 1,
    "exit_ppm": 0,
    "full_ppm": 1_000_000_000,
    "stop_ppm": 0,
    "step_ppm": 1,
    "pause_ns": 0,
}


def momentum(**other: int) -> Momentum:
    config = MomentumConfig(fast_ns=2 * SECOND_NS, slow_ns=8 * SECOND_NS, **other)
    return Momentum(config, books=[0], instruments=INSTRUMENTS)


def reversion(**other: int) -> MeanReversion:
    config = MeanReversionConfig(memory_ns=8 * SECOND_NS, **other)
    return MeanReversion(config, books=[0], instruments=INSTRUMENTS)


def test_momentum_scores_the_distance_of_two_means_in_deviations_of_a_random_walk() -> None:
    made = momentum(**OPEN)
    assert [] == say(made, at(0, 9_999, 10_001))
    assert [] == say(made, at(10, 10_009, 10_011))

    ((_, said_ppm),) = strengths(say(made, at(13, 10_009, 10_011)))

    fast = 10_010 - 10 * math.exp(-3 / 2)
    slow = 10_010 - 10 * math.exp(-3 / 8)
    sd = 1e-4 * (8 - 2) / math.sqrt(2 * (8 + 2))
    assert said_ppm / 1_000 == pytest.approx((fast / slow - 1) / sd, abs=1e-3)


def test_reversion_scores_the_distance_from_a_mean_turned_around() -> None:
    made = reversion(**OPEN)
    say(made, at(0, 9_999, 10_001))
    say(made, at(10, 10_009, 10_011))

    ((_, said_ppm),) = strengths(say(made, at(13, 10_029, 10_031)))

    mean = 10_010 - 10 * math.exp(-3 / 8)
    assert said_ppm / 1_000 == pytest.approx(
        (1 - 10_030 / mean) / (1e-4 * math.sqrt(8 / 2)), abs=1e-3
    )


@pytest.mark.parametrize("make", [momentum, reversion])
def test_the_score_of_a_random_walk_has_a_deviation_of_one(make: object) -> None:
    assert callable(make)
    made = make(**OPEN)
    draw = np.random.default_rng(5)
    step_s, sd = 0.25, 1e-4
    mids = 10**7 * np.exp(np.cumsum(draw.normal(0.0, sd * math.sqrt(step_s), 30_000)))
    scores, score = [], 0.0
    for place, mid in enumerate(mids):
        shown = at(place * step_s, int(mid) - 1, int(mid) + 1)
        for signal in say(made, shown, facts(volatility=sd)):
            assert isinstance(signal, Target)
            score = signal.strength_ppm / 1_000
        scores.append(score)

    assert np.std(scores[200:]) == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("make", [momentum, reversion])
def test_looking_more_often_at_what_does_not_change_changes_nothing(make: object) -> None:
    assert callable(make)
    seldom, often = make(**OPEN), make(**OPEN)
    for seconds, bid_ticks in ((0, 9_999), (10, 10_019), (12, 10_004)):
        last = say(seldom, at(seconds, bid_ticks, bid_ticks + 2))
    bids = dict.fromkeys(range(10), 9_999) | {10: 10_019, 11: 10_019, 12: 10_004}
    for seconds, bid_ticks in bids.items():
        found = say(often, at(seconds, bid_ticks, bid_ticks + 2))

    assert strengths(found)[0][1] == pytest.approx(strengths(last)[0][1], abs=2)


def test_momentum_goes_with_a_move_and_reversion_against_it() -> None:
    trend, fade = momentum(), reversion()
    said = []
    for second in range(40):
        shown = at(second, 10_000 + 2 * second, 10_002 + 2 * second)
        said.append((strengths(say(trend, shown)), strengths(say(fade, shown))))

    assert {1, 0} == {len(each) for pair in said for each in pair}
    assert all(ppm > 0 for with_it, _ in said for _, ppm in with_it)
    assert all(ppm < 0 for _, against in said for _, ppm in against)


def test_reversion_takes_a_large_move_for_news_and_waits_until_it_is_back() -> None:
    made = reversion(pause_ns=0)
    for second in range(9):
        say(made, at(second, 9_999, 10_001))

    # One deviation is 2e-4 of the price, 2 ticks; the stop is at four.
    (first,) = say(made, at(9, 10_002, 10_004))
    (end,) = say(made, at(9.1, 10_009, 10_011))

    assert isinstance(first, Target)
    assert isinstance(end, Target)
    assert (first.strength_ppm < 0, first.urgency) == (True, Urgency.PATIENT)
    assert (end.strength_ppm, end.urgency) == (0, Urgency.NORMAL)
    assert [] == say(made, at(9.2, 10_003, 10_005))


@pytest.mark.parametrize("make", [momentum, reversion])
@pytest.mark.parametrize(
    "unfit",
    [
        at(20, NO_PRICE, 103),
        at(20, 10_500, 10_500),
        at(20, 10_500, 10_502, phase=Phase.HALT),
        at(20, 10_500, 10_502, fired=Trigger.STALE),
        at(20, -3, 1),
        at(20, 10_500, 10_502, book_id=1),
    ],
    ids=["one-sided", "locked", "halted", "stale", "below zero", "another book"],
)
def test_a_view_that_says_nothing_of_the_price_leaves_no_trace(make: object, unfit: View) -> None:
    assert callable(make)
    made = make()
    say(made, at(0, 10_000, 10_002))
    before = msgspec.msgpack.encode(made.state)

    assert [] == say(made, unfit)
    assert before == msgspec.msgpack.encode(made.state)


@pytest.mark.parametrize("make", [momentum, reversion])
def test_nothing_is_said_before_a_mean_is_old_enough_or_volatility_is_known(make: object) -> None:
    assert callable(make)
    made, blind = make(**OPEN), make(**OPEN)
    for second in range(8):
        assert [] == say(made, at(second, 10_000 + second, 10_002 + second))
    for second in range(20):
        shown = at(second, 10_000 + second, 10_002 + second)
        assert [] == say(blind, shown, facts(volatility=0.0))

    assert len(say(made, at(8, 10_008, 10_010))) == 1


def test_books_are_followed_each_on_its_own() -> None:
    config = MomentumConfig(fast_ns=2 * SECOND_NS, slow_ns=8 * SECOND_NS)
    both = Momentum(config, books=[0, 2], instruments=INSTRUMENTS)
    said = []
    for second in range(40):
        for book_id, move in ((0, 2), (2, -2)):
            bid_ticks = 10_000 + move * second
            said += strengths(say(both, at(second, bid_ticks, bid_ticks + 2, book_id=book_id)))

    assert {(0, True), (2, False)} == {(book_id, ppm > 0) for book_id, ppm in said}


@pytest.mark.parametrize("fast_ns", [0, 8, 9])
def test_a_fast_mean_that_is_not_faster_is_refused(fast_ns: int) -> None:
    with pytest.raises(InputError, match=rf"^fast_ns is {fast_ns}, allowed is 1 to below slow_ns"):
        MomentumConfig(fast_ns=fast_ns, slow_ns=8)
    with pytest.raises(InputError, match=r"^slow_ns is 1, allowed is 2 to "):
        MomentumConfig(fast_ns=1, slow_ns=1)
    with pytest.raises(InputError, match=r"^memory_ns is 0, allowed is 1 to "):
        MeanReversionConfig(memory_ns=0)
