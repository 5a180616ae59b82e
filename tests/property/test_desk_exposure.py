"""Whatever the venue answers, and in whatever order, no exposure of the whole desk passes a limit.

Goal: gate, sizing, execution, limits, orders, ledger and state keep together what each of them promises.
Method: two strategies with changing wishes in three books, and a venue that keeps its rules but spares
nobody a race (`tests/model_venue.py`), both driven by bytes that Hypothesis draws. After every event the
limits are held against the *venue's* truth: what is held by its own ledger, and the worst that can still
come of what is open there or on its way. Checked at the same moments: the orders' tallies, the ledger's
conservation, and that no intent reached the venue twice. At last everything arrives, and positions,
open orders, money, fees and the number of fills are equal on both sides.

What is claimed, at marks that stand still, of position and value of each book, gross and net of each
group and of the portfolio, and value of each strategy:

1. Without busts and corrections: no exposure is ever past its limit. A `Flat` may take off one leg of a
   hedge, which is less gross but more net; with it, the net limits are held at every other event.
2. With them: an exposure is past its limit by no more than what they have moved by then, no command of
   the desk's takes one past its limit or farther past it as far as reports can tell, and what the gate
   stops for good has its cancels on the way within the event.

A property about limits means little if nothing comes near them, so the share of examples that use 90 %
of one is measured, and asserted.
"""

import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.gate.exposure import Sums
from desk.orders import Orders
from desk.state import State
from market.codes import ReportType
from tests.model_venue import ModelVenue
from tests.property.desk_world import Draws, World

NEAR_PPM = 900_000
SHARE_MIN = 0.2
BYTES = st.binary(min_size=200, max_size=800)
MUST_BE_NEAR = ("position", "value", "gross", "net", "strategy")


def explore(example_count: int, *, restates: bool, flats: bool) -> dict[str, int]:
    """Run examples; how many of them came near each kind of limit, and near any."""
    near = dict.fromkeys((*MUST_BE_NEAR, "any", "examples"), 0)

    @settings(max_examples=example_count)
    @given(data=BYTES)
    def run(data: bytes) -> None:
        world = World(Draws(data), restates=restates, flats=flats)
        world.run()
        names = [name for name, used in world.used_ppm.items() if used >= NEAR_PPM]
        near["examples"] += 1
        near["any"] += bool(names)
        for kind in MUST_BE_NEAR:
            near[kind] += any(kind in name for name in names)

    run()
    return near


def hold(near: dict[str, int]) -> None:
    """Enough examples used nine tenths of a limit, and each kind of limit was nearly used by some."""
    print({name: f"{count / near['examples']:.0%}" for name, count in near.items()})
    assert near["any"] >= SHARE_MIN * near["examples"]
    assert all(near[kind] for kind in MUST_BE_NEAR)


def test_no_exposure_passes_its_limit_whatever_the_sequence_of_reports() -> None:
    hold(explore(150, restates=False, flats=False))


def test_only_a_flat_that_takes_off_a_hedge_may_pass_a_limit_and_only_a_net_one() -> None:
    hold(explore(100, restates=False, flats=True))


def test_busts_and_corrections_pass_a_limit_by_no_more_than_they_move() -> None:
    hold(explore(150, restates=True, flats=False))


def wander(count: int) -> None:
    """So many worlds by fixed draws."""
    for seed in range(count):
        World(Draws(random.Random(seed).randbytes(600))).run()


def forget_what_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "apply_risk", lambda *_: None)


def forget_the_new_quantity_of_a_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Orders.buy_risk

    def buy_risk(self: Orders, book_id: int, strategy: int) -> int:
        replacing = [one.replacing_lots for one in self.live(strategy, book_id) if not one.side]
        return plain(self, book_id, strategy) - sum(replacing)

    monkeypatch.setattr(Orders, "buy_risk", buy_risk)


def add_the_books_up_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sums, "refresh", lambda *_: None)


def book_a_repeated_fill_again(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ModelVenue.repeat

    def repeat(self: ModelVenue, index: int) -> None:
        plain(self, index)
        if self.reports and self.reports[-1].type is ReportType.FILLED:
            self.reports[-1] = msgspec.structs.replace(self.reports[-1], exec_id=77)

    monkeypatch.setattr(ModelVenue, "repeat", repeat)


@pytest.mark.parametrize(
    "plant",
    [
        forget_what_is_in_flight,
        forget_the_new_quantity_of_a_replacement,
        add_the_books_up_only_once,
        book_a_repeated_fill_again,
    ],
)
def test_a_planted_mistake_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        wander(60)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("restates", "flats"),
    [(False, False), (False, True), (True, False)],
    ids=["plain", "flats", "restates"],
)
def test_no_exposure_passes_its_limit_in_thousands_of_examples(
    *, restates: bool, flats: bool
) -> None:
    hold(explore(5_000, restates=restates, flats=flats))
