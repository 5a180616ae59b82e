import math

import pytest

from market.errors import InputError
from market.messages import View
from strategies.imbalance import Imbalance, ImbalanceConfig, imbalance_of
from tests.unit.strategies.seen import INSTRUMENTS, SECOND_NS, at, say, strengths


def book(seconds: float, bid_lots: int, ask_lots: int, **own: int) -> View:
    return at(
        seconds,
        100,
        101,
        bid_lots=bid_lots,
        ask_lots=ask_lots,
        bids=((100, bid_lots), (99, 10), (98, 40)),
        asks=((101, ask_lots), (102, 30), (103, 20)),
        **own,
    )


def imbalance(**other: int) -> Imbalance:
    config = ImbalanceConfig(memory_ns=SECOND_NS, horizon_ns=SECOND_NS, **other)
    return Imbalance(config, books=[0], instruments=INSTRUMENTS)


def test_the_imbalance_is_over_the_levels_asked_for_without_our_own_lots() -> None:
    assert imbalance_of(book(0, 30, 10), 1) == 20 / 40
    assert imbalance_of(book(0, 30, 10), 2) == 0.0
    assert imbalance_of(book(0, 30, 10), 3) == 20 / 140
    assert imbalance_of(book(0, 30, 10), 9) == 20 / 140
    assert imbalance_of(book(0, 30, 10, own_bid_lots=20), 1) == 0.0
    assert imbalance_of(book(0, 30, 10, own_ask_lots=10), 1) == 1.0
    assert imbalance_of(book(0, 30, 10, own_bid_lots=35), 1) == -1.0  # more than is shown
    assert imbalance_of(book(0, 30, 10, own_bid_lots=30, own_ask_lots=10), 1) == 0.0


def test_an_imbalance_counts_for_as_long_as_it_stood() -> None:
    made = imbalance(entry_ppm=1, exit_ppm=0, full_ppm=1_000_000, step_ppm=1, pause_ns=0)
    say(made, book(0, 10, 10))
    assert [] == say(made, book(5, 90, 10))  # it has not stood yet
    ((_, ppm),) = strengths(say(made, book(5.5, 10, 10)))
    assert ppm == pytest.approx(0.8 * (1 - math.exp(-0.5)) * 1e6, abs=2)


def test_a_heavy_bid_is_a_reason_to_be_long_and_a_heavy_ask_to_be_short() -> None:
    for lots, sign in (((90, 10), 1), ((10, 90), -1)):
        made = imbalance()
        say(made, book(0, *lots))
        ((_, ppm),) = strengths(say(made, book(5, *lots)))
        assert ppm * sign > 900_000


def test_a_flicker_within_an_instant_weighs_nothing() -> None:
    made = imbalance(entry_ppm=1, exit_ppm=0, full_ppm=1_000_000, step_ppm=1, pause_ns=0)
    say(made, book(0, 10, 10))
    say(made, book(1, 1_000, 1))
    say(made, book(1, 10, 10))
    assert [] == say(made, book(9, 10, 10))


@pytest.mark.parametrize(
    ("name", "value"),
    [("memory_ns", 0), ("horizon_ns", -1), ("levels", 0), ("levels", 11), ("full_ppm", 1_000_001)],
)
def test_parameters_out_of_range_are_refused_by_name(name: str, value: int) -> None:
    good = {"memory_ns": 1, "horizon_ns": 1}
    with pytest.raises(InputError, match=rf"^{name} is {value}, allowed is "):
        ImbalanceConfig(**(good | {name: value}))
